"""Algebraic simplification: identities that change no result beyond rounding.

Each rule is a function of the equation's inputs as they stand in the new graph; it returns the atom
that takes the result's place, or None where it does not apply.
"""

from __future__ import annotations

from collections.abc import Callable

from ...engine.graph import Atom, Equation, Graph, Variable
from ..rewriting import Writer, spread, type_of_atom, uniform

Rule = Callable[[Writer, Equation, list[Atom]], Atom | None]


def simplify(graph: Graph) -> Graph:
    """Apply the rules to each equation, in order, until none applies."""
    writer = Writer(graph)
    for equation in graph.equations:
        inputs = [writer.read(a) for a in equation.inputs]
        replacement = None
        for rule in RULES.get(equation.primitive.name, ()):
            replacement = rule(writer, equation, inputs)
            if replacement is not None:
                break
        if replacement is not None and type_of_atom(replacement) == equation.outputs[0].type:
            writer.become(equation.outputs[0], replacement)
        else:
            writer.keep(equation)
    return writer.finish()


def _factor_one(writer: Writer, equation: Equation, inputs: list[Atom]) -> Atom | None:
    """1 * x = x * 1 = x."""
    x, y = inputs
    if uniform(x) == 1 and isinstance(y, Variable):
        return y
    if uniform(y) == 1 and isinstance(x, Variable):
        return x
    return None


def _divisor_one(writer: Writer, equation: Equation, inputs: list[Atom]) -> Atom | None:
    """X / 1 = x."""
    return inputs[0] if uniform(inputs[1]) == 1 else None


def _scale_by_nonzero(writer: Writer, equation: Equation, inputs: list[Atom]) -> Atom | None:
    """A cotangent that is a nonzero number needs no guard of its zeros."""
    g = uniform(inputs[0])
    if g is None or g == 0 or g != g:
        return None
    return writer.emit("multiply", inputs, line=equation.line)


def _zero_cotangent(writer: Writer, equation: Equation, inputs: list[Atom]) -> Atom | None:
    """A zero cotangent stays zero, whatever the derivative."""
    return spread(0, equation.outputs[0].type) if uniform(inputs[0]) == 0 else None


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


def _small_power(writer: Writer, equation: Equation, inputs: list[Atom]) -> Atom | None:
    """Write small whole powers as products, which is also how NumPy computes squares."""
    x, y = inputs
    exponent = uniform(y)
    if exponent == 1:
        return x
    if exponent == 2:
        return writer.emit("multiply", (x, x), line=equation.line)
    if exponent == 3:
        square = writer.emit("multiply", (x, x), line=equation.line)
        return writer.emit("multiply", (square, x), line=equation.line)
    return None


def _same_shape(writer: Writer, equation: Equation, inputs: list[Atom]) -> Atom | None:
    """A view that changes nothing."""
    if equation.primitive.name == "transpose":
        axes = equation.params.get("axes")
        return inputs[0] if axes is not None and list(axes) == sorted(axes) else None
    return inputs[0]


RULES: dict[str, tuple[Rule, ...]] = {
    "multiply": (_factor_one,),
    "scale": (_zero_cotangent, _factor_one, _scale_by_nonzero),
    "divide": (_divisor_one,),
    "add": (_add_zero,),
    "subtract": (_subtract_zero,),
    "power": (_small_power,),
    "reshape": (_same_shape,),
    "broadcast_to": (_same_shape,),
    "sum_to": (_same_shape,),
    "astype": (_same_shape,),
    "transpose": (_same_shape,),
}
