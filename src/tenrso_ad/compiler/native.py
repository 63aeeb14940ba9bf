"""Compiling the source of kernels with Numba, and keeping what was compiled on disk.

A kernel is written to a file named by a digest of all that it depends on: its text, the types of
its arrays, the functions of `tenrso_ad.kernels` and the versions of Numba and this library. Numba
keeps the machine code beside that file and finds it again in another process. Files are written
aside and renamed, so that several processes may write at once; one that cannot be read is replaced.
"""

from __future__ import annotations

import functools
import hashlib
import os
import tempfile
from collections.abc import Callable
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np

from .kernel_source import Source

Functions = dict[str, Callable[..., None]]

_compiled: dict[str, Functions] = {}


def compile_kernel(source: Source, writes: int) -> Functions:
    """Compile the functions of a kernel; equal sources share them.

    Parameters
    ----------
    source : Source
    writes : int
        How many of its last arrays it writes to.

    Returns
    -------
    dict
        ``kernel``, and ``finish`` where the source has one.
    """
    kinds = [(p.dtype.char, len(p.shape)) for p in source.parameters]
    key = hashlib.sha256(repr((_version(), source.text, kinds, writes)).encode()).hexdigest()[:40]
    if key not in _compiled:
        file = _written(key, source.text)
        try:
            _compiled[key] = _build(source, writes, file)
        except Exception:
            if file is None:
                raise
            # Numba cannot read what lies beside the file, or cannot write there: this process goes
            # without, and the next one finds the place clean
            _remove(file)
            _compiled[key] = _build(source, writes, None)
    return _compiled[key]


def _build(source: Source, writes: int, file: Path | None) -> Functions:
    from numba import njit, types
    from numba.np.numpy_support import from_dtype

    reads = len(source.parameters) - writes
    arrays = [
        types.Array(from_dtype(p.dtype), len(p.shape), "C", readonly=i < reads)
        for i, p in enumerate(source.parameters)
    ]
    names = {**_names(), "__name__": __name__}  # Numba imports the module that a kernel is of
    exec(compile(source.text, "<kernel>" if file is None else str(file), "exec"), names)
    native = functools.partial(njit, nogil=True, error_model="numpy", cache=file is not None)
    chunks = [types.intp, types.intp] if source.chunks else []
    functions: Functions = {"kernel": native(types.void(*arrays, *chunks))(names["kernel"])}
    if "finish" in names:
        functions["finish"] = native(types.void(*arrays))(names["finish"])
    return functions


@functools.cache
def _names() -> dict[str, Any]:
    """What the text of a kernel may refer to."""
    from ..kernels import memory, vecmath, vectors

    names = vecmath.functions()
    names |= {n: getattr(room, n) for room in (memory, vectors) for n in room.__all__}
    names |= {"float64": np.float64, "float32": np.float32}
    for suffix, kind in (("64", np.float64), ("32", np.float32)):
        names |= {
            f"zero{suffix}": kind(0),
            f"one{suffix}": kind(1),
            f"half{suffix}": kind(0.5),
            f"infinity{suffix}": kind(np.inf),
        }
    return names


# --- on disk --------------------------------------------------------------------------------------


def directory() -> Path | None:
    """Where kernels are kept: ``$TENRSO_AD_CACHE``, or a folder of the user's cache; None: nowhere.

    An empty ``TENRSO_AD_CACHE`` keeps nothing.
    """
    chosen = os.environ.get("TENRSO_AD_CACHE")
    if chosen is not None:
        return Path(chosen) if chosen else None
    if os.name == "nt":
        return Path(os.environ.get("LOCALAPPDATA", Path.home())) / "tenrso_ad"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "tenrso_ad"


def _written(key: str, text: str) -> Path | None:
    """File with the text of a kernel; None where none can be written."""
    folder = directory()
    if folder is None:
        return None
    file = folder / f"{key}.py"
    try:
        if not file.exists() or file.read_text() != text:
            folder.mkdir(parents=True, exist_ok=True)
            with tempfile.NamedTemporaryFile("w", dir=folder, suffix=".tmp", delete=False) as aside:
                aside.write(text)
            os.replace(aside.name, file)
    except OSError:
        return None
    return file


def _remove(file: Path) -> None:
    """Forget the machine code of a kernel."""
    for stale in file.parent.glob(f"__pycache__/{file.stem}*"):
        stale.unlink(missing_ok=True)


@functools.cache
def _version() -> str:
    """Digest of what every kernel depends on."""
    from .. import kernels

    digest = hashlib.sha256()
    for path in sorted(Path(p) for folder in kernels.__path__ for p in Path(folder).rglob("*.py")):
        digest.update(path.read_bytes())
    versions = [metadata.version(name) for name in ("numba", "llvmlite", "numpy")]
    return repr((digest.hexdigest(), versions))
