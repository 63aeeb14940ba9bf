"""The three primitives under every Fourier transform: fft, rfft and irfft.

Each keeps the lengths that it is given; shorter and longer ones are made by padding before. The
matrix of a Fourier transform is symmetric, so that `fft` is its own transpose. Those of `rfft` and
`irfft` are each other, up to complex conjugation and the weights of the half spectrum: every
coefficient stands for itself and its conjugate, except the first and, for an even length, the last.
These two are real in a spectrum of real values, and their imaginary parts get no gradient.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from ...engine.array_type import ArrayType
from ...engine.primitive import Primitive
from ...engine.trace import bind
from ..arguments import operand_like
from ..broadcasting import match
from ..declare import is_complex, linear, namespace, namespace_inside
from ..elementwise import conjugate, multiply

# where a transform is divided by the length, its transpose from the half spectrum is not
_OPPOSITE = {"backward": "forward", "ortho": "ortho", "forward": "backward"}


def opposite(norm: str) -> str:
    """The norm that makes a transform of one direction out of one of the other."""
    return _OPPOSITE[norm]


def complex_dtype(dtype: Any) -> Any:
    """Complex dtype of the precision of a real or complex one."""
    name = str(dtype).rpartition(".")[2]  # "float32" of "torch.float32" too
    return np.result_type(np.dtype(name), np.complex64)


def _half(shape: tuple[int, ...], axis: int, length: int) -> tuple[int, ...]:
    return (*shape[:axis], length, *shape[axis + 1 :])


# --- all coefficients -----------------------------------------------------------------------------


def _evaluate_fft(x: Any, *, axes: tuple[int, ...], inverse: bool, norm: str) -> Any:
    xp = namespace(x)
    if xp is not np and not is_complex(x):
        x = xp.astype(x, getattr(xp, complex_dtype(x.dtype).name))
    transform = xp.fft.ifftn if inverse else xp.fft.fftn
    return transform(x, axes=axes, norm=norm)


fft_p: Primitive = linear(
    "fft",
    _evaluate_fft,
    transpose=lambda g, x, **params: match(bind(fft_p, (g,), params), x.shape, x.dtype),
    shape=lambda x, **_: ArrayType(x.shape, complex_dtype(x.dtype)),
    batch=lambda size, values, batched, params: bind(
        fft_p, values, {**params, "axes": tuple([i + 1 for i in params["axes"]])}
    ),
)


# --- the half spectrum of real values -------------------------------------------------------------


def _evaluate_rfft(x: Any, *, axis: int, norm: str) -> Any:
    return namespace(x).fft.rfft(x, axis=axis, norm=norm)


def _evaluate_irfft(x: Any, *, n: int, axis: int, norm: str) -> Any:
    return namespace(x).fft.irfft(x, n=n, axis=axis, norm=norm)


def _weighted(spectrum: Any, n: int, axis: int, inner: float) -> Any:
    """Multiply all coefficients but the first and the one of the highest of even frequencies."""
    count = spectrum.shape[axis]
    xp = namespace_inside(spectrum)
    real = np.finfo(spectrum.dtype).dtype if xp is np else np.float64
    weights = np.full(count, inner, real)
    weights[0] = 1
    if n % 2 == 0:
        weights[-1] = 1
    weights = weights.reshape([-1 if i == axis else 1 for i in range(len(spectrum.shape))])
    return multiply(spectrum, weights if xp is np else operand_like(weights, spectrum))


def _rfft_transpose(g: Any, x: ArrayType, *, axis: int, norm: str) -> Any:
    n = x.shape[axis]
    half = _weighted(conjugate(g), n, axis, 0.5)
    out = bind(irfft_p, (half,), {"n": n, "axis": axis, "norm": opposite(norm)})
    return match(out, x.shape, x.dtype)


def _irfft_transpose(g: Any, x: ArrayType, *, n: int, axis: int, norm: str) -> Any:
    half = bind(rfft_p, (g,), {"axis": axis, "norm": opposite(norm)})
    return _weighted(conjugate(half), n, axis, 2.0)


def _further_back(primitive: Callable[[], Primitive]) -> Callable[..., Any]:
    """Batching rule of a transform along one axis."""

    def rule(size: int, values: Any, batched: Any, params: Mapping[str, Any]) -> Any:
        return bind(primitive(), values, {**params, "axis": params["axis"] + 1})

    return rule


rfft_p: Primitive = linear(
    "rfft",
    _evaluate_rfft,
    transpose=_rfft_transpose,
    shape=lambda x, *, axis, norm: ArrayType(
        _half(x.shape, axis, x.shape[axis] // 2 + 1), complex_dtype(x.dtype)
    ),
    batch=_further_back(lambda: rfft_p),
)
irfft_p: Primitive = linear(
    "irfft",
    _evaluate_irfft,
    transpose=_irfft_transpose,
    shape=lambda x, *, n, axis, norm: ArrayType(_half(x.shape, axis, n), np.finfo(x.dtype).dtype),
    batch=_further_back(lambda: irfft_p),
)
