"""Sums of exponentials in the logarithmic domain; softmax, their derivative, and its logarithm."""

from __future__ import annotations

import contextlib
from typing import Any

import numpy as np

from ...engine.primitive import Primitive
from ...engine.trace import bind, is_inexact
from .. import elementwise as ew
from ..arguments import Axis, array_operand, axis_of, operand_like
from ..broadcasting import convert, wider
from ..declare import is_complex, namespace, nonlinear
from ..pointwise import scale
from ..shaping.reshaping import broadcast_arrays, pad_p, ravel, reshape
from .cumulative import cumsum, further_back, part, recurrence_p
from .extrema import max
from .sums import (
    length,
    masked,
    over_batch,
    reduced,
    reduced_type,
    reduction_axes,
    sum,
    with_axes_kept,
)

_ufuncs: dict[str, Any] = {"max": np.maximum.reduce, "sum": np.add.reduce}


def _reduced(xp: Any, name: str, x: Any, axis: tuple[int, ...]) -> Any:
    if xp is np:  # without the detours of np.max and np.sum
        return _ufuncs[name](x, axis, None, None, True)
    return getattr(xp, name)(x, axis=axis, keepdims=True)


def _peak(xp: Any, x: Any, axis: tuple[int, ...]) -> tuple[Any, Any]:
    """Largest real part, and zero in its place where it is not finite."""
    peak = _reduced(xp, "max", xp.real(x) if is_complex(x) else x, axis)
    finite = xp.isfinite(peak)
    return peak, peak if finite.all() else xp.where(finite, peak, xp.zeros_like(peak))


def _evaluate_logsumexp(x: Any, *, axis: tuple[int, ...], keepdims: bool) -> Any:
    xp = namespace(x)
    if xp is np and wider(x.dtype) is not None:
        wide = _evaluate_logsumexp(x.astype(wider(x.dtype)), axis=axis, keepdims=keepdims)
        return wide.astype(x.dtype)
    shape = reduced(x.shape, axis, keepdims)
    if not length(x.shape, axis):
        return xp.zeros(shape, dtype=x.dtype) - float("inf")
    peak, shift = _peak(xp, x, axis)
    with contextlib.nullcontext() if shift is peak else np.errstate(all="ignore"):
        out = xp.log(_reduced(xp, "sum", xp.exp(x - shift), axis)) + shift
    return out.reshape(shape)[()] if xp is np else xp.reshape(out, shape)


def _logsumexp_pullback(g: Any, x: Any, *, axis: tuple[int, ...], keepdims: bool) -> Any:
    return scale(with_axes_kept(g, x.shape, axis, keepdims), bind(softmax_p, (x,), {"axis": axis}))


logsumexp_p: Primitive = nonlinear(
    "logsumexp",
    _evaluate_logsumexp,
    pullback=_logsumexp_pullback,
    operands="x",
    shape=reduced_type(lambda dtype: dtype),
    batch=over_batch(lambda: logsumexp_p),
)


def _evaluate_softmax(x: Any, *, axis: tuple[int, ...]) -> Any:
    xp = namespace(x)
    if not length(x.shape, axis):
        return x
    if xp is np and wider(x.dtype) is not None:
        return _evaluate_softmax(x.astype(wider(x.dtype)), axis=axis).astype(x.dtype)
    peak, shift = _peak(xp, x, axis)
    if shift is peak:
        weights = xp.exp(x - shift)
        return weights / _reduced(xp, "sum", weights, axis)
    with np.errstate(all="ignore"):
        # infinite sums are shared by their +inf; sums of nothing but -inf have the weights 0
        highest = xp.where(x == float("inf"), xp.ones_like(x), xp.zeros_like(x))
        weights = xp.where(peak == float("inf"), highest, xp.exp(x - shift))
        total = _reduced(xp, "sum", weights, axis)
        return weights / xp.where(peak == -float("inf"), xp.ones_like(total), total)


def _softmax_pullback(g: Any, out: Any, *, axis: tuple[int, ...]) -> Any:
    moved = scale(g, out)
    return moved - scale(sum(moved, axis, keepdims=True), out)


softmax_p: Primitive = nonlinear(
    "softmax",
    _evaluate_softmax,
    pullback=_softmax_pullback,
    operands="x",
    shape=lambda x, *, axis: x,
    batch=over_batch(lambda: softmax_p),
)


