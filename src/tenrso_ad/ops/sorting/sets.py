"""Arrays as sets of values.

Each value of a result is taken from the place where it occurs first, and its gradient goes there.
"""

from __future__ import annotations

from typing import Any, Literal

from ...engine.errors import ArgumentError, describe
from ...engine.trace import bind
from .. import elementwise as ew
from ..arguments import array_operand, of_one_library
from ..indexing.getitem import getitem
from ..indexing.subscript import kind_of
from ..indexing.taking import slices_at, where_true
from ..shaping.joining import concatenate
from ..shaping.reshaping import pad_p, ravel
from .distinct import unique
from .ordering import argsort, searchsorted, sort

_EARLIER, _LATER = slice(None, -1), slice(1, None)


def isin(
    element: Any,
    test_elements: Any,
    assume_unique: bool = False,
    invert: bool = False,
    *,
    kind: Literal["sort", "table"] | None = None,
) -> Any:
    """Whether each element occurs among others.

    Parameters
    ----------
    element, test_elements : array_like
    assume_unique : bool
        A promise of NumPy's signature that no element occurs twice; nothing depends on it.
    invert : bool
        Whether to tell which elements do not occur.
    kind : {'sort', 'table'}, optional
        NumPy's algorithms, whose results are the same; 'table' is for integers and booleans only.

    Returns
    -------
    array of bool
        Of the shape of `element`.

    Examples
    --------
    >>> isin([1, 2, 3], [3, 1])
    array([ True, False,  True])
    """
    element, others = array_operand(element), ravel(array_operand(test_elements))
    if kind not in (None, "sort", "table"):
        raise ArgumentError(f"isin: kind is 'sort', 'table' or None, got {kind!r}")
    if kind == "table" and not all(kind_of(a.dtype) in "iub" for a in (element, others)):
        raise ArgumentError(
            f"isin({describe(element)}, {describe(others)}): kind='table' is for integers; leave "
            "it away"
        )
    element, others = of_one_library(element, others)
    count = others.shape[0]
    if count:
        ordered = sort(others)
        place = ew.minimum(searchsorted(ordered, element), count - 1)
        found = ew.equal(getitem(ordered, place), element)
    else:
        found = ew.not_equal(element, element) & False
    return ew.logical_not(found) if invert else found


def intersect1d(
    ar1: Any, ar2: Any, assume_unique: bool = False, return_indices: bool = False
) -> Any:
    """Values that two arrays have in common, sorted; they are taken from the first.

    Parameters
    ----------
    ar1, ar2 : array_like
    assume_unique : bool
        A promise that no value occurs twice in either.
    return_indices : bool
        Whether to tell where the values occur first in each of the flattened arrays.

    Returns
    -------
    array, or tuple of three arrays

    Raises
    ------
    ConcretizationError
        Values that are not known (batched by vmap, or staged).

    Examples
    --------
    >>> intersect1d([3, 1, 2], [2, 3, 5])
    array([2, 3])
    """
    values, firsts = [], []
    for ar in (array_operand(ar1), array_operand(ar2)):
        if assume_unique:
            values.append(ravel(ar))
        else:
            different, first = unique(ar, return_index=True)
            values.append(different)
            firsts.append(first)
    both = concatenate(values)
    places = argsort(both, stable=True)  # of two that are equal, the one of the first array first
    ordered = slices_at(both, places, 0)
    twice = ew.equal(getitem(ordered, _LATER), getitem(ordered, _EARLIER))
    common = where_true("intersect1d", twice, getitem(ordered, _EARLIER), None)
    if not return_indices:
        return common
    indices = [
        where_true("intersect1d", twice, getitem(places, _EARLIER), None),
        where_true("intersect1d", twice, getitem(places, _LATER), None) - values[0].shape[0],
    ]
    if not assume_unique:
        indices = [slices_at(f, i, 0) for f, i in zip(firsts, indices, strict=True)]
    return common, *indices


def union1d(ar1: Any, ar2: Any) -> Any:
    """Different values of two arrays together, sorted.

    Parameters
    ----------
    ar1, ar2 : array_like

    Raises
    ------
    ConcretizationError
        Values that are not known (batched by vmap, or staged).

    Examples
    --------
    >>> union1d([3, 1], [2, 3])
    array([1, 2, 3])
    """
    return unique(concatenate((ar1, ar2), axis=None))


def setdiff1d(ar1: Any, ar2: Any, assume_unique: bool = False) -> Any:
    """Values of one array that do not occur in another, sorted.

    Parameters
    ----------
    ar1, ar2 : array_like
    assume_unique : bool
        A promise that no value occurs twice in either; then the values stay in their order.

    Raises
    ------
    ConcretizationError
        Values that are not known (batched by vmap, or staged).

    Examples
    --------
    >>> setdiff1d([3, 1, 2], [2, 5])
    array([1, 3])
    """
    ar1 = array_operand(ar1)
    values = ravel(ar1) if assume_unique else unique(ar1)
    return where_true("setdiff1d", isin(values, ar2, invert=True), values, None)


def setxor1d(ar1: Any, ar2: Any, assume_unique: bool = False) -> Any:
    """Values that occur in one of two arrays but not in the other, sorted.

    Parameters
    ----------
    ar1, ar2 : array_like
    assume_unique : bool
        A promise that no value occurs twice in either.

    Raises
    ------
    ConcretizationError
        Values that are not known (batched by vmap, or staged).

    Examples
    --------
    >>> setxor1d([3, 1, 2], [2, 5])
    array([1, 3, 5])
    """
    parts = [array_operand(ar1), array_operand(ar2)]
    ordered = sort(concatenate([ravel(p) if assume_unique else unique(p) for p in parts]))
    if not ordered.shape[0]:
        return ordered
    equal = ew.equal(getitem(ordered, _LATER), getitem(ordered, _EARLIER))
    equal = bind(pad_p, (equal,), {"widths": ((1, 1),)})  # to the neighbour before, and behind
    twice = ew.logical_or(getitem(equal, _LATER), getitem(equal, _EARLIER))
    return where_true("setxor1d", ew.logical_not(twice), ordered, None)
