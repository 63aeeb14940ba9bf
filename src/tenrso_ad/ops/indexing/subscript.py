"""Reading what stands between the brackets of ``x[...]``.

An index becomes a tuple of entries, which can be hashed, and integer arrays, which are operands. An
entry is an int, a `Span` (a slice), None (a new axis) or `ARRAY` (the next of the integer arrays).
Axes that no entry names stay whole. A boolean mask becomes one array of positions along the axes
that it covers, merged into one.
"""

from __future__ import annotations

import functools
import math
import operator
from collections.abc import Sequence
from types import EllipsisType, NoneType
from typing import Any, NamedTuple

import numpy as np
from numpy import ndarray

from ...engine.errors import DTypeError, IndexingError, describe
from ...engine.trace import concrete
from ..arguments import array_operand
from ..broadcasting import convert
from ..pointwise import operand

ARRAY = "array"


class Span(NamedTuple):
    """A slice whose bounds have been worked out for the length of its axis."""

    start: int
    stop: int | None
    step: int

    @property
    def length(self) -> int:
        """How many elements it takes."""
        return len(range(self.start, -1 if self.stop is None else self.stop, self.step))


Entry = int | Span | str | None
Index = tuple[Entry, ...]


class Subscript(NamedTuple):
    """An index, read.

    Attributes
    ----------
    entries : tuple of int, Span, ARRAY or None
    arrays : tuple of array or Tensor
        Integers, one array for each ARRAY.
    merged : tuple of int or None
        Shape to give the operand first, where masks cover other than one axis.
    unique : bool
        Whether no element can be named twice.
    """

    entries: Index
    arrays: tuple[Any, ...]
    merged: tuple[int, ...] | None
    unique: bool


_AS_IT_IS = frozenset({int, slice, NoneType, EllipsisType})


def read_index(name: str, x: Any, index: Any) -> Subscript:
    """Bring an index to its normal form.

    Parameters
    ----------
    name : str
        Of the operation, for errors.
    x : array or Tensor
        What is indexed.
    index : object
        Anything that NumPy takes; integer arrays may be tensors.

    Raises
    ------
    IndexingError
        Too many indices, an integer out of bounds, a mask of another shape, or something that is no
        index.
    """
    shape = x.shape
    given = index if type(index) is tuple else (index,)
    parts = _full(name, x, [p if type(p) in _AS_IT_IS else _entry(name, x, p) for p in given])
    entries: list[Entry] = []
    arrays: list[Any] = []
    merged: list[int] = []
    axis = masks = 0
    for part in parts:
        kind = type(part)
        width = 1
        if part is None:
            entries.append(None)
            continue
        if kind is int:
            entries.append(_position(name, x, part, axis))
        elif kind is slice:
            entries.append(_span(name, x, part, shape[axis]))
        else:
            if _is_mask(part):
                width = part.ndim
                part = _positions(name, x, part, axis)
                masks += 1
            entries.append(ARRAY)
            arrays.append(part)
        merged.append(shape[axis] if width == 1 else math.prod(shape[axis : axis + width]))
        axis += width
    merged += shape[axis:]
    return Subscript(
        tuple(entries),
        tuple(arrays),
        tuple(merged) if masks and len(merged) != len(shape) else None,
        not arrays or (masks == 1 and len(arrays) == 1),
    )


def _is_mask(part: Any) -> bool:
    return type(part) is ndarray and part.dtype == bool


def _entry(name: str, x: Any, part: Any) -> Any:
    """Give an unusual part of an index as an int, a plain mask, or an array of integers."""
    if isinstance(part, (bool, np.bool_)):
        return np.asarray(part)
    if isinstance(part, Sequence) and not isinstance(part, (str, bytes)):
        try:
            part = operand(part)
        except ValueError:
            raise _no_index(name, x, part) from None
        if type(part) is ndarray and part.size == 0:
            part = part.astype(np.intp)
    if hasattr(part, "dtype"):
        part = operand(part)
    else:
        try:
            return operator.index(part)
        except TypeError:
            raise _no_index(name, x, part) from None
    kind = kind_of(part.dtype)
    if kind == "b":
        return host(
            concrete(part, "a boolean index, whose result has as many elements as it is true,")
        )
    if kind not in "iu":
        raise _no_index(name, x, part)
    if isinstance(part, np.generic) or (type(part) is ndarray and part.ndim == 0):
        return int(part)
    return convert(part, np.dtype(np.intp)) if kind == "u" else part


def kind_of(dtype: Any) -> str:
    """NumPy's letter for the kind of a dtype, also of another library's."""
    try:
        return str(np.dtype(dtype).kind)
    except TypeError:
        name = str(dtype).rsplit(".", maxsplit=1)[-1]  # torch.int64
        return "b" if name.startswith("bool") else "i" if "int" in name else "f"


