"""Which values of a kernel may lie where others lay that nobody needs any more.

A value may take the place of one that is read for the last time by earlier loops, or by its own
loops at the very element that they write next.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from ..engine.graph import Atom, Variable
from .expressions import REDUCTIONS
from .layout import contiguous
from .loops import Kernel, strides_in


class _Read(NamedTuple):
    """Where a value is read from memory.

    Attributes
    ----------
    nest, place : int
        Numbers of the nest, and of the equation in it.
    same : bool
        Whether the element is the one that the nest writes to.
    """

    nest: int
    place: int
    same: bool


class _Home(NamedTuple):
    """Where a value is computed: nest, equation in it, and whether element by element."""

    nest: int
    place: int
    pointwise: bool

    def follows(self, reads: Iterable[_Read]) -> bool:
        """Whether all have read before this is written; an element is loaded where first read."""
        now = [r for r in reads if r.nest >= self.nest]
        return not now or (
            self.pointwise
            and all(r.same and r.nest == self.nest for r in now)
            and now[0].place <= self.place
        )


def shared_places(
    kernel: Kernel, outputs: Iterable[Variable], free: Iterable[Variable]
) -> dict[Variable, Variable]:
    """Find values that may lie in the same place one after another.

    Parameters
    ----------
    kernel : Kernel
    outputs : iterable of Variable
        Values that have to be there when the kernel has ended.
    free : iterable of Variable
        Inputs whose memory may be written to.

    Returns
    -------
    dict
        For a value that lies in the place of another one, that one: an output if one of those that
        share the place is, else the first that the kernel writes there.
    """
    reads, homes = _accesses(kernel)
    kept, given = set(outputs), tuple(free)
    there = [[v] for v in given if v.shape]  # values in one place, by time; the last may be read
    ended: list[list[Variable]] = []
    for v in sorted(kernel.stored, key=lambda v: homes[v]):
        if not v.shape:
            continue  # stays in a register
        fitting = [
            m for m in there if _same_memory(v, m[-1]) and homes[v].follows(reads.get(m[-1], ()))
        ]
        members = fitting[0] if fitting else []
        members.append(v)
        if v in kept:
            there = [m for m in there if m is not members]
            ended.append(members)
        elif not fitting:
            there.append(members)
    shared: dict[Variable, Variable] = {}
    for members in (*there, *ended):
        written = [v for v in members if v not in given]
        if written:
            chosen = written[-1] if written[-1] in kept else written[0]
            shared.update((v, chosen) for v in members if v is not chosen)
    return shared


def _same_memory(one: Variable, two: Variable) -> bool:
    return one.dtype == two.dtype and one.type.size == two.type.size


def _accesses(kernel: Kernel) -> tuple[dict[Atom, list[_Read]], dict[Variable, _Home]]:
    """Reads of each value from memory, and where it is computed."""
    reads: dict[Atom, list[_Read]] = {}
    homes: dict[Variable, _Home] = {}
    for number, nest in enumerate(kernel.nests):
        written = contiguous(nest.space)
        registers: set[Atom] = set()
        for place, e in enumerate(nest.equations):
            for i, a in enumerate(e.inputs):
                if a not in registers:
                    root, strides, offset = strides_in(e, i, kernel.views)
                    same = strides == written and not offset
                    reads.setdefault(root, []).append(_Read(number, place, same))
            pointwise = e.primitive.name not in REDUCTIONS and e.primitive.name != "assemble"
            for v in e.outputs:
                homes.setdefault(v, _Home(number, place, pointwise))
            if pointwise:
                registers.update(e.outputs)
    return reads, homes
