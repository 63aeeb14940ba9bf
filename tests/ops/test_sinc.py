"""Sinc: exact at 0 with its derivatives, smooth where the formulas change."""

import math

import mpmath
import numpy as np
import pytest

import tenrso_ad as ta
import tenrso_ad.numpy as tnp
from tests.ops.table import Case, each, normal

CASES = [
    Case("sinc", tnp.sinc, normal(2, 3), reference=np.sinc, complex=True),
    Case("sinc of nothing", tnp.sinc, normal(0, 3), reference=np.sinc),
    Case("sinc of a number", tnp.sinc, normal(), reference=np.sinc),
]


@each(CASES)
def test_sinc(check):
    check()


def derivatives(f, count, derive):
    fs = [f]
    for _ in range(count):
        fs.append(derive(fs[-1]))
    return fs


def forward(f):
    return lambda x: ta.jvp(f, (x,), (1.0,))[1]


@pytest.mark.parametrize("derive", [ta.grad, forward])
def test_at_zero(derive):
    expected = [1, 0, -(math.pi**2) / 3, 0, math.pi**4 / 5, 0, -(math.pi**6) / 7]
    actual = [f(0.0) for f in derivatives(tnp.sinc, 6, derive)]
    np.testing.assert_allclose(actual, expected, rtol=1e-15)


@pytest.mark.parametrize("x", [1e-200, -1e-8, 1e-3, 0.3, 0.636, 0.637, 0.955, 2.5, -10.25])
def test_derivatives_of_high_order(x):
    with mpmath.workdps(100 if abs(x) > 1e-5 else 800):
        expected = [float(mpmath.diff(mpmath.sincpi, mpmath.mpf(x), n)) for n in range(7)]
    actual = [f(x) for f in derivatives(tnp.sinc, 6, ta.grad)]
    np.testing.assert_allclose(actual, expected, rtol=2e-13)


def test_float32_and_integers():
    x = np.array([0.0, 1e-20, 0.1, -3.7], np.float32)
    for f in derivatives(tnp.sinc, 4, lambda f: ta.grad(lambda x: f(x).sum())):
        assert f(x).dtype == np.float32
        np.testing.assert_allclose(f(x), f(x.astype(float)), rtol=3e-6, atol=1e-6)
    np.testing.assert_array_equal(tnp.sinc([0, 2]), np.sinc([0, 2]))
    assert ta.grad(tnp.sinc)(np.float16(0.5)).dtype == np.float16


def test_infinity_has_no_sine():
    with np.errstate(invalid="ignore"):
        value, gradient = ta.value_and_grad(tnp.sinc)(np.inf)
    assert np.isnan(value) and np.isnan(gradient)
