"""The Tucker format: a small core, multiplied by a matrix along each mode."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tenrso_ad import numpy as tnp
from tenrso_ad.decomposition.kernels import as_array, khatri_rao, mode_dot, mttkrps
from tenrso_ad.decomposition.models.base import Model, conjugate, unit
from tenrso_ad.engine import tree
from tenrso_ad.engine.errors import ShapeError

if TYPE_CHECKING:
    from tenrso_ad.decomposition.models.tensor_train import TTTensor

__all__ = ["TuckerTensor"]


@tree.register_dataclass
@dataclass(frozen=True, eq=False, repr=False)
class TuckerTensor(Model):
    """A tensor in Tucker form: a core, multiplied by a factor along each mode.

    Entry (i_1, ..., i_N) is the sum over r_1, ..., r_N of ``core[r_1, ..., r_N] *
    factors[0][i_1, r_1] * ... * factors[N-1][i_N, r_N]``. It is a pytree of the core and the
    factors: transforms walk it, and the gradient of a TuckerTensor is a TuckerTensor.

    Parameters
    ----------
    core : array_like, shape (R_1, ..., R_N)
        The core, of order 1 or more.
    factors : sequence of array_like, of shapes (I_n, R_n)
        One factor matrix a mode.

    Raises
    ------
    ShapeError
        Where the core and factors do not have these shapes, or a rank is zero.

    Examples
    --------
    >>> import numpy as np
    >>> model = TuckerTensor([[2.0]], [np.array([[1.0], [2.0]]), np.array([[1.0], [0.0], [3.0]])])
    >>> model
    TuckerTensor(shape=(2, 3), ranks=(1, 1))
    >>> model.to_dense()
    array([[ 2.,  0.,  6.],
           [ 4.,  0., 12.]])
    """

    core: Any
    factors: tuple[Any, ...]

    def __post_init__(self) -> None:
        core = as_array(self.core)
        factors = tuple(as_array(factor) for factor in self.factors)
        shapes = [tuple(factor.shape) for factor in factors]
        ranks = tuple(core.shape)
        if not ranks or 0 in ranks:
            raise ShapeError(
                "TuckerTensor: wanted a core of order 1 or more with ranks of 1 or more, got the "
                f"shape {ranks}"
            )
        if len(shapes) != len(ranks) or any(
            len(shape) != 2 or shape[1] != rank for shape, rank in zip(shapes, ranks, strict=True)
        ):
            wanted = ", ".join(f"(I, {rank})" for rank in ranks)
            got = ", ".join(map(str, shapes)) or "none"
            raise ShapeError(
                f"TuckerTensor: a core of shape {ranks} takes factors of shapes {wanted}, got {got}"
            )
        object.__setattr__(self, "core", core)
        object.__setattr__(self, "factors", factors)

    def __repr__(self) -> str:
        if any(not hasattr(part, "shape") for part in (self.core, *self.factors)):
            return f"TuckerTensor(core={self.core!r}, factors={self.factors!r})"
        return f"TuckerTensor(shape={self.shape}, ranks={self.ranks})"

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of the dense tensor."""
        return tuple(factor.shape[0] for factor in self.factors)

    @property
    def dtype(self) -> Any:
        """The dtype of the core."""
        return self.core.dtype

    @property
    def ranks(self) -> tuple[int, ...]:
        """The shape of the core."""
        return tuple(self.core.shape)

    @property
    def cut(self) -> int:
        """How many leading modes stand in the first of the two `halves`: where they are thin."""
        shape, ranks = self.shape, self.ranks

        def cost(cut: int) -> int:
            inside = min(math.prod(ranks[:cut]), math.prod(ranks[cut:]))
            left, right = math.prod(shape[:cut]), math.prod(shape[cut:])
            return inside * (left * right + left + right)

        return min(range(1, len(shape)), key=cost, default=1)

    def halves(self) -> tuple[Any, Any]:
        """Return two matrices whose product is the tensor as a matrix; see `Model.halves`.

        The core goes to the side with the larger product of ranks, the other is a Kronecker
        product of factors.
        """
        cut = self.cut
        inside, outside = math.prod(self.ranks[:cut]), math.prod(self.ranks[cut:])
        first, last = list(self.factors[:cut]), list(self.factors[cut:])
        if inside <= outside:
            core = tnp.reshape(self.core, (inside, *self.ranks[cut:]))
            right = multiplied(core, [None, *last])
            return _kronecker(first), tnp.reshape(right, (inside, -1))
        core = tnp.reshape(self.core, (*self.ranks[:cut], outside))
        left = multiplied(core, [*first, None])
        return tnp.reshape(left, (-1, outside)), _kronecker(last).T if last else unit(1, left)

    def squared_norm(self) -> Any:
        """Return the square of the Frobenius norm, from the core and Gram matrices."""
        matrices = [tnp.matmul(conjugate(factor).T, factor) for factor in self.factors]
        return tnp.real(
            tnp.sum(tnp.multiply(conjugate(self.core), multiplied(self.core, matrices)))
        )

    def against(self, rows: Sequence[Any]) -> Any:
        """Return the inner products with S outer products of vectors: O(S prod(R_n))."""
        vectors = [tnp.matmul(row, factor) for row, factor in zip(rows, self.factors, strict=True)]
        return _contracted(self.core, vectors)

    def mttkrps(self, factors: Sequence[Any]) -> tuple[Any, ...]:
        """Return the MTTKRP of every mode, from those of the core."""
        if self.ndim == 1:
            dense = tnp.matmul(self.factors[0], self.core)
            return (tnp.broadcast_to(dense[:, None], factors[0].shape),)
        small = [tnp.matmul(u.T, a) for u, a in zip(self.factors, factors, strict=True)]
        products = mttkrps(self.core, small)
        return tuple(tnp.matmul(u, p) for u, p in zip(self.factors, products, strict=True))

    def mode_products(self, matrices: Sequence[Any]) -> TuckerTensor:
        """Multiply by a matrix along each mode; None leaves a mode as it is."""
        factors = [
            factor if matrix is None else tnp.matmul(matrix, factor)
            for matrix, factor in zip(matrices, self.factors, strict=True)
        ]
        return TuckerTensor(self.core, tuple(factors))

    def _reorders(self, order: list[int]) -> bool:
        return True

    def _transposed(self, order: list[int]) -> TuckerTensor:
        factors = tuple(self.factors[mode] for mode in order)
        return TuckerTensor(tnp.transpose(self.core, tuple(order)), factors)

    def _entries(self, indices: Sequence[Any]) -> Any:
        rows = [tnp.take(f, i, axis=0) for f, i in zip(self.factors, indices, strict=True)]
        return _contracted(self.core, rows)

    def _plus(self, other: TuckerTensor) -> TuckerTensor:
        """The sum: factors side by side, cores as two blocks of a diagonal."""
        factors = zip(self.factors, other.factors, strict=True)
        return TuckerTensor(
            _block_diagonal(self.core, other.core),
            tuple(tnp.concatenate(pair, axis=1) for pair in factors),
        )

    def _times(self, other: TuckerTensor) -> TuckerTensor:
        """The entrywise product: the Kronecker product of the cores, rows of factors alike."""
        factors = tuple(
            khatri_rao([a.T, b.T]).T for a, b in zip(self.factors, other.factors, strict=True)
        )
        return TuckerTensor(tnp.kron(self.core, other.core), factors)

    def _scaled(self, factor: Any) -> TuckerTensor:
        return TuckerTensor(tnp.multiply(self.core, factor), self.factors)

    def normalize(self) -> TuckerTensor:
        """Return the same tensor with orthonormal columns in all factors.

        Returns
        -------
        TuckerTensor
            The triangular factors of QR decompositions have gone into the core, so that its norm is
            that of the tensor. A rank larger than its dimension falls to that. Differentiable where
            the factors have full column rank.
        """
        pairs = [tnp.linalg.qr(factor) for factor in self.factors]
        core = multiplied(self.core, [pair.R for pair in pairs])
        return TuckerTensor(core, tuple(pair.Q for pair in pairs))

    def to_tt(self) -> TTTensor:
        """Return the same tensor as a tensor train of the ranks that any core of its shape has."""
        from tenrso_ad.decomposition.models.tensor_train import exact_train

        return exact_train(self.core).mode_products(self.factors)

    @classmethod
    def from_tensorly(cls, tucker: Sequence[Any]) -> TuckerTensor:
        """Return the TuckerTensor of TensorLy's, or of a pair (core, factors)."""
        core, factors = tucker
        return cls(core, tuple(factors))

    def to_tensorly(self) -> Any:
        """Return TensorLy's ``TuckerTensor`` of the same core and factors."""
        from tensorly.tucker_tensor import TuckerTensor as TensorlyTuckerTensor

        return TensorlyTuckerTensor((self.core, list(self.factors)))


