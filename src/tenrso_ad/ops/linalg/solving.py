"""Inverses, determinants, linear systems and the Cholesky factor of stacks of matrices.

Shapes are those of NumPy 2: the last two axes are the matrix, the others are stacked.
"""

from __future__ import annotations

import contextlib
import operator
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from ...engine.array_type import ArrayType
from ...engine.errors import ArgumentError, LinAlgError, describe
from ...engine.primitive import Primitive
from ...engine.trace import bind
from .. import elementwise as ew
from ..arguments import array_operand
from ..broadcasting import match
from ..contraction.einsum import matmul
from ..declare import namespace, namespace_inside, nonlinear
from ..indexing.getitem import getitem
from ..pointwise import align, scale
from ..shaping.diagonals import tril
from ..shaping.permuting import matrix_transpose, moveaxis
from ..shaping.reshaping import reshape
from .matrices import adjoint, matrix_operand, right_hand_side


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


def _inv_pullback(g: Any, out: Any, *, singular: str) -> Any:
    transposed = matrix_transpose(out)
    if singular == "raise":
        return -matmul(matmul(transposed, g), transposed)
    left = times_singular(transposed, g)
    return -matrix_transpose(times_singular(out, matrix_transpose(left)))


def times_singular(inverse: Any, g: Any) -> Any:
    """Multiply a matrix with a cotangent; where it is NaN, the zeros of the cotangent stay zero."""
    singular = ew.isnan(inverse)
    return matmul(ew.where(singular, 0, inverse), g) + scale(g, ew.where(singular, inverse, 0))


inv_p: Primitive = nonlinear(
    "inv",
    _evaluate_inv,
    pullback=_inv_pullback,
    operands="a",
    shape=lambda a, *, singular: a,
    batch=lambda size, values, batched, params: bind(inv_p, values, params),
)


def matrix_power(a: Any, n: int) -> Any:
    """Product of n times the same matrix, of its inverse for n < 0, and the identity for n = 0.

    Parameters
    ----------
    a : array_like, shape (..., n, n)
    n : int

    Raises
    ------
    LinAlgError
        A singular matrix and n < 0.
    ArgumentError
        `n` is not an int.

    Examples
    --------
    >>> matrix_power([[1, 1], [0, 1]], 5)
    array([[1, 5],
           [0, 1]])
    """
    floating, a = matrix_operand("matrix_power", a, square=True), array_operand(a)
    try:
        n = operator.index(n)
    except TypeError:
        raise ArgumentError(f"matrix_power({describe(a)}): n is an int, got {n!r}") from None
    if n == 0:
        identity = namespace_inside(a).eye(a.shape[-1], dtype=a.dtype)
        return ew.where(False, a, identity)
    power, n = (a, n) if n > 0 else (inv(floating), -n)
    result = None
    while True:  # by the binary digits of n
        n, odd = divmod(n, 2)
        if odd:
            result = power if result is None else matmul(result, power)
        if not n:
            return result
        power = matmul(power, power)


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
    b, vector = right_hand_side("solve", a.shape[-1], a, b)
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


def solve_shape(a: ArrayType, b: ArrayType) -> ArrayType:
    """Shape rule of a linear system, of stacks that broadcast."""
    stack = np.broadcast_shapes(a.shape[:-2], b.shape[:-2])
    return ArrayType((*stack, *b.shape[-2:]), np.result_type(a.dtype, b.dtype))


def batch_of_systems(primitive: Callable[[], Primitive]) -> Callable[..., Any]:
    """Batching rule of a system: the columns of a batch for one matrix are solved together."""

    def rule(size: int, values: Sequence[Any], batched: Sequence[bool], params: Any) -> Any:
        a, b = values
        if batched[0] or len(a.shape) > 2 or len(b.shape) > 3:
            return bind(primitive(), align(size, values, batched), params)
        n, k = b.shape[1:]
        columns = reshape(moveaxis(b, 0, 1), (n, size * k))
        return moveaxis(reshape(bind(primitive(), (a, columns), params), (n, size, k)), 1, 0)

    return rule


solve_p: Primitive = nonlinear(
    "solve",
    lambda a, b: namespace(a, b).linalg.solve(a, b),
    pullback=_solve_pullback,
    operands="a b",
    shape=solve_shape,
    batch=batch_of_systems(lambda: solve_p),
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
