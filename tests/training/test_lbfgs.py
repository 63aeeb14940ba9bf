"""The iteration and its state."""

import dataclasses

import numpy as np
import pytest
import scipy.optimize

from tenrso_ad.engine.errors import ArgumentError, ShapeError
from tenrso_ad.training.lbfgs import LBFGSOptions, LBFGSState, init, step


def rosenbrock(x):
    return float(scipy.optimize.rosen(x)), scipy.optimize.rosen_der(x).astype(x.dtype)


def run(state, options, box=None, iterations=10**6):
    for _ in range(iterations):
        if state.message:
            break
        state = step(state, rosenbrock, options, box)
    return state


def assert_states_equal(a, b):
    for name, value in a.to_dict().items():
        other = b.to_dict()[name]
        assert value.dtype == other.dtype, name
        assert value.tobytes() == other.tobytes(), name


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("bounded", [False, True])
@pytest.mark.parametrize("stop", [1, 3, 17])
def test_saved_state_resumes_bit_equal(tmp_path, dtype, bounded, stop):
    x = np.tile([-1.2, 1.0], 10).astype(dtype)
    box = (np.full_like(x, -2), np.full_like(x, 0.9)) if bounded else None
    options = LBFGSOptions(history=5, max_iterations=40)
    start = init(x, *rosenbrock(x))
    through = run(start, options, box)
    assert through.iteration > stop

    np.savez(tmp_path / "state.npz", **run(start, options, box, stop).to_dict())
    with np.load(tmp_path / "state.npz") as arrays:
        resumed = LBFGSState.from_dict(arrays)
    assert resumed.iteration == stop
    assert_states_equal(run(resumed, options, box), through)


@pytest.mark.parametrize("iterations", [0, 1, 4])
def test_state_of_any_age_comes_back_from_arrays(iterations):
    x = np.array([-1.2, 1.0], dtype=np.float32)
    state = run(init(x, *rosenbrock(x)), LBFGSOptions(history=3), iterations=iterations)
    arrays = state.to_dict()
    assert all(isinstance(array, np.ndarray) and array.dtype != object for array in arrays.values())
    assert arrays["steps"].shape == (min(iterations, 3), 2)
    assert_states_equal(LBFGSState.from_dict(arrays), state)
    assert isinstance(LBFGSState.from_dict(arrays).message, str)


def test_incomplete_arrays_are_refused_by_name():
    arrays = init(np.zeros(2), 1.0, np.ones(2)).to_dict()
    del arrays["gradient"]
    with pytest.raises(ArgumentError, match="no entry for gradient"):
        LBFGSState.from_dict(arrays)


def test_a_step_leaves_the_state_it_starts_from_alone():
    x = np.array([-1.2, 1.0])
    state = run(init(x, *rosenbrock(x)), LBFGSOptions(), iterations=3)
    before = {name: array.copy() for name, array in state.to_dict().items()}
    step(state, rosenbrock, LBFGSOptions())
    for name, array in state.to_dict().items():
        assert array.tobytes() == before[name].tobytes()
    with pytest.raises(dataclasses.FrozenInstanceError):
        state.value = 0.0


def test_history_is_no_longer_than_asked_and_its_curvature_is_positive():
    x = np.tile([-1.2, 1.0], 5)
    state = run(init(x, *rosenbrock(x)), LBFGSOptions(history=4), iterations=12)
    assert len(state.steps) == len(state.differences) == len(state.curvatures) == 4
    for moved, change, curvature in zip(
        state.steps, state.differences, state.curvatures, strict=True
    ):
        assert curvature == float(np.dot(moved, change)) > 0


def test_the_value_never_rises():
    x = np.tile([-1.2, 1.0], 20)
    state, options = init(x, *rosenbrock(x)), LBFGSOptions()
    values = []
    while not state.message:
        values.append(state.value)
        state = step(state, rosenbrock, options)
    assert all(np.diff(values) <= 0)


def test_float32_stays_float32():
    x = np.tile([-1.2, 1.0], 5).astype(np.float32)
    state = run(init(x, *rosenbrock(x)), LBFGSOptions(gradient_tolerance=1e-3))
    assert state.converged
    for array in (state.x, state.gradient, *state.steps, *state.differences):
        assert array.dtype == np.float32
    np.testing.assert_allclose(state.x, 1, atol=1e-3)


def test_reasons_are_given_in_words():
    x = np.array([-1.2, 1.0])
    start = init(x, *rosenbrock(x))
    few = run(start, LBFGSOptions(max_iterations=3))
    assert (few.iteration, few.converged) == (3, False)
    assert few.message == "reached max_iterations = 3"
    none = run(start, LBFGSOptions(max_iterations=0))
    assert (none.iteration, none.message) == (0, "reached max_iterations = 0")
    steep = run(start, LBFGSOptions(gradient_tolerance=1e-5, objective_tolerance=0))
    assert steep.converged
    assert steep.message == "no gradient entry above 1e-05"
    assert np.abs(steep.gradient).max() <= 1e-5
    loose = run(start, LBFGSOptions(objective_tolerance=0.5, gradient_tolerance=0))
    assert loose.converged
    assert loose.message == "the value fell by no more than 0.5 of itself"


def test_a_minimum_at_the_start_is_seen():
    state = run(init(np.ones(3), *rosenbrock(np.ones(3))), LBFGSOptions())
    assert (state.iteration, state.evaluations, state.converged) == (0, 1, True)


def test_a_gradient_of_the_wrong_sign_ends_the_run():
    x = np.array([3.0, 4.0])
    state = init(x, float(x @ x), -2 * x)
    for _ in range(5):
        state = step(state, lambda x: (float(x @ x), -2 * x), LBFGSOptions())
        if state.message:
            break
    assert not state.converged
    assert state.message == "no lower value along the steepest descent"
    np.testing.assert_array_equal(state.x, x)


@pytest.mark.parametrize(
    ("value", "gradient"), [(np.nan, [1.0, 1.0]), (np.inf, [1.0, 1.0]), (1.0, [np.nan, 1.0])]
)
def test_a_start_that_is_not_finite_is_refused(value, gradient):
    with pytest.raises(ArgumentError, match="must be finite where it starts"):
        init(np.zeros(2), value, np.array(gradient))


def test_shapes_that_differ_are_refused():
    with pytest.raises(ShapeError, match=r"\(2,\) and \(3,\)"):
        init(np.zeros(2), 0.0, np.zeros(3))


@pytest.mark.parametrize(
    "settings",
    [
        {"history": 0},
        {"max_trials": 0},
        {"gradient_tolerance": -1.0},
        {"max_iterations": -1},
        {"objective_tolerance": np.nan},
        {"decrease": 0.95},
        {"curvature": 1.0},
    ],
)
def test_settings_out_of_range_are_refused_by_name(settings):
    with pytest.raises(ArgumentError, match=next(iter(settings))):
        LBFGSOptions(**settings)
