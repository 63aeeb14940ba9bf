"""Threads that run the chunks of a large kernel.

The borders of chunks depend on the sizes of arrays alone, and every chunk computes for itself, so
that results are bitwise the same for any number of threads. Kernels let go of Python's lock while
they run.
"""

from __future__ import annotations

import os
import queue
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

Kernel = Callable[..., None]


def available() -> int:
    """Cores that this process may use."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # not on Linux
        return os.cpu_count() or 1


CHUNK = 32768
"""Elements of the part of a large kernel that one thread takes at a time, unless set otherwise."""


@dataclass
class Settings:
    """What `tenrso_ad.config` sets.

    Attributes
    ----------
    threads : int
        How many threads a large kernel runs in.
    min_size : int or None
        Elements from which on a kernel is divided; None: estimated from its operations.
    chunk_size : int
        Elements that a thread takes at a time.
    """

    threads: int
    min_size: int | None = None
    chunk_size: int = CHUNK


settings = Settings(available())


class _Pool:
    """Worker threads that wait for work; they are started when first needed."""

    def __init__(self) -> None:
        self._forget()

    def _forget(self) -> None:
        """Begin anew, as in a process that was forked off: threads do not come along."""
        self._work: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._workers = 0
        self._starting = threading.Lock()

    def run(self, kernel: Kernel, chunks: int, arrays: Sequence[Any]) -> None:
        """Run a kernel over its chunks, some in each thread; wait for all."""
        parts = min(settings.threads, chunks)
        if parts < 2:
            kernel(*arrays, 0, chunks)
            return
        self._start(parts - 1)
        borders = [chunks * i // parts for i in range(parts + 1)]
        done: queue.SimpleQueue[BaseException | None] = queue.SimpleQueue()
        for i in range(1, parts):
            self._work.put((kernel, (*arrays, borders[i], borders[i + 1]), done))
        try:
            kernel(*arrays, 0, borders[1])
        finally:  # nobody may touch the arrays before all have ended
            errors = [done.get() for _ in range(parts - 1)]
        for error in errors:
            if error is not None:
                raise error

    def _start(self, wanted: int) -> None:
        if self._workers >= wanted:
            return
        with self._starting:
            while self._workers < wanted:
                threading.Thread(target=_serve, args=(self._work,), daemon=True).start()
                self._workers += 1


def _serve(work: queue.SimpleQueue[Any]) -> None:
    while True:
        kernel, arguments, done = work.get()
        try:
            kernel(*arguments)
        except BaseException as error:  # handed to whoever waits
            done.put(error)
        else:
            done.put(None)
        del kernel, arguments, done  # or the arrays would live until the next work comes


_pool = _Pool()
run = _pool.run
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_pool._forget)
