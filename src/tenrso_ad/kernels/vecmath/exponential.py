"""Exponentials: exp, exp2, expm1, the hyperbolic and the logistic functions.

An argument is reduced to k ln(2) + r, as by W. J. Cody and W. Waite, "Software manual for the
elementary functions", 1980. Polynomials are close to minimax ones; where an accurate result starts
with known terms, they give the rest.
"""

from __future__ import annotations

from typing import NamedTuple

from .arithmetic import Pair, add_smaller, multiply, polynomial, ratio
from .calling import elementary
from .instructions import DOUBLE, SINGLE, Real, Whole, fma, nearest, power_of_two, select, with_sign

LOG2_E = float.fromhex("0x1.71547652b82fep+0")
LN_2 = {  # in two parts
    DOUBLE: (float.fromhex("0x1.62e42fefa39efp-1"), float.fromhex("0x1.abc9e3b39803fp-56")),
    SINGLE: (float.fromhex("0x1.62e430p-1"), float.fromhex("-0x1.05c610p-29")),
}

_LIMITS = {DOUBLE: (-748.0, 712.0), SINGLE: (-106.0, 91.0)}
"""Arguments beyond which exp, and half of it, are 0 and infinite."""

_TAIL = {  # (exp(r) - 1 - r) / r^2 for abs(r) <= ln(2) / 2
    DOUBLE: (
        *(0.5, 0.16666666666666677, 0.04166666666666668, 0.008333333333321445),
        *(0.0013888888888879223, 0.0001984126988655036, 2.480158733717995e-05),
        *(2.755724381872049e-06, 2.755726199134595e-07, 2.5109162894048317e-08),
        2.091869034978813e-09,
    ),
    SINGLE: (
        *(0.5, 0.1666666716337204, 0.04166648909449577, 0.008333208039402962),
        *(0.001393265905790031, 0.00019944689120166004),
    ),
}
_POWER = {  # (2^r - 1) / r for abs(r) <= 1/2
    DOUBLE: (
        *(0.6931471805599453, 0.2402265069591012, 0.05550410866482261, 0.009618129107597668),
        *(0.0013333558146256085, 0.00015403530453521086, 1.525273394815578e-05),
        *(1.3215436785616091e-06, 1.017802156056922e-07, 7.073559612393056e-09),
        4.4603245340137817e-10,
    ),
    SINGLE: (
        *(0.6931471824645996, 0.24022650718688965, 0.05550406128168106, 0.00961808767169714),
        *(0.0013336790725588799, 0.00015451958461198956, 1.4643256690760609e-05),
    ),
}
_SINH = {  # (sinh(x) / x - 1) / x^2 in powers of x^2 for abs(x) <= 1
    DOUBLE: (
        *(0.16666666666666669, 0.008333333333332915, 0.0001984126984158991),
        *(2.755731910813539e-06, 2.505213075488934e-08, 1.6056679024738187e-10),
        7.775994480014675e-13,
    ),
    SINGLE: (
        *(0.1666666716337204, 0.008333311416208744, 0.00019842592882923782),
        2.7841917926707538e-06,
    ),
}
_TANH = {  # (tanh(x) / x - 1) / x^2 in powers of x^2 for abs(x) <= 0.55
    DOUBLE: (
        *(-0.333333333333333, 0.1333333333332661, -0.05396825396376272, 0.021869488386058688),
        *(-0.008863232606225247, 0.0035920920884775997, -0.0014555432621750017),
        *(0.0005884463221915855, -0.00023338645808923273, 8.332368674908928e-05),
        -1.949925640673811e-05,
    ),
    SINGLE: (
        *(-0.33333319425582886, 0.13332636654376984, -0.05385693162679672),
        *(0.021088719367980957, -0.0062962924130260944),
    ),
}


class Reduced(NamedTuple):
    """e**x as 2**k (1 + r + tail), where abs(r) <= ln(2) / 2."""

    k: Whole
    r: Real
    tail: Real


def reduced(x: Real, low: Real | float = 0.0) -> Reduced:
    """Reduce x + low, where low is about a unit in the last place of x."""
    least, most = _LIMITS[x.format]
    x = select(x > most, most, select(x < least, least, x))
    whole, k = nearest(x, LOG2_E)
    first, second = LN_2[x.format]
    rest = fma(whole, -first, x)  # exact
    little = fma(whole, -second, low)
    r = rest + little
    lost = (rest - r) + little
    tail = fma(r * r, polynomial(r, _TAIL[x.format]), fma(r, lost, lost))
    return Reduced(k, r, tail)


