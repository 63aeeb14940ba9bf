"""Data as a loss sees it: dense, masked, weighted, mapped from a file, sparse or scarce.

Each kind sums a loss over what is observed, in a way that never forms the dense tensor of a model
and is differentiated to any order. What minimises a loss asks nothing else of the data.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, Protocol

import numpy as np

from tenrso_ad import numpy as tnp
from tenrso_ad.decomposition.blocks import BLOCK, blockwise_loss
from tenrso_ad.decomposition.elementwise_losses import Loss
from tenrso_ad.decomposition.kernels import as_array, mttkrps
from tenrso_ad.decomposition.models import Model
from tenrso_ad.decomposition.sparse import SparseTensor, as_sparse, is_sparse
from tenrso_ad.engine.errors import DTypeError, ShapeError
from tenrso_ad.engine.trace import Tracer

__all__ = [
    "DenseObservations",
    "Observations",
    "ScarceObservations",
    "SparseObservations",
    "observe",
]


def _sum_of_entries(model: Model) -> Any:
    """The sum of the entries of a model, its inner product with a tensor of ones."""
    return model.against([np.ones((1, n), model.dtype) for n in model.shape])[0]


ZERO_SUMS: dict[str, Callable[[Model], Any]] = {
    "squares": lambda model: model.squared_norm(),
    "entries": _sum_of_entries,
    "nothing": lambda model: 0.0,
}
"""How the sum of a loss over a tensor of zeros is closed, by what the loss says of it."""


class Observations(Protocol):
    """What is known of a tensor.

    Attributes
    ----------
    shape : tuple of int
        The shape of the tensor.
    dtype : dtype
        Float32 or float64.
    """

    shape: tuple[int, ...]
    dtype: Any

    @property
    def count(self) -> int:
        """How many entries are observed."""

    @property
    def norm(self) -> float:
        """The norm of the observed entries, each times the root of its weight."""

    def total(self, loss: Loss, model: Model) -> Any:
        """The sum of weight times loss over what is observed, differentiable in the model."""

    def mttkrps(self, factors: Sequence[Any]) -> tuple[Any, ...]:
        """The MTTKRPs of the data times their weights, with zeros for what is not observed."""

    def check(self, operation: str, loss: Loss) -> None:
        """Raise where the data are not of the kind that a loss is for."""


class DenseObservations:
    """A dense tensor, which may be mapped from a file; with a mask and weights, or without.

    Parameters
    ----------
    data : ndarray or Tensor
    mask : ndarray of bool, optional
        True where an entry is observed.
    weights : ndarray or Tensor, optional
        The weight of each entry.
    """

    def __init__(self, data: Any, mask: Any = None, weights: Any = None) -> None:
        self.data, self.mask, self.weights = data, mask, weights
        self.shape = tuple(data.shape)
        self.dtype = np.dtype(np.float32 if data.dtype == np.float32 else np.float64)

    @property
    def count(self) -> int:
        """How many entries are observed."""
        return math.prod(self.shape) if self.mask is None else int(np.count_nonzero(self.mask))

    @property
    def norm(self) -> float:
        """The norm of the observed entries, each times the root of its weight."""
        squares = (
            np.vdot(block, block if weights is None else weights * block)
            for block, weights in self._slabs()
        )
        return math.sqrt(float(sum(squares)))

    def total(self, loss: Loss, model: Model) -> Any:
        """The sum of weight times loss over what is observed, differentiable in the model."""
        if not (isinstance(self.data, Tracer) or isinstance(self.weights, Tracer)):
            return blockwise_loss(loss, model, self.data, self.mask, self.weights)
        data = self.data if self.mask is None else tnp.where(self.mask, self.data, 0)
        terms = loss(data, model.to_dense())  # their gradient is as large as that
        if self.weights is not None:
            terms = tnp.multiply(terms, self.weights)
        return tnp.sum(terms if self.mask is None else tnp.where(self.mask, terms, 0))

    def mttkrps(self, factors: Sequence[Any]) -> tuple[Any, ...]:
        """The MTTKRPs of the data times their weights, with zeros for what is not observed."""
        data = self.data if self.mask is None else np.where(self.mask, self.data, 0)
        return mttkrps(data if self.weights is None else data * self.weights, factors)

    def check(self, operation: str, loss: Loss) -> None:
        """Raise where the data are not of the kind that a loss is for."""
        if loss.data != "real" and not isinstance(self.data, Tracer):
            for block, _ in self._slabs():
                loss.check(operation, block)

    def _slabs(self) -> Any:
        """Observed entries and their weights, slab by slab along the slowest axis."""
        strides = getattr(self.data, "strides", (0,) * len(self.shape))
        axis = max(range(len(self.shape)), key=lambda a: abs(strides[a]))
        length = self.shape[axis]
        step = max(1, BLOCK * length // max(1, math.prod(self.shape)))
        for start in range(0, length, step):
            place = (slice(None),) * axis + (slice(start, start + step),)
            block = np.asarray(self.data[place], self.dtype)
            weights = None if self.weights is None else np.asarray(self.weights[place], self.dtype)
            if self.mask is None:
                yield block, weights
            else:
                mask = self.mask[place]
                yield block[mask], None if weights is None else weights[mask]


class SparseObservations:
    """A sparse tensor of which every entry is known, or every one of a mask: most are zero.

    Losses are the sum over the nonzeros of what they differ from the loss of a zero, and the sum
    for zeros everywhere: that one is closed for the gaussian and the Poisson loss, and taken in
    blocks for the others and with a mask or weights.

    Parameters
    ----------
    data : SparseTensor
    mask : ndarray of bool, optional
    weights : ndarray, optional
    """

    def __init__(self, data: SparseTensor, mask: Any = None, weights: Any = None) -> None:
        self.data, self.mask, self.weights = data, mask, weights
        self.shape, self.dtype = data.shape, data.dtype
        at = None if weights is None else tnp.astype(weights[data.layout.coordinates], data.dtype)
        if mask is not None:
            observed = mask[data.layout.coordinates].astype(data.dtype)
            at = observed if at is None else tnp.multiply(at, observed)
        self._weights_at_nonzeros = at

    @property
    def count(self) -> int:
        """How many entries are observed."""
        return math.prod(self.shape) if self.mask is None else int(np.count_nonzero(self.mask))

    @property
    def norm(self) -> float:
        """The norm of the observed entries, each times the root of its weight."""
        return math.sqrt(float(tnp.sum(self._weighted(np.square(self.data.values)))))

    def total(self, loss: Loss, model: Model) -> Any:
        """The sum of weight times loss over what is observed, differentiable in the model."""
        entries = self.data.model_entries(model)
        values = self.data.values
        if values.dtype != entries.dtype:
            values = tnp.astype(values, entries.dtype)
        excess = tnp.sum(self._weighted(loss(values, entries) - loss(0.0, entries)))
        if self.mask is None and self.weights is None and loss.zeros in ZERO_SUMS:
            return excess + ZERO_SUMS[loss.zeros](model)
        return excess + blockwise_loss(loss, model, None, self.mask, self.weights)

    def mttkrps(self, factors: Sequence[Any]) -> tuple[Any, ...]:
        """The MTTKRPs of the data times their weights, with zeros for what is not observed."""
        return mttkrps(self.data.with_values(self._weighted(self.data.values)), factors)

    def check(self, operation: str, loss: Loss) -> None:
        """Raise where the data are not of the kind that a loss is for."""
        if not isinstance(self.data.values, Tracer):
            loss.check(operation, self.data.values)

    def _weighted(self, terms: Any) -> Any:
        at = self._weights_at_nonzeros
        return terms if at is None else tnp.multiply(at, terms)


class ScarceObservations:
    """A few entries of a tensor, of which nothing else is known; zeros may be among them.

    Parameters
    ----------
    data : SparseTensor
        What is observed.
    weights : ndarray or Tensor, shape (nnz,), optional
        Their weights.
    """

    def __init__(self, data: SparseTensor, weights: Any = None) -> None:
        self.data, self.weights = data, weights
        self.shape, self.dtype = data.shape, data.dtype

    @property
    def count(self) -> int:
        """How many entries are observed."""
        return self.data.nnz

    @property
    def norm(self) -> float:
        """The norm of the observed entries, each times the root of its weight."""
        return math.sqrt(float(tnp.sum(self._weighted(np.square(self.data.values)))))

    def total(self, loss: Loss, model: Model) -> Any:
        """The sum of weight times loss over what is observed, differentiable in the model."""
        entries = self.data.model_entries(model)
        values = self.data.values
        if values.dtype != entries.dtype:
            values = tnp.astype(values, entries.dtype)
        return tnp.sum(self._weighted(loss(values, entries)))

    def mttkrps(self, factors: Sequence[Any]) -> tuple[Any, ...]:
        """The MTTKRPs of the data times their weights, with zeros for what is not observed."""
        return mttkrps(self.data.with_values(self._weighted(self.data.values)), factors)

    def check(self, operation: str, loss: Loss) -> None:
        """Raise where the data are not of the kind that a loss is for."""
        if not isinstance(self.data.values, Tracer):
            loss.check(operation, self.data.values)

    def _weighted(self, terms: Any) -> Any:
        return terms if self.weights is None else tnp.multiply(self.weights, terms)


def observe(
    data: Any, mask: Any = None, weights: Any = None, operation: str = "observe"
) -> Observations:
    """Return data with a mask and weights as what a loss sums over.

    Parameters
    ----------
    data : array_like, numpy.memmap or sparse tensor, shape (I_1, ..., I_N)
        Real data. With a mask, entries outside it may hold anything, NaN too.
    mask : array_like of bool, or sparse tensor, of that shape, optional
        True where an entry is observed. The nonzeros of a sparse mask are what is observed.
    weights : array_like, or sparse tensor, of that shape, optional
        The weight of each entry; those that a sparse tensor leaves out are zero.
    operation : str, optional
        What messages call it.

    Raises
    ------
    DTypeError
        Where the data are complex, or the mask holds something else than booleans.
    ShapeError
        Where the shapes differ.
    """
    data, mask, weights = (
        None if part is None else as_sparse(as_array(part)) for part in (data, mask, weights)
    )
    kind = np.dtype(data.dtype).kind
    if kind not in "fiub":
        raise DTypeError(f"{operation}: wanted real numbers as data, got {data.dtype}")
    for part, name in ((mask, "a mask"), (weights, "weights")):
        if part is not None and tuple(part.shape) != tuple(data.shape):
            raise ShapeError(
                f"{operation}: wanted {name} of the tensor's shape {tuple(data.shape)}, "
                f"got {tuple(part.shape)}"
            )
    if mask is not None and not is_sparse(mask) and mask.dtype != bool:
        raise DTypeError(
            f"{operation}: wanted a mask of booleans, got {mask.dtype}; "
            "real factors go into weights"
        )
    if is_sparse(mask) or is_sparse(weights):
        return _scarce(data, mask, weights)
    if is_sparse(data):
        return SparseObservations(data, mask, weights)
    return DenseObservations(data, mask, weights)


def _scarce(data: Any, mask: Any, weights: Any) -> ScarceObservations:
    """What a sparse mask, or sparse weights, leave of the data."""
    sparse = mask if is_sparse(mask) else weights
    coordinates = sparse.layout.coordinates
    if is_sparse(data) and not is_sparse(weights) and data.layout is sparse.layout:
        values = data.values
    else:
        values = _at(data, coordinates)
    factors: Any = None
    if is_sparse(mask):
        factors = np.asarray(mask.values != 0, values.dtype)
        factors = factors if not factors.all() else None
    elif mask is not None:
        factors = np.asarray(mask[coordinates], values.dtype)
    if weights is not None:
        at = tnp.astype(_at(weights, coordinates), values.dtype)
        factors = at if factors is None else tnp.multiply(factors, at)
    if factors is not None and not isinstance(factors, Tracer):
        values = tnp.where(factors != 0, values, 0)  # what is not observed may be NaN
    return ScarceObservations(sparse.with_values(values), factors)


def _at(tensor: Any, coordinates: tuple[Any, ...]) -> Any:
    """Entries of a tensor of either kind, as floating-point numbers."""
    entries = tensor.entries(coordinates) if is_sparse(tensor) else tensor[coordinates]
    dtype = np.float32 if entries.dtype == np.float32 else np.float64
    return entries if entries.dtype == dtype else tnp.astype(entries, dtype)
