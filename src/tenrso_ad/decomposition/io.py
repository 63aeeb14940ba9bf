"""Reading tensors from files, and writing results so that a kill cannot tear them."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from tenrso_ad.decomposition.data import as_data
from tenrso_ad.decomposition.models import CPTensor
from tenrso_ad.engine.errors import ArgumentError

if TYPE_CHECKING:
    from tenrso_ad.decomposition.fit import FitResult

__all__ = ["check_writable", "load_model", "load_tensor", "save_result", "write_atomically"]

StrPath = str | os.PathLike[str]

# The names under which a file of several arrays is expected to hold its tensor.
USUAL_KEYS = ("tensor", "X", "data")


def _read_npy(file: BinaryIO, key: str | None) -> Any:
    _expect(file, b"\x93NUMPY", ".npy")
    if key is not None:
        raise ArgumentError(f"holds one array without a name, so there is no {key!r}")
    return np.load(file, allow_pickle=False)


def _read_npz(file: BinaryIO, key: str | None) -> Any:
    _expect(file, b"PK", ".npz")
    with np.load(file, allow_pickle=False) as arrays:
        return arrays[_choose(arrays.files, key)]


def _read_mat(file: BinaryIO, key: str | None) -> Any:
    import scipy.io

    try:
        arrays = scipy.io.loadmat(file)
    except NotImplementedError:
        raise ArgumentError(
            "is in MATLAB's format 7.3, which is not read; save it with -v7 or as .npy"
        ) from None
    return arrays[_choose([name for name in arrays if not name.startswith("__")], key)]


READERS: Mapping[str, Callable[[BinaryIO, str | None], Any]] = {
    ".npy": _read_npy,
    ".npz": _read_npz,
    ".mat": _read_mat,
}


def load_tensor(path: StrPath, key: str | None = None) -> NDArray[Any]:
    """Read a dense tensor of real numbers from a .npy, .npz or .mat file.

    Parameters
    ----------
    path : path-like
        The file; its suffix tells the format. Version 7.3 of .mat is not read.
    key : str, optional
        The name of the array in an .npz or .mat file. Without it the only array is taken, or the
        one that is named ``tensor``, ``X`` or ``data``.

    Returns
    -------
    ndarray, order 2 or more
        Float32 or float64, as in the file; integers and booleans become float64. NaN stands for a
        missing value.

    Raises
    ------
    ArgumentError
        Where the file cannot be read, holds no such array, or the array is not one of real finite
        numbers of order 2 or more. The message begins with the path.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     np.save(f"{folder}/ones.npy", np.ones((2, 3), dtype=int))
    ...     load_tensor(f"{folder}/ones.npy")
    array([[1., 1., 1.],
           [1., 1., 1.]])
    """
    path = Path(path)
    reader = READERS.get(path.suffix.lower())
    if path.is_dir():
        raise ArgumentError(f"{path}: is a directory, wanted a file")
    if not path.exists():
        raise ArgumentError(f"{path}: no such file")
    if reader is None:
        raise ArgumentError(f"{path}: wanted a name that ends in {', '.join(READERS)}")
    try:
        if path.stat().st_size == 0:
            raise ArgumentError("the file is empty")
        with path.open("rb") as file:
            values = reader(file, key)
    except ArgumentError as error:
        raise ArgumentError(f"{path}: {error}") from None
    except Exception as error:  # what the parsers raise on a damaged file is theirs to choose
        if isinstance(error, OSError) and error.strerror:
            raise ArgumentError(f"{path}: cannot be read: {error.strerror}") from error
        reason = " ".join(str(error).split()) or type(error).__name__
        raise ArgumentError(f"{path}: cannot be read, is it damaged? {reason}") from error
    return as_data(values, str(path))


def _expect(file: BinaryIO, magic: bytes, suffix: str) -> None:
    """Raise where a file does not begin as its format does; NumPy's own words are misleading."""
    if file.read(len(magic)) != magic:
        raise ArgumentError(f"not in NumPy's {suffix} format")
    file.seek(0)


def _choose(names: list[str], key: str | None) -> str:
    """The name of the array to read."""
    listing = ", ".join(names) or "none"
    if key is not None:
        if key not in names:
            raise ArgumentError(f"holds no array named {key!r}; it holds: {listing}")
        return key
    usual = [name for name in USUAL_KEYS if name in names]
    if len(names) != 1 and len(usual) != 1:
        raise ArgumentError(f"choose an array by its key (--key NAME); the file holds: {listing}")
    return names[0] if len(names) == 1 else usual[0]


def save_result(path: StrPath, result: FitResult) -> None:
    """Write a fit to an .npz file, atomically.

    Parameters
    ----------
    path : path-like
        The file; an old one is replaced at the end, in one step.
    result : FitResult
        What to write: ``weights``, ``factor_0`` to ``factor_{N-1}``, ``objective``,
        ``relative_error``, ``history``, ``converged`` and ``message``.
    """
    model = result.model
    arrays: dict[str, Any] = {f"factor_{mode}": f for mode, f in enumerate(model.factors)}
    arrays["weights"] = model.weights
    for name in ("objective", "relative_error", "history", "converged", "message"):
        arrays[name] = np.asarray(getattr(result, name))
    write_atomically(path, lambda file: np.savez(file, **arrays))


def load_model(path: StrPath) -> CPTensor:
    """Read back the model of a file that `save_result` wrote.

    Parameters
    ----------
    path : path-like
        The .npz file.

    Returns
    -------
    CPTensor
        Bit-equal with the one that was written.

    Raises
    ------
    ArgumentError
        Where the file holds no model.
    """
    with np.load(path, allow_pickle=False) as arrays:
        factors: list[NDArray[Any]] = []
        while (name := f"factor_{len(factors)}") in arrays:
            factors.append(arrays[name])
        if "weights" not in arrays or not factors:
            raise ArgumentError(f"{path}: holds no weights and factors, but {list(arrays)}")
        return CPTensor(arrays["weights"], tuple(factors))


def check_writable(path: StrPath, suffix: str) -> None:
    """Raise where a file could not be written later, before any work is done.

    Parameters
    ----------
    path : path-like
        The file to be written; it need not exist.
    suffix : str
        How its name has to end.

    Raises
    ------
    ArgumentError
        Where the name ends otherwise, the folder does not exist or cannot be written to, or the
        path is there already and is no plain file that may be replaced.
    """
    path = Path(path)
    if path.suffix.lower() != suffix:
        raise ArgumentError(f"{path}: wanted a name that ends in {suffix}")
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
