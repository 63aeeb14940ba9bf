"""The passes in the order in which they run; each turns a graph into one that computes the same."""

from collections.abc import Callable, Sequence

from ...engine.errors import ArgumentError
from ...engine.graph import Graph
from ..report import Report
from .algebra import simplify
from .common import share_common
from .constants import bake_constants, fold_constants
from .dead import remove_dead
from .decompose import decompose
from .einsum import replan
from .fusion import fuse
from .least_squares import multiply_out
from .schedule import schedule

PASSES: dict[str, Callable[[Graph], Graph]] = {
    "fold_constants": fold_constants,
    "decompose": decompose,
    "simplify": simplify,
    "share_common": share_common,
    "least_squares": multiply_out,
    "replan": replan,
    "remove_dead": remove_dead,
    "fuse": fuse,
    "schedule": schedule,
}
"""By name; all but the last two are repeated until the graph stays as it is."""

LAST = ("fuse", "schedule")
"""Passes that run once, after the others."""

DEFAULT = tuple([n for n in PASSES if n != "least_squares"])
"""The passes that run unless others are named: those that keep all digits."""

FOR_KERNELS = frozenset({"decompose", "fuse"})
"""Passes that serve kernels only."""


def optimised(
    graph: Graph, names: Sequence[str], max_iterations: int, *, verify: bool = False
) -> tuple[Graph, Report]:
    """Run the passes of these names.

    Parameters
    ----------
    graph : Graph
    names : sequence of str
    max_iterations : int
        How often the passes before fusion are repeated at most; they stop when nothing changes.
    verify : bool
        Check the graph after each pass.

    Raises
    ------
    ArgumentError
        A name that no pass has.
    """
    unknown = [n for n in names if n not in PASSES]
    if unknown:
        raise ArgumentError(f"compile: there is no pass {unknown[0]!r}; there are {list(PASSES)}")
    report = Report()

    done: dict[str, object] = {}  # the graph that each pass gave last

    def run(name: str, graph: Graph) -> Graph:
        if done.get(name) == shape_of_graph(graph):
            return graph  # a second run changes nothing
        after = PASSES[name](graph)
        done[name] = shape_of_graph(after)
        report.note(name, graph, after)
        return after.verify() if verify else after

    graph = bake_constants(graph)
    repeated = [n for n in PASSES if n in names and n not in LAST]
    for _ in range(max_iterations):
        before = shape_of_graph(graph)
        for name in repeated:
            graph = run(name, graph)
        if shape_of_graph(graph) == before:
            break
    for name in LAST:
        if name in names:
            graph = run(name, graph)
    return graph, report


def shape_of_graph(graph: Graph) -> tuple[object, ...]:
    """Equal for graphs that a round of passes has not changed."""
    return tuple([(e.primitive, e.inputs) for e in graph.equations]), graph.outputs
