"""Eigenvalues and eigenvectors of general square matrices, in stacks.

For Hermitian (symmetric) ones `spectral` has better.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from ...engine.array_type import ArrayType
from ...engine.primitive import Primitive
from ...engine.trace import Tracer, bind
from .. import elementwise as ew
from ..broadcasting import match
from ..contraction.einsum import matmul
from ..declare import namespace, nonlinear
from ..pointwise import scale
from ..shaping.diagonals import diagonal
from ..shaping.reshaping import expand_dims
from .gauge import inverse_gaps, of_dependent_vectors, of_equal_values, over_gaps
from .matrices import adjoint, matrix_operand, plainly
from .solving import inv_p, times_singular


class EigResult(NamedTuple):
    """Eigenvalues, and the eigenvectors as columns."""

    eigenvalues: Any
    eigenvectors: Any


def eig(a: Any) -> EigResult:
    """Eigenvalues and eigenvectors of square matrices.

    Parameters
    ----------
    a : array_like, shape (..., n, n)

    Returns
    -------
    eigenvalues : array, shape (..., n)
        In no particular order; complex, whatever the values are.
    eigenvectors : array, shape (..., n, n)
        In the columns, each of length 1; complex.

    Warns
    -----
    DegenerateWarning
        In the backward pass, where the cotangent depends on the choice of eigenvectors (on their
        complex phase, or on which ones stand for equal eigenvalues), or on how equal eigenvalues
        part; and where the matrix is defective: there the derivative is NaN or means nothing.

    Notes
    -----
    NumPy's function gives real results where no eigenvalue of a real matrix is complex; here, as in
    the array API standard, values do not decide on a dtype. With equal eigenvalues of a matrix that
    is not defective, the gradient is right for a loss in which they stand alike. The second
    derivative wants different eigenvalues. Formula: Boeddeker et al. (2017), "On the computation of
    complex-valued gradients with application to statistically optimum beamforming", for vectors
    that keep their length.

    Examples
    --------
    >>> values, vectors = eig([[0.0, 1.0], [-1.0, 0.0]])
    >>> sorted(values.imag.tolist())
    [-1.0, 1.0]
    """
    return EigResult(*bind(eig_p, (matrix_operand("eig", a, square=True),)))


def eigvals(a: Any) -> Any:
    """Eigenvalues of square matrices, complex and in no particular order; see `eig`.

    Parameters
    ----------
    a : array_like, shape (..., n, n)

    Examples
    --------
    >>> sorted(eigvals([[0.0, 1.0], [-1.0, 0.0]]).imag.tolist())
    [-1.0, 1.0]
    """
    if isinstance(a, Tracer):
        return eig(a).eigenvalues
    a = matrix_operand("eigvals", a, square=True)
    return plainly("eigvals", lambda a: _as_complex(namespace(a).linalg.eigvals(a)), a)


def _as_complex(x: Any) -> Any:
    return x.astype(_complex_dtype(x.dtype), copy=False) if namespace(x) is np else x


def _complex_dtype(dtype: Any) -> Any:
    return np.result_type(dtype, np.complex64)


def _evaluate_eig(a: Any) -> Any:
    return tuple([_as_complex(x) for x in namespace(a).linalg.eig(a)])


def _eig_pullback(g: Any, out: Any, a_type: ArrayType) -> Any:
    (of_values, of_vectors), (w, v) = g, out
    length = w.shape[-1]
    parts = []  # of the cotangent of inv(v) @ da @ v; the eigenvalues' is its diagonal, as a row
    if of_vectors is not None:
        of_vectors = ew.conjugate(of_vectors)
        turned = matmul(adjoint(v), of_vectors)
        stretched = ew.real(diagonal(turned, axis1=-2, axis2=-1))
        turned = turned - matmul(adjoint(v), v) * expand_dims(stretched, -2)
        inverse = ew.conjugate(inverse_gaps(w, -1, length))
        parts.append(over_gaps("eig", turned, inverse, of_vectors))
    if of_values is not None:
        of_values = ew.conjugate(of_values)
        of_values = of_equal_values("eig", of_values, w, None, length, ordered=False)
        parts.append(expand_dims(of_values, -2))
    dual = adjoint(bind(inv_p, (v,), {"singular": "nan"}))
    terms = []
    for part in parts:
        part = of_dependent_vectors("eig", part, v)
        terms.append(scale(part, dual) if part.shape[-2] == 1 else times_singular(dual, part))
    whole = matmul(terms[0] if len(terms) == 1 else terms[0] + terms[1], adjoint(v))
    return match(ew.conjugate(whole), a_type.shape, a_type.dtype)


def _eig_shape(a: ArrayType) -> tuple[ArrayType, ArrayType]:
    dtype = _complex_dtype(a.dtype)
    return ArrayType(a.shape[:-1], dtype), ArrayType(a.shape, dtype)


eig_p: Primitive = nonlinear(
    "eig",
    _evaluate_eig,
    pullback=_eig_pullback,
    operands="a",
    shape=_eig_shape,
    batch=lambda size, values, batched, params: bind(eig_p, values),
    multiple_results=True,
)
