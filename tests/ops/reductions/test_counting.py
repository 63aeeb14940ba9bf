"""bincount, digitize and histogram, against NumPy's."""

import warnings

import numpy as np
import pytest

import tenrso_ad as ta
from tenrso_ad.engine.errors import (
    ArgumentError,
    ConcretizationError,
    DTypeError,
    ShapeError,
)
from tenrso_ad.ops.reductions import counting
from tests.ops.table import Case, each, normal

NAN = np.nan
PLACES = np.array([3, 0, 3, 1, 3])
VALUES = np.array([[0.5, -1.0, 2.0], [2.0, NAN, 7.0]])
EDGES = np.array([-1.0, 0.5, 1.75, 2.0])

CASES = [
    Case(
        "bincount with weights",
        lambda w: counting.bincount(PLACES, w, minlength=6),
        normal(5),
        reference=lambda w: np.bincount(PLACES, w, minlength=6),
        float32=False,  # the sums are float64, as NumPy's
    ),
    Case(
        "bincount",
        lambda x: counting.bincount(x, minlength=2),
        PLACES,
        reference=lambda x: np.bincount(x, minlength=2),
        differentiable=False,
        vmap=False,
        stage=False,
    ),
    Case(
        "histogram with weights",
        lambda w: counting.histogram(VALUES, EDGES, weights=w)[0],
        normal(2, 3),
        reference=lambda w: np.histogram(VALUES, EDGES, weights=w)[0],
        complex=True,
    ),
    Case(
        "histogram with weights as a density",
        lambda w: counting.histogram(VALUES, 4, (-1.0, 2.0), True, w)[0],
        lambda rng: rng.uniform(0.5, 2.0, (2, 3)),
        reference=lambda w: np.histogram(VALUES, 4, (-1.0, 2.0), True, w)[0],
        float32=False,  # NumPy's widths of bins are float64
    ),
    Case(
        "histogram",
        lambda x: counting.histogram(x, EDGES)[0],
        normal(2, 3),
        reference=lambda x: np.histogram(x, EDGES)[0],
        differentiable=False,
    ),
    Case(
        "digitize",
        lambda x: counting.digitize(x, EDGES),
        VALUES,
        reference=lambda x: np.digitize(x, EDGES),
        differentiable=False,
    ),
    Case(
        "digitize falling edges",
        lambda x: counting.digitize(x, EDGES[::-1], right=True),
        VALUES,
        reference=lambda x: np.digitize(x, EDGES[::-1], right=True),
        differentiable=False,
    ),
    Case(
        "histogram_bin_edges",
        lambda x: counting.histogram_bin_edges(x, 5, (0.0, 1.0)),
        normal(3),
        reference=lambda x: np.histogram_bin_edges(x, 5, (0.0, 1.0)),
        differentiable=False,
    ),
]


@each(CASES)
def test_counting(check):
    check()


# --- as NumPy ------------------------------------------------------------------------------------


def test_counts_and_edges_are_numpys(rng):
    for dtype in (np.float64, np.float32, np.int64, np.uint8):
        a = (rng.normal(size=200) * 20 + 50).astype(dtype)
        a[:3] = a.max()
        for bins in (1, 7, "auto", "fd", [0, 20, 50, 80], np.array([40, 50, 100])):
            for options in ({}, {"range": (30, 60)}, {"density": True}):
                expected, expected_edges = np.histogram(a, bins, **options)
                counts, edges = counting.histogram(a, bins, **options)
                assert (counts.dtype, edges.dtype) == (expected.dtype, expected_edges.dtype)
                np.testing.assert_array_equal(counts, expected)
                np.testing.assert_array_equal(edges, expected_edges)


