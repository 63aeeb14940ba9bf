"""Files of results."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from tenrso_ad.decomposition.io.archives import open_hdf5
from tenrso_ad.decomposition.io.writing import StrPath, write_atomically
from tenrso_ad.decomposition.models import CPTensor
from tenrso_ad.engine.errors import ArgumentError

if TYPE_CHECKING:
    from tenrso_ad.decomposition.fit import FitResult

__all__ = ["WRITERS", "load_model", "save_result"]

NAMES = (
    "objective", "relative_error", "history", "gradient_norms", "seconds", "converged", "message",
)  # fmt: skip

Arrays = dict[str, NDArray[Any]]


def _write_npz(file: BinaryIO, arrays: Arrays) -> None:
    np.savez(file, **arrays)  # type: ignore[arg-type]


def _write_mat(file: BinaryIO, arrays: Arrays) -> None:
    import scipy.io

    scipy.io.savemat(file, arrays, oned_as="column")


def _write_hdf5(file: BinaryIO, arrays: Arrays) -> None:
    content = io.BytesIO()  # h5py reads back what it writes
    with open_hdf5(content, "w") as root:
        for name, array in arrays.items():
            root[name] = array.item() if array.dtype.kind == "U" else array
    file.write(content.getbuffer())


def _read_npz(path: Path) -> Arrays:
    with np.load(path, allow_pickle=False) as arrays:
        return dict(arrays)


def _read_mat(path: Path) -> Arrays:
    import scipy.io

    arrays = {k: v for k, v in scipy.io.loadmat(path).items() if not k.startswith("__")}
    return arrays | {k: arrays[k].ravel() for k in ("weights", "history") if k in arrays}


def _read_hdf5(path: Path) -> Arrays:
    with open_hdf5(path) as root:
        return {name: np.asarray(root[name][()]) for name in root}


WRITERS: Mapping[str, Callable[[BinaryIO, Arrays], None]] = {
    ".npz": _write_npz,
    ".mat": _write_mat,
    ".h5": _write_hdf5,
}
READERS: Mapping[str, Callable[[Path], Arrays]] = {
    ".npz": _read_npz,
    ".mat": _read_mat,
    ".h5": _read_hdf5,
}


def save_result(path: StrPath, result: FitResult) -> None:
    """Write a fit to an .npz, .mat or .h5 file, atomically.

    Parameters
    ----------
    path : path-like
        The file; an old one is replaced at the end, in one step.
    result : FitResult
        What to write: ``weights``, ``factor_0`` to ``factor_{N-1}``, ``objective``,
        ``relative_error``, ``history``, ``gradient_norms``, ``seconds``, ``converged`` and
        ``message``.

    Raises
    ------
    ArgumentError
        Where the name ends otherwise.
    """
    model = result.model
    arrays: Arrays = {f"factor_{mode}": f for mode, f in enumerate(model.factors)}
    arrays["weights"] = model.weights
    for name in NAMES:
        arrays[name] = np.asarray(getattr(result, name))
    writer = _by_suffix(path, WRITERS)
    write_atomically(path, lambda file: writer(file, arrays))


def load_model(path: StrPath) -> CPTensor:
    """Read back the model of a file that `save_result` wrote.

    Parameters
    ----------
    path : path-like
        The .npz, .mat or .h5 file.

    Returns
    -------
    CPTensor
        Bit-equal with the one that was written.

    Raises
    ------
    ArgumentError
        Where the file holds no model.
    """
    arrays = _by_suffix(path, READERS)(Path(path))
    factors: list[NDArray[Any]] = []
    while (name := f"factor_{len(factors)}") in arrays:
        factors.append(arrays[name])
    if "weights" not in arrays or not factors:
        raise ArgumentError(f"{path}: holds no weights and factors, but {list(arrays)}")
    return CPTensor(arrays["weights"], tuple(factors))


def _by_suffix(path: StrPath, table: Mapping[str, Any]) -> Any:
    """The entry of a table for the end of a name."""
    if (suffix := Path(path).suffix.lower()) not in table:
        raise ArgumentError(f"{path}: wanted a name that ends in {', '.join(table)}")
    return table[suffix]
