"""Compiling the source of kernels with Numba."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from .kernel_source import Source


@functools.cache
def _names() -> dict[str, Any]:
    from ..kernels import memory, vecmath32, vecmath64

    names: dict[str, Any] = {f"{k}64": f for k, f in vecmath64.FUNCTIONS.items()}
    names |= {f"{k}32": f for k, f in vecmath32.FUNCTIONS.items()}
    names |= {n: getattr(memory, n) for n in ("load", "store", "select", "accumulate")}
    names |= {"float64": np.float64, "float32": np.float32}
    for suffix, kind in (("64", np.float64), ("32", np.float32)):
        names |= {
            f"zero{suffix}": kind(0),
            f"one{suffix}": kind(1),
            f"half{suffix}": kind(0.5),
            f"infinity{suffix}": kind(np.inf),
        }
    return names


_compiled: dict[Any, dict[str, Callable[..., None]]] = {}


def compile_kernel(source: Source, writes: int) -> dict[str, Callable[..., None]]:
    """Compile the functions of a kernel; equal sources share them.

    Parameters
    ----------
    source : Source
    writes : int
        How many of its last arrays it writes to.

    Returns
    -------
    dict
        ``kernel``, and ``finish`` where the source has chunks.
    """
    from numba import njit, types
    from numba.np.numpy_support import from_dtype

    key = (source.text, source.parameters, writes)
    if key not in _compiled:
        reads = len(source.parameters) - writes
        arrays = [
            types.Array(from_dtype(p.dtype), len(p.shape), "C", readonly=i < reads)
            for i, p in enumerate(source.parameters)
        ]
        names = dict(_names())
        exec(compile(source.text, "<kernel>", "exec"), names)
        chunks = [types.intp, types.intp] if source.chunks else []
        native = functools.partial(njit, nogil=True, error_model="numpy")
        _compiled[key] = {"kernel": native(types.void(*arrays, *chunks))(names["kernel"])}
        if source.chunks:
            _compiled[key]["finish"] = native(types.void(*arrays))(names["finish"])
    return _compiled[key]
