"""A graph as calls of the operations themselves, for arrays that no kernel takes."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from ..engine.graph import Atom, Constant, Graph
from ..engine.trace import bind
from .memory_plan import Room, live_bytes, lives
from .rewriting import type_of_atom
from .workspace import Memory


class PlainProgram:
    """A graph as straight-line code that works on arrays of any library.

    Attributes
    ----------
    source : str
    run : callable
        Takes the inputs and gives a list of results.
    memory : Memory
        Bytes that a call takes.
    """

    def __init__(self, graph: Graph) -> None:
        names: dict[Atom, str] = {v: f"x{i}" for i, v in enumerate(graph.inputs)}
        known: dict[str, Any] = {"bind": bind}
        last: dict[Atom, int] = {}  # equation after which nobody needs a value
        for number, e in enumerate(graph.equations):
            last.update(dict.fromkeys(e.outputs, number))
            last.update({a: number for a in e.inputs if a in last})
        for o in graph.outputs:
            last.pop(o, None)

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
            ended = [name for v, name in names.items() if last.get(v) == number]
            if ended:
                lines.append(f"    del {', '.join(ended)}")
        lines.append(f"    return [{', '.join(map(read, graph.outputs))}]")
        self.source = "\n".join(lines) + "\n"
        exec(compile(self.source, "<compiled function>", "exec"), known)
        self.run: Callable[..., list[Any]] = known.pop("run")
        ends = [(type_of_atom(v).nbytes, life) for v, life in lives(graph).of.items()]
        n = len(graph.equations)
        self.memory = Memory(
            workspace=0,
            unplanned=0,
            calls=live_bytes(Room(b, *life) for b, life in ends if life.last < n),
            results=sum(b for b, life in ends if life.last == n),
        )

    def clear(self) -> None:
        """Do nothing: no memory is kept between calls."""
