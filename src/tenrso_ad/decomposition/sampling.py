"""Estimates of a loss, and of its gradient, from entries drawn at random.

A sampler draws a sample: indices, data there, and a weight for each such that the weighted sum of
losses has the loss of the whole tensor as its expectation, whatever the model; so the gradient of
an estimate has the gradient of the loss as its expectation.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tenrso_ad import numpy as tnp
from tenrso_ad.decomposition.elementwise_losses import Loss, elementwise_loss
from tenrso_ad.decomposition.gcp import ElementwiseLoss
from tenrso_ad.decomposition.models.foreign import as_model
from tenrso_ad.decomposition.observations import (
    DenseObservations,
    ScarceObservations,
    SparseObservations,
    observe,
)
from tenrso_ad.decomposition.sparse import SparseTensor
from tenrso_ad.engine.errors import ArgumentError, ShapeError
from tenrso_ad.transforms import value_and_grad

__all__ = ["Sample", "Sampler", "SemiStratified", "Stratified", "Uniform"]

Indices = tuple[NDArray[np.integer[Any]], ...]


@dataclass(frozen=True, eq=False)
class Sample:
    """Entries that were drawn, and the estimate they make; a function of a model.

    Parameters
    ----------
    loss : Loss
        The loss.
    indices : tuple of ndarray of int, shape (s,)
        Which entries, one array a mode.
    values : ndarray, shape (s,)
        The data there.
    weights : ndarray, shape (s,)
        What each loss is multiplied by.
    corrected : int
        For so many, the first ones, the loss of a zero is subtracted, which others stand for.
    """

    loss: Loss
    indices: Indices
    values: Any
    weights: Any
    corrected: int = 0

    def __call__(self, model: Any) -> Any:
        """Return the estimate of the loss of a model, differentiable to any order."""
        model = as_model("Sample", model)
        entries = model.entries(self.indices)
        values, weights = (
            part if part.dtype == entries.dtype else part.astype(entries.dtype)
            for part in (self.values, self.weights)
        )
        estimate = tnp.sum(tnp.multiply(weights, self.loss(values, entries)))
        if self.corrected:
            first = slice(self.corrected)
            zeros = self.loss(0.0, entries[first])
            estimate = estimate - tnp.sum(tnp.multiply(weights[first], zeros))
        return estimate

    def value_and_grad(self, model: Any) -> tuple[Any, Any]:
        """Return the estimates of the loss and of its gradient, a model too."""
        value, gradient = value_and_grad(self)(model)
        return value, gradient


class Sampler(ABC):
    """Draws samples, one after the other; equal seeds give equal samples.

    Attributes
    ----------
    shape : tuple of int
        The shape of the data.
    loss : Loss
        The loss.
    """

    def __init__(self, shape: tuple[int, ...], loss: ElementwiseLoss, seed: Any) -> None:
        self.shape = shape
        self.loss = elementwise_loss(loss)
        self._rng = np.random.default_rng(seed)

    @abstractmethod
    def draw(self) -> Sample:
        """Return a new sample."""

    def value_and_grad(self, model: Any) -> tuple[Any, Any]:
        """Return estimates of the loss and of its gradient from a new sample."""
        if tuple(model.shape) != self.shape:
            raise ShapeError(
                f"{type(self).__name__}: wanted a model of the data's shape {self.shape}, "
                f"got {tuple(model.shape)}"
            )
        return self.draw().value_and_grad(model)

    def _anywhere(self, count: int) -> Indices:
        """Indices of entries drawn uniformly, with replacement."""
        return tuple(self._rng.integers(0, length, count) for length in self.shape)


class Uniform(Sampler):
    """Draws entries uniformly, with replacement.

    Parameters
    ----------
    data : array_like, numpy.memmap or sparse tensor, shape (I_1, ..., I_N)
        The data. Only what is drawn is read.
    count : int
        How many entries a sample has.
    loss : str, Loss or callable, optional
        The loss, as for `gcp`.
    mask, weights : array_like or sparse tensor, optional
        As for `gcp`. Where one is sparse, entries are drawn from its nonzeros.
    seed : int or numpy.random.Generator, optional
        Where the drawing starts.

    Examples
    --------
    >>> import numpy as np
    >>> from tenrso_ad.decomposition import CPTensor, Uniform
    >>> model = CPTensor(None, [np.ones((3, 1)), np.ones((4, 1))])
    >>> value, gradient = Uniform(np.zeros((3, 4)), count=5, seed=0).value_and_grad(model)
    >>> float(value)
    12.0
    """

    def __init__(
        self,
        data: Any,
        count: int,
        loss: ElementwiseLoss = "gaussian",
        *,
        mask: Any = None,
        weights: Any = None,
        seed: Any = None,
    ) -> None:
        self._observed = observe(data, mask, weights, "Uniform")
        super().__init__(self._observed.shape, loss, seed)
        self._count = _positive("Uniform", count=count)[0]
        if isinstance(self._observed, ScarceObservations) and not self._observed.count:
            raise ArgumentError("Uniform: nothing is observed, so nothing can be drawn")

    def draw(self) -> Sample:
        """Return a new sample."""
        observed, count = self._observed, self._count
        if isinstance(observed, ScarceObservations):
            known = observed.data
            places = self._rng.integers(0, known.nnz, count)
            indices: Indices = tuple(c[places] for c in known.layout.coordinates)
            weights = np.full(count, known.nnz / count)
            if observed.weights is not None:
                weights = weights * observed.weights[places]
            return Sample(self.loss, indices, known.values[places], weights)
        assert isinstance(observed, (DenseObservations, SparseObservations))
        indices = self._anywhere(count)
        data = observed.data
        values = data.entries(indices) if isinstance(data, SparseTensor) else data[indices]
        weights = np.full(count, math.prod(self.shape) / count)
        if observed.weights is not None:
            weights = weights * observed.weights[indices]
        if observed.mask is not None:
            seen = observed.mask[indices]
            weights, values = np.where(seen, weights, 0.0), np.where(seen, values, 0)
        return Sample(self.loss, indices, np.asarray(values, observed.dtype), weights)


class Stratified(Sampler):
    """Draws nonzeros and zeros of a sparse tensor apart, each uniformly with replacement.

    Parameters
    ----------
    data : SparseTensor or another sparse array
        The data, of which every entry is known.
    nonzeros, zeros : int
        How many of each a sample has.
    loss : str, Loss or callable, optional
        The loss, as for `gcp`.
    seed : int or numpy.random.Generator, optional
        Where the drawing starts.

    Notes
    -----
    Zeros are drawn by rejection: entries anywhere, until enough of them are zero.

    References
    ----------
    Kolda and Hong, Stochastic gradients for large-scale tensor decomposition, SIAM Journal on
    Mathematics of Data Science 2 (2020).
    """

    def __init__(
        self,
        data: Any,
        nonzeros: int,
        zeros: int,
        loss: ElementwiseLoss = "gaussian",
        *,
        seed: Any = None,
    ) -> None:
        self._data = SparseTensor.from_array(data)
        super().__init__(self._data.shape, loss, seed)
        self._nonzeros, self._zeros = _positive(type(self).__name__, nonzeros=nonzeros, zeros=zeros)
        self._entries = math.prod(self.shape)

    def draw(self) -> Sample:
        """Return a new sample."""
        return self._joined(self._somewhere_zero(), self._entries - self._data.nnz)

    def _joined(self, zeros: Indices, stand_for: int, corrected: bool = False) -> Sample:
        """A sample of nonzeros and of the given zeros, which stand for so many."""
        data, count = self._data, len(zeros[0])
        drawn = self._nonzeros if data.nnz else 0
        places = self._rng.integers(0, max(data.nnz, 1), drawn)
        return Sample(
            self.loss,
            tuple(
                np.concatenate([c[places], z])
                for c, z in zip(data.layout.coordinates, zeros, strict=True)
            ),
            np.concatenate([data.values[places], np.zeros(count, data.dtype)]),
            np.concatenate(
                [
                    np.full(drawn, data.nnz / max(drawn, 1)),
                    np.full(count, stand_for / max(count, 1)),
                ]
            ),
            drawn if corrected else 0,
        )

    def _somewhere_zero(self) -> Indices:
        """Indices of zeros; none where there are no zeros."""
        found: list[Indices] = []
        missing = self._zeros if self._entries > self._data.nnz else 0
        share = 1 - self._data.nnz / self._entries
        while missing:
            tries = min(int(1.1 * missing / share) + 16, 2**20)
            indices = self._anywhere(tries)
            zero = np.flatnonzero(self._data.layout.find(indices) < 0)[:missing]
            found.append(tuple(i[zero] for i in indices))
            missing -= len(zero)
        if not found:
            return tuple(np.zeros(0, np.int64) for _ in self.shape)
        return tuple(np.concatenate(parts) for parts in zip(*found, strict=True))


class SemiStratified(Stratified):
    """Draws nonzeros, and entries anywhere that are counted as zeros, without rejection.

    An entry drawn anywhere that is none of the zeros is counted as one all the same; the loss of a
    zero, subtracted for every nonzero that is drawn, makes up for it.

    Parameters
    ----------
    data : SparseTensor or another sparse array
        The data, of which every entry is known.
    nonzeros, zeros : int
        How many of each a sample has.
    loss : str, Loss or callable, optional
        The loss, as for `gcp`.
    seed : int or numpy.random.Generator, optional
        Where the drawing starts.

    References
    ----------
    Kolda and Hong, Stochastic gradients for large-scale tensor decomposition, SIAM Journal on
    Mathematics of Data Science 2 (2020), section 4.3.
    """

    def draw(self) -> Sample:
        """Return a new sample."""
        return self._joined(self._anywhere(self._zeros), self._entries, corrected=True)


def _positive(operation: str, **counts: int) -> tuple[int, ...]:
    """Numbers of entries to draw, each at least 1."""
    for name, count in counts.items():
        if not count >= 1:
            raise ArgumentError(f"{operation}: wanted {name} of 1 or more, got {count}")
    return tuple(counts.values())
