"""Elementary functions of float64 for vectorised loops, under NumPy's names.

The first ones are straight-line code: no branch, no table, no call, so that LLVM can compute
several elements at once; the others call the C library. Errors are below 2 units in the last place;
infinities, NaN, signed zeros and subnormal numbers are right. Ranges are reduced as by Cody and
Waite (1980); the polynomials are Taylor's, or those of the freely distributable libm (Sun
Microsystems, 1993).
"""

from __future__ import annotations

import math
from typing import Any

from numba import njit

from .bits import bits_of, fma, from_bits, magnitude, nearest, with_sign
from .memory import select

INFINITY = float("inf")
LOG2_E = float.fromhex("0x1.71547652b82fep+0")
LN_2_HIGH = float.fromhex("0x1.62e42fefa3800p-1")  # its last 11 bits are zero
LN_2_LOW = float.fromhex("0x1.ef35793c76730p-45")
SMALLEST_NORMAL = float.fromhex("0x1p-1022")


@njit(forceinline=True)
def _expm1_reduced(r: Any) -> Any:
    """exp(r) - 1 - r for |r| <= ln(2) / 2."""
    p = fma(r, 1.6059043836821613e-10, 2.08767569878681e-09)
    p = fma(r, p, 2.505210838544172e-08)
    p = fma(r, p, 2.7557319223985893e-07)
    p = fma(r, p, 2.7557319223985893e-06)
    p = fma(r, p, 2.48015873015873e-05)
    p = fma(r, p, 0.0001984126984126984)
    p = fma(r, p, 0.001388888888888889)
    p = fma(r, p, 0.008333333333333333)
    p = fma(r, p, 0.041666666666666664)
    p = fma(r, p, 0.16666666666666666)
    p = fma(r, p, 0.5)
    return r * r * p


@njit(forceinline=True)
def _power_of_two(k: Any) -> Any:
    """2**k for a whole k within the exponents of normal numbers."""
    return from_bits((k + 1023) << 52)


@njit(forceinline=True)
def exp(x: Any) -> Any:
    """e**x."""
    limited = select(x > 710.0, 710.0, select(x < -746.0, -746.0, x))
    whole = nearest(limited * LOG2_E)
    r = fma(-whole, LN_2_HIGH, limited)
    r = fma(-whole, LN_2_LOW, r)
    k = int(select(x != x, 0.0, whole))
    half = k >> 1
    y = 1.0 + (r + _expm1_reduced(r))
    return y * _power_of_two(half) * _power_of_two(k - half)


@njit(forceinline=True)
def expm1(x: Any) -> Any:
    """e**x - 1, accurate near zero."""
    limited = select(x > 710.0, 710.0, select(x < -40.0, -40.0, x))
    whole = nearest(limited * LOG2_E)
    high = fma(-whole, LN_2_HIGH, limited)
    low = whole * LN_2_LOW
    r = high - low
    lost = (high - r) - low
    k = int(select(x != x, 0.0, whole))
    half = k >> 1
    first, second = _power_of_two(half), _power_of_two(k - half)
    tail = _expm1_reduced(r) + fma(r, lost, lost)
    # 2^k (1 + r + tail) - 1, the large parts first
    inverse = from_bits((1023 - select(k > 1000, 1000, k)) << 52)
    lead = 1.0 - inverse
    total = lead + r
    rest = (lead - total) + r  # |lead| >= |r| or lead is zero
    y = (total + (rest + tail)) * first * second
    return select(x == 0.0, x, y)


@njit(forceinline=True)
def _split(x: Any) -> Any:
    """Exponent e and m - 1 with x = 2**e * m, sqrt(1/2) <= m < sqrt(2), for positive x."""
    subnormal = x < SMALLEST_NORMAL
    scaled = select(subnormal, x * 18014398509481984.0, x)
    n = bits_of(scaled)
    # counted from sqrt(1/2), so that numbers near 1 have the exponent 0
    moved = n - 0x3FE6A09E667F3BCD
    e = moved >> 52
    m = from_bits(n - (e << 52))
    return float(e) - select(subnormal, 54.0, 0.0), m - 1.0


@njit(forceinline=True)
def _log_tail(f: Any) -> Any:
    """F - log(1 + f) for the reduced f."""
    s = f / (2.0 + f)
    z = s * s
    w = z * z
    odd = w * fma(w, fma(w, 0.15313837699209373, 0.22222198432149784), 0.3999999999940942)
    even = z * fma(
        w,
        fma(w, fma(w, 0.14798198605116586, 0.1818357216161805), 0.2857142874366239),
        0.6666666666666735,
    )
    half_square = 0.5 * f * f
    return half_square - s * (half_square + (odd + even))


