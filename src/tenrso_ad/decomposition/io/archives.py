"""Files of several arrays under names: .npz, .mat, .h5; and .npy, which holds one without."""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Sequence
from typing import Any, BinaryIO

import numpy as np

from tenrso_ad.decomposition.io.limits import (
    DEFLATE,
    check_claim,
    refuse_index_base,
    refuse_key,
)
from tenrso_ad.decomposition.sparse import SparseTensor
from tenrso_ad.engine.errors import ArgumentError

__all__ = ["open_hdf5", "read_hdf5", "read_mat", "read_npy", "read_npz"]

USUAL_KEYS = ("tensor", "X", "data")
"""The names under which a file of several arrays is expected to hold its tensor."""

COORDINATES = (("coords", "values", "shape"), ("coords", "data", "shape"), ("subs", "vals", "size"))
"""The names under which sparse tensors are kept: ours, those of the package sparse, and those of
the Tensor Toolbox, whose indices stand one nonzero a row and in MATLAB count from 1."""

Get = Callable[[str], Any]


def read_npy(file: BinaryIO, key: str | None, base: int | None) -> Any:
    """The array of an .npy file."""
    refuse_key(key)
    refuse_index_base(base)
    _check_npy(file, _size(file))
    return np.load(file, allow_pickle=False)


def read_npz(file: BinaryIO, key: str | None, base: int | None) -> Any:
    """An array, or the sparse tensor, of an .npz file."""
    if file.read(2) != b"PK":
        raise ArgumentError("not in NumPy's .npz format")
    file.seek(0)
    with zipfile.ZipFile(file) as archive, np.load(file, allow_pickle=False) as arrays:

        def get(name: str) -> Any:
            member = archive.getinfo(name if name in archive.namelist() else f"{name}.npy")
            held = min(member.file_size, member.compress_size * DEFLATE)
            with archive.open(member) as stream:
                _check_npy(stream, held)
            return arrays[name]

        names = list(arrays.files)
        if key is None and {"format", "indices", "indptr", "data", "shape"} <= set(names):
            return _scipy_sparse(get, base)
        return _pick(names, get, key, base, one_based=False)


def _scipy_sparse(get: Get, base: int | None) -> SparseTensor:
    """The matrix that `scipy.sparse.save_npz` wrote in a compressed format."""
    from scipy import sparse

    refuse_index_base(base)
    name = get("format").item()
    name = name.decode() if isinstance(name, bytes) else name
    if name not in ("csr", "csc"):
        raise ArgumentError(f"a sparse matrix in the format {name!r}; save it as coo, csr or csc")
    kind = sparse.csr_array if name == "csr" else sparse.csc_array
    parts = (get("data"), get("indices"), get("indptr"))
    matrix = kind(parts, shape=tuple(int(n) for n in get("shape")))
    matrix.check_format(full_check=True)  # its indices would be used without another look
    return SparseTensor.from_array(matrix)


def read_mat(file: BinaryIO, key: str | None, base: int | None) -> Any:
    """An array, or the sparse tensor, of a .mat file of any version."""
    import scipy.io

    try:
        shapes = {name: shape for name, shape, _ in scipy.io.whosmat(file)}
    except NotImplementedError:  # version 7.3 is HDF5; MATLAB keeps its arrays by columns
        return read_hdf5(file, key, base, columns=True)
    held = _size(file)

    def get(name: str) -> Any:
        check_claim(shapes[name], 1, held * DEFLATE)
        file.seek(0)
        return scipy.io.loadmat(file, variable_names=[name])[name]

    return _pick(list(shapes), get, key, base, one_based=True)


