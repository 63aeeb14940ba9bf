"""Sorting, partitioning and searching in what is sorted.

The permutation that sorts an array is constant around it, so that the derivative of a sorted array
is the same permutation of the derivative. Where elements are equal they keep their order, and the
gradient goes that way.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np

from ...engine.array_type import ArrayType
from ...engine.errors import ArgumentError, ShapeError, describe
from ...engine.primitive import Primitive
from ...engine.trace import bind, foreign_evaluation
from ..arguments import array_operand, axis_of, of_one_library, shape_of
from ..broadcasting import broadcast_to, convert
from ..declare import constant, is_complex, namespace
from ..indexing.positions import on_host
from ..indexing.subscript import integers
from ..indexing.taking import along_axis, slices_at, take
from ..shaping.joining import joinable
from ..shaping.reshaping import along

Kind = Literal["quicksort", "heapsort", "mergesort", "stable"]
Side = Literal["left", "right"]
_STABLE = ("stable", "mergesort")
_KINDS = ("quicksort", "heapsort", *_STABLE)


def _sortable(x: Any) -> Any:
    """Give floats of ml_dtypes as float32: NumPy does not sort their NaNs to the end."""
    return x.astype(np.float32) if x.dtype.kind == "V" else x


# --- the order of all elements --------------------------------------------------------------------


def _evaluate_argsort(x: Any, *, axis: int, kind: Kind, descending: bool) -> Any:
    xp = namespace(x)
    if xp is not np:
        return xp.argsort(x, axis=axis, descending=descending, stable=kind in _STABLE)
    x = _sortable(x)
    if not descending:
        return x.argsort(axis, kind)
    # turned twice, so that equal elements keep their order
    return x.shape[axis] - 1 - np.flip(np.flip(x, axis).argsort(axis, kind), axis)


argsort_p: Primitive = constant(
    "argsort",
    _evaluate_argsort,
    shape=lambda x, **_: ArrayType(x.shape, np.dtype(np.intp)),
    batch=lambda size, values, batched, params: bind(
        argsort_p, values, {**params, "axis": params["axis"] + 1}
    ),
)


def argsort(
    a: Any,
    axis: int | None = -1,
    kind: Kind | None = None,
    order: None = None,
    *,
    stable: bool | None = None,
    descending: bool = False,
) -> Any:
    """Positions that sort an array along an axis.

    Parameters
    ----------
    a : array_like
    axis : int or None
        None sorts the flattened array.
    kind : {'quicksort', 'heapsort', 'mergesort', 'stable'}, optional
        NumPy's algorithms. The last two keep the order of equal elements.
    order : None
        The fields of structured arrays have no derivative here.
    stable : bool, optional
        True for ``kind='stable'``.
    descending : bool
        The greatest first, and NaN before it.

    Returns
    -------
    array of int

    Examples
    --------
    >>> argsort([3.0, 1.0, 2.0])
    array([1, 2, 0])
    """
    a, axis = _along("argsort", a, axis, order)
    kind = _kind("argsort", kind, stable)
    return bind(argsort_p, (a,), {"axis": axis, "kind": kind, "descending": bool(descending)})


def sort(
    a: Any,
    axis: int | None = -1,
    kind: Kind | None = None,
    order: None = None,
    *,
    stable: bool | None = None,
    descending: bool = False,
) -> Any:
    """Sort an array along an axis; NaN comes last, complex numbers by real, then imaginary part.

    Where elements are equal, the gradient goes to them in the order in which they stand in `a`.

    Parameters
    ----------
    a : array_like
    axis : int or None
        None sorts the flattened array.
    kind, order, stable, descending
        As in `argsort`.

    Examples
    --------
    >>> import numpy as np
    >>> import tenrso_ad as ta
    >>> x = np.array([3.0, 1.0, 2.0])
    >>> sort(x)
    array([1., 2., 3.])
    >>> ta.grad(lambda x: sort(x)[0])(x)
    array([0., 1., 0.])
    """
    a, axis = _along("sort", a, axis, order)
    kind = _kind("sort", kind, stable)
    if type(a) is np.ndarray:
        out = np.sort(_sortable(a), axis, kind).astype(a.dtype, copy=False)
        return np.flip(out, axis) if descending else out
    params = {"axis": axis, "kind": "stable", "descending": bool(descending)}
    return _rearranged(a, bind(argsort_p, (a,), params), axis)


def _along(name: str, a: Any, axis: int | None, order: None) -> tuple[Any, int]:
    if order is not None:
        raise ArgumentError(
            f"{name}: order= names fields of structured arrays, which are not taken"
        )
    return along(name, a, axis, scalars=name.startswith("arg"))


def _kind(name: str, kind: Kind | None, stable: bool | None) -> Kind:
    if kind is not None and stable is not None:
        raise ArgumentError(f"{name}: takes kind= or stable=, not both")
    if kind is None:
        return "stable" if stable else "quicksort"
    if kind not in _KINDS:
        raise ArgumentError(f"{name}: kind is one of {', '.join(map(repr, _KINDS))}, got {kind!r}")
    return kind


def _rearranged(x: Any, positions: Any, axis: int) -> Any:
    """Elements in the order that a permutation gives for each place along an axis."""
    if len(x.shape) == 1:
        return slices_at(x, positions, 0)
    return along_axis(x, positions, axis, unique=True)


def lexsort(keys: Any, axis: int = -1) -> Any:
    """Positions that sort by several keys, the last one first.

    Parameters
    ----------
    keys : sequence of array_like
        Of one shape.
    axis : int

    Returns
    -------
    array of int

    Examples
    --------
    >>> lexsort(([9, 8, 7], [2, 1, 2]))
    array([1, 2, 0])
    """
    columns = joinable("lexsort", keys)
    shape = tuple(columns[0].shape)
    if any(tuple(c.shape) != shape for c in columns):
        shown = ", ".join(map(describe, columns))
        raise ShapeError(f"lexsort: wants keys of one shape, got {shown}")
    place = axis_of("lexsort", axis, columns[0])
    positions = argsort(columns[0], place, stable=True)
    for column in columns[1:]:
        # what the keys so far have ordered keeps its order where this key is equal
        again = argsort(_rearranged(column, positions, place), place, stable=True)
        positions = _rearranged(positions, again, place)
    return positions


def sort_complex(a: Any) -> Any:
    """Sort an array along its last axis, and give complex numbers.

    Parameters
    ----------
    a : array_like

    Returns
    -------
    array
        As NumPy has it, complex64 for integers of 8 and 16 bits, and complex128 for other reals.

    Examples
    --------
    >>> sort_complex([2.0, 1.0])
    array([1.+0.j, 2.+0.j])
    """
    out = sort(a)
    if is_complex(out):
        return out
    narrow = {"b": "F", "h": "F", "B": "F", "H": "F", "g": "G"}
    return convert(out, np.dtype(narrow.get(getattr(out.dtype, "char", ""), "D")))


# --- the order of some elements -------------------------------------------------------------------


def _evaluate_argpartition(x: Any, *, axis: int, kth: tuple[int, ...]) -> Any:
    xp = namespace(x)
    if xp is np:
        return _sortable(x).argpartition(kth, axis)
    return xp.argsort(x, axis=axis, stable=True)  # the standard has no partition


argpartition_p: Primitive = constant(
    "argpartition",
    _evaluate_argpartition,
    shape=lambda x, **_: ArrayType(x.shape, np.dtype(np.intp)),
    batch=lambda size, values, batched, params: bind(
        argpartition_p, values, {**params, "axis": params["axis"] + 1}
    ),
)


def argpartition(
    a: Any,
    kth: int | Sequence[int],
    axis: int | None = -1,
    kind: Literal["introselect"] = "introselect",
    order: None = None,
) -> Any:
    """Positions that put some elements where they would stand in the sorted array.

    Parameters
    ----------
    a : array_like
    kth : int or sequence of int
        Places that get their element; smaller ones stand before it, greater ones after it.
    axis : int or None
        None takes the flattened array.
    kind : {'introselect'}
    order : None
        The fields of structured arrays have no derivative here.

    Returns
    -------
    array of int

    Examples
    --------
    >>> int(argpartition([3.0, 1.0, 2.0], 0)[0])
    1
    """
    a, axis = _along("argpartition", a, axis, order)
    return bind(
        argpartition_p, (a,), {"axis": axis, "kth": _places("argpartition", a, kth, axis, kind)}
    )


def partition(
    a: Any,
    kth: int | Sequence[int],
    axis: int | None = -1,
    kind: Literal["introselect"] = "introselect",
    order: None = None,
) -> Any:
    """Put some elements where they would stand in the sorted array.

    The gradient of each element goes where it stood in `a`.

    Parameters
    ----------
    a, kth, axis, kind, order
        As in `argpartition`.

    Examples
    --------
    >>> partition([3.0, 1.0, 2.0], 1)
    array([1., 2., 3.])
    """
    a, axis = _along("partition", a, axis, order)
    places = _places("partition", a, kth, axis, kind)
    return _rearranged(a, bind(argpartition_p, (a,), {"axis": axis, "kth": places}), axis)


def _places(name: str, a: Any, kth: Any, axis: int, kind: str) -> tuple[int, ...]:
    if kind != "introselect":
        raise ArgumentError(f"{name}: kind is 'introselect', got {kind!r}")
    length = a.shape[axis]
    places = shape_of(name, kth)
    for k in places:
        if not -length <= k < length:
            raise ShapeError(
                f"{name}({describe(a)}): kth={k} is out of bounds for the {length} elements along "
                f"axis {axis}"
            )
    return tuple([k + length if k < 0 else k for k in places])


# --- searching ------------------------------------------------------------------------------------


def _evaluate_searchsorted(a: Any, v: Any, *, side: Side, depth: int) -> Any:
    """Search in an array of one axis; after `depth` axes of a batch each for values of its own."""
    a, v = _sortable(a), _sortable(v)
    if not depth:
        return a.searchsorted(v, side)
    found = np.empty(v.shape, np.intp)
    for i in np.ndindex(a.shape[:depth]):
        found[i] = a[i].searchsorted(v[i], side)
    return found


def _foreign_searchsorted(a: Any, v: Any, *, side: Side, depth: int) -> Any:
    xp = namespace(a, v)
    if depth or xp is np:
        return on_host(_evaluate_searchsorted)(a, v, side=side, depth=depth)
    return xp.searchsorted(a, v, side=side)


def _batch_searchsorted(
    size: int, values: Sequence[Any], batched: Sequence[bool], params: Any
) -> Any:
    a, v = values
    if not batched[0] and not params["depth"]:  # the values of the whole batch at once
        return bind(searchsorted_p, (a, v), params)
    a, v = [
        x if b else broadcast_to(x, (size, *x.shape)) for x, b in zip(values, batched, strict=True)
    ]
    return bind(searchsorted_p, (a, v), {**params, "depth": params["depth"] + 1})


searchsorted_p: Primitive = constant(
    "searchsorted",
    _evaluate_searchsorted,
    shape=lambda a, v, **_: ArrayType(v.shape, np.dtype(np.intp)),
    batch=_batch_searchsorted,
)
foreign_evaluation[searchsorted_p] = _foreign_searchsorted


def searchsorted(a: Any, v: Any, side: Side = "left", sorter: Any = None) -> Any:
    """Where to insert values into a sorted array so that it stays sorted.

    Parameters
    ----------
    a : array_like
        With one axis, sorted, or put in order by `sorter`.
    v : array_like
    side : {'left', 'right'}
        Before or after elements that are equal to the value.
    sorter : array_like of int, optional
        Positions that sort `a`.

    Returns
    -------
    array of int
        Of the shape of `v`.

    Raises
    ------
    ShapeError
        `a` has not one axis, or `sorter` another length.

    Examples
    --------
    >>> searchsorted([1.0, 2.0, 3.0], [2.0, 9.0])
    array([1, 3])
    """
    a, v = array_operand(a), array_operand(v)
    if len(a.shape) != 1:
        raise ShapeError(f"searchsorted({describe(a)}): wants an array of one axis to search in")
    if side not in ("left", "right"):
        raise ArgumentError(f"searchsorted: side is 'left' or 'right', got {side!r}")
    if sorter is not None:
        sorter = integers("searchsorted", sorter)
        if tuple(sorter.shape) != tuple(a.shape):
            raise ShapeError(f"searchsorted({describe(a)}): sorter={describe(sorter)} is no order")
        a = take(a, sorter)
    a, v = of_one_library(a, v)
    return bind(searchsorted_p, (a, v), {"side": side, "depth": 0})
