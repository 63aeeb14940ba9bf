"""Derivatives of functions that approach their limits exponentially: tanh, sigmoid.

Near a limit, what the result lacks of it has been rounded away, and with it the derivative: there
it has to be computed from the operand.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .declare import is_complex
from .pointwise import Operation, elementwise

usual: dict[str, Callable[[Any], Any]] = {}
"""For each slope declared here: what it is, in terms of the result, where it is no rare case."""


def usual_from(dtype: Any) -> float:
    """Slope from which on it has not lost its digits: three of them, or in float64 four."""
    return 1e-4 if dtype.char == "d" else 1e-3


def slope_of_saturating(
    name: str,
    of_result: Callable[[Any], Any],
    of_decay: Callable[[Any], Any],
    partial: Callable[..., Any],
) -> Operation:
    """Declare a derivative as an operation of the operand and the result.

    Parameters
    ----------
    name : str
    of_result : callable
        The derivative in terms of the result: two passes over memory, and nearly always enough.
    of_decay : callable
        The derivative in terms of exp(-abs(x)).
    partial : callable
        The derivative of the derivative, in terms of the operand ``x``, the result ``y`` and the
        derivative ``out``.
    """

    def decay(x: Any, xp: Any) -> Any:
        return xp.exp(xp.where(xp.real(x) < 0, x, -x)) if is_complex(x) else xp.exp(-xp.abs(x))

    def evaluate(x: Any, y: Any) -> Any:
        slope = of_result(y)
        limit = usual_from(slope.dtype)  # nearly no element is below
        size = np.absolute(slope) if slope.dtype.kind == "c" else slope
        if not size.size or size.item(size.argmin()) >= limit:
            return slope
        slope = np.asarray(slope)
        spoilt = np.flatnonzero(size < limit)
        slope.put(spoilt, of_decay(decay(x.take(spoilt), np)))
        return slope[()]

    usual[name] = of_result
    operation: Operation = elementwise(
        name, evaluate, partial, None, other=lambda xp, x, y: of_decay(decay(x, xp))
    )
    return operation


tanh_slope = slope_of_saturating(
    "tanh_slope",
    lambda y: 1 - y * y,
    lambda decay: 4 * (decay / (1 + decay * decay)) ** 2,
    lambda y, out: -2 * y * out,
)
