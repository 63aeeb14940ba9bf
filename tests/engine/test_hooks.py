"""What other parts of the library hang on the tape."""

import numpy as np
import pytest

import tenrso_ad as ta
import tenrso_ad.numpy as tnp
from tenrso_ad.engine import hooks
from tenrso_ad.engine.reverse import ReverseTrace, backpropagate
from tenrso_ad.ops import elementwise as ew
from tenrso_ad.ops.broadcasting import sum_to


def backward(out):
    return backpropagate([(out.node, np.ones(out.shape))])


# --- on_save, on_load -----------------------------------------------------------------------------


def test_saved_values_go_through_on_save_and_come_back_through_on_load():
    store, loads = {}, []

    def save(value, node):
        store[len(store)] = value.copy()
        return np.array(len(store) - 1, dtype=np.int64)

    def load(key, node):
        loads.append(node.primitive.name)
        return store[int(key)]

    x = np.array([0.5, 1.5])
    expected = ta.grad(lambda x: sum_to(ew.exp(x) * tnp.sin(x), ()))(x)
    with hooks.installed(on_save=save, on_load=load):
        actual = ta.grad(lambda x: sum_to(ew.exp(x) * tnp.sin(x), ()))(x)
    np.testing.assert_array_equal(actual, expected)
    # exp saves its result, sin its operand, multiply both operands; the sum only a shape
    assert len(store) == 4
    assert loads == ["multiply", "multiply", "sin", "exp"]


def test_on_load_undoes_in_the_reverse_order_of_on_save():
    trail = []

    def stage(name):
        return {
            "on_save": lambda v, node: (trail.append(f"save {name}"), v)[1],
            "on_load": lambda v, node: (trail.append(f"load {name}"), v)[1],
        }

    x = ReverseTrace().variable(np.ones(2))
    with hooks.installed(**stage("inner")), hooks.installed(**stage("outer")):
        backward(ew.exp(x))
    assert trail == ["save inner", "save outer", "load outer", "load inner"]


def test_a_value_changed_by_on_save_is_what_the_derivative_sees():
    x = ReverseTrace().variable(np.array([3.0]))
    with hooks.installed(on_save=lambda v, node: v * 10):
        y = ew.square(x)
    np.testing.assert_array_equal(backward(y)[x.node], [60.0])


# --- leaf_gradient_ready --------------------------------------------------------------------------


def order_of_events(build, count):
    """Names of nodes and leaves in the order of the backward pass."""
    trace = ReverseTrace()
    leaves = [trace.variable(np.full(2, 1.0 + i)) for i in range(count)]
    names = {leaf.node: i for i, leaf in enumerate(leaves)}
    events = []
    out = build(*leaves)
    with hooks.installed(
        leaf_gradient_ready=lambda leaf, g: events.append((names[leaf], g.copy())),
        between_nodes=lambda node: events.append(node.primitive.name),
    ):
        gradients = backward(out)
    return events, {names[leaf]: g for leaf, g in gradients.items()}


def test_leaves_are_ready_as_early_as_possible():
    events, _ = order_of_events(lambda a, b, c: ew.exp(ew.sin(a * b) + c), 3)
    assert [e if isinstance(e, str) else e[0] for e in events] == [
        *("exp", 2, "add", "sin", 0, 1, "multiply"),
    ]


def test_each_leaf_is_ready_exactly_once_and_whole():
    # a is used five times, the last use to be undone is the first one
    events, gradients = order_of_events(lambda a, b: (((a * b) + a) * a - a) * b + ew.exp(a), 2)
    ready = [e for e in events if not isinstance(e, str)]
    assert sorted(e[0] for e in ready) == [0, 1]
    for name, gradient in ready:
        np.testing.assert_array_equal(gradient, gradients[name])


def test_an_operand_used_twice_in_one_operation_is_ready_once():
    events, _ = order_of_events(lambda a: a * a, 1)
    assert len([e for e in events if not isinstance(e, str)]) == 1


