"""Searching, sorting and sets."""

from __future__ import annotations

from typing import Any, Literal

from .. import numpy as tnp
from .operands import lift, lift_any


def argmax(x: Any, /, *, axis: int | None = None, keepdims: bool = False) -> Any:
    """Position of the largest element along an axis; the first of several."""
    return tnp.argmax(lift(x), axis, keepdims=keepdims)


def argmin(x: Any, /, *, axis: int | None = None, keepdims: bool = False) -> Any:
    """Position of the smallest element along an axis; the first of several."""
    return tnp.argmin(lift(x), axis, keepdims=keepdims)


def argsort(x: Any, /, *, axis: int = -1, descending: bool = False, stable: bool = True) -> Any:
    """Positions that sort an array along an axis."""
    return tnp.argsort(lift(x), axis, descending=descending, stable=stable)


def nonzero(x: Any, /) -> tuple[Any, ...]:
    """Positions of the elements that are not zero: one array for each axis."""
    return tuple(tnp.nonzero(lift(x)))


def searchsorted(
    x1: Any,
    x2: Any,
    /,
    *,
    side: Literal["left", "right"] = "left",
    sorter: Any = None,
) -> Any:
    """Positions in a sorted array at which values may be inserted."""
    return tnp.searchsorted(lift(x1), x2, side, sorter)


def sort(x: Any, /, *, axis: int = -1, descending: bool = False, stable: bool = True) -> Any:
    """Sort an array along an axis."""
    return tnp.sort(lift(x), axis, descending=descending, stable=stable)


def unique_all(x: Any, /) -> Any:
    """Values that occur, where each occurs first, which one each element is, and how many."""
    return tnp.unique_all(lift(x))


def unique_counts(x: Any, /) -> Any:
    """Values that occur, and how many times."""
    return tnp.unique_counts(lift(x))


def unique_inverse(x: Any, /) -> Any:
    """Values that occur, and which one each element is."""
    return tnp.unique_inverse(lift(x))


def unique_values(x: Any, /) -> Any:
    """Values that occur."""
    return tnp.unique_values(lift(x))


def where(condition: Any, x1: Any, x2: Any, /) -> Any:
    """Choose from x1 where the condition holds, else from x2."""
    return tnp.where(*lift_any(condition, x1, x2))