def softmax(x: Any, axis: Axis = -1, *, where: Any = True) -> Any:
    """Exponentials divided by their sum, without overflow; the gradient of logsumexp.

    Elements that are +inf share the whole in equal parts; a group of nothing but -inf gives zeros.

    Parameters
    ----------
    x : array_like
    axis : int, tuple of int or None
        Axes along which the result sums to one; None is all axes.
    where : array_like of bool
        Which elements take part; broadcasts to `x`. The others get zero.

    Examples
    --------
    >>> softmax([0.0, 0.0, 1000.0])
    array([0., 0., 1.])
    """
    x = masked("softmax", _inexact(x), where, -float("inf"))
    return bind(softmax_p, (x,), {"axis": reduction_axes("softmax", axis, x)})


def _inexact(x: Any) -> Any:
    x = array_operand(x)
    return x if is_inexact(x.dtype) else convert(x, np.dtype(float))


def _evaluate_log_softmax(x: Any, *, axis: tuple[int, ...]) -> Any:
    xp = namespace(x)
    if not length(x.shape, axis):
        return x
    if xp is np and wider(x.dtype) is not None:
        return _evaluate_log_softmax(x.astype(wider(x.dtype)), axis=axis).astype(x.dtype)
    peak, shift = _peak(xp, x, axis)
    if shift is peak:
        below = x - shift
        return below - xp.log(_reduced(xp, "sum", xp.exp(below), axis))
    with np.errstate(all="ignore"):
        highest = xp.where(x == float("inf"), xp.zeros_like(x), xp.full_like(x, -float("inf")))
        below = xp.where(peak == float("inf"), highest, x - shift)
        total = _reduced(xp, "sum", xp.exp(below), axis)
        return below - xp.log(xp.where(peak == -float("inf"), xp.ones_like(total), total))


def _log_softmax_pullback(g: Any, out: Any, *, axis: tuple[int, ...]) -> Any:
    return g - scale(sum(g, axis, keepdims=True), ew.exp(out))


log_softmax_p: Primitive = nonlinear(
    "log_softmax",
    _evaluate_log_softmax,
    pullback=_log_softmax_pullback,
    operands="x",
    shape=lambda x, *, axis: x,
    batch=over_batch(lambda: log_softmax_p),
)


def log_softmax(x: Any, axis: Axis = -1, *, where: Any = True) -> Any:
    """Logarithm of `softmax`, also where that is too small for a number.

    Parameters
    ----------
    x : array_like
    axis : int, tuple of int or None
        Axes along which the exponentials of the result sum to one; None is all axes.
    where : array_like of bool
        Which elements take part; broadcasts to `x`. The others get -inf.

    Examples
    --------
    >>> log_softmax([0.0, 1000.0])
    array([-1000.,     0.])
    """
    x = _inexact(x)
    filled = masked("log_softmax", x, where, -float("inf"))
    out = bind(log_softmax_p, (filled,), {"axis": reduction_axes("log_softmax", axis, x)})
    return masked("log_softmax", out, where, -float("inf"))


def logsumexp(
    a: Any,
    axis: Axis = None,
    b: Any = None,
    keepdims: bool = False,
    return_sign: bool = False,
    *,
    where: Any = True,
) -> Any:
    """Logarithm of the sum of exponentials, without overflow.

    A sum of nothing but -inf is -inf and has the gradient zero. The gradient of an infinite sum
    goes to the elements that are +inf, in equal shares.

    Parameters
    ----------
    a : array_like
    axis : int or tuple of int, optional
        By default all axes.
    b : array_like, optional
        Factors of the exponentials; broadcasts with `a`. They may be negative or zero.
    keepdims : bool
        Leave reduced axes with length 1.
    return_sign : bool
        Give the logarithm of the absolute value of the sum, and its sign.
    where : array_like of bool
        Which elements take part; broadcasts to `a`.

    Returns
    -------
    array, or tuple of two arrays
        NaN where the sum is negative, unless the sign is asked for.

    Examples
    --------
    >>> float(logsumexp([1000.0, 1000.0]))
    1000.6931471805599
    """
    a = masked("logsumexp", _inexact(a), where, -float("inf"))
    if b is None and not return_sign:
        axes = reduction_axes("logsumexp", axis, a)
        return bind(logsumexp_p, (a,), {"axis": axes, "keepdims": keepdims})
    if b is None or isinstance(b, (int, float)):
        b = operand_like(1 if b is None else b, a)
    a, b = broadcast_arrays(a, b)
    axes = reduction_axes("logsumexp", axis, a)
    with np.errstate(over="ignore", invalid="ignore"):  # by elements whose factor is zero
        logarithm, sign = _weighted(a, b, axes)
    if not is_complex(sign) and not return_sign:
        logarithm = ew.where(ew.less(sign, 0), float("nan"), logarithm)
    shape = reduced(tuple(a.shape), axes, keepdims)
    logarithm, sign = reshape(logarithm, shape), reshape(sign, shape)
    if return_sign:
        return logarithm, sign
    return logarithm + ew.log(sign) if is_complex(sign) else logarithm


