"""Sine, cosine and tangent.

The nearest multiple of pi/2 is subtracted in three parts, as by W. J. Cody and W. Waite, "Software
manual for the elementary functions", 1980, with fused multiplications: exactly enough below 2^30,
also for numbers close to a root. Larger numbers, which are rare, are multiplied by as much of 2/pi
as does not give whole turns: M. H. Payne and R. N. Hanek, "Radian reduction for trigonometric
functions", SIGNUM Newsletter 18, 1983. In float32, a double holds all digits that are needed.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from functools import cache
from typing import NamedTuple

from .arithmetic import Pair, add, add_smaller, multiply, polynomial, ratio
from .calling import elementary
from .instructions import (
    DOUBLE,
    INFINITY,
    NAN,
    SINGLE,
    Real,
    Truth,
    Whole,
    bits_of,
    floor,
    fma,
    from_bits,
    lookup,
    narrowed,
    nearest,
    select,
    widened,
)
from .rare import unless_large

_TWO_OVER_PI = float.fromhex("0x1.45f306dc9c883p-1")
_HALF_PI = (
    float.fromhex("0x1.921fb54442d18p+0"),
    float.fromhex("0x1.1a62633145c07p-54"),
    float.fromhex("-0x1.f1976b7ed8fbcp-110"),
)
_LARGE = 2.0**30
_TINY = 2.0**-27  # the sine and the tangent of a smaller number are that number

_PLACES = 1280
_BITS_OF_TWO_OVER_PI = int(  # to so many places
    "a2f9836e4e441529fc2757d1f534ddc0db6295993c439041fe5163abdebbc561b7246e3a424dd2e0"
    "06492eea09d1921cfe1deb1cb129a73ee88235f52ebb4484e99c7026b45f7e413991d639835339f4"
    "9c845f8bbdf9283b1ff897ffde05980fef2f118b5a0a6d1f6d367ecf27cb09b74f463f669e5fea2d"
    "7527bac7ebe5f17b3d0739f78a5292ea6bfb5fb11f8d5d0856033046fc7b6babf0cfbc209af4361d",
    16,
)


@cache
def _turns() -> list[float]:
    """2/pi 2**(16 i) modulo 4, where i is the row, each as the sum of four numbers."""
    table = []
    for i in range(64):
        rest = Fraction((_BITS_OF_TWO_OVER_PI << 16 * i) % (4 << _PLACES), 1 << _PLACES)
        for _ in range(4):
            table.append(float(rest))
            rest -= Fraction(table[-1])
    return table


_SINE = (  # (sin(r) / r - 1) / r^2 in powers of r^2 for abs(r) <= pi / 4
    *(-0.16666666666666666, 0.008333333333333038, -0.00019841269840955816),
    *(2.7557319069529625e-06, -2.5052069571041668e-08, 1.6054120893319942e-10),
    -7.379305374196107e-13,
)
_COSINE = (  # (cos(r) - 1 + r^2 / 2) / r^4
    *(0.0416666666666666, -0.001388888888887448, 2.4801587289677395e-05),
    *(-2.75573144028824e-07, 2.087572953175755e-09, -1.1359946529736526e-11),
)
_SINE_SINGLE = (  # the same as _SINE, for fewer digits
    *(-0.16666666641604316, 0.008333329383358488, -0.00019839334026639958),
    2.7183037864083354e-06,
)
_COSINE_SINGLE = (  # (cos(r) - 1) / r^2, for fewer digits
    *(-0.4999999999954286, 0.041666666561760955, -0.0013888881063912693),
    *(2.479903822600996e-05, -2.717991337414531e-07),
)


class _Quadrant(NamedTuple):
    """Sine and cosine of what is left of x when the nearest multiple of pi/2 is subtracted."""

    number: Whole
    sine: Pair
    cosine: Pair


def _quadrant(x: Real) -> _Quadrant:
    whole, number = nearest(x, _TWO_OVER_PI)
    rest = fma(-whole, _HALF_PI[0], x)  # exact
    second = multiply(whole, _HALF_PI[1])
    total = add(rest, -second.high)
    r = add_smaller(total.high, fma(-whole, _HALF_PI[2], total.low - second.low))
    return _around(number, r)


def _quadrant_of_large(x: Real) -> _Quadrant:
    """Do the same for numbers from 2^30 on, to 2^-116."""
    exponent = (bits_of(x) >> DOUBLE.fraction) & 0x7FF
    # x = m 2^(16 i), where m is whole, but for row 0, which is 2/pi itself
    row = select(exponent < 1092, 0, (exponent - 1076) >> 4)
    m = from_bits(bits_of(x) - (row << (DOUBLE.fraction + 4)))
    first, second, third, fourth = (
        lookup("turns", _turns(), (row << 2) + part) for part in range(4)
    )
    products = [multiply(m, first), multiply(m, second), multiply(m, third)]
    lead = products[0].high
    total = add(lead - 4.0 * floor(0.25 * lead), products[0].low)
    whole, number = nearest(total.high + products[1].high)
    high, rest_1 = add(total.high - whole, products[1].high)
    low, rest_2 = add(total.low, products[1].low)
    low, rest_3 = add(low, products[2].high)
    high, rest_4 = add(high, low)
    rest = (rest_1 + rest_2) + (rest_3 + rest_4) + fma(m, fourth, products[2].low)
    high, rest = add_smaller(high, rest)
    r = multiply(high, _HALF_PI[0])
    rest = fma(rest, _HALF_PI[0], fma(high, _HALF_PI[1], r.low))
    return _around(number, add_smaller(r.high, rest))


def _around(number: Whole, angle: Pair) -> _Quadrant:
    r, low = angle
    square = r * r
    half = 0.5 * square
    lead = 1.0 - half
    cosine = fma(square * square, polynomial(square, _COSINE), (1.0 - lead) - half - r * low)
    return _Quadrant(
        number, Pair(r, fma(r * square, polynomial(square, _SINE), low)), Pair(lead, cosine)
    )


def _quadrant_single(x: Real) -> tuple[Whole, Real, Real]:
    """Sine and cosine of what is left of a float32, in float64 with enough digits for that."""
    whole, number = nearest(x, _TWO_OVER_PI)
    r = fma(-whole, _HALF_PI[1], fma(-whole, _HALF_PI[0], x))
    square = r * r
    sine = fma(r * square, polynomial(square, _SINE_SINGLE), r)
    return number, sine, fma(square, polynomial(square, _COSINE_SINGLE), 1.0)


def _is_odd(number: Whole) -> Truth:
    return (number & 1) == 1


def _negated_if(number: Whole, y: Real) -> Real:
    """-y where bit 1 of a number is set."""
    return from_bits(bits_of(y) ^ ((number & 2) << 62))


def _turned(number: Whole, sine: Real, cosine: Real) -> Real:
    """Sine of an angle in the quadrant of that number."""
    return _negated_if(number, select(_is_odd(number), cosine, sine))


def _sine(quadrant: _Quadrant) -> Real:
    number, sine, cosine = quadrant
    return _turned(number, sine.high + sine.low, cosine.high + cosine.low)


def _cosine(quadrant: _Quadrant) -> Real:
    return _sine(quadrant._replace(number=quadrant.number + 1))


def _tangent(quadrant: _Quadrant) -> Real:
    sine, cosine = add_smaller(*quadrant.sine), add_smaller(*quadrant.cosine)
    odd = _is_odd(quadrant.number)
    above = Pair(select(odd, -cosine.high, sine.high), select(odd, -cosine.low, sine.low))
    below = Pair(select(odd, sine.high, cosine.high), select(odd, sine.low, cosine.low))
    return ratio(above, below)


def _if_small(name: str, x: Real, y: Real, of_quadrant: Callable[[_Quadrant], Real]) -> Real:
    """Give y, but compute it anew where x is large."""

    def otherwise(x: Real) -> Real:
        return select(abs(x) < INFINITY, of_quadrant(_quadrant_of_large(x)), NAN)

    return unless_large(name, x, _LARGE, y, otherwise)


@elementary("sin", DOUBLE)
def sin(x: Real) -> Real:
    """Sine."""
    y = select(abs(x) < _TINY, x, _sine(_quadrant(x)))
    return _if_small("sine", x, y, _sine)


@elementary("cos", DOUBLE)
def cos(x: Real) -> Real:
    """Cosine."""
    return _if_small("cosine", x, _cosine(_quadrant(x)), _cosine)


@elementary("tan", DOUBLE)
def tan(x: Real) -> Real:
    """Tangent."""
    y = select(abs(x) < _TINY, x, _tangent(_quadrant(x)))
    return _if_small("tangent", x, y, _tangent)


@elementary("sin", SINGLE)
def sin_single(x: Real) -> Real:
    """Sine of a float32."""
    wide = widened(x)
    y = _turned(*_quadrant_single(wide))
    return select(x == 0.0, x, narrowed(_if_small("sine", wide, y, _sine)))


@elementary("cos", SINGLE)
def cos_single(x: Real) -> Real:
    """Cosine of a float32."""
    wide = widened(x)
    number, sine, cosine = _quadrant_single(wide)
    return narrowed(_if_small("cosine", wide, _turned(number + 1, sine, cosine), _cosine))


@elementary("tan", SINGLE)
def tan_single(x: Real) -> Real:
    """Tangent of a float32."""
    wide = widened(x)
    number, sine, cosine = _quadrant_single(wide)
    odd = _is_odd(number)
    y = select(odd, -cosine, sine) / select(odd, sine, cosine)
    return select(x == 0.0, x, narrowed(_if_small("tangent", wide, y, _tangent)))
