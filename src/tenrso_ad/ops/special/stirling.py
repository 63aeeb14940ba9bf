"""Differences of gamma and polygamma functions, without the cancellation of subtracting them.

On plain arrays. What the derivatives of beta, poch and binom, and of the incomplete functions in
their parameters, are computed with.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .declaring import scipy_special

BERNOULLI = (1 / 6, -1 / 30, 1 / 42, -1 / 30, 5 / 66, -691 / 2730, 7 / 6, -3617 / 510)
"""B_2, B_4, ..., B_16."""
_FAR = 12
"""From here on the asymptotic series, to the term of B_16, is exact to rounding."""
_HALF_LOG_2PI = 0.5 * math.log(2 * math.pi)


def stirling_error(z: Any) -> Any:
    """The logarithm of gamma(z) minus Stirling's formula, for z > 0."""
    near = np.minimum(z, _FAR)
    direct = scipy_special().gammaln(near) - ((near - 0.5) * np.log(near) - near + _HALF_LOG_2PI)
    far = np.maximum(z, _FAR)
    series = sum(b / (2 * k * (2 * k - 1) * far ** (2 * k - 1)) for k, b in enumerate(BERNOULLI, 1))
    return np.where(z < _FAR, direct, series)


def log_gamma_gap(z: Any, m: Any) -> Any:
    """The logarithm of gamma(z + m) / gamma(z), for z > 0 and m > 0."""
    near, far = np.minimum(z, _FAR), np.maximum(z, _FAR)
    direct = scipy_special().gammaln(near + m) - scipy_special().gammaln(near)
    series = (far - 0.5) * np.log1p(m / far) + m * (np.log(far + m) - 1)
    series = series + stirling_error(far + m) - stirling_error(far)
    return np.where(z < _FAR, direct, series)


def polygamma(n: Any, z: Any) -> Any:
    """SciPy's polygamma, and for complex z the same by shift, asymptotic series and reflection."""
    if np.asarray(z).dtype.kind != "c":
        return scipy_special().polygamma(n, z)
    if np.ndim(n):
        return np.vectorize(polygamma, otypes=[complex])(n, z)
    n = int(n)
    if n == 0:
        return scipy_special().digamma(z)
    z = np.asarray(z, complex)
    left = z.real < 0.5
    right = np.where(left, 1 - z, z)
    sign, factorial = (-1) ** (n + 1), math.factorial(n)
    total = sum(sign * factorial / (right + k) ** (n + 1) for k in range(_FAR + n))
    far = right + (_FAR + n)
    series = math.factorial(n - 1) / far**n + factorial / (2 * far ** (n + 1))
    for k, b in enumerate(BERNOULLI, 1):
        ratio = math.factorial(2 * k + n - 1) / math.factorial(2 * k)
        series = series + b * ratio / far ** (2 * k + n)
    out = total + sign * series
    if left.any():
        out = np.where(left, (-1) ** n * out - _cotangent_slope(n, z), out)
    return out[()]


def _cotangent_slope(n: int, z: Any) -> Any:
    """The derivative of order n > 0 of pi cot(pi z): 1 / sin^2 times a polynomial in cot."""
    z = z.real + 1j * np.clip(z.imag, -100, 100)  # further out it is zero; sin would overflow
    polynomial = np.polynomial.Polynomial([-(math.pi**2)])
    for _ in range(n - 1):
        first = np.polynomial.Polynomial([0.0, -2 * math.pi]) * polynomial
        second = np.polynomial.Polynomial([-math.pi, 0.0, -math.pi]) * polynomial.deriv()
        polynomial = first + second
    return polynomial(1 / np.tan(math.pi * z)) / np.sin(math.pi * z) ** 2


def polygamma_gap(n: int, z: Any, m: Any) -> Any:
    """polygamma(n, z + m) - polygamma(n, z); finite where both are at a pole of the same kind."""
    z, m = np.broadcast_arrays(np.asarray(z, float), np.asarray(m, float))
    with np.errstate(all="ignore"):
        out = np.asarray(polygamma(n, z + m) - polygamma(n, z))
        close = (z > 0) & (np.abs(m) < 0.5 * z)
        if close.any():
            out[close] = _small_gap(n, z[close], m[close])
        poles = (z <= 0) & (z + m <= 0) & (z == np.floor(z)) & (m == np.floor(m))
        if poles.any():
            z, m = z[poles], m[poles]
            out[poles] = (-1) ** n * (polygamma(n, 1 - z - m) - polygamma(n, 1 - z))
    return out[()]


def _small_gap(n: int, z: Any, m: Any) -> Any:
    """The same where z and z + m are positive and close: term by term of shift and series."""

    def gap(power: int, z: Any) -> Any:  # (z + m)^-power - z^-power
        return np.expm1(-power * np.log1p(m / z)) / z**power

    sign, factorial = (-1) ** (n + 1), math.factorial(n)
    far = z + (_FAR + n)
    out = np.log1p(m / far) if n == 0 else sign * math.factorial(n - 1) * gap(n, far)
    out = out + sign * factorial / 2 * gap(n + 1, far)
    for k, b in enumerate(BERNOULLI, 1):
        ratio = math.factorial(2 * k + n - 1) / math.factorial(2 * k)
        out = out + sign * b * ratio * gap(2 * k + n, far)
    for k in range(_FAR + n):
        out = out + sign * factorial * gap(n + 1, z + k)
    return out
