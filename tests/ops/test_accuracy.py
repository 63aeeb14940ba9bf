"""Values and two derivatives keep their digits at extreme arguments: against mpmath.

Everything is compared relatively. Derivatives taken of the formula for a derivative often cancel:
1 - tanh(x)^2 for large x, d/dx 1 / ((1 - x) (1 + x)) for small x.
"""

import mpmath
import numpy as np
import pytest

import tenrso_ad as ta
import tenrso_ad.numpy as tnp

ANY = [-700.0, -40.0, -8.0, -3.0, -1e-8, -1e-150, 0.3, 3.0, 1e-20, 1e-3, 8.0, 40.0, 700.0]
LARGE = [*ANY, -1e4, 1e4, 1e15, 1e30]
POSITIVE = [1e-100, 1e-20, 1e-8, 0.3, 3.0, 40.0, 1e4, 1e30, 1e100]
WITHIN_ONE = [-1 + 1e-15, -0.9, -1e-8, 1e-20, 1e-3, 0.3, 1 - 1e-8, 1 - 1e-15]


def sigmoid(x):
    return 1 / (1 + mpmath.exp(-x))


def softplus(x):
    return mpmath.log1p(mpmath.exp(x))


def gelu_tanh(x):
    return x * sigmoid(2 * mpmath.sqrt(2 / mpmath.pi) * (x + mpmath.mpf(0.044715) * x**3))


UNARY = {
    "reciprocal": (lambda x: 1 / x, POSITIVE),
    "sqrt": (mpmath.sqrt, POSITIVE),
    "cbrt": (mpmath.cbrt, POSITIVE),
    "exp": (mpmath.exp, ANY),
    "exp2": (lambda x: mpmath.mpf(2) ** x, ANY),
    "expm1": (mpmath.expm1, ANY),
    "log": (mpmath.log, POSITIVE),
    "log2": (lambda x: mpmath.log(x, 2), POSITIVE),
    "log10": (mpmath.log10, POSITIVE),
    "log1p": (mpmath.log1p, [-1 + 1e-15, -1e-8, 1e-20, 0.3, 1e30, 1e100]),
    "tan": (mpmath.tan, [1e-20, 0.3, 1.5, 1.57]),
    "arcsin": (mpmath.asin, WITHIN_ONE),
    "arccos": (mpmath.acos, WITHIN_ONE),
    "arctan": (mpmath.atan, LARGE),
    "sinh": (mpmath.sinh, ANY),
    "cosh": (mpmath.cosh, ANY),
    "tanh": (mpmath.tanh, ANY),
    "arcsinh": (mpmath.asinh, [*LARGE, 1e100]),
    "arccosh": (mpmath.acosh, [1 + 1e-15, 1 + 1e-8, 3.0, 1e4, 1e100]),
    "arctanh": (mpmath.atanh, WITHIN_ONE),
    "sinc": (mpmath.sincpi, [1e-20, 1e-8, 1e-3, 0.3, 0.63, 0.64, 3.3]),
    "sigmoid": (sigmoid, ANY),
    "softplus": (softplus, LARGE),
    "log_sigmoid": (lambda x: -softplus(-x), LARGE[:-2]),
    "silu": (lambda x: x * sigmoid(x), LARGE),
    "gelu": (lambda x: x * mpmath.ncdf(x), [-37.0, -8.0, -1e-8, 1e-20, 0.3, 8.0, 37.0, 1e4, 1e30]),
    "gelu tanh": (gelu_tanh, [-20.0, -8.0, -1e-8, 1e-20, 0.3, 8.0, 20.0]),
    "mish": (lambda x: x * mpmath.tanh(softplus(x)), LARGE[:-2]),
    "softsign": (lambda x: x / (1 + abs(x)), LARGE),
}
OURS = {"gelu tanh": lambda x: tnp.gelu(x, approximate="tanh")}
# What rounding the argument costs: exp(-x^2 / 2), or a cubic of x in the exponent. And what the
# derivatives of saturating functions may lose before they are computed another way.
LESS = {"gelu": 4e-13, "gelu tanh": 1e-12}
LESS |= dict.fromkeys(("tanh", "sigmoid", "softplus", "log_sigmoid", "silu", "mish"), 1e-12)


