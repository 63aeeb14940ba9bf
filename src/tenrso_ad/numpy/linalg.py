"""NumPy's linalg: plain arrays in, plain arrays out; tensors in, tensors out."""

from ..ops.contraction.chain import multi_dot
from ..ops.contraction.einsum import matmul, tensordot, vecdot
from ..ops.contraction.standard import cross, diagonal, outer, trace
from ..ops.linalg.norms import norm
from ..ops.linalg.qr import qr
from ..ops.linalg.solving import cholesky, det, inv, slogdet, solve
from ..ops.linalg.spectral import eigh, eigvalsh, svd, svdvals
from ..ops.shaping.permuting import matrix_transpose

__all__ = [
    "cholesky",
    "cross",
    "det",
    "diagonal",
    "eigh",
    "eigvalsh",
    "inv",
    "matmul",
    "matrix_transpose",
    "multi_dot",
    "norm",
    "outer",
    "qr",
    "slogdet",
    "solve",
    "svd",
    "svdvals",
    "tensordot",
    "trace",
    "vecdot",
]
