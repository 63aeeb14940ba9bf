"""Stacks of matrices: checks, adjoints, triangles and triangular systems."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy import ndarray

from ..engine.array_type import ArrayType
from ..engine.errors import ShapeError, describe, explain
from ..engine.primitive import Primitive
from ..engine.trace import bind, is_inexact
from .arguments import array_operand
from .broadcasting import convert, match
from .contraction import matmul
from .declare import is_complex, linear, namespace, nonlinear
from .elementwise import conjugate
from .permuting import matrix_transpose
from .pointwise import align


def matrix_operand(name: str, a: Any, *, square: bool = False) -> Any:
    """Give an operand as a stack of matrices of a floating-point dtype.

    Parameters
    ----------
    name : str
        Of the operation, for errors.
    a : array_like
    square : bool
        Whether the matrices have to be square.
    """
    a = array_operand(a)
    shape = a.shape
    if len(shape) < 2 or (square and shape[-1] != shape[-2]):
        wish = "square matrices, (..., n, n)" if square else "matrices, (..., m, n)"
        raise ShapeError(f"{name}({describe(a)}): wants {wish}")
    return a if is_inexact(a.dtype) else convert(a, np.dtype(float))


def plainly(name: str, function: Callable[[Any], Any], a: Any) -> Any:
    """Call a function on a plain array; what it raises shows the call."""
    try:
        return function(a)
    except Exception as error:
        raise explain(name, (a,), {}, error) from error


def real_dtype(dtype: Any) -> Any:
    """Dtype of the absolute values of elements of a dtype."""
    return np.empty(0, dtype).real.dtype


def adjoint(a: Any) -> Any:
    """Conjugate transpose."""
    return matrix_transpose(conjugate(a) if is_complex(a) else a)


# --- triangles ------------------------------------------------------------------------------------


@functools.lru_cache(maxsize=256)
def _triangle(rows: int, columns: int, k: int) -> ndarray:
    return np.tri(rows, columns, k, dtype=bool)


def _evaluate_tril(x: Any, *, k: int) -> Any:
    xp = namespace(x)
    if xp is not np:
        return xp.tril(x, k=k)
    return np.where(_triangle(*x.shape[-2:], k), x, x.dtype.type(0))


def _evaluate_triu(x: Any, *, k: int) -> Any:
    xp = namespace(x)
    if xp is not np:
        return xp.triu(x, k=k)
    return np.where(_triangle(*x.shape[-2:], k - 1), x.dtype.type(0), x)


tril_p: Primitive = linear(
    "tril",
    _evaluate_tril,
    transpose=lambda g, x, *, k: bind(tril_p, (g,), {"k": k}),
    shape=lambda x, *, k: x,
    batch=lambda size, values, batched, params: bind(tril_p, values, params),
)
triu_p: Primitive = linear(
    "triu",
    _evaluate_triu,
    transpose=lambda g, x, *, k: bind(triu_p, (g,), {"k": k}),
    shape=lambda x, *, k: x,
    batch=lambda size, values, batched, params: bind(triu_p, values, params),
)


def tril(x: Any, k: int = 0) -> Any:
    """Matrices with zeros above the diagonal number `k`; see `numpy.tril`."""
    return bind(tril_p, (x,), {"k": k})


def triu(x: Any, k: int = 0) -> Any:
    """Matrices with zeros below the diagonal number `k`; see `numpy.triu`."""
    return bind(triu_p, (x,), {"k": k})


# --- triangular systems ---------------------------------------------------------------------------


def solve_triangular(a: Any, b: Any, *, lower: bool) -> Any:
    """Solve ``a @ x = b`` for stacks of triangular matrices.

    Parameters
    ----------
    a : array, shape (..., n, n)
        Only the triangle is read.
    b : array, shape (..., n, k)
    lower : bool
        Which triangle.
    """
    return bind(solve_triangular_p, (a, b), {"lower": lower})


@functools.cache
def _trsm(dtype: Any) -> Any:
    from scipy.linalg import get_blas_funcs

    return get_blas_funcs("trsm", dtype=dtype)


def _evaluate_solve_triangular(a: Any, b: Any, *, lower: bool) -> Any:
    xp = namespace(a, b)
    if xp is not np:
        return xp.linalg.solve(xp.tril(a) if lower else xp.triu(a), b)
    if b.size == 0:
        shape = np.broadcast_shapes(a.shape[:-2], b.shape[:-2])
        return np.empty((*shape, *b.shape[-2:]), np.result_type(a, b))
    if a.ndim == b.ndim == 2:
        return _solve_one(a, b, lower)
    stack = np.broadcast_shapes(a.shape[:-2], b.shape[:-2])
    a = np.broadcast_to(a, (*stack, *a.shape[-2:]))
    b = np.broadcast_to(b, (*stack, *b.shape[-2:]))
    out = np.empty(b.shape, np.result_type(a, b))
    for place in itertools.product(*map(range, stack)):
        out[place] = _solve_one(a[place], b[place], lower)
    return out


def _solve_one(a: ndarray, b: ndarray, lower: bool) -> ndarray:
    """Solve x^T a^T = b^T, which lies in Fortran order as BLAS wants it, without a copy.

    LAPACK's trtrs wakes OpenBLAS's threads even for the smallest systems; trsm does not.
    """
    if not a.diagonal().all():
        raise np.linalg.LinAlgError("Singular matrix: an element of the diagonal is zero")
    solve = _trsm(np.result_type(a, b))
    if a.flags.c_contiguous:
        x = solve(1.0, a.T, b.T, side=1, lower=not lower)
    else:
        x = solve(1.0, a, b.T, side=1, lower=lower, trans_a=1)
    return np.asarray(x.T)


def _solve_triangular_pullback(
    g: Any, a: Any, out: Any, a_type: ArrayType, b_type: ArrayType, *, lower: bool
) -> list[Any]:
    of_b = solve_triangular(matrix_transpose(a), g, lower=not lower)
    of_a = -matmul(of_b, matrix_transpose(out))
    of_a = match(tril(of_a) if lower else triu(of_a), a_type.shape, a_type.dtype)
    return [of_a, match(of_b, b_type.shape, b_type.dtype)]


def solve_shape(a: ArrayType, b: ArrayType, **_: Any) -> ArrayType:
    """Shape of the solutions of stacked systems."""
    stack = np.broadcast_shapes(a.shape[:-2], b.shape[:-2])
    return ArrayType((*stack, *b.shape[-2:]), np.result_type(a.dtype, b.dtype))


solve_triangular_p: Primitive = nonlinear(
    "solve_triangular",
    _evaluate_solve_triangular,
    pullback=_solve_triangular_pullback,
    operands="a b",
    shape=solve_shape,
    batch=lambda size, values, batched, params: bind(
        solve_triangular_p, align(size, values, batched), params
    ),
)
