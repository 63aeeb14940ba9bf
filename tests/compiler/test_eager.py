"""Derivatives of large arrays in the backward pass: a kernel gives what NumPy gives."""

import tracemalloc

import numpy as np
import pytest

import tenrso_ad as ta
import tenrso_ad.numpy as tnp
from tenrso_ad.compiler import eager
from tenrso_ad.engine import large

N = 240


@pytest.fixture(autouse=True)
def nothing_counted(monkeypatch):
    monkeypatch.setattr(eager, "_known", type(eager._known)())


def at_once(min_size=1):
    return ta.config.kernels(min_size=min_size, after=0)


def kernels():
    """Names of the operations that have got a kernel."""
    return {key[0].name for key, made in eager._known.items() if isinstance(made, eager._Kernel)}


def pairs(x):
    return x.reshape(-1, 8)


# a function of a vector of N elements, and the operations of whose derivatives kernels are made
CASES = {
    "products": (lambda x: tnp.sum(x * x * x), {"multiply"}),
    "tanh": (lambda x: tnp.sum(tnp.tanh(x) * x), {"multiply", "tanh"}),
    "sigmoid": (lambda x: tnp.sum(tnp.sigmoid(4 * x) + x), {"sigmoid", "multiply"}),
    "quotient": (lambda x: tnp.sum(x / (1 + x * x)), {"divide", "multiply"}),
    "powers": (lambda x: tnp.sum(x**2 + x**3 - abs(x) ** 1.5), {"power", "absolute"}),
    "elementary": (lambda x: tnp.sum(tnp.sin(x) * tnp.exp(x)), {"multiply", "sin", "exp"}),
    "gelu": (lambda x: tnp.sum(tnp.gelu(x) * tnp.silu(x)), {"multiply", "gelu", "silu"}),
    "choices": (
        lambda x: tnp.sum(tnp.maximum(x, 0.5) * tnp.relu(x) + tnp.clip(x, -1, 1)),
        {"multiply", "maximum", "relu", "at_least", "at_most"},
    ),
    "where": (
        lambda x: tnp.sum(tnp.where(x > 0, x * x, tnp.where(pairs(x)[0, 0] > 0, x, 0.5)) * x),
        {"multiply", "where"},
    ),
    "roots": (lambda x: tnp.sum(tnp.sqrt(1 + x * x) - tnp.log1p(x * x)), {"sqrt", "log1p"}),
    "rows": (lambda x: tnp.sum(pairs(x) * tnp.arange(8.0) * x[:8]), {"multiply"}),
    "columns": (lambda x: tnp.sum(pairs(x) / tnp.sum(pairs(x) ** 2, 1, keepdims=True)), {"power"}),
    "transposed": (lambda x: tnp.sum((pairs(x).T * pairs(x).T).T * pairs(x)), {"multiply"}),
    "softmax": (lambda x: tnp.sum(tnp.softmax(pairs(x)) * pairs(x)), {"multiply"}),
    "deviation": (lambda x: tnp.sum(pairs(x) / tnp.std(x)), {"divide"}),
}


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_same_bits_as_numpy(name, dtype, rng):
    f, made = CASES[name]
    x = rng.normal(scale=4, size=N).astype(dtype)
    gradient = ta.value_and_grad(f)
    with ta.config.kernels(False):
        expected = gradient(x)
    assert not kernels()
    with at_once():
        found = gradient(x)
    assert made <= kernels()
    assert found[0] == expected[0]
    assert found[1].dtype == dtype
    np.testing.assert_array_equal(found[1], expected[1])


def test_special_values():
    """Infinities, NaN, zeros and what is beyond every limit: exactly where NumPy has them."""
    special = np.array([0.0, -0.0, np.inf, -np.inf, np.nan, 1e308, -1e-308, 5e-324, 19.5, -745.0])
    x, weights = (a.ravel() for a in np.meshgrid(special, special))
    functions = [
        lambda v: tnp.sum(v * (weights * v)),
        lambda v: tnp.sum(weights * tnp.tanh(v)),
        lambda v: tnp.sum(weights * tnp.sigmoid(v)),
        lambda v: tnp.sum(weights * tnp.sqrt(abs(v))),
        lambda v: tnp.sum(weights / v),
        lambda v: tnp.sum(weights * tnp.maximum(v, weights)),
    ]
    with np.errstate(all="ignore"):
        for f in functions:
            with ta.config.kernels(False):
                expected = ta.grad(f)(x)
            with at_once():
                np.testing.assert_array_equal(ta.grad(f)(x), expected)
    assert {"multiply", "tanh", "sigmoid", "sqrt", "divide", "maximum"} <= kernels()


def test_zero_cotangent_stops_a_singular_derivative():
    x = np.array([0.0, 4.0, -1.0])
    with at_once(), np.errstate(invalid="ignore"):
        gradient = ta.grad(lambda v: tnp.sum(tnp.where(v > 0, tnp.sqrt(v), 0.0)))(x)
    assert "sqrt" in kernels()
    np.testing.assert_array_equal(gradient, [0.0, 0.25, 0.0])


def test_rare_cases_are_computed_from_the_operand():
    """Where tanh is 1, or nearly, its derivative cannot be had from it."""
    x = np.linspace(-30, 30, 61)
    with at_once():
        gradient = ta.grad(lambda v: tnp.sum(2 * tnp.tanh(v) + v))(x)
    assert "tanh" in kernels()
    np.testing.assert_allclose(gradient, 2 / np.cosh(x) ** 2 + 1, rtol=1e-14)
    assert gradient[0] == 1 + 2 / np.cosh(30.0) ** 2


