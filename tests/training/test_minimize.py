"""Minimising functions of pytrees, against SciPy's L-BFGS-B."""

import math

import numpy as np
import pytest
import scipy.optimize
import threadpoolctl

from tenrso_ad.engine.errors import ArgumentError, DTypeError
from tenrso_ad.training import LBFGS, LBFGSOptions, LBFGSState, minimize


def rosenbrock(x):
    return float(scipy.optimize.rosen(x)), scipy.optimize.rosen_der(x)


def quadratic(n, condition, seed=0):
    rng = np.random.default_rng(seed)
    basis = np.linalg.qr(rng.normal(size=(n, n)))[0]
    matrix = basis * np.geomspace(1, condition, n) @ basis.T
    offset = rng.normal(size=n)
    return lambda x: (0.5 * x @ matrix @ x - offset @ x, matrix @ x - offset)


def scipy_minimize(function, x0, bounds, gtol):
    box = None
    if bounds is not None:
        sides = zip(bounds, (-np.inf, np.inf), strict=True)
        box = scipy.optimize.Bounds(
            *(np.full(x0.size, other if b is None else b) for b, other in sides)
        )
    options = {"gtol": gtol, "ftol": 0, "maxiter": 10**5, "maxfun": 10**6}
    with threadpoolctl.threadpool_limits(1):  # its threads get in each other's way on small vectors
        return scipy.optimize.minimize(
            function, x0, jac=True, method="L-BFGS-B", bounds=box, options=options
        )


UNBOUNDED = [("rosenbrock", n) for n in (2, 5, 10, 100, 1000)]
UNBOUNDED += [("quadratic", n) for n in (2, 10, 200)]


@pytest.mark.parametrize(("name", "n"), UNBOUNDED)
def test_same_minimisers_as_scipy_in_about_as_many_evaluations(name, n):
    function = rosenbrock if name == "rosenbrock" else quadratic(n, 100.0)
    x0 = np.resize([-1.2, 1.0], n)
    gtol = 1e-6
    ours = minimize(
        function,
        x0,
        options=LBFGSOptions(
            gradient_tolerance=gtol,
            objective_tolerance=0,
            max_iterations=10**5,
        ),
    )
    theirs = scipy_minimize(function, x0, None, gtol)
    assert ours.state.converged
    assert np.abs(function(ours.params)[1]).max() <= gtol
    np.testing.assert_allclose(ours.params, theirs.x, atol=1e-5)
    assert ours.value <= theirs.fun + 1e-9
    assert ours.state.evaluations <= 1.15 * theirs.nfev + 3


BOUNDED = [
    ("rosenbrock", 2, (-2.0, 0.5)),
    ("rosenbrock", 10, (-2.0, 0.5)),
    ("rosenbrock", 100, (-2.0, 2.0)),
    ("rosenbrock", 100, (1.5, 3.0)),
    ("rosenbrock", 100, (None, 0.5)),
    ("quadratic", 10, (0.0, None)),
    ("quadratic", 100, (0.0, None)),
    ("quadratic", 100, (-1e-2, 1e-2)),
    ("quadratic", 50, (0.3, 0.3)),
]


@pytest.mark.parametrize(("name", "n", "bounds"), BOUNDED)
def test_same_bounded_minimisers_as_scipy(name, n, bounds):
    function = rosenbrock if name == "rosenbrock" else quadratic(n, 100.0)
    x0 = np.resize([-1.2, 1.0], n)
    ours = minimize(
        function,
        x0,
        bounds=bounds,
        options=LBFGSOptions(gradient_tolerance=1e-6, objective_tolerance=0, max_iterations=10**5),
    )
    theirs = scipy_minimize(function, x0, bounds, 1e-6)
    lower, upper = (-np.inf if bounds[0] is None else bounds[0]), (bounds[1] or np.inf)
    assert ours.state.converged
    assert ((ours.params >= lower) & (ours.params <= upper)).all()
    np.testing.assert_allclose(ours.params, theirs.x, atol=1e-5)
    assert ours.state.evaluations <= 1.25 * theirs.nfev + 20


@pytest.mark.parametrize("scale", [1e-280, 1e-30, 1e30, 1e280])
@pytest.mark.parametrize("bounds", [None, (-2.0, 0.9)])
def test_the_scale_of_the_function_does_not_matter(scale, bounds):
    def function(x):
        value, gradient = rosenbrock(x)
        return scale * value, scale * gradient

    options = LBFGSOptions(gradient_tolerance=1e-6 * scale, objective_tolerance=0)
    result = minimize(function, np.array([-1.2, 1.0]), bounds=bounds, options=options)
    plain = minimize(
        rosenbrock,
        np.array([-1.2, 1.0]),
        bounds=bounds,
        options=LBFGSOptions(gradient_tolerance=1e-6, objective_tolerance=0),
    )
    assert result.state.converged
    np.testing.assert_allclose(result.params, plain.params, rtol=1e-6)


def test_the_bounds_are_never_left_on_the_way():
    seen = []

    def function(x):
        seen.append(x.copy())
        return rosenbrock(x)

    minimize(function, np.array([-5.0, 5.0, 0.0]), bounds=(-1.5, 0.7))
    assert len(seen) > 3
    assert np.min(seen) >= -1.5
    assert np.max(seen) <= 0.7


