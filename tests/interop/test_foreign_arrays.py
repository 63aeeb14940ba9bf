"""Arrays of PyTorch and JAX go through the same rules: results and gradients are theirs."""

from typing import Any

import jax
import numpy as np
import pytest
import torch

import tenrso_ad as ta
import tenrso_ad.numpy as tnp

pytestmark = pytest.mark.interop

jax.config.update("jax_enable_x64", True)

LIBRARIES = {"torch": torch.tensor, "jax": jax.numpy.asarray}

EXPRESSIONS = {
    "arithmetic": lambda x: tnp.sum((x * 2 - 1) / (1 + x**2)),
    "elementwise": lambda x: tnp.sum(tnp.exp(-tnp.abs(x)) * tnp.tanh(x) + tnp.sqrt(1 + x * x)),
    "selection": lambda x: tnp.sum(tnp.where(x > 0, x**3, tnp.maximum(x, -0.5))),
    "activations": lambda x: tnp.sum(tnp.relu(x) + tnp.sigmoid(x) * tnp.softplus(x)),
    "reductions": lambda x: tnp.sum(tnp.mean(x, axis=0) * tnp.var(x, axis=1)),
    "extrema": lambda x: tnp.sum(tnp.max(x, axis=0) * tnp.min(x, axis=1)),
    "matmul": lambda x: tnp.sum((x @ x.T) ** 2),
    "einsum": lambda x: tnp.sum(tnp.einsum("ij,jk,kl->il", x, x, x) ** 2),
    "shapes": lambda x: tnp.sum(tnp.reshape(x, (2, 8)) ** 3) * tnp.sum(tnp.transpose(x)[0]),
    "joining": lambda x: tnp.sum(tnp.concatenate([x, tnp.flip(x, axis=0)], axis=1) ** 2),
    "indexing": lambda x: tnp.sum(x[1:, ::2] ** 2) * tnp.sum(x[0]),
}


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("library", LIBRARIES)
@pytest.mark.parametrize("name", EXPRESSIONS)
def test_value_gradient_and_curvature(
    name: str, library: str, dtype: str, rng: np.random.Generator
) -> None:
    expression, make = EXPRESSIONS[name], LIBRARIES[library]
    x, v = rng.standard_normal((2, 4, 4)).astype(dtype)
    foreign_x, foreign_v = make(x), make(v)

    computed = (*ta.value_and_grad(expression)(foreign_x), ta.hvp(expression, foreign_x, foreign_v))
    expected = (*ta.value_and_grad(expression)(x), ta.hvp(expression, x, v))
    tolerance = 1e-12 if dtype == "float64" else 2e-5
    for result, reference in zip(computed, expected, strict=True):
        assert isinstance(result, type(foreign_x))
        assert np.asarray(result).dtype == dtype
        scale = np.abs(reference).max()
        np.testing.assert_allclose(np.asarray(result), reference, rtol=0, atol=tolerance * scale)


def test_a_torch_tensor_on_the_tape() -> None:
    x: Any = ta.tensor(torch.tensor([1.0, 2.0], dtype=torch.float64))
    (x * x).sum().backward()
    assert isinstance(x.grad, torch.Tensor)
    assert x.grad.tolist() == [2.0, 4.0]


def test_jacobians_of_torch_arrays() -> None:
    x = np.array([1.0, 2.0, 3.0])

    def f(x: Any) -> Any:
        return x[0] * x**3

    def g(x: Any) -> Any:
        return tnp.sum(f(x))

    for take in (ta.jacfwd(f), ta.jacrev(f), ta.hessian(g), lambda x: ta.hessian_diagonal(g, x)):
        out = take(torch.asarray(x))
        assert isinstance(out, torch.Tensor)
        np.testing.assert_allclose(out.numpy(), take(x))
