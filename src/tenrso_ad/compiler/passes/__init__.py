"""The passes in the order in which they run; each turns a graph into one that computes the same."""

from collections.abc import Callable, Sequence

from ...engine.errors import ArgumentError
from ...engine.graph import Graph
from .algebra import simplify
from .common import share_common
from .constants import bake_constants, fold_constants
from .dead import remove_dead
from .fusion import fuse

PASSES: dict[str, Callable[[Graph], Graph]] = {
    "fold_constants": fold_constants,
    "simplify": simplify,
    "share_common": share_common,
    "remove_dead": remove_dead,
    "fuse": fuse,
}
"""By name; all but the last are repeated until the graph gets no smaller."""

ROUNDS = 10


def optimised(graph: Graph, names: Sequence[str]) -> Graph:
    """Run the passes of these names.

    Raises
    ------
    ArgumentError
        A name that no pass has.
    """
    unknown = [n for n in names if n not in PASSES]
    if unknown:
        raise ArgumentError(f"compile: there is no pass {unknown[0]!r}; there are {list(PASSES)}")
    graph = bake_constants(graph)
    before = None
    for _ in range(ROUNDS):
        size = (len(graph.equations), str(graph.counts()))
        if size == before:
            break
        before = size
        for name, apply in PASSES.items():
            if name in names and name != "fuse":
                graph = apply(graph)
    return fuse(graph) if "fuse" in names else graph