def test_dtypes_of_weighted_counts():
    for dtype in (np.float16, np.float32, np.int32, complex):
        weights = np.arange(6).reshape(2, 3).astype(dtype)
        expected, got = [h(VALUES, EDGES, weights=weights)[0] for h in (np.histogram, histogram)]
        assert got.dtype == expected.dtype
        np.testing.assert_array_equal(got, expected)
    narrow = np.ones(5, np.float32)
    assert counting.bincount(PLACES, narrow).dtype == np.bincount(PLACES, narrow).dtype == float
    gradient = ta.grad(lambda w: counting.bincount(PLACES, w)[3])(narrow)
    assert gradient.dtype == np.float32
    np.testing.assert_array_equal(gradient, PLACES == 3)


histogram = counting.histogram


def test_no_elements():
    assert counting.bincount([]).shape == (0,)
    np.testing.assert_array_equal(counting.bincount([], minlength=2), [0, 0])
    for got, expected in zip(histogram([]), np.histogram([]), strict=True):
        np.testing.assert_array_equal(got, expected)


def test_booleans_warn_as_numpy_does():
    for h in (np.histogram, histogram):
        with pytest.warns(RuntimeWarning, match="Converting input from bool"):
            assert h([True, False, True], 2)[0].tolist() == [1, 2]


# --- tensors -------------------------------------------------------------------------------------


def test_values_that_are_followed_are_counted_but_not_differentiated():
    def f(x):
        counts, edges = histogram(x, 2)
        assert type(edges) is np.ndarray
        return counts[0] * x[0] + counting.bincount(x.astype(int))[0] * x[1]

    value, gradient = ta.value_and_grad(f)(np.array([0.0, 3.0, 0.5, 2.0]))
    assert value == 6.0
    np.testing.assert_array_equal(gradient, [2.0, 2.0, 0, 0])


def test_places_that_are_not_known():
    for f in (lambda x: counting.bincount(x), lambda x: histogram(x * 1.0, 3)[0]):
        with pytest.raises(ConcretizationError, match=r"(bincount|histogram) needs the value"):
            ta.vmap(f)(np.array([[0, 1], [1, 1]]))
    out = ta.vmap(lambda x, w: histogram(x, EDGES, weights=w)[0])(VALUES, np.ones((2, 3)))
    np.testing.assert_array_equal(out, [[1, 1, 1], [0, 0, 1]])


# --- errors --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wrong", "error", "words"),
    [
        (lambda: counting.bincount([0.5]), DTypeError, r"bincount\(float64\[1\]\): wants integers"),
        (lambda: counting.bincount([-1]), ArgumentError, "not negative"),
        (lambda: counting.bincount([1], minlength=-1), ArgumentError, "minlength=-1"),
        (lambda: counting.bincount([[1]]), ShapeError, "one axis"),
        (lambda: counting.bincount([1], [1.0, 2.0]), ShapeError, "weights=float64"),
        (lambda: counting.bincount([1], [1j]), DTypeError, "weights are real"),
        (lambda: counting.digitize([1.0], [0.0, 2.0, 1.0]), ArgumentError, "neither rise nor fall"),
        (lambda: counting.digitize([1j], [0.0, 2.0]), DTypeError, "real numbers"),
        (lambda: counting.digitize([1.0], [[0.0]]), ShapeError, "one axis"),
        (lambda: histogram([1.0], 0), ShapeError, r"histogram\(float64\[1\].*positive"),
        (lambda: histogram([1.0], [2, 1]), ShapeError, "monotonically"),
        (lambda: histogram([NAN]), ShapeError, "not finite"),
        (lambda: histogram([1.0], range=(2, 1)), ShapeError, "range"),
        (lambda: histogram([1.0], 2.5), DTypeError, "integer"),
        (lambda: histogram([1.0], "auto", weights=[1.0]), DTypeError, "weighted"),
        (lambda: histogram([1.0], weights=[1.0, 2.0]), ShapeError, "weights=float64"),
        (lambda: histogram([1j]), DTypeError, "real numbers"),
    ],
)
def test_errors_say_what_is_wrong(wrong, error, words):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(error, match=words):
            wrong()
