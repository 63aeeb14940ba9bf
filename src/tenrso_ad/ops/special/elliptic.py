"""Elliptic integrals, complete and incomplete, by both arguments.

The textbook derivatives by the parameter m divide a difference by m; these do not. The complete
integrals are hypergeometric functions of m (DLMF 19.5.1, 19.5.2), whose derivatives are too. Those
of the incomplete ones are integrals of sin(t)^(2p) (1 - m sin(t)^2)^(q - 1/2), which is closed
under differentiation, computed by quadrature.
"""

from __future__ import annotations

import functools
import math
from typing import Any

import numpy as np

from .. import elementwise as ew
from ..pointwise import Operation
from .declaring import part, scipy_special, special
from .quadrature import over_unit_interval

# --- complete -------------------------------------------------------------------------------------


def _rising(x: float, n: int) -> float:
    return math.prod(x + i for i in range(n))


@functools.cache
def _complete(name: str, c: float, n: int) -> Operation:
    """Derivative of order n by m of pi/2 F(c, 1/2; 1; m), as an operation on 1 - m.

    It is F(c + n, 1/2 + n; 1 + n; m), which is (1 - m)^(1/2 - c - n) F(1 - c, 1/2; 1 + n; m).
    """
    factor = 0.5 * math.pi * _rising(c, n) * _rising(0.5, n) / math.factorial(n)

    def evaluate(p: Any) -> Any:
        return factor * p ** (0.5 - c - n) * scipy_special().hyp2f1(1 - c, 0.5, 1 + n, 1 - p)

    return part(f"{name}_slope_{n}", evaluate, lambda x: -_complete(name, c, n + 1)(x))


ellipk = special("ellipk", lambda x: _complete("ellipk", 0.5, 1)(1 - x))
ellipkm1 = special("ellipkm1", lambda x: -_complete("ellipk", 0.5, 1)(x))
ellipe = special("ellipe", lambda x: _complete("ellipe", -0.5, 1)(1 - x))

# --- incomplete -----------------------------------------------------------------------------------


def _squared_delta(sine: Any, cosine: Any, m: Any) -> Any:
    """1 - m sin^2, without cancellation at m = 1."""
    return cosine * cosine + (1 - m) * (sine * sine)


def _from_zero(p: int, q: int, phi: Any, m: Any) -> Any:
    """Integral from 0 to phi, at most a quarter turn."""

    def integrand(u: float) -> Any:
        sine, cosine = np.sin(phi * u), np.cos(phi * u)
        return sine ** (2 * p) * _squared_delta(sine, cosine, m) ** (q - 0.5)

    return phi * over_unit_interval(integrand)


def _evaluate_incomplete(p: int, q: int, phi: Any, m: Any) -> Any:
    """Whole half turns, and a rest of at most a quarter turn to either side."""
    with np.errstate(all="ignore"):
        turns = np.round(phi / math.pi)
        out = _from_zero(p, q, phi - math.pi * turns, m)
        if np.any(turns):
            whole = 2 * turns * _from_zero(p, q, 0.5 * math.pi, m)
            out = out + np.where(turns == 0, 0, whole)
        return out


def _slope_by_angle(p: int, q: int, phi: Any, m: Any) -> Any:
    """The integrand, in operations of the library."""
    sine = ew.sin(phi)
    return sine ** (2 * p) * _squared_delta(sine, ew.cos(phi), m) ** (q - 0.5)


@functools.cache
def _incomplete(p: int, q: int) -> Operation:
    """Integral of sin(t)^(2p) (1 - m sin(t)^2)^(q - 1/2) up to phi, as an operation on phi, m."""
    return part(
        f"elliptic_integral_{p}_{q}",
        functools.partial(_evaluate_incomplete, p, q),
        lambda x, y: _slope_by_angle(p, q, x, y),
        lambda x, y: (0.5 - q) * _incomplete(p + 1, q - 1)(x, y),
    )


ellipkinc = special(
    "ellipkinc",
    lambda x, y: _slope_by_angle(0, 0, x, y),
    lambda x, y: 0.5 * _incomplete(1, -1)(x, y),
)
ellipeinc = special(
    "ellipeinc",
    lambda x, y: _slope_by_angle(0, 1, x, y),
    lambda x, y: -0.5 * _incomplete(1, 0)(x, y),
)
