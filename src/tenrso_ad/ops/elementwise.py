"""Elementwise operations: each line is an operation and its derivatives.

A partial derivative names what it reads (operands ``x``, ``y``, ``z``, the result ``out``); with
``g`` it is a linear map. Where two operands tie, maximum and minimum split the gradient evenly.
"""

from __future__ import annotations

import math
import operator
from typing import Any

import numpy as np

from ..engine.array_type import ArrayType
from ..engine.errors import ArgumentError
from ..engine.primitive import NO_PARAMS
from ..engine.reverse import register_addition
from ..engine.trace import Tracer, bind
from ..engine.views import bind_view, write_back
from .arguments import into
from .broadcasting import convert, match
from .declare import is_boolean, is_complex, linear, namespace, nonlinear
from .pointwise import Operation, align, as_ufunc, elementwise, operand, operations, ufuncs
from .saturating import tanh_slope

# --- arithmetic -----------------------------------------------------------------------------------
add = elementwise("add", np.add, 1, 1)
subtract = elementwise("subtract", np.subtract, 1, -1)
multiply = elementwise("multiply", np.multiply, lambda y: y, lambda x: x)
divide = elementwise("divide", np.divide, lambda y: _inverse(y), lambda y, out: -out / y)
negative = elementwise("negative", np.negative, -1)
positive = elementwise("positive", np.positive, 1)
reciprocal = elementwise("reciprocal", np.reciprocal, lambda out: -(out * out),
                         other=lambda xp, x: 1 / x)  # fmt: skip
square = elementwise("square", np.square, lambda x: 2 * x)
sqrt = elementwise("sqrt", np.sqrt, lambda out: 0.5 / out)
cbrt = elementwise("cbrt", np.cbrt, lambda out: 1 / (3 * (out * out)),
                   other=lambda xp, x: xp.sign(x) * xp.abs(x) ** (1 / 3))  # fmt: skip
floor_divide = elementwise("floor_divide", np.floor_divide, None, None)
remainder = elementwise("remainder", np.remainder, 1, lambda x, y: -floor_divide(x, y))
# out differs from x by a whole number of y; x / y, rounded, might have reached the next one
fmod = elementwise("fmod", np.fmod, 1, lambda x, y, out: rint((out - x) / y))


def _inverse(y: Any) -> Any:
    """1 / y, where Python's own numbers would raise for zero."""
    if isinstance(y, complex) and not y:
        return complex(math.nan, math.nan)
    if isinstance(y, (int, float)) and not y:
        return math.copysign(math.inf, y)
    return 1 / y


@as_ufunc(np.divmod)
def divmod(x: Any, y: Any, /) -> tuple[Any, Any]:
    """Elementwise quotient, rounded down, and remainder."""
    return floor_divide(x, y), remainder(x, y)


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


def _evaluate_power(x: Any, y: Any) -> Any:
    """x^y; cubes and fourth powers as products, where NumPy takes a hundred times as long."""
    if type(y) in (int, float) and type(x) is np.ndarray and x.dtype.kind in "fc":
        if y == 3:
            return x * x * x
        if y == 4:
            square_of_x = x * x
            return square_of_x * square_of_x
    return operator.pow(x, y)


power = elementwise("power", _evaluate_power, _power_by_base, _power_by_exponent,
                    other=lambda xp, x, y: x**y)  # fmt: skip
ufuncs[np.power] = power


@as_ufunc(np.float_power)
def float_power(x: Any, y: Any, /) -> Any:
    """Elementwise power, computed and given in float64 or complex128."""
    return power(_at_least_double(x), _at_least_double(y))


def _at_least_double(x: Any) -> Any:
    x = operand(x)
    if not hasattr(x, "dtype"):
        x = np.asarray(x)
    return convert(x, np.dtype(complex if is_complex(x) else float))


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
sinh = elementwise("sinh", np.sinh, lambda x: cosh(x))
cosh: Operation = elementwise("cosh", np.cosh, lambda x: sinh(x))
tanh = elementwise("tanh", np.tanh, lambda x, out: tanh_slope(x, out))

# the values may stay where they are, since arrays do not change; the tensor is another one
copied = elementwise("copy", lambda x: x, 1, other=lambda xp, x: x)

# --- complex parts --------------------------------------------------------------------------------
_real = elementwise("real", np.real, 1, real_valued=True)
_imag = elementwise("imag", np.imag, lambda g: g * -1j, real_valued=True)  # Im(dz) = Re(-i dz)
conjugation = elementwise("conjugate", np.conjugate, lambda g: conjugate(g), api="conj")


def conjugate(x: Any, /) -> Any:
    """Elementwise complex conjugate; real arrays are returned as they are."""
    x = operand(x)
    return conjugation(x) if is_complex(x) else x


def real(x: Any, /) -> Any:
    """Elementwise real part; real arrays are returned as they are."""
    x = operand(x)
    return _part(_real, x) if is_complex(x) else x


def imag(x: Any, /) -> Any:
    """Elementwise imaginary part; zeros for real x."""
    x = operand(x)
    return _part(_imag, x) if is_complex(x) else where(False, x, 0)


def _part(part: Operation, x: Any) -> Any:
    """A part of a complex array is a view of it."""
    return bind_view(operations[part.__name__], x, NO_PARAMS) if isinstance(x, Tracer) else part(x)


