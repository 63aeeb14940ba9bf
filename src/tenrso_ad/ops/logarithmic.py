"""Sums of exponentials in the logarithmic domain: logsumexp."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..engine.array_type import ArrayType
from ..engine.primitive import Primitive
from ..engine.trace import bind, is_inexact
from . import elementwise as ew
from .arguments import Axis, array_operand
from .broadcasting import broadcast_to, convert, match
from .declare import is_complex, namespace, nonlinear
from .extrema import max
from .pointwise import align, scale
from .reductions import (
    length,
    masked,
    over_batch,
    reduced,
    reduced_type,
    reduction_axes,
    sum,
    wider,
    with_axes_kept,
)
from .shaping import broadcast_arrays, reshape


def _evaluate_logsumexp(x: Any, *, axis: tuple[int, ...], keepdims: bool) -> Any:
    xp = namespace(x)
    if xp is np and wider(x.dtype) is not None:
        wide = _evaluate_logsumexp(x.astype(wider(x.dtype)), axis=axis, keepdims=keepdims)
        return wide.astype(x.dtype)
    shape = reduced(x.shape, axis, keepdims)
    if not length(x.shape, axis):
        return xp.zeros(shape, dtype=x.dtype) - float("inf")
    peak = xp.max(xp.real(x) if is_complex(x) else x, axis=axis, keepdims=True)
    finite = xp.isfinite(peak)
    if finite.all():
        out = xp.log(xp.sum(xp.exp(x - peak), axis=axis, keepdims=True)) + peak
    else:
        peak = xp.where(finite, peak, xp.zeros_like(peak))
        with np.errstate(divide="ignore", over="ignore", invalid="ignore"):
            out = xp.log(xp.sum(xp.exp(x - peak), axis=axis, keepdims=True)) + peak
    out = xp.reshape(out, shape)
    return out[()] if xp is np else out


def _logsumexp_pullback(g: Any, x: Any, out: Any, *, axis: tuple[int, ...], keepdims: bool) -> Any:
    shape = tuple(x.shape)
    total = with_axes_kept(out, shape, axis, keepdims)
    weights = bind(softmax_p, (x, total), {"axis": axis})
    return scale(with_axes_kept(g, shape, axis, keepdims), weights)


logsumexp_p: Primitive = nonlinear(
    "logsumexp",
    _evaluate_logsumexp,
    pullback=_logsumexp_pullback,
    operands="x",
    shape=reduced_type(lambda dtype: dtype),
    batch=over_batch(lambda: logsumexp_p),
)


def _evaluate_softmax(x: Any, total: Any, *, axis: tuple[int, ...]) -> Any:
    xp = namespace(x, total)
    if xp.isfinite(total).all():
        return xp.exp(x - total)
    with np.errstate(all="ignore"):
        # a sum of nothing but -inf has the weights 0
        weights = xp.exp(x - xp.where(total == -float("inf"), xp.zeros_like(total), total))
        infinite = total == float("inf")
        if not infinite.any():
            return weights
        # an infinite sum is shared by its +inf
        shares = xp.where(x == float("inf"), xp.ones_like(x), xp.zeros_like(x))
        shares = shares / xp.sum(shares, axis=axis, keepdims=True)
        return xp.where(infinite, shares, weights)


def _softmax_pullback(
    g: Any, total_type: ArrayType, out: Any, *, axis: tuple[int, ...]
) -> tuple[Any, Any]:
    moved = scale(g, out)
    back = -sum(moved, axis, keepdims=True)
    return moved, match(back, total_type.shape, total_type.dtype)


def _softmax_batch(size: int, values: Any, batched: Any, params: Any) -> Any:
    x, total = align(size, values, batched)
    x = x if batched[0] else broadcast_to(x, (size, *x.shape))
    return bind(softmax_p, (x, total), {"axis": tuple([i + 1 for i in params["axis"]])})


# exp(x - total), where total is the logsumexp of x
softmax_p: Primitive = nonlinear(
    "softmax",
    _evaluate_softmax,
    pullback=_softmax_pullback,
    operands="x total",
    shape=lambda x, total, *, axis: x,
    batch=_softmax_batch,
)


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
    a = array_operand(a)
    a = a if is_inexact(a.dtype) else convert(a, np.dtype(float))
    a = masked("logsumexp", a, where, -float("inf"))
    if b is None and not return_sign:
        axes = reduction_axes("logsumexp", axis, a)
        return bind(logsumexp_p, (a,), {"axis": axes, "keepdims": keepdims})
    a, b = broadcast_arrays(a, 1 if b is None else b)
    axes = reduction_axes("logsumexp", axis, a)
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
