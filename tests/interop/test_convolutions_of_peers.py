"""Convolution along any axes beside JAX's, and of PyTorch's arrays."""

from typing import Any

import jax
import numpy as np
import pytest
import torch
from jax.scipy import signal

import tenrso_ad as ta
import tenrso_ad.numpy as tnp

pytestmark = pytest.mark.interop

jax.config.update("jax_enable_x64", True)

MODES = ["full", "same", "valid"]
METHODS = ["direct", "fft"]


def loss(xp: Any, y: Any) -> Any:
    """A real number to which real and imaginary parts contribute differently."""
    return xp.sum(xp.real(y + 0j) ** 3 + xp.real(y * y * (1 - 2j)))


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("kind", [float, complex])
def test_values_and_gradients_of_jax(
    mode: Any, method: Any, kind: type, rng: np.random.Generator
) -> None:
    x, kernel = rng.standard_normal((5, 6)).astype(kind), rng.standard_normal((2, 3)).astype(kind)
    if kind is complex:
        x, kernel = x * (1 + 0.3j), kernel * (0.5 - 1j)
    value, gradients = ta.value_and_grad(
        lambda *xs: loss(tnp, tnp.convolve_nd(*xs, mode, method=method)), (0, 1)
    )(x, kernel)
    expected, theirs = jax.value_and_grad(
        lambda *xs: loss(jax.numpy, signal.convolve(*xs, mode=mode)), (0, 1)
    )(x, kernel)
    np.testing.assert_allclose(value, expected, rtol=1e-10)
    for gradient, other in zip(gradients, theirs, strict=True):
        np.testing.assert_allclose(gradient, np.conj(other), rtol=1e-9, atol=1e-11)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("method", METHODS)
def test_arrays_of_torch(mode: Any, method: Any, rng: np.random.Generator) -> None:
    """Of a stack of arrays along two axes; the other two broadcast."""
    shapes = (2, 1, 4, 5), (1, 3, 2, 3)
    arrays = [rng.standard_normal(shape).astype(np.float32) for shape in shapes]

    def energy(x: Any, kernel: Any) -> Any:
        return tnp.sum(tnp.convolve_nd(x, kernel, mode, axes=(2, 3), method=method) ** 2)

    value, gradients = ta.value_and_grad(energy, (0, 1))(*map(torch.from_numpy, arrays))
    expected_value, expected = ta.value_and_grad(energy, (0, 1))(*arrays)
    np.testing.assert_allclose(value.item(), expected_value, rtol=1e-5)
    for gradient, other in zip(gradients, expected, strict=True):
        assert isinstance(gradient, torch.Tensor) and gradient.dtype == torch.float32
        np.testing.assert_allclose(gradient.numpy(), other, rtol=1e-4, atol=1e-3)


def test_valid_convolution_is_the_correlation_of_torch(rng: np.random.Generator) -> None:
    x, kernel = rng.standard_normal((1, 1, 5, 6)), rng.standard_normal((1, 1, 3, 2))
    tensors = [torch.tensor(a, requires_grad=True) for a in (x, kernel)]
    out = torch.nn.functional.conv2d(*tensors)
    expected = torch.autograd.grad((out**3).sum(), tensors)
    gradients = ta.grad(
        lambda x, k: tnp.sum(tnp.convolve_nd(x, tnp.flip(k), "valid", axes=(2, 3)) ** 3), (0, 1)
    )(x, kernel)
    for gradient, other in zip(gradients, expected, strict=True):
        np.testing.assert_allclose(gradient, other.numpy(), rtol=1e-10, atol=1e-12)
