"""Eigenvalue and singular value decompositions of stacks of matrices.

Their vectors are determined only up to a choice; how the derivatives deal with it: see `gauge`.
"""

from __future__ import annotations

from typing import Any, Literal, NamedTuple

import numpy as np

from ...engine.array_type import ArrayType
from ...engine.errors import ArgumentError
from ...engine.primitive import Primitive
from ...engine.trace import Tracer, bind
from .. import elementwise as ew
from ..broadcasting import convert
from ..contraction.einsum import matmul
from ..declare import namespace, nonlinear
from ..indexing.taking import take_along_axis
from ..shaping.permuting import matrix_transpose
from ..shaping.reshaping import expand_dims
from ..sorting.ordering import argsort
from .gauge import columns, inverse_gaps, of_equal_values, over_gaps, skew, without_rest
from .matrices import adjoint, matrix_operand, plainly, real_dtype

# --- eigenvalues ----------------------------------------------------------------------------------


class EighResult(NamedTuple):
    """Eigenvalues in rising order, and the eigenvectors as columns."""

    eigenvalues: Any
    eigenvectors: Any


def eigh(a: Any, UPLO: Literal["L", "U"] = "L") -> EighResult:
    """Eigenvalues and eigenvectors of Hermitian (symmetric) matrices.

    Parameters
    ----------
    a : array_like, shape (..., n, n)
    UPLO : {'L', 'U'}
        Which triangle is read.

    Returns
    -------
    eigenvalues : array, shape (..., n)
        Real, in rising order.
    eigenvectors : array, shape (..., n, n)
        In the columns.

    Warns
    -----
    DegenerateWarning
        In the backward pass, where the cotangent depends on the choice of eigenvectors: on their
        complex phase, or on their rotation within equal eigenvalues; or on how equal ones part.

    Notes
    -----
    The gradient is the Hermitian one, as in PyTorch and JAX: half of what each pair of entries
    that mirror each other causes stands in either of them. Formula: Giles (2008), "An extended
    collection of matrix derivative results", section 3.1.

    With equal eigenvalues the gradient is right for a loss in which they stand alike, and their
    vectors only as the projector on their common space. It lacks what a function of the matrix,
    such as its exponential, owes to the way in which equal eigenvalues part; that warns too. The
    second derivative wants different eigenvalues.

    Examples
    --------
    >>> values, vectors = eigh([[2.0, 1.0], [1.0, 2.0]])
    >>> values
    array([1., 3.])
    """
    a = matrix_operand("eigh", a, square=True)
    return EighResult(*bind(eigh_p, (a,), {"uplo": _uplo("eigh", UPLO)}))


def eigvalsh(a: Any, UPLO: Literal["L", "U"] = "L") -> Any:
    """Eigenvalues of Hermitian (symmetric) matrices in rising order; see `eigh`.

    Parameters
    ----------
    a : array_like, shape (..., n, n)
    UPLO : {'L', 'U'}
        Which triangle is read.

    Examples
    --------
    >>> eigvalsh([[2.0, 1.0], [1.0, 2.0]])
    array([1., 3.])
    """
    if isinstance(a, Tracer):
        return eigh(a, UPLO).eigenvalues
    a = matrix_operand("eigvalsh", a, square=True)
    return plainly("eigvalsh", lambda a: _evaluate_eigvalsh(a, _uplo("eigvalsh", UPLO)), a)


def _uplo(name: str, uplo: str) -> str:
    if uplo not in ("L", "U", "l", "u"):
        raise ArgumentError(f"{name}: UPLO is 'L' or 'U', got {uplo!r}")
    return uplo.upper()


def _evaluate_eigvalsh(a: Any, uplo: Any) -> Any:
    xp = namespace(a)
    if xp is np:
        return np.linalg.eigvalsh(a, uplo)
    return xp.linalg.eigvalsh(xp.conj(xp.matrix_transpose(a)) if uplo == "U" else a)


def _evaluate_eigh(a: Any, *, uplo: Any) -> Any:
    xp = namespace(a)
    if xp is np:
        return tuple(np.linalg.eigh(a, uplo))
    return tuple(xp.linalg.eigh(xp.conj(xp.matrix_transpose(a)) if uplo == "U" else a))