def multiplied(tensor: Any, matrices: Sequence[Any]) -> Any:
    """Multiply by a matrix (J_n, I_n) along each mode, those first that keep the tensor small.

    None leaves a mode as it is.
    """
    growth = {
        mode: matrix.shape[0] / max(1, matrix.shape[1])
        for mode, matrix in enumerate(matrices)
        if matrix is not None
    }
    for mode in sorted(growth, key=lambda mode: growth[mode]):
        tensor = mode_dot(tensor, matrices[mode], mode)
    return tensor


def _kronecker(factors: Sequence[Any]) -> Any:
    """The Kronecker product of matrices."""
    product = factors[0]
    for factor in factors[1:]:
        product = tnp.kron(product, factor)
    return product


def _contracted(core: Any, vectors: Sequence[Any]) -> Any:
    """The core against S outer products of vectors, each (S, R_n), as rows."""
    first, *rest = vectors
    partial = tnp.matmul(first, tnp.reshape(core, (core.shape[0], -1)))
    for vector in rest:
        count, rank = vector.shape
        partial = tnp.reshape(partial, (count, rank, partial.shape[1] // rank))
        partial = tnp.matmul(vector[:, None, :], partial)[:, 0, :]
    return partial[:, 0]


def _block_diagonal(first: Any, second: Any) -> Any:
    """Two tensors as the corners of one that is zero elsewhere."""
    after = [(0, length) for length in second.shape]
    before = [(length, 0) for length in first.shape]
    return tnp.add(tnp.pad(first, after), tnp.pad(second, before))
