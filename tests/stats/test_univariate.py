"""Univariate distributions: values of scipy.stats, derivatives, edges of the support, errors."""

import inspect

import numpy as np
import pytest
import scipy.stats

import tenrso_ad as ta
from tenrso_ad import stats
from tenrso_ad.stats.distribution import Continuous, Discrete
from tenrso_ad.testing import check_gradients
from tests.ops.table import Case, each, normal, positive, uniform

INF = np.inf
UNIT, PROBABILITY = uniform(0.3, 1.2, 2), uniform(0.2, 0.8, 2)
COUNTS = np.array([0, 3])

# points, parameters
CONTINUOUS = {
    "norm": (normal(2), ()),
    "laplace": (normal(2), ()),
    "cauchy": (normal(2), ()),
    "logistic": (normal(2), ()),
    "t": (normal(2), (positive(2),)),
    "gumbel_r": (normal(2), ()),
    "gumbel_l": (normal(2), ()),
    "vonmises": (normal(2), (positive(2),)),
    "expon": (positive(2), ()),
    "gamma": (positive(2), (positive(2),)),
    "chi2": (positive(2), (positive(2),)),
    "invgamma": (positive(2), (positive(2),)),
    "lognorm": (positive(2), (positive(2),)),
    "weibull_min": (positive(2), (positive(2),)),
    "pareto": (uniform(2.0, 4.0, 2), (positive(2),)),
    "halfnorm": (positive(2), ()),
    "halfcauchy": (positive(2), ()),
    "uniform": (UNIT, ()),
    "beta": (UNIT, (positive(2), positive(2))),
    "truncnorm": (UNIT, (uniform(-2.0, -1.0, 2), uniform(1.0, 2.0, 2))),
}
DISCRETE = {
    "bernoulli": (np.array([0, 1]), (PROBABILITY,)),
    "binom": (COUNTS, (np.array([5, 3]), PROBABILITY)),
    "poisson": (COUNTS, (positive(2),)),
    "geom": (COUNTS + 1, (PROBABILITY,)),
    "nbinom": (COUNTS, (positive(2), PROBABILITY)),
    "betabinom": (COUNTS, (np.array([5, 3]), positive(2), positive(2))),
}
LOC_SCALE = {"loc": 0.2, "scale": 1.3}
NO_CDF = {"vonmises", "betabinom"}


def test_every_distribution_is_in_a_table():
    kinds = {name: type(getattr(stats, name)) for name in stats.__all__}
    assert {n for n, kind in kinds.items() if kind is Continuous} == set(CONTINUOUS)
    assert {n for n, kind in kinds.items() if kind is Discrete} == set(DISCRETE)


def log_density(module, name):
    if name in CONTINUOUS:
        return lambda x, *shapes: getattr(module, name).logpdf(x, *shapes, **LOC_SCALE)
    return lambda k, *shapes: getattr(module, name).logpmf(k, *shapes)


@each(
    [
        Case(name, log_density(stats, name), point, *shapes,
             reference=log_density(scipy.stats, name))
        for name, (point, shapes) in (CONTINUOUS | DISCRETE).items()
    ]
    + [
        Case("norm of all", stats.norm.logpdf, normal(2), normal(2), positive(2),
             reference=scipy.stats.norm.logpdf),
    ]
)  # fmt: skip
def test_log_densities(check):
    check()


TAILS = ("cdf", "sf", "logcdf", "logsf")


