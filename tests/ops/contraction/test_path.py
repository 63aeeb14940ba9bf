"""Paths of contraction. What is refused is tested with einsum itself."""

import pytest

from tenrso_ad.ops.contraction.path import candidates, pairs


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
