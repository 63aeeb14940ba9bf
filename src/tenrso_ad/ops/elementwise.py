"""Elementwise operations: each line is an operation and its derivatives.

A partial derivative names what it reads (operands ``x``, ``y``, ``z``, the result ``out``); with
``g`` it is a linear map. Where two operands tie, maximum and minimum split the gradient evenly.
"""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

from ..engine.array_type import ArrayType
from ..engine.reverse import register_addition
from ..engine.trace import bind
from .broadcasting import convert, match
from .declare import is_boolean, is_complex, linear, namespace
from .pointwise import Operation, align, elementwise, operand, ufuncs

# --- arithmetic -----------------------------------------------------------------------------------
add = elementwise("add", np.add, 1, 1)
subtract = elementwise("subtract", np.subtract, 1, -1)
multiply = elementwise("multiply", np.multiply, lambda y: y, lambda x: x)
divide = elementwise("divide", np.divide, lambda y: 1 / y, lambda y, out: -out / y)
negative = elementwise("negative", np.negative, -1)
positive = elementwise("positive", np.positive, 1)
reciprocal = elementwise("reciprocal", np.reciprocal, lambda out: -(out * out),
                         other=lambda xp, x: 1 / x)  # fmt: skip
square = elementwise("square", np.square, lambda x: 2 * x)
sqrt = elementwise("sqrt", np.sqrt, lambda out: 0.5 / out)
floor_divide = elementwise("floor_divide", np.floor_divide, None, None)
remainder = elementwise("remainder", np.remainder, 1, lambda x, y: -floor_divide(x, y))


def _power_by_base(x: Any, y: Any) -> Any:
    """Y x^(y-1), zero for y = 0 even at x = 0."""
    if isinstance(y, (int, float)):
        return 0.0 if y == 0 else y * x ** (y - 1)
    both_zero = logical_and(equal(x, 0), equal(y, 0))
    return y * where(both_zero, 1, x) ** (y - 1)


def _power_by_exponent(x: Any, y: Any, out: Any) -> Any:
    """x^y log x; at x = 0 its limit from the right, which is 0 for y > 0."""
    at_zero = logical_and(equal(x, 0), greater_equal(real(y), 0))
    return where(at_zero, 0, out * log(convert(where(at_zero, 1, x), out.dtype)))


power = elementwise("power", operator.pow, _power_by_base, _power_by_exponent,
                    other=lambda xp, x, y: x**y)  # fmt: skip
ufuncs[np.power] = power

stop_gradient = elementwise("stop_gradient", lambda x: x, None, other=lambda xp, x: x)

# --- exponentials and logarithms ------------------------------------------------------------------
exp = elementwise("exp", np.exp, lambda out: out)
exp2 = elementwise("exp2", np.exp2, lambda out: out * float(np.log(2)),
                   other=lambda xp, x: 2.0**x)  # fmt: skip
expm1 = elementwise("expm1", np.expm1, lambda x: exp(x))
log = elementwise("log", np.log, lambda x: 1 / x)
log2 = elementwise("log2", np.log2, lambda x: float(1 / np.log(2)) / x)
log10 = elementwise("log10", np.log10, lambda x: float(1 / np.log(10)) / x)
log1p = elementwise("log1p", np.log1p, lambda x: 1 / (1 + x))

# --- trigonometric and hyperbolic functions -------------------------------------------------------
sin = elementwise("sin", np.sin, lambda x: cos(x))
cos: Operation = elementwise("cos", np.cos, lambda x: -sin(x))
tan = elementwise("tan", np.tan, lambda out: 1 + out * out)
arcsin = elementwise("arcsin", np.arcsin, lambda x: 1 / (sqrt(1 - x) * sqrt(1 + x)), api="asin")
arccos = elementwise("arccos", np.arccos, lambda x: -1 / (sqrt(1 - x) * sqrt(1 + x)), api="acos")
arctan = elementwise("arctan", np.arctan, lambda x: 1 / (1 + x * x), api="atan")


def _over_length(x: Any, length: Any) -> Any:
    """Give x / length, and zero at the origin, which has no direction."""
    return where(equal(length, 0), 0, x / length)


