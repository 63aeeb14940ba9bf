"""Statistical functions, and those of the standard's chapter of utilities."""

from __future__ import annotations

import builtins
from typing import Any

from .. import numpy as tnp
from .operands import lift

Axes = int | tuple[int, ...] | None
bool = builtins.bool


def all(x: Any, /, *, axis: Axes = None, keepdims: bool = False) -> Any:
    """Whether all elements along axes are true."""
    return tnp.all(lift(x), axis, keepdims=keepdims)


def any(x: Any, /, *, axis: Axes = None, keepdims: bool = False) -> Any:
    """Whether any element along axes is true."""
    return tnp.any(lift(x), axis, keepdims=keepdims)


def count_nonzero(x: Any, /, *, axis: Axes = None, keepdims: bool = False) -> Any:
    """Count the elements along axes that are not zero."""
    return tnp.count_nonzero(lift(x), axis, keepdims=keepdims)


def cumulative_prod(
    x: Any, /, *, axis: int | None = None, dtype: Any = None, include_initial: bool = False
) -> Any:
    """Running products along an axis; small integers in the default integer type."""
    return tnp.cumulative_prod(lift(x), axis=axis, dtype=dtype, include_initial=include_initial)


def cumulative_sum(
    x: Any, /, *, axis: int | None = None, dtype: Any = None, include_initial: bool = False
) -> Any:
    """Running sums along an axis; small integers in the default integer type."""
    return tnp.cumulative_sum(lift(x), axis=axis, dtype=dtype, include_initial=include_initial)


def diff(x: Any, /, *, axis: int = -1, n: int = 1, prepend: Any = None, append: Any = None) -> Any:
    """Differences of neighbours along an axis, n times over."""
    ends = {"prepend": prepend, "append": append}
    given = {side: values for side, values in ends.items() if values is not None}
    return tnp.diff(lift(x), n, axis, **given)


def max(x: Any, /, *, axis: Axes = None, keepdims: bool = False) -> Any:
    """Largest element along axes."""
    return tnp.max(lift(x), axis, keepdims=keepdims)


def mean(x: Any, /, *, axis: Axes = None, keepdims: bool = False) -> Any:
    """Arithmetic mean along axes."""
    return tnp.mean(lift(x), axis, keepdims=keepdims)


def min(x: Any, /, *, axis: Axes = None, keepdims: bool = False) -> Any:
    """Smallest element along axes."""
    return tnp.min(lift(x), axis, keepdims=keepdims)


def prod(x: Any, /, *, axis: Axes = None, dtype: Any = None, keepdims: bool = False) -> Any:
    """Product along axes; small integers in the default integer type."""
    return tnp.prod(lift(x), axis, dtype, keepdims=keepdims)


def std(x: Any, /, *, axis: Axes = None, correction: float = 0.0, keepdims: bool = False) -> Any:
    """Standard deviation along axes, with N - correction in the divisor."""
    return tnp.std(lift(x), axis, correction=correction, keepdims=keepdims)


def sum(x: Any, /, *, axis: Axes = None, dtype: Any = None, keepdims: bool = False) -> Any:
    """Sum along axes; small integers in the default integer type."""
    return tnp.sum(lift(x), axis, dtype, keepdims=keepdims)


def var(x: Any, /, *, axis: Axes = None, correction: float = 0.0, keepdims: bool = False) -> Any:
    """Variance along axes, with N - correction in the divisor."""
    return tnp.var(lift(x), axis, correction=correction, keepdims=keepdims)
