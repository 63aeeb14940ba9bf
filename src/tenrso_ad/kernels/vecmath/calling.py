"""How kernels call elementary functions.

Each function is written into a kernel's module once, however often the kernel calls it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from inspect import signature
from typing import Any

from llvmlite import ir

from .instructions import DOUBLE, SINGLE, Format, Real, narrowed, widened
from .versions import call, write_versions

Body = Callable[..., Real]

BODIES: dict[Format, dict[str, Body]] = {DOUBLE: {}, SINGLE: {}}
"""The functions that are declared, by format and name."""

C_NAMES = {
    **{name: name for name in ("exp", "exp2", "expm1", "log", "log1p", "log2", "log10")},
    **{name: name for name in ("sin", "cos", "tan", "sinh", "cosh", "tanh")},
    **{f"arc{name}": f"a{name}" for name in ("sin", "cos", "tan", "sinh", "cosh", "tanh", "tan2")},
    **{"hypot": "hypot", "cbrt": "cbrt", "power": "pow", "erf": "erf", "erfc": "erfc"},
}
"""What functions are called in the C library."""


def elementary(name: str, *formats: Format) -> Callable[[Body], Body]:
    """Declare a function of numbers of some formats, by default of both.

    A function that is not declared for float32 is computed in float64 and rounded.
    """

    def declare(body: Body) -> Body:
        for each in formats or BODIES:
            BODIES[each][name] = body
        return body

    return declare


# --- as kernels call them -------------------------------------------------------------------------


@dataclass(frozen=True)
class Elementary:
    """A function that a kernel can call.

    Attributes
    ----------
    format : Format
        Of its arguments and its result.
    arity : int
    write : callable
        Given LLVM's builder and values, writes the call, and the function if it is not there.
    """

    format: Format
    arity: int
    write: Callable[..., Any]


def inlined(name: str, format: Format) -> Elementary:
    """A function whose code becomes part of the loop around it."""
    return _single(f"{name}{format.bits}", _body(name, format), format, "alwaysinline")


def compact(name: str, format: Format) -> Elementary:
    """A function that is called, for a single number: of C's library if it is there."""
    body = _body(name, format)
    if name == "sqrt":  # one instruction
        return inlined(name, format)
    if name in C_NAMES:
        label = C_NAMES[name] + ("" if format is DOUBLE else "f")
        return _single(label, body, format, "nounwind", external=True)
    return _single(f"{name}{format.bits}_small", body, format, "noinline")


def _single(
    label: str, body: Body, format: Format, attribute: str, external: bool = False
) -> Elementary:
    arity = len(signature(body).parameters)

    def write(builder: Any, *operands: Any) -> Any:
        module = builder.module
        if label not in module.globals:
            kind = format.type
            function = ir.Function(module, ir.FunctionType(kind, [kind] * arity), label)
            function.attributes.add(attribute)
            if not external:
                function.linkage = "internal"
                _fill(function, body)
        return builder.call(module.globals[label], operands)

    return Elementary(format, arity, write)


def shared(name: str, format: Format) -> Elementary:
    """A function that is called, also for vectors: less to compile where there are many."""
    body = _body(name, format)
    arity = len(signature(body).parameters)
    label = f"tenrso_ad_{name}{format.bits}"

    def write(builder: Any, *operands: Any) -> Any:
        write_versions(builder.module, label, format, arity, lambda f, width: _fill(f, body))
        return call(label, [Real(builder, x) for x in operands]).code

    return Elementary(format, arity, write)


def _body(name: str, format: Format) -> Body:
    if name in BODIES[format]:
        return BODIES[format][name]
    body = BODIES[DOUBLE][name]
    if len(signature(body).parameters) == 1:
        return lambda x: narrowed(body(widened(x)))
    return lambda x, y: narrowed(body(widened(x), widened(y)))


def _fill(function: Any, body: Body) -> None:
    """Write the body of a function."""
    builder = ir.IRBuilder(function.append_basic_block())
    builder.ret(body(*(Real(builder, a) for a in function.args)).code)
