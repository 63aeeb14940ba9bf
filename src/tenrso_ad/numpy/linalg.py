"""NumPy's linalg, and beside it functions of scipy.linalg that NumPy lacks.

Plain arrays in, plain arrays out; tensors in, tensors out. All take stacks of matrices.
"""

from numpy.linalg import LinAlgError

from ..ops.contraction.chain import multi_dot
from ..ops.contraction.einsum import matmul, tensordot, vecdot
from ..ops.contraction.standard import cross, diagonal, outer, trace
from ..ops.linalg.banded import solve_banded, solveh_banded
from ..ops.linalg.determinants import det, slogdet
from ..ops.linalg.eigen import eig, eigvals
from ..ops.linalg.functions import expm, logm, sqrtm
from ..ops.linalg.least_squares import lstsq, matrix_rank, pinv
from ..ops.linalg.lu import lu, lu_factor, lu_solve
from ..ops.linalg.norms import cond, matrix_norm, norm, vector_norm
from ..ops.linalg.qr import qr
from ..ops.linalg.solving import cholesky, inv, matrix_power, solve
from ..ops.linalg.spectral import eigh, eigvalsh, polar, svd, svdvals
from ..ops.linalg.structured import block_diag, circulant, hankel, toeplitz
from ..ops.linalg.sylvester import solve_sylvester
from ..ops.linalg.tensors import tensorinv, tensorsolve
from ..ops.linalg.triangular import cho_factor, cho_solve, solve_triangular
from ..ops.shaping.permuting import matrix_transpose

__all__ = [
    "LinAlgError",
    "block_diag",
    "cho_factor",
    "cho_solve",
    "cholesky",
    "circulant",
    "cond",
    "cross",
    "det",
    "diagonal",
    "eig",
    "eigh",
    "eigvals",
    "eigvalsh",
    "expm",
    "hankel",
    "inv",
    "logm",
    "lstsq",
    "lu",
    "lu_factor",
    "lu_solve",
    "matmul",
    "matrix_norm",
    "matrix_power",
    "matrix_rank",
    "matrix_transpose",
    "multi_dot",
    "norm",
    "outer",
    "pinv",
    "polar",
    "qr",
    "slogdet",
    "solve",
    "solve_banded",
    "solve_sylvester",
    "solve_triangular",
    "solveh_banded",
    "sqrtm",
    "svd",
    "svdvals",
    "tensordot",
    "tensorinv",
    "tensorsolve",
    "toeplitz",
    "trace",
    "vecdot",
    "vector_norm",
]
