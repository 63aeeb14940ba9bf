"""What all decomposed tensors have in common."""

from __future__ import annotations

import math
import numbers
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, Self

import numpy as np

from tenrso_ad import numpy as tnp
from tenrso_ad.decomposition.kernels import as_array
from tenrso_ad.engine import tree
from tenrso_ad.engine.errors import AxisError, DTypeError, IndexingError, ShapeError
from tenrso_ad.ops.declare import is_complex, namespace_inside, zeros_like

__all__ = ["Model"]


class Model(ABC):
    """A tensor that is held as the parts of a decomposition, never as all its entries.

    The formats `CPTensor`, `TuckerTensor`, `TTTensor` and `TensorRing` derive from it.
    All are pytrees of their parts: transforms walk them, and the gradient of a function of a model
    is a model of the same format.
    """

    __array_ufunc__ = None  # so that NumPy's numbers leave the arithmetic to the model

    @property
    @abstractmethod
    def shape(self) -> tuple[int, ...]:
        """The shape of the dense tensor."""

    @property
    def ndim(self) -> int:
        """The number of modes."""
        return len(self.shape)

    @property
    @abstractmethod
    def dtype(self) -> Any:
        """The dtype of the first part."""

    @property
    @abstractmethod
    def cut(self) -> int:
        """How many leading modes stand in the first of the two `halves`."""

    @abstractmethod
    def halves(self) -> tuple[Any, Any]:
        """Return two matrices whose product is the tensor as a matrix.

        Returns
        -------
        left, right : ndarray or Tensor
            Of shapes (product of ``shape[:cut]``, K) and (K, product of ``shape[cut:]``). All
            that touches dense data goes through them: two products with the data, one for each
            half, give the gradients of all parts.
        """

    def to_dense(self) -> Any:
        """Return the tensor with all its entries.

        Returns
        -------
        ndarray or Tensor, shape (I_1, ..., I_N)
            Differentiable in the parts.
        """
        left, right = self.halves()
        return tnp.reshape(tnp.matmul(left, right), self.shape)

    def norm(self) -> Any:
        """Return the Frobenius norm, from Gram matrices of the parts.

        Returns
        -------
        scalar or Tensor
            Of the parts' dtype. It loses digits where terms cancel each other: the error of its
            square is the rounding of the squared norms of the terms. Its gradient at zero is zero.
        """
        square = tnp.maximum(self.squared_norm(), 0)
        return tnp.where(square > 0, tnp.sqrt(square), 0)

    @abstractmethod
    def squared_norm(self) -> Any:
        """Return the square of the Frobenius norm, from Gram matrices of the parts."""

    @abstractmethod
    def against(self, rows: Sequence[Any]) -> Any:
        """Return the inner products of the tensor with S outer products of vectors.

        Parameters
        ----------
        rows : sequence of array, each of shape (S, I_n)
            One vector a mode and outer product, as a row.

        Returns
        -------
        ndarray or Tensor, shape (S,)
            Complex vectors are not conjugated.
        """

    @abstractmethod
    def mttkrps(self, factors: Sequence[Any]) -> tuple[Any, ...]:
        """Return the MTTKRP of every mode, as `mttkrps` does of a dense tensor.

        Parameters
        ----------
        factors : sequence of array, each of shape (I_n, R)
            One factor a mode.
        """

    @abstractmethod
    def mode_products(self, matrices: Sequence[Any]) -> Self:
        """Multiply by a matrix along each mode.

        Parameters
        ----------
        matrices : sequence of array or None, each of shape (J_n, I_n)
            One a mode; None leaves a mode as it is.
        """

    def transpose(self, axes: Sequence[int] | None = None) -> Self:
        """Return the tensor with its modes in another order.

        Parameters
        ----------
        axes : sequence of int, optional
            As for `numpy.transpose`: mode ``axes[k]`` comes to place k. The opposite order by
            default.

        Raises
        ------
        AxisError
            Where this is no order of the modes.
        ShapeError
            Where the format can only be reversed.
        """
        order = permutation(type(self).__name__, axes, self.ndim)
        if not self._reorders(order):
            raise ShapeError(
                f"{type(self).__name__}.transpose: the modes of a chain of cores can be reversed, "
                f"not put into the order {tuple(order)}"
            )
        return self._transposed(order)

    @abstractmethod
    def _reorders(self, order: list[int]) -> bool:
        """Whether the modes can be put into an order."""

    @abstractmethod
    def _transposed(self, order: list[int]) -> Self:
        """The tensor with its modes in an order that is possible."""

    @abstractmethod
    def _entries(self, indices: Sequence[Any]) -> Any:
        """The entries at places that are already checked."""

    def entries(self, indices: Any) -> Any:
        """Return some entries, without forming the others.

        Parameters
        ----------
        indices : array_like of int, shape (S, N), or tuple of N array_likes, each of shape (S,)
            One row an entry, or one array a mode, as in ``dense[indices]``. Negative indices count
            from the end.

        Returns
        -------
        ndarray or Tensor, shape (S,)
            Differentiable in the parts.

        Raises
        ------
        DTypeError, IndexingError, ShapeError
            Where indices are no integers, are out of range, or do not have such a shape.
        """
        return self._entries(checked_indices(type(self).__name__, indices, self.shape))

    def conj(self) -> Self:
        """Return the complex conjugate; a real tensor itself."""
        conjugated: Self = tree.map(conjugate, self)
        return conjugated

    @abstractmethod
    def _plus(self, other: Self) -> Self:
        """The sum with a tensor of the same format and shape."""

    @abstractmethod
    def _times(self, other: Self) -> Self:
        """The entrywise product with a tensor of the same format and shape."""

    @abstractmethod
    def _scaled(self, factor: Any) -> Self:
        """The product with a number."""

    def _alike(self, operation: str, other: Any) -> bool:
        """Whether another is of this format; raises where it is, and has another shape."""
        if type(other) is not type(self):
            return False
        same_shape(f"{type(self).__name__} {operation}", self, other)
        return True

    def __add__(self, other: Self) -> Self:
        return self._plus(other) if self._alike("+", other) else NotImplemented

    def __sub__(self, other: Self) -> Self:
        return self._plus(-other) if self._alike("-", other) else NotImplemented

    def __neg__(self) -> Self:
        return self._scaled(-1)

    def __pos__(self) -> Self:
        return self

    def __mul__(self, other: Any) -> Self:
        if self._alike("*", other):
            return self._times(other)
        return self._scaled(other) if scalar(other) else NotImplemented

    def __rmul__(self, other: Any) -> Self:
        return self._scaled(other) if scalar(other) else NotImplemented

    def __truediv__(self, other: Any) -> Self:
        return self._scaled(1 / other) if scalar(other) else NotImplemented


