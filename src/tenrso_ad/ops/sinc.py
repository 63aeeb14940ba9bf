"""Sinc, and its derivatives of any order: also at 0, where the formulas divide 0 by 0."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .pointwise import Operation, elementwise


def _series(t: Any, order: int, radius: float) -> Any:
    """Derivative of sin(t) / t by its power series, for abs(t) < radius."""
    odd = order % 2
    coefficients: list[float] = []
    power, term = odd, 1.0
    while term > 1e-18 or len(coefficients) < 2:
        sign = (-1) ** ((order + power) // 2)
        coefficients.append(sign / (math.factorial(power) * (order + power + 1)))
        term = radius**power / math.factorial(power)
        power += 2
    square = t * t
    total = 0 * square + coefficients[-1]
    for coefficient in reversed(coefficients[:-1]):
        total = total * square + coefficient
    return total * t if odd else total


def _recurrence(t: Any, order: int, xp: Any) -> Any:
    """The same from t S_n + n S_(n-1) = d^n sin(t), which loses digits where t is small."""
    sine, cosine = xp.sin(t), xp.cos(t)
    derivative = sine / t
    for n in range(1, order + 1):
        turned = (sine, cosine, -sine, -cosine)[n % 4]
        derivative = (turned - n * derivative) / t
    return derivative


def _evaluate(x: Any, order: int, xp: Any = np) -> Any:
    t = math.pi * x
    radius = max(2.0, order / 2)
    near = xp.abs(t) < radius
    one = xp.ones_like(t)
    far = _recurrence(xp.where(near, one, t), order, xp)
    return math.pi**order * xp.where(near, _series(xp.where(near, t, one), order, radius), far)


def _evaluate_with_numpy(x: Any, order: int) -> Any:
    return _evaluate(np.asarray(x), order)[()] if order else np.sinc(x)


# the second operand is the order of the derivative
_derivative: Operation = elementwise(
    "sinc",
    _evaluate_with_numpy,
    lambda x, y: _derivative(x, y + 1),
    None,
    other=lambda xp, x, order: _evaluate(x, order, xp),
)


def sinc(x: Any) -> Any:
    """Elementwise ``sin(pi x) / (pi x)``, and 1 at 0; exact there with all its derivatives.

    Parameters
    ----------
    x : array_like

    Examples
    --------
    >>> sinc([0.0, 0.5])
    array([1.        , 0.63661977])
    """
    return _derivative(x, 0)
