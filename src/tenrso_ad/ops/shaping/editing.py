"""Arrays with elements put in or left out: insert, delete, trim_zeros."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy import ndarray

from ...engine.errors import ArgumentError, DTypeError, IndexingError, ShapeError, describe
from ...engine.trace import bind, concrete
from .. import elementwise as ew
from ..arguments import Axis, array_operand, axes_of, operand_like
from ..indexing.getitem import getitem
from ..indexing.subscript import host
from ..indexing.taking import slices_at
from .joining import concatenate_p
from .permuting import moveaxis
from .reshaping import along, assigned, with_axes


def insert(arr: Any, obj: Any, values: Any, axis: int | None = None) -> Any:
    """Put values into an array, before elements it has.

    Parameters
    ----------
    arr : array_like
    obj : int, slice, or array_like of int or bool
        Before which places of `arr`; the length of the axis stands for its end. A boolean array
        names the places at which it is true. Places that are named several times get their values
        in order.
    values : array_like
        Broadcast to the places, and converted to the dtype of `arr`. At one place several values
        may go in.
    axis : int, optional
        By default the array is flattened first.

    Raises
    ------
    IndexingError
        A place that `arr` does not have.
    ShapeError
        Values that do not fit the places.

    Examples
    --------
    >>> insert([1.0, 2.0, 3.0], [0, 3], [7.0, 8.0])
    array([7., 1., 2., 3., 8.])
    >>> insert([[1, 2], [3, 4]], 1, 9, axis=1)
    array([[1, 9, 2],
           [3, 9, 4]])
    """
    arr, place = along("insert", arr, axis)
    values = operand_like(values, arr)
    length = arr.shape[place]
    places = _places(arr, obj, length)
    if places.size == 1:  # any number of values goes in there
        values = with_axes(values, len(arr.shape))
        if not places.ndim:
            values = moveaxis(values, 0, place)
        count = values.shape[place] if len(values.shape) == len(arr.shape) else 1
        order = np.arange(length + count)
        at = places.item()
        order[at:] = np.concatenate((length + np.arange(count), np.arange(at, length)))
    else:
        count = places.size
        where = np.empty(count, np.intp)
        where[places.argsort(kind="stable")] = np.sort(places) + np.arange(count)
        order = np.empty(length + count, np.intp)
        kept = np.ones(length + count, bool)
        kept[where] = False
        order[where], order[kept] = length + np.arange(count), np.arange(length)
    shape = (*arr.shape[:place], count, *arr.shape[place + 1 :])
    values = assigned("insert", values, shape, f"the new places in {describe(arr)}")
    both = bind(concatenate_p, (arr, values), {"axis": place})
    return slices_at(both, order, place)


def _known_index(name: str, obj: Any) -> ndarray:
    """Places as a plain array of integers or booleans."""
    given = array_operand(obj)
    places = host(concrete(given, f"{name}, whose places have to be known,"))
    if not places.size:
        return places.astype(np.intp)  # an empty list is float64
    if places.dtype.kind not in "biu":
        raise DTypeError(f"{name}: places are integers or booleans, got {describe(given)}")
    return places


def _places(arr: Any, obj: Any, length: int) -> ndarray:
    """Places before which to insert, as integers from 0 to the length."""
    if isinstance(obj, slice):
        return np.arange(*obj.indices(length))
    places = _known_index("insert", obj)
    if places.ndim > 1 or (places.dtype == bool and places.ndim == 0):
        raise ShapeError(
            f"insert({describe(arr)}): places are an int or an array of one axis, got "
            f"{describe(places)}"
        )
    if places.dtype == bool:
        places = np.flatnonzero(places)
    outside = places[(places < -length) | (places > length)]
    if outside.size:
        raise IndexingError(
            f"insert({describe(arr)}): place {outside.flat[0]} is out of bounds for an axis of "
            f"length {length}"
        )
    return np.where(places < 0, places + length, places)


def delete(arr: Any, obj: Any, axis: int | None = None) -> Any:
    """Leave elements out of an array.

    Parameters
    ----------
    arr : array_like
    obj : int, slice, or array_like of int or bool
        Which slices; a boolean array is as long as the axis.
    axis : int, optional
        By default the array is flattened first.

    Raises
    ------
    IndexingError
        A place that `arr` does not have.

    Examples
    --------
    >>> delete([1.0, 2.0, 3.0], [0, -1])
    array([2.])
    """
    arr, place = along("delete", arr, axis)
    length = arr.shape[place]
    if not isinstance(obj, slice):
        obj = _known_index("delete", obj)
        if obj.dtype == bool and obj.shape != (length,):
            raise ShapeError(
                f"delete({describe(arr)}): a boolean index has the length of the axis, {length}; "
                f"got {describe(obj)}"
            )
    kept = np.ones(length, bool)
    try:
        kept[obj] = False
    except IndexError as error:
        raise IndexingError(f"delete({describe(arr)}): {error}") from None
    return slices_at(arr, np.flatnonzero(kept), place)


def trim_zeros(filt: Any, trim: str = "fb", axis: Axis = None) -> Any:
    """Cut off the zeros at the edges of an array.

    Parameters
    ----------
    filt : array_like
    trim : {'fb', 'f', 'b'}
        At the front, at the back, or both.
    axis : int or tuple of int, optional
        Along which; by default all. A slice is cut off if all of it is zero.

    Returns
    -------
    array
        A view of `filt`.

    Raises
    ------
    ConcretizationError
        Values that are not known (batched by vmap, or staged).

    Examples
    --------
    >>> trim_zeros([0, 0, 1, 0, 2, 0])
    array([1, 0, 2])
    """
    filt = array_operand(filt)
    ends = str(trim).lower()
    if ends not in ("f", "b", "fb", "bf"):
        raise ArgumentError(f"trim_zeros: trim is 'f', 'b' or 'fb', got {trim!r}")
    axes = axes_of("trim_zeros", axis, filt)
    if not axes:
        return filt
    wish = "trim_zeros, whose result is as long as its values say,"
    places = np.nonzero(host(concrete(ew.not_equal(filt, 0), wish)))
    index = [slice(None)] * len(filt.shape)
    for i in axes:
        if places[i].size:
            first, last = int(places[i].min()), int(places[i].max()) + 1
            index[i] = slice(first if "f" in ends else 0, last if "b" in ends else None)
        else:
            index[i] = slice(0, 0)
    return getitem(filt, tuple(index))
