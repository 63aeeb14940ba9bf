"""Fourier transforms beside those of JAX and PyTorch: values, gradients, foreign arrays."""

from typing import Any

import jax
import numpy as np
import pytest
import torch

import tenrso_ad as ta
import tenrso_ad.numpy as tnp

pytestmark = pytest.mark.interop

jax.config.update("jax_enable_x64", True)

# name -> (transform in names and positions that all three share, whether it wants real values)
TRANSFORMS = {
    "fft": (lambda fft, x: fft.fft(x, 5, 0, "ortho"), False),
    "ifft": (lambda fft, x: fft.ifft(x, 3, 1, "forward"), False),
    "rfft": (lambda fft, x: fft.rfft(x, 3, 0, "forward"), True),
    "rfft odd": (lambda fft, x: fft.rfft(x, 7, 1, "ortho"), True),
    "irfft": (lambda fft, x: fft.irfft(x, 6, 1, "backward"), False),
    "irfft odd": (lambda fft, x: fft.irfft(x, 5, 0, "ortho"), False),
    "hfft": (lambda fft, x: fft.hfft(x, 8, 1, "forward"), False),
    "ihfft": (lambda fft, x: fft.ihfft(x, 5, 1, "ortho"), True),
    "fftn": (lambda fft, x: fft.fftn(x, (3, 5), (1, 0), "ortho"), False),
    "rfftn": (lambda fft, x: fft.rfftn(x, (6, 3), (0, 1), "forward"), True),
    "irfftn": (lambda fft, x: fft.irfftn(x, (3, 6), (0, 1), "ortho"), False),
    "fftshift": (lambda fft, x: fft.ifftshift(fft.fftshift(fft.fft(x), (1,)), (0, 1)), False),
}


def loss(xp: Any, transform: Any, x: Any) -> Any:
    """A real number to which real and imaginary parts contribute differently."""
    y = transform(xp.fft, x) + 0j
    return xp.sum(xp.real(y) ** 3 + xp.real(y * y * (1 - 2j)))


CASES = [(name, "real") for name in TRANSFORMS]
CASES += [(name, "complex") for name, (_, real_only) in TRANSFORMS.items() if not real_only]


@pytest.mark.parametrize(("name", "kind"), CASES)
def test_values_and_gradients(name: str, kind: str, rng: np.random.Generator) -> None:
    transform, _ = TRANSFORMS[name]
    x = rng.standard_normal((4, 4))
    if kind == "complex":
        x = x + 1j * rng.standard_normal((4, 4))
    value, gradient = ta.value_and_grad(lambda x: loss(tnp, transform, x))(x)

    tensor = torch.tensor(x, requires_grad=True)
    theirs = loss(torch, transform, tensor)
    (expected,) = torch.autograd.grad(theirs, tensor)
    np.testing.assert_allclose(value, theirs.item(), rtol=1e-10)
    np.testing.assert_allclose(gradient, expected.numpy(), rtol=1e-9, atol=1e-11)

    conjugated = jax.grad(lambda x: loss(jax.numpy, transform, x))(x)
    np.testing.assert_allclose(gradient, np.conj(conjugated), rtol=1e-9, atol=1e-11)


@pytest.mark.parametrize("name", TRANSFORMS)
def test_arrays_of_torch(name: str, rng: np.random.Generator) -> None:
    transform, _ = TRANSFORMS[name]
    x = rng.standard_normal((4, 4)).astype(np.float32)

    def energy(x: Any) -> Any:
        return tnp.sum(tnp.abs(transform(tnp.fft, x)) ** 2)

    value, gradient = ta.value_and_grad(energy)(torch.from_numpy(x))
    expected_value, expected_gradient = ta.value_and_grad(energy)(x)
    assert isinstance(gradient, torch.Tensor) and gradient.dtype == torch.float32
    np.testing.assert_allclose(value.item(), expected_value, rtol=1e-5)
    np.testing.assert_allclose(gradient.numpy(), expected_gradient, rtol=1e-4, atol=1e-4)
