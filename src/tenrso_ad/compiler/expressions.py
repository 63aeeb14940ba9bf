"""What elementwise operations are inside a kernel: one expression each.

An expression is Python as `translation` reads it, with the operands in the places ``{0}``, ``{1}``,
``{2}``. It gives what NumPy's function gives, NaN and infinities included. Elementary functions are
those of `tenrso_ad.kernels.vecmath`, named ``m.exp``.
"""

from __future__ import annotations

from typing import NamedTuple

from ..engine.graph import Equation
from .rewriting import type_of_atom

EXPRESSIONS: dict[str, str] = {
    # arithmetic
    "add": "{0} + {1}",
    "subtract": "{0} - {1}",
    "multiply": "{0} * {1}",
    "divide": "{0} / {1}",
    "negative": "-{0}",
    "positive": "{0}",
    "reciprocal": "one / {0}",
    "square": "{0} * {0}",
    **{name: f"m.{name}({{0}}, {{1}})" for name in ("power", "hypot", "arctan2")},
    **dict.fromkeys(("stop_gradient", "copy", "conjugate", "real"), "{0}"),
    "astype": "{0}",
    "contract": "{0} * {1}",  # where nothing is summed
    **dict.fromkeys(("place", "assemble"), "{0}"),  # see `..windows`
    # exponentials, logarithms, trigonometric and hyperbolic functions
    **{
        name: f"m.{name}({{0}})"
        for name in (
            *("sqrt", "cbrt", "exp", "exp2", "expm1", "log", "log2", "log10", "log1p"),
            *("erf", "erfc"),
            *("sigmoid", "softplus", "tanh_slope", "sigmoid_slope"),
            *("sin", "cos", "tan", "sinh", "cosh", "tanh"),
            *("arcsin", "arccos", "arctan", "arcsinh", "arccosh", "arctanh"),
        )
    },
    # choice; maximum and minimum hand NaN on
    "where": "select({0}, {1}, {2})",
    **dict.fromkeys(("maximum", "at_least"), "select(({0} >= {1}) | ({0} != {0}), {0}, {1})"),
    **dict.fromkeys(("minimum", "at_most"), "select(({0} <= {1}) | ({0} != {0}), {0}, {1})"),
    "fmax": "select(({0} >= {1}) | ({1} != {1}), {0}, {1})",
    "fmin": "select(({0} <= {1}) | ({1} != {1}), {0}, {1})",
    "relu": "select(({0} > zero) | ({0} != {0}), {0}, zero)",
    "silu": "select({0} == -infinity, zero, {0} * m.sigmoid({0}))",
    "log_sigmoid": "-m.softplus(-{0})",
    "softsign": "{0} / (one + abs({0}))",
    "absolute": "abs({0})",
    "fabs": "abs({0})",
    **{name: f"{name}({{0}})" for name in ("floor", "ceil", "trunc", "rint")},
    "whole": "trunc({0})",
    "fraction": "copysign(select(abs({0}) == infinity, zero, {0} - trunc({0})), {0})",
    **{name: f"{name}({{0}}, {{1}})" for name in ("copysign", "fmod")},
    "signbit": "copysign(one, {0}) < zero",
    "sign": "select({0} > zero, one, select({0} < zero, -one, {0}))",
    # derivatives: a zero cotangent stays zero; ties share
    "scale": "select({0} == zero, zero, {0} * {1})",
    "product": "select(({0} == zero) | ({1} == zero), zero, {0} * {1})",
    "one_minus_square": "(one - {0}) * (one + {0})",
    "cosine": "select({2} == zero, zero, {0} / {2})",
    "share": "select({1} > {2}, {0}, select({1} == {2}, half * {0}, zero))",
    # comparisons and logic
    "equal": "{0} == {1}",
    "not_equal": "{0} != {1}",
    "greater": "{0} > {1}",
    "greater_equal": "{0} >= {1}",
    "less": "{0} < {1}",
    "less_equal": "{0} <= {1}",
    **dict.fromkeys(("logical_and", "bitwise_and"), "{0} & {1}"),
    **dict.fromkeys(("logical_or", "bitwise_or"), "{0} | {1}"),
    **dict.fromkeys(("logical_xor", "bitwise_xor"), "{0} ^ {1}"),
    **dict.fromkeys(("logical_not", "invert"), "not {0}"),
    "isnan": "{0} != {0}",
    "isfinite": "({0} - {0}) == zero",
    "isinf": "abs({0}) == infinity",
    "ties": "({0} == {1}) | (({0} != {0}) & ({1} != {1}))",
}

KINDS = frozenset("fd?")
"""Characters of the dtypes that kernels compute with: float32, float64, bool."""


class Reduction(NamedTuple):
    """A reduction inside a kernel.

    Attributes
    ----------
    start : str
        What the running value is before the first element.
    step : str
        The running value ``{0}`` after an element ``{1}``; a vectorised loop keeps several.
    join : str
        Two running values made one.
    """

    start: str
    step: str
    join: str


_SUM = Reduction("zero", "accumulate({0}, {1})", "{0} + {1}")

REDUCTIONS: dict[str, Reduction] = {
    "sum": _SUM,
    "sum_to": _SUM,
    "max": Reduction("-infinity", "larger({0}, {1})", "larger({0}, {1})"),
    "min": Reduction("infinity", "smaller({0}, {1})", "smaller({0}, {1})"),
    "any": Reduction("False", "{0} | {1}", "{0} | {1}"),
    "all": Reduction("True", "{0} & {1}", "{0} & {1}"),
}
VIEWS = frozenset({"reshape", "broadcast_to", "transpose", "window"})

_LOGICAL = frozenset(
    {
        *("logical_and", "logical_or", "logical_xor", "logical_not"),
        *("bitwise_and", "bitwise_or", "bitwise_xor", "invert"),  # the same, of booleans
    }
)
_OF_NUMBERS = frozenset({"add", "multiply", "isfinite", "isinf"})  # and not of booleans alone


def fusable(equation: Equation) -> bool:
    """Whether an equation can be computed inside a kernel."""
    name = equation.primitive.name
    kinds = [type_of_atom(a) for a in equation.inputs]
    types = [k for k in kinds if hasattr(k, "dtype")]
    if any(isinstance(k, complex) for k in kinds):
        return False
    if not types or any(getattr(t.dtype, "char", "") not in KINDS for t in types):
        return False
    (out,) = (v.type for v in equation.outputs) if len(equation.outputs) == 1 else (None,)
    if out is None or out.dtype.char not in KINDS or not out.size:
        return False
    if name in REDUCTIONS:
        chars = "?" if name in ("any", "all") else "fd"
        return types[0].dtype.char in chars and types[0].dtype == out.dtype and types[0].size > 0
    if name == "contract":
        left, right, result = equation.params["spec"].replace("->", ",").split(",")
        return set(left) | set(right) == set(result)
    if name not in EXPRESSIONS:
        return False
    if name in _LOGICAL:
        return all(isinstance(k, bool) or (k in types and k.dtype.char == "?") for k in kinds)
    return name not in _OF_NUMBERS or any(t.dtype.char != "?" for t in types)
