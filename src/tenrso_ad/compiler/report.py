"""What the passes did to a graph."""

from __future__ import annotations

from typing import NamedTuple

from ..engine.graph import Graph
from .rematerialise import Rematerialised


class Step(NamedTuple):
    """One run of one pass.

    Attributes
    ----------
    name : str
    before, after : int
        Equations of the graph; those inside of kernels count too.
    calls : int
        Kernels and library calls after it.
    """

    name: str
    before: int
    after: int
    calls: int


class Report:
    """The passes that ran, in order, with the number of equations before and after each.

    Printed, it shows the runs that changed something, and what a memory budget led to
    (`rematerialised`, None without one).

    Examples
    --------
    >>> import numpy as np
    >>> import tenrso_ad as ta
    >>> f = ta.compile(lambda x: (x * 1.0 + 2.0) ** 2)
    >>> _ = f(np.ones(3))
    >>> print(f.report)
    pass           equations  calls
    simplify        3 ->   2      2
    fuse            2 ->   2      1
    """

    def __init__(self) -> None:
        self.steps: list[Step] = []
        self.rematerialised: Rematerialised | None = None

    def note(self, name: str, before: Graph, after: Graph) -> None:
        """Add a run of a pass."""
        self.steps.append(Step(name, size(before), size(after), len(after.equations)))

    def __str__(self) -> str:
        lines = ["pass           equations  calls"]
        for name, before, after, calls in self.steps:
            if before != after or name == "fuse":
                lines.append(f"{name:14s} {before:3d} -> {after:3d} {calls:6d}")
        if self.rematerialised is not None:
            lines.append(str(self.rematerialised))
        return "\n".join(lines)


def size(graph: Graph) -> int:
    """Number of equations, those inside of kernels counted too."""
    return sum(size(e.params["body"]) if "body" in e.params else 1 for e in graph.equations)
