"""Short vectors of floating-point numbers inside kernels, each held in registers.

A kernel that works on rows of a few numbers at scattered places keeps its running products and sums
in such vectors. It need not hope that loops are unrolled and vectorised, and compiles quickly.
LLVM parts a vector that is wider than the processor's. Each function writes instructions, as those
of `memory` do.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir

INDEX = ir.IntType(32)


def read(builder: Any, place: Any, kind: Any, lanes: int) -> Any:
    """Numbers of an array from an address on, as a vector."""
    align = 8 if isinstance(kind, ir.DoubleType) else 4
    return builder.load(place, typ=ir.VectorType(kind, lanes), align=align)


def write(builder: Any, place: Any, kind: Any, vector: Any) -> Any:
    """Set numbers of an array from an address on."""
    return builder.store(vector, place, align=8 if isinstance(kind, ir.DoubleType) else 4)


def prefetch(builder: Any, place: Any, kind: Any) -> Any:
    """Ask for what is at an address to be brought near."""
    signature = ir.FunctionType(ir.VoidType(), [place.type, INDEX, INDEX, INDEX])
    function = builder.module.declare_intrinsic("llvm.prefetch", [place.type], signature)
    return builder.call(function, [place, INDEX(0), INDEX(3), INDEX(1)])


def spread(builder: Any, number: Any, vector: Any) -> Any:
    """One number in every lane of a vector like the given one."""
    kind = vector.type
    first = builder.insert_element(ir.Constant(kind, ir.Undefined), number, INDEX(0))
    zeros = ir.Constant(ir.VectorType(INDEX, kind.count), [0] * kind.count)
    return builder.shuffle_vector(first, ir.Constant(kind, ir.Undefined), zeros)


def zero_like(builder: Any, vector: Any) -> Any:
    """Zero in every lane of a vector like the given one."""
    return ir.Constant(vector.type, [0.0] * vector.type.count)


def product(builder: Any, one: Any, two: Any) -> Any:
    """Product, lane by lane."""
    return builder.fmul(one, two)


def add_product(builder: Any, one: Any, two: Any, three: Any) -> Any:
    """The first vector times the second, plus the third; in one instruction where there is one."""
    kind = one.type
    bits = 64 if isinstance(kind.element, ir.DoubleType) else 32
    name, module = f"llvm.fmuladd.v{kind.count}f{bits}", builder.module
    function = module.globals.get(name) or ir.Function(
        module, ir.FunctionType(kind, [kind] * 3), name
    )
    return builder.call(function, [one, two, three])


def total(builder: Any, vector: Any) -> Any:
    """Sum of the lanes, pair by pair."""
    lanes = vector.type.count
    while lanes > 1:
        lanes //= 2
        halves = [
            builder.shuffle_vector(
                vector,
                ir.Constant(vector.type, ir.Undefined),
                ir.Constant(ir.VectorType(INDEX, lanes), [*places]),
            )
            for places in (range(lanes), range(lanes, 2 * lanes))
        ]
        vector = builder.fadd(*halves)
    return builder.extract_element(vector, INDEX(0))


FUNCTIONS = {f.__name__: f for f in (spread, zero_like, product, add_product, total)}
"""Functions of vectors, by the names they have in the text of kernels."""
READ = {f"read{n}": n for n in (4, 8, 16)}
"""Those that read so many numbers."""
