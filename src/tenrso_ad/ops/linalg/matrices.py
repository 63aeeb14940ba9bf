"""Stacks of matrices: checks, adjoints and triangles."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy import ndarray

from ...engine.errors import ShapeError, describe, explain
from ...engine.primitive import Primitive
from ...engine.trace import bind, is_inexact
from ..arguments import array_operand
from ..broadcasting import convert
from ..declare import is_complex, linear, namespace
from ..elementwise import conjugate
from ..shaping.permuting import matrix_transpose


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
