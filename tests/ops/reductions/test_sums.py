"""sum, prod, any, all, count_nonzero; and the arguments that all reductions have."""

import ml_dtypes
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import tenrso_ad as ta
from tenrso_ad.engine.errors import (
    ArgumentError,
    AxisError,
    DTypeError,
    ShapeError,
    UnsupportedError,
)
from tenrso_ad.engine.staging import stage
from tenrso_ad.ops.reductions import extrema, moments, sums
from tests.ops.table import Case, each, nonzero, normal

MASK = np.array([[True, False, True], [False, True, True]])
AXES = [None, 0, 1, -1, (0, 1), (-1, 0), ()]


def call(name, *shape, draw=normal, **kwargs):
    """A case for a function that NumPy has under the same name."""
    ours, theirs = getattr(sums, name), getattr(np, name)
    return Case(
        f"{name} {list(shape)} {kwargs}",
        lambda x: ours(x, **kwargs),
        draw(*shape),
        reference=lambda x: theirs(x, **kwargs),
        complex=len(shape) == 2 and name in ("sum", "prod"),
        differentiable=name in ("sum", "prod", "trace"),
    )


CASES = [
    *[call(n, 2, 3, axis=axis) for n in ("sum", "prod") for axis in AXES],
    *[call(n, 2, 3, axis=1, keepdims=True) for n in ("sum", "prod")],
    *[call(n, 2, 3, keepdims=True) for n in ("sum", "prod")],
    *[call(n, 2, 3, where=MASK, axis=0) for n in ("sum", "prod")],
    *[call(n, 2, 3, where=MASK[0]) for n in ("sum", "prod")],
    *[call(n, 2, 3, where=MASK[:, :1], axis=1) for n in ("sum", "prod")],
    *[call(n, 2, 3, where=False, initial=2.5) for n in ("sum", "prod")],
    *[call(n, 2, 3, initial=3) for n in ("sum", "prod")],
    *[call(n) for n in ("sum", "prod")],
    *[call(n, 0, 3, axis=0) for n in ("sum", "prod")],
    *[call(n, 0, 3, axis=1) for n in ("sum", "prod")],
    *[call(n, 1, 1) for n in ("sum", "prod")],
    call("sum", 2, 3, 4, axis=(0, 2)),
    call("prod", 2, 3, 2, axis=(0, 2)),
    call("prod", 2, 2, 2, axis=(1, 2), keepdims=True),
    *[
        call(n, 2, 3, axis=axis)
        for n in ("any", "all", "count_nonzero")
        for axis in (None, 1, (0, 1), ())
    ],
    *[call(n, 2, 3, axis=0, keepdims=True) for n in ("any", "all", "count_nonzero")],
    *[call(n, 2, 3, axis=0, where=MASK) for n in ("any", "all")],
    *[call(n, 0, 3, axis=0) for n in ("any", "all", "count_nonzero")],
    *[
        call("trace", *shape, **options)
        for shape, options in (
            ((2, 3), {}),
            ((3, 3), {"offset": 1}),
            ((2, 3, 2), {"offset": -1, "axis1": -1, "axis2": 0}),
            ((2, 2), {"offset": 5}),
        )
    ],
    Case(
        "sum with initial as operand",
        lambda x, v: sums.sum(x, axis=0, initial=v),
        normal(2, 3),
        normal(),
        reference=lambda x, v: np.sum(x, axis=0, initial=v),
    ),
    Case(
        "prod with initial as operand",
        lambda x, v: sums.prod(x, axis=0, initial=v),
        normal(2, 3),
        normal(),
        reference=lambda x, v: np.prod(x, axis=0, initial=v),
    ),
    Case(
        "sum with a mask that depends on the operand",
        lambda x: sums.sum(x * x, where=x > 0),
        nonzero(3),
        reference=lambda x: np.sum(x * x, where=x > 0),
    ),
    Case(
        "prod with zeros",
        sums.prod,
        [[2.0, 0.0, 3.0], [0.5, 1.5, -1.0]],
        reference=np.prod,
        order=3,
    ),
    Case(
        "prod with two and three zeros",
        lambda x: sums.prod(x, axis=1),
        [[2.0, 0.0, 3.0, 0.0], [0.0, 0.0, 0.0, 4.0]],
        reference=lambda x: np.prod(x, axis=1),
        order=3,
    ),
]


@each(CASES)
def test_reductions(check):
    check()


# --- as NumPy ------------------------------------------------------------------------------------

FUNCTIONS = {
    **{n: getattr(sums, n) for n in ("sum", "prod", "any", "all")},
    **{n: getattr(moments, n) for n in ("mean", "var", "std")},
    **{n: getattr(extrema, n) for n in ("max", "min")},
}
DTYPES = [bool, np.uint8, np.int32, np.int64, np.float16, np.float32, np.float64]
DTYPES += [np.complex64, np.complex128]


