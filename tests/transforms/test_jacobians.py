import numpy as np
import pytest

import tenrso_ad as ta
import tenrso_ad.numpy as tnp
from tenrso_ad.engine.errors import ArgumentError, DTypeError

RNG = np.random.default_rng(3)
A = RNG.normal(size=(4, 3))
X = RNG.normal(size=3)


def curve(x):
    return tnp.sin(A @ x)


def by_hand(x):
    return np.cos(A @ x)[:, None] * A


@pytest.mark.parametrize("transform", [ta.jacfwd, ta.jacrev, ta.jacobian])
class TestJacobian:
    def test_vector(self, transform):
        np.testing.assert_allclose(transform(curve)(X), by_hand(X), rtol=1e-14)

    def test_matrix_argument(self, transform):
        jacobian = transform(lambda a: a @ X)(A)
        assert jacobian.shape == (4, 4, 3)
        np.testing.assert_allclose(jacobian, np.einsum("ij,k->ijk", np.eye(4), X))

    def test_pytrees_nest(self, transform):
        f = lambda p: {"s": p["a"] * tnp.sum(p["b"]), "b": p["b"]}  # noqa: E731
        jacobian = transform(f)({"a": 2.0, "b": X})
        np.testing.assert_allclose(jacobian["s"]["b"], np.full(3, 2.0))
        np.testing.assert_allclose(jacobian["s"]["a"], X.sum())
        np.testing.assert_allclose(jacobian["b"]["b"], np.eye(3))
        np.testing.assert_allclose(jacobian["b"]["a"], np.zeros(3))

    def test_several_arguments(self, transform):
        by_x, by_y = transform(lambda x, y, k: x * y * k, (0, 1))(X, 2 * X, 3)
        np.testing.assert_allclose(by_x, np.diag(6 * X))
        np.testing.assert_allclose(by_y, np.diag(3 * X))

    def test_float32(self, transform):
        assert transform(lambda x: x * x)(X.astype(np.float32)).dtype == np.float32

    def test_holomorphic(self, transform):
        z = X + 1j
        np.testing.assert_allclose(
            transform(lambda z: z**2, holomorphic=True)(z), np.diag(2 * z), atol=1e-15
        )
        with pytest.raises(DTypeError, match="holomorphic=True"):
            transform(lambda z: z**2)(z)

    def test_argnums_out_of_range(self, transform):
        with pytest.raises(ArgumentError, match="argnums has 1"):
            transform(curve, 1)(X)


def rosenbrock(x):
    return tnp.sum(100.0 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)


def test_hessian_against_scipy():
    from scipy.optimize import rosen_hess

    x = RNG.normal(size=6)
    np.testing.assert_allclose(ta.hessian(rosenbrock)(x), rosen_hess(x), rtol=1e-12, atol=1e-12)


def test_hessian_of_two_arguments():
    f = lambda x, y: tnp.sum(x**2 * y)  # noqa: E731
    (xx, xy), (yx, yy) = ta.hessian(f, (0, 1))(X, X)
    np.testing.assert_allclose(xx, np.diag(2 * X))
    np.testing.assert_allclose(xy, np.diag(2 * X))
    np.testing.assert_allclose(yx, np.diag(2 * X))
    np.testing.assert_allclose(yy, np.zeros((3, 3)))


def test_third_derivatives_nest():
    third = ta.jacfwd(ta.hessian(lambda x: tnp.sum(x**4)))(X)
    want = np.zeros((3, 3, 3))
    want[np.arange(3), np.arange(3), np.arange(3)] = 24 * X
    np.testing.assert_allclose(third, want, atol=1e-12)


def test_hessian_diagonal_exact():
    x = RNG.normal(size=7)
    want = np.diag(ta.hessian(rosenbrock)(x))
    np.testing.assert_allclose(ta.hessian_diagonal(rosenbrock, x), want, rtol=1e-12)
    np.testing.assert_allclose(ta.hessian_diagonal(rosenbrock, x, chunk_size=2), want, rtol=1e-12)


def test_hessian_diagonal_of_a_pytree():
    got = ta.hessian_diagonal(lambda p: p[0] ** 3 * tnp.sum(p[1] ** 2), (2.0, X))
    np.testing.assert_allclose(got[0], 12 * np.sum(X**2))
    np.testing.assert_allclose(got[1], np.full(3, 16.0))


def test_hutchinson_is_exact_for_a_diagonal_and_converges_otherwise():
    diagonal = ta.hessian_diagonal(lambda x: tnp.sum(x**3), X, "hutchinson", samples=1, seed=0)
    np.testing.assert_allclose(diagonal, 6 * X)
    x = RNG.normal(size=4)
    exact = ta.hessian_diagonal(rosenbrock, x)
    errors = [
        np.abs(ta.hessian_diagonal(rosenbrock, x, "hutchinson", samples=n, seed=1) - exact).max()
        for n in (16, 16384)
    ]
    assert errors[1] < errors[0] / 5
    again = ta.hessian_diagonal(rosenbrock, x, "hutchinson", samples=16, seed=1)
    assert np.abs(again - exact).max() == errors[0]


def test_hessian_diagonal_refuses():
    with pytest.raises(ArgumentError, match="'exact' or 'hutchinson', got 'guess'"):
        ta.hessian_diagonal(rosenbrock, X, "guess")
    with pytest.raises(ArgumentError, match="samples is at least 1"):
        ta.hessian_diagonal(rosenbrock, X, "hutchinson", samples=0)
