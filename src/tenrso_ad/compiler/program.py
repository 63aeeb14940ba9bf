"""From a graph to a Python function: straight-line code of kernels and library calls.

Results go to new arrays; everything between lives in a workspace, which is made once and used again
by the next call. Two calls at the same time, from two threads, take a workspace each.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..engine.array_type import ArrayType
from ..engine.graph import Atom, Constant, Equation, Graph, Variable
from ..engine.trace import evaluation
from ..kernels import threads
from ..ops.contraction.lowering import View, lower
from .expressions import VIEWS
from .kernel_source import write_kernel
from .native import compile_kernel
from .rewriting import shape_of

Make = Callable[[Sequence[np.ndarray]], np.ndarray]


class Program:
    """A graph as code.

    Attributes
    ----------
    source : str
        The code, followed by its kernels.
    run : callable
        Takes the inputs, arrays in C order, and gives a list of results.
    """

    def __init__(self, graph: Graph) -> None:
        self._names: dict[Atom, str] = {v: f"x{i}" for i, v in enumerate(graph.inputs)}
        self._globals: dict[str, Any] = {
            **{name: getattr(np, name) for name in ("empty", "dot", "matmul", "array", "copyto")},
            "own": _own,
        }
        self._workspace: dict[str, Make] = {}  # name of each array of it, and how it is made
        self._lines: list[str] = []
        self._results = {o for o in graph.outputs if isinstance(o, Variable)}
        self._borrowed: set[Atom] = set(graph.inputs)  # values whose memory is not a result's own
        self._kernels: dict[int, dict[str, str]] = {}  # names of the functions of each kernel
        self._texts: list[str] = []
        for e in graph.equations:
            _WRITERS.get(e.primitive.name, Program._call)(self, e)
        text = self._function(graph)
        self._globals |= {
            "spare": [],
            "new_workspace": functools.partial(_make, list(self._workspace.values())),
        }
        exec(compile(text, "<compiled function>", "exec"), self._globals)
        self.run: Callable[..., list[Any]] = self._globals["run"]
        self.source = "\n".join([text, *self._texts])

    def _function(self, graph: Graph) -> str:
        results = []
        given: set[Atom] = set()
        for o in graph.outputs:
            text = self._read(o)
            if o in given or o in self._borrowed or isinstance(o, Constant):
                text = f"array({text}, order='C')"
            given.add(o)
            results.append(text if shape_of(o) else f"{text}[()]")
        lines = [f"def run({', '.join(self._names[v] for v in graph.inputs)}):"]
        if self._workspace:
            lines.append("    workspace = spare.pop() if spare else new_workspace()")
            lines.append(f"    ({', '.join(self._workspace)},) = workspace")
        lines += ["    " + line for line in self._lines]
        if self._workspace:
            lines.append("    spare.append(workspace)")
        return "\n".join([*lines, f"    return [{', '.join(results)}]", ""])

    # --- names and room ---------------------------------------------------------------------------

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

    def _scratch(self, kind: ArrayType) -> str:
        """Room in the workspace."""
        name = f"w{len(self._workspace)}"
        self._workspace[name] = lambda before: np.empty(kind.shape, kind.dtype)
        return name

    def _room(self, variable: Variable, shape: tuple[int, ...] | None = None) -> str:
        """Where an equation puts its result, perhaps seen in another shape."""
        kind = variable.type
        reshaped = shape is not None and shape != kind.shape
        if variable in self._results:
            name = f"r{len(self._names)}"
            dtype = self._constant("dtype", kind.dtype)
            self._lines.append(f"{name} = empty({kind.shape}, {dtype})")
            target = f"{name}.reshape({shape})"
        else:
            name = self._scratch(kind)
            target = self._view(name, lambda a: a.reshape(shape)) if reshaped else name
        self._names[variable] = name
        return target if reshaped else name

    def _view(self, name: str, look: Callable[[np.ndarray], np.ndarray]) -> str:
        """View of an array of the workspace; it is made with the workspace."""
        place = list(self._workspace).index(name)
        view = f"w{len(self._workspace)}"
        self._workspace[view] = lambda before: look(before[place])
        return view

    # --- equations --------------------------------------------------------------------------------

    def _kernel(self, e: Equation) -> None:
        source = write_kernel(e.params["body"])
        outs = [self._room(v) for v in e.outputs]
        scratch = [self._scratch(kind) for kind in source.scratch]
        constants = [self._constant("constant", c) for c in source.constants]
        native = compile_kernel(source, len(outs) + len(scratch))
        identity = id(native["kernel"])  # which the program holds, so that no other can get it
        names = self._kernels.get(identity)
        if names is None:
            names = {kind: self._constant(kind, function) for kind, function in native.items()}
            self._kernels[identity] = names
            text = source.text
            for kind, name in names.items():
                text = text.replace(f"def {kind}(", f"def {name}(", 1)
            self._texts.append(text)
        arrays = ", ".join([*(self._read(a) for a in e.inputs), *constants, *outs, *scratch])
        if source.chunks:
            self._globals["in_threads"] = threads.run
            self._lines.append(f"in_threads({names['kernel']}, {source.chunks}, ({arrays},))")
            self._lines.append(f"{names['finish']}({arrays})")
        else:
            self._lines.append(f"{names['kernel']}({arrays})")

    def _contract(self, e: Equation) -> None:
        """A product of matrices that goes straight to its place."""
        (out,) = e.outputs
        shapes = [shape_of(a) for a in e.inputs]
        recipe = lower(e.params["spec"], *shapes).recipe
        if recipe.operation == "multiply" or recipe.axes is not None or out.dtype.char not in "fd":
            self._call(e)
            return
        operands = list(e.inputs)[::-1] if recipe.swapped else list(e.inputs)
        seen = [
            self._seen(a, view)
            for a, view in zip(operands, (recipe.first, recipe.second), strict=True)
        ]
        probes = [
            _look(np.broadcast_to(np.float64(0), shape_of(a)), view)
            for a, view in zip(operands, (recipe.first, recipe.second), strict=True)
        ]
        product = np.dot if recipe.operation == "dot" else np.matmul
        target = self._room(out, tuple(product(*probes).shape))
        self._lines.append(f"{recipe.operation}({', '.join(seen)}, {target})")

    def _seen(self, atom: Atom, view: View | None) -> str:
        """An operand as the matrices that the product wants."""
        name = self._read(atom)
        if view is None:
            return name
        if name in self._workspace:
            probe = np.empty(shape_of(atom))
            if np.shares_memory(_look(probe, view), probe):
                return self._view(name, lambda a: _look(a, view))
        text = name
        if view.axes is not None:
            text += ".T" if view.axes == (1, 0) else f".transpose({view.axes})"
        if view.copy:
            text = f"array({text}, order='C')"
        return text if view.shape is None else f"{text}.reshape({view.shape})"

    def _call(self, e: Equation) -> None:
        """Anything else is evaluated as it is eagerly."""
        rule = self._constant(re.sub(r"\W", "_", e.primitive.name), evaluation[e.primitive])
        params = [f"{k}={self._constant('param', v)}" for k, v in e.params.items()]
        text = f"{rule}({', '.join([*map(self._read, e.inputs), *params])})"
        for v in e.outputs:
            self._names[v] = f"r{len(self._names)}"
        names = [self._names[v] for v in e.outputs]
        if e.primitive.multiple_results:
            self._lines.append(f"{', '.join(names)}, = {text}")
        else:
            self._lines.append(f"{names[0]} = {text}")
        if e.primitive.name in VIEWS:
            self._borrowed.update(e.outputs)
        else:  # the rule may have given a view, a scalar, or an operand itself
            inputs = "".join(f", {self._read(a)}" for a in e.inputs)
            self._lines += [f"{n} = own({n}{inputs})" for n in names]


_WRITERS: dict[str, Callable[[Program, Equation], None]] = {
    "fused": Program._kernel,
    "contract": Program._contract,
}


def _look(array: np.ndarray, view: View | None) -> np.ndarray:
    return array if view is None else view.of(array)


def _make(makers: Sequence[Make]) -> tuple[np.ndarray, ...]:
    made: list[np.ndarray] = []
    for make in makers:
        made.append(make(made))
    return tuple(made)


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
