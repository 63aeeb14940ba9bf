"""Medians."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...engine.trace import is_inexact
from ..arguments import Axis, array_operand, into
from ..broadcasting import convert
from .moments import mean
from .order_statistics import between_ranks, count_numbers, lanes, shaped, skips_nan
from .sums import reduced, reduction_axes


def _median(name: str, a: Any, axis: Axis, keepdims: bool) -> Any:
    a = array_operand(a)
    a = a if is_inexact(a.dtype) else convert(a, np.dtype(float))
    axes = reduction_axes(name, axis, a)
    x = lanes(a, axes)
    if not x.shape[1]:
        with np.errstate(invalid="ignore"):  # it warns of the empty slice, that is enough
            return mean(a, axes, keepdims=keepdims)
    if skips_nan(name, x):
        count = count_numbers(x)
        low, high = (count - 1) // 2, count // 2
        combine: Any = _halfway
    else:
        count = x.shape[1]
        low, high = [np.array([[rank]]) for rank in ((count - 1) // 2, count // 2)]
        combine = None if count % 2 else _halfway
    shape = reduced(tuple(a.shape), axes, keepdims)
    return shaped(between_ranks(x, count, low, high, combine), shape)


def _halfway(low: Any, high: Any) -> Any:
    return low / 2 + high / 2  # the sum could overflow


def median(
    a: Any,
    axis: Axis = None,
    out: Any = None,
    overwrite_input: bool = False,
    keepdims: bool = False,
) -> Any:
    """Middle element, or the mean of the two in the middle.

    Elements that are equal share the gradient evenly. A slice with a NaN has the median NaN.

    Parameters
    ----------
    a : array_like
    axis : int or tuple of int, optional
        By default all axes.
    out : ndarray, optional
        Where to write a plain result.
    overwrite_input : bool
        Makes no difference: the operand is never changed.
    keepdims : bool
        Leave reduced axes with length 1.

    Returns
    -------
    array
        NaN, with NumPy's warning, if there are no elements.

    Examples
    --------
    >>> median([[1.0, 5.0, 2.0], [4.0, 4.0, 0.0]], axis=1)
    array([2., 4.])
    """
    return into("median", out, _median("median", a, axis, keepdims))


def nanmedian(
    a: Any,
    axis: Axis = None,
    out: Any = None,
    overwrite_input: bool = False,
    keepdims: bool = False,
) -> Any:
    """Median of the elements that are not NaN; NaN, with NumPy's warning, where all are.

    Parameters
    ----------
    a, axis, out, overwrite_input, keepdims
        As in `median`.

    Examples
    --------
    >>> float(nanmedian([1.0, float("nan"), 3.0]))
    2.0
    """
    return into("nanmedian", out, _median("nanmedian", a, axis, keepdims))
