"""The order of elements."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..engine.array_type import ArrayType
from ..engine.primitive import Primitive
from ..engine.trace import bind
from .declare import constant, namespace


def order(x: Any) -> Any:
    """Positions that sort an array along its last axis; equal elements keep their order."""
    return bind(order_p, (x,))


def _evaluate_order(x: Any) -> Any:
    xp = namespace(x)
    return x.argsort(axis=-1, kind="stable") if xp is np else xp.argsort(x, axis=-1, stable=True)


order_p: Primitive = constant(
    "order",
    _evaluate_order,
    shape=lambda x: ArrayType(x.shape, np.dtype(np.intp)),
    batch=lambda size, values, batched, params: bind(order_p, values),
)
