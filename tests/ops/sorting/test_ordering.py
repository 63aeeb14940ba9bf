"""sort, argsort, lexsort, partition, argpartition, sort_complex, searchsorted."""

import ml_dtypes
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import tenrso_ad as ta
from tenrso_ad.engine.errors import ArgumentError, AxisError, DTypeError, ShapeError
from tenrso_ad.ops.sorting import ordering
from tests.ops.table import Case, distinct, each, normal

NAN, INF = np.nan, np.inf


def call(name, *args, shape=(3, 4), draw=distinct, reference=None, **kwargs):
    """A case for a function of one array that NumPy has under the same name."""
    ours, theirs = getattr(ordering, name), reference or getattr(np, name)
    constant = name.startswith("arg")
    return Case(
        f"{name} {list(shape)} {args} {kwargs}",
        lambda x: ours(x, *args, **kwargs),
        draw(*shape),
        reference=(lambda x: theirs(x)) if reference else lambda x: theirs(x, *args, **kwargs),
        complex=shape in ((3, 4), (4,)) and not constant,
        differentiable=not constant,
        float32=name != "sort_complex",  # gives complex128 for it, as NumPy's
    )


CASES = [
    call("sort"),
    call("sort", 0),
    call("sort", None),
    call("sort", 1, "stable", shape=(2, 3, 2)),
    call("sort", kind="heapsort", shape=(5,)),
    call("sort", stable=True, shape=(5,)),
    call("sort", None, shape=()),
    call("sort", shape=(2, 0)),
    call("sort", descending=True, reference=lambda x: -np.sort(-x)),
    call("sort", 0, descending=True, shape=(4, 2), reference=lambda x: -np.sort(-x, 0)),
    call("argsort"),
    call("argsort", 0, kind="mergesort"),
    call("argsort", None, shape=(2, 2)),
    call("argsort", shape=()),
    call("argsort", descending=True, reference=lambda x: np.argsort(-x)),
    call("partition", 2),
    call("partition", (0, -1), 0),
    call("partition", [3, 1], None, shape=(2, 3)),
    call("argpartition", 1),
    call("argpartition", 2, None, shape=(2, 2)),
    call("sort_complex", shape=(4,)),
    Case(
        "a function of sorted values",
        lambda x: np.cumsum(ordering.sort(x) ** 2) * x,
        distinct(5),
        reference=lambda x: np.cumsum(np.sort(x) ** 2) * x,
    ),
    *[
        Case(
            f"lexsort {axis}",
            lambda x, y, axis=axis: ordering.lexsort((x, y), axis),
            normal(3, 4),
            lambda rng: rng.integers(2, size=(3, 4)) * 1.0,
            reference=lambda x, y, axis=axis: np.lexsort((x, y), axis),
            differentiable=False,
        )
        for axis in (-1, 0)
    ],
    Case(
        "lexsort of rows",
        lambda x: ordering.lexsort(x),
        lambda rng: rng.integers(2, size=(3, 6)) * 1.0,
        reference=lambda x: np.lexsort(x),
        differentiable=False,
    ),
    *[
        Case(
            f"searchsorted {side} {shape}",
            lambda a, v, side=side: ordering.searchsorted(ordering.sort(a), v, side),
            lambda rng: rng.integers(4, size=6) * 1.0,
            lambda rng, shape=shape: rng.integers(-1, 5, size=shape) * 1.0,
            reference=lambda a, v, side=side: np.searchsorted(np.sort(a), v, side),
            differentiable=False,
        )
        for side, shape in (("left", (2, 3)), ("right", (2,)), ("left", ()))
    ],
    Case(
        "searchsorted with a sorter",
        lambda a, v: ordering.searchsorted(a, v, sorter=ordering.argsort(a)),
        distinct(5),
        normal(3),
        reference=lambda a, v: np.searchsorted(a, v, sorter=np.argsort(a)),
        differentiable=False,
    ),
]


@each(CASES)
def test_ordering(check):
    check()


# --- special values ------------------------------------------------------------------------------

SPECIAL = np.array([2.0, NAN, -INF, 1.0, INF, 1.0, NAN, -0.0, 0.0])


def test_nan_comes_last_and_its_gradient_stays_its_own():
    out, pullback = ta.vjp(ordering.sort, SPECIAL)
    np.testing.assert_array_equal(out, np.sort(SPECIAL))
    (gradient,) = pullback(np.arange(9.0))
    np.testing.assert_array_equal(gradient, [5, 7, 0, 3, 6, 4, 8, 1, 2])
    complexes = np.array([1 + 1j, NAN + 0j, 1 - 1j, 0 + NAN * 1j])
    out = ta.vjp(ordering.sort, complexes)[0]
    np.testing.assert_array_equal(out, np.sort(complexes))


