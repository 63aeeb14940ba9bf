"""cumsum, cumprod, and the recurrence behind the derivatives of cumprod."""

import ml_dtypes
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tenrso_ad as ta
from tenrso_ad.engine.errors import ArgumentError, AxisError, DTypeError
from tenrso_ad.engine.staging import stage
from tenrso_ad.engine.trace import bind
from tenrso_ad.ops.reductions import cumulative
from tests.ops.table import Case, each, normal


def call(name, *shape, **kwargs):
    ours, theirs = getattr(cumulative, name), getattr(np, name)
    return Case(
        f"{name} {list(shape)} {kwargs}",
        lambda x: ours(x, **kwargs),
        normal(*shape),
        reference=lambda x: theirs(x, **kwargs),
        complex=len(shape) == 2,
    )


def along(primitive, *operands, **params):
    """A case for a primitive in a direction that NumPy has not."""
    return Case(
        f"{primitive.name} {params}",
        lambda *xs: bind(primitive, xs, params),
        *operands,
        complex=True,
    )


CASES = [
    *[call(n, 2, 3, axis=axis) for n in ("cumsum", "cumprod") for axis in (None, 0, -1)],
    *[call(n, 4) for n in ("cumsum", "cumprod")],
    *[call(n) for n in ("cumsum", "cumprod")],
    *[call(n, 0) for n in ("cumsum", "cumprod")],
    *[call(n, 2, 0, axis=1) for n in ("cumsum", "cumprod")],
    *[call(n, 1, 3, axis=0) for n in ("cumsum", "cumprod")],
    *[
        call(n, *shape, **options)
        for n in ("cumulative_sum", "cumulative_prod")
        for shape, options in (
            ((4,), {}),
            ((2, 3), {"axis": 0, "include_initial": True}),
            ((0,), {"include_initial": True}),
        )
    ],
    Case(
        "cumprod with zeros",
        lambda x: cumulative.cumprod(x, axis=1),
        [[2.0, 0.0, 3.0, 0.5], [0.0, 1.5, 0.0, -1.0], [0.0, 0.0, 0.0, 2.0]],
        reference=lambda x: np.cumprod(x, axis=1),
        order=3,
    ),
    along(cumulative.cumsum_p, normal(2, 3), axis=1, reverse=True),
    *[
        along(cumulative.cumprod_p, normal(3, 2), axis=0, reverse=r, exclusive=e)
        for r, e in ((True, False), (False, True), (True, True))
    ],
    *[
        along(cumulative.recurrence_p, normal(2, 4), normal(2, 4), axis=a, reverse=r)
        for a, r in ((0, False), (1, True))
    ],
]


@each(CASES)
def test_cumulative(check):
    check()


# --- as NumPy ------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["cumsum", "cumprod"])
@pytest.mark.parametrize("dtype", [bool, np.uint8, np.int32, np.float16, np.float32, complex])
def test_dtypes_are_numpys(name, dtype):
    a = np.array([1, 2, 3]).astype(dtype)
    expected = getattr(np, name)(a)
    got = getattr(cumulative, name)(a)
    assert got.dtype == expected.dtype
    np.testing.assert_array_equal(got, expected)
    (out,) = stage(lambda x: [getattr(cumulative, name)(x)], a).verify().outputs
    assert out.dtype == expected.dtype


@pytest.mark.parametrize("name", ["cumsum", "cumprod"])
def test_dtype_converts_first(name):
    x = np.array([1.5, 2.5, 3.5], np.float32)
    out, pullback = ta.vjp(lambda t: getattr(cumulative, name)(t, dtype=np.float64), x)
    np.testing.assert_array_equal(out, getattr(np, name)(x, dtype=np.float64))
    assert pullback(np.ones(3))[0].dtype == np.float32


def test_running_products_before_and_after():
    x = np.array([[2.0, 3.0, 5.0]])
    for axis, reverse, expected in [
        (1, False, [[1, 2, 6]]),
        (1, True, [[15, 5, 1]]),
        (0, False, [[1, 1, 1]]),
    ]:
        np.testing.assert_array_equal(cumulative.products_before(x, axis, reverse), expected)


