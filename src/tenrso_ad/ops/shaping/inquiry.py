"""What may be asked of an array without looking at its values."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ...engine.trace import Tracer
from ..arguments import array_operand, axes_of


def ndim(a: Any) -> int:
    """Count the axes.

    Examples
    --------
    >>> ndim([[1, 2, 3]])
    2
    """
    return len(array_operand(a).shape)


def shape(a: Any) -> tuple[int, ...]:
    """Give the lengths of the axes.

    Examples
    --------
    >>> shape([[1, 2, 3]])
    (1, 3)
    """
    return tuple(array_operand(a).shape)


def size(a: Any, axis: int | tuple[int, ...] | None = None) -> int:
    """Count the elements, or those along axes.

    Examples
    --------
    >>> size([[1, 2, 3], [4, 5, 6]])
    6
    >>> size([[1, 2, 3], [4, 5, 6]], axis=1)
    3
    """
    a = array_operand(a)
    return math.prod([a.shape[i] for i in axes_of("size", axis, a)])


def result_type(*arrays_and_dtypes: Any) -> Any:
    """Give the dtype to which arrays, dtypes and Python numbers promote.

    Examples
    --------
    >>> import numpy as np
    >>> result_type(np.float32, 1.0, np.int8)
    dtype('float32')
    """
    return np.result_type(*[a.dtype if isinstance(a, Tracer) else a for a in arrays_and_dtypes])
