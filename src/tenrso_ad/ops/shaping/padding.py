"""pad, in every mode that says what the new elements are."""

from __future__ import annotations

import builtins
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from ...engine.errors import ArgumentError, ShapeError, describe
from ...engine.trace import bind, is_inexact
from .. import elementwise as ew
from ..arguments import array_operand, axis_of, operand_like
from ..broadcasting import broadcast_to, convert
from ..indexing.getitem import getitem
from ..indexing.subscript import kind_of
from ..reductions.extrema import max, min
from ..reductions.medians import median
from ..reductions.moments import mean
from .creation import copy
from .joining import concatenate_p
from .permuting import moveaxis
from .reshaping import pad_p, reshape
from .splitting import split

# --- what each mode puts at the places beside an array --------------------------------------------
# block(x, axis, places, option) gives a list of arrays, to be joined along the axis; the places are
# range(-lo, 0) before the array, or range(n, n + hi) after it


def _slice(x: Any, axis: int, start: int, stop: int, step: int = 1) -> Any:
    """Slices from start to before stop along an axis; backwards, stop may be -1."""
    part = slice(start, stop if stop >= 0 else None, step)
    return getitem(x, (*(slice(None),) * axis, part))


def _constant(x: Any, axis: int, places: range, value: Any) -> list[Any]:
    return [broadcast_to(value, (*x.shape[:axis], len(places), *x.shape[axis + 1 :]))]


def _at_edge(x: Any, axis: int, places: range) -> Any:
    edge = 0 if places.start < 0 else x.shape[axis] - 1
    return _slice(x, axis, edge, edge + 1)


def _edge(x: Any, axis: int, places: range, _: Any) -> list[Any]:
    return _constant(x, axis, places, _at_edge(x, axis, places))


