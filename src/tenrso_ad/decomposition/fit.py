"""Fitting a decomposition to a dense tensor, with or without missing entries."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from tenrso_ad.decomposition.checkpoint import Checkpoint, fingerprint
from tenrso_ad.decomposition.descent import Descents, LBFGSDescent, Objective, Point
from tenrso_ad.decomposition.elementwise_losses import elementwise_loss
from tenrso_ad.decomposition.gcp import ElementwiseLoss
from tenrso_ad.decomposition.generalized import (
    GeneralizedData,
    GeneralizedLoss,
    GeneralizedVariables,
    prepare_generalized,
)
from tenrso_ad.decomposition.io.writing import StrPath
from tenrso_ad.decomposition.models import CPTensor
from tenrso_ad.decomposition.objective import CPVariables, Data, SquaredError, prepare
from tenrso_ad.decomposition.progress import ProgressBar
from tenrso_ad.decomposition.sparse import as_sparse, is_sparse
from tenrso_ad.engine.errors import ArgumentError

__all__ = ["FitProgress", "FitResult", "fit", "largest_rank"]

T = TypeVar("T")


LBFGS_VECTORS = 25
"""How many vectors as long as the factors a descent holds: its history, and those at hand."""


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
    gradient_norms, seconds : ndarray, shape (iterations + 1,)
        The norm of the gradient in the parts of the model of data scaled to norm 1, and the time
        taken from this starting point, at the start and after each iteration.
    """

    model: CPTensor
    objective: float
    relative_error: float
    history: NDArray[np.float64]
    converged: bool
    message: str
    gradient_norms: NDArray[np.float64] = field(default_factory=lambda: np.zeros(0))
    seconds: NDArray[np.float64] = field(default_factory=lambda: np.zeros(0))

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
        As in `FitResult`, at the present point; the error is NaN for losses but the gaussian one.
    """

    iteration: int
    start: int
    objective: float
    relative_error: float
    _run: LBFGSDescent
    _point: Point
    _data: Data

    @property
    def model(self) -> CPTensor:
        """The present model."""
        return CPVariables.model(self._run.params_at(self._point), self._data)

    def result(self, message: str) -> FitResult:
        """Return the fit as it stands.

        Parameters
        ----------
        message : str
            Why it goes no further.
        """
        params, value = self._run.params_at(self._point), self._point.values[-1]
        return FitResult(
            model=self.model,
            objective=self.objective,
            relative_error=_relative_error(self._data, params, value),
            history=_in_units_of(self._data, self._point.values),
            converged=False,
            message=message,
            gradient_norms=np.asarray(self._point.norms),
            seconds=np.asarray(self._point.seconds),
        )


def fit(
    tensor: Any,
    rank: int,
    format: str = "cp",
    loss: ElementwiseLoss = "gaussian",
    method: str = "lbfgs",
    mask: Any = None,
    seed: int | np.random.Generator | None = None,
    max_iterations: int = 1000,
    tol: float = 1e-10,
    *,
    weights: Any = None,
    nonnegative: bool = False,
    init: CPTensor | None = None,
    starts: int = 3,
    callback: Callable[[FitProgress], object] | None = None,
    progress: bool = False,
    checkpoint: StrPath | None = None,
    checkpoint_every: int = 50,
    resume: bool = False,
) -> FitResult:
    """Fit a decomposition to a tensor.

    Parameters
    ----------
    tensor : array_like or SparseTensor or other sparse array, shape (I_1, ..., I_N)
        Real data of order 2 or more. In an array NaN marks a missing entry. What a sparse tensor
        leaves out is zero, and is never formed. Float32 is fitted in float32, everything else in
        float64.
    rank : int
        The number of components: at least 1, and at most the product of all dimensions but the
        largest, with which any tensor can be represented.
    format : {"cp"}, optional
        The decomposition.
    loss : str, Loss or callable, optional
        What is minimised over observed entries: by default the squared error, or another of the
        losses of `gcp`, or a function ``f(x, m)``. Losses for models without negative entries
        bring `nonnegative` with them.
    method : {"lbfgs"}, optional
        How it is minimised.
    mask : array_like of bool, shape (I_1, ..., I_N), or sparse tensor, optional
        True where an entry is observed; NaN entries are missing anyway. The objective is exact:
        missing entries have no part in it. The nonzeros of a sparse mask are what is observed.
    seed : int or numpy.random.Generator, optional
        For the starting points. The same seed gives bit-equal results.
    max_iterations : int, optional
        A limit on the iterations.
    tol : float, optional
        The fit has converged when an iteration lowers the objective by no more than this fraction
        of it (in float32 by no more than ten times its rounding error).
    weights : array_like or sparse tensor, shape (I_1, ..., I_N), optional
        The weight of each entry's loss, zero or more.
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
    checkpoint : path-like, optional
        An .npz file into which the fit is written after every `checkpoint_every` iterations, at
        the end, and where Ctrl-C interrupts it. It is replaced in one step: a kill leaves the
        older one.
    checkpoint_every : int, optional
        After how many iterations.
    resume : bool, optional
        Go on from the checkpoint, where there is one: the result is bit-equal with that of a fit
        that was not interrupted. The data and all settings have to be the same.

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
        rank is out of range; the format, loss or method is not known; or the checkpoint is one of
        other data or settings.

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
    variables: type[CPVariables] = _known("format", format, FORMATS)
    objective: Callable[[Any], Objective] = SquaredError
    descent = _known("method", method, METHODS)
    if not tol >= 0 or max_iterations < 0 or starts < 1:
        raise ArgumentError(
            "fit: wanted tol >= 0, max_iterations >= 0 and starts >= 1, "
            f"got tol={tol}, max_iterations={max_iterations}, starts={starts}"
        )
    plain = loss == "gaussian" and weights is None and not (is_sparse(tensor) or is_sparse(mask))
    if plain:
        data = prepare(tensor, mask)
    else:
        data = prepare_generalized(tensor, mask, weights, loss)
        objective = GeneralizedLoss
        nonnegative = nonnegative or data.loss.lower >= 0
        if not data.gaussian:
            variables = GeneralizedVariables
    _check_rank(rank, data.tensor.shape)
    _check_memory(rank, data.tensor.shape, data.tensor.dtype.itemsize)
    if data.norm == 0:
        zeros = variables.zeros(data, rank)
        message = "all observed entries are zero"
        return FitResult(
            CPTensor(None, zeros), 0.0, 0.0, np.zeros(1), True, message, np.zeros(1), np.zeros(1)
        )
    file = None
    if checkpoint is not None:
        settings = {
            "rank": int(rank), "format": format, "method": method, "nonnegative": nonnegative,
            "loss": elementwise_loss(loss).name, "tol": tol, "max_iterations": max_iterations,
            "starts": 1 if init is not None else starts,
        }  # fmt: skip
        about = settings | {"data": _fingerprint(data, mask, weights)}
        file = Checkpoint(checkpoint, checkpoint_every, about)
    elif resume:
        raise ArgumentError("fit: resume needs the name of a checkpoint")
    chosen: int | None = None
    points: list[Point | None] = [None]
    saved = file.read() if file is not None and resume else None
    if saved is not None:
        chosen, points = saved[0], list(saved[1])
        starting = [variables.zeros(data, rank) for _ in points]
    elif init is None:
        rng = np.random.default_rng(seed)
        points = [None] * starts
        starting = [variables.random(data, rank, rng, nonnegative) for _ in range(starts)]
    else:
        starting = [variables.near(init, data, rank)]
    runs = [
        descent(objective(data), params, tol, max_iterations, nonnegative, point)
        for params, point in zip(starting, points, strict=True)
    ]
    descents = Descents(runs, chosen)
    stopped = False
    with ProgressBar(max_iterations) if progress else nullcontext() as bar:
        listeners = [listener for listener in (bar, callback) if listener is not None]
        try:
            for number, run in descents.follow(max_iterations):
                if file is not None:
                    file.note(descents)
                now = FitProgress(
                    iteration=len(run.values) - 1,
                    start=number,
                    objective=float(_in_units_of(data, run.values[-1])),
                    relative_error=_error_of_value(data, run.values[-1]),
                    _run=run,
                    _point=run.point,
                    _data=data,
                )
                if stopped := any([listener(now) for listener in listeners]):
                    break
        except KeyboardInterrupt:
            if file is not None:
                file.write()
            raise
    if file is not None:
        file.write()
    best = descents.best
    error = objective(data).exact(best.params)
    return FitResult(
        model=variables.model(best.params, data),
        objective=float(_in_units_of(data, error)),
        relative_error=_relative_error(data, best.params, error),
        history=_in_units_of(data, best.values),
        converged=best.converged and not stopped,
        message="stopped by the callback" if stopped else best.message,
        gradient_norms=np.asarray(best.point.norms),
        seconds=np.asarray(best.point.seconds),
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


# Each has the parts of a fit by the name under which `fit` knows it.
FORMATS: Mapping[str, type[CPVariables]] = {"cp": CPVariables}
METHODS: Mapping[str, type[LBFGSDescent]] = {"lbfgs": LBFGSDescent}


def _known(kind: str, name: str, table: Mapping[str, T]) -> T:
    """The entry of a table, or an error that lists the names in it."""
    if name not in table:
        raise ArgumentError(f"fit: no {kind} {name!r}; known: {', '.join(table)}")
    return table[name]


def _error_of_value(data: Data, value: float) -> float:
    """The relative error out of the squared error of scaled data; NaN for another loss."""
    if isinstance(data, GeneralizedData) and not data.gaussian:
        return math.nan
    return math.sqrt(max(value, 0.0))


def _relative_error(data: Data, params: Any, value: float) -> float:
    """The relative error, whatever the loss."""
    error = _error_of_value(data, value)
    if math.isnan(error) and isinstance(data, GeneralizedData):
        return data.relative_error(params)
    return error


def _fingerprint(data: Data, mask: Any, weights: Any) -> str:
    """A short text that tells data, masks and weights apart."""
    arrays: list[Any] = [data.mask, np.asarray(data.norm)]
    observed = [mask, weights] if isinstance(data, GeneralizedData) else []
    for part in (data.tensor, *observed):
        if is_sparse(part):
            sparse = as_sparse(part)
            arrays += [sparse.values, *sparse.layout.coordinates]
        elif part is not None:
            arrays.append(np.asarray(part))
    return fingerprint(*arrays)


def _check_memory(rank: int, shape: Sequence[int], itemsize: int) -> None:
    """Raise where the vectors of L-BFGS would not fit, as a large index in a sparse file asks."""
    needed = sum(shape) * rank * itemsize * LBFGS_VECTORS
    present = math.inf
    if hasattr(os, "sysconf"):
        present = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    if needed > present:
        raise ArgumentError(
            f"fit: factors of rank {rank} for the shape {tuple(shape)} would take "
            f"{needed / 2**30:.0f} GiB in all, and {present / 2**30:.0f} GiB are there"
        )


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
