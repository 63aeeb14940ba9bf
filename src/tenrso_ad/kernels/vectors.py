"""Short vectors of floating-point numbers inside kernels, each held in registers.

A kernel that works on rows of a few numbers at scattered places keeps its running products and sums
in such vectors. It need not hope that loops are unrolled and vectorised, and compiles quickly.
LLVM parts a vector that is wider than the processor's.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.core.extending import models, register_model
from numba.extending import intrinsic

__all__ = [
    "add_product",
    "plus",
    "prefetch",
    "product",
    "read4",
    "read8",
    "read16",
    "spread",
    "total",
    "write",
    "zero_like",
]


class Vector(types.Type):
    """Several numbers of one dtype.

    Parameters
    ----------
    dtype : numba type
        Float32 or float64.
    lanes : int
        How many.
    """

    def __init__(self, dtype: Any, lanes: int) -> None:
        self.dtype, self.lanes = dtype, lanes
        super().__init__(name=f"Vector({dtype}, {lanes})")


@register_model(Vector)
class _VectorModel(models.PrimitiveModel):
    def __init__(self, manager: Any, kind: Any) -> None:
        number = ir.DoubleType() if kind.dtype.bitwidth == 64 else ir.FloatType()
        super().__init__(manager, kind, ir.VectorType(number, kind.lanes))


def _pointer(context: Any, builder: Any, kind: Any, array: Any, place: Any) -> Any:
    """Address of the element of an array at a place counted from its first one."""
    base = context.make_array(kind)(context, builder, array).data
    return builder.gep(base, [place], inbounds=True)


def _reader(lanes: int) -> Any:
    """Numbers of an array from a place on, as a vector."""

    def read(typingctx: Any, array: Any, place: Any) -> Any:
        vector = Vector(array.dtype, lanes)

        def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            pointer = _pointer(context, builder, signature.args[0], *args)
            pointer = builder.bitcast(pointer, context.get_value_type(vector).as_pointer())
            return builder.load(pointer, align=array.dtype.bitwidth // 8)

        return vector(array, types.intp), generate

    return intrinsic(read)


read4, read8, read16 = map(_reader, (4, 8, 16))


@intrinsic
def write(typingctx: Any, array: Any, place: Any, vector: Any) -> Any:
    """Set numbers of an array from a place on."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        pointer = _pointer(context, builder, signature.args[0], args[0], args[1])
        pointer = builder.bitcast(pointer, args[2].type.as_pointer())
        builder.store(args[2], pointer, align=array.dtype.bitwidth // 8)
        return context.get_dummy_value()

    return types.void(array, types.intp, vector), generate


@intrinsic
def prefetch(typingctx: Any, array: Any, place: Any) -> Any:
    """Ask for the numbers of an array from a place on to be brought near."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        byte, number = ir.IntType(8).as_pointer(), ir.IntType(32)
        pointer = builder.bitcast(_pointer(context, builder, signature.args[0], *args), byte)
        kind = ir.FunctionType(ir.VoidType(), [byte, number, number, number])
        function = builder.module.declare_intrinsic("llvm.prefetch", [byte], kind)
        builder.call(function, [pointer, number(0), number(3), number(1)])
        return context.get_dummy_value()

    return types.void(array, types.intp), generate


@intrinsic
def spread(typingctx: Any, number: Any, vector: Any) -> Any:
    """One number in every lane of a vector like the given one."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        kind = args[1].type
        first = builder.insert_element(ir.Constant(kind, ir.Undefined), args[0], ir.IntType(32)(0))
        zeros = ir.Constant(ir.VectorType(ir.IntType(32), kind.count), [0] * kind.count)
        return builder.shuffle_vector(first, ir.Constant(kind, ir.Undefined), zeros)

    return vector(vector.dtype, vector), generate


@intrinsic
def zero_like(typingctx: Any, vector: Any) -> Any:
    """Zero in every lane of a vector like the given one."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        kind = args[0].type
        return ir.Constant(kind, [0.0] * kind.count)

    return vector(vector), generate


@intrinsic
def plus(typingctx: Any, one: Any, two: Any) -> Any:
    """Sum, lane by lane."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.fadd(*args)

    return one(one, one), generate


@intrinsic
def product(typingctx: Any, one: Any, two: Any) -> Any:
    """Product, lane by lane."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.fmul(*args)

    return one(one, one), generate


@intrinsic
def add_product(typingctx: Any, one: Any, two: Any, three: Any) -> Any:
    """The first vector times the second, plus the third; in one instruction where there is one."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        kind = args[0].type
        name = f"llvm.fmuladd.v{kind.count}f{one.dtype.bitwidth}"
        function = cgutils.get_or_insert_function(
            builder.module, ir.FunctionType(kind, [kind] * 3), name
        )
        return builder.call(function, args)

    return one(one, one, one), generate


@intrinsic
def total(typingctx: Any, vector: Any) -> Any:
    """Sum of the lanes, pair by pair."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        value = args[0]
        lanes = value.type.count
        while lanes > 1:
            lanes //= 2
            halves = [
                builder.shuffle_vector(
                    value,
                    ir.Constant(value.type, ir.Undefined),
                    ir.Constant(ir.VectorType(ir.IntType(32), lanes), [*places]),
                )
                for places in (range(lanes), range(lanes, 2 * lanes))
            ]
            value = builder.fadd(*halves)
        return builder.extract_element(value, ir.IntType(32)(0))

    return vector.dtype(vector), generate
