"""Linear interpolation between data points."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..engine.errors import ArgumentError, DTypeError, ShapeError, describe
from ..engine.trace import Tracer
from . import elementwise as ew
from .arguments import array_operand, operand_like
from .broadcasting import convert
from .declare import is_complex, namespace_inside
from .indexing.taking import take
from .pointwise import scale
from .shaping.joining import concatenate
from .sorting.ordering import argsort, searchsorted


def interp(
    x: Any, xp: Any, fp: Any, left: Any = None, right: Any = None, period: Any = None
) -> Any:
    """Interpolate linearly between data points; differentiable in all but the order of the points.

    At a point the slope is that of the segment to its right, at the last point that of the last
    segment; beyond the points the result is constant.

    Parameters
    ----------
    x : array_like
        Where to interpolate.
    xp : array_like, (n,)
        Places of the data points, increasing, unless there is a period.
    fp : array_like, (n,)
        Values of the data points, real or complex.
    left, right : array_like, optional
        Results before the first point and after the last; by default their values.
    period : float, optional
        Of x; `left` and `right` do not count then.

    Returns
    -------
    array
        float64 or complex128, as NumPy's, of the shape of `x`.

    Raises
    ------
    ShapeError
        `xp` and `fp` are not two arrays of one axis with as many elements, at least one.
    ArgumentError
        A period of zero.

    Examples
    --------
    >>> interp([0.5, 2.0, 9.0], [0.0, 1.0, 3.0], [10.0, 20.0, 0.0])
    array([15., 10.,  0.])
    """
    x, xp, fp = _double(x), _double(xp), _double(fp)
    if len(xp.shape) != 1 or tuple(xp.shape) != tuple(fp.shape) or not xp.shape[0]:
        raise ShapeError(
            f"interp({describe(x)}, {describe(xp)}, {describe(fp)}): the data points are two "
            "arrays of one axis and equal length, at least 1"
        )
    if period is not None:
        x, xp, fp = _in_one_period(x, xp, fp, period)
        left = right = None
    inside = _between_points(x, xp, fp) if xp.shape[0] > 1 else fp[0]
    before = fp[0] if left is None else _like(left, fp)
    after = fp[-1] if right is None else _like(right, fp)
    out = ew.where(ew.greater(x, xp[-1]), after, inside)
    out = ew.where(ew.less(x, xp[0]), before, out)
    return out[()] if isinstance(out, np.ndarray) else out


def _double(x: Any) -> Any:
    """Operand with NumPy's dtype of results, float64 or complex128; of other libraries as it is."""
    x = array_operand(x)
    if namespace_inside(x) is not np:
        return x
    return convert(x, np.dtype(complex if is_complex(x) else float))


def _like(value: Any, fp: Any) -> Any:
    value = array_operand(value)
    if is_complex(value) and not is_complex(fp):
        raise DTypeError(f"interp: left and right are real where fp is, got {describe(value)}")
    return operand_like(value, fp)


def _in_one_period(x: Any, xp: Any, fp: Any, period: Any) -> tuple[Any, Any, Any]:
    """Bring places into one period, sort them, and add a neighbour at either end."""
    if not isinstance(period, Tracer) and period == 0:
        raise ArgumentError("interp: the period is zero")
    period = ew.absolute(period)
    x, xp = ew.remainder(x, period), ew.remainder(xp, period)
    order = argsort(xp)
    xp, fp = take(xp, order), take(fp, order)
    xp = concatenate([xp[-1:] - period, xp, xp[:1] + period])
    return x, xp, concatenate([fp[-1:], fp, fp[:1]])


def _between_points(x: Any, xp: Any, fp: Any) -> Any:
    last = xp.shape[0] - 1
    base = ew.clip(searchsorted(xp, ew.stop_gradient(x), "right") - 1, 0, last)
    segment = ew.minimum(base, last - 1)
    with np.errstate(all="ignore"):  # points that coincide, values that are not finite
        slope = take((fp[1:] - fp[:-1]) / (xp[1:] - xp[:-1]), segment)
        start = take(fp, base)
        out = start + scale(x - take(xp, base), slope)
        # an infinity at one end of the segment: from the other end, as NumPy does
        end = take(fp, segment + 1)
        again = end + scale(x - take(xp, segment + 1), slope)
    out = ew.where(ew.isnan(out), again, out)
    flat = ew.logical_and(ew.equal(take(fp, segment), end), ew.equal(x, x))
    return ew.where(ew.logical_and(ew.isnan(out), flat), start, out)
