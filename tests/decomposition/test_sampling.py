"""Samples: unbiased, reproducible, right where everything or nothing is zero."""

import numpy as np
import pytest

import tenrso_ad as ta
from tenrso_ad.decomposition import (
    CPTensor,
    SemiStratified,
    SparseTensor,
    Stratified,
    TTTensor,
    Uniform,
    gcp,
)
from tenrso_ad.engine import tree
from tenrso_ad.engine.errors import ArgumentError, ShapeError

SHAPE = (4, 3, 5)
DRAWS = 400


def problem():
    rng = np.random.default_rng(0)
    data = SparseTensor([rng.integers(0, n, 15) for n in SHAPE], rng.integers(1, 4, 15), SHAPE)
    return data, CPTensor(None, [rng.random((n, 2)) + 0.2 for n in SHAPE])


def samplers(data, loss):
    rng = np.random.default_rng(1)
    mask, weights = rng.random(SHAPE) < 0.5, rng.random(SHAPE)
    known = SparseTensor.from_array(mask)
    dense = data.to_dense()
    return {
        "uniform": (Uniform(dense, 30, loss, seed=2), {}),
        "uniform sparse": (Uniform(data, 30, loss, seed=2), {}),
        "uniform masked": (
            Uniform(np.where(mask, dense, np.nan), 30, loss, mask=mask, weights=weights, seed=2),
            {"mask": mask, "weights": weights},
        ),
        "uniform scarce": (Uniform(data, 20, loss, mask=known, seed=2), {"mask": known}),
        "stratified": (Stratified(data, 10, 20, loss, seed=2), {}),
        "semi-stratified": (SemiStratified(data, 10, 20, loss, seed=2), {}),
    }


@pytest.mark.parametrize("loss", ["gaussian", "poisson", "rayleigh"])
@pytest.mark.parametrize("name", samplers(problem()[0], "gaussian"))
def test_value_and_gradient_are_unbiased(name, loss):
    """The mean of many is the exact one, within five standard errors of each number."""
    data, model = problem()
    sampler, observed = samplers(data, loss)[name]
    exact = ta.value_and_grad(lambda m: gcp(data, m, loss, **observed))(model)
    estimates = [sampler.value_and_grad(model) for _ in range(DRAWS)]
    columns = zip(*map(tree.leaves, estimates), strict=True)
    for drawn, wanted in zip(columns, tree.leaves(exact), strict=True):
        error = np.std(drawn, axis=0) / DRAWS**0.5
        assert (np.abs(np.mean(drawn, axis=0) - wanted) <= 5 * error + 1e-9).all()
    values = [value for value, _ in estimates]
    assert np.std(values) > 0


@pytest.mark.parametrize("name", samplers(problem()[0], "gaussian"))
def test_seeds_reproduce_and_samples_differ(name):
    data, model = problem()
    first, second = (samplers(data, "poisson")[name][0] for _ in range(2))
    values = [[float(s.value_and_grad(model)[0]) for _ in range(3)] for s in (first, second)]
    assert values[0] == values[1] and len(set(values[0])) == 3


def test_stratified_draws_nonzeros_and_zeros():
    data, _ = problem()
    sample = Stratified(data, 7, 9, seed=0).draw()
    drawn = data.entries(sample.indices)
    assert (drawn[:7] != 0).all() and (drawn[7:] == 0).all()
    np.testing.assert_array_equal(drawn, sample.values)


def test_a_sample_differentiates_to_second_order_for_any_model():
    data, model = problem()
    rng = np.random.default_rng(3)
    train = TTTensor(tuple(rng.random(s) for s in [(1, 4, 2), (2, 3, 2), (2, 5, 1)]))
    for each in (model, train):
        sample = SemiStratified(data, 5, 8, "poisson", seed=0).draw()
        ta.testing.check_gradients(sample, (each,), order=2).raise_if_failed()


@pytest.mark.parametrize("kind", [Stratified, SemiStratified])
def test_no_nonzeros_and_no_zeros(kind):
    model = CPTensor(None, [np.full((2, 1), 0.5), np.ones((3, 1))])
    nothing = SparseTensor(np.zeros((2, 0), int), [], (2, 3))
    np.testing.assert_allclose(kind(nothing, 4, 4, seed=0).draw()(model), 1.5)
    full = SparseTensor.from_array(np.ones((2, 3)))
    np.testing.assert_allclose(kind(full, 4, 4, seed=0).draw()(model), 1.5)


def test_float32_stays():
    data = np.zeros((3, 4), np.float32)
    model = CPTensor(None, [np.ones((3, 1), np.float32), np.ones((4, 1), np.float32)])
    value, gradient = Uniform(data, 5, seed=0).value_and_grad(model)
    assert value.dtype == np.float32 and gradient.factors[0].dtype == np.float32


def test_more_entries_than_64_bits_count():
    shape = (2**30, 2**30, 2**30)
    data = SparseTensor([[1, 5], [2, 6], [3, 7]], [1.0, 2.0], shape)
    sample = Stratified(data, 3, 10, "poisson", seed=0).draw()
    assert sample.weights[-1] == (2**90 - 2) / 10


def test_what_is_wrong_is_said():
    data, model = problem()
    with pytest.raises(ArgumentError, match="count of 1 or more, got 0"):
        Uniform(data, 0)
    with pytest.raises(ArgumentError, match="nothing is observed"):
        Uniform(data, 3, mask=SparseTensor(np.zeros((3, 0), int), [], SHAPE))
    with pytest.raises(ArgumentError, match="Stratified: wanted zeros"):
        SemiStratified(data, 5, -1)
    with pytest.raises(ShapeError, match="data's shape"):
        Uniform(np.ones((2, 2)), 3).value_and_grad(model)
