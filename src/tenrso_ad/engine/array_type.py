"""Shape and dtype of an array, without the array."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from .errors import describe


class ArrayType(NamedTuple):
    """Shape and dtype of an array that is not there, or not there yet."""

    shape: tuple[int, ...]
    dtype: Any

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return len(self.shape)

    @property
    def size(self) -> int:
        """Number of elements."""
        return math.prod(self.shape)

    @property
    def nbytes(self) -> int:
        """Bytes that such an array takes."""
        return self.size * int(np.dtype(self.dtype).itemsize)

    def __str__(self) -> str:
        return describe(self)


_new = tuple.__new__  # several times quicker than the constructor of a named tuple


def type_of(value: Any) -> Any:
    """ArrayType of an array, tracer or variable; a Python scalar, which is weak, as it is."""
    try:
        return _new(ArrayType, (value.shape, value.dtype))
    except AttributeError:
        return value
