"""Tensors from files of every kind, good and bad, and results to files."""

import os
import zipfile

import numpy as np
import pytest
import scipy.io
import scipy.sparse

from tenrso_ad.decomposition import CPTensor, FitResult
from tenrso_ad.decomposition.io import (
    check_writable,
    load_model,
    load_tensor,
    save_result,
    write_atomically,
)
from tenrso_ad.engine.errors import ArgumentError

TENSOR = np.arange(24.0).reshape(2, 3, 4)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder that is the current one, so that messages show short paths."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(name, **arrays):
    if name.lower().endswith(".npz"):
        with open(name, "wb") as file:  # given a name, NumPy would append a suffix in lower case
            np.savez(file, **arrays)
    else:
        scipy.io.savemat(name, arrays)


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.int32])
def test_npy(folder, dtype):
    np.save("x.npy", TENSOR.astype(dtype))
    tensor = load_tensor("x.npy")
    assert tensor.dtype == (np.float32 if dtype == np.float32 else np.float64)
    np.testing.assert_array_equal(tensor, TENSOR)
    np.testing.assert_array_equal(load_tensor(folder / "x.npy"), TENSOR)


def test_fortran_order_and_missing_values_survive(folder):
    tensor = np.asfortranarray(TENSOR)
    tensor[0, 1, 2] = np.nan
    np.save("x.npy", tensor)
    loaded = load_tensor("x.npy")
    assert loaded.flags.f_contiguous
    np.testing.assert_array_equal(loaded, tensor)


@pytest.mark.parametrize("name", ["x.npz", "x.mat", "X.NPZ"])
def test_files_of_several_arrays(folder, name):
    write(name, values=TENSOR)
    np.testing.assert_array_equal(load_tensor(name), TENSOR)
    np.testing.assert_array_equal(load_tensor(name, key="values"), TENSOR)
    for usual in ("tensor", "X", "data"):
        write(name, labels=np.zeros(3), **{usual: TENSOR})
        np.testing.assert_array_equal(load_tensor(name), TENSOR)
    write(name, first=TENSOR, second=-TENSOR)
    np.testing.assert_array_equal(load_tensor(name, key="second"), -TENSOR)


def test_compressed_archives(folder):
    np.savez_compressed("x.npz", tensor=TENSOR)
    np.testing.assert_array_equal(load_tensor("x.npz"), TENSOR)


@pytest.mark.parametrize("name", ["x.npz", "x.mat"])
@pytest.mark.parametrize(
    ("arrays", "key", "message"),
    [
        (("a", "b"), None, r"choose an array by its key \(--key NAME\); the file holds: a, b$"),
        (("X", "data"), None, r"choose an array by its key .*holds: X, data$"),
        (("a", "b"), "c", r"holds no array named 'c'; it holds: a, b$"),
    ],
)
def test_the_key_is_asked_for(folder, name, arrays, key, message):
    write(name, **dict.fromkeys(arrays, TENSOR))
    with pytest.raises(ArgumentError, match=rf"^{name}: {message}"):
        load_tensor(name, key)


def test_a_key_for_an_npy_file_is_refused(folder):
    np.save("x.npy", TENSOR)
    with pytest.raises(ArgumentError, match=r"^x.npy: holds one array without a name"):
        load_tensor("x.npy", "a")


def make_directory(name):
    os.mkdir(name)


def make_empty(name):
    open(name, "wb").close()


def make_text(name):
    with open(name, "w") as file:
        file.write("1 2 3\n4 5 6\n")


def make_truncated(name):
    if name.endswith(".npy"):
        np.save(name, TENSOR)
    else:
        write(name, tensor=TENSOR)
    with open(name, "rb+") as file:
        file.truncate(os.path.getsize(name) // 2)


@pytest.mark.parametrize("name", ["x.npy", "x.npz", "x.mat"])
@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda name: None, "no such file$"),
        (make_directory, "is a directory, wanted a file$"),
        (make_empty, "the file is empty$"),
        (make_text, "not in NumPy's|cannot be read, is it damaged"),
        (make_truncated, "cannot be read, is it damaged"),
    ],
)
def test_files_that_cannot_be_read(folder, name, make, message):
    make(name)
    with pytest.raises(ArgumentError, match=f"^{name}: ({message})") as caught:
        load_tensor(name)
    assert "\n" not in str(caught.value)


def test_a_file_without_permission(folder, monkeypatch):
    np.save("x.npy", TENSOR)

    def refuse(*_, **__):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("pathlib.Path.open", refuse)
    with pytest.raises(ArgumentError, match=r"^x.npy: cannot be read: Permission denied$"):
        load_tensor("x.npy")


@pytest.mark.parametrize("name", ["x.txt", "x", "x.npy.gz"])
def test_other_formats_are_refused_with_those_that_are_read(folder, name):
    make_text(name)
    with pytest.raises(
        ArgumentError,
        match=r"wanted a name that ends in .npy, .npz, .mat, .h5, ",
    ):
        load_tensor(name)


def test_objects_are_not_unpickled(folder):
    np.save("x.npy", np.array([[{"a": 1}, None]]), allow_pickle=True)
    with pytest.raises(ArgumentError, match=r"^x.npy: .*[Oo]bject arrays cannot be loaded"):
        load_tensor("x.npy")


