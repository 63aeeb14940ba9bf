"""Shifting elements along axes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ...engine.errors import ArgumentError, describe
from ...engine.primitive import Primitive
from ...engine.trace import bind
from ..arguments import Axis, array_operand, axis_of, shape_of
from ..declare import linear, namespace
from .reshaping import ravel, reshape


def _evaluate_roll(x: Any, *, shift: tuple[int, ...], axis: tuple[int, ...]) -> Any:
    return namespace(x).roll(x, shift, axis=axis)


roll_p: Primitive = linear(
    "roll",
    _evaluate_roll,
    transpose=lambda g, x, *, shift, axis: bind(
        roll_p, (g,), {"shift": tuple([-s for s in shift]), "axis": axis}
    ),
    shape=lambda x, *, shift, axis: x,
    batch=lambda size, values, batched, params: bind(
        roll_p, values, {**params, "axis": tuple([a + 1 for a in params["axis"]])}
    ),
)


def roll(a: Any, shift: int | Sequence[int], axis: Axis = None) -> Any:
    """Shift elements along axes; what leaves at one end enters at the other.

    Parameters
    ----------
    a : array_like
    shift : int or sequence of int
        By how much; one for each axis, or one for all.
    axis : int or tuple of int, optional
        Along which; an axis named twice is shifted twice. By default the flattened array is
        shifted.

    Examples
    --------
    >>> roll([1, 2, 3, 4], 1)
    array([4, 1, 2, 3])
    """
    a = array_operand(a)
    if axis is None:
        return reshape(roll(ravel(a), shift, 0), a.shape)
    shifts = shape_of("roll", shift)
    places = tuple(axis) if isinstance(axis, (tuple, list)) else (axis,)
    axes = tuple([axis_of("roll", i, a) for i in places])
    count = max(len(shifts), len(axes))
    if not {len(shifts), len(axes)} <= {1, count}:
        raise ArgumentError(f"roll({describe(a)}): {len(shifts)} shifts for {len(axes)} axes")
    shifts = shifts * count if len(shifts) == 1 else shifts
    axes = axes * count if len(axes) == 1 else axes
    return bind(roll_p, (a,), {"shift": shifts, "axis": axes})
