"""pad: the modes that are linear in the array, and maximum and minimum."""

from __future__ import annotations

import builtins
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy import ndarray

from ..engine.errors import ArgumentError, ShapeError, describe
from ..engine.trace import bind, is_inexact
from . import elementwise as ew
from .arguments import array_operand, axis_of
from .broadcasting import broadcast_to, convert
from .declare import namespace_inside
from .extrema import max, min
from .indexing import getitem
from .joining import concatenate_p, split
from .moments import mean
from .shaping import pad_p, reshape

# --- what each mode puts at the places beside an array --------------------------------------------
# block(x, axis, places, option): the places are -lo ... -1 before it, or n ... n + hi - 1 after it


def _slices(x: Any, axis: int, which: Any) -> Any:
    """Slices of an array along an axis, by their numbers or as a range."""
    return getitem(x, (*(slice(None),) * axis, which))


def _constant(x: Any, axis: int, places: ndarray, value: Any) -> Any:
    return broadcast_to(value, (*x.shape[:axis], len(places), *x.shape[axis + 1 :]))


def _edge(x: Any, axis: int, places: ndarray, _: Any) -> Any:
    return _slices(x, axis, np.clip(places, 0, x.shape[axis] - 1))


def _wrap(x: Any, axis: int, places: ndarray, _: Any) -> Any:
    return _slices(x, axis, places % x.shape[axis])


def _mirrored(edges: int) -> Callable[..., Any]:
    """Mirror an array at its edge elements (0), or at the edges beyond them (1)."""

    def block(x: Any, axis: int, places: ndarray, method: str) -> Any:
        last = x.shape[axis] - 1
        if not last:
            return _edge(x, axis, places, None)
        image, within = np.divmod(places, last + edges)
        odd = image % 2  # every second image is turned round
        chosen = _slices(x, axis, np.where(odd, last - within, within))
        if method == "even":
            return chosen
        # each image continues from the edge element of the one before
        ends = [_slices(x, axis, slice(i, i + 1)) for i in (0, last)]
        first, final = [
            _along(x, axis, n) * e for n, e in zip((odd - image, image + odd), ends, strict=True)
        ]
        return _along(x, axis, 1 - 2 * odd) * chosen + first + final

    return block


def _linear_ramp(x: Any, axis: int, places: ndarray, end: Any) -> Any:
    ramp = x if is_inexact(x.dtype) else convert(x, np.dtype(float))
    edge, end = _edge(ramp, axis, places[:1], None), convert(end, ramp.dtype)
    steps = np.arange(len(places))  # from the end inwards
    steps = steps if places[0] < 0 else steps[::-1]
    ramp = _along(ramp, axis, steps) * ((edge - end) / len(places)) + end
    return ramp if ramp.dtype == x.dtype else ew.floor(ramp)


def _statistic(reduce: Callable[..., Any]) -> Callable[..., Any]:
    """Reduce the elements next to the edge, or all of them."""

    def block(x: Any, axis: int, places: ndarray, count: Any) -> Any:
        length = x.shape[axis]
        count = length if count is None else builtins.min(int(count), length)
        near = slice(count) if places[0] < 0 else slice(length - count, length)
        value = reduce(_slices(x, axis, near), axis, keepdims=True)
        if not is_inexact(x.dtype):
            value = ew.rint(value)
        return _constant(x, axis, places, value)

    return block


def _along(x: Any, axis: int, numbers: ndarray) -> Any:
    """Plain numbers along an axis, as an array that combines with `x`."""
    shape = [len(numbers) if i == axis else 1 for i in range(len(x.shape))]
    xp = namespace_inside(x)
    if xp is np:
        return numbers.reshape(shape).astype(x.dtype)
    return xp.asarray(numbers.reshape(shape), dtype=x.dtype)


# mode -> (its block, the option it takes, the option's default)
_MODES: dict[str, tuple[Callable[..., Any], str, Any]] = {
    "constant": (_constant, "constant_values", 0),
    "edge": (_edge, "", None),
    "linear_ramp": (_linear_ramp, "end_values", 0),
    "maximum": (_statistic(max), "stat_length", None),
    "mean": (_statistic(mean), "stat_length", None),
    "minimum": (_statistic(min), "stat_length", None),
    "reflect": (_mirrored(0), "reflect_type", "even"),
    "symmetric": (_mirrored(1), "reflect_type", "even"),
    "wrap": (_wrap, "", None),
}


def pad(array: Any, pad_width: Any, mode: str = "constant", **options: Any) -> Any:
    """Add elements before and after along the axes of an array.

    Parameters
    ----------
    array : array_like
    pad_width : int, pair, sequence of pairs or dict
        How many elements: one number for all sides, (before, after) for all axes, one pair for each
        axis, or numbers or pairs by axis.
    mode : str
        'constant'
            `constant_values`, zero by default.
        'edge'
            The element at the edge.
        'linear_ramp'
            Values on a line from the edge to `end_values`, zero by default.
        'maximum', 'minimum', 'mean'
            Of the `stat_length` elements next to the edge, by default of all along the axis.
        'reflect', 'symmetric'
            The array mirrored at the edge element, or at the edge including that element;
            `reflect_type` is 'even', or 'odd' for twice the edge element less the mirrored one.
        'wrap'
            The array from its other end.
    constant_values, end_values : array_like
        One number, a pair or a pair for each axis, as for `pad_width`. They are differentiated too.
    stat_length : int, pair, sequence of pairs or None
    reflect_type : {'even', 'odd'}

    Raises
    ------
    ArgumentError
        Another mode ('median', 'empty' and functions are not supported), or an option that belongs
        to another mode.
    ShapeError
        An empty axis that only 'constant' can extend.

    Examples
    --------
    >>> pad([1, 2, 3], (2, 1), mode="reflect")
    array([3, 2, 1, 2, 3, 2])
    """
    x = array_operand(array)
    if not isinstance(mode, str) or mode not in _MODES:
        known = ", ".join(map(repr, _MODES))
        raise ArgumentError(f"pad: mode {mode!r} is not supported; the modes are {known}")
    block, name, default = _MODES[mode]
    wrong = ", ".join(sorted(options.keys() - {name}))
    if wrong:
        takes = f"takes {name}=" if name else "takes no option"
        raise ArgumentError(f"pad: mode {mode!r} {takes}, got {wrong}=")
    option = options.get(name, default)
    widths = _widths(x, pad_width)
    if mode == "constant" and isinstance(option, (int, float)) and option == 0:
        return bind(pad_p, (x,), {"widths": widths})
    settings = _settings(name, option, len(x.shape))
    for axis, (lo, hi) in enumerate(widths):
        length = x.shape[axis]
        if not length and (lo or hi) and mode != "constant":
            raise ShapeError(f"pad({describe(x)}): mode {mode!r} cannot extend empty axis {axis}")
        parts = [x]
        if lo:
            parts.insert(0, block(x, axis, np.arange(-lo, 0), settings[axis][0]))
        if hi:
            parts.append(block(x, axis, np.arange(length, length + hi), settings[axis][1]))
        parts = [convert(part, x.dtype) for part in parts]
        x = bind(concatenate_p, parts, {"axis": axis})
    return x


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
