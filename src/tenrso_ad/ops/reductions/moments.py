"""Mean, variance and standard deviation."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np

from ...engine.array_type import ArrayType
from ...engine.errors import ArgumentError, DTypeError, describe
from ...engine.primitive import Primitive
from ...engine.trace import bind, is_inexact
from .. import elementwise as ew
from ..arguments import Axis, array_operand, dtype_of, operand_like
from ..broadcasting import broadcast_to, convert
from ..declare import is_complex, linear, namespace, nonlinear
from .sums import (
    add_reduce,
    count_nonzero,
    length,
    mask_of,
    masked,
    over_batch,
    reduced_type,
    reduction_axes,
    sum,
    wider,
    with_axes_kept,
)


def _operand(name: str, a: Any, dtype: Any) -> Any:
    """Operand in the dtype asked for; integers as float64."""
    a = array_operand(a)
    if dtype is None:
        return a if is_inexact(a.dtype) else convert(a, np.dtype(float))
    dtype = dtype_of(name, dtype)
    if not is_inexact(dtype):
        raise DTypeError(f"{name}({describe(a)}): dtype= is floating or complex, got {dtype}")
    return convert(a, dtype)


# --- mean -----------------------------------------------------------------------------------------


def _evaluate_mean(x: Any, *, axis: tuple[int, ...], keepdims: bool) -> Any:
    xp = namespace(x)
    if xp is not np:
        return xp.mean(x, axis=axis, keepdims=keepdims)
    count = length(x.shape, axis)
    if not count:
        return np.mean(x, axis=axis, keepdims=keepdims)  # NaN, and NumPy's warning
    wide = wider(x.dtype)
    if wide is None:
        return add_reduce(x, axis, None, None, keepdims) / count
    return (add_reduce(x, axis, wide, None, keepdims) / count).astype(x.dtype)


def _mean_transpose(g: Any, x: ArrayType, *, axis: tuple[int, ...], keepdims: bool) -> Any:
    share = convert(g / max(length(x.shape, axis), 1), x.dtype)
    return broadcast_to(with_axes_kept(share, x.shape, axis, keepdims), x.shape)


mean_p: Primitive = linear(
    "mean",
    _evaluate_mean,
    transpose=_mean_transpose,
    shape=reduced_type(lambda dtype: dtype),
    batch=over_batch(lambda: mean_p),
)


def mean(
    a: Any,
    axis: Axis = None,
    dtype: Any = None,
    *,
    keepdims: bool = False,
    where: Any = True,
) -> Any:
    """Arithmetic mean of elements.

    Parameters
    ----------
    a : array_like
    axis : int or tuple of int, optional
        By default all axes.
    dtype : dtype, optional
        To which elements are converted first; by default integers go to float64.
    keepdims : bool
        Leave reduced axes with length 1.
    where : array_like of bool
        Which elements take part; broadcasts to `a`.

    Examples
    --------
    >>> mean([[1.0, 2.0], [3.0, 4.0]], axis=1)
    array([1.5, 3.5])
    """
    a = _operand("mean", a, dtype)
    axes = reduction_axes("mean", axis, a)
    if where is True:
        return bind(mean_p, (a,), {"axis": axes, "keepdims": keepdims})
    total = sum(masked("mean", a, where, 0), axes, wider(a.dtype), keepdims=keepdims)
    return convert(total / _count("mean", a, axes, keepdims, where, total.dtype), a.dtype)


def _count(name: str, a: Any, axes: tuple[int, ...], keepdims: bool, where: Any, dtype: Any) -> Any:
    """How many elements take part in each result."""
    mask = broadcast_to(mask_of(name, a, where), tuple(a.shape))
    return convert(count_nonzero(mask, axes, keepdims=keepdims), dtype)


# --- variance and standard deviation --------------------------------------------------------------


def _evaluate_var(x: Any, *, axis: tuple[int, ...], keepdims: bool, ddof: float) -> Any:
    xp = namespace(x)
    if xp is not np:
        return xp.var(x, axis=axis, keepdims=keepdims, correction=ddof)
    count = length(x.shape, axis)
    if count - ddof <= 0:
        return np.var(x, axis=axis, keepdims=keepdims, ddof=ddof)  # NaN, and NumPy's warning
    wide = wider(x.dtype)
    if wide is not None:
        x32 = x.astype(wide)
        return _evaluate_var(x32, axis=axis, keepdims=keepdims, ddof=ddof).astype(x.dtype)
    # what np.var computes, at half of its time for small arrays
    deviation = x - add_reduce(x, axis, None, None, True) / count
    square = deviation * deviation.conj() if deviation.dtype.kind == "c" else deviation * deviation
    return add_reduce(square.real, axis, None, None, keepdims) / (count - ddof)


def _evaluate_std(x: Any, *, axis: tuple[int, ...], keepdims: bool, ddof: float) -> Any:
    return namespace(x).sqrt(_evaluate_var(x, axis=axis, keepdims=keepdims, ddof=ddof))


def _centred(x: Any, axis: tuple[int, ...]) -> Any:
    """Deviation from the mean, conjugated: half the derivative of the sum of squares."""
    return ew.conjugate(x - mean(x, axis, keepdims=True))


def _freedom(shape: tuple[int, ...], axis: tuple[int, ...], ddof: float) -> float:
    """Degrees of freedom; NaN where there are none, for the derivative to be NaN too."""
    freedom = length(shape, axis) - ddof
    return freedom if freedom > 0 else float("nan")


def _var_pullback(g: Any, x: Any, *, axis: tuple[int, ...], keepdims: bool, ddof: float) -> Any:
    factor = with_axes_kept(g, x.shape, axis, keepdims) * (2 / _freedom(x.shape, axis, ddof))
    return convert(factor * _centred(x, axis), x.dtype)


def _std_pullback(
    g: Any, x: Any, out: Any, *, axis: tuple[int, ...], keepdims: bool, ddof: float
) -> Any:
    """At constant data, where the standard deviation has a kink, the gradient is zero."""
    constant = ew.equal(out, 0)
    factor = ew.where(constant, 0, g / (ew.where(constant, 1, out) * _freedom(x.shape, axis, ddof)))
    return convert(with_axes_kept(factor, x.shape, axis, keepdims) * _centred(x, axis), x.dtype)


@functools.lru_cache(maxsize=64)
def _real(dtype: Any) -> Any:
    return np.zeros(0, dtype).real.dtype


var_p: Primitive = nonlinear(
    "var",
    _evaluate_var,
    pullback=_var_pullback,
    operands="x",
    shape=reduced_type(_real),
    batch=over_batch(lambda: var_p),
)
std_p: Primitive = nonlinear(
    "std",
    _evaluate_std,
    pullback=_std_pullback,
    operands="x",
    shape=reduced_type(_real),
    batch=over_batch(lambda: std_p),
)


def var(
    a: Any,
    axis: Axis = None,
    dtype: Any = None,
    *,
    ddof: float = 0,
    keepdims: bool = False,
    where: Any = True,
    mean: Any = None,
    correction: float | None = None,
) -> Any:
    """Variance of elements: the mean of abs(a - mean)**2.

    Parameters
    ----------
    a : array_like
    axis : int or tuple of int, optional
        By default all axes.
    dtype : dtype, optional
        To which elements are converted first; by default integers go to float64.
    ddof : float
        The divisor is the number of elements less this.
    keepdims : bool
        Leave reduced axes with length 1.
    where : array_like of bool
        Which elements take part; broadcasts to `a`.
    mean : array_like, optional
        Mean to measure from, of a shape as with ``keepdims=True``. It is differentiated too.
    correction : float, optional
        Another name for `ddof`.

    Returns
    -------
    array
        Real, also for complex `a`.

    Examples
    --------
    >>> float(var([1.0, 2.0, 3.0, 4.0], ddof=1))
    1.6666666666666667
    """
    a = _operand("var", a, dtype)
    axes = reduction_axes("var", axis, a)
    ddof = _ddof("var", ddof, correction)
    if where is True and mean is None:
        return bind(var_p, (a,), {"axis": axes, "keepdims": keepdims, "ddof": ddof})
    return _mean_square("var", a, axes, ddof, keepdims, where, mean)


def std(
    a: Any,
    axis: Axis = None,
    dtype: Any = None,
    *,
    ddof: float = 0,
    keepdims: bool = False,
    where: Any = True,
    mean: Any = None,
    correction: float | None = None,
) -> Any:
    """Standard deviation of elements: the square root of the variance.

    At constant data, where it has a kink, the gradient is zero.

    Parameters
    ----------
    a, axis, dtype, ddof, keepdims, where, mean, correction
        As in `var`.

    Examples
    --------
    >>> float(std([1.0, 3.0]))
    1.0
    """
    a = _operand("std", a, dtype)
    axes = reduction_axes("std", axis, a)
    ddof = _ddof("std", ddof, correction)
    if where is True and mean is None:
        return bind(std_p, (a,), {"axis": axes, "keepdims": keepdims, "ddof": ddof})
    variance = _mean_square("std", a, axes, ddof, keepdims, where, mean)
    constant = ew.equal(variance, 0)
    return ew.where(constant, 0, ew.sqrt(ew.where(constant, 1, variance)))


def _ddof(name: str, ddof: float, correction: float | None) -> float:
    if correction is None:
        return ddof
    if ddof != 0:
        raise ArgumentError(f"{name}: ddof and correction are two names of one thing; give one")
    return correction


def _mean_square(
    name: str,
    a: Any,
    axes: tuple[int, ...],
    ddof: float,
    keepdims: bool,
    where: Any,
    centre: Any,
) -> Any:
    """Variance of chosen elements, or about a given mean."""
    wide = wider(a.dtype)
    if wide is not None:
        out = _mean_square(name, convert(a, wide), axes, ddof, keepdims, where, centre)
        return convert(out, a.dtype)
    if centre is None:
        centre = mean(a, axes, keepdims=True, where=where)
    deviation = masked(name, a - array_operand(centre), where, 0)
    square = deviation * ew.conjugate(deviation) if is_complex(a) else ew.square(deviation)
    total = sum(ew.real(square) if is_complex(a) else square, axes, keepdims=keepdims)
    if where is True:
        count: Any = length(tuple(a.shape), axes)
        freedom = operand_like(max(count - ddof, 0), total)
    else:
        count = _count(name, a, axes, keepdims, where, total.dtype)
        freedom = ew.maximum(count - ddof, 0)
    return total / freedom
