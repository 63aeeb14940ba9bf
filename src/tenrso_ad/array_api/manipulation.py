"""Functions that rearrange elements, and those that pick them by an index."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .. import numpy as tnp
from .operands import lift

Axes = int | tuple[int, ...]


def broadcast_arrays(*arrays: Any) -> list[Any]:
    """Broadcast arrays against each other."""
    return list(tnp.broadcast_arrays(*[lift(a) for a in arrays]))


def broadcast_to(x: Any, /, shape: tuple[int, ...]) -> Any:
    """Repeat an array along new axes and axes of length 1."""
    return tnp.broadcast_to(lift(x), shape)


def concat(arrays: Sequence[Any], /, *, axis: int | None = 0) -> Any:
    """Join arrays along an axis; with ``axis=None`` flattened."""
    return tnp.concat([lift(a) for a in arrays], axis=axis)


def expand_dims(x: Any, /, axis: int) -> Any:
    """Insert an axis of length 1."""
    return tnp.expand_dims(lift(x), axis)


def flip(x: Any, /, *, axis: Axes | None = None) -> Any:
    """Reverse the elements along axes."""
    return tnp.flip(lift(x), axis)


def moveaxis(x: Any, source: Axes, destination: Axes, /) -> Any:
    """Move axes to other places."""
    return tnp.moveaxis(lift(x), source, destination)


def permute_dims(x: Any, /, axes: tuple[int, ...]) -> Any:
    """Put the axes in another order."""
    return tnp.permute_dims(lift(x), axes)


def repeat(x: Any, repeats: Any, /, *, axis: int | None = None) -> Any:
    """Repeat each element, or each part along an axis."""
    return tnp.repeat(lift(x), repeats, axis)


def reshape(x: Any, /, shape: tuple[int, ...], *, copy: bool | None = None) -> Any:
    """Same elements in another shape."""
    return tnp.reshape(lift(x), shape, copy=copy)


def roll(x: Any, /, shift: Axes, *, axis: Axes | None = None) -> Any:
    """Shift elements along axes; what leaves at one end comes back at the other."""
    return tnp.roll(lift(x), shift, axis)


def squeeze(x: Any, /, axis: Axes) -> Any:
    """Remove axes of length 1."""
    return tnp.squeeze(lift(x), axis)


def stack(arrays: Sequence[Any], /, *, axis: int = 0) -> Any:
    """Join arrays of one shape along a new axis."""
    return tnp.stack([lift(a) for a in arrays], axis=axis)


def take(x: Any, indices: Any, /, *, axis: int | None = None) -> Any:
    """Elements of an array along an axis; without an axis, of the flattened array."""
    return tnp.take(lift(x), indices, axis)


def take_along_axis(x: Any, indices: Any, /, *, axis: int = -1) -> Any:
    """Elements of an array, their positions along one axis given for each place."""
    return tnp.take_along_axis(lift(x), indices, axis)


def tile(x: Any, repetitions: tuple[int, ...], /) -> Any:
    """Repeat a whole array along axes."""
    return tnp.tile(lift(x), repetitions)


def unstack(x: Any, /, *, axis: int = 0) -> tuple[Any, ...]:
    """Take an array apart along an axis."""
    return tuple(tnp.unstack(lift(x), axis=axis))
