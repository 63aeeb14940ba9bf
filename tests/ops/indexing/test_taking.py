"""take, take_along_axis, compress, extract, choose."""

import numpy as np
import pytest

import tenrso_ad as ta
from tenrso_ad.engine.errors import (
    ArgumentError,
    AxisError,
    ConcretizationError,
    DTypeError,
    IndexingError,
    ShapeError,
    UnsupportedError,
)
from tenrso_ad.engine.staging import stage
from tenrso_ad.ops.indexing import taking
from tests.ops.table import Case, each, normal

CONDITION = np.array([True, False, True])


def call(name, *args, shape=(2, 3, 2), first=(), **kwargs):
    """A case for a function of one array that NumPy has under the same name."""
    ours, theirs = getattr(taking, name), getattr(np, name)
    return Case(
        f"{name} {first} {args} {kwargs}",
        lambda x: ours(*first, x, *args, **kwargs),
        normal(*shape),
        reference=lambda x: theirs(*first, x, *args, **kwargs),
        complex=True,
    )


def chosen(numbers, *shapes, **kwargs):
    return Case(
        f"choose {numbers} {kwargs}",
        lambda *xs: taking.choose(numbers, xs, **kwargs),
        *[normal(*s) for s in shapes],
        reference=lambda *xs: np.choose(numbers, xs, **kwargs),
        complex=len(shapes) == 2,
    )


CASES = [
    call("take", [11, 0, -1, 11]),
    call("take", [[0, 2], [2, 2]], axis=1),
    call("take", 1, -1),
    call("take", [7, -5], axis=1, mode="wrap"),
    call("take", [7, -5], axis=1, mode="clip"),
    call("take", [True, False, True], shape=(3,)),
    call("take", [0, -1], 0, shape=()),
    Case(
        "take_along_axis",
        lambda x, i: taking.take_along_axis(x, i, axis=1) ** 2,
        normal(2, 3, 2),
        lambda rng: rng.integers(-3, 3, size=(2, 5, 1)),
        reference=lambda x, i: np.take_along_axis(x, i, axis=1) ** 2,
        complex=True,
    ),
    call("take_along_axis", np.array([5, 0, 0]), axis=None, shape=(2, 3)),
    call("take_along_axis", np.array([[2, 2]]), -1, shape=(1, 3)),
    call("compress", axis=1, first=(CONDITION,)),
    call("compress", first=([0, 1, 2.5],)),
    call("compress", axis=-1, first=([True],)),
    call("extract", first=(CONDITION,), shape=(3,)),
    call("extract", first=(np.eye(2, 3),), shape=(2, 3)),
    chosen([0, 1, 1], (3,), (3,)),
    chosen([[1], [0]], (2,), ()),
    chosen([5, -1, 1], (3,), (3,), (), mode="wrap"),
    chosen([5, -1, 1], (3,), (3,), (), mode="clip"),
    chosen(True, (2,), (2,)),
    Case(
        "choose with numbers as operand",
        lambda i, x, y: taking.choose(i, [x, y]) ** 2,
        lambda rng: rng.integers(0, 2, size=4),
        normal(4),
        normal(),
        reference=lambda i, x, y: np.choose(i, [x, y]) ** 2,
    ),
    Case(
        "choose among the rows of one array",
        lambda x: taking.choose([1, 0, 1], x),
        normal(2, 3),
        reference=lambda x: np.choose([1, 0, 1], x),
    ),
]


@each(CASES)
def test_taking(check):
    check()


def test_conditions_that_tensors_compute():
    gradient = ta.grad(lambda x: np.sum(np.extract(x > 0, x) ** 2))(np.array([1.0, -2.0, 3.0]))
    np.testing.assert_array_equal(gradient, [2, 0, 6])


@pytest.mark.parametrize("name", ["compress", "extract"])
def test_conditions_that_have_no_value_are_refused(name):
    def picked(x):
        return getattr(taking, name)(x > 0, x)

    with pytest.raises(ConcretizationError, match=f"{name}, whose result.*vmap"):
        ta.vmap(picked)(np.ones((2, 3)))
    with pytest.raises(ConcretizationError, match=f"{name}, whose result.*staged"):
        stage(picked, np.ones(3))


def test_results_are_written_to_out():
    x, out = np.arange(4.0), np.empty(2)
    assert taking.take(x, [3, 0], 0, out, "clip") is out
    np.testing.assert_array_equal(out, [3, 0])
    assert taking.compress([0, 1, 1], x, 0, out) is out
    np.testing.assert_array_equal(out, [1, 2])
    assert taking.choose([1, 0], [x[:2], x[2:]], out) is out
    np.testing.assert_array_equal(out, [2, 1])
    with pytest.raises(UnsupportedError, match="take: out="):
        taking.take(ta.tensor(x), [3, 0], out=out)


A = np.ones((2, 3))


@pytest.mark.parametrize(
    ("wrong", "error", "words"),
    [
        (lambda: taking.take(A, [0], mode="nearest"), ArgumentError, "take: mode is.*'nearest'"),
        (lambda: taking.take(A, [0.5]), DTypeError, r"take: indices are integers, got float64"),
        (lambda: taking.take(A, [3], axis=1), IndexingError, "index 3 is out of bounds"),
        (lambda: taking.take(A[:0], [0], 0, mode="wrap"), IndexingError, "no elements to take"),
        (lambda: taking.take_along_axis(A, [0]), ShapeError, "wants indices of 2 axes"),
        (lambda: taking.take_along_axis(A, A), DTypeError, "take_along_axis: indices are int"),
        (lambda: taking.compress(A, A), ShapeError, r"compress: .*one axis, got float64\[2,3\]"),
        (lambda: taking.compress([0, 0, 1], A, 0), IndexingError, "holds at 2, beyond the 2 elem"),
        (lambda: taking.compress([1], A, 2), AxisError, "compress.*axis 2"),
        (lambda: taking.extract(np.ones((3, 3)), A), IndexingError, "extract.*holds at 8"),
        (lambda: taking.choose([0, 2], [A[0, :2]] * 2), IndexingError, "arrays 0 to 1, got"),
        (lambda: taking.choose([-1], A), IndexingError, "arrays 0 to 1"),
        (lambda: taking.choose([0], []), ArgumentError, "choose: wants at least one"),
        (lambda: taking.choose([0.0], A), DTypeError, "choose: indices are integers"),
        (lambda: taking.choose([0, 0], A), ShapeError, "broadcast"),
        (lambda: taking.choose([0], A, mode="up"), ArgumentError, "choose: mode is"),
    ],
)
def test_errors_say_what_is_wrong(wrong, error, words):
    with pytest.raises(error, match=words):
        wrong()


def test_a_batch_of_numbers_does_not_count_from_the_end():
    with pytest.raises(IndexingError, match="out of bounds"):
        ta.vmap(lambda i: taking.choose(i, [1.0, 2.0]))(np.array([0, -1]))
