import gc
import threading
import weakref

import numpy as np
import pytest

import tenrso_ad as ta
import tenrso_ad.numpy as tnp
from tenrso_ad.engine.errors import BackwardError, DTypeError, ShapeError

X = np.array([1.0, 2.0, 3.0])


def test_backward_fills_grad_and_accumulates():
    x = ta.tensor(X)
    (x * x).sum().backward()
    np.testing.assert_array_equal(x.grad, 2 * X)
    (3 * x).sum().backward()
    np.testing.assert_array_equal(x.grad, 2 * X + 3)
    x.grad = None
    tnp.sum(x).backward()
    np.testing.assert_array_equal(x.grad, np.ones(3))
    assert type(x.grad) is np.ndarray and x.grad.flags.writeable


@pytest.mark.parametrize("function", [np.sum, lambda z: np.sum(np.exp(z))])
def test_gradients_of_two_leaves_share_no_memory(function):
    x, y = ta.tensor(X), ta.tensor(X)
    function(x + y).backward()
    assert not np.shares_memory(x.grad, y.grad)
    assert x.grad.flags.writeable and y.grad.flags.writeable


def test_plain_numpy_functions():
    x = ta.tensor(X)
    np.einsum("i,i->", np.tanh(x), x).backward()
    np.testing.assert_allclose(x.grad, np.tanh(X) + X / np.cosh(X) ** 2)


def test_python_control_flow_follows_the_values():
    def steps(start):
        x = ta.tensor(start)
        y, n = x, 0
        while y < 100.0:
            y, n = y * 2.0, n + 1
        y.backward()
        return n, float(x.grad)

    assert steps(1.0) == (7, 128.0)
    assert steps(60.0) == (1, 2.0)


def test_backward_from_an_array_wants_a_cotangent_of_its_shape():
    x = ta.tensor(X)
    with pytest.raises(BackwardError, match=r"wants a scalar, got float64\[3\]"):
        (x * x).backward()
    with pytest.raises(ShapeError, match=r"\(3,\)"):
        (x * x).backward(np.ones(2))
    (x * x).backward([1.0, 0.0, 2.0])
    np.testing.assert_array_equal(x.grad, [2.0, 0.0, 12.0])


def test_saved_values_are_freed_and_a_second_backward_says_so():
    x = ta.tensor(X)
    y = tnp.sum(tnp.exp(x))
    y.backward(retain_graph=True)
    y.backward()
    np.testing.assert_allclose(x.grad, 2 * np.exp(X))
    with pytest.raises(BackwardError, match="freed by an earlier backward pass; pass retain_graph"):
        y.backward()


def test_what_nobody_holds_is_freed():
    x = ta.tensor(X)
    hidden = tnp.exp(x)
    value = weakref.ref(hidden)
    y = tnp.sum(hidden * hidden)
    saved = hidden.value
    references = len(gc.get_referrers(saved))
    del hidden
    gc.collect()
    assert value() is None
    y.backward()
    assert len(gc.get_referrers(saved)) < references


def test_a_long_chain_is_freed_without_recursion():
    x = ta.tensor(1.0)
    y = x
    for _ in range(100_000):
        y = y + 1.0
    y.backward()
    del y
    assert float(x.grad) == 1.0


def test_no_grad_as_block_and_decorator():
    x = ta.tensor(X)
    with ta.no_grad():
        assert not (x * x).requires_grad

    @ta.no_grad()
    def step(x):
        return x - 0.1

    assert not step(x).requires_grad
    assert (x * x).requires_grad
    with pytest.raises(BackwardError, match="nothing it depends on requires a gradient"):
        step(x).sum().backward()


def test_no_grad_is_of_its_thread():
    x = ta.tensor(X)
    recorded = []
    with ta.no_grad():
        worker = threading.Thread(target=lambda: recorded.append((x * x).requires_grad))
        worker.start()
        worker.join()
    assert recorded == [True]


def test_eval_and_train():
    with ta.Tape() as tape:
        x = ta.tensor(X)
        tape.eval()
        assert not tape.training and not (x * x).requires_grad
        tape.train()
        assert tape.training and (x * x).requires_grad


def test_statistics():
    with ta.Tape() as tape:
        x = ta.tensor(X)
        y = ta.tensor(X)
        z = tnp.sum(tnp.exp(x) * y + x)
        stats = tape.stats()
        assert stats.operations == {"exp": 1, "multiply": 1, "add": 1, "sum": 1}
        assert (stats.nodes, stats.edges, stats.leaves) == (4, 6, 2)
        assert stats.bytes_saved == 2 * X.nbytes  # exp(x) once, y
        assert "4 nodes, 6 edges, 2 leaves" in str(stats)
        z.backward()
        assert tape.stats().nodes == tape.stats().bytes_saved == 0


def test_clear():
    with ta.Tape() as tape:
        y = tnp.sum(ta.tensor(X) ** 2)
        tape.clear()
        assert tape.stats().nodes == 0
        with pytest.raises(BackwardError, match="freed"):
            y.backward()


def test_backward_after_the_block():
    with ta.Tape():
        x = ta.tensor(X)
        y = (x * x).sum()
    y.backward()
    np.testing.assert_array_equal(x.grad, 2 * X)


