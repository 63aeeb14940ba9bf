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
    dealer = _Dealer()
    for e in body.equations:
        if e.primitive.name in VIEWS:
            dealer.views[e.outputs[0]] = e
        elif e.primitive.name == "assemble":
            for piece, start in zip(e.inputs, e.params["starts"], strict=True):
                dealer.deal(Equation(e.primitive, (piece,), e.outputs, {"starts": (start,)}))
        else:
            dealer.deal(e)
    for o in body.outputs:
        assert isinstance(o, Variable)
        dealer.stored[o] = None
    return Kernel(dealer.nests, dealer.views, dealer.stored)


class _Dealer:
    def __init__(self) -> None:
        self.views: dict[Atom, Equation] = {}
        self.nests: list[Nest] = []
        self.stored: dict[Variable, None] = {}
        self._ready: dict[Atom, int] = {}  # the first nest that can read an element of a value
        self._home: dict[Atom, int] = {}

    def deal(self, e: Equation) -> None:
        """Put an equation into the first nest that it fits into."""
        name, space = e.primitive.name, space_of(e)
        roots = [self._root(a) for a in e.inputs]
        first = 0
        for i, (a, root) in enumerate(zip(e.inputs, roots, strict=True)):
            if root in self._home:
                moved = root is not a or turned(e, i)
                first = max(first, self._ready[root], self._home[root] + moved)
        fitting = [i for i in range(first, len(self.nests)) if self.nests[i].space == space]
        if not fitting:
            self.nests.append(Nest(space))
        place = fitting[0] if fitting else len(self.nests) - 1
        for root in roots:
            if self._home.get(root, place) != place and isinstance(root, Variable):
                self.stored[root] = None
        self.nests[place].equations.append(e)
        (out,) = e.outputs
        self._home[out] = max(place, self._home.get(out, 0))
        self._ready[out] = self._home[out] + (name in REDUCTIONS or name == "assemble")
        if name == "assemble":
            self.stored[out] = None

    def _root(self, atom: Atom) -> Atom:
        layout = layout_of(atom, self.views)
        assert layout is not None
        return layout.root


def space_of(equation: Equation) -> Space:
    """Index space of an equation: of its result, or of what it sums or puts somewhere."""
    if equation.primitive.name in REDUCTIONS or equation.primitive.name == "assemble":
        return shape_of(equation.inputs[0])
    return equation.outputs[0].shape


def turned(equation: Equation, operand: int) -> bool:
    """Whether an equation reads an operand at other elements than those it computes."""
    if equation.primitive.name != "contract":
        return equation.primitive.name == "place"
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
        return layout._replace(strides=tuple([along.get(c, 0) for c in out]))
    if equation.primitive.name == "place":
        step, start = equation.params["step"], equation.params["start"]
        strides = tuple([s * k for s, k in zip(layout.strides, step, strict=True)])
        first = sum([s * i for s, i in zip(strides, start, strict=True)])
        return Layout(layout.root, strides, layout.offset - first)
    return layout._replace(strides=broadcast_strides(shape_of(atom), layout.strides, space))


def written_to(equation: Equation) -> Layout:
    """Where the elements of a result that is no sum go, along the axes of the equation's space."""
    (out,) = equation.outputs
    if equation.primitive.name != "assemble":
        return Layout(out, contiguous(out.shape))
    strides = contiguous(out.shape)
    first = sum([s * i for s, i in zip(strides, equation.params["starts"][0], strict=True)])
    kept = [s if n != 1 else 0 for s, n in zip(strides, space_of(equation), strict=True)]
    return Layout(out, tuple(kept), first)


def strides_of_sum(equation: Equation) -> tuple[int, ...]:
    """Strides of a sum's result along the axes of what is summed."""
    space = space_of(equation)
    (out,) = equation.outputs
    if equation.primitive.name == "sum_to":
        return broadcast_strides(out.shape, contiguous(out.shape), space)
    axes = equation.params["axis"]
    kept = tuple([1 if i in axes else n for i, n in enumerate(space)])
    return contiguous(kept)
