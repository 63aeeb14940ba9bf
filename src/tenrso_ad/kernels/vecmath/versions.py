"""Functions that loops call and that are vectorised all the same.

A call of a function whose body is elsewhere need not keep a loop from being vectorised, if LLVM is
told which functions compute the same for several elements at once.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from llvmlite import ir

from .instructions import Format, Real, type_of

WIDTHS = (1, 2, 4, 8, 16)
"""Elements in the vectors of the processors that there are; 1 for a number by itself."""


def label_of(name: str, width: int) -> str:
    """Name of the version of a function for vectors of that width."""
    return name if width == 1 else f"{name}_{width}"


def write_versions(
    module: Any, name: str, format: Format, arity: int, write: Callable[[Any, int], None]
) -> None:
    """Add a function to a module in all versions, unless it is there; `write` fills each."""
    if name in module.globals:
        return
    for width in WIDTHS:
        kind = type_of(format.type, width)
        function = ir.Function(module, ir.FunctionType(kind, [kind] * arity), label_of(name, width))
        # the attribute of a call names the versions for vectors, which would not keep them
        function.linkage = "internal" if width == 1 else "weak_odr"
        mark(function)
        write(function, width)


def mark(function: Any) -> None:
    """Keep a function out of line, and say that it only computes."""
    for attribute in ("noinline", "nounwind", "readnone"):
        function.attributes.add(attribute)


def call(name: str, operands: Sequence[Real]) -> Real:
    """Call a function that `write_versions` has added."""
    builder, width = operands[0].builder, operands[0].width
    codes = [x.code for x in operands]
    result = builder.call(builder.module.globals[label_of(name, width)], codes)
    if width == 1:
        each = "v" * len(operands)
        versions = ",".join(f"_ZGV_LLVM_N{n}{each}_{name}({name}_{n})" for n in WIDTHS[1:])
        # llvmlite cannot write attributes with values
        set.add(result.attributes, f'"vector-function-abi-variant"="{versions}"')
    return Real(builder, result)
