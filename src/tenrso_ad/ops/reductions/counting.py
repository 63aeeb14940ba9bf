"""Counts: how often integers occur, how many values lie in which bin.

Where a value is counted does not change with it, so there is no derivative by the values; there is
one by the weights.
"""

from __future__ import annotations

import operator
from typing import Any

import numpy as np
from numpy import ndarray

from ...engine.errors import ArgumentError, DTypeError, ShapeError, describe, explain
from ...engine.trace import concrete
from .. import elementwise as ew
from ..arguments import array_operand, is_boolean
from ..broadcasting import convert, wider
from ..declare import is_complex
from ..indexing.getitem import scatter_add
from ..indexing.subscript import ARRAY
from ..shaping.reshaping import ravel
from ..sorting.ordering import Side, searchsorted
from .sums import sum, warn_where


def _total(weights: Any, places: Any, length: int) -> Any:
    """Sum of the weights that go to each place."""
    wide = wider(weights.dtype)
    if wide is not None:
        return convert(_total(convert(weights, wide), places, length), weights.dtype)
    return scatter_add(weights, (length,), (ARRAY,), (places,), False)


def bincount(x: Any, /, weights: Any = None, minlength: int = 0) -> Any:
    """How often each of 0, 1, 2 ... occurs, or the sum of the weights with which it does.

    Parameters
    ----------
    x : array_like of int
        Of one axis, not negative.
    weights : array_like, optional
        Real numbers, as many as `x` has; they are differentiated.
    minlength : int
        Least length of the result.

    Returns
    -------
    array
        Of float64 if there are weights, else of int.

    Raises
    ------
    ConcretizationError
        The values of `x`, on which the length hangs, are not known (batched by vmap, or staged):
        use ``at(zeros)[x].add(weights)``.

    Examples
    --------
    >>> bincount([0, 2, 2], weights=[0.5, 1.0, 2.0])
    array([0.5, 0. , 3. ])
    """
    x = array_operand(x)
    if len(x.shape) != 1:
        raise ShapeError(f"bincount({describe(x)}): wants one axis")
    values = np.asarray(concrete(x, "bincount"))
    if not np.can_cast(values.dtype, np.intp) and values.size:
        raise DTypeError(f"bincount({describe(x)}): wants integers")
    if (values < 0).any():
        raise ArgumentError(f"bincount({describe(x)}): wants integers that are not negative")
    if operator.index(minlength) < 0:
        raise ArgumentError(f"bincount({describe(x)}): minlength={minlength} is negative")
    length = max(int(values.max(initial=-1)) + 1, operator.index(minlength))
    places = convert(x, np.dtype(np.intp))
    if weights is None:
        return _total(np.ones(x.shape, np.intp), places, length)
    weights = array_operand(weights)
    if is_complex(weights):
        raise DTypeError(f"bincount: weights are real, got {describe(weights)}")
    if tuple(weights.shape) != tuple(x.shape):
        raise ShapeError(f"bincount({describe(x)}): weights={describe(weights)} do not fit")
    return _total(convert(weights, np.dtype(float)), places, length)


def digitize(x: Any, bins: Any, right: bool = False) -> Any:
    """Number of the bin in which each value lies: of the edges that are below it.

    Parameters
    ----------
    x : array_like
        Real numbers.
    bins : array_like
        Edges, rising or falling.
    right : bool
        Whether a value on an edge belongs to the bin that ends there.

    Returns
    -------
    array of int
        From 0, below the first edge, to the number of edges.

    Examples
    --------
    >>> digitize([0.5, 1.0, 7.0], [0.0, 1.0, 2.0])
    array([1, 2, 3])
    """
    x, bins = array_operand(x), array_operand(bins)
    if is_complex(x):
        raise DTypeError(f"digitize({describe(x)}): wants real numbers")
    if len(bins.shape) != 1:
        raise ShapeError(f"digitize({describe(x)}): bins={describe(bins)} of one axis are wanted")
    edges = np.asarray(concrete(bins, "digitize"))
    side: Side = "left" if right else "right"
    if (edges[:-1] <= edges[1:]).all():
        return searchsorted(bins, x, side)
    if (edges[:-1] >= edges[1:]).all():
        return len(edges) - searchsorted(bins[::-1], x, side)
    raise ArgumentError(f"digitize({describe(x)}): bins neither rise nor fall throughout")


