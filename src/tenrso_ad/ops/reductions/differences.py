"""Differences of neighbours, numerical derivatives and integrals of sampled functions."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...engine.errors import ArgumentError, DTypeError, ShapeError, describe
from ...engine.trace import is_inexact
from .. import elementwise as ew
from ..arguments import Axis, array_operand, axes_of, axis_of, is_boolean, operand_like
from ..broadcasting import broadcast_to, convert
from ..declare import is_complex, namespace_inside
from ..indexing.getitem import getitem
from ..shaping.joining import concatenate
from ..shaping.reshaping import ravel, reshape
from .cumulative import part
from .sums import sum


def _along(values: Any, axis: int, ndim: int) -> Any:
    """Lay values out along one of several axes."""
    return reshape(values, [-1 if i == axis else 1 for i in range(ndim)])


# --- differences ----------------------------------------------------------------------------------


def diff(a: Any, n: int = 1, axis: int = -1, prepend: Any = None, append: Any = None) -> Any:
    """Differences of neighbours along an axis.

    Parameters
    ----------
    a : array_like
        Of booleans the result says where they change.
    n : int
        How often to take differences.
    axis : int
        Along which.
    prepend, append : array_like, optional
        Values to put in front of `a` and behind it first: a number, or an array that fits `a` but
        for its length along the axis.

    Returns
    -------
    array
        Shorter than `a` (with what was put around it) by n.

    Examples
    --------
    >>> diff([1.0, 2.0, 4.0, 7.0])
    array([1., 2., 3.])
    >>> diff([1.0, 2.0, 4.0], prepend=0.0)
    array([1., 1., 2.])
    """
    if n == 0:
        return a
    a = array_operand(a)
    if n < 0:
        raise ArgumentError(f"diff({describe(a)}): n is not negative, got n={n}")
    axis = axis_of("diff", axis, a)
    parts = [_fitted(v, a, axis) for v in (prepend, a, append) if v is not None]
    a = concatenate(parts, axis) if len(parts) > 1 else a
    subtract = ew.not_equal if is_boolean(a.dtype) else ew.subtract
    for _ in range(n):
        a = subtract(part(a, axis, 1, None), part(a, axis, None, -1))
    return a


def _fitted(values: Any, a: Any, axis: int) -> Any:
    """Give a number the shape of one slice."""
    weak = type(values) in (int, float) and is_inexact(a.dtype)
    values = operand_like(values, a) if weak else array_operand(values)
    if len(values.shape) == len(a.shape):
        return values
    if values.shape:
        raise ShapeError(
            f"diff({describe(a)}): wants a number or an array of {len(a.shape)} axes to put in "
            f"front or behind, got {describe(values)}"
        )
    return broadcast_to(values, (*a.shape[:axis], 1, *a.shape[axis + 1 :]))


def ediff1d(ary: Any, to_end: Any = None, to_begin: Any = None) -> Any:
    """Differences of neighbours in the flattened array, with values around them.

    Parameters
    ----------
    ary : array_like
    to_end, to_begin : array_like, optional
        Put behind the differences and in front of them.

    Raises
    ------
    DTypeError
        Values of a kind that the array's dtype does not hold.

    Examples
    --------
    >>> ediff1d([1.0, 2.0, 4.0], to_begin=0.0)
    array([0., 1., 2.])
    """
    ary = ravel(array_operand(ary))
    parts = [part(ary, 0, 1, None) - part(ary, 0, None, -1)]
    for name, values in (("to_begin", to_begin), ("to_end", to_end)):
        if values is None:
            continue
        values = ravel(array_operand(values))
        if not np.can_cast(values.dtype, ary.dtype, "same_kind"):
            raise DTypeError(
                f"ediff1d({describe(ary)}): {name}={describe(values)} does not convert to "
                f"{ary.dtype}; convert the array first"
            )
        parts.insert(0 if name == "to_begin" else len(parts), convert(values, ary.dtype))
    return concatenate(parts) if len(parts) > 1 else parts[0]


# --- numerical derivatives ------------------------------------------------------------------------


def gradient(f: Any, *varargs: Any, axis: Axis = None, edge_order: int = 1) -> Any:
    """Derivative of a sampled function, by central differences; at the ends by one-sided ones.

    Parameters
    ----------
    f : array_like
        Samples.
    *varargs : float or array_like
        Spacing: one number for all axes, or for each axis a number or the coordinates of its
        samples. They are differentiated too. By default 1.
    axis : int or tuple of int, optional
        Along which; by default along each.
    edge_order : {1, 2}
        Order of accuracy at the ends.

    Returns
    -------
    array, or tuple of array
        One for each axis, if there is not exactly one.

    Raises
    ------
    ArgumentError
        Another number of spacings, or another order.
    ShapeError
        Coordinates that do not fit, or fewer than ``edge_order + 1`` samples.

    Examples
    --------
    >>> gradient([0.0, 1.0, 4.0, 9.0])
    array([1., 2., 4., 5.])
    >>> gradient([0.0, 1.0, 9.0], [0.0, 1.0, 3.0])
    array([1., 2., 4.])
    """
    f = array_operand(f)
    f = f if is_inexact(f.dtype) else convert(f, np.dtype(float))
    axes = axes_of("gradient", axis, f)
    if edge_order not in (1, 2):
        raise ArgumentError(f"gradient({describe(f)}): edge_order is 1 or 2, got {edge_order!r}")
    if len(varargs) > 1 and len(varargs) != len(axes):
        raise ArgumentError(
            f"gradient({describe(f)}): wants one spacing, or one for each of {len(axes)} axes; "
            f"got {len(varargs)}"
        )
    spacings = varargs or (1.0,)
    if len(spacings) == 1 and np.ndim(spacings[0]) == 0:
        spacings = spacings * len(axes)
    if len(spacings) != len(axes):
        raise ArgumentError(
            f"gradient({describe(f)}): coordinates belong to one axis; give one for each of "
            f"{len(axes)} axes"
        )
    results = tuple(
        [
            _derivative(f, i, _steps(f, i, s), edge_order)
            for i, s in zip(axes, spacings, strict=True)
        ]
    )
    return results[0] if len(results) == 1 else results


def _steps(f: Any, axis: int, spacing: Any) -> Any:
    """Check a spacing; coordinates become the steps between them."""
    if is_complex(spacing) and not is_complex(f):
        raise DTypeError(f"gradient({describe(f)}): complex spacing of a real function")
    if f.shape[axis] < 2:
        raise ShapeError(f"gradient({describe(f)}): wants 2 samples along axis {axis}")
    if type(spacing) in (int, float):
        return spacing
    spacing = array_operand(spacing)
    spacing = spacing if is_inexact(spacing.dtype) else convert(spacing, np.dtype(float))
    spacing = _beside(f, spacing)
    if not spacing.shape:
        return spacing
    if tuple(spacing.shape) != (f.shape[axis],):
        raise ShapeError(
            f"gradient({describe(f)}): spacing along axis {axis} is a number or the coordinates "
            f"of its {f.shape[axis]} samples, got {describe(spacing)}"
        )
    return diff(spacing)


def _beside(f: Any, x: Any) -> Any:
    """Bring plain coordinates to the array library of the samples."""
    return x if namespace_inside(f) is np else operand_like(x, f)


def _derivative(f: Any, axis: int, steps: Any, edge_order: int) -> Any:
    length, ndim = f.shape[axis], len(f.shape)
    if length < edge_order + 1:
        raise ShapeError(
            f"gradient({describe(f)}): edge_order={edge_order} wants {edge_order + 1} samples "
            f"along axis {axis}"
        )
    uniform = not getattr(steps, "shape", ())

    def step(start: int | None, stop: int | None) -> Any:
        return steps if uniform else _along(getitem(steps, slice(start, stop)), axis, ndim)

    def combine(coefficients: tuple[Any, ...], first: int, count: int) -> Any:
        """Sum of the samples from `first` on, times one coefficient each."""
        total: Any = None
        for i, c in enumerate(coefficients):
            term = c * part(f, axis, first + i, first + i + count)
            total = term if total is None else total + term
        return total

    inner, last = length - 2, length - 1
    if uniform:
        middle = (part(f, axis, 2, None) - part(f, axis, None, -2)) / (2 * steps)
    else:
        h, k = step(None, -1), step(1, None)
        middle = combine((-k / (h * (h + k)), (k - h) / (h * k), h / (k * (h + k))), 0, inner)
    if edge_order == 1:
        begin = (part(f, axis, 1, 2) - part(f, axis, 0, 1)) / step(0, 1)
        end = (part(f, axis, last, None) - part(f, axis, last - 1, last)) / step(last - 1, last)
    else:
        h, k = step(0, 1), step(1, 2)
        begin = combine((-(2 * h + k) / (h * (h + k)), (h + k) / (h * k), -h / (k * (h + k))), 0, 1)
        h, k = step(last - 2, last - 1), step(last - 1, last)
        end = combine(
            (k / (h * (h + k)), -(h + k) / (h * k), (2 * k + h) / (k * (h + k))), inner - 1, 1
        )
    return concatenate([convert(v, f.dtype) for v in (begin, middle, end)], axis)


# --- numerical integrals --------------------------------------------------------------------------


def trapezoid(y: Any, x: Any = None, dx: Any = 1.0, axis: int = -1) -> Any:
    """Integral of a sampled function, by the trapezoidal rule.

    Parameters
    ----------
    y : array_like
        Samples.
    x : array_like, optional
        Their coordinates, along the axis or of a shape that broadcasts with `y`. They are
        differentiated too.
    dx : float
        Distance of the samples if there are no coordinates.
    axis : int
        Along which.

    Examples
    --------
    >>> float(trapezoid([1.0, 2.0, 3.0], [0.0, 1.0, 3.0]))
    6.5
    """
    y = array_operand(y)
    axis = axis_of("trapezoid", axis, y)
    steps = dx
    if x is not None:
        x = _beside(y, array_operand(x))
        steps = _along(diff(x), axis, len(y.shape)) if len(x.shape) == 1 else diff(x, 1, axis)
    return sum(steps * (part(y, axis, 1, None) + part(y, axis, None, -1)) / 2.0, axis)
