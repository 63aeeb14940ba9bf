"""Logarithms, and what is one: softplus, the inverse hyperbolic functions.

With x = 2^e (1 + f), log(x) is e ln(2) + log(1 + f), computed as in the freely distributable libm
(Sun Microsystems, 1993). Where 1 + f has been rounded, the rest is carried along.
"""

from __future__ import annotations

from typing import NamedTuple

from .arithmetic import add, add_smaller, multiply, polynomial
from .calling import elementary
from .exponential import LN_2, exp
from .instructions import (
    DOUBLE,
    INFINITY,
    NAN,
    SINGLE,
    Real,
    Whole,
    as_real,
    bits_of,
    fma,
    from_bits,
    power_of_two,
    select,
    sqrt,
    with_sign,
)

LOG2_E = {
    DOUBLE: (float.fromhex("0x1.71547652b82fep+0"), float.fromhex("0x1.777d0ffda0d24p-56")),
    SINGLE: (float.fromhex("0x1.715476p+0"), float.fromhex("0x1.4ae0cp-26")),
}
LOG10_E = {
    DOUBLE: (float.fromhex("0x1.bcb7b1526e50ep-2"), float.fromhex("0x1.95355baaafad3p-57")),
    SINGLE: (float.fromhex("0x1.bcb7b2p-2"), float.fromhex("-0x1.5b235ep-27")),
}
LOG10_2 = {  # a whole number of 11 bits times the first part is exact
    DOUBLE: (float.fromhex("0x1.34413509f7800p-2"), float.fromhex("0x1.fef311f12b358p-46")),
    SINGLE: (float.fromhex("0x1.344000p-2"), float.fromhex("0x1.3509f8p-18")),
}

_ROOT_OF_HALF = {DOUBLE: 0x3FE6A09E667F3BCD, SINGLE: 0x3F3504F3}  # bits of sqrt(1/2)

_LOG_RATIO = (  # (log((1 + s) / (1 - s)) / s - 2) / s^2 in powers of s^2 for abs(s) < 0.172
    *(0.6666666666666734, 0.39999999999414604, 0.28571428742403343, 0.22222198571644694),
    *(0.18183564401822785, 0.1531404873213807, 0.14795966732852875),
)
_LOG_SINGLE = (  # (log(1 + f) - f + f^2 / 2) / f^3 for -0.293 < f < 0.415
    *(0.3333331048488617, -0.24999986588954926, 0.20002223551273346, -0.16669245064258575),
    *(0.1421869844198227, -0.12384458631277084, 0.11872802674770355, -0.11789152026176453),
    0.06914979964494705,
)


class Split(NamedTuple):
    """A positive number as 2**e (1 + f), where sqrt(1/2) <= 1 + f < sqrt(2)."""

    e: Whole
    f: Real


def _split_normal(x: Real) -> Split:
    """Split a normal number; numbers near 1 have the exponent 0."""
    kind, n = x.format, bits_of(x)
    moved = n + ((kind.bias << kind.fraction) - _ROOT_OF_HALF[kind])
    e = (moved >> kind.fraction) - kind.bias
    return Split(e, from_bits(n - (e << kind.fraction)) - 1.0)


def split(x: Real) -> Split:
    """Split a number that may be subnormal."""
    subnormal = x < x.format.smallest_normal
    shift = x.format.fraction + 2
    e, f = _split_normal(select(subnormal, x * 2.0**shift, x))
    return Split(select(subnormal, e - shift, e), f)


def _lack(f: Real) -> Real:
    """F - log(1 + f) for a reduced f."""
    half_square = 0.5 * f * f
    if f.format is SINGLE:
        return fma(-f * f * f, polynomial(f, _LOG_SINGLE), half_square)
    s = f / (2.0 + f)
    square = s * s
    return half_square - s * (half_square + square * polynomial(square, _LOG_RATIO))


def _with_specials(x: Real, y: Real) -> Real:
    y = select(x == INFINITY, x, y)
    y = select(x == 0.0, -INFINITY, y)
    return select(x >= 0.0, y, NAN)


@elementary("log")
def log(x: Real) -> Real:
    """Natural logarithm."""
    first, second = LN_2[x.format]
    e, f = split(x)
    whole = as_real(e)
    return _with_specials(x, fma(whole, first, f - (_lack(f) - whole * second)))


