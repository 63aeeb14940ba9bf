import warnings

import numpy as np
import pytest
import scipy.linalg

from tenrso_ad.engine.errors import ArgumentError, DegenerateWarning, LinAlgError, ShapeError
from tenrso_ad.ops import elementwise as ew
from tenrso_ad.ops.contraction.einsum import matmul
from tenrso_ad.ops.indexing.getitem import getitem
from tenrso_ad.ops.linalg.matrices import adjoint
from tenrso_ad.ops.linalg.spectral import eigh, eigvalsh, polar, svd, svdvals
from tenrso_ad.ops.reductions.sums import sum as total
from tenrso_ad.transforms import grad, jvp, vmap
from tests.ops.table import Case, each, normal


def hermitian(a):
    return (a + adjoint(a)) * 0.5


def of_matrix(function):
    """Apply a function to the eigenvalues of the Hermitian part: no gauge is left in the result."""

    def apply(a):
        w, v = eigh(hermitian(a))
        return matmul(v * function(w)[..., None, :], adjoint(v))

    return apply


def numpys_of_matrix(function):
    def apply(a):
        w, v = np.linalg.eigh((a + np.conj(a.mT)) / 2)
        return (v * function(w)[..., None, :]) @ np.conj(v.mT)

    return apply


def squared(x):
    return ew.real(x * ew.conjugate(x))


def moduli(out):
    """What is left of a decomposition without the phases of its vectors."""
    return tuple(squared(part) for part in out)


def polar_factor(a, **options):
    u, _, vh = svd(a, full_matrices=False, **options)
    return matmul(u, vh)


def complement(a):
    """Projectors on what the columns, and the rows, of a matrix leave."""
    u, s, vh = svd(a)
    rest = slice(s.shape[-1], None)
    u, v = getitem(u, (..., rest)), getitem(adjoint(vh), (..., rest))
    return matmul(u, adjoint(u)), matmul(v, adjoint(v))


CASES = [
    Case("eigh", lambda a: eigh(hermitian(a)), normal(4, 4),
         reference=lambda a: np.linalg.eigh((a + a.mT) / 2)),
    Case("eigh moduli", lambda a: moduli(eigh(hermitian(a))), normal(3, 3), complex=True),
    Case("eigh upper", lambda a: moduli(eigh(hermitian(a), "U")), normal(3, 3), complex=True),
    Case("eigh stack", lambda a: eigh(hermitian(a)), normal(2, 1, 3, 3),
         reference=lambda a: np.linalg.eigh((a + a.mT) / 2), order=1),
    Case("eigh of nothing", lambda a: eigh(a), np.zeros((2, 0, 0)), order=1),
    Case("exponential", of_matrix(ew.exp), normal(3, 3), complex=True,
         reference=numpys_of_matrix(np.exp)),
    Case("eigvalsh", lambda a: eigvalsh(hermitian(a)), normal(3, 3), complex=True,
         reference=lambda a: np.linalg.eigvalsh((a + np.conj(a.mT)) / 2)),
    Case("eigvalsh upper", lambda a: eigvalsh(hermitian(a), "U"), normal(2, 3, 3), complex=True,
         reference=lambda a: np.linalg.eigvalsh((a + np.conj(a.mT)) / 2, "U")),
    Case("svdvals", svdvals, normal(2, 3, 4), reference=np.linalg.svdvals, complex=True),
    Case("svd without vectors", lambda a: svd(a, compute_uv=False), normal(4, 3), complex=True,
         reference=lambda a: np.linalg.svd(a, compute_uv=False)),
    Case("svd stack", lambda a: svd(a, full_matrices=False), normal(2, 2, 2, 3), order=1,
         reference=lambda a: np.linalg.svd(a, full_matrices=False)),
    Case("svd of one", lambda a: svd(a), normal(1, 1), reference=np.linalg.svd),
    Case("svd of nothing", lambda a: svd(a, False), np.zeros((0, 2)), order=1,
         reference=lambda a: np.linalg.svd(a, False)),
    Case("svd of a symmetric matrix", lambda a: svd(hermitian(a), hermitian=True), normal(3, 3),
         reference=lambda a: np.linalg.svd((a + np.conj(a.mT)) / 2, hermitian=True)),
    Case("singular values of a Hermitian matrix",
         lambda a: svd(hermitian(a), True, False, True), normal(2, 3, 3), complex=True,
         reference=lambda a: np.linalg.svd((a + np.conj(a.mT)) / 2, compute_uv=False)),
    Case("polar factor of a Hermitian matrix", lambda a: polar_factor(hermitian(a), hermitian=True),
         normal(3, 3), complex=True),
    Case("polar", polar, normal(3, 3), complex=True, reference=scipy.linalg.polar),
    Case("polar left", lambda a: polar(a, "left"), normal(2, 3), order=1,
         reference=lambda a: scipy.linalg.polar(a, "left")),
    Case("polar stack", lambda a: polar(a), normal(2, 3, 2), order=1),
    *[
        case
        for shape in [(3, 3), (4, 2), (2, 4)]
        for case in [
            Case(f"svd {shape}", lambda a: svd(a, full_matrices=False), normal(*shape),
                 reference=lambda a: np.linalg.svd(a, full_matrices=False)),
            Case(f"svd moduli {shape}", lambda a: moduli(svd(a, full_matrices=False)),
                 normal(*shape), complex=True),
            Case(f"polar factor {shape}", polar_factor, normal(*shape), complex=True),
            Case(f"left and right vectors {shape}",
                 lambda a: (squared(svd(a, full_matrices=False).U),
                            squared(svd(a, full_matrices=False).Vh)),
                 normal(*shape), complex=True),
            Case(f"complement {shape}", complement, normal(*shape), complex=True),
        ]
    ],
]  # fmt: skip