hypot = elementwise("hypot", np.hypot, lambda x, out: _over_length(x, out),
                    lambda y, out: _over_length(y, out))  # fmt: skip
# not y / (x^2 + y^2): squares overflow, and underflow to a division by zero
arctan2 = elementwise("arctan2", np.arctan2,
                      lambda x, y: _over_length(y / (r := hypot(x, y)), r),
                      lambda x, y: _over_length(-x / (r := hypot(x, y)), r),
                      api="atan2")  # fmt: skip
sinh = elementwise("sinh", np.sinh, lambda x: cosh(x))
cosh: Operation = elementwise("cosh", np.cosh, lambda x: sinh(x))
tanh = elementwise("tanh", np.tanh, lambda out: 1 - out * out)
arcsinh = elementwise("arcsinh", np.arcsinh, lambda x: 1 / sqrt(1 + x * x), api="asinh")
arccosh = elementwise("arccosh", np.arccosh, lambda x: 1 / (sqrt(x - 1) * sqrt(x + 1)), api="acosh")
arctanh = elementwise("arctanh", np.arctanh, lambda x: 1 / ((1 - x) * (1 + x)), api="atanh")

# --- complex parts --------------------------------------------------------------------------------
real = elementwise("real", np.real, 1, real_valued=True)
_imag = elementwise("imag", np.imag, lambda g: g * -1j, real_valued=True)  # Im(dz) = Re(-i dz)
_conjugate = elementwise("conjugate", np.conjugate, lambda g: conjugate(g), api="conj")


def conjugate(x: Any, /) -> Any:
    """Elementwise complex conjugate; real arrays are returned as they are."""
    x = operand(x)
    return _conjugate(x) if is_complex(x) else x


ufuncs[np.conjugate] = conjugate


def imag(x: Any, /) -> Any:
    """Elementwise imaginary part; zeros for real x."""
    x = operand(x)
    return _imag(x) if is_complex(x) else where(False, x, 0)


# --- comparisons, logic, rounding: no derivative, or zero -----------------------------------------
equal = elementwise("equal", np.equal, None, None)
not_equal = elementwise("not_equal", np.not_equal, None, None)
greater = elementwise("greater", np.greater, None, None)
greater_equal = elementwise("greater_equal", np.greater_equal, None, None)
less = elementwise("less", np.less, None, None)
less_equal = elementwise("less_equal", np.less_equal, None, None)
logical_and = elementwise("logical_and", np.logical_and, None, None)
logical_or = elementwise("logical_or", np.logical_or, None, None)
logical_xor = elementwise("logical_xor", np.logical_xor, None, None)
logical_not = elementwise("logical_not", np.logical_not, None)
isnan = elementwise("isnan", np.isnan, None)
isinf = elementwise("isinf", np.isinf, None)
isfinite = elementwise("isfinite", np.isfinite, None)
floor = elementwise("floor", np.floor, None)
ceil = elementwise("ceil", np.ceil, None)
trunc = elementwise("trunc", np.trunc, None)
rint = elementwise("rint", np.rint, None, api="round")

# --- absolute value, sign, selection --------------------------------------------------------------
_real_sign = elementwise("sign", np.sign, None)


def sign(x: Any, /) -> Any:
    """Elementwise sign; for complex x it is x / abs(x), and 0 at 0."""
    x = operand(x)
    if not is_complex(x):
        return _real_sign(x)
    size = absolute(x)
    return x / where(equal(size, 0), 1, size)


ufuncs[np.sign] = sign
absolute = elementwise(
    "absolute", np.absolute, lambda x: conjugate(sign(x)), api="abs", real_valued=True
)


def _where_transpose(g: Any, condition: Any, x: Any, y: Any) -> list[Any]:
    """Each branch gets the cotangent where it was chosen, and an exact zero elsewhere."""
    return [
        None,
        match(where(condition, g, 0), *x) if isinstance(x, ArrayType) else None,
        match(where(condition, 0, g), *y) if isinstance(y, ArrayType) else None,
    ]


