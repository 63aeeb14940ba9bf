import numpy as np
import pytest
import scipy.linalg

import tenrso_ad as ta
from tenrso_ad.engine.errors import ArgumentError, LinAlgError, ShapeError
from tenrso_ad.ops.linalg.banded import solve_banded, solveh_banded
from tenrso_ad.ops.reductions.sums import sum as total
from tests.ops.table import Case, each, normal


def dominant(shape, main):
    """Diagonals of which the main one is large."""

    def draw(rng):
        ab = rng.normal(size=shape)
        ab[..., main, :] += 5
        return ab

    return draw


def banded(below, above):
    return (
        lambda ab, b: solve_banded((below, above), ab, b),
        {"reference": lambda ab, b: scipy.linalg.solve_banded((below, above), ab, b)},
    )


def hermitian(lower):
    return (
        lambda ab, b: solveh_banded(ab, b, lower=lower),
        {"reference": lambda ab, b: scipy.linalg.solveh_banded(ab, b, lower=lower)},
    )


CASES = [
    *[
        Case(f"solve_banded {bands}", function, dominant((sum(bands) + 1, 4), bands[1]),
             normal(4, 2), complex=True, **reference)
        for bands in [(1, 1), (2, 0), (1, 2)]
        for function, reference in [banded(*bands)]
    ],
    Case("solve_banded vector", banded(0, 0)[0], dominant((1, 3), 0), normal(3), order=1,
         **banded(0, 0)[1]),
    Case("solve_banded broadcast", banded(1, 0)[0], dominant((2, 1, 2, 3), 0), normal(2, 3, 1),
         order=1),
    *[
        Case(f"solveh_banded {count} lower={lower}", hermitian(lower)[0],
             dominant((count, 4), 0 if lower else count - 1), normal(4, 2), complex=True,
             **hermitian(lower)[1])
        for count, lower in [(2, False), (3, True), (3, False)]
    ],
    Case("solveh_banded vector", hermitian(False)[0], dominant((2, 2, 3), 1), normal(3), order=1),
]  # fmt: skip


@each(CASES)
def test_operations(check):
    check()


def test_elements_beyond_the_ends_are_not_read():
    ab = np.array([[np.nan, 1.0, 1.0], [4.0, 4.0, 4.0], [1.0, 1.0, np.nan]])
    b = np.ones(3)
    for f in (
        lambda ab: solve_banded((1, 1), ab, b, check_finite=False),
        lambda ab: solveh_banded(ab[:2], b, check_finite=False),
    ):
        gradient = ta.grad(lambda ab, f=f: total(f(ab)))(ab)
        assert np.isfinite(gradient).all()
        assert gradient[0, 0] == gradient[2, 2] == 0


def test_gradient_is_that_of_the_whole_matrix(rng):
    ab, b = dominant((3, 5), 1)(rng), rng.normal(size=5)

    def loss(solve, *operands):
        return total(solve(*operands) ** 2)

    def dense(ab, b):
        a = ta.numpy.diag(ab[1]) + ta.numpy.diag(ab[0, 1:], 1) + ta.numpy.diag(ab[2, :-1], -1)
        return ta.numpy.linalg.solve(a, b)

    for argnum in (0, 1):
        ours = ta.grad(lambda *x: loss(banded(1, 1)[0], *x), argnums=argnum)(ab, b)
        expected = ta.grad(lambda *x: loss(dense, *x), argnums=argnum)(ab, b)
        np.testing.assert_allclose(ours, expected, rtol=1e-10, atol=1e-14)


def test_errors():
    with pytest.raises(ShapeError, match=r"solve_banded\(\(1, 1\), float64\[2,3\]\): wants ab"):
        solve_banded((1, 1), np.ones((2, 3)), np.ones(3))
    with pytest.raises(ArgumentError, match="solve_banded: l_and_u holds two numbers"):
        solve_banded(1, np.ones((2, 3)), np.ones(3))
    with pytest.raises(LinAlgError, match=r"solve_banded\(.*singular"):
        solve_banded((0, 0), np.zeros((1, 3)), np.ones(3))
    with pytest.raises(LinAlgError, match=r"solveh_banded\(.*not positive definite"):
        solveh_banded(-np.ones((1, 3)), np.ones(3))
    for solve in (lambda ab, b: solve_banded((0, 0), ab, b), solveh_banded):
        with pytest.raises(ShapeError, match=r"wants b of shape.* n = 3"):
            solve(np.ones((1, 3)), np.ones(2))
        with pytest.raises(ArgumentError, match="holds NaN"):
            solve(np.ones((1, 3)), np.full(3, np.nan))