def _eigh_pullback(g: Any, out: Any) -> Any:
    (of_values, of_vectors), (w, v) = g, out
    length = w.shape[-1]
    middle = turned = None
    if of_vectors is not None:
        of_vectors = ew.conjugate(of_vectors)
        turned = matmul(adjoint(v), of_vectors)
        middle = over_gaps("eigh", skew(turned), inverse_gaps(w, -1, length), of_vectors)
        middle = matmul(v, middle)
    if of_values is not None:
        of_values = of_equal_values("eigh", of_values, w, turned, length)
        scaled = v * expand_dims(of_values, -2)
        middle = scaled if middle is None else middle + scaled
    return ew.conjugate(matmul(middle, adjoint(v)))


def _eigh_shape(a: ArrayType, *, uplo: str) -> tuple[ArrayType, ArrayType]:
    return ArrayType(a.shape[:-1], real_dtype(a.dtype)), a


eigh_p: Primitive = nonlinear(
    "eigh",
    _evaluate_eigh,
    pullback=_eigh_pullback,
    operands="a",
    shape=_eigh_shape,
    batch=lambda size, values, batched, params: bind(eigh_p, values, params),
    multiple_results=True,
)


# --- singular values ------------------------------------------------------------------------------


class SVDResult(NamedTuple):
    """Left singular vectors as columns, singular values in falling order, right ones as rows."""

    U: Any
    S: Any
    Vh: Any


def svd(
    a: Any, full_matrices: bool = True, compute_uv: bool = True, hermitian: bool = False
) -> Any:
    """Singular value decomposition: a = U @ diag(S) @ Vh.

    Parameters
    ----------
    a : array_like, shape (..., m, n)
    full_matrices : bool
        U and Vh are square, (..., m, m) and (..., n, n), instead of (..., m, k) and (..., k, n)
        with k = min(m, n).
    compute_uv : bool
        False gives S alone.
    hermitian : bool
        The matrices are Hermitian (symmetric): found by `eigh`, from their lower triangles.

    Returns
    -------
    U, S, Vh : array
        S has shape (..., k), is real and falls.

    Warns
    -----
    DegenerateWarning
        In the backward pass, where the cotangent depends on the choice of singular vectors: on
        their common complex phase, on their rotation within equal singular values, or on those of
        zero singular values.

    Notes
    -----
    With P = U^H dA V, the sum of U^H dU and V^H dV is the Hermitian part of 2P over s_j - s_i, and
    their difference the skew one over s_j + s_i. So a loss of U @ Vh, say, has its right gradient
    even where singular values are equal. Of the further columns of full matrices only the
    projector has a derivative. The second derivative wants different singular values.

    Examples
    --------
    >>> u, s, vh = svd([[0.0, 2.0], [1.0, 0.0], [0.0, 0.0]], full_matrices=False)
    >>> s
    array([2., 1.])
    """
    a = matrix_operand("svd", a, square=hermitian)
    if hermitian:
        out = _hermitian_svd(a)
    elif not compute_uv and not isinstance(a, Tracer):
        return svdvals(a)
    else:
        full = bool(full_matrices and compute_uv)
        out = SVDResult(*bind(svd_p, (a,), {"full": full, "results": 3}))
    return out if compute_uv else out.S


def svdvals(x: Any, /) -> Any:
    """Singular values in falling order; see `svd`.

    Parameters
    ----------
    x : array_like, shape (..., m, n)

    Examples
    --------
    >>> svdvals([[0.0, 2.0], [1.0, 0.0]])
    array([2., 1.])
    """
    if isinstance(x, Tracer):
        return svd(x, compute_uv=False)
    x = matrix_operand("svdvals", x)
    return plainly("svdvals", lambda x: namespace(x).linalg.svdvals(x), x)


def polar(a: Any, side: Literal["right", "left"] = "right") -> tuple[Any, Any]:
    """Polar decomposition: a = u @ p, or p @ u.

    Parameters
    ----------
    a : array_like, shape (..., m, n)
    side : {'right', 'left'}
        On which side of u the factor p stands.

    Returns
    -------
    u : array, shape (..., m, n)
        Its columns, or its rows, are orthonormal.
    p : array, shape (..., n, n) or (..., m, m)
        Hermitian and positive semidefinite.

    Warns
    -----
    DegenerateWarning
        In the backward pass of a singular matrix, of which u is not determined.

    Examples
    --------
    >>> u, p = polar([[0.0, -2.0], [3.0, 0.0]])
    >>> p.round(12)
    array([[3., 0.],
           [0., 2.]])
    """
    if side not in ("right", "left"):
        raise ArgumentError(f"polar: side is 'right' or 'left', got {side!r}")
    a = matrix_operand("polar", a)
    u, _, vh = svd(a, full_matrices=False)
    u = matmul(u, vh)
    # not of the singular values: so equal ones do no harm to the derivative
    p = matmul(adjoint(u), a) if side == "right" else matmul(a, adjoint(u))
    return u, (p + adjoint(p)) * 0.5


