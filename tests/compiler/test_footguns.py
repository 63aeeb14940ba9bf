"""What goes wrong with compiled functions elsewhere, and what happens here."""

import threading

import numpy as np
import pytest

import tenrso_ad as ta
import tenrso_ad.numpy as tnp

X = np.array([[1.0, -2.0, 3.0], [4.0, 5.0, -6.0]])


def test_an_array_closed_over_is_taken_when_the_function_is_staged():
    scale = np.array([1.0, 2.0, 3.0])
    f = ta.compile(lambda x: x * scale)
    first = f(X)
    scale[:] = 0.0
    np.testing.assert_array_equal(f(X), first)


def test_a_global_number_is_taken_when_the_function_is_staged():
    state = {"factor": 2.0}
    f = ta.compile(lambda x: x * state["factor"])
    np.testing.assert_array_equal(f(X), X * 2.0)
    state["factor"] = 3.0
    np.testing.assert_array_equal(f(X), X * 2.0)


def test_changing_an_argument_in_place_is_refused():
    @ta.compile
    def f(x):
        x[0] = 0.0
        return tnp.sum(x)

    with pytest.raises(ta.errors.ArgumentError, match="changes its array argument 0"):
        f(X)


def test_changing_a_copy_in_place_is_compiled():
    @ta.compile
    def f(x):
        y = tnp.copy(x)
        y[0] = 0.0
        y *= 2.0
        return y

    np.testing.assert_array_equal(f(X), [[0, 0, 0], [8, 10, -12]])


def test_random_numbers_are_drawn_once():
    rng = np.random.default_rng(0)
    f = ta.compile(lambda x: x + rng.normal(size=x.shape))
    np.testing.assert_array_equal(f(X), f(X))


def test_printing_happens_while_staging_only(capsys):
    @ta.compile
    def f(x):
        print("staged")
        return x + 1.0

    f(X), f(X), f(X[:1])
    assert capsys.readouterr().out == "staged\n" * 2


def test_control_flow_on_values_names_the_line():
    @ta.compile
    def f(x):
        if tnp.sum(x) > 0:  # this line
            return x
        return -x

    with pytest.raises(ta.errors.ConcretizationError, match=r"test_footguns\.py:\d+") as caught:
        f(X)
    assert "tnp.where" in str(caught.value)


def test_an_argument_that_keeps_changing_is_named():
    def step_down(w, rate):
        return w - rate * w

    update = ta.compile(step_down)
    with pytest.raises(ta.errors.RetraceError, match="'rate' had 64 different values") as caught:
        for step in range(100):
            update(X, 0.1 / (step + 1))
    assert "np.asarray" in str(caught.value)
    update = ta.compile(step_down)
    for step in range(100):  # the way out
        update(X, np.asarray(0.1 / (step + 1)))


def test_shapes_that_keep_changing_are_named():
    f = ta.compile(lambda data: tnp.sum(data["x"]), max_versions=3)
    with pytest.raises(ta.errors.RetraceError, match=r"'data'\['x'\] had 3 different shapes"):
        for n in range(5):
            f({"x": np.ones(n)})


def test_static_arguments():
    traced = []

    def f(x, shape, name="a"):
        traced.append(name)
        return tnp.reshape(x, shape)

    g = ta.compile(f, static_argnums=1, static_argnames="name")
    assert g(X, (3, 2)).shape == (3, 2)
    assert g(X, (6,), name="b").shape == (6,)
    assert g(X + 1.0, (6,), name="b").shape == (6,)
    assert traced == ["a", "b"]
    with pytest.raises(ta.errors.ArgumentError, match="does not hash"):
        g(X, [3, 2])


