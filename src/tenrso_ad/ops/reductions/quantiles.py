"""Quantiles and percentiles, and the ones that leave out NaN.

Each is made of order statistics, so elements that are equal share its gradient evenly. The
derivative by ``q`` is the slope to the right of it.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from ...engine.errors import ArgumentError, DTypeError, IndexingError, describe
from ...engine.trace import is_inexact
from .. import elementwise as ew
from ..arguments import Axis, array_operand, into, is_boolean, operand_like
from ..broadcasting import broadcast_to, convert
from ..declare import inside, is_complex, namespace_inside
from ..indexing.getitem import getitem
from ..indexing.taking import take_along_axis
from ..pointwise import scale
from ..shaping.reshaping import reshape
from ..sorting.ordering import argsort
from .cumulative import cumsum
from .moments import mean
from .order_statistics import between_ranks, count_numbers, lanes, shaped, skips_nan
from .statistics import weights_along
from .sums import count_nonzero, reduced, reduction_axes

# --- methods: ranks and weight of the two elements between which a quantile lies ------------------


def _between(position: Any) -> tuple[Any, Any, Any]:
    low = ew.floor(position)
    return low, low + 1, position - low


def _at(rank: Any) -> tuple[Any, Any, Any]:
    return rank, rank, None


def _continuous(alpha: float, beta: float) -> Callable[[Any, Any], tuple[Any, Any, Any]]:
    return lambda n, q: _between(n * q + (alpha + q * (1 - alpha - beta)) - 1)


def _averaged(n: Any, q: Any) -> tuple[Any, Any, Any]:
    low, high, rest = _between(n * q - 1)
    return low, high, ew.where(ew.equal(rest, 0), 0.5, 1.0)


def _closest(n: Any, q: Any) -> tuple[Any, Any, Any]:
    low, high, rest = _between(n * q - 1.5)
    keeps = ew.logical_and(ew.equal(rest, 0), ew.equal(ew.remainder(low, 2), 1))
    return _at(ew.where(keeps, low, high))


def _midpoint(n: Any, q: Any) -> tuple[Any, Any, Any]:
    position = (n - 1) * q
    return ew.floor(position), ew.ceil(position), 0.5 + 0 * q


# Hyndman and Fan, Sample quantiles in statistical packages, The American Statistician 50 (1996),
# definitions 1 to 9 in order, then NumPy's other four. Each gives, for n elements, the rank below,
# the rank above, and the weight of the latter; None where there is nothing between them.
_METHODS: dict[str, Callable[[Any, Any], tuple[Any, Any, Any]]] = {
    "inverted_cdf": lambda n, q: _at(ew.ceil(n * q - 1)),
    "averaged_inverted_cdf": _averaged,
    "closest_observation": _closest,
    "interpolated_inverted_cdf": _continuous(0, 1),
    "hazen": _continuous(0.5, 0.5),
    "weibull": _continuous(0, 0),
    "linear": lambda n, q: _between((n - 1) * q),
    "median_unbiased": _continuous(1 / 3, 1 / 3),
    "normal_unbiased": _continuous(3 / 8, 3 / 8),
    "lower": lambda n, q: _at(ew.floor((n - 1) * q)),
    "higher": lambda n, q: _at(ew.ceil((n - 1) * q)),
    "nearest": lambda n, q: _at(ew.rint((n - 1) * q)),
    "midpoint": _midpoint,
}
_DISCRETE = ("inverted_cdf", "closest_observation", "lower", "higher", "nearest")


# --- quantiles ------------------------------------------------------------------------------------


def _quantile(
    name: str,
    a: Any,
    q: Any,
    axis: Axis,
    method: str,
    keepdims: bool,
    weights: Any,
    whole: int = 1,
) -> Any:
    """Quantile at q / whole; NaNs are skipped where the name says so."""
    a = array_operand(a)
    _check(name, a, method, weights)
    weak = type(q) in (int, float)
    q = _fractions(name, q, whole)
    if method == "linear" and not is_inexact(q.dtype):
        method = "lower"  # at 0 and 1, between no elements: integers remain integers
    q = q if is_inexact(q.dtype) else convert(q, np.dtype(float))
    if method not in _DISCRETE and not is_inexact(a.dtype):
        numpys = isinstance(a.dtype, np.dtype)
        a = convert(a, np.result_type(a.dtype, q.dtype) if numpys else np.dtype(float))
    axes = reduction_axes(name, axis, a)
    shape = (*q.shape, *reduced(tuple(a.shape), axes, keepdims))
    x, wanted = lanes(a, axes), reshape(q, (1, -1))
    rows, n = x.shape
    if not n:
        if not name.startswith("nan"):
            raise IndexingError(f"{name}({describe(a)}): there are no elements along axis={axis}")
        with np.errstate(invalid="ignore"):  # it warns of the empty slice, that is enough
            nan = mean(x, 1, keepdims=True)
        return shaped(broadcast_to(nan, (rows, wanted.shape[1])), shape)
    count = count_numbers(x) if skips_nan(name, x) else n
    if weights is not None:
        weights = broadcast_to(weights_along(name, weights, a, axis), tuple(a.shape))
        rank = _weighted_rank(name, x, lanes(weights, axes), wanted)
        return shaped(between_ranks(x, count, rank, rank, None), shape)
    if not isinstance(count, int):
        n = convert(count, wanted.dtype)
        wanted = operand_like(wanted, n)
    low, high, weight = _METHODS[method](n, wanted)
    if weight is None:
        return shaped(between_ranks(x, count, low, high, None), shape)
    weight = convert(weight, x.dtype if weak else q.dtype)
    if namespace_inside(x) is not np:
        weight = operand_like(weight, x)
    with np.errstate(over="ignore", invalid="ignore"):  # by the distance of infinite elements
        return shaped(
            between_ranks(x, count, low, high, functools.partial(_between_two, weight)), shape
        )


def _check(name: str, a: Any, method: str, weights: Any) -> None:
    if is_complex(a):
        raise DTypeError(f"{name}({describe(a)}): wants real numbers, which have an order")
    if method not in _METHODS:
        raise ArgumentError(f"{name}: method= is one of {', '.join(_METHODS)}; got {method!r}")
    if is_boolean(a.dtype) and method not in _DISCRETE:
        raise DTypeError(
            f"{name}({describe(a)}): method={method!r} takes differences of numbers; convert the "
            f"booleans, or use one of {', '.join(_DISCRETE)}"
        )
    if weights is not None and method != "inverted_cdf":
        raise ArgumentError(
            f"{name}: weights= want method='inverted_cdf', the only one defined for them; "
            f"got {method!r}"
        )


def _fractions(name: str, q: Any, whole: int) -> Any:
    """Check that q lies between 0 and the whole, and divide it by the whole."""
    q = array_operand(q)
    values = inside(q)
    if values is not None and not ((values >= 0) & (values <= whole)).all():
        what = "percentiles" if whole == 100 else "quantiles"
        raise ArgumentError(f"{name}: {what} lie in the range [0, {whole}], got q={values}")
    return q / whole if whole != 1 else q


def _between_two(weight: Any, low: Any, high: Any) -> Any:
    """Go from low to high by a weight; a weight of zero takes nothing, not even of infinity."""
    gap = ew.where(ew.equal(low, high), 0, high - low)
    # from the nearer end, as NumPy does, so that results do not pass the ends
    return ew.where(ew.less(weight, 0.5), low + scale(weight, gap), high - scale(1 - weight, gap))


def _weighted_rank(name: str, x: Any, weights: Any, q: Any) -> Any:
    """Rank of the first element up to which the weights add up to the part q of all."""
    places = argsort(x, stable=True)
    weights = take_along_axis(convert(weights, np.dtype(float)), places)
    nothing: Any = False
    if skips_nan(name, x):
        skipped = ew.isnan(take_along_axis(x, places))
        weights = ew.where(skipped, 0, weights)
        nothing = getitem(skipped, (slice(None), slice(1)))  # the first is a number if any is
    reached = cumsum(weights, 1)
    total = getitem(reached, (slice(None), slice(-1, None)))
    sound = ew.logical_and(ew.isfinite(total), ew.not_equal(total, 0))
    lowest, all_sound = inside(weights), inside(ew.logical_or(sound, nothing))
    if lowest is not None and (lowest < 0).any():
        raise ArgumentError(f"{name}: weights are not negative")
    if all_sound is not None and not all_sound.all():
        raise ArgumentError(f"{name}: weights have a sum that is finite and not zero")
    part = reshape(reached / ew.where(sound, total, 1), (x.shape[0], 1, -1))
    wanted = reshape(q if namespace_inside(part) is np else operand_like(q, part), (1, -1, 1))
    before = ew.logical_or(ew.less(part, wanted), ew.equal(part, 0))
    return count_nonzero(before, 2)


def quantile(
    a: Any,
    q: Any,
    axis: Axis = None,
    out: Any = None,
    overwrite_input: bool = False,
    method: str = "linear",
    keepdims: bool = False,
    *,
    weights: Any = None,
) -> Any:
    """Elements below which given parts of all elements lie.

    Elements that are equal share the gradient evenly. A slice with a NaN has the quantile NaN. At
    an infinite element the quantile is infinite, where NumPy's interpolation gives NaN.

    Parameters
    ----------
    a : array_like
        Real numbers.
    q : array_like
        Parts, from 0 to 1. It is differentiated too: the derivative is the slope to the right.
    axis : int or tuple of int, optional
        By default all axes.
    out : ndarray, optional
        Where to write a plain result.
    overwrite_input : bool
        Makes no difference: the operand is never changed.
    method : str
        How to interpolate, one of NumPy's: inverted_cdf, averaged_inverted_cdf,
        closest_observation, interpolated_inverted_cdf, hazen, weibull, linear, median_unbiased,
        normal_unbiased, lower, higher, midpoint, nearest.
    keepdims : bool
        Leave reduced axes with length 1.
    weights : array_like, optional
        Weights of the elements, of the shape of `a` or of its axes `axis`; with the method
        inverted_cdf only. The derivative by them is zero.

    Returns
    -------
    array
        The axes of `q` come first.

    Raises
    ------
    ArgumentError
        An unknown method, a `q` out of range, or weights with another method.
    IndexingError
        There are no elements.

    Examples
    --------
    >>> quantile([1.0, 2.0, 3.0, 4.0], [0.25, 0.5])
    array([1.75, 2.5 ])
    """
    result = _quantile("quantile", a, q, axis, method, keepdims, weights)
    return into("quantile", out, result)


def percentile(
    a: Any,
    q: Any,
    axis: Axis = None,
    out: Any = None,
    overwrite_input: bool = False,
    method: str = "linear",
    keepdims: bool = False,
    *,
    weights: Any = None,
) -> Any:
    """Elements below which given percentages of all elements lie.

    Parameters
    ----------
    a, axis, out, overwrite_input, method, keepdims, weights
        As in `quantile`.
    q : array_like
        Percentages, from 0 to 100.

    Examples
    --------
    >>> float(percentile([1.0, 2.0, 3.0, 4.0], 25))
    1.75
    """
    return into(
        "percentile", out, _quantile("percentile", a, q, axis, method, keepdims, weights, 100)
    )


def nanquantile(
    a: Any,
    q: Any,
    axis: Axis = None,
    out: Any = None,
    overwrite_input: bool = False,
    method: str = "linear",
    keepdims: bool = False,
    *,
    weights: Any = None,
) -> Any:
    """Quantiles of the elements that are not NaN; NaN, with NumPy's warning, where all are.

    Parameters
    ----------
    a, q, axis, out, overwrite_input, method, keepdims, weights
        As in `quantile`.

    Examples
    --------
    >>> float(nanquantile([1.0, float("nan"), 3.0], 0.5))
    2.0
    """
    result = _quantile("nanquantile", a, q, axis, method, keepdims, weights)
    return into("nanquantile", out, result)


def nanpercentile(
    a: Any,
    q: Any,
    axis: Axis = None,
    out: Any = None,
    overwrite_input: bool = False,
    method: str = "linear",
    keepdims: bool = False,
    *,
    weights: Any = None,
) -> Any:
    """Percentiles of the elements that are not NaN; NaN, with NumPy's warning, where all are.

    Parameters
    ----------
    a, axis, out, overwrite_input, method, keepdims, weights
        As in `quantile`.
    q : array_like
        Percentages, from 0 to 100.

    Examples
    --------
    >>> float(nanpercentile([1.0, float("nan"), 3.0], 50))
    2.0
    """
    return into(
        "nanpercentile", out, _quantile("nanpercentile", a, q, axis, method, keepdims, weights, 100)
    )