def test_complex_gradient_is_dx_plus_i_dy():
    z = ta.tensor(np.array([1.0 + 2.0j]))
    tnp.sum(tnp.absolute(z) ** 2).backward()
    np.testing.assert_allclose(z.grad, [2.0 + 4.0j])
    with pytest.raises(BackwardError, match="complex scalar is ambiguous"):
        tnp.sum(z * z).backward()


def test_float32_stays():
    x = ta.tensor(X.astype(np.float32))
    tnp.sum(tnp.sin(x) * 2.0).backward()
    assert x.grad.dtype == np.float32


def test_tensors_that_a_transform_closes_over_receive_their_gradients():
    w = ta.tensor(3.0)
    slope = ta.grad(lambda x: w * x * x)(2.0)
    slope.backward()
    assert float(w.grad) == 4.0


def test_a_tape_inside_a_transform():
    def by_hand(x):
        t = ta.tensor(x)
        (t**3).backward()
        return t.grad

    assert float(ta.grad(by_hand)(2.0)) == 12.0
    assert float(ta.jvp(by_hand, (2.0,), (1.0,))[1]) == 12.0


@pytest.mark.parametrize("requires_grad", [False, True])
def test_a_tensor_made_inside_a_transform_lets_derivatives_through(requires_grad):
    def scaled(x):
        return x * x * ta.tensor([3.0, 4.0, 5.0], requires_grad=requires_grad)

    def total(x):
        return scaled(x).sum()

    twice = np.diag([6.0, 8.0, 10.0])
    np.testing.assert_array_equal(ta.grad(total)(X), twice @ X)
    value, gradient = ta.value_and_grad(lambda x: (total(x), [scaled(x)]), has_aux=True)(X)
    assert type(value[1][0]) is np.ndarray
    np.testing.assert_array_equal(gradient, twice @ X)
    np.testing.assert_array_equal(ta.jvp(total, (X,), (X,))[1], X @ twice @ X)
    np.testing.assert_array_equal(ta.jacfwd(scaled)(X), twice * X)
    np.testing.assert_array_equal(ta.jacrev(scaled)(X), twice * X)
    np.testing.assert_array_equal(ta.hessian(total)(X), twice)
    batch = np.stack([X, 2 * X])
    np.testing.assert_array_equal(ta.vmap(total)(batch), np.array([1, 4]) * total(X).value)


def test_an_inner_tape_does_not_hide_that_a_tensor_is_differentiated():
    def leaves(by):
        return lambda x: by(x * ta.tensor(2.0, requires_grad=False)) * x

    for by in (float, np.asarray):
        with pytest.raises(DTypeError, match="its derivative"):
            ta.grad(leaves(by))(2.0)


# --- arrays that backward needs do not change under it ------------------------------------------


def test_tensor_copies():
    a = X.copy()
    x = ta.tensor(a)
    y = (x * x).sum()
    a[:] = 0.0
    y.backward()
    np.testing.assert_array_equal(x.grad, 2 * X)


def test_without_a_copy_the_array_is_read_only_until_backward():
    a = X.copy()
    x = ta.tensor(a, copy=False)
    y = (x * x).sum()
    with pytest.raises(ValueError, match="read-only"):
        a[0] = 5.0
    y.backward()
    a[0] = 5.0
    assert x.value[0] == 5.0
    y = (x * x).sum()  # needed again
    with pytest.raises(ValueError, match="read-only"):
        a[0] = 6.0
    y.backward()


def test_plain_operands_are_read_only_until_backward():
    b = X.copy()
    x = ta.tensor(X)
    y = (x * b).sum()
    with pytest.raises(ValueError, match="read-only"):
        b[0] = 5.0
    with pytest.raises(ValueError, match="read-only"):
        b += 1.0
    y.backward()
    b[0] = 5.0
    np.testing.assert_array_equal(x.grad, X)


def test_the_base_of_a_view_is_guarded_too():
    base = np.arange(6.0)
    x = ta.tensor(X)
    y = (x * base[:3]).sum()
    with pytest.raises(ValueError, match="read-only"):
        base[0] = 5.0
    y.backward()
    base[0] = 5.0


def test_operands_are_free_when_the_graph_is_dropped():
    b = X.copy()
    y = (ta.tensor(X) * b).sum()
    del y
    b[0] = 5.0


@pytest.mark.parametrize("a", [[1, 2], np.array([True]), np.array(["a"]), 3])
def test_integers_are_refused_where_a_gradient_is_asked(a):
    with pytest.raises(DTypeError, match="a gradient exists for floating-point and complex"):
        ta.tensor(a)


def test_integers_without_gradient():
    n = ta.tensor([1, 2], requires_grad=False)
    assert n.dtype == np.int64 and not n.requires_grad
    assert ta.tensor([1, 2], dtype=np.float32).dtype == np.float32


def test_grad_of_a_scalar_stays_an_array():
    x = ta.tensor(2.0)
    for _ in range(2):
        (x * x).backward()
    assert type(x.grad) is np.ndarray and x.grad == 8.0
