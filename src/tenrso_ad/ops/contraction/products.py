"""Products of two arrays that NumPy has by name: dot, inner, vdot, outer, kron."""

from __future__ import annotations

import functools
from typing import Any

from ..arguments import array_operand, into
from ..elementwise import conjugate, multiply
from ..shaping.reshaping import ravel, reshape, with_axes
from .einsum import Shape, letters, paired_plan, run_pair
from .plan import EinsumPlan, plan


def dot(a: Any, b: Any, out: Any = None) -> Any:
    """Multiply arrays: the last axis of one with the second-last, or only, axis of the other.

    Parameters
    ----------
    a, b : array_like
        A 0-d operand multiplies the other.
    out : ndarray, optional
        Where to put the result, if both operands are plain.

    Raises
    ------
    ShapeError
        Lengths that do not agree.

    Examples
    --------
    >>> float(dot([1.0, 2.0], [3.0, 4.0]))
    11.0
    """
    a, b = array_operand(a), array_operand(b)
    if not a.shape or not b.shape:
        return into("dot", out, multiply(a, b))
    axes = (len(a.shape) - 1,), (max(len(b.shape) - 2, 0),)
    return into("dot", out, run_pair(paired_plan("dot", a.shape, b.shape, *axes), a, b))


def inner(a: Any, b: Any, /) -> Any:
    """Multiply arrays along the last axis of each.

    Parameters
    ----------
    a, b : array_like
        A 0-d operand multiplies the other.

    Raises
    ------
    ShapeError
        Lengths that do not agree.

    Examples
    --------
    >>> inner([[1.0, 2.0], [3.0, 4.0]], [1.0, 1.0])
    array([3., 7.])
    """
    a, b = array_operand(a), array_operand(b)
    if not a.shape or not b.shape:
        return multiply(a, b)
    axes = (len(a.shape) - 1,), (len(b.shape) - 1,)
    return run_pair(paired_plan("inner", a.shape, b.shape, *axes), a, b)


def vdot(a: Any, b: Any, /) -> Any:
    """Sum ``conj(a) * b`` over all elements.

    Parameters
    ----------
    a, b : array_like
        Of one size; both are flattened.

    Raises
    ------
    ShapeError
        Sizes that differ.

    Examples
    --------
    >>> import numpy as np
    >>> vdot(np.array([1.0, 1j]), np.array([1.0, 1j]))
    np.complex128(2+0j)
    """
    a, b = conjugate(ravel(a)), ravel(b)
    return run_pair(paired_plan("vdot", a.shape, b.shape, (0,), (0,)), a, b)


def outer(a: Any, b: Any, out: Any = None) -> Any:
    """Multiply every element of the first with every element of the second.

    Parameters
    ----------
    a, b : array_like
        Flattened.
    out : ndarray, optional
        Where to put the result, if both operands are plain.

    Returns
    -------
    array, shape (size of a, size of b)

    Examples
    --------
    >>> outer([1, 2], [1, 10])
    array([[ 1, 10],
           [ 2, 20]])
    """
    a, b = ravel(a), ravel(b)
    return into("outer", out, run_pair(paired_plan("outer", a.shape, b.shape, (), ()), a, b))


def kron(a: Any, b: Any) -> Any:
    """Kronecker product: blocks of the second, each multiplied by an element of the first.

    Parameters
    ----------
    a, b : array_like
        The one with fewer axes gets axes of length 1 in front.

    Returns
    -------
    array
        Each axis as long as both operands' together multiplied.

    Examples
    --------
    >>> kron([1, 10], [1, 2, 3])
    array([ 1,  2,  3, 10, 20, 30])
    """
    a, b = array_operand(a), array_operand(b)
    rank = max(len(a.shape), len(b.shape))
    a, b = with_axes(a, rank), with_axes(b, rank)
    product = run_pair(_kron_plan(a.shape, b.shape), a, b)
    return reshape(product, tuple([m * n for m, n in zip(a.shape, b.shape, strict=True)]))


@functools.lru_cache(maxsize=1024)
def _kron_plan(a: Shape, b: Shape) -> EinsumPlan:
    left, right = letters(0, len(a)), letters(len(a), len(b))
    result = "".join(m + n for m, n in zip(left, right, strict=True))
    return plan((left, right), result, (a, b))
