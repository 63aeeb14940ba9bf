"""Fourier transforms: the extension ``fft`` of the standard."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Literal

import numpy as np

from .. import numpy as tnp
from .operands import check_device, constant, lift

Norm = Literal["backward", "ortho", "forward"]


def _along_an_axis(name: str, what: str) -> Callable[..., Any]:
    function = getattr(tnp.fft, name)

    def transform(
        x: Any, /, *, n: int | None = None, axis: int = -1, norm: Norm = "backward"
    ) -> Any:
        return function(lift(x), n=n, axis=axis, norm=norm)

    return _named(transform, name, what)


def _along_axes(name: str, what: str) -> Callable[..., Any]:
    function = getattr(tnp.fft, name)

    def transform(
        x: Any,
        /,
        *,
        s: Sequence[int] | None = None,
        axes: Sequence[int] | None = None,
        norm: Norm = "backward",
    ) -> Any:
        return function(lift(x), s=s, axes=axes, norm=norm)

    return _named(transform, name, what)


def _named(transform: Callable[..., Any], name: str, what: str) -> Callable[..., Any]:
    transform.__name__ = transform.__qualname__ = name
    transform.__doc__ = what
    return transform


fft = _along_an_axis("fft", "Discrete Fourier transform along an axis.")
ifft = _along_an_axis("ifft", "Inverse of `fft`.")
fftn = _along_axes("fftn", "Discrete Fourier transform along several axes.")
ifftn = _along_axes("ifftn", "Inverse of `fftn`.")
rfft = _along_an_axis("rfft", "First half of the transform of real values along an axis.")
irfft = _along_an_axis("irfft", "Inverse of `rfft`.")
rfftn = _along_axes("rfftn", "First half of the transform of real values along several axes.")
irfftn = _along_axes("irfftn", "Inverse of `rfftn`.")
hfft = _along_an_axis("hfft", "Real transform of the first half of Hermitian values.")
ihfft = _along_an_axis("ihfft", "Inverse of `hfft`.")


def fftfreq(n: int, /, *, d: float = 1.0, dtype: Any = None, device: Any = None) -> Any:
    """Frequencies of the elements of `fft`, for samples `d` apart."""
    check_device("fftfreq", device)
    return constant(np.fft.fftfreq(n, d).astype(dtype or float))


def rfftfreq(n: int, /, *, d: float = 1.0, dtype: Any = None, device: Any = None) -> Any:
    """Frequencies of the elements of `rfft`, for samples `d` apart."""
    check_device("rfftfreq", device)
    return constant(np.fft.rfftfreq(n, d).astype(dtype or float))


def fftshift(x: Any, /, *, axes: int | tuple[int, ...] | None = None) -> Any:
    """Bring the frequency zero to the middle."""
    return tnp.fft.fftshift(lift(x), axes=axes)


def ifftshift(x: Any, /, *, axes: int | tuple[int, ...] | None = None) -> Any:
    """Inverse of `fftshift`."""
    return tnp.fft.ifftshift(lift(x), axes=axes)


__all__ = [
    "fft",
    "fftfreq",
    "fftn",
    "fftshift",
    "hfft",
    "ifft",
    "ifftn",
    "ifftshift",
    "ihfft",
    "irfft",
    "irfftn",
    "rfft",
    "rfftfreq",
    "rfftn",
]
