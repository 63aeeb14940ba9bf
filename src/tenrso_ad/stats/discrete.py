"""Discrete distributions: the masses with loc 0, one table."""

from __future__ import annotations

from typing import Any

from .. import numpy as tnp
from .. import special
from .distribution import Discrete, all_of, is_whole, positive


def log_binomial(n: Any, k: Any) -> Any:
    """Logarithm of n over k."""
    return -tnp.log1p(n) - special.betaln(n - k + 1, k + 1)


def _is_number(n: Any) -> Any:
    return all_of(tnp.greater_equal(n, 0), is_whole(n))


def is_probability(p: Any) -> Any:
    """Whether it is between 0 and 1."""
    return all_of(tnp.greater_equal(p, 0), tnp.less_equal(p, 1))


def _is_positive_probability(p: Any) -> Any:
    return all_of(is_probability(p), positive(p))


bernoulli = Discrete(
    "bernoulli",
    "p",
    lambda k, p: special.xlogy(k, p) + special.xlog1py(1 - k, -p),
    low=0.0,
    high=1.0,
    valid=is_probability,
    cumulative=lambda k, p: 1 - p + 0 * k,
    survival=lambda k, p: p + 0 * k,
)
binom = Discrete(
    "binom",
    "n p",
    lambda k, n, p: log_binomial(n, k) + special.xlogy(k, p) + special.xlog1py(n - k, -p),
    low=0.0,
    high=lambda n, p: n,
    counts="n",
    valid=lambda n, p: all_of(_is_number(n), is_probability(p)),
    cumulative=lambda k, n, p: special.betaincc(k + 1, n - k, p),
    survival=lambda k, n, p: special.betainc(k + 1, n - k, p),
)
poisson = Discrete(
    "poisson",
    "mu",
    lambda k, mu: special.xlogy(k, mu) - special.gammaln(k + 1) - mu,
    low=0.0,
    valid=lambda mu: tnp.greater_equal(mu, 0),
    cumulative=lambda k, mu: special.gammaincc(k + 1, mu),
    survival=lambda k, mu: special.gammainc(k + 1, mu),
)
geom = Discrete(
    "geom",
    "p",
    lambda k, p: special.xlog1py(k - 1, -p) + tnp.log(p),
    low=1.0,
    inside=1.0,
    valid=_is_positive_probability,
    cumulative=lambda k, p: -tnp.expm1(special.xlog1py(k, -p)),
    survival=lambda k, p: tnp.exp(special.xlog1py(k, -p)),
    log_survival=lambda k, p: special.xlog1py(k, -p),
)


def _negative_binomial(k: Any, n: Any, p: Any) -> Any:
    constant = -tnp.log(n + k) - special.betaln(n, k + 1)
    return constant + n * tnp.log(p) + special.xlog1py(k, -p)


nbinom = Discrete(
    "nbinom",
    "n p",
    _negative_binomial,
    low=0.0,
    valid=lambda n, p: all_of(positive(n), _is_positive_probability(p)),
    cumulative=lambda k, n, p: special.betainc(n, k + 1, p),
    survival=lambda k, n, p: special.betaincc(n, k + 1, p),
)
betabinom = Discrete(
    "betabinom",
    "n a b",
    lambda k, n, a, b: log_binomial(n, k) + special.betaln(k + a, n - k + b) - special.betaln(a, b),
    low=0.0,
    high=lambda n, a, b: n,
    counts="n",
    valid=lambda n, a, b: all_of(_is_number(n), positive(a, b)),
)
