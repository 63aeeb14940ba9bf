"""The tensor train: a chain of cores, one a mode."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tenrso_ad import numpy as tnp
from tenrso_ad.decomposition.kernels import as_array, halfway
from tenrso_ad.decomposition.models import chains
from tenrso_ad.decomposition.models.base import Model, conjugate, unit
from tenrso_ad.engine import tree
from tenrso_ad.engine.errors import ArgumentError, ShapeError

__all__ = ["TTTensor"]


@tree.register_dataclass
@dataclass(frozen=True, eq=False, repr=False)
class TTTensor(Model):
    """A tensor train: entry (i_1, ..., i_N) is a product of matrices, one a mode.

    It is ``cores[0][:, i_1, :] @ cores[1][:, i_2, :] @ ... @ cores[N-1][:, i_N, :]``, a matrix of
    one entry. It is a pytree of the cores: transforms walk it, and the gradient of a TTTensor is a
    TTTensor.

    Parameters
    ----------
    cores : sequence of array_like, of shapes (r_{n-1}, I_n, r_n)
        One core a mode; r_0 = r_N = 1.

    Raises
    ------
    ShapeError
        Where the cores do not have such shapes, or a rank is zero.

    References
    ----------
    Oseledets, Tensor-train decomposition, SIAM Journal on Scientific Computing 33 (2011).

    Examples
    --------
    >>> import numpy as np
    >>> model = TTTensor([np.array([[[1.0], [2.0]]]), np.array([[[1.0], [0.0], [3.0]]])])
    >>> model
    TTTensor(shape=(2, 3), ranks=(1, 1, 1))
    >>> model.to_dense()
    array([[1., 0., 3.],
           [2., 0., 6.]])
    """

    cores: tuple[Any, ...]

    def __post_init__(self) -> None:
        cores = chains.checked_cores("TTTensor", self.cores, 3)
        if cores[0].shape[0] != 1 or cores[-1].shape[-1] != 1:
            raise ShapeError(
                "TTTensor: wanted first and last ranks of 1, got "
                f"{cores[0].shape[0]} and {cores[-1].shape[-1]}; TensorRing takes others, if equal"
            )
        object.__setattr__(self, "cores", cores)

    def __repr__(self) -> str:
        return chains.represented("TTTensor", self)

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of the dense tensor."""
        return tuple(core.shape[1] for core in self.cores)

    @property
    def dtype(self) -> Any:
        """The dtype of the first core."""
        return self.cores[0].dtype

    @property
    def ranks(self) -> tuple[int, ...]:
        """The ranks r_0, ..., r_N, of which the first and the last are 1."""
        return (*(core.shape[0] for core in self.cores), 1)

    @property
    def cut(self) -> int:
        """How many leading modes stand in the first of the two `halves`."""
        return halfway(self.shape) if self.ndim > 1 else 1

    def halves(self) -> tuple[Any, Any]:
        """Return two matrices whose product is the tensor as a matrix; see `Model.halves`."""
        left = chains.prefixes(self.cores[: self.cut])[-1]
        last = self.cores[self.cut :]
        right = chains.suffixes(last)[0] if last else unit(1, left)
        return left, right

    def squared_norm(self) -> Any:
        """Return the square of the Frobenius norm: O(sum(I_n) r^3)."""
        return tnp.real(chains.inner([conjugate(core) for core in self.cores], self.cores))

    def against(self, rows: Sequence[Any]) -> Any:
        """Return the inner products with S outer products of vectors: O(S sum(I_n) r^2)."""
        return chains.along(self._matrices(rows))

    def _matrices(self, rows: Sequence[Any]) -> list[Any]:
        """Each core contracted with S vectors, shape (S, r_{n-1}, r_n)."""
        return [chains.contracted(core, row) for core, row in zip(self.cores, rows, strict=True)]

    def mttkrps(self, factors: Sequence[Any]) -> tuple[Any, ...]:
        """Return the MTTKRP of every mode, from products on the left and on the right."""
        return chains.mttkrps(self.cores, self._matrices([factor.T for factor in factors]))

    def mode_products(self, matrices: Sequence[Any]) -> TTTensor:
        """Multiply by a matrix along each mode; None leaves a mode as it is."""
        return TTTensor(chains.mode_products(self.cores, matrices))

    def _reorders(self, order: list[int]) -> bool:
        return order in (list(range(self.ndim)), list(range(self.ndim))[::-1])

    def _transposed(self, order: list[int]) -> TTTensor:
        if order == list(range(self.ndim)):
            return self
        return TTTensor(chains.turned(self.cores))

    def _entries(self, indices: Sequence[Any]) -> Any:
        return chains.along(chains.slices(self.cores, indices))

    def _plus(self, other: TTTensor) -> TTTensor:
        return TTTensor(chains.added(self.cores, other.cores))

    def _times(self, other: TTTensor) -> TTTensor:
        """The entrywise product: ranks multiply."""
        return TTTensor(chains.entrywise(self.cores, other.cores))

    def _scaled(self, factor: Any) -> TTTensor:
        return TTTensor((tnp.multiply(self.cores[0], factor), *self.cores[1:]))

    def to_tt(self) -> TTTensor:
        """Return the tensor itself."""
        return self

    def orthogonalize(self, center: int = -1) -> TTTensor:
        """Return the same tensor with orthonormal cores on both sides of one core.

        Parameters
        ----------
        center : int, optional
            The mode that keeps the norm; by default the last.

        Returns
        -------
        TTTensor
            Each core before the center, as a matrix (r_{n-1} I_n, r_n), has orthonormal columns;
            each after it, as (r_{n-1}, I_n r_n), orthonormal rows. Ranks larger than these
            matrices allow fall. Differentiable where the matrices have full rank.

        Raises
        ------
        AxisError
            Where there is no such mode.
        """
        return TTTensor(chains.orthogonalized(self.cores, center))

    def normalize(self) -> TTTensor:
        """Return the same tensor, left-orthogonal: all its norm is in the last core."""
        return self.orthogonalize()

    def round(self, ranks: int | Sequence[int] | None = None, tolerance: float = 0.0) -> TTTensor:
        """Return a tensor train of smaller ranks that is near this one.

        Parameters
        ----------
        ranks : int or sequence of int, optional
            The largest ranks allowed: one number, or N - 1 inner ones (N + 1 with the ones at both
            ends).
        tolerance : float, optional
            The error allowed, relative to the norm: ranks are as small as it permits. With zero
            only what is zero to rounding is cut off.

        Returns
        -------
        TTTensor
            Left-orthogonal, with an error of at most `tolerance` times the norm (unless `ranks`
            forbid it), and at most sqrt(N - 1) times that of the best approximation of its ranks.
            It differentiates as long as its ranks stay and the singular values that are kept
            differ from those that are not.

        Raises
        ------
        ArgumentError
            Where a rank is below 1, their number is wrong, or the tolerance is negative.

        References
        ----------
        Oseledets (2011), algorithm 2.

        Examples
        --------
        >>> import numpy as np
        >>> rng = np.random.default_rng(0)
        >>> train = TTTensor([rng.normal(size=s) for s in ((1, 4, 2), (2, 4, 2), (2, 4, 1))])
        >>> (train + train).ranks, (train + train).round().ranks
        ((1, 4, 4, 1), (1, 2, 2, 1))
        """
        if not tolerance >= 0:
            raise ArgumentError(f"TTTensor.round: wanted a tolerance of 0 or more, got {tolerance}")
        inner = self.ndim - 1
        limits = [math.inf] * inner
        if ranks is not None:
            limits = [float(rank) for rank in chains.bond_ranks("TTTensor.round", ranks, inner)]
        return TTTensor(chains.rounded(self.cores, limits, tolerance))

    @classmethod
    def from_tensorly(cls, train: Any) -> TTTensor:
        """Return the TTTensor of TensorLy's, or of a sequence of cores."""
        return cls(tuple(getattr(train, "factors", train)))

    def to_tensorly(self) -> Any:
        """Return TensorLy's ``TTTensor`` of the same cores."""
        from tensorly.tt_tensor import TTTensor as TensorlyTTTensor

        return TensorlyTTTensor(list(self.cores))


def exact_train(tensor: Any) -> TTTensor:
    """A dense tensor as a train of the largest ranks, without any factorisation.

    The cores before the largest bond and after it are unit matrices; one core in the middle holds
    the entries.
    """
    tensor = as_array(tensor)
    shape = tuple(tensor.shape)
    before = [math.prod(shape[:mode]) for mode in range(len(shape) + 1)]
    after = [math.prod(shape[mode:]) for mode in range(len(shape) + 1)]
    ranks = [min(pair) for pair in zip(before, after, strict=True)]
    center = next(
        m for m in range(len(shape)) if before[m] <= after[m] and before[m + 1] >= after[m + 1]
    )
    cores = []
    for mode, length in enumerate(shape):
        kind = (ranks[mode], length, ranks[mode + 1])
        if mode == center:
            cores.append(tnp.reshape(tensor, kind))
        else:
            cores.append(tnp.reshape(unit(max(ranks[mode], ranks[mode + 1]), tensor), kind))
    return TTTensor(tuple(cores))
