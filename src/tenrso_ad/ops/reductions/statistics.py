"""Weighted averages, covariance and correlation."""

from __future__ import annotations

from typing import Any

from ...engine.errors import ShapeError, describe
from ..arguments import array_operand, axes_of
from ..shaping.permuting import transpose
from ..shaping.reshaping import reshape


def weights_along(name: str, weights: Any, a: Any, axis: Any) -> Any:
    """Check weights, of the operand's shape or of that of its axes, and let them broadcast to it.

    Parameters
    ----------
    name : str
        Of the operation, for errors.
    weights : array_like
    a : array
    axis : int, tuple of int or None
        The order of a tuple is that of the axes of the weights.
    """
    weights = array_operand(weights)
    if weights.shape == a.shape:
        return weights
    if axis is None:
        raise ShapeError(
            f"{name}({describe(a)}): weights={describe(weights)} of another shape want axis=, the "
            "axes of the operand that they run along"
        )
    axes = axes_of(name, axis, a)
    wanted = tuple([a.shape[i] for i in axes])
    if tuple(weights.shape) != wanted:
        raise ShapeError(
            f"{name}({describe(a)}): weights={describe(weights)} do not fit axis={axis}; wanted "
            f"the shape {wanted} or that of the operand"
        )
    weights = transpose(weights, sorted(range(len(axes)), key=axes.__getitem__))
    return reshape(weights, [n if i in axes else 1 for i, n in enumerate(a.shape)])
