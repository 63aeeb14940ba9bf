"""NumPy's functions on slices of large arrays, in threads.

NumPy lets go of Python's lock while it computes, so that threads may call it side by side. Slices
are cut along the first axis; what a function gives there must not depend on the other slices.
"""

from __future__ import annotations

import contextvars
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy import ndarray

from . import threads

FROM_SIZE = 1 << 19
"""Elements from which on two threads gain more than it costs to hand the work out."""

FROM_SIZE_SLOW = 1 << 16
"""The same for functions of which an element takes ten nanoseconds and more."""

_inside = contextvars.ContextVar("inside", default=False)
"""Whether a slice is being computed: a thread that waited there for another would wait forever."""


def worth(array: ndarray, from_size: int = FROM_SIZE) -> bool:
    """Whether threads are to share an array; `tenrso_ad.config.parallel` may have set the size."""
    least = threads.settings.min_size
    if array.size < (from_size if least is None else least):
        return False
    return array.ndim > 0 and len(array) > 1 and not _inside.get()


def run(function: Callable[..., Any], operands: Sequence[ndarray], out: ndarray) -> ndarray:
    """Call ``function(*slices, out=slice)``, each slice some elements of the first axis.

    Parameters
    ----------
    function : callable
        Such as a ufunc.
    operands : sequence of ndarray
        Of one length along the first axis, which `out` has too.
    out : ndarray
        Where the results go.
    """
    length = len(out)
    most = max(a.size for a in operands) // length
    rows = max(1, threads.settings.chunk_size // max(1, most))
    context = contextvars.copy_context()  # NumPy keeps there what to do about errors
    context.run(_inside.set, True)

    def part(start: int, stop: int) -> None:
        cut = slice(start * rows, stop * rows)
        context.copy().run(function, *[a[cut] for a in operands], out=out[cut])

    threads.run(part, -(-length // rows), ())
    return out


def shared(function: Callable[..., Any], from_size: int = FROM_SIZE) -> Callable[..., Any]:
    """Let threads share an elementwise function of arrays where its operands are large.

    Operands are arrays of one shape, or numbers; with others it computes by itself.
    """
    settings = threads.settings

    def compute(*operands: Any) -> Any:
        first, least = operands[0], settings.min_size
        if type(first) is ndarray and first.size < (from_size if least is None else least):
            return function(*operands)
        arrays = [a for a in operands if type(a) is ndarray]
        if (
            not arrays
            or not worth(arrays[0], from_size)
            or any(a.shape != arrays[0].shape for a in arrays)
        ):
            return function(*operands)

        def part(*slices: ndarray, out: ndarray) -> None:
            rest = iter(slices)
            out[...] = function(*[next(rest) if type(a) is ndarray else a for a in operands])

        none = [a[:0] if type(a) is ndarray else a for a in operands]
        return run(part, arrays, np.empty(arrays[0].shape, function(*none).dtype))

    return compute
