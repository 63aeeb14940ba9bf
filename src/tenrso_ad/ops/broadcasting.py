"""Broadcasting, its transpose and dtype conversion: what elementwise derivatives stand on."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..engine import hooks
from ..engine.array_type import ArrayType
from ..engine.trace import NUMPY_TYPES, bind, is_inexact
from .declare import constant, linear, namespace

_add: Any = np.add.reduce


def sum_to(x: Any, shape: tuple[int, ...]) -> Any:
    """Sum an array over the axes along which `shape` broadcasts to its shape."""
    if type(x) is np.ndarray and not hooks.active:  # what bind would do
        return _numpy_sum_to(x, shape)
    return bind(sum_to_p, (x,), {"shape": shape})


def broadcast_to(x: Any, shape: tuple[int, ...]) -> Any:
    """Repeat an array along new and size-1 axes; NumPy arrays give a read-only view."""
    if x.shape == shape:
        return x
    if type(x) in NUMPY_TYPES and not hooks.active:  # what bind would do
        return _view(x, shape)
    return bind(broadcast_to_p, (x,), {"shape": shape})


def convert(x: Any, dtype: Any) -> Any:
    """Convert the elements; from complex to real the real part is taken, to bool both count."""
    if x.dtype == dtype:
        return x
    return bind(convert_p if is_inexact(dtype) else discretize_p, (x,), {"dtype": dtype})


def wider(dtype: Any) -> Any:
    """float32 for the floats of 16 and fewer bits, in which long sums are lost."""
    narrow = isinstance(dtype, np.dtype) and (dtype.kind == "V" or dtype.char == "e")
    return np.float32 if narrow else None


def match(cotangent: Any, shape: tuple[int, ...], dtype: Any) -> Any:
    """Bring a cotangent to the shape and dtype of the operand that was broadcast and promoted."""
    if cotangent.dtype != dtype:
        cotangent = convert(cotangent, dtype)
    return cotangent if cotangent.shape == shape else sum_to(cotangent, shape)


@functools.lru_cache(maxsize=1024)
def _summed_axes(old: tuple[int, ...], new: tuple[int, ...]) -> tuple[int, ...]:
    extra = len(old) - len(new)
    stretched = [i for i, n in enumerate(new, extra) if n == 1 and old[i] != 1]
    return (*range(extra), *stretched)


def _evaluate_sum_to(x: Any, *, shape: tuple[int, ...]) -> Any:
    xp = namespace(x)
    if xp is np:
        return _numpy_sum_to(x, shape)
    axes = _summed_axes(tuple(x.shape), shape)
    return xp.reshape(xp.sum(x, axis=axes, keepdims=True, dtype=x.dtype), shape)


def _numpy_sum_to(x: Any, shape: tuple[int, ...]) -> Any:
    axes, dtype = _summed_axes(x.shape, shape), x.dtype
    if dtype.kind == "V" or dtype.char == "e":  # the narrow floats lose a long sum
        total = _add(x, axes, np.float32, None, False).astype(dtype)
    else:
        total = _add(x, axes, dtype, None, False)
    return total if total.shape == shape else total.reshape(shape)


def _batch_sum_to(size: int, values: Any, batched: Any, params: Any) -> Any:
    (x,) = values
    shape = params["shape"]
    middle = x.ndim - 1 - len(shape)
    if middle > 0:  # sum the extra axes while the batch stays in front
        return bind(sum_to_p, (x,), {"shape": (size, *(1,) * middle, *shape)}).reshape(
            (size, *shape)
        )
    return sum_to(x, (size, *shape))


def _batch_broadcast_to(size: int, values: Any, batched: Any, params: Any) -> Any:
    (x,) = values
    shape = params["shape"]
    x = x.reshape((size, *(1,) * (len(shape) - x.ndim + 1), *x.shape[1:]))
    return broadcast_to(x, (size, *shape))


def _evaluate_convert(x: Any, *, dtype: Any) -> Any:
    if namespace(x) is np:
        if x.dtype.kind == "c" and np.dtype(dtype).kind not in "bc":
            x = x.real
        return x.astype(dtype)
    xp = namespace(x)
    if isinstance(dtype, np.dtype):
        dtype = getattr(xp, dtype.name)
    if xp.isdtype(x.dtype, "complex floating") and not xp.isdtype(
        dtype, ("complex floating", "bool")
    ):
        x = xp.real(x)
    return xp.astype(x, dtype)


def _sum_to_shape(x: ArrayType, *, shape: tuple[int, ...]) -> ArrayType:
    np.broadcast_shapes(x.shape, shape)
    return ArrayType(shape, x.dtype)


def _broadcast_to_shape(x: ArrayType, *, shape: tuple[int, ...]) -> ArrayType:
    if np.broadcast_shapes(x.shape, shape) != shape:
        raise ValueError(f"an array of shape {x.shape} does not broadcast to {shape}")
    return ArrayType(shape, x.dtype)


def _evaluate_broadcast_to(x: Any, *, shape: tuple[int, ...]) -> Any:
    xp = namespace(x)
    return _view(x, shape) if xp is np else xp.broadcast_to(x, shape)


def _view(x: Any, shape: tuple[int, ...]) -> Any:
    """Do what np.broadcast_to does, at a quarter of its time for scalars and contiguous arrays."""
    lead = len(shape) - len(x.shape)
    if not x.flags.c_contiguous or lead < 0 or 0 in shape:
        return np.broadcast_to(x, shape)
    strides = [0] * lead
    for old, new, stride in zip(x.shape, shape[lead:], x.strides):  # noqa: B905  (of one length)
        if old != new and old != 1:
            return np.broadcast_to(x, shape)  # it knows how to complain
        strides.append(stride if old == new else 0)
    view: Any = np.ndarray(shape, x.dtype, x, 0, strides)
    view.setflags(write=False)
    return view


def _to_operand(g: Any, x: ArrayType, **_: Any) -> Any:
    return match(g, x.shape, x.dtype)


def _convert_batch(size: int, values: Sequence[Any], batched: Any, params: Any) -> Any:
    return convert(values[0], params["dtype"])


sum_to_p = linear(
    "sum_to",
    _evaluate_sum_to,
    transpose=lambda g, x, *, shape: broadcast_to(g, x.shape),
    shape=_sum_to_shape,
    batch=_batch_sum_to,
)
broadcast_to_p = linear(
    "broadcast_to",
    _evaluate_broadcast_to,
    transpose=_to_operand,
    shape=_broadcast_to_shape,
    batch=_batch_broadcast_to,
)


def _convert_shape(x: ArrayType, *, dtype: Any) -> ArrayType:
    return ArrayType(x.shape, np.dtype(dtype))


convert_p = linear(
    "astype", _evaluate_convert, transpose=_to_operand, shape=_convert_shape, batch=_convert_batch
)
# to integers and booleans: piecewise constant
discretize_p = constant("discretize", _evaluate_convert, shape=_convert_shape, batch=_convert_batch)
