"""The order of kernels and calls: one in which fewer bytes live at a time, if there is one.

Of the equations that can be computed next, the one comes first that frees most bytes, less those
that it makes. Such a list schedule can also need more than the order that was there; then nothing
changes.
"""

from __future__ import annotations

from ...engine.graph import Atom, Equation, Graph, Variable
from ..layout import views_of
from ..statistics import peak_memory
from .fusion import root

WINDOW = 32
"""How many of the equations that are ready are compared, the earliest: what is near stays near."""


def schedule(graph: Graph) -> Graph:
    """Order the equations so that less memory is needed at a time."""
    least = peak_memory(graph)
    while True:
        other = _by_freed_bytes(graph)
        peak = peak_memory(other)
        if peak >= least:
            return graph
        graph, least = other, peak


def _by_freed_bytes(graph: Graph) -> Graph:
    views = views_of(graph)
    tasks = [e for e in graph.equations if e.outputs[0] not in views]
    maker = {v: k for k, e in enumerate(tasks) for v in e.outputs}
    reads = [
        {v for v in (root(a, views) for a in e.inputs) if isinstance(v, Variable) and v in maker}
        for e in tasks
    ]
    readers: dict[Variable, list[int]] = {v: [] for v in maker}
    for k, values in enumerate(reads):
        for v in values:
            readers[v].append(k)
    kept = {root(o, views) for o in graph.outputs}
    left = {v: len(r) + (v in kept) for v, r in readers.items()}  # who still has to read a value
    missing = [len({maker[v] for v in values}) for values in reads]
    ready = [k for k, count in enumerate(missing) if not count]

    def made(k: int) -> int:
        """Bytes that live after a task but not before it."""
        new = sum(v.type.nbytes for v in tasks[k].outputs if left[v])
        return new - sum(v.type.nbytes for v in reads[k] if left[v] == 1)

    order: list[Equation] = []
    while ready:
        k = min(ready[:WINDOW], key=lambda k: (made(k), k))
        ready.remove(k)
        order.append(tasks[k])
        for v in reads[k]:
            left[v] -= 1
        for reader in {r for v in tasks[k].outputs for r in readers[v]}:
            missing[reader] -= 1
            if not missing[reader]:
                ready.append(reader)
        ready.sort()
    return _with_views(graph, order, views)


def _with_views(graph: Graph, order: list[Equation], views: dict[Atom, Equation]) -> Graph:
    """Put views before the first equation that reads them."""
    equations: list[Equation] = []
    placed: set[Atom] = set()

    def place(atom: Atom) -> None:
        if atom in views and atom not in placed:
            place(views[atom].inputs[0])
            placed.add(atom)
            equations.append(views[atom])

    for e in order:
        for a in e.inputs:
            place(a)
        equations.append(e)
    for o in graph.outputs:
        place(o)
    return Graph(graph.inputs, tuple(equations), graph.outputs)