def test_arrays_of_any_layout_and_size():
    f = ta.compile(lambda x: (tnp.sum(x), tnp.exp(x) * 2.0))
    unaligned = np.frombuffer(b"\0" + X.tobytes(), dtype=np.uint8)[1:].view(X.dtype).reshape(2, 3)
    overlapping = np.lib.stride_tricks.as_strided(X, (4, 2), (8, 8))
    wide = np.broadcast_to(X, (4, 2, 3))
    for x in (X.T, X[:, ::2], X[::-1], unaligned, overlapping, X[:0], X[0, 0], wide):
        total, doubled = f(x)
        np.testing.assert_allclose(total, np.sum(x), rtol=1e-12)
        np.testing.assert_allclose(doubled, np.exp(x) * 2.0, rtol=1e-12)
        assert doubled.shape == np.shape(x)


@pytest.mark.filterwarnings("ignore:overflow")
def test_dtypes_that_kernels_do_not_know():
    f = ta.compile(lambda x: tnp.sum(x * x + 1))
    for dtype in (np.int64, np.int32, np.float16, np.complex128, np.longdouble, ">f8"):
        x = np.arange(5).astype(dtype)
        out, expected = f(x), np.sum(x * x + 1)
        np.testing.assert_allclose(out, expected, rtol=1e-3)
        assert out.dtype == np.asarray(expected).dtype.newbyteorder("=")


def test_results_do_not_change_with_the_next_call():
    f = ta.compile(lambda x: tnp.tanh(x) @ x.T)
    first = f(X)
    kept = first.copy()
    f(X * 2.0)
    np.testing.assert_array_equal(first, kept)


def test_an_argument_that_is_returned_is_copied():
    f = ta.compile(lambda x, y: (x, y, x))
    a, b, c = f(X, X)
    assert not any(np.shares_memory(p, q) for p, q in [(a, X), (b, X), (a, b), (a, c)])


def test_tensors_closed_over_receive_their_gradients():
    w = ta.tensor(X.copy())
    f = ta.compile(lambda x: tnp.sum(w * x))
    for _ in range(2):
        f(X).backward()
    np.testing.assert_array_equal(w.grad, 2 * X)


def test_tensors_as_arguments_receive_their_gradients():
    f = ta.compile(lambda w, x: tnp.sum(w * w * x))
    f(X, X)  # compiled for arrays
    w = ta.tensor(X.copy())
    f(w, X).backward()
    np.testing.assert_allclose(w.grad, 2 * X * X)


def test_a_compiled_function_inside_another():
    inner = ta.compile(lambda x: tnp.sin(x) ** 2)
    outer = ta.compile(ta.grad(lambda x: tnp.sum(inner(x))))
    np.testing.assert_allclose(outer(X), np.sin(2 * X), rtol=1e-12)


def test_methods():
    class Model:
        def __init__(self, scale):
            self.scale = scale

        @ta.compile
        def __call__(self, x):
            return x * self.scale

    np.testing.assert_array_equal(Model(2.0)(X), 2 * X)
    np.testing.assert_array_equal(Model(3.0)(X), 3 * X)


def test_calls_from_several_threads():
    f = ta.compile(lambda x: tnp.tanh(x @ x.T) + 1.0)
    f(X)
    inputs = [np.full((30, 30), float(i)) / 100 for i in range(8)]
    results = [None] * len(inputs)

    def work(i):
        for _ in range(50):
            results[i] = f(inputs[i])

    threads = [threading.Thread(target=work, args=(i,)) for i in range(len(inputs))]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    for x, r in zip(inputs, results, strict=True):
        np.testing.assert_allclose(r, np.tanh(x @ x.T) + 1.0)


def test_errors_are_those_of_the_operations():
    f = ta.compile(lambda x: tnp.matmul(x, x))
    with pytest.raises(ta.errors.ShapeError, match="matmul"):
        f(X)
    with pytest.raises(ta.errors.ArgumentError, match="no pass 'fold'"):
        ta.compile(f, passes=["fold"])
    with pytest.raises(ta.errors.ArgumentError, match="backend"):
        ta.compile(f, backend="c")


def test_the_python_backend_and_its_report(capsys):
    f = ta.compile(lambda x: tnp.sum(x * 1.0 + 2.0 * 3.0), backend="python", verbose=True)
    np.testing.assert_allclose(f(X), np.sum(X + 6.0))
    assert "fused" not in f.source
    assert "simplify" in capsys.readouterr().out
