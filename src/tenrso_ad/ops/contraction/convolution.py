"""convolve and correlate as NumPy has them, and convolution along any axes."""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence
from typing import Any, Literal

import numpy as np

from ...engine.errors import ArgumentError, ShapeError, describe
from ...engine.trace import bind, is_inexact
from ..arguments import EVERY, array_operand, axes_of
from ..broadcasting import convert
from ..declare import is_complex
from ..elementwise import conjugate, multiply, rint
from ..fourier.several_axes import fftn, ifftn, irfftn, rfftn
from ..shaping.permuting import flip, moveaxis
from ..shaping.reshaping import pad_p, with_axes
from .direct_convolution import Shape, convolved, lengths
from .einsum import promoted

Mode = Literal["full", "same", "valid"]
Method = Literal["auto", "direct", "fft"]
_MODES = ("full", "same", "valid")
_METHODS = ("auto", "direct", "fft")

# So many direct products take the time of one element in one of the log2(points) stages of the
# transforms. An estimate on the high side: 'auto' gives up accuracy only for a clear gain.
_PRODUCTS_PER_STAGE = 16


def convolve(a: Any, v: Any, mode: Mode = "full") -> Any:
    """Convolve two sequences: ``out[k] = sum(a[j] * v[k - j])``.

    Parameters
    ----------
    a, v : array_like
        1-d, not empty.
    mode : {'full', 'same', 'valid'}
        All places at which they overlap, the middle ones in the number of the longer sequence, or
        those at which the shorter lies wholly inside the longer.

    Returns
    -------
    array, 1-d

    Raises
    ------
    ShapeError, ArgumentError
        Operands that are empty or have more axes, or an unknown mode.

    See Also
    --------
    convolve_nd : Along any axes, and by Fourier transforms.

    Notes
    -----
    The sums are taken directly, at any length: a Fourier transform has rounding errors as large as
    the largest results call for, and spreads one infinity or NaN over all of them. For long
    sequences where that is no matter, ``convolve_nd(a, v, mode)`` is faster.

    Examples
    --------
    >>> convolve([1.0, 2.0, 3.0], [0.0, 1.0, 0.5])
    array([0. , 1. , 2.5, 4. , 1.5])
    """
    a, v = _sequences("convolve", a, v, mode)
    n, m = a.shape[0], v.shape[0]
    if m > n:
        a, v = v, a
    return _in_mode(a, v, mode, (min(n, m) - 1) // 2)


def correlate(a: Any, v: Any, mode: Mode = "valid") -> Any:
    """Correlate two sequences: ``out[k] = sum(a[j + k] * conj(v[j]))``.

    Parameters
    ----------
    a, v, mode
        As for `convolve`.

    Returns
    -------
    array, 1-d

    Raises
    ------
    ShapeError, ArgumentError
        Operands that are empty or have more axes, or an unknown mode.

    Examples
    --------
    >>> correlate([1.0, 2.0, 3.0], [0.0, 1.0, 0.5], "full")
    array([0.5, 2. , 3.5, 3. , 0. ])
    """
    a, v = _sequences("correlate", a, v, mode)
    n, m = a.shape[0], v.shape[0]
    v = flip(conjugate(v))
    if m > n:
        return _in_mode(v, a, mode, n // 2)
    return _in_mode(a, v, mode, (m - 1) // 2)


def _sequences(name: str, a: Any, v: Any, mode: Any) -> list[Any]:
    operands = [with_axes(array_operand(x), 1) for x in (a, v)]
    for x in operands:
        if len(x.shape) > 1:
            raise ShapeError(
                f"{name}({describe(x)}): wants 1-d arrays; convolve_nd takes several axes"
            )
        if not x.shape[0]:
            raise ShapeError(f"{name}({describe(x)}): wants arrays that are not empty")
    _check_choice(name, "mode", mode, _MODES)
    return promoted(operands)


def _check_choice(name: str, argument: str, given: Any, choices: tuple[str, ...]) -> None:
    if given not in choices:
        raise ArgumentError(f"{name}: {argument} is one of {choices}, got {given!r}")


def _in_mode(longer: Any, shorter: Any, mode: str, start: int) -> Any:
    """Convolve sequences; for 'same' crop from a place on."""
    if mode != "same":
        return convolved(longer, shorter, 1, mode)
    return _cropped(convolved(longer, shorter, 1, "full"), (start,), longer.shape)


def _cropped(out: Any, start: Shape, size: Shape) -> Any:
    """Cut a part out of the last axes."""
    before = len(out.shape) - len(size)
    widths = [
        (-first, first + count - length)
        for first, count, length in zip(start, size, out.shape[before:], strict=True)
    ]
    return bind(pad_p, (out,), {"widths": (*[(0, 0)] * before, *widths)})


# --- along any axes -------------------------------------------------------------------------------


def convolve_nd(
    x: Any,
    kernel: Any,
    mode: Mode = "full",
    axes: int | Sequence[int] | None = None,
    method: Method = "auto",
) -> Any:
    """Convolve two arrays along any axes, as `scipy.signal.convolve` does.

    Parameters
    ----------
    x, kernel : array_like
        Of as many axes, and not empty.
    mode : {'full', 'same', 'valid'}
        All places at which they overlap, the middle ones in the shape of `x`, or those at which one
        lies wholly inside the other.
    axes : int or sequence of int, optional
        Along which; the other axes broadcast. By default all.
    method : {'auto', 'direct', 'fft'}
        How: by products of elements, by Fourier transforms, or for floating-point and complex
        arrays by the one that is estimated to be several times quicker. Fourier transforms have
        rounding errors as large as the largest results call for, and spread one infinity or NaN
        over all of them; 'direct' does not. Integers are convolved exactly, unless by 'fft': then
        the result is rounded.

    Returns
    -------
    array
        Of the operands' common dtype.

    Raises
    ------
    ShapeError
        Empty operands, not as many axes, other axes that do not broadcast, or in the mode 'valid'
        neither operand as long as the other along every axis.
    ArgumentError, AxisError
        An unknown mode or method, an axis that there is not or is named twice.

    Notes
    -----
    The derivatives are convolutions of the same kind, direct or by Fourier transforms.

    Examples
    --------
    >>> import numpy as np
    >>> x = np.arange(12.0).reshape(3, 4)
    >>> convolve_nd(x, np.ones((2, 2)), "valid")
    array([[10., 14., 18.],
           [26., 30., 34.]])
    >>> convolve_nd(x, [[1.0, -1.0]], "same", axes=1)
    array([[0., 1., 1., 1.],
           [4., 1., 1., 1.],
           [8., 1., 1., 1.]])
    """
    x, kernel = promoted([array_operand(x), array_operand(kernel)])
    _check_choice("convolve_nd", "mode", mode, _MODES)
    _check_choice("convolve_nd", "method", method, _METHODS)
    call = f"convolve_nd({describe(x)}, {describe(kernel)})"
    if len(x.shape) != len(kernel.shape):
        raise ShapeError(f"{call}: wants arrays of as many axes; reshape one of them")
    if not x.shape and axes is None:
        return multiply(x, kernel)
    places = tuple(sorted(axes_of("convolve_nd", axes, x)))
    if not places:
        raise ArgumentError(f"{call}: wants at least one axis to convolve along")
    last = EVERY[len(x.shape)][-len(places) :]
    if places == last:
        return _along_last(call, x, kernel, len(places), mode, method)
    x, kernel = moveaxis(x, places, last), moveaxis(kernel, places, last)
    return moveaxis(_along_last(call, x, kernel, len(places), mode, method), last, places)


def _along_last(call: str, x: Any, kernel: Any, rank: int, mode: str, method: str) -> Any:
    """Convolve the last axes."""
    n, m = (tuple(a.shape[len(a.shape) - rank :]) for a in (x, kernel))
    if 0 in n or 0 in m:
        raise ShapeError(f"{call}: wants axes that are not empty")
    try:
        np.broadcast_shapes(*[a.shape[: len(a.shape) - rank] for a in (x, kernel)])
    except ValueError:
        raise ShapeError(f"{call}: the axes that are not convolved do not broadcast") from None
    if mode == "valid" and any(i < j for i, j in zip(n, m, strict=True)):
        x, kernel, n, m = kernel, x, m, n
        if any(i < j for i, j in zip(n, m, strict=True)):
            raise ShapeError(
                f"{call}: in the mode 'valid' one operand is as long as the other along every axis"
            )
    places = "valid" if mode == "valid" else "full"
    if method == "auto":
        method = "fft" if is_inexact(x.dtype) and _fft_pays(n, m, places) else "direct"
    run = convolved if method == "direct" else _by_fft
    out = run(x, kernel, rank, places)
    return _cropped(out, tuple([(j - 1) // 2 for j in m]), n) if mode == "same" else out


def _fft_pays(n: Shape, m: Shape, mode: str) -> bool:
    """Whether Fourier transforms are estimated to be several times quicker."""
    out = lengths(n, m, mode)
    products = min(math.prod(n), math.prod(out)) * math.prod(m)
    points = math.prod(map(max, n, out))
    return products > _PRODUCTS_PER_STAGE * points * math.log2(points + 1)


@functools.lru_cache(maxsize=256)
def _quick_length(n: int, real: bool) -> int:
    from scipy.fft import next_fast_len

    return int(next_fast_len(n, real))


def _by_fft(x: Any, kernel: Any, rank: int, mode: str) -> Any:
    """Multiply the Fourier transforms of the last axes."""
    if not is_inexact(x.dtype):
        wide, other = (convert(a, np.dtype(float)) for a in (x, kernel))
        return convert(rint(_by_fft(wide, other, rank, mode)), x.dtype)
    n, m = (tuple(a.shape[len(a.shape) - rank :]) for a in (x, kernel))
    out = lengths(n, m, mode)
    forward, back = (fftn, ifftn) if is_complex(x) else (rfftn, irfftn)
    # in the mode 'valid' only places that are cut off wrap round
    points = [_quick_length(max(i, j), forward is rfftn) for i, j in zip(n, out, strict=True)]
    axes = tuple(range(-rank, 0))
    product = multiply(forward(x, points, axes), forward(kernel, points, axes))
    start = tuple([j - 1 for j in m]) if mode == "valid" else (0,) * rank
    return convert(_cropped(back(product, points, axes), start, out), x.dtype)
