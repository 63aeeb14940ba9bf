"""Elementary functions for vectorised loops, under NumPy's names.

They are straight-line code, of which LLVM computes several elements at once. Errors are below 2
units in the last place, subnormal numbers included; infinities, NaN and signed zeros are NumPy's.
"""

from __future__ import annotations

import functools

from . import (  # noqa: F401 (they declare the functions)
    error_functions,
    exponential,
    inverse_trigonometric,
    logarithmic,
    powers,
    trigonometric,
)
from .calling import BODIES, Elementary, compact, inlined, shared
from .instructions import DOUBLE, SINGLE


@functools.cache
def functions() -> dict[str, Elementary]:
    """All functions as a kernel may call them.

    ``exp64`` and ``exp32`` become part of the loop; ``exp64_shared`` is for loops that call many
    functions, and ``exp64_small`` for those of few turns.
    """
    return {
        f"{name}{format.bits}{suffix}": make(name, format)
        for name in BODIES[DOUBLE]
        for format in (DOUBLE, SINGLE)
        for suffix, make in (("", inlined), ("_shared", shared), ("_small", compact))
    }
