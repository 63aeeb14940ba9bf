"""Floating-point numbers as bits, and the instructions that elementary functions are made of."""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

_INTEGER: dict[Any, Any] = {types.float64: types.int64, types.float32: types.int32}
_FLOAT: dict[Any, Any] = {types.int64: types.float64, types.int32: types.float32}


@intrinsic
def bits_of(typingctx: Any, x: Any) -> Any:
    """Bits of a floating-point number as an integer of its size."""
    kind = _INTEGER[x]

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.bitcast(args[0], context.get_value_type(kind))

    return kind(x), generate


@intrinsic
def from_bits(typingctx: Any, n: Any) -> Any:
    """Floating-point number that an integer of its size is the bits of."""
    kind = _FLOAT[n]

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.bitcast(args[0], context.get_value_type(kind))

    return kind(n), generate


def _call(name: str, kind: Any, arity: int) -> Any:
    """Signature and code of one LLVM intrinsic on floating-point operands of one type."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        value = context.get_value_type(kind)
        function = ir.FunctionType(value, [value] * arity)
        return builder.call(builder.module.declare_intrinsic(name, [value], function), args)

    return kind(*(kind,) * arity), generate


@intrinsic
def fma(typingctx: Any, x: Any, y: Any, z: Any) -> Any:
    """X * y + z, rounded once."""
    return _call("llvm.fma", z, 3)


@intrinsic
def nearest(typingctx: Any, x: Any) -> Any:
    """Nearest whole number; halves go to the even one."""
    return _call("llvm.rint", x, 1)


@intrinsic
def magnitude(typingctx: Any, x: Any) -> Any:
    """Absolute value."""
    return _call("llvm.fabs", x, 1)


@intrinsic
def with_sign(typingctx: Any, x: Any, y: Any) -> Any:
    """Magnitude of x with the sign of y."""
    return _call("llvm.copysign", x, 2)
