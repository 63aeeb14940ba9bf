"""Diagonals of arrays, matrices made of them, and the triangles beside them."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
from numpy import ndarray

from ...engine.errors import ArgumentError, ShapeError, describe
from ...engine.primitive import Primitive
from ...engine.trace import bind
from ..arguments import array_operand, axis_of
from ..contraction.diagonals import put_p, take_diagonal
from ..contraction.lowering import letter
from ..declare import linear, namespace
from ..indexing.getitem import getitem
from .permuting import moveaxis
from .reshaping import broadcast_to, pad_p, ravel

# --- diagonals ------------------------------------------------------------------------------------


def diagonal(a: Any, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Any:
    """Elements on a diagonal of the matrices that two axes make.

    Parameters
    ----------
    a : array_like
        With at least two axes.
    offset : int
        Which diagonal: above the main one if positive, below it if negative.
    axis1, axis2 : int
        Rows and columns of the matrices.

    Returns
    -------
    array
        A view of `a` without the two axes; the diagonals lie along a new last axis.

    Raises
    ------
    ArgumentError
        `axis1` and `axis2` are the same axis.

    Examples
    --------
    >>> diagonal([[1, 2, 3], [4, 5, 6]], 1)
    array([2, 6])
    """
    a = array_operand(a)
    ndim = len(a.shape)
    if ndim < 2:
        raise ShapeError(f"diagonal({describe(a)}): wants an array of 2 axes or more")
    rows, columns = axis_of("diagonal", axis1, a), axis_of("diagonal", axis2, a)
    if rows == columns:
        raise ArgumentError(f"diagonal({describe(a)}): axis1 and axis2 are the same axis, {rows}")
    a = moveaxis(a, (rows, columns), (-2, -1))
    offset = _offset("diagonal", offset)
    first = (max(-offset, 0), max(offset, 0))
    length = max(min(n - i for n, i in zip(a.shape[-2:], first, strict=True)), 0)
    if tuple(a.shape[-2:]) != (length, length):
        a = getitem(a, (..., *(slice(i, i + length) for i in first)))
    return take_diagonal(a, "".join([letter(i) for i in range(ndim - 1)]) + letter(ndim - 2))


def diag(v: Any, k: int = 0) -> Any:
    """Take a diagonal of a matrix, or make a matrix that has a vector on its diagonal.

    Parameters
    ----------
    v : array_like
        A matrix or a vector.
    k : int
        Which diagonal: above the main one if positive, below it if negative.

    Raises
    ------
    ShapeError
        `v` has neither one nor two axes.

    Examples
    --------
    >>> diag([1, 2], 1)
    array([[0, 1, 0],
           [0, 0, 2],
           [0, 0, 0]])
    """
    v = array_operand(v)
    ndim = len(v.shape)
    if ndim == 2:
        return diagonal(v, k)
    if ndim != 1:
        raise ShapeError(f"diag({describe(v)}): wants a vector or a matrix")
    square = bind(put_p, (v,), {"term": "aa"})
    k = _offset("diag", k)
    if not k:
        return square
    above, below = max(k, 0), max(-k, 0)
    return bind(pad_p, (square,), {"widths": ((below, above), (above, below))})


def diagflat(v: Any, k: int = 0) -> Any:
    """Make a matrix that has the elements of an array of any shape on its diagonal.

    Parameters
    ----------
    v : array_like
    k : int
        Which diagonal, as in `diag`.

    Examples
    --------
    >>> diagflat([[1], [2]])
    array([[1, 0],
           [0, 2]])
    """
    return diag(ravel(v), k)


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


def tril(m: Any, k: int = 0) -> Any:
    """Matrices with zeros above a diagonal.

    Parameters
    ----------
    m : array_like
        One or more matrices, (..., M, N). A vector of length n counts as n equal rows.
    k : int
        Which diagonal: above the main one if positive, below it if negative.

    Examples
    --------
    >>> tril([[1, 2], [3, 4]])
    array([[1, 0],
           [3, 4]])
    """
    return bind(tril_p, (_matrices("tril", m),), {"k": _offset("tril", k)})


def triu(m: Any, k: int = 0) -> Any:
    """Matrices with zeros below a diagonal.

    Parameters
    ----------
    m : array_like
        One or more matrices, (..., M, N). A vector of length n counts as n equal rows.
    k : int
        Which diagonal: above the main one if positive, below it if negative.

    Examples
    --------
    >>> triu([[1, 2], [3, 4]])
    array([[1, 2],
           [0, 4]])
    """
    return bind(triu_p, (_matrices("triu", m),), {"k": _offset("triu", k)})


def _matrices(name: str, m: Any) -> Any:
    m = array_operand(m)
    ndim = len(m.shape)
    if not ndim:
        raise ShapeError(f"{name}({describe(m)}): wants an array of 1 axis or more")
    return m if ndim > 1 else broadcast_to(m, (m.shape[0], m.shape[0]))


def _offset(name: str, k: Any) -> int:
    if not hasattr(k, "__index__"):
        raise ArgumentError(f"{name}: k is an int, got {k!r}")
    return int(k)


# --- indices of the elements on them --------------------------------------------------------------


def diag_indices_from(arr: Any) -> tuple[ndarray, ...]:
    """Indices of the main diagonal of an array whose axes are all of one length.

    Parameters
    ----------
    arr : array_like
        With at least two axes.

    Examples
    --------
    >>> diag_indices_from([[1, 2], [3, 4]])
    (array([0, 1]), array([0, 1]))
    """
    arr = array_operand(arr)
    if len(arr.shape) < 2 or len(set(arr.shape)) > 1:
        raise ShapeError(
            f"diag_indices_from({describe(arr)}): wants an array of 2 axes or more, all of one "
            "length"
        )
    return np.diag_indices(arr.shape[0], len(arr.shape))


def tril_indices_from(arr: Any, k: int = 0) -> tuple[ndarray, ndarray]:
    """Indices of the elements of a matrix on and below a diagonal.

    Parameters
    ----------
    arr : array_like
        A matrix.
    k : int
        Which diagonal, as in `tril`.

    Examples
    --------
    >>> tril_indices_from([[1, 2], [3, 4]])
    (array([0, 1, 1]), array([0, 0, 1]))
    """
    rows, columns = _matrix_shape("tril_indices_from", arr)
    return np.tril_indices(rows, k, columns)


def triu_indices_from(arr: Any, k: int = 0) -> tuple[ndarray, ndarray]:
    """Indices of the elements of a matrix on and above a diagonal.

    Parameters
    ----------
    arr : array_like
        A matrix.
    k : int
        Which diagonal, as in `triu`.

    Examples
    --------
    >>> triu_indices_from([[1, 2], [3, 4]])
    (array([0, 0, 1]), array([0, 1, 1]))
    """
    rows, columns = _matrix_shape("triu_indices_from", arr)
    return np.triu_indices(rows, k, columns)


def _matrix_shape(name: str, arr: Any) -> tuple[int, ...]:
    arr = array_operand(arr)
    if len(arr.shape) != 2:
        raise ShapeError(f"{name}({describe(arr)}): wants a matrix, an array of 2 axes")
    return tuple(arr.shape)
