"""Planted models are found, real data are fitted as well as by TensorLy, mistakes are named."""

import warnings

import numpy as np
import pytest
import tensorly.datasets
import tensorly.decomposition
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tenrso_ad.decomposition import (
    CPTensor,
    UnobservedSliceWarning,
    fit,
    largest_rank,
    squared_error,
)
from tenrso_ad.decomposition.descent import TRIAL_ITERATIONS
from tenrso_ad.engine.errors import ArgumentError, DTypeError, ShapeError

SHAPE = (9, 8, 7)


def planted(shape=SHAPE, rank=3, seed=0, dtype=np.float64):
    rng = np.random.default_rng(seed)
    factors = [rng.normal(size=(length, rank)).astype(dtype) for length in shape]
    return CPTensor(None, factors)


def congruence(a, b):
    """How alike two models are: the least product of cosines of matched components."""
    a, b = a.normalize(), b.normalize()
    products = np.ones((a.rank, b.rank))
    for ours, other in zip(a.factors, b.factors, strict=True):
        products = products * (ours.T @ other)
    return np.abs(products).max(axis=1).min()


def same_bits(a, b):
    parts = zip((a.weights, *a.factors), (b.weights, *b.factors), strict=True)
    return all(ours.tobytes() == other.tobytes() for ours, other in parts)


@pytest.mark.parametrize("shape", [SHAPE, (20, 15, 10), (5, 6, 7, 8), (12, 9)])
@pytest.mark.parametrize("missing", [0.0, 0.3])
@pytest.mark.parametrize("seed", range(4))
def test_planted_models_are_found(shape, missing, seed):
    model = planted(shape, seed=seed)
    tensor = model.to_dense()
    rng = np.random.default_rng(seed)
    observed = rng.random(shape) >= missing
    result = fit(np.where(observed, tensor, np.nan), 3, seed=seed)
    assert result.converged
    assert result.relative_error < 1e-6
    norm = np.linalg.norm(tensor)
    assert np.linalg.norm(result.model.to_dense() - tensor) < 1e-5 * norm  # the missing ones too
    if len(shape) > 2:  # a matrix has no unique decomposition
        assert congruence(result.model, model) > 1 - 1e-8


def test_a_noisy_model_is_fitted_to_the_noise():
    tensor = planted((20, 20, 20)).to_dense()
    noise = np.random.default_rng(1).normal(size=tensor.shape)
    noisy = tensor + 0.1 * np.linalg.norm(tensor) / np.linalg.norm(noise) * noise
    result = fit(noisy, 3, seed=0)
    assert result.converged
    assert 0.09 < result.relative_error < 0.1
    assert congruence(result.model, planted((20, 20, 20))) > 0.98


def il2():
    return tensorly.datasets.load_IL2data().tensor


def relative_error(tensor, model, mask=True):
    observed = np.where(mask, np.nan_to_num(tensor), 0)
    return np.linalg.norm(observed - np.where(mask, model, 0)) / np.linalg.norm(observed)


@pytest.mark.parametrize("rank", [1, 2])
def test_il2_responses_as_well_as_tensorly(rank):
    tensor = il2()
    mask = ~np.isnan(tensor)
    result = fit(tensor, rank, seed=0)
    theirs = tensorly.decomposition.parafac(
        np.nan_to_num(tensor), rank, mask=mask, init="random", random_state=0,
        n_iter_max=1000, tol=1e-12,
    )  # fmt: skip
    assert result.converged
    assert result.relative_error == pytest.approx(
        relative_error(tensor, result.model.to_dense(), mask), rel=1e-9
    )
    expected = relative_error(tensor, theirs.to_tensor(), mask)
    assert result.relative_error == pytest.approx(expected, rel=1e-4)


def test_il2_responses_without_negative_factors_as_well_as_tensorly():
    tensor = il2()
    mask = ~np.isnan(tensor)
    result = fit(tensor, 3, nonnegative=True, seed=0)
    theirs = tensorly.decomposition.non_negative_parafac(
        np.nan_to_num(tensor), 3, mask=mask, init="random", random_state=0,
        n_iter_max=300, tol=1e-10,
    )  # fmt: skip
    assert result.converged
    assert min(factor.min() for factor in result.model.factors) >= 0
    expected = relative_error(tensor, theirs.to_tensor(), mask)
    assert result.relative_error < expected + 1e-4


