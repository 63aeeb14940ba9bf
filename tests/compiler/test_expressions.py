"""Elementwise operations inside kernels give what they give outside, at special values too."""

import numpy as np
import pytest

import tenrso_ad as ta
import tenrso_ad.numpy as tnp
from tenrso_ad.compiler.expressions import EXPRESSIONS
from tenrso_ad.compiler.kernel_source import SMALL
from tenrso_ad.engine import tree
from tenrso_ad.engine.staging import stage

INF, NAN = np.inf, np.nan
R = np.random.default_rng(0)
X = np.array([-800.0, -350.0, -30.0, -3.0, -1e-9, 0.0, 0.3, 2.0, 40.0, 700.0, NAN, INF, -INF])

FUNCTIONS = {
    "tanh": tnp.tanh,
    "sigmoid": tnp.sigmoid,
    "silu": tnp.silu,
    "log_sigmoid": tnp.log_sigmoid,
    "softsign": tnp.softsign,
    "clip": lambda x: tnp.clip(x, -1.0, 2.0),
    "fmax": lambda x: tnp.fmax(x, 0.3),
    "fmin": lambda x: tnp.fmin(x, 0.3),
    "fabs": tnp.fabs,
    "inf": lambda x: tnp.where(x > 0, INF, x),
    "-inf": lambda x: tnp.where(x == -INF, x, -INF),
    "nan": lambda x: tnp.where(x > 0, NAN, x),
    "masks": lambda x: tnp.where(
        tnp.bitwise_xor(
            tnp.bitwise_and(x > -5.0, tnp.invert(x > 3.0)), tnp.bitwise_or(x > 10.0, x < -20.0)
        ),
        x,
        0.5,
    ),
    "arctanh": lambda x: tnp.arctanh(tnp.clip(x, -0.5, 0.3)),
    "exp2": tnp.exp2,
    "cbrt": tnp.cbrt,
    "hypot": lambda x: tnp.hypot(x, 2.0),
    "arctan2": lambda x: tnp.arctan2(x, -0.7) + tnp.arctan2(0.7, x),
    "floor": lambda x: tnp.floor(x) + tnp.ceil(0.7 * x) + tnp.trunc(x) + tnp.rint(x),
    "modf": lambda x: tnp.modf(x)[0] + tnp.modf(x)[1],
    "copysign": lambda x: tnp.copysign(x, -x) + tnp.where(tnp.signbit(x), x, 2.0),
    "fmod": lambda x: tnp.fmod(x, 0.7) + tnp.fmod(1e6, x),
    "power": lambda x: tnp.power(x, 2.5) + tnp.power(1.5, x) + tnp.power(x, -2.0),
}


def values(x):
    return tuple(f(x) for f in FUNCTIONS.values())


def slopes(x):
    return tuple(ta.vjp(f, x)[1](np.ones(x.shape))[0] for f in FUNCTIONS.values())


# a short loop calls C's functions, a longer one is vectorised
@pytest.mark.parametrize("x", [X, np.tile(X, SMALL // X.size + 1)], ids=["short", "long"])
@pytest.mark.parametrize("compute, rtol", [(values, 1e-15), (slopes, 1e-13)])
def test_special_values(compute, rtol, x):
    assert set(stage(compute, x).counts()) <= set(EXPRESSIONS)
    with np.errstate(all="ignore"):
        for name, out, expected in zip(FUNCTIONS, ta.compile(compute)(x), compute(x), strict=True):
            np.testing.assert_allclose(out, expected, rtol=rtol, err_msg=name)


BOOLEANS = {
    "add": lambda b, x: b + x,
    "subtract": lambda b, x: x - b,
    "multiply": lambda b, x: 2.0 * b * x,
    "divide": lambda b, x: b / x,
    "maximum": lambda b, x: tnp.maximum(b, x),
    "where": lambda b, x: tnp.where(x > 0, b, x),
    "two": lambda b, x: (b + b, b * b),
    "finite": lambda b, x: (tnp.isfinite(b), tnp.isinf(b), tnp.isnan(b)),
}


def test_booleans_among_numbers():
    x = X.astype(np.float32)
    b = np.arange(x.size) % 2 == 0

    def values(b, x):
        return tree.leaves([f(b, x) for f in BOOLEANS.values()])

    with np.errstate(all="ignore"):
        for got, want in zip(ta.compile(values)(b, x), values(b, x), strict=True):
            assert got.dtype == want.dtype
            np.testing.assert_allclose(got, want, rtol=1e-6)


@pytest.mark.parametrize("length, name", [(3, "sin64_small"), (SMALL, "sin64_shared")])
def test_the_code_of_functions_is_not_repeated(length, name):
    """A kernel stays small, however many functions it calls."""

    def chain(x):
        for _ in range(200):
            x = tnp.sin(x)
        return x

    compiled, single = ta.compile(chain), ta.compile(tnp.sin)
    x = R.standard_normal(length)
    np.testing.assert_allclose(compiled(x), chain(x), rtol=1e-13)
    np.testing.assert_allclose(single(x), np.sin(x), rtol=1e-15)
    assert compiled.source.count(f"{name}(") == 200 and "sin64(" not in compiled.source
    assert ("sin64(" in single.source) == (length >= SMALL)
