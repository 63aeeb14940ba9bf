"""The tape and the backward pass."""

import gc
import weakref

import numpy as np
import pytest

import tenrso_ad as ta
import tenrso_ad.numpy as tnp
from tenrso_ad.engine import hooks
from tenrso_ad.engine.errors import BackwardError
from tenrso_ad.engine.node import LazyCotangent
from tenrso_ad.engine.primitive import Primitive
from tenrso_ad.engine.reverse import Pullback, ReverseTrace, backpropagate, pullbacks, transpose
from tenrso_ad.engine.trace import Tracer, bind, evaluation
from tenrso_ad.ops import elementwise as ew
from tenrso_ad.ops.broadcasting import sum_to


@pytest.fixture
def trace():
    return ReverseTrace()


@pytest.fixture
def counted():
    """Count how often each operation's pullback ran."""
    counts = {}

    def count(node, cotangent, results):
        counts[node.primitive.name] = counts.get(node.primitive.name, 0) + 1

    with hooks.installed(after_pullback=count):
        yield counts


def gradient(out, *variables, cotangent=None):
    seed = np.ones(out.shape) if cotangent is None else cotangent
    gradients = backpropagate([(out.node, seed)])
    return [gradients.get(v.node) for v in variables]


# --- what is recorded -----------------------------------------------------------------------------


def test_operations_without_a_variable_leave_no_node(trace):
    x = trace.variable(np.ones(2))
    still = ta.stop_gradient(x) * 3.0
    assert isinstance(still, Tracer) and still.node is None
    assert (still > 0).node is None
    assert (still + x).node is not None


def test_integer_results_have_no_gradient(trace):
    x = trace.variable(np.array([1.5, -2.5]))
    assert tnp.floor(x).node is None
    assert (x > 0).node is None


def test_a_variable_used_in_every_place(trace):
    x = trace.variable(np.array([2.0, 3.0]))
    y = x * x + x * 4.0 - x / x + x
    np.testing.assert_array_equal(gradient(y, x)[0], 2 * x.value + 5)


def test_plain_arrays_on_either_side(trace):
    x, a = trace.variable(np.array([2.0, 3.0])), np.array([10.0, 20.0])
    np.testing.assert_array_equal(gradient(a * x, x)[0], a)
    np.testing.assert_array_equal(gradient(x * a, x)[0], a)
    np.testing.assert_array_equal(gradient(a - x, x)[0], [-1, -1])


def test_only_what_is_needed_is_saved():
    with ta.Tape() as tape:
        x = ta.tensor(np.ones(100))
        y = x + 1.0
        assert tape.stats().bytes_saved == 0
        y = np.full(100, 2.0) * y
        assert tape.stats().bytes_saved == 800  # the plain operand, not x
        y = tnp.exp(y)
        assert tape.stats().bytes_saved == 1600  # its result


# --- the backward pass ----------------------------------------------------------------------------


def test_each_node_is_visited_once_after_all_its_consumers(trace, counted):
    x = trace.variable(np.array(1.0))
    y = x
    for _ in range(40):  # 2^40 paths
        y = y + y * 0.5
    np.testing.assert_allclose(gradient(y, x)[0], 1.5**40)
    assert counted == {"add": 40, "multiply": 40}


def test_branches_of_different_length(trace):
    x = trace.variable(np.array(0.5))
    long = x
    for _ in range(10):
        long = ew.sin(long)
    y = long * x + x
    expected = ta.jvp(lambda x: _sin_chain(x) * x + x, (0.5,), (1.0,))[1]
    np.testing.assert_allclose(gradient(y, x)[0], expected, rtol=1e-15)


def _sin_chain(x):
    for _ in range(10):
        x = ew.sin(x)
    return x


def test_a_long_chain_needs_no_recursion(trace):
    x = trace.variable(np.array(1.0))
    y = x
    for _ in range(20_000):
        y = y + 1e-9
    assert gradient(y, x) == [1.0]
    del y  # nor does freeing it


def test_parts_that_no_cotangent_reaches_cost_nothing(trace, counted):
    x = trace.variable(np.ones(3))
    unused = ew.exp(ew.sin(x))
    y = ew.where(np.array([False, False, False]), x, 2.0) + ew.stop_gradient(unused)
    gradient(y, x)
    assert "exp" not in counted and "sin" not in counted


def test_symbolic_zeros_are_not_materialised(trace):
    x, y = trace.variable(np.ones(3)), trace.variable(np.ones(3))
    assert gradient(x * 2.0, x, y)[1] is None
    out = ew.where(True, x, 0.0)
    assert gradient(ta.stop_gradient(y) * out, x, y)[1] is None


