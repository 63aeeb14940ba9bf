"""Staging writes down what a function does, without running it."""

import numpy as np
import pytest

import tenrso_ad as ta
import tenrso_ad.numpy as tnp
from tenrso_ad.engine import hooks
from tenrso_ad.engine.array_type import ArrayType
from tenrso_ad.engine.errors import ConcretizationError, ShapeError
from tenrso_ad.engine.staging import stage
from tenrso_ad.ops.broadcasting import sum_to


def test_by_types_alone():
    graph = stage(lambda x: [tnp.exp(x)], ArrayType((2,), np.dtype(np.float32)))
    (out,) = graph.verify().evaluate(np.zeros(2, np.float32))
    assert out.dtype == np.float32


def test_nothing_is_computed():
    ran = []
    with hooks.installed(after_evaluation=lambda *call: ran.append(call)):
        stage(lambda x: [tnp.exp(x) * 2.0], np.zeros(3))
    assert not ran


def test_results_may_be_inputs_constants_or_repeated():
    a = np.arange(3)
    graph = stage(lambda x, y: [y, a, 2.0, x + y, y], np.zeros(3), np.ones(3)).verify()
    outs = graph.evaluate(np.zeros(3), np.ones(3))
    assert [np.shape(o) for o in outs] == [(3,), (3,), (), (3,), (3,)]


def test_a_function_of_nothing():
    assert stage(lambda: [np.ones(2)]).verify().evaluate()[0].sum() == 2


def test_gradients_are_staged_too():
    def loss(x, w):
        return sum_to(tnp.tanh(x * w) ** 2, ())

    gradients = ta.grad(loss, argnums=(0, 1))
    x, w = np.linspace(0, 1, 6).reshape(2, 3), np.ones(3)
    graph = stage(gradients, x, w).verify()
    for staged, eager in zip(graph.evaluate(x, w), gradients(x, w), strict=True):
        np.testing.assert_allclose(staged, eager, rtol=1e-14)
    # other values, same graph
    for staged, eager in zip(graph.evaluate(-x, 2 * w), gradients(-x, 2 * w), strict=True):
        np.testing.assert_allclose(staged, eager, rtol=1e-14)


def test_closed_over_tensors_stand_in_the_graph_and_get_their_gradients():
    def f(a):
        return stage(lambda x: [x * a], np.ones(2)).evaluate(np.array([3.0, 4.0]))[0]

    assert ta.grad(lambda a: sum_to(f(a), ()))(2.0) == 7.0


def test_custom_derivatives_are_used_before_staging():
    @ta.custom_vjp
    def f(x):
        return x * x

    f.defvjp(lambda x: (x * x, None), lambda residuals, g: (g * 100.0,))
    x = np.array(3.0)
    assert stage(lambda x: [ta.grad(f)(x)], x).evaluate(x)[0] == 100.0
    assert stage(lambda x: [f(x)], x).counts() == {"multiply": 1}


def test_lines_are_kept_when_asked():
    def f(x):
        return [tnp.exp(x)]

    assert stage(f, np.zeros(2)).equations[0].line == ""
    with hooks.installed(record_lines=True):
        assert "test_staging.py" in stage(f, np.zeros(2)).equations[0].line


def test_errors_are_those_of_running_it():
    with pytest.raises(ShapeError, match=r"add\(float64\[2\], float64\[3\]\)"):
        stage(lambda x: [x + np.ones(3)], np.ones(2))


def test_python_control_flow_needs_values():
    def f(x):
        return [x if x > 0 else -x]

    with pytest.raises(ConcretizationError, match=r"bool\[\] tensor.*Use tnp\.where"):
        stage(f, np.zeros(()))


def test_inside_a_graph_shapes_are_known():
    def f(x):
        return [x * float(x.shape[0] * x.ndim)] if x.dtype == np.float64 else [x]

    assert stage(f, np.ones((4, 5))).evaluate(np.ones((4, 5)))[0].max() == 8.0
