"""NumPy's names for products of arrays that sum: einsum and its kin, and convolutions."""

from __future__ import annotations

from ..ops.contraction.convolution import convolve, convolve_nd, correlate
from ..ops.contraction.einsum import einsum, matmul, tensordot, vecdot
from ..ops.contraction.path import einsum_path
from ..ops.contraction.products import dot, inner, kron, outer, vdot
from ..ops.contraction.vectors import cross, matvec, vecmat

__all__ = [
    "convolve",
    "convolve_nd",
    "correlate",
    "cross",
    "dot",
    "einsum",
    "einsum_path",
    "inner",
    "kron",
    "matmul",
    "matvec",
    "outer",
    "tensordot",
    "vdot",
    "vecdot",
    "vecmat",
]
