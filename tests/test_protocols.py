"""NumPy's protocols: its ufuncs with their keywords and methods, its functions, its operators."""

import copy
import math
import operator
import pickle
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import joblib
import numpy as np
import pytest

import tenrso_ad as ta
import tenrso_ad.numpy as tnp
from tenrso_ad.engine.errors import (
    ArgumentError,
    ConcretizationError,
    DTypeError,
    InPlaceError,
    ShapeError,
    UnsupportedError,
)
from tests.ops.table import Case, distinct, each, normal, positive

A = np.array([[1.5, -2.0, 3.0], [0.5, 4.0, -1.0]])
B = np.array([[2.0, 0.5, 3.0], [1.0, -2.0, 2.0]])
N = np.array([[5, 3, 12], [-7, 0, 1]])
MASK = A > 0


def plain(*arrays):
    """Tensors that require no gradient."""
    return [ta.tensor(a, requires_grad=False) for a in arrays]


# --- ufuncs with keywords -------------------------------------------------------------------------


def with_out(x, y):
    out = 0 * (x + y)
    assert np.multiply(x, y, out=out) is out
    return out


def with_where(x, y):
    out = x * x + 0 * y
    np.add(x, y, out=out, where=MASK)
    return out


def into_itself(x, y):
    out = x * 1
    np.multiply(out, out, out)
    np.sin(out[1], out=out[0])
    return out + y


def stretched(x, y):
    out = np.stack([x, y])
    np.add(x[0], 1.0, out=out, where=MASK)
    return out


def two_results(x, y):
    quotient, rest = x + 0 * y, 0 * (x + y)
    np.divmod(x, 1.5, out=(quotient, rest))
    return quotient + rest


CASES = [
    Case("out", with_out, normal(2, 3), normal(2, 3), reference=with_out),
    Case("where", with_where, normal(2, 3), normal(2, 3), reference=with_where),
    Case("out is an operand", into_itself, normal(2, 3), normal(2, 3), reference=into_itself),
    Case("out is wider", stretched, normal(2, 3), normal(2, 3), reference=stretched),
    Case("two results", two_results, normal(2, 3), normal(2, 3), reference=two_results, order=1),
    # --- methods of ufuncs
    Case("add reduce", np.add.reduce, normal(2, 3), reference=np.add.reduce),
    Case(
        "multiply reduce",
        lambda x: np.multiply.reduce(x, axis=1, keepdims=True, initial=2.0, where=MASK),
        normal(2, 3),
        reference=lambda x: np.multiply.reduce(x, axis=1, keepdims=True, initial=2.0, where=MASK),
    ),
    Case(
        "maximum reduce",
        lambda x: np.maximum.reduce(x, None),
        distinct(2, 3),
        reference=lambda x: np.maximum.reduce(x, None),
    ),
    Case(
        "minimum reduce",
        lambda x: np.minimum.reduce(x, (0, 1), initial=9.0),
        distinct(2, 3),
        reference=lambda x: np.minimum.reduce(x, (0, 1), initial=9.0),
    ),
    Case(
        "logaddexp reduce",
        lambda x: np.logaddexp.reduce(x, axis=1, initial=0.5),
        normal(2, 3),
        reference=lambda x: np.logaddexp.reduce(x, axis=1, initial=0.5),
    ),
    Case(
        "logical reduce",
        lambda x: [np.logical_and.reduce(x > 0, 1), np.logical_or.reduce(x > 0, initial=True)],
        normal(2, 3),
        reference=lambda x: [
            np.logical_and.reduce(x > 0, 1),
            np.logical_or.reduce(x > 0, initial=True),
        ],
        differentiable=False,
    ),
    Case("add accumulate", np.add.accumulate, normal(2, 3), reference=np.add.accumulate),
    Case(
        "multiply accumulate",
        lambda x: np.multiply.accumulate(x, 1),
        positive(2, 3),
        reference=lambda x: np.multiply.accumulate(x, 1),
    ),
    Case(
        "logaddexp accumulate",
        lambda x: np.logaddexp.accumulate(x, axis=-1),
        normal(2, 3),
        reference=lambda x: np.logaddexp.accumulate(x, axis=-1),
    ),
    *(
        Case(
            f"{ufunc.__name__} reduceat",
            lambda x, ufunc=ufunc: ufunc.reduceat(x, [0, 3, 2, 2, 4], axis=1),
            distinct(2, 5),
            reference=lambda x, ufunc=ufunc: ufunc.reduceat(x, [0, 3, 2, 2, 4], axis=1),
        )
        for ufunc in (np.add, np.multiply, np.maximum, np.minimum)
    ),
    Case("outer", np.multiply.outer, normal(2), normal(3, 2), reference=np.multiply.outer),
    Case("outer with a number", lambda x: np.subtract.outer(2.0, x), normal(3), float32=False),
]


