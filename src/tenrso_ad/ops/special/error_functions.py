"""The error function and its complement."""

from __future__ import annotations

import importlib
import math
from typing import Any

import numpy as np

from ...engine.trace import is_inexact
from .. import elementwise as ew
from ..pointwise import Operation, elementwise

# where the array libraries keep the functions that are scipy.special for NumPy
_SPECIAL = {"cupy": "cupyx.scipy.special", "jax": "jax.scipy.special", "torch": "torch.special"}


def _from_library(name: str, xp: Any, x: Any) -> Any:
    root = type(x).__module__.partition(".")[0].replace("jaxlib", "jax")
    return getattr(importlib.import_module(_SPECIAL.get(root, xp.__name__)), name)(x)


def _from_scipy(name: str, x: Any) -> Any:
    import scipy.special

    out = getattr(scipy.special, name)(x)
    dtype = getattr(x, "dtype", out.dtype)
    return out.astype(dtype) if is_inexact(dtype) else out  # SciPy widens the narrow floats


def _special(name: str, partial: Any) -> Operation:
    operation: Operation = elementwise(
        name,
        lambda x: _from_scipy(name, x),
        partial,
        other=lambda xp, x: _from_library(name, xp, x),
    )
    return operation


def _slope(x: Any) -> Any:
    """Derivative of erf, 2 exp(-x^2) / sqrt(pi)."""
    with np.errstate(over="ignore"):  # by squares whose exponential is zero
        return (2 / math.sqrt(math.pi)) * ew.exp(-(x * x))


erf = _special("erf", lambda x: _slope(x))
erfc = _special("erfc", lambda x: -_slope(x))
