"""Compiling functions to native code.

A function is staged to a graph, passes make the graph smaller, and what is left becomes native
kernels and library calls in planned buffers.
"""

from . import eager as eager  # it takes over the pullbacks of large arrays
from .compiled import Compiled, compile
from .passes import DEFAULT

__all__ = ["DEFAULT", "Compiled", "compile"]
