"""Largest and smallest elements, where they stand, and the smooth maximum logsumexp."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...engine.array_type import ArrayType
from ...engine.errors import ArgumentError
from ...engine.primitive import Primitive
from ...engine.trace import bind, is_inexact
from .. import elementwise as ew
from ..arguments import Axis, array_operand, axis_of, is_boolean
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


def _extremum(name: str, ufunc: np.ufunc) -> Primitive:
    reduce: Any = ufunc.reduce

    def evaluate(x: Any, *, axis: tuple[int, ...], keepdims: bool) -> Any:
        xp = namespace(x)
        if xp is np:
            return reduce(x, axis, None, None, keepdims)
        return getattr(xp, name)(x, axis=axis, keepdims=keepdims)

    primitive: Primitive = nonlinear(
        name,
        evaluate,
        pullback=_extremum_pullback,
        operands="x",
        shape=reduced_type(lambda dtype: dtype),
        batch=over_batch(lambda: primitive),
    )
    return primitive


max_p = _extremum("max", np.maximum)
min_p = _extremum("min", np.minimum)


def _extreme(
    primitive: Primitive,
    pick: Any,
    sign: int,
    a: Any,
    axis: Axis,
    keepdims: bool,
    initial: Any,
    where: Any,
) -> Any:
    """Reduce by one of the two primitives; `sign` is that of the infinity which never wins."""
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
    return bind(reshape_p, (broadcast_to(initial, shape),), {"shape": shape, "copy": True})


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
    *,
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
    return _extreme(max_p, ew.maximum, -1, a, axis, keepdims, initial, where)


def min(
    a: Any,
    axis: Axis = None,
    *,
    keepdims: bool = False,
    initial: Any = None,
    where: Any = True,
) -> Any:
    """Smallest element; where several tie, they share the gradient evenly.

    Parameters
    ----------
    a, axis, keepdims, initial, where
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
    return _extreme(min_p, ew.minimum, 1, a, axis, keepdims, initial, where)


amax = max
amin = min

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


def argmax(a: Any, axis: int | None = None, *, keepdims: bool = False) -> Any:
    """Index of the largest element; of the first, where several tie.

    Parameters
    ----------
    a : array_like
    axis : int, optional
        Along which; by default the index is into the flattened array.
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
    return _index(argmax_p, a, axis, keepdims)


def argmin(a: Any, axis: int | None = None, *, keepdims: bool = False) -> Any:
    """Index of the smallest element; of the first, where several tie.

    Parameters
    ----------
    a, axis, keepdims
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
    return _index(argmin_p, a, axis, keepdims)


def _index(primitive: Primitive, a: Any, axis: int | None, keepdims: bool) -> Any:
    a = array_operand(a)
    if axis is not None:
        place = axis_of(primitive.name, axis, a)
        return bind(primitive, (a,), {"axis": place, "keepdims": keepdims})
    out = bind(primitive, (ravel(a),), {"axis": 0, "keepdims": False})
    return reshape(out, (1,) * len(a.shape)) if keepdims else out
