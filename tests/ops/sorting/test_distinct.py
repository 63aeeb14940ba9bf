"""unique and its kin, and arrays as sets."""

import functools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import tenrso_ad as ta
from tenrso_ad.engine.errors import ArgumentError, AxisError, ConcretizationError
from tenrso_ad.engine.staging import stage
from tenrso_ad.ops.sorting import distinct, sets
from tests.ops.table import Case, each, normal

X = np.array([[3.0, 1.0, 3.0], [2.0, 1.0, 2.5]])
Y = np.array([2.0, 7.0, 3.0, 2.0])


def call(function, *operands, theirs=None, **options):
    """A case on values of which several are equal: there is no difference quotient."""
    theirs = theirs or getattr(np, function.__name__)
    return Case(
        f"{function.__name__} {options}",
        functools.partial(function, **options),
        *operands,
        reference=functools.partial(theirs, **options),
        smooth=False,
        vmap=False,  # refused, see below
        stage=False,
    )


def results(out):
    """The values, which are first."""
    return out[0] if isinstance(out, tuple) else out


CASES = [
    call(distinct.unique, X),
    call(distinct.unique, X, return_index=True, return_inverse=True, return_counts=True),
    call(distinct.unique, X, return_counts=True),
    call(distinct.unique, X, axis=1, return_inverse=True),
    call(distinct.unique, X[:, [0, 0, 1]], axis=-1),
    call(distinct.unique, np.array([3, 1, 3]), return_inverse=True, sorted=True)
    if np.lib.NumpyVersion(np.__version__) >= "2.3.0"
    else call(distinct.unique, np.array([3, 1, 3]), return_inverse=True),
    call(distinct.unique_all, X),
    call(distinct.unique_counts, X),
    call(distinct.unique_inverse, X),
    # NumPy gives them in no order
    call(distinct.unique_values, X, theirs=np.unique),
    call(sets.union1d, X, Y),
    call(sets.intersect1d, X, Y),
    call(sets.intersect1d, X, Y, return_indices=True),
    call(sets.intersect1d, Y[:3], X[1], assume_unique=True, return_indices=True),
    call(sets.setdiff1d, X, Y),
    call(sets.setdiff1d, Y[::-1][1:], X, assume_unique=True),
    call(sets.setxor1d, X, Y),
    call(sets.setxor1d, Y[1:], X[1], assume_unique=True),
    *[
        Case(
            f"isin {options}",
            lambda x, y, options=options: sets.isin(x, y, **options),
            lambda rng: rng.integers(4, size=(2, 3)) * 1.0,
            lambda rng: rng.integers(3, size=(2, 1)) * 1.0,
            reference=lambda x, y, options=options: np.isin(x, y, **options),
            differentiable=False,
        )
        for options in ({}, {"invert": True}, {"kind": "sort"})
    ],
    *[
        Case(
            f"{function.__name__} of different values",
            lambda *xs, function=function: results(function(*xs)) ** 3,
            normal(2, 2),
            *others,
            reference=lambda *xs, theirs=theirs: results(theirs(*xs)) ** 3,
            complex=True,
            vmap=False,
            stage=False,
        )
        for function, theirs, *others in [
            (distinct.unique, np.unique),
            (distinct.unique_all, np.unique_all),
            (distinct.unique_counts, np.unique_counts),
            (distinct.unique_inverse, np.unique_inverse),
            (distinct.unique_values, np.unique),
            (sets.union1d, np.union1d, normal(3)),
            (sets.setdiff1d, np.setdiff1d, normal(1)),
            (sets.setxor1d, np.setxor1d, normal(3)),
        ]
    ],
]


@each(CASES)
def test_distinct(check):
    check()


def test_unique_values_are_sorted_and_differentiable():
    np.testing.assert_array_equal(distinct.unique_values(X), [1, 2, 2.5, 3])
    (gradient,) = ta.vjp(distinct.unique_values, X)[1](np.array([1.0, 2.0, 3.0, 4.0]))
    np.testing.assert_array_equal(gradient, [[4, 1, 0], [2, 0, 3]])


