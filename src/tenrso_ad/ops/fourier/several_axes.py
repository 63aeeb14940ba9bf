"""Fourier transforms along several axes: those along one axis, one after the other."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from ...engine.errors import ArgumentError, describe
from ...engine.trace import bind
from ..arguments import axis_of, into, shape_of
from .one_axis import (
    from_half,
    length_of,
    norm_of,
    real_samples,
    resized,
    samples,
    spectrum,
    to_half,
    transform,
)
from .primitives import fft_p

Lengths = Sequence[int] | None
Axes = Sequence[int] | int | None
LAST_TWO = (-2, -1)


def _lengths_and_axes(name: str, a: Any, s: Lengths, axes: Axes) -> list[tuple[int, int]]:
    """Pair each axis with the length of its transform."""
    lengths = None if s is None else shape_of(name, s)
    if axes is None:
        axes = range(-(len(a.shape) if lengths is None else len(lengths)), 0)
    places = [axis_of(name, i, a) for i in (axes if isinstance(axes, Iterable) else (axes,))]
    if lengths is None:
        lengths = (-1,) * len(places)
    elif len(lengths) != len(places):
        raise ArgumentError(
            f"{name}({describe(a)}): s has {len(lengths)} lengths for {len(places)} axes"
        )
    return [
        (i, length_of(name, a.shape[i] if n == -1 else n))
        for i, n in zip(places, lengths, strict=True)
    ]


def _transformed(x: Any, pairs: Sequence[tuple[int, int]], inverse: bool, norm: str) -> Any:
    axes = tuple([i for i, _ in pairs])
    if len(set(axes)) < len(axes):  # an axis that is named twice is transformed twice
        for i, n in reversed(pairs):
            x = transform(x, i, n, inverse, norm)
        return x
    for i, n in pairs:
        x = resized(x, i, n)
    return bind(fft_p, (x,), {"axes": axes, "inverse": inverse, "norm": norm}) if axes else x


def _last_axis_needed(name: str, a: Any, pairs: Sequence[tuple[int, int]]) -> None:
    if not pairs:
        raise ArgumentError(f"{name}({describe(a)}): wants at least one axis to transform")


def fftn(
    a: Any, s: Lengths = None, axes: Axes = None, norm: str | None = None, out: Any = None
) -> Any:
    """Discrete Fourier transform along several axes.

    Parameters
    ----------
    a : array_like
        Real or complex.
    s : sequence of int, optional
        Length of the transform for each axis: it is cropped or filled with zeros at its end; -1 is
        its own length.
    axes : sequence of int, optional
        By default all; with `s` the last ones. An axis named twice is transformed twice.
    norm : {'backward', 'ortho', 'forward'}, optional
        As for `fft`.
    out : ndarray, optional
        Where to put the result, if `a` is plain.

    Returns
    -------
    array
        Complex, of the precision of `a`.

    Raises
    ------
    ArgumentError, AxisError
        A length below 1, not as many lengths as axes, an unknown `norm`, or an axis that there is
        not.

    Examples
    --------
    >>> fftn([[1.0, 0.0], [0.0, 0.0]])
    array([[1.+0.j, 1.+0.j],
           [1.+0.j, 1.+0.j]])
    """
    return into("fftn", out, _complex("fftn", a, s, axes, norm, False))


def ifftn(
    a: Any, s: Lengths = None, axes: Axes = None, norm: str | None = None, out: Any = None
) -> Any:
    """Inverse of `fftn`, whose parameters it has.

    Examples
    --------
    >>> ifftn([[4.0, 0.0], [0.0, 0.0]]).real
    array([[1., 1.],
           [1., 1.]])
    """
    return into("ifftn", out, _complex("ifftn", a, s, axes, norm, True))


def _complex(name: str, a: Any, s: Lengths, axes: Axes, norm: str | None, inverse: bool) -> Any:
    a, norm = samples(a), norm_of(name, norm)
    return _transformed(a, _lengths_and_axes(name, a, s, axes), inverse, norm)


def rfftn(
    a: Any, s: Lengths = None, axes: Axes = None, norm: str | None = None, out: Any = None
) -> Any:
    """Fourier transform of real values along several axes: `rfft` along the last, then `fft`.

    Parameters
    ----------
    a : array_like
        Real.
    s, axes, norm, out
        As for `fftn`; at least one axis.

    Raises
    ------
    DTypeError
        Complex values.
    ArgumentError, AxisError
        As for `fftn`.

    Examples
    --------
    >>> rfftn([[1.0, 1.0, 1.0], [1.0, 1.0, 1.0]])
    array([[6.+0.j, 0.+0.j],
           [0.+0.j, 0.+0.j]])
    """
    return into("rfftn", out, _to_half("rfftn", a, s, axes, norm))


def _to_half(name: str, a: Any, s: Lengths, axes: Axes, norm: str | None) -> Any:
    a, norm = real_samples(name, a), norm_of(name, norm)
    pairs = _lengths_and_axes(name, a, s, axes)
    _last_axis_needed(name, a, pairs)
    *others, (axis, length) = pairs
    return _transformed(to_half(a, axis, length, norm), others, False, norm)


def irfftn(
    a: Any, s: Lengths = None, axes: Axes = None, norm: str | None = None, out: Any = None
) -> Any:
    """Inverse of `rfftn`: `ifft` along all axes but the last, along which it is `irfft`.

    Parameters
    ----------
    a : array_like
    s : sequence of int, optional
        Lengths of the result. By default the last is even, ``2 * (m - 1)`` for m coefficients.
    axes, norm, out
        As for `fftn`; at least one axis.

    Raises
    ------
    ArgumentError, AxisError
        As for `fftn`.

    Examples
    --------
    >>> irfftn([[6.0, 0.0], [0.0, 0.0]], s=(2, 3), axes=(0, 1))
    array([[1., 1., 1.],
           [1., 1., 1.]])
    """
    return into("irfftn", out, _from_half("irfftn", a, s, axes, norm))


def _from_half(name: str, a: Any, s: Lengths, axes: Axes, norm: str | None) -> Any:
    a, norm = spectrum(a), norm_of(name, norm)
    pairs = _lengths_and_axes(name, a, s, axes)
    _last_axis_needed(name, a, pairs)
    *others, (axis, length) = pairs
    if s is None:
        length = length_of(name, 2 * (a.shape[axis] - 1))
    return from_half(_transformed(a, others, True, norm), axis, length, norm)


def fft2(
    a: Any, s: Lengths = None, axes: Axes = LAST_TWO, norm: str | None = None, out: Any = None
) -> Any:
    """Discrete Fourier transform along two axes, by default the last; as `fftn`.

    Examples
    --------
    >>> fft2([[1.0, 0.0], [0.0, 0.0]]).shape
    (2, 2)
    """
    return into("fft2", out, _complex("fft2", a, s, axes, norm, False))


def ifft2(
    a: Any, s: Lengths = None, axes: Axes = LAST_TWO, norm: str | None = None, out: Any = None
) -> Any:
    """Inverse of `fft2`; as `ifftn`.

    Examples
    --------
    >>> ifft2([[4.0, 0.0], [0.0, 0.0]]).shape
    (2, 2)
    """
    return into("ifft2", out, _complex("ifft2", a, s, axes, norm, True))


def rfft2(
    a: Any, s: Lengths = None, axes: Axes = LAST_TWO, norm: str | None = None, out: Any = None
) -> Any:
    """Fourier transform of real values along two axes, by default the last; as `rfftn`.

    Examples
    --------
    >>> rfft2([[1.0, 1.0, 1.0], [1.0, 1.0, 1.0]]).shape
    (2, 2)
    """
    return into("rfft2", out, _to_half("rfft2", a, s, axes, norm))


def irfft2(
    a: Any, s: Lengths = None, axes: Axes = LAST_TWO, norm: str | None = None, out: Any = None
) -> Any:
    """Inverse of `rfft2`; as `irfftn`.

    Examples
    --------
    >>> irfft2([[6.0, 0.0], [0.0, 0.0]], s=(2, 3)).shape
    (2, 3)
    """
    return into("irfft2", out, _from_half("irfft2", a, s, axes, norm))
