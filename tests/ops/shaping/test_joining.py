"""concatenate, concat, stack, vstack, hstack, dstack, split."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tenrso_ad as ta
from tenrso_ad.engine.errors import ArgumentError, AxisError, DTypeError, ShapeError
from tenrso_ad.engine.staging import stage
from tenrso_ad.ops.shaping import joining
from tests.ops.table import Case, each, normal


def join(name, *shapes, **kwargs):
    """A case for a function of a list of arrays that NumPy has under the same name."""
    ours, theirs = getattr(joining, name), getattr(np, name)
    return Case(
        f"{name} {shapes} {kwargs}",
        lambda *xs: ours(xs, **kwargs),
        *[normal(*s) for s in shapes],
        reference=lambda *xs: theirs(xs, **kwargs),
        complex=len(shapes) == 2,
    )


def cut(sections, axis=0, shape=(4, 3)):
    return Case(
        f"split {sections} {axis} {shape}",
        lambda x: joining.split(x, sections, axis),
        normal(*shape),
        reference=lambda x: np.split(x, sections, axis),
        complex=True,
    )


CASES = [
    join("concatenate", (2, 3), (1, 3)),
    join("concatenate", (2, 3), (2, 1), (2, 0), axis=-1),
    join("concatenate", (2, 3), (4,), axis=None),
    join("concatenate", (3,)),
    join("concat", (2,), (3,)),
    join("stack", (2, 3), (2, 3)),
    join("stack", (2, 3), (2, 3), axis=1),
    join("stack", (2, 3), (2, 3), (2, 3), axis=-1),
    join("stack", (), ()),
    join("stack", (0, 2), (0, 2), axis=2),
    join("vstack", (3,), (2, 3)),
    join("vstack", (), ()),
    join("hstack", (3,), (2,)),
    join("hstack", (2, 3), (2, 1)),
    join("hstack", (), (2,)),
    join("dstack", (3,), (3,)),
    join("dstack", (2, 3), (2, 3, 4)),
    join("dstack", (), ()),
    Case(
        "concatenate the slices of one array",
        lambda x: joining.concatenate(x, axis=1),
        normal(2, 3, 2),
        reference=lambda x: np.concatenate(x, axis=1),
    ),
    Case(
        "stack with plain arrays and numbers",
        lambda x: joining.stack([x, np.arange(2.0), [3, 4]]),
        normal(2),
        reference=lambda x: np.stack([x, np.arange(2.0), [3, 4]]),
        float32=False,  # the others are float64
    ),
    cut(2),
    cut(1),
    cut([1, 3]),
    cut([-1], 1),
    cut([2, 9]),
    cut([0, 0, 4]),
    cut([3, 1]),  # cuts that go back
    cut([2, 1, 3]),
    cut([], 0),
    cut(3, shape=(0, 2)),
    Case(
        "split, some parts unused",
        lambda x: joining.split(x, [1, 2, 5])[2] * 2,
        normal(6, 2),
        reference=lambda x: np.split(x, [1, 2, 5])[2] * 2,
        complex=True,
    ),
]


@each(CASES)
def test_joining(check):
    check()


@given(st.lists(st.integers(-8, 8), max_size=4), st.integers(0, 5))
def test_split_is_numpys_wherever_it_cuts(cuts, length):
    a = np.arange(length)
    for got, expected in zip(joining.split(a, cuts), np.split(a, cuts), strict=True):
        np.testing.assert_array_equal(got, expected)


# --- dtypes --------------------------------------------------------------------------------------


@pytest.mark.parametrize("function", ["concatenate", "stack", "vstack", "hstack"])
@pytest.mark.parametrize("casting", ["no", "equiv", "safe", "same_kind", "unsafe"])
@pytest.mark.parametrize("dtype", [None, np.float32, np.float64, np.int64, complex])
def test_dtype_and_casting_are_numpys(function, casting, dtype):
    arrays = [np.ones(2, np.float32), np.ones(2, np.float64)]
    try:
        expected = getattr(np, function)(arrays, dtype=dtype, casting=casting)
    except TypeError:
        with pytest.raises(DTypeError, match=f"casting='{casting}'"):
            getattr(joining, function)(arrays, dtype=dtype, casting=casting)
        return
    got = getattr(joining, function)(arrays, dtype=dtype, casting=casting)
    assert got.dtype == expected.dtype
    np.testing.assert_array_equal(got, expected)


def test_gradients_of_promoted_operands_keep_their_dtypes():
    operands = np.ones(2, np.float32), np.ones(2), np.ones(2, np.complex64)
    for function in (joining.concatenate, joining.stack):
        out, pullback = ta.vjp(lambda *xs, f=function: f(xs), *operands)
        gradients = pullback(np.ones(out.shape, out.dtype))
        assert [g.dtype for g in gradients] == [o.dtype for o in operands]


def test_conversion_to_integers_has_no_derivative():
    def f(x):
        whole = joining.concatenate([x, x], dtype=int, casting="unsafe")
        return joining.concatenate([whole * 2.0, x])[3]

    assert ta.grad(lambda x: f(x) * 0 + f(x))(np.array([1.5, 2.5])).tolist() == [0.0, 0.0]


# --- the cost of many parts ----------------------------------------------------------------------


def test_the_gradient_of_a_split_is_joined_once():
    """No part's cotangent is made as long as the whole array."""
    from tenrso_ad.engine import hooks

    made = []

    def note(primitive, values, params, out):
        for o in out if isinstance(out, tuple) else (out,):
            made.append((primitive.name, np.size(o)))

    def f(x):
        return joining.concatenate([part * 2.0 for part in joining.split(x, 50)])

    _, pullback = ta.vjp(f, np.ones(1000))
    with hooks.installed(after_evaluation=note):
        pullback(np.ones(1000))
    whole = [name for name, size in made if size >= 1000]
    assert whole == ["concatenate"]


