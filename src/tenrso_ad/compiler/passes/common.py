"""Common subexpressions: what is computed twice from the same values is computed once."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Any

import numpy as np

from ...engine.graph import Atom, Constant, Graph, Variable
from ..rewriting import Writer, type_of_atom, uniform


def share_common(graph: Graph) -> Graph:
    """Let equations with equal operations and operands share one result."""
    writer = Writer(graph)
    seen: dict[Hashable, tuple[Variable, ...]] = {}
    for equation in graph.equations:
        inputs = tuple(_identity(writer.read(a)) for a in equation.inputs)
        try:
            key = (equation.primitive, inputs, frozen(equation.params))
            earlier = seen.get(key)
        except TypeError:  # params that do not hash
            writer.keep(equation)
            continue
        if earlier is None:
            seen[key] = equation.outputs
            writer.keep(equation)
        else:
            for old, new in zip(equation.outputs, earlier, strict=True):
                writer.become(old, new)
    return writer.finish()


def _identity(atom: Atom) -> Hashable:
    """Equal for atoms that have the same value."""
    if not isinstance(atom, Constant):
        return atom
    value = uniform(atom)
    if value is None:
        return id(atom.value)
    kind = type_of_atom(atom)
    typed = kind if kind is not atom.value else type(atom.value)
    return (str(typed), repr(value))


def frozen(params: Any) -> Hashable:
    """Give params in a form that hashes."""
    if isinstance(params, Mapping):
        return tuple((k, frozen(v)) for k, v in sorted(params.items()))
    if isinstance(params, (list, tuple)):
        return tuple(frozen(v) for v in params)
    if isinstance(params, np.ndarray):
        return (params.shape, params.dtype.str, params.tobytes())
    hash(params)
    return (type(params), params)
