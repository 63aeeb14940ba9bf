"""Very large and very small values: derivatives are as accurate as the dtype lets them be."""

import numpy as np
import pytest
import scipy.special
from hypothesis import given
from hypothesis import strategies as st

import tenrso_ad as ta
import tenrso_ad.numpy as tnp
from tests.properties.programs import examples

EXAMPLES = examples(150)
wide = st.builds(
    lambda sign, exponent, mantissa: sign * mantissa * 10.0**exponent,
    st.sampled_from([-1.0, 1.0]),
    st.integers(-300, 300),
    st.floats(1, 9.9),
)
EXTENDED = np.longdouble

# name: derivative in extended precision, lowest and highest argument it has one at
DERIVATIVES = {
    "exp": (np.exp, -np.inf, 700),
    "expm1": (np.exp, -np.inf, 700),
    "log": (lambda x: 1 / x, 0, np.inf),
    "log1p": (lambda x: 1 / (1 + x), 0, np.inf),
    "sqrt": (lambda x: 1 / (2 * np.sqrt(x)), 0, np.inf),
    "reciprocal": (lambda x: -1 / (x * x), -np.inf, np.inf),
    "square": (lambda x: 2 * x, -np.inf, np.inf),
    "sin": (np.cos, -1e4, 1e4),
    "arctan": (lambda x: 1 / (1 + x * x), -np.inf, np.inf),
    "arcsinh": (lambda x: 1 / np.sqrt(1 + x * x), -np.inf, np.inf),
    "absolute": (np.sign, -np.inf, np.inf),
    "tanh": (lambda x: 1 / np.cosh(x) ** 2, -np.inf, np.inf),
    "sigmoid": (lambda x: 1 / (2 + np.exp(-x) + np.exp(x)), -np.inf, np.inf),
    "softplus": (lambda x: 1 / (1 + np.exp(-x)), -np.inf, np.inf),
}


def matches(actual, expected, absolute=1e-15):
    """Equal to rounding; below `absolute` and beyond the range of the dtype nothing is asked."""
    with np.errstate(over="ignore"):
        expected = np.asarray(expected).astype(np.float64)
    np.testing.assert_allclose(actual, expected, rtol=1e-13, atol=absolute)


@pytest.mark.parametrize("name", DERIVATIVES)
@given(x=wide)
@EXAMPLES
def test_elementwise(name, x):
    derivative, low, high = DERIVATIVES[name]
    if not low < x < high:
        return
    with np.errstate(all="ignore"):
        expected = derivative(EXTENDED(x))
        gradient = ta.grad(getattr(tnp, name))(x)
        pushed = ta.jvp(getattr(tnp, name), (x,), (1.0,))[1]
    matches(gradient, expected)
    assert gradient == pushed or (np.isnan(gradient) and np.isnan(pushed))


@given(wide, wide)
@EXAMPLES
def test_quotients(x, y):
    with np.errstate(all="ignore"):
        by_x, by_y = ta.grad(tnp.divide, argnums=(0, 1))(x, y)
        wide_x, wide_y = EXTENDED(x), EXTENDED(y)
        matches(by_x, 1 / wide_y)
        quotient = np.float64(x / y)
        if np.isfinite(quotient) and abs(quotient) > 1e-300:  # else the value itself is lost
            matches(by_y, -wide_x / (wide_y * wide_y))


@given(wide, wide)
@EXAMPLES
def test_hypot_and_arctan2(x, y):
    with np.errstate(all="ignore"):
        length = np.hypot(EXTENDED(x), EXTENDED(y))
        by_x, by_y = ta.grad(tnp.hypot, argnums=(0, 1))(x, y)
        matches(by_x, x / length)
        matches(by_y, y / length)
        by_x, by_y = ta.grad(tnp.arctan2, argnums=(0, 1))(x, y)
        matches(by_x, y / length / length)
        matches(by_y, -x / length / length)


@given(st.lists(wide, min_size=1, max_size=5))
@EXAMPLES
def test_logsumexp(values):
    x = np.array(values)
    expected = scipy.special.softmax(x)
    with np.errstate(all="ignore"):
        matches(tnp.logsumexp(x), scipy.special.logsumexp(x))
        matches(ta.grad(tnp.logsumexp)(x), expected)


@given(st.lists(wide, min_size=2, max_size=5), st.integers(-100, 100))
@EXAMPLES
def test_products_with_zeros(values, exponent):
    x = np.array(values) / np.abs(values)  # signs
    x = x * 10.0 ** (exponent / len(x))
    for zeros in (0, 1, 2):
        x[:zeros] = 0.0
        expected = [np.prod(np.delete(x, i).astype(EXTENDED)) for i in range(len(x))]
        np.testing.assert_allclose(ta.grad(tnp.prod)(x), np.float64(expected), rtol=1e-13)


@given(st.lists(wide, min_size=1, max_size=5), st.floats(-3, 3))
@EXAMPLES
def test_powers(values, exponent):
    x = np.abs(np.array(values))
    with np.errstate(all="ignore"):
        gradient = ta.vmap(ta.grad(lambda x: x**exponent))(x)
        expected = EXTENDED(exponent) * EXTENDED(1) * x.astype(EXTENDED) ** EXTENDED(exponent - 1)
        np.testing.assert_allclose(gradient, expected.astype(np.float64), rtol=1e-12, atol=1e-307)


@given(st.floats(-30, 30))
def test_float32_at_the_ends_of_its_range(exponent):
    x = np.float32(10.0**exponent)
    for f in (tnp.log, tnp.sqrt, tnp.arctan, tnp.tanh, tnp.sigmoid, tnp.softplus):
        with np.errstate(all="ignore"):
            gradient = ta.grad(f)(x)
            expected = ta.grad(f)(np.float64(x))
        assert gradient.dtype == np.float32
        np.testing.assert_allclose(gradient, expected, rtol=1e-5, atol=3e-7)
