import numpy as np
import pytest
import scipy.linalg

import tenrso_ad as ta
from tenrso_ad.engine.errors import ArgumentError, DTypeError, LinAlgError, ShapeError
from tenrso_ad.ops.linalg.matrices import adjoint
from tenrso_ad.ops.linalg.triangular import cho_factor, cho_solve, solve_triangular
from tenrso_ad.ops.reductions.sums import sum as total
from tests.ops.table import Case, each, normal


def regular(*shape):
    """Matrices far from singular ones."""
    return lambda rng: rng.normal(size=shape) + 2 * np.eye(shape[-1])


def of_kind(**options):
    """A function and its reference, with the same arguments."""
    return (
        lambda a, b: solve_triangular(a, b, **options),
        {"reference": lambda a, b: scipy.linalg.solve_triangular(a, b, **options)},
    )


def whole(a, transpose):
    return a @ transpose(a) + np.eye(a.shape[-1], dtype=a.dtype)


def solved(lower):
    return lambda a, b: cho_solve(cho_factor(whole(a, adjoint), lower), b)


def numpys(a, b):
    return np.linalg.solve(whole(a, lambda a: np.conj(a.mT)), b)


CASES = [
    *[
        Case(f"solve_triangular {options}", function, regular(3, 3), normal(3, 2), complex=True,
             **reference)
        for options in [
            {},
            {"lower": True},
            {"trans": 1},
            {"trans": "C", "lower": True},
            {"unit_diagonal": True, "trans": "T"},
            {"unit_diagonal": True, "lower": True},
        ]
        for function, reference in [of_kind(**options)]
    ],
    Case("solve_triangular vector", of_kind()[0], regular(3, 3), normal(3), **of_kind()[1]),
    Case("solve_triangular broadcast", of_kind()[0], regular(2, 1, 2, 2), normal(3, 2, 1), order=1,
         reference=lambda a, b: np.linalg.solve(np.triu(a), b)),
    Case("solve_triangular of nothing", of_kind()[0], np.zeros((0, 0)), np.zeros((0, 2)), order=1),
    *[
        Case(f"cho_solve lower={lower}", solved(lower), regular(3, 3), normal(3, 2), complex=True,
             reference=numpys)
        for lower in (True, False)
    ],
    Case("cho_factor", lambda a: cho_factor(whole(a, adjoint), True)[0], regular(2, 2),
         reference=lambda a: np.linalg.cholesky(whole(a, lambda a: a.mT)), order=1),
    Case("cho_solve vector", solved(True), regular(2, 3, 3), normal(3), order=1, reference=numpys),
]  # fmt: skip


@each(CASES)
def test_operations(check):
    check()


def test_cho_factor_is_scipys_in_its_triangle(rng):
    a = rng.normal(size=(3, 3))
    a = a @ a.T + np.eye(3)
    for lower in (False, True):
        (ours, kind), (theirs, _) = cho_factor(a, lower), scipy.linalg.cho_factor(a, lower)
        assert kind is lower
        np.testing.assert_allclose(ours, (np.tril if lower else np.triu)(theirs))


def test_only_one_triangle_is_read_and_gets_a_gradient(rng):
    a, b = regular(3, 3)(rng), rng.normal(size=3)
    a[np.triu_indices(3, 1)] = np.nan
    gradient = ta.grad(lambda a: total(solve_triangular(a, b, lower=True, check_finite=False)))(a)
    assert np.isfinite(gradient).all() and (np.triu(gradient, 1) == 0).all()


def test_integers_count_as_float64():
    x = solve_triangular([[2, 1], [0, 4]], [4, 4])
    np.testing.assert_array_equal(x, [1.5, 1.0])


@pytest.mark.parametrize("of", [lambda f: f, ta.grad])
def test_errors(of):
    def call(a, b, **options):
        return of(lambda a: total(solve_triangular(a, b, **options)))(a)

    singular = np.array([[1.0, 2.0], [0.0, 0.0]])
    with pytest.raises(LinAlgError, match=r"solve_triangular\(float64\[2,2\].*singular"):
        call(singular, np.ones(2))
    with pytest.raises(ShapeError, match=r"solve_triangular\(float64\[2,3\]\): wants square"):
        call(np.zeros((2, 3)), np.ones(2))
    with pytest.raises(ShapeError, match=r"solve_triangular\(.*\): wants b of shape.* n = 2"):
        call(np.eye(2), np.ones(3))
    with pytest.raises(ArgumentError, match=r"solve_triangular: trans is 0, 1, 2, .* got 3"):
        call(np.eye(2), np.ones(2), trans=3)
    with pytest.raises(ArgumentError, match=r"solve_triangular: .* holds NaN .*check_finite=False"):
        call(np.full((2, 2), np.nan), np.ones(2))


def test_errors_of_the_cholesky_factor():
    with pytest.raises(LinAlgError, match="not positive definite"):
        cho_factor(-np.eye(2))
    with pytest.raises(ArgumentError, match=r"cho_solve: .* holds NaN"):
        cho_solve((np.eye(2), True), [np.nan, 1.0])
    with pytest.raises(DTypeError, match=r"float16\[2,2\].*LAPACK has no such type"):
        cho_solve((np.eye(2, dtype=np.float16), True), np.ones(2, np.float16))
