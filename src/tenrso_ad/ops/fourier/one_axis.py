"""Fourier transforms along one axis: fft, ifft, rfft, irfft, hfft, ihfft."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

from ...engine.errors import ArgumentError, DTypeError, describe
from ...engine.trace import bind, is_inexact
from ..arguments import array_operand, axis_of, into
from ..broadcasting import convert
from ..declare import is_complex
from ..elementwise import conjugate
from ..shaping.reshaping import pad_p
from .primitives import complex_dtype, fft_p, irfft_p, opposite, rfft_p

_NORMS = ("backward", "ortho", "forward")

# --- arguments ------------------------------------------------------------------------------------


def samples(a: Any) -> Any:
    """Give an operand as an array of floating-point or complex elements."""
    a = array_operand(a)
    if not is_inexact(a.dtype):
        return convert(a, np.dtype(float))
    if getattr(a.dtype, "kind", "") == "V":  # a narrow float of ml_dtypes, unknown to NumPy's fft
        return convert(a, np.dtype(np.float32))
    return a


def real_samples(name: str, a: Any) -> Any:
    """The same, refusing complex elements."""
    a = samples(a)
    if is_complex(a):
        raise DTypeError(f"{name}({describe(a)}): wants real values; use fft, or take x.real")
    return a


def spectrum(a: Any) -> Any:
    """Give coefficients as an array of complex elements."""
    a = samples(a)
    return convert(a, complex_dtype(a.dtype)) if not is_complex(a) else a


def norm_of(name: str, norm: Any) -> str:
    """Check ``norm=``; None is 'backward'."""
    if norm is None:
        return "backward"
    if norm not in _NORMS:
        raise ArgumentError(f"{name}: norm is None or one of {_NORMS}, got {norm!r}")
    return str(norm)


def length_of(name: str, n: Any) -> int:
    """Check a length that was given or follows from the operand."""
    try:
        length = operator.index(n)
    except TypeError:
        raise ArgumentError(f"{name}: a length is an int, got {n!r}") from None
    if length < 1:
        raise ArgumentError(f"{name}: a transform has at least 1 point, got {length}")
    return length


def resized(x: Any, axis: int, length: int) -> Any:
    """Crop an axis at its end, or fill it with zeros."""
    missing = length - x.shape[axis]
    if not missing:
        return x
    widths = [(0, missing if i == axis else 0) for i in range(len(x.shape))]
    return bind(pad_p, (x,), {"widths": tuple(widths)})


def transform(x: Any, axis: int, length: int, inverse: bool, norm: str) -> Any:
    """Transform an axis, brought to a length first."""
    params = {"axes": (axis,), "inverse": inverse, "norm": norm}
    return bind(fft_p, (resized(x, axis, length),), params)


def to_half(x: Any, axis: int, length: int, norm: str) -> Any:
    """Transform an axis of real values, brought to a length first, to its half spectrum."""
    return bind(rfft_p, (resized(x, axis, length),), {"axis": axis, "norm": norm})


def from_half(x: Any, axis: int, length: int, norm: str) -> Any:
    """Transform a half spectrum along an axis to real values of a length."""
    x = resized(x, axis, length // 2 + 1)
    return bind(irfft_p, (x,), {"n": length, "axis": axis, "norm": norm})


# --- functions ------------------------------------------------------------------------------------


def fft(
    a: Any, n: int | None = None, axis: int = -1, norm: str | None = None, out: Any = None
) -> Any:
    """Discrete Fourier transform along an axis: ``sum(a[t] * exp(-2j * pi * k * t / n))``.

    Parameters
    ----------
    a : array_like
        Real or complex.
    n : int, optional
        Length of the transform: the axis is cropped or filled with zeros at its end.
    axis : int
    norm : {'backward', 'ortho', 'forward'}, optional
        Whether `ifft` is divided by n (as by default), both transforms by its square root, or
        `fft` by n.
    out : ndarray, optional
        Where to put the result, if `a` is plain.

    Returns
    -------
    array
        Complex, of the precision of `a`.

    Raises
    ------
    ArgumentError, AxisError
        A length below 1, an unknown `norm`, or an axis that there is not.

    Examples
    --------
    >>> fft([1.0, 0.0, 0.0, 0.0])
    array([1.+0.j, 1.+0.j, 1.+0.j, 1.+0.j])
    """
    return into("fft", out, _complex("fft", a, n, axis, norm, False))


def ifft(
    a: Any, n: int | None = None, axis: int = -1, norm: str | None = None, out: Any = None
) -> Any:
    """Inverse of `fft`, whose parameters it has.

    Examples
    --------
    >>> ifft([1.0, 1.0, 1.0, 1.0])
    array([1.+0.j, 0.+0.j, 0.+0.j, 0.+0.j])
    """
    return into("ifft", out, _complex("ifft", a, n, axis, norm, True))


def _complex(name: str, a: Any, n: int | None, axis: int, norm: str | None, inverse: bool) -> Any:
    a, norm = samples(a), norm_of(name, norm)
    axis = axis_of(name, axis, a)
    length = length_of(name, a.shape[axis] if n is None else n)
    return transform(a, axis, length, inverse, norm)


def rfft(
    a: Any, n: int | None = None, axis: int = -1, norm: str | None = None, out: Any = None
) -> Any:
    """Fourier transform of real values: the first ``n // 2 + 1`` coefficients of `fft`.

    The others are the complex conjugates of these.

    Parameters
    ----------
    a : array_like
        Real.
    n, axis, norm, out
        As for `fft`.

    Raises
    ------
    DTypeError
        Complex values.
    ArgumentError, AxisError
        As for `fft`.

    Examples
    --------
    >>> rfft([0.0, 1.0, 0.0, 0.0])
    array([ 1.+0.j,  0.-1.j, -1.+0.j])
    """
    a, norm = real_samples("rfft", a), norm_of("rfft", norm)
    axis = axis_of("rfft", axis, a)
    length = length_of("rfft", a.shape[axis] if n is None else n)
    return into("rfft", out, to_half(a, axis, length, norm))


def irfft(
    a: Any, n: int | None = None, axis: int = -1, norm: str | None = None, out: Any = None
) -> Any:
    """Inverse of `rfft`: real values from the first ``n // 2 + 1`` coefficients.

    The imaginary parts of the first coefficient and, for even n, of the last do not count; they
    get no gradient.

    Parameters
    ----------
    a : array_like
        Coefficients, cropped or filled with zeros at the end as `n` needs them.
    n : int, optional
        Length of the result; by default the even one ``2 * (m - 1)`` for m coefficients.
    axis, norm, out
        As for `fft`.

    Raises
    ------
    ArgumentError, AxisError
        As for `fft`.

    Examples
    --------
    >>> irfft([1.0, -1j, -1.0])
    array([0., 1., 0., 0.])
    """
    norm = norm_of("irfft", norm)
    return into("irfft", out, _from_half("irfft", spectrum(a), n, axis, norm))


def _from_half(name: str, a: Any, n: int | None, axis: int, norm: str) -> Any:
    axis = axis_of(name, axis, a)
    return from_half(a, axis, length_of(name, 2 * (a.shape[axis] - 1) if n is None else n), norm)


def hfft(
    a: Any, n: int | None = None, axis: int = -1, norm: str | None = None, out: Any = None
) -> Any:
    """Fourier transform of values with Hermitian symmetry, of which it is given the first half.

    The spectrum is real: time and frequency have changed places with `irfft`, whose parameters it
    has.

    Examples
    --------
    >>> hfft([1.0, -1j, -1.0])
    array([0., 0., 0., 4.])
    """
    norm = opposite(norm_of("hfft", norm))
    return into("hfft", out, _from_half("hfft", conjugate(spectrum(a)), n, axis, norm))


def ihfft(
    a: Any, n: int | None = None, axis: int = -1, norm: str | None = None, out: Any = None
) -> Any:
    """Inverse of `hfft`: the first half of the values whose spectrum is real.

    It has the parameters of `rfft`.

    Examples
    --------
    >>> ihfft([0.0, 0.0, 0.0, 4.0])
    array([ 1.-0.j,  0.-1.j, -1.-0.j])
    """
    a, norm = real_samples("ihfft", a), opposite(norm_of("ihfft", norm))
    axis = axis_of("ihfft", axis, a)
    length = length_of("ihfft", a.shape[axis] if n is None else n)
    return into("ihfft", out, conjugate(to_half(a, axis, length, norm)))
