"""A matrix over tensors as a chain of cores: the operators that act on tensor trains."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tenrso_ad import numpy as tnp
from tenrso_ad.decomposition.models import chains
from tenrso_ad.decomposition.models.base import scalar
from tenrso_ad.decomposition.models.tensor_train import TTTensor
from tenrso_ad.engine import tree
from tenrso_ad.engine.errors import ShapeError

__all__ = ["TTMatrix"]


@tree.register_dataclass
@dataclass(frozen=True, eq=False, repr=False)
class TTMatrix:
    """A matrix in the tensor-train format, which multiplies tensor trains.

    Its rows are counted by (i_1, ..., i_N), its columns by (j_1, ..., j_N); an entry is the product
    ``cores[0][:, i_1, j_1, :] @ ... @ cores[N-1][:, i_N, j_N, :]``. It is a pytree of the cores.

    Parameters
    ----------
    cores : sequence of array_like, of shapes (r_{n-1}, I_n, J_n, r_n)
        One core a mode; r_0 = r_N = 1.

    Raises
    ------
    ShapeError
        Where the cores do not have such shapes, or a rank is zero.

    Examples
    --------
    >>> import numpy as np
    >>> shift = TTMatrix([np.eye(2, k=1)[None, :, :, None], np.eye(3)[None, :, :, None]])
    >>> shift
    TTMatrix(row_shape=(2, 3), column_shape=(2, 3), ranks=(1, 1, 1))
    >>> train = TTTensor([np.array([[[1.0], [2.0]]]), np.ones((1, 3, 1))])
    >>> (shift @ train).to_dense()
    array([[2., 2., 2.],
           [0., 0., 0.]])
    """

    __array_ufunc__ = None

    cores: tuple[Any, ...]

    def __post_init__(self) -> None:
        cores = chains.checked_cores("TTMatrix", self.cores, 4)
        if cores[0].shape[0] != 1 or cores[-1].shape[-1] != 1:
            raise ShapeError(
                "TTMatrix: wanted first and last ranks of 1, got "
                f"{cores[0].shape[0]} and {cores[-1].shape[-1]}"
            )
        object.__setattr__(self, "cores", cores)

    def __repr__(self) -> str:
        if any(not hasattr(core, "shape") for core in self.cores):
            return f"TTMatrix(cores={self.cores!r})"
        return (
            f"TTMatrix(row_shape={self.row_shape}, column_shape={self.column_shape}, "
            f"ranks={self.ranks})"
        )

    @property
    def row_shape(self) -> tuple[int, ...]:
        """The shape of what a product gives."""
        return tuple(core.shape[1] for core in self.cores)

    @property
    def column_shape(self) -> tuple[int, ...]:
        """The shape of what it multiplies."""
        return tuple(core.shape[2] for core in self.cores)

    @property
    def shape(self) -> tuple[int, int]:
        """The shape of the matrix."""
        return math.prod(self.row_shape), math.prod(self.column_shape)

    @property
    def dtype(self) -> Any:
        """The dtype of the first core."""
        return self.cores[0].dtype

    @property
    def ranks(self) -> tuple[int, ...]:
        """The ranks r_0, ..., r_N, of which the first and the last are 1."""
        return (*(core.shape[0] for core in self.cores), 1)

    @property
    def T(self) -> TTMatrix:
        """The transposed matrix."""
        return TTMatrix(tuple(tnp.transpose(core, (0, 2, 1, 3)) for core in self.cores))

    def to_tt(self) -> TTTensor:
        """Return the entries as a train of modes I_n J_n, the row index before the column index."""
        return TTTensor(
            tuple(tnp.reshape(core, (core.shape[0], -1, core.shape[3])) for core in self.cores)
        )

    def _like(self, train: TTTensor) -> TTMatrix:
        """A train of modes I_n J_n as a matrix."""
        pairs = zip(train.cores, self.row_shape, self.column_shape, strict=True)
        return TTMatrix(tuple(tnp.reshape(c, (c.shape[0], i, j, c.shape[2])) for c, i, j in pairs))

    def to_dense(self) -> Any:
        """Return the matrix with all its entries.

        Returns
        -------
        ndarray or Tensor, shape (I_1 ... I_N, J_1 ... J_N)
            Differentiable in the cores.
        """
        modes = len(self.cores)
        pairs = zip(self.row_shape, self.column_shape, strict=True)
        entries = tnp.reshape(self.to_tt().to_dense(), tuple(n for pair in pairs for n in pair))
        order = (*range(0, 2 * modes, 2), *range(1, 2 * modes, 2))
        return tnp.reshape(tnp.transpose(entries, order), self.shape)

    def norm(self) -> Any:
        """Return the Frobenius norm, from Gram matrices of the cores."""
        return self.to_tt().norm()

    def round(self, ranks: int | Sequence[int] | None = None, tolerance: float = 0.0) -> TTMatrix:
        """Return a matrix of smaller ranks that is near this one; see `TTTensor.round`.

        Parameters
        ----------
        ranks : int or sequence of int, optional
            The largest ranks allowed.
        tolerance : float, optional
            The error allowed, relative to the norm.
        """
        return self._like(self.to_tt().round(ranks, tolerance))

    def __matmul__(self, other: Any) -> Any:
        """Multiply a train, or another matrix of this format; the ranks multiply."""
        if isinstance(other, TTTensor):
            given, columns = other.shape, "ajb"
        elif isinstance(other, TTMatrix):
            given, columns = other.row_shape, "ajkb"
        else:
            return NotImplemented
        if given != self.column_shape:
            raise ShapeError(f"TTMatrix @: columns of shape {self.column_shape} do not fit {given}")
        spec = f"pijq,{columns}->pai{columns[2:-1]}qb"
        cores = []
        for mine, theirs in zip(self.cores, other.cores, strict=True):
            core = tnp.einsum(spec, mine, theirs)
            before, after = core.shape[0] * core.shape[1], core.shape[-2] * core.shape[-1]
            cores.append(tnp.reshape(core, (before, *core.shape[2:-2], after)))
        return type(other)(tuple(cores))

    def __add__(self, other: Any) -> TTMatrix:
        if not isinstance(other, TTMatrix):
            return NotImplemented
        if (self.row_shape, self.column_shape) != (other.row_shape, other.column_shape):
            raise ShapeError(f"TTMatrix +: {self} and {other} differ in shape")
        return self._like(self.to_tt() + other.to_tt())

    def __sub__(self, other: Any) -> TTMatrix:
        return self + -other if isinstance(other, TTMatrix) else NotImplemented

    def __neg__(self) -> TTMatrix:
        return self * -1

    def __mul__(self, factor: Any) -> TTMatrix:
        return self._like(self.to_tt() * factor) if scalar(factor) else NotImplemented

    __rmul__ = __mul__

    @classmethod
    def from_tensorly(cls, matrix: Any) -> TTMatrix:
        """Return the TTMatrix of TensorLy's, or of a sequence of cores."""
        return cls(tuple(getattr(matrix, "factors", matrix)))

    def to_tensorly(self) -> Any:
        """Return TensorLy's ``TTMatrix`` of the same cores."""
        from tensorly.tt_matrix import TTMatrix as TensorlyTTMatrix

        return TensorlyTTMatrix(list(self.cores))