@pytest.mark.parametrize("rank", [2, 3])
def test_covid_serology_as_well_as_tensorly(rank):
    tensor = tensorly.datasets.load_covid19_serology().tensor
    result = fit(tensor, rank, seed=4)
    theirs = tensorly.decomposition.parafac(
        tensor, rank, init="random", random_state=0, n_iter_max=500, tol=1e-10
    )
    assert result.converged or rank == 3  # nearly degenerate: thousands of small steps are left
    assert result.relative_error < relative_error(tensor, theirs.to_tensor()) + 1e-5


@pytest.mark.parametrize("missing", [False, True])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_same_seed_gives_the_same_bits_in_the_dtype_of_the_data(missing, dtype):
    tensor = planted(dtype=dtype).to_dense() + np.ones(SHAPE, dtype)
    if missing:
        tensor[1, 2, 3] = np.nan
    first, second = (fit(tensor, 2, seed=7, max_iterations=40) for _ in range(2))
    assert same_bits(first.model, second.model)
    assert first.history.tobytes() == second.history.tobytes()
    assert {a.dtype for a in (first.model.weights, *first.model.factors)} == {np.dtype(dtype)}
    assert not same_bits(first.model, fit(tensor, 2, seed=8, max_iterations=40).model)


def test_float32_comes_to_its_own_precision():
    model = planted(dtype=np.float32)
    result = fit(model.to_dense(), 3, seed=0)
    assert result.converged
    assert result.relative_error < 1e-5


@pytest.mark.parametrize("scale", [1e-200, 1e-30, 1.0, 1e30, 1e200])
def test_the_scale_of_the_data_does_not_matter(scale):
    tensor = planted().to_dense()
    result = fit(scale * tensor, 3, seed=0)
    assert result.relative_error < 1e-6
    np.testing.assert_allclose(result.model.to_dense() / scale, tensor, rtol=1e-4, atol=1e-6)


def test_memory_layout_does_not_matter():
    tensor = planted().to_dense()
    for other in (np.asfortranarray(tensor), tensor.transpose(1, 2, 0).copy().transpose(2, 0, 1)):
        result = fit(other, 3, seed=0)
        assert result.relative_error < 1e-6


def test_the_data_are_left_alone():
    tensor = planted().to_dense()
    tensor[0, 0, 0] = np.nan
    before = tensor.copy()
    fit(tensor, 1, seed=0)
    np.testing.assert_array_equal(tensor, before)
    read_only = planted().to_dense()
    read_only.flags.writeable = False
    fit(read_only, 1, seed=0)


def test_mask_and_nan_mean_the_same():
    tensor = planted().to_dense() + 0.1
    mask = np.random.default_rng(1).random(SHAPE) < 0.8
    by_nan = fit(np.where(mask, tensor, np.nan), 2, seed=0)
    by_mask = fit(np.where(mask, tensor, 1e6), 2, mask=mask, seed=0)
    assert same_bits(by_nan.model, by_mask.model)
    half = tensor.copy()
    half[::2][~mask[::2]] = np.nan
    by_both = fit(half, 2, mask=mask, seed=0)
    assert same_bits(by_nan.model, by_both.model)
    everything = fit(tensor, 2, mask=np.ones(SHAPE, bool), seed=0)
    assert same_bits(everything.model, fit(tensor, 2, seed=0).model)


def test_the_result_describes_its_model():
    tensor = planted().to_dense() + np.random.default_rng(1).normal(size=SHAPE)
    tensor[2, 3, 4] = np.nan
    result = fit(tensor, 2, seed=0)
    model, mask = result.model, ~np.isnan(tensor)
    expected = squared_error(tensor, model, mask)
    assert result.objective == pytest.approx(expected, rel=1e-10)
    norm = np.linalg.norm(tensor[mask])
    assert result.relative_error == pytest.approx(np.sqrt(expected) / norm, rel=1e-10)
    assert len(result.history) == result.iterations + 1
    assert result.history[-1] == pytest.approx(result.objective, rel=1e-8)
    assert np.all(np.diff(result.history) <= 1e-12 * result.history[0])
    assert np.all(np.diff(model.weights) <= 0)
    for factor in model.factors:
        np.testing.assert_allclose(np.linalg.norm(factor, axis=0), 1)


def test_more_components_fit_better():
    tensor = np.random.default_rng(0).random((5, 6, 7))
    errors = [fit(tensor, rank, seed=0).relative_error for rank in (1, 2, 4)]
    assert errors == sorted(errors, reverse=True)


