"""Arguments of NumPy's functions in the form of params: axes, shapes, dtypes; and operands."""

from __future__ import annotations

import functools
import operator
from typing import Any

import numpy as np

from ..engine.errors import (
    ArgumentError,
    AxisError,
    DTypeError,
    ShapeError,
    UnsupportedError,
    describe,
)
from ..engine.node import Leaf
from ..engine.trace import Tracer
from ..engine.views import change
from .broadcasting import broadcast_to, convert
from .declare import namespace_inside
from .pointwise import operand

Axis = int | tuple[int, ...] | None
EVERY = tuple(tuple(range(n)) for n in range(65))
"""All axes of an array of n axes; NumPy allows 64."""


def array_operand(x: Any) -> Any:
    """Give an operand as it is if it is an array; numbers and nested lists as an array."""
    if type(x) is np.ndarray or isinstance(x, Tracer):
        return x
    x = operand(x)
    return x if hasattr(x, "dtype") else np.asarray(x)


def operand_like(x: Any, like: Any) -> Any:
    """Give an operand the dtype of another, and plain numbers its array library too."""
    x = array_operand(x)
    if isinstance(x, (np.ndarray, np.generic)):
        xp = namespace_inside(like)
        if xp is not np:
            return xp.asarray(np.array(x), dtype=like.dtype)  # not the read-only view of some
    return convert(x, like.dtype)


def of_one_library(x: Any, y: Any) -> tuple[Any, Any]:
    """Bring the one of two arrays that is NumPy's to the library of the other."""
    mine, others = namespace_inside(x), namespace_inside(y)
    if mine is np and others is not np:
        return others.asarray(np.array(x)), y
    if others is np and mine is not np:
        return x, mine.asarray(np.array(y))
    return x, y


def axis_of(name: str, axis: Any, x: Any, ndim: int | None = None) -> int:
    """Make one axis non-negative.

    Parameters
    ----------
    name : str
        Of the operation, for errors.
    axis : int
    x : array
        The operand.
    ndim : int, optional
        Number of axes to count by, where it is not that of `x`.
    """
    if ndim is None:
        ndim = len(x.shape)
    try:
        index = operator.index(axis)
    except TypeError:
        raise ArgumentError(f"{name}({describe(x)}): an axis is an int, got {axis!r}") from None
    if not -ndim <= index < ndim:
        have = f"{ndim} axes take {-ndim} to {ndim - 1}" if ndim else "a 0-d array has no axis"
        raise AxisError(f"{name}({describe(x)}): axis {index} is out of bounds; {have}")
    return index + ndim if index < 0 else index


def axes_of(name: str, axis: Any, x: Any, ndim: int | None = None) -> tuple[int, ...]:
    """Make axes a tuple of different non-negative ints, in the order given; None is all axes.

    Parameters
    ----------
    name, x, ndim
        As for `axis_of`.
    axis : int, tuple of int or None
    """
    if axis is None:
        return EVERY[len(x.shape) if ndim is None else ndim]
    if not isinstance(axis, (tuple, list)):
        return (axis_of(name, axis, x, ndim),)
    axes = tuple([axis_of(name, a, x, ndim) for a in axis])
    if len(set(axes)) < len(axes):
        raise ArgumentError(f"{name}({describe(x)}): axis={tuple(axis)} names an axis twice")
    return axes


def shape_of(name: str, shape: Any) -> tuple[int, ...]:
    """Make a shape a tuple of int.

    Parameters
    ----------
    name : str
        Of the operation, for errors.
    shape : int or sequence of int
    """
    try:
        if hasattr(shape, "__index__") and not getattr(shape, "shape", ()):
            return (operator.index(shape),)
        return tuple([operator.index(n) for n in shape])
    except TypeError:
        raise ArgumentError(
            f"{name}: a shape is an int or a tuple of ints, got {shape!r}"
        ) from None


