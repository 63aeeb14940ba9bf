import warnings

import numpy as np
import pytest

import tenrso_ad as ta
from tenrso_ad.engine.errors import DegenerateWarning, LinAlgError, ShapeError
from tenrso_ad.ops import elementwise as ew
from tenrso_ad.ops.contraction.einsum import matmul
from tenrso_ad.ops.indexing.getitem import getitem
from tenrso_ad.ops.linalg.eigen import eig, eigvals
from tenrso_ad.ops.linalg.solving import inv
from tenrso_ad.ops.reductions.sums import sum as total
from tenrso_ad.transforms import grad
from tests.ops.table import Case, each, normal


def squared(x):
    return ew.real(x * ew.conjugate(x))


def complex_eigvals(a):
    return np.linalg.eigvals(a).astype(complex)


def numpys_moduli(a):
    return np.abs(np.linalg.eig(a)[1]) ** 2


def apart(*shape):
    """Matrices whose eigenvalues are real and well apart."""
    return lambda rng: 0.3 * rng.normal(size=shape) + np.diag(np.arange(shape[-1]) * 2.0)


def function_of(a):
    """A function of the matrix, made of its eigenvalues: no gauge is left in it."""
    w, v = eig(a)
    return matmul(v * ew.exp(w)[..., None, :], inv(v))


CASES = [
    Case("eigvals", eigvals, normal(3, 3), reference=complex_eigvals, complex=True),
    Case("eigvals stack", eigvals, apart(2, 3, 3), reference=complex_eigvals),
    Case("eigvals of nothing", eigvals, np.zeros((2, 0, 0)), reference=complex_eigvals, order=1),
    Case("eig moduli", lambda a: squared(eig(a).eigenvectors), normal(3, 3), complex=True,
         reference=numpys_moduli),
    Case("eig of real eigenvalues", lambda a: tuple(ew.real(x) for x in eig(a)), apart(3, 3),
         reference=lambda a: tuple(np.linalg.eig(a))),
    Case("eig stack", lambda a: squared(eig(a).eigenvectors), normal(2, 1, 2, 2), order=1,
         reference=numpys_moduli),
    Case("exponential of any matrix", function_of, normal(3, 3), complex=True),
]  # fmt: skip


@each(CASES)
def test_operations(check):
    check()


def gradient_without_warning(f, a):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return grad(f)(a)


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.complex64, np.int64])
def test_results_are_complex_whatever_the_values(dtype):
    for a in (np.eye(2), [[0, 1], [-1, 0]]):
        w, v = eig(np.array(a, dtype))
        expected = np.result_type(np.float64 if dtype is np.int64 else dtype, np.complex64)
        assert w.dtype == v.dtype == eigvals(np.array(a, dtype)).dtype == expected


def test_vectors_keep_their_length(rng):
    a = rng.normal(size=(4, 4))
    gradient = gradient_without_warning(lambda a: total(squared(eig(a).eigenvectors)), a)
    np.testing.assert_allclose(gradient, np.zeros((4, 4)), atol=1e-12)


# --- equal eigenvalues, defective matrices --------------------------------------------------------


def test_symmetric_functions_of_equal_eigenvalues(rng):
    basis = rng.normal(size=(4, 4))
    a = basis @ np.diag([1.0, 1.0, 1.0, 3.0]) @ np.linalg.inv(basis)
    gradient = gradient_without_warning(lambda a: total(ew.real(eigvals(a) ** 3)), a)
    np.testing.assert_allclose(gradient, 3 * (a @ a).T, rtol=1e-9)


def test_equal_eigenvalues_that_stand_differently_warn():
    with pytest.warns(DegenerateWarning, match=r"eig: .*not determined"):
        gradient = grad(lambda a: ew.real(getitem(eigvals(a), 0)))(np.eye(2))
    assert np.isfinite(gradient).all()


def test_the_phase_of_vectors_has_no_derivative(rng):
    with pytest.warns(DegenerateWarning, match="complex phase"):
        grad(lambda a: total(ew.imag(eig(a).eigenvectors)))(rng.normal(size=(3, 3)))


@pytest.mark.parametrize("corner", [0.0, 1e-14])
def test_a_defective_matrix_warns(corner):
    a = np.array([[2.0, 1.0], [corner, 2.0]])
    with pytest.warns(DegenerateWarning, match="eig: .* defective"):
        grad(lambda a: total(ew.real(eigvals(a))))(a)


def test_a_defective_matrix_that_is_not_used(rng):
    a = np.stack([np.array([[0.0, 1.0], [0.0, 0.0]]), np.diag([1.0, 2.0])])

    def loss(a):
        w, v = eig(a)
        values = ew.where(np.array([[False], [True]]), ew.real(w), 0)
        return total(values) + total(squared(getitem(v, 1))[0] * np.array([1.0, 2.0]))

    for derivative in (lambda a: gradient_without_warning(loss, a), lambda a: ta.hvp(loss, a, a)):
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            result = derivative(a)
        assert np.isfinite(result).all()
        np.testing.assert_array_equal(result[0], np.zeros((2, 2)))


def test_errors():
    for function in (eig, eigvals):
        with pytest.raises(ShapeError, match=r"float64\[2,3\]\): wants square matrices"):
            function(np.zeros((2, 3)))
        with pytest.raises(LinAlgError, match="infs or NaNs"):
            function(np.full((2, 2), np.nan))
