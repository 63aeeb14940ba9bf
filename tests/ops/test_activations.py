"""Activations and the logistic family: derivatives, kinks, saturation, errors."""

import numpy as np
import pytest
import scipy.special

import tenrso_ad as ta
import tenrso_ad.numpy as tnp
from tenrso_ad.engine.errors import ArgumentError, DTypeError
from tests.ops.table import Case, each, nonzero, normal, slopes

INF, NAN = np.inf, np.nan
SELU = (1.0507009873554805, 1.6732632423543772)


def expit(x):
    return scipy.special.expit(x)


def gelu_tanh(x):
    return 0.5 * x * (1 + np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x**3)))


def negative_side(f):
    return lambda x: np.where(x > 0, x, f(np.minimum(x, 0)))


# name: operand, what it is by definition
ACTIVATIONS = {
    "silu": (normal, lambda x: x * expit(x)),
    "gelu": (normal, lambda x: x * scipy.special.ndtr(x)),
    "mish": (normal, lambda x: x * np.tanh(np.logaddexp(x, 0))),
    "log_sigmoid": (normal, lambda x: np.log(expit(x))),
    "softsign": (nonzero, lambda x: x / (1 + np.abs(x))),
    "elu": (nonzero, negative_side(np.expm1)),
    "celu": (nonzero, negative_side(np.expm1)),
    "selu": (nonzero, lambda x: SELU[0] * negative_side(lambda x: SELU[1] * np.expm1(x))(x)),
    "leaky_relu": (nonzero, negative_side(lambda x: 0.01 * x)),
    "relu6": (nonzero, lambda x: np.clip(x, 0, 6)),
    "hard_tanh": (nonzero, lambda x: np.clip(x, -1, 1)),
    "hard_sigmoid": (normal, lambda x: np.clip(x + 3, 0, 6) / 6),
    "hard_silu": (normal, lambda x: x * np.clip(x + 3, 0, 6) / 6),
}

CASES = [
    *[
        Case(name, getattr(tnp, name), draw(2, 3), reference=reference)
        for name, (draw, reference) in ACTIVATIONS.items()
    ],
    Case(
        "gelu by tanh",
        lambda x: tnp.gelu(x, approximate="tanh"),
        normal(2, 3),
        reference=gelu_tanh,
    ),
    Case("silu of complex numbers", tnp.silu, normal(3), complex=True),
    Case("elu with an alpha", lambda x, a: tnp.elu(x, a), nonzero(2, 3), np.array([0.5, 2.0, 1.0])),
    Case("celu with an alpha", lambda x, a: tnp.celu(x, alpha=a), nonzero(3), np.array(0.7)),
    Case("leaky_relu with a slope", tnp.leaky_relu, nonzero(3), np.array(0.2)),
    Case("gelu of a number", tnp.gelu, normal()),
    Case("silu and elu of nothing", lambda x: tnp.silu(x) + tnp.elu(x), normal(0, 3)),
]


@each(CASES)
def test_activations(check):
    check()


# activation: {point: its derivative there}
SLOPES = {
    "relu6": {0.0: 0, 6.0: 0, 3.0: 1, INF: 0},
    "hard_tanh": {-1.0: 0, 1.0: 0, 0.0: 1, -INF: 0},
    "hard_sigmoid": {-3.0: 0, 3.0: 0, 0.0: 1 / 6, INF: 0},
    "hard_silu": {-3.0: 0, 3.0: 1, 0.0: 0.5, -INF: 0},
    "leaky_relu": {0.0: 0.01, INF: 1, -INF: 0.01},
    "elu": {0.0: 1, 1e4: 1, -1e4: 0, INF: 1, -INF: 0},
    "celu": {0.0: 1, 1e4: 1, -1e4: 0},
    "selu": {0.0: SELU[0] * SELU[1], 1e4: SELU[0], -1e4: 0},
    "silu": {0.0: 0.5, 1e4: 1, -1e4: 0, INF: 1, -INF: 0},
    "gelu": {0.0: 0.5, 1e4: 1, -1e4: 0, 1e200: 1, INF: 1, -INF: 0},
    "gelu by tanh": {0.0: 0.5, 1e4: 1, -1e4: 0, 1e200: 1, INF: 1, -INF: 0},
    "mish": {0.0: 0.6, 1e4: 1, -1e4: 0, INF: 1, -INF: 0},
    "softsign": {0.0: 1, 1e200: 0, INF: 0},
    "log_sigmoid": {0.0: 0.5, 1e4: 0, -1e4: 1, INF: 0, -INF: 1},
}
# activation: {point: its value there}
VALUES = {
    "silu": {-1e4: 0, -INF: 0, INF: INF},
    "gelu": {-1e4: 0, -INF: 0, 1e300: 1e300},
    "gelu by tanh": {-1e4: 0, -1e300: 0, -INF: 0, 1e300: 1e300},
    "mish": {-1e4: 0, -INF: 0, 1e4: 1e4},
    "hard_silu": {-INF: 0, INF: INF},
    "log_sigmoid": {-1e4: -1e4, 1e4: 0, -INF: -INF},
    "elu": {-INF: -1, 1e4: 1e4},
    "softsign": {1e308: 1, -1e308: -1},
}


