"""Continuous distributions: the densities with loc 0 and scale 1, one table."""

from __future__ import annotations

import math
from typing import Any

from .. import numpy as tnp
from .. import special
from .distribution import INF, Continuous

_LOG_PI, _LOG_2PI = math.log(math.pi), math.log(2 * math.pi)


# --- bell curves and heavy tails, on the whole line -----------------------------------------------
def _normal(z: Any) -> Any:
    return -0.5 * (z * z) - 0.5 * _LOG_2PI


def _laplace_lower(z: Any) -> Any:
    """Its half below the median; above that, the other half."""
    negative = tnp.less(z, 0)
    left, right = tnp.where(negative, z, 0), tnp.where(negative, 0, z)
    return tnp.where(negative, 0.5 * tnp.exp(left), 1 - 0.5 * tnp.exp(-right))


def _gumbel(z: Any) -> Any:
    infinite = tnp.isinf(z)  # inf - inf at one end
    return tnp.where(infinite, -INF, z - tnp.exp(tnp.where(infinite, 0, z)))


def _t(z: Any, df: Any) -> Any:
    constant = -special.betaln(0.5 * df, 0.5) - 0.5 * tnp.log(df)
    return constant - 0.5 * (df + 1) * tnp.log1p(z * z / df)


norm = Continuous(
    "norm",
    "",
    _normal,
    cumulative=special.ndtr,
    survival=lambda z: special.ndtr(-z),
    log_cumulative=special.log_ndtr,
    log_survival=lambda z: special.log_ndtr(-z),
)
laplace = Continuous(
    "laplace",
    "",
    lambda z: -tnp.abs(z) - math.log(2),
    cumulative=_laplace_lower,
    survival=lambda z: _laplace_lower(-z),
)
cauchy = Continuous(
    "cauchy",
    "",
    lambda z: -_LOG_PI - tnp.log1p(z * z),
    cumulative=lambda z: tnp.arctan2(1.0, -z) / math.pi,
    survival=lambda z: tnp.arctan2(1.0, z) / math.pi,
)
logistic = Continuous(
    "logistic",
    "",
    lambda z: special.log_expit(z) + special.log_expit(-z),
    cumulative=special.expit,
    survival=lambda z: special.expit(-z),
    log_cumulative=special.log_expit,
    log_survival=lambda z: special.log_expit(-z),
)
t = Continuous(
    "t",
    "df",
    _t,
    cumulative=lambda z, df: special.stdtr(df, z),
    survival=lambda z, df: special.stdtr(df, -z),
)
gumbel_r = Continuous(
    "gumbel_r",
    "",
    lambda z: _gumbel(-z),
    cumulative=lambda z: tnp.exp(-tnp.exp(-z)),
    survival=lambda z: -tnp.expm1(-tnp.exp(-z)),
    log_cumulative=lambda z: -tnp.exp(-z),
)
gumbel_l = Continuous(
    "gumbel_l",
    "",
    _gumbel,
    cumulative=lambda z: -tnp.expm1(-tnp.exp(z)),
    survival=lambda z: tnp.exp(-tnp.exp(z)),
    log_survival=lambda z: -tnp.exp(z),
)
vonmises = Continuous(
    "vonmises",
    "kappa",
    lambda z, kappa: kappa * special.cosm1(z) - _LOG_2PI - tnp.log(special.i0e(kappa)),
    valid=lambda kappa: tnp.greater_equal(kappa, 0),
)


# --- on the positive half line --------------------------------------------------------------------
def _gamma(z: Any, a: Any) -> Any:
    return special.xlogy(a - 1, z) - z - special.gammaln(a)


