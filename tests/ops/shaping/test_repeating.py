"""repeat, tile and resize."""

import numpy as np
import pytest

import tenrso_ad as ta
from tenrso_ad.engine.errors import (
    ArgumentError,
    AxisError,
    ConcretizationError,
    DTypeError,
    ShapeError,
)
from tenrso_ad.ops.shaping import repeating
from tests.ops.table import Case, each, normal


def call(name, *args, shape=(2, 3)):
    ours, theirs = getattr(repeating, name), getattr(np, name)
    return Case(
        f"{name}{args} {list(shape)}",
        lambda x: ours(x, *args),
        normal(*shape),
        reference=lambda x: theirs(x, *args),
        complex=True,
    )


CASES = [
    call("repeat", 2),
    call("repeat", 3, 1),
    call("repeat", 1, 0),
    call("repeat", 0, 0),
    call("repeat", [2], 1),
    call("repeat", [1, 0, 2], 1),
    call("repeat", [2, 1], -2),
    call("repeat", [0, 0, 0], 1),
    call("repeat", [1, 2, 0, 1, 1, 3]),
    call("repeat", 2, shape=()),
    call("repeat", 2, 0, shape=()),
    call("repeat", [], shape=(0,)),
    call("tile", 2),
    call("tile", (2, 1)),
    call("tile", (2, 1, 3)),
    call("tile", 1),
    call("tile", ()),
    call("tile", 0),
    call("tile", (2, 2), shape=()),
    call("tile", 3, shape=(0,)),
    call("repeat", np.array([2, 0, 1]), 1),
    call("resize", (3, 3)),
    call("resize", 2),
    call("resize", (3, 2)),
    call("resize", (2, 0)),
    call("resize", (2, 2), shape=(0,)),
    call("resize", (), shape=(2,)),
]


@each(CASES)
def test_repeating(check):
    check()


def test_results_are_copies_even_where_nothing_is_repeated():
    a = np.arange(3.0)
    assert not np.shares_memory(repeating.tile(a, 1), a)
    assert not np.shares_memory(repeating.repeat(a, 1), a)
    assert repeating.tile(a, 2).flags.writeable
    assert not np.shares_memory(repeating.resize(a, 3), a)


def test_repeats_may_be_a_tensor():
    counts = ta.tensor(np.array([1, 2]), requires_grad=False)
    gradient = ta.grad(lambda x: np.sum(np.repeat(x, counts) ** 2))(np.array([1.0, 3.0]))
    np.testing.assert_array_equal(gradient, [2, 12])


A = np.ones((2, 3))


@pytest.mark.parametrize(
    ("wrong", "error", "words"),
    [
        (lambda: repeating.repeat(A, -1), ArgumentError, "negative"),
        (lambda: repeating.repeat(A, [1, 2], 1), ShapeError, "2 repeats for the 3 slices"),
        (lambda: repeating.repeat(A, 2, 2), AxisError, "axis 2"),
        (lambda: repeating.repeat(A, 1.5), DTypeError, "repeat: repeats are integers, got float64"),
        (lambda: repeating.repeat(A, [[1, 1]], 0), ShapeError, "2 repeats for the 2 slices"),
        (lambda: repeating.tile(A, (1, -1)), ArgumentError, "negative"),
        (lambda: repeating.resize(A, (1, -1)), ArgumentError, "resize.*negative"),
        (
            lambda: ta.vmap(lambda n: repeating.repeat(A, n))(np.array([1, 2])),
            ConcretizationError,
            "repeat, whose result",
        ),
    ],
)
def test_errors_say_what_is_wrong(wrong, error, words):
    with pytest.raises(error, match=words):
        wrong()