def test_comes_in_after_some_elements(rng):
    x = rng.normal(size=N)
    gradient = ta.grad(lambda v: tnp.sum(v * v))
    with ta.config.kernels(min_size=N, after=3 * N):
        gradient(x[1:])
        assert not eager._known  # too small
        first, second = gradient(x), gradient(x)
        assert not kernels()
        third = gradient(x)
        assert kernels() == {"multiply"}
    np.testing.assert_array_equal(first, second)
    np.testing.assert_array_equal(first, third)
    with ta.config.kernels(False):
        assert large.settings.from_size == np.inf
    assert large.settings.from_size == large.FROM_SIZE


def test_same_bits_for_any_number_of_threads(rng):
    x = rng.normal(size=1000)

    def f(v):
        return tnp.sum(tnp.tanh(v) * v * v)

    results = []
    with ta.config.parallel(min_size=100, chunk_size=64), at_once():
        for count in (1, 2, 5):
            with ta.config.threads(count):
                results.append(ta.grad(f)(x))
        (kernel, *_) = [made for made in eager._known.values() if made]
        assert "in_threads" in kernel.source
    with ta.config.parallel(min_size=10**6), at_once():
        results.append(ta.grad(f)(x))
        assert "in_threads" not in [made for made in eager._known.values() if made][-1].source
    for other in results[1:]:
        np.testing.assert_array_equal(other, results[0])


def test_gathered_cotangents_are_added_in_threads(rng):
    x = rng.normal(size=(30, 4))
    f = ta.grad(lambda v: tnp.sum(tnp.mean(v, 1) ** 2) + tnp.sum(v) + tnp.sum(v.T[:, :3]))
    with ta.config.kernels(False):
        expected = f(x)
    for count in (1, 2, 3):
        with at_once(), ta.config.parallel(min_size=8, chunk_size=8), ta.config.threads(count):
            np.testing.assert_array_equal(f(x), expected)


def test_other_transforms(rng):
    """Second derivatives, maps over a batch, tapes; the saved values of a kept graph stay."""
    x = rng.normal(size=(5, 6))

    def f(v):
        return tnp.sum(tnp.tanh(v) ** 3)

    def on_a_tape():
        t = ta.tensor(x)
        y = f(t)
        y.backward(retain_graph=True)
        y.backward()
        return t.grad

    functions = [
        lambda: ta.hvp(f, x, x),
        lambda: ta.grad(lambda v: tnp.sum(ta.grad(f)(v) ** 2))(x),
        lambda: ta.vmap(ta.grad(f))(x),
        lambda: ta.jacrev(lambda v: v * tnp.tanh(v))(x),
        on_a_tape,
    ]
    for compute in functions:
        with ta.config.kernels(False):
            expected = compute()
        with at_once():
            np.testing.assert_array_equal(compute(), expected)
    assert "tanh" in kernels()


def test_what_no_kernel_takes(rng):
    """Complex numbers, float16, integers that index, rules of the user's: NumPy goes on."""

    @ta.custom_vjp
    def doubled(v):
        return 2 * v

    doubled.defvjp(lambda v: (2 * v, None), lambda _, g: (3 * g,))
    x = rng.normal(size=N)
    with at_once():
        np.testing.assert_array_equal(ta.grad(lambda v: tnp.sum(doubled(v)))(x), np.full(N, 3.0))
        half = ta.grad(lambda v: tnp.sum(v * v))(x.astype(np.float16))
        gradient = ta.grad(lambda v: tnp.sum(tnp.real(v * v)))(x + 1j)
        picked = ta.grad(lambda v: tnp.sum(v[::-1][np.arange(N)] ** 2))(x)
    assert half.dtype == np.float16
    np.testing.assert_array_equal(half, 2 * x.astype(np.float16))
    np.testing.assert_allclose(gradient, 2 * np.conj(x + 1j))
    np.testing.assert_array_equal(picked, 2 * x)


def test_numpy_goes_on_where_nothing_can_be_compiled(rng, monkeypatch):
    def missing(*_, **__):
        raise ImportError("no module named llvmlite")

    monkeypatch.setattr(eager, "ExactProgram", missing)
    x = rng.normal(size=N)
    with at_once():
        for _ in range(2):
            np.testing.assert_array_equal(ta.grad(lambda v: tnp.sum(v * v))(x), 2 * x)
    assert not kernels() and len(eager._known) == 1


def test_number_of_rules_is_limited(rng):
    with ta.config.kernels(min_size=1, after=10**9):
        for n in range(1, 300):
            ta.grad(lambda v: tnp.sum(v * v))(np.ones(n))
    assert len(eager._known) <= eager._RULES


def test_errors():
    with pytest.raises(ta.errors.ArgumentError, match="min_size of at least 1, got 0"):
        ta.config.kernels(min_size=0)
    with pytest.raises(ta.errors.ArgumentError, match="at least 0, got -1"):
        ta.config.kernels(after=-1)


def test_tensors_that_a_rule_saved_are_not_kept_alive():
    x = np.ones(2 * large.FROM_SIZE)
    slope = ta.grad(lambda m: tnp.sum(m - tnp.log(m + 1)))
    ta.jvp(slope, (x,), (x,))
    tracemalloc.start()
    for _ in range(6):
        ta.jvp(slope, (x,), (x,))
    kept = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    assert kept < x.nbytes
