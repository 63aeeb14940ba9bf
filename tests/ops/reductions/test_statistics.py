"""average, cov and corrcoef, against NumPy's."""

import numpy as np
import pytest

import tenrso_ad as ta
from tenrso_ad.engine.errors import ArgumentError, DTypeError, ShapeError
from tenrso_ad.ops.reductions import statistics
from tests.ops.table import Case, each, normal, positive

COUNTS = np.array([1, 2, 0, 3])


def call(name, label, *operands, complex=False, float32=True, **kwargs):
    ours, theirs = getattr(statistics, name), getattr(np, name)
    return Case(
        f"{name} {label} {kwargs}",
        lambda *xs: ours(*xs, **kwargs),
        *operands,
        reference=lambda *xs: theirs(*xs, **kwargs),
        complex=complex,
        float32=float32,
    )


def weighted(name, label, *operands, **kwargs):
    ours, theirs = getattr(statistics, name), getattr(np, name)
    key = "weights" if name == "average" else "aweights"
    return Case(
        f"{name} weighted {label} {kwargs}",
        lambda x, w: ours(x, **{key: w}, **kwargs),
        *operands,
        reference=lambda x, w: theirs(x, **{key: w}, **kwargs),
        float32=name == "average",
    )


def widened(name, label, *operands, **kwargs):
    """The result is float64 unless a dtype is asked for."""
    return call(name, label, *operands, float32=False, **kwargs)


CASES = [
    *[call("average", "", normal(2, 3), axis=axis) for axis in (None, 0, (1, 0))],
    call("average", "and total", normal(2, 3), axis=1, returned=True, keepdims=True),
    weighted("average", "elements", normal(2, 3), positive(2, 3)),
    weighted("average", "columns", normal(2, 3), positive(3), axis=1, returned=True),
    weighted("average", "axes in their order", normal(2, 3, 2), positive(2, 2), axis=(2, 0)),
    weighted("average", "rows", normal(2, 3), positive(2), axis=0, keepdims=True),
    widened("cov", "rows", normal(3, 4)),
    widened("cov", "columns", normal(3, 4), rowvar=False, bias=True),
    widened("cov", "one", normal(5)),
    widened("cov", "with another", normal(2, 4), normal(4)),
    widened("cov", "two lost", normal(2, 4), ddof=2),
    widened("cov", "counted", normal(2, 4), fweights=COUNTS),
    widened("cov", "columns with another", normal(4, 2), normal(4, 1), rowvar=False),
    widened("cov", "none", normal(0, 3)),
    weighted("cov", "observations", normal(2, 4), positive(4)),
    weighted("cov", "observations", normal(2, 4), positive(4), ddof=0),
    weighted("cov", "observations", normal(2, 4), positive(4), fweights=COUNTS),
    widened("corrcoef", "rows", normal(3, 5)),
    widened("corrcoef", "pair", normal(5), normal(5)),
    widened("corrcoef", "columns", normal(5, 3), rowvar=False),
    widened("corrcoef", "one", normal(4)),
    Case(
        "cov of complex numbers in the dtype asked for",
        lambda x: statistics.cov(x, dtype=x.dtype),
        normal(2, 4),
        reference=lambda x: np.cov(x),
        complex=True,
    ),
    Case(
        "corrcoef of complex numbers in the dtype asked for",
        lambda x: statistics.corrcoef(x, dtype=x.dtype),
        normal(2, 5),
        reference=lambda x: np.corrcoef(x),
        complex=True,
    ),
]


@each(CASES)
def test_statistics(check):
    check()


# --- as NumPy ------------------------------------------------------------------------------------


def test_dtypes_are_numpys(rng):
    for dtype in (np.float32, np.float16, np.int32, bool):
        a = rng.normal(size=(2, 4)).astype(dtype)
        assert statistics.cov(a).dtype == np.cov(a).dtype == float
        for weights in (None, np.ones((2, 4), np.float32), COUNTS):
            options = {"axis": 1, "weights": weights, "returned": True}
            expected = np.average(a, **options)
            for got, e in zip(statistics.average(a, **options), expected, strict=True):
                assert (got.dtype, got.shape) == (e.dtype, e.shape)
                np.testing.assert_allclose(got, e, rtol=2e-3)
    narrow = rng.normal(size=(2, 4)).astype(np.float32)
    gradient = ta.grad(lambda x: statistics.cov(x).sum())(narrow)
    assert gradient.dtype == np.float32
    assert type(statistics.average(a)) is np.float64


@pytest.mark.parametrize("ddof", [1, 2])
def test_no_degree_of_freedom_warns_as_numpy_does(ddof):
    x = np.array([[2.0], [3.0]])
    with pytest.warns(RuntimeWarning, match="^Degrees of freedom <= 0 for slice$") as caught:
        assert np.isnan(statistics.cov(x, ddof=ddof)).all()
    assert caught[0].filename == __file__


# --- values that bite ----------------------------------------------------------------------------


def test_perfect_correlation_is_cut_off_at_one_and_keeps_its_derivative(rng):
    x = rng.normal(size=50)
    for factor in (0.3, -1.7):
        c = statistics.corrcoef(x, factor * x + 1)
        assert (np.abs(c) <= 1).all()
        np.testing.assert_allclose(c[0, 1], np.sign(factor), rtol=1e-15)
        gradient = ta.grad(lambda y, f=factor: statistics.corrcoef(x, f * y)[0, 1])(x)
        np.testing.assert_allclose(gradient, np.zeros(50), atol=1e-15)  # an extremum


def test_the_average_of_equal_weights_is_the_mean_to_second_order(rng):
    x = rng.normal(size=4)
    hessian = ta.hessian(lambda w: statistics.average(x, weights=w))(np.ones(4))
    deviation = x - x.mean()
    np.testing.assert_allclose(hessian, -(deviation[:, None] + deviation) / 16, atol=1e-15)


# --- errors --------------------------------------------------------------------------------------

A = np.ones((2, 3))


@pytest.mark.parametrize(
    ("wrong", "error", "words"),
    [
        (lambda: statistics.average(A, weights=np.zeros((2, 3))), ZeroDivisionError, "sum to zero"),
        (lambda: statistics.average(A, weights=np.ones(3)), ShapeError, "want axis="),
        (lambda: statistics.average(A, 0, np.ones(3)), ShapeError, r"wanted the shape \(2,\)"),
        (lambda: statistics.cov(np.ones((2, 2, 2))), ShapeError, r"cov\(float64\[2,2,2\]\)"),
        (lambda: statistics.cov(A, ddof=0.5), ArgumentError, "ddof is an integer"),
        (lambda: statistics.cov(A, fweights=[1, 2]), ShapeError, "fweights of 3 observations"),
        (lambda: statistics.cov(A, fweights=[1, 2, 0.5]), DTypeError, "fweights are integers"),
        (lambda: statistics.cov(A, aweights=[1, -2, 3]), ArgumentError, "not negative"),
        (lambda: statistics.cov(A, A[:, :2]), ShapeError, "concatenate"),
        (lambda: statistics.cov(A, dtype="floating"), DTypeError, "not a dtype"),
    ],
)
def test_errors_say_what_is_wrong(wrong, error, words):
    with pytest.raises(error, match=words):
        wrong()
