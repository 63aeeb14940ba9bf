"""Read-only guards over arrays that a backward pass still needs."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Sequence
from typing import Any

import numpy as np


class _Lock:
    """What is known of an array that guards keep read-only."""

    __slots__ = ("array", "guards", "views")

    def __init__(self, array: np.ndarray) -> None:
        self.array = array
        self.guards = 0
        self.views: list[np.ndarray] = []  # these become writeable as soon as the array is


_mutex = threading.Lock()
_locks: dict[int, _Lock] = {}  # by the id of the array
_dropped: deque[list[np.ndarray]] = deque()  # what guards that ended have not given back yet


class Guard:
    """Keeps one array, and the arrays it is a view of, read-only for as long as the guard lives."""

    __slots__ = ("_arrays",)

    def __init__(self, array: np.ndarray) -> None:
        self._arrays: list[np.ndarray] = []
        with _mutex:
            link: Any = array
            while isinstance(link, np.ndarray):
                if id(link) not in _locks and link.flags.writeable:
                    _locks[id(link)] = _Lock(link)
                    link.flags.writeable = False
                if id(link) in _locks:
                    _locks[id(link)].guards += 1
                    self._arrays.append(link)
                link = link.base
        _give_back()

    def release(self) -> None:
        """Give the arrays back what they may be: writeable once no guard is left."""
        arrays, self._arrays = self._arrays, []
        _dropped.append(arrays)
        _give_back()

    def __del__(self) -> None:
        if self._arrays:
            self.release()


def _give_back() -> None:
    """Count down for the guards that ended.

    A guard may end inside the garbage collector, which may run while this very thread holds the
    mutex: nobody waits for it here, and whoever holds it comes by afterwards.
    """
    while _dropped and _mutex.acquire(blocking=False):
        try:
            while _dropped:
                for array in reversed(_dropped.popleft()):  # bases before their views
                    lock = _locks[id(array)]
                    lock.guards -= 1
                    if lock.guards == 0:
                        del _locks[id(array)]
                        for released in (array, *lock.views):
                            _make_writeable(released)
        finally:
            _mutex.release()


def _make_writeable(array: np.ndarray) -> None:
    """NumPy lets a view be writeable only after its base is."""
    base = _locks.get(id(array.base))
    if base is not None:
        base.views.append(array)
    elif id(array) not in _locks:
        array.flags.writeable = True


class Held:
    """Keep the plain arrays among values read-only for the length of a ``with`` block."""

    __slots__ = ("_guards", "_values")

    def __init__(self, values: Sequence[Any]) -> None:
        self._values = values

    def __enter__(self) -> None:
        self._guards = [protect(v) for v in self._values if type(v) is np.ndarray]

    def __exit__(self, *_: object) -> None:
        for guard in self._guards:
            if guard is not None:
                guard.release()


def protect(array: np.ndarray) -> Guard | None:
    """Guard an array, or None where nothing could change it anyway."""
    if array.flags.writeable or id(array) in _locks:
        return Guard(array)
    return None
