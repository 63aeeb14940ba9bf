import numpy as np
import pytest
import scipy.linalg

from tenrso_ad.ops.linalg.structured import block_diag, circulant, hankel, toeplitz
from tests.ops.table import Case, each, normal

CASES = [
    Case("toeplitz", toeplitz, normal(3), normal(4), reference=scipy.linalg.toeplitz),
    Case("toeplitz of one", toeplitz, normal(3), reference=scipy.linalg.toeplitz, complex=True),
    Case("toeplitz stack", toeplitz, normal(2, 3), normal(2), order=1,
         reference=lambda c, r: np.stack([scipy.linalg.toeplitz(x, r) for x in c])),
    Case("hankel", hankel, normal(3), normal(4), reference=scipy.linalg.hankel, order=1),
    Case("hankel of one", hankel, normal(2, 3), order=1,
         reference=lambda c: np.stack([scipy.linalg.hankel(x) for x in c])),
    Case("circulant", circulant, normal(3), reference=scipy.linalg.circulant, order=1),
    Case("block_diag", block_diag, normal(2, 3), normal(2), normal(),
         reference=scipy.linalg.block_diag, complex=True),
    Case("block_diag stack", block_diag, normal(2, 1, 2), normal(2, 2), order=1,
         reference=lambda a, b: np.stack([scipy.linalg.block_diag(x, b) for x in a])),
]  # fmt: skip


@each(CASES)
def test_operations(check):
    check()


@pytest.mark.parametrize("function", [toeplitz, hankel, circulant, block_diag])
def test_integers_and_numbers(function):
    theirs = getattr(scipy.linalg, function.__name__)
    for operands in [([1, 2],), (3,)]:
        ours, expected = function(*operands), theirs(np.atleast_1d(*operands))
        np.testing.assert_array_equal(ours, expected)
        assert ours.dtype == expected.dtype


def test_blocks_of_nothing():
    for blocks in [(), ([], 2.0), (np.zeros((0, 2)), np.ones((2, 1)))]:
        np.testing.assert_array_equal(block_diag(*blocks), scipy.linalg.block_diag(*blocks))
