"""The zeta functions of Riemann and Hurwitz."""

from __future__ import annotations

import math
from typing import Any

from ...engine.errors import NotDifferentiableError
from .. import elementwise as ew
from ..arguments import operand_like
from ..declare import is_complex
from ..pointwise import Operation
from .declaring import part, scipy_special, special
from .gamma import digamma, gamma
from .stirling import BERNOULLI

_DIRECT = 10
_BERNOULLI = (*BERNOULLI, 43867 / 798, -174611 / 330)


def _slope(s: Any, q: Any) -> Any:
    """By s: the formula of Euler and Maclaurin (DLMF 25.11.28 with 10 and 10 terms), by terms."""
    if is_complex(s):
        raise NotDifferentiableError("zeta has no rule for its derivative by a complex argument")
    total = 0.0
    for k in range(_DIRECT):
        total = total - ew.log(q + k) * (q + k) ** -s
    t = q + _DIRECT
    log = ew.log(t)
    rest = -t * (log + 1 / (s - 1)) / (s - 1) - 0.5 * log
    product, slope, factorial = s, 1.0, 2.0  # s (s + 1) ... (s + 2j - 2), its slope, (2j)!
    inverse = 1 / t
    for j, b in enumerate(_BERNOULLI, 1):
        rest = rest + b / factorial * (slope - product * log) * inverse
        for i in (2 * j - 1, 2 * j):
            product, slope = product * (s + i), slope * (s + i) + product
        factorial *= (2 * j + 1) * (2 * j + 2)
        inverse = inverse / (t * t)
    return total + t**-s * rest


def _riemann_slope(s: Any) -> Any:
    """The same for q = 1; for negative s by the functional equation (DLMF 25.4.1)."""
    left = ew.less(ew.real(s), 0)
    slope = _slope(ew.where(left, 1 - s, s), operand_like(1.0, s))
    s = ew.where(left, s, -1)
    angle = 0.5 * math.pi * s
    sin, cos = ew.sin(angle), ew.cos(angle)
    factor = 2 * ew.exp((s - 1) * math.log(2 * math.pi)) * gamma(1 - s)
    by_angle = 0.5 * math.pi * cos + (math.log(2 * math.pi) - digamma(1 - s)) * sin
    reflected = factor * (riemann(1 - s) * by_angle - slope * sin)
    return ew.where(left, reflected, slope)


riemann: Operation = part(
    "riemann_zeta", lambda s: scipy_special().zeta(s), lambda x: _riemann_slope(x)
)
hurwitz: Operation = special("zeta", lambda x, y: _slope(x, y), lambda x, y: -x * hurwitz(x + 1, y))


def zeta(x: Any, q: Any = None) -> Any:
    """Sum of (k + q)^-x over k = 0, 1, ...; without q the zeta function of Riemann.

    Parameters
    ----------
    x : array_like
        Greater than 1 where q is given.
    q : array_like, optional

    Examples
    --------
    >>> float(zeta(2.0))  # pi^2 / 6
    1.6449340668482264
    """
    return riemann(x) if q is None else hurwitz(x, q)