def digits(x):
    """Enough for numerical differentiation, whatever the argument."""
    return 100 if 1e-3 <= abs(x) < 10 else 800


@pytest.mark.parametrize("name", UNARY)
def test_one_operand(name):
    exact, points = UNARY[name]
    f = OURS.get(name) or getattr(tnp, name)
    for x in points:
        with mpmath.workdps(digits(x)):
            expected = [float(mpmath.diff(exact, mpmath.mpf(x), n)) for n in range(3)]
        actual = [f(x), ta.grad(f)(x), ta.grad(ta.grad(f))(x)]
        np.testing.assert_allclose(actual, expected, rtol=LESS.get(name, 2e-14), err_msg=f"at {x}")


BINARY = {
    "hypot": (mpmath.hypot, [(1.0, 1e-10), (1e-10, 1.0), (-3.0, 4.0), (1e-150, 2e-150)]),
    "arctan2": (mpmath.atan2, [(1.0, 1e-10), (1e-10, 1.0), (3.0, -4.0), (1e-100, 2e-100)]),
    "logaddexp": (
        lambda x, y: mpmath.log(mpmath.exp(x) + mpmath.exp(y)),
        [(0.0, 0.0), (1e4, 1e4 + 1), (0.0, 40.0), (40.0, 0.0), (1e8, 1e8 + 3), (0.0, 300.0)],
    ),
    "logaddexp2": (
        lambda x, y: mpmath.log(mpmath.mpf(2) ** x + mpmath.mpf(2) ** y, 2),
        [(0.0, 0.0), (1e3, 1e3 + 1), (0.0, 60.0), (60.0, 0.0)],
    ),
    "power": (mpmath.power, [(2.0, 3.0), (1e-10, 2.5), (1 + 1e-9, 1e5), (0.5, 1e-9), (1e30, 1.5)]),
    "divide": (lambda x, y: x / y, [(1.0, 1e-100), (1e100, 1e50), (3.0, 7.0)]),
}


@pytest.mark.parametrize("name", BINARY)
def test_two_operands(name):
    exact, points = BINARY[name]
    f = getattr(tnp, name)
    by_x, by_y = ta.grad(f, 0), ta.grad(f, 1)
    derivatives = {
        (1, 0): by_x,
        (0, 1): by_y,
        (2, 0): ta.grad(by_x, 0),
        (1, 1): ta.grad(by_x, 1),
        (0, 2): ta.grad(by_y, 1),
    }
    for point in points:
        for orders, derivative in derivatives.items():
            with mpmath.workdps(500):
                expected = float(mpmath.diff(exact, tuple(map(mpmath.mpf, point)), orders))
            np.testing.assert_allclose(
                derivative(*point), expected, rtol=2e-14, err_msg=f"{orders} at {point}"
            )


@pytest.mark.parametrize("f", [tnp.tanh, tnp.sigmoid, tnp.logaddexp, tnp.gelu])
def test_float32_keeps_its_own_digits(f):
    x = np.array([-12.0, -5.0, -1e-3, 4.2, 9.0], np.float32)
    args = (x, np.zeros_like(x)) if f is tnp.logaddexp else (x,)
    wide = [a.astype(float) for a in args]
    second = ta.vmap(ta.grad(ta.grad(f)))
    for compute, rtol in ((f, 1e-5), (ta.vmap(ta.grad(f)), 1e-4), (second, 2e-4)):
        assert compute(*args).dtype == np.float32
        np.testing.assert_allclose(compute(*args), compute(*wide), rtol=rtol)


def test_saturated_neighbours_do_not_disturb_one_another():
    x = np.array([0.1, 30.0, np.nan, -400.0, np.inf])
    gradient = ta.grad(lambda x: tnp.tanh(x).sum())(x)
    expected = [1 - np.tanh(0.1) ** 2, 4 * np.exp(-60.0), np.nan, 0.0, 0.0]
    np.testing.assert_allclose(gradient, expected, rtol=1e-14)


def test_complex_tanh_keeps_its_digits():
    z = 20.0 + 1j
    with mpmath.workdps(60):
        expected = complex(mpmath.sech(mpmath.mpc(z)) ** 2)
    _, tangent = ta.jvp(tnp.tanh, (np.array(z),), (np.array(1 + 0j),))
    np.testing.assert_allclose(tangent, expected, rtol=1e-13)
