"""Algebraic simplification: identities that change no result beyond rounding.

They hold for infinities and NaN too; only the sign of a zero may change. Each rule is a function of
the equation's inputs as they stand in the new graph; it returns the atom that takes the result's
place, or None where it does not apply.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from ...engine.graph import Atom, Constant, Equation, Graph, Variable
from ..rewriting import Writer, shape_of, spread, type_of_atom, uniform

Rule = Callable[[Writer, Equation, list[Atom]], Atom | None]

PLAIN = (np.ndarray, np.generic, int, float, complex)
LARGEST = 1 << 14
"""Elements of the largest constant whose values are looked at."""


def simplify(graph: Graph) -> Graph:
    """Apply to each equation, in order, the first rule that fits."""
    writer = Writer(graph)
    for equation in graph.equations:
        inputs = [writer.read(a) for a in equation.inputs]
        for rule in RULES.get(equation.primitive.name, ()):
            replacement = rule(writer, equation, inputs)
            if replacement is not None:
                if type_of_atom(replacement) == equation.outputs[0].type:
                    writer.become(equation.outputs[0], replacement)
                    break
        else:
            writer.keep(equation)
    return writer.finish()


def _emit(writer: Writer, equation: Equation, name: str, *inputs: Atom) -> Atom:
    return writer.emit(name, inputs, line=equation.line)


def _same(writer: Writer, equation: Equation, inputs: list[Atom]) -> Atom | None:
    """A function that gives what it gets; `simplify` looks whether the type is the same."""
    return inputs[0]


# --- numbers --------------------------------------------------------------------------------------


def _number(writer: Writer, equation: Equation, inputs: list[Atom]) -> Atom | None:
    """Write a constant of one value as a number, beside an operand that says shape and dtype."""
    kind = equation.outputs[0].type
    for place, (constant, other) in enumerate(zip(inputs, inputs[::-1], strict=True)):
        value = uniform(constant)
        plain = kind.dtype.char in "fd" and isinstance(value, float) and math.isfinite(value)
        if plain and hasattr(type_of_atom(constant), "dtype") and type_of_atom(other) == kind:
            numbers = [Constant(value), other] if place == 0 else [other, Constant(value)]
            return _emit(writer, equation, equation.primitive.name, *numbers)
    return None


def _factor_one(writer: Writer, equation: Equation, inputs: list[Atom]) -> Atom | None:
    """1 * x = x * 1 = x; -1 * x = -x."""
    for constant, other in (inputs, inputs[::-1]):
        value = uniform(constant)
        if isinstance(other, Variable) and not isinstance(value, bool):
            if value == 1:
                return other
            if value == -1 and type_of_atom(other) == equation.outputs[0].type:
                return _emit(writer, equation, "negative", other)
    return None


def _contract_with_number(writer: Writer, equation: Equation, inputs: list[Atom]) -> Atom | None:
    """The contraction of an array and a number without axes is a multiple."""
    *terms, out = equation.params["spec"].replace("->", ",").split(",")
    for place, (number, other) in enumerate(zip(inputs, inputs[::-1], strict=True)):
        value = uniform(number)
        if terms[place] == "" and terms[1 - place] == out and isinstance(value, (int, float)):
            return _emit(writer, equation, "multiply", other, Constant(value))
    return None


def _divisor(writer: Writer, equation: Equation, inputs: list[Atom]) -> Atom | None:
    """X / 1 = x; a division by a power of two is a multiplication."""
    x, y = inputs
    value, out = uniform(y), equation.outputs[0].type
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    if value == 1:
        return x
    small = 2.0**-100 < abs(value) < 2.0**100  # float32 holds these and their inverses
    if small and abs(math.frexp(value)[0]) == 0.5:
        if out.dtype.char in "fd" and type_of_atom(x) == out:
            return _emit(writer, equation, "multiply", x, Constant(1 / value))
    return None


def _add_zero(writer: Writer, equation: Equation, inputs: list[Atom]) -> Atom | None:
    """X + 0 = 0 + x = x."""
    x, y = inputs
    if uniform(y) == 0 and isinstance(x, Variable):
        return x
    if uniform(x) == 0 and isinstance(y, Variable):
        return y
    return None


def _subtract_zero(writer: Writer, equation: Equation, inputs: list[Atom]) -> Atom | None:
    """X - 0 = x."""
    return inputs[0] if uniform(inputs[1]) == 0 else None


# --- signs ----------------------------------------------------------------------------------------


def _opposite(writer: Writer, atom: Atom) -> Atom | None:
    """What an atom is the negative of."""
    negated = writer.maker(atom, "negative")
    return None if negated is None else negated.inputs[0]


def _negative(writer: Writer, equation: Equation, inputs: list[Atom]) -> Atom | None:
    """-(-x) = x."""
    return _opposite(writer, inputs[0])


def _add_itself(writer: Writer, equation: Equation, inputs: list[Atom]) -> Atom | None:
    """X + x = 2 x, which is a factor."""
    x, y = inputs
    if x is not y or equation.outputs[0].dtype.char not in "fdFD":
        return None
    return _emit(writer, equation, "multiply", x, Constant(2.0))


def _add_negative(writer: Writer, equation: Equation, inputs: list[Atom]) -> Atom | None:
    """X + (-y) = x - y."""
    for x, y in (inputs, inputs[::-1]):
        opposite = _opposite(writer, y)
        if opposite is not None:
            return _emit(writer, equation, "subtract", x, opposite)
    return None


def _subtract_negative(writer: Writer, equation: Equation, inputs: list[Atom]) -> Atom | None:
    """X - (-y) = x + y."""
    opposite = _opposite(writer, inputs[1])
    return None if opposite is None else _emit(writer, equation, "add", inputs[0], opposite)


def _two_negatives(writer: Writer, equation: Equation, inputs: list[Atom]) -> Atom | None:
    """(-x) * (-y) = x * y."""
    x, y = [_opposite(writer, a) for a in inputs]
    if x is None or y is None:
        return None
    return _emit(writer, equation, equation.primitive.name, x, y)


# --- powers ---------------------------------------------------------------------------------------


def _square(writer: Writer, equation: Equation, inputs: list[Atom]) -> Atom | None:
    """One way to write a square, so that it is shared."""
    if equation.outputs[0].dtype.char not in "fd":
        return None
    return _emit(writer, equation, "multiply", inputs[0], inputs[0])


def _power(writer: Writer, equation: Equation, inputs: list[Atom]) -> Atom | None:
    """Write powers without logarithms: whole ones as products, and as NumPy does 1/2 and -1."""
    x, y = inputs
    exponent = uniform(y)
    if isinstance(exponent, bool) or not isinstance(exponent, (int, float)):
        return None
    if exponent == 0:
        return spread(1, equation.outputs[0].type)
    floating = equation.outputs[0].dtype.char in "fd"
    if floating and not hasattr(type_of_atom(y), "dtype"):
        if exponent == 0.5:
            return _emit(writer, equation, "sqrt", x)
        if exponent == -1:
            return _emit(writer, equation, "reciprocal", x)
    if exponent not in range(1, 9 if floating else 4):
        return None
    power, square, rest = None, x, int(exponent)
    while rest:
        if rest % 2:
            power = square if power is None else _emit(writer, equation, "multiply", power, square)
        rest //= 2
        if rest:
            square = _emit(writer, equation, "multiply", square, square)
    return power


# --- zero cotangents ------------------------------------------------------------------------------


def _zero_cotangent(writer: Writer, equation: Equation, inputs: list[Atom]) -> Atom | None:
    """A zero cotangent stays zero, whatever the derivative."""
    return spread(0, equation.outputs[0].type) if uniform(inputs[0]) == 0 else None


def _scale_needlessly(writer: Writer, equation: Equation, inputs: list[Atom]) -> Atom | None:
    """Zeros of a cotangent need no guard if it has none, or if the derivative is finite."""
    g = uniform(inputs[0])
    if (g is not None and g == g and g != 0) or _finite(writer, inputs[1]):
        return _emit(writer, equation, "multiply", *inputs)
    return None


def _product_with_number(writer: Writer, equation: Equation, inputs: list[Atom]) -> Atom | None:
    """Zeros need no guard from a number that is finite, and not zero."""
    for number in map(uniform, inputs):
        if isinstance(number, (int, float)) and number and math.isfinite(number):
            return _emit(writer, equation, "multiply", *inputs)
    return None


def _finite(writer: Writer, atom: Atom, depth: int = 4) -> bool:
    """Whether a value is certainly finite: a function of operands that may be NaN is not."""
    if isinstance(atom, Constant):
        value = atom.value if uniform(atom) is None else uniform(atom)
        looked_at = not isinstance(value, np.ndarray) or value.size <= LARGEST
        return looked_at and isinstance(value, PLAIN) and bool(np.isfinite(value).all())
    e = writer.maker(atom, "astype", "negative", "where", "broadcast_to", "reshape", "transpose")
    if e is None or not depth:
        return False
    if e.primitive.name == "astype":
        return bool(type_of_atom(e.inputs[0]).dtype == np.dtype(bool))
    sources = e.inputs[1:] if e.primitive.name == "where" else e.inputs
    return all([_finite(writer, a, depth - 1) for a in sources])


# --- choices --------------------------------------------------------------------------------------


def _choice(writer: Writer, equation: Equation, inputs: list[Atom]) -> Atom | None:
    """A condition that is known, or does not matter."""
    condition, x, y = inputs
    known = uniform(condition)
    chosen = x if known or x is y else y if known is not None else None
    if not isinstance(chosen, Variable):
        return None
    out = equation.outputs[0].type
    if chosen.shape != out.shape:
        return writer.emit("broadcast_to", (chosen,), {"shape": out.shape}, equation.line)
    return chosen


# --- shapes ---------------------------------------------------------------------------------------


def _transpose(writer: Writer, equation: Equation, inputs: list[Atom]) -> Atom | None:
    """Two transpositions are one, or none."""
    axes, source = equation.params["axes"], inputs[0]
    before = writer.maker(source, "transpose")
    if before is not None:
        axes, source = tuple([before.params["axes"][i] for i in axes]), before.inputs[0]
    if axes == tuple(range(len(axes))):
        return source
    if before is None:
        return None
    return writer.emit("transpose", (source,), {"axes": axes}, equation.line)


def _chain(writer: Writer, equation: Equation, inputs: list[Atom]) -> Atom | None:
    """Two reshapes, broadcasts or sums to a shape are one, or none."""
    name, out = equation.primitive.name, equation.outputs[0].type
    before = writer.maker(inputs[0], name)
    source = inputs[0] if before is None else before.inputs[0]
    if type_of_atom(source) == out:
        return source
    if before is None:
        return None
    return writer.emit(name, (source,), {"shape": out.shape}, equation.line)


def _sum_of_sum(writer: Writer, equation: Equation, inputs: list[Atom]) -> Atom | None:
    """Sum over all the axes at once."""
    axis, keepdims = equation.params["axis"], equation.params["keepdims"]
    before = writer.maker(inputs[0], "sum")
    if before is None or before.params["keepdims"] != keepdims:
        return None
    first = before.params["axis"]
    (source,) = before.inputs
    left = [i for i in range(len(shape_of(source))) if keepdims or i not in first]
    axes = tuple(sorted({*first, *(left[i] for i in axis)}))
    return writer.emit("sum", (source,), {"axis": axes, "keepdims": keepdims}, equation.line)


def _sum_of_copies(writer: Writer, equation: Equation, inputs: list[Atom]) -> Atom | None:
    """The sum of n copies is n times the value."""
    copied = writer.maker(inputs[0], "broadcast_to")
    out = equation.outputs[0].type
    if copied is None or out.dtype.char not in "fd" or not out.size:
        return None
    (source,) = copied.inputs
    whole = type_of_atom(inputs[0])
    lead = whole.ndim - len(shape_of(source))
    before = (1,) * lead + shape_of(source)
    if equation.primitive.name == "sum":
        axes = set(equation.params["axis"])
    else:
        after = (1,) * (whole.ndim - out.ndim) + out.shape
        axes = {i for i, n in enumerate(after) if n == 1}
    if any(before[i] != 1 for i in axes) or not whole.size:
        return None  # some of what is summed differs
    kept = tuple([1 if i in axes else n for i, n in enumerate(whole.shape)])
    count = Constant(whole.size // math.prod(kept))
    total = _emit(writer, equation, "multiply", source, count)
    if before != kept:
        total = writer.emit("broadcast_to", (total,), {"shape": kept}, equation.line)
    if shape_of(total) != out.shape:
        total = writer.emit("reshape", (total,), {"shape": out.shape}, equation.line)
    return total


def _conversions(writer: Writer, equation: Equation, inputs: list[Atom]) -> Atom | None:
    """A conversion to the same dtype, or to a wider one and back."""
    out = equation.outputs[0].type
    before = writer.maker(inputs[0], "astype")
    if before is not None and type_of_atom(before.inputs[0]) == out:
        if np.can_cast(out.dtype, before.outputs[0].dtype, "safe"):
            return before.inputs[0]
    return inputs[0]


RULES: dict[str, tuple[Rule, ...]] = {
    "positive": (_same,),
    "copy": (_same,),
    "stop_gradient": (_same,),
    "negative": (_negative,),
    "add": (_add_zero, _add_itself, _add_negative, _number),
    "subtract": (_subtract_zero, _subtract_negative, _number),
    "multiply": (_factor_one, _two_negatives, _number),
    "divide": (_divisor, _two_negatives, _number),
    "scale": (_zero_cotangent, _factor_one, _scale_needlessly),
    "product": (_product_with_number,),
    "contract": (_contract_with_number,),
    "square": (_square,),
    "power": (_power,),
    "where": (_choice,),
    "astype": (_conversions,),
    "transpose": (_transpose,),
    "reshape": (_chain,),
    "broadcast_to": (_chain,),
    "sum_to": (_chain, _sum_of_copies),
    "sum": (_sum_of_sum, _sum_of_copies),
}