@each(CASES)
def test_operations(check):
    check()


def gradient_without_warning(f, a):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return grad(f)(a)


# --- equal eigenvalues ----------------------------------------------------------------------------


def orthogonal(rng, n, kind="real"):
    a = rng.normal(size=(n, n))
    if kind == "complex":
        a = a + 1j * rng.normal(size=(n, n))
    return np.linalg.qr(a).Q


@pytest.mark.parametrize("kind", ["real", "complex"])
@pytest.mark.parametrize("values", [[1, 1, 1, 1], [1, 1, 2, 2], [-3, 5, 5, 5], [0, 0, 1, 2]])
def test_gradient_of_a_symmetric_function_of_equal_eigenvalues(rng, kind, values):
    q = orthogonal(rng, 4, kind)
    a = (q * np.array(values, float)) @ q.conj().T
    gradient = gradient_without_warning(lambda a: total(eigvalsh(a) ** 3), a)
    np.testing.assert_allclose(gradient, 3 * a @ a, atol=1e-11)


@pytest.mark.parametrize("kind", ["real", "complex"])
def test_gradient_of_the_projector_on_equal_eigenvalues(rng, kind):
    q = orthogonal(rng, 4, kind)
    a = (q * np.array([1.0, 1.0, 3.0, 3.0])) @ q.conj().T
    weights = hermitian(rng.normal(size=(4, 4)))

    def loss(a):
        v = getitem(eigh(a).eigenvectors, (..., slice(2)))
        return total(ew.real(matmul(v, adjoint(v)) * weights))

    # dP = -(P dA (1 - P) + adjoint) / (3 - 1)
    low, high = (q[:, part] @ q[:, part].conj().T for part in (slice(2), slice(2, None)))
    expected = -(low @ weights.T @ high + high @ weights.T @ low) / 2
    np.testing.assert_allclose(gradient_without_warning(loss, a), expected, atol=1e-13)


@pytest.mark.parametrize("kind", ["real", "complex"])
@pytest.mark.parametrize("function", [ew.exp, ew.sqrt, lambda w: w, lambda w: w - 2])
def test_function_of_a_matrix_with_equal_eigenvalues_warns(rng, kind, function):
    q = orthogonal(rng, 4, kind)
    a = (q * np.array([2.0, 2.0, 2.0, 3.0])) @ q.conj().T
    weights = rng.normal(size=(4, 4))
    with pytest.warns(DegenerateWarning, match="how equal values part"):
        gradient = grad(lambda a: total(ew.real(of_matrix(function)(a) * weights)))(a)
    assert np.isfinite(gradient).all()