def test_full_rank_fits_anything():
    tensor = np.random.default_rng(0).normal(size=(2, 3, 2))
    assert largest_rank(tensor.shape) == 4
    assert fit(tensor, 4, seed=0, max_iterations=5000).relative_error < 1e-4


def test_nonnegative_factors_of_nonnegative_data_are_found():
    rng = np.random.default_rng(0)
    factors = [rng.random((length, 3)) * (rng.random((length, 3)) < 0.7) for length in (12, 10, 8)]
    tensor = CPTensor(None, factors).to_dense()
    result = fit(tensor, 3, nonnegative=True, seed=0)
    assert result.relative_error < 1e-4
    assert all((factor >= 0).all() for factor in result.model.factors)


def test_nonnegative_factors_of_data_with_signs_are_the_best_there_are():
    result = fit(np.array([[1.0, -1.0], [-1.0, -1.0]]), 1, nonnegative=True, seed=0)
    np.testing.assert_allclose(result.model.to_dense(), [[1, 0], [0, 0]], atol=1e-6)


def test_a_slice_without_observations_is_zero_and_warned_of():
    tensor = planted().to_dense()
    tensor[3] = np.nan
    tensor[:, 1] = np.nan
    with pytest.warns(UnobservedSliceWarning) as caught:
        result = fit(tensor, 3, seed=0)
    assert [str(w.message).split(";")[0] for w in caught] == [
        "fit: nothing is observed at index 3 of mode 0",
        "fit: nothing is observed at index 1 of mode 1",
    ]
    assert caught[0].filename == __file__
    assert result.relative_error < 1e-6
    np.testing.assert_array_equal(result.model.factors[0][3], 0)
    np.testing.assert_array_equal(result.model.factors[1][1], 0)
    rest = np.delete(np.delete(planted().to_dense(), 3, 0), 1, 1)
    found = np.delete(np.delete(result.model.to_dense(), 3, 0), 1, 1)
    np.testing.assert_allclose(found, rest, rtol=1e-3, atol=1e-5)


def test_data_of_zeros_need_no_iteration():
    tensor = np.zeros((3, 4, 5), np.float32)
    tensor[0, 0, 0] = np.nan
    result = fit(tensor, 2)
    assert (result.relative_error, result.objective, result.iterations) == (0, 0, 0)
    assert result.converged
    np.testing.assert_array_equal(result.model.to_dense(), np.zeros((3, 4, 5)))
    assert result.model.factors[0].dtype == np.float32


def test_a_start_of_ones_own():
    tensor = planted().to_dense()
    rough = fit(tensor, 3, seed=0, max_iterations=12, starts=1)
    assert not rough.converged
    assert rough.iterations == 12
    assert rough.message == "reached max_iterations = 12"
    finished = fit(tensor, 3, init=rough.model)
    assert finished.converged
    assert finished.relative_error < 1e-6
    assert finished.history[0] == pytest.approx(rough.objective)
    at_the_end = fit(tensor, 3, init=planted())
    assert at_the_end.iterations <= 3
    assert at_the_end.relative_error < 1e-14


def test_no_iterations_give_the_start():
    tensor = planted().to_dense()
    result = fit(tensor, 3, seed=0, max_iterations=0)
    assert result.iterations == 0
    assert not result.converged
    assert len(result.history) == 1
    assert result.history[0] == pytest.approx(result.objective)


def test_the_callback_sees_every_iteration_of_every_start():
    seen = []
    result = fit(planted().to_dense(), 3, seed=0, starts=2, callback=seen.append)
    trials = [(p.start, p.iteration) for p in seen[: 2 * TRIAL_ITERATIONS]]
    numbers = range(1, TRIAL_ITERATIONS + 1)
    assert trials == [(start, n) for start in (1, 2) for n in numbers]
    rest = seen[2 * TRIAL_ITERATIONS :]
    assert len({p.start for p in rest}) == 1
    assert [p.iteration for p in rest] == list(range(TRIAL_ITERATIONS + 1, result.iterations + 1))
    assert seen[-1].relative_error == pytest.approx(result.relative_error, abs=1e-12)
    assert seen[-1].objective == result.history[-1]
    assert same_bits(seen[-1].model, result.model)


