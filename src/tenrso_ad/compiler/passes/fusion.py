"""Fusion: runs of operations that need no library call become one kernel each.

Equations are dealt out in turns: all that a kernel can compute now, then all library calls that
are ready, and so on. A turn of the first kind becomes one equation ``fused``, whose param ``body``
is a graph of its own; how its loops are laid out is decided when it is written (`..loops`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ...engine.array_type import ArrayType
from ...engine.graph import Atom, Equation, Graph, Variable, shape_rules
from ...engine.primitive import Primitive
from ...engine.trace import evaluation
from ...ops.contraction.lowering import lower
from ..expressions import VIEWS, fusable
from ..layout import layout_of
from ..rewriting import Writer, shape_of

fused_p = Primitive("fused", multiple_results=True)
evaluation[fused_p] = lambda *values, body: tuple(body.evaluate(*values))


def _fused_shape(*types: ArrayType, body: Graph) -> tuple[ArrayType, ...]:
    if types != tuple(v.type for v in body.inputs):
        raise ValueError(f"the body takes {[str(v.type) for v in body.inputs]}")
    return tuple(o.type for o in body.outputs if isinstance(o, Variable))


shape_rules[fused_p] = _fused_shape

LARGEST = 2000
"""Operations of the largest kernel: the time to compile one grows with its length."""


def fuse(graph: Graph) -> Graph:
    """Gather fusable equations into kernels."""
    graph = _in_order_of_products(graph)
    views: dict[Atom, Equation] = {}
    for e in graph.equations:
        if e.primitive.name in VIEWS and isinstance(e.inputs[0], Variable):
            views[e.outputs[0]] = e
            if layout_of(e.outputs[0], views) is None:  # a reshape that copies
                del views[e.outputs[0]]
    waiting = [e for e in graph.equations if e.outputs[0] not in views]
    known: set[Atom] = set(graph.inputs)
    turns: list[list[Equation]] = []
    while waiting:
        for native in (True, False):
            turn, waiting = _take_turn(waiting, views, known, native)
            if native:
                turns += [turn[i : i + LARGEST] for i in range(0, len(turn), LARGEST)]
            else:
                turns += [[e] for e in turn]
    return _assemble(graph, turns, views)


def _in_order_of_products(graph: Graph) -> Graph:
    """Let contractions keep the order in which a BLAS computes them; others look at it turned."""
    writer = Writer(graph)
    for e in graph.equations:
        axes = _turned(e)
        if axes is None:
            writer.keep(e)
            continue
        operands, out = e.params["spec"].split("->")
        natural = "".join(out[axes.index(i)] for i in range(len(out)))
        inputs = [writer.read(a) for a in e.inputs]
        spec = {**e.params, "spec": f"{operands}->{natural}"}
        product = writer.emit(e.primitive, inputs, spec, e.line)
        turned = writer.emit("transpose", (product,), {"axes": axes}, e.line)
        writer.become(e.outputs[0], turned)
    return writer.finish()


def _turned(equation: Equation) -> tuple[int, ...] | None:
    """How the product of a contraction has to be turned; None where it need not be."""
    if equation.primitive.name != "contract" or equation.outputs[0].dtype.char not in "fd":
        return None
    recipe = lower(equation.params["spec"], *map(shape_of, equation.inputs)).recipe
    return None if recipe.operation == "multiply" else recipe.axes


def _take_turn(
    waiting: list[Equation], views: Mapping[Atom, Equation], known: set[Atom], native: bool
) -> tuple[list[Equation], list[Equation]]:
    """Take the equations of one kind that can be computed now."""
    turn, rest = [], []
    fresh: set[Atom] = set()
    for e in waiting:
        sources = {root(a, views) for a in e.inputs if isinstance(a, Variable)}
        ready = sources <= known or (native and sources <= known | fresh)
        if ready and fusable(e) == native:
            turn.append(e)
            fresh.update(e.outputs)
        else:
            rest.append(e)
    known |= fresh
    return turn, rest


def root(atom: Atom, views: Mapping[Atom, Equation]) -> Atom:
    """What an atom is a view of."""
    while atom in views:
        atom = views[atom].inputs[0]
    return atom


def _assemble(
    graph: Graph, turns: Iterable[list[Equation]], views: Mapping[Atom, Equation]
) -> Graph:
    """Write the turns down, with views beside whoever reads them."""
    turns = list(turns)
    readers: dict[Atom, set[int]] = {}  # which turns read a value, views looked through
    for number, turn in enumerate(turns):
        for e in turn:
            for a in e.inputs:
                readers.setdefault(root(a, views), set()).add(number)
    for o in graph.outputs:
        readers.setdefault(root(o, views), set()).add(-1)
    equations: list[Equation] = []
    placed: set[Atom] = set()

    def view(atom: Atom, into: list[Equation], have: set[Atom]) -> None:
        if atom in views and atom not in have:
            view(views[atom].inputs[0], into, have)
            have.add(atom)
            into.append(views[atom])

    for number, turn in enumerate(turns):
        if not turn:
            continue
        if not fusable(turn[0]):
            for a in turn[0].inputs:
                view(a, equations, placed)
            equations.append(turn[0])
            continue
        body: list[Equation] = []
        have: set[Atom] = set()
        for e in turn:
            for a in e.inputs:
                view(a, body, have)
            body.append(e)
        inside = {v for e in body for v in e.outputs}
        inputs = tuple(
            dict.fromkeys(
                a for e in body for a in e.inputs if isinstance(a, Variable) and a not in inside
            )
        )
        outputs = tuple(v for e in turn for v in e.outputs if readers.get(v, set()) - {number})
        graph_of_body = Graph(inputs, tuple(body), outputs)
        equations.append(Equation(fused_p, inputs, outputs, {"body": graph_of_body}))
    for o in graph.outputs:
        view(o, equations, placed)
    return Graph(graph.inputs, tuple(equations), graph.outputs)