def updated(ufunc, *operands):
    def function(x, *rest):
        x = x + 0 * sum(map(np.sum, rest))
        ufunc.at(x, [0, 2, 0], *(operands or rest))
        return x

    return function


CASES += [
    Case(f"{u.__name__} at", updated(u), normal(4), normal(3), reference=updated(u), smooth=s)
    for u, s in ((np.add, True), (np.subtract, True), (np.multiply, True), (np.maximum, False))
]


def squares_at(x):
    x = x * 1
    np.square.at(x, [0, 2])
    np.divide.at(x, (slice(1, None, 2),), 3.0)
    return x


CASES.append(Case("at without repetition", squares_at, normal(4), reference=squares_at))


# --- methods that write ---------------------------------------------------------------------------


def writing(change):
    """Make a function of a change in place."""

    def function(x):
        x = x * 1
        assert change(x) is None
        return x

    return function


WRITERS = {
    "fill": lambda x: x.fill(2.5),
    "sort in place": lambda x: x.sort(axis=0),
    "partition in place": lambda x: x.partition(1),
    "put as a method": lambda x: x.put([0, 3], [1.0, 2.0]),
}
CASES += [
    Case(name, writing(change), distinct(2, 3), reference=writing(change))
    for name, change in WRITERS.items()
]


@each(CASES)
def test_protocols(check):
    check()


@pytest.mark.parametrize("face", [np, tnp])
def test_dtype_and_casting(face):
    x = ta.tensor(A)
    y = face.add(x, 1, dtype=np.float32)
    assert y.dtype == np.float32
    y.sum().backward()
    assert x.grad.dtype == np.float64
    assert face.multiply(*plain(N, N), dtype=float).dtype == np.float64
    assert face.equal(x, 1, dtype=bool).dtype == bool
    with pytest.raises(DTypeError, match=r"add.*casting rule 'same_kind'"):
        face.add(x, 1, dtype=int)
    with pytest.raises(DTypeError, match="casting rule 'no'"):
        face.add(x, np.ones(3, np.float32), casting="no")
    out = ta.tensor(A[0], dtype=np.float32).copy()
    with pytest.raises(DTypeError, match="does not convert to out=float32"):
        face.add(x[0], 1, out=out, casting="safe")
    face.add(x[0], 1, out=out)
    np.testing.assert_array_equal(out.value, (A[0] + 1).astype(np.float32))
    n = ta.tensor([1, 2, 3], requires_grad=False)
    face.add(n, 0.5, out=n, casting="unsafe")
    np.testing.assert_array_equal(n.value, [1, 2, 3])


def test_keywords_that_are_refused_name_themselves():
    x = ta.tensor(A)
    for keywords, named in (
        ({"order": "F"}, "add: order='F'"),
        ({"subok": False}, "add: subok=False"),
        ({"signature": "dd->d"}, "add: signature="),
        ({"where": MASK}, "add: where= without out="),
    ):
        with pytest.raises(UnsupportedError, match=named):
            np.add(x, x, **keywords)
    np.add(x, x, order="K", subok=True)
    with pytest.raises(UnsupportedError, match="matmul with axes="):
        np.matmul(x, x.T, axes=[(0, 1), (0, 1), (0, 1)])
    with pytest.raises(UnsupportedError, match="vecdot with keepdims="):
        np.vecdot(x, x, keepdims=True)
    with pytest.raises(UnsupportedError, match="modulus"):
        pow(x, 2, 3)
    with pytest.raises(ArgumentError, match="divmod: has 2 results, got 1"):
        tnp.divmod(x, 2.0, out=(x.copy(),))
    with pytest.raises(ArgumentError, match=r"where= is a boolean mask.*got int64\[3\]"):
        np.add(x, x, out=x.copy(), where=np.array([1, 0, 1]))
    with pytest.raises(ShapeError, match=r"add: out=float64\[3\] cannot hold"):
        np.add(x, x, out=x[0].copy())
    with pytest.raises(InPlaceError, match="leaf"):
        np.add(x, x, out=x)


