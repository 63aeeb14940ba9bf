"""Multivariate distributions against scipy.stats."""

import numpy as np
import pytest
import scipy.stats

import tenrso_ad as ta
from tenrso_ad import stats
from tests.ops.table import Case, definite, each, normal, positive

INF = np.inf


def simplex(*shape):
    """Columns of positive numbers that sum to one."""

    def draw(rng):
        x = rng.uniform(0.5, 1.5, size=shape)
        return x / x.sum(axis=0)

    return draw


def symmetric(a):
    return 0.5 * (a + np.swapaxes(a, -1, -2))


def dirichlet(module):
    """Of unnormalised columns, so that differences stay on the simplex."""
    return lambda x, alpha: module.dirichlet.logpdf(x / x.sum(axis=0), alpha)


@each(
    [
        Case("multivariate_normal", lambda x, m, c: stats.multivariate_normal.logpdf(
                 x, m, symmetric(c)),
             normal(3, 2), normal(2), definite(2, 2),
             reference=scipy.stats.multivariate_normal.logpdf),
        Case("multivariate_normal of a diagonal", stats.multivariate_normal.logpdf,
             normal(2), normal(2), positive(2),
             reference=scipy.stats.multivariate_normal.logpdf),
        Case("dirichlet", dirichlet(stats), positive(3, 2), positive(3),
             reference=dirichlet(scipy.stats)),
        Case("wishart", lambda x, df, s: stats.wishart.logpdf(symmetric(x), df, symmetric(s)),
             definite(2, 2), np.array(3.5), definite(2, 2),
             reference=lambda x, df, s: scipy.stats.wishart.logpdf(x, float(df), s)),
        Case("multinomial", lambda p: stats.multinomial.logpmf([[1, 0, 2], [3, 1, 0]], [3, 4], p),
             simplex(3), reference=lambda p: scipy.stats.multinomial.logpmf(
                 [[1, 0, 2], [3, 1, 0]], [3, 4], p)),
    ]
)  # fmt: skip
def test_log_densities(check):
    check()


def test_forms_of_arguments(rng):
    x, p = rng.normal(size=(4, 3)), np.array([0.2, 0.3, 0.5])
    ours, theirs = stats.multivariate_normal, scipy.stats.multivariate_normal
    ones, diagonal = [1.0] * 3, [1.0, 2.0, 3.0]
    for args in [(x[:, 0],), (x, ones, 2.0), (x, ones, diagonal), (x, None, np.diag(diagonal))]:
        np.testing.assert_allclose(ours.logpdf(*args), theirs.logpdf(*args), rtol=1e-12)
    np.testing.assert_allclose(ours.pdf(0.5, 1.0, 2.0), theirs.pdf(0.5, 1.0, 2.0))
    a = np.array([1.5, 2.0, 3.0])
    np.testing.assert_allclose(
        stats.dirichlet.logpdf(p[:2], a), scipy.stats.dirichlet.logpdf(p[:2], a), rtol=1e-12
    )
    np.testing.assert_allclose(stats.dirichlet.pdf(p, a), scipy.stats.dirichlet.pdf(p, a))
    w = np.moveaxis(scipy.stats.wishart.rvs(5, np.eye(2), 3, random_state=rng), 0, 2)
    np.testing.assert_allclose(
        stats.wishart.logpdf(w, 5, np.eye(2)), scipy.stats.wishart.logpdf(w, 5, np.eye(2))
    )
    assert stats.wishart.pdf(w, 5.0, np.eye(2)).shape == (3,)
    for args in [(2.0, 3, 1.5), (np.array([1.0, 2.0]), 3, 1.5), ([1.0, 2.0], 3, [1.0, 2.0])]:
        np.testing.assert_allclose(stats.wishart.logpdf(*args), scipy.stats.wishart.logpdf(*args))
    assert stats.multinomial.pmf([1, 1, 1], 3, p) == pytest.approx(6 * 0.03)


def test_outside_of_the_support():
    assert stats.dirichlet.logpdf([0.5, 0.6], [1.0, 1.0]) == -INF
    assert stats.dirichlet.logpdf([-0.5, 1.5], [1.0, 1.0]) == -INF
    assert np.isnan(stats.dirichlet.logpdf([0.5, 0.5], [2.0, -0.5]))
    p = np.array([0.25, 0.75])
    for counts in ([1, 1], [4, -1], [1.5, 1.5]):
        assert stats.multinomial.logpmf(counts, 3, p) == -INF
    gradient = ta.grad(lambda p: stats.multinomial.logpmf([1, 1], 3, p))(p)
    np.testing.assert_array_equal(gradient, 0.0)
    assert np.isnan(stats.multinomial.logpmf([1, 2], 3, [0.5, 1.5]))
    assert np.isnan(stats.wishart.logpdf(np.eye(2), 0.5, np.eye(2)))
    zero = ta.grad(lambda p: stats.multinomial.logpmf([0, 3], 3, p))(np.array([0.0, 1.0]))
    np.testing.assert_array_equal(zero, [0.0, 3.0])


def test_errors():
    normal = stats.multivariate_normal
    for call, kind, words in [
        (lambda: normal.logpdf(0.0, allow_singular=True), "UnsupportedError", "allow_singular"),
        (lambda: normal.logpdf(np.zeros(2), np.zeros(3)), "ShapeError", "3 dimensions"),
        (lambda: normal.logpdf(np.zeros(2), np.zeros(2), np.eye(3)), "ShapeError", "number of dim"),
        (lambda: normal.logpdf(np.zeros(2), None, -np.eye(2)), "LinAlgError", "cholesky"),
        (lambda: stats.dirichlet.logpdf(np.ones(4), np.ones(2)), "ShapeError", "dirichlet"),
        (lambda: stats.wishart.logpdf(np.eye(3), 3, np.eye(2)), "ShapeError", "wishart"),
    ]:
        with pytest.raises(getattr(ta.errors, kind), match=words):
            call()
    with pytest.raises(ta.errors.NotDifferentiableError, match=r"multinomial .* in x"):
        ta.grad(lambda x: stats.multinomial.logpmf(x, 3, [0.5, 0.5]))(np.array([1.0, 2.0]))
