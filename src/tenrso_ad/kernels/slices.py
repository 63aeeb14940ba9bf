"""NumPy's functions on slices of large arrays, in threads.

NumPy lets go of Python's lock while it computes, so that threads may call it side by side. Slices
are cut along the first axis; what a function gives there must not depend on the other slices.
"""

from __future__ import annotations

import contextvars
from collections.abc import Callable, Sequence
from typing import Any

from numpy import ndarray

from . import threads

FROM_SIZE = 1 << 19
"""Elements from which on two threads gain more than it costs to hand the work out."""


def worth(array: ndarray) -> bool:
    """Whether threads are to share an array."""
    least = threads.settings.min_size
    return array.size >= (FROM_SIZE if least is None else least) and array.shape[0] > 1


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

    def part(start: int, stop: int) -> None:
        cut = slice(start * rows, stop * rows)
        context.copy().run(function, *[a[cut] for a in operands], out=out[cut])

    threads.run(part, -(-length // rows), ())
    return out
