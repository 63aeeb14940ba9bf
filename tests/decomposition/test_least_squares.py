"""Inner product and squared error of a CP model, against the dense tensor."""

import tracemalloc

import numpy as np
import pytest

import tenrso_ad as ta
from tenrso_ad.decomposition import CPTensor, inner, least_squares, squared_error
from tenrso_ad.engine import tree
from tenrso_ad.engine.errors import DTypeError, ShapeError

SHAPES = [(3, 4), (3, 4, 5), (1, 6, 2), (7, 2, 2), (2, 2, 7), (2, 3, 4, 5), (2, 3, 1, 2, 3)]


def random_problem(shape, rank=2, dtype=np.float64, seed=0):
    """A tensor, a model, a mask with holes and weights."""
    rng = np.random.default_rng(seed)
    factors = tuple(rng.normal(size=(length, rank)).astype(dtype) for length in shape)
    model = CPTensor(rng.normal(size=rank).astype(dtype), factors)
    mask, weights = rng.random(shape) < 0.7, rng.random(shape).astype(dtype)
    return rng.normal(size=shape).astype(dtype), model, mask, weights


def forms(mask, weights):
    """The ways to call squared_error, and the factor each puts on a squared difference."""
    return [
        ({}, 1.0),
        ({"residual": True}, 1.0),
        ({"mask": mask}, mask),
        ({"weights": weights}, weights),
        ({"mask": mask, "weights": weights}, mask * weights),
    ]


@pytest.fixture(params=[least_squares.BLOCK, 7, 1])
def block(request, monkeypatch):
    """Blocks of the usual size, of a few entries, and of one row or column."""
    monkeypatch.setattr(least_squares, "BLOCK", request.param)


@pytest.mark.parametrize("shape", SHAPES)
def test_inner_product_is_that_of_the_dense_tensor(shape):
    tensor, model, _, _ = random_problem(shape)
    expected = np.vdot(tensor, model.to_dense())
    assert inner(tensor, model) == pytest.approx(expected, rel=1e-11)
    assert inner(np.asfortranarray(tensor), model) == pytest.approx(expected, rel=1e-11)
    swapped = tensor.swapaxes(0, 1).copy().swapaxes(0, 1)
    assert inner(swapped, model) == pytest.approx(expected, rel=1e-11)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.usefixtures("block")
def test_squared_error_is_that_of_the_dense_tensor(shape):
    tensor, model, mask, weights = random_problem(shape)
    squares = (tensor - model.to_dense()) ** 2
    for keywords, factor in forms(mask, weights):
        expected = np.sum(factor * squares)
        assert squared_error(tensor, model, **keywords) == pytest.approx(expected, rel=1e-11)
        fortran = np.asfortranarray(tensor)
        assert squared_error(fortran, model, **keywords) == pytest.approx(expected, rel=1e-11)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.usefixtures("block")
def test_gradient_is_that_of_the_dense_tensor(shape):
    tensor, model, mask, weights = random_problem(shape)
    for keywords, factor in forms(mask, weights):

        def dense(m, factor=factor):
            return ta.numpy.sum(factor * ta.numpy.square(tensor - m.to_dense()))

        value, gradient = ta.value_and_grad(
            lambda m, keywords=keywords: squared_error(tensor, m, **keywords)
        )(model)
        expected_value, expected = ta.value_and_grad(dense)(model)
        assert value == pytest.approx(expected_value, rel=1e-11)
        assert isinstance(gradient, CPTensor)
        np.testing.assert_allclose(gradient.weights, expected.weights, rtol=1e-9, atol=1e-11)
        for ours, other in zip(gradient.factors, expected.factors, strict=True):
            np.testing.assert_allclose(ours, other, rtol=1e-9, atol=1e-11)


@pytest.mark.parametrize("shape", [(3, 4), (3, 2, 4), (2, 3, 2, 2)])
def test_every_form_differentiates_twice_in_both_modes(shape, monkeypatch):
    monkeypatch.setattr(least_squares, "BLOCK", 7)
    tensor, model, mask, weights = random_problem(shape)
    for keywords, _ in forms(mask, weights):
        assert ta.testing.check_gradients(
            lambda m, keywords=keywords: squared_error(tensor, m, **keywords), (model,), order=2
        )
    assert ta.testing.check_gradients(lambda m: inner(tensor, m), (model,), order=2)


def test_hessian_vector_products_are_those_of_the_dense_tensor(monkeypatch):
    monkeypatch.setattr(least_squares, "BLOCK", 11)
    tensor, model, mask, weights = random_problem((3, 4, 5))
    _, direction, _, _ = random_problem((3, 4, 5), seed=1)
    for keywords, factor in forms(mask, weights):
        ours = ta.hvp(
            lambda m, keywords=keywords: squared_error(tensor, m, **keywords), model, direction
        )
        expected = ta.hvp(
            lambda m, factor=factor: ta.numpy.sum(factor * (tensor - m.to_dense()) ** 2),
            model,
            direction,
        )
        np.testing.assert_allclose(ours.weights, expected.weights, rtol=1e-9)
        for a, b in zip(ours.factors, expected.factors, strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-10)


def test_tensors_on_a_tape_receive_their_gradients():
    tensor, model, mask, weights = random_problem((3, 4, 5))
    for keywords, _ in forms(mask, weights):
        expected = ta.grad(lambda m, k=keywords: squared_error(tensor, m, **k))(model)
        factors = [ta.tensor(factor) for factor in model.factors]
        squared_error(tensor, CPTensor(model.weights, factors), **keywords).backward()
        for factor, other in zip(factors, expected.factors, strict=True):
            np.testing.assert_allclose(factor.grad, other, rtol=1e-12)


