"""Inverses and systems of tensors whose axes, taken together, make a square matrix."""

from __future__ import annotations

import math
import operator
from collections.abc import Sequence
from typing import Any

from ...engine.errors import ArgumentError, ShapeError, describe
from ..arguments import array_operand, axis_of
from ..shaping.permuting import transpose
from ..shaping.reshaping import reshape
from .solving import inv, solve


def tensorsolve(a: Any, b: Any, axes: Sequence[int] | None = None) -> Any:
    """Solve ``tensordot(a, x, x.ndim) == b``.

    Parameters
    ----------
    a : array_like
        With the shape of `b`, followed by that of x; as many elements in each.
    b : array_like
    axes : sequence of int, optional
        Axes of `a` to move to its end first, one after the other.

    Returns
    -------
    array

    Raises
    ------
    ShapeError
        The shapes do not make a square matrix.
    LinAlgError
        A singular one.

    Examples
    --------
    >>> import numpy as np
    >>> tensorsolve(np.eye(4).reshape(2, 2, 4), [[1.0, 2.0], [3.0, 4.0]])
    array([1., 2., 3., 4.])
    """
    a, b = array_operand(a), array_operand(b)
    if axes is not None:
        order = list(range(len(a.shape)))
        for axis in axes:
            order.remove(place := axis_of("tensorsolve", axis, a))
            order.append(place)
        a = transpose(a, order)
    rows, shape = tuple(a.shape[: len(b.shape)]), tuple(a.shape[len(b.shape) :])
    size = math.prod(b.shape)
    if math.prod(rows) != size or math.prod(shape) != size:
        raise ShapeError(
            f"tensorsolve({describe(a)}, {describe(b)}): wants as many elements in the first "
            f"{len(b.shape)} axes of a as in the others and in b"
        )
    return reshape(solve(reshape(a, (size, size)), reshape(b, (size,))), shape)


def tensorinv(a: Any, ind: int = 2) -> Any:
    """Inverse of a tensor, for which ``tensordot(tensorinv(a, ind), a, ind)`` is the identity.

    Parameters
    ----------
    a : array_like
        As many elements in its first axes as in the others.
    ind : int
        How many axes come first.

    Returns
    -------
    array
        With the last axes of `a` before the first ones.

    Raises
    ------
    ArgumentError
        `ind` is not positive.
    ShapeError
        The shapes do not make a square matrix.
    LinAlgError
        A singular one.

    Examples
    --------
    >>> import numpy as np
    >>> tensorinv(2 * np.eye(4).reshape(4, 2, 2), ind=1).shape
    (2, 2, 4)
    """
    a = array_operand(a)
    try:
        ind = operator.index(ind)
    except TypeError:
        ind = 0
    if ind < 1:
        raise ArgumentError(f"tensorinv({describe(a)}): ind is a positive int")
    first, last = tuple(a.shape[:ind]), tuple(a.shape[ind:])
    size = math.prod(last)
    if math.prod(first) != size:
        raise ShapeError(
            f"tensorinv({describe(a)}, ind={ind}): wants as many elements in the first {ind} axes "
            "as in the others"
        )
    return reshape(inv(reshape(a, (size, size))), last + first)
