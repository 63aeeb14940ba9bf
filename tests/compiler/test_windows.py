"""Slices, joined and padded arrays inside kernels, against the functions themselves."""

import numpy as np
import pytest

import tenrso_ad as ta
import tenrso_ad.numpy as tnp
from tests.compiler.interpreter import interpreted

R = np.random.default_rng(3)


def laplacian(u):
    inner = u[1:-1, 1:-1]
    return u[2:, 1:-1] + u[:-2, 1:-1] + u[1:-1, 2:] + u[1:-1, :-2] - 4 * inner


def periodic(u):
    shifts = [tnp.roll(u, by, axis) for by in (1, -1) for axis in (0, 1)]
    return shifts[0] + shifts[1] + shifts[2] + shifts[3] - 4 * u


def lorenz(u):
    x, y, z = u[..., 0], u[..., 1], u[..., 2]
    return tnp.stack([10 * (y - x), x * (28 - z) - y, x * y - 8 / 3 * z], axis=-1)


def runge_kutta(u, h=0.01):
    a = lorenz(u)
    b = lorenz(u + h / 2 * a)
    c = lorenz(u + h / 2 * b)
    d = lorenz(u + h * c)
    return u + h / 6 * (a + 2 * b + 2 * c + d)


FUSED = {
    "rosenbrock": lambda x: 100 * (x[0, 1:] - x[0, :-1] ** 2) ** 2 + (1 - x[0, :-1]) ** 2,
    "laplacian": laplacian,
    "periodic": periodic,
    "two steps": lambda x: periodic(x + 0.1 * periodic(x)),
    "rolled twice": lambda x: tnp.roll(x, (1, 2), (0, 1)) * x + tnp.roll(tnp.exp(x), 4),
    "runge kutta": lambda x: runge_kutta(x[:, :3]),
    "new axes": lambda x: x[:, None, 2] * x[None, 1] + x[0, 0],
    "backwards": lambda x: x[::-1, 1] * tnp.flip(x, 1)[:, 0] + tnp.exp(x)[::-1, -2],
    "padded": lambda x: tnp.pad(tnp.sin(x), ((1, 2), (0, 3))) * 2.0,
    "joined": lambda x: tnp.concatenate([tnp.exp(x), x[:, :2], x * x], axis=1) * 2.0,
    "joined views": lambda x: tnp.concatenate([x[1:], x[:1]]) * x,
    "joined zeros": lambda x: tnp.concatenate([tnp.zeros((1, 5)), tnp.tanh(x)]) ** 2,
    "columns": lambda x: tnp.column_stack([x[:, 0], tnp.exp(x[:, 1])]) * x[:, 3:],
    "split": lambda x: tnp.multiply(*tnp.split(tnp.tanh(x)[:, :4], 2, axis=1)),
    "reductions": lambda x: tnp.sum(x[:, 1:3], 1) * tnp.max(x[:, ::-1], 1) + tnp.sum(x[1]),
    "reshaped": lambda x: tnp.reshape(tnp.exp(x[:, 1:4]), (-1,)) * tnp.reshape(x[:, 2:], (12,)),
}
"""Functions of a matrix of 4 x 5."""
CALLED = {
    "every second": lambda x: x[:, ::2] * 2.0 + tnp.sin(x)[:, 1::2][:, :1],
    "empty": lambda x: tnp.sum(x[:, 3:3]) + tnp.concatenate([x[:0], x]),
    "product": lambda x: tnp.exp(x[:, :4] @ x[:, 1:5]),
    "taken": lambda x: x[[0, 2, 0], 1:3] * 2.0,
}
"""The same with parts that no kernel computes."""


def with_gradient(f):
    weight = np.random.default_rng(1).standard_normal((40, 40))

    def loss(x):
        out = f(x)
        return tnp.sum(out * weight.reshape(-1)[: out.size].reshape(out.shape).astype(x.dtype))

    return lambda x: (f(x), ta.grad(loss)(x))


def check(f, x, **options):
    got, want = ta.compile(f, **options)(x), f(x)
    for one, two in zip(got, want, strict=True):
        assert one.dtype == two.dtype and one.shape == two.shape
        rtol = 1e-11 if x.dtype == np.float64 else 1e-4
        np.testing.assert_allclose(one, two, rtol=rtol, atol=rtol)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("name", [*FUSED, *CALLED])
def test_values_and_gradients(name, dtype):
    f = with_gradient({**FUSED, **CALLED}[name])
    x = R.standard_normal((4, 5)).astype(dtype)
    with interpreted():
        check(f, x)
        check(f, np.asfortranarray(x))
        check(f, R.standard_normal((9, 5)).astype(dtype)[::2][:4])


@pytest.mark.parametrize("name", FUSED)
def test_one_kernel_computes_all(name):
    f = ta.compile(with_gradient(FUSED[name]))
    x = R.standard_normal((4, 5))
    with interpreted():
        f(x)
    assert set(f.graphs[0].counts()) <= {"fused", "window", "reshape", "transpose"}


@pytest.mark.parametrize("name", ["laplacian", "periodic", "runge kutta", "backwards"])
def test_native_kernels(name):
    check(with_gradient(FUSED[name]), R.standard_normal((4, 5)))


def test_other_dtypes_are_left_to_numpy():
    def f(x):
        return x[1:, ::2], tnp.roll(x, 1), tnp.concatenate([x, x[:1]]), tnp.pad(x, 1)

    for dtype in (np.int64, np.complex128, bool):
        x = R.integers(0, 2, (4, 5)).astype(dtype)
        for got, want in zip(ta.compile(f)(x), f(x), strict=True):
            assert got.dtype == want.dtype
            np.testing.assert_array_equal(got, want)


def test_results_are_no_views_of_the_argument():
    x = np.arange(6.0)
    part, turned = ta.compile(lambda x: (x[1:4], x[::-1]))(x)
    assert not np.shares_memory(part, x) and not np.shares_memory(turned, x)
    assert part.flags.c_contiguous and turned.flags.c_contiguous


def test_threads_give_the_same_bits():
    f = ta.compile(ta.grad(lambda x: tnp.sum(tnp.tanh(laplacian(x)) ** 2)))
    x = R.standard_normal((300, 301))
    with ta.config.parallel(min_size=1, chunk_size=1000):
        with ta.config.threads(1):
            one = f(x)
        with ta.config.threads(3):
            np.testing.assert_array_equal(f(x), one)
