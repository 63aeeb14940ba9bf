"""median, quantile, percentile and their nan versions, and the order statistics below them."""

import warnings

import ml_dtypes
import numpy as np
import pytest

import tenrso_ad as ta
import tenrso_ad.numpy as tnp
from tenrso_ad.engine.errors import ArgumentError, DTypeError, ShapeError, UnsupportedError
from tenrso_ad.ops.reductions import medians, quantiles
from tenrso_ad.ops.reductions.order_statistics import order_statistics
from tests.ops.table import Case, distinct, each, normal, uniform

INF, NAN = np.inf, np.nan
OURS = {
    **{n: getattr(medians, n) for n in ("median", "nanmedian")},
    **{
        n: getattr(quantiles, n) for n in ("quantile", "percentile", "nanquantile", "nanpercentile")
    },
}
METHODS = list(quantiles._METHODS)
HOLES = np.array([[False, True, False, False], [True, False, True, False], [False] * 4])
WEIGHTS = np.array([1.0, 0.0, 3.0, 2.0])


def call(name, *shape, args=(), **kwargs):
    """A case for a function that NumPy has too; those that leave out NaN get some."""
    ours, theirs = OURS[name], getattr(np, name)

    def operand(x):
        return tnp.where(HOLES, NAN, x) if "nan" in name else x

    return Case(
        f"{name} {list(shape)} {args} {kwargs}",
        lambda x: ours(operand(x), *args, **kwargs),
        distinct(*shape),
        reference=lambda x: theirs(operand(x), *args, **kwargs),
    )


CASES = [
    *[call("median", 3, 4, axis=axis) for axis in (None, 0, -1, (1, 0), ())],
    call("median", 2, 3, 2, axis=(2, 0), keepdims=True),
    call("median"),
    call("median", 0, 3, axis=1),
    *[call("quantile", 2, 5, args=(0.3,), method=m, axis=1) for m in METHODS],
    *[call("quantile", 2, 5, args=(0.8,), method=m, keepdims=True) for m in METHODS[1:3]],
    call("quantile", 2, 3, 2, args=(1.0,), axis=(0, -1), keepdims=True),
    call("quantile", 2, 3, args=(0.3,), axis=()),
    call("percentile", 5, args=(40,)),
    call("quantile", 3, 4, args=(0.4,), axis=1, weights=WEIGHTS, method="inverted_cdf"),
    *[call("nanmedian", 3, 4, axis=axis) for axis in (None, 0, 1)],
    *[call("nanquantile", 3, 4, args=(0.3,), method=m, axis=1) for m in ("linear", "lower")],
    call("nanpercentile", 3, 4, args=(60,), keepdims=True),
    Case(
        "quantile of several q, with the derivative by q",
        lambda x, q: quantiles.quantile(x, q, axis=0),
        distinct(5, 2),
        uniform(0.05, 0.95, 2, 2),
        reference=lambda x, q: np.quantile(x, q, axis=0),
    ),
    Case(
        "nanquantile of several q",
        lambda x, q: quantiles.nanquantile(tnp.where(HOLES, NAN, x), q, axis=1, method="weibull"),
        distinct(3, 4),
        uniform(0.3, 0.6, 2),
        reference=lambda x, q: np.nanquantile(np.where(HOLES, NAN, x), q, axis=1, method="weibull"),
    ),
    Case(
        "quantile weighted, of several q",
        lambda x, w: quantiles.quantile(x, [0.1, 0.7], weights=w, method="inverted_cdf"),
        distinct(2, 3),
        uniform(0.5, 2.0, 2, 3),
        reference=lambda x, w: np.quantile(x, [0.1, 0.7], weights=w, method="inverted_cdf"),
    ),
    Case(
        "median of complex numbers",
        medians.median,
        normal(5),
        complex=True,
        imaginary=0.1,
        reference=np.median,
    ),
    Case(
        "order statistics of each row",
        lambda x, r: order_statistics(x, r),
        distinct(2, 4),
        np.array([[0, 2, 2], [3, 1, 0]]),
        reference=lambda x, r: np.take_along_axis(np.sort(x, axis=1), r, axis=1),
    ),
]


@each(CASES)
def test_quantiles(check):
    check()


# --- as NumPy ------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", METHODS)
def test_values_and_dtypes_are_numpys(method, rng):
    for dtype in (np.float64, np.float32, np.float16, np.int64, np.uint8):
        for n in (1, 2, 5, 10):
            a = (rng.uniform(0, 50, size=(2, n))).astype(dtype)
            for q in (0.0, 0.3, 0.5, 1, [0.25, 0.9], [[0.0, 1.0]], np.float64(0.4)):
                expected = np.quantile(a, q, axis=1, method=method)
                got = quantiles.quantile(a, q, axis=1, method=method)
                assert (got.dtype, got.shape) == (expected.dtype, expected.shape)
                rtol = {"e": 3e-3, "f": 1e-5}.get(a.dtype.char, 1e-13)
                np.testing.assert_allclose(got, expected, rtol=rtol)


