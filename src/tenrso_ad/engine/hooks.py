"""What other rooms may hang on the engine; process-wide, and free of cost while nothing hangs.

Each hook is a list of callables:

on_save(value, node) -> object
    takes an array that a node is about to save; what it returns is kept in its place.
on_load(object, node) -> value
    gives the array back when the backward pass needs it; runs in the reverse order of on_save.
leaf_gradient_ready(leaf, gradient)
    runs in a backward pass as soon as nothing more can be added to that leaf's gradient.
between_nodes(node)
    runs in a backward pass after each node.
after_evaluation(primitive, values, params, out)
    runs after an operation on plain arrays.
after_pullback(node, cotangent, results)
    runs after a node's pullback.

While ``lines`` is above zero every node keeps the user's line that made it.
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Callable, Iterator
from typing import Any

on_save: list[Callable[[Any, Any], Any]] = []
on_load: list[Callable[[Any, Any], Any]] = []
leaf_gradient_ready: list[Callable[[Any, Any], None]] = []
between_nodes: list[Callable[[Any], None]] = []
after_evaluation: list[Callable[[Any, Any, Any, Any], None]] = []
after_pullback: list[Callable[[Any, Any, Any], None]] = []
lines = 0
active = (
    0  # how many `installed` blocks are open: one look tells the engine that nothing hangs here
)

_package = os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + os.sep


@contextlib.contextmanager
def installed(*, record_lines: bool = False, **callables: Callable[..., Any]) -> Iterator[None]:
    """Hang callables on the hooks of the same names for the length of a ``with`` block."""
    global active, lines
    for name, callable_ in callables.items():
        globals()[name].append(callable_)
    lines += record_lines
    active += 1
    try:
        yield
    finally:
        active -= 1
        lines -= record_lines
        for name, callable_ in callables.items():
            globals()[name].remove(callable_)


def stacklevel() -> int:
    """The `stacklevel` with which a warning of the caller points outside the library."""
    frame, level = sys._getframe(1), 1
    while frame.f_back is not None and frame.f_code.co_filename.startswith(_package):
        frame, level = frame.f_back, level + 1
    return level


def user_line() -> str:
    """Where the innermost frame outside the library stands: ``file.py:12 in function``."""
    frame = sys._getframe(1)
    while frame is not None:
        code = frame.f_code
        if not code.co_filename.startswith(_package):
            return f"{code.co_filename}:{frame.f_lineno} in {code.co_name}"
        if frame.f_back is None:
            break
        frame = frame.f_back
    return "<unknown line>"
