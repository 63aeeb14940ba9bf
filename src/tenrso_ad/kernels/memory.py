"""Choosing, reducing and comparing numbers inside kernels.

Each function takes LLVM's values and writes the instructions that compute another. Elements of
arrays are not here: `tenrso_ad.compiler.translation` loads and stores them, by their place.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from llvmlite import ir

BOOL = ir.IntType(1)


def select(builder: Any, condition: Any, yes: Any, no: Any) -> Any:
    """One of two values of one type, without a branch, so that loops are vectorised."""
    return builder.select(condition, yes, no)


def accumulate(builder: Any, total: Any, term: Any) -> Any:
    """Add to a running sum, in an order that a vectorised loop may choose."""
    return builder.fadd(total, term, flags=("reassoc", "nsz"))


def remainder(builder: Any, one: Any, two: Any) -> Any:
    """Remainder of a division, with the sign of the first."""
    return builder.frem(one, two)


def _instruction(name: str, *flags: str) -> Callable[..., Any]:
    """An operation of LLVM's that NumPy's functions are."""

    def write(builder: Any, *operands: Any) -> Any:
        kind = operands[0].type
        function = builder.module.declare_intrinsic(
            f"llvm.{name}", [kind], ir.FunctionType(kind, [kind] * len(operands))
        )
        return builder.call(function, operands, fastmath=flags)

    return write


CHOICES = {"select": select}
"""Functions of a condition and two numbers, by the names they have in the text of kernels."""

OF_NUMBERS = {
    "accumulate": accumulate,
    "fmod": remainder,
    # hand NaN on, with zeros of either sign alike
    "larger": _instruction("maximum", "nsz"),
    "smaller": _instruction("minimum", "nsz"),
    "abs": _instruction("fabs"),
    **{name: _instruction(name) for name in ("floor", "ceil", "trunc", "rint", "copysign")},
}
"""Functions of numbers of one type."""
