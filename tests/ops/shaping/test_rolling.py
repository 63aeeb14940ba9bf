"""roll."""

import numpy as np
import pytest

from tenrso_ad.engine.errors import ArgumentError, AxisError
from tenrso_ad.ops.shaping.rolling import roll
from tests.ops.table import Case, each, normal


def call(*args, shape=(2, 3, 4), **kwargs):
    return Case(
        f"roll {args} {kwargs} {list(shape)}",
        lambda x: roll(x, *args, **kwargs),
        normal(*shape),
        reference=lambda x: np.roll(x, *args, **kwargs),
        complex=len(shape) < 3,
    )


CASES = [
    call(2),
    call(-1, axis=1),
    call((1, -5), axis=(0, 2)),
    call((1, 2), axis=(-1, -1), shape=(2, 3)),
    call(3, axis=(0, 1), shape=(2, 3)),
    call(1, shape=(0,)),
]


@each(CASES)
def test_roll(check):
    check()


def test_lists_are_arrays():
    np.testing.assert_array_equal(roll([1, 2, 3], 1), [3, 1, 2])


A = np.ones((2, 3))


@pytest.mark.parametrize(
    ("wrong", "error", "words"),
    [
        (lambda: roll(A, (1, 2), (0, 1, 1)), ArgumentError, "2 shifts for 3 axes"),
        (lambda: roll(A, 1, 2), AxisError, "axis 2"),
        (lambda: roll(A, 1.5, 0), ArgumentError, "1.5"),
    ],
)
def test_errors_say_what_is_wrong(wrong, error, words):
    with pytest.raises(error, match=words):
        wrong()
