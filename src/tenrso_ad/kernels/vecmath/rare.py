"""Rare arguments, for which something else has to be computed.

A branch would keep a loop from being vectorised, a call does not (see `versions`). So the branch is
inside of a function, whose versions for vectors look at several elements: only if one of them is
rare do they go through them one by one.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from llvmlite import ir

from .instructions import DOUBLE, Real, constant
from .versions import call, mark, write_versions


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
        Of one number, not of a vector.
    """
    module = x.builder.module
    name = f"tenrso_ad_{name}"
    if name not in module.globals:
        rare = ir.Function(module, ir.FunctionType(DOUBLE.type, [DOUBLE.type]), f"{name}_rare")
        rare.linkage = "internal"
        mark(rare)
        inside = ir.IRBuilder(rare.append_basic_block())
        inside.ret(otherwise(Real(inside, rare.args[0])).code)
        write_versions(module, name, DOUBLE, 2, lambda f, width: _branch(f, width, limit, rare))
    return call(name, (x, y))


def _branch(function: Any, width: int, limit: float, rare: Any) -> None:
    """Write the body: a look at all elements, and a call for each large one."""
    x, y = function.args
    start, usual, large = (function.append_basic_block() for _ in range(3))
    builder = ir.IRBuilder(start)
    above = builder.fcmp_ordered(">=", x, constant(limit, DOUBLE.type, width))
    below = builder.fcmp_ordered("<=", x, constant(-limit, DOUBLE.type, width))
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
    alone = function.module.globals[function.name.removesuffix(f"_{width}")]
    for i in range(width):
        place = ir.IntType(32)(i)
        pair = [builder.extract_element(v, place) for v in (x, y)]
        y = builder.insert_element(y, builder.call(alone, pair), place)
    builder.ret(y)
