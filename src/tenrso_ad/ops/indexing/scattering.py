"""Adding and writing values at the places that an index names, on plain arrays."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy import ndarray

from ..declare import namespace
from .subscript import ARRAY, Index, block_place, block_shape, host, numpy_index

_FEW = 500  # elements up to which np.add.at is quickest as it is
_SMALL = 2000  # elements from which a sparse product is quicker than np.add.at
_SPARSE = frozenset("fdFD")  # what SciPy's sparse products are compiled for


def add_at(target: ndarray, values: Any, index: Index, arrays: Sequence[Any], unique: bool) -> None:
    """Add values in place; where an index is repeated, all of its values are added.

    Parameters
    ----------
    target : ndarray
    values : array or scalar
        Of the shape of ``target[index]``.
    index, arrays, unique
        As in `subscript.Subscript`.
    """
    if unique:
        target[numpy_index(index, arrays)] += values
        return
    if values.size <= _FEW:
        np.add.at(target, numpy_index(index, arrays), values)
        return
    view, values, count = _in_front(target, values, index, arrays)
    keys = flat_keys(arrays, view.shape[:count])
    length = math.prod(view.shape[:count])
    rows = values.reshape(keys.size, math.prod(view.shape[count:]))
    if not view.flags.c_contiguous:
        view += sum_rows(keys, rows, length).reshape(view.shape)
        return
    flat = view.reshape(length, -1) if view.size else view.reshape(length, rows.shape[1])
    if _quick(rows):
        _add_elements(flat, keys, rows)
    elif length <= 2 * keys.size:
        flat += sum_rows(keys, rows, length)
    else:
        touched, keys = np.unique(keys, return_inverse=True)
        flat[touched] += sum_rows(keys, rows, len(touched))


def scatter_add(
    values: Any, shape: tuple[int, ...], index: Index, arrays: Sequence[Any], unique: bool
) -> ndarray:
    """Zeros with values added at the places that an index names."""
    if index == (ARRAY,) * len(arrays) and not unique and values.size > _FEW:
        count = len(arrays)
        keys = flat_keys(arrays, shape[:count])
        rows = values.reshape(keys.size, math.prod(shape[count:]))
        return sum_rows(keys, rows, math.prod(shape[:count])).reshape(shape)
    target = np.zeros(shape, values.dtype)
    if unique:
        target[numpy_index(index, arrays)] = values
    else:
        add_at(target, values, index, arrays, unique)
    return target


def sum_rows(keys: ndarray, rows: ndarray, length: int) -> ndarray:
    """Sum the rows of equal key: an array of `length` rows."""
    if _quick(rows):
        total = np.zeros((length, rows.shape[1]), rows.dtype)
        _add_elements(total, keys, rows)
        return total
    from scipy.sparse import csc_array

    entries = (np.ones(keys.size, rows.dtype), keys, np.arange(keys.size + 1))
    total = csc_array(entries, shape=(length, keys.size)) @ rows
    return np.asarray(total)


def _quick(rows: ndarray) -> bool:
    return rows.shape[1] == 1 or rows.size < _SMALL or rows.dtype.char not in _SPARSE


def _add_elements(target: ndarray, keys: ndarray, rows: ndarray) -> None:
    """np.add.at along one axis, where it has a fast path."""
    width = rows.shape[1]
    if width != 1:
        keys = (keys[:, None] * width + np.arange(width)).reshape(-1)
    np.add.at(target.reshape(-1), keys, rows.reshape(-1))


def _in_front(
    target: ndarray, values: ndarray, index: Index, arrays: Sequence[Any]
) -> tuple[ndarray, ndarray, int]:
    """Bring the axes that integer arrays index to the front of target and values."""
    count = len(arrays)
    whole = [slice(None)] * count
    view = target[numpy_index(index, whole)]
    kept = [e for e in index if type(e) is not int]
    axes = [i for i, e in enumerate(kept) if e == ARRAY]
    at, rank = block_place(index), len(block_shape(arrays))
    view = np.moveaxis(view, axes, range(count))
    return view, np.moveaxis(values, range(at, at + rank), range(rank)), count


def flat_keys(arrays: Sequence[Any], lengths: Sequence[int]) -> ndarray:
    """Number of the element that each group of indices names, in C order, as one axis."""
    shape = block_shape(arrays)
    keys = np.zeros((), np.intp)
    for array, length in zip(arrays, lengths, strict=True):
        keys = keys * length + _non_negative(np.asarray(array, dtype=np.intp), length)
    return np.broadcast_to(keys, shape).reshape(-1)


def _non_negative(indices: ndarray, length: int) -> ndarray:
    if not indices.size:
        return indices
    low, high = indices.min(), indices.max()
    if low < -length or high >= length:
        worst = low if low < -length else high
        raise IndexError(f"index {worst} is out of bounds for an axis of length {length}")
    return indices if low >= 0 else np.where(indices < 0, indices + length, indices)


def last_occurrence(keys: ndarray, length: int) -> ndarray:
    """Where each key stands for the last time: the writes that win."""
    numbers = np.arange(keys.size)
    writer = np.empty(length, np.intp)
    writer[keys] = numbers
    last: ndarray = writer[keys] == numbers
    return last


# --- arrays of other libraries: by the positions of the elements, which NumPy works out -----------


def positions(shape: tuple[int, ...], index: Index, arrays: Sequence[Any]) -> ndarray:
    """Number of each element of ``x[index]`` in an x of this shape, counted in C order."""
    numbers = np.arange(math.prod(shape)).reshape(shape)
    return np.asarray(numbers[numpy_index(index, [host(a) for a in arrays])])


def foreign_take(x: Any, index: Index, arrays: Sequence[Any]) -> Any:
    """``x[index]`` for an array of another library, with NumPy's meaning of the index."""
    if not arrays and all(e.step > 0 for e in index if not isinstance(e, (int, str)) and e):
        return x[numpy_index(index, ())]
    xp = namespace(x)
    where = positions(tuple(x.shape), index, arrays)
    taken = xp.take(xp.reshape(x, (-1,)), xp.asarray(where.reshape(-1)), axis=0)
    return xp.reshape(taken, where.shape)


def foreign_update(x: Any, values: Any, index: Index, arrays: Sequence[Any], mode: str) -> Any:
    """Copy an array of another library, and set or add values at the places that an index names."""
    xp = namespace(x)
    shape = tuple(x.shape)
    where = positions(shape, index, arrays).reshape(-1)
    flat = xp.reshape(x, (-1,))
    values = xp.reshape(values, (-1,)) if hasattr(values, "shape") else values
    if mode == "set":
        last = np.flatnonzero(last_occurrence(where, math.prod(shape)))
        where = where[last]
        values = xp.take(values, xp.asarray(last), axis=0) if hasattr(values, "shape") else values
    where = xp.asarray(where)
    if hasattr(flat, "at"):  # jax
        flat = getattr(flat.at[where], mode)(values)
    elif mode == "set":
        flat = xp.asarray(flat, copy=True)
        flat[where] = values
    elif hasattr(flat, "index_add"):  # torch
        flat = flat.index_add(0, where, values)
    else:  # cupy
        flat = flat.copy()
        xp.add.at(flat, where, values)
    return xp.reshape(flat, shape)
