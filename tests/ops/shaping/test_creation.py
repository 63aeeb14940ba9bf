"""array, asarray, copy, astype."""

import numpy as np
import pytest

import tenrso_ad as ta
from tenrso_ad.engine.errors import ArgumentError, DTypeError, ShapeError
from tenrso_ad.ops import elementwise as ew
from tenrso_ad.ops.shaping import creation
from tenrso_ad.tensor import Tensor
from tests.ops.table import Case, distinct, each, normal

CASES = [
    Case(
        "array of nested lists",
        lambda x, y: creation.array([[x, y * y], [x * y, y]]),
        normal(),
        normal(),
        reference=lambda x, y: np.array([[x, y * y], [x * y, y]]),
        complex=True,
    ),
    Case(
        "array of a list of arrays",
        lambda x: creation.array([x, [1.0, 2.0], (x[0], 3)]),
        normal(2),
        reference=lambda x: np.array([x, [1.0, 2.0], (x[0], 3)]),
        float32=False,  # a list with Python numbers is float64, as NumPy's
    ),
    Case(
        "array with ndmin",
        lambda x: creation.array(x, ndmin=3),
        normal(2),
        reference=lambda x: np.array(x, ndmin=3),
    ),
    Case("asarray", creation.asarray, normal(2), reference=np.asarray, complex=True),
    Case("asanyarray", creation.asanyarray, normal(2), reference=np.asanyarray, complex=True),
    Case(
        "ascontiguousarray",
        creation.ascontiguousarray,
        normal(),
        reference=np.ascontiguousarray,
        complex=True,
    ),
    Case("copy", creation.copy, normal(2), reference=np.copy, complex=True),
    Case(
        "astype to complex",
        lambda x: creation.astype(x, np.complex128),
        normal(2),
        reference=lambda x: x.astype(np.complex128),
        float32=False,
    ),
    Case(
        "astype to integers",
        lambda x: creation.astype(x, int) * x,
        distinct(3),
        reference=lambda x: x.astype(int) * x,
        float32=False,  # int64 times float32 is float64
    ),
    Case(
        "astype its own dtype",
        lambda x: creation.astype(x, x.dtype),
        normal(2),
        reference=lambda x: x.copy(),
        complex=True,
    ),
]


@each(CASES)
def test_creation(check):
    check()


def test_lists_with_tensors_are_operands_everywhere():
    def f(x):
        return ew.multiply([x, 2.0, x * x], np.array([1.0, 1.0, 3.0]))[2]

    assert ta.grad(f)(2.0) == 12.0


def test_array_of_tensors_is_one_tensor_of_numpys_dtype():
    x = ta.tensor(np.float32(2.0))
    assert isinstance(creation.array([x, x]), Tensor)
    assert creation.array([x, x]).dtype == np.float32
    assert creation.array([x, 1.0]).dtype == np.array([np.float32(2), 1.0]).dtype
    assert creation.array([x, x], dtype=np.float64).dtype == np.float64


@pytest.mark.parametrize("options", [{}, {"dtype": float}, {"order": "F"}, {"ndmin": 3}])
def test_array_of_plain_lists_is_numpys(options):
    got, expected = (f([[1, 2], [3, 4]], **options) for f in (creation.array, np.array))
    np.testing.assert_array_equal(got, expected)
    assert (got.dtype, got.flags.f_contiguous) == (expected.dtype, expected.flags.f_contiguous)


def test_copies_are_numpys():
    a = np.arange(3.0)
    assert creation.asarray(a) is a
    assert not np.shares_memory(creation.array(a), a)
    assert not np.shares_memory(creation.copy(a), a)
    assert not np.shares_memory(creation.astype(a, float), a)
    assert creation.astype(a, float, copy=False) is a
    with pytest.raises(ValueError, match="copy"):
        creation.asarray([1.0], copy=False)


def test_a_complex_number_is_true_unless_both_parts_are_zero():
    z = np.array([0.0, 1.0, 1.0j])
    assert creation.astype(z, bool).tolist() == [False, True, True]


def test_subclasses_layout_and_device():
    a = np.arange(6.0).reshape(2, 3).T.view(np.recarray)
    for function in ("copy", "asanyarray", "asarray", "ascontiguousarray"):
        ours, theirs = getattr(creation, function)(a), getattr(np, function)(a)
        assert type(ours) is type(theirs) and ours.strides == theirs.strides
    assert type(creation.copy(a, subok=True)) is np.recarray
    assert creation.asarray(a, order="C").flags.c_contiguous
    for x in (a, ta.tensor(a), [1.0, 2.0]):
        creation.asarray(x, device="cpu")
        with pytest.raises(ArgumentError, match="device 'cpu' stays there, got 'gpu'"):
            creation.asarray(x, device="gpu")


def test_a_copy_is_made_or_refused_as_asked():
    x = ta.tensor(np.ones(2))
    assert creation.asarray(x, copy=False) is x
    assert creation.array(x) is not x
    for a, dtype in (([x, x], None), (x, int)):
        with pytest.raises(ArgumentError, match="copy=False, but this wants a copy"):
            creation.array(a, dtype, copy=False)


def test_conversion_keeps_the_dtype_of_the_gradient():
    x = np.ones(2, np.float32)
    gradient = ta.grad(lambda t: creation.astype(t, np.float64)[0] * 2)(x)
    assert gradient.dtype == np.float32 and gradient.tolist() == [2.0, 0.0]


@pytest.mark.parametrize(
    ("wrong", "error", "words"),
    [
        (lambda: creation.array([ta.tensor(1.0), [1.0, 2.0]]), ShapeError, r"float64\[\].*\[2\]"),
        (lambda: creation.astype(np.ones(2), "floating"), DTypeError, "'floating' is not a dtype"),
    ],
)
def test_errors_say_what_is_wrong(wrong, error, words):
    with pytest.raises(error, match=words):
        wrong()
