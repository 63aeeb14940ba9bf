"""Arrays that a backward pass needs stay read-only until it has run, and no longer."""

import threading

import numpy as np
import pytest

import tenrso_ad as ta
import tenrso_ad.numpy as tnp
from tenrso_ad.engine import guard as guard_module
from tenrso_ad.engine.guard import Guard, protect
from tenrso_ad.ops.broadcasting import sum_to


def test_read_only_while_guarded():
    x = np.ones(3)
    guard = Guard(x)
    with pytest.raises(ValueError, match="read-only"):
        x[0] = 2.0
    guard.release()
    x[0] = 2.0


def test_a_dropped_guard_gives_the_array_back():
    x = np.ones(3)
    guard = Guard(x)
    assert not x.flags.writeable
    del guard
    assert x.flags.writeable


def test_several_guards_over_one_array():
    x = np.ones(3)
    first, second = Guard(x), Guard(x)
    first.release()
    assert not x.flags.writeable
    second.release()
    assert x.flags.writeable


def test_the_base_of_a_view_is_guarded_too():
    x = np.ones((2, 3))
    guard = Guard(x[0])
    with pytest.raises(ValueError, match="read-only"):
        x[0, 0] = 2.0
    guard.release()
    x[0, 0] = 2.0


@pytest.mark.parametrize(
    "order", [(0, 1, 2), (0, 2, 1), (1, 0, 2), (1, 2, 0), (2, 0, 1), (2, 1, 0)]
)
def test_views_of_one_base_released_in_any_order(order):
    x = np.ones((2, 3))
    views = [x[0], x[1], x]
    guards = [Guard(v) for v in views]
    for count, i in enumerate(order):
        assert not x.flags.writeable
        guards[i].release()
        assert x.flags.writeable is (count == 2)
    assert all(v.flags.writeable for v in views)


def test_a_view_guarded_again_before_its_base_is_free():
    x = np.ones((2, 3))
    view = x[0]
    base, first = Guard(x), Guard(view)
    first.release()
    second = Guard(view)
    base.release()
    assert not x.flags.writeable and not view.flags.writeable
    second.release()
    assert x.flags.writeable and view.flags.writeable


def test_what_was_read_only_before_stays_read_only():
    x = np.ones(3)
    x.flags.writeable = False
    assert protect(x) is None
    Guard(x).release()
    assert not x.flags.writeable
    view = np.broadcast_to(np.ones(3), (2, 3))
    Guard(view).release()
    assert not view.flags.writeable


def test_release_twice():
    x = np.ones(3)
    guard = Guard(x)
    guard.release()
    guard.release()
    assert x.flags.writeable


def test_a_guard_that_ends_in_the_garbage_collector_does_not_wait_for_itself():
    # the collector may run, and end a guard, while the same thread is making another one
    x = np.ones(2)
    done = threading.Event()

    def end_a_guard_inside_another_call():
        guards = [Guard(x)]
        with guard_module._mutex:
            guards.clear()
        done.set()

    thread = threading.Thread(target=end_a_guard_inside_another_call, daemon=True)
    thread.start()
    thread.join(60)
    assert done.is_set()
    Guard(np.ones(1)).release()  # the next one puts it right
    assert x.flags.writeable


def test_many_threads():
    x = np.ones((4, 3))

    def run(i):
        for _ in range(300):
            Guard(x[i]).release()

    threads = [threading.Thread(target=run, args=(i,)) for i in range(4)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert x.flags.writeable


# --- what the user sees --------------------------------------------------------------------------


def test_plain_operand_is_read_only_until_backward():
    weights = np.array([1.0, 2.0])
    x = ta.tensor([3.0, 4.0])
    y = tnp.sin(weights * x)
    with pytest.raises(ValueError, match="read-only"):
        weights[0] = 10.0
    y.backward(np.ones(2))
    weights[0] = 10.0
    np.testing.assert_allclose(x.grad, np.array([1.0, 2.0]) * np.cos([3.0, 8.0]))


def test_plain_operand_is_free_when_the_result_is_dropped():
    weights = np.array([1.0, 2.0])
    x = ta.tensor([3.0, 4.0])
    y = weights * x
    assert not weights.flags.writeable
    del y
    assert weights.flags.writeable


def test_an_operand_that_no_derivative_needs_stays_writeable():
    shift = np.array([1.0, 2.0])
    x = ta.tensor([3.0, 4.0])
    y = x + shift
    shift[0] = 10.0
    y.backward(np.ones(2))
    np.testing.assert_array_equal(x.grad, [1.0, 1.0])


def test_a_tensor_holds_a_copy_of_its_array():
    a = np.array([1.0, 2.0])
    x = ta.tensor(a)
    y = x * x
    a[:] = 100.0
    y.backward(np.ones(2))
    np.testing.assert_array_equal(x.grad, [2.0, 4.0])


def test_a_tensor_without_a_copy_guards_its_array():
    a = np.array([1.0, 2.0])
    x = ta.tensor(a, copy=False)
    y = x * x
    with pytest.raises(ValueError, match="read-only"):
        a[0] = 5.0
    y.backward(np.ones(2))
    a[0] = 5.0
    np.testing.assert_array_equal(x.grad, [2.0, 4.0])


def test_retained_graph_keeps_the_guard():
    weights = np.array([1.0, 2.0])
    x = ta.tensor([3.0, 4.0])
    y = weights * x
    y.backward(np.ones(2), retain_graph=True)
    assert not weights.flags.writeable
    y.backward(np.ones(2))
    assert weights.flags.writeable


def test_arguments_of_grad_are_writeable_again():
    x, w = np.ones(3), np.full(3, 2.0)
    ta.grad(lambda x: sum_to(tnp.sin(x * w), ()))(x)
    x[0] = w[0] = 5.0


def test_vjp_guards_its_arguments_while_the_pullback_lives():
    x = np.array([1.0, 2.0])
    _, pullback = ta.vjp(lambda x: x * x, x)
    with pytest.raises(ValueError, match="read-only"):
        x[0] = 5.0
    np.testing.assert_array_equal(pullback(np.ones(2))[0], [2.0, 4.0])
    del pullback
    x[0] = 5.0


def test_views_of_one_array_as_operands():
    both = np.ones((2, 3))
    x = ta.tensor(np.ones(3))
    y = both[0] * x
    z = both[1] * y
    del z
    y.backward(np.ones(3))
    both[:] = 2.0
