"""Sparse tensors: coordinates and values of the nonzeros."""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tenrso_ad import numpy as tnp
from tenrso_ad.decomposition import sparse_operations as operations
from tenrso_ad.decomposition.sparse_layout import SparseLayout, linear_keys, mode_order
from tenrso_ad.engine import tree
from tenrso_ad.engine.errors import ArgumentError, DTypeError, IndexingError, ShapeError

__all__ = ["SparseTensor", "as_sparse", "is_sparse"]

LIMIT = 2**31 - 1
"""The most nonzeros, and the longest mode: indices are kept in 32 bits."""


@functools.partial(tree.register_dataclass, static=("layout",))
@dataclass(frozen=True, eq=False, repr=False, init=False)
class SparseTensor:
    """A tensor most of whose entries are zero: coordinates and values of the others.

    It is a pytree of its values, so that functions of it have gradients: sparse tensors again, with
    the same coordinates. Losses and products of a model with it take time and memory in proportion
    to the nonzeros, by native kernels on `tenrso_ad.config.threads` threads; results are bitwise
    the same for any number of them.

    Parameters
    ----------
    coords : array_like of int, shape (N, nnz), or sequence of N index arrays
        The indices of the nonzeros, one row a mode.
    values : array_like, shape (nnz,)
        Their values, finite real numbers. Float32 and float64 stay as they are; integers, booleans
        and wider floats become float64, float16 becomes float32. The values of duplicates are
        added. Zeros are kept.
    shape : sequence of int, optional
        The shape; from the largest indices where it is not given.

    Attributes
    ----------
    values : ndarray or Tensor, shape (nnz,)
        The values, in the order of `coords`.
    layout : SparseLayout
        Where they are, sorted for the kernels. Nonzeros are put into a fixed order, so neither
        `coords` nor `values` need be in the order in which they were given.

    Raises
    ------
    DTypeError
        Where indices are no integers or values no real numbers.
    IndexingError
        Where an index is negative or too large; it says which.
    ShapeError, ArgumentError
        Where numbers of indices and values differ, the order is below 2, a value is infinite or
        NaN, or there are more than ``2**31 - 1`` nonzeros or indices in a mode.

    Examples
    --------
    >>> counts = SparseTensor([[0, 1, 1], [2, 0, 0]], [3.0, 1.0, 4.0], shape=(2, 3))
    >>> counts
    SparseTensor(shape=(2, 3), nnz=2, dtype=float64)
    >>> counts.to_dense()
    array([[0., 0., 3.],
           [5., 0., 0.]])
    """

    values: Any
    layout: SparseLayout

    def __init__(
        self, coords: ArrayLike, values: ArrayLike, shape: Sequence[int] | None = None
    ) -> None:
        indices = _checked_indices(coords)
        numbers = _checked_values(values, indices)
        lengths = _checked_shape(indices, shape)
        _check_range(indices, lengths)
        indices, numbers = _sorted(indices, numbers, lengths)
        object.__setattr__(self, "values", numbers)
        object.__setattr__(self, "layout", SparseLayout(lengths, indices))

    @classmethod
    def from_array(cls, array: Any) -> SparseTensor:
        """Return the sparse tensor of an array.

        Parameters
        ----------
        array : scipy.sparse array or matrix, sparse.COO, SparseTensor or array_like
            SciPy's formats, the arrays of the package sparse (pydata), or a dense array, of which
            the nonzero entries are taken.

        Examples
        --------
        >>> import numpy as np
        >>> SparseTensor.from_array(np.diag([1.0, 2.0, 0.0]))
        SparseTensor(shape=(3, 3), nnz=2, dtype=float64)
        """
        if isinstance(array, SparseTensor):
            return array
        if hasattr(array, "tocoo"):
            array = array.tocoo()
        if hasattr(array, "asformat") and not hasattr(array, "coords"):
            array = array.asformat("coo")
        if hasattr(array, "coords") and hasattr(array, "data"):
            if getattr(array, "fill_value", 0) != 0:
                raise ArgumentError(
                    "SparseTensor: wanted a sparse array whose other entries are zero, got one "
                    f"with fill_value {array.fill_value}"
                )
            return cls(array.coords, array.data, array.shape)
        if hasattr(array, "tocsr"):  # SciPy's matrices of before version 1.13
            raise ArgumentError("SparseTensor: cannot read the coordinates of this sparse array")
        dense = np.asarray(array)
        places = np.nonzero(dense)
        return cls(places, dense[places], dense.shape)

    @property
    def coords(self) -> NDArray[np.int32]:
        """The indices of the nonzeros, shape (N, nnz), in the order of the values; a copy."""
        return np.stack(self.layout.coordinates)

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of the tensor."""
        return self.layout.shape

    @property
    def ndim(self) -> int:
        """The number of modes."""
        return len(self.layout.shape)

    @property
    def nnz(self) -> int:
        """The number of entries that are kept."""
        return self.layout.count

    @property
    def dtype(self) -> Any:
        """The dtype of the values."""
        return self.values.dtype

    def __repr__(self) -> str:
        if not hasattr(self.values, "dtype"):
            return f"SparseTensor(values={self.values!r})"
        return f"SparseTensor(shape={self.shape}, nnz={self.nnz}, dtype={self.dtype})"

    def with_values(self, values: Any) -> SparseTensor:
        """Return a tensor of other values at the same places.

        Parameters
        ----------
        values : array_like or Tensor, shape (nnz,)
            In the order of `coords`.
        """
        values = values if hasattr(values, "shape") else np.asarray(values)
        if tuple(values.shape) != (self.nnz,):
            raise ShapeError(
                f"SparseTensor: wanted values of shape ({self.nnz},), got {tuple(values.shape)}"
            )
        other = object.__new__(SparseTensor)
        object.__setattr__(other, "values", values)
        object.__setattr__(other, "layout", self.layout)
        return other

    def to_dense(self) -> Any:
        """Return the tensor with all its entries; it raises where they would take over 8 GiB."""
        if math.prod(self.shape) * self.dtype.itemsize > 2**33:
            raise ArgumentError(
                f"SparseTensor: a dense tensor of shape {self.shape} would take "
                f"{math.prod(self.shape) * self.dtype.itemsize / 2**30:.0f} GiB"
            )
        return tnp.at(np.zeros(self.shape, self.dtype))[self.layout.coordinates].set(self.values)

    def entries(self, indices: Any) -> Any:
        """Return entries, zeros among them.

        Parameters
        ----------
        indices : array_like of int, shape (s, N), or tuple of N index arrays
            Which entries.

        Returns
        -------
        ndarray or Tensor, shape (s,)
            Their values.
        """
        parts = indices if isinstance(indices, tuple) else tuple(np.asarray(indices).T)
        places = self.layout.find(parts)
        if not self.nnz:
            return np.zeros(len(places), self.dtype)
        return tnp.where(places >= 0, tnp.take(self.values, np.maximum(places, 0)), 0)

    def model_entries(self, model: Any) -> Any:
        """Return the entries of a model at the nonzeros, shape (nnz,).

        Parameters
        ----------
        model : CPTensor, TuckerTensor, TTTensor or TensorRing
            A model of this shape. Native kernels compute the entries of a CP tensor.
        """
        if not hasattr(model, "weights"):
            return model.entries(self.layout.coordinates)
        if not self.nnz:
            return np.zeros(0, self.dtype)
        shortest = self.layout.modes[0]
        factors = list(model.factors)
        factors[shortest] = tnp.multiply(factors[shortest], model.weights)
        return operations.entries(self.layout, _of_one_dtype("entries", factors))

    def mttkrps(self, factors: Sequence[Any], modes: Sequence[int] | None = None) -> Any:
        """Return the MTTKRPs of all modes, or of some, as `mttkrps` does."""
        values, *parts = _of_one_dtype("mttkrps", [self.values, *factors])
        return operations.mttkrps(self.layout, values, parts, modes)

    def inner(self, model: Any) -> Any:
        """Return the inner product with a model, as `inner` does."""
        # a sum by NumPy is the same for any number of threads, a product by BLAS is not
        return tnp.sum(tnp.multiply(self.values, self.model_entries(model)))


def is_sparse(value: Any) -> bool:
    """Whether a value is a sparse tensor of ours, of SciPy or of the package sparse."""
    if isinstance(value, (np.ndarray, SparseTensor)):
        return isinstance(value, SparseTensor)
    return hasattr(value, "tocoo") or (hasattr(value, "coords") and hasattr(value, "fill_value"))


def as_sparse(value: Any) -> Any:
    """A sparse tensor of ours out of one of SciPy or of the package sparse; others as they are."""
    return SparseTensor.from_array(value) if is_sparse(value) else value


def _of_one_dtype(operation: str, parts: Sequence[Any]) -> list[Any]:
    """Parts in the float32 or float64 that holds them all."""
    dtype = np.result_type(*(part.dtype for part in parts))
    if dtype.kind == "c":
        raise DTypeError(f"{operation}: wanted real factors for a sparse tensor, got complex ones")
    if dtype not in (np.float32, np.float64):
        dtype = np.dtype(np.float32 if dtype == np.float16 else np.float64)
    return [part if part.dtype == dtype else tnp.astype(part, dtype) for part in parts]


# --- what is given --------------------------------------------------------------------------------


def _checked_indices(coords: Any) -> list[NDArray[Any]]:
    """One array of integers a mode, all of one length."""
    indices = [np.asarray(c) for c in coords]
    if len(indices) < 2:
        raise ShapeError(f"SparseTensor: wanted coords of 2 or more modes, got {len(indices)}")
    shapes = {c.shape for c in indices}
    if len(shapes) > 1 or indices[0].ndim != 1:
        got = ", ".join(str(c.shape) for c in indices[:5])
        raise ShapeError(
            "SparseTensor: wanted one index array a mode, each of shape (nnz,), got arrays of "
            f"shapes {got}"
        )
    for mode, c in enumerate(indices):
        if c.dtype.kind not in "iu" and c.size:
            raise DTypeError(
                f"SparseTensor: wanted integers as indices, got {c.dtype} in mode {mode}"
            )
    if indices[0].size > LIMIT:
        raise ArgumentError(
            f"SparseTensor: at most {LIMIT} nonzeros are supported, got {indices[0].size}"
        )
    return indices


def _checked_values(values: Any, indices: Sequence[NDArray[Any]]) -> NDArray[Any]:
    numbers = np.asarray(values)
    if numbers.shape != indices[0].shape:
        raise ShapeError(
            f"SparseTensor: wanted one value for each of the {indices[0].size} places, "
            f"got values of shape {numbers.shape}"
        )
    if numbers.dtype.kind not in "fiub":
        raise DTypeError(f"SparseTensor: wanted real numbers as values, got {numbers.dtype}")
    if numbers.dtype not in (np.float32, np.float64) or not numbers.dtype.isnative:
        narrow = numbers.dtype.kind == "f" and numbers.dtype.itemsize <= 4
        numbers = numbers.astype(np.float32 if narrow else np.float64)
    finite = np.isfinite(numbers)
    if not finite.all():
        first = int(np.argmin(finite))
        place = tuple(int(c[first]) for c in indices)
        raise ArgumentError(
            f"SparseTensor: wanted finite values, got {numbers[first]} at {place}; leave missing "
            "entries out and name the observed ones in a mask"
        )
    return numbers


def _checked_shape(indices: Sequence[NDArray[Any]], shape: Sequence[int] | None) -> tuple[int, ...]:
    if shape is None:
        if not indices[0].size:
            raise ArgumentError("SparseTensor: without nonzeros the shape has to be given")
        return tuple(max(int(c.max()) + 1, 1) for c in indices)
    lengths = tuple(int(n) for n in shape)
    if len(lengths) != len(indices):
        raise ShapeError(
            f"SparseTensor: the shape {lengths} has {len(lengths)} modes, "
            f"the coordinates have {len(indices)}"
        )
    if not all(1 <= n <= LIMIT for n in lengths):
        raise ShapeError(
            f"SparseTensor: wanted between 1 and {LIMIT} indices in a mode, got the shape {lengths}"
        )
    return lengths


def _check_range(indices: Sequence[NDArray[Any]], shape: tuple[int, ...]) -> None:
    for mode, (c, length) in enumerate(zip(indices, shape, strict=True)):
        if c.size and not (int(c.min()) >= 0 and int(c.max()) < length):
            first = int(np.argmax((c < 0) | (c >= length)))
            raise IndexingError(
                f"SparseTensor: index {c[first]} of nonzero {first} is out of range in mode "
                f"{mode}, whose indices go from 0 to {length - 1}"
            )
        if length > LIMIT:
            raise ShapeError(f"SparseTensor: at most {LIMIT} indices in a mode, got {length}")


def _sorted(
    indices: Sequence[NDArray[Any]], values: NDArray[Any], shape: tuple[int, ...]
) -> tuple[list[NDArray[np.int32]], NDArray[Any]]:
    """Indices and values in the order of a layout, the values of duplicates added."""
    keys = linear_keys(shape, indices, mode_order(shape))
    steps = np.diff(keys)
    if not (steps > 0).all():
        order = np.argsort(keys)
        steps = np.diff(keys[order])
        if not steps.all():  # add duplicates in the order in which they were given
            order = np.argsort(keys, kind="stable")
            starts = np.flatnonzero(np.concatenate([[True], steps != 0]))
            values = np.add.reduceat(values[order], starts)
            order = order[starts]
        else:
            values = values[order]
        indices = [c[order] for c in indices]
    del keys
    return [np.array(c, np.int32) for c in indices], np.array(values)