def test_integers_and_booleans():
    assert medians.median([True, False]) == 0.5
    assert quantiles.quantile([1, 2, 3], [0, 1]).tolist() == [1, 3]
    assert quantiles.quantile([1, 2, 3], 1).dtype == np.quantile([1, 2, 3], 1).dtype == int
    assert quantiles.quantile([True, False], 0.5, method="lower") == np.False_
    with pytest.raises(DTypeError, match="convert the booleans"):
        quantiles.quantile([True, False], 0.5)


def test_whole_arrays_give_numpys_scalars():
    assert type(medians.median(np.ones(3))) is np.float64
    assert type(quantiles.quantile(np.ones(3, np.float32), 0.3)) is np.float32
    assert quantiles.quantile(np.ones(3), [0.3]).shape == (1,)


def test_out():
    out = np.empty(2)
    assert quantiles.percentile(np.ones((2, 3)), 30, 1, out) is out and (out == 1).all()
    assert medians.median(np.eye(2), 1, out) is out and (out == 0.5).all()


def test_weights_of_one_axis_and_of_several(rng):
    a, w = rng.normal(size=(2, 3, 4)), rng.uniform(size=(4, 2))
    options = {"axis": (2, 0), "method": "inverted_cdf"}
    whole = np.broadcast_to(w.T[:, None, :], a.shape)
    expected = [
        np.quantile(a[:, i], 0.4, weights=whole[:, i], method="inverted_cdf") for i in range(3)
    ]
    np.testing.assert_array_equal(quantiles.quantile(a, 0.4, weights=w, **options), expected)
    a[0, 0, :2] = NAN  # NumPy's own function fails for weights of one axis here
    mask = ~np.isnan(a[:, 0])
    expected[0] = np.quantile(a[:, 0][mask], 0.4, weights=whole[:, 0][mask], method="inverted_cdf")
    np.testing.assert_array_equal(quantiles.nanquantile(a, 0.4, weights=w, **options), expected)


# --- values that bite ----------------------------------------------------------------------------


def test_elements_that_tie_share_the_gradient_evenly():
    x = np.array([1.0, 2.0, 2.0, 2.0, 5.0])
    third = np.array([0, 1, 1, 1, 0]) / 3
    for f in (
        medians.median,
        medians.nanmedian,
        lambda t: quantiles.quantile(t, 0.6),
        lambda t: quantiles.quantile(t, 0.5, method="nearest"),
    ):
        np.testing.assert_allclose(ta.grad(f)(x), third, rtol=1e-15)
        np.testing.assert_allclose(ta.jacfwd(f)(x), third, rtol=1e-15)
        np.testing.assert_array_equal(ta.hessian(f)(x), np.zeros((5, 5)))
    half = ta.grad(lambda t: quantiles.quantile(t, 0.875))(x)  # halfway between 2 and 5
    np.testing.assert_allclose(half, [0, 1 / 6, 1 / 6, 1 / 6, 0.5], rtol=1e-15)


def test_a_quantile_at_an_element_is_that_element():
    x = np.array([4.0, 1.0, 3.0, 2.0, 5.0])
    for rank, q in enumerate([0.0, 0.25, 0.5, 0.75, 1.0]):
        value, gradient = ta.value_and_grad(lambda t, q=q: quantiles.quantile(t, q))(x)
        assert value == rank + 1
        np.testing.assert_array_equal(gradient, x == rank + 1)
    slopes = [ta.grad(lambda q: quantiles.quantile(x**2, q))(q) for q in (0.0, 0.25, 0.3, 1.0)]
    np.testing.assert_allclose(slopes, [12, 20, 20, 0])  # to the right; there is nothing above 1


def test_infinite_elements():
    """NumPy's interpolation gives NaN for each of these quantiles."""
    for x, q, value, gradient in [
        ([0.0, INF], 0.0, 0.0, [1, 0]),
        ([1.0, INF], 1.0, INF, [0, 1]),
        ([INF, INF], 0.5, INF, [0.5, 0.5]),
        ([-INF, 0.0, INF], 0.5, 0.0, [0, 1, 0]),
    ]:
        got = ta.value_and_grad(lambda t, q=q: quantiles.quantile(t, q))(np.array(x))
        assert got[0] == value
        np.testing.assert_array_equal(got[1], gradient)
    assert medians.median([INF, INF]) == INF
    assert medians.median([1.5e308, 1.5e308]) == 1.5e308  # NumPy's sum of the two overflows


