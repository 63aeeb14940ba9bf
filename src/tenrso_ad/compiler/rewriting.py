"""Writing a new graph while an old one is read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from ..engine.array_type import ArrayType, type_of
from ..engine.graph import Atom, Constant, Equation, Graph, Variable, infer
from ..engine.primitive import NO_PARAMS, Primitive, registry
from ..engine.staging import stage


class Writer:
    """Builds a graph; values of the old one are read through it.

    Parameters
    ----------
    graph : Graph
        The old graph; the new one has its inputs.
    """

    def __init__(self, graph: Graph) -> None:
        self.old = graph
        self.equations: list[Equation] = []
        self._now: dict[Atom, Atom] = {}
        self._makers: dict[Atom, Equation] = {}

    def read(self, atom: Atom) -> Atom:
        """What stands in the new graph for an atom of the old one."""
        return self._now.get(atom, atom)

    def become(self, old: Variable, new: Atom) -> None:
        """Let a new atom stand for an old variable."""
        self._now[old] = new

    def maker(self, atom: Atom, *names: str) -> Equation | None:
        """Equation of the new graph that gives an atom, if its primitive has one of the names."""
        equation = self._makers.get(atom)
        return equation if equation is not None and equation.primitive.name in names else None

    def keep(self, equation: Equation) -> None:
        """Copy an equation, reading what its inputs have become."""
        inputs = tuple([self.read(a) for a in equation.inputs])
        if inputs != equation.inputs:
            equation = Equation(
                equation.primitive, inputs, equation.outputs, equation.params, equation.line
            )
        self._add(equation)

    def _add(self, equation: Equation) -> None:
        self.equations.append(equation)
        for v in equation.outputs:
            self._makers[v] = equation

    def emit(
        self,
        primitive: Primitive | str,
        inputs: Sequence[Atom],
        params: Mapping[str, Any] = NO_PARAMS,
        line: str = "",
    ) -> Variable:
        """Add an equation with one result."""
        if isinstance(primitive, str):
            primitive = registry[primitive]
        types = [type_of_atom(a) for a in inputs]
        (kind,) = infer(primitive, types, params)
        out = Variable(kind)
        self._add(Equation(primitive, tuple(inputs), (out,), params, line))
        return out

    def splice(self, function: Callable[..., Any], inputs: Sequence[Atom], line: str = "") -> Atom:
        """Add the equations of a function of arrays that gives one array."""
        scalars = {
            a: a.value for a in inputs if isinstance(a, Constant) and not hasattr(a.value, "dtype")
        }
        arrays = [a for a in inputs if a not in scalars]

        def of_arrays(*given: Any) -> list[Any]:
            rest = iter(given)
            return [function(*[scalars[a] if a in scalars else next(rest) for a in inputs])]

        part = stage(of_arrays, *map(type_of_atom, arrays))
        now: dict[Atom, Atom] = dict(zip(part.inputs, arrays, strict=True))
        for e in part.equations:
            operands = tuple([now.get(a, a) for a in e.inputs])
            self._add(Equation(e.primitive, operands, e.outputs, e.params, line))
        (out,) = part.outputs
        return now.get(out, out)

    def finish(self) -> Graph:
        """Give the new graph."""
        return Graph(
            self.old.inputs,
            tuple(self.equations),
            tuple([self.read(o) for o in self.old.outputs]),
        )


def type_of_atom(atom: Atom) -> Any:
    """ArrayType of an atom; a Python scalar stands for itself."""
    return atom.type if isinstance(atom, Variable) else type_of(atom.value)


def shape_of(atom: Atom) -> tuple[int, ...]:
    """Shape of an atom; a scalar has none."""
    return tuple(getattr(type_of_atom(atom), "shape", ()))


def uniform(atom: Atom) -> Any:
    """The one value of a constant whose elements are all the same, else None."""
    if not isinstance(atom, Constant):
        return None
    value = atom.value
    if isinstance(value, (bool, int, float, complex)):
        return value
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, np.ndarray) and value.size and not any(value.strides):
        return value[(0,) * value.ndim].item()
    return None


def spread(value: Any, kind: ArrayType) -> Constant:
    """Constant of a type with one value everywhere; it takes the memory of one element."""
    return Constant(np.broadcast_to(np.asarray(value, kind.dtype), kind.shape))


def uses(graph: Graph) -> Counter[Atom]:
    """How often each atom is read."""
    count: Counter[Atom] = Counter()
    for equation in graph.equations:
        count.update(equation.inputs)
    count.update(graph.outputs)
    return count
