"""Roots, the length of a hypotenuse, and powers."""

from __future__ import annotations

from .arithmetic import Pair, add, add_smaller, multiply, polynomial
from .calling import elementary
from .exponential import exp, exp_pair, scaled
from .instructions import (
    DOUBLE,
    INFINITY,
    NAN,
    SINGLE,
    Real,
    as_real,
    bits_of,
    floor,
    fma,
    from_bits,
    is_nan,
    narrowed,
    nearest,
    power_of_two,
    select,
    sqrt,
    widened,
    with_sign,
)
from .logarithmic import log, split

_INVERSE_CUBE_ROOT = (  # m^(-1/3) for 1 <= m <= 2, to 4e-5
    *(1.6699012150223644, -1.172581579015748, 0.6951721124856903, -0.2210971614222842),
    0.028567563907425878,
)
_TWO_THIRDS = (float.fromhex("0x1.5555555555555p-1"), float.fromhex("0x1.5555555555555p-55"))
_LOG_RATIO = (  # log((1 + s) / (1 - s)) / s = 2 + z (2/3 + z Q(z)), where z = s^2: the Q
    *(0.3999999999999998, 0.285714285714451, 0.22222222217538745, 0.1818181887003317),
    *(0.15384556890279327, 0.13336316673963813, 0.11674833713717708, 0.11988885684301273),
)
_LN_2 = (  # a whole number of 11 bits times the first part is exact
    float.fromhex("0x1.62e42fefa3000p-1"),
    float.fromhex("0x1.3de6af278ece6p-42"),
)

elementary("sqrt")(sqrt)


@elementary("hypot", DOUBLE)
def hypot(x: Real, y: Real) -> Real:
    """sqrt(x**2 + y**2)."""
    across, up = abs(x), abs(y)
    steep = up > across
    larger, smaller = select(steep, up, across), select(steep, across, up)
    large, small = larger > 2.0**500, larger < 2.0**-500
    factor = select(large, 2.0**-600, select(small, 2.0**600, 1.0))
    a, b = larger * factor, smaller * factor
    length = sqrt(fma(a, a, b * b)) / factor
    return select((across == INFINITY) | (up == INFINITY), INFINITY, length)


@elementary("hypot", SINGLE)
def hypot_single(x: Real, y: Real) -> Real:
    """sqrt(x**2 + y**2), whose squares a double holds."""
    infinite = (abs(x) == INFINITY) | (abs(y) == INFINITY)
    x, y = widened(x), widened(y)
    return select(infinite, INFINITY, narrowed(sqrt(fma(x, x, y * y))))


@elementary("cbrt")
def cbrt(x: Real) -> Real:
    """Cube root."""
    kind, size = x.format, abs(x)
    subnormal = size < kind.smallest_normal
    n = bits_of(select(subnormal, size * 2.0**54, size))
    # x = 2^(3 k + e) m, where e is -1, 0 or 1 and 1 <= m < 2
    exponent = (n >> kind.fraction) - kind.bias
    whole, k = nearest(as_real(exponent), 1.0 / 3.0)
    e = as_real(exponent) - 3.0 * whole
    m = from_bits(n - (exponent << kind.fraction))
    factor = select(e > 0.0, 2.0 ** (-1 / 3), select(e < 0.0, 2.0 ** (1 / 3), 1.0))
    reduced = m * select(e > 0.0, 2.0, select(e < 0.0, 0.5, 1.0))
    inverse = factor * polynomial(m, _INVERSE_CUBE_ROOT)
    rest = fma(-reduced * inverse, inverse * inverse, 1.0)
    inverse = fma(inverse * rest, fma(rest, 2.0 / 9.0, 1.0 / 3.0), inverse)  # Halley's step
    root = reduced * inverse * inverse
    square = multiply(root, root)
    rest = fma(square.high, root, -reduced) + square.low * root
    root = fma(rest * inverse, inverse * (-1.0 / 3.0), root)
    y = with_sign(root * power_of_two(select(subnormal, k - 18, k)), x)
    return select((size > 0.0) & (size < INFINITY), y, x)


# --- powers ---------------------------------------------------------------------------------------


def _log_pair(x: Real) -> Pair:
    """Natural logarithm of a positive number to 2^-66."""
    e, f = split(x)
    below = add_smaller(2.0, f)
    inverse = 1.0 / below.high
    s = f * inverse
    rest = (fma(-s, below.high, f) - s * below.low) * inverse
    square = multiply(s, s)
    lost_square = fma(2.0 * s, rest, square.low)
    factor = add_smaller(_TWO_THIRDS[0], square.high * polynomial(square.high, _LOG_RATIO))
    lost_factor = factor.low + _TWO_THIRDS[1]
    ratio = multiply(square.high, factor.high)
    lost_ratio = fma(square.high, lost_factor, fma(lost_square, factor.high, ratio.low))
    tail = multiply(s, ratio.high)
    lost_tail = fma(s, lost_ratio, fma(rest, ratio.high, tail.low))
    whole = as_real(e)
    first = add_smaller(whole * _LN_2[0], 2.0 * s)
    second = add(first.high, tail.high)
    low = fma(whole, _LN_2[1], fma(rest, 2.0, lost_tail) + (first.low + second.low))
    return add_smaller(second.high, low)


def _power_of_size(size: Real, y: Real) -> Real:
    """size**y for a positive number, or 0, or infinity, and a finite y."""
    log_size = _log_pair(size)
    high = select(size == 0.0, -INFINITY, select(size == INFINITY, size, log_size.high))
    product = multiply(high, y)
    ordinary = abs(product.high) < 800.0
    pair, k = exp_pair(product.high, select(ordinary, fma(log_size.low, y, product.low), 0.0))
    return scaled(pair.high, k)


def _with_sign_of_power(x: Real, y: Real, size: Real) -> Real:
    """Value of x**y, given that of abs(x)**y, as the C standard has it."""
    half = floor(0.5 * y)
    even = 2.0 * half == y
    odd = (floor(y) == y) ^ even
    negative = bits_of(x) < 0
    size = select(negative & odd, -size, size)
    size = select((x < 0.0) & (floor(y) != y) & (x != -INFINITY), NAN, size)
    size = select(is_nan(x) | is_nan(y), NAN, size)
    always_one = (x == 1.0) | (y == 0.0) | ((x == -1.0) & (abs(y) == INFINITY))
    return select(always_one, 1.0, size)


@elementary("power", DOUBLE)
def power(x: Real, y: Real) -> Real:
    """x**y."""
    return _with_sign_of_power(x, y, _power_of_size(abs(x), y))


@elementary("power", SINGLE)
def power_single(x: Real, y: Real) -> Real:
    """x**y of float32, for which the logarithm in float64 is exact enough."""
    x, y = widened(x), widened(y)
    return narrowed(_with_sign_of_power(x, y, exp(y * log(abs(x)))))
