"""Where elements stand: nonzero and its kin, flat and several indices, grids of coordinates."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Literal

import numpy as np
from numpy import ndarray

from ...engine.array_type import ArrayType
from ...engine.errors import (
    ArgumentError,
    ConcretizationError,
    ShapeError,
    describe,
)
from ...engine.primitive import Primitive
from ...engine.trace import bind, foreign_evaluation
from .. import elementwise as ew
from ..arguments import array_operand, shape_of
from ..declare import constant, namespace
from ..pointwise import align
from ..shaping.creation import copy as copied
from ..shaping.joining import stack
from ..shaping.reshaping import broadcast_arrays, reshape, with_axes
from .subscript import block_shape, host, integers, kind_of

Order = Literal["C", "F"]
Mode = Literal["raise", "wrap", "clip"]

# --- elements that are not zero -------------------------------------------------------------------


def unknown_length(name: str, way_out: str) -> Callable[..., Any]:
    """Shape and batching rule of an operation whose result has a length that values decide."""

    def refuse(*args: Any, **params: Any) -> Any:
        raise ConcretizationError(
            f"{name} gives a result whose length depends on values, which are not known in a "
            f"staged function and differ along a vmap. {way_out}"
        )

    return refuse


def _evaluate_nonzero(x: Any) -> tuple[Any, ...]:
    return tuple(namespace(x).nonzero(x))


_refuse = unknown_length("nonzero", "Use where(condition, x, y) with three arguments.")
nonzero_p = constant(
    "nonzero", _evaluate_nonzero, shape=_refuse, batch=_refuse, multiple_results=True
)


def nonzero(a: Any) -> tuple[Any, ...]:
    """Indices of the elements that are not zero, in C order.

    Parameters
    ----------
    a : array_like
        With at least one axis.

    Returns
    -------
    tuple of array of int
        One array for each axis.

    Raises
    ------
    ConcretizationError
        Values that are not known (batched by vmap, or staged).

    Examples
    --------
    >>> nonzero([[0, 2], [3, 0]])
    (array([0, 1]), array([1, 0]))
    """
    a = array_operand(a)
    if not len(a.shape):
        raise ShapeError(f"nonzero({describe(a)}): wants an array of 1 axis or more")
    return tuple(bind(nonzero_p, (a,)))


def flatnonzero(a: Any) -> Any:
    """Positions in the flattened array of the elements that are not zero.

    Parameters
    ----------
    a : array_like

    Examples
    --------
    >>> flatnonzero([[0, 2], [3, 0]])
    array([1, 2])
    """
    return nonzero(reshape(array_operand(a), (-1,)))[0]


def argwhere(a: Any) -> Any:
    """Indices of the elements that are not zero, one element a row.

    Parameters
    ----------
    a : array_like

    Examples
    --------
    >>> argwhere([[0, 2], [3, 0]])
    array([[0, 1],
           [1, 0]])
    """
    a = array_operand(a)
    found = nonzero(with_axes(a, 1))
    if not len(a.shape):
        return reshape(found[0], (found[0].shape[0], 1))[:, :0]
    return stack(found, axis=1)


def where(condition: Any, /, *branches: Any) -> Any:
    """Choose from x where the condition holds, else from y; or, given no x and y, `nonzero`.

    The branch that is not chosen gets a zero cotangent, and a zero cotangent gives a zero gradient
    even where a derivative is singular: ``where(x > 0, sqrt(x), 0)`` has a finite gradient at 0.

    Parameters
    ----------
    condition : array_like of bool
    *branches : array_like
        x and y, which broadcast with the condition and with each other; or neither.

    Examples
    --------
    >>> where([True, False], [1.0, 2.0], 0.0)
    array([1., 0.])
    >>> where([True, False])
    (array([0]),)
    """
    if len(branches) == 2:
        return ew.where(condition, *branches)
    if branches:
        raise ArgumentError("where: wants both x and y, or neither; got one of them")
    return nonzero(condition)


# --- one index for several ------------------------------------------------------------------------


def on_host(evaluate: Callable[..., Any]) -> Callable[..., Any]:
    """How arrays of another library are computed: NumPy does it."""

    def foreign(*values: Any, **params: Any) -> Any:
        xp = namespace(*values)
        out = evaluate(*[host(v) for v in values], **params)
        if xp is np:
            return out
        return tuple(map(xp.asarray, out)) if isinstance(out, tuple) else xp.asarray(out)

    return foreign


def _evaluate_unravel(indices: Any, *, shape: tuple[int, ...], order: Order) -> tuple[Any, ...]:
    return np.unravel_index(indices, shape, order)


unravel_p: Primitive = constant(
    "unravel_index",
    _evaluate_unravel,
    shape=lambda indices, *, shape, order: [
        ArrayType(indices.shape, np.dtype(np.intp)) for _ in shape
    ],
    batch=lambda size, values, batched, params: bind(unravel_p, values, params),
    multiple_results=True,
)
foreign_evaluation[unravel_p] = on_host(_evaluate_unravel)


def unravel_index(indices: Any, shape: int | Sequence[int], order: Order = "C") -> tuple[Any, ...]:
    """Indices along each axis of elements whose positions in the flattened array are given.

    Parameters
    ----------
    indices : array_like of int
    shape : int or tuple of int
        Of the array.
    order : {'C', 'F'}
        In which order the array was flattened.

    Returns
    -------
    tuple of array of int
        One array for each axis, of the shape of `indices`.

    Raises
    ------
    ShapeError
        A position that the array does not have.

    Examples
    --------
    >>> unravel_index([1, 5], (2, 3))
    (array([0, 1]), array([1, 2]))
    """
    _check_order("unravel_index", order)
    lengths = shape_of("unravel_index", shape)
    positions = integers("unravel_index", indices)
    return tuple(bind(unravel_p, (positions,), {"shape": lengths, "order": order}))


def _evaluate_ravel(
    *indices: Any, dims: tuple[int, ...], mode: tuple[Mode, ...], order: Order
) -> Any:
    return np.ravel_multi_index(indices, dims, mode, order)


ravel_p: Primitive = constant(
    "ravel_multi_index",
    _evaluate_ravel,
    shape=lambda *indices, dims, mode, order: ArrayType(block_shape(indices), np.dtype(np.intp)),
    batch=lambda size, values, batched, params: bind(ravel_p, align(size, values, batched), params),
)
foreign_evaluation[ravel_p] = on_host(_evaluate_ravel)


def ravel_multi_index(
    multi_index: Sequence[Any],
    dims: int | Sequence[int],
    mode: Mode | Sequence[Mode] = "raise",
    order: Order = "C",
) -> Any:
    """Positions in the flattened array of elements whose indices along each axis are given.

    Parameters
    ----------
    multi_index : sequence of array_like of int
        One array for each axis; they broadcast.
    dims : int or tuple of int
        Shape of the array.
    mode : {"raise", "wrap", "clip"}, or one of them for each axis
        What to do with an index out of bounds: raise, count on from the other end, or take the
        nearest.
    order : {'C', 'F'}
        In which order the array is flattened.

    Raises
    ------
    ShapeError
        An index out of bounds; another number of indices than of axes.

    Examples
    --------
    >>> ravel_multi_index(([0, 1], [1, 2]), (2, 3))
    array([1, 5])
    """
    name = "ravel_multi_index"
    _check_order(name, order)
    lengths = shape_of(name, dims)
    indices = [integers(name, i) for i in multi_index]
    if len(indices) != len(lengths):
        raise ShapeError(f"{name}: {len(indices)} indices for the {len(lengths)} axes of {lengths}")
    modes = (mode,) * len(lengths) if isinstance(mode, str) else tuple(mode)
    if len(modes) != len(lengths) or not {"raise", "wrap", "clip"}.issuperset(modes):
        raise ArgumentError(
            f"{name}: mode is 'raise', 'wrap' or 'clip', or one of them for each of "
            f"{len(lengths)} axes; got {mode!r}"
        )
    return bind(ravel_p, indices, {"dims": lengths, "mode": modes, "order": order})


def _check_order(name: str, order: str) -> None:
    if order not in ("C", "F"):
        raise ArgumentError(f"{name}: order is 'C' or 'F', got {order!r}")


# --- indices of a grid ----------------------------------------------------------------------------


def meshgrid(
    *xi: Any, copy: bool = True, sparse: bool = False, indexing: Literal["xy", "ij"] = "xy"
) -> tuple[Any, ...]:
    """Coordinates of the points of a grid: one array for each axis.

    Parameters
    ----------
    *xi : array_like
        Coordinates along each axis; they are flattened.
    copy : bool
        Copy plain arrays; without it the results are views, which share memory.
    sparse : bool
        Leave axes along which coordinates do not change with length 1.
    indexing : {'xy', 'ij'}
        'xy' has the first coordinate change along the second axis, as in a picture; 'ij' has the
        coordinates change along their own axes.

    Examples
    --------
    >>> x, y = meshgrid([1, 2, 3], [10, 20])
    >>> x + y
    array([[11, 12, 13],
           [21, 22, 23]])
    """
    if indexing not in ("xy", "ij"):
        raise ArgumentError(f"meshgrid: indexing is 'xy' or 'ij', got {indexing!r}")
    ndim = len(xi)
    axes = list(range(ndim))
    if indexing == "xy" and ndim > 1:
        axes[:2] = 1, 0
    grids = [
        reshape(array_operand(x), (1,) * i + (-1,) + (1,) * (ndim - i - 1))
        for x, i in zip(xi, axes, strict=True)
    ]
    grids = grids if sparse else list(broadcast_arrays(*grids))
    return tuple([copied(g) for g in grids] if copy else grids)


def ix_(*args: Any) -> tuple[Any, ...]:
    """Give sequences one axis each, so that as an index they pick their outer product.

    Parameters
    ----------
    *args : array_like
        Of one axis. Of booleans the positions of those that are true count.

    Returns
    -------
    tuple of array

    Examples
    --------
    >>> import numpy as np
    >>> np.arange(9).reshape(3, 3)[ix_([0, 2], [False, True, True])]
    array([[1, 2],
           [7, 8]])
    """
    return tuple([_on_axis(a, i, len(args)) for i, a in enumerate(args)])


def _on_axis(a: Any, place: int, ndim: int) -> Any:
    a = array_operand(a)
    if len(a.shape) != 1:
        raise ShapeError(f"ix_({describe(a)}): wants arrays of one axis")
    if kind_of(a.dtype) == "b":
        (a,) = nonzero(a)
    elif type(a) is ndarray and not a.size:
        a = a.astype(np.intp)  # an empty list is float64
    return reshape(a, (1,) * place + (-1,) + (1,) * (ndim - place - 1))