@functools.lru_cache(maxsize=4096)
def resolved(name: str, old: tuple[int, ...], new: tuple[int, ...]) -> tuple[int, ...]:
    """Put a number in the place of -1 in a new shape, and check that the sizes agree."""
    size = 1
    for n in old:
        size *= n
    known, unknown = 1, -1
    for i, n in enumerate(new):
        if n >= 0:
            known *= n
        elif n == -1 and unknown < 0:
            unknown = i
        else:
            raise ShapeError(f"{name}: a shape has lengths >= 0 and at most one -1, got {new}")
    if unknown >= 0 and known and size % known == 0:
        return (*new[:unknown], size // known, *new[unknown + 1 :])
    if unknown >= 0 or known != size:
        raise ShapeError(f"{name}: {size} elements of shape {old} do not fill shape {new}")
    return new


def into(
    name: str,
    out: Any,
    result: Any,
    casting: Any = "same_kind",
    *,
    stretch: bool = False,
    where: Any = True,
) -> Any:
    """Write a result where ``out=`` says, and give that; None gives the result.

    Parameters
    ----------
    name : str
        Of the operation, for errors.
    out : ndarray, Tensor or None
        A tensor changes in place, derivatives included. An array takes plain results only.
    result : array
        What the operation computed.
    casting : str
        Which conversions to the dtype of `out` are allowed.
    stretch : bool
        Whether the result may broadcast to the shape of `out`.
    where : array_like of bool
        Which elements are written; broadcasts to `out`.

    Raises
    ------
    ShapeError, DTypeError
        The result does not fit.
    UnsupportedError
        `out` is an array and the result has a derivative, which would be lost.
    InPlaceError
        The tensor cannot change.
    """
    if out is None:
        return result
    if not isinstance(out, (np.ndarray, Tracer)):
        raise UnsupportedError(
            f"{name}: out= takes a tensor, or a NumPy array for a plain result; got {describe(out)}"
        )
    result = array_operand(result)
    shape = tuple(out.shape)
    if tuple(result.shape) != shape:
        if not (stretch and _stretches(tuple(result.shape), shape)):
            raise ShapeError(
                f"{name}: out={describe(out)} cannot hold the result {describe(result)}"
            )
        result = broadcast_to(result, shape)
    if result.dtype != out.dtype:
        if not np.can_cast(result.dtype, out.dtype, casting):
            raise DTypeError(
                f"{name}: the result {describe(result)} does not convert to out={describe(out)} "
                f"with casting={casting!r}"
            )
        result = convert(result, out.dtype)
    if where is not True:
        where = array_operand(where)
        if not is_boolean(where.dtype) or not _stretches(tuple(where.shape), shape):
            raise ArgumentError(
                f"{name}: where= is a boolean mask that broadcasts to the shape of "
                f"out={describe(out)}, got {describe(where)}"
            )
        from . import elementwise as ew

        result = ew.where(where, result, out)
    if isinstance(out, Tracer):
        if (
            not isinstance(result, Tracer)
            or result.trace is not out.trace
            or type(result.node) is Leaf
        ):  # give it a history of its own, where `out` is
            from . import elementwise as ew

            result = ew.where(False, ew.stop_gradient(out), result)
        change(out, result)
        return out
    if isinstance(result, Tracer):
        inner = result
        while isinstance(inner, Tracer) and not result.requires_grad:  # type: ignore[attr-defined]
            inner = inner.value
        if not isinstance(inner, (np.ndarray, np.generic)) or inner.shape != shape:
            raise UnsupportedError(
                f"{name}: out= takes a plain NumPy array for a plain result only; the derivative "
                f"of this {describe(result)}, or the transform it belongs to, would be lost. Make "
                "the array a tensor first (ta.tensor(a, requires_grad=False)), or leave out= away "
                "and use what comes back."
            )
        result = inner
    out[...] = result
    return out


def _stretches(shape: tuple[int, ...], wider: tuple[int, ...]) -> bool:
    try:
        return np.broadcast_shapes(shape, wider) == wider
    except ValueError:
        return False


def dtype_of(name: str, dtype: Any) -> Any:
    """Give a dtype as NumPy's, or as it is if it belongs to another array library."""
    try:
        return np.dtype(dtype)
    except TypeError:
        if isinstance(dtype, (str, type)) or type(dtype).__name__ != "dtype":
            raise DTypeError(f"{name}: {dtype!r} is not a dtype") from None
        return dtype


def is_boolean(dtype: Any) -> bool:
    """Whether a dtype is boolean, of whatever array library."""
    return str(dtype).rpartition(".")[2] == "bool"
