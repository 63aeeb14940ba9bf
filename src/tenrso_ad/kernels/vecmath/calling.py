"""How kernels call elementary functions.

Each function is written into a kernel's module once, however often the kernel calls it.
"""

from __future__ import annotations

from collections.abc import Callable
from inspect import signature
from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from .instructions import DOUBLE, SINGLE, Format, Real, narrowed, widened

Body = Callable[..., Real]

BODIES: dict[Format, dict[str, Body]] = {DOUBLE: {}, SINGLE: {}}
"""The functions that are declared, by format and name."""


def elementary(name: str, *formats: Format) -> Callable[[Body], Body]:
    """Declare a function of numbers of some formats, by default of both.

    A function that is not declared for float32 is computed in float64 and rounded.
    """

    def declare(body: Body) -> Body:
        for each in formats or BODIES:
            BODIES[each][name] = body
        return body

    return declare


C_NAMES = {
    **{name: name for name in ("exp", "exp2", "expm1", "log", "log1p", "log2", "log10")},
    **{name: name for name in ("sin", "cos", "tan", "sinh", "cosh", "tanh")},
    **{f"arc{name}": f"a{name}" for name in ("sin", "cos", "tan", "sinh", "cosh", "tanh", "tan2")},
    **{"hypot": "hypot", "cbrt": "cbrt", "power": "pow", "erf": "erf", "erfc": "erfc"},
}
"""What functions are called in the C library."""


def native(name: str, format: Format) -> Any:
    """A declared function for Numba's kernels, written into the loop around it."""
    body = BODIES[format].get(name) or _rounded(BODIES[DOUBLE][name])
    return _intrinsic(f"{name}{format.bits}", body, _arity(body), format, "alwaysinline")


def compact(name: str, format: Format) -> Any:
    """The same function as a call: less to compile, and no vectors; if possible, of C's library."""
    if name == "sqrt":  # one instruction
        return native(name, format)
    body = BODIES[format].get(name) or _rounded(BODIES[DOUBLE][name])
    if name in C_NAMES:
        label = C_NAMES[name] + ("" if format is DOUBLE else "f")
        return _intrinsic(label, None, _arity(body), format, "nounwind")
    return _intrinsic(f"{name}{format.bits}_called", body, _arity(body), format, "noinline")


def _intrinsic(label: str, body: Body | None, arity: int, format: Format, attribute: str) -> Any:
    kind = types.float64 if format is DOUBLE else types.float32

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        module = builder.module
        if label not in module.globals:
            value = format.type
            function = ir.Function(module, ir.FunctionType(value, [value] * arity), label)
            function.attributes.add(attribute)
            if body is not None:
                function.linkage = "internal"
                inside = ir.IRBuilder(function.append_basic_block())
                inside.ret(body(*(Real(inside, a) for a in function.args)).code)
        return builder.call(module.globals[label], args)

    def unary(typingctx: Any, x: Any) -> Any:
        return kind(kind), generate

    def binary(typingctx: Any, x: Any, y: Any) -> Any:
        return kind(kind, kind), generate

    return intrinsic(unary if arity == 1 else binary)


def _arity(body: Body) -> int:
    return len(signature(body).parameters)


def _rounded(body: Body) -> Body:
    if _arity(body) == 1:
        return lambda x: narrowed(body(widened(x)))
    return lambda x, y: narrowed(body(widened(x), widened(y)))
