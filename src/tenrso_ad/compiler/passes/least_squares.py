"""Squared differences from a model of few parameters, without the model's entries.

The sum of the squares of ``X - M``, and its gradient, are multiplied out: ``sum(X * X) - 2 sum(X *
M) + sum(M * M)``. Where M is a product of small factors (CP, Tucker, a tensor train), each part is
a contraction of the factors that never forms M: the products of X with them are MTTKRPs, those of M
with itself come from Gram matrices.

Not one of the default passes: the parts are large beside their sum when the model fits well. Where
the sum is below the rounding of ``sum(X * X)``, no digit of it is left.
"""

from __future__ import annotations

from ...engine.graph import Atom, Constant, Equation, Graph, Variable
from ...engine.primitive import registry
from ..networks.editing import Editor
from ..networks.reading import only_looks
from ..rewriting import shape_of

LARGEST = 16
"""Factors of the largest network that is planned as a whole."""

WORTH = 1.25
"""What the parts may cost, beside what they replace, for the memory that they save."""

SUMMANDS = 4
"""How many parts a difference is taken apart into, at most."""


def multiply_out(graph: Graph) -> Graph:
    """Multiply out differences of which only sums of products are needed, where that is cheaper."""
    differences = [e for e in graph.equations if e.primitive.name == "subtract"]
    if not differences:
        return graph
    editor = Editor(graph, LARGEST)
    squares: list[Variable] = []
    for e in differences:
        (value,) = e.outputs
        if value.shape and editor.makers.get(value) is e:
            parts = _summands(editor, e)
            opened = _products(editor, parts)
            found = _squares(editor, value, parts)
            if editor.attempt([value, *opened], opened, parts.__contains__, WORTH):
                squares += found
    return _at_least_zero(editor.finish(), squares)


def _summands(editor: Editor, difference: Equation) -> dict[Equation, None]:
    """The sums and differences that a difference is made of."""
    found = {difference: None}
    waiting: list[Atom] = list(difference.inputs)
    while waiting and len(found) < SUMMANDS - 1:
        atom = waiting.pop()
        e = editor.makers.get(atom)
        if e is None or shape_of(atom) != difference.outputs[0].shape:
            continue
        if e.primitive.name in ("add", "subtract"):
            found[e] = None
            waiting += e.inputs
        elif only_looks(e) and editor.linear[e]:
            waiting += e.inputs
    return found


def _products(editor: Editor, parts: dict[Equation, None]) -> set[Variable]:
    """All products that the parts are made of, and those that they go into."""
    found: set[Variable] = set()
    waiting = list(parts)
    while waiting:
        e = waiting.pop()
        for a in e.inputs:
            maker = editor.makers.get(a)
            if isinstance(a, Variable) and a.shape and maker is not None and a not in found:
                if editor.linear[maker]:
                    found.add(a)
                    waiting.append(maker)
    upward = [*found, *(e.outputs[0] for e in parts)]
    while upward:
        for user in editor.users.get(upward.pop(), ()):
            out = user.outputs[0]
            if editor.linear[user] and out.shape and out not in found:
                found.add(out)
                upward.append(out)
    return found


def _squares(editor: Editor, value: Variable, parts: dict[Equation, None]) -> list[Variable]:
    """Sums of nothing but squares of a value."""
    found = []
    for root in editor.roots([value], set(), parts.__contains__):
        networks = editor.networks(root)
        if len(networks) == 1:
            (network,) = networks
            atoms, terms = [a for a, _ in network.factors], {t for _, t in network.factors}
            if atoms == [value, value] and len(terms) == 1 and not network.scalars:
                if not isinstance(network.number, complex) and network.number > 0:
                    found.append(root)
    return found


def _at_least_zero(graph: Graph, values: list[Variable]) -> Graph:
    """Keep what rounding makes negative from going into square roots."""
    if not values:
        return graph
    equations: list[Equation] = []
    for e in graph.equations:
        (out, *others) = e.outputs
        if others or out not in values:
            equations.append(e)
            continue
        total = Variable(out.type)
        equations.append(Equation(e.primitive, e.inputs, (total,), e.params, e.line))
        inputs = (total, Constant(0.0))
        equations.append(Equation(registry["maximum"], inputs, (out,), {}, e.line))
    return Graph(graph.inputs, tuple(equations), graph.outputs)