def _evaluate_from_parts(x: Any, y: Any) -> Any:
    xp = namespace(x, y)
    if xp is not np:
        return x + y * 1j
    out = np.empty(np.broadcast_shapes(x.shape, y.shape), np.result_type(x, y, np.complex64))
    out.real, out.imag = x, y
    return out[()]


def _from_parts_shape(x: ArrayType, y: ArrayType) -> ArrayType:
    dtype = np.result_type(x.dtype, y.dtype, np.complex64)
    return ArrayType(np.broadcast_shapes(x.shape, y.shape), dtype)


from_parts_p = linear(
    "from_parts",
    _evaluate_from_parts,
    transpose=lambda g, x, y: [match(real(g), *x), match(-imag(g), *y)],
    shape=_from_parts_shape,
    batch=lambda size, values, batched, params: from_parts(*align(size, values, batched)),
)


def from_parts(x: Any, y: Any) -> Any:
    """Give x + i y for real arrays; y may be infinite, which a product with i would make NaN."""
    return bind(from_parts_p, (x, y))


write_back[operations["real"]] = lambda base, view, params: from_parts(view, imag(base))
write_back[operations["imag"]] = lambda base, view, params: from_parts(real(base), view)


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
rint: Operation = elementwise("rint", np.rint, None, api="round")

# --- absolute value, sign, selection --------------------------------------------------------------
_real_sign = elementwise("sign", np.sign, None)


def over_length(x: Any, length: Any) -> Any:
    """Give x / length, and zero at the origin, which has no direction."""
    return where(equal(length, 0), 0, x / length)


def _turned(g: Any, x: Any, out: Any) -> Any:
    """Of a change of x only the part across its direction turns the sign; at the origin none."""
    return over_length(conjugate(out) * (1j * imag(g * out)), absolute(x))


complex_sign_p = nonlinear(
    "complex_sign",
    lambda x: namespace(x).sign(x),
    pullback=_turned,
    operands="x",
    shape=lambda x: x,
    batch=lambda size, values, batched, params: sign(values[0]),
)


@as_ufunc(np.sign)
def sign(x: Any, /) -> Any:
    """Elementwise sign; for complex x it is x / abs(x), and 0 at 0."""
    x = operand(x)
    return bind(complex_sign_p, (x,)) if is_complex(x) else _real_sign(x)


absolute = elementwise(
    "absolute", np.absolute, lambda x: conjugate(sign(x)), api="abs", real_valued=True
)
fabs = elementwise("fabs", np.fabs, lambda x: sign(x), api="abs")


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
    if xp is not np and isinstance(condition, (np.ndarray, np.bool, bool)):
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


def _share_of_numbers(g: Any, x: Any, y: Any, share: Any) -> Any:
    """Do as `_share`, but a NaN gets nothing, and what it is compared with gets all."""
    return where(isnan(x), 0, where(isnan(y), g, share))


fmax = elementwise(
    "fmax",
    np.fmax,
    lambda g, x, y: _share_of_numbers(g, x, y, _share(g, x, y)),
    lambda g, x, y: _share_of_numbers(g, y, x, _share(g, y, x)),
)
fmin = elementwise(
    "fmin",
    np.fmin,
    lambda g, x, y: _share_of_numbers(g, x, y, _share(g, y, x)),
    lambda g, x, y: _share_of_numbers(g, y, x, _share(g, x, y)),
)

# the limits of clip: at a tie, x gets all
_at_least = elementwise(
    "at_least",
    lambda x, y: np.maximum(x, y),
    lambda g, x, y: where(greater_equal(x, y), g, 0),
    lambda g, x, y: where(less(x, y), g, 0),
    api="maximum",
)
_at_most = elementwise(
    "at_most",
    lambda x, y: np.minimum(x, y),
    lambda g, x, y: where(less_equal(x, y), g, 0),
    lambda g, x, y: where(greater(x, y), g, 0),
    api="minimum",
)


def clip(
    a: Any,
    a_min: Any = None,
    a_max: Any = None,
    out: Any = None,
    *,
    min: Any = None,
    max: Any = None,
) -> Any:
    """Limit values to an interval.

    At a limit the gradient goes to `a`, as in PyTorch; beyond it, to the limit.

    Parameters
    ----------
    a : array_like
    a_min, a_max : array_like, optional
        The limits; None is no limit. Where they cross, the upper one wins.
    out : ndarray, optional
        Where to put the result, if the operands are plain.
    min, max : array_like, optional
        Other names of `a_min` and `a_max`.

    Raises
    ------
    ArgumentError
        A limit was given under both its names.

    Examples
    --------
    >>> clip([0.5, 2.0, -3.0], -1, max=1)
    array([ 0.5,  1. , -1. ])
    """
    if (a_min is not None and min is not None) or (a_max is not None and max is not None):
        raise ArgumentError("clip: a limit was given twice; give a_min or min, a_max or max")
    a, low, high = operand(a), a_min if min is None else min, a_max if max is None else max
    if getattr(getattr(a, "dtype", None), "kind", None) in ("i", "u"):
        # Python's integers know no bounds
        if type(low) is int and low <= np.iinfo(a.dtype).min:
            low = None
        if type(high) is int and high >= np.iinfo(a.dtype).max:
            high = None
    if low is not None:
        a = _at_least(a, low)
    if high is not None:
        a = _at_most(a, high)
    return into("clip", out, positive(a) if low is high is None else a)


register_addition(add)
