"""A strong Wolfe line search that knows about rounding and about values that are not finite.

Source: Nocedal and Wright, Numerical Optimization (2006), algorithms 3.5 and 3.6, with the cubic
step of their equation 3.59. Where two values differ by rounding only, the decrease is judged by
slopes instead (the approximate Wolfe condition of Hager and Zhang 2005, equation 4.1).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["Trial", "WolfeConditions", "strong_wolfe"]

Array = NDArray[np.floating[Any]]


@dataclass(frozen=True, eq=False)
class Trial:
    """One evaluated point of the line: how far, where, the value, the gradient and the slope."""

    step: float
    x: Array
    value: float
    gradient: Array
    slope: float

    @property
    def finite(self) -> bool:
        """Whether value and slope can be compared with others."""
        return math.isfinite(self.value) and math.isfinite(self.slope)


@dataclass(frozen=True)
class WolfeConditions:
    """What a step has to fulfil, against the start of the line.

    Parameters
    ----------
    start : Trial
        The point the line leaves from, with a negative slope.
    decrease, curvature : float
        The constants c1 and c2 of the strong Wolfe conditions.
    """

    start: Trial
    decrease: float = 1e-4
    curvature: float = 0.9

    @property
    def noise(self) -> float:
        """The difference of two values that rounding alone can make."""
        return 100 * float(np.finfo(self.start.gradient.dtype).eps) * abs(self.start.value)

    def decreases(self, trial: Trial) -> bool:
        """Armijo's condition, or its form in slopes where the values differ by rounding only."""
        if not trial.finite:
            return False
        start, c1 = self.start, self.decrease
        if trial.value <= start.value + c1 * trial.step * start.slope:
            return True
        level = abs(trial.value - start.value) <= self.noise
        return level and trial.slope <= (2 * c1 - 1) * start.slope

    def flattens(self, trial: Trial) -> bool:
        """Whether the slope has become small enough."""
        return abs(trial.slope) <= -self.curvature * self.start.slope


def strong_wolfe(
    evaluate: Callable[[float], Trial],
    conditions: WolfeConditions,
    first_step: float = 1.0,
    max_trials: int = 25,
) -> tuple[Trial | None, int]:
    """Find a step that fulfils the strong Wolfe conditions.

    Parameters
    ----------
    evaluate : callable
        Takes a step length and returns the `Trial` there. A value or slope that is not finite
        is taken for a wall, and the search stays on the near side of it.
    conditions : WolfeConditions
        The conditions, which hold the start of the line.
    first_step : float, optional
        The step tried first.
    max_trials : int, optional
        The number of evaluations after which the best point so far is taken.

    Returns
    -------
    trial : Trial or None
        The accepted point: one with both conditions or, when the trials ran out, the lowest that
        decreases the value; None when no trial decreased it.
    evaluations : int
        How many points were evaluated.

    Examples
    --------
    >>> import numpy as np
    >>> def at(step):  # the function (x - 3)**2 from x = 0, in the direction +1
    ...     return Trial(
    ...         step, np.array([step]), (step - 3) ** 2, np.array([2 * (step - 3)]), 2 * (step - 3)
    ...     )
    >>> trial, evaluations = strong_wolfe(at, WolfeConditions(at(0.0), curvature=0.1))
    >>> trial.step, evaluations
    (3.0, 2)
    """
    low, high = conditions.start, None
    step = first_step
    lengths: list[float] = []
    for trials in range(1, max_trials + 1):
        trial = evaluate(step)
        if not conditions.decreases(trial) or trial.value > low.value + conditions.noise:
            high = trial
        elif conditions.flattens(trial):
            return trial, trials
        elif high is None and trial.slope < 0:
            low, step = trial, _extrapolate(low, trial)
            continue
        else:
            if high is None or trial.slope * (high.step - low.step) >= 0:
                high = low
            low = trial
        lengths.append(abs(high.step - low.step))
        if lengths[-1] <= np.finfo(np.float64).eps * max(abs(low.step), abs(high.step)):
            break
        slow = len(lengths) > 2 and lengths[-1] > 0.66 * lengths[-3]
        step = 0.5 * (low.step + high.step) if slow else _interpolate(low, high)
    return (low if low.value < conditions.start.value else None), trials


def _cubic_minimiser(a: Trial, b: Trial) -> float:
    """Where the cubic through both values and slopes is least; NaN if it has no minimum."""
    d1 = a.slope + b.slope - 3 * (a.value - b.value) / (a.step - b.step)
    square = d1 * d1 - a.slope * b.slope
    if not square >= 0:
        return math.nan
    d2 = math.copysign(math.sqrt(square), b.step - a.step)
    denominator = b.slope - a.slope + 2 * d2
    if denominator == 0:
        return math.nan
    return b.step - (b.step - a.step) * (b.slope + d2 - d1) / denominator


def _extrapolate(previous: Trial, trial: Trial) -> float:
    """A longer step: the cubic's minimum, kept between 1.1 and 4 times the last advance."""
    advance = trial.step - previous.step
    least, most = trial.step + 1.1 * advance, trial.step + 4 * advance
    guess = _cubic_minimiser(previous, trial)
    return min(max(guess, least), most) if guess > trial.step else most


def _interpolate(low: Trial, high: Trial) -> float:
    """A step inside the bracket: the cubic's minimum, kept a tenth away from both ends."""
    width = high.step - low.step
    if not high.finite:
        return low.step + 0.2 * width
    position = (_cubic_minimiser(low, high) - low.step) / width
    if not math.isfinite(position):
        position = 0.5
    return low.step + min(max(position, 0.1), 0.9) * width