@pytest.mark.parametrize("name", sorted(set(CONTINUOUS | DISCRETE) - NO_CDF))
def test_tails(name, rng):
    """Values of SciPy; gradients in the point, the density, and in every parameter."""
    draws = (CONTINUOUS | DISCRETE)[name]
    x, *shapes = [d(rng) if callable(d) else d for d in (draws[0], *draws[1])]
    ours, theirs = getattr(stats, name), getattr(scipy.stats, name)
    outside = np.array([-INF, -3.0, 0.0, 1.0, 20.0, INF, np.nan])
    for what in TAILS:
        with np.errstate(all="ignore"):
            actual = getattr(ours, what)(x, *shapes), getattr(ours, what)(outside, *first(shapes))
            expected = (
                getattr(theirs, what)(x, *shapes),
                getattr(theirs, what)(outside, *first(shapes)),
            )
        for a, e in zip(actual, expected, strict=True):
            np.testing.assert_allclose(a, e, rtol=1e-11, atol=1e-15, err_msg=what)
    moving = [s for s in shapes if s.dtype.kind == "f"]
    fixed = [s for s in shapes if s.dtype.kind != "f"]
    if moving:
        check_gradients(lambda *ps: ours.sf(x, *fixed, *ps), moving, order=1).raise_if_failed()
        check_gradients(lambda *ps: ours.cdf(x, *fixed, *ps), moving, order=1).raise_if_failed()
    if name in CONTINUOUS:
        density = ta.grad(lambda x: np.sum(ours.cdf(x, *shapes)))(x)
        np.testing.assert_allclose(density, ours.pdf(x, *shapes), rtol=1e-11)
    np.testing.assert_allclose(density_of(ours)(x, *shapes), density_of(theirs)(x, *shapes))


def first(shapes):
    return [s[0] for s in shapes]


def density_of(distribution):
    return distribution.pdf if hasattr(distribution, "pdf") else distribution.pmf


@pytest.mark.parametrize("name", CONTINUOUS | DISCRETE)
def test_outside_of_the_support_and_at_its_edges(name, rng):
    """-inf as SciPy's, and gradients that are zero there and never NaN under a zero cotangent."""
    shapes = [d(rng)[0] if callable(d) else d[0] for d in (CONTINUOUS | DISCRETE)[name][1]]
    what = "logpdf" if name in CONTINUOUS else "logpmf"
    ours, theirs = (getattr(getattr(m, name), what) for m in (stats, scipy.stats))
    points = np.array([-7.5, -1.0, 0.0, 0.25, 1.0, 3.0, 50.0])
    values = ours(points, *shapes)
    np.testing.assert_allclose(values, theirs(points, *shapes), rtol=1e-12)
    with np.errstate(invalid="ignore"):
        assert name == "vonmises" or ours(INF, *shapes) == ours(-INF, *shapes) == -INF
        assert np.isnan(ours(np.nan, *shapes))
    moving = [i for i, s in enumerate(shapes, 1) if isinstance(s, np.floating)]
    places = tuple([0] * (name in CONTINUOUS) + moving)
    low, high = getattr(scipy.stats, name).support(*shapes)
    outside = (points < low) | (points > high)
    args = points, *map(np.asarray, shapes)
    if places:
        for gradient in ta.grad(lambda *a: np.sum(ours(*a)[outside]), argnums=places)(*args):
            np.testing.assert_array_equal(gradient, 0.0)
        for gradient in ta.grad(lambda *a: np.sum(0.0 * finite(ours(*a))), argnums=places)(*args):
            np.testing.assert_array_equal(gradient, 0.0)


def finite(values):
    return np.where(np.isinf(values), 0.0, values)


def test_edges_that_belong_to_the_support():
    assert stats.gamma.logpdf(0.0, 1.0) == 0.0
    assert stats.gamma.logpdf(0.0, 0.5) == INF
    assert ta.grad(stats.gamma.logpdf)(0.0, 1.0) == -1.0
    assert stats.beta.logpdf(1.0, 2.0, 1.0) == np.log(2.0)
    assert ta.grad(stats.beta.logpdf)(0.0, 1.0, 1.0) == 0.0
    assert ta.grad(stats.poisson.logpmf, argnums=1)(0, 0.0) == -1.0
    assert ta.grad(stats.binom.logpmf, argnums=2)(0, 3, 0.0) == -3.0
    assert stats.bernoulli.logpmf(1, 1.0) == 0.0


