"""Inverse trigonometric and hyperbolic functions; lengths and angles of the plane."""

from __future__ import annotations

from typing import Any

import numpy as np

from .declare import is_complex
from .elementwise import over_length, sqrt, square
from .pointwise import Operation, elementwise


def _evaluate_one_minus_square(x: Any) -> Any:
    """1 - x^2; which side of a branch cut it is on, the sign of a zero imaginary part says.

    1 - x and x + 1 lose that sign, since NumPy's 1 is 1 + 0i; x - 1 and x - (-1) keep it.
    """
    return -((x - 1) * (x - -1)) if is_complex(x) else (1 - x) * (1 + x)


# a product where x is near 1, and yet with a derivative that does not cancel where x is near 0
_one_minus_square: Operation = elementwise(
    "one_minus_square",
    _evaluate_one_minus_square,
    lambda x: -2 * x,
    other=lambda xp, x: _evaluate_one_minus_square(x),
)
arcsin = elementwise("arcsin", np.arcsin, lambda x: 1 / sqrt(_one_minus_square(x)), api="asin")
arccos = elementwise("arccos", np.arccos, lambda x: -1 / sqrt(_one_minus_square(x)), api="acos")
arctan = elementwise("arctan", np.arctan, lambda x: 1 / (1 + x * x), api="atan")
arcsinh = elementwise("arcsinh", np.arcsinh, lambda x: 1 / _root_of_one_plus_square(x), api="asinh")
arccosh = elementwise(
    "arccosh", np.arccosh, lambda x: 1 / (sqrt(x - 1) * sqrt(x - -1)), api="acosh"
)
arctanh = elementwise("arctanh", np.arctanh, lambda x: 1 / _one_minus_square(x), api="atanh")


def _root_of_one_plus_square(x: Any) -> Any:
    return sqrt(x * x - -1) if is_complex(x) else hypot(1, x)  # which does not overflow


# --- the plane ------------------------------------------------------------------------------------
def _evaluate_cosine(x: Any, z: Any) -> Any:
    with np.errstate(invalid="ignore"):
        ratio = x / z
    return np.where(np.equal(z, 0), 0, ratio)[()] if np.isnan(ratio).any() else ratio


# x / z for z = hypot(x, y); declared, because 1 - (x / z)^2 cancels where y is small
_cosine: Operation = elementwise(
    "cosine",
    lambda x, y, z: _evaluate_cosine(x, z),
    lambda x, y, z: over_length(square(_cosine(y, x, z)), z),
    lambda x, y, z, out: -out * over_length(_cosine(y, x, z), z),
    None,
    other=lambda xp, x, y, z: xp.where(z == 0, 0, x / z),
)
hypot = elementwise("hypot", np.hypot, lambda x, y, out: _cosine(x, y, out),
                    lambda x, y, out: _cosine(y, x, out))  # fmt: skip
# not y / (x^2 + y^2): squares overflow, and underflow to a division by zero
arctan2 = elementwise("arctan2", np.arctan2,
                      lambda x, y: over_length(y / (r := hypot(x, y)), r),
                      lambda x, y: over_length(-x / (r := hypot(x, y)), r),
                      api="atan2")  # fmt: skip
