"""Stacks of vectors: matvec, vecmat, cross."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np

from ...engine.errors import ShapeError, describe
from ...engine.trace import bind
from ..arguments import array_operand, axis_of
from ..elementwise import conjugate, multiply, subtract
from ..indexing.getitem import getitem
from ..pointwise import ufuncs
from ..shaping.permuting import moveaxis
from ..shaping.reshaping import pad_p
from ..shaping.rolling import roll_p
from .einsum import Shape, mismatch, run_pair, stack_letters
from .plan import EinsumPlan, plan


def matvec(x1: Any, x2: Any, /) -> Any:
    """Multiply a matrix with a vector, or stacks of them along leading axes that broadcast.

    Parameters
    ----------
    x1 : array_like, shape (..., n, k)
    x2 : array_like, shape (..., k)

    Returns
    -------
    array, shape (..., n)

    Raises
    ------
    ShapeError
        Lengths that do not agree, or too few axes.

    Examples
    --------
    >>> matvec([[1.0, 2.0], [3.0, 4.0]], [[1.0, 0.0], [1.0, 1.0]])
    array([[1., 3.],
           [3., 7.]])
    """
    x1, x2 = array_operand(x1), array_operand(x2)
    return run_pair(_plan("matvec", x1.shape, x2.shape, "ab", "b"), x1, x2)


def vecmat(x1: Any, x2: Any, /) -> Any:
    """Multiply the conjugate of a vector with a matrix, or stacks of them.

    Parameters
    ----------
    x1 : array_like, shape (..., n)
    x2 : array_like, shape (..., n, m)
        Leading axes broadcast.

    Returns
    -------
    array, shape (..., m)

    Raises
    ------
    ShapeError
        Lengths that do not agree, or too few axes.

    Examples
    --------
    >>> vecmat([1.0, 1.0], [[1.0, 2.0], [3.0, 4.0]])
    array([4., 6.])
    """
    x1, x2 = array_operand(x1), array_operand(x2)
    plan = _plan("vecmat", x1.shape, x2.shape, "a", "ab")
    return run_pair(plan, conjugate(x1), x2)


@functools.lru_cache(maxsize=1024)
def _plan(name: str, a: Shape, b: Shape, left: str, right: str) -> EinsumPlan:
    """Plan the product of stacks whose last axes have letters, the common one of them summed."""
    if len(a) < len(left) or len(b) < len(right):
        raise mismatch(name, a, b, "wants a stack of matrices and a stack of vectors")
    lengths = dict(zip(left, a[len(a) - len(left) :], strict=True))
    for c, n in zip(right, b[len(b) - len(right) :], strict=True):
        if lengths.setdefault(c, n) != n:
            raise mismatch(name, a, b, f"lengths {lengths[c]} and {n} must agree")
    stacks = a[: len(a) - len(left)], b[: len(b) - len(right)]
    stack, stack_a, stack_b = stack_letters(name, a, b, stacks, 2)
    kept = "".join(c for c in "ab" if (c in left) != (c in right))
    return plan((stack_a + left, stack_b + right), stack + kept, (a, b))


def cross(
    a: Any,
    b: Any,
    axisa: int = -1,
    axisb: int = -1,
    axisc: int = -1,
    axis: int | None = None,
) -> Any:
    """Cross product of vectors in space, or of stacks of them, which broadcast.

    Parameters
    ----------
    a, b : array_like
        Vectors of 3 components, or of 2, the third being zero.
    axisa, axisb, axisc : int
        Along which axis the components of `a`, of `b` and of the result lie.
    axis : int, optional
        The same for all three.

    Returns
    -------
    array
        Vectors of 3 components; of two vectors of 2 components only the third one, without an axis.

    Raises
    ------
    ShapeError, AxisError
        Vectors of another length, stacks that do not broadcast, or an axis that there is not.

    Examples
    --------
    >>> cross([1.0, 0.0, 0.0], [0.0, 1.0, 0.0])
    array([0., 0., 1.])
    >>> float(cross([2.0, 0.0], [0.0, 3.0]))
    6.0
    """
    if axis is not None:
        axisa = axisb = axisc = axis
    a, b = array_operand(a), array_operand(b)
    call = f"cross({describe(a)}, {describe(b)})"
    a = moveaxis(a, axis_of("cross", axisa, a), -1)
    b = moveaxis(b, axis_of("cross", axisb, b), -1)
    n, m = a.shape[-1], b.shape[-1]
    if not {n, m} <= {2, 3}:
        raise ShapeError(f"{call}: wants vectors of 3 components, or of 2, got {n} and {m}")
    try:
        np.broadcast_shapes(a.shape[:-1], b.shape[:-1])
    except ValueError:
        raise ShapeError(f"{call}: the axes beside the vectors do not broadcast") from None
    if n == m == 2:
        one, two = _component(a, 0), _component(a, 1)
        return subtract(multiply(one, _component(b, 1)), multiply(two, _component(b, 0)))
    a, b = _in_space(a), _in_space(b)
    out = subtract(multiply(_turned(a, 1), _turned(b, 2)), multiply(_turned(a, 2), _turned(b, 1)))
    return moveaxis(out, -1, axis_of("cross", axisc, out))


def _component(vectors: Any, number: int) -> Any:
    return getitem(vectors, (..., number))


def _in_space(vectors: Any) -> Any:
    """Give vectors of 2 components a third one."""
    if vectors.shape[-1] == 3:
        return vectors
    return bind(pad_p, (vectors,), {"widths": (*[(0, 0)] * (len(vectors.shape) - 1), (0, 1))})


def _turned(vectors: Any, by: int) -> Any:
    """Components y, z, x or z, x, y."""
    return bind(roll_p, (vectors,), {"shift": (-by,), "axis": (len(vectors.shape) - 1,)})


for _name, _operation in (("matvec", matvec), ("vecmat", vecmat)):
    if hasattr(np, _name):  # from NumPy 2.2 on
        ufuncs[getattr(np, _name)] = _operation
