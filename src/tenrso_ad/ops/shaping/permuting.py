"""The same elements along permuted or reversed axes."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any

import numpy as np

from ...engine.array_type import ArrayType
from ...engine.errors import ArgumentError, ShapeError, describe
from ...engine.primitive import Primitive
from ...engine.trace import bind
from ...engine.views import bind_view, write_back
from ..arguments import Axis, array_operand, axes_of, axis_of
from ..declare import linear, namespace


def _evaluate_transpose(x: Any, *, axes: tuple[int, ...]) -> Any:
    xp = namespace(x)
    return x.transpose(axes) if xp is np else xp.permute_dims(x, axes)


@functools.lru_cache(maxsize=1024)
def inverse(axes: tuple[int, ...]) -> tuple[int, ...]:
    """Permutation that undoes another one."""
    return tuple(sorted(range(len(axes)), key=axes.__getitem__))


transpose_p: Primitive = linear(
    "transpose",
    _evaluate_transpose,
    transpose=lambda g, x, *, axes: bind(transpose_p, (g,), {"axes": inverse(axes)}),
    shape=lambda x, *, axes: ArrayType(tuple([x.shape[a] for a in axes]), x.dtype),
    batch=lambda size, values, batched, params: bind(
        transpose_p, values, {"axes": (0, *[a + 1 for a in params["axes"]])}
    ),
)

write_back[transpose_p] = lambda base, view, params: bind(
    transpose_p, (view,), {"axes": inverse(params["axes"])}
)


def _evaluate_flip(x: Any, *, axis: tuple[int, ...]) -> Any:
    xp = namespace(x)
    if xp is not np:
        return xp.flip(x, axis=axis)
    backwards = slice(None, None, -1)
    return x[tuple([backwards if i in axis else slice(None) for i in range(x.ndim)])]


flip_p: Primitive = linear(
    "flip",
    _evaluate_flip,
    transpose=lambda g, x, *, axis: bind(flip_p, (g,), {"axis": axis}),
    shape=lambda x, *, axis: x,
    batch=lambda size, values, batched, params: bind(
        flip_p, values, {"axis": tuple([a + 1 for a in params["axis"]])}
    ),
)

write_back[flip_p] = lambda base, view, params: bind(flip_p, (view,), params)


def transpose(a: Any, axes: Sequence[int] | None = None) -> Any:
    """Permute the axes.

    Parameters
    ----------
    a : array_like
    axes : sequence of int, optional
        Which axis of `a` stands in each place; by default they are reversed.

    Returns
    -------
    array
        A view of `a`.

    Examples
    --------
    >>> transpose([[1, 2], [3, 4]])
    array([[1, 3],
           [2, 4]])
    """
    a = array_operand(a)
    ndim = len(a.shape)
    if axes is None:
        return bind_view(transpose_p, a, {"axes": tuple(range(ndim - 1, -1, -1))})
    order = axes_of("transpose", tuple(axes), a)
    if len(order) != ndim:
        raise ArgumentError(f"transpose({describe(a)}): axes={order} names {len(order)} of {ndim}")
    return bind_view(transpose_p, a, {"axes": order})


permute_dims = transpose


def matrix_transpose(x: Any, /) -> Any:
    """Swap the last two axes.

    Parameters
    ----------
    x : array_like
        With at least two axes.

    Examples
    --------
    >>> matrix_transpose([[[1, 2, 3]]]).shape
    (1, 3, 1)
    """
    x = array_operand(x)
    if len(x.shape) < 2:
        raise ShapeError(f"matrix_transpose({describe(x)}): wants an array of 2 axes or more")
    return swapaxes(x, -1, -2)


def swapaxes(a: Any, axis1: int, axis2: int) -> Any:
    """Swap two axes.

    Parameters
    ----------
    a : array_like
    axis1, axis2 : int

    Examples
    --------
    >>> import numpy as np
    >>> swapaxes(np.ones((2, 3, 4)), 0, 2).shape
    (4, 3, 2)
    """
    a = array_operand(a)
    first, second = axis_of("swapaxes", axis1, a), axis_of("swapaxes", axis2, a)
    order = list(range(len(a.shape)))
    order[first], order[second] = second, first
    return bind_view(transpose_p, a, {"axes": tuple(order)})


def moveaxis(a: Any, source: int | Sequence[int], destination: int | Sequence[int]) -> Any:
    """Move axes to new places; the others keep their order.

    Parameters
    ----------
    a : array_like
    source, destination : int or sequence of int
        Where the axes are, and where they go.

    Examples
    --------
    >>> import numpy as np
    >>> moveaxis(np.ones((2, 3, 4)), 0, -1).shape
    (3, 4, 2)
    """
    a = array_operand(a)
    sources, targets = axes_of("moveaxis", source, a), axes_of("moveaxis", destination, a)
    if len(sources) != len(targets):
        raise ArgumentError(
            f"moveaxis({describe(a)}): {len(sources)} axes cannot go to {len(targets)} places"
        )
    order = [i for i in range(len(a.shape)) if i not in sources]
    for target, origin in sorted(zip(targets, sources, strict=True)):
        order.insert(target, origin)
    return bind_view(transpose_p, a, {"axes": tuple(order)})


def rollaxis(a: Any, axis: int, start: int = 0) -> Any:
    """Move one axis to stand before another; `moveaxis` says it more plainly.

    Parameters
    ----------
    a : array_like
    axis : int
        Which axis moves.
    start : int
        Before which axis it goes; the number of axes puts it last.

    Examples
    --------
    >>> import numpy as np
    >>> rollaxis(np.ones((2, 3, 4)), 2).shape
    (4, 2, 3)
    """
    a = array_operand(a)
    ndim = len(a.shape)
    origin = axis_of("rollaxis", axis, a)
    target = ndim if start == ndim else axis_of("rollaxis", start, a)
    return moveaxis(a, origin, target - 1 if origin < target else target)


def flip(m: Any, axis: Axis = None) -> Any:
    """Reverse the order of elements along axes.

    Parameters
    ----------
    m : array_like
    axis : int or tuple of int, optional
        By default all.

    Returns
    -------
    array
        A view of `m`.

    Examples
    --------
    >>> flip([1, 2, 3])
    array([3, 2, 1])
    """
    m = array_operand(m)
    return bind_view(flip_p, m, {"axis": tuple(sorted(axes_of("flip", axis, m)))})


def fliplr(m: Any) -> Any:
    """Reverse the order of elements along the second axis.

    Parameters
    ----------
    m : array_like
        With at least two axes.

    Examples
    --------
    >>> fliplr([[1, 2], [3, 4]])
    array([[2, 1],
           [4, 3]])
    """
    return flip(_with_axes("fliplr", m, 2), 1)


def flipud(m: Any) -> Any:
    """Reverse the order of elements along the first axis.

    Parameters
    ----------
    m : array_like
        With at least one axis.

    Examples
    --------
    >>> flipud([[1, 2], [3, 4]])
    array([[3, 4],
           [1, 2]])
    """
    return flip(_with_axes("flipud", m, 1), 0)


def _with_axes(name: str, m: Any, count: int) -> Any:
    m = array_operand(m)
    if len(m.shape) < count:
        raise ShapeError(f"{name}({describe(m)}): wants an array of {count} or more axes")
    return m


def rot90(m: Any, k: int = 1, axes: Sequence[int] = (0, 1)) -> Any:
    """Turn an array by quarter turns in the plane of two axes.

    Parameters
    ----------
    m : array_like
        With at least two axes.
    k : int
        How many quarter turns, from the first of the axes towards the second where negative.
    axes : pair of int
        The plane.

    Returns
    -------
    array
        A view of `m`.

    Examples
    --------
    >>> rot90([[1, 2], [3, 4]])
    array([[2, 4],
           [1, 3]])
    """
    m = array_operand(m)
    plane = axes_of("rot90", tuple(axes), m)
    if len(plane) != 2:
        raise ArgumentError(f"rot90({describe(m)}): wants two axes, got axes={tuple(axes)}")
    first, second = plane
    turns = k % 4
    if turns == 0:
        return flip(m, ())
    if turns == 2:
        return flip(m, plane)
    if turns == 1:
        return swapaxes(flip(m, second), first, second)
    return flip(swapaxes(m, first, second), second)
