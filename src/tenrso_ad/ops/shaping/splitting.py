"""Taking arrays apart: split and its kin, unstack."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

from ...engine.errors import ShapeError, describe
from ...engine.trace import Tracer
from ...engine.views import relate
from ..arguments import array_operand, axis_of, shape_of
from ..indexing.getitem import getitem_p
from ..indexing.subscript import Span
from .joining import parts_of, slices_of

Sections = int | Sequence[int]


def split(ary: Any, indices_or_sections: Sections, axis: int = 0) -> list[Any]:
    """Cut an array into parts along an axis.

    Parameters
    ----------
    ary : array_like
    indices_or_sections : int or sequence of int
        How many equal parts, or where to cut.
    axis : int

    Returns
    -------
    list of array
        Views of `ary`.

    Raises
    ------
    ShapeError
        The axis has no such number of equal parts.

    Examples
    --------
    >>> split([1.0, 2.0, 3.0, 4.0], [1, 3])
    [array([1.]), array([2., 3.]), array([4.])]
    """
    return _cut("split", ary, indices_or_sections, axis)


def array_split(ary: Any, indices_or_sections: Sections, axis: int = 0) -> list[Any]:
    """Cut an array into parts along an axis; they need not be equal.

    Parameters
    ----------
    ary : array_like
    indices_or_sections : int or sequence of int
        How many parts, of which the first ones are longer by one where the length is no multiple;
        or where to cut.
    axis : int

    Returns
    -------
    list of array
        Views of `ary`.

    Examples
    --------
    >>> array_split([1, 2, 3, 4, 5], 2)
    [array([1, 2, 3]), array([4, 5])]
    """
    return _cut("array_split", ary, indices_or_sections, axis, equal=False)


def hsplit(ary: Any, indices_or_sections: Sections) -> list[Any]:
    """Cut an array along the second axis, or along the only one; see `split`.

    Parameters
    ----------
    ary : array_like
        With at least one axis.
    indices_or_sections : int or sequence of int

    Examples
    --------
    >>> hsplit([[1, 2], [3, 4]], 2)[1]
    array([[2],
           [4]])
    """
    ary = _with_axes("hsplit", ary, 1)
    return _cut("hsplit", ary, indices_or_sections, min(len(ary.shape) - 1, 1))


def vsplit(ary: Any, indices_or_sections: Sections) -> list[Any]:
    """Cut an array along the first axis; see `split`.

    Parameters
    ----------
    ary : array_like
        With at least two axes.
    indices_or_sections : int or sequence of int

    Examples
    --------
    >>> vsplit([[1, 2], [3, 4]], 2)
    [array([[1, 2]]), array([[3, 4]])]
    """
    return _cut("vsplit", _with_axes("vsplit", ary, 2), indices_or_sections, 0)


def dsplit(ary: Any, indices_or_sections: Sections) -> list[Any]:
    """Cut an array along the third axis; see `split`.

    Parameters
    ----------
    ary : array_like
        With at least three axes.
    indices_or_sections : int or sequence of int

    Examples
    --------
    >>> dsplit([[[1, 2]], [[3, 4]]], 2)[0].shape
    (2, 1, 1)
    """
    return _cut("dsplit", _with_axes("dsplit", ary, 3), indices_or_sections, 2)


def unstack(x: Any, /, *, axis: int = 0) -> tuple[Any, ...]:
    """Cut an array into its slices along an axis; the inverse of `stack`.

    Parameters
    ----------
    x : array_like
        With at least one axis.
    axis : int
        Which the slices lack.

    Returns
    -------
    tuple of array
        Views of `x`.

    Examples
    --------
    >>> unstack([[1, 2], [3, 4]], axis=1)
    (array([1, 3]), array([2, 4]))
    """
    x = array_operand(x)
    place = axis_of("unstack", axis, x)
    slices = slices_of(x, place)
    if isinstance(x, Tracer) and len(x.shape) > 1:  # of one axis: scalars
        for i, each in enumerate(slices):
            _relate(each, x, place, i)
    return slices


def _parts(x: Any, axis: int, lengths: tuple[int, ...]) -> list[Any]:
    """Cut into parts that are views."""
    parts = list(parts_of(x, axis, lengths))
    if isinstance(x, Tracer):
        for part, length, stop in zip(parts, lengths, itertools.accumulate(lengths), strict=True):
            _relate(part, x, axis, Span(stop - length, stop, 1) if length else Span(0, 0, 1))
    return parts


def _relate(part: Any, x: Any, axis: int, entry: int | Span) -> None:
    whole = [Span(0, n, 1) for n in x.shape[:axis]]
    relate(part, x, getitem_p, {"index": (*whole, entry), "unique": True})


def _with_axes(name: str, ary: Any, count: int) -> Any:
    ary = array_operand(ary)
    if len(ary.shape) < count:
        raise ShapeError(f"{name}({describe(ary)}): wants an array of {count} or more axes")
    return ary


def _cut(name: str, ary: Any, sections: Sections, axis: int, *, equal: bool = True) -> list[Any]:
    ary = array_operand(ary)
    place = axis_of(name, axis, ary)
    length = ary.shape[place]
    cuts = shape_of(name, sections)
    if hasattr(sections, "__index__") and not getattr(sections, "shape", ()):
        count = cuts[0]
        if count < 1 or (equal and length % count):
            parts = "equal parts" if equal else "parts"
            raise ShapeError(f"{name}({describe(ary)}): axis {place} has no {count} {parts}")
        each, longer = divmod(length, count)
        return _parts(ary, place, (each + 1,) * longer + (each,) * (count - longer))
    spans = [slice(*pair).indices(length)[:2] for pair in itertools.pairwise((0, *cuts, None))]
    spans = [(start, max(start, stop)) for start, stop in spans]
    if all(end == start for (_, end), (start, _) in itertools.pairwise(spans)):
        return _parts(ary, place, tuple([stop - start for start, stop in spans]))
    # cuts that go back: parts overlap or leave something out
    return [_parts(ary, place, (start, stop - start, length - stop))[1] for start, stop in spans]
