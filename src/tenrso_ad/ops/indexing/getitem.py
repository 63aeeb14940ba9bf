"""Indexing and its transpose.

``x[index]`` and the sum of values into the places that an index names are each other's transpose,
so the two primitives stand for each other's derivative. Integer arrays of an index are operands:
they may be tensors, staged or batched.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy import ndarray

from ...engine.array_type import ArrayType
from ...engine.node import LazyCotangent
from ...engine.reverse import Pullback, pullbacks
from ...engine.trace import NUMPY_TYPES, Tracer, bind, foreign_evaluation
from ...engine.views import bind_view
from ..arguments import array_operand
from ..broadcasting import broadcast_to
from ..declare import linear, namespace
from ..pointwise import align
from ..shaping.permuting import moveaxis
from ..shaping.reshaping import reshape
from . import scattering
from .subscript import (
    ARRAY,
    Entry,
    Index,
    Span,
    basic_index,
    block_place,
    block_shape,
    host,
    numpy_index,
    read_index,
    result_shape,
)

_MANY = 1000  # indices from which one array of positions is quicker than several of indices


def getitem(x: Any, index: Any, /) -> Any:
    """Elements of an array, as ``x[index]`` in NumPy.

    Parameters
    ----------
    x : array_like
    index : int, slice, ..., None, array_like of int or bool, or a tuple of these
        Integer arrays may be tensors.

    Returns
    -------
    array
        A view of `x` for an index of ints, slices, ... and None.

    Raises
    ------
    IndexingError
        Out of bounds, too many indices, a mask of another shape, or something that is no index.
    ConcretizationError
        A boolean index whose values are not known (batched by vmap, or staged): use
        ``where(mask, x, 0)``.

    Examples
    --------
    >>> import numpy as np
    >>> x = np.arange(6.0).reshape(2, 3)
    >>> getitem(x, (1, slice(None, None, -1)))
    array([5., 4., 3.])
    >>> getitem(x, x > 2)
    array([3., 4., 5.])
    """
    if type(x) is not ndarray and not isinstance(x, Tracer):
        x = array_operand(x)
    if type(index) is int:  # the quick way for loops
        shape = x.shape
        if shape and 0 <= index < shape[0]:
            params = {"index": (index,), "unique": True}
            return (
                bind_view(getitem_p, x, params) if len(shape) > 1 else bind(getitem_p, (x,), params)
            )
    spec, arrays, merged, unique = read_index("getitem", x, index)
    params = {"index": spec, "unique": unique}
    if arrays:
        if merged is not None:
            x = reshape(x, merged)
        return bind(getitem_p, (x, *arrays), params)
    if _is_view(x, spec, index if type(index) is tuple else (index,)):
        return bind_view(getitem_p, x, params)
    return bind(getitem_p, (x,), params)


def _is_view(x: Any, spec: Index, parts: tuple[Any, ...]) -> bool:
    """Whether an index without arrays gives a view: not a scalar, nor by an array of one number."""
    scalar = len(spec) == len(x.shape)
    for part in parts:
        if part is ...:
            scalar = False
        elif isinstance(part, (ndarray, Tracer)):
            return False
    return not scalar or any([type(e) is not int for e in spec])


def scatter_add(
    values: Any, shape: tuple[int, ...], index: Index, arrays: Any, unique: bool
) -> Any:
    """Zeros with values added at the places that a normal index names: the transpose of getitem."""
    if type(values) in NUMPY_TYPES and all(type(a) is ndarray for a in arrays):
        return scattering.scatter_add(values, shape, index, arrays, unique)
    params = {"shape": shape, "index": index, "unique": unique}
    return bind(scatter_add_p, (values, *arrays), params)


class _Scattered(LazyCotangent):
    """The cotangent of a plain array that was indexed."""

    __slots__ = ("arrays", "index", "shape", "unique", "values")

    def __init__(
        self, values: Any, shape: tuple[int, ...], index: Index, arrays: Any, unique: bool
    ) -> None:
        self.values = values
        self.shape = shape
        self.index = index
        self.arrays = arrays
        self.unique = unique

    def materialise(self) -> Any:
        return scattering.scatter_add(self.values, self.shape, self.index, self.arrays, self.unique)

    def add_into(self, buffer: ndarray) -> None:
        if not self.arrays:
            buffer[basic_index(self.index)] += self.values
            return
        scattering.add_at(buffer, self.values, self.index, self.arrays, self.unique)


# --- getitem --------------------------------------------------------------------------------------


def _evaluate_getitem(x: Any, *arrays: Any, index: Index, unique: bool) -> Any:
    if not arrays:
        return x[basic_index(index)]
    count = len(arrays)
    if x.ndim > 1 and x.flags.c_contiguous:  # take is several times quicker than x[...]
        if count == 1 and index[-1] == ARRAY and _is_whole(index[:-1], x.shape):
            return x.take(arrays[0], axis=len(index) - 1)
        if index == (ARRAY,) * count and arrays[0].size >= _MANY:
            rest = x.shape[count:]
            keys = scattering.flat_keys(arrays, x.shape[:count])
            return x.reshape(-1, *rest).take(keys, axis=0).reshape(*block_shape(arrays), *rest)
    return x[numpy_index(index, arrays)]


def _is_whole(entries: Sequence[Entry], shape: tuple[int, ...]) -> bool:
    return all(e == (0, n, 1) for e, n in zip(entries, shape, strict=False))


def _foreign_getitem(x: Any, *arrays: Any, index: Index, unique: bool) -> Any:
    if namespace(x) is np:
        return _evaluate_getitem(x, *map(host, arrays), index=index, unique=unique)
    return scattering.foreign_take(x, index, arrays)


def _getitem_transpose(
    g: Any, shape: tuple[int, ...], arrays: Sequence[Any], index: Index, unique: bool
) -> Any:
    if type(g) in NUMPY_TYPES and all(type(a) is ndarray for a in arrays):
        return _Scattered(g, shape, index, arrays, unique)
    return scatter_add(g, shape, index, arrays, unique)


def _batch_getitem(size: int, values: Sequence[Any], batched: Sequence[bool], params: Any) -> Any:
    x, *arrays = values
    index, unique = params["index"], params["unique"]
    if not batched[0]:  # one array, many indices: the block of the result holds the batch
        arrays = align(size, arrays, batched[1:])
        out = bind(getitem_p, (x, *arrays), params)
        return moveaxis(out, block_place(index), 0)
    index, indices, source, destination = batch_index(size, index, arrays, batched[1:])
    out = bind(getitem_p, (x, *indices), {"index": index, "unique": unique})
    return moveaxis(out, source, destination) if source else out


def batch_index(
    size: int, index: Index, arrays: Sequence[Any], batched: Sequence[bool]
) -> tuple[Index, tuple[Any, ...], tuple[int, ...], tuple[int, ...]]:
    """Extend an index to an operand with a batch in front.

    Returns
    -------
    index, arrays
        For the batched operand.
    source, destination : tuple of int
        How NumPy's result has its axes moved, so that the batch comes first and the rest is as it
        was.
    """
    at = block_place(index)
    if not any(batched):
        rank = len(block_shape(arrays)) if arrays else 0
        index = (Span(0, size, 1), *index)
        if arrays and block_place(index) == 0 and rank:
            return index, tuple(arrays), (rank,), (0,)
        return index, tuple(arrays), (), ()
    arrays = align(size, arrays, batched)
    rank = max(len(a.shape) for a in arrays) - 1
    batch = np.arange(size).reshape((size,) + (1,) * rank)
    if not at:
        return (ARRAY, *index), (batch, *arrays), (), ()
    source = tuple(range(1, 1 + rank))
    return (ARRAY, *index), (batch, *arrays), source, tuple(i + at for i in source)


getitem_p = linear(
    "getitem",
    _evaluate_getitem,
    transpose=lambda g, x, *arrays, index, unique: _getitem_transpose(
        g, x.shape, arrays, index, unique
    ),
    shape=lambda x, *arrays, index, unique: ArrayType(
        result_shape(x.shape, index, arrays), x.dtype
    ),
    batch=_batch_getitem,
    places=slice(0, 1),
)
foreign_evaluation[getitem_p] = _foreign_getitem


def _save(values: Sequence[Any], out: Any, params: Any, wanted: Any) -> tuple[Any, ...]:
    return (values[0].shape, *values[1:])


def _apply(g: Any, saved: tuple[Any, ...], params: Mapping[str, Any], wanted: Any) -> Any:
    shape, *arrays = saved
    return (_getitem_transpose(g, shape, arrays, params["index"], params["unique"]),)


pullbacks[getitem_p] = Pullback(_save, _apply)  # what linear() made, with less overhead in loops


# --- its transpose --------------------------------------------------------------------------------


def _evaluate_scatter_add(
    values: Any, *arrays: Any, shape: tuple[int, ...], index: Index, unique: bool
) -> Any:
    return scattering.scatter_add(values, shape, index, arrays, unique)


def _foreign_scatter_add(
    values: Any, *arrays: Any, shape: tuple[int, ...], index: Index, unique: bool
) -> Any:
    xp = namespace(values)
    if xp is np:
        return scattering.scatter_add(values, shape, index, [host(a) for a in arrays], unique)
    zeros = xp.zeros(shape, dtype=values.dtype)
    return scattering.foreign_update(zeros, values, index, arrays, "add")


def _batch_scatter_add(
    size: int, values: Sequence[Any], batched: Sequence[bool], params: Any
) -> Any:
    g, *arrays = values
    if not batched[0]:
        g = broadcast_to(g, (size, *g.shape))
    index, indices, source, destination = batch_index(size, params["index"], arrays, batched[1:])
    if source:
        g = moveaxis(g, destination, source)
    return scatter_add(g, (size, *params["shape"]), index, indices, params["unique"])


scatter_add_p = linear(
    "scatter_add",
    _evaluate_scatter_add,
    transpose=lambda g, values, *arrays, shape, index, unique: bind(
        getitem_p, (g, *arrays), {"index": index, "unique": unique}
    ),
    shape=lambda values, *arrays, shape, index, unique: ArrayType(shape, values.dtype),
    batch=_batch_scatter_add,
    places=slice(0, 1),
)
foreign_evaluation[scatter_add_p] = _foreign_scatter_add
