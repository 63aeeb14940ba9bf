"""diag, diagonal, diagflat, tril, triu, and the indices of what they take."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tenrso_ad as ta
from tenrso_ad.engine.errors import ArgumentError, AxisError, ShapeError
from tenrso_ad.ops.shaping import diagonals
from tests.ops.table import Case, each, normal


def call(name, *args, shape=(3, 4), **kwargs):
    ours, theirs = getattr(diagonals, name), getattr(np, name)
    label = ", ".join([*map(repr, args), *[f"{k}={v!r}" for k, v in kwargs.items()]])
    return Case(
        f"{name}({label}) {list(shape)}",
        lambda x: ours(x, *args, **kwargs),
        normal(*shape),
        reference=lambda x: theirs(x, *args, **kwargs),
        complex=True,
    )


CASES = [
    call("diagonal"),
    call("diagonal", 2),
    call("diagonal", -1),
    call("diagonal", 7),
    call("diagonal", 1, 2, 0, shape=(2, 3, 4)),
    call("diagonal", axis1=-1, axis2=-2, shape=(2, 3, 3)),
    call("diagonal", shape=(0, 3)),
    call("diag"),
    call("diag", -2),
    call("diag", shape=(3,)),
    call("diag", 1, shape=(2,)),
    call("diag", -2, shape=(2,)),
    call("diag", shape=(0,)),
    call("diagflat", shape=(2, 2)),
    call("diagflat", -1, shape=()),
    call("tril"),
    call("tril", 1, shape=(2, 3, 3)),
    call("tril", shape=(3,)),
    call("triu"),
    call("triu", -1, shape=(2, 3, 3)),
    call("triu", 9),
    call("triu", shape=(3,)),
    *[
        Case(
            name,
            getattr(diagonals, name),
            normal(3, 3),
            reference=getattr(np, name),
            differentiable=False,
            vmap=False,  # plain, and the same for all
            stage=False,
        )
        for name in ("diag_indices_from", "tril_indices_from", "triu_indices_from")
    ],
]


@each(CASES)
def test_diagonals(check):
    check()


@given(
    st.permutations(range(3)),
    st.integers(-5, 5),
    st.tuples(*[st.integers(0, 4)] * 3),
)
def test_diagonal_is_numpys(axes, offset, shape):
    a = np.arange(np.prod(shape)).reshape(shape)
    got = diagonals.diagonal(a, offset, axes[0], axes[1] - 3)
    expected = np.diagonal(a, offset, axes[0], axes[1] - 3)
    assert got.shape == expected.shape
    np.testing.assert_array_equal(got, expected)
    assert not got.size or np.shares_memory(got, a)


def test_triangles_have_no_nan_where_an_infinity_was_cut_off():
    a = np.full((2, 2), np.inf)
    np.testing.assert_array_equal(diagonals.tril(a)[0], [np.inf, 0])
    _, pullback = ta.vjp(diagonals.triu, a)
    np.testing.assert_array_equal(pullback(a)[0], [[np.inf, np.inf], [0, np.inf]])


@pytest.mark.parametrize("name", ["diag_indices_from", "tril_indices_from", "triu_indices_from"])
def test_indices(name):
    ours, theirs = getattr(diagonals, name), getattr(np, name)
    a = np.arange(9.0).reshape(3, 3)
    for options in ({},) if name.startswith("diag") else ({}, {"k": 1}, {"k": -1}):
        np.testing.assert_array_equal(ours(a, **options), theirs(a, **options))
        assert all(type(i) is np.ndarray for i in theirs(ta.tensor(a), **options))
    picked = ta.grad(lambda x: np.sum(x[ours(x)]))(a)
    np.testing.assert_array_equal(picked, np.isin(a, a[theirs(a)]))
    if not name.startswith("diag"):
        a = a[:2]
        np.testing.assert_array_equal(ours(a), theirs(a))


A = np.ones((2, 3))


@pytest.mark.parametrize(
    ("wrong", "error", "words"),
    [
        (lambda: diagonals.diagonal(A[0]), ShapeError, r"diagonal\(float64\[3\]\).*2 axes"),
        (lambda: diagonals.diagonal(A, 0, 1, -1), ArgumentError, "the same axis, 1"),
        (lambda: diagonals.diagonal(A, 0, 0, 2), AxisError, "axis 2"),
        (lambda: diagonals.diagonal(A, 0.5), ArgumentError, "0.5"),
        (lambda: diagonals.diag(1.0), ShapeError, "vector or a matrix"),
        (lambda: diagonals.diag(A[0], 1.0), ArgumentError, "1.0"),
        (lambda: diagonals.tril(1.0), ShapeError, "tril.*1 axis or more"),
        (lambda: diagonals.triu(A, None), ArgumentError, "triu: k is an int, got None"),
        (lambda: diagonals.diag_indices_from(A), ShapeError, "one length"),
        (lambda: diagonals.tril_indices_from(A[0]), ShapeError, "a matrix"),
    ],
)
def test_errors_say_what_is_wrong(wrong, error, words):
    with pytest.raises(error, match=words):
        wrong()
