"""Functions that make arrays: here they make tensors that require no gradient."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np

from .. import numpy as tnp
from ..engine.errors import ArgumentError, describe
from ..tensor import Tensor
from .operands import check_device, constant, lift

Shape = int | tuple[int, ...]


def arange(
    start: float,
    /,
    stop: float | None = None,
    step: float = 1,
    *,
    dtype: Any = None,
    device: Any = None,
) -> Any:
    """Evenly spaced numbers of a half-open interval."""
    check_device("arange", device)
    first, last, step = [_number(bound) for bound in (start, stop, step)]
    if last is None:
        first, last = 0, first
    return constant(np.arange(first, last, step, dtype=dtype))


def _number(bound: Any) -> Any:
    return bound.item() if isinstance(bound, Tensor) else bound


def asarray(obj: Any, /, *, dtype: Any = None, device: Any = None, copy: bool | None = None) -> Any:
    """Make a tensor of numbers, of nested lists of them, or of an array.

    A tensor is given as it is, without `dtype` and ``copy=True``. A plain array is copied, because
    a backward pass may need it as it is now; with ``copy=False`` the tensor shares its memory,
    which must not change before.
    """
    if copy is None and not isinstance(obj, Tensor):
        copy = True
    if copy is False and isinstance(obj, Tensor) and dtype not in (None, obj.dtype):
        raise ArgumentError(
            f"asarray({describe(obj)}, dtype={dtype}): a conversion copies, so copy=False is not "
            "possible"
        )
    x = constant(tnp.asarray(obj, dtype, copy=copy))
    check_device("asarray", device, x.device)
    return x


def empty(shape: Shape, *, dtype: Any = None, device: Any = None) -> Any:
    """Uninitialised values."""
    check_device("empty", device)
    return constant(np.empty(shape, dtype))


def empty_like(x: Any, /, *, dtype: Any = None, device: Any = None) -> Any:
    """Uninitialised values in the shape of another array; here they are zero."""
    return full_like(x, 0, dtype=dtype, device=device)


def eye(
    n_rows: int,
    n_cols: int | None = None,
    /,
    *,
    k: int = 0,
    dtype: Any = None,
    device: Any = None,
) -> Any:
    """Ones on a diagonal and zeros elsewhere."""
    check_device("eye", device)
    return constant(np.eye(n_rows, n_cols, k, float if dtype is None else dtype))


def from_dlpack(x: Any, /, *, device: Any = None, copy: bool | None = None) -> Any:
    """Make a tensor of an array of another library, sharing its memory if it can.

    Shared memory must not change before the backward pass; ``copy=True`` makes it the tensor's own.
    """
    return constant(np.from_dlpack(x, device=device, copy=copy))


def full(shape: Shape, fill_value: Any, *, dtype: Any = None, device: Any = None) -> Any:
    """One value everywhere; a tensor's derivative goes through."""
    check_device("full", device)
    if isinstance(fill_value, Tensor):
        return tnp.full_like(fill_value, fill_value, dtype, shape=shape)
    return constant(np.full(shape, fill_value, dtype))


def full_like(x: Any, /, fill_value: Any, *, dtype: Any = None, device: Any = None) -> Any:
    """One value everywhere, in the shape of another array; a tensor's derivative goes through."""
    x = lift(x)
    check_device("full_like", device, x.device)
    return tnp.full_like(x, fill_value, dtype)


def linspace(
    start: Any,
    stop: Any,
    /,
    num: int,
    *,
    dtype: Any = None,
    device: Any = None,
    endpoint: bool = True,
) -> Any:
    """Evenly spaced numbers of an interval."""
    check_device("linspace", device)
    return constant(tnp.linspace(start, stop, num, endpoint=endpoint, dtype=dtype))


def meshgrid(*arrays: Any, indexing: Literal["xy", "ij"] = "xy") -> list[Any]:
    """Coordinates of the points of a grid: one array for each axis."""
    return list(tnp.meshgrid(*[lift(a) for a in arrays], indexing=indexing))


def ones(shape: Shape, *, dtype: Any = None, device: Any = None) -> Any:
    """Ones."""
    check_device("ones", device)
    return constant(np.ones(shape, dtype))


def ones_like(x: Any, /, *, dtype: Any = None, device: Any = None) -> Any:
    """Ones in the shape of another array."""
    return full_like(x, 1, dtype=dtype, device=device)


def tril(x: Any, /, *, k: int = 0) -> Any:
    """Lower triangles of matrices, zeros above the k-th diagonal."""
    return tnp.tril(lift(x), k)


def triu(x: Any, /, *, k: int = 0) -> Any:
    """Upper triangles of matrices, zeros below the k-th diagonal."""
    return tnp.triu(lift(x), k)


def zeros(shape: Shape, *, dtype: Any = None, device: Any = None) -> Any:
    """Zeros."""
    check_device("zeros", device)
    return constant(np.zeros(shape, float if dtype is None else dtype))


def zeros_like(x: Any, /, *, dtype: Any = None, device: Any = None) -> Any:
    """Zeros in the shape of another array."""
    return full_like(x, 0, dtype=dtype, device=device)