@pytest.mark.parametrize("name", OURS)
def test_nan(name):
    x = np.array([[1.0, NAN, NAN, 2.0, 0.0], [3.0, 1.0, 2.0, 0.0, 4.0]])
    args = () if "median" in name else (0.5,) if "quantile" in name else (50,)
    out, pullback = ta.vjp(lambda t: OURS[name](t, *args, axis=1), x)
    np.testing.assert_array_equal(out, getattr(np, name)(x, *args, axis=1))
    (gradient,) = pullback(np.ones(2))
    first = [1, 0, 0, 0, 0] if "nan" in name else [0, 0.5, 0.5, 0, 0]
    np.testing.assert_array_equal(gradient, [first, [0, 0, 1, 0, 0]])
    np.testing.assert_array_equal(pullback(np.zeros(2))[0], np.zeros((2, 5)))


@pytest.mark.parametrize("name", ["nanmedian", "nanquantile", "nanpercentile"])
def test_nothing_but_nan_warns_as_numpy_does(name):
    x = np.array([[NAN, NAN], [1.0, NAN]])
    args = () if "median" in name else (0.5,)
    for compute in (
        lambda: OURS[name](x, *args, axis=1),
        lambda: ta.vmap(lambda t: OURS[name](t, *args))(x),
    ):
        with pytest.warns(RuntimeWarning, match="^All-NaN slice encountered$") as caught:
            np.testing.assert_array_equal(compute(), [NAN, 1.0])
        assert caught[0].filename == __file__
    with pytest.warns(RuntimeWarning, match="All-NaN"):
        _, pullback = ta.vjp(lambda t: OURS[name](t, *args, axis=1), x)
    np.testing.assert_array_equal(pullback(np.ones(2))[0], [[0, 0], [1, 0]])


def test_no_elements():
    for name in ("median", "nanmedian"):
        with pytest.warns(RuntimeWarning, match="Mean of empty slice"):
            np.testing.assert_array_equal(OURS[name](np.ones((0, 2)), axis=0), [NAN, NAN])
    with pytest.warns(RuntimeWarning, match="Mean of empty slice"):
        assert quantiles.nanquantile(np.ones((2, 0)), [0.2, 0.3], axis=1).shape == (2, 2)
    for call in (np.quantile, quantiles.quantile):
        with pytest.raises(IndexError):
            call(np.ones((0, 2)), 0.5, axis=0)


def test_narrow_floats_keep_their_dtype():
    for dtype in (ml_dtypes.bfloat16, np.float16):
        x = np.array([[1.0, NAN, 3.0], [4.0, 6.0, 5.0]]).astype(dtype)
        for f in (medians.nanmedian, lambda t, axis: quantiles.nanquantile(t, 0.3, axis)):
            out, gradient = ta.value_and_grad(lambda t, f=f: f(t, axis=1).sum())(x)
            assert out.dtype == gradient.dtype == dtype
            assert gradient[0, 1] == 0 and np.float64(gradient).sum() == pytest.approx(2, rel=0.01)
    x = np.arange(5000).astype(np.float16)  # positions that float16 cannot hold
    assert quantiles.quantile(x, 0.9) == np.float16(4499.1)


# --- errors --------------------------------------------------------------------------------------

A = np.ones((2, 3))


@pytest.mark.parametrize(
    ("wrong", "error", "words"),
    [
        (lambda: quantiles.quantile(A, 1.5), ArgumentError, r"quantile: .*\[0, 1\], got q=1.5"),
        (lambda: quantiles.quantile(A, [0.5, NAN]), ArgumentError, "range"),
        (lambda: quantiles.percentile(A, -1), ArgumentError, r"percentiles lie in .*\[0, 100\]"),
        (lambda: quantiles.quantile(A, 0.5, method="mode"), ArgumentError, "'mode'"),
        (lambda: quantiles.quantile(A, 0.5, weights=A), ArgumentError, "inverted_cdf.*'linear'"),
        (lambda: quantiles.quantile(1j * A, 0.5), DTypeError, "real numbers"),
        (lambda: quantiles.quantile(A, 0.5, out=A), ShapeError, r"quantile: out=float64\[2,3\]"),
        (
            lambda: ta.grad(lambda x: medians.median(x, out=np.empty(())))(A),
            UnsupportedError,
            "median: out= takes a plain NumPy array",
        ),
        (lambda: weighted(np.ones(3), axis=None), ShapeError, "weights=float64.3.*axis="),
        (lambda: weighted(np.ones(2)), ShapeError, r"wanted the shape \(3,\)"),
        (lambda: weighted(np.array([1.0, -1.0, 2.0])), ArgumentError, "negative"),
        (lambda: weighted(np.zeros(3)), ArgumentError, "finite and not zero"),
        (lambda: weighted(np.array([1.0, NAN, 2.0])), ArgumentError, "finite and not zero"),
    ],
)
def test_errors_say_what_is_wrong(wrong, error, words):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(error, match=words):
            wrong()


def weighted(weights, axis=1):
    return quantiles.quantile(A, 0.5, axis=axis, weights=weights, method="inverted_cdf")