def _hermitian_svd(a: Any) -> SVDResult:
    w, v = eigh(a)
    s = ew.absolute(w)
    places = argsort(-s, stable=True)
    sign = convert(ew.where(ew.less(take_along_axis(w, places), 0), -1, 1), w.dtype)
    u = take_along_axis(v, expand_dims(places, -2))
    return SVDResult(u, take_along_axis(s, places), adjoint(u * expand_dims(sign, -2)))


def _evaluate_svd(a: Any, *, full: bool, results: int) -> Any:
    return tuple(namespace(a).linalg.svd(a, full_matrices=full))


def _svd_pullback(g: Any, out: Any, a_type: ArrayType, *, full: bool, results: int) -> Any:
    of_u, of_s, of_v = g
    u, s, vh = out
    v = adjoint(vh)
    count, length = s.shape[-1], max(a_type.shape[-2:])
    of_u = None if of_u is None else ew.conjugate(of_u)
    of_v = None if of_v is None else matrix_transpose(of_v)  # the conjugate, then its adjoint
    if full:
        u, of_u = _first(u, of_u, count)
        v, of_v = _first(v, of_v, count)
    inner, turned = _svd_inner(u, of_u, s, v, of_v, length)
    left = None if inner is None else matmul(u, inner)
    if of_s is not None:
        scaled = u * expand_dims(of_equal_values("svd", of_s, s, turned, length), -2)
        left = scaled if left is None else left + scaled
    if of_u is not None and u.shape[-2] > count:
        left = left + _outside(u, of_u, s, length)
    whole = matmul(left, adjoint(v))
    if of_v is not None and v.shape[-2] > count:
        whole = whole + matmul(u, adjoint(_outside(v, of_v, s, length)))
    return ew.conjugate(whole)


def _first(u: Any, g: Any, count: int) -> tuple[Any, Any]:
    if g is None:
        return columns(u, slice(count)), None
    return without_rest("svd", u, g, count)


def _svd_inner(u: Any, of_u: Any, s: Any, v: Any, of_v: Any, length: int) -> tuple[Any, Any]:
    """Cotangent of U^H dA V from the rotations within the singular vectors, and that of those."""
    turned_u = None if of_u is None else matmul(adjoint(u), of_u)
    turned_v = None if of_v is None else matmul(adjoint(v), of_v)
    if turned_u is None and turned_v is None:
        return None, None
    if turned_v is None:
        turned = difference = turned_u
    elif turned_u is None:
        turned, difference = turned_v, -turned_v
    else:
        turned, difference = turned_u + turned_v, turned_u - turned_v
    size = of_v if of_u is None else of_u
    inner = over_gaps("svd", skew(turned), inverse_gaps(s, -1, length), size)
    inner = inner + over_gaps("svd", skew(difference), inverse_gaps(s, 1, length), size)
    return inner, turned


def _outside(u: Any, of_u: Any, s: Any, length: int) -> Any:
    """Cotangent of dA V, or dA^H U, from the turns of singular vectors out of their span."""
    rest = of_u - matmul(u, matmul(adjoint(u), of_u))
    return over_gaps("svd", rest, inverse_gaps(s, 0, length), of_u)


def _svd_shape(a: ArrayType, *, full: bool, results: int) -> tuple[ArrayType, ...]:
    *stack, m, n = a.shape
    k = min(m, n)
    left, right = ((m, m), (n, n)) if full else ((m, k), (k, n))
    return (
        ArrayType((*stack, *left), a.dtype),
        ArrayType((*stack, k), real_dtype(a.dtype)),
        ArrayType((*stack, *right), a.dtype),
    )


svd_p: Primitive = nonlinear(
    "svd",
    _evaluate_svd,
    pullback=_svd_pullback,
    operands="a",
    shape=_svd_shape,
    batch=lambda size, values, batched, params: bind(svd_p, values, params),
    multiple_results=True,
)
