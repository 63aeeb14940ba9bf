import numpy as np
import pytest

from tenrso_ad.engine.errors import ArgumentError, DTypeError, LinAlgError, ShapeError
from tenrso_ad.ops.contraction.einsum import matmul
from tenrso_ad.ops.linalg.determinants import det, slogdet
from tenrso_ad.ops.linalg.matrices import adjoint
from tenrso_ad.ops.linalg.solving import cholesky, inv, matrix_power, solve
from tenrso_ad.ops.reductions.sums import sum as total
from tenrso_ad.ops.shaping.diagonals import tril, triu
from tenrso_ad.transforms import grad, vmap
from tests.ops.table import Case, each, normal


def regular(*shape):
    """Matrices far from singular ones."""
    return lambda rng: rng.normal(size=shape) + 2 * shape[-1] * np.eye(shape[-1])


def hermitian(a):
    """Hermitian and positive definite; also a tensor's."""
    return matmul(a, adjoint(a))


def numpy_hermitian(a):
    return a @ np.conj(np.swapaxes(a, -1, -2))


CASES = [
    Case("inv", inv, regular(3, 3), reference=np.linalg.inv, complex=True),
    Case("inv stack", inv, regular(2, 1, 3, 3), reference=np.linalg.inv),
    Case("inv of nothing", inv, np.zeros((2, 0, 0)), reference=np.linalg.inv, order=1),
    *[
        Case(f"matrix_power {n}", lambda a, n=n: matrix_power(a, n), regular(2, 2),
             reference=lambda a, n=n: np.linalg.matrix_power(a, n), complex=True)
        for n in (1, 2, 5, -1, -3)
    ],
    Case("matrix_power stack", lambda a: matrix_power(a, 3), normal(2, 2, 2), order=1,
         reference=lambda a: np.linalg.matrix_power(a, 3)),
    Case("matrix_power 0", lambda a: matrix_power(a, 0), normal(2, 3, 3), differentiable=False,
         reference=lambda a: np.linalg.matrix_power(a, 0)),
    Case("solve", solve, regular(3, 3), normal(3, 2), reference=np.linalg.solve, complex=True),
    Case("solve vector", solve, regular(3, 3), normal(3), reference=np.linalg.solve, complex=True),
    Case("solve stack", solve, regular(2, 3, 3), normal(2, 3, 2), reference=np.linalg.solve),
    Case("solve stack, one vector", solve, regular(2, 3, 3), normal(3), reference=np.linalg.solve),
    Case("solve one, stack", solve, regular(3, 3), normal(2, 3, 1), reference=np.linalg.solve),
    Case("solve broadcast", solve, regular(2, 1, 3, 3), normal(4, 3, 2),
         reference=np.linalg.solve, order=1),
    Case("cholesky", lambda a: cholesky(hermitian(a)), regular(3, 3), complex=True,
         reference=lambda a: np.linalg.cholesky(numpy_hermitian(a))),
    Case("cholesky upper", lambda a: cholesky(hermitian(a), upper=True), regular(3, 3),
         reference=lambda a: np.linalg.cholesky(numpy_hermitian(a), upper=True), complex=True),
    Case("cholesky stack", lambda a: cholesky(hermitian(a)), regular(2, 2, 3, 3),
         reference=lambda a: np.linalg.cholesky(numpy_hermitian(a)), order=1),
    Case("tril", lambda a: tril(a, -1), normal(2, 3, 4), reference=lambda a: np.tril(a, -1)),
    Case("triu", lambda a: triu(a, 2), normal(3, 4), reference=lambda a: np.triu(a, 2)),
]  # fmt: skip


@each(CASES)
def test_operations(check):
    check()


def test_integers_count_as_float64():
    a = np.array([[2, 1], [1, 3]])
    for ours, theirs in [
        (inv, np.linalg.inv),
        (det, np.linalg.det),
        (cholesky, np.linalg.cholesky),
    ]:
        np.testing.assert_allclose(ours(a), theirs(a))
        assert ours(a).dtype == np.float64
    np.testing.assert_allclose(solve(a, [1, 2]), np.linalg.solve(a, [1, 2]))
    for n in (0, 1, 4, -2):
        ours, theirs = matrix_power(a, n), np.linalg.matrix_power(a, n)
        np.testing.assert_allclose(ours, theirs)
        assert ours.dtype == theirs.dtype


# --- systems and factors ------------------------------------------------------------------------


def test_gradient_of_cholesky_is_symmetric():
    a = np.array([[4.0, 2.0], [2.0, 5.0]])
    # L = [[2, 0], [1, 2]]: l21 = a21 / l11, l11 = sqrt(a11)
    gradient = grad(lambda a: cholesky(a)[1, 0])(a)
    np.testing.assert_allclose(gradient, [[-1 / 8, 1 / 4], [1 / 4, 0]])


def test_solve_is_batched_over_either_operand(rng):
    a, b = rng.normal(size=(3, 2, 2)) + 3 * np.eye(2), rng.normal(size=(3, 2))
    np.testing.assert_allclose(vmap(solve)(a, b), np.linalg.solve(a, b[..., None])[..., 0])
    np.testing.assert_allclose(
        vmap(solve, in_axes=(None, 0))(a, b), np.stack([np.linalg.solve(a, v) for v in b])
    )


# --- errors -------------------------------------------------------------------------------------


@pytest.mark.parametrize("function", [inv, det, slogdet, cholesky, lambda a: solve(a, np.ones(2))])
@pytest.mark.parametrize("shape", [(), (2,), (2, 3), (4, 3, 2)])
def test_matrices_have_to_be_square(function, shape):
    with pytest.raises(ShapeError, match=r"float64\[[\d,]*\].*wants square matrices"):
        function(np.zeros(shape))


@pytest.mark.parametrize("shape", [(), (2,), (2, 1), (3, 2, 1)])
def test_right_hand_sides_have_to_fit(shape):
    with pytest.raises(ShapeError, match=r"solve\(float64\[3,3\], float64\[[\d,]*\]\).*n = 3"):
        solve(np.eye(3), np.zeros(shape))


@pytest.mark.parametrize("of", [lambda f: f, grad])
def test_singular_and_indefinite_matrices_are_named(of):
    singular = np.ones((2, 2))
    with pytest.raises(LinAlgError, match=r"inv\(float64\[2,2\].*Singular matrix"):
        of(lambda a: total(inv(a)))(singular)
    with pytest.raises(LinAlgError, match=r"solve\(float64\[2,2\], float64\[2,1\]\).*Singular"):
        of(lambda a: total(solve(a, np.ones(2))))(singular)
    with pytest.raises(LinAlgError, match=r"cholesky\(float64\[2,2\].*not positive definite"):
        of(lambda a: total(cholesky(a)))(-np.eye(2))


def test_half_precision_is_refused():
    with pytest.raises(DTypeError, match=r"inv\(float16\[2,2\].*float16"):
        inv(np.eye(2, dtype=np.float16))


def test_errors_of_matrix_power():
    with pytest.raises(ArgumentError, match=r"matrix_power\(float64.*n is an int, got 0.5"):
        matrix_power(np.eye(2), 0.5)
    with pytest.raises(ShapeError, match=r"matrix_power\(float64\[2,3\]\): wants square"):
        matrix_power(np.zeros((2, 3)), 2)
    with pytest.raises(LinAlgError, match="Singular"):
        matrix_power(np.zeros((2, 2)), -1)
