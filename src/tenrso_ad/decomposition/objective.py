"""What a fit minimises: the data made ready, and the loss as a function of the model's parts."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tenrso_ad.decomposition.data import as_data
from tenrso_ad.decomposition.kernels import mttkrp, mttkrps
from tenrso_ad.decomposition.least_squares import expanded_error, squared_error
from tenrso_ad.decomposition.models import CPTensor
from tenrso_ad.engine.errors import ArgumentError, DTypeError, ShapeError
from tenrso_ad.transforms import value_and_grad

__all__ = ["CPVariables", "Data", "SquaredError", "UnobservedSliceWarning", "prepare"]

Array = NDArray[np.floating[Any]]
Factors = tuple[Array, ...]

START_NORM = 0.1
"""Norm of a random start against that of the data. Out of a small model the components grow one by
one, which ends in fewer local minima than a start as large as the data."""


class UnobservedSliceWarning(UserWarning):
    """No entry of a slice is observed, so that its row of the factor is zero."""


@dataclass(frozen=True, eq=False)
class Data:
    """The observed entries scaled to norm 1, with zeros in the place of missing ones.

    Parameters
    ----------
    tensor : ndarray
        The scaled entries.
    mask : ndarray of bool or None
        True where an entry is observed; None where all are.
    norm : float
        The norm of the observed entries as they were given.
    """

    tensor: Array
    mask: NDArray[np.bool_] | None
    norm: float

    @property
    def rounding(self) -> float:
        """The rounding error of the squared norm, ten times the machine precision."""
        return 10 * float(np.finfo(self.tensor.dtype).eps)


def prepare(tensor: ArrayLike, mask: ArrayLike | None) -> Data:
    """Scale the data, and find out what is observed: what is in the mask and not NaN."""
    array = as_data(tensor, "fit")
    observed = ~np.isnan(array)
    if mask is not None:
        mask = np.asarray(mask)
        if mask.dtype != bool:
            raise DTypeError(f"fit: wanted a mask of booleans, got {mask.dtype}")
        if mask.shape != array.shape:
            raise ShapeError(
                f"fit: wanted a mask of the tensor's shape {array.shape}, got {mask.shape}"
            )
        observed &= mask
    if not observed.any():
        raise ArgumentError("fit: every entry is missing")
    complete = bool(observed.all())
    if not complete:
        _warn_of_unobserved_slices(observed)
    extremes = np.max(array, where=observed, initial=0), np.min(array, where=observed, initial=0)
    peak = float(max(extremes[0], -extremes[1]))
    scaled = array / peak if peak > 0 else array.copy()  # first, so that squares cannot overflow
    if not complete:
        scaled[~observed] = 0
    norm = float(np.linalg.norm(scaled))
    if norm > 0:
        scaled /= norm
    return Data(scaled, None if complete else observed, peak * norm)


def _warn_of_unobserved_slices(observed: NDArray[np.bool_]) -> None:
    """Warn once of each mode with slices of which nothing is known."""
    for mode in range(observed.ndim):
        others = tuple(m for m in range(observed.ndim) if m != mode)
        empty = np.flatnonzero(~observed.any(axis=others))
        if empty.size:
            slices = ", ".join(map(str, empty[:5])) + (", ..." if empty.size > 5 else "")
            warnings.warn(
                f"fit: nothing is observed at index {slices} of mode {mode}; the factor is zero "
                "there, and so is the model",
                UnobservedSliceWarning,
                stacklevel=4,
            )


class CPVariables:
    """Where a CP fit starts and what comes out of it. Its variables are the factors."""

    @staticmethod
    def random(data: Data, rank: int, rng: np.random.Generator, nonnegative: bool) -> Factors:
        """A small random model in the span of the data: MTTKRPs with random factors."""
        shape, dtype = data.tensor.shape, data.tensor.dtype
        draw = rng.random if nonnegative else rng.standard_normal
        draws = [draw((length, rank)).astype(dtype) for length in shape]
        sketches = mttkrps(data.tensor, draws)
        if nonnegative:
            sketches = tuple(np.abs(sketch) for sketch in sketches)
        model = CPTensor(None, sketches).normalize()
        size = float(CPTensor(None, model.factors).norm())
        scale = (START_NORM / size) ** (1 / len(shape)) if size > 0 else 1.0
        factors = [scale * factor for factor in model.factors]
        if not nonnegative:
            # A component that points away from the data shrinks to zero first, and with modes of
            # length 1 it stays there: zero is a saddle of the loss.
            agreement = (mttkrp(data.tensor, factors, 0) * factors[0]).sum(axis=0)
            factors[0] = np.where(agreement < 0, -factors[0], factors[0])
        return tuple(factors)

    @staticmethod
    def zeros(data: Data, rank: int) -> Factors:
        """Factors of zeros."""
        return tuple(np.zeros((n, rank), data.tensor.dtype) for n in data.tensor.shape)

    @staticmethod
    def near(init: CPTensor, data: Data, rank: int) -> Factors:
        """The factors of a given model, scaled as the data are, its weights shared out."""
        if init.shape != data.tensor.shape or init.rank != rank:
            raise ShapeError(
                f"fit: wanted init of shape {data.tensor.shape} and rank {rank}, got {init}"
            )
        normal = init.normalize()
        shares = (np.asarray(normal.weights) / data.norm) ** (1 / init.ndim)
        return tuple((factor * shares).astype(data.tensor.dtype) for factor in normal.factors)

    @staticmethod
    def model(factors: Factors, data: Data) -> CPTensor:
        """The model of the data as they were given."""
        weights = np.full(factors[0].shape[1], data.norm, dtype=factors[0].dtype)
        return CPTensor(weights, factors).normalize()


class SquaredError:
    """The squared error of scaled data, as a function of the factors.

    It begins in the expanded form where nothing is missing, and goes over to differences, which
    are slower and exact, once `refine` finds that the expanded form has too few digits left.
    """

    def __init__(self, data: Data) -> None:
        self.data = data
        self._square = float(np.vdot(data.tensor, data.tensor))
        self.residual = data.mask is not None
        self.value_and_grad = value_and_grad(self._loss)

    def _loss(self, factors: Factors) -> Any:
        tensor, mask, model = self.data.tensor, self.data.mask, CPTensor(None, factors)
        if self.residual:
            return squared_error(tensor, model, mask, residual=True)
        return expanded_error(self._square, tensor, model)

    @property
    def rounding(self) -> float:
        """The rounding error of a value."""
        return self.data.rounding

    def refine(self, value: float, tolerance: float) -> bool:
        """Go over to differences where rounding hides changes by the tolerance; whether it did."""
        if self.residual or value * tolerance > self.data.rounding:
            return False
        self.residual = True
        return True

    def exact(self, factors: Factors) -> float:
        """The value from differences."""
        self.residual = True
        return float(self._loss(factors))
