"""Reading a tensor from a file, whatever its format."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, BinaryIO

from numpy.typing import NDArray

from tenrso_ad.decomposition.data import as_data
from tenrso_ad.decomposition.io.archives import read_hdf5, read_mat, read_npy, read_npz
from tenrso_ad.decomposition.io.coordinates import (
    read_csv,
    read_parquet,
    read_tns,
    read_tns_gz,
    read_tsv,
)
from tenrso_ad.decomposition.io.writing import StrPath
from tenrso_ad.decomposition.sparse import SparseTensor
from tenrso_ad.engine.errors import ArgumentError, TenrsoError

__all__ = ["READERS", "load_tensor"]

READERS: Mapping[str, Callable[[BinaryIO, str | None, int | None], Any]] = {
    ".npy": read_npy,
    ".npz": read_npz,
    ".mat": read_mat,
    ".h5": read_hdf5,
    ".hdf5": read_hdf5,
    ".tns": read_tns,
    ".tns.gz": read_tns_gz,
    ".csv": read_csv,
    ".tsv": read_tsv,
    ".parquet": read_parquet,
}


def load_tensor(
    path: StrPath, key: str | None = None, index_base: int | None = None
) -> NDArray[Any] | SparseTensor:
    """Read a tensor of real numbers from a file.

    Parameters
    ----------
    path : path-like
        The file. Its suffix tells the format: .npy, .npz, .mat, .h5 or .hdf5 hold arrays; .tns,
        .tns.gz (FROSTT, with a header or without), .csv, .tsv and .parquet hold a nonzero a line,
        its indices and its value. HDF5 and MATLAB's version 7.3 need h5py, Parquet needs pandas
        and pyarrow.
    key : str, optional
        The name of the array in an .npz, .mat or HDF5 file. Without it the only array is taken, or
        the one that is named ``tensor``, ``X`` or ``data``; or the sparse tensor whose parts are
        named ``coords``, ``values`` and ``shape``, or ``subs``, ``vals`` and ``size``.
    index_base : {0, 1}, optional
        Where the indices of a sparse tensor begin. By default at 1 in .tns files and in ``subs`` of
        .mat files, elsewhere at 0.

    Returns
    -------
    ndarray or SparseTensor, order 2 or more
        Float32 or float64, as in the file; integers, booleans and text become float64. In an array
        NaN stands for a missing value. Sparse files give a SparseTensor; the values of places that
        are named twice are added.

    Raises
    ------
    ArgumentError
        Where the file cannot be read, holds no such array, or the array is not one of real finite
        numbers of order 2 or more. The message begins with the path. Nothing is allocated for what
        a header says before it is held against the length of the file.

    Examples
    --------
    >>> import tempfile
    >>> import numpy as np
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     np.save(f"{folder}/ones.npy", np.ones((2, 3), dtype=int))
    ...     load_tensor(f"{folder}/ones.npy")
    array([[1., 1., 1.],
           [1., 1., 1.]])
    """
    path = Path(path)
    name = path.name.lower()
    reader = next((READERS[suffix] for suffix in READERS if name.endswith(suffix)), None)
    if path.is_dir():
        raise ArgumentError(f"{path}: is a directory, wanted a file")
    if not path.exists():
        raise ArgumentError(f"{path}: no such file")
    if reader is None:
        raise ArgumentError(f"{path}: wanted a name that ends in {', '.join(READERS)}")
    if index_base not in (None, 0, 1):
        raise ArgumentError(f"load_tensor: wanted an index_base of 0 or 1, got {index_base}")
    try:
        if path.stat().st_size == 0:
            raise ArgumentError("the file is empty")
        with path.open("rb") as file:
            values = reader(file, key, index_base)
    except TenrsoError as error:
        raise ArgumentError(f"{path}: {error}") from None
    except Exception as error:  # what the parsers raise on a damaged file is theirs to choose
        if isinstance(error, OSError) and error.strerror:
            raise ArgumentError(f"{path}: cannot be read: {error.strerror}") from error
        reason = " ".join(str(error).split()) or type(error).__name__
        raise ArgumentError(f"{path}: cannot be read, is it damaged? {reason}") from error
    return values if isinstance(values, SparseTensor) else as_data(values, str(path))
