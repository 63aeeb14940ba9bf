"""What is like an array, but none that operations compute on: taken by its values, or refused."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np

from ..engine.errors import DTypeError, UnsupportedError, describe

_BUFFERS = ("array.array", "builtins.memoryview", "builtins.bytearray")


def is_arraylike(x: Any) -> bool:
    """Whether something that is no container of Python's stands for an array."""
    kind = type(x)
    return hasattr(x, "__array__") or f"{kind.__module__}.{kind.__qualname__}" in _BUFFERS


def values_of(x: Any) -> Any:
    """Values of a NumPy subclass, a pandas object and the like as an array.

    Arrays of another library that follow the standard, or that array-api-compat knows, and NumPy's
    scalars stay as they are.

    Raises
    ------
    UnsupportedError
        Masked arrays and matrices, which mean something else by the same operations, and objects
        that have no values to give.
    DTypeError
        Values that are no numbers.
    """
    if isinstance(x, np.ndarray):
        masked = sys.modules.get("numpy.ma")
        if masked is not None and isinstance(x, masked.MaskedArray):
            raise UnsupportedError(
                f"a masked array, {describe(x)}: its mask would be lost. Take x.filled(...), or "
                "give its data and use where= (tnp.sum(a, where=~mask), tnp.where)"
            )
        if isinstance(x, np.matrix):
            raise UnsupportedError(
                f"np.matrix, {describe(x)}: * would be elementwise. Take np.asarray(m), and @ for "
                "the product"
            )
        return np.asarray(x)
    if isinstance(x, np.generic) or hasattr(x, "__array_namespace__"):
        return x
    import array_api_compat

    if array_api_compat.is_array_api_obj(x):
        return x
    if not is_arraylike(x):
        raise UnsupportedError(
            f"{type(x).__module__}.{type(x).__qualname__} is no array; convert it to one first"
        )
    return of_numbers(np.array(x), x)


def of_numbers(values: Any, origin: Any) -> Any:
    """Check that an array, made of something else, holds booleans or numbers."""
    if not holds_numbers(values.dtype):
        raise DTypeError(
            f"{type(origin).__qualname__} holds {values.dtype}, no array of one dtype of booleans "
            "or numbers; choose its columns, or convert it (dtype=float)"
        )
    return values


def holds_numbers(dtype: Any) -> bool:
    """Whether a dtype of NumPy is boolean or a number, those of ml_dtypes included."""
    return dtype.kind in "biufc" or (
        dtype.kind == "V" and dtype.type.__module__.startswith("ml_dtypes")
    )
