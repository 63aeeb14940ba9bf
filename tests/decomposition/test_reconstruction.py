"""The VJP of the CP reconstruction, against automatic differentiation of the dense tensor."""

import numpy as np
import pytest

import tenrso_ad as ta
from tenrso_ad.decomposition import (
    CPReconstructionVJP,
    CPTensor,
    TTReconstructionVJP,
    TuckerReconstructionVJP,
)
from tenrso_ad.engine import tree
from tenrso_ad.engine.errors import ArgumentError, AxisError, ShapeError
from tests.decomposition.models.making import FORMATS, draw


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
    assert ta.testing.check_gradients(
        lambda m, y: CPReconstructionVJP(m)(y), (model, cotangent), order=2
    )


def test_a_cotangent_of_another_shape_is_refused():
    with pytest.raises(ShapeError, match=r"shape \(2, 3\), got \(3, 2\)"):
        CPReconstructionVJP(random_model((2, 3), 1))(np.ones((3, 2)))


OBJECTS = {
    "cp": (CPReconstructionVJP, "weights"),
    "tucker": (TuckerReconstructionVJP, "core"),
    "train": (TTReconstructionVJP, None),
}
each_format = pytest.mark.parametrize("name", OBJECTS)
SHAPES = [(3, 4), (3, 1, 2), (2, 3, 2, 4), (5, 2, 2)]


@each_format
@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.complex128])
def test_every_format_agrees_with_the_tape(name, dtype, rng):
    tolerance = 1e-4 if dtype == np.float32 else 1e-11
    for shape in SHAPES if name == "cp" else [*SHAPES, (4,)]:
        model = FORMATS[name](shape, rng, dtype)
        cotangent = draw(rng, shape, dtype)
        (expected,) = ta.vjp(lambda m: m.to_dense(), model)[1](cotangent)
        pull = OBJECTS[name][0](model)
        for layout in (np.ascontiguousarray, np.asfortranarray):
            found = pull(layout(cotangent))
            assert type(found) is type(model)
            for ours, other in zip(tree.leaves(found), tree.leaves(expected), strict=True):
                assert ours.dtype == dtype
                np.testing.assert_allclose(ours, other, rtol=tolerance, atol=tolerance)


@each_format
@pytest.mark.parametrize("other", FORMATS)
def test_a_cotangent_may_be_a_model_of_any_format(name, other, rng):
    for shape in SHAPES:
        for dtype in (np.float64, np.complex128):
            model, cotangent = FORMATS[name](shape, rng, dtype), FORMATS[other](shape, rng, dtype)
            pull = OBJECTS[name][0](model)
            expected = tree.leaves(pull(cotangent.to_dense()))
            for a, b in zip(tree.leaves(pull(cotangent)), expected, strict=True):
                np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-10)


@each_format
def test_only_what_is_asked_for_is_computed(name, rng):
    model, dense = FORMATS[name]((2, 3, 2, 4), rng), rng.normal(size=(2, 3, 2, 4))
    kind, extra = OBJECTS[name]
    for cotangent in (dense, FORMATS["train"](dense.shape, rng)):
        whole = kind(model)(cotangent)
        parts = "cores" if name == "train" else "factors"
        for modes in ([], [0], [-1], [1, 2], [3, 0]):
            for wanted in (True, False) if extra else (None,):
                options = {} if extra is None else {extra: wanted}
                found = kind(model)(cotangent, modes=modes, **options)
                if extra:
                    expected = getattr(whole, extra) if wanted else 0 * getattr(whole, extra)
                    np.testing.assert_allclose(getattr(found, extra), expected, atol=1e-12)
                for mode in range(4):
                    expected = getattr(whole, parts)[mode]
                    expected = expected if mode in [m % 4 for m in modes] else 0 * expected
                    np.testing.assert_allclose(getattr(found, parts)[mode], expected, atol=1e-11)


@each_format
def test_every_format_differentiates_in_the_model_and_the_cotangent(name, rng):
    model, dense = FORMATS[name]((2, 3, 2), rng), rng.normal(size=(2, 3, 2))
    kind = OBJECTS[name][0]
    for cotangent in (dense, FORMATS["cp"]((2, 3, 2), rng)):
        assert ta.testing.check_gradients(lambda m, y: kind(m)(y), (model, cotangent), order=1)


def test_what_is_no_model_or_no_mode_is_refused(rng):
    with pytest.raises(ArgumentError, match="TTReconstructionVJP: wanted a CPTensor"):
        TTReconstructionVJP(np.ones(3))
    with pytest.raises(AxisError, match="TuckerReconstructionVJP: a tensor of order 2"):
        TuckerReconstructionVJP(FORMATS["tucker"]((2, 3), rng))(np.ones((2, 3)), modes=[2])
