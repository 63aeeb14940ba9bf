"""The error function and its relatives, against SciPy and mpmath."""

import mpmath
import numpy as np
import pytest
import scipy.special

import tenrso_ad as ta
from tenrso_ad.ops.special import error_functions
from tests.ops.special.derivatives import check_against
from tests.ops.table import Case, each, normal, uniform

DRAWS = {
    "erf": normal(3),
    "erfc": normal(3),
    "erfcx": normal(3),
    "erfi": normal(3),
    "dawsn": normal(3),
    "wofz": normal(3),
    "ndtr": normal(3),
    "log_ndtr": normal(3),
    "erfinv": uniform(-0.9, 0.9, 3),
    "erfcinv": uniform(0.1, 1.9, 3),
    "ndtri": uniform(0.1, 0.9, 3),
    "ndtri_exp": uniform(-3.0, -0.1, 3),
}
REAL = {"erfinv", "erfcinv", "ndtri", "ndtri_exp"}


@each(
    [
        Case(
            name,
            getattr(error_functions, name),
            draw,
            complex=name not in REAL,
            reference=getattr(scipy.special, name),
        )
        for name, draw in DRAWS.items()
    ]
)
def test_error_functions(check):
    check()


def erfcx(x):
    return mpmath.exp(x * x) * mpmath.erfc(x)


def dawsn(x):
    return mpmath.sqrt(mpmath.pi) / 2 * mpmath.exp(-x * x) * mpmath.erfi(x)


def log_ndtr(x):
    return mpmath.log(mpmath.erfc(-x / mpmath.sqrt(2)) / 2)


@pytest.mark.parametrize("x", [-1e200, -20.0, 0.0, 1e-300, 3.0, 26.0, 1e4, 1e30])
@pytest.mark.parametrize("name", ["erf", "erfc"])
def test_values_and_two_derivatives_at_extreme_arguments(name, x):
    t, sign = mpmath.mpf(x), {"erf": 1, "erfc": -1}[name]
    slope = sign * 2 / mpmath.sqrt(mpmath.pi) * mpmath.exp(-t * t)
    f = getattr(error_functions, name)
    for exact in (getattr(mpmath, name)(t), slope, -2 * t * slope):
        np.testing.assert_allclose(f(x), float(exact), rtol=2e-13)
        f = ta.grad(f)


# tolerances grow towards the argument 12, where the asymptotic series takes over
@pytest.mark.parametrize(
    ("exact", "x", "rtol"),
    [
        *((erfcx, x, 1e-14) for x in (-5.0, 0.0, 1.0, 13.0, 100.0, 1e6)),
        (erfcx, 11.9, 2e-11),
        *((dawsn, x, 1e-13) for x in (-100.0, 0.5, 3.0, 13.0, 1e5)),
        (dawsn, 11.9, 2e-11),
        *((log_ndtr, x, 3e-14) for x in (-1e4, -200.0, -5.0, 0.0, 1e-3, 5.0)),
    ],
)
def test_two_derivatives_where_textbook_formulas_cancel(exact, x, rtol):
    check_against(exact, getattr(error_functions, exact.__name__), x, rtol=rtol)


def test_infinite_arguments():
    for name, slope in {"ndtr": 0.0, "erfcx": 0.0, "dawsn": 0.0, "log_ndtr": 0.0}.items():
        assert ta.grad(getattr(error_functions, name))(np.inf) == slope
    for name, x, slope in [
        ("erfinv", 1.0, np.inf),
        ("erfinv", -1.0, np.inf),
        ("erfcinv", 0.0, -np.inf),
        ("ndtri", 0.0, np.inf),
        ("ndtri", 1.0, np.inf),
        ("log_ndtr", -np.inf, np.inf),
    ]:
        f = getattr(error_functions, name)
        assert ta.grad(f)(x) == slope
        assert ta.vjp(f, np.array(x))[1](np.array(0.0)) == (0.0,)


def test_a_far_tail_keeps_its_derivative():
    """The density over the distribution function, where both underflow."""
    np.testing.assert_allclose(
        ta.grad(error_functions.ndtri_exp)(-1e4),
        1 / ta.grad(error_functions.log_ndtr)(float(scipy.special.ndtri_exp(-1e4))),
        rtol=1e-12,
    )


@pytest.mark.parametrize("dtype", [np.float16, np.float32])
def test_narrow_floats_stay_narrow(dtype):
    x = np.array([0.5, -1.0], dtype)
    erf = error_functions.erf
    value, gradient = ta.value_and_grad(lambda x: erf(x).sum())(x)
    assert value.dtype == gradient.dtype == dtype
    np.testing.assert_allclose(erf(x).astype(float), scipy.special.erf(x.astype(float)), rtol=1e-2)


def test_integers_and_numbers():
    np.testing.assert_array_equal(error_functions.erf([0, 1]), scipy.special.erf([0.0, 1.0]))
    assert error_functions.erfc(0.5) == scipy.special.erfc(0.5)
