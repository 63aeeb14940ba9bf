import numpy as np
import pytest
import scipy.linalg

from tenrso_ad.engine.errors import LinAlgError, ShapeError
from tenrso_ad.ops.linalg.sylvester import solve_sylvester
from tests.ops.table import Case, each, normal


def shifted(*shape):
    """Matrices whose eigenvalues have positive real parts."""
    return lambda rng: rng.normal(size=shape) + 4 * np.eye(shape[-1])


CASES = [
    Case("solve_sylvester", solve_sylvester, shifted(3, 3), shifted(2, 2), normal(3, 2),
         complex=True, reference=scipy.linalg.solve_sylvester),
    Case("solve_sylvester broadcast", solve_sylvester, shifted(2, 1, 2, 2), shifted(2, 2),
         normal(3, 2, 2), order=1),
    Case("solve_sylvester of nothing", solve_sylvester, np.zeros((0, 0)), shifted(2, 2),
         np.zeros((0, 2)), order=1),
]  # fmt: skip


@each(CASES)
def test_operations(check):
    check()


def test_it_solves_the_equation(rng):
    a, b, q = (rng.normal(size=(2, 3, 3)) for _ in range(3))
    x = solve_sylvester(a, 1j * b, q)
    np.testing.assert_allclose(a @ x + x @ (1j * b), q, atol=1e-12)


def test_errors():
    with pytest.raises(LinAlgError, match="a and -b have an eigenvalue in common"):
        solve_sylvester(np.eye(2), -np.eye(2), np.zeros((2, 2)))
    with pytest.raises(ShapeError, match=r"wants shapes \(m, m\), \(n, n\) and \(m, n\)"):
        solve_sylvester(np.eye(2), np.eye(3), np.zeros((3, 2)))
    with pytest.raises(ShapeError, match="wants square matrices"):
        solve_sylvester(np.zeros((2, 3)), np.eye(3), np.zeros((3, 2)))
