"""Repeating elements: repeat and tile; and choosing slices by number, which pad does too."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..engine.array_type import ArrayType
from ..engine.errors import ArgumentError, ShapeError, describe
from ..engine.primitive import Primitive
from ..engine.trace import bind
from .arguments import array_operand, axis_of, shape_of
from .broadcasting import broadcast_to
from .declare import linear, namespace
from .shaping import ravel, reshape_p, with_axes

# --- primitives -----------------------------------------------------------------------------------


def select(x: Any, numbers: Any, axis: int) -> Any:
    """Slices of an array in the order of a plain array of their numbers."""
    return bind(select_p, (x, numbers), {"axis": axis})


def _evaluate_select(x: Any, numbers: Any, *, axis: int) -> Any:
    xp = namespace(x)
    if xp is np:
        return x.take(numbers, axis)
    return xp.take(x, xp.asarray(numbers), axis=axis)


def _evaluate_collect(g: Any, numbers: Any, *, axis: int, length: int) -> Any:
    """Add up the slices that came from the same one."""
    xp = namespace(g)
    if xp is not np:
        chosen = xp.astype(xp.asarray(np.arange(length)[:, None] == numbers), g.dtype)
        return xp.moveaxis(xp.tensordot(chosen, g, axes=((1,), (axis,))), 0, axis)
    shape = (*g.shape[:axis], length, *g.shape[axis + 1 :])
    total = np.zeros(shape, g.dtype)
    if numbers.size:
        if np.any(numbers[1:] < numbers[:-1]):
            order = np.argsort(numbers, kind="stable")
            numbers, g = numbers[order], g.take(order, axis)
        starts = np.flatnonzero(np.append(True, numbers[1:] != numbers[:-1]))
        where = (slice(None),) * axis
        total[(*where, numbers[starts])] = np.add.reduceat(g, starts, axis)
    return total


def _resized(x: ArrayType, axis: int, length: int) -> ArrayType:
    return ArrayType((*x.shape[:axis], length, *x.shape[axis + 1 :]), x.dtype)


select_p: Primitive = linear(
    "select",
    _evaluate_select,
    transpose=lambda g, x, numbers, *, axis: (
        bind(collect_p, (g, numbers), {"axis": axis, "length": x.shape[axis]}),
        None,
    ),
    shape=lambda x, numbers, *, axis: _resized(x, axis, numbers.shape[0]),
    batch=lambda size, values, batched, params: bind(
        select_p, values, {"axis": params["axis"] + 1}
    ),
    places=slice(1),
)
collect_p: Primitive = linear(
    "collect",
    _evaluate_collect,
    transpose=lambda g, x, numbers, *, axis, length: (select(g, numbers, axis), None),
    shape=lambda x, numbers, *, axis, length: _resized(x, axis, length),
    batch=lambda size, values, batched, params: bind(
        collect_p, values, {**params, "axis": params["axis"] + 1}
    ),
    places=slice(1),
)

# --- functions ------------------------------------------------------------------------------------


def repeat(a: Any, repeats: int | Sequence[int], axis: int | None = None) -> Any:
    """Repeat each element of an array.

    Parameters
    ----------
    a : array_like
    repeats : int or sequence of int
        How often; one number for all, or one for each.
    axis : int, optional
        Along which; by default the flattened array is repeated.

    Raises
    ------
    ShapeError
        `repeats` has another length than the axis.

    Examples
    --------
    >>> repeat([1.0, 2.0], [1, 2])
    array([1., 2., 2.])
    """
    a = array_operand(a)
    if axis is None:
        a, axis = ravel(a), 0
    place = axis_of("repeat", axis, a)
    counts = shape_of("repeat", repeats)
    shape = tuple(a.shape)
    length = shape[place]
    if any(n < 0 for n in counts):
        raise ArgumentError(f"repeat({describe(a)}): repeats must not be negative, got {repeats!r}")
    if len(counts) == 1:
        before, after, times = shape[: place + 1], shape[place + 1 :], counts[0]
        a = bind(reshape_p, (a,), {"shape": (*before, 1, *after)})
        a = broadcast_to(a, (*before, times, *after))
        whole = (*shape[:place], length * times, *after)
        return bind(reshape_p, (a,), {"shape": whole, "copy": True})
    if len(counts) != length:
        raise ShapeError(
            f"repeat({describe(a)}): {len(counts)} repeats for the {length} slices of axis {place}"
        )
    return select(a, np.repeat(np.arange(length), counts), place)


def tile(A: Any, reps: int | Sequence[int]) -> Any:
    """Repeat a whole array along its axes.

    Parameters
    ----------
    A : array_like
    reps : int or sequence of int
        How often along each of the last axes; more numbers than axes make new axes in front.

    Examples
    --------
    >>> tile([1, 2], (2, 2))
    array([[1, 2, 1, 2],
           [1, 2, 1, 2]])
    """
    a = array_operand(A)
    times = shape_of("tile", reps)
    if any(n < 0 for n in times):
        raise ArgumentError(f"tile({describe(a)}): reps must not be negative, got {reps!r}")
    times = (1,) * (len(a.shape) - len(times)) + times
    a = with_axes(a, len(times))
    shape = tuple(a.shape)
    split = tuple([n for length in shape for n in (1, length)])
    spread = tuple([n for pair in zip(times, shape, strict=True) for n in pair])
    whole = tuple([n * length for n, length in zip(times, shape, strict=True)])
    a = broadcast_to(bind(reshape_p, (a,), {"shape": split}), spread)
    return bind(reshape_p, (a,), {"shape": whole, "copy": True})
