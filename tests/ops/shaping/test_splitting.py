"""split, array_split, hsplit, vsplit, dsplit, unstack."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tenrso_ad as ta
from tenrso_ad.engine.errors import ArgumentError, AxisError, ShapeError
from tenrso_ad.ops.shaping import joining, splitting
from tests.ops.table import Case, each, normal


def cut(name, *args, shape=(4, 3), **kwargs):
    ours, theirs = getattr(splitting, name), getattr(np, name)
    return Case(
        f"{name} {args} {kwargs} {shape}",
        lambda x: ours(x, *args, **kwargs),
        normal(*shape),
        reference=lambda x: theirs(x, *args, **kwargs),
        complex=True,
    )


CASES = [
    cut("split", 2),
    cut("split", 1),
    cut("split", [1, 3]),
    cut("split", [-1], 1),
    cut("split", [2, 9]),
    cut("split", [0, 0, 4]),
    cut("split", [3, 1]),  # cuts that go back
    cut("split", [2, 1, 3]),
    cut("split", [], 0),
    cut("split", 3, shape=(0, 2)),
    cut("array_split", 3),
    cut("array_split", 5, 1),
    cut("array_split", [1, 2]),
    cut("hsplit", 3),
    cut("hsplit", [2], shape=(3,)),
    cut("vsplit", [1]),
    cut("dsplit", 2, shape=(1, 2, 4)),
    cut("unstack"),
    cut("unstack", axis=-1),
    Case(
        "split, some parts unused",
        lambda x: splitting.split(x, [1, 2, 5])[2] * 2,
        normal(6, 2),
        reference=lambda x: np.split(x, [1, 2, 5])[2] * 2,
        complex=True,
    ),
]


@each(CASES)
def test_splitting(check):
    check()


def test_unstacking_nothing():
    assert splitting.unstack(np.ones((0, 2))) == ()


@given(st.lists(st.integers(-8, 8), max_size=4), st.integers(0, 5))
def test_split_is_numpys_wherever_it_cuts(cuts, length):
    a = np.arange(length)
    for got, expected in zip(splitting.split(a, cuts), np.split(a, cuts), strict=True):
        np.testing.assert_array_equal(got, expected)


# --- the cost of many parts ----------------------------------------------------------------------


def test_the_gradient_of_a_split_is_joined_once():
    """No part's cotangent is made as long as the whole array."""
    from tenrso_ad.engine import hooks

    made = []

    def note(primitive, values, params, out):
        for o in out if isinstance(out, tuple) else (out,):
            made.append((primitive.name, np.size(o)))

    def f(x):
        return joining.concatenate([part * 2.0 for part in splitting.split(x, 50)])

    _, pullback = ta.vjp(f, np.ones(1000))
    with hooks.installed(after_evaluation=note):
        pullback(np.ones(1000))
    whole = [name for name, size in made if size >= 1000]
    assert whole == ["concatenate"]


def test_parts_are_views():
    a = np.arange(6.0)
    assert all(np.shares_memory(part, a) for part in splitting.split(a, 3))
    assert all(np.shares_memory(part, a) for part in splitting.unstack(a))


# --- errors --------------------------------------------------------------------------------------

A = np.ones((2, 3))


@pytest.mark.parametrize(
    ("wrong", "error", "words"),
    [
        (lambda: splitting.split(A, 2, 1), ShapeError, "no 2 equal parts"),
        (lambda: splitting.split(A, 0), ShapeError, "no 0 equal parts"),
        (lambda: splitting.split(A, 1.5), ArgumentError, "1.5"),
        (lambda: splitting.split(A, 2, 2), AxisError, "axis 2"),
        (lambda: splitting.array_split(A, 0), ShapeError, "array_split.*no 0 parts"),
        (lambda: splitting.hsplit(A, 2), ShapeError, "hsplit.*axis 1 has no 2 equal"),
        (lambda: splitting.hsplit(1.0, 1), ShapeError, "1 or more axes"),
        (lambda: splitting.vsplit(A[0], 1), ShapeError, r"vsplit\(float64\[3\]\).*2 or more"),
        (lambda: splitting.dsplit(A, 1), ShapeError, "3 or more axes"),
        (lambda: splitting.unstack(1.0), AxisError, "no axis"),
        (lambda: splitting.unstack(A, axis=2), AxisError, "unstack.*axis 2"),
    ],
)
def test_errors_say_what_is_wrong(wrong, error, words):
    with pytest.raises(error, match=words):
        wrong()
