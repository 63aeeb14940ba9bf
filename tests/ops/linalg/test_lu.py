import numpy as np
import pytest
import scipy.linalg

import tenrso_ad as ta
from tenrso_ad.engine.errors import ArgumentError, LinAlgError, ShapeError
from tenrso_ad.ops.linalg.lu import lu, lu_factor, lu_solve
from tenrso_ad.ops.reductions.sums import sum as total
from tests.ops.table import Case, each, normal

CASES = [
    *[
        Case(f"lu {shape}", lu, normal(*shape), complex=True, reference=scipy.linalg.lu)
        for shape in [(3, 3), (4, 2), (2, 4)]
    ],
    Case("lu stack", lambda a: lu(a, p_indices=True), normal(2, 3, 3), order=1,
         reference=lambda a: scipy.linalg.lu(a, p_indices=True)),
    Case("lu permuted", lambda a: lu(a, permute_l=True), normal(2, 3, 2), order=1,
         reference=lambda a: scipy.linalg.lu(a, permute_l=True)),
    Case("lu_factor", lu_factor, normal(3, 4), order=1, reference=scipy.linalg.lu_factor),
    *[
        Case(f"lu_solve {trans}", lambda a, b, t=trans: lu_solve(lu_factor(a), b, t),
             normal(3, 3), normal(3, 2), complex=True, rtol=1e-5,
             reference=lambda a, b, t=trans: np.linalg.solve(a.mT if t == "T" else a, b))
        for trans in (0, "T")
    ],
    Case("lu_solve C", lambda a, b: lu_solve(lu_factor(a), b, 2), normal(2, 3, 3), normal(3),
         complex=True, order=1, reference=lambda a, b: np.linalg.solve(np.conj(a.mT), b)),
    Case("lu_solve broadcast", lambda a, b: lu_solve(lu_factor(a), b), normal(2, 2),
         normal(3, 2, 1), order=1, reference=np.linalg.solve),
]  # fmt: skip


@each(CASES)
def test_operations(check):
    check()


def test_a_singular_matrix_has_factors_but_no_derivative():
    a = np.array([[1.0, 2.0], [2.0, 4.0]])
    p, lower, upper = lu(a)
    np.testing.assert_allclose(p @ lower @ upper, a)
    with pytest.raises(LinAlgError, match="derivative of lu_factor wants a leading block"):
        ta.grad(lambda a: total(lu(a)[2]))(a)
    with pytest.raises(LinAlgError, match="singular"):
        lu_solve(lu_factor(a), np.ones(2))


def test_errors():
    factors = lu_factor(np.eye(2))
    with pytest.raises(ShapeError, match=r"lu_solve\(.*\): wants b of shape.* n = 2"):
        lu_solve(factors, np.ones(3))
    with pytest.raises(ShapeError, match=r"lu_solve\(.*\): wants a pivot for each row"):
        lu_solve((np.eye(2), np.arange(3)), np.ones(2))
    with pytest.raises(ArgumentError, match="lu_solve: trans is"):
        lu_solve(factors, np.ones(2), "X")
    with pytest.raises(ArgumentError, match=r"lu_factor: .* holds NaN"):
        lu_factor([[np.nan, 1.0], [1.0, 1.0]])
    with pytest.raises(ShapeError, match=r"lu\(float64\[3\]\): wants matrices"):
        lu(np.zeros(3))
