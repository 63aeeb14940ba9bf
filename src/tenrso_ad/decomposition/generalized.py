"""What a fit minimises where it is not the squared error of a dense array without weights."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from tenrso_ad.decomposition.data import as_data
from tenrso_ad.decomposition.elementwise_losses import Loss, elementwise_loss
from tenrso_ad.decomposition.models import CPTensor
from tenrso_ad.decomposition.objective import CPVariables, Data, Factors
from tenrso_ad.decomposition.observations import Observations, observe
from tenrso_ad.decomposition.sparse import as_sparse, is_sparse
from tenrso_ad.engine.errors import ArgumentError
from tenrso_ad.transforms import value_and_grad

__all__ = ["GeneralizedData", "GeneralizedLoss", "GeneralizedVariables", "prepare_generalized"]


@dataclass(frozen=True, eq=False)
class GeneralizedData(Data):
    """Data of any kind with a loss: for the gaussian one scaled to norm 1, else as they are.

    Parameters
    ----------
    observations : Observations
        What is observed, with its weights.
    loss : Loss
        The loss of an entry.
    """

    observations: Observations
    loss: Loss

    @property
    def gaussian(self) -> bool:
        """Whether the loss is the squared error."""
        return self.loss.name == "gaussian"

    def relative_error(self, factors: Factors) -> float:
        """The root of the squared error over the norm of the data, both weighted."""
        size = self.observations.norm
        square = self.observations.total(elementwise_loss("gaussian"), CPTensor(None, factors))
        return math.sqrt(max(float(square), 0.0)) / size if size else 0.0


def prepare_generalized(tensor: Any, mask: Any, weights: Any, loss: Any) -> GeneralizedData:
    """Find out what is observed: what is in the mask and not NaN; check it against the loss."""
    chosen = elementwise_loss(loss)
    data: Any = as_sparse(tensor) if is_sparse(tensor) else as_data(tensor, "fit")
    if not is_sparse(data):
        missing = np.isnan(data)
        if missing.any() and (is_sparse(mask) or is_sparse(weights)):
            raise ArgumentError("fit: wanted no NaN in data with a sparse mask or sparse weights")
        if missing.any() and (mask is None or np.asarray(mask).dtype == bool):
            mask = ~missing if mask is None else np.logical_and(mask, ~missing)
        data = np.where(missing, 0, data) if missing.any() else data
    if weights is not None and not is_sparse(weights):
        weights = np.asarray(weights, data.dtype)
        if not (np.isfinite(weights).all() and (weights >= 0).all()):
            raise ArgumentError("fit: wanted weights that are finite and not negative")
    observations = observe(data, mask, weights, "fit")
    if not observations.count:
        raise ArgumentError("fit: every entry is missing")
    observations.check("fit", chosen)
    norm = 1.0
    if chosen.name == "gaussian" and (norm := observations.norm) > 0:
        data = data.with_values(data.values / norm) if is_sparse(data) else data / norm
        observations = observe(data, mask, weights, "fit")
    return GeneralizedData(data, None, norm, observations, chosen)


class GeneralizedVariables(CPVariables):
    """Where a fit of another loss starts."""

    @staticmethod
    def random(data: Data, rank: int, rng: np.random.Generator, nonnegative: bool) -> Factors:
        """Random factors: of models without negative entries, of the size of the data."""
        shape, dtype = data.tensor.shape, data.tensor.dtype
        draw = rng.random if nonnegative else rng.standard_normal
        factors = [draw((length, rank)) for length in shape]
        size = float(CPTensor(None, tuple(factors)).norm()) / math.sqrt(math.prod(shape))
        wanted = 0.1
        if nonnegative and isinstance(data, GeneralizedData):
            observed = data.observations
            wanted = observed.norm / math.sqrt(observed.count) or 1.0
        scale = (wanted / size) ** (1 / len(shape))
        return tuple((scale * factor).astype(dtype) for factor in factors)


class GeneralizedLoss:
    """The sum of a loss over what is observed, as a function of the factors."""

    def __init__(self, data: GeneralizedData) -> None:
        self.data = data
        self.residual = True
        self.value_and_grad = value_and_grad(self._loss)

    def _loss(self, factors: Factors) -> Any:
        return self.data.observations.total(self.data.loss, CPTensor(None, factors))

    @property
    def rounding(self) -> float:
        """The rounding error of a value."""
        return self.data.rounding

    def refine(self, value: float, tolerance: float) -> bool:
        """There is no other way to compute it."""
        return False

    def exact(self, factors: Factors) -> float:
        """The value."""
        return float(self._loss(factors))
