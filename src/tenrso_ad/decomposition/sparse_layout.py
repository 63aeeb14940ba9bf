"""Where the nonzeros of a sparse tensor are, sorted for each mode as the kernels want them."""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ["Sorted", "SparseLayout", "linear_keys"]

Indices = NDArray[np.int32]
Integers = NDArray[np.int64]

COUNTABLE = 2**62
"""Entries that 64 bits can number."""


class Sorted(NamedTuple):
    """The nonzeros sorted by one mode.

    Attributes
    ----------
    order : ndarray of int32
        For each nonzero in this order, where it stands in the order of the layout.
    coordinates : tuple of ndarray of int32
        Their indices, those of the mode itself first.
    modes : tuple of int
        Which modes the coordinates are of.
    """

    order: Indices
    coordinates: tuple[Indices, ...]
    modes: tuple[int, ...]


class SparseLayout:
    """The places of the nonzeros of a tensor, without values.

    They stand in lexicographic order, the shortest mode first: nonzeros that share their leading
    indices share work, and the fewer indices there are, the more share them. The order for another
    mode's rows is made when it is first needed, by a stable counting sort, and kept: it takes
    4 (N + 1) bytes a nonzero.

    Parameters
    ----------
    shape : tuple of int
        The shape of the tensor.
    coordinates : sequence of ndarray of int32, shape (nnz,)
        The index of each nonzero in each mode, in this order and without duplicates.
    """

    def __init__(self, shape: tuple[int, ...], coordinates: Sequence[Indices]) -> None:
        self.shape = shape
        self.coordinates = tuple(coordinates)
        self.modes = mode_order(shape)
        self._sorted: dict[int, Sorted] = {}

    @property
    def count(self) -> int:
        """The number of nonzeros."""
        return len(self.coordinates[0])

    def __reduce__(self) -> tuple[Any, ...]:
        return SparseLayout, (self.shape, self.coordinates)

    def sorted_by(self, mode: int) -> Sorted:
        """The nonzeros sorted by the index of a mode, then as they are."""
        if mode not in self._sorted:
            modes = (mode, *(m for m in self.modes if m != mode))
            if mode == self.modes[0]:
                order = np.arange(self.count, dtype=np.int32)
                coordinates = tuple(self.coordinates[m] for m in modes)
            else:
                order = stable_order(self.coordinates[mode], self.shape[mode])
                coordinates = tuple(self.coordinates[m][order] for m in modes)
            self._sorted[mode] = Sorted(order, coordinates, modes)
        return self._sorted[mode]

    def find(self, coordinates: Sequence[Any]) -> Integers:
        """Where indices stand among the nonzeros; -1 where they are none of them."""
        wanted = [np.asarray(c) for c in coordinates]
        if not self.count:
            return np.full(len(wanted[0]), -1)
        if math.prod(self.shape) < COUNTABLE:
            own, other = self._keys, linear_keys(self.shape, wanted, self.modes)
        else:  # ranks are of all that is looked at
            pairs = zip(self.coordinates, wanted, strict=True)
            both = linear_keys(self.shape, [np.concatenate(pair) for pair in pairs], self.modes)
            own, other = both[: self.count], both[self.count :]
        places = np.minimum(np.searchsorted(own, other), self.count - 1)
        return np.where(own[places] == other, places, -1)

    @functools.cached_property
    def _keys(self) -> Integers:
        """One number for each nonzero, rising."""
        return linear_keys(self.shape, self.coordinates, self.modes)


def mode_order(shape: Sequence[int]) -> tuple[int, ...]:
    """The modes, the shortest first."""
    return tuple(sorted(range(len(shape)), key=lambda mode: shape[mode]))


def linear_keys(shape: Sequence[int], coordinates: Sequence[Any], modes: Sequence[int]) -> Integers:
    """One number for each entry, ordered as its indices are when they are taken in a given order.

    Numbers that would be too large are replaced by their ranks on the way.
    """
    keys = np.asarray(coordinates[modes[0]]).astype(np.int64)
    bound = shape[modes[0]]
    for mode in modes[1:]:
        if bound * shape[mode] >= COUNTABLE:
            keys = np.unique(keys, return_inverse=True)[1].astype(np.int64)
            bound = int(keys.max(initial=0)) + 1
        keys *= shape[mode]
        keys += coordinates[mode]
        bound *= shape[mode]
    return keys


def stable_order(indices: Indices, length: int) -> Indices:
    """The permutation that sorts indices below a length, equal ones as they stand."""
    from scipy.sparse import csc_array

    count = len(indices)
    if length > 8 * count + 1024:  # rows without nonzeros would cost more than the nonzeros
        return np.argsort(indices, kind="stable").astype(np.int32)
    positions = np.arange(count, dtype=np.int32)
    column = csc_array(
        (positions, indices, np.array([0, count], np.int32)), shape=(length, 1), copy=False
    )
    # SciPy's conversion to rows is a counting sort
    return np.asarray(column.tocsr().data, dtype=np.int32)
