import numpy as np
import pytest

import tenrso_ad as ta
from tenrso_ad.engine.errors import ArgumentError, ShapeError
from tenrso_ad.ops.contraction.einsum import matmul
from tenrso_ad.ops.linalg.least_squares import lstsq, matrix_rank, pinv
from tenrso_ad.ops.linalg.matrices import adjoint
from tenrso_ad.ops.reductions.sums import sum as total
from tests.ops.table import Case, each, normal

SHAPES = [(3, 3), (4, 2), (2, 4)]


def known(m, n, values):
    """A matrix of given singular values."""

    def draw(rng):
        u, _, vh = np.linalg.svd(rng.normal(size=(m, n)), full_matrices=False)
        return u * np.array(values) @ vh

    return draw


def hermitian(a):
    return (a + adjoint(a)) * 0.5


def product(x, y):
    """A matrix of the rank of its factors, whatever they are."""
    return matmul(x, y)


CASES = [
    *[
        case
        for shape in SHAPES
        for case in [
            Case(f"pinv {shape}", pinv, normal(*shape), reference=np.linalg.pinv, complex=True),
            Case(f"lstsq {shape}", lstsq, normal(*shape), normal(shape[0], 2), complex=True,
                 reference=np.linalg.lstsq),
        ]
    ],
    Case("pinv stack", pinv, normal(2, 1, 3, 2), reference=np.linalg.pinv, order=1),
    Case("pinv of nothing", pinv, np.zeros((2, 0, 3)), reference=np.linalg.pinv, order=1),
    Case("pinv of a deficient matrix", lambda x, y: pinv(product(x, y), 1e-6), normal(4, 2),
         normal(2, 3), complex=True, reference=lambda x, y: np.linalg.pinv(x @ y, 1e-6)),
    Case("pinv with a large cutoff", lambda a: pinv(a, 0.3), known(4, 3, [2, 1, 0.4]),
         reference=lambda a: np.linalg.pinv(a, 0.3)),
    Case("pinv with a large cutoff, wide", lambda a: pinv(a, rtol=0.3), known(2, 3, [2, 0.4]),
         reference=lambda a: np.linalg.pinv(a, rtol=0.3), complex=True, imaginary=0.05),
    Case("pinv with a cutoff for each", lambda a: pinv(a, np.array([0.3, 0.1])), normal(2, 2, 2),
         reference=lambda a: np.linalg.pinv(a, np.array([0.3, 0.1])), vmap=False),
    Case("pinv hermitian", lambda a: pinv(hermitian(a), hermitian=True), normal(3, 3), complex=True,
         reference=lambda a: np.linalg.pinv((a + np.conj(a.mT)) / 2, hermitian=True)),
    Case("lstsq vector", lambda a, b: lstsq(a, b), normal(4, 2), normal(4), complex=True,
         reference=np.linalg.lstsq),
    Case("lstsq stack", lambda a, b: lstsq(a, b)[:2], normal(2, 3, 2), normal(3, 2), order=1),
    Case("lstsq of a deficient matrix", lambda x, y, b: lstsq(product(x, y), b, 1e-6)[0],
         normal(4, 2), normal(2, 3), normal(4), complex=True,
         reference=lambda x, y, b: np.linalg.lstsq(x @ y, b, 1e-6)[0]),
    Case("matrix_rank", matrix_rank, normal(2, 3, 4), reference=np.linalg.matrix_rank,
         differentiable=False),
]  # fmt: skip


