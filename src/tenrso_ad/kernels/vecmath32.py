"""Elementary functions of float32 for loops: those of float64, rounded once more."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from . import vecmath64


def _narrowed(function: Any) -> Any:
    @njit(forceinline=True)
    def call(x: Any) -> Any:
        return np.float32(function(np.float64(x)))

    return call


FUNCTIONS = {name: _narrowed(f) for name, f in vecmath64.FUNCTIONS.items()}
"""By name."""
