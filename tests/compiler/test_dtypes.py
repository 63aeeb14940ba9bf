"""Compiled code keeps the eager rules of dtypes: those of NumPy, Python numbers being weak."""

import itertools

import ml_dtypes
import numpy as np
import pytest

import tenrso_ad as ta
import tenrso_ad.numpy as tnp
from tests.compiler.interpreter import interpreted

DTYPES = [
    *(np.float64, np.float32, np.float16, np.longdouble, ml_dtypes.bfloat16),
    *(np.complex64, np.complex128, np.bool_, np.int8, np.uint8, np.int32, np.int64, np.uint64),
]
ROUNDING = {"float16": 1e-2, "bfloat16": 1e-2, "float32": 1e-5, "complex64": 1e-5}


def name(dtype):
    return np.dtype(dtype).name


def values(dtype, *shape):
    """Small numbers that every dtype holds, zero among them."""
    return np.resize(np.array([0, 1, 2, 3, 1]), shape).astype(dtype)


def agree(f, *args):
    """Compiled results are the eager ones; returns the compiled function."""
    compiled = ta.compile(f)
    with interpreted(), np.errstate(all="ignore"):
        found, expected = compiled(*args), f(*args)
    for number, (got, want) in enumerate(zip(found, expected, strict=True)):
        got, want = np.asarray(got), np.asarray(want)
        assert (got.dtype, got.shape) == (want.dtype, want.shape), number
        wide = np.clongdouble if got.dtype.kind == "c" else np.longdouble
        rounding = ROUNDING.get(got.dtype.name, 1e-12)
        np.testing.assert_allclose(
            got.astype(wide), want.astype(wide), rtol=rounding, atol=rounding, err_msg=str(number)
        )
    return compiled


def everyday(x):
    return [
        *(x + x, x * x, x * True, x * 2, x + 1.5, x / 2, x**2),
        *(tnp.where(x == 1, x, 3), tnp.where(x != 2, 2.5, x), tnp.sqrt(x), tnp.exp(x) + x),
        *(tnp.sum(x), tnp.mean(x, axis=0), tnp.prod(x), tnp.sum(x, axis=1, keepdims=True)),
        *(tnp.matmul(x.T, x), tnp.einsum("ij,ij->i", x, x), tnp.reshape(x, -1)[::2]),
        *(tnp.absolute(x), tnp.real(x).astype(np.float32) * x, x == x.T[:1, :1], tnp.isfinite(x)),
        *(tnp.zeros_like(x) + x, (x + x) * np.float32(0.5), tnp.logical_and(x, x > 1)),
        *(x * 1e300, x * -np.inf, x / np.float32(0)),
    ]


@pytest.mark.parametrize("dtype", DTYPES, ids=name)
def test_every_dtype(dtype):
    agree(everyday, values(dtype, 3, 2))


@pytest.mark.parametrize("dtype", [d for d in DTYPES if np.dtype(d).kind in "fcV"], ids=name)
def test_gradients_keep_the_dtype(dtype):
    def loss(x):
        return tnp.sum(tnp.real(tnp.tanh(x * 0.5) * x + 1.0 / (2 + x * x)))

    def both(x, y):
        return ta.grad(loss)(x), *ta.grad(lambda x, y: loss(x * y), argnums=(0, 1))(x, y)

    agree(both, values(dtype, 3, 2), values(dtype, 2))


REAL = [d for d in DTYPES if np.dtype(d).kind != "c"]
PAIRS = [*itertools.product(REAL, [np.float64, np.float32]), (bool, bool), (np.int32, bool)]


def mixed(x, y):
    return [
        *(x + y, x * y, tnp.maximum(x, y), tnp.where(y > 1, x, y), tnp.hypot(y, y) * x),
        *(x < y, (x == y) & (y == y), tnp.sum(x * y), tnp.sum(x * y, axis=0) * x),
        *(x * 2 + y, y * 0.5 + x, (y > 1) * x, tnp.logical_or(x, y)),
    ]


@pytest.mark.parametrize(("one", "other"), PAIRS, ids=name)
def test_two_dtypes_in_one_function(one, other):
    if np.dtype(other).kind == "b":
        agree(
            lambda x, y: [x * y, x | y, tnp.where(y, x, 1), tnp.sum(y), tnp.mean(y), y != 2],
            values(one, 3, 2),
            values(other, 2),
        )
    else:
        agree(mixed, values(one, 3, 2), values(other, 2))


def test_python_numbers_are_weak_and_numpy_scalars_are_not():
    x = values(np.float32, 3)
    half, one = np.float64(0.5), np.float32(1)

    def f(x):
        return [
            *(x * 2, x * 0.5, 1 / (x + 1), x**0.5, x - True, tnp.where(x > 1, x, 0.1)),
            *(x * half, x + one, x * np.array(0.5), tnp.maximum(x, half), tnp.sum(x) * half),
        ]

    compiled = agree(f, x)
    kinds = [o.dtype.name for o in compiled(x)]
    assert kinds == ["float32"] * 6 + ["float64", "float32", "float64", "float64", "float64"]


def test_mixed_widths_share_one_native_kernel():
    """A translation has its own rules of promotion: those of the graph have to win."""
    narrow, wide, mask = values(np.float32, 3, 4) / 3, values(np.float64, 4) / 7, values(bool, 4)

    def f(x, y, m):
        s = x * y
        t = tnp.where(m, x, y) + tnp.where(m, x, 0.1)
        u = x**2.5 + x / 3 + tnp.exp(x) * True + m
        v = (s.astype(np.float32) * 0.1 + x * m) ** 3
        return s, t, u, v, tnp.sum(u) + tnp.sum(s), tnp.max(x, axis=0) * y, (x > y) ^ (m < 1)

    compiled = ta.compile(f)
    args = narrow, wide, mask
    for got, want in zip(compiled(*args), f(*args), strict=True):
        assert got.dtype == want.dtype
        np.testing.assert_allclose(got, want, rtol=1e-6 if want.dtype == np.float32 else 1e-14)
    assert compiled.graphs[0].counts() == {"fused": 1}
