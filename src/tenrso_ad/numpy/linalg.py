"""NumPy's linalg: plain arrays in, plain arrays out; tensors in, tensors out."""

from ..ops.contraction import matmul, tensordot, vecdot
from ..ops.linalg import cholesky, det, inv, slogdet, solve
from ..ops.norms import norm
from ..ops.permuting import matrix_transpose
from ..ops.products import outer
from ..ops.qr import qr
from ..ops.spectral import eigh, eigvalsh, svd, svdvals

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
