"""Running sums and products, and the recurrence by which running products are differentiated.

Products are differentiated without a division, so that zeros are no special case: with the products
y_i = x_0 ... x_i and their cotangent g, dL/dx_i = (x_0 ... x_{i-1}) t_i, where the recurrence
t_i = g_i + x_{i+1} t_{i+1} runs backwards. A recurrence is differentiated by others of its kind, so
all orders are exact.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy import ndarray

from ...engine.array_type import ArrayType
from ...engine.errors import ArgumentError, describe
from ...engine.primitive import Primitive
from ...engine.trace import bind
from ..arguments import array_operand, axis_of, dtype_of, into
from ..broadcasting import broadcast_to, convert, wider
from ..declare import linear, namespace, nonlinear, zeros_like
from ..indexing.getitem import getitem
from ..pointwise import scale
from ..shaping.joining import concatenate
from ..shaping.reshaping import pad_p, ravel, with_axes


def further_back(primitive: Callable[[], Primitive]) -> Callable[..., Any]:
    """Batching rule of an operation along one axis."""

    def rule(size: int, values: Any, batched: Any, params: Any) -> Any:
        values = [
            v if b else broadcast_to(v, (size, *v.shape))
            for v, b in zip(values, batched, strict=True)
        ]
        return bind(primitive(), values, {**params, "axis": params["axis"] + 1})

    return rule


def part(x: Any, axis: int, start: int | None, stop: int | None) -> Any:
    """Elements between two places of an axis."""
    return getitem(x, (*(slice(None),) * axis, slice(start, stop)))


def _accumulated(ufunc: np.ufunc, x: ndarray, axis: int, reverse: bool) -> ndarray:
    """Run a ufunc along an axis; narrow floats are run in float32."""
    wide = wider(x.dtype)
    way = (slice(None),) * axis + (slice(None, None, -1 if reverse else 1),)
    out: ndarray = ufunc.accumulate(x[way], axis, wide)[way]
    return out if wide is None else out.astype(x.dtype)


def _accumulator(ufunc: np.ufunc) -> Callable[..., ArrayType]:
    def shape(x: ArrayType, **_: Any) -> ArrayType:
        return ArrayType(x.shape, _accumulated(ufunc, np.ones(1, x.dtype), 0, False).dtype)

    return shape


# --- running sums ---------------------------------------------------------------------------------


def _evaluate_cumsum(x: Any, *, axis: int, reverse: bool) -> Any:
    xp = namespace(x)
    if xp is np:
        return _accumulated(np.add, x, axis, reverse)
    if not reverse:
        return xp.cumulative_sum(x, axis=axis)
    return xp.flip(xp.cumulative_sum(xp.flip(x, axis=axis), axis=axis), axis=axis)


cumsum_p: Primitive = linear(
    "cumsum",
    _evaluate_cumsum,
    transpose=lambda g, x, *, axis, reverse: bind(
        cumsum_p, (g,), {"axis": axis, "reverse": not reverse}
    ),
    shape=_accumulator(np.add),
    batch=further_back(lambda: cumsum_p),
)


def cumsum(a: Any, axis: int | None = None, dtype: Any = None, out: Any = None) -> Any:
    """Running sum.

    Parameters
    ----------
    a : array_like
    axis : int, optional
        Along which; by default the flattened array is summed.
    dtype : dtype, optional
        To which elements are converted first; by default integers and booleans go to NumPy's
        default integer.
    out : ndarray, optional
        Where to write a plain result.

    Examples
    --------
    >>> cumsum([1.0, 2.0, 3.0])
    array([1., 3., 6.])
    """
    a, place = _operands("cumsum", a, axis, dtype)
    running = bind(cumsum_p, (a,), {"axis": place, "reverse": False})
    return into("cumsum", out, running)


def _operands(name: str, a: Any, axis: int | None, dtype: Any) -> tuple[Any, int]:
    a = array_operand(a)
    if axis is None:
        a, axis = ravel(a), 0
    if dtype is not None:
        a = convert(a, dtype_of(name, dtype))
    return a, axis_of(name, axis, a)


def cumulative_sum(
    x: Any,
    /,
    *,
    axis: int | None = None,
    dtype: Any = None,
    out: Any = None,
    include_initial: bool = False,
) -> Any:
    """Running sum, under the name and with the options of the array API standard.

    Parameters
    ----------
    x : array_like
    axis : int, optional
        Along which; may be left out for an array of one axis.
    dtype, out
        As in `cumsum`.
    include_initial : bool
        Begin with a zero, so that there is one element more.

    Examples
    --------
    >>> cumulative_sum([1.0, 2.0, 3.0], include_initial=True)
    array([0., 1., 3., 6.])
    """
    x, axis = _one_axis("cumulative_sum", x, axis)
    running = cumsum(x, axis, dtype)
    return into("cumulative_sum", out, _begun(running, axis, 0) if include_initial else running)


def _one_axis(name: str, x: Any, axis: int | None) -> tuple[Any, int]:
    x = with_axes(array_operand(x), 1)
    if axis is None and len(x.shape) > 1:
        raise ArgumentError(f"{name}({describe(x)}): wants axis=, for there are several axes")
    return x, axis_of(name, 0 if axis is None else axis, x)


def _begun(running: Any, axis: int, first: int) -> Any:
    """Put a number in front."""
    shape = (*running.shape[:axis], 1, *running.shape[axis + 1 :])
    return concatenate((zeros_like(running, shape) + first, running), axis)


# --- running products -----------------------------------------------------------------------------


def _evaluate_cumprod(x: Any, *, axis: int, reverse: bool, exclusive: bool) -> Any:
    xp = namespace(x)
    if xp is not np:
        return _foreign_cumprod(xp, x, axis, reverse, exclusive)
    if not exclusive:
        return _accumulated(np.multiply, x, axis, reverse)
    out = np.ones_like(x)
    if x.shape[axis] > 1:
        before = (slice(None),) * axis
        source, target = (slice(1, None), slice(-1)) if reverse else (slice(-1), slice(1, None))
        out[(*before, target)] = _accumulated(np.multiply, x[(*before, source)], axis, reverse)
    return out


def _foreign_cumprod(xp: Any, x: Any, axis: int, reverse: bool, exclusive: bool) -> Any:
    x = xp.flip(x, axis=axis) if reverse else x
    if exclusive:
        before, length = (slice(None),) * axis, x.shape[axis]
        first = xp.ones_like(x[(*before, slice(0, 1))])
        x = xp.concat([first, x[(*before, slice(0, max(length - 1, 0)))]], axis=axis)
    out = xp.cumulative_prod(x, axis=axis)
    return xp.flip(out, axis=axis) if reverse else out


def shift(x: Any, axis: int, by: int) -> Any:
    """Move elements one place up (by 1) or down (by -1) an axis; a zero enters."""
    if not x.shape[axis]:
        return x
    widths = [(0, 0)] * len(x.shape)
    widths[axis] = (by, -by)
    return bind(pad_p, (x,), {"widths": tuple(widths)})


def _cumprod_pullback(
    g: Any, x: Any, out: Any, *, axis: int, reverse: bool, exclusive: bool
) -> Any:
    back = 1 if reverse else -1
    if exclusive:
        g, before = shift(g, axis, back), out
    else:
        before = products_before(x, axis, reverse)
    coefficients = shift(x, axis, back)
    turned = bind(recurrence_p, (coefficients, g), {"axis": axis, "reverse": not reverse})
    return scale(turned, before)


cumprod_p: Primitive = nonlinear(
    "cumprod",
    _evaluate_cumprod,
    pullback=_cumprod_pullback,
    operands="x",
    shape=_accumulator(np.multiply),
    batch=further_back(lambda: cumprod_p),
)


def products_before(x: Any, axis: int, reverse: bool) -> Any:
    """At each element, the product of those before it along an axis (after it, in reverse)."""
    return bind(cumprod_p, (x,), {"axis": axis, "reverse": reverse, "exclusive": True})


def product_of_others(x: Any, axis: int) -> Any:
    """At each element, the product of all the others along an axis."""
    return bind(others_p, (x,), {"axis": axis})


def _evaluate_others(x: Any, *, axis: int) -> Any:
    if namespace(x) is np:
        product = np.multiply.reduce(x, axis, keepdims=True)
        size = np.abs(product)
        if x.dtype.kind in "fc" and x.size:
            limits = np.finfo(x.dtype)
            if size.min() > limits.tiny and size.max() <= limits.max:
                return product / x  # no element is zero, and nothing was lost to under- or overflow
    return products_before(x, axis, False) * products_before(x, axis, True)


def _others_pullback(g: Any, x: Any, *, axis: int) -> Any:
    """Through the two running products whose product it is."""
    before, after = products_before(x, axis, False), products_before(x, axis, True)
    first = _cumprod_pullback(scale(g, after), x, before, axis=axis, reverse=False, exclusive=True)
    last = _cumprod_pullback(scale(g, before), x, after, axis=axis, reverse=True, exclusive=True)
    return first + last


others_p: Primitive = nonlinear(
    "product_of_others",
    _evaluate_others,
    pullback=_others_pullback,
    operands="x",
    shape=lambda x, *, axis: x,
    batch=further_back(lambda: others_p),
)


def cumprod(a: Any, axis: int | None = None, dtype: Any = None, out: Any = None) -> Any:
    """Running product; its derivatives are exact at zeros too.

    Parameters
    ----------
    a : array_like
    axis : int, optional
        Along which; by default the flattened array is multiplied.
    dtype : dtype, optional
        To which elements are converted first; by default integers and booleans go to NumPy's
        default integer.
    out : ndarray, optional
        Where to write a plain result.

    Examples
    --------
    >>> cumprod([1.0, 2.0, 3.0])
    array([1., 2., 6.])
    """
    a, place = _operands("cumprod", a, axis, dtype)
    running = bind(cumprod_p, (a,), {"axis": place, "reverse": False, "exclusive": False})
    return into("cumprod", out, running)


def cumulative_prod(
    x: Any,
    /,
    *,
    axis: int | None = None,
    dtype: Any = None,
    out: Any = None,
    include_initial: bool = False,
) -> Any:
    """Running product, under the name and with the options of the array API standard.

    Parameters
    ----------
    x : array_like
    axis : int, optional
        Along which; may be left out for an array of one axis.
    dtype, out
        As in `cumprod`.
    include_initial : bool
        Begin with a one, so that there is one element more.

    Examples
    --------
    >>> cumulative_prod([1.0, 2.0, 3.0], include_initial=True)
    array([1., 1., 2., 6.])
    """
    x, axis = _one_axis("cumulative_prod", x, axis)
    running = cumprod(x, axis, dtype)
    return into("cumulative_prod", out, _begun(running, axis, 1) if include_initial else running)


# --- the recurrence -------------------------------------------------------------------------------


def _evaluate_recurrence(a: Any, b: Any, *, axis: int, reverse: bool) -> Any:
    xp = namespace(a, b)
    if xp is not np:
        return _foreign_recurrence(xp, a, b, axis, reverse)
    wide = wider(b.dtype)
    if wide is not None:
        a, wide_b = a.astype(wide), b.astype(wide)
        return _evaluate_recurrence(a, wide_b, axis=axis, reverse=reverse).astype(b.dtype)
    out = np.empty(b.shape, b.dtype)
    first, second, result = [v.swapaxes(0, axis)[:: -1 if reverse else 1] for v in (a, b, out)]
    length = len(result)
    if length * length <= out.size or out.dtype.char not in "fdFD":
        result[:1] = second[:1]
        for i in range(1, length):
            np.multiply(first[i], result[i - 1], result[i])
            result[i] += second[i]
        return out
    # few long lanes: each is the solution of a bidiagonal system
    from scipy.linalg.blas import get_blas_funcs

    (solve,) = get_blas_funcs(("tbsv",), dtype=out.dtype)
    bands = np.ones((2, length), out.dtype, order="F")
    for lane in np.ndindex(result.shape[1:]):
        bands[1, :-1] = -first[(slice(1, None), *lane)]
        result[(slice(None), *lane)] = solve(
            1, bands, second[(slice(None), *lane)], lower=1, diag=1
        )
    return out


def _foreign_recurrence(xp: Any, a: Any, b: Any, axis: int, reverse: bool) -> Any:
    before = (slice(None),) * axis
    places = range(b.shape[axis])
    results: list[Any] = []
    for i in reversed(places) if reverse else places:
        term = b[(*before, i)]
        results.append(term + a[(*before, i)] * results[-1] if results else term)
    if not results:
        return b
    return xp.stack(results[::-1] if reverse else results, axis=axis)


def _recurrence_pullback(g: Any, a: Any, out: Any, *, axis: int, reverse: bool) -> tuple[Any, Any]:
    back = 1 if reverse else -1
    turned = bind(recurrence_p, (shift(a, axis, back), g), {"axis": axis, "reverse": not reverse})
    return scale(turned, shift(out, axis, -back)), turned


# out_i = a_i out_{i-1} + b_i along an axis; in reverse, out_i = a_i out_{i+1} + b_i
recurrence_p: Primitive = nonlinear(
    "recurrence",
    _evaluate_recurrence,
    pullback=_recurrence_pullback,
    operands="a b",
    shape=lambda a, b, *, axis, reverse: b,
    batch=further_back(lambda: recurrence_p),
)