@pytest.mark.parametrize("name", FUNCTIONS)
@pytest.mark.parametrize("dtype", DTYPES)
def test_values_and_dtypes_are_numpys(name, dtype, rng):
    a = (rng.normal(size=(3, 4, 2)) * 3).astype(dtype)
    for axis in (None, 1, (0, -1)):
        for keepdims in (False, True):
            expected = getattr(np, name)(a, axis=axis, keepdims=keepdims)
            got = FUNCTIONS[name](a, axis=axis, keepdims=keepdims)
            assert (got.dtype, got.shape) == (expected.dtype, expected.shape)
            rtol = {"e": 2e-3, "f": 1e-6, "F": 1e-6}.get(a.dtype.char, 1e-13)
            np.testing.assert_allclose(got, expected, rtol=rtol)


@pytest.mark.parametrize("name", FUNCTIONS)
@pytest.mark.parametrize("dtype", DTYPES)
def test_a_staged_reduction_knows_its_dtype_and_shape(name, dtype):
    a = np.ones((3, 4, 2), dtype)
    for options in ({}, {"axis": 1}, {"axis": (0, 2), "keepdims": True}):
        graph = stage(lambda x, o=options: [FUNCTIONS[name](x, **o)], a).verify()
        expected = getattr(np, name)(a, **options)
        (out,) = graph.outputs
        assert (out.dtype, out.shape) == (expected.dtype, expected.shape)


@given(st.data())
def test_where_broadcasts_as_numpys(data):
    a = data.draw(hnp.arrays(np.int64, hnp.array_shapes(max_dims=3, max_side=3)))
    shape = [data.draw(st.sampled_from([n, 1])) for n in a.shape]
    mask = data.draw(hnp.arrays(bool, tuple(shape[data.draw(st.integers(0, a.ndim)) :])))
    axis = data.draw(st.sampled_from([None, *range(-a.ndim, a.ndim)]))
    for name, options in [
        ("sum", {}),
        ("prod", {}),
        ("any", {}),
        ("all", {}),
        ("max", {"initial": -5}),
        ("min", {"initial": 5}),
    ]:
        got = FUNCTIONS[name](a, axis=axis, where=mask, **options)
        expected = getattr(np, name)(a, axis=axis, where=mask, **options)
        np.testing.assert_array_equal(got, expected)


@pytest.mark.parametrize("name", ["sum", "prod", "mean", "var", "std"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64, complex])
def test_dtype_converts_first_and_gradients_come_back(name, dtype, rng):
    x = rng.normal(size=(2, 3)).astype(np.float32)
    expected = getattr(np, name)(x.astype(dtype), axis=1)
    out, pullback = ta.vjp(lambda t: FUNCTIONS[name](t, axis=1, dtype=dtype), x)
    assert out.dtype == expected.dtype
    np.testing.assert_allclose(out, expected, rtol=1e-6)
    (gradient,) = pullback(np.ones(2, out.dtype))
    assert (gradient.dtype, gradient.shape) == (x.dtype, x.shape)


def test_a_sum_as_integers_has_no_derivative():
    x = np.array([1.5, 2.5])
    out, gradient = ta.value_and_grad(lambda t: sums.sum(t, dtype=int) * t[0])(x)
    assert out == 4.5
    np.testing.assert_array_equal(gradient, [3.0, 0.0])


def test_trace_converts_and_writes_as_numpys():
    a = np.arange(4, dtype=np.int8).reshape(2, 2)
    assert sums.trace(a).dtype == np.trace(a).dtype
    assert sums.trace(a, dtype=np.float32).dtype == np.float32
    out = np.empty(())
    assert sums.trace(a, 0, 0, 1, None, out) is out and out == 3


def test_lists_and_numbers_are_operands():
    assert sums.sum([1, 2, 3]) == 6 and sums.sum(4.0) == 4.0
    assert sums.prod([[1, 2], [3, 4]], axis=0).tolist() == [3, 8]
    assert sums.all([]) and not sums.any([])


def test_operands_of_numpys_own_kind_give_numpys_own_kind():
    assert type(sums.sum(np.ones(3))) is np.float64
    assert type(sums.count_nonzero(np.ones(3))) is np.intp


# --- values that bite ----------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [np.float16, ml_dtypes.bfloat16])
@pytest.mark.parametrize("name", ["sum", "prod", "mean"])
def test_narrow_floats_are_summed_in_float32(name, dtype):
    """NumPy's own sums of these columns stop at 256 and 2048."""
    x = np.full((10_000, 1), 0.5, dtype)
    if name == "prod":
        x = np.array([[1e3], [1e3], [1e-3]]).astype(dtype)  # beyond float16 in between
    expected = getattr(np, name)(x.astype(np.float32), axis=0).astype(x.dtype)
    out = FUNCTIONS[name](x, axis=0)
    assert out.dtype == x.dtype and out == expected
    gradient = ta.grad(lambda t: FUNCTIONS[name](t[1:]))(x)
    assert (gradient.dtype, gradient.shape) == (x.dtype, x.shape)


