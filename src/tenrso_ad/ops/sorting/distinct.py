"""The different values of an array, where they stand and how often.

Each value is taken from the place where it occurs first, and its gradient goes there.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from ...engine.primitive import Primitive
from ...engine.trace import bind, foreign_evaluation
from ..arguments import array_operand, axis_of
from ..declare import constant
from ..indexing.positions import on_host, unknown_length
from ..indexing.taking import slices_at
from ..shaping.reshaping import ravel

_numpys: Any = np.unique
_refuse = unknown_length("unique", "Call it outside, or use sort.")


def _evaluate_distinct(
    x: Any, *, axis: int | None, inverse: bool, counts: bool, equal_nan: bool
) -> tuple[Any, ...]:
    found = _numpys(x, True, inverse, counts, axis, equal_nan=equal_nan)
    return tuple(found[1:])


distinct_p: Primitive = constant(
    "unique", _evaluate_distinct, shape=_refuse, batch=_refuse, multiple_results=True
)
foreign_evaluation[distinct_p] = on_host(_evaluate_distinct)


def _distinct(
    ar: Any,
    axis: int | None = None,
    *,
    inverse: bool = False,
    counts: bool = False,
    equal_nan: bool = True,
) -> list[Any]:
    """Values, where each occurs first, and what else is asked for."""
    params = {"axis": axis, "inverse": inverse, "counts": counts, "equal_nan": equal_nan}
    first, *rest = bind(distinct_p, (ar,), params)
    values = slices_at(ravel(ar), first, 0) if axis is None else slices_at(ar, first, axis)
    return [values, first, *rest]


def unique(
    ar: Any,
    return_index: bool = False,
    return_inverse: bool = False,
    return_counts: bool = False,
    axis: int | None = None,
    *,
    equal_nan: bool = True,
    sorted: bool = True,
) -> Any:
    """Different values of an array, sorted.

    The gradient of each value goes to the place where it occurs first.

    Parameters
    ----------
    ar : array_like
    return_index : bool
        Whether to tell where each value occurs first.
    return_inverse : bool
        Whether to tell which of the values each element is.
    return_counts : bool
        Whether to tell how often each value occurs.
    axis : int, optional
        Compare the slices along this axis; by default the elements of the flattened array.
    equal_nan : bool
        Whether NaN is one value.
    sorted : bool
        Without it any order would do; values are sorted all the same.

    Returns
    -------
    array, or tuple of array
        The values, and what else is asked for, in the order of the arguments.

    Raises
    ------
    ConcretizationError
        Values that are not known (batched by vmap, or staged).

    Examples
    --------
    >>> unique([3.0, 1.0, 3.0], return_counts=True)
    (array([1., 3.]), array([1, 2]))
    """
    ar = array_operand(ar)
    axis = None if axis is None else axis_of("unique", axis, ar)
    if type(ar) is np.ndarray and not return_index:  # NumPy is quicker if it need not keep places
        return _numpys(ar, False, return_inverse, return_counts, axis, equal_nan=equal_nan)
    values, first, *rest = _distinct(
        ar, axis, inverse=return_inverse, counts=return_counts, equal_nan=equal_nan
    )
    results = (values, *((first,) if return_index else ()), *rest)
    return results if len(results) > 1 else values


class UniqueAllResult(NamedTuple):
    """What `unique_all` gives."""

    values: Any
    indices: Any
    inverse_indices: Any
    counts: Any


class UniqueCountsResult(NamedTuple):
    """What `unique_counts` gives."""

    values: Any
    counts: Any


class UniqueInverseResult(NamedTuple):
    """What `unique_inverse` gives."""

    values: Any
    inverse_indices: Any


def unique_all(x: Any) -> UniqueAllResult:
    """Different values, where each occurs first, which one each element is, and how often each.

    Parameters
    ----------
    x : array_like
        Each NaN in it is a value of its own.

    Examples
    --------
    >>> unique_all([3.0, 1.0, 3.0]).inverse_indices
    array([1, 0, 1])
    """
    return UniqueAllResult(*_distinct(array_operand(x), inverse=True, counts=True, equal_nan=False))


def unique_counts(x: Any) -> UniqueCountsResult:
    """Different values, and how often each occurs.

    Parameters
    ----------
    x : array_like
        Each NaN in it is a value of its own.

    Examples
    --------
    >>> unique_counts([3.0, 1.0, 3.0]).counts
    array([1, 2])
    """
    values, _, counts = _distinct(array_operand(x), counts=True, equal_nan=False)
    return UniqueCountsResult(values, counts)


def unique_inverse(x: Any) -> UniqueInverseResult:
    """Different values, and which one each element is.

    Parameters
    ----------
    x : array_like
        Each NaN in it is a value of its own.

    Examples
    --------
    >>> unique_inverse([3.0, 1.0, 3.0]).inverse_indices
    array([1, 0, 1])
    """
    values, _, inverse = _distinct(array_operand(x), inverse=True, equal_nan=False)
    return UniqueInverseResult(values, inverse)


def unique_values(x: Any) -> Any:
    """Different values of an array, sorted.

    Parameters
    ----------
    x : array_like
        Each NaN in it is a value of its own.

    Examples
    --------
    >>> unique_values([3.0, 1.0, 3.0])
    array([1., 3.])
    """
    return unique(x, equal_nan=False)