def exp_pair(x: Real, low: Real | float = 0.0) -> tuple[Pair, Whole]:
    """A pair, between 0.7 and 1.5, and a whole number with e**(x + low) = pair * 2**k."""
    k, r, tail = reduced(x, low)
    return add_smaller(1.0, r + tail), k


def scaled(y: Real, k: Whole) -> Real:
    """Y 2**k, where 2**k itself may be too large or too small for a number."""
    half = ((k + 2048) >> 1) - 1024
    return y * power_of_two(half) * power_of_two(k - half)


def _exp_times(x: Real, power: int) -> Real:
    """e**x 2**power, rounded, or overflowing, only once."""
    k, r, tail = reduced(x)
    return scaled(1.0 + (r + tail), k + power)


@elementary("exp")
def exp(x: Real) -> Real:
    """e**x."""
    return _exp_times(x, 0)


@elementary("exp2")
def exp2(x: Real) -> Real:
    """2**x."""
    low, high = (-1076.0, 1025.0) if x.format is DOUBLE else (-151.0, 129.0)
    x = select(x > high, high, select(x < low, low, x))
    whole, k = nearest(x)
    r = x - whole
    return scaled(fma(r, polynomial(r, _POWER[x.format]), 1.0), k)


@elementary("expm1")
def expm1(x: Real) -> Real:
    """e**x - 1, accurate near zero."""
    k, r, tail = reduced(x)
    # 2^k ((1 - 2^-k) + r + tail), the large parts first; 100 and more change nothing
    bounded = select(k > 100, 100, select(k < -100, -100, k))
    lead = 1.0 - power_of_two(0 - bounded)
    total = lead + r
    rest = (lead - total) + r  # abs(lead) >= abs(r) or lead is zero
    y = scaled(total + (rest + tail), k)
    return select(x == 0.0, x, select(k < -100, -1.0, y))


# --- hyperbolic functions -------------------------------------------------------------------------


@elementary("sinh")
def sinh(x: Real) -> Real:
    """Hyperbolic sine."""
    half = _exp_times(abs(x), -1)
    square = x * x
    near = fma(x * square, polynomial(square, _SINH[x.format]), x)
    return select(abs(x) < 1.0, near, with_sign(half - 0.25 / half, x))


@elementary("cosh")
def cosh(x: Real) -> Real:
    """Hyperbolic cosine."""
    half = _exp_times(abs(x), -1)
    return half + 0.25 / half


@elementary("tanh")
def tanh(x: Real) -> Real:
    """Hyperbolic tangent."""
    square = x * x
    near = fma(x * square, polynomial(square, _TANH[x.format]), x)
    decay = exp(-2.0 * abs(x))
    far = 1.0 - 2.0 * (decay / (1.0 + decay))
    return with_sign(select(abs(x) < 0.55, near, far), x)


@elementary("tanh_slope")
def tanh_slope(x: Real) -> Real:
    """1 - tanh(x)**2, without cancellation."""
    pair, k = exp_pair(-2.0 * abs(x))
    decay, rest = scaled(pair.high, k), scaled(pair.low, k)
    total = 1.0 + decay
    share = decay / total  # a loop with tanh as well computes it once
    lacking = fma(-share, total, decay) + (rest - share * ((1.0 - total) + decay))
    correction = lacking * (1.0 - share) * (1.0 - 2.0 * share)
    return 4.0 * (fma(-share, share, share) + correction)


# --- logistic functions ---------------------------------------------------------------------------


@elementary("sigmoid")
def sigmoid(x: Real) -> Real:
    """1 / (1 + e**-x)."""
    pair, k = exp_pair(-abs(x))
    decay, rest = scaled(pair.high, k), scaled(pair.low, k)
    total = add_smaller(1.0, decay)
    above = x >= 0.0
    numerator = Pair(select(above, 1.0, decay), select(above, 0.0, rest))
    return ratio(numerator, Pair(total.high, total.low + rest))


@elementary("sigmoid_slope")
def sigmoid_slope(x: Real) -> Real:
    """sigmoid(x) (1 - sigmoid(x)), without cancellation."""
    pair, k = exp_pair(-abs(x))
    decay, rest = scaled(pair.high, k), scaled(pair.low, k)
    total = add_smaller(1.0, decay)
    square = multiply(total.high, total.high)
    low = fma(2.0 * total.high, total.low + rest, square.low)
    return ratio(Pair(decay, rest), Pair(square.high, low))
