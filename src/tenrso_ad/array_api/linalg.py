"""Linear algebra: the extension ``linalg`` of the standard."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from .. import numpy as tnp
from .operands import lift, lift_any


def cholesky(x: Any, /, *, upper: bool = False) -> Any:
    """Cholesky factor of Hermitian positive definite matrices."""
    return tnp.linalg.cholesky(lift(x), upper=upper)


def cross(x1: Any, x2: Any, /, *, axis: int = -1) -> Any:
    """Cross product of vectors of three elements."""
    return tnp.linalg.cross(*lift_any(x1, x2), axis=axis)


def det(x: Any, /) -> Any:
    """Determinant."""
    return tnp.linalg.det(lift(x))


def diagonal(x: Any, /, *, offset: int = 0) -> Any:
    """A diagonal of each matrix."""
    return tnp.linalg.diagonal(lift(x), offset=offset)


def eigh(x: Any, /) -> Any:
    """Eigenvalues and eigenvectors of Hermitian matrices."""
    return tnp.linalg.eigh(lift(x))


def eigvalsh(x: Any, /) -> Any:
    """Eigenvalues of Hermitian matrices."""
    return tnp.linalg.eigvalsh(lift(x))


def inv(x: Any, /) -> Any:
    """Inverse."""
    return tnp.linalg.inv(lift(x))


def matmul(x1: Any, x2: Any, /) -> Any:
    """Matrix product."""
    return tnp.matmul(*lift_any(x1, x2))


def matrix_norm(
    x: Any, /, *, keepdims: bool = False, ord: float | Literal["fro", "nuc"] | None = "fro"
) -> Any:
    """Norm of matrices."""
    return tnp.linalg.matrix_norm(lift(x), keepdims=keepdims, ord=ord)


def matrix_power(x: Any, n: int, /) -> Any:
    """Square matrices to an integer power."""
    return tnp.linalg.matrix_power(lift(x), n)


def matrix_rank(x: Any, /, *, rtol: Any = None) -> Any:
    """Number of singular values above `rtol` times the largest."""
    return tnp.linalg.matrix_rank(lift(x), rtol=rtol)


def matrix_transpose(x: Any, /) -> Any:
    """The last two axes swapped."""
    return tnp.matrix_transpose(lift(x))


def outer(x1: Any, x2: Any, /) -> Any:
    """Products of all pairs of elements of two vectors."""
    return tnp.linalg.outer(*lift_any(x1, x2))


def pinv(x: Any, /, *, rtol: Any = None) -> Any:
    """Pseudo-inverse, with singular values below `rtol` times the largest left out."""
    return tnp.linalg.pinv(lift(x), rtol=rtol)


def qr(x: Any, /, *, mode: Literal["reduced", "complete"] = "reduced") -> Any:
    """QR decomposition."""
    return tnp.linalg.qr(lift(x), mode)


def slogdet(x: Any, /) -> Any:
    """Sign of the determinant and logarithm of its size."""
    return tnp.linalg.slogdet(lift(x))


def solve(x1: Any, x2: Any, /) -> Any:
    """Solution of linear equations; x2 is a vector if it has one axis, else matrices."""
    return tnp.linalg.solve(*lift_any(x1, x2))


def svd(x: Any, /, *, full_matrices: bool = True) -> Any:
    """Singular value decomposition."""
    return tnp.linalg.svd(lift(x), full_matrices)


def svdvals(x: Any, /) -> Any:
    """Singular values."""
    return tnp.linalg.svdvals(lift(x))


def tensordot(x1: Any, x2: Any, /, *, axes: int | tuple[Sequence[int], Sequence[int]] = 2) -> Any:
    """Sum of products over axes of two arrays."""
    x1, x2 = lift_any(x1, x2)
    return tnp.tensordot(x1, x2, axes)


def trace(x: Any, /, *, offset: int = 0, dtype: Any = None) -> Any:
    """Sum of a diagonal of each matrix; small integers in the default integer type."""
    return tnp.linalg.trace(lift(x), offset=offset, dtype=dtype)


def vecdot(x1: Any, x2: Any, /, *, axis: int = -1) -> Any:
    """Inner product of vectors along an axis; the first is conjugated."""
    return tnp.vecdot(*lift_any(x1, x2), axis=axis)


def vector_norm(
    x: Any,
    /,
    *,
    axis: int | tuple[int, ...] | None = None,
    keepdims: bool = False,
    ord: float = 2,
) -> Any:
    """Norm of vectors along axes."""
    return tnp.linalg.vector_norm(lift(x), axis=axis, keepdims=keepdims, ord=ord)


__all__ = [
    "cholesky",
    "cross",
    "det",
    "diagonal",
    "eigh",
    "eigvalsh",
    "inv",
    "matmul",
    "matrix_norm",
    "matrix_power",
    "matrix_rank",
    "matrix_transpose",
    "outer",
    "pinv",
    "qr",
    "slogdet",
    "solve",
    "svd",
    "svdvals",
    "tensordot",
    "trace",
    "vecdot",
    "vector_norm",
]