@given(st.integers(0, 6), st.integers(0, 6), st.booleans(), st.sampled_from("fdFD"))
def test_the_recurrence_is_what_it_says_for_few_and_many_lanes(length, lanes, reverse, char):
    rng = np.random.default_rng(length * 10 + lanes)
    a, b = rng.normal(size=(2, length, lanes)).astype(char)
    expected = np.zeros((length, lanes), char)
    running = np.zeros(lanes, char)
    for i in reversed(range(length)) if reverse else range(length):
        running = a[i] * running + b[i]
        expected[i] = running
    for axis, values in ((0, (a, b)), (1, (a.T, b.T))):
        got = bind(cumulative.recurrence_p, values, {"axis": axis, "reverse": reverse})
        assert got.dtype == expected.dtype
        np.testing.assert_allclose(got.swapaxes(0, axis), expected, rtol=1e-4, atol=1e-5)


# --- values that bite ----------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [np.float16, ml_dtypes.bfloat16])
def test_narrow_floats_run_in_float32(dtype):
    """NumPy's own running sum of these float16 stops at 2048."""
    x = np.ones(4096, dtype)
    out = cumulative.cumsum(x)
    assert out.dtype == x.dtype and out[-1] == 4096
    gradient = ta.grad(lambda t: cumulative.cumsum(t)[-1])(x)
    assert gradient.dtype == x.dtype and (gradient == 1).all()


def test_a_long_product_with_zeros_is_differentiated_exactly(rng):
    """At the first zero all later products hang on it alone; behind the second nothing moves."""
    x = rng.uniform(0.9, 1.1, size=3000)
    x[[1000, 2000]] = 0.0
    gradient = ta.grad(lambda t: cumulative.cumprod(t).sum())(x)
    before = np.prod(x[:1000])
    at_zero = before * np.cumprod(np.concatenate([[1.0], x[1001:2000]])).sum()
    np.testing.assert_allclose(gradient[1000], at_zero, rtol=1e-11)
    np.testing.assert_array_equal(gradient[1001:], np.zeros(1999))


def test_a_zero_cotangent_gives_zero_beside_an_infinite_product():
    x = np.array([1e200, 1e200, 1e200])
    with np.errstate(over="ignore"):
        _, pullback = ta.vjp(cumulative.cumprod, x)
    np.testing.assert_array_equal(pullback(np.array([1.0, 0.0, 0.0]))[0], [1, 0, 0])


@pytest.mark.parametrize("name", ["cumulative_sum", "cumulative_prod"])
def test_names_of_the_standard(name):
    function, numpys = getattr(cumulative, name), getattr(np, name)
    for dtype in (bool, np.uint8, np.float32):
        options = {"dtype": None, "include_initial": True}
        expected = numpys(np.array([1, 2, 3]).astype(dtype), **options)
        got = function(np.array([1, 2, 3]).astype(dtype), **options)
        assert got.dtype == expected.dtype
        np.testing.assert_array_equal(got, expected)
    assert function(3.0).shape == numpys(3.0).shape == (1,)
    out = np.empty(3)
    assert function(np.ones(2), out=out, include_initial=True) is out and out[-1] > 0
    with pytest.raises(ArgumentError, match=rf"{name}\(float64\[2,2\]\): wants axis="):
        function(np.ones((2, 2)))
    with pytest.raises(AxisError, match=rf"{name}.*axis 2"):
        function(np.ones((2, 2)), axis=2)


@pytest.mark.parametrize("name", ["cumsum", "cumprod"])
def test_errors_say_what_is_wrong(name):
    function = getattr(cumulative, name)
    with pytest.raises(AxisError, match=rf"{name}\(float64\[2\]\): axis 1"):
        function(np.ones(2), axis=1)
    with pytest.raises(DTypeError, match="'floating' is not a dtype"):
        function(np.ones(2), dtype="floating")
