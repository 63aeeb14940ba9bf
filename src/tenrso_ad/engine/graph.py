"""Graph: an immutable list of equations in single assignment form, with shapes and dtypes."""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from .array_type import ArrayType, type_of
from .errors import GraphError, describe
from .primitive import Primitive
from .trace import Tracer, bind, evaluation

shape_rules: dict[Primitive, Callable[..., Any]] = {}
"""rule(*types, **params) -> ArrayType, or a tuple of them; a Python scalar stands for itself."""


@dataclass(frozen=True, eq=False)
class Variable:
    """A value in a graph."""

    type: ArrayType
    name: str = ""

    @property
    def shape(self) -> tuple[int, ...]:
        """Lengths of the axes."""
        return self.type.shape

    @property
    def dtype(self) -> Any:
        """Type of the elements."""
        return self.type.dtype

    def __str__(self) -> str:
        return self.name or "_"


@dataclass(frozen=True, eq=False)
class Constant:
    """An array or Python scalar that stands in the graph."""

    value: Any

    def __str__(self) -> str:
        value = self.value
        if isinstance(value, np.ndarray) and value.size > 1 and not any(value.strides):
            return f"<{value.flat[0]} {describe(value)}>"  # one value everywhere
        if isinstance(value, Tracer) or getattr(value, "shape", None):
            return f"<{describe(value)}>"
        return str(value)


Atom = Variable | Constant


@dataclass(frozen=True, eq=False)
class Equation:
    """``outputs = primitive(inputs, **params)``."""

    primitive: Primitive
    inputs: tuple[Atom, ...]
    outputs: tuple[Variable, ...]
    params: Mapping[str, Any] = field(default_factory=dict)
    line: str = ""

    def __str__(self) -> str:
        left = ", ".join(f"{v}:{v.type}" for v in self.outputs)
        params = "".join(
            f" {k}={textwrap.shorten(repr(v), 60, placeholder=' ...')}"
            for k, v in self.params.items()
            if not isinstance(v, Graph)
        )
        return f"{left} = {self.primitive.name}{params} {' '.join(map(str, self.inputs))}".rstrip()

    @property
    def bodies(self) -> list[Graph]:
        """Graphs that the equation is made of."""
        return [v for v in self.params.values() if isinstance(v, Graph)]


@dataclass(frozen=True, eq=False)
class Graph:
    """A function of arrays, written out.

    Attributes
    ----------
    inputs : tuple of Variable
    equations : tuple of Equation
        In an order in which they can be computed.
    outputs : tuple of Variable or Constant
    """

    inputs: tuple[Variable, ...]
    equations: tuple[Equation, ...]
    outputs: tuple[Atom, ...]

    def __post_init__(self) -> None:
        """Give every variable a short name, in order of appearance, for printing."""
        for number, v in enumerate(dict.fromkeys(self._with_bodies())):
            object.__setattr__(v, "name", _letters(number))

    def variables(self) -> Iterable[Variable]:
        """Inputs, then what each equation defines."""
        yield from self.inputs
        for equation in self.equations:
            yield from equation.outputs

    def _with_bodies(self) -> Iterable[Variable]:
        """All variables, and those of the graphs that equations are made of."""
        yield from self.inputs
        for equation in self.equations:
            for body in equation.bodies:
                yield from body._with_bodies()
            yield from equation.outputs

    def verify(self) -> Graph:
        """Check the graph against its rules; returns it.

        Raises
        ------
        GraphError
            A variable used before it is defined or defined twice, a primitive without an
            evaluation, or an equation whose outputs have not the shapes and dtypes that its
            primitive gives.
        """
        defined: set[Variable] = set()

        def define(variable: Variable, where: str) -> None:
            if variable in defined:
                raise GraphError(f"{where}: variable {variable} is defined twice")
            defined.add(variable)

        def use(atom: Atom, where: str) -> None:
            if isinstance(atom, Variable) and atom not in defined:
                raise GraphError(f"{where}: variable {atom} is used before it is defined")

        for v in self.inputs:
            define(v, "inputs")
        for e in self.equations:
            for atom in e.inputs:
                use(atom, str(e))
            if e.primitive not in evaluation:
                raise GraphError(f"{e}: no evaluation for {e.primitive.name}")
            inferred = infer(e.primitive, [_atom_type(a) for a in e.inputs], e.params)
            stated = tuple(v.type for v in e.outputs)
            if inferred != stated:
                raise GraphError(f"{e}: the primitive gives {', '.join(map(str, inferred))}")
            for v in e.outputs:
                define(v, str(e))
        for atom in self.outputs:
            use(atom, "outputs")
        return self

    def evaluate(self, *args: Any) -> list[Any]:
        """Compute the graph, one equation after another.

        Parameters
        ----------
        *args : array
            One for each input, of its shape and dtype.
        """
        if len(args) != len(self.inputs):
            raise GraphError(f"the graph takes {len(self.inputs)} arrays, got {len(args)}")
        for v, a in zip(self.inputs, args, strict=True):
            if type_of(a) != v.type:
                raise GraphError(f"input {v} is {v.type}, got {describe(a)}")
        values: dict[Atom, Any] = dict(zip(self.inputs, args, strict=True))

        def read(atom: Atom) -> Any:
            return atom.value if isinstance(atom, Constant) else values[atom]

        for e in self.equations:
            out = bind(e.primitive, [read(a) for a in e.inputs], e.params)
            values.update(
                zip(e.outputs, out if e.primitive.multiple_results else (out,), strict=True)
            )
        return [read(a) for a in self.outputs]

    def counts(self) -> Counter[str]:
        """How often each primitive stands in the graph."""
        return Counter(e.primitive.name for e in self.equations)

    def __str__(self) -> str:
        head = ", ".join(f"{v}:{v.type}" for v in self.inputs)
        lines = [f"graph({head}):", *self._lines(), f"return {', '.join(map(str, self.outputs))}"]
        return "\n  ".join(lines)

    def _lines(self) -> Iterable[str]:
        """Equations, and indented below them the graphs that they are made of."""
        for e in self.equations:
            yield str(e)
            for body in e.bodies:
                if body.inputs != e.inputs:
                    yield f"  given {', '.join(map(str, body.inputs))}"
                yield from (f"  {line}" for line in body._lines())
                if body.outputs != e.outputs:
                    yield f"  return {', '.join(map(str, body.outputs))}"


def infer(primitive: Primitive, types: Sequence[Any], params: Mapping[str, Any]) -> tuple[Any, ...]:
    """Types of a primitive's outputs from the types of its inputs."""
    try:
        rule = shape_rules[primitive]
    except KeyError:
        raise GraphError(f"no shape rule for {primitive.name}") from None
    out = rule(*types, **params)
    return tuple(out) if primitive.multiple_results else (out,)


def _atom_type(atom: Atom) -> Any:
    return atom.type if isinstance(atom, Variable) else type_of(atom.value)


def _letters(number: int) -> str:
    name = ""
    number += 1
    while number:
        number, digit = divmod(number - 1, 26)
        name = chr(ord("a") + digit) + name
    return name
