"""The transforms of Box and Cox (1964), and exprel, their limit at the exponent zero."""

from __future__ import annotations

from typing import Any

from .. import elementwise as ew
from ..pointwise import Operation
from .declaring import part, scipy_special, special, unknown

hyp1f1: Operation = special(
    "hyp1f1",
    unknown("hyp1f1", "a"),
    unknown("hyp1f1", "b"),
    lambda x, y, z: x / y * hyp1f1(x + 1, y + 1, z),
)
exprel = special("exprel", lambda x: 0.5 * hyp1f1(2.0, 3.0, x))


def _evaluate_moment(n: int, u: Any) -> Any:
    return scipy_special().hyp2f1(n + 1, n + 1, n + 2, -u) / (n + 1)


# Integral of t^n / (1 + u t)^(n + 1) from 0 to 1: log1p(u) / u for n = 0
log1p_moment: Operation = part(
    "log1p_moment", _evaluate_moment, None, lambda x, y: -(x + 1) * log1p_moment(x + 1, y)
)


def _boxcox_slope(x: Any, exponent: Any) -> Any:
    """By the exponent: log(x)^2 times the slope of exprel at exponent * log(x)."""
    zero = ew.equal(x, 0)
    logarithm = ew.log(ew.where(zero, 1, x))
    inside = 0.5 * logarithm**2 * hyp1f1(2.0, 3.0, exponent * logarithm)
    return ew.where(zero, 1 / ew.square(ew.where(zero, exponent, 1)), inside)


boxcox = special(
    "boxcox",
    lambda x, y: x ** (y - 1),
    lambda x, y: _boxcox_slope(x, y),
)
boxcox1p = special(
    "boxcox1p",
    lambda x, y: (1 + x) ** (y - 1),
    lambda x, y: _boxcox_slope(1 + x, y),
)


def _inverse_slope(x: Any, exponent: Any, power: Any) -> Any:
    """By the exponent, of (1 + exponent x)^(1 / exponent)."""
    return -power * x * x * log1p_moment(1, exponent * x)


inv_boxcox = special(
    "inv_boxcox",
    lambda y, out: out ** (1 - y),
    lambda x, y, out: _inverse_slope(x, y, out),
)
inv_boxcox1p = special(
    "inv_boxcox1p",
    lambda y, out: (1 + out) ** (1 - y),
    lambda x, y, out: _inverse_slope(x, y, 1 + out),
)
