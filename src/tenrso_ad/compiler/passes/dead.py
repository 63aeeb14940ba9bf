"""Dead code: what no output depends on is left out."""

from __future__ import annotations

from ...engine.graph import Atom, Graph


def remove_dead(graph: Graph) -> Graph:
    """Keep the equations that an output needs."""
    needed: set[Atom] = set(graph.outputs)
    kept = []
    for equation in reversed(graph.equations):
        if any(v in needed for v in equation.outputs):
            kept.append(equation)
            needed.update(equation.inputs)
    return Graph(graph.inputs, tuple(reversed(kept)), graph.outputs)