def test_operations_that_numpy_lacks_take_the_keywords_too():
    x = ta.tensor(A)
    out = x * 1
    assert tnp.relu(x, out=out, where=MASK) is out
    np.testing.assert_array_equal(out.value, A)
    assert tnp.sigmoid(x, dtype=np.float32).dtype == np.float32
    plain_out = np.zeros_like(A)
    assert tnp.relu(A, plain_out) is plain_out
    np.testing.assert_array_equal(plain_out, np.maximum(A, 0))


def test_plain_arrays_go_to_numpy():
    out, where = np.full_like(A, 7.0), MASK
    assert tnp.sqrt(np.abs(A), out=out, where=where) is out
    np.testing.assert_array_equal(out, np.where(MASK, np.sqrt(np.abs(A)), 7.0))
    assert tnp.add(A, 1, dtype=np.float32, order="F").flags.f_contiguous
    assert tnp.multiply([1, 2], 3, dtype=float).dtype == float
    quotient, rest = tnp.divmod(A, 2.0, out=(np.zeros_like(A), None))
    np.testing.assert_array_equal(quotient * 2 + rest, A)
    np.testing.assert_array_equal(tnp.sign(A, np.zeros_like(A)), np.sign(A))
    with pytest.raises(DTypeError, match="casting"):
        tnp.add(A, 1, out=np.zeros_like(N))


def test_a_plain_array_takes_plain_values_of_tensors_only():
    a, (x,) = np.zeros_like(A), plain(A)
    np.add(x, 1, out=a)
    np.testing.assert_array_equal(a, A + 1)
    a += x
    np.add.at(a, (0, 1), 3 - x[0, 0] * 0)
    np.copyto(a, x, where=x > 0)
    np.put(a, [5], x[0, :1])
    np.testing.assert_array_equal(a, [[1.5, 0, 3], [0.5, 4, 1.5]])
    w = ta.tensor(A)
    for write in (
        lambda: np.add(w, 1, out=a),
        lambda: operator.iadd(a, w),
        lambda: np.add.at(a, 0, w[0]),
        lambda: np.copyto(a, w),
        lambda: np.put(a, [0], w[0]),
        lambda: np.place(a, MASK, w),
        lambda: np.putmask(a, MASK, w),
        lambda: np.put_along_axis(a, np.zeros((2, 1), int), w[:, :1], 1),
        lambda: tnp.fill_diagonal(a, w[0]),
        lambda: np.sum(w, 0, None, a[0]),
    ):
        with pytest.raises(UnsupportedError, match=r"requires_grad=False"):
            write()
    for write in (lambda: operator.setitem(a, 0, w[0]), lambda: operator.setitem(a, ..., w)):
        with pytest.raises(DTypeError, match=r"ta\.tensor\(a, requires_grad=False\)"):
            write()
    with pytest.raises(ValueError) as raised:
        a[0, 0] = w.sum()
    assert "ta.tensor(a, requires_grad=False)" in str(raised.value.__cause__)
    a[0, 0] = w.sum().item()
    a[0, 0] = float(w.sum())

    def f(x):
        a[0, 0] = x[0, 0]
        return x.sum()

    with pytest.raises(ValueError) as raised:
        ta.grad(f)(A)
    assert "ta.tensor(a, requires_grad=False)" in str(raised.value.__cause__)


def test_methods_of_ufuncs_that_are_refused():
    x = ta.tensor(A).copy()
    with pytest.raises(UnsupportedError, match=r"np\.maximum\.accumulate is not supported"):
        np.maximum.accumulate(x)
    with pytest.raises(UnsupportedError, match=r"np\.hypot\.reduceat is not supported"):
        np.hypot.reduceat(x, [0])
    with pytest.raises(UnsupportedError, match=r"np\.divide\.at: an element is named twice"):
        np.divide.at(x, [0, 0], 2.0)
    with pytest.raises(ShapeError, match="numbers below 3"):
        np.add.reduceat(x, [0, 3], axis=1)
    with pytest.raises(ShapeError, match="one axis or more"):
        np.add.accumulate(x.sum())


def test_small_integers_grow_in_sums():
    (n,) = plain(N.astype(np.int8))
    assert np.add.reduce(n).dtype == np.add.reduceat(n, [0]).dtype == np.int64
    assert np.maximum.reduceat(n, [0]).dtype == np.int8
    np.testing.assert_array_equal(np.add.reduceat(n, [0, 1]).value, N)
    assert np.add.reduce(n, dtype=np.float32).dtype == np.float32
    out = ta.tensor(np.zeros(3), requires_grad=False)
    assert np.add.reduce(n, out=out) is out
    np.testing.assert_array_equal(out.value, N.sum(0))


