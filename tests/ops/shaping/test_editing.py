"""insert, delete, trim_zeros."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tenrso_ad as ta
from tenrso_ad.engine.errors import (
    ArgumentError,
    AxisError,
    ConcretizationError,
    DTypeError,
    IndexingError,
    ShapeError,
)
from tenrso_ad.ops.shaping import editing
from tests.ops.table import Case, each, normal

MASK = np.array([True, False, True])


def inserted(obj, values, axis=None, shape=(2, 3)):
    # older versions of NumPy take booleans for 0 and 1
    known = np.flatnonzero(obj) if np.asarray(obj).dtype.kind == "b" else obj
    return Case(
        f"insert {obj} {values} {axis} {shape}",
        lambda x, v: editing.insert(x, obj, v, axis),
        normal(*shape),
        normal(*values),
        reference=lambda x, v: np.insert(x, known, v, axis),
        complex=True,
    )


def deleted(obj, axis=None, shape=(2, 3)):
    return Case(
        f"delete {obj} {axis} {shape}",
        lambda x: editing.delete(x, obj, axis),
        normal(*shape),
        reference=lambda x: np.delete(x, obj, axis),
        complex=True,
    )


CASES = [
    inserted(1, ()),
    inserted(-1, (3,), shape=(4,)),
    inserted(1, (2,), 1),
    inserted(1, (3, 2), 1),  # one place, three columns
    inserted([1], (2, 3), 1),
    inserted(3, (), 1),
    inserted([0, 3, -1], (3,)),
    inserted([1, 1, 0], (2, 3), 1),
    inserted([2, 0], (1,), 0),
    inserted(slice(None, None, 2), (2,), 1),
    inserted(slice(2, None, -1), (3,), 1, (2, 4)),
    inserted(np.array([True, False]), (3,), 0),
    inserted(MASK, (2, 2), 1),
    inserted([], (0,)),
    inserted([0, 2], (1, 1, 2), shape=(2,)),
    inserted(0, (), shape=()),
    deleted(1),
    deleted(-2, 1),
    deleted([0, 0, -1], 1),
    deleted(slice(None, None, -2)),
    deleted(slice(1, 1), 0),
    deleted(MASK, 1),
    deleted([], 0),
    deleted([[0, 2]], 1),
    Case(
        "trim_zeros",
        lambda x: editing.trim_zeros(np.pad(x, (1, 2))),
        normal(3),
        reference=lambda x: np.trim_zeros(np.pad(x, (1, 2))),
        complex=True,
        vmap=False,  # refused, see below
        stage=False,
    ),
]


@each(CASES)
def test_editing(check):
    check()


@given(
    st.lists(st.integers(-4, 4), max_size=4),
    st.lists(st.integers(-4, 3), max_size=4),
)
def test_places_are_numpys(places, leave):
    a, values = np.arange(4), 10 + np.arange(len(places))
    np.testing.assert_array_equal(editing.insert(a, places, values), np.insert(a, places, values))
    np.testing.assert_array_equal(editing.delete(a, leave), np.delete(a, leave))


def test_values_take_the_dtype_of_the_array():
    out, pullback = ta.vjp(lambda v: editing.insert(np.zeros(2, np.float32), 0, v), np.ones(1))
    assert out.dtype == np.float32
    assert pullback(out)[0].dtype == np.float64
    np.testing.assert_array_equal(editing.insert([1, 2], 1, 3.7), [1, 3, 2])


def test_places_may_be_tensors_but_have_to_be_known():
    x, i = np.arange(3.0), np.array([0, 2])
    for function in (lambda i: editing.insert(x, i, 1.0), lambda i: editing.delete(x, i)):
        np.testing.assert_array_equal(function(ta.tensor(i, requires_grad=False)), function(i))
        with pytest.raises(ConcretizationError, match=r"whose places have to be known.*vmap"):
            ta.vmap(function)(i)


TRIMMED = np.array([[0.0, 0.0, 0.0], [0.0, np.nan, 0.0], [0.0, 0.0, 5.0], [0.0, 0.0, 0.0]])


@pytest.mark.parametrize("trim", ["fb", "f", "b", "BF"])
@pytest.mark.parametrize("a", [TRIMMED, TRIMMED[2], TRIMMED[0], TRIMMED[:0], np.array(0.0)])
def test_trimming_is_numpys(trim, a):
    if np.lib.NumpyVersion(np.__version__) < "2.2.0":
        pytest.skip("NumPy trims arrays of one axis only")
    axes = [None, (), *range(a.ndim), (-1,) if a.ndim else ()]
    for axis in axes:
        got, expected = editing.trim_zeros(a, trim, axis), np.trim_zeros(a, trim, axis)
        assert got.shape == expected.shape
        np.testing.assert_array_equal(got, expected)


def test_trimming_of_values_that_are_not_known_is_refused():
    with pytest.raises(ConcretizationError, match=r"trim_zeros, whose result.*vmap"):
        ta.vmap(editing.trim_zeros)(TRIMMED)


A = np.ones((2, 3))


@pytest.mark.parametrize(
    ("wrong", "error", "words"),
    [
        (lambda: editing.insert(A, 7, 1.0), IndexingError, r"insert\(.*place 7 is out of bounds"),
        (lambda: editing.insert(A, [0, -4], 1.0, 1), IndexingError, "place -4.*length 3"),
        (lambda: editing.insert(A, 0.5, 1.0), DTypeError, "insert: places are integers"),
        (lambda: editing.insert(A, [[0]], 1.0), ShapeError, "an array of one axis"),
        (lambda: editing.insert(A, True, 1.0), ShapeError, "an array of one axis"),
        (lambda: editing.insert(A, [0, 1], np.ones(4), 1), ShapeError, r"\(4,\) do not broadcast"),
        (lambda: editing.insert(A, 0, 1.0, 2), AxisError, "insert.*axis 2"),
        (lambda: editing.delete(A, 6), IndexingError, r"delete\(.*6 is out of bounds"),
        (lambda: editing.delete(A, [3], 1), IndexingError, "3 is out of bounds"),
        (lambda: editing.delete(A, [True]), ShapeError, "length of the axis, 6; got bool"),
        (lambda: editing.delete(A, [0.5]), DTypeError, "delete: places are integers"),
        (lambda: editing.delete(A, 0, 2), AxisError, "delete.*axis 2"),
        (lambda: editing.trim_zeros(A, "x"), ArgumentError, "trim is 'f', 'b' or 'fb', got 'x'"),
        (lambda: editing.trim_zeros(A, axis=2), AxisError, "trim_zeros.*axis 2"),
    ],
)
def test_errors_say_what_is_wrong(wrong, error, words):
    with pytest.raises(error, match=words):
        wrong()
