"""Evenly spaced numbers, as differentiable functions of their bounds."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

from ...engine.errors import ArgumentError
from ...engine.trace import Tracer
from .. import elementwise as ew
from ..arguments import array_operand, dtype_of
from ..broadcasting import convert
from .inquiry import ndim, result_type
from .permuting import moveaxis
from .reshaping import expand_dims, with_axes


def _plain(*values: Any) -> bool:
    return not any([isinstance(v, Tracer) for v in values])


def linspace(
    start: Any,
    stop: Any,
    num: int = 50,
    endpoint: bool = True,
    retstep: bool = False,
    dtype: Any = None,
    axis: int = 0,
    *,
    device: Any = None,
) -> Any:
    """Evenly spaced numbers of an interval, or of many at once.

    Parameters
    ----------
    start, stop : array_like
        Bounds; arrays broadcast against each other.
    num : int
        How many numbers.
    endpoint : bool
        Whether `stop` is the last one.
    retstep : bool
        Give the step too, NaN if there is none.
    dtype : dtype, optional
        By default the floating-point type of the bounds.
    axis : int
        Where the new axis goes, if the bounds have axes.
    device : {"cpu"}, optional
        For programs written to the array API standard.

    Examples
    --------
    >>> linspace(2.0, 3.0, num=5)
    array([2.  , 2.25, 2.5 , 2.75, 3.  ])
    """
    if _plain(start, stop):
        numpys: Any = np.linspace  # whose types know no variable retstep
        return numpys(start, stop, num, endpoint, retstep, dtype, axis, device=device)
    if device not in (None, "cpu"):
        raise ArgumentError(f"linspace: tensors are made on the 'cpu', got device={device!r}")
    count = _count("linspace", num)
    kind = result_type(start, stop)
    if kind.kind not in "fc":
        kind = np.result_type(kind, np.float64)
    delta = ew.subtract(stop, start)
    steps = np.arange(count, dtype=kind).reshape((count,) + (1,) * ndim(delta))
    intervals = count - 1 if endpoint else count
    step = convert(delta, kind) / intervals if intervals > 0 else np.nan
    values = ew.add(steps * (step if intervals > 0 else delta), start)
    if endpoint and count > 1:
        values = ew.where(np.arange(count).reshape(steps.shape) == count - 1, stop, values)
    values = _along(values, axis)
    if dtype is None:
        return (convert(values, kind), step) if retstep else convert(values, kind)
    dtype = dtype_of("linspace", dtype)
    values = convert(ew.floor(values) if dtype.kind in "iu" else values, dtype)
    return (values, step) if retstep else values


def _count(name: str, num: Any) -> int:
    count = operator.index(num)
    if count < 0:
        raise ArgumentError(f"{name}: a number of samples is at least 0, got num={num}")
    return count


def _along(values: Any, axis: int) -> Any:
    return moveaxis(values, 0, axis) if axis else values


def logspace(
    start: Any,
    stop: Any,
    num: int = 50,
    endpoint: bool = True,
    base: Any = 10.0,
    dtype: Any = None,
    axis: int = 0,
) -> Any:
    """Powers of a base with evenly spaced exponents.

    Parameters
    ----------
    start, stop : array_like
        The least and the last exponent.
    num, endpoint, dtype, axis
        As in `linspace`.
    base : array_like

    Examples
    --------
    >>> logspace(0.0, 3.0, num=4)
    array([   1.,   10.,  100., 1000.])
    """
    if _plain(start, stop, base):
        return np.logspace(start, stop, num, endpoint, base, dtype, axis)
    if ndim(base):
        rank = max(ndim(start), ndim(stop), ndim(base))
        start, stop, base = (with_axes(array_operand(a), rank) for a in (start, stop, base))
        base = expand_dims(base, axis)
    values = ew.power(base, linspace(start, stop, num, endpoint, axis=axis))
    return values if dtype is None else convert(values, dtype_of("logspace", dtype))


def geomspace(
    start: Any, stop: Any, num: int = 50, endpoint: bool = True, dtype: Any = None, axis: int = 0
) -> Any:
    """Numbers of which each is a constant multiple of the one before.

    Parameters
    ----------
    start, stop : array_like
        Bounds other than zero; of one sign, or complex.
    num, endpoint, dtype, axis
        As in `linspace`.

    Examples
    --------
    >>> geomspace(1.0, 8.0, num=4)
    array([1., 2., 4., 8.])
    """
    if _plain(start, stop):
        return np.geomspace(start, stop, num, endpoint, dtype, axis)
    count = _count("geomspace", num)
    wanted = dtype_of("geomspace", dtype)  # float64 at the least, as NumPy's, if none is given
    kind = result_type(start, stop, float(count), wanted)
    first, last = convert(array_operand(start), kind), convert(array_operand(stop), kind)
    sign = ew.sign(first)  # a negative or complex start is turned to the positive axis and back
    values = sign * logspace(ew.log10(first / sign), ew.log10(last / sign), count, endpoint)
    place = np.arange(count).reshape((count,) + (1,) * ndim(first * last))
    values = ew.where(place == 0, first, values)
    if endpoint and count > 1:
        values = ew.where(place == count - 1, last, values)
    values = _along(values, axis)
    return convert(values, kind if dtype is None else wanted)