# --- NumPy's functions ----------------------------------------------------------------------------


def test_questions():
    x, (n,) = ta.tensor(A), plain(N)
    assert np.can_cast(n, float) and not np.can_cast(x, np.float32, "safe")
    assert np.common_type(x, n) is np.float64
    assert np.min_scalar_type(n) == np.int64
    assert np.result_type(x, n, 1) == np.float64
    assert (np.shape(x), np.ndim(x), np.size(x), np.iscomplexobj(x)) == ((2, 3), 2, 6, False)
    assert not np.isscalar(x)
    assert np.shares_memory(x, x.T) and not np.shares_memory(x[0], x[1])
    assert np.may_share_memory(x[0], x[:, 1]) and not np.may_share_memory(x, x.copy())
    assert not np.shares_memory(x, A)
    z = ta.tensor(A + 1j)
    assert np.shares_memory(z, z.imag) and not np.shares_memory(z.real, z.imag)
    assert np.array2string(x) == np.array2string(A)
    assert (np.array_repr(x), np.array_str(x)) == (repr(A), str(A))
    with pytest.raises(ConcretizationError, match=r"np\.array2string needs the value"):
        ta.vmap(lambda x: np.array2string(x))(A)


def test_files_are_refused_with_the_way_out(tmp_path):
    x = ta.tensor(A)
    for save in (np.save, np.savetxt, np.savez, np.savez_compressed):
        with pytest.raises(UnsupportedError, match=rf"np\.{save.__name__}.*write.*x\.value"):
            save(tmp_path / "file", x)


def test_like():
    x = ta.tensor(A)
    assert isinstance(np.asarray([1.0, 2.0], like=x), (ta.Tensor, np.ndarray))
    stacked = np.asarray([x[0, 0], x[1, 1] * 2], like=x)
    stacked.sum().backward()
    np.testing.assert_array_equal(x.grad, [[1, 0, 0], [0, 2, 0]])
    for make in (np.zeros, np.ones, np.empty):
        made = make((2, 2), like=x)
        assert isinstance(made, ta.Tensor) and not made.requires_grad
        made[0] = x[0, 0]
        assert made.requires_grad
    np.testing.assert_array_equal(np.arange(3, like=x).value, [0, 1, 2])


# --- operators ------------------------------------------------------------------------------------

BITWISE = [operator.and_, operator.or_, operator.xor, operator.lshift, operator.rshift]


@pytest.mark.parametrize("op", BITWISE, ids=lambda op: op.__name__)
def test_bitwise_operators(op):
    a, b = np.abs(N), np.array([1, 2, 3])
    (x, y), want = plain(a, b), op(a, b)
    for got in (op(x, y), op(x, b), op(a, y)):
        np.testing.assert_array_equal(got.value, want)
    np.testing.assert_array_equal(op(x, 2).value, op(a, 2))
    np.testing.assert_array_equal(op(2, y).value, op(2, b))
    same = x
    same = getattr(operator, "i" + op.__name__.strip("_"))(same, y)
    assert same is x
    np.testing.assert_array_equal(x.value, want)
    with pytest.raises(DTypeError, match="not supported for the input types"):
        op(ta.tensor(A), 1)


def test_logic_of_booleans():
    p, q = plain(A > 0, B > 0)
    for op in (operator.and_, operator.or_, operator.xor):
        np.testing.assert_array_equal(op(p, q).value, op(A > 0, B > 0))
    np.testing.assert_array_equal((~p).value, ~(A > 0))
    np.testing.assert_array_equal((~plain(N)[0]).value, ~N)
    p &= q
    np.testing.assert_array_equal(p.value, (A > 0) & (B > 0))


def test_divmod():
    x = ta.tensor(A)
    for got, want in zip((*divmod(x, 2.0), *divmod(2.0, x)), (*divmod(A, 2), *divmod(2, A)),
                         strict=True):  # fmt: skip
        np.testing.assert_array_equal(got.value, want)


@pytest.mark.parametrize("other", [None, "a", np.array(["a", "b", "c"]), np.datetime64("2020")])
def test_comparison_with_what_is_no_number(other):
    x = ta.tensor(A)
    for op in (operator.eq, operator.ne):
        got = op(x, other)
        np.testing.assert_array_equal(getattr(got, "value", got), op(A, other))
    with pytest.raises(TypeError):
        x < other  # noqa: B015


