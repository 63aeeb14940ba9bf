"""Joining arrays and taking them apart: concatenate, stack, split and their kin."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any, Literal

import numpy as np

from ...engine.array_type import ArrayType
from ...engine.errors import ArgumentError, DTypeError, ShapeError, describe
from ...engine.forward import pushforwards
from ...engine.primitive import Primitive
from ...engine.trace import bind
from ..arguments import array_operand, axis_of, dtype_of, shape_of
from ..broadcasting import broadcast_to, convert
from ..declare import linear, namespace, nonlinear, zeros_like
from .reshaping import ravel, reshape_p, with_axes

Casting = Literal["no", "equiv", "safe", "same_kind", "unsafe"]

# --- primitives -----------------------------------------------------------------------------------


def _evaluate_concatenate(*values: Any, axis: int) -> Any:
    xp = namespace(*values)
    return np.concatenate(values, axis) if xp is np else xp.concat(values, axis=axis)


def _concatenate_transpose(g: Any, *operands: ArrayType, axis: int) -> list[Any]:
    parts = _split(g, axis, tuple([x.shape[axis] for x in operands]))
    return [convert(part, x.dtype) for part, x in zip(parts, operands, strict=True)]


def _concatenate_shape(*types: ArrayType, axis: int) -> ArrayType:
    first = types[0].shape
    if any(_without(t.shape, axis) != _without(first, axis) for t in types):
        raise ValueError("shapes differ outside the axis along which they are joined")
    length = sum([t.shape[axis] for t in types])
    shape = (*first[:axis], length, *first[axis + 1 :])
    return ArrayType(shape, np.result_type(*[t.dtype for t in types]))


def _without(shape: tuple[int, ...], axis: int) -> tuple[int, ...]:
    return (*shape[:axis], *shape[axis + 1 :])


def _batched_all(size: int, values: Sequence[Any], batched: Sequence[bool]) -> list[Any]:
    """Give every operand the batch."""
    return [
        v if b else broadcast_to(v, (size, *v.shape)) for v, b in zip(values, batched, strict=True)
    ]


concatenate_p: Primitive = linear(
    "concatenate",
    _evaluate_concatenate,
    transpose=_concatenate_transpose,
    shape=_concatenate_shape,
    batch=lambda size, values, batched, params: bind(
        concatenate_p, _batched_all(size, values, batched), {"axis": params["axis"] + 1}
    ),
)


def _evaluate_stack(*values: Any, axis: int) -> Any:
    xp = namespace(*values)
    if xp is not np:
        return xp.stack(values, axis=axis)
    shape = values[0].shape
    if any(v.shape != shape for v in values):
        raise ValueError("only arrays of one shape can be stacked")
    shape = (*shape[:axis], 1, *shape[axis:])
    return np.concatenate([v.reshape(shape) for v in values], axis)


def _stack_transpose(g: Any, *operands: ArrayType, axis: int) -> list[Any]:
    parts = _split(g, axis, (1,) * len(operands))
    return [
        convert(bind(reshape_p, (part,), {"shape": x.shape}), x.dtype)
        for part, x in zip(parts, operands, strict=True)
    ]


def _stack_shape(*types: ArrayType, axis: int) -> ArrayType:
    shape = types[0].shape
    if any(t.shape != shape for t in types):
        raise ValueError("only arrays of one shape can be stacked")
    shape = (*shape[:axis], len(types), *shape[axis:])
    return ArrayType(shape, np.result_type(*[t.dtype for t in types]))


stack_p: Primitive = linear(
    "stack",
    _evaluate_stack,
    transpose=_stack_transpose,
    shape=_stack_shape,
    batch=lambda size, values, batched, params: bind(
        stack_p, _batched_all(size, values, batched), {"axis": params["axis"] + 1}
    ),
)


def _evaluate_split(
    x: Any, *, axis: int, lengths: tuple[int, ...], results: int
) -> tuple[Any, ...]:
    before = (slice(None),) * axis
    stops = itertools.accumulate(lengths)
    return tuple([x[(*before, slice(s - n, s))] for n, s in zip(lengths, stops, strict=True)])


def _split_pullback(
    g: Any, x_type: ArrayType, *, axis: int, lengths: tuple[int, ...], results: int
) -> Any:
    """Join the cotangents of all parts at once: n parts cost no more than one array."""
    like = next(part for part in g if part is not None)
    shapes = [(*x_type.shape[:axis], n, *x_type.shape[axis + 1 :]) for n in lengths]
    parts = [zeros_like(like, s) if p is None else p for p, s in zip(g, shapes, strict=True)]
    return bind(concatenate_p, parts, {"axis": axis})


def _split_shape(
    x: ArrayType, *, axis: int, lengths: tuple[int, ...], results: int
) -> list[ArrayType]:
    return [ArrayType((*x.shape[:axis], n, *x.shape[axis + 1 :]), x.dtype) for n in lengths]


split_p: Primitive = nonlinear(
    "split",
    _evaluate_split,
    pullback=_split_pullback,
    operands="x",
    shape=_split_shape,
    batch=lambda size, values, batched, params: bind(
        split_p, values, {**params, "axis": params["axis"] + 1}
    ),
    multiple_results=True,
)
pushforwards[split_p] = lambda tangents, values, out, params: bind(split_p, tangents, params)


def _split(x: Any, axis: int, lengths: tuple[int, ...]) -> tuple[Any, ...]:
    """Cut an array into parts of given lengths, which add up to that of the axis."""
    params = {"axis": axis, "lengths": lengths, "results": len(lengths)}
    parts: tuple[Any, ...] = bind(split_p, (x,), params)
    return parts


# --- joining --------------------------------------------------------------------------------------


def _arrays(name: str, arrays: Any, dtype: Any = None, casting: Casting = "same_kind") -> list[Any]:
    """Operands of a joining function as arrays of the dtype asked for."""
    if hasattr(arrays, "dtype"):
        if len(arrays.shape) == 0:
            raise ArgumentError(f"{name}({describe(arrays)}): wants a sequence of arrays")
        parts = _split(arrays, 0, (1,) * arrays.shape[0]) if arrays.shape[0] else ()
        operands = [bind(reshape_p, (p,), {"shape": tuple(arrays.shape[1:])}) for p in parts]
    else:
        operands = [array_operand(a) for a in arrays]
    if not operands:
        raise ArgumentError(f"{name}: wants at least one array, got none")
    if dtype is None and casting == "same_kind":
        return operands
    kinds = [a.dtype for a in operands]
    target = np.result_type(*kinds) if dtype is None else dtype_of(name, dtype)
    for kind in kinds:
        if not np.can_cast(kind, target, casting):
            raise DTypeError(
                f"{name}: {kind} does not convert to {target} with casting={casting!r}"
            )
    return [convert(a, target) for a in operands]


def concatenate(
    arrays: Sequence[Any],
    /,
    axis: int | None = 0,
    *,
    dtype: Any = None,
    casting: Casting = "same_kind",
) -> Any:
    """Join arrays along an axis they have.

    Parameters
    ----------
    arrays : sequence of array_like
        Of equal shapes but for the length of `axis`.
    axis : int, optional
        None joins the flattened arrays.
    dtype : dtype, optional
        Of the result; by default the one that all promote to.
    casting : {'no', 'equiv', 'safe', 'same_kind', 'unsafe'}
        Which conversions to `dtype` are allowed.

    Raises
    ------
    ShapeError
        Shapes differ elsewhere.
    DTypeError
        A conversion that `casting` does not allow.

    Examples
    --------
    >>> concatenate([[1, 2], [3]])
    array([1, 2, 3])
    """
    operands = _arrays("concatenate", arrays, dtype, casting)
    if axis is None:
        operands, axis = [ravel(a) for a in operands], 0
    return bind(concatenate_p, operands, {"axis": axis_of("concatenate", axis, operands[0])})


concat = concatenate


def stack(
    arrays: Sequence[Any], axis: int = 0, *, dtype: Any = None, casting: Casting = "same_kind"
) -> Any:
    """Join arrays along a new axis.

    Parameters
    ----------
    arrays : sequence of array_like
        Of one shape.
    axis : int
        Place of the new axis in the result.
    dtype, casting
        As in `concatenate`.

    Raises
    ------
    ShapeError
        Shapes differ.

    Examples
    --------
    >>> stack([[1, 2], [3, 4]], axis=1)
    array([[1, 3],
           [2, 4]])
    """
    operands = _arrays("stack", arrays, dtype, casting)
    first = operands[0]
    return bind(stack_p, operands, {"axis": axis_of("stack", axis, first, len(first.shape) + 1)})


def vstack(tup: Sequence[Any], *, dtype: Any = None, casting: Casting = "same_kind") -> Any:
    """Join arrays along the first axis; those of one axis are rows.

    Parameters
    ----------
    tup : sequence of array_like
    dtype, casting
        As in `concatenate`.

    Examples
    --------
    >>> vstack([[1, 2], [3, 4]])
    array([[1, 2],
           [3, 4]])
    """
    operands = [with_axes(a, 2) for a in _arrays("vstack", tup, dtype, casting)]
    return bind(concatenate_p, operands, {"axis": 0})


def hstack(tup: Sequence[Any], *, dtype: Any = None, casting: Casting = "same_kind") -> Any:
    """Join arrays along the second axis, those of one axis along the first.

    Parameters
    ----------
    tup : sequence of array_like
    dtype, casting
        As in `concatenate`.

    Examples
    --------
    >>> hstack([[[1], [2]], [[3], [4]]])
    array([[1, 3],
           [2, 4]])
    """
    operands = [with_axes(a, 1) for a in _arrays("hstack", tup, dtype, casting)]
    return bind(concatenate_p, operands, {"axis": 0 if len(operands[0].shape) == 1 else 1})


def dstack(tup: Sequence[Any]) -> Any:
    """Join arrays along the third axis; those of one or two axes get more at the end.

    Parameters
    ----------
    tup : sequence of array_like

    Examples
    --------
    >>> dstack([[1, 2], [3, 4]])
    array([[[1, 3],
            [2, 4]]])
    """
    operands = [with_axes(a, 2) for a in _arrays("dstack", tup)]
    operands = [
        bind(reshape_p, (a,), {"shape": (*a.shape, 1)}) if len(a.shape) == 2 else a
        for a in operands
    ]
    return bind(concatenate_p, operands, {"axis": 2})


# --- taking apart ---------------------------------------------------------------------------------


def split(ary: Any, indices_or_sections: int | Sequence[int], axis: int = 0) -> list[Any]:
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
    ary = array_operand(ary)
    place = axis_of("split", axis, ary)
    length = ary.shape[place]
    cuts = shape_of("split", indices_or_sections)
    if hasattr(indices_or_sections, "__index__"):
        count = cuts[0]
        if count < 1 or length % count:
            raise ShapeError(f"split({describe(ary)}): axis {place} has no {count} equal parts")
        return list(_split(ary, place, (length // count,) * count))
    spans = [slice(*pair).indices(length)[:2] for pair in itertools.pairwise((0, *cuts, None))]
    spans = [(start, max(start, stop)) for start, stop in spans]
    if all(end == start for (_, end), (start, _) in itertools.pairwise(spans)):
        return list(_split(ary, place, tuple([stop - start for start, stop in spans])))
    # cuts that go back: parts overlap or leave something out
    return [_split(ary, place, (start, stop - start, length - stop))[1] for start, stop in spans]
