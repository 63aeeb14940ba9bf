"""Compiling the source of kernels, and keeping what was compiled on disk.

Machine code is written to a file named by a digest of all that it depends on: the text of the
kernel, the kinds of its arrays, the functions of `tenrso_ad.kernels`, the processor and the version
of LLVM. Files are written aside and renamed, so that several processes may write at once; each
begins with a digest of the rest, and one that is torn is replaced.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import os
import tempfile
from collections.abc import Callable
from importlib import metadata
from pathlib import Path

from .kernel_source import Source

Functions = dict[str, Callable[..., None]]

_compiled: dict[str, Functions] = {}

RELEASE_FROM = 10_000
"""Elements of all arrays from which on a kernel lets other threads run Python meanwhile."""


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
    kinds = [(p.dtype.char, p.size) for p in source.parameters]
    parts = (_version(), source.text, kinds, writes, source.chunks)
    key = hashlib.sha256(repr(parts).encode()).hexdigest()[:40]
    if key not in _compiled:
        _compiled[key] = _functions(source, key, writes)
    return _compiled[key]


def _functions(source: Source, key: str, writes: int) -> Functions:
    from ..kernels import machine, python_call

    folder = directory()
    file = None if folder is None else folder / f"{key}.kernel"
    code = _read(file)
    if code is None:
        code = machine.assemble(text_of_module(source, writes))
        _write(file, code)
    loaded = machine.Loaded(code)
    python_call.connect(loaded.address("environment"))
    return {
        name: python_call.as_function(loaded.address(f"call_{name}"), name, loaded)
        for name in _names(source)
    }


def text_of_module(source: Source, writes: int) -> str:
    """A kernel in LLVM's language, with the functions that Python calls."""
    from ..kernels import python_call
    from .translation import translate

    kinds = source.parameters
    releases = source.chunks != 0 or sum(p.size for p in kinds) >= RELEASE_FROM
    kernel = translate(source.text, kinds, source.chunks != 0)
    calls = python_call.text_of_calls(_names(source), kinds, writes, source.chunks, releases)
    return f"{kernel}\n{calls}"


def _names(source: Source) -> tuple[str, ...]:
    return ("kernel", "finish") if "\ndef finish(" in source.text else ("kernel",)


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


def _read(file: Path | None) -> bytes | None:
    """Code that was kept, if it is whole."""
    if file is None:
        return None
    try:
        content = file.read_bytes()
    except OSError:
        return None
    digest, code = content[:32], content[32:]
    return code if hashlib.sha256(code).digest() == digest else None


def _write(file: Path | None, code: bytes) -> None:
    """Keep code; a folder that cannot be written to keeps none."""
    if file is None:
        return
    with contextlib.suppress(OSError):
        file.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=file.parent, suffix=".tmp", delete=False) as aside:
            aside.write(hashlib.sha256(code).digest() + code)
        os.replace(aside.name, file)


@functools.cache
def _version() -> str:
    """Digest of what every kernel depends on."""
    from .. import kernels
    from ..kernels import machine
    from . import translation

    digest = hashlib.sha256(Path(translation.__file__).read_bytes())
    for path in sorted(Path(p) for folder in kernels.__path__ for p in Path(folder).rglob("*.py")):
        digest.update(path.read_bytes())
    versions = [metadata.version(name) for name in ("llvmlite", "numpy")]
    return repr((digest.hexdigest(), versions, machine.processor()))