def _images(places: range, period: int) -> Iterator[tuple[int, int, int]]:
    """Number of each image of an array that places fall in, and from where to where in it."""
    for image in range(places.start // period, (places.stop - 1) // period + 1):
        start, stop = places.start - image * period, places.stop - image * period
        yield image, builtins.max(start, 0), builtins.min(stop, period)


def _wrap(x: Any, axis: int, places: range, _: Any) -> list[Any]:
    return [_slice(x, axis, start, stop) for _, start, stop in _images(places, x.shape[axis])]


def _mirrored(edges: int) -> Callable[..., list[Any]]:
    """Mirror an array at its edge elements (0), or at the edges beyond them (1)."""

    def block(x: Any, axis: int, places: range, method: str) -> list[Any]:
        last = x.shape[axis] - 1
        if not last:
            return _edge(x, axis, places, None)
        odd = method == "odd"
        ends = [_slice(x, axis, i, i + 1) for i in (0, last)] if odd else []
        parts = []
        for image, start, stop in _images(places, last + edges):
            turned = image % 2
            part = (
                _slice(x, axis, last - start, last - stop, -1)
                if turned
                else _slice(x, axis, start, stop)
            )
            if odd:
                # each image continues from the edge element of the one before
                part = ew.negative(part) if turned else part
                part = _plus(part, turned - image, ends[0])
                part = _plus(part, turned + image, ends[1])
            parts.append(part)
        return parts

    return block


def _plus(x: Any, factor: int, y: Any) -> Any:
    """Give x + factor * y; unsigned integers take no negative factor."""
    return x + factor * y if factor >= 0 else x - -factor * y


def _linear_ramp(x: Any, axis: int, places: range, end: Any) -> list[Any]:
    ramp = x if is_inexact(x.dtype) else convert(x, np.dtype(float))
    edge, end = _at_edge(ramp, axis, places), operand_like(end, ramp)
    steps = np.arange(len(places))  # from the end inwards
    steps = steps if places.start < 0 else steps[::-1]
    steps = steps.reshape([-1 if i == axis else 1 for i in range(len(x.shape))])
    ramp = operand_like(steps, ramp) * ((edge - end) / len(places)) + end
    return [ew.floor(ramp) if kind_of(x.dtype) in "iu" else ramp]


def _statistic(reduce: Callable[..., Any]) -> Callable[..., list[Any]]:
    """Reduce the elements next to the edge, or all of them."""

    def block(x: Any, axis: int, places: range, count: Any) -> list[Any]:
        length = x.shape[axis]
        count = length if count is None else builtins.min(int(count), length)
        start = 0 if places.start < 0 else length - count
        value = reduce(_slice(x, axis, start, start + count), axis, keepdims=True)
        whole = kind_of(x.dtype) in "iu"
        return _constant(x, axis, places, ew.rint(value) if whole else value)

    return block


# mode -> (its block, the option it takes, the option's default)
_MODES: dict[str, tuple[Callable[..., list[Any]], str, Any]] = {
    "constant": (_constant, "constant_values", 0),
    "edge": (_edge, "", None),
    "linear_ramp": (_linear_ramp, "end_values", 0),
    "maximum": (_statistic(max), "stat_length", None),
    "mean": (_statistic(mean), "stat_length", None),
    "median": (_statistic(median), "stat_length", None),
    "minimum": (_statistic(min), "stat_length", None),
    "reflect": (_mirrored(0), "reflect_type", "even"),
    "symmetric": (_mirrored(1), "reflect_type", "even"),
    "wrap": (_wrap, "", None),
}


def pad(
    array: Any,
    pad_width: Any,
    mode: str | Callable[..., object] = "constant",
    **options: Any,
) -> Any:
    """Add elements before and after along the axes of an array.

    Parameters
    ----------
    array : array_like
    pad_width : int, pair, sequence of pairs or dict
        How many elements: one number for all sides, (before, after) for all axes, one pair for each
        axis, or numbers or pairs by axis.
    mode : str or callable
        'constant'
            `constant_values`, zero by default.
        'edge'
            The element at the edge.
        'linear_ramp'
            Values on a line from the edge to `end_values`, zero by default.
        'maximum', 'minimum', 'mean', 'median'
            Of the `stat_length` elements next to the edge, by default of all along the axis.
        'reflect', 'symmetric'
            The array mirrored at the edge element, or at the edge including that element;
            `reflect_type` is 'even', or 'odd' for twice the edge element less the mirrored one.
        'wrap'
            The array from its other end.
        function
            Called as ``function(vector, (before, after), axis, options)`` for each vector along
            each axis of the array, which has zeros at its new places; it changes the vector in
            place.
    constant_values, end_values : array_like
        One number, a pair or a pair for each axis, as for `pad_width`. They are differentiated too.
    stat_length : int, pair, sequence of pairs or None
    reflect_type : {'even', 'odd'}

    Raises
    ------
    ArgumentError
        Another mode ('empty' is refused: its elements would be arbitrary), or an option that
        belongs to another mode.
    ShapeError
        An empty axis that only 'constant' can extend.

    Examples
    --------
    >>> pad([1, 2, 3], (2, 1), mode="reflect")
    array([3, 2, 1, 2, 3, 2])
    """
    x = array_operand(array)
    if callable(mode):
        return _by_function(x, _widths(x, pad_width), mode, options)
    if mode not in _MODES:
        known = ", ".join(map(repr, _MODES))
        raise ArgumentError(
            f"pad: mode {mode!r} is not supported; the modes are {known}, and functions"
        )
    block, name, default = _MODES[mode]
    wrong = ", ".join(sorted(options.keys() - {name}))
    if wrong:
        takes = f"takes {name}=" if name else "takes no option"
        raise ArgumentError(f"pad: mode {mode!r} {takes}, got {wrong}=")
    option = options.get(name, default)
    widths = _widths(x, pad_width)
    if not widths:
        return copy(x)
    if mode == "constant" and isinstance(option, (int, float)) and option == 0:
        return _with_zeros(x, widths)
    settings = _settings(name, option, len(x.shape))
    for axis, (lo, hi) in enumerate(widths):
        length = x.shape[axis]
        if not length and (lo or hi) and mode != "constant":
            raise ShapeError(f"pad({describe(x)}): mode {mode!r} cannot extend empty axis {axis}")
        parts = [x]
        if lo:
            parts = block(x, axis, range(-lo, 0), settings[axis][0]) + parts
        if hi:
            parts += block(x, axis, range(length, length + hi), settings[axis][1])
        parts = [operand_like(part, x) for part in parts]
        x = bind(concatenate_p, parts, {"axis": axis})
    return x


def _with_zeros(x: Any, widths: tuple[tuple[int, int], ...]) -> Any:
    return bind(pad_p, (x,), {"widths": widths}) if any(map(any, widths)) else copy(x)


def _by_function(
    x: Any,
    widths: tuple[tuple[int, int], ...],
    function: Callable[..., object],
    options: dict[str, Any],
) -> Any:
    out = _with_zeros(x, widths)
    for axis, pair in enumerate(widths):
        vectors = moveaxis(out, axis, -1)
        for i in np.ndindex(*vectors.shape[:-1]):
            function(getitem(vectors, (*i, ...)), pair, axis, options)
    return out


def _widths(x: Any, pad_width: Any) -> tuple[tuple[int, int], ...]:
    """Widths before and after, for each axis."""
    ndim = len(x.shape)
    if isinstance(pad_width, Mapping):
        rows: list[Any] = [(0, 0)] * ndim
        for axis, width in pad_width.items():
            rows[axis_of("pad", axis, x)] = np.broadcast_to(width, 2)
        pad_width = rows
    numbers = np.asarray(pad_width)
    if numbers.size and numbers.dtype.kind not in "iu":
        raise ArgumentError(f"pad({describe(x)}): pad_width is made of ints, got {pad_width!r}")
    pairs = _pairs("pad_width", numbers, ndim)
    if (pairs < 0).any():
        raise ArgumentError(f"pad({describe(x)}): pad_width must not be negative")
    return tuple([(int(lo), int(hi)) for lo, hi in pairs])


def _settings(name: str, option: Any, ndim: int) -> list[Any]:
    """Option for before and after, for each axis."""
    if name == "reflect_type" and option not in ("even", "odd"):
        raise ArgumentError(f"pad: reflect_type is 'even' or 'odd', got {option!r}")
    if option is None or isinstance(option, str):
        return [(option, option)] * ndim
    table = _pairs(name, array_operand(option), ndim)
    if name == "stat_length":
        if (table < 1).any():
            raise ArgumentError(f"pad: stat_length is positive, got {option!r}")
        return list(table)
    return [[reshape(side, ()) for side in split(row, 2, 1)] for row in split(table, ndim)]


def _pairs(name: str, values: Any, ndim: int) -> Any:
    """Give numbers a row for each axis and a column for each side."""
    shape = tuple(values.shape)
    try:
        if np.broadcast_shapes(shape, (ndim, 2)) == (ndim, 2):
            return broadcast_to(values, (ndim, 2))
    except ValueError:
        pass
    raise ArgumentError(f"pad: {name} does not broadcast to ({ndim}, 2), got {describe(values)}")
