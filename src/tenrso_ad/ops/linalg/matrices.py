"""Stacks of matrices: checks and adjoints."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ...engine.errors import ShapeError, describe, explain
from ...engine.trace import is_inexact
from ..arguments import array_operand
from ..broadcasting import convert
from ..declare import is_complex
from ..elementwise import conjugate
from ..shaping.permuting import matrix_transpose


def matrix_operand(name: str, a: Any, *, square: bool = False) -> Any:
    """Give an operand as a stack of matrices of a floating-point dtype.

    Parameters
    ----------
    name : str
        Of the operation, for errors.
    a : array_like
    square : bool
        Whether the matrices have to be square.
    """
    a = array_operand(a)
    shape = a.shape
    if len(shape) < 2 or (square and shape[-1] != shape[-2]):
        wish = "square matrices, (..., n, n)" if square else "matrices, (..., m, n)"
        raise ShapeError(f"{name}({describe(a)}): wants {wish}")
    return a if is_inexact(a.dtype) else convert(a, np.dtype(float))


def plainly(name: str, function: Callable[[Any], Any], a: Any) -> Any:
    """Call a function on a plain array; what it raises shows the call."""
    try:
        return function(a)
    except Exception as error:
        raise explain(name, (a,), {}, error) from error


def real_dtype(dtype: Any) -> Any:
    """Dtype of the absolute values of elements of a dtype."""
    return np.empty(0, dtype).real.dtype


def adjoint(a: Any) -> Any:
    """Conjugate transpose."""
    return matrix_transpose(conjugate(a) if is_complex(a) else a)
