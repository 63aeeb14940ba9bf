"""Writing a file whole or not at all."""

from __future__ import annotations

import importlib.util
import os
import secrets
from collections.abc import Callable, Collection
from pathlib import Path
from typing import BinaryIO

from tenrso_ad.engine.errors import ArgumentError

__all__ = ["StrPath", "check_writable", "write_atomically"]

StrPath = str | os.PathLike[str]


def check_writable(path: StrPath, suffixes: Collection[str]) -> None:
    """Raise where a file could not be written later, before any work is done.

    Parameters
    ----------
    path : path-like
        The file to be written; it need not exist.
    suffixes : collection of str
        How its name may end.

    Raises
    ------
    ArgumentError
        Where the name ends otherwise, the folder does not exist or cannot be written to, or the
        path is there already and is no plain file that may be replaced.
    """
    path = Path(path)
    if path.suffix == ".h5" and importlib.util.find_spec("h5py") is None:
        raise ArgumentError(f"{path}: HDF5 needs h5py: pip install 'tenrso-ad[h5]'")
    if path.suffix.lower() not in suffixes:
        raise ArgumentError(f"{path}: wanted a name that ends in {', '.join(suffixes)}")
    if path.is_dir():
        raise ArgumentError(f"{path}: is a directory, wanted a file")
    if path.exists() and not (path.is_file() and os.access(path, os.W_OK)):
        raise ArgumentError(f"{path}: cannot be replaced")
    if not path.parent.is_dir():
        raise ArgumentError(f"{path}: there is no folder {path.parent}")
    probe = _beside(path)
    try:
        probe.open("xb").close()
        probe.unlink()
    except OSError as error:
        raise ArgumentError(f"{path}: cannot be written: {error.strerror}") from error


def write_atomically(path: StrPath, write: Callable[[BinaryIO], object]) -> None:
    """Write a file so that it is there whole or not at all.

    The content goes into a new file beside it, to the disk, and takes the name at the end.

    Parameters
    ----------
    path : path-like
        The file.
    write : callable
        Takes a binary file and writes the content.
    """
    path = Path(path)
    aside = _beside(path)
    try:
        with aside.open("xb") as file:
            write(file)
            file.flush()
            os.fsync(file.fileno())
        os.replace(aside, path)
    finally:
        aside.unlink(missing_ok=True)
    if hasattr(os, "O_DIRECTORY"):  # the new name is on the disk only with its folder
        folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def _beside(path: Path) -> Path:
    """A name in the same folder that no other file has."""
    return path.with_name(f".{path.name[:200]}.{secrets.token_hex(4)}.part")
