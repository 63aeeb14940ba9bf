"""A graph as calls of the operations themselves, for arrays that no kernel takes."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from ..engine.graph import Atom, Constant, Graph
from ..engine.trace import bind


class PlainProgram:
    """A graph as straight-line code that works on arrays of any library.

    Attributes
    ----------
    source : str
    run : callable
        Takes the inputs and gives a list of results.
    """

    def __init__(self, graph: Graph) -> None:
        names: dict[Atom, str] = {v: f"x{i}" for i, v in enumerate(graph.inputs)}
        known: dict[str, Any] = {"bind": bind}

        def read(atom: Atom) -> str:
            if atom not in names:
                assert isinstance(atom, Constant)
                names[atom] = f"constant{len(names)}"
                known[names[atom]] = atom.value
            return names[atom]

        lines = [f"def run({', '.join(names.values())}):"]
        for number, e in enumerate(graph.equations):
            primitive = re.sub(r"\W", "_", e.primitive.name) + "_p"
            known[primitive] = e.primitive
            known[f"params{number}"] = e.params
            inputs = "".join(f"{read(a)}, " for a in e.inputs)
            for v in e.outputs:
                names[v] = f"v{len(names)}"
            outputs = ", ".join(names[v] for v in e.outputs)
            comma = "," if e.primitive.multiple_results else ""
            call = f"bind({primitive}, ({inputs}), params{number})"
            lines.append(f"    {outputs}{comma} = {call}")
        lines.append(f"    return [{', '.join(map(read, graph.outputs))}]")
        self.source = "\n".join(lines) + "\n"
        exec(compile(self.source, "<compiled function>", "exec"), known)
        self.run: Callable[..., list[Any]] = known["run"]
