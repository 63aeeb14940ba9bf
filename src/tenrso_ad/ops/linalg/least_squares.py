"""Pseudo-inverses, least squares and ranks of stacks of matrices."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from ...engine.array_type import ArrayType
from ...engine.errors import ArgumentError, ConcretizationError
from ...engine.primitive import Primitive
from ...engine.trace import Tracer, bind, concrete
from .. import elementwise as ew
from ..arguments import array_operand, operand_like
from ..broadcasting import convert, match
from ..contraction.einsum import matmul
from ..declare import namespace, namespace_inside, nonlinear, zeros_like
from ..indexing.getitem import getitem
from ..pointwise import align
from ..reductions.sums import any as holds_any
from ..reductions.sums import count_nonzero, sum
from ..shaping.reshaping import expand_dims
from .matrices import adjoint, matrix_operand, plainly, right_hand_side
from .matrices import hermitian as of_lower_triangle
from .spectral import svd, svdvals

_NOT_GIVEN: Any = np._NoValue


# --- pseudo-inverse -------------------------------------------------------------------------------


def pinv(a: Any, rcond: Any = None, hermitian: bool = False, *, rtol: Any = _NOT_GIVEN) -> Any:
    """Pseudo-inverse (Moore-Penrose) of each matrix.

    Parameters
    ----------
    a : array_like, shape (..., m, n)
    rcond : float or array_like, optional
        Singular values up to `rcond` times the largest count as zero; one number, or one a matrix.
        By default 1e-15.
    hermitian : bool
        The matrices are Hermitian (symmetric): only their lower triangles are read.
    rtol : float or array_like, optional
        The same as `rcond`, of which only one may be given; but None is max(m, n) times the
        smallest difference from 1 of the dtype.

    Returns
    -------
    array, shape (..., n, m)

    Notes
    -----
    The derivative is that along changes that keep the rank; other ones make the pseudo-inverse
    jump. Formula: Golub and Pereyra (1973), "The differentiation of pseudo-inverses and nonlinear
    least squares problems whose variables separate". With a cutoff that is given, singular values
    below it need not be zero; how the matrix that is left depends on them is then counted too.

    Examples
    --------
    >>> pinv([[2.0, 0.0], [0.0, 0.0]])
    array([[0.5, 0. ],
           [0. , 0. ]])
    """
    a = matrix_operand("pinv", a, square=hermitian)
    if rcond is not None and rtol is not _NOT_GIVEN:
        raise ArgumentError("pinv: rcond and rtol are two names of one number; give one of them")
    given = rcond if rtol is _NOT_GIVEN else rtol
    if given is None:
        given = 1e-15 if rtol is _NOT_GIVEN else _rounding(a)
    return _pinv(of_lower_triangle(a) if hermitian else a, given)


def _pinv(a: Any, rcond: Any) -> Any:
    rcond = _per_matrix(rcond)
    if isinstance(a, Tracer) and 0 not in a.shape and not _is_rounding(rcond, a):
        # what is cut off may not be zero: first the matrix without it, whose derivative knows
        _, s, vh = svd(a, full_matrices=False)
        kept = convert(_above(s, rcond), a.dtype)
        a = matmul(matmul(a, adjoint(vh)), expand_dims(kept, -1) * vh)
        rcond = rcond * 0.5  # so that rounding errors do not cut off more
    return bind(pinv_p, (a, rcond))


def _rounding(a: Any) -> Any:
    """Relative size of the singular values that rounding errors make."""
    return max(a.shape[-2:]) * float(namespace_inside(a).finfo(a.dtype).eps)


def _is_rounding(rcond: Any, a: Any) -> bool:
    """Whether no more than rounding errors are cut off."""
    return not isinstance(rcond, Tracer) and bool(np.all(np.asarray(rcond) <= 10 * _rounding(a)))


def _per_matrix(number: Any) -> Any:
    """Give numbers, one a matrix, the axes of matrices; a Python number stays what it is."""
    if isinstance(number, (int, float)):
        return number
    return expand_dims(array_operand(number), (-2, -1))


def _above(s: Any, rcond: Any) -> Any:
    """Which singular values are above the cutoff."""
    if not isinstance(rcond, (int, float)):
        rcond = getitem(operand_like(rcond, s), (..., 0))
    return ew.greater(s, rcond * getitem(s, (..., slice(1))))


def _evaluate_pinv(a: Any, rcond: Any) -> Any:
    xp = namespace(a)
    if 0 in a.shape:
        return xp.zeros((*a.shape[:-2], a.shape[-1], a.shape[-2]), dtype=a.dtype)
    u, s, vh = xp.linalg.svd(a, full_matrices=False)
    kept = _above(s, rcond)
    inverse = xp.where(kept, 1 / xp.where(kept, s, xp.ones_like(s)), xp.zeros_like(s))
    v, uh = (xp.conj(xp.matrix_transpose(x)) for x in (vh, u))
    return xp.matmul(v * inverse[..., None, :], uh)


def _pinv_pullback(g: Any, a: Any, out: Any, a_type: ArrayType) -> list[Any]:
    g, p = adjoint(ew.conjugate(g)), out
    left, right = _product(g, p, adjoint(p)), _product(adjoint(p), p, g)
    whole = left - _product(a, p, left) + right - _product(right, p, a)
    whole = whole - _product(adjoint(p), adjoint(g), adjoint(p))
    return [match(ew.conjugate(whole), a_type.shape, a_type.dtype), None]


def _product(x: Any, y: Any, z: Any) -> Any:
    """Multiply (m, n), (n, m) and (m, n) matrices, the smaller square ones in between."""
    m, n = x.shape[-2:]
    return matmul(matmul(x, y), z) if m < n else matmul(x, matmul(y, z))


def _pinv_shape(a: ArrayType, rcond: Any) -> ArrayType:
    stack = np.broadcast_shapes(a.shape[:-2], getattr(rcond, "shape", ())[:-2])
    return ArrayType((*stack, a.shape[-1], a.shape[-2]), a.dtype)


pinv_p: Primitive = nonlinear(
    "pinv",
    _evaluate_pinv,
    pullback=_pinv_pullback,
    operands="a rcond",
    shape=_pinv_shape,
    batch=lambda size, values, batched, params: bind(pinv_p, align(size, values, batched)),
)


# --- least squares --------------------------------------------------------------------------------


class LstsqResult(NamedTuple):
    """Solution of least squares, sums of squared residuals, rank and singular values."""

    x: Any
    residuals: Any
    rank: Any
    s: Any


def lstsq(a: Any, b: Any, rcond: float | None = None) -> LstsqResult:
    """Solve ``a @ x = b`` by least squares: of all that come closest, the shortest x.

    Parameters
    ----------
    a : array_like, shape (..., m, n)
        NumPy's takes one matrix; here stacks, too.
    b : array_like, shape (m,) or (..., m, k)
        One vector, or matrices; the stacks broadcast.
    rcond : float, optional
        Singular values up to `rcond` times the largest count as zero; by default max(m, n) times
        the smallest difference from 1 of the dtype, and that difference if `rcond` is negative.

    Returns
    -------
    x : array, shape (..., n) or (..., n, k)
    residuals : array, shape (..., k), or (0,)
        Sums of squared residuals of each column. Empty for m <= n, and for a single matrix of a
        rank below n.
    rank : int or array of int
    s : array, shape (..., min(m, n))
        Singular values.

    Raises
    ------
    ShapeError
        `b` has not m rows.

    Notes
    -----
    Differentiated as ``pinv(a) @ b``; see `pinv`. Where values are not known (inside vmap, or
    staged), the rank cannot decide on a shape: there residuals are given for any rank.

    Examples
    --------
    >>> x, residuals, rank, s = lstsq([[1.0, 0.0], [1.0, 1.0], [1.0, 2.0]], [0.0, 1.0, 2.0])
    >>> bool(abs(x - [0.0, 1.0]).max() < 1e-12), int(rank)
    (True, 2)
    """
    a = matrix_operand("lstsq", a)
    m, n = a.shape[-2:]
    b, vector = right_hand_side("lstsq", m, a, b)
    if rcond is None:
        rcond = _rounding(a)
    elif rcond < 0:
        rcond = _rounding(a) / max(m, n)
    if type(a) is type(b) is np.ndarray and a.ndim == b.ndim == 2:
        x, *rest = plainly("lstsq", lambda a, b: np.linalg.lstsq(a, b, rcond), a, b)
        return LstsqResult(x[:, 0] if vector else x, *rest)
    x = matmul(_pinv(a, rcond), b)
    s = svdvals(a)
    rank = convert(count_nonzero(_above(s, rcond), axis=-1), np.dtype(np.int32))
    rest = b - matmul(a, x)
    residuals = sum(ew.real(rest * ew.conjugate(rest)), axis=-2)
    if m <= n or (len(a.shape) == 2 and _is_below(rank, n)):
        residuals = zeros_like(s, (0,))
    return LstsqResult(getitem(x, (..., 0)) if vector else x, residuals, rank, s)


def _is_below(rank: Any, n: int) -> bool:
    try:
        return bool(concrete(rank, "the shape of residuals") < n)
    except ConcretizationError:
        return False


# --- rank -----------------------------------------------------------------------------------------


def matrix_rank(A: Any, tol: Any = None, hermitian: bool = False, *, rtol: Any = None) -> Any:
    """Rank of each matrix: how many singular values are above a cutoff. It has no derivative.

    Parameters
    ----------
    A : array_like, shape (..., m, n) or (n,) or ()
        Fewer than two axes have rank 1, or 0 if all elements are 0.
    tol : float or array_like, optional
        The cutoff; one number, or one a matrix.
    hermitian : bool
        The matrices are Hermitian (symmetric): only their lower triangles are read.
    rtol : float or array_like, optional
        The cutoff relative to the largest singular value; by default max(m, n) times the smallest
        difference from 1 of the dtype.

    Examples
    --------
    >>> int(matrix_rank([[1.0, 2.0], [2.0, 4.0]]))
    1
    """
    if tol is not None and rtol is not None:
        raise ArgumentError("matrix_rank: tol and rtol cannot both be given")
    A = array_operand(A)
    if len(A.shape) < 2:
        return convert(holds_any(ew.not_equal(A, 0)), np.dtype(np.intp))
    A = matrix_operand("matrix_rank", A, square=hermitian)
    s = svd(A, compute_uv=False, hermitian=hermitian)
    if tol is None:
        above = _above(s, _rounding(A) if rtol is None else _per_matrix(rtol))
    else:
        above = ew.greater(s, expand_dims(operand_like(tol, s), -1))
    return count_nonzero(above, axis=-1)
