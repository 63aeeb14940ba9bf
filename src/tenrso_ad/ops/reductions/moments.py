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
from ..arguments import Axis, array_operand, dtype_of, into, operand_like
from ..broadcasting import broadcast_to, convert, wider
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
    unboxed,
    warn_where,
    with_axes_kept,
)


def operand_of(name: str, a: Any, dtype: Any) -> Any:
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
    out: Any = None,
    keepdims: bool = False,
    *,
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
    out : ndarray, optional
        Where to write a plain result.
    keepdims : bool
        Leave reduced axes with length 1.
    where : array_like of bool
        Which elements take part; broadcasts to `a`.

    Examples
    --------
    >>> mean([[1.0, 2.0], [3.0, 4.0]], axis=1)
    array([1.5, 3.5])
    """
    a = operand_of("mean", a, dtype)
    axes = reduction_axes("mean", axis, a)
    if where is True:
        average = bind(mean_p, (a,), {"axis": axes, "keepdims": keepdims})
    else:
        average = mean_of_chosen("mean", a, axes, keepdims, where)
    return average if out is None else into("mean", out, average)


def mean_of_chosen(name: str, a: Any, axes: tuple[int, ...], keepdims: bool, where: Any) -> Any:
    """Mean of the elements where a mask holds; NaN, with NumPy's warning, where there are none."""
    total = sum(masked(name, a, where, 0), axes, wider(a.dtype), keepdims=keepdims)
    count = _count(name, a, axes, keepdims, where)
    none = ew.equal(count, 0)
    warn_where(none, "Mean of empty slice")
    average = total / convert(ew.maximum(count, 1), total.dtype)
    average = ew.where(none, operand_like(float("nan"), average), average)
    return unboxed(convert(average, a.dtype))


def _count(name: str, a: Any, axes: tuple[int, ...], keepdims: bool, where: Any) -> Any:
    """How many elements take part in each result."""
    mask = broadcast_to(mask_of(name, a, where), tuple(a.shape))
    return count_nonzero(mask, axes, keepdims=keepdims)


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
    out: Any = None,
    ddof: float = 0,
    keepdims: bool = False,
    *,
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
    out : ndarray, optional
        Where to write a plain result.
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
    ddof = freedom_lost("var", ddof, correction)
    result = spread("var", var_p, a, axis, dtype, ddof, keepdims, where, mean)
    return result if out is None else into("var", out, result)


def std(
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
    """Standard deviation of elements: the square root of the variance.

    At constant data, where it has a kink, the gradient is zero.

    Parameters
    ----------
    a, axis, dtype, out, ddof, keepdims, where, mean, correction
        As in `var`.

    Examples
    --------
    >>> float(std([1.0, 3.0]))
    1.0
    """
    ddof = freedom_lost("std", ddof, correction)
    result = spread("std", std_p, a, axis, dtype, ddof, keepdims, where, mean)
    return result if out is None else into("std", out, result)


def freedom_lost(name: str, ddof: float, correction: float | None) -> float:
    """Degrees of freedom that are taken away, under one of the two names of the argument."""
    if correction is None:
        return ddof
    if ddof != 0:
        raise ArgumentError(f"{name}: ddof and correction are two names of one thing; give one")
    return correction


def spread(
    name: str,
    primitive: Primitive,
    a: Any,
    axis: Axis,
    dtype: Any,
    ddof: float,
    keepdims: bool,
    where: Any,
    mean: Any,
) -> Any:
    """Variance or standard deviation, as the primitive says."""
    a = operand_of(name, a, dtype)
    axes = reduction_axes(name, axis, a)
    if where is True and mean is None:
        return bind(primitive, (a,), {"axis": axes, "keepdims": keepdims, "ddof": ddof})
    variance = _mean_square(name, a, axes, ddof, keepdims, where, mean)
    if primitive is var_p:
        return unboxed(variance)
    constant = ew.equal(variance, 0)
    return unboxed(ew.where(constant, 0, ew.sqrt(ew.where(constant, 1, variance))))


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
        count = _count(name, a, axes, True, where)
        total = sum(masked(name, a, where, 0), axes, keepdims=True)
        centre = total / convert(ew.maximum(count, 1), a.dtype)
    deviation = masked(name, a - array_operand(centre), where, 0)
    square = deviation * ew.conjugate(deviation) if is_complex(a) else ew.square(deviation)
    total = sum(ew.real(square) if is_complex(a) else square, axes, keepdims=keepdims)
    if where is True:
        count = length(tuple(a.shape), axes)
        return total / operand_like(max(count - ddof, 0), total)
    freedom = convert(_count(name, a, axes, keepdims, where), total.dtype) - ddof
    none = ew.less_equal(freedom, 0)
    warn_where(none, "Degrees of freedom <= 0 for slice")
    nothing: Any = operand_like(float("nan"), total)
    if not name.startswith("nan"):  # NumPy divides by zero here, there it says NaN
        nothing = ew.where(ew.greater(total, 0), operand_like(float("inf"), total), nothing)
    return ew.where(none, nothing, total / ew.where(none, 1, freedom))
