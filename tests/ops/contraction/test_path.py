"""Paths of contraction. What is refused is tested with einsum itself."""

import numpy as np
import pytest

import tenrso_ad as ta
from tenrso_ad.engine.errors import ArgumentError, EinsumError
from tenrso_ad.ops.contraction.einsum import einsum
from tenrso_ad.ops.contraction.path import candidates, einsum_path, pairs
from tests.ops.table import Case, each, normal


def chain(count):
    """Terms, output and lengths of a product of matrices."""
    letters = "abcdefghijklmnop"[: count + 1]
    terms = [letters[i : i + 2] for i in range(count)]
    return ",".join(terms), terms, letters[0] + letters[-1], dict.fromkeys(letters, 3)


@pytest.mark.parametrize(("count", "paths"), [(2, 1), (3, 3), (4, 18)])
def test_a_few_operands_have_every_path_compared(count, paths):
    found = candidates(*chain(count), True)
    assert len(found) == paths
    for path in found:
        assert len(pairs(path, count)) == count - 1


@pytest.mark.parametrize("optimize", [True, "greedy", "optimal", "auto", ("greedy", 1000)])
def test_opt_einsum_finds_the_others(optimize):
    (path,) = candidates(*chain(8), optimize)
    assert len(pairs(path, 8)) == 7


def test_false_goes_from_the_left():
    (path,) = candidates(*chain(4), False)
    assert pairs(path, 4) == [(0, 1), (4, 2), (5, 3)]


@pytest.mark.parametrize("path", [[(0, 1), (0, 1)], ["einsum_path", (0, 1), (0, 1)]])
def test_a_path_of_the_user_is_followed(path):
    (taken,) = candidates(*chain(3), path)
    assert pairs(taken, 3) == [(0, 1), (2, 3)]


def test_a_path_may_name_one_operand():
    assert pairs([(0,), (0, 1)], 2) == [(1, 0)]


@each(
    [
        Case(
            "einsum_path",
            lambda *xs: np.array(einsum_path("ij,jk,kl", *xs)[0][1:]),
            normal(2, 3),
            normal(3, 4),
            normal(4, 2),
            reference=lambda *xs: np.array(np.einsum_path("ij,jk,kl", *xs)[0][1:]),
            differentiable=False,
        )
    ]
)
def test_the_path_of_three_matrices(check):
    check()


@pytest.mark.parametrize("optimize", ["greedy", "optimal", True, False, ("greedy", 10)])
def test_the_path_is_numpys(optimize):
    text, operands = "ij,jk,kl,lm->im", [np.ones((2 + i, 3 + i)) for i in range(4)]
    assert einsum_path(text, *operands, optimize=optimize) == np.einsum_path(
        text, *operands, optimize=optimize
    )
    path, _ = einsum_path(text, *map(ta.tensor, operands), optimize=optimize)
    np.testing.assert_allclose(
        einsum(text, *operands, optimize=path), np.einsum(text, *operands, optimize=path)
    )


def test_operands_and_lists_of_labels_may_alternate():
    x = np.ones((2, 2))
    assert np.einsum_path(ta.tensor(x), [0, 1], x, [1, 2]) == np.einsum_path(x, [0, 1], x, [1, 2])


@pytest.mark.parametrize(
    ("arguments", "optimize", "error", "message"),
    [
        (("ij,jk", np.ones((2, 3)), np.ones((2, 3))), True, EinsumError, r"'ij,jk'\): Size of"),
        (("ij", np.ones(3)), True, EinsumError, "names 2 axes"),
        (("i,i,i", *[np.ones(3)] * 3), "best", ArgumentError, "optimize='best' is no optimiser"),
        (("i,i,i", *[np.ones(3)] * 3), ["einsum_path", (0, 1)], ArgumentError, "no path that fits"),
    ],
)
def test_what_einsum_path_refuses(arguments, optimize, error, message):
    with pytest.raises(error, match=message):
        einsum_path(*arguments, optimize=optimize)
