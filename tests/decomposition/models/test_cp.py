"""CPTensor: its numbers, its life as a pytree, and its way to TensorLy and back."""

import numpy as np
import pytest
import tensorly

import tenrso_ad as ta
from tenrso_ad.decomposition import CPTensor
from tenrso_ad.engine import tree
from tenrso_ad.engine.errors import ShapeError


def random_model(shape=(3, 4, 5), rank=2, dtype=np.float64, seed=0):
    rng = np.random.default_rng(seed)
    factors = tuple(rng.normal(size=(length, rank)).astype(dtype) for length in shape)
    return CPTensor(rng.normal(size=rank).astype(dtype), factors)


@pytest.mark.parametrize("shape", [(3, 4), (3, 4, 5), (1, 2, 1), (2, 3, 4, 5), (2, 2, 2, 2, 2)])
def test_dense_tensor_and_norm_are_those_of_tensorly(shape):
    model = random_model(shape, 3)
    expected = tensorly.cp_to_tensor((model.weights, list(model.factors)))
    np.testing.assert_allclose(model.to_dense(), expected, rtol=1e-12, atol=1e-12)
    assert model.norm() == pytest.approx(np.linalg.norm(expected))
    assert (model.shape, model.ndim, model.rank) == (shape, len(shape), 3)


def test_norm_of_a_complex_model():
    model = random_model(dtype=np.complex128)
    model = CPTensor(model.weights * (1 + 2j), tuple(f * (2 - 1j) for f in model.factors))
    assert model.norm() == pytest.approx(np.linalg.norm(model.to_dense()))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_dtype_is_kept(dtype):
    model = random_model(dtype=dtype)
    normal = model.normalize()
    parts = [model.to_dense(), model.norm(), normal.weights, *normal.factors]
    assert {part.dtype for part in parts} == {np.dtype(dtype)}
    assert CPTensor(None, model.factors).weights.dtype == dtype


def test_weights_of_none_are_ones():
    model = random_model()
    expected = CPTensor(np.ones(2), model.factors).to_dense()
    np.testing.assert_array_equal(CPTensor(None, model.factors).to_dense(), expected)


def test_to_tensorly_and_back():
    model = random_model()
    theirs = model.to_tensorly()
    assert isinstance(theirs, tensorly.cp_tensor.CPTensor)
    np.testing.assert_allclose(theirs.to_tensor(), model.to_dense(), rtol=1e-12)
    back = CPTensor.from_tensorly(theirs)
    np.testing.assert_array_equal(back.weights, model.weights)
    for ours, original in zip(back.factors, model.factors, strict=True):
        np.testing.assert_array_equal(ours, original)
    unweighted = CPTensor.from_tensorly((None, list(model.factors)))
    np.testing.assert_array_equal(unweighted.weights, [1, 1])


def test_normalize_keeps_the_tensor_and_fixes_the_gauge():
    model = random_model(rank=4)
    normal = model.normalize()
    np.testing.assert_allclose(normal.to_dense(), model.to_dense(), rtol=1e-12, atol=1e-12)
    assert (normal.weights > 0).all()
    assert (np.diff(normal.weights) <= 0).all()
    for factor in normal.factors:
        np.testing.assert_allclose(np.linalg.norm(factor, axis=0), 1)
    for factor in normal.factors[:-1]:
        assert (factor.max(axis=0) >= -factor.min(axis=0)).all()
    again = normal.normalize()
    for ours, other in zip(again.factors, normal.factors, strict=True):
        np.testing.assert_allclose(ours, other, rtol=1e-14)


def test_normalize_survives_a_component_of_zeros():
    model = random_model(rank=2)
    model.factors[1][:, 0] = 0
    normal = model.normalize()
    np.testing.assert_allclose(normal.to_dense(), model.to_dense(), rtol=1e-12, atol=1e-12)
    assert normal.weights[1] == 0
    assert all(np.isfinite(factor).all() for factor in normal.factors)


def test_it_is_a_pytree_that_does_not_look_at_its_leaves():
    model = random_model()
    leaves, structure = tree.flatten(model)
    assert len(leaves) == 4
    back = tree.unflatten(structure, leaves)
    assert isinstance(back, CPTensor)
    assert back.weights is model.weights
    odd = tree.unflatten(structure, ["w", "a", None, object()])
    assert odd.factors[0] == "a"
    assert "weights='w'" in repr(odd)
    assert tree.paths(model) == [".weights", ".factors[0]", ".factors[1]", ".factors[2]"]


def test_gradient_of_a_model_is_a_model():
    model = random_model()
    gradient = ta.grad(lambda m: ta.numpy.sum(m.to_dense() ** 2))(model)
    assert isinstance(gradient, CPTensor)
    assert (gradient.shape, gradient.rank) == (model.shape, model.rank)


@pytest.mark.parametrize("shape", [(3, 4), (2, 3, 2)])
def test_dense_tensor_and_norm_differentiate(shape):
    model = random_model(shape)
    assert ta.testing.check_gradients(lambda m: m.to_dense(), (model,), order=2)
    assert ta.testing.check_gradients(lambda m: m.norm(), (model,), order=2)


def test_gradient_of_the_norm_at_zero_is_zero():
    model = CPTensor(np.zeros(2), random_model().factors)
    gradient = ta.grad(lambda m: m.norm())(model)
    np.testing.assert_array_equal(gradient.weights, [0, 0])


@pytest.mark.parametrize(
    ("weights", "shapes", "message"),
    [
        (None, [(3, 2)], r"two or more factors .*got \(3, 2\)$"),
        (None, [], r"two or more factors .*got none"),
        (None, [(3, 2), (4, 3)], r"with one R, got \(3, 2\), \(4, 3\)"),
        (None, [(3, 2), (4,)], r"got \(3, 2\), \(4,\)"),
        ([1.0], [(3, 2), (4, 2)], r"weights of shape \(2,\) .*got \(1,\)"),
        (1.0, [(3, 2), (4, 2)], r"weights of shape \(2,\) .*got \(\)"),
    ],
)
def test_shapes_that_do_not_fit_are_refused(weights, shapes, message):
    with pytest.raises(ShapeError, match=message):
        CPTensor(weights, [np.ones(shape) for shape in shapes])


def test_it_cannot_be_changed_and_prints_short():
    model = random_model()
    with pytest.raises(AttributeError):
        model.weights = None
    assert repr(model) == "CPTensor(shape=(3, 4, 5), rank=2)"