def read_hdf5(file: BinaryIO, key: str | None, base: int | None, columns: bool = False) -> Any:
    """A data set, or the sparse tensor, of an HDF5 file."""
    with open_hdf5(file.name) as root:
        sets: dict[str, Any] = {}

        def visit(name: str, node: Any) -> None:
            if hasattr(node, "shape") and hasattr(node, "dtype") and not name.startswith("#"):
                sets[name] = node

        root.visititems(visit)

        def get(name: str) -> Any:
            node = sets[name]
            if node.shape is None:
                raise ArgumentError(f"the data set {name!r} is empty")
            check_claim(node.shape, node.dtype.itemsize, node.id.get_storage_size() * DEFLATE)
            values = node[()]
            return values.T if columns else values

        return _pick(list(sets), get, key, base, one_based=columns)


def open_hdf5(name: Any, mode: str = "r") -> Any:
    """Open an HDF5 file; h5py is an extra."""
    try:
        import h5py
    except ImportError:
        raise ArgumentError("HDF5 needs h5py: pip install 'tenrso-ad[h5]'") from None
    return h5py.File(name, mode)


def _pick(names: list[str], get: Get, key: str | None, base: int | None, one_based: bool) -> Any:
    """The array of a key, the sparse tensor whose parts are there, or the one usual array."""
    for places, values, shape in COORDINATES:
        if key is None and places in names and values in names:
            by_rows = places == "subs"
            from_one = (one_based and by_rows) if base is None else base
            lengths = get(shape) if shape in names else None
            if "fill_value" in names and np.any(np.asarray(get("fill_value")) != 0):
                raise ArgumentError("a sparse tensor whose fill_value is not zero")
            return _sparse(get(places), get(values), lengths, by_rows, int(from_one))
    refuse_index_base(base)
    value = get(_choose(names, key))
    return SparseTensor.from_array(value) if hasattr(value, "tocoo") else value


def _sparse(coords: Any, values: Any, shape: Any, by_rows: bool, base: int) -> SparseTensor:
    """The sparse tensor of coordinates, one column or one row a nonzero."""
    coords, values = np.asarray(coords), np.ravel(np.asarray(values))
    if coords.ndim != 2:
        raise ArgumentError(f"wanted a table of coordinates, got an array of shape {coords.shape}")
    if coords.dtype.kind == "f" and coords.size:  # MATLAB's numbers
        if not (np.isfinite(coords).all() and (coords == np.rint(coords)).all()):
            raise ArgumentError("wanted integers as indices")
        if np.abs(coords).max() > 2.0**53:
            raise ArgumentError("an index above 2**53")
        coords = coords.astype(np.int64)
    lengths = None if shape is None else [int(n) for n in np.ravel(np.asarray(shape))]
    coords = coords.T if by_rows else coords
    return SparseTensor(coords - base if base else coords, values, lengths)


def _choose(names: Sequence[str], key: str | None) -> str:
    """The name of the array to read."""
    listing = ", ".join(names[:20]) + (", ..." if len(names) > 20 else "") or "none"
    if key is not None:
        if key not in names:
            raise ArgumentError(f"holds no array named {key!r}; it holds: {listing}")
        return key
    usual = [name for name in USUAL_KEYS if name in names]
    if len(names) != 1 and len(usual) != 1:
        raise ArgumentError(f"choose an array by its key (--key NAME); the file holds: {listing}")
    return names[0] if len(names) == 1 else usual[0]


def _check_npy(stream: Any, held: int) -> None:
    """Raise where a header promises more than the bytes behind it can be; goes back to the start.

    NumPy allocates what the header says before it reads.
    """
    magic = stream.read(6)
    if magic != b"\x93NUMPY":
        raise ArgumentError("not in NumPy's .npy format")
    stream.seek(0)
    version = np.lib.format.read_magic(stream)
    read = {1: np.lib.format.read_array_header_1_0, 2: np.lib.format.read_array_header_2_0}
    if version[0] in read:  # later versions are records with names in Unicode
        shape, _, dtype = read[version[0]](stream)
        if not dtype.hasobject:  # those are refused when they are read
            check_claim(shape, dtype.itemsize, held - stream.tell())
    stream.seek(0)


def _size(file: BinaryIO) -> int:
    """How many bytes a file has; goes back to the start."""
    size = file.seek(0, 2)
    file.seek(0)
    return size
