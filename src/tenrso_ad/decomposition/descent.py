"""A descent from one starting point, and the order in which several are followed."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np

from tenrso_ad.training import lbfgs
from tenrso_ad.training.minimize import flat_function, ravel

__all__ = ["Descents", "LBFGSDescent", "Objective", "Point"]

TRIAL_ITERATIONS = 15
"""How far each starting point is followed before the best goes on."""


class Objective(Protocol):
    """What is minimised.

    Attributes
    ----------
    rounding : float
        The rounding error of a value, relative to a value of 1.
    residual : bool
        Whether values are computed in the slower and exact way.
    """

    residual: bool

    @property
    def rounding(self) -> float:
        """The rounding error of a value, relative to a value of 1."""

    def value_and_grad(self, params: Any, /) -> tuple[Any, Any]:
        """The value and the gradient."""

    def refine(self, value: float, tolerance: float) -> bool:
        """Go over to the exact way where rounding hides changes by the tolerance."""

    def exact(self, params: Any) -> float:
        """The value in the exact way."""


@dataclass(frozen=True, eq=False)
class Point:
    """Where a descent stands: all it needs to go on, bit for bit.

    Parameters
    ----------
    state : LBFGSState
        The state of the minimiser.
    residual : bool
        In which way the objective is computed.
    values, norms, seconds : tuple of float
        The objective, the norm of its gradient, and the time taken, at the start and after each
        iteration.
    """

    state: lbfgs.LBFGSState
    residual: bool
    values: tuple[float, ...]
    norms: tuple[float, ...]
    seconds: tuple[float, ...]


class LBFGSDescent:
    """A descent by L-BFGS from one point, some iterations at a time."""

    def __init__(
        self,
        objective: Objective,
        params: Any,
        tol: float,
        max_iterations: int,
        nonnegative: bool,
        point: Point | None = None,
    ) -> None:
        self._options = lbfgs.LBFGSOptions(
            objective_tolerance=max(tol, objective.rounding),
            gradient_tolerance=objective.rounding,
            max_iterations=max_iterations,
        )
        self.objective = objective
        x, self._unravel = ravel(params)
        self._evaluate = flat_function(objective.value_and_grad, self._unravel)
        self._box = (np.zeros_like(x), np.full_like(x, np.inf)) if nonnegative else None
        if point is None:
            begin = time.perf_counter()
            x = np.maximum(x, 0) if nonnegative else x
            state = lbfgs.init(x, *self._evaluate(x))
            seconds = time.perf_counter() - begin
            point = Point(state, objective.residual, (state.value,), (_norm(state),), (seconds,))
        objective.residual = point.residual
        self.point = point

    @property
    def params(self) -> Any:
        """The present point."""
        return self.params_at(self.point)

    def params_at(self, point: Point) -> Any:
        """The parameters of a point on the way."""
        return self._unravel(point.state.x)

    @property
    def values(self) -> tuple[float, ...]:
        """The objective at the start and after each iteration."""
        return self.point.values

    @property
    def message(self) -> str:
        """Why the descent ended; empty while it can go on."""
        return self.point.state.message

    @property
    def converged(self) -> bool:
        """Whether a tolerance was met, or no digits are left in which the value could fall."""
        state = self.point.state
        return state.converged or state.message == lbfgs.STALLED

    def advance(self, iterations: int) -> Iterator[LBFGSDescent]:
        """Go on to an iteration or to the end; yields after each iteration."""
        while not self.message and self.point.state.iteration < iterations:
            begin = time.perf_counter()
            before = self.point
            state = before.state
            if self.objective.refine(state.value, self._options.objective_tolerance):
                value, gradient = self._evaluate(state.x)
                state = replace(state, value=value, gradient=gradient)
            state = lbfgs.step(state, self._evaluate, self._options, self._box)
            if state.iteration == before.state.iteration:  # it ended before another iteration
                self.point = replace(before, state=state, residual=self.objective.residual)
                return
            seconds = before.seconds[-1] + time.perf_counter() - begin
            self.point = Point(
                state,
                self.objective.residual,
                (*before.values, state.value),
                (*before.norms, _norm(state)),
                (*before.seconds, seconds),
            )
            yield self


class Descents:
    """Descents from several starting points: each is tried, and the best goes on to its end.

    Parameters
    ----------
    runs : sequence of LBFGSDescent
        One a starting point.
    chosen : int, optional
        Which one goes on, where that is known already.
    """

    def __init__(self, runs: Sequence[LBFGSDescent], chosen: int | None = None) -> None:
        self.runs = runs
        self.chosen = chosen

    @property
    def best(self) -> LBFGSDescent:
        """The run that goes on, or the one that has come down furthest so far."""
        if self.chosen is not None:
            return self.runs[self.chosen]
        return min(self.runs, key=lambda run: run.values[-1])

    def follow(self, max_iterations: int) -> Iterator[tuple[int, LBFGSDescent]]:
        """Make the iterations; yields the number of the run, from 1, and the run after each."""
        if self.chosen is None:
            trial = min(TRIAL_ITERATIONS, max_iterations) if len(self.runs) > 1 else 0
            for number, run in enumerate(self.runs, 1):
                for now in run.advance(trial):
                    yield number, now
            self.chosen = self.runs.index(self.best)
        for now in self.runs[self.chosen].advance(max(1, max_iterations)):
            yield self.chosen + 1, now


def _norm(state: lbfgs.LBFGSState) -> float:
    """The norm of the gradient."""
    return float(np.linalg.norm(state.gradient))
