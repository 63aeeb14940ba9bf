"""The incomplete gamma functions and their inverses, with derivatives in both arguments.

The derivative of order n of P(a, x) by a has no closed form. It is the integral, up to x, of the
density's: for x <= 1 the power series (DLMF 8.7.1) is differentiated term by term; elsewhere the
integral is computed over the tail on x's side of the mean, where the integrand keeps its sign for
n = 1, so that tails keep their relative accuracy.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from .. import elementwise as ew
from ..pointwise import Operation
from .declaring import part, scipy_special, special
from .gamma import digamma, gammaln, polygamma
from .quadrature import over_half_line
from .stirling import stirling_error


def bell_polynomials(cumulants: Sequence[Any]) -> list[Any]:
    """Complete Bell polynomials B_0, B_1, ...: derivatives of exp(f) over exp(f), by those of f."""
    out: list[Any] = [1.0]
    for n in range(len(cumulants)):
        terms = [math.comb(n, k) * out[n - k] * cumulants[k] for k in range(n + 1)]
        out.append(sum(terms[1:], terms[0]))
    return out


# --- the density ----------------------------------------------------------------------------------


def _log_mass(a: Any, x: Any) -> Any:
    """The logarithm of x^a exp(-x) / gamma(a + 1), without cancellation for large a."""
    large = np.maximum(a, 1)
    d = (x - large) / large
    log = np.where(np.abs(d) < 0.5, np.log1p(d), np.log(x / large))
    far = large * (log - d) - stirling_error(large) - 0.5 * np.log(2 * math.pi * large)
    near = a * np.log(x) - x - scipy_special().gammaln(np.minimum(a, 1) + 1)
    return np.where(a >= 1, far, near)


def _evaluate_density(a: Any, x: Any) -> Any:
    with np.errstate(all="ignore"):
        density = np.exp(_log_mass(a, x) + np.log(a) - np.log(x))
        at_zero = np.where(a > 1, 0.0, np.where(a == 1, 1.0, np.inf))
        density = np.where(x == 0, at_zero, np.where(x == np.inf, 0.0, density))
        return np.where((a < 0) | (x < 0), np.nan, density)[()]


# derivative of gammainc(a, x) by x
_density: Operation = part(
    "gamma_density",
    _evaluate_density,
    lambda x, y, out: out * (ew.log(y) - digamma(x)),
    lambda x, y, out: out * ((x - 1) / y - 1),
    other=lambda xp, a, x: xp.exp((a - 1) * xp.log(x) - x - gammaln(a)),
)


def _density_slope(n: int, a: Any, x: Any) -> Any:
    """The derivative of order n > 0 of the density by a, in operations of the library."""
    cumulants = [ew.log(x) - digamma(a), *(-polygamma(k, a) for k in range(1, n))]
    return _density(a, x) * bell_polynomials(cumulants)[n]


# --- the derivative by a --------------------------------------------------------------------------


def _evaluate_slope(n: int, a: Any, x: Any) -> Any:
    a, x = np.broadcast_arrays(np.asarray(a, float), np.asarray(x, float))
    out = np.where((a >= 0) & (x >= 0), 0.0, np.nan)  # 0 where x is 0 or infinite
    inside = (a >= 0) & (x > 0) & (x < np.inf) & (a < np.inf)
    with np.errstate(all="ignore"):
        for where, compute in ((inside & (x <= 1), _by_series), (inside & (x > 1), _by_integral)):
            if where.any():
                out[where] = compute(n, a[where], x[where])
    return out[()]


def _cumulants(n: int, a: Any) -> list[Any]:
    """Of -log gamma(a + 1), from the second on."""
    return [-scipy_special().polygamma(k, a + 1) for k in range(1, n)]


def _by_series(n: int, a: Any, x: Any) -> Any:
    """x^a / gamma(a + 1) times the sum of (-x)^k / k! (1 - k / (a + k)), by Leibniz's rule."""
    bell = bell_polynomials([np.log(x) - scipy_special().digamma(a + 1), *_cumulants(n, a)])
    sums = [np.ones_like(a), *(np.zeros_like(a) for _ in range(n))]
    term = np.ones_like(a)
    for k in range(1, 25):
        term = term * (-x / k)
        sums[0] += term * (a / (a + k))
        slope = -k * term / (a + k)
        for j in range(1, n + 1):
            slope = slope * (-j / (a + k))
            sums[j] += slope
    factor = np.exp(a * np.log(x) - scipy_special().gammaln(a + 1))
    return factor * sum(math.comb(n, j) * bell[j] * sums[n - j] for j in range(n + 1))


def _by_integral(n: int, a: Any, x: Any) -> Any:
    """Over t = x exp(-v) or t = x + v: the density is a t^(a - 1) exp(-t) / gamma(a + 1)."""
    first, rest = np.log(x) - scipy_special().digamma(a + 1), _cumulants(n, a)
    lower = a * first + 1 < 0  # the density falls with a everywhere below x
    scale = np.where(
        lower,
        1 / (np.maximum(a - x, 0) + np.sqrt(x)),
        x / (np.maximum(x - a + 1, 0) + np.sqrt(a)),
    )

    def integrand(v: float) -> Any:
        step = v * scale
        log_ratio = np.where(lower, -step, np.log1p(step / x))  # log(t / x)
        fall = np.where(lower, -x * np.expm1(-step), -step)  # x - t
        measure = np.where(lower, 1.0, 1 / (x + step))  # dt / t
        bell = bell_polynomials([first + log_ratio, *rest])
        return measure * np.exp(a * log_ratio + fall) * (a * bell[n] + n * bell[n - 1])

    sign = np.where(lower, 1.0, -1.0)  # all derivatives of the whole integral are zero
    return sign * scale * np.exp(_log_mass(a, x)) * over_half_line(integrand)


@functools.cache
def _slope(n: int) -> Operation:
    """The derivative of order n of gammainc(a, x) by a, as an operation on a and x."""
    return part(
        f"gammainc_slope_{n}",
        functools.partial(_evaluate_slope, n),
        lambda x, y: _slope(n + 1)(x, y),
        lambda x, y: _density_slope(n, x, y),
    )


gammainc = special("gammainc", lambda x, y: _slope(1)(x, y), lambda x, y: _density(x, y))
gammaincc = special("gammaincc", lambda x, y: -_slope(1)(x, y), lambda x, y: -_density(x, y))
gammaincinv = special(
    "gammaincinv",
    lambda x, out: -_slope(1)(x, out) / _density(x, out),
    lambda x, out: 1 / _density(x, out),
)
gammainccinv = special(
    "gammainccinv",
    lambda x, out: -_slope(1)(x, out) / _density(x, out),
    lambda x, out: -1 / _density(x, out),
)
# a draw z from the gamma distribution of shape a, moving with a so that gammainc(a, z) stays as it
# is (implicit reparameterisation: Figurnov, Mohamed and Mnih, 2018)
gamma_draw = part(
    "gamma_draw", lambda a, z: z, lambda x, out: -_slope(1)(x, out) / _density(x, out), None
)