def scalar(value: Any) -> bool:
    """Whether a value is a number or an array of order 0."""
    return isinstance(value, numbers.Number) or getattr(value, "shape", None) == ()


def same_shape(operation: str, first: Any, second: Any) -> None:
    """Raise where two tensors differ in shape."""
    if tuple(first.shape) != tuple(second.shape):
        raise ShapeError(
            f"{operation}: wanted two tensors of one shape, got {tuple(first.shape)} and "
            f"{tuple(second.shape)}"
        )


def conjugate(value: Any) -> Any:
    """The conjugate of complex numbers; real ones as they are, without a copy."""
    return tnp.conj(value) if is_complex(value) else value


def unit(size: int, like: Any) -> Any:
    """A unit matrix of the dtype, and in the library, of an array."""
    return namespace_inside(like).eye(size, dtype=like.dtype)


def joined(blocks: Sequence[Sequence[Any]], rows: int, columns: int) -> Any:
    """A block matrix of arrays, None for zeros, along two axes; none of it is all zeros."""
    lines = []
    for line in blocks:
        filled = [block for block in line if block is not None]
        heights = filled[0].shape[rows]
        whole = []
        for place, block in enumerate(line):
            if block is None:
                column = next(other[place] for other in blocks if other[place] is not None)
                shape = list(column.shape)
                shape[rows] = heights
                block = zeros_like(column, tuple(shape))
            whole.append(block)
        lines.append(tnp.concatenate(whole, axis=columns))
    return tnp.concatenate(lines, axis=rows)


def checked_indices(name: str, indices: Any, shape: tuple[int, ...]) -> tuple[Any, ...]:
    """One array of valid integers a mode."""
    if isinstance(indices, tuple):
        columns = tuple(np.asarray(column) for column in indices)
    else:
        table = np.asarray(indices)
        if table.ndim != 2 or table.shape[1] != len(shape):
            raise ShapeError(
                f"{name}.entries: wanted indices of shape (S, {len(shape)}) or a tuple of "
                f"{len(shape)} arrays, got shape {table.shape}"
            )
        columns = tuple(table.T)
    sizes = {column.shape for column in columns}
    if len(columns) != len(shape) or len(sizes) != 1 or len(next(iter(sizes))) != 1:
        got = ", ".join(str(column.shape) for column in columns) or "none"
        raise ShapeError(f"{name}.entries: wanted {len(shape)} arrays of one shape (S,), got {got}")
    checked = []
    for mode, (column, length) in enumerate(zip(columns, shape, strict=True)):
        if column.dtype.kind not in "iu" and column.size:
            raise DTypeError(f"{name}.entries: wanted integer indices, got {column.dtype}")
        column = column.astype(np.intp)
        outside = (column < -length) | (column >= length)
        if outside.any():
            raise IndexingError(
                f"{name}.entries: index {column[outside][0]} is out of range for mode {mode} of "
                f"length {length}"
            )
        checked.append(column % length if length else column)
    return tuple(checked)


def permutation(name: str, axes: Any, order: int) -> list[int]:
    """The order of the modes that a transposition asks for; None reverses it."""
    if axes is None:
        return list(range(order))[::-1]
    wanted = [int(axis) for axis in axes]
    modes = [axis % order if -order <= axis < order else -1 for axis in wanted]
    if sorted(modes) != list(range(order)):
        raise AxisError(f"{name}.transpose: {tuple(axes)} is no order of {order} modes")
    return modes


def sizes(shape: Sequence[int], cut: int) -> tuple[int, int]:
    """The two sides of the matrix that has the modes before the cut down, the others across."""
    return math.prod(shape[:cut]), math.prod(shape[cut:])


def as_arrays(parts: Sequence[Any]) -> tuple[Any, ...]:
    """Parts as arrays or Tensors."""
    return tuple(as_array(part) for part in parts)
