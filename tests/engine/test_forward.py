"""Forward mode: tangents travel with the values."""

import numpy as np
import pytest

import tenrso_ad as ta
import tenrso_ad.numpy as tnp
from tenrso_ad.engine.forward import ForwardTrace
from tenrso_ad.engine.trace import Tensor
from tenrso_ad.ops import elementwise as ew
from tenrso_ad.ops.broadcasting import sum_to


@pytest.fixture
def trace():
    return ForwardTrace()


def moving(trace, value, tangent):
    return Tensor(np.asarray(value), trace, None if tangent is None else np.asarray(tangent))


def test_product_rule(trace):
    x, y = moving(trace, [2.0, 3.0], [1.0, 0.0]), moving(trace, [5.0, 7.0], [0.0, 1.0])
    z = x * y
    np.testing.assert_array_equal(z.value, [10, 21])
    np.testing.assert_array_equal(z.node, [5, 3])


def test_zero_tangents_are_never_made(trace):
    x, y = moving(trace, [2.0], [1.0]), moving(trace, [5.0], None)
    assert (y * 2.0).node is None
    assert ew.exp(y + y).node is None
    assert ew.stop_gradient(x).node is None
    assert ew.floor(x).node is None
    assert (x > y).node is None
    np.testing.assert_array_equal((x * y).node, [5.0])


def test_tangents_have_the_shape_and_dtype_of_the_result(trace):
    x = moving(trace, np.ones((2, 1), np.float32), np.ones((2, 1), np.float32))
    for other in (np.ones(3), np.ones(3, np.float32), 2.0, moving(trace, np.ones(3), None)):
        for z in (
            x + other,
            other * x,
            tnp.where(np.ones(3, bool), x, other),
            tnp.maximum(x, other),
        ):
            assert (z.node.shape, z.node.dtype) == (z.shape, z.dtype)


def test_a_result_that_does_not_depend_on_the_arguments_has_a_zero_tangent():
    out, tangent = ta.jvp(lambda x: (np.ones(2, np.float32), 3.0, x > 0), (1.0,), (1.0,))
    assert tangent[0].dtype == np.float32
    np.testing.assert_array_equal(tangent[0], [0, 0])
    assert tangent[1] == 0.0 and not tangent[2]
    assert out[1] == 3.0


def test_tangents_are_the_users_own():
    t = np.ones(3)
    _, tangent = ta.jvp(lambda x: x, (np.ones(3),), (t,))
    tangent[0] = 5.0
    _, tangent = ta.jvp(lambda x: x + 0.0, (np.ones(3),), (t,))
    tangent[0] = 6.0
    _, (one, other) = ta.jvp(lambda x: (x, x + 0.0), (np.ones(3),), (t[::-1],))
    one[0] = other[1] = 7.0
    np.testing.assert_array_equal(one, [7, 1, 1])
    np.testing.assert_array_equal(t, 1.0)


def test_no_warning_from_a_singular_derivative():
    with np.errstate(divide="ignore"):
        _, tangent = ta.jvp(tnp.log, (np.zeros(2),), (np.array([1.0, 0.0]),))
    np.testing.assert_array_equal(tangent, [np.inf, 0.0])


def test_forward_and_reverse_agree(rng):
    x, v, w = rng.normal(size=(3, 4, 5))

    def f(x):
        return tnp.tanh(x * x) / (1.0 + tnp.exp(-x)) + sum_to(x, (4, 1)) * x

    _, tangent = ta.jvp(f, (x,), (v,))
    _, pullback = ta.vjp(f, x)
    np.testing.assert_allclose(np.sum(w * tangent), np.sum(pullback(w)[0] * v), rtol=1e-13)
