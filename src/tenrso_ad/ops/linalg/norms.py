"""Norms of vectors and matrices, and condition numbers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

import numpy as np

from ...engine.errors import ArgumentError, LinAlgError, ShapeError, describe
from ...engine.primitive import Primitive
from ...engine.trace import bind, is_inexact
from .. import elementwise as ew
from ..arguments import Axis, array_operand, axes_of
from ..broadcasting import convert
from ..declare import namespace, nonlinear
from ..indexing.getitem import getitem
from ..pointwise import scale
from ..reductions.extrema import max, min
from ..reductions.sums import any as holds_any
from ..reductions.sums import over_batch, reduced_type, sum, with_axes_kept
from ..shaping.permuting import moveaxis
from ..shaping.reshaping import expand_dims
from .matrices import matrix_operand, real_dtype
from .solving import inv_p
from .spectral import svdvals


def norm(x: Any, ord: Any = None, axis: Axis = None, keepdims: bool = False) -> Any:
    """Norm of vectors or matrices.

    Parameters
    ----------
    x : array_like
    ord : number, 'fro' or 'nuc', optional
        For vectors any number p: the sum of ``abs(x) ** p`` to the power 1/p; inf and -inf are the
        largest and smallest absolute value, 0 counts what is not zero. For matrices 'fro' (root of
        the sum of squares), 'nuc' (sum of the singular values), 2 and -2 (largest and smallest
        singular value), 1 and -1 (largest and smallest sum of a column's absolute values), inf and
        -inf (the same of a row's). By default the root of the sum of squares.
    axis : int or tuple of two int, optional
        Axis of the vectors, or axes of the rows and columns of the matrices. By default `x` is one
        vector or one matrix, or without `ord` any array, flattened.
    keepdims : bool
        Leave the axes with length 1.

    Returns
    -------
    array
        Real.

    Notes
    -----
    At zero the gradient is 0, and so is the share of each zero element and of each singular value
    that is exactly zero. Where several elements tie for the largest or smallest, they share the
    gradient evenly.

    Examples
    --------
    >>> import numpy as np
    >>> x = np.array([[3.0, 0.0], [4.0, 0.0]])
    >>> float(norm(x))
    5.0
    >>> norm(x, 1, axis=0)
    array([7., 0.])
    """
    x = _inexact(x)
    rank = len(x.shape)
    if axis is None:
        if ord is None:
            return _vector_norm(x, 2.0, tuple(range(rank)), keepdims)
        if rank not in (1, 2):
            raise ShapeError(
                f"norm({describe(x)}, ord={ord!r}): without axis= wants a vector or a matrix"
            )
    axes = axes_of("norm", axis, x)
    if len(axes) == 1:
        return _of_vectors("norm", x, ord, axes, keepdims)
    if len(axes) == 2:
        return _of_matrices("norm", x, ord, axes, keepdims)
    raise ArgumentError(f"norm({describe(x)}): axis names one axis or two, got {axis!r}")


def vector_norm(
    x: Any, /, *, axis: Axis = None, keepdims: bool = False, ord: float | None = 2
) -> Any:
    """Norm of vectors, which may lie along several axes.

    Parameters
    ----------
    x : array_like
    axis : int or tuple of int, optional
        By default the whole array is one vector.
    keepdims : bool
        Leave the axes with length 1.
    ord : number, optional
        As for vectors in `norm`.

    Returns
    -------
    array
        Real.

    Examples
    --------
    >>> vector_norm([[3.0, 0.0], [4.0, 0.0]], axis=0)
    array([5., 0.])
    """
    x = _inexact(x)
    return _of_vectors("vector_norm", x, ord, axes_of("vector_norm", axis, x), keepdims)


def matrix_norm(
    x: Any, /, *, keepdims: bool = False, ord: float | Literal["fro", "nuc"] | None = "fro"
) -> Any:
    """Norm of each matrix.

    Parameters
    ----------
    x : array_like, shape (..., m, n)
    keepdims : bool
        Leave the last two axes with length 1.
    ord : number, 'fro' or 'nuc', optional
        As for matrices in `norm`.

    Returns
    -------
    array, shape (...)
        Real.

    Examples
    --------
    >>> float(matrix_norm([[3.0, 0.0], [4.0, 0.0]]))
    5.0
    """
    x = matrix_operand("matrix_norm", x)
    last = (len(x.shape) - 2, len(x.shape) - 1)
    return _of_matrices("matrix_norm", x, ord, last, keepdims)


def cond(x: Any, p: float | Literal["fro", "nuc"] | None = None) -> Any:
    """Condition number of each matrix: its norm times that of its inverse.

    Parameters
    ----------
    x : array_like, shape (..., m, n)
        Square, unless `p` is None, 2 or -2.
    p : number, 'fro' or 'nuc', optional
        The norm, as for matrices in `norm`. None and 2 are the ratio of the largest and the
        smallest singular value, -2 its inverse.

    Returns
    -------
    array, shape (...)
        Real; inf for singular matrices.

    Raises
    ------
    LinAlgError
        Matrices without elements.

    Examples
    --------
    >>> float(cond([[4.0, 0.0], [0.0, 2.0]]))
    2.0
    """
    x = matrix_operand("cond", x, square=p not in (None, 2, -2))
    if 0 in x.shape[-2:]:
        raise LinAlgError(f"cond({describe(x)}): matrices without elements have no condition")
    last = (len(x.shape) - 2, len(x.shape) - 1)
    with np.errstate(all="ignore"):
        if p in (None, 2, -2):
            s = svdvals(x)
            first, final = (-1, 0) if p == -2 else (0, -1)
            out = getitem(s, (..., first)) / getitem(s, (..., final))
        else:
            inverse = bind(inv_p, (x,), {"singular": "nan"})
            singular = ew.logical_and(ew.isnan(inverse), ew.logical_not(ew.isnan(x)))
            size = _of_matrices("cond", ew.where(singular, 0, inverse), p, last, False)
            size = ew.where(holds_any(singular, last), np.inf, size)
            out = _of_matrices("cond", x, p, last, False) * size
        undefined = ew.logical_and(ew.isnan(out), ew.logical_not(holds_any(ew.isnan(x), last)))
        return ew.where(undefined, np.inf, out)


def _inexact(x: Any) -> Any:
    x = array_operand(x)
    return x if is_inexact(x.dtype) else convert(x, np.dtype(float))


def _largest(a: Any, *, axis: Any, keepdims: bool = False) -> Any:
    """Largest of values that are not below zero; zero, which is their sum, where there are none."""
    return (sum if 0 in a.shape else max)(a, axis=axis, keepdims=keepdims)


# --- vectors --------------------------------------------------------------------------------------


def _of_vectors(name: str, x: Any, ord: Any, axes: tuple[int, ...], keepdims: bool) -> Any:
    if ord is None:
        ord = 2
    if isinstance(ord, str) or not np.isscalar(ord) or isinstance(ord, complex):
        raise ArgumentError(f"{name}({describe(x)}): the ord of a vector is a number, got {ord!r}")
    order = float(ord)
    if order in (np.inf, -np.inf):
        return (_largest if order > 0 else min)(ew.absolute(x), axis=axes, keepdims=keepdims)
    if order == 0:
        count = convert(ew.not_equal(x, 0), real_dtype(x.dtype))
        return sum(count, axis=axes, keepdims=keepdims)
    return _vector_norm(x, order, axes, keepdims)


def _vector_norm(x: Any, order: float, axes: tuple[int, ...], keepdims: bool) -> Any:
    params = {"order": order, "axis": tuple(sorted(axes)), "keepdims": bool(keepdims)}
    return bind(vector_norm_p, (x,), params)


def _evaluate_vector_norm(x: Any, *, order: float, axis: tuple[int, ...], keepdims: bool) -> Any:
    xp = namespace(x)
    if order == 2 and xp is np and len(axis) == x.ndim and not keepdims:
        return np.linalg.norm(x)
    size = xp.abs(x)
    if order == 1:
        return xp.sum(size, axis=axis, keepdims=keepdims, dtype=size.dtype)
    powers = size * size if order == 2 else size**order
    total = xp.sum(powers, axis=axis, keepdims=keepdims, dtype=size.dtype)
    return xp.sqrt(total) if order == 2 else total ** (1 / order)


def _vector_norm_pullback(
    g: Any, x: Any, out: Any, *, order: float, axis: tuple[int, ...], keepdims: bool
) -> Any:
    """Give x / norm for order 2, else sign(x) (abs(x) / norm)^(order - 1); 0 at zero."""
    g = with_axes_kept(g, x.shape, axis, keepdims)
    if order == 1:
        return scale(g, ew.conjugate(ew.sign(x)))
    out = with_axes_kept(out, x.shape, axis, keepdims)
    at_zero = ew.equal(out, 0)
    if order == 2:
        ratio = ew.where(at_zero, 0, scale(g, 1 / ew.where(at_zero, 1, out)))
        return scale(ratio, ew.conjugate(x))
    at_zero = ew.logical_or(at_zero, ew.equal(x, 0))
    ratio = ew.where(at_zero, 1, ew.absolute(x)) / ew.where(at_zero, 1, out)
    slope = ew.where(at_zero, 0, ratio ** (order - 1))
    return scale(g, slope * ew.conjugate(ew.sign(x)))


vector_norm_p: Primitive = nonlinear(
    "vector_norm",
    _evaluate_vector_norm,
    pullback=_vector_norm_pullback,
    operands="x",
    shape=reduced_type(real_dtype),
    batch=over_batch(lambda: vector_norm_p),
)


# --- matrices -------------------------------------------------------------------------------------


def _sums(a: Any, axis: int) -> Any:
    return sum(ew.absolute(a), axis=axis)


def _singular_values(a: Any) -> Any:
    return ew.absolute(svdvals(a))  # not below zero anyway, but so the slope at 0 is 0


# of matrices that stand in the last two axes
_MATRIX_NORMS: dict[Any, Callable[[Any], Any]] = {
    "fro": lambda a: _vector_norm(a, 2.0, (len(a.shape) - 2, len(a.shape) - 1), False),
    "nuc": lambda a: sum(_singular_values(a), axis=-1),
    2: lambda a: _largest(_singular_values(a), axis=-1),
    -2: lambda a: min(_singular_values(a), axis=-1),
    1: lambda a: _largest(_sums(a, -2), axis=-1),
    -1: lambda a: min(_sums(a, -2), axis=-1),
    np.inf: lambda a: _largest(_sums(a, -1), axis=-1),
    -np.inf: lambda a: min(_sums(a, -1), axis=-1),
}


def _of_matrices(name: str, x: Any, ord: Any, axes: tuple[int, ...], keepdims: bool) -> Any:
    try:
        compute = _MATRIX_NORMS["fro" if ord is None or ord == "f" else ord]
    except (KeyError, TypeError):
        known = ", ".join(map(repr, _MATRIX_NORMS))
        raise ArgumentError(
            f"{name}({describe(x)}): the ord of a matrix is one of {known}; got {ord!r}"
        ) from None
    last = (len(x.shape) - 2, len(x.shape) - 1)
    out = compute(x if axes == last else moveaxis(x, axes, last))
    return expand_dims(out, tuple(sorted(axes))) if keepdims else out
