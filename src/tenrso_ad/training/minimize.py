"""Minimising a function of a pytree by L-BFGS, at one go or one iteration at a time."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tenrso_ad.engine import tree
from tenrso_ad.engine.errors import ArgumentError, DTypeError
from tenrso_ad.training.lbfgs import Array, Box, Evaluate, LBFGSOptions, LBFGSState, init, step

__all__ = ["LBFGS", "LBFGSResult", "minimize"]


@dataclass(frozen=True, eq=False)
class LBFGSResult:
    """What `minimize` found.

    Parameters
    ----------
    params : pytree
        The minimiser, in the structure of the starting point.
    value : float
        The value there.
    state : LBFGSState
        The last state; `converged`, `message`, `iteration` and `evaluations` stand in it.
    """

    params: Any
    value: float
    state: LBFGSState


def minimize(
    value_and_grad: Callable[[Any], tuple[Any, Any]],
    params: Any,
    *,
    bounds: tuple[Any, Any] | None = None,
    options: LBFGSOptions | None = None,
    state: LBFGSState | None = None,
    callback: Callable[[LBFGSState], object] | None = None,
) -> LBFGSResult:
    """Minimise a function of a pytree of real arrays by L-BFGS.

    Parameters
    ----------
    value_and_grad : callable
        Takes a pytree like `params` and returns the value, a real scalar, and the gradient, a
        pytree of that structure: ``ta.value_and_grad(f)``, for one.
    params : pytree
        Where to start. Points outside the bounds are moved onto them.
    bounds : tuple, optional
        Lower and upper bounds: each a number, None for no bound, or a pytree like `params`
        whose leaves broadcast to its leaves.
    options : LBFGSOptions, optional
        Settings and tolerances.
    state : LBFGSState, optional
        Carry on from this state instead of `params`, which then gives the structure only. The
        iterates are bit-equal with those of a run that was not interrupted.
    callback : callable, optional
        Called with the state after each iteration; a true result ends the run.

    Returns
    -------
    LBFGSResult
        The point, its value and the last state.

    Raises
    ------
    DTypeError
        Where a leaf of `params` is not a real floating-point array.
    ArgumentError
        Where the function is not finite at the start, or lower bounds exceed upper ones.

    Examples
    --------
    >>> import numpy as np
    >>> def rosenbrock(p):
    ...     a, b = 1 - p["x"], p["y"] - p["x"] ** 2
    ...     return a**2 + 100 * b**2, {"x": -2 * a - 400 * p["x"] * b, "y": 200 * b}
    >>> result = minimize(rosenbrock, {"x": np.array(-1.2), "y": np.array(1.0)})
    >>> np.allclose([result.params["x"], result.params["y"]], 1)
    True
    """
    options = options or LBFGSOptions()
    x, unravel = ravel(params)
    box = _box(bounds, params, x)
    evaluate = flat_function(value_and_grad, unravel)
    if state is None:
        x = x if box is None else np.clip(x, *box)
        state = init(x, *evaluate(x))
    while not state.message:
        state = step(state, evaluate, options, box)
        if callback is not None and callback(state) and not state.message:
            state = replace(state, message="stopped by the callback")
    return LBFGSResult(unravel(state.x.copy()), state.value, state)


class LBFGS:
    """L-BFGS one iteration at a time, as an object that holds the state.

    Parameters
    ----------
    bounds : tuple, optional
        Lower and upper bounds, as in `minimize`.
    **options
        The settings of `LBFGSOptions`.

    Attributes
    ----------
    state : LBFGSState or None
        The state after the last iteration; None before the first.

    Examples
    --------
    >>> import numpy as np
    >>> optimizer, params = LBFGS(), np.array([3.0, -2.0])
    >>> while optimizer.state is None or not optimizer.state.message:
    ...     params = optimizer.step(params, lambda p: (np.sum((p - 1) ** 2), 2 * (p - 1)))
    >>> params
    array([1., 1.])
    """

    def __init__(self, *, bounds: tuple[Any, Any] | None = None, **options: Any) -> None:
        self.options = LBFGSOptions(**options)
        self.bounds = bounds
        self.state: LBFGSState | None = None

    def step(self, params: Any, closure: Callable[[Any], tuple[Any, Any]]) -> Any:
        """Make one iteration and return the new parameters.

        Parameters
        ----------
        params : pytree
            The parameters. Where they are not those of the last step, the closure is evaluated
            there first and the curvature estimate is kept.
        closure : callable
            Takes parameters and returns the value and the gradient; called several times, it has
            to compute the same function each time.

        Returns
        -------
        pytree
            The new parameters; the old ones once the state holds a message.
        """
        x, unravel = ravel(params)
        box = _box(self.bounds, params, x)
        evaluate = flat_function(closure, unravel)
        if box is not None:
            x = np.clip(x, *box)
        if self.state is None:
            self.state = init(x, *evaluate(x))
        elif not np.array_equal(x, self.state.x):
            here = init(x, *evaluate(x))
            self.state = replace(
                self.state,
                x=here.x,
                value=here.value,
                gradient=here.gradient,
                evaluations=self.state.evaluations + 1,
                converged=False,
                message="",
            )
        if not self.state.message:
            self.state = step(self.state, evaluate, self.options, box)
        return unravel(self.state.x.copy())

    def state_dict(self) -> dict[str, NDArray[Any]]:
        """Return the state as arrays by name; empty before the first step."""
        return {} if self.state is None else self.state.to_dict()

    def load_state_dict(self, arrays: Mapping[str, ArrayLike]) -> None:
        """Take over the state that `state_dict` gave."""
        self.state = LBFGSState.from_dict(arrays) if arrays else None


def ravel(params: Any) -> tuple[Array, Callable[[Array], Any]]:
    """The parameters as one new vector, and the way back."""
    leaves, structure = tree.flatten(params)
    arrays = [np.asarray(leaf) for leaf in leaves]
    for path, array in zip(tree.paths(params), arrays, strict=True):
        if not np.issubdtype(array.dtype, np.floating):
            raise DTypeError(
                f"LBFGS: wanted real floating-point parameters, got {array.dtype} at params{path}"
            )
    borders = np.cumsum([array.size for array in arrays])[:-1]

    def unravel(x: Array) -> Any:
        parts = zip(np.split(x, borders), arrays, strict=True)
        return tree.unflatten(
            structure, [part.reshape(a.shape).astype(a.dtype, copy=False) for part, a in parts]
        )

    return _concatenate(arrays), unravel


def _concatenate(arrays: Sequence[ArrayLike]) -> Array:
    """Arrays of any shapes as one new vector."""
    return np.concatenate([np.ravel(a) for a in arrays]) if arrays else np.empty(0)


def flat_function(value_and_grad: Callable[[Any], tuple[Any, Any]], unravel: Any) -> Evaluate:
    """The function of a pytree as one of a vector."""

    def evaluate(x: Array) -> tuple[float, Array]:
        value, gradient = value_and_grad(unravel(x))
        flat = _concatenate(tree.leaves(gradient))
        return float(value), flat.astype(x.dtype, copy=False)

    return evaluate


def _box(bounds: tuple[Any, Any] | None, params: Any, x: Array) -> Box | None:
    """The bounds as two vectors."""
    if bounds is None:
        return None
    sides = []
    for bound, default in zip(bounds, (-math.inf, math.inf), strict=True):
        if bound is None or isinstance(bound, int | float):
            sides.append(np.full_like(x, default if bound is None else bound))
        else:
            spread = tree.map(lambda p, b: np.broadcast_to(b, np.shape(p)), params, bound)
            sides.append(_concatenate(tree.leaves(spread)).astype(x.dtype))
    lower, upper = sides
    if not np.all(lower <= upper):
        raise ArgumentError("LBFGS: a lower bound is above its upper bound, or one is NaN")
    return lower, upper
