"""Which transforms and tapes are open in this thread, and what leaves them."""

from __future__ import annotations

import threading
from typing import Any

from . import tree
from .trace import NUMPY_TYPES, Trace, Tracer


class _Thread(threading.local):
    """What is open in this thread.

    Attributes
    ----------
    stack : list of [Trace, Trace or None]
        Transforms and tapes, innermost last; beside each transform its implicit tape, once one was
        needed.
    """

    def __init__(self) -> None:
        self.stack: list[list[Any]] = []


thread = _Thread()


class opened:
    """Run a transform: tensors made meanwhile belong to a tape further in; then close the trace."""

    __slots__ = ("trace",)

    def __init__(self, trace: Trace) -> None:
        self.trace = trace

    def __enter__(self) -> None:
        thread.stack.append([self.trace, None])

    def __exit__(self, *_: object) -> None:
        thread.stack.pop()
        self.trace.closed = True


def brought_out(out: Any, trace: Trace) -> Any:
    """Results of a function that a transform ran, without the tapes that were opened inside.

    Parameters
    ----------
    out : pytree
    trace : Trace
        Of the transform. A tensor of a tape further in becomes what it wraps: it may be a tensor of
        the transform, or of one further out.
    """
    if isinstance(out, Tracer):
        while isinstance(out, Tracer) and out.trace.level > trace.level and out.trace.imperative:
            out = out.value
        return out
    if out is None or type(out) in NUMPY_TYPES:
        return out
    return tree.map(lambda o: brought_out(o, trace) if isinstance(o, Tracer) else o, out)


def runs_once() -> Trace | None:
    """Innermost open trace that runs a function once for many runs (vmap, staging)."""
    for trace, _ in reversed(thread.stack):
        if trace.once:
            return trace  # type: ignore[no-any-return]
    return None
