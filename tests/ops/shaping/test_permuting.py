"""transpose, permute_dims, matrix_transpose, swapaxes, moveaxis, rollaxis, flip, rot90."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenrso_ad.engine.errors import ArgumentError, AxisError, ShapeError
from tenrso_ad.ops.shaping import permuting
from tests.ops.table import Case, each, normal


def call(name, *args, shape=(2, 3, 4), **kwargs):
    ours, theirs = getattr(permuting, name), getattr(np, name)
    label = ", ".join([*map(repr, args), *[f"{k}={v!r}" for k, v in kwargs.items()]])
    return Case(
        f"{name}({label}) {list(shape)}",
        lambda x: ours(x, *args, **kwargs),
        normal(*shape),
        reference=lambda x: theirs(x, *args, **kwargs),
        complex=True,
    )


CASES = [
    call("transpose"),
    call("transpose", (1, 2, 0)),
    call("transpose", (-1, 0, 1)),
    call("transpose", shape=(3,)),
    call("transpose", shape=()),
    call("transpose", shape=(0, 2)),
    call("permute_dims", (2, 0, 1)),
    call("matrix_transpose"),
    call("matrix_transpose", shape=(2, 3)),
    call("swapaxes", 0, -1),
    call("swapaxes", 1, 1),
    call("moveaxis", 0, -1),
    call("moveaxis", (0, 1), (-1, 0)),
    call("moveaxis", [2, 0], [0, 1]),
    call("flip"),
    call("flip", 1),
    call("flip", (0, -1)),
    call("flip", shape=()),
    call("flip", shape=(0, 2)),
    call("fliplr", shape=(2, 3)),
    call("fliplr"),
    call("flipud", shape=(3,)),
    call("rollaxis", 2),
    call("rollaxis", 0, 3),
    call("rollaxis", -1, start=1),
    call("rollaxis", 0, -1),
    *[call("rot90", k, shape=(2, 3)) for k in (0, 1, 2, -1)],
    call("rot90", 5, (2, 0)),
    call("rot90", k=3, axes=[-1, 1]),
]


@each(CASES)
def test_permuting(check):
    check()


@given(st.permutations(range(4)), st.permutations(range(4)), st.integers(0, 4))
def test_moveaxis_is_numpys_for_any_number_of_axes(sources, targets, count):
    a = np.empty((2, 3, 4, 5))
    source, target = sources[:count], targets[:count]
    assert permuting.moveaxis(a, source, target).shape == np.moveaxis(a, source, target).shape


def test_results_are_views():
    a = np.arange(6.0).reshape(2, 3)
    for out in (
        permuting.transpose(a),
        permuting.flip(a),
        permuting.swapaxes(a, 0, 1),
        permuting.rot90(a, 0),
    ):
        assert np.shares_memory(out, a)


A = np.ones((2, 3))


@pytest.mark.parametrize(
    ("wrong", "error", "words"),
    [
        (lambda: permuting.transpose(A, (0,)), ArgumentError, "names 1 of 2"),
        (lambda: permuting.transpose(A, (0, 0)), ArgumentError, "twice"),
        (lambda: permuting.transpose(A, (0, 2)), AxisError, r"transpose\(float64\[2,3\]\): axis 2"),
        (lambda: permuting.matrix_transpose(np.ones(3)), ShapeError, "2 axes"),
        (lambda: permuting.swapaxes(A, 0, 2), AxisError, "axis 2"),
        (lambda: permuting.moveaxis(A, (0, 1), 0), ArgumentError, "2 axes cannot go to 1"),
        (lambda: permuting.flip(A, -3), AxisError, "axis -3"),
        (lambda: permuting.flip(A, 0.5), ArgumentError, "0.5"),
        (lambda: permuting.fliplr(A[0]), ShapeError, r"fliplr\(float64\[3\]\): .* 2 or more"),
        (lambda: permuting.flipud(1.0), ShapeError, "1 or more axes"),
        (lambda: permuting.rollaxis(A, 2), AxisError, "rollaxis.*axis 2"),
        (lambda: permuting.rollaxis(A, 0, 3), AxisError, "rollaxis.*axis 3"),
        (lambda: permuting.rot90(A, 1, (0, 0)), ArgumentError, "twice"),
        (lambda: permuting.rot90(A, 1, (0, 2)), AxisError, "axis 2"),
        (lambda: permuting.rot90(A, 1, (0,)), ArgumentError, "two axes"),
    ],
)
def test_errors_say_what_is_wrong(wrong, error, words):
    with pytest.raises(error, match=words):
        wrong()


@given(st.integers(-3, 3), st.integers(-3, 3), st.integers(-5, 5))
def test_rollaxis_and_rot90_are_numpys(axis, start, k):
    a = np.arange(24).reshape(2, 3, 4)
    if axis < 3:
        theirs = np.rollaxis(a, axis, start)
        np.testing.assert_array_equal(permuting.rollaxis(a, axis, start), theirs)
    np.testing.assert_array_equal(permuting.rot90(a, k, (2, 1)), np.rot90(a, k, (2, 1)))
