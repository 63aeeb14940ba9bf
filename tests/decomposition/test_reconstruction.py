"""The VJP of the CP reconstruction, against automatic differentiation of the dense tensor."""

import numpy as np
import pytest

import tenrso_ad as ta
from tenrso_ad.decomposition import CPReconstructionVJP, CPTensor
from tenrso_ad.engine.errors import ShapeError


def random_model(shape, rank, dtype=np.float64):
    rng = np.random.default_rng(0)
    factors = tuple(rng.normal(size=(length, rank)).astype(dtype) for length in shape)
    return CPTensor(rng.normal(size=rank).astype(dtype), factors)


@pytest.mark.parametrize("shape", [(3, 4), (3, 4, 5), (2, 1, 3), (2, 3, 4, 5)])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_gradients_are_those_of_the_jacobian(shape, dtype):
    model = random_model(shape, 3, dtype)
    cotangent = np.random.default_rng(1).normal(size=shape).astype(dtype)
    pull = CPReconstructionVJP(model)
    np.testing.assert_array_equal(pull.value, model.to_dense())
    gradient = pull(cotangent)
    assert isinstance(gradient, CPTensor)
    letters = "abcd"[: len(shape)]
    tolerance = 1e-4 if dtype == np.float32 else 1e-12
    for mode, letter in enumerate(letters):
        others = [m for m in range(len(shape)) if m != mode]
        spec = ",".join([letters, "r", *(letters[m] + "r" for m in others)]) + f"->{letter}r"
        expected = np.einsum(spec, cotangent, model.weights, *(model.factors[m] for m in others))
        assert gradient.factors[mode].dtype == dtype
        np.testing.assert_allclose(gradient.factors[mode], expected, rtol=tolerance, atol=tolerance)
    spec = ",".join([letters, *(letter + "r" for letter in letters)]) + "->r"
    expected = np.einsum(spec, cotangent, *model.factors)
    assert gradient.weights.dtype == dtype
    np.testing.assert_allclose(gradient.weights, expected, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("shape", [(3, 4), (3, 4, 5), (2, 3, 2, 3)])
def test_it_agrees_with_the_tape(shape):
    model = random_model(shape, 2)
    cotangent = np.random.default_rng(1).normal(size=shape)
    out, pullback = ta.vjp(lambda m: m.to_dense(), model)
    (taped,) = pullback(cotangent)
    explicit = CPReconstructionVJP(model)(cotangent)
    np.testing.assert_allclose(out, model.to_dense())
    np.testing.assert_allclose(explicit.weights, taped.weights, rtol=1e-12)
    for ours, other in zip(explicit.factors, taped.factors, strict=True):
        np.testing.assert_allclose(ours, other, rtol=1e-12)


def test_it_differentiates_in_the_model_and_the_cotangent():
    model, cotangent = random_model((2, 3, 2), 2), np.random.default_rng(1).normal(size=(2, 3, 2))
    ta.testing.check_gradients(lambda m, y: CPReconstructionVJP(m)(y), (model, cotangent), order=2)


def test_a_cotangent_of_another_shape_is_refused():
    with pytest.raises(ShapeError, match=r"shape \(2, 3\), got \(3, 2\)"):
        CPReconstructionVJP(random_model((2, 3), 1))(np.ones((3, 2)))