def test_a_leaf_whose_last_consumer_gets_no_cotangent_is_still_ready():
    @ta.custom_vjp
    def without_gradient(x):
        return x

    without_gradient.defvjp(lambda x: (x, None), lambda residuals, g: (None,))

    # exp is recorded first, so it comes last in the backward pass, and then has nothing to do
    events, gradients = order_of_events(lambda a, b: without_gradient(ew.exp(a)) + a * b, 2)
    assert "exp" in events
    assert sorted(e[0] for e in events if not isinstance(e, str)) == [0, 1]
    assert set(gradients) == {0, 1}


def test_leaves_without_a_gradient_are_never_ready():
    events, gradients = order_of_events(lambda a, b: ew.exp(a) + ta.stop_gradient(b), 2)
    assert [e[0] for e in events if not isinstance(e, str)] == [0]
    assert set(gradients) == {0}


def test_a_leaf_that_is_a_root_is_ready():
    trace = ReverseTrace()
    x = trace.variable(np.ones(2))
    ready = []
    with hooks.installed(leaf_gradient_ready=lambda leaf, g: ready.append(leaf)):
        backpropagate([(x.node, np.ones(2))])
        y = x * 2.0
        backpropagate([(x.node, np.ones(2)), (y.node, np.ones(2))])
    assert ready == [x.node, x.node]


def test_a_lazy_cotangent_arrives_whole():
    trace = ReverseTrace()
    x = trace.variable(np.arange(4.0))
    ready = []
    with hooks.installed(leaf_gradient_ready=lambda leaf, g: ready.append(g)):
        backward(x[1] * 3.0)
    np.testing.assert_array_equal(ready[0], [0, 3, 0, 0])


def test_on_the_tape_of_the_user():
    ready = []
    a, b = ta.tensor([1.0, 2.0]), ta.tensor([3.0, 4.0])
    with hooks.installed(leaf_gradient_ready=lambda leaf, g: ready.append((leaf, g.copy()))):
        sum_to(a * b * b, ()).backward()
    assert {leaf for leaf, _ in ready} == {a.node, b.node}
    for leaf, g in ready:
        np.testing.assert_array_equal(g, leaf.gradient)


# --- the other hooks ------------------------------------------------------------------------------


def test_after_evaluation_sees_operations_on_plain_arrays_at_every_level():
    seen = []
    with hooks.installed(after_evaluation=lambda p, values, params, out: seen.append(p.name)):
        tnp.exp(np.ones(2))
        tnp.add(np.ones(2), 1.0)
        assert seen == ["exp", "add"]
        ta.grad(lambda x: ew.exp(ew.sin(x)))(1.0)
        assert seen[2:4] == ["sin", "exp"]
        assert "cos" in seen[4:]  # the derivative of sin
        ta.vmap(tnp.tanh)(np.ones(3))
        assert seen[-1] == "tanh"


def test_after_pullback_sees_the_cotangents():
    seen = []
    x = ReverseTrace().variable(np.array([2.0]))
    y = ew.square(x) * 3.0
    with hooks.installed(after_pullback=lambda node, g, results: seen.append((node, g, results))):
        backward(y)
    assert [node.primitive.name for node, _, _ in seen] == ["multiply", "square"]
    np.testing.assert_array_equal(seen[1][1], [3.0])
    np.testing.assert_array_equal(seen[1][2][0], [12.0])


def test_lines_of_the_user():
    x = ReverseTrace().variable(np.ones(2))
    with hooks.installed(record_lines=True):
        y = tnp.exp(x)
        z = x + 1.0
    for node, code in ((y.node, "tnp.exp"), (z.node, "x + 1.0")):
        path, line = node.line.split(" in ")[0].rsplit(":", 1)
        with open(path) as source:
            assert code in source.read().splitlines()[int(line) - 1]
        assert "test_lines_of_the_user" in node.line
        assert node.line in node.origin
    assert tnp.exp(x).node.origin == "exp"


def test_hooks_are_taken_off_even_after_an_error():
    def record(*args):
        raise AssertionError("still installed")

    with pytest.raises(RuntimeError, match="on purpose"), hooks.installed(after_evaluation=record):
        raise RuntimeError("on purpose")
    tnp.exp(np.ones(2))
    assert hooks.active == 0 and not hooks.after_evaluation


def test_a_hook_that_is_not_there():
    with pytest.raises((KeyError, TypeError)), hooks.installed(before_breakfast=print):
        pass
    assert hooks.active == 0
