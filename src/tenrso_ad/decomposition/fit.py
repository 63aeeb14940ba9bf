"""Fitting a decomposition to a dense tensor, with or without missing entries."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tenrso_ad.decomposition.models import CPTensor
from tenrso_ad.decomposition.objective import CPVariables, Data, Factors, SquaredError, prepare
from tenrso_ad.decomposition.progress import ProgressBar
from tenrso_ad.decomposition.sparse import is_sparse
from tenrso_ad.engine.errors import ArgumentError
from tenrso_ad.training import lbfgs
from tenrso_ad.training.minimize import flat_function, ravel

__all__ = ["FitProgress", "FitResult", "fit", "largest_rank"]

T = TypeVar("T")

TRIAL_ITERATIONS = 15
"""How far each starting point is followed before the best goes on."""


@dataclass(frozen=True, eq=False)
class FitResult:
    """A fitted model and how well it fits.

    Parameters
    ----------
    model : CPTensor
        The model, with unit columns and falling weights.
    objective : float
        The loss there: for the gaussian loss the squared error over observed entries.
    relative_error : float
        ``norm(X - model) / norm(X)`` over observed entries; 0 where all of them are zero.
    history : ndarray, shape (iterations + 1,)
        The objective at the start and after each iteration.
    converged : bool
        Whether a tolerance was met.
    message : str
        Why the iteration ended.
    """

    model: CPTensor
    objective: float
    relative_error: float
    history: NDArray[np.float64]
    converged: bool
    message: str

    @property
    def iterations(self) -> int:
        """The number of iterations from the starting point that was chosen."""
        return len(self.history) - 1


@dataclass(frozen=True, eq=False)
class FitProgress:
    """What a callback learns after an iteration.

    Parameters
    ----------
    iteration : int
        How many iterations were made from this starting point.
    start : int
        Which starting point is being followed, from 1; the last phase goes on from the best one.
    objective, relative_error : float
        As in `FitResult`, at the present point.
    """

    iteration: int
    start: int
    objective: float
    relative_error: float
    _factors: Factors
    _values: Sequence[float]
    _data: Data

    @property
    def model(self) -> CPTensor:
        """The present model."""
        return CPVariables.model(self._factors, self._data)

    def result(self, message: str) -> FitResult:
        """Return the fit as it stands.

        Parameters
        ----------
        message : str
            Why it goes no further.
        """
        return FitResult(
            model=self.model,
            objective=self.objective,
            relative_error=self.relative_error,
            history=_in_units_of(self._data, self._values[: self.iteration + 1]),
            converged=False,
            message=message,
        )


def fit(
    tensor: Any,
    rank: int,
    format: str = "cp",
    loss: str = "gaussian",
    method: str = "lbfgs",
    mask: ArrayLike | None = None,
    seed: int | np.random.Generator | None = None,
    max_iterations: int = 1000,
    tol: float = 1e-10,
    *,
    nonnegative: bool = False,
    init: CPTensor | None = None,
    starts: int = 3,
    callback: Callable[[FitProgress], object] | None = None,
    progress: bool = False,
) -> FitResult:
    """Fit a decomposition to a dense tensor.

    Parameters
    ----------
    tensor : array_like, shape (I_1, ..., I_N)
        Real data of order 2 or more. NaN marks a missing entry. Float32 is fitted in float32,
        everything else in float64.
    rank : int
        The number of components: at least 1, and at most the product of all dimensions but the
        largest, with which any tensor can be represented.
    format : {"cp"}, optional
        The decomposition.
    loss : {"gaussian"}, optional
        What is minimised: the squared error over observed entries.
    method : {"lbfgs"}, optional
        How it is minimised.
    mask : array_like of bool, shape (I_1, ..., I_N), optional
        True where an entry is observed; NaN entries are missing anyway. The objective is exact:
        missing entries have no part in it.
    seed : int or numpy.random.Generator, optional
        For the starting points. The same seed gives bit-equal results.
    max_iterations : int, optional
        A limit on the iterations.
    tol : float, optional
        The fit has converged when an iteration lowers the objective by no more than this fraction
        of it (in float32 by no more than ten times its rounding error).
    nonnegative : bool, optional
        Look for factors without negative entries. For data that are amounts it keeps components
        from cancelling each other, and the best model always exists.
    init : CPTensor, optional
        Start here, instead of at random.
    starts : int, optional
        How many random starting points are followed for 15 iterations before the best goes on.
    callback : callable, optional
        Called with a `FitProgress` after each iteration; a true result ends the fit.
    progress : bool, optional
        Show a progress bar on the terminal.

    Returns
    -------
    FitResult
        The model and how well it fits.

    Warns
    -----
    UnobservedSliceWarning
        Where nothing in a slice is observed.

    Raises
    ------
    ArgumentError
        Where the data are not real, finite or NaN, of order 2 or more; nothing is observed; the
        rank is out of range; or the format, loss or method is not known.

    Notes
    -----
    The data are copied once and scaled to norm 1. While the error is large, objective and gradient
    come from MTTKRPs and Gram matrices; closer to the data, and wherever entries are missing, from
    differences formed block by block. A random start is the MTTKRP of the data with random
    factors: it lies in the span of the data, as the factors do that are looked for.

    References
    ----------
    Acar, Dunlavy and Kolda, A scalable optimization approach for fitting canonical tensor
    decompositions, Journal of Chemometrics 25 (2011).
    Acar, Dunlavy, Kolda and Morup, Scalable tensor factorizations for incomplete data,
    Chemometrics and Intelligent Laboratory Systems 106 (2011).

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> planted = CPTensor(None, [rng.normal(size=(length, 2)) for length in (4, 5, 6)])
    >>> result = fit(planted.to_dense(), rank=2, seed=0)
    >>> result.converged, result.relative_error < 1e-6
    (True, True)
    """
    variables = _known("format", format, FORMATS)
    objective = _known("loss", loss, LOSSES)
    descent = _known("method", method, METHODS)
    if not tol >= 0 or max_iterations < 0 or starts < 1:
        raise ArgumentError(
            "fit: wanted tol >= 0, max_iterations >= 0 and starts >= 1, "
            f"got tol={tol}, max_iterations={max_iterations}, starts={starts}"
        )
    if is_sparse(tensor):
        raise ArgumentError(
            "fit: wanted a dense tensor; a sparse one is not fitted yet: minimise a loss of `gcp` "
            "or `Objective`, or fit its to_dense()"
        )
    data = prepare(tensor, mask)
    _check_rank(rank, data.tensor.shape)
    if data.norm == 0:
        zeros = tuple(np.zeros((n, rank), data.tensor.dtype) for n in data.tensor.shape)
        message = "all observed entries are zero"
        return FitResult(CPTensor(None, zeros), 0.0, 0.0, np.zeros(1), True, message)
    if init is None:
        rng = np.random.default_rng(seed)
        points = [variables.random(data, rank, rng, nonnegative) for _ in range(starts)]
    else:
        points = [variables.near(init, data, rank)]
    runs = [descent(objective(data), point, tol, max_iterations, nonnegative) for point in points]
    stopped = False
    with ProgressBar(max_iterations) if progress else nullcontext() as bar:
        listeners = [listener for listener in (bar, callback) if listener is not None]
        for run in _iterations(runs, max_iterations):
            now = FitProgress(
                iteration=len(run.values) - 1,
                start=runs.index(run) + 1,
                objective=float(_in_units_of(data, run.values[-1])),
                relative_error=math.sqrt(max(run.values[-1], 0.0)),
                _factors=run.factors,
                _values=run.values,
                _data=data,
            )
            if stopped := any([listener(now) for listener in listeners]):
                break
    best = _best(runs)
    error = objective(data).exact(best.factors)
    return FitResult(
        model=variables.model(best.factors, data),
        objective=float(_in_units_of(data, error)),
        relative_error=math.sqrt(error),
        history=_in_units_of(data, best.values),
        converged=best.converged and not stopped,
        message="stopped by the callback" if stopped else best.message,
    )


def largest_rank(shape: Sequence[int]) -> int:
    """Return the number of components with which any tensor of a shape can be represented.

    Parameters
    ----------
    shape : sequence of int
        The shape.

    Returns
    -------
    int
        The product of all dimensions but the largest.

    Examples
    --------
    >>> largest_rank((3, 4, 5))
    12
    """
    return math.prod(shape) // max(shape)


class LBFGSDescent:
    """A descent by L-BFGS from one point, some iterations at a time."""

    def __init__(
        self,
        objective: SquaredError,
        factors: Factors,
        tol: float,
        max_iterations: int,
        nonnegative: bool,
    ) -> None:
        rounding = objective.data.rounding
        self._options = lbfgs.LBFGSOptions(
            objective_tolerance=max(tol, rounding),
            gradient_tolerance=rounding,
            max_iterations=max_iterations,
        )
        self._objective = objective
        x, self._unravel = ravel(factors)
        self._evaluate = flat_function(objective.value_and_grad, self._unravel)
        self._box = (np.zeros_like(x), np.full_like(x, np.inf)) if nonnegative else None
        if nonnegative:
            x = np.maximum(x, 0)
        self._state = lbfgs.init(x, *self._evaluate(x))
        self.values = [self._state.value]

    @property
    def factors(self) -> Factors:
        """The present point."""
        return self._unravel(self._state.x)  # type: ignore[no-any-return]

    @property
    def message(self) -> str:
        """Why the descent ended; empty while it can go on."""
        return self._state.message

    @property
    def converged(self) -> bool:
        """Whether a tolerance was met, or no digits are left in which the value could fall."""
        return self._state.converged or self._state.message == lbfgs.STALLED

    def advance(self, iterations: int) -> Iterator[LBFGSDescent]:
        """Go on to an iteration or to the end; yields after each iteration."""
        while not self._state.message and self._state.iteration < iterations:
            state = self._state
            if self._objective.refine(state.value, self._options.objective_tolerance):
                value, gradient = self._evaluate(state.x)
                state = replace(state, value=value, gradient=gradient)
            self._state = lbfgs.step(state, self._evaluate, self._options, self._box)
            if self._state.iteration > state.iteration:
                self.values.append(self._state.value)
                yield self


# Each has the parts of a fit by the name under which `fit` knows it.
FORMATS: Mapping[str, type[CPVariables]] = {"cp": CPVariables}
LOSSES: Mapping[str, type[SquaredError]] = {"gaussian": SquaredError}
METHODS: Mapping[str, type[LBFGSDescent]] = {"lbfgs": LBFGSDescent}


def _known(kind: str, name: str, table: Mapping[str, T]) -> T:
    """The entry of a table, or an error that lists the names in it."""
    if name not in table:
        raise ArgumentError(f"fit: no {kind} {name!r}; known: {', '.join(table)}")
    return table[name]


def _check_rank(rank: int, shape: Sequence[int]) -> None:
    """Raise where there is no model of a rank, or a smaller one represents any tensor."""
    largest = largest_rank(shape)
    if not isinstance(rank, int | np.integer) or not 1 <= rank <= largest:
        raise ArgumentError(
            f"fit: wanted a rank from 1 to {largest} (the product of all dimensions of "
            f"{tuple(shape)} but the largest), got {rank}"
        )


def _in_units_of(data: Data, values: float | Sequence[float]) -> NDArray[np.float64]:
    """Values of the loss of the scaled data, as they are for the data that were given."""
    with np.errstate(over="ignore"):  # the square of a norm above 1e154 is infinite
        return np.asarray(values) * data.norm * data.norm


def _iterations(runs: Sequence[LBFGSDescent], max_iterations: int) -> Iterator[LBFGSDescent]:
    """Follow every run for some iterations and then the best one to its end."""
    for run in runs:
        yield from run.advance(min(TRIAL_ITERATIONS, max_iterations) if len(runs) > 1 else 0)
    yield from _best(runs).advance(max(1, max_iterations))


def _best(runs: Sequence[LBFGSDescent]) -> LBFGSDescent:
    """The run that has come down furthest."""
    return min(runs, key=lambda run: run.values[-1])