@njit(forceinline=True)
def _with_log_specials(x: Any, y: Any) -> Any:
    y = select(x == INFINITY, x, y)
    y = select(x == 0.0, -INFINITY, y)
    return select((x < 0.0) | (x != x), x * 0.0 / 0.0, y)


@njit(forceinline=True)
def log(x: Any) -> Any:
    """Natural logarithm."""
    e, f = _split(x)
    y = fma(e, LN_2_HIGH, f - (_log_tail(f) - e * LN_2_LOW))
    return _with_log_specials(x, y)


@njit(forceinline=True)
def log1p(x: Any) -> Any:
    """log(1 + x), accurate near zero."""
    u = 1.0 + x
    e, f = _split(u)
    # what rounding took from 1 + x
    lost = select(magnitude(x) < 1.0, x - (u - 1.0), 1.0 - (u - x))
    small = (u == 1.0) | (x == INFINITY)
    correction = select(small, 0.0, lost / u)
    y = fma(e, LN_2_HIGH, f - (_log_tail(f) - (e * LN_2_LOW + correction)))
    y = select(u == 1.0, x, y)
    return _with_log_specials(select(u == 1.0, 1.0, u), y)


@njit(forceinline=True)
def log2(x: Any) -> Any:
    """Logarithm to base 2."""
    e, f = _split(x)
    tail = _log_tail(f)
    high = from_bits(bits_of(f - tail) & -4294967296)  # its product with LOG2_E's head is exact
    low = (f - high) - tail
    y = low * 1.4426950216293335 + (f - tail) * 1.9259629911266175e-08
    y = e + (high * 1.4426950216293335 + y)
    return _with_log_specials(x, y)


@njit(forceinline=True)
def log10(x: Any) -> Any:
    """Logarithm to base 10."""
    e, f = _split(x)
    tail = _log_tail(f)
    high = from_bits(bits_of(f - tail) & -4294967296)
    low = (f - high) - tail
    y = low * 0.4342944818781689 + (f - tail) * 2.5082946711645275e-11 + e * 3.694239077158931e-13
    y = e * 0.30102999566361177 + (high * 0.4342944818781689 + y)
    return _with_log_specials(x, y)


@njit(forceinline=True)
def _growth(size: Any) -> Any:
    """e**(2 size) - 1: what tanh and its derivative have in common, and a kernel computes once."""
    return expm1(2.0 * select(size > 354.0, 354.0, size))


@njit(forceinline=True)
def tanh(x: Any) -> Any:
    """Hyperbolic tangent."""
    size = magnitude(x)
    e = _growth(size)
    y = with_sign(e / (e + 2.0), x)
    return select(x != x, x, select(size < 1e-8, x, y))


@njit(forceinline=True)
def tanh_slope(x: Any) -> Any:
    """1 - tanh(x)**2, without cancellation; zero where it is hardly a normal number."""
    size = magnitude(x)
    e = _growth(size)
    y = 4.0 * ((e + 1.0) / (e + 2.0)) / (e + 2.0)
    return select(size > 354.0, 0.0, select(x != x, x, y))


@njit(forceinline=True)
def sigmoid(x: Any) -> Any:
    """1 / (1 + e**-x)."""
    e = exp(-magnitude(x))
    return select(x >= 0.0, 1.0, e) / (1.0 + e)


@njit(forceinline=True)
def sigmoid_slope(x: Any) -> Any:
    """sigmoid(x) (1 - sigmoid(x)), without cancellation."""
    e = exp(-magnitude(x))
    return e / ((1.0 + e) * (1.0 + e))


@njit(forceinline=True)
def softplus(x: Any) -> Any:
    """log(1 + e**x)."""
    y = select(x > 0.0, x, 0.0) + log1p(exp(-magnitude(x)))
    return select(x != x, x, y)


# --- from the C library ---------------------------------------------------------------------------


def _of_libm(function: Any) -> Any:
    @njit
    def call(x: Any) -> Any:
        return function(x)

    return call


sin = _of_libm(math.sin)
cos = _of_libm(math.cos)
tan = _of_libm(math.tan)
sinh = _of_libm(math.sinh)
cosh = _of_libm(math.cosh)
arcsin = _of_libm(math.asin)
arccos = _of_libm(math.acos)
arctan = _of_libm(math.atan)
arcsinh = _of_libm(math.asinh)
arccosh = _of_libm(math.acosh)
arctanh = _of_libm(math.atanh)
erf = _of_libm(math.erf)
erfc = _of_libm(math.erfc)
sqrt = _of_libm(math.sqrt)

FUNCTIONS = {name: f for name, f in vars().items() if hasattr(f, "py_func") and name[0] != "_"}
"""By name."""
