"""The error function and its complement.

For x >= 0, erfc(x) is exp(-x^2) / (1 + 2 x) times a function that stays between 1 and 1.25: a
polynomial in (x - 4) / (x + 4), as in M. M. Shepherd and J. G. Laframboise, "Chebyshev
approximation of (1 + 2x) exp(x^2) erfc x", Mathematics of Computation 36, 1981.
"""

from __future__ import annotations

from .arithmetic import Pair, add, add_smaller, multiply, polynomial, ratio
from .calling import elementary
from .exponential import exp, exp_pair, scaled
from .instructions import (
    DOUBLE,
    SINGLE,
    Real,
    fma,
    narrowed,
    select,
    widened,
    with_sign,
)

_ERF = {  # erf(x) / x - 1 in powers of x^2 for abs(x) <= 1
    DOUBLE: (
        *(0.1283791670955126, -0.37612638903184104, 0.11283791670971591),
        *(-0.02686617064817951, 0.005223977654618727, -0.0008548328670932168),
        *(0.00012055391904864797, -1.4927035251608888e-05, 1.6483759616911782e-06),
        *(-1.658794995143987e-07, 1.6233559559586358e-08, -1.73610658984245e-09),
        1.5926921571904854e-10,
    ),
    SINGLE: (
        *(0.12837916612625122, -0.3761262893676758, 0.11283604800701141),
        *(-0.026854606345295906, 0.005189802497625351, -0.000802297261543572),
        7.895658927736804e-05,
    ),
}
_LOG_ERFC = {  # log(erfc(x)) from 1 on, as precisely as it matters for erf
    DOUBLE: (
        *(-1.8442216355628562e-07, -1.1283772820331441, -0.6366287054051123),
        *(-0.10274663782567894, 0.019076945920499012, 0.00028224222598955626),
        *(-0.0017709402005938305, 0.0006428461407351939, -4.596417349889269e-05),
        *(-6.974612787065016e-05, 4.476810903535452e-05, -1.642087357944826e-05),
        *(4.301615933714651e-06, -8.451578519375053e-07, 1.248250559218823e-07),
        *(-1.3521514079444917e-08, 1.0169855388716067e-09, -4.751374195112651e-11),
        1.0389654517433342e-12,
    ),
    SINGLE: (
        *(-0.0003541277546901256, -1.1270384788513184, -0.6382280588150024),
        *(-0.10303547978401184, 0.02180449850857258, -0.0029394226148724556),
        0.00018555707356426865,
    ),
}
_ONE_FROM = {DOUBLE: 6.0, SINGLE: 4.0}  # where erf is rounded to 1

_ERFC = (  # (1 + 2 x) exp(x^2) erfc(x) - 1.125 in powers of (x - 4) / (x + 4) for 0 <= x <= 27.3
    *(0.10799511862555251, -0.13962111684056253, 0.015379652102619688, 0.06809705425469541),
    *(-0.10103906603630144, 0.09373283499825202, -0.06633036581227786, 0.037167515539077885),
    *(-0.016197734057117004, 0.005031969963639141, -0.0007577732936176521),
    *(-0.0001992566166314593, 0.00015062170334698648, -2.4399480577276018e-05),
    *(-1.1222143617864031e-05, 5.710297571769421e-06, 2.9413276360010576e-07),
    *(-8.261226805257046e-07, 7.407427826229558e-08, 1.1045954777487688e-07),
    *(-1.7396070843786407e-08, -1.4103862215665604e-08, 1.6375802404221929e-09),
    1.1886686429602688e-09,
)
_ERFC_SINGLE = (  # the same up to 10.2, for fewer digits
    *(0.10799511875381043, -0.13962113090679162, 0.015379625492666804, 0.06809783638058627),
    *(-0.10103768279402627, 0.09372145571393908, -0.06635575727100777, 0.03721949890295934),
    *(-0.01602285069069134, 0.005051861895221104, -0.0011281857398209624),
    -0.000639253465690424,
)


def _erf_near_zero(x: Real) -> Real:
    """erf(x) for abs(x) <= 1."""
    return fma(x, polynomial(x * x, _ERF[x.format]), x)


@elementary("erf")
def erf(x: Real) -> Real:
    """Error function."""
    size = abs(x)
    limit = _ONE_FROM[x.format]
    limited = select(size > limit, limit, size)
    far = 1.0 - exp(polynomial(limited, _LOG_ERFC[x.format]))
    return with_sign(select(size < 1.0, _erf_near_zero(size), far), x)


@elementary("erfc", DOUBLE)
def erfc(x: Real) -> Real:
    """1 - erf(x), accurate where that is small."""
    size = select(abs(x) > 27.3, 27.3, abs(x))
    square = multiply(size, size)
    decay, k = exp_pair(-square.high, -square.low)
    t = (size - 4.0) / (size + 4.0)
    factor = add_smaller(1.125, polynomial(t, _ERFC))
    product = multiply(decay.high, factor.high)
    rest = fma(decay.high, factor.low, fma(decay.low, factor.high, product.low))
    y = scaled(ratio(Pair(product.high, rest), add(2.0 * size, 1.0)), k)
    # the polynomial varies too fast near zero for the rounding of t
    return select(size < 0.5, 1.0 - _erf_near_zero(x), select(x < 0.0, 2.0 - y, y))


@elementary("erfc", SINGLE)
def erfc_single(x: Real) -> Real:
    """1 - erf(x) of a float32, in float64 with enough digits for that."""
    wide = widened(x)
    size = select(abs(wide) > 10.2, 10.2, abs(wide))
    t = (size - 4.0) / (size + 4.0)
    y = exp(-size * size) * (polynomial(t, _ERFC_SINGLE) + 1.125) / (1.0 + 2.0 * size)
    return narrowed(select(wide < 0.0, 2.0 - y, y))
