"""Sums, products, counts and truth along axes, and what every reduction shares."""

from __future__ import annotations

import functools
import math
import warnings
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from ...engine import hooks
from ...engine.array_type import ArrayType
from ...engine.errors import DTypeError, ShapeError, describe
from ...engine.primitive import Primitive
from ...engine.trace import bind, foreign_evaluation
from .. import elementwise as ew
from ..arguments import (
    EVERY,
    Axis,
    array_operand,
    axes_of,
    dtype_of,
    into,
    is_boolean,
    operand_like,
)
from ..broadcasting import broadcast_to, convert, wider
from ..declare import constant, inside, linear, namespace, nonlinear
from ..pointwise import scale
from ..shaping.diagonals import diagonal
from ..shaping.permuting import inverse, transpose
from ..shaping.reshaping import reshape, reshape_p
from .cumulative import product_of_others

# --- what every reduction shares ------------------------------------------------------------------


def reduction_axes(name: str, axis: Axis, a: Any) -> tuple[int, ...]:
    """Axes to reduce as rising non-negative ints."""
    if axis is None:
        return EVERY[len(a.shape)]
    return tuple(sorted(axes_of(name, axis, a)))


def kept(shape: tuple[int, ...], axis: tuple[int, ...]) -> tuple[int, ...]:
    """Shape after a reduction with ``keepdims=True``."""
    if len(axis) == len(shape):
        return (1,) * len(shape)
    return tuple([1 if i in axis else n for i, n in enumerate(shape)])


def reduced(shape: tuple[int, ...], axis: tuple[int, ...], keepdims: bool) -> tuple[int, ...]:
    """Shape after a reduction."""
    if keepdims:
        return kept(shape, axis)
    return tuple([n for i, n in enumerate(shape) if i not in axis])


def length(shape: tuple[int, ...], axis: tuple[int, ...]) -> int:
    """How many elements each reduced one is made of."""
    count = 1
    for i in axis:
        count *= shape[i]
    return count


def with_axes_kept(out: Any, shape: tuple[int, ...], axis: tuple[int, ...], keepdims: bool) -> Any:
    """Give a reduced array of any kind the axes of length 1 that ``keepdims=True`` leaves."""
    if keepdims or len(axis) == len(shape) or not axis:
        return out  # a 0-d array broadcasts as it is
    if type(out) is np.ndarray and not hooks.active:  # what bind would do
        return out.reshape(kept(shape, axis))
    return bind(reshape_p, (out,), {"shape": kept(shape, axis)})


def masked(name: str, a: Any, where: Any, fill: Any) -> Any:
    """Put a neutral element where the mask of ``where=`` does not hold."""
    if where is True:
        return a
    return ew.where(mask_of(name, a, where), a, fill)


def mask_of(name: str, a: Any, where: Any) -> Any:
    """Check the mask of ``where=``: boolean, and broadcasting to the operand's shape."""
    mask = array_operand(where)
    if not is_boolean(mask.dtype):
        raise DTypeError(f"{name}({describe(a)}): where= is a boolean mask, got {describe(mask)}")
    try:
        if np.broadcast_shapes(mask.shape, a.shape) == tuple(a.shape):
            return mask
    except ValueError:
        pass
    raise ShapeError(
        f"{name}({describe(a)}): the mask where={describe(mask)} does not broadcast to the operand"
    )


def unboxed(x: Any) -> Any:
    """Give a plain array without axes as a scalar, as NumPy's reductions do."""
    return x[()] if type(x) is np.ndarray and not x.shape else x


def warn_where(mask: Any, message: str) -> None:
    """Warn as NumPy does if a mask holds anywhere; a staged function does not know yet."""
    mask = inside(mask)
    if mask is not None and mask.any():
        warnings.warn(message, RuntimeWarning, stacklevel=hooks.stacklevel())


def initial_of(name: str, initial: Any, out: Any) -> Any:
    """Check ``initial=``: a number, which gets the dtype of the result."""
    initial = operand_like(initial, out)
    if len(initial.shape):
        raise ShapeError(f"{name}: initial= is a number, got {describe(initial)}")
    return initial


def over_batch(primitive: Callable[[], Primitive]) -> Callable[..., Any]:
    """Batching rule of a reduction: the axes are one further back."""

    def rule(size: int, values: Any, batched: Any, params: Mapping[str, Any]) -> Any:
        return bind(primitive(), values, {**params, "axis": tuple([i + 1 for i in params["axis"]])})

    return rule


def reduced_type(dtype: Callable[[Any], Any]) -> Callable[..., ArrayType]:
    """Shape rule of a reduction, from the rule for its dtype."""

    def rule(x: ArrayType, *, axis: tuple[int, ...], keepdims: bool, **_: Any) -> ArrayType:
        return ArrayType(reduced(x.shape, axis, keepdims), dtype(x.dtype))

    return rule


