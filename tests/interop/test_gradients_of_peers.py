"""Values and derivatives against JAX, PyTorch and autograd: one expression, every library."""

from types import SimpleNamespace
from typing import Any

import autograd
import autograd.numpy as autograd_numpy
import jax
import numpy as np
import pytest
import torch

import tenrso_ad as ta
import tenrso_ad.numpy as tnp
from benchmarks.suite.problems import GROUPS, problem

pytestmark = pytest.mark.interop

jax.config.update("jax_enable_x64", True)

SMALLEST = [f"{name}/{group.sizes[0]}" for name, group in GROUPS.items()]

TORCH = SimpleNamespace(
    **{name: getattr(torch, name) for name in ("einsum", "exp", "matmul", "sin", "sum", "tanh")},
    maximum=torch.clamp_min,
    mean=lambda x, axis: torch.mean(x, dim=axis),
)


def every(arrays: list[np.ndarray]) -> tuple[int, ...]:
    return tuple(range(len(arrays)))


def gradients_of_torch(loss: Any, arrays: list[np.ndarray]) -> list[np.ndarray]:
    tensors = [torch.tensor(array, requires_grad=True) for array in arrays]
    return [g.numpy() for g in torch.autograd.grad(loss(TORCH, *tensors), tensors)]


def gradients_of_jax(loss: Any, arrays: list[np.ndarray]) -> list[np.ndarray]:
    gradient = jax.grad(lambda *xs: loss(jax.numpy, *xs), argnums=every(arrays))
    return [np.asarray(g) for g in gradient(*arrays)]


def gradients_of_autograd(loss: Any, arrays: list[np.ndarray]) -> list[np.ndarray]:
    return autograd.grad(lambda *xs: loss(autograd_numpy, *xs), every(arrays))(*arrays)


@pytest.mark.parametrize("peer", [gradients_of_torch, gradients_of_jax, gradients_of_autograd])
@pytest.mark.parametrize("case", SMALLEST)
def test_gradients_of_the_benchmark_problems(case: str, peer: Any) -> None:
    loss, arrays = problem(case)
    ours = ta.grad(lambda *xs: loss(tnp, *xs), argnums=every(arrays))(*arrays)
    for gradient, expected in zip(ours, peer(loss, arrays), strict=True):
        np.testing.assert_allclose(gradient, expected, rtol=1e-9, atol=1e-9)


def spd(xp: Any, x: Any) -> Any:
    """A symmetric positive definite matrix made of any square matrix."""
    return x @ x.T + 3 * xp.eye(len(x))


# Real functions of a 4 x 4 matrix, in names that NumPy and JAX share. Each is compared in value,
# gradient and Hessian-vector product.
EXPRESSIONS = {
    "powers": lambda xp, x: xp.sum(xp.exp(-(x**2)) * xp.abs(x) ** 1.5),
    "logarithms": lambda xp, x: xp.sum(xp.log1p(x**2) * xp.log(2 + xp.sin(x))),
    "inverse functions": lambda xp, x: xp.sum(xp.arctan2(x, 2 + x[::-1] ** 2) + xp.arcsinh(x)),
    "selection": lambda xp, x: xp.sum(xp.where(x > 0, x**3, xp.maximum(x, -0.5) * x)),
    "statistics": lambda xp, x: xp.sum(xp.var(x, axis=0, ddof=1) * xp.std(x, axis=1)),
    "products": lambda xp, x: xp.sum(xp.prod(x, axis=1) ** 2) + xp.sum(xp.cumsum(x, axis=0) ** 3),
    "einsum trace": lambda xp, x: xp.einsum("ii,jk,jk->", x, x, xp.sin(x)),
    "einsum chain": lambda xp, x: xp.sum(xp.einsum("ij,jk,kl,l->i", x, x, x.T, x[0]) ** 2),
    "tensordot": lambda xp, x: xp.sum(xp.tensordot(x, xp.kron(x, x).reshape(4, 4, 16), 1) ** 2),
    "multi_dot": lambda xp, x: xp.sum(xp.linalg.multi_dot([x[0], x, x.T, x[:, 1:], x[1:, 0]])),
    "cross": lambda xp, x: xp.sum(xp.cross(x[:, :3], x[1:, 1], axisb=0) ** 2 * x[:3, 2]),
    "convolve": lambda xp, x: xp.sum(xp.convolve(x[0], x[1:, 2], "same") ** 3),
    "correlate": lambda xp, x: xp.sum(xp.correlate(x[1:, 0], x[2], "full") ** 3),
    "fft": lambda xp, x: xp.sum(xp.abs(xp.fft.rfft2(x, (5, 3))) ** 3),
    "indexing": lambda xp, x: xp.sum(x[np.array([0, 2, 2])] ** 3) * xp.sum(x[1:, ::2]),
    "assembly": lambda xp, x: xp.sum(xp.concatenate([x, xp.flip(x, 0)], 1) ** 2 * xp.tile(x, 2)),
    "padding": lambda xp, x: xp.sum(xp.pad(xp.roll(x, 1, 0), 1) ** 3),
    "inverse": lambda xp, x: xp.sum(xp.linalg.inv(spd(xp, x)) ** 2),
    "determinant": lambda xp, x: xp.linalg.det(x) + xp.linalg.slogdet(spd(xp, x))[1],
    "solve": lambda xp, x: xp.sum(xp.linalg.solve(spd(xp, x), x) ** 2),
    "cholesky": lambda xp, x: xp.sum(xp.sin(xp.linalg.cholesky(spd(xp, x)))),
    "eigh": lambda xp, x: xp.sum(xp.log(xp.linalg.eigh(spd(xp, x))[0]) ** 2),
    "singular values": lambda xp, x: xp.sum(xp.linalg.svd(x, compute_uv=False) ** 3),
    "qr": lambda xp, x: xp.sum(xp.linalg.qr(x)[0] ** 3 + xp.linalg.qr(x)[1] ** 3),
    "norm": lambda xp, x: xp.linalg.norm(x) ** 3 + xp.sum(xp.linalg.norm(x, axis=0)),
}


