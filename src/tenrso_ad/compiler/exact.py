"""The part of a graph that a kernel computes to the last bit as NumPy does, and what is around it.

A kernel is given operations that are rounded correctly, or only choose. Elementary functions go
before it, sums and the like after it, and NumPy computes both.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ..engine.graph import Atom, Constant, Equation, Graph, Variable
from ..ops.elementwise import less, logical_or
from ..ops.pointwise import operations
from ..ops.saturating import usual, usual_from
from .expressions import VIEWS, fusable
from .passes.common import share_common
from .passes.constants import bake_constants
from .passes.dead import remove_dead
from .passes.fusion import fuse
from .plain import PlainProgram
from .program import Program
from .rewriting import Writer, uniform

EXACT = frozenset(
    {
        *("add", "subtract", "multiply", "divide", "negative", "positive", "reciprocal", "square"),
        *("sqrt", "stop_gradient", "copy", "astype", "where", "relu", "absolute", "fabs", "sign"),
        *("scale", "product", "share", "softsign", "isnan", "isfinite", "isinf", "ties"),
        *("equal", "not_equal", "greater", "greater_equal", "less", "less_equal"),
        *("logical_and", "logical_or", "logical_xor", "logical_not"),
        *("maximum", "minimum", "at_least", "at_most"),
    }
)
"""Operations of which a kernel gives NumPy's result; only a zero may have the other sign."""


class ExactProgram:
    """A graph whose correctly rounded part is one kernel.

    Parameters
    ----------
    graph : Graph
    rare_cases : bool
        Leave derivatives that have rare cases to NumPy. Otherwise the kernel computes what is
        usual, and a mask of the elements of which that is wrong.

    Raises
    ------
    ValueError
        There is nothing in it for a kernel.
    """

    def __init__(self, graph: Graph, *, rare_cases: bool) -> None:
        results = len(graph.outputs)
        graph = self._rewritten(bake_constants(graph), rare_cases)
        self._masked = len(graph.outputs) > results
        graph = remove_dead(share_common(graph))
        first, kernel, last = _parts(graph)
        fused = fuse(kernel)
        if [e.primitive.name for e in fused.equations] != ["fused"]:
            raise ValueError("there is no part of the graph for one kernel")
        self._kernel = Program(fused).build()
        self.source = self._kernel.source
        self._steps: list[tuple[tuple[Variable, ...], Callable[..., list[Any]], Any]] = [
            (part.inputs, program.run, part.outputs)
            for part, program in (
                (first, PlainProgram(first)),
                (kernel, self._kernel),
                (last, PlainProgram(last)),
            )
            if part.equations
        ]
        self._inputs, self._outputs = graph.inputs, graph.outputs
        self._direct = self._inputs == kernel.inputs and self._outputs == kernel.outputs

    def run(self, *arrays: Any) -> tuple[list[Any], Any]:
        """Compute; gives the results, and the mask of wrong elements where there can be any."""
        if self._direct:
            results = self._kernel.run(*arrays)
        else:
            values: dict[Atom, Any] = dict(zip(self._inputs, arrays, strict=True))
            for inputs, step, outputs in self._steps:
                values.update(zip(outputs, step(*[values[v] for v in inputs]), strict=True))
            results = [o.value if isinstance(o, Constant) else values[o] for o in self._outputs]
        return results, results.pop() if self._masked else None

    def _rewritten(self, graph: Graph, rare_cases: bool) -> Graph:
        """Write powers as NumPy computes them, and slopes as they usually are."""
        writer = Writer(graph)
        mask: Atom | None = None
        for e in graph.equations:
            name = e.primitive.name
            if name == "power" and uniform(e.inputs[1]) in (1, 2):
                become = "square" if uniform(e.inputs[1]) == 2 else "positive"
                base = writer.read(e.inputs[0])
                writer.become(e.outputs[0], writer.emit(operations[become].name, [base]))
            elif name in usual and not rare_cases:
                slope = writer.splice(usual[name], [writer.read(e.inputs[1])])
                writer.become(e.outputs[0], slope)
                limit = usual_from(e.outputs[0].dtype)
                wrong = writer.splice(lambda s, least=limit: less(s, least), [slope])
                mask = wrong if mask is None else writer.splice(logical_or, [mask, wrong])
            else:
                writer.keep(e)
        done = writer.finish()
        return Graph(
            done.inputs, done.equations, done.outputs if mask is None else (*done.outputs, mask)
        )


def _parts(graph: Graph) -> tuple[Graph, Graph, Graph]:
    """Cut a graph: what NumPy computes first, the kernel, and what NumPy computes last."""
    first: set[Atom] = set()
    for e in reversed(graph.equations):
        if any(v in first for v in e.outputs) or (
            e.primitive.name in operations and not _is_exact(e)
        ):
            first.update(e.outputs, e.inputs)
    last: set[Atom] = set()
    dealt: tuple[list[Equation], ...] = ([], [], [])
    views = {e.outputs[0]: e for e in graph.equations if e.primitive.name in VIEWS}
    for e in graph.equations:
        if e.outputs[0] in first:
            dealt[0].append(e)
        elif any(a in last for a in e.inputs) or not (_is_exact(e) or e.outputs[0] in views):
            last.update(e.outputs)
            dealt[2].append(e)
        elif e.outputs[0] not in views:  # each part looks for itself
            dealt[1].append(e)
    outside = {o for o in graph.outputs if o in views and o not in first | last}
    dealt[2].extend(views[o] for o in outside if isinstance(o, Variable))
    parts: list[Graph] = []
    needed: set[Atom] = set(graph.outputs)
    for equations in reversed(dealt):
        part = _graph_of(equations, needed, views)
        needed.update(part.inputs)
        parts.append(part)
    last_part, kernel, first_part = parts
    return first_part, kernel, last_part


def _is_exact(e: Equation) -> bool:
    return e.primitive.name in EXACT and fusable(e)


def _graph_of(equations: Sequence[Equation], needed: set[Atom], views: Any) -> Graph:
    """Make a graph of some equations and the views through which they look."""
    body: list[Equation] = []
    made: set[Atom] = set()

    def look(atom: Atom) -> None:
        if atom in views and atom not in made:
            look(views[atom].inputs[0])
            made.add(atom)
            body.append(views[atom])

    for e in equations:
        for a in e.inputs:
            look(a)
        if not made.issuperset(e.outputs):
            made.update(e.outputs)
            body.append(e)
    outside = (a for e in body for a in e.inputs if isinstance(a, Variable) and a not in made)
    own = dict.fromkeys(v for e in equations for v in e.outputs if v in needed)
    return Graph(tuple(dict.fromkeys(outside)), tuple(body), tuple(own))
