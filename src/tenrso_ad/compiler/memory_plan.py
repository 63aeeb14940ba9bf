"""Memory planning: how long the values of a graph live, and where in memory they lie.

Values that never live at the same time may have the same memory. Where each of them lies is found
as in Pisarchyk and Lee, Efficient memory management for deep neural net inference (2020), greedy by
size: the largest first, each in the smallest gap between those that live at the same time.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from ..engine.errors import GraphError
from ..engine.graph import Atom, Graph
from .layout import views_of

ALIGNMENT = 64
"""Bytes between places where an array may begin: the width of a cache line."""


class Life(NamedTuple):
    """The first and the last equation, by their numbers, that need a value in memory."""

    first: int
    last: int


class Lives(NamedTuple):
    """How long the values of a graph live.

    Attributes
    ----------
    root : dict of Atom to Atom
        For a view of another value, that one; a reshape that copies is none.
    of : dict of Atom to Life
        For the values that equations compute and that are no views; views prolong the lives of
        what they look at. An output lives until after the last equation.
    """

    root: dict[Atom, Atom]
    of: dict[Atom, Life]


def lives(graph: Graph) -> Lives:
    """Find how long the values of a graph live when its equations run in their order."""
    root: dict[Atom, Atom] = {}
    of: dict[Atom, Life] = {}
    views = views_of(graph)

    def read(atom: Atom, when: int) -> None:
        atom = root.get(atom, atom)
        if atom in of:
            of[atom] = Life(of[atom].first, when)

    for number, e in enumerate(graph.equations):
        for a in e.inputs:
            read(a, number)
        if e.outputs[0] in views:
            (source,) = e.inputs
            root[e.outputs[0]] = root.get(source, source)
        else:
            of.update((v, Life(number, number)) for v in e.outputs)
    for o in graph.outputs:
        read(o, len(graph.equations))
    return Lives(root, of)


@dataclass(eq=False)
class Room:
    """Memory that is needed for some time.

    Attributes
    ----------
    nbytes : int
    first, last : int
        The steps, both included, during which nobody else may have it.
    """

    nbytes: int
    first: int
    last: int


@dataclass(eq=False)
class Block:
    """Memory that is there anyway, and free until a step.

    Attributes
    ----------
    nbytes, until : int
    taken : dict of Room to int
        Rooms that have their places in it already.
    """

    nbytes: int
    until: int
    taken: dict[Room, int] = field(default_factory=dict)


class Place(NamedTuple):
    """Where a room is: the block, None for the arena, and the bytes before it there."""

    block: Block | None
    offset: int


class Plan(NamedTuple):
    """Where rooms are.

    Attributes
    ----------
    places : dict of Room to Place
    size : int
        Bytes of the arena, which holds all rooms that are in no block.
    """

    places: Mapping[Room, Place]
    size: int


def plan(rooms: Sequence[Room], blocks: Sequence[Block] = ()) -> Plan:
    """Give each room a place, so that those needed at the same time do not overlap.

    Parameters
    ----------
    rooms : sequence of Room
    blocks : sequence of Block
        Where rooms may be that are no longer needed at the step `until`.
    """
    plans = (_placed(sorted(rooms, key=order), blocks) for order in _ORDERS)
    return min(plans, key=lambda p: p.size)


_ORDERS: tuple[Callable[[Room], tuple[int, ...]], ...] = (
    lambda r: (-r.nbytes, -r.last, -r.first),
    lambda r: (-r.nbytes, r.first, r.last),
    lambda r: (-r.nbytes, r.first - r.last, r.first),
)
"""The largest first in each of them; of the plans, the smallest is taken, else the first."""


def _placed(rooms: Iterable[Room], blocks: Sequence[Block]) -> Plan:
    """Give rooms places, in their order."""
    regions = [_Region(b, b.nbytes) for b in blocks] + [_Region(None, None)]
    arena = regions[-1]
    for region in regions[:-1]:
        assert region.block is not None
        for room, offset in region.block.taken.items():
            region.put(room, offset)
    places: dict[Room, Place] = {}
    for room in rooms:
        gaps = [
            (width, number, offset)
            for number, region in enumerate(regions)
            if region.block is None
            or (room.last < region.block.until and room.nbytes <= region.block.nbytes)
            for width, offset in region.gaps(room)
        ]
        if gaps:
            _, number, offset = min(gaps)
            region = regions[number]
        else:
            region, offset = arena, arena.top(room)
        region.put(room, offset)
        places[room] = Place(region.block, offset)
    return Plan(places, arena.size)


class _Region:
    """Memory that rooms are put into."""

    def __init__(self, block: Block | None, limit: int | None) -> None:
        self.block = block
        self.limit = limit
        self.size = 0  # up to which it is used
        self._count = 0
        self._rows = np.empty((4, 16), np.int64)  # first, last, begin and end of each room

    def put(self, room: Room, offset: int) -> None:
        """Give a room its place."""
        if self._count == self._rows.shape[1]:
            self._rows = np.concatenate([self._rows, np.empty_like(self._rows)], axis=1)
        end = aligned(offset + room.nbytes)
        self._rows[:, self._count] = room.first, room.last, offset, end
        self._count += 1
        self.size = max(self.size, end)

    def _beside(self, room: Room) -> Iterable[tuple[int, int]]:
        """Begin and end of what is there at the same time, sorted."""
        first, last, begin, end = self._rows[:, : self._count]
        there = (first <= room.last) & (last >= room.first)
        return sorted(zip(begin[there].tolist(), end[there].tolist(), strict=True))

    def gaps(self, room: Room) -> Iterable[tuple[int, int]]:
        """Width and offset of each gap that a room fits into, in what is used or given."""
        size = self.size if self.limit is None else self.limit
        position = 0
        for begin, end in itertools.chain(self._beside(room), [(size, size)]):
            if begin - position >= room.nbytes:
                yield begin - position, position
            position = max(position, end)

    def top(self, room: Room) -> int:
        """Offset above all that is there at the same time."""
        return max((end for _, end in self._beside(room)), default=0)


def aligned(nbytes: int) -> int:
    """Round up to a place where an array may begin."""
    return -(-nbytes // ALIGNMENT) * ALIGNMENT


def check(plan: Plan, blocks: Sequence[Block] = ()) -> None:
    """Raise where a plan is wrong.

    Raises
    ------
    GraphError
        Two rooms that are needed at the same time overlap, one leaves its block or is needed
        longer than the block is free, or one does not begin at a multiple of `ALIGNMENT`.
    """
    placed = [(room, place.block, place.offset) for room, place in plan.places.items()]
    placed += [(room, block, offset) for block in blocks for room, offset in block.taken.items()]
    for room, block, offset in placed:
        end = plan.size if block is None else block.nbytes
        if offset % ALIGNMENT or offset < 0 or offset + room.nbytes > end:
            raise GraphError(f"{room} has no place at {offset} of {end} bytes")
        if block is not None and room not in block.taken and room.last >= block.until:
            raise GraphError(f"{room} is needed when its block is not free any more: {block.until}")
    for (a, block, at), (b, other, place) in itertools.combinations(placed, 2):
        together = a.first <= b.last and b.first <= a.last
        if together and block is other and at < place + b.nbytes and place < at + a.nbytes:
            raise GraphError(f"{a} at {at} and {b} at {place} overlap")


def live_bytes(rooms: Iterable[Room]) -> int:
    """Most bytes that are needed at one step."""
    change: dict[int, int] = {}
    for room in rooms:
        change[room.first] = change.get(room.first, 0) + room.nbytes
        change[room.last + 1] = change.get(room.last + 1, 0) - room.nbytes
    return max(itertools.accumulate(change[step] for step in sorted(change)), default=0)
