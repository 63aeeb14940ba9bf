"""Rare arguments, for which something else has to be computed.

A branch would keep a loop from being vectorised; a call does not, if LLVM is told what computes
several elements at once. So the branch is inside of a function, and there are versions of that
which look at several elements: only if one of them is rare do they go through them one by one.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from llvmlite import ir

from .instructions import DOUBLE, Real

_WIDTHS = (2, 4, 8)
"""Elements in the vectors of the processors that there are."""


def unless_large(
    name: str, x: Real, limit: float, y: Real, otherwise: Callable[[Real], Real]
) -> Real:
    """Give y, but otherwise(x) where abs(x) >= limit.

    Parameters
    ----------
    name : str
        What the functions that are written for it are called.
    x, y : Real
        Of float64.
    limit : float
    otherwise : callable
    """
    module = x.builder.module
    name = f"tenrso_ad_{name}"
    if name not in module.globals:
        scalar = DOUBLE.type
        rare = ir.Function(module, ir.FunctionType(scalar, [scalar]), f"{name}_rare")
        rare.linkage = "internal"
        _mark(rare)
        inside = ir.IRBuilder(rare.append_basic_block())
        inside.ret(otherwise(Real(inside, rare.args[0])).code)
        for width in (1, *_WIDTHS):
            _write(module, name, width, limit, rare)
    call = x.builder.call(module.globals[name], [x.code, y.code])
    versions = ",".join(f"_ZGV_LLVM_N{n}vv_{name}({name}_{n})" for n in _WIDTHS)
    # llvmlite cannot write attributes with values
    set.add(call.attributes, f'"vector-function-abi-variant"="{versions}"')
    return Real(x.builder, call)


def _mark(function: Any) -> None:
    for attribute in ("noinline", "nounwind", "readnone"):
        function.attributes.add(attribute)


def _write(module: Any, name: str, width: int, limit: float, rare: Any) -> None:
    """Write the function for vectors of one width, or for numbers, which is width 1."""
    kind = DOUBLE.type if width == 1 else ir.VectorType(DOUBLE.type, width)
    label = name if width == 1 else f"{name}_{width}"
    function = ir.Function(module, ir.FunctionType(kind, [kind, kind]), label)
    # the versions are named by that attribute only, which would not keep them
    function.linkage = "internal" if width == 1 else "weak_odr"
    _mark(function)
    x, y = function.args
    start, usual, large = (function.append_basic_block() for _ in range(3))
    builder = ir.IRBuilder(start)
    above, below = (
        builder.fcmp_ordered(sign, x, ir.Constant(kind, value if width == 1 else [value] * width))
        for sign, value in ((">=", limit), ("<=", -limit))
    )
    found = builder.or_(above, below)
    if width > 1:
        found = builder.bitcast(found, ir.IntType(width))
        found = builder.icmp_unsigned("!=", found, ir.IntType(width)(0))
    builder.cbranch(found, large, usual)
    ir.IRBuilder(usual).ret(y)
    builder = ir.IRBuilder(large)
    if width == 1:
        builder.ret(builder.call(rare, [x]))
        return
    for i in range(width):
        place = ir.IntType(32)(i)
        pair = [builder.extract_element(v, place) for v in (x, y)]
        one = builder.call(module.globals[name], pair)
        y = builder.insert_element(y, one, place)
    builder.ret(y)
