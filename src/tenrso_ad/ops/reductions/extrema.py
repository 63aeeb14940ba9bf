"""Largest and smallest elements, where they stand, and the smooth maximum logsumexp."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...engine.array_type import ArrayType
from ...engine.errors import ArgumentError
from ...engine.primitive import Primitive
from ...engine.trace import bind, is_inexact
from .. import elementwise as ew
from ..arguments import Axis, array_operand, axis_of, into, is_boolean
from ..broadcasting import broadcast_to, convert
from ..declare import constant, namespace, nonlinear
from ..pointwise import elementwise
from ..shaping.reshaping import ravel, reshape, reshape_p
from .sums import (
    count_nonzero,
    initial_of,
    length,
    masked,
    over_batch,
    reduced,
    reduced_type,
    reduction_axes,
    unboxed,
    with_axes_kept,
)

# --- max and min ----------------------------------------------------------------------------------


def _evaluate_ties(x: Any, out: Any) -> Any:
    hits = x == out
    if namespace(x, out) is np and np.any(out != out):  # a NaN comes from the elements that are NaN
        hits = hits | ((x != x) & (out != out))
    return hits


_ties = elementwise("ties", _evaluate_ties, None, None, other=lambda xp, x, out: x == out)


def _extremum_pullback(g: Any, x: Any, out: Any, *, axis: tuple[int, ...], keepdims: bool) -> Any:
    """Share the cotangent evenly among the elements that tie."""
    hits = _ties(x, with_axes_kept(out, x.shape, axis, keepdims))
    count = convert(count_nonzero(hits, axis, keepdims=keepdims), g.dtype)
    return hits * with_axes_kept(g / count, x.shape, axis, keepdims)


def _nan_extremum_pullback(
    g: Any, x: Any, out: Any, *, axis: tuple[int, ...], keepdims: bool
) -> Any:
    """The same, but NaNs get nothing, not even where there is nothing else."""
    hits = ew.equal(x, with_axes_kept(out, x.shape, axis, keepdims))
    count = convert(ew.maximum(count_nonzero(hits, axis, keepdims=keepdims), 1), g.dtype)
    return hits * with_axes_kept(g / count, x.shape, axis, keepdims)


def _extremum(name: str, ufunc: np.ufunc) -> Primitive:
    reduce: Any = ufunc.reduce
    plain_name, skips = name.removeprefix("nan"), name.startswith("nan")

    def evaluate(x: Any, *, axis: tuple[int, ...], keepdims: bool) -> Any:
        xp = namespace(x)
        if xp is np:
            return reduce(x, axis, None, None, keepdims)
        if skips:
            loser = -float("inf") if plain_name == "max" else float("inf")
            x, missing = xp.where(xp.isnan(x), loser, x), xp.isnan(x)
        out = getattr(xp, plain_name)(x, axis=axis, keepdims=keepdims)
        if skips:
            out = xp.where(xp.all(missing, axis=axis, keepdims=keepdims), float("nan"), out)
        return out

    primitive: Primitive = nonlinear(
        name,
        evaluate,
        pullback=_nan_extremum_pullback if skips else _extremum_pullback,
        operands="x",
        shape=reduced_type(lambda dtype: dtype),
        batch=over_batch(lambda: primitive),
    )
    return primitive


max_p = _extremum("max", np.maximum)
min_p = _extremum("min", np.minimum)
nanmax_p = _extremum("nanmax", np.fmax)
nanmin_p = _extremum("nanmin", np.fmin)


def extreme(
    primitive: Primitive,
    pick: Any,
    sign: int,
    a: Any,
    axis: Axis,
    keepdims: bool,
    initial: Any,
    where: Any,
) -> Any:
    """Reduce by one of the primitives; `sign` is that of the infinity which never wins."""
    name = primitive.name
    a = array_operand(a)
    axes = reduction_axes(name, axis, a)
    params = {"axis": axes, "keepdims": keepdims}
    if where is not True:
        if initial is None:
            raise ArgumentError(f"{name}: where= wants initial= too, for where nothing is chosen")
        a = masked(name, a, where, _loser(a.dtype, sign))
    if initial is None:
        return bind(primitive, (a,), params)
    initial = initial_of(name, initial, a)
    if length(a.shape, axes):
        return pick(bind(primitive, (a,), params), initial)
    shape = reduced(tuple(a.shape), axes, keepdims)
    filled = bind(reshape_p, (broadcast_to(initial, shape),), {"shape": shape, "copy": True})
    return unboxed(filled)


def _loser(dtype: Any, sign: int) -> Any:
    if is_inexact(dtype):
        return sign * float("inf")
    if is_boolean(dtype):
        return sign > 0
    limits = np.iinfo(dtype)
    return limits.max if sign > 0 else limits.min


def max(
    a: Any,
    axis: Axis = None,
    out: Any = None,
    keepdims: bool = False,
    initial: Any = None,
    where: Any = True,
) -> Any:
    """Largest element; where several tie, they share the gradient evenly.

    Parameters
    ----------
    a : array_like
    axis : int or tuple of int, optional
        By default all axes.
    out : ndarray, optional
        Where to write a plain result.
    keepdims : bool
        Leave reduced axes with length 1.
    initial : number, optional
        Takes part as one more element.
    where : array_like of bool
        Which elements take part; broadcasts to `a` and wants `initial`.

    Raises
    ------
    ShapeError
        There are no elements and no `initial`.

    Examples
    --------
    >>> max([[1.0, 5.0], [3.0, 2.0]], axis=1)
    array([5., 3.])
    """
    highest = extreme(max_p, ew.maximum, -1, a, axis, keepdims, initial, where)
    return highest if out is None else into("max", out, highest)


def min(
    a: Any,
    axis: Axis = None,
    out: Any = None,
    keepdims: bool = False,
    initial: Any = None,
    where: Any = True,
) -> Any:
    """Smallest element; where several tie, they share the gradient evenly.

    Parameters
    ----------
    a, axis, out, keepdims, initial, where
        As in `max`.

    Raises
    ------
    ShapeError
        There are no elements and no `initial`.

    Examples
    --------
    >>> min([[1.0, 5.0], [3.0, 2.0]], axis=1)
    array([1., 2.])
    """
    lowest = extreme(min_p, ew.minimum, 1, a, axis, keepdims, initial, where)
    return lowest if out is None else into("min", out, lowest)


amax = max
amin = min


def ptp(a: Any, axis: Axis = None, out: Any = None, keepdims: bool = False) -> Any:
    """Difference of the largest and the smallest element.

    Parameters
    ----------
    a, axis, out, keepdims
        As in `max`.

    Examples
    --------
    >>> float(ptp([3.0, 1.0, 7.0]))
    6.0
    """
    a = array_operand(a)
    axes = reduction_axes("ptp", axis, a)
    highest, lowest = max(a, axes, keepdims=keepdims), min(a, axes, keepdims=keepdims)
    return into("ptp", out, ew.subtract(highest, lowest))


# --- where they stand: no derivative --------------------------------------------------------------


def _place(name: str) -> Primitive:
    def evaluate(x: Any, *, axis: int, keepdims: bool) -> Any:
        return getattr(namespace(x), name)(x, axis=axis, keepdims=keepdims)

    primitive: Primitive = constant(
        name,
        evaluate,
        shape=lambda x, *, axis, keepdims: ArrayType(
            reduced(x.shape, (axis,), keepdims), np.dtype(np.intp)
        ),
        batch=lambda size, values, batched, params: bind(
            primitive, values, {**params, "axis": params["axis"] + 1}
        ),
    )
    return primitive


argmax_p = _place("argmax")
argmin_p = _place("argmin")


def argmax(a: Any, axis: int | None = None, out: Any = None, *, keepdims: bool = False) -> Any:
    """Index of the largest element; of the first, where several tie.

    Parameters
    ----------
    a : array_like
    axis : int, optional
        Along which; by default the index is into the flattened array.
    out : ndarray, optional
        Where to write a plain result.
    keepdims : bool
        Leave the reduced axes with length 1.

    Raises
    ------
    ShapeError
        There are no elements.

    Examples
    --------
    >>> argmax([[1.0, 5.0], [3.0, 2.0]], axis=1)
    array([1, 0])
    """
    return into("argmax", out, index_of(argmax_p, a, axis, keepdims))


def argmin(a: Any, axis: int | None = None, out: Any = None, *, keepdims: bool = False) -> Any:
    """Index of the smallest element; of the first, where several tie.

    Parameters
    ----------
    a, axis, out, keepdims
        As in `argmax`.

    Raises
    ------
    ShapeError
        There are no elements.

    Examples
    --------
    >>> argmin([[1.0, 5.0], [3.0, 2.0]], axis=1)
    array([0, 1])
    """
    return into("argmin", out, index_of(argmin_p, a, axis, keepdims))


def index_of(primitive: Primitive, a: Any, axis: int | None, keepdims: bool) -> Any:
    """Index of an extremum, along an axis or into the flattened array."""
    a = array_operand(a)
    if axis is not None:
        place = axis_of(primitive.name, axis, a)
        return bind(primitive, (a,), {"axis": place, "keepdims": keepdims})
    index = bind(primitive, (ravel(a),), {"axis": 0, "keepdims": False})
    return reshape(index, (1,) * len(a.shape)) if keepdims else index
