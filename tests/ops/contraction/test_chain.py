"""multi_dot."""

import itertools

import numpy as np
import pytest

from tenrso_ad.engine.errors import ArgumentError, ShapeError
from tenrso_ad.ops.contraction.chain import _chain_plan, multi_dot
from tests.ops.table import Case, each, normal


def chain(*shapes):
    return Case(
        f"multi_dot {shapes}",
        lambda *xs: multi_dot(xs),
        *[normal(*s) for s in shapes],
        reference=lambda *xs: np.linalg.multi_dot(xs),
        complex=len(shapes) < 4,
        order=2 if len(shapes) < 4 else 1,
    )


@each(
    [
        chain((2, 3), (3, 2)),
        chain((3,), (3, 2), (2,)),
        chain((2, 2), (2, 3), (3,)),
        chain((2, 1), (1, 3), (3, 2), (2, 2), (2,)),
    ]
)
def test_chains(check):
    check()


@pytest.mark.parametrize("count", [3, 4, 7])
def test_the_order_that_costs_least_is_taken(count, rng):
    """For a chain of matrices dynamic programming knows it (Cormen et al., chapter 15.2)."""
    lengths = [int(n) for n in rng.integers(2, 400, size=count + 1)]
    best = np.zeros((count, count), int)
    for span in range(1, count):
        for i in range(count - span):
            j = i + span
            best[i, j] = min(
                best[i, k] + best[k + 1, j] + lengths[i] * lengths[k + 1] * lengths[j + 1]
                for k in range(i, j)
            )
    plan = _chain_plan(tuple(itertools.pairwise(lengths)))
    sizes = dict(zip("".join(plan.terms), itertools.chain(*plan.shapes), strict=True))
    taken = sum(
        int(np.prod([sizes[c] for c in set(step.text.split("->")[0]) - {","}]))
        for step in plan.steps
        if step.primitive.name == "contract"
    )
    assert taken == best[0, count - 1]


def test_errors():
    square, vector = np.ones((2, 2)), np.ones(2)
    for operands, error, message in (
        ([square], ArgumentError, "at least two arrays, got 1"),
        ([square, vector, square], ShapeError, r"operand 1 is a matrix, got float64\[2\]"),
        ([np.ones((2, 2, 2)), square], ShapeError, "operand 0 is a matrix or a vector"),
        ([square, np.ones((3, 2))], ShapeError, "operand 0 .*and operand 1 .*2 and 3 must agree"),
    ):
        with pytest.raises(error, match=message):
            multi_dot(operands)


def test_the_result_may_be_put_into_an_array():
    out = np.zeros((2, 2))
    assert multi_dot([np.ones((2, 3)), np.ones((3, 2))], out=out) is out
    np.testing.assert_array_equal(out, 3)
