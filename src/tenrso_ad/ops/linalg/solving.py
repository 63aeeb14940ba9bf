"""Inverses, determinants, linear systems and the Cholesky factor of stacks of matrices.

Shapes are those of NumPy 2: the last two axes are the matrix, the others are stacked.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from ...engine.array_type import ArrayType
from ...engine.errors import LinAlgError, ShapeError, describe
from ...engine.primitive import Primitive
from ...engine.trace import bind
from .. import elementwise as ew
from ..arguments import array_operand
from ..broadcasting import match
from ..contraction.einsum import matmul
from ..declare import is_complex, namespace, nonlinear
from ..indexing.getitem import getitem
from ..pointwise import align, scale
from ..reductions.sums import sum
from ..shaping.diagonals import tril
from ..shaping.permuting import matrix_transpose
from ..shaping.reshaping import expand_dims
from .matrices import adjoint, matrix_operand, real_dtype


@contextlib.contextmanager
def derivative_of(name: str, wish: str) -> Iterator[None]:
    """Say whose derivative it is that a singular matrix stops, and what it wants."""
    try:
        yield
    except np.linalg.LinAlgError as error:
        raise LinAlgError(f"the derivative of {name} wants {wish}; {error}") from error


# --- inverse --------------------------------------------------------------------------------------


def inv(a: Any) -> Any:
    """Inverse of each matrix.

    Parameters
    ----------
    a : array_like, shape (..., n, n)

    Raises
    ------
    LinAlgError
        A singular matrix.
    ShapeError
        Matrices that are not square.

    Examples
    --------
    >>> inv([[2.0, 0.0], [1.0, 4.0]])
    array([[ 0.5  ,  0.   ],
           [-0.125,  0.25 ]])
    """
    return bind(inv_p, (matrix_operand("inv", a, square=True),), {"singular": "raise"})


def _evaluate_inv(a: Any, *, singular: str) -> Any:
    inverse = namespace(a).linalg.inv
    try:
        return inverse(a)
    except np.linalg.LinAlgError:
        if singular == "raise":
            raise
    out = np.full_like(a, np.nan)
    for place in np.ndindex(a.shape[:-2]):
        with contextlib.suppress(np.linalg.LinAlgError):
            out[place] = inverse(a[place])
    return out


def _inv_pullback(g: Any, out: Any) -> Any:
    transposed = matrix_transpose(out)
    return -matmul(matmul(transposed, g), transposed)


inv_p: Primitive = nonlinear(
    "inv",
    _evaluate_inv,
    pullback=_inv_pullback,
    operands="a",
    shape=lambda a, *, singular: a,
    batch=lambda size, values, batched, params: bind(inv_p, values, params),
)


# --- linear systems -------------------------------------------------------------------------------


def solve(a: Any, b: Any) -> Any:
    """Solve ``a @ x = b``.

    Parameters
    ----------
    a : array_like, shape (..., n, n)
    b : array_like, shape (n,) or (..., n, k)
        One vector, or matrices; the stacks broadcast.

    Returns
    -------
    array, shape (..., n) or (..., n, k)

    Raises
    ------
    LinAlgError
        A singular matrix.
    ShapeError
        `a` is not square, or `b` has not n rows.

    Examples
    --------
    >>> solve([[2.0, 0.0], [1.0, 4.0]], [2.0, 5.0])
    array([1., 1.])
    """
    a = matrix_operand("solve", a, square=True)
    b = array_operand(b)
    vector = len(b.shape) == 1
    rows = b.shape[0 if vector else -2] if b.shape else None
    if rows != a.shape[-1]:
        raise ShapeError(
            f"solve({describe(a)}, {describe(b)}): wants b of shape (n,) or (..., n, k) with "
            f"n = {a.shape[-1]}"
        )
    b = matrix_operand("solve", expand_dims(b, -1) if vector else b)
    x = bind(solve_p, (a, b))
    return getitem(x, (..., 0)) if vector else x


def _solve_pullback(
    g: Any, a: Any, out: Any, a_type: ArrayType, b_type: ArrayType, wanted: Any
) -> list[Any]:
    of_b = bind(solve_p, (matrix_transpose(a), g))
    of_a = None
    if wanted[0] is not None:
        of_a = match(-matmul(of_b, matrix_transpose(out)), a_type.shape, a_type.dtype)
    return [of_a, match(of_b, b_type.shape, b_type.dtype)]


def _solve_shape(a: ArrayType, b: ArrayType) -> ArrayType:
    stack = np.broadcast_shapes(a.shape[:-2], b.shape[:-2])
    return ArrayType((*stack, *b.shape[-2:]), np.result_type(a.dtype, b.dtype))


solve_p: Primitive = nonlinear(
    "solve",
    lambda a, b: namespace(a, b).linalg.solve(a, b),
    pullback=_solve_pullback,
    operands="a b",
    shape=_solve_shape,
    batch=lambda size, values, batched, params: bind(solve_p, align(size, values, batched)),
)


# --- determinants ---------------------------------------------------------------------------------


def det(a: Any) -> Any:
    """Determinant of each matrix.

    Parameters
    ----------
    a : array_like, shape (..., n, n)

    Returns
    -------
    array, shape (...)

    Notes
    -----
    The gradient is the matrix of cofactors, found by a singular value decomposition where the
    inverse would lose digits: it is right for singular matrices too. The second derivative wants an
    invertible matrix.

    Examples
    --------
    >>> round(float(det([[2.0, 0.0], [1.0, 4.0]])), 12)
    8.0
    """
    return bind(det_p, (matrix_operand("det", a, square=True),))


def _matrix_of(x: Any) -> Any:
    """Give an array of numbers, one a matrix, two axes more."""
    return expand_dims(x, (-2, -1))


def _cofactors(a: Any) -> Any:
    """Derivative of det: det(a) times the transposed inverse, for singular matrices its limit."""
    xp = namespace(a)
    if xp is not np:
        return _cofactors_by_svd(a, xp)
    try:
        inverse = np.linalg.inv(a)
    except np.linalg.LinAlgError:
        return _cofactors_by_svd(a, xp)
    out = np.linalg.det(a)[..., None, None] * np.swapaxes(inverse, -1, -2)
    condition = np.linalg.norm(a, axis=(-2, -1)) * np.linalg.norm(inverse, axis=(-2, -1))
    rough = condition > np.finfo(a.dtype).eps ** (-1 / 3)
    if rough.any():
        out[rough] = _cofactors_by_svd(a[rough], xp)
    return out


def _cofactors_by_svd(a: Any, xp: Any) -> Any:
    """With a = u s v: det(u) det(v) conj(u) p conj(v), p the products of the other s."""
    u, s, v = xp.linalg.svd(a, full_matrices=False)
    itself = xp.eye(s.shape[-1], dtype=xp.bool)
    others = xp.prod(xp.where(itself, xp.ones_like(s[..., None]), s[..., None, :]), axis=-1)
    phase = xp.linalg.det(u) * xp.linalg.det(v)
    return xp.matmul(xp.conj(u) * (phase[..., None] * others)[..., None, :], xp.conj(v))


def _cofactors_pullback(g: Any, a: Any, out: Any) -> Any:
    with derivative_of("det's gradient", "an invertible matrix"):
        inverse = matrix_transpose(inv(a))
    along = sum(g * inverse, axis=(-2, -1), keepdims=True)
    return along * out - matmul(matmul(inverse, matrix_transpose(g)), out)


cofactors_p: Primitive = nonlinear(
    "cofactors",
    _cofactors,
    pullback=_cofactors_pullback,
    operands="a",
    shape=lambda a: a,
    batch=lambda size, values, batched, params: bind(cofactors_p, values),
)
det_p: Primitive = nonlinear(
    "det",
    lambda a: namespace(a).linalg.det(a),
    pullback=lambda g, a: scale(_matrix_of(g), bind(cofactors_p, (a,))),
    operands="a",
    shape=lambda a: ArrayType(a.shape[:-2], a.dtype),
    batch=lambda size, values, batched, params: bind(det_p, values),
)


class SlogdetResult(NamedTuple):
    """Sign and logarithm of the absolute value of a determinant."""

    sign: Any
    logabsdet: Any


def slogdet(a: Any) -> SlogdetResult:
    """Sign and logarithm of the absolute value of each determinant.

    Parameters
    ----------
    a : array_like, shape (..., n, n)

    Returns
    -------
    sign, logabsdet : array, shape (...)
        For complex matrices the sign has absolute value 1, and a derivative. A singular matrix
        gives 0 and -inf; its gradient is NaN, or zero where the cotangent is.

    Examples
    --------
    >>> sign, logabsdet = slogdet([[0.0, 1.0], [1.0, 0.0]])
    >>> float(sign), float(logabsdet)
    (-1.0, 0.0)
    """
    return SlogdetResult(*bind(slogdet_p, (matrix_operand("slogdet", a, square=True),)))


def _slogdet_pullback(g: Any, a: Any, out: Any) -> Any:
    of_sign, of_log = g
    if is_complex(a) and of_sign is not None:
        turned = 1j * ew.imag(of_sign * out[0])
        of_log = turned if of_log is None else of_log + turned
    if of_log is None:
        return None
    inverse = bind(inv_p, (a,), {"singular": "nan"})
    return scale(_matrix_of(of_log), matrix_transpose(inverse))


def _slogdet_shape(a: ArrayType) -> tuple[ArrayType, ArrayType]:
    return ArrayType(a.shape[:-2], a.dtype), ArrayType(a.shape[:-2], real_dtype(a.dtype))


slogdet_p: Primitive = nonlinear(
    "slogdet",
    lambda a: tuple(namespace(a).linalg.slogdet(a)),
    pullback=_slogdet_pullback,
    operands="a",
    shape=_slogdet_shape,
    batch=lambda size, values, batched, params: bind(slogdet_p, values),
    multiple_results=True,
)


# --- the Cholesky factor --------------------------------------------------------------------------


def cholesky(a: Any, /, *, upper: bool = False) -> Any:
    """Cholesky factor of each matrix: a = L @ L^H, or U^H @ U.

    Parameters
    ----------
    a : array_like, shape (..., n, n)
        Hermitian (symmetric) and positive definite. Only the lower triangle is read, or the upper.
    upper : bool
        Give U = L^H instead of L.

    Raises
    ------
    LinAlgError
        A matrix that is not positive definite.

    Notes
    -----
    The gradient is the Hermitian one, as in PyTorch and JAX: half of what each pair of entries
    that mirror each other causes stands in either of them. Formula: Murray (2016), "Differentiation
    of the Cholesky decomposition", equation 10.

    Examples
    --------
    >>> cholesky([[4.0, 2.0], [2.0, 5.0]])
    array([[2., 0.],
           [1., 2.]])
    """
    return bind(cholesky_p, (matrix_operand("cholesky", a, square=True),), {"upper": bool(upper)})


def _cholesky_pullback(g: Any, out: Any, *, upper: bool) -> Any:
    g = ew.conjugate(g)
    if upper:
        factor, g = out, adjoint(g)
    else:
        factor = adjoint(out)
    product = matmul(factor, g)
    product = tril(product) + tril(product, -1)
    half = (product + adjoint(product)) * 0.25
    inverse = inv(factor)
    return ew.conjugate(matmul(matmul(inverse, half), adjoint(inverse)))


cholesky_p: Primitive = nonlinear(
    "cholesky",
    lambda a, *, upper: namespace(a).linalg.cholesky(a, upper=upper),
    pullback=_cholesky_pullback,
    operands="a",
    shape=lambda a, *, upper: a,
    batch=lambda size, values, batched, params: bind(cholesky_p, values, params),
)