@pytest.mark.parametrize("name", EXPRESSIONS)
def test_value_gradient_and_curvature_of_jax(name: str, rng: np.random.Generator) -> None:
    expression = EXPRESSIONS[name]
    x, v = rng.standard_normal((4, 4)), rng.standard_normal((4, 4))

    value, gradient = ta.value_and_grad(lambda x: expression(tnp, x))(x)
    product = ta.hvp(lambda x: expression(tnp, x), x, v)

    def theirs(x: Any) -> Any:
        return expression(jax.numpy, x)

    expected_value, expected_gradient = jax.value_and_grad(theirs)(x)
    _, expected_product = jax.jvp(jax.grad(theirs), (x,), (v,))
    np.testing.assert_allclose(value, expected_value, rtol=1e-10)
    np.testing.assert_allclose(gradient, expected_gradient, rtol=1e-8, atol=1e-10)
    np.testing.assert_allclose(product, expected_product, rtol=1e-7, atol=1e-8)


@pytest.mark.parametrize("name", EXPRESSIONS)
def test_vmap_of_the_gradient_of_jax(name: str, rng: np.random.Generator) -> None:
    expression = EXPRESSIONS[name]
    xs = rng.standard_normal((3, 4, 4))
    ours = ta.vmap(ta.grad(lambda x: expression(tnp, x)))(xs)
    theirs = jax.vmap(jax.grad(lambda x: expression(jax.numpy, x)))(xs)
    np.testing.assert_allclose(ours, theirs, rtol=1e-8, atol=1e-10)


# Real losses of a complex matrix, in names that NumPy and PyTorch share.
COMPLEX_EXPRESSIONS = {
    "abs": lambda xp, z: xp.sum(xp.abs(z) ** 3),
    "exp": lambda xp, z: xp.sum(xp.real(xp.exp(1j * z) * z)),
    "ratio": lambda xp, z: xp.sum(xp.imag(z / (2 + z * z))),
    "conjugate": lambda xp, z: xp.sum(xp.real(xp.conj(z) * xp.sin(z) ** 2)),
    "einsum": lambda xp, z: xp.sum(xp.abs(xp.einsum("ij,jk->ik", z, xp.conj(z))) ** 2),
    "inverse": lambda xp, z: xp.sum(xp.abs(xp.linalg.inv(z)) ** 2),
    "norm": lambda xp, z: xp.linalg.norm(z),
}


@pytest.mark.parametrize("name", COMPLEX_EXPRESSIONS)
def test_complex_gradient_follows_the_convention_of_pytorch(
    name: str, rng: np.random.Generator
) -> None:
    expression = COMPLEX_EXPRESSIONS[name]
    z = rng.standard_normal((3, 3)) + 1j * rng.standard_normal((3, 3))
    tensor = torch.tensor(z, requires_grad=True)
    (expected,) = torch.autograd.grad(expression(torch, tensor), tensor)
    gradient = ta.grad(lambda z: expression(tnp, z))(z)
    np.testing.assert_allclose(gradient, expected.numpy(), rtol=1e-9, atol=1e-12)
