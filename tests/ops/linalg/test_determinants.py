import numpy as np
import pytest

from tenrso_ad.ops import elementwise as ew
from tenrso_ad.ops.linalg.determinants import det, slogdet
from tenrso_ad.ops.reductions.sums import sum as total
from tenrso_ad.testing import check_gradients
from tenrso_ad.transforms import grad, hessian, hvp, value_and_grad
from tests.ops.table import Case, each, normal


def regular(*shape):
    """Matrices far from singular ones."""
    return lambda rng: rng.normal(size=shape) + 2 * shape[-1] * np.eye(shape[-1])


CASES = [
    Case("det", det, regular(3, 3), reference=np.linalg.det, complex=True),
    Case("det stack", det, regular(2, 2, 3, 3), reference=np.linalg.det),
    Case("det of one", det, normal(1, 1), reference=np.linalg.det),
    Case("slogdet", slogdet, regular(3, 3), reference=np.linalg.slogdet, complex=True),
    Case("slogdet stack", slogdet, regular(2, 3, 3), reference=np.linalg.slogdet),
    Case("slogdet of a negative determinant", lambda a: slogdet(-a), regular(3, 3),
         reference=lambda a: np.linalg.slogdet(-a)),
    Case("sign of a complex determinant", lambda a: slogdet(a).sign, regular(3, 3), complex=True,
         reference=lambda a: np.linalg.slogdet(a)[0]),
]  # fmt: skip


@each(CASES)
def test_operations(check):
    check()


def cofactors(a):
    """By the definition: determinants of minors."""
    n = len(a)
    out = np.empty_like(a)
    for i in range(n):
        for j in range(n):
            minor = np.delete(np.delete(a, i, 0), j, 1)
            out[i, j] = (-1) ** (i + j) * np.linalg.det(minor)
    return out


@pytest.mark.parametrize("rank", [0, 1, 2, 3, 4])
@pytest.mark.parametrize("kind", ["real", "complex"])
def test_gradient_of_det_of_a_singular_matrix(rng, rank, kind):
    left, right = rng.normal(size=(4, rank)), rng.normal(size=(rank, 4))
    if kind == "complex":
        left = left + 1j * rng.normal(size=left.shape)
    a = left @ right
    gradient = grad(lambda a: ew.real(det(a)))(a)
    expected = np.conj(cofactors(a))
    np.testing.assert_allclose(gradient, expected, rtol=1e-9, atol=1e-9)


def test_gradient_of_det_of_nearly_singular_matrices_in_a_stack(rng):
    a = rng.normal(size=(5, 3, 3))
    a[1, 0] = a[1, 1]
    a[3, 0] = a[3, 1] + 1e-14
    gradient = grad(lambda a: total(det(a)))(a)
    expected = np.stack([cofactors(m) for m in a])
    np.testing.assert_allclose(gradient, expected, rtol=1e-11, atol=1e-11)


def test_integer_singular_matrix_has_exact_cofactors():
    a = np.array([[1.0, 2.0], [2.0, 4.0]])
    np.testing.assert_allclose(grad(det)(a), [[4, -2], [-2, 1]], rtol=1e-14)
    np.testing.assert_array_equal(grad(det)(np.zeros((3, 3))), np.zeros((3, 3)))


@pytest.mark.parametrize("rank", [0, 1, 2])
@pytest.mark.parametrize("kind", ["real", "complex"])
def test_third_derivative_of_det_of_a_singular_matrix(rng, rank, kind):
    left, right = rng.normal(size=(3, rank)), rng.normal(size=(rank, 3))
    if kind == "complex":
        left = left + 1j * rng.normal(size=left.shape)
    # the derivatives below it vanish to rounding errors at low rank: no relative error there
    check_gradients(det, (left @ right,), order=3, atol=1e-9).raise_if_failed()


def test_second_derivative_of_det_at_zero():
    # det = x00 x11 - x01 x10
    expected = np.zeros((2, 2, 2, 2))
    expected[0, 0, 1, 1] = expected[1, 1, 0, 0] = 1
    expected[0, 1, 1, 0] = expected[1, 0, 0, 1] = -1
    np.testing.assert_array_equal(hessian(det)(np.zeros((2, 2))), expected)


def test_second_derivative_of_det_in_a_stack_of_which_one_is_singular(rng):
    a = rng.normal(size=(3, 3, 3))
    a[1, 0] = a[1, 1]
    step = rng.normal(size=a.shape)
    product = hvp(lambda a: total(det(a)), a, step)
    for one, h, actual in zip(a, step, product, strict=True):
        near = (cofactors(one + 1e-6 * h) - cofactors(one - 1e-6 * h)) / 2e-6
        np.testing.assert_allclose(actual, near, rtol=1e-6, atol=1e-8)


def test_slogdet_of_a_singular_matrix_that_is_not_used():
    a = np.stack([np.zeros((2, 2)), 2 * np.eye(2)])

    def loss(a):
        sign, logabsdet = slogdet(a)
        return total(ew.where(ew.not_equal(sign, 0), logabsdet, 0))

    value, gradient = value_and_grad(loss)(a)
    np.testing.assert_allclose(value, 2 * np.log(2))
    np.testing.assert_allclose(gradient, [np.zeros((2, 2)), np.eye(2) / 2])


def test_logdet_keeps_its_digits_where_det_overflows():
    a = 1e200 * np.eye(3)
    np.testing.assert_allclose(grad(lambda a: slogdet(a).logabsdet)(a), 1e-200 * np.eye(3))