def integers(name: str, indices: Any, what: str = "indices") -> Any:
    """Give indices of a NumPy function as an array of integers; booleans count as 0 and 1.

    Parameters
    ----------
    name, what : str
        The function and what its argument means, for errors.
    indices : array_like
    """
    listed = not hasattr(indices, "dtype")
    indices = array_operand(indices)
    if listed and 0 in indices.shape:
        return convert(indices, np.dtype(np.intp))  # an empty list is float64
    kind = kind_of(indices.dtype)
    if kind == "b":
        return convert(indices, np.dtype(np.intp))
    if kind not in "iu":
        raise DTypeError(f"{name}: {what} are integers, got {describe(indices)}")
    return indices


def host(a: Any) -> ndarray:
    """Plain array of the values of an array of any library."""
    return a.get() if hasattr(a, "get") else np.asarray(a)


def _no_index(name: str, x: Any, part: Any) -> IndexingError:
    shown = describe(part) if hasattr(part, "dtype") else repr(part)
    return IndexingError(
        f"{name}({describe(x)}): an index is made of integers, slices, ..., None, and arrays of "
        f"integers or booleans; got {shown}"
    )


def _full(name: str, x: Any, parts: list[Any]) -> list[Any]:
    """Write out the ellipsis, and check the number of axes that the parts name."""
    named, ellipses = 0, []
    for i, part in enumerate(parts):
        if part is Ellipsis:
            ellipses.append(i)
        elif part is not None:
            named += part.ndim if _is_mask(part) else 1
    missing = len(x.shape) - named
    if missing < 0:
        raise IndexingError(
            f"{name}({describe(x)}): too many indices, {named} for an array of {len(x.shape)} axes"
        )
    if not ellipses:
        return parts
    if len(ellipses) > 1:
        raise IndexingError(f"{name}({describe(x)}): an index has at most one ellipsis (...)")
    (i,) = ellipses
    whole = [slice(None)] * missing if i < len(parts) - 1 else []
    return [*parts[:i], *whole, *parts[i + 1 :]]


def _position(name: str, x: Any, i: int, axis: int) -> int:
    length = x.shape[axis]
    if not -length <= i < length:
        raise IndexingError(
            f"{name}({describe(x)}): index {i} is out of bounds for axis {axis} of length {length}"
        )
    return i + length if i < 0 else i


def _span(name: str, x: Any, part: slice, length: int) -> Span:
    try:
        start, stop, step = part.indices(length)
    except (TypeError, ValueError) as error:
        raise IndexingError(f"{name}({describe(x)}): {error}, got {part}") from error
    if not range(start, stop, step):
        return Span(0, 0, 1)
    return Span(start, None if stop < 0 else stop, step)


def _positions(name: str, x: Any, mask: ndarray, axis: int) -> ndarray:
    covered = tuple(x.shape[axis : axis + mask.ndim])
    # an axis of no length chooses nothing, of whatever is there: NumPy lets it stand
    if any([m not in (n, 0) for m, n in zip(mask.shape, covered, strict=True)]):
        raise IndexingError(
            f"{name}({describe(x)}): a boolean index of shape {mask.shape} stands where the array "
            f"has lengths {covered} (from axis {axis} on)"
        )
    return np.flatnonzero(mask)


# --- what a normal form means ---------------------------------------------------------------------


def numpy_index(index: Index, arrays: Sequence[Any]) -> tuple[Any, ...]:
    """Give the index as NumPy takes it."""
    if not arrays:
        return basic_index(index)
    rest = iter(arrays)
    return tuple([slice(*e) if type(e) is Span else next(rest) if e == ARRAY else e for e in index])


@functools.lru_cache(maxsize=8192)
def basic_index(index: Index) -> tuple[Any, ...]:
    """Give an index without arrays as NumPy takes it."""
    return tuple([slice(*e) if isinstance(e, Span) else e for e in index])


def block_place(index: Index) -> int:
    """Where the axes of the integer arrays go: how many kept axes stand before them.

    NumPy's rule: in the place of the first of them if they (and the ints among them) stand side by
    side, else in front.
    """
    kept = 0
    places = set()
    for e in index:
        if e is None or type(e) is Span:
            kept += 1
        else:
            places.add(kept)
    return places.pop() if len(places) == 1 else 0


def block_shape(arrays: Sequence[Any]) -> tuple[int, ...]:
    """Shape to which the integer arrays broadcast."""
    if len(arrays) == 1:
        return tuple(arrays[0].shape)
    shapes = [tuple(a.shape) for a in arrays]
    try:
        return np.broadcast_shapes(*shapes)
    except ValueError:
        shown = " and ".join(map(str, shapes))
        raise IndexError(f"index arrays of shapes {shown} do not broadcast together") from None


def result_shape(shape: tuple[int, ...], index: Index, arrays: Sequence[Any]) -> tuple[int, ...]:
    """Shape of ``x[index]`` for an x of this shape."""
    kept = []
    axis = 0
    for e in index:
        if e is None:
            kept.append(1)
            continue
        if type(e) is Span:
            kept.append(e.length)
        axis += 1
    if arrays:
        at = block_place(index)
        kept[at:at] = block_shape(arrays)
    return (*kept, *shape[axis:])