def test_membership():
    x = ta.tensor(A)
    assert 4.0 in x and 5.0 not in x
    with pytest.raises(ConcretizationError):
        ta.vmap(lambda row: 4.0 in row)(A)


# --- ways out -------------------------------------------------------------------------------------


def test_rounding_to_python_numbers():
    x = ta.tensor(2.6)
    assert (round(x), math.floor(x), math.ceil(x), math.trunc(x)) == (3, 2, 3, 2)
    assert all(type(n) is int for n in (round(x), math.floor(x), math.ceil(x), math.trunc(x)))
    np.testing.assert_array_equal(round(ta.tensor(A), 1).value, np.round(A, 1))
    assert float(round(x, 0)) == 3.0
    with pytest.raises(DTypeError, match=r"math\.floor"):
        ta.grad(lambda x: x * math.floor(x))(2.6)


def test_attributes_of_an_array():
    x = ta.tensor(A, dtype=np.float32)
    assert (x.itemsize, x.nbytes, x.device) == (4, 24, "cpu")
    assert x.item(0, 1) == -2.0
    for name in ("strides", "flags", "data", "flat", "tobytes", "tofile", "dump", "view", "base"):
        assert not hasattr(x, name)
        with pytest.raises(AttributeError, match=rf"a tensor has no \.{name}; \w"):
            getattr(x, name)
    with pytest.raises(AttributeError, match="'Tensor' object has no attribute 'nothing'"):
        _ = x.nothing
    with pytest.raises(UnsupportedError, match=r"write np\.trace\(x\)"):
        x.trace()
    with pytest.raises(TypeError, match="cannot be deleted"):
        del x[0]
    converted = x.T.astype(np.float64, order="C", casting="safe", copy=True)
    assert converted.value.flags.c_contiguous
    with pytest.raises(DTypeError, match="casting='safe'"):
        x.astype(int, casting="safe")
    assert x.astype(np.float32, copy=False) is x


@pytest.mark.parametrize(
    "trip",
    [
        copy.deepcopy,
        lambda x: pickle.loads(pickle.dumps(x)),
        lambda x: copy.deepcopy([x, {"w": x}])[1]["w"],
        lambda x: joblib.Parallel(n_jobs=1)([joblib.delayed(copy.deepcopy)(x)])[0],
    ],
)
def test_a_leaf_is_copied_as_a_leaf_of_its_own(trip):
    x = ta.tensor(A)
    (x * x).sum().backward()
    y = trip(x)
    assert y is not x and y.is_leaf and y.requires_grad
    np.testing.assert_array_equal(y.value, A)
    np.testing.assert_array_equal(y.grad, 2 * A)
    (y * 3).sum().backward()
    np.testing.assert_array_equal(y.grad, 2 * A + 3)
    np.testing.assert_array_equal(x.grad, 2 * A)
    with ta.no_grad():
        y += 1
    np.testing.assert_array_equal(x.value, A)
    (n,) = plain(N)
    assert not trip(n).requires_grad and trip(n).dtype == N.dtype
    assert trip(ta.tensor(A)).grad is None


def test_one_leaf_twice_stays_one():
    x = ta.tensor(A)
    first, second = copy.deepcopy((x, x))
    assert first is second


def _gradient_of(x):
    (x * x).sum().backward()
    return x


def test_a_tensor_travels_between_processes():
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        back = pool.submit(_gradient_of, ta.tensor(A)).result()
    np.testing.assert_array_equal(back.grad, 2 * A)


def test_what_has_a_history_is_not_copied_deeply():
    x = ta.tensor(A)
    for trip in (copy.deepcopy, pickle.dumps):
        with pytest.raises(UnsupportedError, match=r"depends on other tensors.*x\.detach\(\)"):
            trip(x * 2)
        with pytest.raises(UnsupportedError, match="belongs to a gradient"):
            ta.grad(lambda x, trip=trip: trip(x))(A)
        with pytest.raises(UnsupportedError, match="belongs to a"):
            ta.vmap(lambda x, trip=trip: trip(ta.tensor(x)))(A)
    shallow = copy.copy(x)
    shallow *= 2
    shallow.sum().backward()
    np.testing.assert_array_equal(x.value, A)
    np.testing.assert_array_equal(x.grad, np.full_like(A, 2))
