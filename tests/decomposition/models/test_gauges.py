"""Normal forms and rounding."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tenrso_ad as ta
from tenrso_ad.decomposition import TTTensor, TuckerTensor
from tenrso_ad.engine.errors import ArgumentError, AxisError
from tests.decomposition.models.making import train, tucker


@pytest.mark.parametrize("shape", [(4,), (5, 1), (4, 5, 3), (1, 2, 3, 2)])
@pytest.mark.parametrize("dtype", [np.float32, np.complex128])
def test_normal_tucker_factors_are_orthonormal(shape, dtype, rng):
    model = tucker(shape, rng, dtype, ranks=(2, 3, 4, 1))
    normal = model.normalize()
    tolerance = 1e-5 if dtype == np.float32 else 1e-12
    np.testing.assert_allclose(normal.to_dense(), model.to_dense(), rtol=tolerance, atol=tolerance)
    for factor in normal.factors:
        assert factor.dtype == dtype
        unit = np.eye(factor.shape[1])
        np.testing.assert_allclose(factor.conj().T @ factor, unit, atol=tolerance)
    assert np.linalg.norm(normal.core) == pytest.approx(model.norm(), rel=tolerance)
    assert all(r <= n for r, n in zip(normal.ranks, shape, strict=True))


@pytest.mark.parametrize("center", [0, 2, -1])
@pytest.mark.parametrize("dtype", [np.float32, np.complex128])
def test_cores_beside_the_center_are_orthonormal(center, dtype, rng):
    model = train((3, 2, 4, 3), rng, dtype, ranks=(5, 3, 4))
    turned = model.orthogonalize(center)
    tolerance = 1e-5 if dtype == np.float32 else 1e-12
    dense = model.to_dense()
    np.testing.assert_allclose(turned.to_dense(), dense, rtol=tolerance, atol=tolerance * 10)
    for mode, core in enumerate(turned.cores):
        if mode < center % 4:
            matrix = core.reshape(-1, core.shape[2])
        elif mode > center % 4:
            matrix = core.reshape(core.shape[0], -1).T
        else:
            assert np.linalg.norm(core) == pytest.approx(model.norm(), rel=tolerance)
            continue
        np.testing.assert_allclose(
            matrix.conj().T @ matrix, np.eye(matrix.shape[1]), atol=tolerance
        )
    assert max(turned.ranks) <= 5


@settings(max_examples=25)
@given(seed=st.integers(0, 10**6), tolerance=st.sampled_from([1e-8, 1e-3, 0.1, 0.5, 0.9]))
def test_rounding_keeps_within_the_tolerance(seed, tolerance):
    rng = np.random.default_rng(seed)
    shape = tuple(rng.integers(1, 5, size=rng.integers(1, 5)))
    model = train(shape, rng) + rng.choice([1e-9, 0.1, 1.0]) * train(shape, rng)
    near = model.round(tolerance=tolerance)
    dense = model.to_dense()
    error = np.linalg.norm(near.to_dense() - dense)
    assert error <= (tolerance + 1e-13) * np.linalg.norm(dense)
    assert all(a <= b for a, b in zip(near.ranks, model.ranks, strict=True))


def test_rounding_takes_superfluous_ranks_away(rng):
    model = train((4, 5, 4, 3), rng, ranks=(2, 3, 2))
    swollen = model + 2 * model - model
    assert swollen.ranks == (1, 6, 9, 6, 1)
    near = swollen.round()
    assert near.ranks == model.ranks
    np.testing.assert_allclose(near.to_dense(), 2 * model.to_dense(), rtol=1e-10, atol=1e-10)
    assert model.round(ranks=1).ranks == (1, 1, 1, 1, 1)
    assert model.round(ranks=(2, 1, 5)).ranks == model.round(ranks=(1, 2, 1, 5, 1)).ranks
    zero = TTTensor([0 * core for core in model.cores]).round(tolerance=1e-3)
    assert zero.ranks == (1, 1, 1, 1, 1)
    assert zero.norm() == 0


def test_rounding_a_matrix_truncates_its_svd(rng):
    model = train((6, 5), rng, ranks=(4,))
    left, values, right = np.linalg.svd(model.to_dense())
    expected = left[:, :2] * values[:2] @ right[:2]
    np.testing.assert_allclose(model.round(ranks=2).to_dense(), expected, rtol=1e-9, atol=1e-12)


def test_rounding_keeps_dtype_and_complex_numbers(rng):
    for dtype, tolerance in ((np.float32, 1e-5), (np.complex128, 1e-12)):
        model = train((3, 4, 3), rng, dtype)
        near = model.round()
        assert {core.dtype for core in near.cores} == {np.dtype(dtype)}
        np.testing.assert_allclose(near.to_dense(), model.to_dense(), atol=20 * tolerance)


def test_normal_forms_and_rounding_differentiate(rng):
    model = train((3, 3, 3), rng, ranks=(2, 2))
    for function in (
        lambda m: m.orthogonalize(1).to_dense(),
        lambda m: m.orthogonalize(1).cores[1],
        lambda m: m.round(ranks=1).to_dense(),
    ):
        assert ta.testing.check_gradients(function, (model,), order=1)
    small = tucker((3, 4, 2), rng)
    assert ta.testing.check_gradients(lambda m: m.normalize().to_dense(), (small,), order=1)


def test_mistakes_are_named(rng):
    model = train((3, 4, 3), rng)
    with pytest.raises(ArgumentError, match="tolerance of 0 or more, got -1"):
        model.round(tolerance=-1)
    for ranks in (0, (1,), (1, 2, 3)):
        with pytest.raises(ArgumentError, match="one rank of 1 or more, 2 inner ones"):
            model.round(ranks=ranks)
    with pytest.raises(AxisError, match="has no mode 3"):
        model.orthogonalize(3)


def test_a_rank_above_the_dimension_falls(rng):
    model = TuckerTensor(
        rng.normal(size=(4, 2)), [rng.normal(size=(2, 4)), rng.normal(size=(3, 2))]
    )
    assert model.normalize().ranks == (2, 2)
