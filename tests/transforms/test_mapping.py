import numpy as np
import pytest

import tenrso_ad as ta
import tenrso_ad.numpy as tnp
from tenrso_ad.engine.errors import ArgumentError, AxisError, ConcretizationError, ShapeError

RNG = np.random.default_rng(5)
A = RNG.normal(size=(4, 3, 2))
B = RNG.normal(size=(4, 2))


def test_agrees_with_a_loop():
    f = lambda a, b: tnp.sum(tnp.tanh(a @ b))  # noqa: E731
    np.testing.assert_allclose(
        ta.vmap(f)(A, B), [f(a, b) for a, b in zip(A, B, strict=True)], rtol=1e-14
    )


def test_axes():
    f = lambda a, b: a @ b  # noqa: E731
    want = np.einsum("nij,j->ni", A, B[0])
    np.testing.assert_allclose(ta.vmap(f, (0, None))(A, B[0]), want)
    np.testing.assert_allclose(ta.vmap(f, (-1, None))(np.moveaxis(A, 0, -1), B[0]), want)
    np.testing.assert_allclose(ta.vmap(f, (0, None), 1)(A, B[0]), want.T)
    np.testing.assert_allclose(ta.vmap(f, (0, None), -1)(A, B[0]), want.T)


def test_pytrees_of_arguments_and_results():
    f = lambda p, x: {"y": p["w"] @ x, "x": x}  # noqa: E731
    out = ta.vmap(f, ({"w": None}, 0), {"y": 0, "x": 1})({"w": A[0]}, B)
    np.testing.assert_allclose(out["y"], B @ A[0].T)
    np.testing.assert_allclose(out["x"], B.T)


def test_a_result_without_batch_is_repeated():
    np.testing.assert_array_equal(ta.vmap(lambda x: np.arange(2.0))(B), np.tile([0.0, 1.0], (4, 1)))
    np.testing.assert_array_equal(ta.vmap(lambda x: 3.0)(B), np.full(4, 3.0))


def test_nested():
    pairwise = ta.vmap(ta.vmap(lambda x, y: tnp.sum(x * y), (None, 0)), (0, None))
    np.testing.assert_allclose(pairwise(B, B), B @ B.T)


def test_per_example_gradients():
    loss = lambda w, x: tnp.sum(tnp.sin(w * x))  # noqa: E731
    got = ta.vmap(ta.grad(loss), (None, 0))(B[0], B)
    np.testing.assert_allclose(got, np.cos(B[0] * B) * B)


def test_gradient_of_a_map():
    got = ta.grad(lambda b: tnp.sum(ta.vmap(lambda x: x * tnp.sum(x))(b)))(B)
    np.testing.assert_allclose(got, np.repeat(2 * B.sum(1, keepdims=True), 2, axis=1))


def test_empty_batch():
    assert ta.vmap(lambda x: tnp.sum(x))(np.zeros((0, 3))).shape == (0,)


def test_errors():
    f = lambda a, b: a + b  # noqa: E731
    with pytest.raises(ShapeError, match=r"4 \(float64\[4,2\]\), 3 \(float64\[3\]\)"):
        ta.vmap(f)(B, np.ones(3))
    with pytest.raises(AxisError, match=r"in_axes has 2, but an argument is float64\[4,2\]"):
        ta.vmap(f, (2, None))(B, B)
    with pytest.raises(ArgumentError, match="in_axes has 3 entries for 2"):
        ta.vmap(f, (0, 0, 0))(B, B)
    with pytest.raises(ArgumentError, match="in_axes of vmap"):
        ta.vmap(f, ({"w": 0}, 0))(B, B)
    with pytest.raises(ShapeError, match="no batched argument"):
        ta.vmap(f, (None, None))(B, B)
    with pytest.raises(AxisError, match="out_axes"):
        ta.vmap(f, 0, 5)(B, B)


def test_conditions_name_the_line_and_the_way_out():
    with pytest.raises(ConcretizationError, match=r"test_mapping\.py:\d+ in .*Use tnp\.where"):
        ta.vmap(lambda x: x if x.sum() > 0 else -x)(B)