def _weighted(a: Any, b: Any, axes: tuple[int, ...]) -> tuple[Any, Any]:
    """Logarithm of the absolute value of sum(b exp(a)), and its sign, with the axes kept."""
    fixed, chosen = ew.stop_gradient(a), ew.not_equal(ew.stop_gradient(b), 0)
    real = ew.real(fixed) if is_complex(a) else fixed
    peak = max(ew.where(chosen, real, -float("inf")), axes, keepdims=True, initial=-float("inf"))
    peak = ew.where(ew.isfinite(peak), peak, 0)
    total = sum(scale(b, ew.exp(a - peak)), axes, keepdims=True)  # zero times inf is zero here
    size = ew.absolute(total)
    none = ew.equal(size, 0)
    logarithm = ew.where(none, -float("inf"), ew.log(ew.where(none, 1, size)) + peak)
    return logarithm, ew.sign(total)


# --- running sums ---------------------------------------------------------------------------------


def _evaluate_logcumsumexp(x: Any, *, axis: int) -> Any:
    xp = namespace(x)
    if xp is np and not is_complex(x):
        with np.errstate(invalid="ignore"):  # by NaNs that are there already
            return np.logaddexp.accumulate(x, axis)
    before = (slice(None),) * axis
    results: list[Any] = []
    for i in range(x.shape[axis]):
        term = x[(*before, i)]
        results.append(_logaddexp(xp, results[-1], term) if results else term)
    return xp.stack(results, axis=axis) if results else x


def _logaddexp(xp: Any, a: Any, b: Any) -> Any:
    if not is_complex(a):
        return xp.logaddexp(a, b)
    both = xp.stack([a, b])
    return _evaluate_logsumexp(both, axis=(0,), keepdims=False)


def _logcumsumexp_pullback(g: Any, x: Any, out: Any, *, axis: int) -> Any:
    """Run the recurrence t_i = g_i + s_{i+1} t_{i+1} backwards; the gradient is t_i w_i.

    Of the sum up to i, w_i is the part that its last element has, and s_i the part of all before.
    An infinite sum belongs to its +inf in equal parts; a sum of nothing but -inf has no parts.
    """
    if not x.shape[axis]:
        return g
    height, level = (ew.real(x), ew.real(out)) if is_complex(x) else (x, out)
    highest = ew.equal(height, float("inf"))
    count = convert(ew.maximum(cumsum(highest, axis), 1), x.dtype)
    share = highest / count
    infinite = ew.equal(level, float("inf"))
    whole = ew.where(ew.isinf(level), 0, out)
    last = ew.where(infinite, share, ew.exp(ew.where(infinite, 0, x) - whole))
    share, infinite, whole = [part(v, axis, 1, None) for v in (share, infinite, whole)]
    before = ew.where(infinite, 0, part(out, axis, None, -1))
    rest = ew.where(infinite, 1 - share, ew.exp(before - whole))
    widths = tuple([(0, int(i == axis)) for i in range(len(x.shape))])
    coefficients = bind(pad_p, (rest,), {"widths": widths})
    turned = bind(recurrence_p, (coefficients, g), {"axis": axis, "reverse": True})
    return scale(turned, last)


logcumsumexp_p: Primitive = nonlinear(
    "logcumsumexp",
    _evaluate_logcumsumexp,
    pullback=_logcumsumexp_pullback,
    operands="x",
    shape=lambda x, *, axis: x,
    batch=further_back(lambda: logcumsumexp_p),
)


def logcumsumexp(a: Any, axis: int | None = None) -> Any:
    """Logarithm of the running sum of exponentials, without overflow.

    Parameters
    ----------
    a : array_like
    axis : int, optional
        Along which; by default the flattened array is summed.

    Examples
    --------
    >>> logcumsumexp([1000.0, 1000.0])
    array([1000.        , 1000.69314718])
    """
    a = _inexact(a)
    if axis is None:
        a, axis = ravel(a), 0
    axis = axis_of("logcumsumexp", axis, a)
    wide = wider(a.dtype)
    out = bind(logcumsumexp_p, (a if wide is None else convert(a, wide),), {"axis": axis})
    return out if wide is None else convert(out, a.dtype)
