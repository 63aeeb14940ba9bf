import numpy as np
import optree
import pytest

import tenrso_ad as ta
import tenrso_ad.numpy as tnp
from tenrso_ad.compiler import kernel_source
from tests.compiler.interpreter import interpreted

R = np.random.default_rng(0)


def dense(w, c, x):
    return tnp.sum(tnp.maximum(tnp.matmul(x, w) + c, 0.0))


def chain(x):
    for _ in range(5):
        x = tnp.sin(x)
    return tnp.sum(x)


def standardised(x, w):
    return tnp.sum(tnp.mean(x, 1) * w) + tnp.sum(x)


def cp(a, b, c, g):
    return tnp.sum(tnp.einsum("ar,br,cr->abc", a, b, c) * g)


def tucker(k, a, b, c, g):
    return tnp.sum(tnp.einsum("pqr,ap,bq,cr->abc", k, a, b, c) * g)


FUNCTIONS = {
    "dense": (dense, [(7, 5), (5,), (3, 7)]),
    "dense, one row": (dense, [(7, 5), (5,), (1, 7)]),
    "chain": (chain, [(3,)]),
    "standardised": (standardised, [(6, 5), (6,)]),
    "cp": (cp, [(4, 2), (5, 2), (3, 2), (4, 5, 3)]),
    "tucker": (tucker, [(2, 3, 2), (4, 2), (5, 3), (3, 2), (4, 5, 3)]),
    "many elements": (lambda x: tnp.sum(x * x * x), [(10000,)]),
    "no elements": (lambda x: tnp.sum(x * x), [(0, 3)]),
    "a number": (lambda x: x * tnp.exp(x), [()]),
}


@pytest.mark.parametrize("name", FUNCTIONS)
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_compiled_gradients_agree_with_eager_ones(name, dtype):
    f, shapes = FUNCTIONS[name]
    args = [R.standard_normal(s).astype(dtype) for s in shapes]
    both = ta.value_and_grad(f, argnums=tuple(range(len(args))))
    value, gradients = ta.compile(both)(*args)
    expected, wanted = both(*args)
    tolerance = 1e-12 if dtype is np.float64 else 1e-5
    np.testing.assert_allclose(value, expected, rtol=tolerance)
    assert value.dtype == dtype
    for got, want in zip(gradients, wanted, strict=True):
        assert (got.dtype, got.shape) == (want.dtype, want.shape)
        np.testing.assert_allclose(got, want, rtol=tolerance, atol=tolerance)


def test_results_are_the_callers_own():
    f = ta.compile(lambda x: (x, x + 1.0, tnp.sum(x), x.T, tnp.zeros(3)))
    x = R.standard_normal((2, 3))
    first = f(x)
    kept = [np.array(o) for o in first]
    f(np.zeros((2, 3)))
    for o, k in zip(first, kept, strict=True):
        np.testing.assert_array_equal(o, k)
    assert not any(np.shares_memory(o, x) for o in first)
    assert all(o.flags.writeable for o in first if isinstance(o, np.ndarray))


def test_arrays_of_any_layout():
    f = ta.compile(lambda x: tnp.tanh(x) * 2.0)
    x = R.standard_normal((4, 6))
    read_only = x.copy()
    read_only.flags.writeable = False
    for a in (x, x[:, ::2].T, np.asfortranarray(x), x[::-1], read_only):
        np.testing.assert_allclose(f(a), np.tanh(a) * 2.0)


def test_trees_keywords_and_static_arguments():
    @ta.compile
    def f(tree, power, scale=1.0):
        return {"out": tree["a"] ** power * scale + tree["b"]}

    tree = {"a": np.arange(3.0), "b": np.ones(3)}
    np.testing.assert_allclose(f(tree, 2)["out"], np.arange(3.0) ** 2 + 1)
    np.testing.assert_allclose(f(tree, 3, scale=2.0)["out"], 2 * np.arange(3.0) ** 3 + 1)
    np.testing.assert_allclose(f(tree, 2, scale=np.array(3.0))["out"], 3 * np.arange(3.0) ** 2 + 1)


def test_inside_a_transform():
    f = ta.compile(lambda x: tnp.sum(tnp.sin(x) ** 2))
    x = np.array([0.0, np.pi / 4])
    np.testing.assert_allclose(ta.grad(f)(x), [0.0, 1.0], atol=1e-15)


def test_passes_can_be_left_out():
    x = R.standard_normal((3, 4))
    f = ta.value_and_grad(lambda x: tnp.sum(tnp.mean(x, 0) ** 2))
    expected, wanted = f(x)
    for passes in ([], ["fuse"], ["simplify"], ["share_common", "remove_dead"]):
        value, gradient = ta.compile(f, passes=passes)(x)
        np.testing.assert_allclose(value, expected)
        np.testing.assert_allclose(gradient, wanted)
    with pytest.raises(ta.errors.ArgumentError, match="no pass 'fold'"):
        ta.compile(f, passes=["fold"])(x)


