"""concatenate, concat, stack, append."""

import numpy as np
import pytest

import tenrso_ad as ta
from tenrso_ad.engine.errors import (
    ArgumentError,
    AxisError,
    DTypeError,
    ShapeError,
    UnsupportedError,
)
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
    *[
        Case(
            f"append along {axis}",
            lambda x, y, axis=axis: joining.append(x, y, axis),
            normal(2, 3),
            normal(2, 1),
            reference=lambda x, y, axis=axis: np.append(x, y, axis),
            complex=True,
        )
        for axis in (None, 1)
    ],
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
]


@each(CASES)
def test_joining(check):
    check()


# --- dtypes --------------------------------------------------------------------------------------


@pytest.mark.parametrize("function", ["concatenate", "stack"])
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


# --- out= ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("function", [joining.concatenate, joining.stack])
def test_results_are_written_to_out(function):
    a, b = np.arange(2.0), np.arange(2)
    out = np.empty(function([a, b]).shape, np.float32)
    assert function([a, b], 0, out) is out
    np.testing.assert_array_equal(out, function([a, b]))
    with pytest.raises(ShapeError, match=r"out=float64\[3\] cannot hold"):
        function([a, b], out=np.empty(3))
    with pytest.raises(DTypeError, match="does not convert to out=int64"):
        function([a, b], out=np.empty(out.shape, int))
    with pytest.raises(UnsupportedError, match="out= takes a plain NumPy array"):
        ta.grad(lambda x: function([x, b], out=out))(a)


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
        (lambda: joining.append(A, A[0], axis=0), ShapeError, r"2,3.*\[3\]"),
        (lambda: joining.append(A, A, axis=2), AxisError, "append.*axis 2"),
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
