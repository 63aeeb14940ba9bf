"""Planning contractions anew, over a function and its derivative together.

Users write products one after another, and each derivative follows the order of the function. Here
products, transposes, broadcasts, diagonals, sums and constant factors that lead from one to another
are read as one network of factors, which is contracted in the cheapest order. What several products
have in common is computed once, wherever it stands. A product that several others read is written
out in all of them if they cost less together without it.

A graph that is as good as it can be is left as it is. Only the order of sums and products changes,
and with it the rounding; zeros beside a diagonal are not multiplied.
"""

from __future__ import annotations

from ...engine.graph import Equation, Graph, Variable
from ..networks.editing import Editor
from ..networks.reading import only_looks

LARGEST = 6
"""Factors of the largest network that is planned as a whole."""

ATTEMPTS = 200
"""Products that are opened for a try, at most."""

_SUMMING = frozenset({"contract", "sum", "sum_to", "take_diagonal", "put_diagonal"})


def replan(graph: Graph) -> Graph:
    """Contract in the cheapest order."""
    if not any([_sums(e) for e in graph.equations]):
        return graph
    editor = Editor(graph, LARGEST)
    left = ATTEMPTS
    changed = True
    while changed and left > 0:
        changed = False
        for value in _products(editor):
            if value in editor.makers and not editor.is_single(value):
                changed |= editor.attempt([value], set())
        shared = [v for v in _products(editor) if editor.reads[v] > 1 and editor.leads_on(v)]
        tries = [{v} for v in shared]
        if len(shared) > 1:
            tries.append(set(shared))
        for opened in tries:
            if left > 0 and all(v in editor.makers for v in opened):
                left -= 1
                changed |= editor.attempt(opened, opened)
    return editor.finish()


def _sums(e: Equation) -> bool:
    return e.primitive.name in _SUMMING


def _products(editor: Editor) -> list[Variable]:
    """Results of products, and of sums of products."""
    return [
        e.outputs[0]
        for slot in editor.slots
        for e in slot
        if _sums(e) and editor.linear[e] and not only_looks(e)
    ]
