"""What is like an array is taken by its values, or refused by name; numbers of every kind."""

import array
import operator

import ml_dtypes
import numpy as np
import pandas as pd
import pytest
import scipy.sparse

import tenrso_ad as ta
import tenrso_ad.numpy as tnp
from tenrso_ad.engine.errors import DTypeError, UnsupportedError

V = np.array([1.0, 2.0, 3.0])
W = np.array([0.5, -1.0, 2.0])


class Sub(np.ndarray):
    pass


TAKEN = {
    "series": lambda v: pd.Series(v, index=list("abc")),
    "index": lambda v: pd.Index(v),
    "nullable series": lambda v: pd.Series(v, dtype="Float64"),
    "subclass": lambda v: v.view(Sub),
    "memoryview": lambda v: memoryview(v.copy()),
    "array.array": lambda v: array.array("d", v),
    "big-endian": lambda v: v.astype(">f8"),
    "not contiguous": lambda v: np.repeat(v, 2)[::2],
    "backwards": lambda v: v[::-1].copy()[::-1],
}


@pytest.mark.parametrize("make", TAKEN.values(), ids=TAKEN)
def test_what_is_taken_by_its_values(make):
    like, w = make(V), make(W)
    x = ta.tensor(V)
    for got in (x * like, like * x, tnp.multiply(x, like), np.multiply(x, like)):
        np.testing.assert_array_equal(got.value, V * V)
    np.testing.assert_array_equal(tnp.sin(like), np.sin(V))
    np.testing.assert_array_equal(tnp.stack([like, like]), np.stack([V, V]))
    leaf = ta.tensor(like)
    assert leaf.dtype == np.dtype(float) and leaf.dtype.isnative and type(leaf.value) is np.ndarray
    (leaf * w).backward(w)
    np.testing.assert_array_equal(leaf.grad, W * W)
    gradient = ta.grad(lambda v: tnp.sum(v * v * w))(like)
    assert type(gradient) is np.ndarray and gradient.dtype.isnative
    np.testing.assert_array_equal(gradient, 2 * V * W)
    np.testing.assert_array_equal(ta.vmap(lambda v: 2 * v)(like), 2 * V)
    np.testing.assert_array_equal(ta.jvp(lambda v: v * v, (like,), (w,))[1], 2 * V * W)
    np.testing.assert_array_equal(ta.vjp(lambda v: v * v, like)[1](w)[0], 2 * V * W)
    y = ta.tensor(V).copy()
    y += like
    y[1:] = w[1:] if hasattr(w, "__getitem__") and not isinstance(w, pd.Series) else w.iloc[1:]
    np.testing.assert_array_equal(y.value, [2.0, -1.0, 2.0])


def test_frames():
    frame = pd.DataFrame({"a": [1.0, 2.0], "b": [3.0, 4.0]})
    values = frame.to_numpy()
    np.testing.assert_array_equal(ta.grad(lambda v: tnp.sum(v**2))(frame), 2 * values)
    np.testing.assert_array_equal((ta.tensor(values) @ frame).value, values @ values)
    assert isinstance(frame * ta.tensor(values), ta.Tensor)
    mixed = pd.DataFrame({"a": [1.0, 2.0], "b": ["x", "y"]})
    for call in (ta.tensor, tnp.sin, ta.grad(tnp.sum), lambda m: ta.tensor(values) * m):
        with pytest.raises(DTypeError, match=r"DataFrame holds object.*choose its columns"):
            call(mixed)
    with pytest.raises(DTypeError, match="Series holds object"):
        tnp.sin(pd.Series(["a", "b"], dtype="category"))
    assert ta.tensor(pd.DataFrame({"a": [1], "b": [2.5]})).dtype == float


def test_indices_of_pandas():
    x = ta.tensor(V)
    np.testing.assert_array_equal(x[pd.Series([0, 2])].value, V[[0, 2]])
    np.testing.assert_array_equal(x[pd.Series(V > 1.5)].value, V[V > 1.5])
    np.testing.assert_array_equal(tnp.where(pd.Series(V > 1.5), x, 0).value, [0, 2, 3])


def test_values_that_may_change_are_copied_or_guarded(tmp_path):
    x = ta.tensor(V)
    series, buffer = pd.Series(V.copy()), array.array("d", V)
    mapped = np.memmap(tmp_path / "a", dtype=float, mode="w+", shape=3)
    mapped[:] = V
    y = (x * series * buffer * mapped).sum()
    series.iloc[0], buffer[1] = 100.0, 100.0
    with pytest.raises(ValueError, match="read-only"):
        mapped[2] = 100.0
    y.backward()
    np.testing.assert_array_equal(x.grad, V**3)
    mapped[2] = 100.0
    a = V.copy()
    n = ta.tensor(a, requires_grad=False, copy=False)
    y = (ta.tensor(V) * n).sum()
    a[0] = 100.0
    np.testing.assert_array_equal(n.value, V)