@pytest.mark.parametrize(
    ("call", "shapes"),
    [
        (stats.norm.logpdf, {"scale": 0.0}),
        (stats.norm.cdf, {"scale": -1.0}),
        (stats.gamma.logpdf, {"a": -1.0}),
        (stats.truncnorm.logpdf, {"a": 1.0, "b": 0.0}),
        (stats.binom.logpmf, {"n": 2.5, "p": 0.5}),
        (stats.binom.logpmf, {"n": 2, "p": 1.5}),
        (stats.geom.logpmf, {"p": 0.0}),
        (stats.vonmises.logpdf, {"kappa": np.nan}),
    ],
)
def test_parameters_of_no_distribution(call, shapes):
    with np.errstate(all="ignore"):
        assert np.isnan(call(1.0, **shapes))


def test_far_tails():
    assert stats.norm.logsf(1e4) == pytest.approx(-50000010.12927891)
    far = stats.truncnorm.logpdf(31.0, 30.0, 40.0)
    assert far == pytest.approx(scipy.stats.truncnorm.logpdf(31.0, 30.0, 40.0), rel=1e-12)
    slope = ta.grad(stats.truncnorm.logpdf, argnums=1)(31.0, 30.0, 40.0)
    np.testing.assert_allclose(slope, np.exp(stats.truncnorm.logpdf(30.0, 30.0, 40.0)), rtol=1e-12)
    assert ta.grad(stats.t.cdf, argnums=1)(0.0, 3.0) == 0.0
    assert ta.grad(stats.laplace.cdf)(0.0) == 0.5


def test_dtypes_numbers_and_lists():
    x = np.array([1, 2], np.float32)
    assert stats.norm.logpdf(x, 1, 2.0).dtype == np.float32
    assert stats.poisson.logpmf([1, 2], np.float32(2.0)).dtype == np.float32
    assert stats.norm.logpdf(1).dtype == stats.norm.logpdf([1, 2]).dtype == np.float64
    np.testing.assert_array_equal(stats.norm.logpdf([1.0, 2.0]), stats.norm.logpdf(x.astype(float)))


def test_parameters_by_place_and_by_name():
    for name in CONTINUOUS | DISCRETE:
        shapes = getattr(scipy.stats, name).shapes
        assert getattr(stats, name).shapes == (shapes or "").replace(",", "")
    assert stats.gamma.logpdf(2.0, 3.0, 1.0, 2.0) == stats.gamma.logpdf(2.0, scale=2.0, loc=1, a=3)
    assert repr(stats.gamma) == "<gamma(a, loc=0.0, scale=1.0)>"
    for call, words in [
        (lambda: stats.gamma.logpdf(1.0), "gamma.*logpdf needs a"),
        (lambda: stats.gamma.logpdf(1.0, 2.0, a=3.0), "got a twice"),
        (lambda: stats.gamma.logpdf(1.0, 2.0, 0.0, 1.0, 5.0), "takes 3 parameters, got 4"),
        (lambda: stats.poisson.logpmf(1, 2.0, scale=1.0), "no parameter scale"),
    ]:
        with pytest.raises(ta.errors.ArgumentError, match=words):
            call()


def test_what_is_refused():
    with pytest.raises(ta.errors.UnsupportedError, match="vonmises has no cdf"):
        stats.vonmises.cdf(0.5, 1.0)
    with pytest.raises(ta.errors.NotDifferentiableError, match=r"poisson .* in k"):
        ta.grad(stats.poisson.logpmf)(2.0, 1.5)
    with pytest.raises(ta.errors.NotDifferentiableError, match=r"binom .* in n"):
        ta.grad(stats.binom.logpmf, argnums=1)(2.0, 5.0, 0.5)


def test_every_distribution_is_documented():
    for name in stats.__all__:
        distribution = getattr(stats, name)
        assert inspect.getdoc(distribution)
        for what in ("logpdf", "logpmf"):
            assert inspect.getdoc(getattr(distribution, what, distribution))
