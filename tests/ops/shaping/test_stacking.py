"""vstack, hstack, dstack, column_stack, row_stack, block."""

import numpy as np
import pytest

import tenrso_ad as ta
from tenrso_ad.engine.errors import ArgumentError, DTypeError, ShapeError
from tenrso_ad.ops.shaping import stacking
from tests.ops.table import Case, each, normal


def join(name, *shapes, **kwargs):
    """A case for a function of a list of arrays that NumPy has under the same name."""
    ours, theirs = getattr(stacking, name), getattr(np, name)
    return Case(
        f"{name} {shapes} {kwargs}",
        lambda *xs: ours(xs, **kwargs),
        *[normal(*s) for s in shapes],
        reference=lambda *xs: theirs(xs, **kwargs),
        complex=True,
    )


def blocks(label, layout, *shapes):
    """A case of block; `layout` puts the operands into nested lists."""
    return Case(
        f"block {label}",
        lambda *xs: stacking.block(layout(*xs)),
        *[normal(*s) for s in shapes],
        reference=lambda *xs: np.block(layout(*xs)),
        complex=len(shapes) == 3,
    )


CASES = [
    join("vstack", (3,), (2, 3)),
    join("vstack", (), ()),
    join("hstack", (3,), (2,)),
    join("hstack", (2, 3), (2, 1)),
    join("hstack", (), (2,)),
    join("dstack", (3,), (3,)),
    join("dstack", (2, 3), (2, 3, 4)),
    join("dstack", (), ()),
    join("column_stack", (3,), (3, 2)),
    join("column_stack", (), ()),
    join("column_stack", (2, 1, 3), (2, 2, 3)),
    blocks("of a matrix", lambda a, b, c: [[a, b], [c, c[:, :1]]], (2, 2), (2, 1), (1, 2)),
    blocks("of a row", lambda a, b: [a, b[0], b], (2,), (3,)),
    blocks("of more axes than the lists are deep", lambda a, b: [a, b], (2, 3, 1), (2, 3, 2)),
    blocks("of three levels", lambda a, b: [[[a, b]], [[b, a]]], (2,), (1,)),
    blocks("alone", lambda a: a, (2, 3)),
    blocks("alone in lists", lambda a: [[a]], (2,)),
]


@each(CASES)
def test_stacking(check):
    check()


def test_row_stack_is_vstack():
    assert stacking.row_stack is stacking.vstack


@pytest.mark.parametrize("function", ["vstack", "hstack"])
def test_dtype_and_casting(function):
    arrays = [np.ones(2, np.float32), np.ones(2, np.float64)]
    ours, theirs = getattr(stacking, function), getattr(np, function)
    got = ours(arrays, dtype=np.float32, casting="same_kind")
    expected = theirs(arrays, dtype=np.float32, casting="same_kind")
    assert got.dtype == expected.dtype
    np.testing.assert_array_equal(got, expected)
    with pytest.raises(DTypeError, match=f"{function}.*casting='safe'"):
        ours(arrays, dtype=np.float32, casting="safe")


def test_a_block_is_a_copy():
    a = np.ones(2)
    assert not np.shares_memory(stacking.block(a), a)
    assert not np.shares_memory(stacking.block([a]), a)


def test_numpys_block_takes_tensors_in_nested_lists():
    gradient = ta.grad(lambda x: np.block([[x, 1.0], [2.0, x * x]])[1, 1])(3.0)
    assert gradient == 6.0


A = np.ones((2, 3))


@pytest.mark.parametrize(
    ("wrong", "error", "words"),
    [
        (lambda: stacking.vstack([]), ArgumentError, "vstack: wants at least one"),
        (lambda: stacking.column_stack([A, np.ones(3)]), ShapeError, r"2,3.*3,1"),
        (lambda: stacking.dstack([A, np.ones(2)]), ShapeError, "2,3,1.*1,2,1"),
        (lambda: stacking.block([[A], A]), ArgumentError, r"block: .*depths \[0, 1\]"),
        (lambda: stacking.block([[A], []]), ArgumentError, "empty list"),
        (lambda: stacking.block((A, A)), ArgumentError, "tuple"),
        (lambda: stacking.block([[A, np.ones((3, 3))]]), ShapeError, r"2,3.*3,3"),
    ],
)
def test_errors_say_what_is_wrong(wrong, error, words):
    with pytest.raises(error, match=words):
        wrong()
