"""Compiling functions to native code.

A function is staged to a graph, passes make the graph smaller, and what is left becomes native
kernels and library calls in planned buffers.
"""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ..engine import large

if TYPE_CHECKING:
    from .compiled import Compiled, compile
    from .passes import DEFAULT

__all__ = ["DEFAULT", "Compiled", "compile"]

# Importing the compiler takes as long as the rest: it waits until something is compiled.
_ROOMS = {"DEFAULT": "passes", "Compiled": "compiled", "compile": "compiled"}


def __getattr__(name: str) -> Any:
    if name not in _ROOMS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(f"{__name__}.{_ROOMS[name]}"), name)
    globals()[name] = value
    return value


def _pull(node: Any, g: Any, pending: dict[Any, Any], owned: set[Any]) -> Sequence[Any]:
    from . import eager as eager  # it takes over

    return large.pull(node, g, pending, owned)


def _add(total: Any, cotangent: Any, out: Any) -> Any:
    from . import eager as eager

    return large.add(total, cotangent, out)


large.register(_pull, _add)