def test_pytree_with_leaves_of_two_dtypes_and_a_number():
    target = {"a": np.arange(6, dtype=np.float32).reshape(2, 3), "b": (np.array([1.0, 2.0]), 4.0)}

    def function(params):
        assert params["a"].dtype == np.float32
        assert params["a"].shape == (2, 3)
        first, second = params["a"] - target["a"], params["b"][0] - target["b"][0]
        third = params["b"][1] - target["b"][1]
        value = (first**2).sum() + (second**2).sum() + third**2
        return value, {"a": 2 * first, "b": (2 * second, 2 * third)}

    start = {"a": np.zeros((2, 3), np.float32), "b": (np.zeros(2), 0.0)}
    result = minimize(function, start)
    assert result.params["a"].dtype == np.float32
    assert result.params["b"][0].dtype == np.float64
    np.testing.assert_allclose(result.params["a"], target["a"], atol=1e-6)
    np.testing.assert_allclose(result.params["b"][0], [1, 2], atol=1e-6)
    assert result.params["b"][1] == pytest.approx(4)
    np.testing.assert_array_equal(start["a"], 0)


def test_bounds_as_trees_broadcast_to_the_leaves():
    start = {"a": np.full((2, 3), 5.0), "b": np.zeros(2)}
    bounds = ({"a": np.array([0.0, 1.0, 2.0]), "b": -math.inf}, {"a": 9.0, "b": [-1.0, 3.0]})

    def function(params):
        value = (params["a"] ** 2).sum() + ((params["b"] - 2) ** 2).sum()
        return value, {"a": 2 * params["a"], "b": 2 * (params["b"] - 2)}

    result = minimize(function, start, bounds=bounds)
    np.testing.assert_allclose(result.params["a"], [[0, 1, 2], [0, 1, 2]])
    np.testing.assert_allclose(result.params["b"], [-1, 2])


def test_bounds_that_cross_are_refused():
    with pytest.raises(ArgumentError, match="above its upper bound"):
        minimize(rosenbrock, np.zeros(2), bounds=(1.0, 0.0))


@pytest.mark.parametrize("leaf", [np.arange(3), np.ones(3, complex), np.ones(3, bool), 2])
def test_leaves_that_are_not_real_floats_are_refused_with_their_place(leaf):
    with pytest.raises(DTypeError, match=r"params\['a'\]\[1\]"):
        minimize(lambda p: (0.0, p), {"a": [np.ones(2), leaf]})


def test_the_callback_sees_every_iteration_and_can_stop():
    seen = []

    def callback(state):
        seen.append(state.iteration)
        return state.iteration == 4

    result = minimize(rosenbrock, np.array([-1.2, 1.0]), callback=callback)
    assert seen == [1, 2, 3, 4]
    assert result.state.message == "stopped by the callback"
    assert not result.state.converged


def test_a_stopped_run_carries_on_bit_equal():
    x0 = np.resize([-1.2, 1.0], 30)
    states = []
    through = minimize(rosenbrock, x0, callback=states.append)
    saved = LBFGSState.from_dict(states[9].to_dict())
    resumed = minimize(rosenbrock, x0, state=saved)
    assert resumed.state.iteration == through.state.iteration > 10
    assert resumed.state.evaluations == through.state.evaluations
    assert resumed.params.tobytes() == through.params.tobytes()


def test_a_function_with_a_wall_is_minimised_without_warnings():
    """x - log(x) is NaN below zero, where the first step of unit length lands."""
    result = minimize(lambda x: (x - np.log(x), 1 - 1 / x), np.float64(8.5), bounds=None)
    assert result.params == pytest.approx(1)
    steep = minimize(lambda x: (np.exp(x) - 800 * x, np.exp(x) - 800), np.array(-900.0))
    assert steep.params == pytest.approx(np.log(800))


def test_an_interruption_leaves_the_last_state_with_the_caller():
    states = []

    def function(x):
        if len(states) == 5:
            raise KeyboardInterrupt
        return rosenbrock(x)

    with pytest.raises(KeyboardInterrupt):
        minimize(function, np.array([-1.2, 1.0]), callback=lambda state: states.append(state))
    assert states[-1].iteration == 5
    assert states[-1].value == rosenbrock(states[-1].x)[0]


def test_the_result_is_the_callers_to_change():
    result = minimize(rosenbrock, np.array([-1.2, 1.0]))
    result.params[:] = 0
    np.testing.assert_allclose(result.state.x, 1, atol=1e-5)


def test_object_makes_the_iterations_of_minimize():
    x0 = np.array([-1.2, 1.0])
    optimizer, params = LBFGS(history=5), x0
    while optimizer.state is None or not optimizer.state.message:
        params = optimizer.step(params, rosenbrock)
    result = minimize(rosenbrock, x0, options=LBFGSOptions(history=5))
    assert params.tobytes() == result.params.tobytes()
    assert optimizer.state.iteration == result.state.iteration
    np.testing.assert_array_equal(optimizer.step(params, rosenbrock), params)


def test_object_saves_and_loads_bit_equal(tmp_path):
    def advance(optimizer, params, count):
        for _ in range(count):
            params = optimizer.step(params, rosenbrock)
        return params

    x0 = np.resize([-1.2, 1.0], 8)
    optimizer = LBFGS(bounds=(-2.0, 0.9))
    assert optimizer.state_dict() == {}
    halfway = advance(optimizer, x0, 7)
    np.savez(tmp_path / "optimizer.npz", **optimizer.state_dict())
    straight = advance(optimizer, halfway, 8)

    other = LBFGS(bounds=(-2.0, 0.9))
    with np.load(tmp_path / "optimizer.npz") as arrays:
        other.load_state_dict(arrays)
    assert advance(other, halfway, 8).tobytes() == straight.tobytes()


def test_object_evaluates_anew_where_the_parameters_were_changed():
    optimizer = LBFGS()
    params = optimizer.step(np.array([-1.2, 1.0]), rosenbrock)
    moved = params + 0.5
    params = optimizer.step(moved, rosenbrock)
    assert optimizer.state.value < rosenbrock(moved)[0]
    assert len(optimizer.state.steps) == 2
