"""Automatic differentiation for tensor computing.

>>> import numpy as np
>>> import tenrso_ad as ta
>>> ta.grad(lambda x: np.sum(x**2))(np.array([1.0, 2.0]))
array([2., 4.])
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from . import compiler, config, numpy
from .engine import errors
from .tape import Tape, no_grad
from .tensor import Tensor, tensor
from .transforms import (
    custom_jvp,
    custom_vjp,
    grad,
    hessian,
    hessian_diagonal,
    hvp,
    jacfwd,
    jacobian,
    jacrev,
    jvp,
    stop_gradient,
    value_and_grad,
    vjp,
    vmap,
)

if TYPE_CHECKING:
    from . import array_api, decomposition, explicit, special, stats, testing, training
    from .compiler import compile

# Rooms that few programs need all of: imported when first named.
_LAZY = frozenset(
    {"array_api", "decomposition", "explicit", "special", "stats", "testing", "training"}
)

__all__ = [
    "Tape",
    "Tensor",
    "array_api",
    "compile",
    "config",
    "custom_jvp",
    "custom_vjp",
    "decomposition",
    "errors",
    "explicit",
    "grad",
    "hessian",
    "hessian_diagonal",
    "hvp",
    "jacfwd",
    "jacobian",
    "jacrev",
    "jvp",
    "no_grad",
    "numpy",
    "special",
    "stats",
    "stop_gradient",
    "tensor",
    "testing",
    "training",
    "value_and_grad",
    "vjp",
    "vmap",
]


def __getattr__(name: str) -> Any:
    if name in _LAZY:
        return importlib.import_module(f"{__name__}.{name}")
    if name == "compile":
        return compiler.compile
    if name == "__version__":
        from importlib import metadata

        return metadata.version("tenrso-ad")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
