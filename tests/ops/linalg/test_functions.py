import numpy as np
import pytest
import scipy.linalg

import tenrso_ad as ta
from tenrso_ad.engine.errors import DTypeError, LinAlgError, ShapeError
from tenrso_ad.ops.linalg.functions import expm, logm, sqrtm
from tenrso_ad.ops.linalg.matrices import adjoint
from tenrso_ad.ops.reductions.sums import sum as total
from tenrso_ad.testing import check_gradients
from tests.ops.table import Case, each, normal


def principal(*shape):
    """Matrices whose eigenvalues are far from the negative real axis."""
    return lambda rng: 0.5 * rng.normal(size=shape) + 2 * np.eye(shape[-1])


CASES = [
    Case("expm", expm, normal(3, 3), complex=True, reference=scipy.linalg.expm),
    Case("expm stack", expm, normal(2, 1, 2, 2), reference=scipy.linalg.expm),
    Case("expm of nothing", expm, np.zeros((2, 0, 0)), reference=scipy.linalg.expm, order=1),
    Case("logm", logm, principal(2, 2), complex=True, order=1, reference=scipy.linalg.logm),
    Case("logm stack", logm, principal(2, 2, 2), order=1, stage=False),
    Case("sqrtm", sqrtm, principal(3, 3), complex=True,
         reference=lambda a: scipy.linalg.sqrtm(a).astype(a.dtype)),
    Case("sqrtm stack", sqrtm, principal(2, 2, 2), order=1),
]  # fmt: skip


@each(CASES)
def test_operations(check):
    check()


@pytest.mark.parametrize("function", [expm, sqrtm])
def test_third_derivative(rng, function):
    check_gradients(function, (principal(2, 2)(rng),), order=3, rtol=1e-5).raise_if_failed()


# --- matrices for which an eigendecomposition does not do -----------------------------------------

JORDAN = np.array([[2.0, 1.0], [0.0, 2.0]])


@pytest.mark.parametrize("a", [JORDAN, 2 * np.eye(2), np.ones((2, 2)) + np.eye(2)])
@pytest.mark.parametrize("function", [expm, logm, sqrtm])
def test_equal_eigenvalues_and_defective_matrices(function, a):
    check_gradients(function, (a,), order=2, atol=1e-7).raise_if_failed()


def test_gradient_of_the_trace_of_the_exponential(rng):
    a = rng.normal(size=(4, 4))
    gradient = ta.grad(lambda a: ta.numpy.einsum("ii", expm(a)))(a)
    np.testing.assert_allclose(gradient, scipy.linalg.expm(a).T, rtol=1e-12)


@pytest.mark.parametrize("size", [1e-200, 1e-8, 1.0, 1e8, 1e200])
def test_the_size_of_the_cotangent_costs_no_digits(rng, size):
    a, e = rng.normal(size=(2, 4, 4))
    _, pullback = ta.vjp(expm, a)
    expected = scipy.linalg.expm_frechet(a.T, e, compute_expm=False)
    (gradient,) = pullback(size * e)
    assert np.abs(gradient / size - expected).max() < 1e-13 * np.abs(expected).max()


def test_inverses_of_one_another(rng):
    a = principal(2, 3, 3)(rng)
    step = rng.normal(size=a.shape)
    for function in (lambda a: expm(logm(a)), lambda a: sqrtm(a) @ sqrtm(a)):
        out, tangent = ta.jvp(function, (a,), (step,))
        np.testing.assert_allclose(out, a, rtol=1e-10)
        np.testing.assert_allclose(tangent, step, rtol=1e-9, atol=1e-10)


# --- special values -------------------------------------------------------------------------------


@pytest.mark.filterwarnings("ignore:overflow")
def test_an_exponential_that_overflows_and_is_not_used():
    a = np.stack([np.diag([1000.0, 0.0]), np.eye(2)])
    gradient = ta.grad(lambda a: total(expm(a)[1]))(a)
    np.testing.assert_allclose(gradient[0], np.zeros((2, 2)))
    np.testing.assert_allclose(gradient[1], np.full((2, 2), np.e))


@pytest.mark.parametrize("function", [logm, sqrtm])
def test_a_negative_eigenvalue(function):
    a = np.diag([-4.0, 1.0])
    theirs = getattr(scipy.linalg, function.__name__)
    np.testing.assert_allclose(function(a), theirs(a), atol=1e-15)
    stack = function(np.stack([np.eye(2), a]))
    assert stack.dtype == np.complex128
    np.testing.assert_allclose(stack[1], theirs(a), atol=1e-15)
    with pytest.raises(LinAlgError, match=rf"{function.__name__}\(float64\[2,2\]\): complex for"):
        ta.grad(lambda a: total(function(a)))(a)
    gradient = ta.grad(lambda a: total(function(a).real))(a.astype(complex))
    scalar = ta.numpy.log if function is logm else ta.numpy.sqrt
    expected = ta.grad(lambda x: total(scalar(x).real))(np.diag(a).astype(complex))
    np.testing.assert_allclose(np.diag(gradient), expected, atol=1e-14)


@pytest.mark.filterwarnings("ignore::scipy.linalg.LinAlgWarning")
def test_singular_matrices():
    with pytest.raises(LinAlgError, match="singular matrix has no logarithm"):
        logm(np.zeros((2, 2)))
    with pytest.raises(LinAlgError, match="no square root"):
        sqrtm(np.array([[0.0, 1.0], [0.0, 0.0]]))
    singular = np.diag([0.0, 4.0])
    np.testing.assert_array_equal(sqrtm(singular), np.diag([0.0, 2.0]))
    with pytest.raises(LinAlgError, match="derivative of sqrtm wants a matrix that is"):
        ta.grad(lambda a: total(sqrtm(a)))(singular)
    both = np.stack([singular, 4 * np.eye(2)])
    gradient = ta.grad(lambda a: total(sqrtm(a)[1]))(both)
    np.testing.assert_allclose(gradient, [np.zeros((2, 2)), np.full((2, 2), 0.25)])


def test_roots_of_hermitian_matrices_have_hermitian_gradients(rng):
    a = rng.normal(size=(3, 3)) + 1j * rng.normal(size=(3, 3))
    a = a @ adjoint(a) + np.eye(3)
    gradient = ta.grad(lambda a: total((sqrtm(a) * sqrtm(a).conj()).real))(a)
    np.testing.assert_allclose(gradient, adjoint(gradient), atol=1e-12)


@pytest.mark.parametrize("function", [expm, logm, sqrtm])
def test_read_only_arrays(function):
    a = np.array([[2.0, 1.0], [1.0, 3.0]])
    expected = function(a)
    a.flags.writeable = False
    np.testing.assert_array_equal(function(a), expected)
    assert np.isfinite(ta.grad(lambda a: total(function(a)))(a)).all()


def test_errors():
    for function in (expm, logm, sqrtm):
        with pytest.raises(ShapeError, match=r"float64\[2,3\]\): wants square matrices"):
            function(np.zeros((2, 3)))
        with pytest.raises(DTypeError, match=r"float16\[2,2\].*LAPACK has no such type"):
            function(np.eye(2, dtype=np.float16))