def histogram_bin_edges(
    a: Any, bins: Any = 10, range: tuple[float, float] | None = None, weights: Any = None
) -> ndarray:
    """Edges of the bins that `histogram` makes; a plain array, without derivative.

    Parameters
    ----------
    a, bins, range, weights
        As in `histogram`.

    Examples
    --------
    >>> histogram_bin_edges([0.0, 1.0, 4.0], bins=2)
    array([0., 2., 4.])
    """
    a = array_operand(a)
    if isinstance(bins, str) or (np.ndim(bins) == 0 and range is None):
        values = concrete(a, "histogram")
    else:
        values = np.empty(0, a.dtype) if isinstance(a.dtype, np.dtype) else np.empty(0)
    bins = bins if isinstance(bins, str) else concrete(bins, "histogram")
    # weights only decide whether bins may be estimated, which NumPy refuses for them
    chosen = None if weights is None else np.ones(np.shape(values))
    try:
        return np.histogram_bin_edges(np.asarray(values), bins, range, chosen)
    except (TypeError, ValueError) as error:
        raise explain("histogram", (a,), {"bins": bins, "range": range}, error) from None


def histogram(
    a: Any,
    bins: Any = 10,
    range: tuple[float, float] | None = None,
    density: bool | None = None,
    weights: Any = None,
) -> tuple[Any, ndarray]:
    """How many values lie in each bin, or the sum of their weights.

    Parameters
    ----------
    a : array_like
        Values; the array is flattened. There is no derivative by them.
    bins : int, array_like or str
        Number of bins of one width; or their edges; or a rule of NumPy's to estimate them.
    range : tuple of float, optional
        Where bins of one width begin and end; values outside are left out. By default at the least
        and the greatest value.
    density : bool, optional
        Divide by the total and by the width of the bins, so that the integral is 1.
    weights : array_like, optional
        Of the shape of `a`; they are differentiated.

    Returns
    -------
    counts : array
        Of the dtype of the weights, or int.
    edges : ndarray
        One more than there are bins. A value on an edge belongs to the bin that begins there; the
        last edge belongs to the last bin.

    Examples
    --------
    >>> counts, edges = histogram([0.0, 1.0, 4.0], bins=2, weights=[0.5, 1.0, 2.0])
    >>> counts
    array([1.5, 2. ])
    """
    a = array_operand(a)
    if is_complex(a):
        raise DTypeError(f"histogram({describe(a)}): wants real numbers")
    if is_boolean(a.dtype):
        warn_where(np.True_, f"Converting input from bool to {np.uint8} for compatibility.")
        a = convert(a, np.dtype(np.uint8))
    if weights is not None:
        weights = array_operand(weights)
        if tuple(weights.shape) != tuple(a.shape):
            raise ShapeError(f"histogram({describe(a)}): weights={describe(weights)} do not fit")
    edges = histogram_bin_edges(a, bins, range, weights)
    count = len(edges) - 1
    a = ravel(a)
    if np.ndim(bins) == 0:
        a = convert(a, edges.dtype)
    first, last = edges[0].item(), edges[-1].item()
    places = ew.where(ew.equal(a, last), count - 1, searchsorted(edges, a, "right") - 1)
    inside = ew.logical_and(ew.greater_equal(a, first), ew.less_equal(a, last))
    taken = np.ones((), np.intp) if weights is None else ravel(weights)
    counts = _total(ew.where(inside, taken, 0), ew.clip(places, 0, count - 1), count)
    if density:
        counts = counts / np.diff(edges).astype(float) / sum(counts)
    return counts, edges
