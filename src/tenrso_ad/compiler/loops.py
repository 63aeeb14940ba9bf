"""Laying out a kernel: which loops it has, and which equation is computed in which.

Equations over one index space share a nest of loops as long as nobody needs an element that a later
turn of the loops computes: a value read through a view, or a sum, is there only when its nest has
ended.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ..engine.graph import Atom, Equation, Graph, Variable
from .expressions import REDUCTIONS, VIEWS
from .layout import Layout, broadcast_strides, contiguous, layout_of
from .rewriting import shape_of

Space = tuple[int, ...]


@dataclass
class Nest:
    """Loops over one index space."""

    space: Space
    equations: list[Equation] = field(default_factory=list)


@dataclass
class Kernel:
    """A fused body laid out.

    Attributes
    ----------
    nests : list of Nest
        In the order in which they run.
    views : dict
        The equations that only look at others' elements.
    stored : dict of Variable to None
        Values that have to be in memory, not only in a register: outputs, and what a later nest
        reads. In order of appearance.
    """

    nests: list[Nest]
    views: Mapping[Atom, Equation]
    stored: dict[Variable, None]


def lay_out(body: Graph) -> Kernel:
    """Deal the equations of a body out to nests."""
    views: dict[Atom, Equation] = {}
    nests: list[Nest] = []
    home: dict[Atom, int] = {}
    summed: set[Atom] = set()
    stored: dict[Variable, None] = {}
    for e in body.equations:
        if e.primitive.name in VIEWS:
            views[e.outputs[0]] = e
            continue
        space = space_of(e)
        first = 0
        for i, a in enumerate(e.inputs):
            layout = layout_of(a, views)
            assert layout is not None
            if layout.root in home:
                elsewhere = layout.root is not a or a in summed or turned(e, i)
                first = max(first, home[layout.root] + elsewhere)
        fitting = [i for i in range(first, len(nests)) if nests[i].space == space]
        if not fitting:
            nests.append(Nest(space))
        place = fitting[0] if fitting else len(nests) - 1
        for a in e.inputs:
            layout = layout_of(a, views)
            assert layout is not None
            if home.get(layout.root, place) != place and isinstance(layout.root, Variable):
                stored[layout.root] = None
        nests[place].equations.append(e)
        for v in e.outputs:
            home[v] = place
            if e.primitive.name in REDUCTIONS:
                summed.add(v)
    for o in body.outputs:
        assert isinstance(o, Variable)
        stored[o] = None
    return Kernel(nests, views, stored)


def space_of(equation: Equation) -> Space:
    """Index space of an equation: of its result, or of what it sums."""
    if equation.primitive.name in REDUCTIONS:
        return shape_of(equation.inputs[0])
    return equation.outputs[0].shape


def turned(equation: Equation, operand: int) -> bool:
    """Whether an equation reads an operand at other elements than those it computes."""
    if equation.primitive.name != "contract":
        return False
    *terms, out = equation.params["spec"].replace("->", ",").split(",")
    return bool(terms[operand] != out)


def strides_in(equation: Equation, operand: int, views: Mapping[Atom, Equation]) -> Layout:
    """Array behind an operand, and its strides along the axes of the equation's space."""
    atom = equation.inputs[operand]
    layout = layout_of(atom, views)
    assert layout is not None
    space = space_of(equation)
    if equation.primitive.name == "contract":
        *terms, out = equation.params["spec"].replace("->", ",").split(",")
        along = dict(zip(terms[operand], layout.strides, strict=True))
        return Layout(layout.root, tuple([along.get(c, 0) for c in out]))
    return Layout(layout.root, broadcast_strides(shape_of(atom), layout.strides, space))


def strides_of_sum(equation: Equation) -> tuple[int, ...]:
    """Strides of a sum's result along the axes of what is summed."""
    space = space_of(equation)
    (out,) = equation.outputs
    if equation.primitive.name == "sum_to":
        return broadcast_strides(out.shape, contiguous(out.shape), space)
    axes = equation.params["axis"]
    kept = tuple([1 if i in axes else n for i, n in enumerate(space)])
    return contiguous(kept)
