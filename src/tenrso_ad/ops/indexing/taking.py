"""NumPy's functions that pick elements: take, take_along_axis, compress, extract, choose."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np

from ...engine.errors import ArgumentError, IndexingError, ShapeError, describe
from ...engine.trace import bind, concrete
from .. import elementwise as ew
from ..arguments import array_operand, into
from ..shaping.joining import joinable, stack
from ..shaping.reshaping import along, broadcast_arrays, expand_dims, reshape
from .getitem import getitem, getitem_p
from .subscript import ARRAY, Span, host, integers

Mode = Literal["raise", "wrap", "clip"]


def take(
    a: Any, indices: Any, axis: int | None = None, out: Any = None, mode: Mode = "raise"
) -> Any:
    """Elements of an array along an axis.

    Parameters
    ----------
    a : array_like
    indices : array_like of int
    axis : int, optional
        By default the array is flattened first.
    out : ndarray, optional
        Where to put the result, if `a` is plain.
    mode : {"raise", "wrap", "clip"}
        What to do with an index out of bounds: raise, count on from the other end, or take the
        nearest.

    Returns
    -------
    array
        Of the shape of `a`, with the shape of `indices` in the place of `axis`.

    Raises
    ------
    IndexingError
        An index out of bounds, or any index into an axis of no elements.

    Examples
    --------
    >>> import numpy as np
    >>> take(np.array([4.0, 3.0, 5.0]), [2, 0, 0])
    array([5., 4., 4.])
    """
    a, axis = along("take", a, axis, scalars=True)
    length = a.shape[axis]
    indices = integers("take", indices)
    if mode != "raise":
        if not length and 0 not in indices.shape:
            raise IndexingError(f"take({describe(a)}): axis {axis} has no elements to take")
        indices = brought_in("take", indices, length, mode)
    return into("take", out, getitem(a, (*(slice(None),) * axis, indices)))


def brought_in(name: str, indices: Any, length: int, mode: str) -> Any:
    """Indices that mode='wrap' or 'clip' bring within bounds."""
    if mode == "wrap":
        return ew.remainder(indices, length)
    if mode == "clip":
        return ew.clip(indices, 0, length - 1)
    raise ArgumentError(f"{name}: mode is 'raise', 'wrap' or 'clip', got {mode!r}")


def take_along_axis(arr: Any, indices: Any, axis: int | None = -1) -> Any:
    """Elements of an array, their positions along one axis given for each place.

    Parameters
    ----------
    arr : array_like
    indices : array_like of int
        With as many axes as `arr`; the others broadcast against it.
    axis : int or None
        None flattens `arr`; `indices` then has one axis.

    Examples
    --------
    >>> import numpy as np
    >>> x = np.array([[3.0, 1.0, 2.0], [4.0, 6.0, 5.0]])
    >>> take_along_axis(x, np.argsort(x, axis=1), axis=1)
    array([[1., 2., 3.],
           [4., 5., 6.]])
    """
    arr, axis = along("take_along_axis", arr, axis)
    return along_axis(arr, positions_along("take_along_axis", arr, indices), axis, unique=False)


def positions_along(name: str, x: Any, indices: Any) -> Any:
    """Check the positions along an axis, which have as many axes as the array."""
    indices = integers(name, indices)
    rank = len(x.shape)
    if len(indices.shape) != rank:
        raise ShapeError(
            f"{name}({describe(x)}, {describe(indices)}): wants indices of {rank} axes"
        )
    return indices


def along_axis(x: Any, positions: Any, axis: int, *, unique: bool) -> Any:
    """Elements at positions along an axis, given for each place; unique: no element named twice."""
    arrays = index_along(x, positions, axis)
    return bind(getitem_p, (x, *arrays), {"index": (ARRAY,) * len(arrays), "unique": unique})


def index_along(x: Any, positions: Any, axis: int) -> tuple[Any, ...]:
    """Index of the elements at positions along an axis, given for each place."""
    rank = len(x.shape)
    return tuple(
        [
            positions if i == axis else np.arange(n).reshape((n,) + (1,) * (rank - i - 1))
            for i, n in enumerate(x.shape)
        ]
    )


def slices_at(x: Any, positions: Any, axis: int) -> Any:
    """Slices of an array at positions along an axis, of which no two are the same."""
    whole = tuple([Span(0, n, 1) for n in x.shape[:axis]])
    return bind(getitem_p, (x, positions), {"index": (*whole, ARRAY), "unique": True})


# --- by a condition -------------------------------------------------------------------------------


def compress(condition: Any, a: Any, axis: int | None = None, out: Any = None) -> Any:
    """Slices of an array at which a condition holds.

    Parameters
    ----------
    condition : array_like of bool
        With one axis; may be shorter than the axis of `a`.
    a : array_like
    axis : int, optional
        By default the array is flattened first.
    out : ndarray, optional
        Where to put the result, if `a` is plain.

    Raises
    ------
    ConcretizationError
        A condition whose values are not known (batched by vmap, or staged): use
        ``where(condition, a, 0)``.

    Examples
    --------
    >>> compress([False, True], [[1, 2], [3, 4], [5, 6]], axis=0)
    array([[3, 4]])
    """
    return into("compress", out, where_true("compress", condition, a, axis))


def extract(condition: Any, arr: Any) -> Any:
    """Elements of an array at which a condition holds, in C order.

    Parameters
    ----------
    condition : array_like of bool
        As many elements as `arr` has.
    arr : array_like

    Raises
    ------
    ConcretizationError
        A condition whose values are not known (batched by vmap, or staged): use
        ``where(condition, arr, 0)``.

    Examples
    --------
    >>> extract([[True, False], [False, True]], [[1, 2], [3, 4]])
    array([1, 4])
    """
    return where_true("extract", reshape(array_operand(condition), (-1,)), arr, None)


def where_true(name: str, condition: Any, a: Any, axis: int | None) -> Any:
    """Slices at which a condition of one axis holds, for the operation of that name."""
    a, axis = along(name, a, axis, scalars=True)
    condition = array_operand(condition)
    if len(condition.shape) != 1:
        raise ShapeError(f"{name}: wants a condition of one axis, got {describe(condition)}")
    known = concrete(condition, f"{name}, whose result is as long as its condition is true,")
    positions = np.flatnonzero(host(known))
    if positions.size and positions[-1] >= a.shape[axis]:
        raise IndexingError(
            f"{name}({describe(a)}): the condition holds at {positions[-1]}, beyond the "
            f"{a.shape[axis]} elements of axis {axis}"
        )
    return slices_at(a, positions, axis)


def choose(a: Any, choices: Any, out: Any = None, mode: Mode = "raise") -> Any:
    """Elements of several arrays; for each place an index says of which.

    Parameters
    ----------
    a : array_like of int
        Numbers of the arrays; broadcasts with them.
    choices : sequence of array_like
    out : ndarray, optional
        Where to put the result, if all arrays are plain.
    mode : {"raise", "wrap", "clip"}
        What to do with a number that no array has: raise, count on from the other end, or take the
        nearest.

    Raises
    ------
    IndexingError
        A number that no array has.

    Examples
    --------
    >>> choose([0, 1, 0], [[1.0, 2.0, 3.0], 9.0])
    array([1., 9., 3.])
    """
    numbers = integers("choose", a)
    options = joinable("choose", choices)
    count = len(options)
    if mode == "raise":
        if type(numbers) is np.ndarray and ((numbers < 0) | (numbers >= count)).any():
            raise IndexingError(f"choose: there are arrays 0 to {count - 1}, got {numbers}")
        # staged and batched ones are checked when they are taken; here -1 is not the last
        numbers = ew.where(ew.less(numbers, 0), count, numbers)
    else:
        numbers = brought_in("choose", numbers, count, mode)
    numbers, *options = broadcast_arrays(numbers, *options)
    chosen = along_axis(stack(options), expand_dims(numbers, 0), 0, unique=True)
    return into("choose", out, reshape(chosen, numbers.shape))
