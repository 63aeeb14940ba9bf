"""Data made ready, starting points, and the loss that changes its form near the data."""

import numpy as np
import pytest

import tenrso_ad as ta
from tenrso_ad.decomposition import CPTensor
from tenrso_ad.decomposition.objective import START_NORM, CPVariables, SquaredError, prepare


def planted(shape=(6, 5, 4), rank=2, seed=0):
    rng = np.random.default_rng(seed)
    return CPTensor(None, [rng.normal(size=(length, rank)) for length in shape])


def test_complete_data_are_scaled_to_norm_one():
    tensor = planted().to_dense()
    data = prepare(tensor, None)
    assert data.mask is None
    assert np.linalg.norm(data.tensor) == pytest.approx(1)
    np.testing.assert_allclose(data.norm * data.tensor, tensor, rtol=1e-14)


def test_missing_entries_become_zeros_outside_the_mask():
    tensor = planted().to_dense()
    tensor[1, 2, 3] = np.nan
    mask = np.ones(tensor.shape, bool)
    mask[0, 0, 0] = False
    data = prepare(tensor, mask)
    assert data.mask is not None
    assert np.count_nonzero(~data.mask) == 2
    assert data.tensor[1, 2, 3] == data.tensor[0, 0, 0] == 0
    assert data.norm == pytest.approx(np.linalg.norm(tensor[data.mask]))


@pytest.mark.parametrize("nonnegative", [False, True])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_random_starts_are_small_and_in_the_span_of_the_data(nonnegative, dtype):
    model = planted()
    data = prepare(model.to_dense().astype(dtype), None)
    factors = CPVariables.random(data, 2, np.random.default_rng(1), nonnegative)
    assert {factor.dtype for factor in factors} == {np.dtype(dtype)}
    assert CPTensor(None, factors).norm() == pytest.approx(START_NORM, rel=1e-4)
    if nonnegative:
        assert all((factor >= 0).all() for factor in factors)
    else:
        for factor, own in zip(factors, model.factors, strict=True):
            outside = factor - own @ np.linalg.lstsq(own, factor)[0]
            assert np.abs(outside).max() < 1e-5


def test_a_given_start_keeps_its_tensor():
    model = planted()
    model = CPTensor([3.0, -2.0], model.factors)
    data = prepare(planted(seed=1).to_dense(), None)
    factors = CPVariables.near(model, data, 2)
    norms = [np.linalg.norm(factor, axis=0) for factor in factors]
    np.testing.assert_allclose(norms[0], norms[1])
    np.testing.assert_allclose(
        CPVariables.model(factors, data).to_dense(), model.to_dense(), rtol=1e-10, atol=1e-12
    )


@pytest.mark.parametrize("missing", [False, True])
def test_the_loss_and_its_gradient(missing):
    tensor = planted().to_dense()
    if missing:
        tensor[0, 1, 2] = np.nan
    data = prepare(tensor, None)
    loss = SquaredError(data)
    factors = CPVariables.random(data, 2, np.random.default_rng(1), nonnegative=False)

    def dense(parts):
        difference = data.tensor - CPTensor(None, parts).to_dense()
        return ta.numpy.sum(ta.numpy.where(~np.isnan(tensor), difference, 0) ** 2)

    expected, expected_gradient = ta.value_and_grad(dense)(factors)
    for refined in (False, True):
        if refined:
            loss.refine(0.0, 1e-10)
        value, gradient = loss.value_and_grad(factors)
        assert value == pytest.approx(expected, rel=1e-12)
        for ours, other in zip(gradient, expected_gradient, strict=True):
            np.testing.assert_allclose(ours, other, rtol=1e-9, atol=1e-12)


def test_differences_take_over_where_the_expanded_form_runs_out_of_digits():
    data = prepare(planted().to_dense(), None)
    loss = SquaredError(data)
    assert not loss.refine(1e-2, 1e-10)
    assert loss.refine(1e-6, 1e-10)
    assert not loss.refine(1e-6, 1e-10)  # it already has
    exact = CPVariables.near(planted(), data, 2)
    assert loss.value_and_grad(exact)[0] < 1e-28
    assert SquaredError(data).value_and_grad(exact)[0] != loss.value_and_grad(exact)[0]
