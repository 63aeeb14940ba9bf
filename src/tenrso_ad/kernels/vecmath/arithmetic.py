"""What elementary functions are computed with: polynomials, and sums and products of two parts.

Where one number does not hold enough digits, a value is the unevaluated sum of two, the second at
most half a unit in the last place of the first: T. J. Dekker, "A floating-point technique for
extending the available precision", Numerische Mathematik 18, 1971.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from .instructions import Real, fma


class Pair(NamedTuple):
    """The sum of two numbers."""

    high: Real
    low: Real


def polynomial(x: Real, coefficients: Sequence[float]) -> Real:
    """c[0] + c[1] x + c[2] x^2 + ..., as by Estrin: neighbours first, which need not wait."""
    terms: list[Real | float] = list(coefficients)
    while len(terms) > 1:
        pairs: list[Real | float] = [
            fma(x, b, a) for a, b in zip(terms[::2], terms[1::2], strict=False)
        ]
        terms = pairs + terms[2 * len(pairs) :]
        x = x * x
    (total,) = terms
    assert isinstance(total, Real)
    return total


def add(x: Real, y: Real | float) -> Pair:
    """X + y and what its rounding loses."""
    total = x + y
    part = total - x
    return Pair(total, (x - (total - part)) + (y - part))


def add_smaller(x: Real | float, y: Real) -> Pair:
    """X + y and what its rounding loses, if abs(x) >= abs(y) or x is 0."""
    total = x + y
    return Pair(total, (x - total) + y)


def multiply(x: Real, y: Real | float) -> Pair:
    """X * y and what its rounding loses."""
    product = x * y
    return Pair(product, fma(x, y, -product))


def ratio(x: Pair, y: Pair) -> Real:
    """X / y, rounded from nearly twice the digits."""
    inverse = 1.0 / y.high
    quotient = x.high * inverse
    rest = fma(-quotient, y.high, x.high) + fma(-quotient, y.low, x.low)
    return fma(rest, inverse, quotient)
