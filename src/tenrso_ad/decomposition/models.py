"""Decomposed tensors as pytrees: a model holds its parts, and never the dense tensor."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tenrso_ad import numpy as tnp
from tenrso_ad.decomposition.kernels import as_array, grams, hadamard, halfway, rows
from tenrso_ad.engine import tree
from tenrso_ad.engine.errors import ShapeError

__all__ = ["CPTensor"]


@tree.register_dataclass
@dataclass(frozen=True, eq=False, repr=False)
class CPTensor:
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
        if self.weights is None:
            weights = np.ones(rank, dtype=factors[0].dtype)
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
    def ndim(self) -> int:
        """The number of modes."""
        return len(self.factors)

    @property
    def rank(self) -> int:
        """The number of components."""
        return int(self.factors[0].shape[1])

    def to_dense(self) -> Any:
        """Return the tensor with all its entries.

        Returns
        -------
        ndarray or Tensor, shape (I_1, ..., I_N)
            Differentiable in weights and factors.
        """
        cut = halfway(self.shape)
        left = tnp.multiply(rows(self.factors[:cut]), tnp.reshape(self.weights, (-1, 1)))
        return tnp.reshape(tnp.matmul(left.T, rows(self.factors[cut:])), self.shape)

    def norm(self) -> Any:
        """Return the Frobenius norm, from the Gram matrices of the factors.

        Returns
        -------
        scalar or Tensor
            Of the factors' dtype. It loses digits where components cancel each other: the error
            of its square is rounding times the squared norms of the components.
        """
        square = tnp.maximum(squared_norm(self), 0)
        return tnp.where(square > 0, tnp.sqrt(square), 0)  # so that its gradient at 0 is 0

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


def squared_norm(model: CPTensor) -> Any:
    """The squared Frobenius norm of a CP tensor, from Gram matrices: O(sum(I_n) R^2)."""
    product = hadamard(grams(model.factors))
    weights = model.weights
    return tnp.real(tnp.matmul(tnp.matmul(tnp.conj(weights), product), weights))


def squared_norm_gradient(model: CPTensor) -> CPTensor:
    """The gradient of the squared norm of a real CP tensor in weights and factors."""
    weights, matrices = model.weights, grams(model.factors)
    products = tnp.outer(weights, weights)
    gradients = []
    for mode, factor in enumerate(model.factors):
        others = hadamard([m for other, m in enumerate(matrices) if other != mode])
        gradients.append(2 * tnp.matmul(factor, tnp.multiply(products, others)))
    return CPTensor(2 * tnp.matmul(hadamard(matrices), weights), tuple(gradients))
