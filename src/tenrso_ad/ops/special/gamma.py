"""The gamma function, its logarithmic derivatives, and what is made of quotients of it."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ...engine.errors import ArgumentError, UnsupportedError
from .. import elementwise as ew
from ..arguments import array_operand
from ..pointwise import Operation
from ..reductions.sums import sum
from ..shaping.reshaping import expand_dims
from . import stirling
from .declaring import part, special, unknown

# --- gamma and its logarithm ----------------------------------------------------------------------
polygamma: Operation = special(
    "polygamma",
    unknown("polygamma", "the order n"),
    lambda x, y: polygamma(x + 1, y),
    evaluate=stirling.polygamma,
)
digamma = special("digamma", lambda x: polygamma(1, x))
psi = digamma
gamma: Operation = special("gamma", lambda x, out: out * digamma(x))
gammaln = special("gammaln", lambda x: digamma(x))
loggamma = special("loggamma", lambda x: digamma(x))
gammasgn = special("gammasgn", None)


def _reflected_slope(x: Any) -> Any:
    """Derivative of 1/gamma by the reflection formula: finite where gamma has its poles."""
    return gamma(1 - x) * (
        ew.cos(math.pi * x) - digamma(1 - x) * ew.sin(math.pi * x) * (1 / math.pi)
    )


def _reciprocal_slope(x: Any, out: Any) -> Any:
    left = ew.less(ew.real(x), 0.5)
    reflected = _reflected_slope(ew.where(left, x, 0))
    return ew.where(left, reflected, -out * digamma(ew.where(left, 1, x)))


rgamma: Operation = special("rgamma", _reciprocal_slope)

# --- quotients ------------------------------------------------------------------------------------
# polygamma(n, z + m) - polygamma(n, z), of (n, z, m)
_gap: Operation = part(
    "polygamma_gap",
    stirling.polygamma_gap,
    None,
    lambda x, y, z: _gap(x + 1, y, z),
    lambda x, y, z: polygamma(x + 1, y + z),
    other=lambda xp, n, z, m: polygamma(n, z + m) - polygamma(n, z),
)
beta = special(
    "beta",
    lambda x, y, out: -out * _gap(0, x, y),
    lambda x, y, out: -out * _gap(0, y, x),
)
betaln = special(
    "betaln",
    lambda x, y: -_gap(0, x, y),
    lambda x, y: -_gap(0, y, x),
    other=lambda xp, a, b: gammaln(a) + gammaln(b) - gammaln(a + b),
)


def _is_pole(x: Any) -> Any:
    return ew.logical_and(ew.less_equal(x, 0), ew.equal(x, ew.floor(x)))


def _poch_slope(z: Any, m: Any, out: Any) -> Any:
    """By z; where poch is zero because 1/gamma(z) is, by the slope of that."""
    zero = ew.logical_and(_is_pole(z), ew.logical_not(_is_pole(z + m)))
    pole, end = ew.where(zero, z, 0), ew.where(zero, z + m, 1)
    at_zero = gamma(end) * (_reflected_slope(pole) + rgamma(pole) * digamma(end))
    return ew.where(zero, at_zero, out * _gap(0, ew.where(zero, 1, z), m))


poch = special(
    "poch",
    lambda x, y, out: _poch_slope(x, y, out),
    lambda x, y, out: out * digamma(x + y),
)


def _binom_slope(n: Any, k: Any, out: Any, by_n: bool) -> Any:
    """By n or by k; where binom is zero because a 1/gamma is, by the slope of that."""
    zero = ew.logical_or(_is_pole(n - k + 1), _is_pole(k + 1))
    inside = ew.where(zero, 0, k)
    if by_n:
        gap = _gap(0, n - inside + 1, inside)
    else:
        gap = _gap(0, inside + 1, n - 2 * inside)
    k, m = ew.where(zero, k, 0), ew.where(zero, n, 0)
    of_k, of_d = rgamma(k + 1), rgamma(m - k + 1)
    by_d = of_k * _reciprocal_slope(m - k + 1, of_d)
    if by_n:
        at_zero = by_d + digamma(m + 1) * of_k * of_d
    else:
        at_zero = _reciprocal_slope(k + 1, of_k) * of_d - by_d
    return ew.where(zero, gamma(m + 1) * at_zero, out * gap)


binom = special(
    "binom",
    lambda x, y, out: _binom_slope(x, y, out, by_n=True),
    lambda x, y, out: _binom_slope(x, y, out, by_n=False),
)


def _refuse_exact(name: str, exact: bool) -> None:
    if exact:
        raise UnsupportedError(
            f"{name}(exact=True) counts with Python's integers, which have no derivative; "
            f"call scipy.special.{name}"
        )


def factorial(n: Any, exact: bool = False) -> Any:
    """Factorial, gamma(n + 1); zero for negative n.

    Parameters
    ----------
    n : array_like
    exact : bool
        Only False: floating point.

    Examples
    --------
    >>> factorial([3.0, 4.0])
    array([ 6., 24.])
    """
    _refuse_exact("factorial", exact)
    n = array_operand(n)
    below = ew.less(n, 0)
    return ew.where(below, 0, gamma(ew.where(below, 1, n) + 1.0))


def comb(N: Any, k: Any, *, exact: bool = False, repetition: bool = False) -> Any:
    """How many ways there are to choose k of N; zero outside of 0 <= k <= N.

    Parameters
    ----------
    N, k : array_like
    exact : bool
        Only False: floating point.
    repetition : bool
        Whether an element may be chosen again.

    Examples
    --------
    >>> comb(4.0, [1.0, 2.0])
    array([4., 6.])
    """
    _refuse_exact("comb", exact)
    N, k = array_operand(N), array_operand(k)
    if repetition:
        return comb(N + k - 1, k)
    inside = ew.logical_and(ew.less_equal(k, N), ew.greater_equal(k, 0))
    return ew.where(inside, binom(N, k), 0)


def perm(N: Any, k: Any, exact: bool = False) -> Any:
    """How many sequences of k different ones of N there are; zero outside of 0 <= k <= N.

    Parameters
    ----------
    N, k : array_like
    exact : bool
        Only False: floating point.

    Examples
    --------
    >>> perm(4.0, [1.0, 2.0])
    array([ 4., 12.])
    """
    _refuse_exact("perm", exact)
    N, k = array_operand(N), array_operand(k)
    inside = ew.logical_and(ew.less_equal(k, N), ew.greater_equal(k, 0))
    return ew.where(inside, poch(N - k + 1, k), 0)


def multigammaln(a: Any, d: int) -> Any:
    """Logarithm of the multivariate gamma function of d dimensions.

    Parameters
    ----------
    a : array_like
        Greater than (d - 1) / 2, which is not checked; the result is of no use elsewhere.
    d : int
        Number of dimensions.

    Examples
    --------
    >>> float(multigammaln(1.0, 1))
    0.0
    """
    if not float(d).is_integer() or d < 1:
        raise ArgumentError(f"multigammaln: d is a positive integer, got {d!r}")
    a = array_operand(a)
    halves = np.arange(int(d)) * 0.5
    if np.dtype(a.dtype).kind == "f":
        halves = halves.astype(a.dtype)
    constant = d * (d - 1) / 4 * math.log(math.pi)
    return constant + sum(gammaln(expand_dims(a, -1) - halves), axis=-1)
