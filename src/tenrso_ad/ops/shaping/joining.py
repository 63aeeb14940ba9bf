"""Joining arrays: concatenate, stack and their kin; and the primitives that take them apart."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any, Literal

import numpy as np

from ...engine.array_type import ArrayType
from ...engine.errors import ArgumentError, DTypeError, describe
from ...engine.forward import pushforwards
from ...engine.primitive import Primitive
from ...engine.trace import bind
from ..arguments import array_operand, axis_of, dtype_of, into
from ..broadcasting import broadcast_to, convert
from ..declare import linear, namespace, nonlinear, zeros_like
from .reshaping import ravel, reshape_p

Casting = Literal["no", "equiv", "safe", "same_kind", "unsafe"]

# --- primitives -----------------------------------------------------------------------------------


def _evaluate_concatenate(*values: Any, axis: int) -> Any:
    xp = namespace(*values)
    return np.concatenate(values, axis) if xp is np else xp.concat(values, axis=axis)


def _concatenate_transpose(g: Any, *operands: ArrayType, axis: int) -> list[Any]:
    parts = parts_of(g, axis, tuple([x.shape[axis] for x in operands]))
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
    parts = parts_of(g, axis, (1,) * len(operands))
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


def parts_of(x: Any, axis: int, lengths: tuple[int, ...]) -> tuple[Any, ...]:
    """Cut an array into parts of given lengths, which add up to that of the axis."""
    params = {"axis": axis, "lengths": lengths, "results": len(lengths)}
    parts: tuple[Any, ...] = bind(split_p, (x,), params)
    return parts


def slices_of(x: Any, axis: int) -> tuple[Any, ...]:
    """Cut an array into its slices along an axis, which they lack."""
    shape = tuple(x.shape)
    if not shape[axis]:
        return ()
    params = {"shape": _without(shape, axis)}
    parts = parts_of(x, axis, (1,) * shape[axis])
    return tuple([bind(reshape_p, (part,), params) for part in parts])


# --- joining --------------------------------------------------------------------------------------


def joinable(
    name: str, arrays: Any, dtype: Any = None, casting: Casting = "same_kind"
) -> list[Any]:
    """Operands of a joining function as arrays of the dtype asked for."""
    if hasattr(arrays, "dtype"):
        if len(arrays.shape) == 0:
            raise ArgumentError(f"{name}({describe(arrays)}): wants a sequence of arrays")
        operands = list(slices_of(arrays, 0))
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
    out: Any = None,
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
    out : ndarray, optional
        Where to put the result, if all arrays are plain.
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
    operands = joinable("concatenate", arrays, dtype, casting)
    if axis is None:
        operands, axis = [ravel(a) for a in operands], 0
    place = axis_of("concatenate", axis, operands[0])
    return into("concatenate", out, bind(concatenate_p, operands, {"axis": place}))


concat = concatenate


def stack(
    arrays: Sequence[Any],
    axis: int = 0,
    out: Any = None,
    *,
    dtype: Any = None,
    casting: Casting = "same_kind",
) -> Any:
    """Join arrays along a new axis.

    Parameters
    ----------
    arrays : sequence of array_like
        Of one shape.
    axis : int
        Place of the new axis in the result.
    out, dtype, casting
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
    operands = joinable("stack", arrays, dtype, casting)
    place = axis_of("stack", axis, operands[0], len(operands[0].shape) + 1)
    return into("stack", out, bind(stack_p, operands, {"axis": place}))


def append(arr: Any, values: Any, axis: int | None = None) -> Any:
    """Join values to the end of an array.

    Parameters
    ----------
    arr, values : array_like
        Of equal shapes but for the length of `axis`.
    axis : int, optional
        By default both are flattened.

    Examples
    --------
    >>> append([1, 2], [[3], [4]])
    array([1, 2, 3, 4])
    """
    operands = joinable("append", (arr, values))
    if axis is None:
        operands, axis = [ravel(a) for a in operands], 0
    return bind(concatenate_p, operands, {"axis": axis_of("append", axis, operands[0])})
