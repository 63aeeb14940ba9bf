"""The incomplete beta functions and their inverses, with derivatives in all arguments.

The derivative of order (m, n) of I_x(a, b) by a and b is computed as that of the incomplete gamma
function: for x <= 1/2 and b x <= 1 from the power series (DLMF 8.17.7), elsewhere as an integral of
the density's derivative over the tail on x's side of the mean; for x > 1/2 by symmetry.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from .. import elementwise as ew
from ..pointwise import Operation
from .declaring import part, scipy_special, special
from .gamma import betaln, digamma, polygamma
from .quadrature import over_half_line
from .stirling import log_gamma_gap, polygamma_gap, stirling_error

Cumulants = Mapping[tuple[int, int], Any]


def _bell_polynomials(m: int, n: int, cumulants: Cumulants) -> dict[tuple[int, int], Any]:
    """Derivatives of exp(f(a, b)) over exp(f), up to the orders m and n, by those of f."""
    out: dict[tuple[int, int], Any] = {(0, 0): 1.0}
    for p, q in ((p, q) for p in range(m + 1) for q in range(n + 1) if p + q):
        # one derivative of exp(f) by b, or else by a, leaves exp(f) times that of f
        first, second = (p, q - 1) if p == 0 else (p - 1, q)
        out[p, q] = sum(
            math.comb(first, i) * math.comb(second, j) * out[first - i, second - j]
            * cumulants[i + p - first, j + q - second]
            for i in range(first + 1)
            for j in range(second + 1)
        )  # fmt: skip
    return out


def _cumulants(
    m: int, n: int, polygamma: Callable[..., Any], sum: Any, a: Any, b: Any
) -> dict[tuple[int, int], Any]:
    """Derivatives above the first of log gamma(sum) - log gamma(a) - log gamma(b)."""
    orders = range(1, m + n)
    of_sum, of_a, of_b = ([None, *(polygamma(k, z) for k in orders)] for z in (sum, a, b))
    return {
        (i, j): of_sum[i + j - 1] - (of_a[i - 1] if j == 0 else of_b[j - 1] if i == 0 else 0)
        for i in range(m + 1)
        for j in range(n + 1)
        if i + j > 1
    }


# --- the density ----------------------------------------------------------------------------------


def _log_mass(a: Any, b: Any, x: Any) -> Any:
    """The logarithm of x^a (1 - x)^b / beta(a, b), without cancellation for large a and b."""
    y, total = 1 - x, a + b
    d = x * b - y * a

    def term(a: Any, x: Any, d: Any) -> Any:  # a log(x (a + b) / a)
        return a * np.where(np.abs(d) < 0.5 * a, np.log1p(d / a), np.log(x / a * total))

    errors = stirling_error(total) - stirling_error(a) - stirling_error(b)
    out = term(a, x, d) + term(b, y, -d) + errors
    return out + 0.5 * (np.log(a / total) + np.log(b) - math.log(2 * math.pi))


def _evaluate_density(a: Any, b: Any, x: Any) -> Any:
    with np.errstate(all="ignore"):
        density = np.exp(_log_mass(a, b, x) - np.log(x) - np.log1p(-x))
        for end, power, factor in ((x == 0, a, b), (x == 1, b, a)):
            at_end = np.where(power > 1, 0.0, np.where(power == 1, factor, np.inf))
            density = np.where(end, at_end, density)
        return np.where((a <= 0) | (b <= 0) | (x < 0) | (x > 1), np.nan, density)[()]


# derivative of betainc(a, b, x) by x
_density: Operation = part(
    "beta_density",
    _evaluate_density,
    lambda x, y, z, out: out * (ew.log(z) + digamma(x + y) - digamma(x)),
    lambda x, y, z, out: out * (ew.log1p(-z) + digamma(x + y) - digamma(y)),
    lambda x, y, z, out: out * ((x - 1) / z - (y - 1) / (1 - z)),
)


def _density_slope(m: int, n: int, a: Any, b: Any, x: Any) -> Any:
    """The derivative of the density by a and b, in operations of the library."""
    cumulants = _cumulants(m, n, polygamma, a + b, a, b)
    cumulants[1, 0] = ew.log(x) + digamma(a + b) - digamma(a)
    cumulants[0, 1] = ew.log1p(-x) + digamma(a + b) - digamma(b)
    return _density(a, b, x) * _bell_polynomials(m, n, cumulants)[m, n]


# --- the derivative by a and b --------------------------------------------------------------------


def _evaluate_slope(m: int, n: int, a: Any, b: Any, x: Any) -> Any:
    a, b, x = np.broadcast_arrays(*(np.asarray(v, float) for v in (a, b, x)))
    valid = (a > 0) & (b > 0) & (x >= 0) & (x <= 1)
    out = np.where(valid, 0.0, np.nan)  # 0 where x is 0 or 1
    inside = valid & (x > 0) & (x < 1) & (a + b < np.inf)
    with np.errstate(all="ignore"):
        for where, flipped in ((inside & (x <= 0.5), False), (inside & (x > 0.5), True)):
            if flipped:
                out[where] = -_left_slope(n, m, b[where], a[where], 1 - x[where])
            else:
                out[where] = _left_slope(m, n, a[where], b[where], x[where])
    return out[()]


def _left_slope(m: int, n: int, a: Any, b: Any, x: Any) -> Any:
    """The same for x <= 1/2."""
    out = np.empty_like(x)
    for where, compute in ((b * x <= 1, _by_series), (b * x > 1, _by_integral)):
        if where.any():
            out[where] = compute(m, n, a[where], b[where], x[where])
    return out


def _by_series(m: int, n: int, a: Any, b: Any, x: Any) -> Any:
    """x^a gamma(a + b) / (gamma(a + 1) gamma(b)) times the sum of c_k x^k (1 - k / (a + k)).

    Here c_k = (1 - b) (2 - b) ... (k - b) / k!.
    """
    cumulants = _cumulants(m, n, scipy_special().polygamma, a + b, a + 1, b)
    cumulants[1, 0] = np.log(x) + polygamma_gap(0, a + 1, b - 1)
    cumulants[0, 1] = polygamma_gap(0, b, a)
    bell = _bell_polynomials(m, n, cumulants)
    sums = np.zeros((m + 1, n + 1, *x.shape))
    sums[0, 0] = 1
    terms = [np.ones_like(x), *(np.zeros_like(x) for _ in range(n))]  # of c_k x^k, by b
    for k in range(1, 55):
        terms = [
            ((k - b) * term - (j * terms[j - 1] if j else 0)) * (x / k)
            for j, term in enumerate(terms)
        ]
        for j, term in enumerate(terms):
            sums[0, j] += term * (a / (a + k))
            slope = -k * term / (a + k)
            for i in range(1, m + 1):
                slope = slope * (-i / (a + k))
                sums[i, j] += slope
    factor = np.exp(a * np.log(x) + log_gamma_gap(b, a) - scipy_special().gammaln(a + 1))
    return factor * sum(
        math.comb(m, i) * math.comb(n, j) * bell[i, j] * sums[m - i, n - j]
        for i in range(m + 1)
        for j in range(n + 1)
    )


def _by_integral(m: int, n: int, a: Any, b: Any, x: Any) -> Any:
    """Over t with logit(t) = logit(x) -+ v; in logit(t) the density is t^a (1 - t)^b / beta."""
    by_a, by_b = np.log(x) + polygamma_gap(0, a, b), np.log1p(-x) + polygamma_gap(0, b, a)
    lower = by_a < 0 if m >= n else by_b > 0  # the integrand keeps its sign on this side
    drift = np.where(lower, 1, -1) * (a - (a + b) * x)
    scale = 1 / (np.maximum(drift, 0) + np.sqrt((a + b) * x * (1 - x)))
    moving = np.where(lower, x, 1 - x)
    cumulants = _cumulants(m, n, scipy_special().polygamma, a + b, a, b)

    def integrand(v: float) -> Any:
        step = v * scale
        near = -np.log1p(moving * np.expm1(-step))
        log_x, log_y = (np.where(w, near - step, near) for w in (lower, ~lower))  # log(t / x), ...
        cumulants[1, 0], cumulants[0, 1] = by_a + log_x, by_b + log_y
        return _bell_polynomials(m, n, cumulants)[m, n] * np.exp(a * log_x + b * log_y)

    sign = np.where(lower, 1.0, -1.0)  # all derivatives of the whole integral are zero
    return sign * scale * np.exp(_log_mass(a, b, x)) * over_half_line(integrand)


@functools.cache
def _slope(m: int, n: int) -> Operation:
    """The derivative of order (m, n) of betainc(a, b, x) by a and b, as an operation on all."""
    return part(
        f"betainc_slope_{m}_{n}",
        functools.partial(_evaluate_slope, m, n),
        lambda x, y, z: _slope(m + 1, n)(x, y, z),
        lambda x, y, z: _slope(m, n + 1)(x, y, z),
        lambda x, y, z: _density_slope(m, n, x, y, z),
    )


betainc = special(
    "betainc",
    lambda x, y, z: _slope(1, 0)(x, y, z),
    lambda x, y, z: _slope(0, 1)(x, y, z),
    lambda x, y, z: _density(x, y, z),
)
betaincc = special(
    "betaincc",
    lambda x, y, z: -_slope(1, 0)(x, y, z),
    lambda x, y, z: -_slope(0, 1)(x, y, z),
    lambda x, y, z: -_density(x, y, z),
)
betaincinv = special(
    "betaincinv",
    lambda x, y, out: -_slope(1, 0)(x, y, out) / _density(x, y, out),
    lambda x, y, out: -_slope(0, 1)(x, y, out) / _density(x, y, out),
    lambda x, y, out: 1 / _density(x, y, out),
)
betainccinv = special(
    "betainccinv",
    lambda x, y, out: -_slope(1, 0)(x, y, out) / _density(x, y, out),
    lambda x, y, out: -_slope(0, 1)(x, y, out) / _density(x, y, out),
    lambda x, y, out: -1 / _density(x, y, out),
)

# a draw z from the beta distribution, moving so that betainc(a, b, z) stays as it is
beta_draw = part(
    "beta_draw",
    lambda a, b, z: z,
    lambda x, y, out: -_slope(1, 0)(x, y, out) / _density(x, y, out),
    lambda x, y, out: -_slope(0, 1)(x, y, out) / _density(x, y, out),
    None,
)


# --- Student's t ----------------------------------------------------------------------------------


def _t_density(df: Any, t: Any) -> Any:
    constant = -betaln(0.5 * df, 0.5) - 0.5 * ew.log(df)
    return ew.exp(constant - 0.5 * (df + 1) * ew.log1p(t * t / df))


def _t_slope(df: Any, t: Any) -> Any:
    """By df, at fixed t: of half of I_y(1/2, df/2) with y = t^2 / (df + t^2), or 1 - y for large t.

    That y depends on df too is the last term.
    """
    square = t * t
    near = ew.less(square, df)
    a = 0.5 * df
    by_shape = ew.where(
        near,
        _slope(0, 1)(0.5, a, ew.where(near, square, 0) / (df + square)),
        -_slope(1, 0)(a, 0.5, ew.where(near, 0, df) / (df + square)),
    )
    return 0.25 * ew.sign(t) * by_shape - _t_density(df, t) * t / (2 * df)


stdtr = special("stdtr", lambda x, y: _t_slope(x, y), lambda x, y: _t_density(x, y))
t_draw = part(
    "t_draw", lambda df, z: z, lambda x, out: -_t_slope(x, out) / _t_density(x, out), None
)
