"""The error function and its relatives; the normal distribution function.

Textbook derivatives of erfcx and dawsn subtract nearly equal numbers at large arguments: there
their asymptotic series takes over.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .. import elementwise as ew
from ..pointwise import Operation, scale
from .declaring import special

_TWO_OVER_SQRT_PI = 2 / math.sqrt(math.pi)
_SQRT_2PI = math.sqrt(2 * math.pi)


def _slope(x: Any) -> Any:
    """Derivative of erf, 2 exp(-x^2) / sqrt(pi)."""
    with np.errstate(over="ignore"):  # by squares whose exponential is zero
        return _TWO_OVER_SQRT_PI * ew.exp(-(x * x))


def _where_large(x: Any, sign: int, factor: float, otherwise: Any) -> Any:
    """factor/x^2 times the sum of sign^k (2k+1)!! / (2x^2)^k for Re x > 12, else the other."""
    large = ew.greater(ew.real(x), 12)
    inverse = 1 / ew.square(ew.where(large, x, 12))
    total = 1.0
    for k in range(12, 0, -1):
        total = 1 + (sign * (k + 0.5)) * inverse * total
    return ew.where(large, factor * inverse * total, otherwise)


def _erfcx_slope(x: Any, out: Any) -> Any:
    return _where_large(x, -1, -0.5 * _TWO_OVER_SQRT_PI, 2 * x * out - _TWO_OVER_SQRT_PI)


def _dawsn_slope(x: Any, out: Any) -> Any:
    size = x * ew.sign(ew.real(x))  # dawsn is odd, its slope even
    return _where_large(size, 1, -0.5, 1 - 2 * x * out)


def _log_ndtr_slope(x: Any, out: Any) -> Any:
    """Density over distribution function; its logarithms cancel for negative x."""
    right = ew.greater(ew.real(x), 0)
    left = (2 / _SQRT_2PI) / erfcx(ew.where(right, 0, -x) * math.sqrt(0.5))
    x, out = ew.where(right, x, 0), ew.where(right, out, 0)
    return ew.where(right, ew.exp(-0.5 * x * x - out) / _SQRT_2PI, left)


erf = special("erf", lambda x: _slope(x))
erfc = special("erfc", lambda x: -_slope(x))
erfcx: Operation = special("erfcx", _erfcx_slope)
erfi = special("erfi", lambda x: _TWO_OVER_SQRT_PI * ew.exp(x * x))
dawsn = special("dawsn", _dawsn_slope)
# as a map of g, whose result may have another dtype than the operand: complex for real x
wofz = special("wofz", lambda g, x, out: scale(g, _TWO_OVER_SQRT_PI * 1j - 2 * x * out))
erfinv = special("erfinv", lambda out: ew.exp(out * out) / _TWO_OVER_SQRT_PI)
erfcinv = special("erfcinv", lambda out: -ew.exp(out * out) / _TWO_OVER_SQRT_PI)
ndtr = special("ndtr", lambda x: ew.exp(-0.5 * x * x) / _SQRT_2PI)
log_ndtr = special("log_ndtr", _log_ndtr_slope)
ndtri = special("ndtri", lambda out: _SQRT_2PI * ew.exp(0.5 * out * out))
# 1 / (derivative of log_ndtr)
ndtri_exp = special("ndtri_exp", lambda x, out: 1 / _log_ndtr_slope(out, x))
