"""put, put_along_axis, fill_diagonal, place, putmask, copyto: on arrays and on tensors."""

import numpy as np
import pytest

import tenrso_ad as ta
from tenrso_ad.engine.errors import (
    ArgumentError,
    DTypeError,
    IndexingError,
    ShapeError,
    UnsupportedError,
)
from tenrso_ad.ops.indexing import placing
from tenrso_ad.ops.shaping.padding import pad
from tests.ops.table import Case, each, normal

MASK = np.array([[True, False, True], [True, False, False]])
ROWS = np.array([[0], [2]])


def change(name, *before, values=(2,), shape=(2, 3), **options):
    """A case: change a new array in place, by values that are an operand too."""

    def of(module):
        def function(x, v):
            y = x + 0 * np.sum(v)  # so that it is a tensor where any operand is
            arguments = [v if b is VALUES else b for b in before]
            assert getattr(module, name)(y, *arguments, **options) is None
            return y * y

        return function

    return Case(
        f"{name} {before} {values} {options}",
        of(placing),
        normal(*shape),
        normal(*values),
        reference=of(np),
        complex=name != "place",
    )


VALUES = object()

CASES = [
    change("put", [0, 4], VALUES),
    change("put", [[5, 0], [5, -6]], VALUES),  # places that meet, values repeated
    change("put", [7, -9], VALUES, mode="clip"),
    change("put", [7, -9], VALUES, mode="wrap", values=(3,)),
    change("put", 1, VALUES, values=()),
    change("put", [0, 4], VALUES, values=(0,)),
    change("put_along_axis", ROWS, VALUES, 1, values=(2, 1)),
    change("put_along_axis", ROWS[:1], VALUES, axis=0, values=(3,), shape=(3, 3)),
    change("put_along_axis", np.array([1, 1, 5]), VALUES, None, values=(3,)),
    change("fill_diagonal", VALUES, values=()),
    change("fill_diagonal", VALUES, values=(3,), shape=(5, 2)),
    change("fill_diagonal", VALUES, wrap=True, shape=(5, 2)),
    change("fill_diagonal", VALUES, shape=(3, 3, 3)),
    change("place", MASK, VALUES),
    change("place", MASK, VALUES, values=(2, 2)),
    change("putmask", MASK, VALUES),
    change("putmask", MASK.ravel(), VALUES, values=(2, 3)),
    change("copyto", VALUES, values=(3,)),
    change("copyto", VALUES, values=(1, 2, 1), where=MASK),
]


@each(CASES)
def test_placing(check):
    check()


def test_masks_that_tensors_compute():
    def f(x):
        y = x * x
        np.place(y, x > 0, [10 * x[0], x[1]])
        np.putmask(y, x < 0, x)
        return np.sum(y)

    x = np.array([1.0, -2.0, 3.0, 5.0])
    np.testing.assert_array_equal(ta.grad(f)(x), [20, 2, 0, 0])
    np.testing.assert_array_equal(ta.vmap(ta.grad(f))(x[None])[0], [20, 2, 0, 0])


def test_an_array_like_a_tensor_is_filled_by_elements():
    def running(x):
        out = np.zeros_like(x)
        out[0] = x[0]
        for i in range(1, 3):
            out[i] = out[i - 1] * x[i]
        return np.sum(out)

    x = np.array([2.0, 3.0, 5.0])
    expected = ta.grad(lambda x: np.sum(np.cumprod(x)))(x)
    np.testing.assert_array_equal(ta.grad(running)(x), expected)
    np.testing.assert_array_equal(ta.vmap(ta.grad(running))(x[None])[0], expected)
    t = ta.tensor(x)
    running(t).backward()
    np.testing.assert_array_equal(t.grad, expected)


