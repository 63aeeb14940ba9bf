"""Stacks of matrices: checks, adjoints, and functions that take one at a time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy import ndarray

from ...engine.errors import (
    ArgumentError,
    DTypeError,
    ShapeError,
    UnsupportedError,
    describe,
    explain,
)
from ...engine.primitive import Primitive
from ...engine.trace import Tracer, bind, is_inexact
from ..arguments import array_operand
from ..broadcasting import convert
from ..declare import is_complex, namespace, nonlinear
from ..elementwise import conjugate
from ..shaping.permuting import matrix_transpose
from ..shaping.reshaping import expand_dims


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


def right_hand_side(name: str, n: int, a: Any, b: Any) -> tuple[Any, bool]:
    """Give the right-hand side of a system of n equations as matrices, and whether it was a vector.

    As in NumPy 2, only an array of one axis is a vector.
    """
    b = array_operand(b)
    vector = len(b.shape) == 1
    rows = b.shape[0 if vector else -2] if b.shape else None
    if rows != n:
        raise ShapeError(
            f"{name}({describe(a)}, {describe(b)}): wants b of shape (n,) or (..., n, k) with "
            f"n = {n}"
        )
    return matrix_operand(name, expand_dims(b, -1) if vector else b), vector


def refuse_nonfinite(name: str, *operands: Any) -> None:
    """Raise where an operand that has values holds NaN or an infinity: SciPy's ``check_finite``."""
    for x in operands:
        inside = x
        while isinstance(inside, Tracer):
            inside = inside.value
        if type(inside) is ndarray and is_inexact(inside.dtype) and not np.isfinite(inside).all():
            raise ArgumentError(
                f"{name}: {describe(x)} holds NaN or an infinity; pass check_finite=False to let "
                "them through"
            )


def plainly(name: str, function: Callable[..., Any], *operands: Any) -> Any:
    """Call a function on plain arrays; what it raises shows the call."""
    try:
        return function(*operands)
    except Exception as error:
        raise explain(name, operands, {}, error) from error


def real_dtype(dtype: Any) -> Any:
    """Dtype of the absolute values of elements of a dtype."""
    return np.empty(0, dtype).real.dtype


def adjoint(a: Any) -> Any:
    """Conjugate transpose."""
    return matrix_transpose(conjugate(a) if is_complex(a) else a)


# --- one at a time --------------------------------------------------------------------------------


def lapack_operands(name: str, *operands: Any) -> None:
    """Raise where SciPy cannot compute: arrays of other libraries, dtypes that LAPACK lacks."""
    if namespace(*operands) is not np:
        kinds = ", ".join(type(x).__module__.partition(".")[0] for x in operands)
        raise UnsupportedError(
            f"{name}: computed by SciPy, on NumPy's arrays only; got arrays of {kinds}. "
            "Convert them with numpy.asarray."
        )
    for x in operands:
        if x.dtype.char not in "fdFD":
            raise DTypeError(
                f"{name}({describe(x)}): LAPACK has no such type; convert to float32 or float64"
            )


def over_stack(
    function: Callable[..., Any], core: Sequence[int], dtype: Any, *operands: ndarray
) -> Any:
    """Apply a function of single matrices to each of a stack; the operands' stacks broadcast.

    Parameters
    ----------
    function : callable
        Takes one matrix of each operand.
    core : sequence of int
        Shape of what it returns.
    dtype : dtype
        Of the result.
    *operands : ndarray, shape (..., m, n)
    """
    stack = np.broadcast_shapes(*(x.shape[:-2] for x in operands))
    operands = tuple([np.broadcast_to(x, stack + x.shape[-2:]) for x in operands])
    out = np.empty((*stack, *core), dtype)
    for place in np.ndindex(stack):
        out[place] = function(*(x[place] for x in operands))
    return out


# --- one triangle for the whole -------------------------------------------------------------------


def hermitian(a: Any) -> Any:
    """Hermitian matrices of which only the lower triangle is read.

    The gradient is the Hermitian one, as that of `eigh`: half of what each pair of entries that
    mirror each other causes stands in either of them.
    """
    return bind(hermitian_p, (a,))


def _evaluate_hermitian(a: Any) -> Any:
    xp = namespace(a)
    out = xp.tril(a) + xp.conj(xp.matrix_transpose(xp.tril(a, k=-1)))
    diagonal = xp.eye(a.shape[-1], dtype=xp.bool)
    return xp.where(diagonal, xp.astype(xp.real(out), a.dtype), out) if is_complex(a) else out


hermitian_p: Primitive = nonlinear(
    "hermitian",
    _evaluate_hermitian,
    pullback=lambda g: (g + adjoint(g)) * 0.5,
    operands="a",
    shape=lambda a: a,
    batch=lambda size, values, batched, params: bind(hermitian_p, values),
)
