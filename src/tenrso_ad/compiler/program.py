"""From a graph to a Python function: straight-line code of kernels and library calls.

Results go to new arrays; everything between lives in a workspace, which is made once and used again
by the next call. Two calls at the same time, from two threads, take a workspace each.
"""

from __future__ import annotations

import re
import textwrap
from collections import deque
from collections.abc import Callable
from typing import Any

import numpy as np

from ..engine.array_type import ArrayType
from ..engine.graph import Atom, Constant, Equation, Graph, Variable
from ..engine.trace import evaluation
from ..kernels import threads
from ..ops.contraction.lowering import View, lower
from .kernel_source import Source, write_kernel
from .layout import views_of
from .memory_plan import Life, lives
from .native import compile_kernel
from .rewriting import shape_of, type_of_atom
from .workspace import Workspace, text_of_view

Sources = dict[tuple[Graph, tuple[Variable, ...]], Source]
_Kind = tuple[str, tuple[tuple[Any, int], ...], int]
"""What tells compiled kernels apart: text, dtypes and axes of the arrays, how many it writes."""

SPARE = 4
"""Workspaces that are kept for the next calls; more exist only while more threads call."""


class Program:
    """A graph as code.

    Attributes
    ----------
    memory : Memory
        Bytes that a call takes.
    source : str
        After `build`: the code, followed by its kernels.
    run : callable
        After `build`: takes the inputs, arrays in C order, and gives a list of results.

    Parameters
    ----------
    graph : Graph
    sources : dict, optional
        Kernels that were written for other programs of the same bodies; new ones are added.
    """

    run: Callable[..., list[Any]]
    source: str

    def __init__(self, graph: Graph, sources: Sources | None = None) -> None:
        self._graph = graph
        self._sources: Sources = {} if sources is None else sources
        self._names: dict[Atom, str] = {v: f"x{i}" for i, v in enumerate(graph.inputs)}
        self._globals: dict[str, Any] = {
            **{name: getattr(np, name) for name in ("empty", "ndarray", "dot", "matmul", "array")},
            "copyto": np.copyto,
            "own": _own,
        }
        self._lives, self._end = lives(graph), len(graph.equations)
        self._views = views_of(graph)
        self._workspace = Workspace()
        self._step = 0  # number of the equation that is written
        self._lines: dict[int, list[str]] = {}
        self._results = {o for o in graph.outputs if isinstance(o, Variable)}
        self._borrowed: set[Atom] = set(graph.inputs)  # values whose memory is not a result's own
        self._kernels: dict[_Kind, tuple[Source, dict[str, str]]] = {}  # and names of functions
        for e in graph.equations:
            _WRITERS.get(e.primitive.name, Program._call)(self, e)
            self._step += 1
        copied = sum(_bytes(graph.outputs[i]) for i in self._copied(graph))
        self.memory = self._workspace.plan(self._end, copied)

    def build(self) -> Program:
        """Compile the kernels, and make the function; returns the program."""
        texts = [self._function(self._graph)]
        for (_, _, writes), (source, names) in self._kernels.items():
            text = source.text
            for kind, function in compile_kernel(source, writes).items():
                self._globals[names[kind]] = function
                text = text.replace(f"def {kind}(", f"def {names[kind]}(", 1)
            texts.append(text)
        self._globals |= self._workspace.dtypes()
        self._spare: deque[tuple[np.ndarray, ...]] = deque(maxlen=SPARE)
        self._globals |= {"spare": self._spare, "new_workspace": self._workspace.make}
        exec(compile(texts[0], "<compiled function>", "exec"), self._globals)
        self.run = self._globals.pop("run")
        self.source = "\n".join(texts)
        return self

    def clear(self) -> None:
        """Give back the memory that is kept for the next call."""
        self._spare.clear()

    def _copied(self, graph: Graph) -> list[int]:
        """Numbers of the outputs that have no memory of their own: they are copied."""
        first = {o: number for number, o in reversed(list(enumerate(graph.outputs)))}
        return [
            number
            for number, o in enumerate(graph.outputs)
            if first[o] != number or o in self._borrowed or isinstance(o, Constant)
        ]

    def _function(self, graph: Graph) -> str:
        results = []
        copied = self._copied(graph)
        for number, o in enumerate(graph.outputs):
            text = self._read(o)
            if number in copied:
                text = f"array({text}, order='C')"
            results.append(text if shape_of(o) else f"{text}[()]")
        last = f"return [{', '.join(results)}]"
        lines = []
        for step in range(len(graph.equations)):
            lines += self._workspace.lines.get(step, [])
            lines += self._lines.get(step, [])
            lines += self._workspace.deletions(step)
        head = f"def run({', '.join(self._names[v] for v in graph.inputs)}):\n"
        names = self._workspace.names
        if not names:
            return head + textwrap.indent("\n".join([*lines, last, ""]), "    ")
        body = textwrap.indent("\n".join([*lines, last]), "        ")
        return f"""{head}\
    try:
        workspace = spare.pop()
    except IndexError:
        workspace = new_workspace()
    ({", ".join(names)},) = workspace
    try:
{body}
    finally:
        spare.append(workspace)
"""

    # --- names and room ---------------------------------------------------------------------------

    def _write(self, line: str) -> None:
        self._lines.setdefault(self._step, []).append(line)

    def _constant(self, kind: str, value: Any) -> str:
        """Name of something that the code refers to."""
        name = f"{kind}{len(self._globals)}"
        self._globals[name] = value
        return name

    def _read(self, atom: Atom) -> str:
        if atom not in self._names:
            assert isinstance(atom, Constant)
            self._names[atom] = self._constant("constant", atom.value)
        return self._names[atom]

    def _scratch(self, kind: ArrayType, over: str = "") -> str:
        """Room that this equation alone needs."""
        return self._workspace.array(kind, Life(self._step, self._step), over)

    def _room(self, variable: Variable, over: str = "") -> str:
        """Where an equation puts its result, perhaps in the memory of an operand."""
        if variable in self._results:
            name = self._workspace.result(variable.type, self._step, over)
        else:
            name = self._workspace.array(variable.type, self._lives.of[variable], over)
        self._names[variable] = name
        return name

    def _look(self, name: str, view: View) -> str:
        """View of an array; it is made beforehand where that is possible."""
        if self._workspace.room(name):
            return self._workspace.look(name, view, self._step)
        return text_of_view(name, view)

    def _copies(self, atom: Atom, view: View) -> bool:
        """Whether looking at an array so would copy it."""
        name = self._read(atom)
        inside = self._workspace.room(name) is not None
        array = self._workspace.probe(name) if inside else np.empty(shape_of(atom), np.bool)
        return not np.shares_memory(view.of(array), array)

    def _life(self, variable: Variable) -> Life:
        """How long a value lives; what is a view of an argument lives until the end."""
        root = self._lives.root.get(variable, variable)
        return self._lives.of.get(root, Life(self._step, self._end))

    def _free(self, e: Equation) -> list[str]:
        """Names of the operands whose memory nobody needs after an equation, else ""."""
        names = [self._read(a) for a in e.inputs]
        rooms = [self._workspace.room(name) for name in names]
        return [
            name if room and room.last == self._step and rooms.count(room) == 1 else ""
            for name, room in zip(names, rooms, strict=True)
        ]

    # --- equations --------------------------------------------------------------------------------

    def _kernel(self, e: Equation) -> None:
        body = e.params["body"]
        free = self._free(e)
        overwritable = [v for v, name in zip(body.inputs, free, strict=True) if name]
        key = (body, tuple(overwritable))
        source = self._sources.get(key)
        if source is None:
            source = self._sources[key] = write_kernel(body, overwritable)
        over = {written: free[i] for i, written in source.reused.items()}
        outs = [self._room(v, over.get(i, "")) for i, v in enumerate(e.outputs)]
        scratch = [
            self._scratch(kind, over.get(i, "")) for i, kind in enumerate(source.scratch, len(outs))
        ]
        constants = [self._constant("constant", c) for c in source.constants]
        types = tuple([(p.dtype, len(p.shape)) for p in source.parameters])
        kind = (source.text, types, len(outs) + len(scratch))
        if kind not in self._kernels:
            functions = ("kernel", "finish") if source.chunks else ("kernel",)
            self._kernels[kind] = (source, {f: self._constant(f, None) for f in functions})
        names = self._kernels[kind][1]
        read = [self._read(a) for i, a in enumerate(e.inputs) if i not in source.reused]
        arrays = ", ".join([*read, *constants, *outs, *scratch])
        if source.chunks:
            self._globals["in_threads"] = threads.run
            self._write(f"in_threads({names['kernel']}, {source.chunks}, ({arrays},))")
            self._write(f"{names['finish']}({arrays})")
        else:
            self._write(f"{names['kernel']}({arrays})")

    def _view(self, e: Equation) -> None:
        """A view of an array of the workspace is made beforehand."""
        (source,), (out,) = e.inputs, e.outputs
        view = View(e.params.get("axes"), False, e.params.get("shape"))
        name = self._read(source)
        if self._workspace.room(name) is None or self._copies(source, view):
            self._call(e)
        else:
            self._names[out] = self._workspace.look(name, view, self._step)
            self._borrowed.add(out)

    def _contract(self, e: Equation) -> None:
        """A product of matrices that goes straight to its place."""
        (out,) = e.outputs
        shapes = [shape_of(a) for a in e.inputs]
        recipe = lower(e.params["spec"], *shapes).recipe
        if recipe.operation == "multiply" or recipe.axes is not None or out.dtype.char not in "fd":
            self._call(e)
            return
        operands = list(e.inputs)[::-1] if recipe.swapped else list(e.inputs)
        views = (recipe.first, recipe.second)
        probes = [
            _look(np.broadcast_to(np.float64(0), shape_of(a)), view)
            for a, view in zip(operands, views, strict=True)
        ]
        product = np.dot if recipe.operation == "dot" else np.matmul
        shape = tuple(product(*probes).shape)
        seen = [self._seen(a, view) for a, view in zip(operands, views, strict=True)]
        target = self._room(out)
        if shape != out.shape:
            target = self._look(target, View(None, False, shape))
        self._write(f"{recipe.operation}({', '.join(seen)}, {target})")

    def _seen(self, atom: Atom, view: View | None) -> str:
        """An operand as the matrices that the product wants."""
        name = self._read(atom)
        if view is None:
            return name
        if not self._copies(atom, view):
            return self._look(name, view)
        turned = View(view.axes, False, None)
        shape = shape_of(atom)
        if view.axes is not None:
            shape = tuple([shape[i] for i in view.axes])
        kind = ArrayType(shape, type_of_atom(atom).dtype)
        copy = self._scratch(kind)
        self._write(f"copyto({copy}, {self._look(name, turned) if view.axes else name})")
        return copy if view.shape is None else self._look(copy, View(None, False, view.shape))

    def _call(self, e: Equation) -> None:
        """Anything else is evaluated as it is eagerly."""
        rule = self._constant(re.sub(r"\W", "_", e.primitive.name), evaluation[e.primitive])
        params = [f"{k}={self._constant('param', v)}" for k, v in e.params.items()]
        text = f"{rule}({', '.join([*map(self._read, e.inputs), *params])})"
        looks = e.outputs[0] in self._views
        for v in e.outputs:
            self._names[v] = self._workspace.call(0 if looks else v.type.nbytes, self._life(v))
        names = [self._names[v] for v in e.outputs]
        self._write(f"{', '.join(names)}{',' * e.primitive.multiple_results} = {text}")
        if looks:
            self._borrowed.update(e.outputs)
        else:  # the rule may have given a view, a scalar, or an operand itself
            inputs = "".join(f", {self._read(a)}" for a in e.inputs)
            for n in names:
                self._write(f"{n} = own({n}{inputs})")


_WRITERS: dict[str, Callable[[Program, Equation], None]] = {
    "fused": Program._kernel,
    "contract": Program._contract,
    "reshape": Program._view,
    "transpose": Program._view,
}


def _look(array: np.ndarray, view: View | None) -> np.ndarray:
    return array if view is None else view.of(array)


def _own(value: Any, *operands: Any) -> np.ndarray:
    """Give an array in C order with memory of its own."""
    if (
        type(value) is np.ndarray
        and value.base is None
        and value.flags.c_contiguous
        and not any(value is o for o in operands)
    ):
        return value
    return np.array(value, order="C")


def _bytes(atom: Atom) -> int:
    """Bytes of an array of an atom's value; a Python scalar counts as an array without axes."""
    kind = type_of_atom(atom)
    return int(kind.nbytes if hasattr(kind, "nbytes") else np.asarray(kind).nbytes)
