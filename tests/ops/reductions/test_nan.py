"""Reductions that leave out NaN, against NumPy's."""

import warnings

import ml_dtypes
import numpy as np
import pytest

import tenrso_ad as ta
import tenrso_ad.numpy as tnp
from tenrso_ad.engine.errors import ArgumentError, AxisError, DTypeError, ShapeError
from tenrso_ad.ops.reductions import nan
from tests.ops.table import Case, distinct, each, normal

INF, NAN = np.inf, np.nan
HOLES = np.array([[False, True, False, False], [True, False, True, False], [False] * 4])
MASK = np.array([[True, True, False, True], [True, True, False, True], [False, True, True, False]])
SUMS = ("nansum", "nanprod")
MOMENTS = ("nanmean", "nanvar", "nanstd")
EXTREMA = ("nanmax", "nanmin")
REDUCTIONS = (*SUMS, *MOMENTS, *EXTREMA)


def call(name, *, differentiable=True, complex=False, float32=True, **kwargs):
    ours, theirs = getattr(nan, name), getattr(np, name)
    return Case(
        f"{name} {kwargs}",
        lambda x: ours(tnp.where(HOLES, NAN, x), **kwargs),
        (distinct if name in EXTREMA else normal)(3, 4),
        reference=lambda x: theirs(np.where(HOLES, NAN, x), **kwargs),
        differentiable=differentiable,
        complex=complex,
        float32=float32,
    )


CASES = [
    *[call(n, complex=n not in EXTREMA) for n in REDUCTIONS],
    *[call(n, axis=1) for n in REDUCTIONS],
    *[call(n, axis=(1, 0), keepdims=True) for n in REDUCTIONS],
    *[call(n, axis=0, where=MASK, initial=1.5) for n in (*SUMS, *EXTREMA)],
    *[call(n, axis=0, where=MASK) for n in MOMENTS],
    *[call(n, axis=1, ddof=0.5) for n in MOMENTS[1:]],
    *[call(n, float32=False, axis=1, correction=1, mean=np.ones((3, 1))) for n in MOMENTS[1:]],
    *[call(n, axis=axis) for n in ("nancumsum", "nancumprod") for axis in (None, 0)],
    *[
        call(n, differentiable=False, **options)
        for n in ("nanargmax", "nanargmin")
        for options in ({}, {"axis": 1}, {"axis": 0, "keepdims": True}, {"keepdims": True})
    ],
]


@each(CASES)
def test_nan(check):
    check()


# --- as NumPy ------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [*REDUCTIONS, "nancumsum", "nancumprod"])
@pytest.mark.parametrize("dtype", [bool, np.uint8, np.int64, np.float16, np.float32, complex])
def test_values_and_dtypes_are_numpys(name, dtype, rng):
    a = (rng.normal(size=(2, 3)) * 3 + 3).astype(dtype)
    if a.dtype.kind in "fc":
        a[0, 1] = NAN
    for axis in (None, 1):
        expected, got = getattr(np, name)(a, axis=axis), getattr(nan, name)(a, axis=axis)
        assert (got.dtype, got.shape) == (expected.dtype, expected.shape)
        rtol = {"e": 2e-3, "f": 1e-6}.get(a.dtype.char, 1e-13)
        np.testing.assert_allclose(got, expected, rtol=rtol)
        out = np.empty_like(expected)
        if axis is not None:
            assert getattr(nan, name)(a, axis=axis, out=out) is out
            np.testing.assert_array_equal(out, got)


def test_dtype_converts_first(rng):
    x = rng.normal(size=(2, 3)).astype(np.float32)
    x[0, 0] = NAN
    for name in (*SUMS, *MOMENTS):
        expected = getattr(np, name)(x, axis=1, dtype=np.float64)
        out, pullback = ta.vjp(lambda t, n=name: getattr(nan, n)(t, axis=1, dtype=np.float64), x)
        np.testing.assert_allclose(out, expected, rtol=1e-6)  # NumPy's deviations are float32
        (gradient,) = pullback(np.ones(2))
        assert gradient.dtype == np.float32 and gradient[0, 0] == 0


# --- values that bite ----------------------------------------------------------------------------

GRADIENTS = {
    "nansum": [[1, 0, 1], [0, 0, 0]],
    "nanprod": [[3, 0, 2], [0, 0, 0]],
    "nanmean": [[0.5, 0, 0.5], [0, 0, 0]],
    "nanvar": [[-0.5, 0, 0.5], [0, 0, 0]],
    "nanstd": [[-0.5, 0, 0.5], [0, 0, 0]],
    "nanmax": [[0, 0, 1], [0, 0, 0]],
    "nanmin": [[1, 0, 0], [0, 0, 0]],
}
WARNINGS = {
    "nanmean": "Mean of empty slice",
    **dict.fromkeys(MOMENTS[1:], "Degrees of freedom <= 0 for slice"),
    **dict.fromkeys(EXTREMA, "All-NaN slice encountered"),
}