expon = Continuous(
    "expon",
    "",
    lambda z: -z,
    low=0.0,
    cumulative=lambda z: -tnp.expm1(-z),
    survival=lambda z: tnp.exp(-z),
    log_survival=lambda z: -z,
)
gamma = Continuous(
    "gamma",
    "a",
    _gamma,
    low=0.0,
    inside=1.0,
    cumulative=lambda z, a: special.gammainc(a, z),
    survival=lambda z, a: special.gammaincc(a, z),
)
chi2 = Continuous(
    "chi2",
    "df",
    lambda z, df: _gamma(0.5 * z, 0.5 * df) - math.log(2),
    low=0.0,
    inside=1.0,
    cumulative=lambda z, df: special.gammainc(0.5 * df, 0.5 * z),
    survival=lambda z, df: special.gammaincc(0.5 * df, 0.5 * z),
)
invgamma = Continuous(
    "invgamma",
    "a",
    lambda z, a: -(a + 1) * tnp.log(z) - special.gammaln(a) - 1 / z,
    low=0.0,
    closed=False,
    inside=1.0,
    cumulative=lambda z, a: special.gammaincc(a, 1 / z),
    survival=lambda z, a: special.gammainc(a, 1 / z),
)
lognorm = Continuous(
    "lognorm",
    "s",
    lambda z, s: _normal(tnp.log(z) / s) - tnp.log(s * z),
    low=0.0,
    closed=False,
    inside=1.0,
    cumulative=lambda z, s: special.ndtr(tnp.log(z) / s),
    survival=lambda z, s: special.ndtr(-tnp.log(z) / s),
    log_cumulative=lambda z, s: special.log_ndtr(tnp.log(z) / s),
    log_survival=lambda z, s: special.log_ndtr(-tnp.log(z) / s),
)
weibull_min = Continuous(
    "weibull_min",
    "c",
    lambda z, c: tnp.log(c) + special.xlogy(c - 1, z) - z**c,
    low=0.0,
    inside=1.0,
    cumulative=lambda z, c: -tnp.expm1(-(z**c)),
    survival=lambda z, c: tnp.exp(-(z**c)),
    log_survival=lambda z, c: -(z**c),
)
pareto = Continuous(
    "pareto",
    "b",
    lambda z, b: tnp.log(b) - (b + 1) * tnp.log(z),
    low=1.0,
    inside=1.0,
    cumulative=lambda z, b: -tnp.expm1(-b * tnp.log(z)),
    survival=lambda z, b: z**-b,
    log_survival=lambda z, b: -b * tnp.log(z),
)
halfnorm = Continuous(
    "halfnorm",
    "",
    lambda z: _normal(z) + math.log(2),
    low=0.0,
    cumulative=lambda z: special.erf(z * math.sqrt(0.5)),
    survival=lambda z: special.erfc(z * math.sqrt(0.5)),
    log_survival=lambda z: special.log_ndtr(-z) + math.log(2),
)
halfcauchy = Continuous(
    "halfcauchy",
    "",
    lambda z: math.log(2) - _LOG_PI - tnp.log1p(z * z),
    low=0.0,
    cumulative=lambda z: tnp.arctan(z) * (2 / math.pi),
    survival=lambda z: tnp.arctan2(1.0, z) * (2 / math.pi),
)

# --- on an interval -------------------------------------------------------------------------------


def _log_normal_mass(a: Any, b: Any) -> Any:
    """Logarithm of the normal probability of [a, b], from the tails on the side of both."""
    flipped = tnp.greater(a, 0)
    left, right = tnp.where(flipped, -b, a), tnp.where(flipped, -a, b)
    apart = tnp.greater(right, 0)  # on both sides of the mean: the tails are not close to 1
    outer, above = tnp.where(apart, left, 0), tnp.where(apart, right, INF)
    central = tnp.log1p(-special.ndtr(outer) - special.ndtr(-above))
    lower, upper = tnp.where(apart, -1, left), tnp.where(apart, 0, right)
    log_lower, log_upper = special.log_ndtr(lower), special.log_ndtr(upper)
    return tnp.where(apart, central, log_upper + tnp.log(-tnp.expm1(log_lower - log_upper)))


uniform = Continuous(
    "uniform",
    "",
    lambda z: 0 * z,
    low=0.0,
    high=1.0,
    cumulative=lambda z: z,
    survival=lambda z: 1 - z,
)
beta = Continuous(
    "beta",
    "a b",
    lambda z, a, b: special.xlog1py(b - 1, -z) + special.xlogy(a - 1, z) - special.betaln(a, b),
    low=0.0,
    high=1.0,
    inside=0.5,
    cumulative=lambda z, a, b: special.betainc(a, b, z),
    survival=lambda z, a, b: special.betaincc(a, b, z),
)
truncnorm = Continuous(
    "truncnorm",
    "a b",
    lambda z, a, b: _normal(z) - _log_normal_mass(a, b),
    low=lambda a, b: a,
    high=lambda a, b: b,
    inside=lambda a, b: tnp.maximum(a, tnp.minimum(b, 0)),
    valid=lambda a, b: tnp.less(a, b),
    cumulative=lambda z, a, b: tnp.exp(_log_normal_mass(a, z) - _log_normal_mass(a, b)),
    survival=lambda z, a, b: tnp.exp(_log_normal_mass(z, b) - _log_normal_mass(a, b)),
    log_cumulative=lambda z, a, b: _log_normal_mass(a, z) - _log_normal_mass(a, b),
    log_survival=lambda z, a, b: _log_normal_mass(z, b) - _log_normal_mass(a, b),
)