def test_views_of_a_tensor_see_the_change():
    y = ta.tensor(np.zeros((3, 3)), requires_grad=False)
    row = y[1]
    np.fill_diagonal(y, ta.tensor(2.0))
    np.testing.assert_array_equal(ta.stop_gradient(row), [0, 2, 0])
    np.put(row, 0, 5.0)
    np.testing.assert_array_equal(ta.stop_gradient(y), [[2, 0, 0], [5, 2, 0], [0, 0, 2]])


def test_a_function_that_pads():
    def edge(vector, width, axis, options):
        vector[: width[0]] = vector[width[0]] * (axis + 1)
        vector[len(vector) - width[1] :] = options["end"]

    def padded(x, end):
        return pad(x, (1, 2), edge, end=end)

    x = np.array([[1.0, 2.0], [3.0, 4.0]])
    np.testing.assert_array_equal(padded(x, 7.0), np.pad(x, (1, 2), edge, end=7.0))
    ta.testing.check_gradients(lambda x: padded(x, 7.0) ** 2, (x,)).raise_if_failed()


def test_dtypes_of_tensors_stay():
    for name, *arguments in (
        ("put", [0], 1.5),
        ("put_along_axis", np.array([0]), 1.5, 0),
        ("place", [True, False], 1.5),
        ("putmask", [True, False], 1.5),
    ):
        y = ta.tensor(np.zeros(2, np.float32), requires_grad=False)
        getattr(np, name)(y, *arguments)
        np.testing.assert_array_equal(y.value, np.array([1.5, 0], np.float32), strict=True)
        i = ta.tensor(np.zeros(2, int), requires_grad=False)
        getattr(np, name)(i, *arguments)
        np.testing.assert_array_equal(i.value, np.array([1, 0]), strict=True)


A = np.ones((2, 3))


@pytest.mark.parametrize(
    ("function", "arguments", "error", "words"),
    [
        (placing.put, ([6], 1.0), IndexingError, "out of bounds"),
        (placing.put, ([0.5], 1.0), DTypeError, "indices are integers"),
        (placing.put, ([0], 1.0, "up"), ArgumentError, "'up'"),
        (placing.put_along_axis, ([[3]], 1.0, 1), IndexingError, "out of bounds"),
        (placing.put_along_axis, ([0], 1.0, 1), ShapeError, "indices of 2 axes"),
        (placing.put_along_axis, ([[0, 1]], np.ones(4), 1), ShapeError, "broadcast"),
        (placing.place, ([True], 1.0), ShapeError, "mask"),
        (placing.place, (MASK, []), ArgumentError, "at least one value"),
        (placing.putmask, ([True], 1.0), ShapeError, "mask"),
        (placing.copyto, (np.ones(4),), ShapeError, "broadcast|hold"),
        (placing.copyto, (1j,), DTypeError, "same_kind"),
        (placing.copyto, (1, "no", MASK), DTypeError, "casting='no'"),
        (placing.copyto, (1.0, "same_kind", np.ones(3)), DTypeError, "mask"),
    ],
)
def test_errors_say_what_is_wrong(function, arguments, error, words):
    y = ta.tensor(A, requires_grad=False)
    with pytest.raises(error, match=words) as caught:
        function(y, *arguments)
    assert function.__name__ in str(caught.value)
    before = A.copy()
    with pytest.raises(ta.errors.TenrsoError):
        function(before, *arguments)
    np.testing.assert_array_equal(before, A)


def test_what_cannot_change_is_refused():
    with pytest.raises(UnsupportedError, match="put: changes a tensor or an array of NumPy"):
        placing.put([1.0, 2.0], 0, 3.0)
    with pytest.raises(UnsupportedError, match="putmask: out= takes a plain NumPy array"):
        placing.putmask(A.copy(), MASK, ta.tensor(1.0))
    with pytest.raises(ta.errors.InPlaceError, match="a leaf that requires grad"):
        np.copyto(ta.tensor(A), 0.0)
    with pytest.raises(ShapeError, match=r"fill_diagonal.*one length"):
        placing.fill_diagonal(ta.tensor(np.ones((2, 3, 3)), requires_grad=False), 0.0)
