"""The tensor ring: a closed chain of cores, one a mode."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tenrso_ad import numpy as tnp
from tenrso_ad.decomposition.kernels import halfway
from tenrso_ad.decomposition.models import chains
from tenrso_ad.decomposition.models.base import Model, conjugate, unit
from tenrso_ad.decomposition.models.tensor_train import TTTensor
from tenrso_ad.engine import tree
from tenrso_ad.engine.errors import ShapeError

__all__ = ["TensorRing"]


@tree.register_dataclass
@dataclass(frozen=True, eq=False, repr=False)
class TensorRing(Model):
    """A tensor ring: entry (i_1, ..., i_N) is the trace of a product of matrices, one a mode.

    It is the trace of ``cores[0][:, i_1, :] @ ... @ cores[N-1][:, i_N, :]``, and a pytree of the
    cores.

    Parameters
    ----------
    cores : sequence of array_like, of shapes (r_{n-1}, I_n, r_n)
        One core a mode; r_N = r_0.

    Raises
    ------
    ShapeError
        Where the cores do not have such shapes, or a rank is zero.

    References
    ----------
    Zhao, Zhou, Xie, Zhang and Cichocki, Tensor ring decomposition (2016).

    Examples
    --------
    >>> import numpy as np
    >>> ring = TensorRing([np.ones((2, 3, 2)), np.ones((2, 4, 2))])
    >>> ring
    TensorRing(shape=(3, 4), ranks=(2, 2, 2))
    >>> ring.to_dense()[0]
    array([4., 4., 4., 4.])
    """

    cores: tuple[Any, ...]

    def __post_init__(self) -> None:
        cores = chains.checked_cores("TensorRing", self.cores, 3)
        if cores[0].shape[0] != cores[-1].shape[-1]:
            raise ShapeError(
                "TensorRing: wanted the last rank to be the first, got "
                f"{cores[0].shape[0]} and {cores[-1].shape[-1]}"
            )
        object.__setattr__(self, "cores", cores)

    def __repr__(self) -> str:
        return chains.represented("TensorRing", self)

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
        """The ranks r_0, ..., r_N, of which the last is the first."""
        return (*(core.shape[0] for core in self.cores), self.cores[0].shape[0])

    @property
    def cut(self) -> int:
        """How many leading modes stand in the first of the two `halves`."""
        return halfway(self.shape) if self.ndim > 1 else 1

    def halves(self) -> tuple[Any, Any]:
        """Return two matrices whose product is the tensor as a matrix; see `Model.halves`."""
        cut, around = self.cut, self.ranks[0]
        left, right = math.prod(self.shape[:cut]), math.prod(self.shape[cut:])
        first = tnp.reshape(chains.prefixes(self.cores[:cut])[-1], (around, left, -1))
        first = tnp.reshape(tnp.transpose(first, (1, 0, 2)), (left, -1))
        if cut == self.ndim:
            return first, tnp.reshape(unit(around, first), (-1, 1))
        last = tnp.reshape(chains.suffixes(self.cores[cut:])[0], (-1, right, around))
        return first, tnp.reshape(tnp.transpose(last, (2, 0, 1)), (-1, right))

    def squared_norm(self) -> Any:
        """Return the square of the Frobenius norm: O(sum(I_n) r^5)."""
        return tnp.real(chains.inner([conjugate(core) for core in self.cores], self.cores))

    def against(self, rows: Sequence[Any]) -> Any:
        """Return the inner products with S outer products of vectors: O(S N r^3)."""
        return chains.along(self._matrices(rows))

    def _matrices(self, rows: Sequence[Any]) -> list[Any]:
        return [chains.contracted(core, row) for core, row in zip(self.cores, rows, strict=True)]

    def mttkrps(self, factors: Sequence[Any]) -> tuple[Any, ...]:
        """Return the MTTKRP of every mode, from products on the left and on the right."""
        return chains.mttkrps(self.cores, self._matrices([factor.T for factor in factors]))

    def mode_products(self, matrices: Sequence[Any]) -> TensorRing:
        """Multiply by a matrix along each mode; None leaves a mode as it is."""
        return TensorRing(chains.mode_products(self.cores, matrices))

    def _reorders(self, order: list[int]) -> bool:
        return order in (list(range(self.ndim)), list(range(self.ndim))[::-1])

    def _transposed(self, order: list[int]) -> TensorRing:
        if order == list(range(self.ndim)):
            return self
        return TensorRing(chains.turned(self.cores))

    def _entries(self, indices: Sequence[Any]) -> Any:
        return chains.along(chains.slices(self.cores, indices))

    def _plus(self, other: TensorRing) -> TensorRing:
        return TensorRing(chains.added(self.cores, other.cores, ring=True))

    def _times(self, other: TensorRing) -> TensorRing:
        """The entrywise product: ranks multiply."""
        return TensorRing(chains.entrywise(self.cores, other.cores))

    def _scaled(self, factor: Any) -> TensorRing:
        return TensorRing((tnp.multiply(self.cores[0], factor), *self.cores[1:]))

    def to_tt(self) -> TTTensor:
        """Return the same tensor as a train, whose inner ranks are r_0 times as large."""
        around = self.ranks[0]
        same = unit(around, self.cores[0])[:, None, :]
        first, *rest = self.cores
        if not rest:
            return TTTensor((tnp.trace(first, axis1=0, axis2=2)[None, :, None],))
        cores = [tnp.reshape(tnp.transpose(first, (1, 0, 2)), (1, first.shape[1], -1))]
        cores += [_beside(same, core) for core in rest[:-1]]
        last = tnp.reshape(tnp.transpose(rest[-1], (2, 0, 1)), (-1, rest[-1].shape[1], 1))
        return TTTensor((*cores, last))

    @classmethod
    def from_tensorly(cls, ring: Any) -> TensorRing:
        """Return the TensorRing of TensorLy's ``TRTensor``, or of a sequence of cores."""
        return cls(tuple(getattr(ring, "factors", ring)))

    def to_tensorly(self) -> Any:
        """Return TensorLy's ``TRTensor`` of the same cores."""
        from tensorly.tr_tensor import TRTensor

        return TRTensor(list(self.cores))


def _beside(same: Any, core: Any) -> Any:
    """The core, with the rank of the ring carried along unchanged."""
    around = same.shape[0]
    pairs = tnp.multiply(same[:, None, :, :, None], core[None, :, :, None, :])
    return tnp.reshape(pairs, (around * core.shape[0], core.shape[1], around * core.shape[2]))
