"""nonzero and its kin, where of one argument, unravel_index, ravel_multi_index, meshgrid, ix_."""

import numpy as np
import pytest

import tenrso_ad as ta
from tenrso_ad.engine.errors import (
    ArgumentError,
    ConcretizationError,
    DTypeError,
    ShapeError,
)
from tenrso_ad.engine.staging import stage
from tenrso_ad.ops.indexing import positions
from tests.ops.table import Case, each, normal

A = np.array([[0.0, 2.0, np.nan], [-0.0, 0.0, 3.0]])
INDICES = (np.array([[0], [1]]), np.array([2, 1, 0]))

CASES = [
    *[
        Case(
            f"{name} {label}",
            getattr(positions, name),
            a,
            reference=getattr(np, name),
            differentiable=False,
            float32=False,
            vmap=False,  # refused, see below
            stage=False,
        )
        for name in ("nonzero", "flatnonzero", "argwhere", "where")
        for label, a in {
            "of a matrix": A,
            "of booleans": A > 0,
            "of nothing": A[:0],
            "of integers": np.arange(3),
            "of complex numbers": np.array([1j, 0]),
        }.items()
    ],
    *[
        Case(
            f"{name} of a number",
            getattr(positions, name),
            np.array(3.0),
            reference=getattr(np, name),
            differentiable=False,
            float32=False,
            vmap=False,
            stage=False,
        )
        for name in ("flatnonzero", "argwhere")
    ],
    *[
        Case(
            f"unravel_index {order}",
            lambda i, order=order: positions.unravel_index(i, (2, 3, 4), order),
            lambda rng: rng.integers(24, size=(2, 3)),
            reference=lambda i, order=order: np.unravel_index(i, (2, 3, 4), order),
            differentiable=False,
            float32=False,
        )
        for order in "CF"
    ],
    *[
        Case(
            f"ravel_multi_index {options}",
            lambda i, j, options=options: positions.ravel_multi_index((i, j), (2, 3), **options),
            *INDICES,
            reference=lambda i, j, options=options: np.ravel_multi_index((i, j), (2, 3), **options),
            differentiable=False,
            float32=False,
        )
        for options in ({}, {"order": "F"}, {"mode": "clip"}, {"mode": ("wrap", "raise")})
    ],
    Case(
        "where of three arguments",
        lambda c, x, y: positions.where(c, x, y),
        np.array([True, False]),
        normal(2),
        normal(),
        reference=np.where,
        complex=True,
    ),
    *[
        Case(
            f"meshgrid {options}",
            lambda x, y, z, options=options: positions.meshgrid(x, y, z, **options),
            normal(2),
            normal(1, 3),
            normal(),
            reference=lambda x, y, z, options=options: np.meshgrid(x, y, z, **options),
            complex="indexing" in options,
        )
        for options in ({}, {"indexing": "ij"}, {"sparse": True, "copy": False})
    ],
    Case("meshgrid of one", positions.meshgrid, normal(2), reference=np.meshgrid),
    Case(
        "ix_",
        lambda x, y: positions.ix_(x, y),
        normal(2),
        normal(3),
        reference=np.ix_,
        complex=True,
    ),
]


@each(CASES)
def test_positions(check):
    check()


def test_tensors_give_tensors_that_are_indices():
    x = ta.tensor(A)
    found = np.nonzero(x > 0)
    assert all(isinstance(i, ta.Tensor) and not i.requires_grad for i in found)
    np.sum(x[found] ** 2).backward()
    np.testing.assert_array_equal(x.grad, np.where(A > 0, 2 * A, 0))
    assert np.unravel_index(np.argmax(np.nan_to_num(A)), A.shape) == (1, 2)
    place = np.unravel_index(np.argmax(x[:, 1]), A.shape)
    assert all(isinstance(i, ta.Tensor) for i in place)
    assert tuple(int(i) for i in place) == (0, 0)


@pytest.mark.parametrize("trace", [ta.vmap, lambda f: lambda x: stage(f, x)])
@pytest.mark.parametrize("function", [positions.nonzero, positions.where, np.flatnonzero])
def test_results_of_unknown_length_are_refused(trace, function):
    with pytest.raises(ConcretizationError, match=r"nonzero gives.*three arguments"):
        trace(function)(np.ones((2, 2)))


def test_a_grid_is_a_copy_unless_it_is_asked_not_to_be():
    x = np.arange(3.0)
    for copy in (True, False):
        for sparse in (True, False):
            for grid in positions.meshgrid(x, x, copy=copy, sparse=sparse):
                assert np.shares_memory(grid, x) != copy
                assert grid.flags.writeable or not copy
    assert positions.meshgrid() == ()


def test_ix_of_booleans_and_of_nothing():
    a = np.arange(12).reshape(3, 4)
    for index in (([0, 2], [True, False, False, True]), ([], [1]), (range(2), np.array([3]))):
        np.testing.assert_array_equal(a[positions.ix_(*index)], a[np.ix_(*index)])


@pytest.mark.parametrize(
    ("wrong", "error", "words"),
    [
        (lambda: positions.nonzero(1.0), ShapeError, r"nonzero.*1 axis or more"),
        (lambda: positions.where(A, A), ArgumentError, "both x and y, or neither"),
        (lambda: positions.unravel_index([6], (2, 3)), ShapeError, "unravel_index.*out of bounds"),
        (lambda: positions.unravel_index([0.5], (2, 3)), DTypeError, "unravel_index: indices are"),
        (lambda: positions.unravel_index([0], (2, 3), "K"), ArgumentError, "order is 'C' or 'F'"),
        (lambda: positions.ravel_multi_index(([2], [0]), (2, 3)), ShapeError, "ravel_multi_index"),
        (lambda: positions.ravel_multi_index(([2],), (2, 3)), ShapeError, "1 indices for the 2"),
        (
            lambda: positions.ravel_multi_index(([0], [0]), (2, 3), "up"),
            ArgumentError,
            "2 axes; got 'up'",
        ),
        (lambda: positions.meshgrid(A[0], indexing="yx"), ArgumentError, "meshgrid.*'yx'"),
        (lambda: positions.ix_(A), ShapeError, r"ix_\(float64\[2,3\]\): wants arrays of one"),
    ],
)
def test_errors_say_what_is_wrong(wrong, error, words):
    with pytest.raises(error, match=words):
        wrong()