@elementary("log2")
def log2(x: Real) -> Real:
    """Logarithm to base 2."""
    first, second = LOG2_E[x.format]
    e, f = split(x)
    lack = _lack(f)
    high = f - lack
    low = (f - high) - lack
    product = multiply(high, first)
    total = add_smaller(as_real(e), product.high)
    rest = fma(low, first, fma(high, second, product.low))
    return _with_specials(x, total.high + (total.low + rest))


@elementary("log10")
def log10(x: Real) -> Real:
    """Logarithm to base 10."""
    first, second = LOG10_E[x.format]
    e, f = split(x)
    lack = _lack(f)
    high = f - lack
    low = (f - high) - lack
    product = multiply(high, first)
    whole = as_real(e)
    of_exponent, rest_of_exponent = LOG10_2[x.format]
    total = add_smaller(whole * of_exponent, product.high)
    rest = fma(low, first, fma(high, second, fma(whole, rest_of_exponent, product.low)))
    return _with_specials(x, total.high + (total.low + rest))


def _log_of_sum(x: Real, lost: Real) -> Real:
    """log(x + lost) for a normal x > 0 and a lost of about a unit in its last place."""
    first, second = LN_2[x.format]
    e, f = _split_normal(x)
    whole = as_real(e)
    # lost / x, as precisely as it matters: 1 / (1 + f) is about 1 - f + f^2
    inverse = power_of_two(0 - select(e > 100, 100, e)) * fma(f, f - 1.0, 1.0)
    return fma(whole, first, f - (_lack(f) - fma(whole, second, lost * inverse)))


@elementary("log1p")
def log1p(x: Real) -> Real:
    """log(1 + x), accurate near zero."""
    total, lost = add(x, 1.0)
    return select(x == 0.0, x, _with_specials(total, _log_of_sum(total, lost)))


@elementary("softplus")
def softplus(x: Real) -> Real:
    """log(1 + e**x)."""
    return select(x > 0.0, x, 0.0) + log1p(exp(-abs(x)))


# --- inverse hyperbolic functions -----------------------------------------------------------------

_LARGE = 2.0**28  # x^2 + 1 is x^2 from here on


@elementary("arcsinh")
def arcsinh(x: Real) -> Real:
    """Inverse hyperbolic sine."""
    size = abs(x)
    square = x * x
    beyond = add_smaller(size, square / (1.0 + sqrt(1.0 + square)))  # x + sqrt(x^2 + 1) - 1
    total, lost = add(beyond.high, 1.0)
    large = size > _LARGE
    total, lost = select(large, size, total), select(large, 0.0, lost + beyond.low)
    y = _log_of_sum(total, lost) + select(large, LN_2[x.format][0], 0.0)
    return with_sign(select(size < INFINITY, y, size), x)


@elementary("arccosh")
def arccosh(x: Real) -> Real:
    """Inverse hyperbolic cosine."""
    past = x - 1.0
    square = fma(past, past, 2.0 * past)  # x^2 - 1
    root = sqrt(square)
    lost_root = fma(-root, root, square) * 0.5 / select(past > 0.0, root, 1.0)
    beyond = add(past, root)
    total, lost = add(beyond.high, 1.0)
    large = x > _LARGE
    total = select(large, x, total)
    lost = select(large, 0.0, lost + (beyond.low + lost_root))
    y = _log_of_sum(total, lost) + select(large, LN_2[x.format][0], 0.0)
    return select(x >= 1.0, select(x < INFINITY, y, x), NAN)


@elementary("arctanh")
def arctanh(x: Real) -> Real:
    """Inverse hyperbolic tangent."""
    size = abs(x)
    room = 1.0 - size
    lost_room = (1.0 - room) - size
    quotient = 2.0 * size / room
    rest = fma(-quotient, room, 2.0 * size) - quotient * lost_room
    total, lost = add(quotient, 1.0)  # (1 + x) / (1 - x)
    lost = fma(rest, fma(quotient, 0.5, 1.0), lost)  # 1 / room is 1 + quotient / 2
    y = select(size == 1.0, INFINITY, 0.5 * _log_of_sum(total, lost))
    return select(size <= 1.0, with_sign(y, x), NAN)
