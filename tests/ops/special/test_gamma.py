"""The gamma function and what is made of it; zeta."""

import math

import mpmath
import numpy as np
import pytest
import scipy.special

import tenrso_ad as ta
from tenrso_ad import special
from tests.ops.special.derivatives import check_against
from tests.ops.table import Case, each, normal, positive, uniform

COMPLEX = {"gamma", "rgamma", "loggamma", "digamma", "polygamma"}


def lines():
    for name in ("gamma", "rgamma", "gammaln", "loggamma", "digamma", "factorial", "zeta"):
        draw = uniform(1.5, 4.0, 3) if name == "zeta" else positive(3)
        yield name, getattr(special, name), (draw,), getattr(scipy.special, name)
    for name in ("beta", "betaln", "poch"):
        yield name, getattr(special, name), (positive(3), positive(3)), getattr(scipy.special, name)
    for name in ("binom", "comb", "perm"):
        draws = (uniform(4.0, 5.0, 3), uniform(1.0, 3.0, 3))
        yield name, getattr(special, name), draws, getattr(scipy.special, name)
    yield (
        "comb repetition",
        lambda n, k: special.comb(n, k, repetition=True),
        (uniform(4.0, 5.0, 3), uniform(1.0, 3.0, 3)),
        lambda n, k: scipy.special.comb(n, k, repetition=True),
    )
    yield (
        "polygamma",
        lambda x: special.polygamma(2, x),
        (positive(3),),
        None,
    )
    yield (
        "multigammaln",
        lambda a: special.multigammaln(a, 3),
        (uniform(1.5, 3.0, 3),),
        lambda a: scipy.special.multigammaln(a, 3),
    )
    yield (
        "zeta of Hurwitz",
        special.zeta,
        (uniform(1.5, 4.0, 3), positive(3)),
        scipy.special.zeta,
    )


@each(
    [
        Case(name, function, *draws, reference=reference, complex=name in COMPLEX)
        for name, function, draws, reference in lines()
    ]
    + [
        Case("gammasgn", special.gammasgn, normal(3), reference=scipy.special.gammasgn,
             differentiable=False),
    ]
)  # fmt: skip
def test_gamma_functions(check):
    check()


@pytest.mark.parametrize(
    ("name", "exact", "points"),
    [
        ("gamma", mpmath.gamma, (-2.5, 0.1, 20.0)),
        ("rgamma", mpmath.rgamma, (-3.0, -2.5, 0.0, 3.0)),
        ("gammaln", lambda x: mpmath.log(abs(mpmath.gamma(x))), (-2.5, 1e-5, 3.0, 1e6)),
        ("digamma", mpmath.digamma, (-2.5, 1e-5, 3.0, 1e6)),
        ("zeta", mpmath.zeta, (-20.0, -2.0, 0.0, 0.5, 1.01, 2.0, 40.0)),
    ],
)
def test_two_derivatives(name, exact, points):
    for x in points:
        check_against(exact, getattr(special, name), x, rtol=3e-14)


@pytest.mark.parametrize("s", [1.1, 3.0])
@pytest.mark.parametrize("q", [0.1, 7.0, 300.0])
def test_hurwitz_zeta_in_both_arguments(s, q):
    check_against(lambda s: mpmath.zeta(s, q), lambda s: special.zeta(s, q), s)
    check_against(lambda q: mpmath.zeta(s, q), lambda q: special.zeta(s, q), q)


def test_differences_of_digammas_do_not_cancel():
    with mpmath.workdps(40):
        exact = mpmath.digamma(mpmath.mpf(1e8)) - mpmath.digamma(mpmath.mpf(1e8) + 2)
    gradient = ta.grad(lambda a: special.betaln(a, 2.0))(1e8)
    np.testing.assert_allclose(gradient, float(exact), rtol=1e-14)


def test_zeros_where_the_textbook_derivative_is_zero_times_infinity():
    for z in (-4.0, -2.0, -1.0, 0.0, 1.0):
        check_against(lambda z: z * (z + 1) * (z + 2), lambda z: special.poch(z, 3.0), z)
    for n in (0.0, 1.0, 2.0, 3.0):
        check_against(lambda n: n * (n - 1) * (n - 2) / 6, lambda n: special.binom(n, 3.0), n)

    def binom(k):
        return mpmath.gamma(5) * mpmath.rgamma(k + 1) * mpmath.rgamma(5 - k)

    for k in (-1.0, 0.0, 5.0, 6.0):
        check_against(binom, lambda k: special.binom(4.0, k), k)


def test_poles():
    with np.errstate(all="ignore"):
        assert ta.grad(special.gammaln)(0.0) == -np.inf
        assert np.isnan(ta.grad(special.gammaln)(-1.0))  # infinite to either side
        assert ta.grad(special.digamma)(0.0) == np.inf
        for f in (special.gamma, special.gammaln, special.digamma):
            for x in (0.0, -1.0):
                assert ta.vjp(f, np.array(x))[1](np.array(0.0)) == (0.0,)


@pytest.mark.parametrize("n", [1, 2, 5])
def test_complex_polygamma(n):
    for z in (0.3 + 2j, -7.5 - 0.2j, -3 + 300j, 40 - 1j):
        exact = complex(mpmath.polygamma(n, mpmath.mpc(z)))
        np.testing.assert_allclose(special.polygamma(n, z), exact, rtol=1e-13)
    z = np.array([1 + 1j, 2 - 1j])
    np.testing.assert_allclose(
        special.polygamma(np.array([0, n]), z),
        [special.polygamma(0, z[0]), special.polygamma(n, z[1])],
    )


def test_factorials_outside_of_their_domain():
    np.testing.assert_array_equal(special.factorial([-1, 0, 3]), [0.0, 1.0, 6.0])
    np.testing.assert_array_equal(special.comb(3, [-1, 2, 4]), [0.0, 3.0, 0.0])
    np.testing.assert_array_equal(special.perm(3, [-1, 2, 4]), [0.0, 6.0, 0.0])


def test_errors():
    for f in (special.comb, special.perm):
        with pytest.raises(ta.errors.UnsupportedError, match=rf"{f.__name__}.*Python's integers"):
            f(3.0, 2.0, exact=True)
    with pytest.raises(ta.errors.UnsupportedError, match="factorial"):
        special.factorial(3.0, exact=True)
    with pytest.raises(ta.errors.ArgumentError, match="positive integer"):
        special.multigammaln(2.0, 0)
    with pytest.raises(ta.errors.NotDifferentiableError, match=r"polygamma.*the order n"):
        ta.grad(lambda n: special.polygamma(n, 2.0))(1.0)
    with pytest.raises(ta.errors.NotDifferentiableError, match=r"zeta.*complex"):
        ta.grad(lambda s: special.zeta(s).real)(2 + 1j)


def test_multigammaln_of_one_dimension():
    assert special.multigammaln(2.5, 1) == pytest.approx(math.lgamma(2.5))
    assert special.multigammaln(np.float32(2.5), 2).dtype == np.float32