def _where_shape(condition: Any, x: Any, y: Any) -> ArrayType:
    kinds = [t.dtype if isinstance(t, ArrayType) else t for t in (x, y)]
    shapes = [t.shape for t in (condition, x, y) if isinstance(t, ArrayType)]
    return ArrayType(np.broadcast_shapes(*shapes), np.result_type(*kinds))


def _evaluate_where(condition: Any, x: Any, y: Any) -> Any:
    xp = namespace(condition, x, y)
    if xp is not np and isinstance(condition, np.ndarray):
        condition = xp.asarray(condition, copy=True)  # it may be guarded, which PyTorch warns of
    return xp.where(condition, x, y)


where_p = linear(
    "where",
    _evaluate_where,
    transpose=_where_transpose,
    shape=_where_shape,
    batch=lambda size, values, batched, params: where(*align(size, values, batched)),
    places=slice(1, None),
)


def where(condition: Any, x: Any, y: Any, /) -> Any:
    """Choose from x where the condition holds, else from y, with broadcasting.

    The branch that is not chosen gets a zero cotangent, and a zero cotangent gives a zero gradient
    even where a derivative is singular: ``where(x > 0, sqrt(x), 0)`` has a finite gradient at 0.
    """
    condition, x, y = operand(condition), operand(x), operand(y)
    if hasattr(condition, "dtype") and not is_boolean(condition):
        condition = not_equal(condition, 0)
    return bind(where_p, (condition, x, y))


def _evaluate_share(g: Any, x: Any, y: Any) -> Any:
    shared = np.where(x > y, g, g.dtype.type(0))
    ties = np.equal(x, y)
    if ties.size and ties.item(ties.argmax()):  # any(), at a fraction of its time
        return np.where(ties, g / 2, shared)
    return shared


def _evaluate_share_elsewhere(xp: Any, g: Any, x: Any, y: Any) -> Any:
    return xp.where(x == y, g / 2, xp.where(x > y, g, xp.zeros_like(g)))


# what x gets of the cotangent of max(x, y): all where it is above, half where they tie
_share: Operation = elementwise(
    "share",
    _evaluate_share,
    lambda g, y, z: _share(g, y, z),
    None,
    None,
    other=_evaluate_share_elsewhere,
)
maximum = elementwise(
    "maximum", np.maximum, lambda g, x, y: _share(g, x, y), lambda g, x, y: _share(g, y, x)
)
minimum = elementwise(
    "minimum", np.minimum, lambda g, x, y: _share(g, y, x), lambda g, x, y: _share(g, x, y)
)


def clip(x: Any, /, min: Any = None, max: Any = None) -> Any:
    """Limit values to [min, max]; either limit may be None.

    At a limit the gradient goes to x, as in PyTorch; outside it goes to the limit.
    """
    if min is not None:
        below = less(x, min)
        x = where(below, min, x)
    if max is not None:
        x = where(greater(x, max), max, x)
    return x


# --- activations ----------------------------------------------------------------------------------
def _evaluate_relu(x: Any) -> Any:
    out = np.maximum(x, 0)
    if out.dtype.kind == "c":
        raise TypeError("complex numbers have no order")
    return out


def _evaluate_sigmoid(x: Any) -> Any:
    """Never overflows, and keeps its relative accuracy for very negative x."""
    if x.dtype.kind == "c":
        return 1 / (1 + np.exp(-x))
    small = np.exp(-np.abs(x))
    return np.where(x >= 0, x.dtype.type(1), small) / (1 + small)


relu = elementwise(
    "relu",
    _evaluate_relu,
    lambda g, x: where(greater(x, 0), g, 0),
    other=lambda xp, x: xp.where(x > 0, x, xp.zeros_like(x)),
)
sigmoid = elementwise(
    "sigmoid",
    lambda x: _evaluate_sigmoid(np.asarray(x))[()],
    lambda out: out * (1 - out),
    other=lambda xp, x: 1 / (1 + xp.exp(-x)),
)
softplus = elementwise(
    "softplus",
    lambda x: np.logaddexp(x, 0),
    lambda x: sigmoid(x),
    other=lambda xp, x: xp.logaddexp(x, xp.zeros_like(x)),
)

register_addition(add)
