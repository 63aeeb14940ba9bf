"""Elements of arrays inside kernels, by their place in memory; choosing and reducing them.

Indexing in Numba checks for negative indices and multiplies strides, which keeps loops from being
vectorised. A kernel knows the layout of its arrays when it is written, so it says the place.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import njit, types
from numba.extending import intrinsic

__all__ = [
    *("accumulate", "load", "select", "store"),
    *("larger", "smaller", "floor", "ceil", "trunc", "rint", "copysign", "fmod"),
]


@intrinsic
def load(typingctx: Any, array: Any, place: Any) -> Any:
    """Element of an array at a place counted in elements from its first one."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        kind = signature.args[0]
        base = context.make_array(kind)(context, builder, args[0]).data
        pointer = builder.gep(base, [args[1]], inbounds=True)
        return context.unpack_value(builder, kind.dtype, pointer)

    return array.dtype(array, types.intp), generate


@intrinsic
def store(typingctx: Any, array: Any, place: Any, value: Any) -> Any:
    """Set the element of an array at a place counted in elements from its first one."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        kind = signature.args[0]
        base = context.make_array(kind)(context, builder, args[0]).data
        pointer = builder.gep(base, [args[1]], inbounds=True)
        context.pack_value(builder, kind.dtype, args[2], pointer)
        return context.get_dummy_value()

    return types.void(array, types.intp, array.dtype), generate


@intrinsic
def select(typingctx: Any, condition: Any, yes: Any, no: Any) -> Any:
    """One of two values of one type, without a branch, so that loops are vectorised."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.select(args[0], args[1], args[2])

    kind = typingctx.unify_types(yes, no)
    return kind(types.boolean, kind, kind), generate


@njit(fastmath={"reassoc", "nsz"})
def accumulate(total: Any, term: Any) -> Any:
    """Add to a running sum, in an order that a vectorised loop may choose."""
    return total + term


def _instruction(name: str, operands: int, *flags: str) -> Any:
    """An operation of LLVM's that NumPy's functions are."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        if name == "frem":
            return builder.frem(*args)
        kind = args[0].type
        function = builder.module.declare_intrinsic(
            f"llvm.{name}", [kind], ir.FunctionType(kind, [kind] * operands)
        )
        return builder.call(function, args, fastmath=flags)

    if operands == 1:

        def of_one(typingctx: Any, x: Any) -> Any:
            return x(x), generate

        return intrinsic(of_one)

    def of_two(typingctx: Any, x: Any, y: Any) -> Any:
        kind = typingctx.unify_types(x, y)
        return kind(kind, kind), generate

    return intrinsic(of_two)


# hand NaN on, with zeros of either sign alike
larger = _instruction("maximum", 2, "nsz")
smaller = _instruction("minimum", 2, "nsz")
floor = _instruction("floor", 1)
ceil = _instruction("ceil", 1)
trunc = _instruction("trunc", 1)
rint = _instruction("rint", 1)
copysign = _instruction("copysign", 2)
fmod = _instruction("frem", 2)
