"""Exponential and elliptic integrals, Lambert's W: values and derivatives."""

import mpmath
import numpy as np
import pytest
import scipy.special

import tenrso_ad as ta
from tenrso_ad import special
from tests.ops.special.derivatives import check_against
from tests.ops.table import Case, each, normal, positive, uniform

UNARY = {
    "exp1": positive(2),
    "expi": positive(2),
    "spence": positive(2),
    "sici": positive(2),
    "shichi": positive(2),
    "fresnel": normal(2),
    "lambertw": positive(2),
    "wrightomega": normal(2),
    "ellipk": uniform(-2.0, 0.9, 2),
    "ellipe": uniform(-2.0, 0.9, 2),
    "ellipkm1": positive(2),
}
COMPLEX = {"exp1", "expi", "lambertw", "wrightomega", "sici", "shichi", "fresnel"}


@each(
    [
        Case(name, getattr(special, name), draw, reference=getattr(scipy.special, name),
             complex=name in COMPLEX)
        for name, draw in UNARY.items()
    ]
    + [
        Case("expn", lambda x: special.expn(2, x), positive(2),
             reference=lambda x: scipy.special.expn(2, x)),
        Case("ellipkinc", special.ellipkinc, uniform(-4.0, 4.0, 2), uniform(-2.0, 0.9, 2),
             reference=scipy.special.ellipkinc),
        Case("ellipeinc", special.ellipeinc, uniform(-4.0, 4.0, 2), uniform(-2.0, 0.9, 2),
             reference=scipy.special.ellipeinc),
    ]
)  # fmt: skip
def test_integrals(check):
    check()


@pytest.mark.parametrize(
    ("function", "exact", "points"),
    [
        (special.exp1, mpmath.e1, (0.1, 10.0)),
        (special.expi, mpmath.ei, (-2.0, 0.1, 10.0)),
        (special.spence, lambda x: mpmath.polylog(2, 1 - x), (0.1, 1.0, 1 + 1e-9, 5.0)),
        (lambda x: special.sici(x)[0], mpmath.si, (0.0, 1e-3, 30.0)),
        (lambda x: special.sici(x)[1], mpmath.ci, (0.1, 30.0)),
        (lambda x: special.shichi(x)[0], mpmath.shi, (0.0, 1e-3, 3.0)),
        (lambda x: special.lambertw(x).real, mpmath.lambertw, (-0.3, 1e-9, 1.0, 1e10)),
        (special.ellipk, mpmath.ellipk, (-1e4, -1.0, 0.0, 1e-6, 0.99)),
        (special.ellipe, mpmath.ellipe, (-1e4, -1.0, 0.0, 1e-6, 0.99)),
        (special.ellipkm1, lambda p: mpmath.ellipk(1 - p), (0.1, 1.5)),
    ],
)
def test_two_derivatives(function, exact, points):
    for x in points:
        check_against(exact, function, x, rtol=2e-13)


@pytest.mark.parametrize("phi", [0.5, 1.5, 7.0])
def test_incomplete_elliptic_integrals_by_the_parameter(phi):
    for m in (-1e3, -0.3, 0.0, 1e-9, 0.9):
        check_against(
            lambda m: mpmath.ellipf(phi, m), lambda m: special.ellipkinc(phi, m), m, rtol=2e-13
        )
        check_against(
            lambda m: mpmath.ellipe(phi, m), lambda m: special.ellipeinc(phi, m), m, rtol=2e-13
        )


@pytest.mark.parametrize("n", [0, 1, 3])
def test_expn_below_the_order_that_scipy_has(n):
    for x in (0.1, 2.0, 30.0):
        check_against(lambda x: mpmath.expint(n, x), lambda x: special.expn(n, x), x)


def test_branch_points():
    assert ta.grad(lambda z: special.lambertw(z).real)(0.0) == 1.0
    near = ta.grad(lambda z: special.lambertw(z, -1).real)(-1e-5)
    w = float(mpmath.lambertw(-1e-5, -1))
    np.testing.assert_allclose(near, w / (-1e-5 * (1 + w)), rtol=1e-12)
    assert ta.grad(special.exp1)(0.0) == -np.inf
    assert ta.vjp(special.exp1, np.array(0.0))[1](np.array(0.0)) == (0.0,)
    assert ta.grad(lambda x: special.expn(2, x))(0.0) == -np.inf
    assert ta.grad(special.ellipk)(1.0) == np.inf


def test_the_order_is_refused():
    with pytest.raises(ta.errors.NotDifferentiableError, match=r"expn .*the order n"):
        ta.grad(special.expn)(1.0, 2.0)