def test_gradients_of_unused_arguments_are_zeros():
    x, y = np.ones((2, 3), np.float32), np.ones(2)
    gx, gy = ta.grad(lambda x, y: sum_to(y, ()), argnums=(0, 1))(x, y)
    assert (gx.shape, gx.dtype) == (x.shape, x.dtype)
    np.testing.assert_array_equal(gx, 0.0)
    np.testing.assert_array_equal(gy, 1.0)
    assert ta.grad(lambda x: 1.0)(3.0) == 0.0


def test_several_roots(trace):
    x = trace.variable(np.array([1.0, 2.0]))
    y, z = x * 2.0, ew.square(x)
    roots = [(y.node, np.ones(2)), (z.node, np.ones(2)), (x.node, np.ones(2)), (y.node, np.ones(2))]
    np.testing.assert_array_equal(backpropagate(roots)[x.node], 2 * 2.0 + 2 * x.value + 1)


def test_cotangents_of_the_user_are_not_changed(trace):
    x = trace.variable(np.ones(3))
    seed = np.ones(3)
    y = x + 0.0
    roots = [(y.node, seed), (y.node, np.ones(3)), (x.node, seed)]
    np.testing.assert_array_equal(backpropagate(roots)[x.node], 3.0)
    np.testing.assert_array_equal(seed, 1.0)


def test_sums_do_not_write_into_what_others_hold(trace):
    # g reaches x and y as the same array; the sum at x must not show in y
    x, y = trace.variable(np.ones(3)), trace.variable(np.ones(3))
    gx, gy = gradient((x + y) + x + x, x, y)
    np.testing.assert_array_equal(gx, 3.0)
    np.testing.assert_array_equal(gy, 1.0)


def test_gradients_are_the_users_own():
    x, y = np.ones(3), np.ones(3)
    gx, gy = ta.grad(lambda x, y: sum_to(x + y, ()), argnums=(0, 1))(x, y)
    gx[0] = 7.0
    gy[1] = 8.0
    np.testing.assert_array_equal(gx, [7, 1, 1])
    np.testing.assert_array_equal(gy, [1, 8, 1])
    _, pullback = ta.vjp(lambda x: x, x)
    seed = np.ones(3)
    for given in (seed, seed[:], seed[::-1]):
        (g,) = pullback(given)
        g[0] = 9.0
    np.testing.assert_array_equal(seed, 1.0)


# --- saved values and their life ------------------------------------------------------------------


def test_saved_values_are_freed_after_backward(trace):
    x = trace.variable(np.array([1.0, 2.0]))
    y = x * ew.exp(x)
    backpropagate([(y.node, np.ones(2))])
    with pytest.raises(BackwardError, match=r"multiply saved were freed.*retain_graph=True"):
        backpropagate([(y.node, np.ones(2))])


def test_retained_values_serve_again(trace):
    x = trace.variable(np.array([1.0, 2.0]))
    y = x * ew.exp(x)
    first, second = (backpropagate([(y.node, np.ones(2))], retain=True)[x.node] for _ in range(2))
    np.testing.assert_array_equal(first, second)
    np.testing.assert_array_equal(backpropagate([(y.node, np.ones(2))])[x.node], first)


def test_a_second_pass_fails_even_where_nothing_was_saved(trace):
    x = trace.variable(np.ones(2))
    y = x + 1.0
    backpropagate([(y.node, np.ones(2))])
    with pytest.raises(BackwardError):
        backpropagate([(y.node, np.ones(2))])


def test_what_nobody_can_reach_is_freed_at_once():
    gc.collect()
    gc.disable()
    try:
        x = ta.tensor(np.ones(3))
        y = ew.exp(x)
        value = weakref.ref(y.value)
        z = y * 2.0
        del y
        assert value() is not None  # saved for the derivative of exp
        del z
        assert value() is None
        y = ew.exp(x)
        value = weakref.ref(y.value)
        z = sum_to(y, ())
        del y
        z.backward()
        assert value() is None
    finally:
        gc.enable()


# --- operations with several results --------------------------------------------------------------


@pytest.fixture
def halves():
    """Split x into (2x, x^2, an integer)."""
    primitive = Primitive("halves", multiple_results=True)
    evaluation[primitive] = lambda x: (2 * x, x * x, np.arange(3))
    received = []

    def apply(g, saved, params, wanted):
        received.append(dict(g))
        total = None
        if 0 in g:
            total = g[0] * 2
        if 1 in g:
            second = g[1] * 2 * saved[0]
            total = second if total is None else total + second
        return (total,)

    pullbacks[primitive] = Pullback(lambda values, out, params, wanted: (values[0],), apply)
    yield lambda x: bind(primitive, (x,)), received
    del evaluation[primitive], pullbacks[primitive]
    from tenrso_ad.engine.primitive import registry

    del registry["halves"]