def test_eigenvalues_that_are_nearly_equal_keep_their_digits(rng):
    q = orthogonal(rng, 3)
    a = (q * np.array([1.0, 1.0 + 1e-9, 2.0])) @ q.T
    weights = hermitian(rng.normal(size=(3, 3)))
    gradient = gradient_without_warning(lambda a: total(of_matrix(ew.square)(a) * weights), a)
    np.testing.assert_allclose(gradient, a @ weights + weights @ a, atol=1e-6)


def test_eigenvector_of_equal_eigenvalues_has_no_derivative():
    with pytest.warns(DegenerateWarning, match="eigh: .*not determined"):
        gradient = grad(lambda a: getitem(eigh(a).eigenvectors, (0, 1)))(np.eye(3))
    np.testing.assert_array_equal(gradient, np.zeros((3, 3)))


def test_warning_comes_from_any_nesting_of_transforms():
    def loss(a):
        return getitem(eigh(a).eigenvectors, (0, 1))

    with pytest.warns(DegenerateWarning):
        vmap(grad(loss))(np.stack([np.eye(3), np.diag([1.0, 2.0, 3.0])]))
    with pytest.warns(DegenerateWarning):
        jvp(grad(loss), (np.eye(3),), (np.ones((3, 3)),))


def test_phase_of_complex_eigenvectors_has_no_derivative(rng):
    a = rng.normal(size=(3, 3)) + 1j * rng.normal(size=(3, 3))
    for part in (ew.real, ew.imag):
        with pytest.warns(DegenerateWarning, match="complex phase"):
            grad(lambda a, part=part: total(part(eigh(hermitian(a)).eigenvectors)))(a)


def test_gradient_is_hermitian_whichever_triangle_is_read(rng):
    a = rng.normal(size=(3, 3))
    for triangle, other in [("L", np.tril(a)), ("U", np.triu(a))]:
        gradient = grad(lambda a, t=triangle: getitem(eigh(a, t).eigenvalues, 0))(a)
        np.testing.assert_allclose(gradient, gradient.T)
        np.testing.assert_allclose(eigh(a, triangle).eigenvalues, eigh(other, triangle).eigenvalues)


# --- equal and zero singular values ---------------------------------------------------------------


@pytest.mark.parametrize("kind", ["real", "complex"])
@pytest.mark.parametrize("shape", [(3, 3), (5, 3), (3, 5)])
@pytest.mark.parametrize("values", [[1, 1, 1], [2, 2, 1], [3, 1, 1]])
def test_gradient_of_the_polar_factor_with_equal_singular_values(rng, kind, shape, values):
    m, n = shape
    u, v = orthogonal(rng, m, kind)[:, :3], orthogonal(rng, n, kind)[:, :3]
    a = (u * np.array(values, float)) @ v.conj().T
    weights = rng.normal(size=shape) + (1j * rng.normal(size=shape) if kind == "complex" else 0)

    def loss(a):
        return total(ew.real(polar_factor(a) * weights.conj()))

    # the polar factor is smooth here: differences of the plain function
    expected = np.zeros_like(a)
    for place in np.ndindex(shape):
        for unit in (1, 1j) if kind == "complex" else (1,):
            step = np.zeros_like(a)
            step[place] = unit * 1e-5
            expected[place] += unit * (loss(a + step) - loss(a - step)) / 2e-5
    np.testing.assert_allclose(gradient_without_warning(loss, a), expected, atol=1e-8)


@pytest.mark.parametrize("side", ["right", "left"])
def test_gradient_of_the_hermitian_polar_factor_with_equal_singular_values(rng, side):
    a, weights = 2 * orthogonal(rng, 3), rng.normal(size=(3, 3))

    def loss(a):
        return total(polar(a, side)[1] * weights)

    step = rng.normal(size=(3, 3))
    difference = (loss(a + 1e-6 * step) - loss(a - 1e-6 * step)) / 2e-6
    gradient = gradient_without_warning(loss, a)
    np.testing.assert_allclose(np.sum(gradient * step), difference, rtol=1e-7)


