"""Elementwise functions: those of `tenrso_ad.numpy`, with tensors as results."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .. import numpy as tnp
from .operands import lift, lift_any


def _unary(name: str) -> Callable[[Any], Any]:
    function = getattr(tnp, name)

    def operation(x: Any, /) -> Any:
        return function(lift(x))

    return _named(operation, name)


def _binary(name: str) -> Callable[[Any, Any], Any]:
    function = getattr(tnp, name)

    def operation(x1: Any, x2: Any, /) -> Any:
        return function(*lift_any(x1, x2))

    return _named(operation, name)


def _named(operation: Callable[..., Any], name: str) -> Callable[..., Any]:
    operation.__name__ = operation.__qualname__ = name
    operation.__doc__ = f"Elementwise {name} of the standard; see `tenrso_ad.numpy`."
    return operation


abs = _unary("abs")
acos = _unary("acos")
acosh = _unary("acosh")
add = _binary("add")
asin = _unary("asin")
asinh = _unary("asinh")
atan = _unary("atan")
atan2 = _binary("atan2")
atanh = _unary("atanh")
bitwise_and = _binary("bitwise_and")
bitwise_invert = _unary("bitwise_invert")
bitwise_left_shift = _binary("bitwise_left_shift")
bitwise_or = _binary("bitwise_or")
bitwise_right_shift = _binary("bitwise_right_shift")
bitwise_xor = _binary("bitwise_xor")
ceil = _unary("ceil")
conj = _unary("conj")
copysign = _binary("copysign")
cos = _unary("cos")
cosh = _unary("cosh")
divide = _binary("divide")
equal = _binary("equal")
exp = _unary("exp")
expm1 = _unary("expm1")
floor = _unary("floor")
floor_divide = _binary("floor_divide")
greater = _binary("greater")
greater_equal = _binary("greater_equal")
hypot = _binary("hypot")
imag = _unary("imag")
isfinite = _unary("isfinite")
isinf = _unary("isinf")
isnan = _unary("isnan")
less = _binary("less")
less_equal = _binary("less_equal")
log = _unary("log")
log1p = _unary("log1p")
log2 = _unary("log2")
log10 = _unary("log10")
logaddexp = _binary("logaddexp")
logical_and = _binary("logical_and")
logical_not = _unary("logical_not")
logical_or = _binary("logical_or")
logical_xor = _binary("logical_xor")
maximum = _binary("maximum")
minimum = _binary("minimum")
multiply = _binary("multiply")
negative = _unary("negative")
nextafter = _binary("nextafter")
not_equal = _binary("not_equal")
positive = _unary("positive")
pow = _binary("pow")
real = _unary("real")
reciprocal = _unary("reciprocal")
remainder = _binary("remainder")
round = _unary("round")
sign = _unary("sign")
signbit = _unary("signbit")
sin = _unary("sin")
sinh = _unary("sinh")
sqrt = _unary("sqrt")
square = _unary("square")
subtract = _binary("subtract")
tan = _unary("tan")
tanh = _unary("tanh")
trunc = _unary("trunc")


def clip(x: Any, /, min: Any = None, max: Any = None) -> Any:
    """Limit values to [min, max]; either limit may be None."""
    return tnp.clip(lift(x), min, max)
