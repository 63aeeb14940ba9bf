"""The line search: the strong Wolfe conditions hold, walls and rounding are survived."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenrso_ad.training.line_search import Trial, WolfeConditions, strong_wolfe

# Functions of one variable with a negative slope at 0, and their derivatives. The three of Moré and
# Thuente (1994, table 1 and equations 5.1, 5.2 and 5.4) are made to be hard.
FUNCTIONS = {
    "quadratic": (lambda a: (a - 3) ** 2, lambda a: 2 * (a - 3)),
    "quartic": (lambda a: (a - 1) ** 4 - a, lambda a: 4 * (a - 1) ** 3 - 1),
    "more thuente 1": (
        lambda a: -a / (a * a + 2),
        lambda a: (a * a - 2) / (a * a + 2) ** 2,
    ),
    "more thuente 2": (
        lambda a: (a + 0.004) ** 5 - 2 * (a + 0.004) ** 4,
        lambda a: 5 * (a + 0.004) ** 4 - 8 * (a + 0.004) ** 3,
    ),
    "wavy": (
        lambda a: 0.1 * a * a - a + 0.1 * np.sin(5 * a),
        lambda a: 0.2 * a - 1 + 0.5 * np.cos(5 * a),
    ),
}


def on_the_line(f, g):
    calls = []

    def evaluate(step):
        calls.append(step)
        slope = float(g(step))
        return Trial(step, np.array([step]), float(f(step)), np.array([slope]), slope)

    return evaluate, calls


@pytest.mark.parametrize("name", FUNCTIONS)
@pytest.mark.parametrize("first_step", [1e-3, 0.1, 1.0, 10.0, 1e3])
@pytest.mark.parametrize("curvature", [0.1, 0.9])
def test_accepted_step_fulfils_strong_wolfe(name, first_step, curvature):
    f, g = FUNCTIONS[name]
    evaluate, calls = on_the_line(f, g)
    conditions = WolfeConditions(evaluate(0.0), decrease=1e-3, curvature=curvature)
    trial, evaluations = strong_wolfe(evaluate, conditions, first_step)
    assert trial is not None
    assert evaluations == len(calls) - 1 <= 25
    assert f(trial.step) <= f(0) + 1e-3 * trial.step * g(0)
    assert abs(g(trial.step)) <= curvature * abs(g(0))
    assert (trial.value, trial.slope) == (f(trial.step), g(trial.step))


@given(minimum=st.floats(1e-3, 1e3), scale=st.floats(1e-6, 1e6), first_step=st.floats(1e-3, 1e3))
def test_quadratics_of_any_scale(minimum, scale, first_step):
    evaluate, _ = on_the_line(
        lambda a: scale * (a - minimum) ** 2, lambda a: 2 * scale * (a - minimum)
    )
    conditions = WolfeConditions(evaluate(0.0), curvature=0.1)
    trial, _ = strong_wolfe(evaluate, conditions, first_step, max_trials=50)
    assert trial is not None
    assert abs(trial.step - minimum) <= 0.1 * minimum * (1 + 1e-9)


@pytest.mark.parametrize("wall", [math.inf, math.nan, -math.inf])
def test_a_wall_of_values_that_are_not_finite_is_avoided(wall):
    def f(a):
        return -math.log(1 - a) - 3 * a if a < 1 else wall

    def g(a):
        return 1 / (1 - a) - 3 if a < 1 else wall

    evaluate, calls = on_the_line(f, g)
    conditions = WolfeConditions(evaluate(0.0), curvature=0.1)
    trial, _ = strong_wolfe(evaluate, conditions, 100.0)
    assert max(calls) == 100.0
    assert trial is not None
    assert trial.step == pytest.approx(2 / 3, abs=0.1)


def test_finite_value_with_a_nan_slope_is_a_wall():
    evaluate, _ = on_the_line(lambda a: (a - 1) ** 2, lambda a: 2 * (a - 1) if a < 2 else math.nan)
    trial, _ = strong_wolfe(evaluate, WolfeConditions(evaluate(0.0)), 2.0)
    assert trial is not None
    assert trial.step < 2


def test_ascent_gives_nothing():
    """A slope that is wrong in sign: no step lowers the value, and the search says so."""
    evaluate, calls = on_the_line(lambda a: a, lambda a: -1.0)
    trial, evaluations = strong_wolfe(evaluate, WolfeConditions(evaluate(0.0)), 1.0, max_trials=12)
    assert trial is None
    assert evaluations == len(calls) - 1 <= 12


def test_values_that_differ_by_rounding_are_judged_by_slopes():
    """Next to 1e8 a decrease of 1e-10 cannot be seen in the value."""
    evaluate, _ = on_the_line(lambda a: 1e8 + 1e-10 * (a - 1) ** 2, lambda a: 2e-10 * (a - 1))
    conditions = WolfeConditions(evaluate(0.0), curvature=0.1)
    trial, evaluations = strong_wolfe(evaluate, conditions, 1.0)
    assert trial is not None
    assert (trial.step, evaluations) == (1.0, 1)


def test_trials_that_run_out_leave_the_lowest_point():
    evaluate, _ = on_the_line(lambda a: -a, lambda a: -1.0)
    trial, evaluations = strong_wolfe(evaluate, WolfeConditions(evaluate(0.0)), 1.0, max_trials=5)
    assert evaluations == 5
    assert trial is not None
    assert trial.step == 1 + 4 + 16 + 64 + 256  # each advance is four times the last