def test_the_source_can_be_read():
    f = ta.compile(lambda x: tnp.sum(tnp.tanh(x)))
    f(np.ones(100))
    assert "tanh64(" in f.source and "def run(" in f.source


@pytest.mark.parametrize("axis", [None, 0, 1, 2, (0, 2), (1, 2), (0, 1), ()])
@pytest.mark.parametrize("keepdims", [False, True])
def test_sums_over_any_axes(axis, keepdims):
    x = R.standard_normal((3, 4, 5))

    def f(x):
        total = tnp.sum(tnp.exp(x), axis=axis, keepdims=keepdims)
        return total, x * tnp.sum(x, axis=axis, keepdims=True)

    for got, want in zip(ta.compile(f)(x), f(x), strict=True):
        np.testing.assert_allclose(got, want, rtol=1e-12)


def test_extrema_over_any_axes_hand_nan_on():
    x = R.standard_normal((3, 4, 5))
    x[1, 2, 3], x[0, 0], x[2, :, 1] = np.nan, -np.inf, np.inf
    axes = (None, 0, 1, 2, (0, 2), (1, 2))

    def f(x):
        y = tnp.negative(x)
        found = [(tnp.max(y, axis=a), tnp.min(y, axis=a, keepdims=True)) for a in axes]
        truth = [(tnp.any(y > 0.5, axis=a), tnp.all(y > 0.5, axis=a)) for a in axes]
        return found, truth

    compiled = ta.compile(f)
    for given in (x, x.astype(np.float32)):
        leaves = map(optree.tree_leaves, (compiled(given), f(given)))
        for got, want in zip(*leaves, strict=True):
            np.testing.assert_array_equal(got, want)
    assert all(g.counts() == {"fused": 1} for g in compiled.graphs)


@pytest.mark.parametrize("threads", [1, 2, 3])
def test_large_kernels_give_the_same_bits_in_any_number_of_threads(threads):
    x = np.random.default_rng(1).standard_normal((500, 1001))
    f = ta.compile(
        lambda x: (tnp.sum(tnp.tanh(x)), tnp.sum(tnp.exp(x), axis=1), x * 2.0, tnp.max(-x))
    )
    with ta.config.threads(1):
        alone = f(x)
    assert "in_threads" in f.source
    with ta.config.threads(threads):
        shared = f(x)
    for got, want in zip(shared, alone, strict=True):
        np.testing.assert_array_equal(got, want)
    np.testing.assert_allclose(alone[0], np.sum(np.tanh(x)), rtol=1e-12)
    assert alone[3] == np.max(-x)


def test_where_and_how_kernels_are_divided():
    x = np.random.default_rng(1).standard_normal(1000)

    def total(**options):
        with ta.config.parallel(**options):
            f = ta.compile(lambda x: tnp.sum(x * x))
            return f(x), "in_threads" in f.source

    assert [total()[1], total(min_size=1000)[1], total(min_size=1001)[1]] == [False, True, False]
    for chunk in (1, 7, 1000, 5000):
        value, divided = total(min_size=1, chunk_size=chunk)
        assert divided
        np.testing.assert_allclose(value, np.sum(x * x), rtol=1e-13)
    assert not total()[1]
    with pytest.raises(ta.errors.ArgumentError, match="chunk_size of at least 1"):
        ta.config.parallel(chunk_size=0)
    with pytest.raises(ta.errors.ArgumentError, match="threads: wanted"):
        ta.config.threads(0)


def test_arrays_of_the_last_kind_take_the_short_way(monkeypatch):
    f = ta.compile(lambda x, y: x + y)
    x = R.standard_normal(3)
    f(x, x)
    monkeypatch.setattr(type(f), "_general", None)
    np.testing.assert_array_equal(f(x, x), x + x)


@pytest.mark.parametrize("chunk", [3, 4, 7, 50, 1000])
def test_chunks_of_any_size_count_every_element_once(chunk, monkeypatch):
    x = R.standard_normal((10, 9))

    def f(x):
        return tnp.sum(x), tnp.sum(x, axis=1), tnp.sum(x * x, axis=0), tnp.max(x), x * 2.0

    monkeypatch.setattr(kernel_source, "BLOCK", 4)
    with interpreted(), ta.config.parallel(min_size=1, chunk_size=chunk):
        for given in (x, x.reshape(-1, 1), x.reshape(1, -1)):
            for got, want in zip(ta.compile(f)(given), f(given), strict=True):
                np.testing.assert_allclose(got, want, rtol=1e-12)
