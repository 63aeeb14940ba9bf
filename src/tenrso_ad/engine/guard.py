"""Read-only guards over arrays that a backward pass still needs."""

from __future__ import annotations

import threading
from typing import Any

import numpy as np

_mutex = threading.Lock()
_locked: dict[int, list[Any]] = {}  # id of an array -> [the array, number of guards]


class Guard:
    """Keeps one array, and the arrays it is a view of, read-only for as long as the guard lives."""

    __slots__ = ("_arrays",)

    def __init__(self, array: np.ndarray) -> None:
        self._arrays: list[np.ndarray] = []
        with _mutex:
            link: Any = array
            while type(link) is np.ndarray:
                entry = _locked.get(id(link))
                if entry is not None:
                    entry[1] += 1
                    self._arrays.append(link)
                elif link.flags.writeable:
                    link.flags.writeable = False
                    _locked[id(link)] = [link, 1]
                    self._arrays.append(link)
                link = link.base

    def release(self) -> None:
        """Give the arrays back what they may be: writeable once no guard is left."""
        arrays, self._arrays = self._arrays, []
        with _mutex:
            for link in reversed(arrays):  # a view may be writeable only after its base is
                entry = _locked[id(link)]
                entry[1] -= 1
                if entry[1] == 0:
                    del _locked[id(link)]
                    link.flags.writeable = True

    def __del__(self) -> None:
        if self._arrays:
            self.release()


def protect(array: np.ndarray) -> Guard | None:
    """Guard an array, or None where nothing could change it anyway."""
    if array.flags.writeable or id(array) in _locked:
        return Guard(array)
    return None
