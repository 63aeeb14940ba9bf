"""Bessel functions by their argument; orders are refused."""

import mpmath
import numpy as np
import pytest
import scipy.special

import tenrso_ad as ta
from tenrso_ad import special
from tests.ops.special.derivatives import check_against
from tests.ops.table import Case, each, nonzero, positive

ORDERED = {"jv": 0.5, "yv": 0.5, "iv": 0.5, "kv": 0.5, "ive": 0.5, "kve": 0.5, "yn": 1, "kn": 0}
SPHERICAL = {"spherical_jn": 0, "spherical_yn": 2, "spherical_in": 1, "spherical_kn": 1}
PLAIN = ("j0", "j1", "y0", "y1", "i0", "i1", "k0", "k1", "i0e", "i1e", "k0e", "k1e")
EITHER_SIGN = {"j0", "j1", "i0", "i1", "i0e", "i1e"}


def at_order(module, name, order):
    return lambda x: getattr(module, name)(order, x)


@each(
    [
        Case(
            name,
            getattr(special, name),
            nonzero(2) if name in EITHER_SIGN else positive(2),
            reference=getattr(scipy.special, name),
        )
        for name in PLAIN
    ]
    + [
        Case(
            name,
            at_order(special, name, order),
            positive(2),
            reference=at_order(scipy.special, name, order),
            complex=name in ("jv", "yv", "iv", "kv", "kve"),
        )
        for name, order in (ORDERED | SPHERICAL).items()
    ]
)
def test_bessel_functions(check):
    check()


@pytest.mark.parametrize("v", [0.25, 2.5, 9.5])  # mpmath is slow at integers
def test_scaled_functions_at_large_arguments(v):
    """Textbook derivatives lose all digits there; the tolerance is that of just before 40."""
    for x in (3.0, 39.0, 300.0, 1e5):
        check_against(
            lambda x: mpmath.besseli(v, x) * mpmath.exp(-x),
            lambda x: special.ive(v, x),
            x,
            rtol=3e-12,
        )
        check_against(
            lambda x: mpmath.besselk(v, x) * mpmath.exp(x),
            lambda x: special.kve(v, x),
            x,
            rtol=3e-12,
        )


@pytest.mark.parametrize(
    ("name", "exact"),
    [
        ("i0e", lambda x: mpmath.besseli(0, x) * mpmath.exp(-abs(x))),
        ("i1e", lambda x: mpmath.besseli(1, x) * mpmath.exp(-abs(x))),
        ("k0e", lambda x: mpmath.besselk(0, x) * mpmath.exp(x)),
        ("k1e", lambda x: mpmath.besselk(1, x) * mpmath.exp(x)),
    ],
)
def test_scaled_functions_of_a_fixed_order_at_large_arguments(name, exact):
    for x in (5.0, 1e6) if name[0] == "k" else (5.0, 1e6, -1e6):
        check_against(exact, getattr(special, name), x, rtol=3e-14)


def test_at_zero():
    for name, slopes in {
        "j0": (0.0, -0.5, 0.0),
        "j1": (0.5, 0.0, -0.375),
        "i0": (0.0, 0.5, 0.0),
        "i1": (0.5, 0.0, 0.375),
    }.items():
        f = getattr(special, name)
        for slope in slopes:
            f = ta.grad(f)
            assert f(0.0) == slope, name
    for n, slope in {0: 0.0, 1: 0.5, 2: 0.0, 3: 0.0}.items():
        assert ta.grad(at_order(special, "jv", n))(0.0) == slope
    for n, slope in {0: 0.0, 1: 1 / 3, 2: 0.0}.items():
        assert ta.grad(at_order(special, "spherical_jn", n))(0.0) == pytest.approx(slope)
    assert ta.grad(special.i0e)(0.0) == 0.0  # a kink: the subgradient of least norm
    for f in (special.y0, special.y1, at_order(special, "yn", 2), at_order(special, "yv", 0.5)):
        assert ta.grad(f)(0.0) == np.inf
        assert ta.vjp(f, np.array(0.0))[1](np.array(0.0)) == (0.0,)
    for f in (special.k0, special.k1, at_order(special, "kn", 2)):
        assert ta.grad(f)(0.0) == -np.inf


@pytest.mark.parametrize("n", [0, 3])
@pytest.mark.parametrize("name", SPHERICAL)
def test_derivatives_that_scipy_gives(name, n):
    x, f = np.array([0.3, 2.0]), getattr(special, name)
    expected = getattr(scipy.special, name)(n, x, derivative=True)
    np.testing.assert_allclose(f(n, x, derivative=True), expected, rtol=1e-13)
    np.testing.assert_allclose(ta.grad(lambda x: f(n, x).sum())(x), expected, rtol=1e-13)


def test_several_orders_at_once():
    n, x = np.array([[0], [1], [4]]), np.array([0.5, 2.0])
    gradient = ta.grad(lambda x: special.jv(n, x).sum())(x)
    np.testing.assert_allclose(gradient, scipy.special.jvp(n, x).sum(0), rtol=1e-13)


@pytest.mark.parametrize("name", [*ORDERED, *SPHERICAL])
def test_the_order_is_refused(name):
    with pytest.raises(ta.errors.NotDifferentiableError, match=rf"{name} .*the order"):
        ta.grad(getattr(special, name))(1.0, 2.0)


def test_scaled_by_the_real_part():
    z = np.array([1 + 1j])
    np.testing.assert_array_equal(special.ive(1, z), scipy.special.ive(1, z))
    with pytest.raises(ta.errors.NotDifferentiableError, match="ive of a complex"):
        ta.grad(lambda z: special.ive(1, z).real.sum())(z)