def test_a_batch_of_models_is_mapped_over():
    tensor, _, mask, weights = random_problem((3, 4, 5))
    models = [random_problem((3, 4, 5), seed=seed)[1] for seed in range(3)]
    stacked = tree.map(lambda *parts: np.stack(parts), *models)
    for keywords, _ in forms(mask, weights):

        def loss(m, keywords=keywords):
            return squared_error(tensor, m, **keywords)

        np.testing.assert_allclose(ta.vmap(loss)(stacked), [loss(m) for m in models], rtol=1e-12)
        gradients = ta.vmap(ta.grad(loss))(stacked)
        for number, m in enumerate(models):
            expected = ta.grad(loss)(m)
            np.testing.assert_allclose(gradients.weights[number], expected.weights, rtol=1e-10)
            for ours, other in zip(gradients.factors, expected.factors, strict=True):
                np.testing.assert_allclose(ours[number], other, rtol=1e-10, atol=1e-12)


def test_the_data_and_the_weights_differentiate_too():
    tensor, model, mask, weights = random_problem((2, 3, 2))
    assert ta.testing.check_gradients(inner, (tensor, model), order=2)
    assert ta.testing.check_gradients(squared_error, (tensor, model), order=2)
    assert ta.testing.check_gradients(
        lambda x, m, w: squared_error(x, m, mask, w), (tensor, model, weights), order=2
    )
    gradient = ta.grad(lambda x: squared_error(x, model, mask))(tensor)
    np.testing.assert_array_equal(gradient[~mask], 0)


def test_entries_outside_the_mask_may_hold_anything():
    tensor, model, mask, _ = random_problem((3, 4, 5))
    expected, expected_gradient = ta.value_and_grad(lambda m: squared_error(tensor, m, mask))(model)
    tensor[~mask] = np.resize([np.nan, np.inf, 1e300], np.count_nonzero(~mask))
    value, gradient = ta.value_and_grad(lambda m: squared_error(tensor, m, mask))(model)
    assert value == expected
    for ours, other in zip(gradient.factors, expected_gradient.factors, strict=True):
        np.testing.assert_array_equal(ours, other)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_dtype_is_kept(dtype):
    tensor, model, mask, weights = random_problem((3, 4, 5), dtype=dtype)
    assert inner(tensor, model).dtype == dtype
    for keywords, _ in forms(mask, weights):
        value, gradient = ta.value_and_grad(
            lambda m, keywords=keywords: squared_error(tensor, m, **keywords)
        )(model)
        assert {a.dtype for a in (value, gradient.weights, *gradient.factors)} == {np.dtype(dtype)}


def test_integer_data_are_taken_as_numbers():
    _, model, _, _ = random_problem((3, 4))
    tensor = np.arange(12, dtype=np.uint8).reshape(3, 4) + 200
    expected = np.sum((tensor.astype(float) - model.to_dense()) ** 2)
    assert squared_error(tensor, model) == pytest.approx(expected, rel=1e-12)
    assert squared_error(tensor.tolist(), model) == pytest.approx(expected, rel=1e-12)


def test_residual_form_keeps_the_digits_that_the_expanded_form_loses():
    _, model, _, _ = random_problem((6, 7, 8))
    noise = 1e-10 * np.random.default_rng(1).normal(size=(6, 7, 8))
    tensor = model.to_dense() + noise
    exact = np.sum((tensor - model.to_dense()) ** 2)
    assert squared_error(tensor, model, residual=True) == pytest.approx(exact, rel=1e-3)
    assert abs(squared_error(tensor, model) - exact) > 10 * exact


def test_the_model_is_never_formed_whole():
    """A gradient takes a small part of the memory that the dense tensor of the model would."""
    shape = (120, 110, 100)
    tensor, model, mask, weights = random_problem(shape, rank=3)
    functions = [
        ta.value_and_grad(lambda m: squared_error(tensor, m)),
        ta.value_and_grad(lambda m: squared_error(tensor, m, mask)),
        ta.value_and_grad(lambda m: squared_error(tensor, m, mask, weights)),
    ]
    for function in functions:
        tracemalloc.start()
        function(model)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert peak < 0.6 * tensor.nbytes


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda x, m, k: inner(x[:2], m), ShapeError, r"inner: wanted .*\(3, 4\), got \(2, 4\)"),
        (lambda x, m, k: squared_error(x.T, m), ShapeError, r"squared_error: .*got \(4, 3\)"),
        (lambda x, m, k: squared_error(x, m, k[:2]), ShapeError, r"mask of .*got \(2, 4\)"),
        (lambda x, m, k: squared_error(x, m, None, x[0]), ShapeError, r"weights of .*got \(4,\)"),
        (lambda x, m, k: squared_error(x, m, x), DTypeError, r"mask of booleans, got float64"),
        (lambda x, m, k: squared_error(x + 1j, m), DTypeError, r"wanted a real tensor and model"),
        (
            lambda x, m, k: squared_error(x, CPTensor(m.weights * 1j, m.factors)),
            DTypeError,
            r"wanted a real tensor and model",
        ),
    ],
)
def test_bad_arguments_are_refused(call, error, message):
    tensor, model, mask, _ = random_problem((3, 4))
    with pytest.raises(error, match=message):
        call(tensor, model, mask)
