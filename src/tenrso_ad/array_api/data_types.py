"""Data types and functions of data types."""

from __future__ import annotations

import builtins
import dataclasses
from typing import Any

import numpy as np

from .. import numpy as tnp
from ..engine.errors import DTypeError, describe
from ..engine.trace import Tracer
from .operands import check_device, lift

bool = np.dtype("bool")
int8, int16, int32, int64 = (np.dtype(f"int{bits}") for bits in (8, 16, 32, 64))
uint8, uint16, uint32, uint64 = (np.dtype(f"uint{bits}") for bits in (8, 16, 32, 64))
float32, float64 = np.dtype("float32"), np.dtype("float64")
complex64, complex128 = np.dtype("complex64"), np.dtype("complex128")


@dataclasses.dataclass(frozen=True)
class finfo_object:
    """Limits of a floating-point type."""

    bits: int
    eps: float
    max: float
    min: float
    smallest_normal: float
    dtype: Any


@dataclasses.dataclass(frozen=True)
class iinfo_object:
    """Limits of an integer type."""

    bits: int
    max: int
    min: int
    dtype: Any


def _dtype_of(type: Any) -> Any:
    """Give the dtype of an array, or the dtype that is given."""
    return type.dtype if isinstance(type, (Tracer, np.ndarray, np.generic)) else type


def astype(x: Any, dtype: Any, /, *, copy: builtins.bool = True, device: Any = None) -> Any:
    """Convert the elements; a complex array has to be made real by `real` or `imag`."""
    x = lift(x)
    check_device("astype", device, x.device)
    if isdtype(x.dtype, "complex floating") and not isdtype(dtype, ("complex floating", "bool")):
        raise DTypeError(
            f"astype({describe(x)}, {dtype}): a complex array does not become real by itself; "
            "take real(x), imag(x) or abs(x) first"
        )
    return tnp.astype(x, dtype, copy=copy)


def can_cast(from_: Any, to: Any, /) -> builtins.bool:
    """Whether promotion can lead from one dtype to another."""
    return np.can_cast(_dtype_of(from_), to)


def finfo(type: Any, /) -> finfo_object:
    """Limits of a floating-point type; of the components of a complex one."""
    info = np.finfo(_dtype_of(type))
    return finfo_object(
        bits=int(info.bits),
        eps=float(info.eps),
        max=float(info.max),
        min=float(info.min),
        smallest_normal=float(info.smallest_normal),
        dtype=np.dtype(info.dtype),
    )


def iinfo(type: Any, /) -> iinfo_object:
    """Limits of an integer type."""
    info = np.iinfo(_dtype_of(type))
    return iinfo_object(int(info.bits), int(info.max), int(info.min), np.dtype(info.dtype))


def isdtype(dtype: Any, kind: Any) -> builtins.bool:
    """Whether a dtype is, or is of, a kind such as "real floating"; or of one of several."""
    return np.isdtype(dtype, kind)


def result_type(*arrays_and_dtypes: Any) -> Any:
    """Give the dtype to which arrays, dtypes and Python numbers promote."""
    return tnp.result_type(*arrays_and_dtypes)