@functools.lru_cache(maxsize=256)
def _sum_dtype(dtype: Any) -> Any:
    return np.add.reduce(np.zeros(1, dtype)).dtype


# --- sum ------------------------------------------------------------------------------------------

add_reduce: Any = np.add.reduce
_multiply_reduce: Any = np.multiply.reduce


def _evaluate_sum(x: Any, *, axis: tuple[int, ...], keepdims: bool) -> Any:
    dtype = x.dtype
    if dtype.kind == "V" or dtype.char == "e":  # the narrow floats lose a long sum
        return add_reduce(x, axis, np.float32, None, keepdims).astype(dtype)
    return add_reduce(x, axis, None, None, keepdims)


_FEW = 4096  # elements that are written sooner than a view without strides is made


def _sum_transpose(g: Any, x: ArrayType, *, axis: tuple[int, ...], keepdims: bool) -> Any:
    shape = x.shape
    if type(g) is np.ndarray and g.size == 1 and not hooks.active and math.prod(shape) <= _FEW:
        filled = np.empty(shape, g.dtype)
        filled.fill(g if not g.shape else g.reshape(()))
        return filled
    return broadcast_to(with_axes_kept(g, x.shape, axis, keepdims), x.shape)


sum_p: Primitive = linear(
    "sum",
    _evaluate_sum,
    transpose=_sum_transpose,
    shape=reduced_type(_sum_dtype),
    batch=over_batch(lambda: sum_p),
)
foreign_evaluation[sum_p] = lambda x, **params: namespace(x).sum(x, **params)


def sum(
    a: Any,
    axis: Axis = None,
    dtype: Any = None,
    out: Any = None,
    keepdims: bool = False,
    initial: Any = None,
    where: Any = True,
) -> Any:
    """Sum of elements.

    Parameters
    ----------
    a : array_like
    axis : int or tuple of int, optional
        By default all axes.
    dtype : dtype, optional
        To which elements are converted first; by default integers and booleans go to NumPy's
        default integer.
    out : ndarray, optional
        Where to write a plain result.
    keepdims : bool
        Leave reduced axes with length 1.
    initial : number, optional
        Added to each sum.
    where : array_like of bool
        Which elements take part; broadcasts to `a`.

    Returns
    -------
    array

    Examples
    --------
    >>> sum([[1.0, 2.0], [3.0, 4.0]], axis=0, where=[[True], [False]])
    array([1., 2.])
    """
    a = array_operand(a)
    if where is not True:
        a = masked("sum", a, where, 0)
    if dtype is not None:
        a = convert(a, dtype_of("sum", dtype))
    params = {"axis": reduction_axes("sum", axis, a), "keepdims": keepdims}
    total = bind(sum_p, (a,), params)
    if initial is not None:
        total = ew.add(total, initial_of("sum", initial, total))
    return total if out is None else into("sum", out, total)


def trace(
    a: Any,
    offset: int = 0,
    axis1: int = 0,
    axis2: int = 1,
    dtype: Any = None,
    out: Any = None,
) -> Any:
    """Sum of a diagonal of the matrices that two axes make.

    Parameters
    ----------
    a : array_like
        With at least two axes.
    offset : int
        Which diagonal: above the main one if positive, below it if negative.
    axis1, axis2 : int
        Rows and columns of the matrices.
    dtype, out
        As in `sum`.

    Examples
    --------
    >>> float(trace([[1.0, 2.0], [3.0, 4.0]]))
    5.0
    """
    return sum(diagonal(a, offset, axis1, axis2), -1, dtype, out)


# --- prod -----------------------------------------------------------------------------------------


def _evaluate_prod(x: Any, *, axis: tuple[int, ...], keepdims: bool) -> Any:
    xp = namespace(x)
    if xp is not np:
        return xp.prod(x, axis=axis, keepdims=keepdims)
    wide = wider(x.dtype)
    if wide is not None:
        return _multiply_reduce(x, axis, wide, None, keepdims).astype(x.dtype)
    return _multiply_reduce(x, axis, None, None, keepdims)


def _prod_pullback(g: Any, x: Any, *, axis: tuple[int, ...], keepdims: bool) -> Any:
    """Multiply by the product of the others; dividing by the element would fail at zeros."""
    g = with_axes_kept(g, x.shape, axis, keepdims)
    if len(axis) == 1:
        return scale(g, product_of_others(x, axis[0]))
    order = (*[i for i in range(len(x.shape)) if i not in axis], *axis)
    moved = transpose(x, order)
    flat = reshape(moved, (*moved.shape[: len(order) - len(axis)], length(x.shape, axis)))
    others = reshape(product_of_others(flat, len(flat.shape) - 1), moved.shape)
    return scale(g, transpose(others, inverse(order)))


prod_p: Primitive = nonlinear(
    "prod",
    _evaluate_prod,
    pullback=_prod_pullback,
    operands="x",
    shape=reduced_type(_sum_dtype),
    batch=over_batch(lambda: prod_p),
)


