"""Constant folding: what does not depend on the inputs is computed once."""

from __future__ import annotations

import numpy as np

from ...engine.array_type import type_of
from ...engine.graph import Atom, Constant, Equation, Graph
from ...engine.trace import Tracer, bind
from ...ops.pointwise import operations
from ..rewriting import Writer, shape_of, spread, uniform

LARGEST = 1 << 20
"""Elements of the largest array that a folded constant may take."""

COMPARED = 1 << 16
"""Elements of the largest constants that are compared, to let equal ones be one."""


def bake_constants(graph: Graph) -> Graph:
    """Take copies of the arrays that the function closes over; arrays of one value become small.

    Derivatives are full of arrays of ones, which were made while the function was staged.
    """
    baked: dict[Atom, Atom] = {}
    equal: dict[object, Atom] = {}

    def bake(atom: Atom) -> Atom:
        if not isinstance(atom, Constant) or type(atom.value) is not np.ndarray:
            return atom
        if atom not in baked:
            value = atom.value
            first = value[(0,) * value.ndim] if value.size else None
            one = value.size > 0 and bool((value == first).all())
            if one or value.size > COMPARED:
                baked[atom] = spread(first, type_of(value)) if one else Constant(value.copy())
            else:
                key = (value.dtype.str, value.shape, value.tobytes())
                baked[atom] = equal.setdefault(key, Constant(value.copy()))
        return baked[atom]

    equations = [
        Equation(e.primitive, tuple(map(bake, e.inputs)), e.outputs, e.params, e.line)
        for e in graph.equations
    ]
    return Graph(graph.inputs, tuple(equations), tuple(map(bake, graph.outputs)))


def fold_constants(graph: Graph) -> Graph:
    """Compute the equations whose inputs are all constants."""
    writer = Writer(graph)
    for equation in graph.equations:
        inputs = [writer.read(a) for a in equation.inputs]
        if not all(isinstance(a, Constant) and not isinstance(a.value, Tracer) for a in inputs):
            writer.keep(equation)
            continue
        results = _compute(equation, [a for a in inputs if isinstance(a, Constant)])
        if results is None:
            writer.keep(equation)
        else:
            for variable, result in zip(equation.outputs, results, strict=True):
                writer.become(variable, result)
    return writer.finish()


def _compute(equation: Equation, inputs: list[Constant]) -> list[Constant] | None:
    kinds = [v.type for v in equation.outputs]
    if equation.primitive.name in operations or equation.primitive.name in ("scale", "where"):
        values = [uniform(a) for a in inputs]
        if not any(v is None for v in values):  # one element says it all
            dtyped = [
                np.asarray(v, a.value.dtype) if hasattr(a.value, "dtype") else v
                for v, a in zip(values, inputs, strict=True)
            ]
            with np.errstate(all="ignore"):
                return [spread(bind(equation.primitive, dtyped, equation.params), kinds[0])]
    if equation.primitive.name == "broadcast_to":
        return [Constant(np.broadcast_to(np.asarray(inputs[0].value), kinds[0].shape))]
    if sum(k.size for k in kinds) > max(LARGEST, *(int(np.prod(shape_of(a))) for a in inputs)):
        return None
    with np.errstate(all="ignore"):
        out = bind(equation.primitive, [a.value for a in inputs], equation.params)
    return [Constant(o) for o in (out if equation.primitive.multiple_results else (out,))]