def test_several_results(trace, halves):
    split, received = halves
    x = trace.variable(np.array([1.0, 3.0]))
    a, b, c = split(x)
    assert c.node is None
    np.testing.assert_array_equal(gradient(a * 5.0 + b, x)[0], 10 + 2 * x.value)
    assert set(received[0]) == {0, 1}


def test_results_that_are_not_used_get_no_cotangent(trace, halves):
    split, received = halves
    x = trace.variable(np.array([1.0, 3.0]))
    _, b, _ = split(x)
    np.testing.assert_array_equal(gradient(b + b, x)[0], 4 * x.value)
    assert set(received[0]) == {1}


# --- lazy cotangents ------------------------------------------------------------------------------


class Entry(LazyCotangent):
    """One entry of a vector."""

    made = 0

    def __init__(self, size, place, value):
        self.size, self.place, self.value = size, place, value

    def materialise(self):
        Entry.made += 1
        whole = np.zeros(self.size)
        whole[self.place] = self.value
        return whole

    def add_into(self, buffer):
        buffer[self.place] += self.value


@pytest.fixture
def pick():
    primitive = Primitive("pick")
    evaluation[primitive] = lambda x, place: x[place]
    pullbacks[primitive] = Pullback(
        lambda values, out, params, wanted: (values[0].shape,),
        lambda g, saved, params, wanted: (Entry(saved[0], params["place"], g),),
    )
    Entry.made = 0
    yield lambda x, place: bind(primitive, (x,), {"place": place})
    del evaluation[primitive], pullbacks[primitive]
    from tenrso_ad.engine.primitive import registry

    del registry["pick"]


def test_lazy_cotangents_are_made_whole_once(trace, pick):
    x = trace.variable(np.zeros(1000))
    y = pick(x, 0) * 1.0
    for i in range(1, 500):
        y = y + pick(x, i) * 2.0
    (g,) = gradient(y, x)
    assert Entry.made == 1
    np.testing.assert_array_equal(g[:3], [1, 2, 2])
    assert g.sum() == 999


@pytest.mark.parametrize("lazy_last", [False, True])
def test_lazy_and_whole_cotangents_add_up(trace, pick, lazy_last):
    x = trace.variable(np.arange(3.0))
    parts = [lambda: sum_to(x * x, ()), lambda: pick(x, 1) * 10.0, lambda: pick(x, 1) * 1.0]
    total = None
    for part in reversed(parts) if lazy_last else parts:
        total = part() if total is None else total + part()
    np.testing.assert_array_equal(gradient(total, x)[0], [0, 13, 4])


def test_a_lazy_cotangent_is_made_whole_for_a_pullback_and_for_the_user(trace, pick):
    x = trace.variable(np.arange(3.0))
    y = ew.exp(x)
    np.testing.assert_allclose(gradient(pick(y, 2), x)[0], [0, 0, np.exp(2.0)])
    z = trace.variable(np.arange(3.0))
    np.testing.assert_array_equal(gradient(pick(z, 2), z)[0], [0, 0, 1])


# --- transpose ------------------------------------------------------------------------------------


def test_transpose_of_a_linear_function(rng):
    a = rng.normal(size=(4, 3))

    def linear(x, y):
        return [sum_to(a * x, (4, 1)) + y, None, y * 2.0]

    example = [np.zeros(3), np.zeros((4, 1))]
    g, h = rng.normal(size=(4, 1)), rng.normal(size=(4, 1))
    by_x, by_y = transpose(linear, example, [g, None, h])
    np.testing.assert_allclose(by_x, (a * g).sum(0))
    np.testing.assert_allclose(by_y, g + 2 * h)


def test_transpose_gives_none_for_what_nothing_depends_on():
    by_x, by_y = transpose(lambda x, y: [x * 2.0, 3.0], [np.ones(2)] * 2, [np.ones(2), np.ones(())])
    np.testing.assert_array_equal(by_x, 2.0)
    assert by_y is None


# --- the same bits every time ---------------------------------------------------------------------


def test_gradients_are_bitwise_the_same_again(rng):
    x, y = rng.normal(size=(2, 50, 20))

    def f(x, y):
        return sum_to(tnp.tanh(x * y + x / (y * y + 1.0)) * x - y, ())

    first = ta.grad(f, argnums=(0, 1))(x, y)
    for _ in range(3):
        for a, b in zip(first, ta.grad(f, argnums=(0, 1))(x, y), strict=True):
            assert a.tobytes() == b.tobytes()
