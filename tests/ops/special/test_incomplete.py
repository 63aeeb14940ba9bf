"""Incomplete gamma and beta functions, by their parameters too, against mpmath's integrals."""

import mpmath
import numpy as np
import pytest
import scipy.special

import tenrso_ad as ta
from tenrso_ad import special
from tests.ops.table import Case, each, normal, positive, uniform

PROBABILITY = uniform(0.2, 0.8, 2)
OPERANDS = {
    "gammainc": (positive(2), positive(2)),
    "gammaincc": (positive(2), positive(2)),
    "gammaincinv": (positive(2), PROBABILITY),
    "gammainccinv": (positive(2), PROBABILITY),
    "stdtr": (positive(2), normal(2)),
    "betainc": (positive(2), positive(2), PROBABILITY),
    "betaincc": (positive(2), positive(2), PROBABILITY),
    "betaincinv": (positive(2), positive(2), PROBABILITY),
    "betainccinv": (positive(2), positive(2), PROBABILITY),
}


@each(
    [
        Case(name, getattr(special, name), *draws, reference=getattr(scipy.special, name))
        for name, draws in OPERANDS.items()
    ]
)
def test_incomplete_functions(check):
    check()


def gamma_slope(n, a, x):
    """Derivative of order n of P(a, x) by a, the integral of the density's."""
    a, x = mpmath.mpf(a), mpmath.mpf(x)
    return mpmath.diff(lambda a: mpmath.gammainc(a, 0, x, regularized=True), a, n, h=a * STEP)


def beta_slope(m, n, a, b, x):
    a, b, x = map(mpmath.mpf, (a, b, x))

    def value(i, j):
        return mpmath.betainc(a + i * a * STEP, b + j * b * STEP, 0, x, regularized=True)

    unit = (a * STEP) ** m * (b * STEP) ** n
    stencils = {
        (1, 0): [(1, 0, 0.5), (-1, 0, -0.5)],
        (0, 1): [(0, 1, 0.5), (0, -1, -0.5)],
        (1, 1): [(1, 1, 0.25), (1, -1, -0.25), (-1, 1, -0.25), (-1, -1, 0.25)],
        (0, 2): [(0, 1, 1), (0, 0, -2), (0, -1, 1)],
    }
    return sum(weight * value(i, j) for i, j, weight in stencils[m, n]) / unit


STEP = mpmath.mpf(10) ** -15


def derivative(function, *orders):
    """Of a function of several numbers, to an order in each."""
    for place, order in enumerate(orders):
        for _ in range(order):
            function = ta.grad(function, argnums=place)
    return function


@pytest.mark.parametrize("a", [1e-6, 1e-3, 0.5, 1.0, 10.0, 300.0, 1e4])
def test_slopes_of_gammainc(a):
    for ratio in (1e-12, 1e-3, 0.3, 0.9, 1.1, 3.0):
        x = ratio * max(a, 3.0)
        for n in (1, 2):
            with mpmath.workdps(60):
                exact = float(gamma_slope(n, a, x))
            if abs(exact) > 1e-30:
                actual = derivative(special.gammainc, n)(a, x)
                np.testing.assert_allclose(actual, exact, rtol=2e-12, err_msg=f"{n} {x}")


@pytest.mark.parametrize(
    ("a", "b", "x"),
    [
        (1e-3, 0.5, 0.3),
        (0.02, 140.0, 1e-12),
        (2.0, 3.0, 0.4),
        (3.0, 0.7, 0.999),
        (30.0, 1000.0, 0.02),
        (1000.0, 30.0, 0.98),
        (200.0, 200.0, 0.6),
    ],
)
def test_slopes_of_betainc(a, b, x):
    for orders in ((1, 0), (0, 1), (1, 1), (0, 2)):
        with mpmath.workdps(60):
            exact = float(beta_slope(*orders, a, b, x))
        actual = derivative(special.betainc, *orders)(a, b, x)
        np.testing.assert_allclose(actual, exact, rtol=3e-12, err_msg=str(orders))


@pytest.mark.parametrize("t", [-1e6, -2.0, -1e-6, 0.0, 0.5, 30.0])
def test_students_t_by_degrees_of_freedom(t):
    with mpmath.workdps(60):

        def lower(df):
            x = mpmath.mpf(t)
            half = mpmath.betainc(0.5, df / 2, 0, x * x / (df + x * x), regularized=True) / 2
            return 0.5 + mpmath.sign(x) * half

        exact = [float(mpmath.diff(lower, 3, n, h=STEP)) for n in (1, 2)]
    actual = [derivative(special.stdtr, n)(3.0, t) for n in (1, 2)]
    np.testing.assert_allclose(actual, exact, rtol=1e-12)


def test_large_parameters():
    """Where exponents of the density are differences of numbers of the size of a log(a)."""
    a = 1e6
    with mpmath.workdps(40):
        log = a * mpmath.log(a) - a - mpmath.loggamma(a + 1)
        gamma_density = float(mpmath.exp(log))
        log = 2 * mpmath.loggamma(a) - mpmath.loggamma(2 * a)
        beta_density = float(mpmath.mpf(0.5) ** (2 * a - 2) * mpmath.exp(-log))
    np.testing.assert_allclose(
        [
            ta.grad(special.gammainc, argnums=1)(a, a),
            ta.grad(special.betainc, argnums=2)(a, a, 0.5),
        ],
        [gamma_density, beta_density],
        rtol=1e-12,
    )


@pytest.mark.parametrize("x", [1e-300, 1e-12, 0.3])
def test_densities_at_small_points(x):
    """Far below the mean, where the logarithm is not that of a number close to one."""
    np.testing.assert_allclose(
        ta.grad(special.gammainc, argnums=1)(2.0, x), x * np.exp(-x), rtol=5e-13
    )
    np.testing.assert_allclose(
        ta.grad(special.betainc, argnums=2)(2.0, 3.0, x), 12 * x * (1 - x) ** 2, rtol=5e-13
    )


def test_ends_and_outside():
    every = ta.grad(special.gammainc, argnums=(0, 1))
    assert every(2.0, 0.0) == (0.0, 0.0)
    assert every(2.0, np.inf) == (0.0, 0.0)
    assert every(1.0, 0.0)[1] == 1.0
    np.testing.assert_allclose(every(0.0, 2.0)[0], -scipy.special.exp1(2.0), rtol=1e-13)
    assert np.isnan(every(-1.0, 2.0)).all()
    every = ta.grad(special.betainc, argnums=(0, 1, 2))
    assert every(2.0, 3.0, 0.0) == (0.0, 0.0, 0.0)
    assert every(2.0, 3.0, 1.0) == (0.0, 0.0, 0.0)
    assert every(2.0, 1.0, 1.0)[2] == 2.0
    assert np.isnan(every(2.0, 3.0, 1.5)).all()


def test_a_value_and_its_complement_have_opposite_slopes():
    p = ta.grad(special.gammainc, argnums=(0, 1))(3.0, 2.0)
    q = ta.grad(special.gammaincc, argnums=(0, 1))(3.0, 2.0)
    np.testing.assert_array_equal(np.add(p, q), 0.0)


def test_float32():
    a = np.float32(2.5)
    gradient = ta.grad(special.gammainc)(a, np.float32(1.5))
    assert gradient.dtype == np.float32
    np.testing.assert_allclose(gradient, ta.grad(special.gammainc)(2.5, 1.5), rtol=1e-6)