REFUSED = {
    "masked": (np.ma.array(V, mask=[0, 1, 0]), UnsupportedError, r"masked array.*where="),
    "matrix": (np.asarray(V).view(np.matrix), UnsupportedError, r"np\.matrix.*np\.asarray"),
    "sparse": (scipy.sparse.csr_array(np.eye(3)), UnsupportedError, "csr_array is no array"),
    "objects": (V.astype(object), DTypeError, "objects have no derivative|booleans or numbers"),
    "structured": (np.zeros(3, "f8,i4"), DTypeError, "convert the operands|booleans or numbers"),
    "text": (np.array(["a", "b", "c"]), DTypeError, "convert the operands|booleans or numbers"),
    "dates": (np.array(["2020-01-01"] * 3, "M8[D]"), DTypeError, "cannot use|booleans or numbers"),
    "None": (None, DTypeError, "NoneType|booleans or numbers"),
    "set": ({1.0, 2.0}, DTypeError, "set|booleans or numbers"),
}


@pytest.mark.parametrize("what, error, words", REFUSED.values(), ids=REFUSED)
def test_what_is_refused(what, error, words):
    x = ta.tensor(V)
    for call in (
        lambda: ta.tensor(what, requires_grad=False),
        lambda: x * what,
        lambda: tnp.multiply(what, x),
    ):
        with pytest.raises(error, match=words):
            call()


def test_masked_arrays_and_matrices_are_refused_everywhere():
    masked = np.ma.array(V, mask=[0, 1, 0])
    for call in (tnp.sin, tnp.sum, ta.grad(tnp.sum), ta.vmap(tnp.sin), lambda m: tnp.stack([m])):
        with pytest.raises(UnsupportedError, match="masked array"):
            call(masked)
    with pytest.raises(TypeError):
        masked * ta.tensor(V)  # would be a masked array without its derivative


# --- numbers --------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.longdouble, ml_dtypes.bfloat16])
def test_floats_of_every_width_stay(dtype):
    v = V.astype(dtype)
    gradient = ta.grad(lambda v: tnp.sum(tnp.tanh(v) * v[::-1] + 2.0 * v))(v)
    assert gradient.dtype == dtype
    wide = ta.grad(lambda v: tnp.sum(tnp.tanh(v) * v[::-1] + 2.0 * v))(V)
    np.testing.assert_allclose(gradient.astype(float), wide, rtol=4 * float(ml_dtypes.finfo(
        dtype).eps) + 1e-14)  # fmt: skip
    x = ta.tensor(v).copy()
    x += V
    x[0] = 2.5
    assert x.dtype == dtype
    (x * x).sum().backward()


def test_long_doubles_are_computed_as_such():
    third = np.longdouble(1) / 3
    gradient = ta.grad(lambda v: v**3)(third)
    assert gradient.dtype == np.longdouble
    np.testing.assert_allclose(gradient, 3 * third * third, rtol=2 * np.finfo(np.longdouble).eps)


def test_numpy_scalars_and_arrays_without_axes():
    x = ta.tensor(V, dtype=np.float32)
    assert (x * np.float32(2)).dtype == np.float32
    assert (x * np.float64(2)).dtype == (x * np.array(2.0)).dtype == np.float64
    assert (x * True).dtype == (x * 2).dtype == np.float32
    assert (2j * x).dtype == np.complex64
    assert (x * 10**30).dtype == np.float32
    y = x.copy()
    y *= np.float64(2)
    assert y.dtype == np.float32
    for op in (operator.add, operator.mul):
        assert isinstance(op(np.float64(2), x), ta.Tensor)
    assert ta.grad(lambda v: v * v)(np.float32(3)).dtype == np.float32


def test_lists_and_tuples_with_tensors():
    x = ta.tensor(V)
    for made in (x * [x[0], 2.0, x[1] * x[1]], tnp.array((x[0], 2.0, x[1] * x[1])) * x):
        np.testing.assert_array_equal(made.value, [1.0, 4.0, 12.0])
    tnp.sum(tnp.array([[x[0], 1], [np.float64(2), x[1]]]) ** 2).backward()
    np.testing.assert_array_equal(x.grad, [2.0, 4.0, 0.0])
    with pytest.raises(DTypeError, match=r"tnp\.stack"):
        ta.tensor([x[0], 2.0])


def test_read_only_arrays():
    v = V.copy()
    v.flags.writeable = False
    x = ta.tensor(v, copy=False)
    (x * v).sum().backward()
    np.testing.assert_array_equal(x.grad, V)
    assert not v.flags.writeable
    x = x.copy()
    x += 1
    with ta.no_grad():
        w = ta.tensor(v, copy=False)
        w += 1
    np.testing.assert_array_equal(v, V)