@each(CASES)
def test_operations(check):
    check()


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("tensor", [False, True])
def test_lstsq_of_a_deficient_matrix_gives_what_numpys_gives(rng, shape, tensor):
    a = rng.normal(size=(shape[0], 1)) @ rng.normal(size=(1, shape[1]))
    b = rng.normal(size=shape[0])
    expected = np.linalg.lstsq(a, b)
    x, residuals, rank, s = lstsq(ta.tensor(a) if tensor else a, b)
    if tensor:
        x, residuals, rank, s = x.value, residuals, rank.value, s.value
    assert residuals.shape == expected[1].shape == (0,)
    assert (rank, rank.dtype) == (1, expected[2].dtype)
    np.testing.assert_allclose(x, expected[0], rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(s, expected[3], atol=1e-14)


def test_shapes_that_do_not_depend_on_values(rng):
    a, b = rng.normal(size=(3, 4, 2)), rng.normal(size=(3, 4))
    a[0, :, 1] = a[0, :, 0]
    x, residuals, rank, _ = ta.vmap(lstsq)(a, b)
    np.testing.assert_array_equal(rank, [1, 2, 2])
    assert residuals.shape == (3, 1)
    np.testing.assert_allclose(x, [np.linalg.lstsq(*ab)[0] for ab in zip(a, b, strict=True)])
    rest = b - (a @ x[..., None])[..., 0]
    np.testing.assert_allclose(residuals[:, 0], np.sum(rest**2, axis=-1))


def test_gradient_of_pinv_is_hermitian_and_reads_one_triangle(rng):
    a = rng.normal(size=(3, 3)) + 1j * rng.normal(size=(3, 3))
    garbage = np.tril(a) + np.triu(rng.normal(size=(3, 3)), 1)
    values = [pinv(x, hermitian=True) for x in (a, garbage)]
    np.testing.assert_array_equal(*values)
    np.testing.assert_allclose(values[0], np.linalg.pinv(a, hermitian=True))
    gradients = [ta.grad(lambda x: total(pinv(x, hermitian=True).real))(x) for x in (a, garbage)]
    np.testing.assert_array_equal(*gradients)
    np.testing.assert_allclose(gradients[0], gradients[0].conj().T)


def test_pinv_of_zero_is_flat():
    np.testing.assert_array_equal(pinv(np.zeros((2, 3))), np.zeros((3, 2)))
    gradient = ta.grad(lambda a: total(pinv(a)))(np.zeros((2, 3)))
    np.testing.assert_array_equal(gradient, np.zeros((2, 3)))


@pytest.mark.parametrize(
    ("a", "options"),
    [
        (np.diag([3.0, 1.0, 1e-3]), {"tol": 0.01}),
        (np.diag([3.0, 1.0, 1e-3]), {"rtol": 0.5}),
        (np.stack([np.eye(2), np.diag([3.0, 1.0])]), {"rtol": np.array([0.5, 0.4])}),
        (np.stack([np.eye(2), np.diag([3.0, 1.0])]), {"tol": np.array([2.0, 0.4])}),
        (np.array([[1.0, 9.0], [0.0, 1.0]]), {"hermitian": True}),
        (np.zeros(3), {}),
        (np.array([0, 2]), {}),
        (np.float64(1), {}),
    ],
)
def test_matrix_rank(a, options):
    expected = np.linalg.matrix_rank(a, **options)
    np.testing.assert_array_equal(matrix_rank(a, **options), expected)
    assert np.shape(matrix_rank(a, **options)) == np.shape(expected)


def test_rank_of_matrices_without_elements():
    np.testing.assert_array_equal(matrix_rank(np.zeros((2, 0, 3))), [0, 0])


def test_errors():
    with pytest.raises(ArgumentError, match="pinv: rcond and rtol are two names of one number"):
        pinv(np.eye(2), 0.1, rtol=0.1)
    with pytest.raises(ArgumentError, match="matrix_rank: tol and rtol"):
        matrix_rank(np.eye(2), 0.1, rtol=0.1)
    with pytest.raises(ShapeError, match=r"pinv\(float64\[2,3\]\): wants square"):
        pinv(np.zeros((2, 3)), hermitian=True)
    with pytest.raises(ShapeError, match=r"lstsq\(float64\[3,2\], float64\[2\]\).* n = 3"):
        lstsq(np.zeros((3, 2)), np.zeros(2))