@pytest.mark.parametrize("name", REDUCTIONS)
def test_nan_has_no_gradient_even_where_there_is_nothing_else(name):
    x = np.array([[2.0, NAN, 3.0], [NAN, NAN, NAN]])
    ours, theirs = getattr(nan, name), getattr(np, name)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        expected = theirs(x, axis=1)
        theirs_said = [(w.category, str(w.message).rstrip(".")) for w in caught]
        caught.clear()
        np.testing.assert_array_equal(ours(x, axis=1), expected)
        assert [(w.category, str(w.message)) for w in caught] == theirs_said
        assert all(w.filename == __file__ for w in caught)
        assert [w for _, w in theirs_said] == ([WARNINGS[name]] if name in WARNINGS else [])
        caught.clear()
        _, pullback = ta.vjp(lambda t: ours(t, axis=1), x)
        said = len(caught)
        np.testing.assert_array_equal(pullback(np.ones(2))[0], GRADIENTS[name])
        _, tangent = ta.jvp(lambda t: ours(t, axis=1), (x,), (np.ones((2, 3)),))
        assert np.isfinite(tangent[0]) and not tangent[1]
        assert len(caught) == 2 * said  # the backward pass warns of nothing


def test_degrees_of_freedom_run_out_in_one_row():
    x = np.array([[NAN, 1.0, NAN], [2.0, 4.0, NAN]])
    for name, expected in (("nanvar", [[0, 0, 0], [-2, 2, 0]]), ("nanstd", None)):
        with pytest.warns(RuntimeWarning, match="Degrees of freedom"):
            out, pullback = ta.vjp(lambda t, n=name: getattr(nan, n)(t, axis=1, ddof=1), x)
        np.testing.assert_allclose(out, [NAN, 2.0 if name == "nanvar" else np.sqrt(2)])
        (gradient,) = pullback(np.ones(2))
        expected = expected or [[0, 0, 0], [-np.sqrt(0.5), np.sqrt(0.5), 0]]
        np.testing.assert_allclose(gradient, expected)


def test_constant_data_has_a_finite_gradient():
    for x in ([2.0, NAN, 2.0], [NAN, 3.0]):
        for name in ("nanstd", "nanvar"):
            gradient = ta.grad(getattr(nan, name))(np.array(x))
            np.testing.assert_array_equal(gradient, np.zeros(len(x)))


def test_products_with_zeros_are_exact_to_second_order():
    x = np.array([0.0, NAN, 3.0, 4.0])
    np.testing.assert_array_equal(ta.grad(nan.nanprod)(x), [12, 0, 0, 0])
    hessian = np.zeros((4, 4))
    hessian[0, 2] = hessian[2, 0] = 4
    hessian[0, 3] = hessian[3, 0] = 3
    np.testing.assert_array_equal(ta.hessian(nan.nanprod)(x), hessian)
    x = np.array([0.0, NAN, 0.0, 4.0])
    np.testing.assert_array_equal(ta.grad(lambda t: nan.nancumprod(t).sum())(x), [2, 0, 0, 0])


def test_ties_and_infinite_extremes():
    x = np.array([3.0, NAN, 3.0, 1.0])
    np.testing.assert_array_equal(ta.grad(nan.nanmax)(x), [0.5, 0, 0.5, 0])
    x = np.array([NAN, -INF, -INF])  # an infinity put in the place of NaN would take a share
    np.testing.assert_array_equal(ta.grad(nan.nanmax)(x), [0, 0.5, 0.5])
    assert nan.nanargmax(x) == 1  # NumPy says 0, where NaN stands
    assert nan.nanargmin([NAN, INF]) == 1
    assert nan.nanmax(np.array([NAN]), initial=3.0) == 3.0
    gradient = ta.grad(lambda v: nan.nanmax(np.array([NAN, 2.0]), initial=v))(5.0)
    assert gradient == 1.0


@pytest.mark.parametrize("name", REDUCTIONS)
def test_narrow_floats_keep_their_dtype(name):
    for dtype in (ml_dtypes.bfloat16, np.float16):
        x = np.array([1.0, NAN, 3.0]).astype(dtype)
        out, gradient = ta.value_and_grad(getattr(nan, name))(x)
        assert out.dtype == gradient.dtype == dtype and gradient[1] == 0


def test_masks_that_hold_nowhere():
    x = np.array([1.0, 2.0])
    nothing = np.zeros(2, bool)
    assert nan.nansum(x, where=nothing) == 0 and nan.nanprod(x, where=nothing) == 1
    for name in MOMENTS:
        with pytest.warns(RuntimeWarning, match=WARNINGS[name]):
            value, gradient = ta.value_and_grad(
                lambda t, n=name: getattr(nan, n)(t, where=nothing)
            )(x)
        assert np.isnan(value) and not gradient.any()


# --- errors --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wrong", "error", "words"),
    [
        (lambda: nan.nanargmax([[NAN, NAN], [1.0, 2.0]], axis=1), ArgumentError, "All-NaN"),
        (lambda: nan.nanargmin(np.ones(0)), ShapeError, r"nanargmin\(float64\[0\]\)"),
        (lambda: nan.nanmax(np.ones((0, 2)), axis=0), ShapeError, r"nanmax.*no identity"),
        (lambda: nan.nanmax(np.ones(2), where=[True, False]), ArgumentError, "initial"),
        (lambda: nan.nanmean(np.ones(2), dtype=int), DTypeError, "nanmean.*floating"),
        (lambda: nan.nanstd(np.ones(2), ddof=1, correction=1), ArgumentError, "nanstd.*two names"),
        *[
            (lambda n=n: getattr(nan, n)(np.ones(2), axis=1), AxisError, rf"{n}\(float64\[2\]\)")
            for n in (*REDUCTIONS, "nancumsum", "nanargmax")
        ],
    ],
)
def test_errors_say_what_is_wrong(wrong, error, words):
    with pytest.raises(error, match=words):
        wrong()
