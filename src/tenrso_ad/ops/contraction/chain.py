"""multi_dot: a chain of matrices, multiplied in the order that costs least."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Sequence
from typing import Any

from ...engine.errors import ArgumentError, ShapeError, describe
from ..arguments import array_operand, into
from . import plan as _plan
from .einsum import Shape, letters, run
from .plan import EinsumPlan


def multi_dot(arrays: Sequence[Any], *, out: Any = None) -> Any:
    """Multiply matrices one after the other, in the order that costs least.

    Parameters
    ----------
    arrays : sequence of array_like
        At least two matrices. The first and the last may be vectors.
    out : ndarray, optional
        Where to put the result, if all operands are plain.

    Returns
    -------
    array
        A matrix; without the axis of a first or last vector.

    Raises
    ------
    ArgumentError, ShapeError
        Fewer than two operands, others than matrices, or lengths that do not agree.

    Notes
    -----
    The gradient runs over the same pairs in reverse.

    Examples
    --------
    >>> import numpy as np
    >>> multi_dot([np.ones((2, 3)), np.ones((3, 4)), np.ones(4)])
    array([12., 12.])
    """
    operands = [array_operand(a) for a in arrays]
    if len(operands) < 2:
        raise ArgumentError(f"multi_dot: wants at least two arrays, got {len(operands)}")
    last = len(operands) - 1
    for place, x in enumerate(operands):
        if len(x.shape) != 2 and not (len(x.shape) == 1 and place in (0, last)):
            wanted = "a matrix or a vector" if place in (0, last) else "a matrix"
            raise ShapeError(f"multi_dot: operand {place} is {wanted}, got {describe(x)}")
    plan = _chain_plan(tuple([x.shape for x in operands]))
    return into("multi_dot", out, run(plan, operands))


@functools.lru_cache(maxsize=256)
def _chain_plan(shapes: tuple[Shape, ...]) -> EinsumPlan:
    for place, (a, b) in enumerate(itertools.pairwise(shapes)):
        if a[-1] != b[0]:
            raise ShapeError(
                f"multi_dot: operand {place} of shape {a} and operand {place + 1} of shape {b}: "
                f"lengths {a[-1]} and {b[0]} must agree"
            )
    names = letters(0, len(shapes) + 1)
    terms = [names[i : i + 2] for i in range(len(shapes))]
    row, column = "a", names[-1]
    if len(shapes[0]) == 1:
        terms[0], row = names[1], ""
    if len(shapes[-1]) == 1:
        terms[-1], column = names[-2], ""
    # for few operands the planner compares every order by itself
    optimize = True if len(shapes) <= 4 else "dp"
    return _plan.plan(tuple(terms), row + column, shapes, optimize, "multi_dot")
