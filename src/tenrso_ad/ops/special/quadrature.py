"""Integrals for derivatives that have no closed form: by parameters of incomplete functions.

Double exponential formulas (Takahasi and Mori, 1974): after the substitution the trapezoidal rule
converges exponentially, whatever the scale of the integrand and the singularity at its ends.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

Integrand = Callable[[float], Any]

_STEP = 0.08
_TAU = np.arange(-4.2, 6.0, _STEP)
# (0, inf), for integrands that decay exponentially: v = exp(tau - exp(-tau))
_HALF_LINE = np.exp(_TAU - np.exp(-_TAU))
_HALF_LINE_WEIGHTS = _STEP * _HALF_LINE * (1 + np.exp(-_TAU))

_FINE_STEP = 0.04
_FINE_TAU = np.arange(-3.4, 3.4, _FINE_STEP)
# (0, 1): u = (1 + tanh(pi/2 sinh(tau))) / 2
_UNIT_INTERVAL = 1 / (1 + np.exp(-np.pi * np.sinh(_FINE_TAU)))
_UNIT_INTERVAL_WEIGHTS = (
    _FINE_STEP * np.pi / 4 * np.cosh(_FINE_TAU) / np.cosh(np.pi / 2 * np.sinh(_FINE_TAU)) ** 2
)


def _sum(f: Integrand, nodes: Any, weights: Any) -> Any:
    total = 0.0
    for node, weight in zip(nodes.tolist(), weights.tolist(), strict=True):
        total = total + weight * f(node)
    return total


def over_half_line(f: Integrand) -> Any:
    """Integral from 0 to infinity of a function that decays at least like exp(-v)."""
    return _sum(f, _HALF_LINE, _HALF_LINE_WEIGHTS)


def over_unit_interval(f: Integrand) -> Any:
    """Integral from 0 to 1 of a function that may be singular at the ends or beyond them."""
    return _sum(f, _UNIT_INTERVAL, _UNIT_INTERVAL_WEIGHTS)