def named(name):
    by_tanh = name == "gelu by tanh"
    return (lambda x: tnp.gelu(x, approximate="tanh")) if by_tanh else getattr(tnp, name)


@pytest.mark.parametrize("name", SLOPES)
def test_at_kinks_and_far_out(name):
    for x, expected in SLOPES[name].items():
        with np.errstate(invalid="ignore"):  # inf / inf
            np.testing.assert_allclose(slopes(named(name), x), expected, err_msg=f"at {x}")
        curvature = ta.grad(ta.grad(named(name)))(x) if abs(x) < 1e100 else 0.0
        assert np.isfinite(curvature)
    for x, expected in VALUES.get(name, {}).items():
        np.testing.assert_allclose(named(name)(x), expected)
    with np.errstate(invalid="ignore"):  # NumPy's logaddexp warns of NaN
        assert np.isnan(named(name)(np.nan))


@pytest.mark.parametrize("name", [*ACTIVATIONS, "sigmoid", "softplus", "relu"])
def test_integers_and_narrow_floats(name):
    f = getattr(tnp, name)
    wide = f(np.array([-3.0, 0.0, 2.0]))
    for dtype in (np.int64, np.int8, np.float32, np.float16):
        out = f(np.array([-3, 0, 2], dtype))
        np.testing.assert_allclose(out, wide, rtol=2e-3)
        if np.dtype(dtype).kind == "f":
            assert out.dtype == dtype
    np.testing.assert_allclose(f(np.array([0, 200], np.uint8)), f(np.array([0.0, 200.0])), 2e-3)
    np.testing.assert_allclose(f(2), wide[2], rtol=1e-14)
    np.testing.assert_allclose(f([0, 2]), wide[1:], rtol=1e-14)


@pytest.mark.parametrize(
    "name", ["elu", "celu", "selu", "leaky_relu", "relu6", "hard_tanh", "hard_silu", "softsign"]
)
def test_complex_numbers_are_refused(name):
    with pytest.raises(DTypeError, match=r"complex128\[2\]\): it is defined for real numbers"):
        getattr(tnp, name)(np.ones(2, complex))


def test_gelu_knows_two_forms():
    with pytest.raises(ArgumentError, match="'none' or 'tanh', got 'quick'"):
        tnp.gelu(np.ones(2), approximate="quick")


# --- logaddexp -----------------------------------------------------------------------------------

SUMS = [
    # x, y, derivative by x, derivative by y
    (0.0, 0.0, 0.5, 0.5),
    (-INF, 0.0, 0.0, 1.0),
    (-INF, -INF, 0.0, 0.0),
    (INF, INF, 0.5, 0.5),
    (INF, 1.0, 1.0, 0.0),
    (INF, -INF, 1.0, 0.0),
    (1e4, -1e4, 1.0, 0.0),
    (1e308, 1e308, 0.5, 0.5),
    (np.nan, 0.0, np.nan, np.nan),
]


@pytest.mark.parametrize("f", [tnp.logaddexp, tnp.logaddexp2])
def test_logaddexp_of_infinities(f):
    for x, y, by_x, by_y in SUMS:
        for args, expected in (((x, y), (by_x, by_y)), ((y, x), (by_y, by_x))):
            with np.errstate(invalid="ignore"):
                np.testing.assert_array_equal(slopes(f, *args), expected, err_msg=str(args))
                hessian = ta.hessian(lambda v: f(v[0], v[1]))(np.array(args))
            assert np.isfinite(hessian).all() or np.isnan(args).any()


@pytest.mark.parametrize("name", ["logaddexp", "logaddexp2"])
@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.float16, np.int8])
def test_logaddexp_is_numpys(name, dtype):
    values = [0.0, -0.0, 1.0, -3.0, 5e3, -5e3, 745.0, -745.0, INF, -INF, NAN, 1e-300]
    if np.dtype(dtype).kind == "i":
        values = [0, 1, -128, 127]
    x, y = np.meshgrid(np.array(values, dtype), np.array(values, dtype))
    with np.errstate(all="ignore"):
        expected = getattr(np, name)(x, y)
        eps = np.finfo(expected.dtype).eps
        for args in ((x, y), (x[0], y[0, 0]), (x[0, 3], y[0, 0])):
            out = getattr(tnp, name)(*args)
            np.testing.assert_allclose(out, getattr(np, name)(*args), rtol=4 * eps)
            assert out.dtype == expected.dtype


def test_complex_sigmoid_does_not_overflow():
    z = np.array([-1e3 + 1j, 1e3 + 1j, 0.5 - 2j])
    expected = [0, 1, 1 / (1 + np.exp(-z[2]))]
    np.testing.assert_allclose(tnp.sigmoid(z), expected, rtol=1e-14)
    assert np.isfinite(ta.grad(lambda z: tnp.real(tnp.sigmoid(z)).sum())(z)).all()