def test_gradient_of_what_all_singular_vectors_make_again(rng):
    a = rng.normal(size=(4, 2)) @ rng.normal(size=(2, 3))  # of rank 2
    weights = rng.normal(size=(4, 3))

    def loss(a):
        u, s, vh = svd(a, full_matrices=False)
        u, s, vh = getitem(u, (..., slice(2))), getitem(s, slice(2)), getitem(vh, slice(2))
        return total(matmul(u * s**2, vh) * weights)

    # u s^2 vh = a (a^H a)^(1/2); of rank 2 in the neighbourhood: compare along it
    gradient = gradient_without_warning(loss, a)
    u, _, vh = np.linalg.svd(a, full_matrices=False)
    step = u[:, :2] @ rng.normal(size=(2, 3)) + rng.normal(size=(4, 2)) @ vh[:2]
    difference = (loss(a + 1e-6 * step) - loss(a - 1e-6 * step)) / 2e-6
    np.testing.assert_allclose(np.sum(gradient * step), difference, rtol=1e-7)


@pytest.mark.parametrize("full", [True, False])
@pytest.mark.parametrize("values", [[1, 1, 1], [2, 0, 0]])
def test_vectors_of_equal_or_zero_singular_values_have_no_derivative(rng, full, values):
    a = (orthogonal(rng, 3) * np.array(values, float)) @ orthogonal(rng, 3)
    weights = rng.normal(size=(3, 3))
    with pytest.warns(DegenerateWarning, match=r"svd: .*not determined"):
        gradient = grad(lambda a: total(svd(a, full).U * weights))(a)
    assert np.isfinite(gradient).all()


def test_left_vectors_are_determined_with_one_zero_singular_value(rng):
    a = (orthogonal(rng, 3) * np.array([2.0, 1.0, 0.0])) @ orthogonal(rng, 3)
    weights = rng.normal(size=(3, 3))

    def loss(a):
        return total(svd(a).U ** 2 * weights)

    step = rng.normal(size=(3, 3))
    difference = (loss(a + 1e-6 * step) - loss(a - 1e-6 * step)) / 2e-6
    gradient = gradient_without_warning(loss, a)
    np.testing.assert_allclose(np.sum(gradient * step), difference, rtol=1e-7)


def test_columns_of_full_matrices_beyond_the_span_have_no_derivative(rng):
    a = rng.normal(size=(5, 2))
    with pytest.warns(DegenerateWarning, match="svd: .*not determined"):
        gradient = grad(lambda a: getitem(svd(a).U, (0, 4)) * getitem(svd(a).U, (1, 3)))(a)
    assert np.isfinite(gradient).all()


@pytest.mark.parametrize("a", [np.zeros((3, 2)), np.ones((2, 3)), np.eye(4)])
def test_gradients_of_singular_values_are_finite(a):
    gradient = gradient_without_warning(lambda a: total(svdvals(a) ** 2), a)
    np.testing.assert_allclose(gradient, 2 * a, atol=1e-14)


# --- errors ---------------------------------------------------------------------------------------


def test_errors():
    for function in (eigh, eigvalsh, lambda a: svd(a, hermitian=True)):
        with pytest.raises(ShapeError, match=r"float64\[2,3\]\): wants square matrices"):
            function(np.zeros((2, 3)))
    for function in (eigh, svd, svdvals):
        with pytest.raises(ShapeError, match=r"float64\[3\]\): wants"):
            function(np.zeros(3))
    for function in (eigh, eigvalsh):
        with pytest.raises(ArgumentError, match="UPLO is 'L' or 'U', got 'M'"):
            function(np.eye(2), "M")
    with pytest.raises(ArgumentError, match="polar: side is 'right' or 'left', got 'up'"):
        polar(np.eye(2), "up")
    for function in (svd, svdvals):
        with pytest.raises(LinAlgError, match=r"\(float64\[2,2\].*did not converge"):
            function(np.full((2, 2), np.nan))
