"""The canonical polyadic format: a weighted sum of outer products."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from tenrso_ad import numpy as tnp
from tenrso_ad.decomposition.kernels import (
    all_but_one,
    as_array,
    grams,
    hadamard,
    halfway,
    rows,
)
from tenrso_ad.decomposition.models.base import Model, conjugate, unit
from tenrso_ad.engine import tree
from tenrso_ad.engine.errors import ShapeError
from tenrso_ad.ops.declare import namespace_inside, zeros_like

if TYPE_CHECKING:
    from tenrso_ad.decomposition.models.tensor_train import TTTensor
    from tenrso_ad.decomposition.models.tucker import TuckerTensor

__all__ = ["CPTensor"]


@tree.register_dataclass
@dataclass(frozen=True, eq=False, repr=False)
class CPTensor(Model):
    """A tensor in canonical polyadic form: a weighted sum of R outer products.

    Entry (i_1, ..., i_N) is the sum over r of ``weights[r] * factors[0][i_1, r] * ... *
    factors[N-1][i_N, r]``. It is a pytree of the weights and the factors: transforms walk it, and
    the gradient of a CPTensor is a CPTensor.

    Parameters
    ----------
    weights : array_like, shape (R,), or None
        The weight of each component; None for ones.
    factors : sequence of array_like, each of shape (I_n, R)
        One factor matrix a mode, two modes or more.

    Raises
    ------
    ShapeError
        Where the weights and factors do not have these shapes.

    Examples
    --------
    >>> import numpy as np
    >>> model = CPTensor([2.0], [np.array([[1.0], [2.0]]), np.array([[1.0], [0.0], [3.0]])])
    >>> model
    CPTensor(shape=(2, 3), rank=1)
    >>> model.to_dense()
    array([[ 2.,  0.,  6.],
           [ 4.,  0., 12.]])
    """

    weights: Any
    factors: tuple[Any, ...]

    def __post_init__(self) -> None:
        factors = tuple(as_array(factor) for factor in self.factors)
        shapes = [tuple(factor.shape) for factor in factors]
        if len(shapes) < 2 or any(len(s) != 2 or s[1] != shapes[0][1] for s in shapes):
            got = ", ".join(map(str, shapes)) or "none"
            raise ShapeError(
                f"CPTensor: wanted two or more factors of shapes (I_n, R) with one R, got {got}"
            )
        rank = shapes[0][1]
        if rank == 0:
            raise ShapeError("CPTensor: wanted a rank of 1 or more, got factors without columns")
        if self.weights is None:
            weights = namespace_inside(factors[0]).ones(rank, dtype=factors[0].dtype)
        else:
            weights = as_array(self.weights)
        if tuple(weights.shape) != (rank,):
            raise ShapeError(
                f"CPTensor: wanted weights of shape ({rank},) to go with factors of {rank} "
                f"columns, got {tuple(weights.shape)}"
            )
        object.__setattr__(self, "weights", weights)
        object.__setattr__(self, "factors", factors)

    def __repr__(self) -> str:
        if any(not hasattr(factor, "shape") for factor in self.factors):
            return f"CPTensor(weights={self.weights!r}, factors={self.factors!r})"
        return f"CPTensor(shape={self.shape}, rank={self.rank})"

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of the dense tensor."""
        return tuple(factor.shape[0] for factor in self.factors)

    @property
    def dtype(self) -> Any:
        """The dtype of the first factor."""
        return self.factors[0].dtype

    @property
    def rank(self) -> int:
        """The number of components."""
        return int(self.factors[0].shape[1])

    @property
    def cut(self) -> int:
        """How many leading modes stand in the first of the two `halves`."""
        return halfway(self.shape)

    def halves(self) -> tuple[Any, Any]:
        """Return two matrices whose product is the tensor as a matrix; see `Model.halves`."""
        cut = self.cut
        left = tnp.multiply(rows(self.factors[:cut]), tnp.reshape(self.weights, (-1, 1)))
        return left.T, rows(self.factors[cut:])

    def squared_norm(self) -> Any:
        """Return the square of the Frobenius norm: O(sum(I_n) R^2)."""
        product = hadamard(grams(self.factors))
        weights = self.weights
        return tnp.real(tnp.matmul(tnp.matmul(conjugate(weights), product), weights))

    def against(self, rows: Sequence[Any]) -> Any:
        """Return the inner products with S outer products of vectors: O(sum(I_n) R S)."""
        return tnp.matmul(hadamard(self._products(rows)), self.weights)

    def mttkrps(self, factors: Sequence[Any]) -> tuple[Any, ...]:
        """Return the MTTKRP of every mode, from products of factors: O(sum(I_n) R S)."""
        products = self._products([factor.T for factor in factors])
        others = all_but_one(products)
        return tuple(
            tnp.matmul(factor, tnp.multiply(other, self.weights).T)
            for factor, other in zip(self.factors, others, strict=True)
        )

    def _products(self, rows: Sequence[Any]) -> list[Any]:
        """Vectors (S, I_n) against the factors, shape (S, R), mode by mode."""
        return [tnp.matmul(row, factor) for row, factor in zip(rows, self.factors, strict=True)]

    def mode_products(self, matrices: Sequence[Any]) -> CPTensor:
        """Multiply by a matrix along each mode; None leaves a mode as it is."""
        factors = [
            factor if matrix is None else tnp.matmul(matrix, factor)
            for matrix, factor in zip(matrices, self.factors, strict=True)
        ]
        return CPTensor(self.weights, tuple(factors))

    def _reorders(self, order: list[int]) -> bool:
        return True

    def _transposed(self, order: list[int]) -> CPTensor:
        return CPTensor(self.weights, tuple(self.factors[mode] for mode in order))

    def _entries(self, indices: Sequence[Any]) -> Any:
        picked = [
            tnp.take(factor, i, axis=0) for factor, i in zip(self.factors, indices, strict=True)
        ]
        return tnp.matmul(hadamard(picked), self.weights)

    def _plus(self, other: CPTensor) -> CPTensor:
        factors = zip(self.factors, other.factors, strict=True)
        return CPTensor(
            tnp.concatenate([self.weights, other.weights]),
            tuple(tnp.concatenate(pair, axis=1) for pair in factors),
        )

    def _times(self, other: CPTensor) -> CPTensor:
        """The entrywise product: R times S components, all pairs of columns."""
        rank = self.rank * other.rank
        factors = tuple(
            tnp.reshape(tnp.multiply(a[:, :, None], b[:, None, :]), (a.shape[0], rank))
            for a, b in zip(self.factors, other.factors, strict=True)
        )
        return CPTensor(tnp.reshape(tnp.outer(self.weights, other.weights), (rank,)), factors)

    def _scaled(self, factor: Any) -> CPTensor:
        return CPTensor(tnp.multiply(self.weights, factor), self.factors)

    def to_tucker(self) -> TuckerTensor:
        """Return the same tensor in Tucker form: the core is diagonal, with the weights on it."""
        from tenrso_ad.decomposition.models.tucker import TuckerTensor

        modes, rank = self.ndim, self.rank
        places = sum(rank**power for power in range(modes)) * np.arange(rank)
        core = tnp.at(zeros_like(self.weights, (rank**modes,)))[places].set(self.weights)
        return TuckerTensor(tnp.reshape(core, (rank,) * modes), self.factors)

    def to_tt(self) -> TTTensor:
        """Return the same tensor as a tensor train; the slices of its cores are diagonal."""
        from tenrso_ad.decomposition.models.tensor_train import TTTensor

        first, *middle, last = self.factors
        diagonal = unit(self.rank, self.weights)[:, None, :]
        cores = [tnp.multiply(first, self.weights)[None]]
        cores += [tnp.multiply(diagonal, factor[None]) for factor in middle]
        return TTTensor((*cores, last.T[:, :, None]))

    def normalize(self) -> CPTensor:
        """Return the same tensor with unit columns, in the order of falling weight.

        All weights are positive or zero. In every mode but the last the entry of largest
        magnitude in each column is positive; the last mode takes the sign. Components with a zero
        column get weight zero. The parts have to be plain arrays.
        """
        weights = np.array(self.weights)
        factors = []
        for factor in self.factors:
            norms = np.linalg.norm(factor, axis=0)
            factors.append(factor / np.where(norms > 0, norms, 1).astype(norms.dtype))
            weights = weights * norms
        signs = np.where(weights < 0, -1, 1).astype(weights.dtype)
        weights = weights * signs
        for mode, factor in enumerate(factors[:-1]):
            peaks = np.take_along_axis(factor, np.abs(factor).argmax(axis=0)[None], axis=0)[0]
            flips = np.where(peaks < 0, -1, 1).astype(weights.dtype)
            factors[mode] = factor * flips
            signs = signs * flips
        factors[-1] = factors[-1] * signs
        order = np.argsort(-weights, kind="stable")
        return CPTensor(weights[order], tuple(factor[:, order] for factor in factors))

    @classmethod
    def from_tensorly(cls, cp: Sequence[Any]) -> CPTensor:
        """Return the CPTensor of TensorLy's ``CPTensor`` or of a pair (weights, factors)."""
        weights, factors = cp
        return cls(weights, tuple(factors))

    def to_tensorly(self) -> Any:
        """Return TensorLy's ``CPTensor`` of the same weights and factors."""
        from tensorly.cp_tensor import CPTensor as TensorlyCPTensor

        return TensorlyCPTensor((self.weights, list(self.factors)))
