"""Functional updates: ``at(x)[index].set(v)`` and its kin give a changed copy."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy import ndarray

from ...engine.array_type import ArrayType
from ...engine.errors import DTypeError, describe
from ...engine.primitive import Primitive
from ...engine.trace import bind, foreign_evaluation
from ...engine.views import write_back
from .. import elementwise as ew
from ..arguments import array_operand
from ..broadcasting import broadcast_to, convert
from ..declare import constant, linear, namespace, nonlinear, zeros_like
from ..pointwise import align, operand
from ..shaping.joining import concatenate
from ..shaping.permuting import moveaxis
from ..shaping.reshaping import assigned, reshape
from ..sorting.ordering import argsort
from . import scattering
from .getitem import batch_index, getitem, getitem_p, scatter_add
from .subscript import (
    ARRAY,
    Index,
    Subscript,
    block_place,
    block_shape,
    host,
    numpy_index,
    read_index,
    result_shape,
)


class at:
    """Update an array at an index, without changing it.

    ``at(x)[index]`` has the methods ``set``, ``add``, ``multiply``, ``min`` and ``max``; each takes
    values that broadcast to ``x[index]`` and returns a changed copy of `x`. Of values that meet in
    one element, the last one is set, all are added or multiplied, and the least or greatest
    remains; the gradient follows: to the value that was set, to every value that was added or
    multiplied, and in even shares to the least or greatest ones.

    Parameters
    ----------
    x : array_like

    Raises
    ------
    IndexingError
        As for `getitem`.
    ShapeError
        Values that do not broadcast to ``x[index]``.
    DTypeError
        Values that do not fit into the dtype of `x`: complex ones into a real array, or
        floating-point ones into integers.

    Examples
    --------
    >>> import numpy as np
    >>> x = np.zeros(4)
    >>> at(x)[1:3].set(5.0)
    array([0., 5., 5., 0.])
    >>> at(x)[[0, 0, 3]].add([1.0, 2.0, 3.0])
    array([3., 0., 0., 3.])
    """

    __slots__ = ("_x",)

    def __init__(self, x: Any) -> None:
        self._x = array_operand(x)

    def __getitem__(self, index: Any) -> _Place:
        return _Place(self._x, index)


class _Place:
    """What ``at(x)[index]`` gives."""

    __slots__ = ("_index", "_x")

    def __init__(self, x: Any, index: Any) -> None:
        self._x = x
        self._index = index

    def set(self, values: Any) -> Any:
        """Replace the elements; of values that meet in one, the last in C order remains."""
        return self._update("set", values)

    def add(self, values: Any) -> Any:
        """Add to the elements."""
        return self._update("add", values)

    def multiply(self, values: Any) -> Any:
        """Multiply the elements."""
        x, where, values = self._flat("multiply", values)
        if not where.unique:
            where, values = _products(where, values)
        (numbers,) = where.arrays
        product = _take(x, numbers, unique=where.unique) * values
        return reshape(_update(x, product, where, "set"), self._x.shape)

    def min(self, values: Any) -> Any:
        """Lower the elements to the values that are below them."""
        return self._extremum("min", values)

    def max(self, values: Any) -> Any:
        """Raise the elements to the values that are above them."""
        return self._extremum("max", values)

    def _update(self, mode: str, values: Any) -> Any:
        x, where = self._read(mode)
        values = self._fitted(mode, values, result_shape(x.shape, where.entries, where.arrays))
        out = _update(x, values, where, mode)
        return out if where.merged is None else reshape(out, self._x.shape)

    def _extremum(self, which: str, values: Any) -> Any:
        x, where, values = self._flat(which, values)
        out = bind(extremum_at_p, (x, values, where.arrays[0]), {"which": which})
        return reshape(out, self._x.shape)

    def _read(self, mode: str) -> tuple[Any, Subscript]:
        """Read the index, and give the array the shape that it wants."""
        where = read_index(f"at[].{mode}", self._x, self._index)
        x = self._x if where.merged is None else reshape(self._x, where.merged)
        return x, where

    def _flat(self, mode: str, values: Any) -> tuple[Any, Subscript, Any]:
        """Bring array and values to one axis; the index becomes the numbers of elements."""
        x, where = self._read(mode)
        numbers = np.arange(math.prod(x.shape)).reshape(x.shape)
        numbers = _take(numbers, *where.arrays, index=where.entries, unique=where.unique)
        values = self._fitted(mode, values, tuple(numbers.shape))
        flat = Subscript((ARRAY,), (reshape(numbers, (-1,)),), None, where.unique)
        return reshape(x, (-1,)), flat, reshape(values, (-1,))

    def _fitted(self, mode: str, values: Any, shape: tuple[int, ...]) -> Any:
        """Broadcast values to the shape of ``x[index]`` and convert them to the dtype of x."""
        x, values = self._x, operand(values)
        if not _fits(values, x.dtype):
            raise DTypeError(
                f"at[].{mode}: values of {describe(values)} do not fit into {describe(x)}; "
                "convert the array or the values first"
            )
        if hasattr(values, "dtype"):
            values = convert(values, x.dtype)
        else:
            values = zeros_like(x, ()) + values
        return assigned(f"at[].{mode}", values, shape, f"{describe(x)}[index]")


def _fits(values: Any, dtype: Any) -> bool:
    try:
        if hasattr(values, "dtype"):
            return np.can_cast(values.dtype, dtype, "same_kind")
        return np.can_cast(np.result_type(values, dtype), dtype, "same_kind")
    except TypeError:  # dtypes of another library, which has its own rules
        return True


def _take(x: Any, *arrays: Any, index: Index = (ARRAY,), unique: bool = False) -> Any:
    return bind(getitem_p, (x, *arrays), {"index": index, "unique": unique})


def _update(x: Any, values: Any, where: Subscript, mode: str) -> Any:
    params = {"mode": mode, "index": where.entries, "unique": where.unique}
    return bind(update_p, (x, values, *where.arrays), params)


# --- set and add ----------------------------------------------------------------------------------


def _evaluate_update(
    x: Any, values: Any, *arrays: Any, mode: str, index: Index, unique: bool
) -> Any:
    out = np.array(x)
    if mode == "add":
        scattering.add_at(out, values, index, arrays, unique)
        return out
    rank = len(block_shape(arrays)) if arrays else 0
    if rank > 1:  # along one axis NumPy writes in order, so that the last write wins
        arrays = tuple(a.reshape(-1) for a in np.broadcast_arrays(*arrays))
        if np.ndim(values):
            place = block_place(index)
            shape = (*values.shape[:place], -1, *values.shape[place + rank :])
            values = values.reshape(shape) if values.size else values.sum()
    out[numpy_index(index, arrays)] = values
    return out


def _foreign_update(
    x: Any, values: Any, *arrays: Any, mode: str, index: Index, unique: bool
) -> Any:
    xp = namespace(x)
    if xp is np:
        arrays = tuple(host(a) for a in arrays)
        return _evaluate_update(x, host(values), *arrays, mode=mode, index=index, unique=unique)
    if isinstance(values, ndarray):
        values = xp.asarray(values)
    return scattering.foreign_update(x, values, index, arrays, mode)


def _update_transpose(
    g: Any, x: ArrayType, values: Any, *arrays: Any, mode: str, index: Index, unique: bool
) -> list[Any]:
    of_values = None
    if isinstance(values, ArrayType):
        of_values = _take(g, *arrays, index=index, unique=unique)
    if mode == "add":
        return [g, of_values]
    if of_values is not None and not unique:
        won = _winners(x.shape, index, arrays)
        kept = len(of_values.shape) - block_place(index) - len(won.shape)
        of_values = ew.where(reshape(won, (*won.shape, *(1,) * kept)), of_values, 0)
    return [_update(g, 0, Subscript(index, arrays, None, unique), "set"), of_values]


def _batch_update(size: int, values: Sequence[Any], batched: Sequence[bool], params: Any) -> Any:
    x, v, *arrays = values
    if not batched[0]:
        x = broadcast_to(x, (size, *x.shape))
    index, indices, source, destination = batch_index(size, params["index"], arrays, batched[2:])
    if hasattr(v, "shape"):
        if not batched[1]:
            v = broadcast_to(v, (size, *v.shape))
        v = moveaxis(v, destination, source) if source else v
    return _update(x, v, Subscript(index, indices, None, params["unique"]), params["mode"])


update_p = linear(
    "update",
    _evaluate_update,
    transpose=_update_transpose,
    shape=lambda x, *_, mode, index, unique: x,
    batch=_batch_update,
    places=slice(0, 2),
)
foreign_evaluation[update_p] = _foreign_update


write_back[getitem_p] = lambda base, view, params: _update(
    base, view, Subscript(params["index"], (), None, True), "set"
)


def _winners(shape: tuple[int, ...], index: Index, arrays: Sequence[Any]) -> Any:
    """Which writes of a set remain: a boolean array of the shape of the block of indices."""
    axis = 0
    lengths = []
    for e in index:
        if e == ARRAY:
            lengths.append(shape[axis])
        axis += e is not None
    return bind(winners_p, arrays, {"lengths": tuple(lengths)})


def _evaluate_winners(*arrays: Any, lengths: tuple[int, ...]) -> Any:
    arrays = tuple(host(a) for a in arrays)
    keys = scattering.flat_keys(arrays, lengths)
    return scattering.last_occurrence(keys, math.prod(lengths)).reshape(block_shape(arrays))


def _batch_winners(size: int, values: Sequence[Any], batched: Sequence[bool], params: Any) -> Any:
    arrays = align(size, values, batched)
    rank = max(len(a.shape) for a in arrays) - 1
    batch = np.arange(size).reshape((size,) + (1,) * rank)
    return bind(winners_p, (batch, *arrays), {"lengths": (size, *params["lengths"])})


winners_p = constant(
    "winners",
    _evaluate_winners,
    shape=lambda *arrays, lengths: ArrayType(block_shape(arrays), np.dtype(bool)),
    batch=_batch_winners,
)


# --- multiply: equal elements side by side, and products of neighbours, doubling their reach ------


def _products(where: Subscript, values: Any) -> tuple[Subscript, Any]:
    """Sort by element and multiply up: the last value of an element is the product of all."""
    (numbers,) = where.arrays
    places = argsort(numbers, stable=True)
    numbers, values = _take(numbers, places, unique=True), _take(values, places, unique=True)
    step, longest = 1, _longest_run(numbers)
    while step < longest:
        later, earlier = slice(step, None), slice(None, -step)
        same = ew.equal(getitem(numbers, later), getitem(numbers, earlier))
        value = getitem(values, later)
        product = ew.where(same, value * getitem(values, earlier), value)
        values = concatenate((getitem(values, slice(step)), product))
        step *= 2
    return where._replace(arrays=(numbers,)), values


def _longest_run(numbers: Any) -> int:
    """How often the most frequent of sorted numbers stands there, at most."""
    if type(numbers) is not ndarray:
        return int(numbers.shape[0])
    starts = np.flatnonzero(np.diff(numbers, prepend=-1))
    return int(np.diff(starts, append=numbers.size).max(initial=0))


# --- min and max ----------------------------------------------------------------------------------

_EXTREMA = {"min": np.minimum, "max": np.maximum}


def _evaluate_extremum_at(x: Any, values: Any, numbers: Any, *, which: str) -> Any:
    out = np.array(x)
    _EXTREMA[which].at(out, numbers, values)
    return out


def _foreign_extremum_at(x: Any, values: Any, numbers: Any, *, which: str) -> Any:
    xp = namespace(x)
    out = _evaluate_extremum_at(host(x), host(values), host(numbers), which=which)
    return out if xp is np else xp.asarray(out)


def _extremum_at_pullback(g: Any, x: Any, values: Any, numbers: Any, out: Any) -> list[Any]:
    """Share the cotangent evenly among all that reach the extremum."""
    kept, reached = ew.equal(x, out), ew.equal(values, _take(out, numbers))
    shares = convert(reached, g.dtype)
    count = convert(kept, g.dtype) + scatter_add(shares, x.shape, (ARRAY,), (numbers,), False)
    share = g / ew.maximum(count, 1)
    return [ew.where(kept, share, 0), ew.where(reached, _take(share, numbers), 0), None]


def _batch_extremum_at(
    size: int, values: Sequence[Any], batched: Sequence[bool], params: Any
) -> Any:
    """Lay the arrays of the batch one after another."""
    x, v, numbers = [
        value if b else broadcast_to(value, (size, *value.shape))
        for value, b in zip(values, batched, strict=True)
    ]
    shape = x.shape
    numbers = numbers + np.arange(size)[:, None] * shape[1]
    flat = [reshape(a, (-1,)) for a in (x, v, numbers)]
    return reshape(bind(extremum_at_p, flat, params), shape)


extremum_at_p: Primitive = nonlinear(
    "extremum_at",
    _evaluate_extremum_at,
    pullback=_extremum_at_pullback,
    operands="x values numbers",
    shape=lambda x, *_, which: x,
    batch=_batch_extremum_at,
)
foreign_evaluation[extremum_at_p] = _foreign_extremum_at
