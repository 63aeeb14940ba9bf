"""Sparse tensors from files, HDF5, and files that promise more than they hold."""

import functools
import gzip
import io
import os
import zipfile

import numpy as np
import pytest
import scipy.io
import scipy.sparse
from hypothesis import given, settings
from hypothesis import strategies as st

from tenrso_ad.decomposition import CPTensor, FitResult, SparseTensor, load_model, save_result
from tenrso_ad.decomposition.io import load_tensor
from tenrso_ad.engine.errors import ArgumentError

h5py = pytest.importorskip("h5py")

TENSOR = np.arange(24.0).reshape(2, 3, 4)
COORDS = np.array([[0, 1, 2, 0], [3, 0, 2, 1], [1, 4, 0, 2]])
VALUES = np.array([1.5, -2.0, 3.25, 1e-3])
SHAPE = (3, 4, 5)


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """A folder that is the current one, so that messages show short paths."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def lines(base, separator=" "):
    rows = zip(*(COORDS + base).tolist(), VALUES.tolist(), strict=True)
    return "".join(separator.join(map(str, row)) + "\n" for row in rows)


def put(name, text):
    data = text.encode()
    with open(name, "wb") as file:
        file.write(gzip.compress(data) if name.endswith(".gz") else data)


def check(tensor, shape=SHAPE):
    assert isinstance(tensor, SparseTensor)
    assert tensor.shape == shape
    dense = np.zeros(shape)
    dense[tuple(COORDS)] = VALUES
    np.testing.assert_array_equal(tensor.to_dense(), dense)


@pytest.mark.parametrize("name", ["x.tns", "x.tns.gz", "X.TNS"])
@pytest.mark.parametrize(
    "header",
    ["", "# a comment\n\n", "3\n3 4 5\n", "# extended FROSTT format\n3 4\n3 4 5\n",
     "sptensor\n3\n3 4 5\n4\n"],
)  # fmt: skip
def test_frostt_with_and_without_header(name, header):
    put(name, header + lines(1))
    check(load_tensor(name))
    put(name, header + lines(0))
    check(load_tensor(name, index_base=0))


@pytest.mark.parametrize(("name", "separator"), [("x.csv", ","), ("x.tsv", "\t")])
def test_tables_of_text(name, separator):
    put(name, lines(0, separator))
    check(load_tensor(name))
    put(name, "\ufeff" + separator.join(["i", "j", "k", "v"]) + "\r\n" + lines(1, separator))
    check(load_tensor(name, index_base=1))
    rows = zip(VALUES.tolist(), *COORDS.tolist(), strict=True)
    body = "".join(separator.join(map(str, row)) + "\n" for row in rows)
    put(name, separator.join(["Value", "i", "j", "k"]) + "\n" + body)
    check(load_tensor(name))


def test_parquet():
    pytest.importorskip("pyarrow")
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(dict(zip("ijk", COORDS, strict=True)) | {"value": VALUES})
    frame.to_parquet("x.parquet")
    check(load_tensor("x.parquet"))
    frame.astype({"j": float}).to_parquet("x.parquet")
    with pytest.raises(ArgumentError, match=r"^x.parquet: wanted integers in the column 'j'"):
        load_tensor("x.parquet")
    put("x.parquet", "PAR1 but no more")
    with pytest.raises(ArgumentError, match=r"^x.parquet: cannot be read, is it damaged"):
        load_tensor("x.parquet")


def save_all(arrays):
    np.savez("x.npz", **arrays)
    scipy.io.savemat("x.mat", arrays)
    with h5py.File("x.h5", "w") as root:
        for name, array in arrays.items():
            root[name] = array


def test_archives_of_coordinates():
    save_all({"coords": COORDS, "values": VALUES, "shape": SHAPE})
    for name in ("x.npz", "x.mat", "x.h5"):
        check(load_tensor(name))
    save_all({"coords": COORDS + 1, "data": VALUES, "fill_value": 0.0})
    for name in ("x.npz", "x.mat", "x.h5"):
        check(load_tensor(name, index_base=1))
    save_all({"subs": COORDS.T + 1.0, "vals": VALUES[:, None], "size": np.array(SHAPE, float)})
    check(load_tensor("x.mat"))  # as MATLAB's Tensor Toolbox has it
    check(load_tensor("x.npz", index_base=1))
    save_all({"coords": COORDS, "data": VALUES, "fill_value": 1.0})
    with pytest.raises(ArgumentError, match=r"^x.h5: a sparse tensor whose fill_value"):
        load_tensor("x.h5")


@pytest.mark.parametrize("format", ["csr", "csc"])
def test_matrices_of_scipy(format):
    matrix = scipy.sparse.csr_array(np.diag([1.0, 0.0, 2.0])).asformat(format)
    scipy.sparse.save_npz("x.npz", matrix)
    scipy.io.savemat("x.mat", {"x": matrix})
    for name in ("x.npz", "x.mat"):
        np.testing.assert_array_equal(load_tensor(name).to_dense(), matrix.toarray())
    matrix.indices[0] = 70
    scipy.sparse.save_npz("x.npz", matrix)
    with pytest.raises(ArgumentError, match=r"^x.npz: "):
        load_tensor("x.npz")


def test_hdf5_of_arrays():
    with h5py.File("x.h5", "w") as root:
        root["group/values"] = TENSOR.astype(np.float32)
        root["labels"] = ["a", "b"]
    with pytest.raises(ArgumentError, match=r"choose an array .* holds: group/values, labels$"):
        load_tensor("x.h5")
    loaded = load_tensor("x.h5", "group/values")
    assert loaded.dtype == np.float32
    np.testing.assert_array_equal(loaded, TENSOR)
    with h5py.File("x.hdf5", "w") as root:
        root.create_dataset("tensor", data=TENSOR, compression="gzip")
    np.testing.assert_array_equal(load_tensor("x.hdf5"), TENSOR)


def test_matlab_7_3_is_read_by_columns():
    with h5py.File("x.mat", "w", userblock_size=512) as root:
        root["X"] = TENSOR.T  # MATLAB writes a tensor of shape (2, 3, 4) so
    with open("x.mat", "r+b") as file:
        file.write(b"MATLAB 7.3 MAT-file".ljust(124) + b"\x00\x02IM")
    np.testing.assert_array_equal(load_tensor("x.mat"), TENSOR)


def test_hdf5_without_h5py(monkeypatch):
    put("x.h5", "anything")
    monkeypatch.setitem(__import__("sys").modules, "h5py", None)
    with pytest.raises(ArgumentError, match=r"^x.h5: HDF5 needs h5py: pip install 'tenrso-ad\[h5"):
        load_tensor("x.h5")


def test_values_named_twice_are_added():
    put("x.tns", "1 1 1 2.0\n2 2 2 1.0\n1 1 1 0.5\n")
    tensor = load_tensor("x.tns")
    assert (tensor.nnz, tensor.to_dense()[0, 0, 0]) == (2, 2.5)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("1 1 1 2\n1 2 2\n", r"line 2: wanted 4 numbers as above, got 3"),
        ("1 1 1 2\n1 b 2 3\n", r"line 2: wanted a number, got 'b'"),
        ("1 1 1 2\n1 0 2 3\n", r"line 2: wanted indices from 1 to .*got 0 in mode 1"),
        ("1 1 1 2\n\n1 -4 2 3\n", r"line 3: wanted indices from 1 to .*got -4 in mode 1"),
        ("1 1 99999999999999999 2\n", r"line 1: wanted indices from 1 .*in mode 2"),
        ("1 1.5 1 2\n", r"line 1: wanted indices .*got 1.5 in mode 1"),
        ("1 nan 1 2\n", r"line 1: wanted indices .*got nan in mode 1"),
        ("1 1 1 nan\n", r"line 1: wanted a finite value, got nan; leave out what is missing"),
        ("1 1 1 inf\n", r"line 1: wanted a finite value, got inf"),
        ("3 2\n2 2 2\n1 1 1 1\n", r"the header announces 2 nonzeros, the file holds 1"),
        ("sptensor\n3\n2 2 2\n9\n1 1 1 1\n", r"the header announces 9 nonzeros, the file holds 1"),
        ("3\n2 2 2\n1 1 3 1\n", r"index 2 of nonzero 0 is out of range in mode 2"),
        ("3\n2 2 2\n1 1 1\n", r"the header announces 3 modes, the lines 2"),
        ("3\n2 2\n1 1 1 1\n", r"line 2: wanted 3 positive integers as a header, got '2 2'"),
        ("3\n2 2 99999999999\n1 1 1 1\n", r"wanted between 1 and 2147483647 indices in a mode"),
        ("3\n", r"the file ends within its header"),
        ("hello\n", r"line 1: wanted 1 or 2 positive integers as a header, got 'hello'"),
        ("hello you all\n", r"line 1: wanted a number, got 'hello'"),
        ("# nothing\n", r"SparseTensor: wanted coords of 2 or more modes"),
        ("1" * 70_000, r"line 1 is longer than 65536 bytes; is it text\?"),
        ("1 1 1 1\n\xff\n", r"line 2: wanted"),
    ],
)  # fmt: skip
def test_lines_that_are_wrong_are_named(text, message):
    for name in ("x.tns", "x.tns.gz"):
        put(name, text)
        with pytest.raises(ArgumentError, match=f"^{name}: .*{message}") as caught:
            load_tensor(name)
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("i,value\n1,2\n", r"wanted two or more columns of indices and one of values"),
        ("value,value,i,j\n1,2,1,1\n", r"wanted two or more columns"),
        ("1,2\n", r"line 1: wanted 3 or more numbers, two or more indices and a value, got 2"),
        ("i,j,v\n0,0,1\n0,,1\n", r"line 3: wanted a number, got ''"),
        ("i,j,v\n", r"SparseTensor: wanted coords"),
    ],
)
def test_tables_that_are_wrong(text, message):
    put("x.csv", text)
    with pytest.raises(ArgumentError, match=rf"^x.csv: .*{message}"):
        load_tensor("x.csv")


def test_bytes_that_are_no_text():
    with open("x.tns", "wb") as file:
        file.write(b"1 1 1 1\n\xff\xfe 1 1\n")
    with pytest.raises(ArgumentError, match=r"^x.tns: line 2 is no text"):
        load_tensor("x.tns")


@pytest.mark.parametrize("name", ["x.tns", "x.csv"])
def test_a_key_for_a_table_is_refused(name):
    put(name, lines(1))
    with pytest.raises(ArgumentError, match=f"^{name}: holds one array without a name"):
        load_tensor(name, "X")


def test_an_index_base_for_an_array_is_refused():
    np.save("x.npy", TENSOR)
    np.savez("x.npz", TENSOR)
    for name in ("x.npy", "x.npz"):
        with pytest.raises(ArgumentError, match=f"^{name}: holds no coordinates"):
            load_tensor(name, index_base=0)
    with pytest.raises(ArgumentError, match=r"wanted an index_base of 0 or 1, got 2"):
        load_tensor("x.npy", index_base=2)


def npy_header(shape):
    stream = io.BytesIO()
    header = {"descr": "<f8", "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(stream, header)
    return stream.getvalue()


def claim_npy(shape):
    with open("x", "wb") as file:
        file.write(npy_header(shape) + bytes(80))


def claim_npz(shape):
    with zipfile.ZipFile("x", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("tensor.npy", npy_header(shape) + bytes(80))


def claim_h5(shape):
    with h5py.File("x", "w") as root:
        root.create_dataset("tensor", shape=shape, chunks=(1, 10, 10), dtype="f8")


def claim_mat(shape):
    scipy.io.savemat("x", {"tensor": TENSOR}, appendmat=False)
    with open("x", "rb") as file:
        content = file.read()
    sizes = np.array(TENSOR.shape, "<i4").tobytes()
    assert content.count(sizes) == 1
    with open("x", "wb") as file:
        file.write(content.replace(sizes, np.array(shape, "<i4").tobytes()))


@pytest.mark.parametrize(
    ("suffix", "claim"),
    [(".npy", claim_npy), (".npz", claim_npz), (".h5", claim_h5), (".mat", claim_mat)],
)
def test_what_a_header_promises_is_not_believed(suffix, claim):
    claim((2000, 30000, 20000))  # 8 bytes for each of them would be 9 TB
    os.rename("x", f"x{suffix}")
    message = rf"^x{suffix}: cannot be read, is it damaged\? It announces an array of shape \(2000,"
    with pytest.raises(ArgumentError, match=message):
        load_tensor(f"x{suffix}")


@functools.cache
def whole_files():
    """The bytes of a small file of every format, by suffix."""
    save_all({"tensor": TENSOR})
    np.save("x.npy", TENSOR)
    put("x.tns", "3 4\n3 4 5\n" + lines(1))
    put("x.tns.gz", lines(1))
    found = {}
    for suffix in ("npy", "npz", "mat", "h5", "tns", "tns.gz"):
        with open(f"x.{suffix}", "rb") as file:
            found[suffix] = file.read()
    return found


@settings(max_examples=60)
@given(part=st.floats(0, 1, exclude_max=True), data=st.data())
def test_a_truncated_file_is_refused_whatever_is_left(tmp_path_factory, part, data):
    os.chdir(tmp_path_factory.getbasetemp())
    files = whole_files()
    suffix = data.draw(st.sampled_from(sorted(files)))
    content = files[suffix]
    with open(f"y.{suffix}", "wb") as file:
        file.write(content[: int(part * (len(content) - 6))])
    with pytest.raises(ArgumentError, match=rf"^y.{suffix}: ") as caught:
        load_tensor(f"y.{suffix}")
    assert "\n" not in str(caught.value)


@settings(max_examples=60)
@given(place=st.integers(0, 10**6), byte=st.integers(0, 255), data=st.data())
def test_a_changed_byte_gives_a_tensor_or_an_error(tmp_path_factory, place, byte, data):
    os.chdir(tmp_path_factory.getbasetemp())
    files = whole_files()
    suffix = data.draw(st.sampled_from(sorted(set(files) - {"h5"})))
    content = bytearray(files[suffix])
    content[place % len(content)] = byte
    with open(f"y.{suffix}", "wb") as file:
        file.write(content)
    try:
        tensor = load_tensor(f"y.{suffix}")
    except ArgumentError as error:
        assert str(error).startswith(f"y.{suffix}: ")
    else:
        assert tensor.ndim >= 2


@pytest.mark.parametrize("name", ["y.npz", "y.mat", "y.h5"])
def test_results_come_back_bit_equal(name):
    rng = np.random.default_rng(0)
    factors = tuple(rng.normal(size=(n, 2)).astype(np.float32) for n in (3, 4, 5))
    model = CPTensor(np.ones(2, np.float32), factors)
    save_result(name, FitResult(model, 0.5, 0.1, np.array([2.0, 0.5]), True, "done"))
    loaded = load_model(name)
    assert os.listdir() == [name]
    for ours, other in zip((model.weights, *model.factors), (loaded.weights, *loaded.factors),
                           strict=True):  # fmt: skip
        assert other.dtype == np.float32
        np.testing.assert_array_equal(ours, other)


def test_results_of_another_kind_are_refused():
    with pytest.raises(ArgumentError, match=r"y.txt: wanted a name that ends in .npz, .mat, .h5"):
        load_model("y.txt")
