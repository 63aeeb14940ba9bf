"""Repeating elements: repeat and tile."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ...engine.errors import ArgumentError, ShapeError, describe
from ...engine.trace import bind
from ..arguments import array_operand, axis_of, shape_of
from ..broadcasting import broadcast_to
from ..indexing.getitem import getitem
from .reshaping import ravel, reshape_p, with_axes


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
    return getitem(a, (*(slice(None),) * place, np.repeat(np.arange(length), counts)))


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