def prod(
    a: Any,
    axis: Axis = None,
    dtype: Any = None,
    out: Any = None,
    keepdims: bool = False,
    initial: Any = None,
    where: Any = True,
) -> Any:
    """Product of elements; its derivatives are exact at zeros too.

    Parameters
    ----------
    a : array_like
    axis : int or tuple of int, optional
        By default all axes.
    dtype : dtype, optional
        To which elements are converted first; by default integers and booleans go to NumPy's
        default integer.
    out : ndarray, optional
        Where to write a plain result.
    keepdims : bool
        Leave reduced axes with length 1.
    initial : number, optional
        Multiplied to each product.
    where : array_like of bool
        Which elements take part; broadcasts to `a`.

    Examples
    --------
    >>> float(prod([2.0, 3.0, 4.0]))
    24.0
    """
    a = masked("prod", array_operand(a), where, 1)
    if dtype is not None:
        a = convert(a, dtype_of("prod", dtype))
    params = {"axis": reduction_axes("prod", axis, a), "keepdims": keepdims}
    product = bind(prod_p, (a,), params)
    if initial is not None:
        product = ew.multiply(product, initial_of("prod", initial, product))
    return into("prod", out, product)


# --- truth and counts: no derivative --------------------------------------------------------------


def _logical(name: str) -> Primitive:
    def evaluate(x: Any, *, axis: tuple[int, ...], keepdims: bool) -> Any:
        return getattr(namespace(x), name)(x, axis=axis, keepdims=keepdims)

    primitive: Primitive = constant(
        name,
        evaluate,
        shape=reduced_type(lambda dtype: np.dtype(bool)),
        batch=over_batch(lambda: primitive),
    )
    return primitive


any_p = _logical("any")
all_p = _logical("all")


def any(
    a: Any, axis: Axis = None, out: Any = None, keepdims: bool = False, *, where: Any = True
) -> Any:
    """Whether any element is true, that is not zero.

    Parameters
    ----------
    a : array_like
    axis : int or tuple of int, optional
        By default all axes.
    out : ndarray, optional
        Where to write a plain result.
    keepdims : bool
        Leave reduced axes with length 1.
    where : array_like of bool
        Which elements take part; broadcasts to `a`.

    Examples
    --------
    >>> any([[0.0, 1.0], [0.0, 0.0]], axis=1)
    array([ True, False])
    """
    a = array_operand(a)
    if where is not True:
        a = ew.logical_and(a, mask_of("any", a, where))
    params = {"axis": reduction_axes("any", axis, a), "keepdims": keepdims}
    return into("any", out, bind(any_p, (a,), params))


def all(
    a: Any, axis: Axis = None, out: Any = None, keepdims: bool = False, *, where: Any = True
) -> Any:
    """Whether all elements are true, that is not zero.

    Parameters
    ----------
    a : array_like
    axis : int or tuple of int, optional
        By default all axes.
    out : ndarray, optional
        Where to write a plain result.
    keepdims : bool
        Leave reduced axes with length 1.
    where : array_like of bool
        Which elements take part; broadcasts to `a`.

    Examples
    --------
    >>> all([[0.0, 1.0], [2.0, 3.0]], axis=1)
    array([False,  True])
    """
    a = array_operand(a)
    if where is not True:
        a = ew.logical_or(a, ew.logical_not(mask_of("all", a, where)))
    params = {"axis": reduction_axes("all", axis, a), "keepdims": keepdims}
    return into("all", out, bind(all_p, (a,), params))


def _evaluate_count(x: Any, *, axis: tuple[int, ...], keepdims: bool) -> Any:
    xp = namespace(x)
    if xp is not np:
        return xp.sum(xp.astype(x != 0, xp.int64), axis=axis, keepdims=keepdims)
    if len(axis) == x.ndim and not keepdims:
        return np.intp(np.count_nonzero(x))
    true = x if x.dtype == np.bool_ else x != 0
    # bytes of 0 and 1 are summed faster than booleans
    return add_reduce(true.view(np.uint8), axis, np.intp, None, keepdims)


count_nonzero_p: Primitive = constant(
    "count_nonzero",
    _evaluate_count,
    shape=reduced_type(lambda dtype: np.dtype(np.intp)),
    batch=over_batch(lambda: count_nonzero_p),
)


def count_nonzero(a: Any, axis: Axis = None, *, keepdims: bool = False) -> Any:
    """Number of elements that are not zero.

    Parameters
    ----------
    a : array_like
    axis : int or tuple of int, optional
        By default all axes.
    keepdims : bool
        Leave reduced axes with length 1.

    Examples
    --------
    >>> int(count_nonzero([0.0, 1.5, -2.0]))
    2
    """
    a = array_operand(a)
    params = {"axis": reduction_axes("count_nonzero", axis, a), "keepdims": keepdims}
    return bind(count_nonzero_p, (a,), params)
