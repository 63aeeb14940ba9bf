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

_SPOILT = 1e-3  # below it, 1 - y loses more than three digits


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
        slope = np.asarray(of_result(y))
        if slope.dtype.kind == "c":
            spoilt = np.absolute(slope) < _SPOILT
        elif not slope.size or slope.item(slope.argmin()) >= _SPOILT:
            return slope[()]
        else:
            spoilt = slope < _SPOILT
        slope[spoilt] = of_decay(decay(np.asarray(x)[spoilt], np))
        return slope[()]

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