def test_matlab_7_3_that_is_damaged(folder):
    header = b"MATLAB 7.3 MAT-file".ljust(124) + b"\x00\x02IM"
    (folder / "x.mat").write_bytes(header + b"\x89HDF\r\n\x1a\n" + bytes(600))
    with pytest.raises(ArgumentError, match=r"^x.mat: cannot be read, is it damaged"):
        load_tensor("x.mat")


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("text", "strings"),
        ({"field": 1.0}, "records|objects"),
        (np.ones((2, 2)) * 1j, "real numbers"),
    ],
)
def test_matlab_values_that_are_no_tensor(folder, value, message):
    scipy.io.savemat("x.mat", {"x": value})
    with pytest.raises(ArgumentError, match=f"^x.mat: wanted .*({message})"):
        load_tensor("x.mat")


def test_bad_values_name_the_file(folder):
    np.save("x.npy", np.array([[np.inf, 1.0]]))
    with pytest.raises(ArgumentError, match=r"^x.npy: wanted finite numbers"):
        load_tensor("x.npy")
    np.savez("empty.npz")
    with pytest.raises(ArgumentError, match=r"^empty.npz: choose .*the file holds: none"):
        load_tensor("empty.npz")


def a_result():
    rng = np.random.default_rng(0)
    factors = tuple(rng.normal(size=(n, 2)).astype(np.float32) for n in (3, 4, 5))
    model = CPTensor(np.ones(2, np.float32), factors)
    return FitResult(model, 0.5, 0.1, np.array([2.0, 0.5]), True, "done")


def test_a_result_comes_back_bit_equal(folder):
    result = a_result()
    save_result("fit.npz", result)
    model = load_model("fit.npz")
    assert model.weights.tobytes() == result.model.weights.tobytes()
    for ours, original in zip(model.factors, result.model.factors, strict=True):
        assert ours.dtype == original.dtype
        assert ours.tobytes() == original.tobytes()
    with np.load("fit.npz", allow_pickle=False) as arrays:
        assert arrays["objective"] == 0.5
        assert arrays["relative_error"] == 0.1
        np.testing.assert_array_equal(arrays["history"], [2.0, 0.5])
        assert bool(arrays["converged"])
        assert str(arrays["message"]) == "done"
    assert os.listdir() == ["fit.npz"]
    assert zipfile.is_zipfile("fit.npz")


def test_a_file_without_a_model_is_refused(folder):
    np.savez("x.npz", tensor=TENSOR)
    with pytest.raises(
        ArgumentError, match=r"x.npz: holds no weights and factors, but \['tensor'\]"
    ):
        load_model("x.npz")


@pytest.mark.parametrize("error", [KeyboardInterrupt, OSError, ValueError])
def test_a_write_that_fails_leaves_the_old_file_and_nothing_else(folder, error):
    (folder / "x.npz").write_bytes(b"old")

    def write_half(file):
        file.write(b"new")
        raise error

    with pytest.raises(error):
        write_atomically("x.npz", write_half)
    assert (folder / "x.npz").read_bytes() == b"old"
    assert os.listdir() == ["x.npz"]


def test_the_content_is_on_the_disk_before_the_name_is(folder, monkeypatch):
    events = []
    monkeypatch.setattr(os, "fsync", lambda descriptor: events.append("fsync"))
    replace = os.replace
    monkeypatch.setattr(os, "replace", lambda a, b: (events.append("replace"), replace(a, b)))
    write_atomically("x.npz", lambda file: file.write(b"new"))
    assert events[:2] == ["fsync", "replace"]
    assert (folder / "x.npz").read_bytes() == b"new"


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("x.txt", r"x.txt: wanted a name that ends in .npz"),
        ("x", r"x: wanted a name that ends in .npz"),
        ("taken.npz", r"taken.npz: is a directory"),
        ("nowhere/x.npz", r"nowhere/x.npz: there is no folder nowhere"),
        ("pipe.npz", r"pipe.npz: cannot be replaced"),
        ("file/x.npz", r"file/x.npz: there is no folder file"),
    ],
)
def test_places_that_cannot_be_written_to(folder, path, message):
    (folder / "taken.npz").mkdir()
    (folder / "file").write_bytes(b"")
    os.mkfifo("pipe.npz")
    with pytest.raises(ArgumentError, match=f"^{message}"):
        check_writable(path, [".npz"])


def test_folders_and_files_without_permission(folder, monkeypatch):
    (folder / "old.npz").write_bytes(b"old")
    check_writable("old.npz", [".npz"])
    check_writable("new.npz", [".npz"])
    assert os.listdir() == ["old.npz"]

    def refuse(*_, **__):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("pathlib.Path.open", refuse)
    with pytest.raises(ArgumentError, match=r"^new.npz: cannot be written: Permission denied$"):
        check_writable("new.npz", [".npz"])
    monkeypatch.setattr(os, "access", lambda *_: False)
    with pytest.raises(ArgumentError, match=r"^old.npz: cannot be replaced"):
        check_writable("old.npz", [".npz"])
