"""NumPy's linalg: plain arrays in, plain arrays out; tensors in, tensors out."""

from ..ops.contraction.einsum import matmul, tensordot, vecdot
from ..ops.contraction.products import outer
from ..ops.linalg.norms import norm
from ..ops.linalg.qr import qr
from ..ops.linalg.solving import cholesky, det, inv, slogdet, solve
from ..ops.linalg.spectral import eigh, eigvalsh, svd, svdvals
from ..ops.shaping.permuting import matrix_transpose

__all__ = [
    "cholesky",
    "det",
    "eigh",
    "eigvalsh",
    "inv",
    "matmul",
    "matrix_transpose",
    "norm",
    "outer",
    "qr",
    "slogdet",
    "solve",
    "svd",
    "svdvals",
    "tensordot",
    "vecdot",
]
