"""L-BFGS: limited-memory quasi-Newton minimisation, with box bounds.

The method is pure functions of an explicit state: `init` makes a state, `step` makes the next one
out of it (minimize.py loops over them, over any pytree). Nothing else carries from one iteration to
the next, so a saved state resumes bit-equal.

Source: Nocedal and Wright, Numerical Optimization (2006), algorithms 7.4 and 7.5. Bounds are kept
by projection: the variables that sit on a bound with the gradient pushing outwards are left out of
the quasi-Newton step, and the end of the step is projected onto the box (after Bertsekas 1982).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tenrso_ad.engine.errors import ArgumentError, ShapeError
from tenrso_ad.training.line_search import Trial, WolfeConditions, strong_wolfe

__all__ = ["LBFGSOptions", "LBFGSState", "init", "step"]

Array = NDArray[np.floating[Any]]
Evaluate = Callable[[Array], tuple[float, Array]]
Box = tuple[Array, Array]

STALLED = "no lower value along the steepest descent"
"""The message where not even the steepest descent lowers the value: at a minimum known to the last
digit, or where the gradient is wrong."""


@dataclass(frozen=True)
class LBFGSOptions:
    """How L-BFGS works and when it stops.

    Parameters
    ----------
    history : int, optional
        How many past steps make up the curvature estimate.
    gradient_tolerance : float, optional
        Converged when no component of the gradient is larger, apart from those that push
        outwards at a bound.
    objective_tolerance : float, optional
        Converged when an iteration lowers the value by no more than this fraction of it; 0 leaves
        the end to the gradient.
    max_iterations, max_trials : int, optional
        Limits on the iterations and on the evaluations in one line search.
    decrease, curvature : float, optional
        The constants of the strong Wolfe conditions, 0 < decrease < curvature < 1.
    """

    history: int = 10
    gradient_tolerance: float = 1e-8
    objective_tolerance: float = 1e-12
    max_iterations: int = 1000
    max_trials: int = 25
    decrease: float = 1e-4
    curvature: float = 0.9

    def __post_init__(self) -> None:
        for name in ("history", "max_trials"):
            if getattr(self, name) < 1:
                raise ArgumentError(f"LBFGS: {name} must be at least 1, got {getattr(self, name)}")
        for name in ("gradient_tolerance", "objective_tolerance", "max_iterations"):
            if not getattr(self, name) >= 0:
                raise ArgumentError(f"LBFGS: {name} is negative or NaN: {getattr(self, name)}")
        if not 0 < self.decrease < self.curvature < 1:
            raise ArgumentError(
                "LBFGS: wanted 0 < decrease < curvature < 1, "
                f"got decrease={self.decrease} and curvature={self.curvature}"
            )


@dataclass(frozen=True, eq=False)
class LBFGSState:
    """Everything one iteration hands to the next.

    Parameters
    ----------
    x, gradient : ndarray, shape (n,)
        The point and the gradient there.
    value : float
        The value there.
    steps, differences : tuple of ndarray, each of shape (n,)
        The past steps and the changes of the gradient over them, oldest first.
    curvatures : tuple of float
        The inner products of the two.
    iteration, evaluations : int
        How many iterations were made and how often the function was called.
    converged : bool
        Whether a tolerance was met.
    message : str
        Why the iteration ended; empty while it runs.
    """

    x: Array
    value: float
    gradient: Array
    steps: tuple[Array, ...] = ()
    differences: tuple[Array, ...] = ()
    curvatures: tuple[float, ...] = ()
    iteration: int = 0
    evaluations: int = 1
    converged: bool = False
    message: str = ""

    def to_dict(self) -> dict[str, NDArray[Any]]:
        """Return the state as arrays by name, fit for `numpy.savez` and free of pickles."""
        n = self.x.size
        arrays = {field.name: np.asarray(getattr(self, field.name)) for field in fields(self)}
        for name in ("steps", "differences"):
            arrays[name] = arrays[name].astype(self.x.dtype, copy=False).reshape(-1, n)
        return arrays

    @classmethod
    def from_dict(cls, arrays: Mapping[str, ArrayLike]) -> LBFGSState:
        """Rebuild the state that `to_dict` wrote."""
        names = {field.name for field in fields(cls)}
        if missing := sorted(names - set(arrays)):
            raise ArgumentError(f"LBFGSState.from_dict: no entry for {', '.join(missing)}")
        values: dict[str, Any] = {name: np.asarray(arrays[name]) for name in names}
        for name in names - {"x", "gradient", "steps", "differences", "curvatures"}:
            values[name] = values[name].item()
        for name in ("steps", "differences"):
            values[name] = tuple(row.copy() for row in values[name])
        values["curvatures"] = tuple(values["curvatures"].tolist())
        return cls(**values)


def init(x: Array, value: float, gradient: Array) -> LBFGSState:
    """Return the state before the first iteration.

    Parameters
    ----------
    x, gradient : ndarray, shape (n,)
        The starting point, and the gradient there in the same dtype.
    value : float
        The value there.

    Raises
    ------
    ArgumentError, ShapeError
        Where the value or the gradient is not finite, or the shapes differ.
    """
    x, value = np.asarray(x), float(value)
    gradient = np.asarray(gradient, dtype=x.dtype)
    if x.ndim != 1 or x.shape != gradient.shape:
        raise ShapeError(
            f"LBFGS: wanted x and gradient of one shape (n,), got {x.shape} and {gradient.shape}"
        )
    if not (math.isfinite(value) and np.isfinite(gradient).all()):
        raise ArgumentError(
            f"LBFGS: the function must be finite where it starts, got the value {value} and "
            f"{np.count_nonzero(~np.isfinite(gradient))} gradient entries that are not finite"
        )
    return LBFGSState(x, value, gradient)


def step(
    state: LBFGSState, evaluate: Evaluate, options: LBFGSOptions, box: Box | None = None
) -> LBFGSState:
    """Make one iteration: a quasi-Newton direction, a line search along it, the tests of the end.

    Parameters
    ----------
    state : LBFGSState
        Where the iteration starts; it is not changed.
    evaluate : callable
        Takes x and returns the value and the gradient there. Where they are not finite the line
        search turns back; NumPy's warnings of that are silenced.
    options : LBFGSOptions
        The settings, which have to stay the same from one iteration to the next.
    box : tuple of two ndarray, optional
        Lower and upper bounds, shape (n,) each.

    Returns
    -------
    LBFGSState
        The next state. Its `message` is empty while there is more to do. When the line search
        finds nothing lower, the point stays and the history is forgotten, so that the next
        iteration tries the steepest descent; when that fails too, the iteration ends.
    """
    if message := _settled(state, options, box):
        return replace(state, converged=True, message=message)
    if state.iteration >= options.max_iterations:
        return replace(state, message=f"reached max_iterations = {options.max_iterations}")
    direction = _direction(state, box)

    def along(length: float) -> Trial:
        x, path = state.x + length * direction, direction
        if box is not None:
            inside = (x > box[0]) & (x < box[1])
            x, path = np.clip(x, *box), np.where(inside, direction, 0)
        value, gradient = evaluate(x)
        return Trial(length, x, value, gradient, _dot(gradient, path))

    start = Trial(0.0, state.x, state.value, state.gradient, _dot(state.gradient, direction))
    conditions = WolfeConditions(start, options.decrease, options.curvature)
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):  # a long step may overflow
        trial, evaluations = strong_wolfe(along, conditions, max_trials=options.max_trials)
    evaluations += state.evaluations
    if trial is None or not (state.steps or trial.value < state.value):
        message = "" if state.steps else STALLED
        following = LBFGSState(state.x, state.value, state.gradient, message=message)
        return replace(following, iteration=state.iteration + 1, evaluations=evaluations)
    pairs = _remember(state, trial, options.history)
    following = LBFGSState(
        trial.x, trial.value, trial.gradient, *pairs, state.iteration + 1, evaluations
    )
    message = _settled(following, options, box)
    if not message and _flat(state.value, trial.value, options.objective_tolerance):
        message = f"the value fell by no more than {options.objective_tolerance:g} of itself"
    if message:
        return replace(following, converged=True, message=message)
    if following.iteration >= options.max_iterations:
        return replace(following, message=f"reached max_iterations = {options.max_iterations}")
    return following


def _dot(a: Array, b: Array) -> float:
    """The inner product as a Python float, which leaves the dtype of arrays alone."""
    return float(np.dot(a, b))


def _norm(a: Array) -> float:
    """The Euclidean norm, with squares that neither overflow nor underflow."""
    largest = float(np.max(np.abs(a), initial=0.0))
    scaled = a / (largest or 1.0)
    return largest * math.sqrt(_dot(scaled, scaled))


def _settled(state: LBFGSState, options: LBFGSOptions, box: Box | None) -> str:
    """The message of the gradient test, or nothing."""
    gradient = state.gradient
    if box is not None:
        gradient = gradient * ~_blocked(state.x, -gradient, box)
    largest = float(np.max(np.abs(gradient), initial=0.0))
    if largest <= options.gradient_tolerance:
        return f"no gradient entry above {options.gradient_tolerance:g}"
    return ""


def _flat(before: float, after: float, tolerance: float) -> bool:
    """Whether an iteration lowered the value by no more than a fraction of it."""
    return tolerance > 0 and before - after <= tolerance * max(abs(before), abs(after))


def _remember(
    state: LBFGSState, trial: Trial, history: int
) -> tuple[tuple[Array, ...], tuple[Array, ...], tuple[float, ...]]:
    """The history with the newest pair, unless its curvature is not positive."""
    moved, change = trial.x - state.x, trial.gradient - state.gradient
    curvature = _dot(moved, change)
    rounding = float(np.finfo(moved.dtype).eps)
    if curvature <= rounding * _norm(moved) * _norm(change):
        return state.steps, state.differences, state.curvatures
    return (
        (*state.steps, moved)[-history:],
        (*state.differences, change)[-history:],
        (*state.curvatures, curvature)[-history:],
    )


def _direction(state: LBFGSState, box: Box | None) -> Array:
    """A direction of descent, zero where a bound is in the way, as long as the step to try."""
    descent, free = -state.gradient, None
    if box is not None:
        free = ~_blocked(state.x, descent, box)
        descent = descent * free
    if state.steps:
        direction = _quasi_newton(state, descent, free)
        if box is not None:
            direction[_blocked(state.x, direction, box)] = 0
        if _dot(direction, state.gradient) < 0:
            return direction
    return descent / _norm(descent)


def _blocked(x: Array, direction: Array, box: Box) -> NDArray[np.bool_]:
    """Which variables sit on the bound that the direction points to."""
    return (x <= box[0]) & (direction < 0) | (x >= box[1]) & (direction > 0)


def _quasi_newton(state: LBFGSState, descent: Array, free: NDArray[np.bool_] | None) -> Array:
    """The two-loop recursion, on the free variables only."""
    pairs = list(zip(state.steps, state.differences, state.curvatures, strict=True))
    if free is not None and not free.all():
        pairs = [(moved * free, change * free, 0.0) for moved, change, _ in pairs]
        pairs = [(moved, change, _dot(moved, change)) for moved, change, _ in pairs]
        pairs = [pair for pair in pairs if pair[2] > 0]
    direction = descent.copy()
    weights = []
    for moved, change, curvature in reversed(pairs):
        weights.append(_dot(moved, direction) / curvature)
        direction -= weights[-1] * change
    if pairs:
        _, change, curvature = pairs[-1]
        length = _norm(change)
        direction *= curvature / length / length
    for (moved, change, curvature), weight in zip(pairs, reversed(weights), strict=True):
        direction += (weight - _dot(change, direction) / curvature) * moved
    return direction