def pulled(function, *operands):
    """What the first operands get of the cotangent 1, 2, 3 ... of the (first) result."""

    def first(*xs):
        out = function(*xs)
        return out[0] if isinstance(out, tuple) else out

    out, pullback = ta.vjp(first, *operands)
    return [g.tolist() for g in pullback(np.arange(1.0, 1 + out.size))]


@pytest.mark.parametrize(
    ("function", "expected"),
    [
        (lambda x, y: distinct.unique(x), [[2, 1, 0], [0, 0, 0, 0]]),
        (lambda x, y: distinct.unique(x, True)[0], [[2, 1, 0], [0, 0, 0, 0]]),
        (sets.union1d, [[3, 1, 0], [2, 4, 0, 0]]),
        (sets.intersect1d, [[1, 0, 0], [0, 0, 0, 0]]),
        (functools.partial(sets.intersect1d, return_indices=True), [[1, 0, 0], [0, 0, 0, 0]]),
        (sets.setdiff1d, [[0, 1, 0], [0, 0, 0, 0]]),
        (sets.setxor1d, [[0, 1, 0], [2, 3, 0, 0]]),
    ],
)
def test_the_gradient_of_a_value_goes_where_it_occurs_first(function, expected):
    assert pulled(function, np.array([3.0, 1.0, 3.0]), Y) == expected


def test_nan():
    x = np.array([np.nan, 1.0, np.nan])
    for equal in (True, False):
        options = {"equal_nan": equal, "return_counts": True}
        for got in (distinct.unique(x, **options), distinct.unique(x, True, **options)[::2]):
            for ours, theirs in zip(got, np.unique(x, **options), strict=True):
                np.testing.assert_array_equal(ours, theirs)
    (gradient,) = ta.vjp(distinct.unique, x)[1](np.array([1.0, 2.0]))
    np.testing.assert_array_equal(gradient, [2, 1, 0])


ELEMENTS = st.sampled_from([0.0, 1.0, 2.0, 5.0, np.nan])
ARRAYS = hnp.arrays(np.float64, st.integers(0, 6), elements=ELEMENTS)


@given(ARRAYS, ARRAYS)
def test_sets_are_numpys(a, b):
    for name in ("isin", "union1d", "intersect1d", "setdiff1d", "setxor1d"):
        ours, theirs = getattr(sets, name)(a, b), getattr(np, name)(a, b)
        assert ours.dtype == theirs.dtype, name
        np.testing.assert_array_equal(ours, theirs, err_msg=name)
        np.testing.assert_array_equal(ta.vjp(getattr(sets, name), a, b)[0], theirs, err_msg=name)


def test_names_of_the_results():
    assert distinct.unique_all(X)._fields == np.unique_all(X)._fields
    assert distinct.unique_counts(X)._fields == np.unique_counts(X)._fields
    assert distinct.unique_inverse(X)._fields == np.unique_inverse(X)._fields


def test_tensors_give_tensors():
    for part in np.unique(ta.tensor(X), return_index=True, return_inverse=True):
        assert isinstance(part, ta.Tensor)


@pytest.mark.parametrize("trace", [ta.vmap, lambda f: lambda x: stage(f, x)])
@pytest.mark.parametrize(
    ("function", "words"),
    [
        (distinct.unique, "unique gives a result whose length"),
        (distinct.unique_counts, "unique gives"),
        (lambda x: sets.setxor1d(x, x, True), "setxor1d, whose result"),
    ],
)
def test_results_of_unknown_length_are_refused(trace, function, words):
    with pytest.raises(ConcretizationError, match=words):
        trace(function)(np.ones((2, 2)))


@pytest.mark.parametrize(
    ("wrong", "error", "words"),
    [
        (lambda: distinct.unique(X, axis=2), AxisError, r"unique\(float64\[2,3\]\): axis 2"),
        (lambda: sets.isin(X, X, kind="table"), ArgumentError, "'table' is for integers"),
        (lambda: sets.isin(X, X, kind="hash"), ArgumentError, "kind is 'sort', 'table'.*'hash'"),
    ],
)
def test_errors_say_what_is_wrong(wrong, error, words):
    with pytest.raises(error, match=words):
        wrong()