@pytest.mark.parametrize(
    ("x", "gradient", "hessian"),
    [
        # the products of the others, and of the others of each pair
        ([2.0, 3.0, 4.0], [12, 8, 6], [[0, 4, 3], [4, 0, 2], [3, 2, 0]]),
        ([0.0, 3.0, 4.0], [12, 0, 0], [[0, 4, 3], [4, 0, 0], [3, 0, 0]]),
        ([0.0, 3.0, 0.0], [0, 0, 0], [[0, 0, 3], [0, 0, 0], [3, 0, 0]]),
        ([0.0, 0.0, 0.0], [0, 0, 0], [[0, 0, 0], [0, 0, 0], [0, 0, 0]]),
        ([5.0], [1], [[0]]),
        ([0.0], [1], [[0]]),
    ],
)
def test_prod_is_exact_at_zeros_to_second_order(x, gradient, hessian):
    x = np.array(x)
    np.testing.assert_array_equal(ta.grad(sums.prod)(x), gradient)
    np.testing.assert_array_equal(ta.hessian(sums.prod)(x), hessian)
    np.testing.assert_array_equal(ta.jacfwd(sums.prod)(x), gradient)


def test_prod_of_tiny_and_huge_factors_has_the_gradient_of_the_others():
    x = np.array([1e-200, 1e-200, 1e200])  # the whole product, 1e-200, over 1e-200 would do; and
    y = np.array([1e-300, 1e-300, 2.0])  # here it is 0, but that of the last two is not
    np.testing.assert_allclose(ta.grad(sums.prod)(x), [1.0, 1.0, 0.0])
    np.testing.assert_allclose(ta.grad(sums.prod)(y), [2e-300, 2e-300, 0.0])


def test_masked_elements_may_be_nan_or_infinite():
    x = np.array([1.0, np.nan, np.inf, 2.0])
    mask = np.isfinite(x)
    for name, expected in [
        ("sum", [1, 0, 0, 1]),
        ("prod", [2, 0, 0, 1]),
        ("mean", [0.5, 0, 0, 0.5]),
    ]:
        gradient = ta.grad(lambda t, n=name: FUNCTIONS[n](t, where=mask))(x)
        np.testing.assert_array_equal(gradient, expected)
    for name in ("var", "std"):
        gradient = ta.grad(lambda t, n=name: FUNCTIONS[n](t, where=mask))(x)
        np.testing.assert_array_equal(gradient, [-0.5, 0, 0, 0.5])


def test_the_pullback_of_a_full_sum_makes_no_array():
    x = np.ones((50, 40))
    out, pullback = sums.sum(x), sums._sum_transpose
    g = pullback(out, sums.ArrayType(x.shape, x.dtype), axis=(0, 1), keepdims=False)
    assert g.shape == x.shape and g.strides == (0, 0)


# --- errors --------------------------------------------------------------------------------------

A = np.ones((2, 3))


@pytest.mark.parametrize("name", ["sum", "prod", "mean", "var", "std", "max", "min", "any", "all"])
def test_errors_of_every_reduction(name):
    function = FUNCTIONS[name]
    for axis in (2, -3, (0, 2)):
        with pytest.raises(AxisError, match=rf"{name}\(float64\[2,3\]\): axis.*-2 to 1"):
            function(A, axis=axis)
    with pytest.raises(ArgumentError, match="twice"):
        function(A, axis=(0, -2))
    with pytest.raises(ArgumentError, match=r"an axis is an int, got 1\.5"):
        function(A, axis=1.5)
    with pytest.raises(AxisError, match="0-d"):
        function(1.0, axis=0)
    initial = {"initial": 0.0} if name in ("max", "min") else {}
    with pytest.raises(DTypeError, match=r"boolean mask, got int64\[2,3\]"):
        function(A, where=np.ones((2, 3), int), **initial)
    with pytest.raises(ShapeError, match=r"bool\[2\].*does not broadcast"):
        function(A, where=np.array([True, False]), **initial)
    with pytest.raises(ShapeError, match="does not broadcast"):
        function(A[0], where=np.ones((2, 3), bool), **initial)
    with pytest.raises(UnsupportedError, match=f"{name}: out= takes a plain NumPy array"):
        ta.vmap(lambda x: function(x, out=np.empty(())))(A)
    out = np.empty(2)
    assert function(A, axis=1, out=out) is out
    np.testing.assert_array_equal(out, function(A, axis=1))


@pytest.mark.parametrize("name", ["sum", "prod", "max", "min"])
def test_initial_is_a_number(name):
    with pytest.raises(ShapeError, match=rf"{name}: initial= is a number, got float64\[3\]"):
        FUNCTIONS[name](A, axis=0, initial=np.ones(3))


def test_a_dtype_that_is_none():
    with pytest.raises(DTypeError, match="sum: 'floating' is not a dtype"):
        sums.sum(A, dtype="floating")
    with pytest.raises(DTypeError, match=r"mean.*floating or complex, got int64"):
        moments.mean(A, dtype=int)
