"""Tensor trains by truncated singular value decompositions, differentiable in the tensor."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np

from tenrso_ad import numpy as tnp
from tenrso_ad.decomposition.kernels import as_array
from tenrso_ad.decomposition.models import TTTensor
from tenrso_ad.decomposition.models.base import conjugate
from tenrso_ad.decomposition.models.chains import bond_ranks
from tenrso_ad.engine.errors import DegenerateWarning, DTypeError, ShapeError
from tenrso_ad.engine.trace import Tracer
from tenrso_ad.ops.declare import inside
from tenrso_ad.transforms import custom_jvp

__all__ = ["tt_svd"]

_NOISE = 4  # times length * eps * the largest singular value: a smaller gap counts as none


def tt_svd(X: Any, ranks: int | Sequence[int]) -> TTTensor:
    """Approximate a tensor by a tensor train of given ranks, by truncated SVDs of its unfoldings.

    Parameters
    ----------
    X : array_like, shape (I_1, ..., I_N)
        Of real or complex floating-point numbers.
    ranks : int or sequence of int
        The largest ranks allowed: one number, the N - 1 inner ranks, or N + 1 with the ones at both
        ends. Ranks larger than the unfoldings allow fall.

    Returns
    -------
    TTTensor
        Left-orthogonal. Its error is at most sqrt(N - 1) times that of the best approximation of
        these ranks.

    Warns
    -----
    DegenerateWarning
        In a derivative, where the smallest singular value that is kept is, to rounding, as large as
        one that is discarded: the approximation has no derivative there, and the turns between
        such values are left out. It also comes where what is kept is zero to rounding.

    Raises
    ------
    ArgumentError
        Where a rank is below 1 or their number is wrong.
    DTypeError, ShapeError
        Where X is not of floating-point numbers, has no modes, or has no entries.

    Notes
    -----
    The derivative is that of the approximant: it holds what is discarded, and does not mind equal
    singular values among those that are kept. The cores are determined up to a rotation at each
    bond; they are differentiated in the frame that turns least (U^H dU = 0), so that functions
    of the tensor (`to_dense`, `norm`, `inner`, `squared_error`) have their right derivatives, and
    what depends on the frame does not have a meaning. Derivatives of second and higher order want
    different singular values.

    References
    ----------
    Oseledets, Tensor-train decomposition, SIAM Journal on Scientific Computing 33 (2011),
    algorithm 1; Francuz, Schuch and Vanhecke, Stable and efficient differentiation of tensor
    network algorithms, Physical Review Research 7 (2025).

    Examples
    --------
    >>> import numpy as np
    >>> import tenrso_ad as ta
    >>> x = np.array([[3.0, 0.0], [0.0, 1.0]])
    >>> tt_svd(x, 1).to_dense()
    array([[3., 0.],
           [0., 0.]])
    >>> ta.grad(lambda x: tt_svd(x, 1).squared_norm())(x)
    array([[6., 0.],
           [0., 0.]])
    """
    tensor = as_array(X)
    if tensor.ndim == 0 or 0 in tensor.shape:
        raise ShapeError(
            f"tt_svd: wanted a tensor of one mode or more, with entries, got shape {tensor.shape}"
        )
    if np.dtype(tensor.dtype).kind not in "fc":
        raise DTypeError(f"tt_svd: wanted floating-point numbers, got {tensor.dtype}; convert them")
    shape = tuple(tensor.shape)
    cores = []
    rest, before = tensor, 1
    limits = bond_ranks("tt_svd", ranks, len(shape) - 1)
    for length, limit in zip(shape, limits, strict=False):
        matrix = tnp.reshape(rest, (before * length, -1))
        rank = min(limit, *matrix.shape)
        left, rest = _truncated(matrix, rank)
        cores.append(tnp.reshape(left, (before, length, rank)))
        before = rank
    cores.append(tnp.reshape(rest, (before, shape[-1], 1)))
    return TTTensor(tuple(cores))


@custom_jvp
def _truncated(matrix: Any, rank: int) -> tuple[Any, Any]:
    """Orthonormal columns U and U^H A, whose product is the best approximation of the rank."""
    return _split(matrix, tnp.linalg.svd(matrix, full_matrices=False)[0], rank)


def _split(matrix: Any, left: Any, rank: int) -> tuple[Any, Any]:
    kept = left[:, :rank]
    return kept, tnp.matmul(conjugate(kept).T, matrix)


@_truncated.defjvp
def _truncated_jvp(primals: Any, tangents: Any) -> tuple[Any, Any]:
    """The change of the leading left space, and from it that of the two factors.

    With D = U^H dA V, the left vector i that is kept turns to the discarded vector j by
    (s_i D_ji + s_j conj(D_ij)) / (s_i^2 - s_j^2), and leaves the span of all by D_ji / s_i.
    """
    (matrix, rank), (change, _) = primals, tangents
    left, values, right = tnp.linalg.svd(matrix, full_matrices=False)
    _check_gap(values, rank, tuple(matrix.shape))
    kept, large = left[:, :rank], values[:rank]
    of_right = tnp.matmul(change, conjugate(right[:rank]).T)  # dA V, of what is kept
    inner = tnp.matmul(conjugate(left).T, of_right)
    turned = tnp.zeros_like(kept)
    if left.shape[0] > left.shape[1]:
        outside = tnp.subtract(of_right, tnp.matmul(left, inner))
        turned = tnp.multiply(outside, _inverse(large, large, matrix.shape))
    if rank < left.shape[1]:
        rest, small = left[:, rank:], values[rank:, None]
        back = tnp.matmul(conjugate(kept).T, tnp.matmul(change, conjugate(right[rank:]).T))
        by_gap = _inverse(tnp.subtract(large, small), values[:1], matrix.shape)
        by_sum = tnp.divide(by_gap, tnp.add(large, small))
        mixed = tnp.add(tnp.multiply(inner[rank:], large), tnp.multiply(conjugate(back).T, small))
        turned = tnp.add(turned, tnp.matmul(rest, tnp.multiply(mixed, by_sum)))
    if isinstance(matrix, Tracer):  # its frame turns otherwise than that of the singular vectors
        out = _truncated(matrix, rank)
        turned = tnp.matmul(turned, tnp.matmul(conjugate(kept).T, out[0]))
    else:
        out = _split(matrix, left, rank)
    carried = tnp.add(
        tnp.matmul(conjugate(turned).T, matrix), tnp.matmul(conjugate(out[0]).T, change)
    )
    return out, (turned, carried)


def _noise(values: Any, shape: Sequence[int]) -> Any:
    return tnp.multiply(values[:1], _NOISE * max(shape) * float(np.finfo(values.dtype).eps))


def _inverse(gaps: Any, values: Any, shape: Sequence[int]) -> Any:
    """One over each gap; zero where it is lost in rounding."""
    blind = gaps <= _noise(values, shape)
    return tnp.where(blind, 0, tnp.divide(1, tnp.where(blind, 1, gaps)))


def _check_gap(values: Any, rank: int, shape: tuple[int, int]) -> None:
    """Warn where kept and discarded singular values are the same to rounding."""
    if rank == shape[0]:
        return  # all of the left space is kept, and it does not turn
    found = inside(values)
    if found is None:
        return  # a function that is compiled: nothing is known yet
    found = np.asarray(found)
    gap = found[..., rank - 1] - (found[..., rank] if rank < min(shape) else 0)
    noise = _NOISE * max(shape) * np.finfo(found.dtype).eps * found[..., 0]
    if np.any(gap <= noise):
        warnings.warn(
            f"tt_svd: no derivative at a bond of rank {rank}: a singular value that is kept is, to "
            "rounding, as large as one that is discarded. Their turns are left out; take another "
            "rank.",
            DegenerateWarning,
            stacklevel=2,
        )
