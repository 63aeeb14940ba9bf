"""The logistic function and its relatives: sigmoid, softplus, logaddexp."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..kernels.slices import shared
from .declare import is_complex
from .elementwise import tanh
from .pointwise import Operation, elementwise, ufuncs
from .saturating import slope_of_saturating


def _floating(x: Any) -> Any:
    """Array of an array or a number; integers, of which the unsigned have no negative, as float."""
    x = np.asarray(x)
    return x.astype(float) if x.dtype.kind in "biu" else x


# --- of one operand -------------------------------------------------------------------------------
@shared
def _evaluate_sigmoid(x: Any) -> Any:
    """Never overflows, and keeps its relative accuracy for very negative x."""
    x = _floating(x)
    if x.dtype.kind != "f" or not x.ndim:
        return _sigmoid_of(np, x)[()]
    decay = np.abs(x)  # what follows is in its memory
    np.exp(np.negative(decay, decay), decay)
    top = np.minimum(x, 0)  # its exponential is 1 or the decay, and quicker than a choice
    np.exp(top, top)
    decay += 1
    top /= decay
    return top


def _sigmoid_of(xp: Any, x: Any) -> Any:
    if is_complex(x):
        positive = xp.real(x) >= 0
        small = xp.exp(xp.where(positive, -x, x))
    else:
        positive = x >= 0
        small = xp.exp(-xp.abs(x))
    return xp.where(positive, 1, small) / (1 + small)


@shared
def _evaluate_softplus(x: Any) -> Any:
    x = _floating(x)
    if x.dtype.kind != "f":
        return _softplus_of(np, x)[()]
    return np.log1p(np.exp(-np.abs(x))) + np.maximum(x, 0)


def _softplus_of(xp: Any, x: Any) -> Any:
    if is_complex(x):
        raise TypeError("complex numbers have no order")
    return xp.log1p(xp.exp(-xp.abs(x))) + xp.where(x > 0, x, xp.zeros_like(x))


sigmoid = elementwise(
    "sigmoid",
    _evaluate_sigmoid,
    lambda x, out: sigmoid_slope(x, out),
    other=_sigmoid_of,
)
sigmoid_slope: Operation = slope_of_saturating(
    "sigmoid_slope",
    lambda y: y * (1 - y),
    lambda decay: decay / (1 + decay) ** 2,
    lambda x, out: -out * tanh(0.5 * x),  # not 1 - 2 y, which cancels where x is near 0
)
softplus = elementwise(
    "softplus",
    _evaluate_softplus,
    lambda x: sigmoid(x),
    other=_softplus_of,
)
log_sigmoid = elementwise(
    "log_sigmoid",
    lambda x: -_evaluate_softplus(-_floating(x)),
    lambda x: sigmoid(-x),
    other=lambda xp, x: -_softplus_of(xp, -x),
)


# --- logarithms of sums ---------------------------------------------------------------------------
def _logaddexp(ufunc: Any, power: Any, factor: float) -> Operation:
    """Declare the logarithm of the sum of two powers of a base, whose logarithm is `factor`."""
    name = ufunc.__name__

    def evaluate(x: Any, y: Any) -> Any:
        """Compute what the ufunc does, on large arrays at a fraction of its time."""
        if {v.dtype.kind for v in (x, y) if hasattr(v, "dtype")} != {"f"}:
            return ufunc(x, y)
        with np.errstate(invalid="ignore"):  # infinities have no difference
            odds = power(-np.abs(x - y))
        out = np.maximum(x, y) + np.log1p(odds) / factor
        if out.size and np.isnan(out.item(out.argmax())):
            return np.where(np.equal(x, y), x + math.log(2) / factor, out)[()]
        return out

    def evaluate_weight(x: Any, y: Any, xp: Any = np) -> Any:
        odds = xp.exp(-xp.abs(x - y) * factor)
        larger = xp.where(x == y, 0.5, 1 / (1 + odds))
        weight = xp.where(x >= y, larger, odds / (1 + odds))
        return xp.where((x == y) & (x == -float("inf")), 0.0, weight)

    # the share of x in the sum, computed from the difference: exp(x - out) would lose the digits
    # that x and out have in common. Where both are +inf they share evenly; a sum of nothing, -inf,
    # has the gradient 0, as in logsumexp.
    weight: Operation = elementwise(
        f"{name}_weight",
        evaluate_weight,
        lambda x, y, out: factor * (out * weight(y, x)),
        lambda x, y, out: -factor * (out * weight(y, x)),
        other=lambda xp, x, y: evaluate_weight(x, y, xp),
    )
    operation: Operation = elementwise(
        name, evaluate, lambda x, y: weight(x, y), lambda x, y: weight(y, x)
    )
    ufuncs[ufunc] = operation
    return operation


logaddexp = _logaddexp(np.logaddexp, np.exp, 1.0)
logaddexp2 = _logaddexp(np.logaddexp2, np.exp2, math.log(2))
