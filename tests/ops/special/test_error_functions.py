"""erf and erfc, against SciPy and mpmath."""

import mpmath
import numpy as np
import pytest
import scipy.special

import tenrso_ad as ta
from tenrso_ad.ops.special.error_functions import erf, erfc
from tests.ops.table import Case, each, normal

FUNCTIONS = {"erf": erf, "erfc": erfc}

CASES = [
    Case(name, function, normal(2, 3), complex=True, reference=getattr(scipy.special, name))
    for name, function in FUNCTIONS.items()
]


@each(CASES)
def test_error_functions(check):
    check()


@pytest.mark.parametrize("name", FUNCTIONS)
@pytest.mark.parametrize("x", [-1e200, -20.0, 0.0, 1e-300, 3.0, 26.0, 1e4, 1e30])
def test_values_and_two_derivatives_at_extreme_arguments(name, x):
    t, sign = mpmath.mpf(x), {"erf": 1, "erfc": -1}[name]
    slope = sign * 2 / mpmath.sqrt(mpmath.pi) * mpmath.exp(-t * t)
    f = FUNCTIONS[name]
    for exact in (getattr(mpmath, name)(t), slope, -2 * t * slope):
        np.testing.assert_allclose(f(x), float(exact), rtol=2e-13)
        f = ta.grad(f)


@pytest.mark.parametrize("dtype", [np.float16, np.float32])
def test_narrow_floats_stay_narrow(dtype):
    x = np.array([0.5, -1.0], dtype)
    value, gradient = ta.value_and_grad(lambda x: erf(x).sum())(x)
    assert value.dtype == gradient.dtype == dtype
    np.testing.assert_allclose(erf(x).astype(float), scipy.special.erf(x.astype(float)), rtol=1e-2)


def test_integers_and_numbers():
    np.testing.assert_array_equal(erf([0, 1]), scipy.special.erf([0.0, 1.0]))
    assert erfc(0.5) == scipy.special.erfc(0.5)
