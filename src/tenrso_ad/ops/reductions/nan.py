"""Reductions that leave out NaN; elements that are NaN have the gradient zero.

Medians and quantiles that do so stand with the others, in `medians` and `quantiles`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ...engine.errors import ArgumentError, ShapeError, describe
from ...engine.primitive import Primitive
from ...engine.trace import bind, is_inexact
from .. import elementwise as ew
from ..arguments import EVERY, Axis, array_operand, axis_of, into, operand_like
from ..broadcasting import convert
from ..declare import inside
from .cumulative import cumprod, cumsum
from .extrema import argmax, extreme, nanmax_p, nanmin_p
from .moments import freedom_lost, mean, mean_of_chosen, operand_of, spread, std_p, var_p
from .sums import length, mask_of, prod, reduction_axes, sum, unboxed, warn_where


def _filled(a: Any, value: float) -> Any:
    """Put a number in the place of NaN."""
    if not is_inexact(a.dtype):
        return a
    return ew.where(ew.isnan(a), operand_like(value, a), a)


def _present(name: str, a: Any, where: Any) -> Any:
    """Mask of the elements that take part; True if all do."""
    if not is_inexact(a.dtype):
        return where
    numbers = ew.logical_not(ew.isnan(a))
    return numbers if where is True else ew.logical_and(numbers, mask_of(name, a, where))


# --- sums and products ----------------------------------------------------------------------------


def nansum(
    a: Any,
    axis: Axis = None,
    dtype: Any = None,
    out: Any = None,
    keepdims: bool = False,
    initial: Any = None,
    where: Any = True,
) -> Any:
    """Sum of the elements that are not NaN; zero where all are.

    Parameters
    ----------
    a, axis, dtype, out, keepdims, initial, where
        As in `sum`.

    Examples
    --------
    >>> float(nansum([1.0, float("nan"), 3.0]))
    4.0
    """
    a = array_operand(a)
    axes = reduction_axes("nansum", axis, a)
    return sum(_filled(a, 0), axes, dtype, out, keepdims, initial, where)


def nanprod(
    a: Any,
    axis: Axis = None,
    dtype: Any = None,
    out: Any = None,
    keepdims: bool = False,
    initial: Any = None,
    where: Any = True,
) -> Any:
    """Product of the elements that are not NaN; one where all are.

    Parameters
    ----------
    a, axis, dtype, out, keepdims, initial, where
        As in `prod`.

    Examples
    --------
    >>> float(nanprod([2.0, float("nan"), 3.0]))
    6.0
    """
    a = array_operand(a)
    axes = reduction_axes("nanprod", axis, a)
    return prod(_filled(a, 1), axes, dtype, out, keepdims, initial, where)


def nancumsum(a: Any, axis: int | None = None, dtype: Any = None, out: Any = None) -> Any:
    """Running sum that counts NaN as zero.

    Parameters
    ----------
    a, axis, dtype, out
        As in `cumsum`.

    Examples
    --------
    >>> nancumsum([1.0, float("nan"), 3.0])
    array([1., 1., 4.])
    """
    a = array_operand(a)
    axis = axis if axis is None else axis_of("nancumsum", axis, a)
    return cumsum(_filled(a, 0), axis, dtype, out)


def nancumprod(a: Any, axis: int | None = None, dtype: Any = None, out: Any = None) -> Any:
    """Running product that counts NaN as one.

    Parameters
    ----------
    a, axis, dtype, out
        As in `cumprod`.

    Examples
    --------
    >>> nancumprod([2.0, float("nan"), 3.0])
    array([2., 2., 6.])
    """
    a = array_operand(a)
    axis = axis if axis is None else axis_of("nancumprod", axis, a)
    return cumprod(_filled(a, 1), axis, dtype, out)


# --- moments --------------------------------------------------------------------------------------


def nanmean(
    a: Any,
    axis: Axis = None,
    dtype: Any = None,
    out: Any = None,
    keepdims: bool = False,
    *,
    where: Any = True,
) -> Any:
    """Mean of the elements that are not NaN; NaN, with NumPy's warning, where all are.

    Parameters
    ----------
    a, axis, dtype, out, keepdims, where
        As in `mean`.

    Examples
    --------
    >>> float(nanmean([1.0, float("nan"), 3.0]))
    2.0
    """
    a = array_operand(a)
    axes = reduction_axes("nanmean", axis, a)
    if not is_inexact(a.dtype):
        return mean(a, axes, dtype, out, keepdims, where=where)
    chosen = _present("nanmean", a, where)
    a = operand_of("nanmean", a, dtype)
    return into("nanmean", out, mean_of_chosen("nanmean", a, axes, keepdims, chosen))


def nanvar(
    a: Any,
    axis: Axis = None,
    dtype: Any = None,
    out: Any = None,
    ddof: float = 0,
    keepdims: bool = False,
    *,
    where: Any = True,
    mean: Any = None,
    correction: float | None = None,
) -> Any:
    """Variance of the elements that are not NaN.

    Parameters
    ----------
    a, axis, dtype, out, ddof, keepdims, where, mean, correction
        As in `var`.

    Returns
    -------
    array
        NaN, with NumPy's warning, where no degree of freedom is left.

    Examples
    --------
    >>> float(nanvar([1.0, float("nan"), 3.0]))
    1.0
    """
    a = array_operand(a)
    ddof = freedom_lost("nanvar", ddof, correction)
    chosen = _present("nanvar", a, where)
    result = spread("nanvar", var_p, a, axis, dtype, ddof, keepdims, chosen, mean)
    return into("nanvar", out, result)


def nanstd(
    a: Any,
    axis: Axis = None,
    dtype: Any = None,
    out: Any = None,
    ddof: float = 0,
    keepdims: bool = False,
    *,
    where: Any = True,
    mean: Any = None,
    correction: float | None = None,
) -> Any:
    """Standard deviation of the elements that are not NaN.

    Parameters
    ----------
    a, axis, dtype, out, ddof, keepdims, where, mean, correction
        As in `std`.

    Returns
    -------
    array
        NaN, with NumPy's warning, where no degree of freedom is left.

    Examples
    --------
    >>> float(nanstd([1.0, float("nan"), 3.0]))
    1.0
    """
    a = array_operand(a)
    ddof = freedom_lost("nanstd", ddof, correction)
    chosen = _present("nanstd", a, where)
    result = spread("nanstd", std_p, a, axis, dtype, ddof, keepdims, chosen, mean)
    return into("nanstd", out, result)


# --- extrema --------------------------------------------------------------------------------------


def nanmax(
    a: Any,
    axis: Axis = None,
    out: Any = None,
    keepdims: bool = False,
    initial: Any = None,
    where: Any = True,
) -> Any:
    """Largest element that is not NaN; NaN, with NumPy's warning, where all are.

    Parameters
    ----------
    a, axis, out, keepdims, initial, where
        As in `max`.

    Examples
    --------
    >>> float(nanmax([1.0, float("nan"), 3.0]))
    3.0
    """
    highest = extreme(nanmax_p, _pick(ew.maximum), -1, a, axis, keepdims, initial, where)
    warn_where(ew.isnan(highest), "All-NaN slice encountered")
    return into("nanmax", out, highest)


def nanmin(
    a: Any,
    axis: Axis = None,
    out: Any = None,
    keepdims: bool = False,
    initial: Any = None,
    where: Any = True,
) -> Any:
    """Smallest element that is not NaN; NaN, with NumPy's warning, where all are.

    Parameters
    ----------
    a, axis, out, keepdims, initial, where
        As in `max`.

    Examples
    --------
    >>> float(nanmin([1.0, float("nan"), 3.0]))
    1.0
    """
    lowest = extreme(nanmin_p, _pick(ew.minimum), 1, a, axis, keepdims, initial, where)
    warn_where(ew.isnan(lowest), "All-NaN slice encountered")
    return into("nanmin", out, lowest)


def _pick(better: Any) -> Any:
    """Choose between a result and the initial value, NaN being no choice."""

    def pick(out: Any, initial: Any) -> Any:
        chosen = ew.where(ew.isnan(out), initial, better(out, initial))
        return unboxed(ew.where(ew.isnan(initial), out, chosen))

    return pick


def nanargmax(a: Any, axis: int | None = None, out: Any = None, *, keepdims: bool = False) -> Any:
    """Index of the largest element that is not NaN.

    Parameters
    ----------
    a, axis, out, keepdims
        As in `argmax`.

    Raises
    ------
    ArgumentError
        There is nothing but NaN; a staged function does not know and gives 0.

    Examples
    --------
    >>> int(nanargmax([1.0, float("nan"), 3.0]))
    2
    """
    found = _among_numbers("nanargmax", nanmax_p, a, axis)
    return argmax(found, axis, out, keepdims=keepdims)


def nanargmin(a: Any, axis: int | None = None, out: Any = None, *, keepdims: bool = False) -> Any:
    """Index of the smallest element that is not NaN.

    Parameters
    ----------
    a, axis, out, keepdims
        As in `argmax`.

    Raises
    ------
    ArgumentError
        There is nothing but NaN; a staged function does not know and gives 0.

    Examples
    --------
    >>> int(nanargmin([1.0, float("nan"), 3.0]))
    0
    """
    found = _among_numbers("nanargmin", nanmin_p, a, axis)
    return argmax(found, axis, out, keepdims=keepdims)


def _among_numbers(name: str, primitive: Primitive, a: Any, axis: int | None) -> Any:
    """One where the extremum of the numbers stands, zero elsewhere."""
    a = array_operand(a)
    axes = EVERY[len(a.shape)] if axis is None else (axis_of(name, axis, a),)
    if not length(tuple(a.shape), axes):
        raise ShapeError(f"{name}({describe(a)}): attempt to get the index of no element")
    extremum = bind(primitive, (a,), {"axis": axes, "keepdims": True})
    hopeless = inside(ew.isnan(extremum))
    if hopeless is not None and hopeless.any():
        raise ArgumentError(f"{name}({describe(a)}): All-NaN slice encountered, axis={axis}")
    return convert(ew.equal(a, extremum), np.dtype(np.int8))
