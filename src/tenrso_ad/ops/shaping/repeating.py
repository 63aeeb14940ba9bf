"""Repeating elements: repeat, tile and resize."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from ...engine.errors import ArgumentError, ShapeError, describe
from ...engine.trace import bind, concrete
from ..arguments import array_operand, shape_of
from ..broadcasting import broadcast_to
from ..indexing.getitem import getitem
from ..indexing.subscript import host, integers
from .reshaping import along, pad_p, ravel, reshape_p, with_axes


def repeat(a: Any, repeats: Any, axis: int | None = None) -> Any:
    """Repeat each element of an array.

    Parameters
    ----------
    a : array_like
    repeats : int or array_like of int
        How often; one number for all, or one for each.
    axis : int, optional
        Along which; by default the flattened array is repeated.

    Raises
    ------
    ShapeError
        `repeats` has another length than the axis.
    ConcretizationError
        Repeats whose values are not known (batched by vmap, or staged).

    Examples
    --------
    >>> repeat([1.0, 2.0], [1, 2])
    array([1., 2., 2.])
    """
    a, place = along("repeat", a, axis, scalars=True)
    counts = integers("repeat", repeats, "repeats")
    counts = host(concrete(counts, "repeat, whose result is as long as its repeats say,"))
    shape = tuple(a.shape)
    length = shape[place]
    if (counts < 0).any():
        raise ArgumentError(f"repeat({describe(a)}): repeats must not be negative, got {repeats!r}")
    if counts.size == 1:
        before, after, times = shape[: place + 1], shape[place + 1 :], counts.item()
        a = bind(reshape_p, (a,), {"shape": (*before, 1, *after)})
        a = broadcast_to(a, (*before, times, *after))
        whole = (*shape[:place], length * times, *after)
        return bind(reshape_p, (a,), {"shape": whole, "copy": True})
    if counts.shape != (length,):
        raise ShapeError(
            f"repeat({describe(a)}): {counts.size} repeats for the {length} slices of axis {place}"
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


def resize(a: Any, new_shape: int | Sequence[int]) -> Any:
    """Fill an array of another size with the elements of an array, over and over.

    Parameters
    ----------
    a : array_like
        Flattened; if it has no elements, the result is zeros.
    new_shape : int or sequence of int

    Examples
    --------
    >>> resize([1, 2, 3], (2, 2))
    array([[1, 2],
           [3, 1]])
    """
    flat = ravel(array_operand(a))
    shape = shape_of("resize", new_shape)
    if any(n < 0 for n in shape):
        raise ArgumentError(f"resize({describe(a)}): lengths must not be negative, got {shape}")
    length, size = flat.shape[0], math.prod(shape)
    if not length:
        flat = bind(pad_p, (flat,), {"widths": ((0, size),)})
    elif size != length:
        flat = getitem(tile(flat, -(-size // length)), slice(size))
    return bind(reshape_p, (flat,), {"shape": shape, "copy": True})