def test_a_tie_sends_its_gradient_along_the_stable_order():
    x = np.array([1.0, 0.0, 1.0, 1.0])
    for function, expected in (
        (ordering.sort, [1, 0, 2, 3]),
        (lambda x: ordering.sort(x, descending=True), [0, 3, 1, 2]),
        (lambda x: ordering.sort(x, kind="quicksort"), [1, 0, 2, 3]),
    ):
        (gradient,) = ta.vjp(function, x)[1](np.arange(4.0))
        np.testing.assert_array_equal(gradient, expected)


def test_descending_keeps_the_order_of_equal_elements():
    x = np.array([1, 3, 1, 3, 2])
    np.testing.assert_array_equal(
        ordering.argsort(x, stable=True, descending=True), [1, 3, 4, 0, 2]
    )
    np.testing.assert_array_equal(ordering.sort(np.array([1.0, NAN]), descending=True), [NAN, 1])


def test_the_gradient_of_a_partition_goes_where_the_elements_stood(rng):
    x = rng.permutation(60) * 1.0
    out, pullback = ta.vjp(lambda x: ordering.partition(x, (10, 40)), x)
    assert out[10] == 10 and out[40] == 40
    assert out[:10].max() < 10 and out[41:].min() > 40
    (gradient,) = pullback(out**2)
    np.testing.assert_array_equal(gradient, x**2)


def test_zero_cotangents_give_zero_gradients():
    (gradient,) = ta.vjp(ordering.sort, SPECIAL)[1](np.zeros(9))
    np.testing.assert_array_equal(gradient, np.zeros(9))


@given(
    hnp.arrays(np.float64, st.integers(0, 9), elements=st.sampled_from([0.0, 1.0, 2.0, NAN, INF])),
    hnp.arrays(np.float64, st.integers(0, 9), elements=st.sampled_from([0.5, 1.0, 2.0, NAN, -INF])),
)
def test_orders_are_numpys(a, v):
    np.testing.assert_array_equal(ordering.sort(a), np.sort(a))
    np.testing.assert_array_equal(ordering.argsort(a, kind="stable"), np.argsort(a, kind="stable"))
    np.testing.assert_array_equal(
        ordering.searchsorted(np.sort(a), v, "right"), np.searchsorted(np.sort(a), v, "right")
    )
    n = min(len(a), len(v))
    np.testing.assert_array_equal(ordering.lexsort((a[:n], v[:n])), np.lexsort((a[:n], v[:n])))


@pytest.mark.parametrize("dtype", [np.int8, np.uint16, np.int64, np.float16, np.float32, bool])
def test_dtypes(dtype):
    x = np.array([3, 0, 2]).astype(dtype)
    for name in ("sort", "sort_complex", "argsort"):
        ours, theirs = getattr(ordering, name)(x), getattr(np, name)(x)
        assert ours.dtype == theirs.dtype
        np.testing.assert_array_equal(ours, theirs)


def test_the_narrow_floats_of_ml_dtypes():
    x = SPECIAL.astype(ml_dtypes.bfloat16)
    out, pullback = ta.vjp(ordering.sort, x)
    assert out.dtype == pullback(out)[0].dtype == ordering.sort(x).dtype == x.dtype
    for got in (out, ordering.sort(x), ordering.partition(x, range(9))):
        np.testing.assert_array_equal(got.astype(float), np.sort(SPECIAL))
    assert ordering.searchsorted(ordering.sort(x), x.dtype.type(np.nan)) == 7


# --- errors --------------------------------------------------------------------------------------

A = np.ones((2, 3))


@pytest.mark.parametrize(
    ("wrong", "error", "words"),
    [
        (lambda: ordering.sort(A, 2), AxisError, r"sort\(float64\[2,3\]\): axis 2"),
        (lambda: ordering.sort(1.0), AxisError, "no axis"),
        (lambda: ordering.sort(A, kind="bubble"), ArgumentError, "sort: kind is one of.*'bubble'"),
        (lambda: ordering.sort(A, kind="stable", stable=True), ArgumentError, "not both"),
        (lambda: ordering.argsort(A, order="f"), ArgumentError, "argsort: order="),
        (lambda: ordering.partition(A, 3), ShapeError, "partition.*kth=3 is out of bounds"),
        (lambda: ordering.argpartition(A, 0.5), ArgumentError, "0.5"),
        (lambda: ordering.partition(A, 0, kind="quick"), ArgumentError, "introselect"),
        (lambda: ordering.lexsort((A, A[0])), ShapeError, "keys of one shape"),
        (lambda: ordering.lexsort(()), ArgumentError, "lexsort: wants at least one"),
        (lambda: ordering.searchsorted(A, 1.0), ShapeError, "searchsorted.*one axis"),
        (lambda: ordering.searchsorted(A[0], 1.0, "up"), ArgumentError, "side.*'up'"),
        (lambda: ordering.searchsorted(A[0], 1.0, sorter=[0]), ShapeError, r"sorter=int64\[1\]"),
        (lambda: ordering.searchsorted(A[0], 1.0, sorter=A[0]), DTypeError, "integers"),
    ],
)
def test_errors_say_what_is_wrong(wrong, error, words):
    with pytest.raises(error, match=words):
        wrong()