def test_parts_are_views():
    a = np.arange(6.0)
    assert all(np.shares_memory(part, a) for part in joining.split(a, 3))


# --- errors --------------------------------------------------------------------------------------

A = np.ones((2, 3))


@pytest.mark.parametrize(
    ("wrong", "error", "words"),
    [
        (lambda: joining.concatenate([]), ArgumentError, "at least one"),
        (lambda: joining.concatenate(np.float64(1)), ArgumentError, "a sequence of arrays"),
        (lambda: joining.concatenate([1.0, 2.0]), AxisError, "0-d"),
        (lambda: joining.concatenate([A, np.ones((2, 2))]), ShapeError, r"2,3.*2,2"),
        (lambda: joining.concatenate([A, np.ones(3)]), ShapeError, r"2,3.*\[3\]"),
        (lambda: joining.concatenate([A], axis=2), AxisError, "axis 2"),
        (lambda: joining.concatenate([A], dtype="floating"), DTypeError, "not a dtype"),
        (lambda: joining.stack([A, np.ones((3, 2))]), ShapeError, r"2,3.*3,2"),
        (lambda: joining.stack([A], axis=3), AxisError, "axis 3"),
        (lambda: joining.split(A, 2, 1), ShapeError, "no 2 equal parts"),
        (lambda: joining.split(A, 0), ShapeError, "no 0 equal parts"),
        (lambda: joining.split(A, 1.5), ArgumentError, "1.5"),
        (lambda: joining.split(A, 2, 2), AxisError, "axis 2"),
        (
            lambda: stage(lambda x: [joining.concatenate([x, np.ones((2, 2))])], A),
            ShapeError,
            r"float64\[2,3\].*differ",
        ),
        (lambda: stage(lambda x: [joining.stack([x, np.ones(3)])], A), ShapeError, "one shape"),
    ],
)
def test_errors_say_what_is_wrong(wrong, error, words):
    with pytest.raises(error, match=words):
        wrong()