def test_progress_can_be_turned_into_a_result():
    seen = []
    whole = fit(planted().to_dense(), 3, seed=0, starts=1, callback=seen.append)
    part = seen[4].result("why not")
    assert (part.iterations, part.converged, part.message) == (5, False, "why not")
    np.testing.assert_array_equal(part.history, whole.history[:6])
    assert part.objective == whole.history[5]
    assert same_bits(
        part.model, fit(planted().to_dense(), 3, seed=0, starts=1, max_iterations=5).model
    )


@pytest.mark.parametrize("stop", [3, 20])
def test_the_callback_can_stop_the_fit(stop):
    seen = []

    def callback(progress):
        seen.append(progress)
        return len(seen) == stop

    result = fit(planted().to_dense(), 3, seed=0, callback=callback)
    assert len(seen) == stop
    assert not result.converged
    assert result.message == "stopped by the callback"
    assert result.objective == pytest.approx(min(p.objective for p in seen), rel=1e-6)


def test_an_interruption_passes_through():
    def interrupt(progress):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fit(planted().to_dense(), 3, callback=interrupt)


def test_progress_shows_nothing_where_there_is_no_terminal(capfd):
    fit(planted().to_dense(), 1, seed=0, progress=True)
    out, err = capfd.readouterr()
    assert (out, err) == ("", "")


@settings(max_examples=25)
@example(shape=[1, 1], seed=2581175, missing=0.0)  # a start that points away from the data
@given(
    shape=st.lists(st.integers(1, 5), min_size=2, max_size=4),
    seed=st.integers(0, 2**32 - 1),
    missing=st.floats(0, 0.4),
)
def test_any_small_tensor_is_fitted_no_worse_than_by_zero(shape, seed, missing):
    rng = np.random.default_rng(seed)
    tensor = rng.normal(size=shape)
    mask = rng.random(shape) >= missing
    mask.flat[0] = True
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UnobservedSliceWarning)
        result = fit(tensor, 1, mask=mask, seed=seed, max_iterations=50)
    assert 0 <= result.relative_error < 1
    assert all(np.isfinite(factor).all() for factor in result.model.factors)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"format": "tucka"}, r"no format 'tucka'; known: cp"),
        ({"loss": "hinge"}, r"loss: wanted one of gaussian, poisson, .*got 'hinge'"),
        ({"method": "magic"}, r"no method 'magic'; known: lbfgs"),
        ({"rank": 0}, r"a rank from 1 to 12 \(the product .*\(3, 4, 5\) but the largest\), got 0"),
        ({"rank": 13}, r"a rank from 1 to 12 .*got 13"),
        ({"rank": 2.0}, r"a rank from 1 to 12 .*got 2.0"),
        ({"tol": -1.0}, r"tol >= 0.*got tol=-1.0"),
        ({"tol": np.nan}, r"tol >= 0.*got tol=nan"),
        ({"max_iterations": -1}, r"got tol=1e-10, max_iterations=-1"),
        ({"starts": 0}, r"starts >= 1, got .*starts=0"),
        ({"tensor": np.full((3, 4, 5), np.nan)}, r"every entry is missing"),
        ({"mask": np.zeros((3, 4, 5), bool)}, r"every entry is missing"),
        ({"tensor": np.ones(3)}, r"fit: wanted a tensor of order 2 or more"),
        (
            {"tensor": np.full((3, 4), np.inf)},
            r"fit: wanted finite numbers or NaN, got 12 infinite",
        ),
        ({"tensor": [["a", "b"]]}, r"fit: wanted numbers, got strings"),
    ],
)
def test_bad_arguments_are_refused_by_name(arguments, message):
    with pytest.raises(ArgumentError, match=message):
        fit(**{"tensor": np.ones((3, 4, 5)), "rank": 2} | arguments)


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"mask": np.ones((3, 4), bool)}, ShapeError, r"mask of .*\(3, 4, 5\), got \(3, 4\)"),
        ({"mask": np.ones((3, 4, 5))}, DTypeError, r"mask of booleans, got float64"),
        ({"init": planted((3, 4, 5), 3)}, ShapeError, r"\(3, 4, 5\) and rank 2, got .*rank=3"),
        ({"init": planted((3, 4, 6), 2)}, ShapeError, r"init of shape \(3, 4, 5\)"),
    ],
)
def test_masks_and_starts_that_do_not_fit_are_refused(arguments, error, message):
    with pytest.raises(error, match=message):
        fit(np.ones((3, 4, 5)), 2, **arguments)
