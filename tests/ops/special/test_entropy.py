"""x log y, entropies, robust losses, the Box-Cox transforms, logits."""

import mpmath
import numpy as np
import pytest
import scipy.special

import tenrso_ad as ta
from tenrso_ad import special
from tests.ops.special.derivatives import check_against
from tests.ops.table import Case, each, normal, positive, uniform

INF = np.inf
OPERANDS = {
    "entr": (positive(2),),
    "rel_entr": (positive(2), positive(2)),
    "kl_div": (positive(2), positive(2)),
    "huber": (np.array([1.0, 1.0, 2.0]), np.array([0.5, -3.0, 4.0])),
    "pseudo_huber": (positive(2), normal(2)),
    "boxcox": (positive(2), normal(2)),
    "boxcox1p": (positive(2), normal(2)),
    "inv_boxcox": (positive(2), positive(2)),
    "inv_boxcox1p": (positive(2), positive(2)),
    "exprel": (normal(2),),
    "logit": (uniform(0.1, 0.9, 2),),
    "expit": (normal(2),),
    "log_expit": (normal(2),),
    "cosm1": (normal(2),),
    "exp10": (normal(2),),
    "exp2": (normal(2),),
    "expm1": (normal(2),),
    "log1p": (positive(2),),
}


@each(
    [
        Case(name, getattr(special, name), *draws, reference=getattr(scipy.special, name))
        for name, draws in OPERANDS.items()
    ]
    + [
        Case("xlogy", special.xlogy, positive(2), positive(2), complex=True,
             reference=scipy.special.xlogy),
        Case("xlog1py", special.xlog1py, positive(2), positive(2), complex=True,
             reference=scipy.special.xlog1py),
        Case("hyp1f1", lambda x: special.hyp1f1(1.5, 2.0, x), normal(2), complex=True,
             reference=lambda x: scipy.special.hyp1f1(1.5, 2.0, x)),
        Case("round", special.round, normal(2), reference=scipy.special.round,
             differentiable=False),
    ]
)  # fmt: skip
def test_functions(check):
    check()


@pytest.mark.parametrize(
    ("name", "x", "y", "gradient"),
    [
        ("xlogy", 0.0, 0.0, (0.0, 0.0)),
        ("xlogy", 0.0, 2.0, (np.log(2.0), 0.0)),
        ("xlogy", 2.0, 0.0, (-INF, INF)),
        ("xlog1py", 0.0, -1.0, (0.0, 0.0)),
        ("xlog1py", 0.0, 1.0, (np.log(2.0), 0.0)),
        ("rel_entr", 0.0, 0.0, (0.0, 0.0)),
        ("rel_entr", 0.0, 2.0, (-INF, 0.0)),
        ("rel_entr", -1.0, 2.0, (0.0, 0.0)),
        ("kl_div", 0.0, 0.0, (-1.0, 1.0)),
        ("kl_div", 0.0, 2.0, (-INF, 1.0)),
        ("kl_div", 1.0, -2.0, (0.0, 0.0)),
        ("huber", 1.0, 1.0, (0.0, 1.0)),
        ("huber", 0.0, 2.0, (2.0, 0.0)),
        ("pseudo_huber", 0.0, 2.0, (2.0, 0.0)),
        ("pseudo_huber", 0.0, 0.0, (0.0, 0.0)),
        ("boxcox", 0.0, 2.0, (0.0, 0.25)),
    ],
)
def test_gradients_at_special_points(name, x, y, gradient):
    f = getattr(special, name)
    assert ta.grad(f, argnums=(0, 1))(x, y) == gradient
    _, pullback = ta.vjp(f, np.array(x), np.array(y))
    assert pullback(np.array(0.0)) == (0.0, 0.0)


def test_slopes_of_one_argument_at_special_points():
    for f, x, slope in [
        (special.entr, 0.0, INF),
        (special.entr, -1.0, 0.0),
        (special.logit, 0.0, INF),
        (special.logit, 1.0, INF),
        (special.log_expit, 800.0, 0.0),
        (special.log_expit, -800.0, 1.0),
    ]:
        assert ta.grad(f)(x) == slope
        assert ta.vjp(f, np.array(x))[1](np.array(0.0)) == (0.0,)
    assert special.xlogy(0.0, 0.0) == 0.0


@pytest.mark.parametrize("exponent", [-1.0, 1e-20, 1e-9, 0.5, 2.0])
def test_the_exponent_of_box_and_cox_near_zero(exponent):
    check_against(
        lambda t: (mpmath.mpf(3) ** t - 1) / t, lambda t: special.boxcox(3.0, t), exponent
    )
    check_against(
        lambda t: (mpmath.mpf(4) ** t - 1) / t, lambda t: special.boxcox1p(3.0, t), exponent
    )
    check_against(
        lambda t: (1 + t * mpmath.mpf(0.3)) ** (1 / t),
        lambda t: special.inv_boxcox(0.3, t),
        exponent,
    )


@pytest.mark.parametrize("x", [-50.0, -1.0, 1e-12, 1.0, 50.0])
def test_exprel(x):
    check_against(lambda x: mpmath.expm1(x) / x, special.exprel, x)


@pytest.mark.parametrize("r", [1e-6, 1.0, 1e9])
def test_residuals_of_any_size(r):
    check_against(
        lambda d: d * d * (mpmath.sqrt(1 + (r / d) ** 2) - 1),
        lambda d: special.pseudo_huber(d, r),
        2.0,
    )


def test_parameters_without_a_rule():
    for place, name in enumerate("ab"):
        with pytest.raises(ta.errors.NotDifferentiableError, match=rf"hyp1f1 .* in {name}"):
            ta.grad(special.hyp1f1, argnums=place)(1.0, 2.0, 0.5)
