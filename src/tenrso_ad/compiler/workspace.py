"""The memory that a program works in: its arrays, planned into one block that is used again.

Large arrays may also lie in the memory of results that are not computed yet.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from ..engine.array_type import ArrayType
from ..ops.contraction.lowering import View
from .memory_plan import ALIGNMENT, Block, Life, Plan, Room, aligned, live_bytes, plan

LARGE = 1 << 13
"""Bytes from which an array may lie in a result: every call then has to make the view anew."""


class Memory(NamedTuple):
    """Bytes that a compiled function takes beside its arguments.

    Attributes
    ----------
    workspace : int
        Arrays between the equations, as planned; they are kept for the next call.
    unplanned : int
        The same if every array had memory of its own.
    calls : int
        Arrays that library calls make between the equations, as many as live at one time.
    results : int
        Arrays that a call returns; some of the workspace may lie in them.
    """

    workspace: int
    unplanned: int
    calls: int
    results: int

    @property
    def peak(self) -> int:
        """Most that a call takes; what library calls use for themselves is not known."""
        return self.workspace + self.calls + self.results


@dataclass(eq=False)
class _Array:
    """An array of the workspace: a room, or what looking at another array gives."""

    room: Room
    step: int
    kind: ArrayType
    source: str = ""
    view: View | None = None


class _Result(NamedTuple):
    """A new array that a call returns."""

    block: Block
    kind: ArrayType


class Workspace:
    """Names for the arrays of a program; their places are found when all are known.

    Attributes
    ----------
    names : list of str
        After `plan`: arrays that are there before a call.
    lines : dict of int to list of str
        After `plan`: code that makes the other arrays, by the equation it has to precede.
    """

    def __init__(self) -> None:
        self.names: list[str] = []
        self.lines: dict[int, list[str]] = {}
        self._arrays: dict[str, _Array] = {}
        self._results: dict[str, _Result] = {}
        self._calls: dict[str, Room] = {}
        self._unplanned = 0
        self._plan = Plan({}, 0)

    # --- before the plan --------------------------------------------------------------------------

    def array(self, kind: ArrayType, life: Life, over: str = "") -> str:
        """An array for some equations, perhaps in the memory of one that is no longer needed."""
        self._unplanned += aligned(kind.nbytes)
        if not over:
            return self._named(_Array(Room(kind.nbytes, *life), life.first, kind))
        array = self._arrays[over]
        array.room.last = life.last
        if array.kind == kind and array.view is None:
            return over
        return self._named(_Array(array.room, life.first, kind))

    def look(self, source: str, view: View, step: int) -> str:
        """A view of an array, for an equation; it must be one that copies nothing."""
        array = self._arrays[source]
        return self._named(_Array(array.room, step, array.kind, source, view))

    def _named(self, array: _Array) -> str:
        name = f"w{len(self._arrays)}"
        self._arrays[name] = array
        return name

    def result(self, kind: ArrayType, step: int, over: str = "") -> str:
        """A result, perhaps in the memory of an array that is no longer needed."""
        name = f"r{len(self._results) + len(self._calls)}"
        block = Block(kind.nbytes, step)
        if over:
            block.taken[self._arrays[over].room] = 0
        self._results[name] = _Result(block, kind)
        return name

    def call(self, nbytes: int, life: Life) -> str:
        """An array that a library call makes."""
        name = f"r{len(self._results) + len(self._calls)}"
        self._calls[name] = Room(nbytes, *life)
        return name

    def room(self, name: str) -> Room | None:
        """Where an array of the workspace is going to be; None for another one."""
        return self._arrays[name].room if name in self._arrays else None

    def probe(self, name: str) -> np.ndarray:
        """An array without values that is laid out as one of the workspace."""
        array = self._arrays[name]
        if array.view is None:
            return np.empty(array.kind.shape, np.bool)
        return array.view.of(self.probe(array.source))

    # --- the plan ---------------------------------------------------------------------------------

    def plan(self, steps: int, copied: int) -> Memory:
        """Give every array its place, for so many steps and bytes of results that are copies."""
        blocks = {result.block: name for name, result in self._results.items()}
        where = {room: (name, 0) for block, name in blocks.items() for room in block.taken}
        rooms = dict.fromkeys(a.room for a in self._arrays.values() if a.room not in where)
        self._plan = plan(list(rooms), [b for b in blocks if b.nbytes >= LARGE])
        for room, place in self._plan.places.items():
            if place.block is not None:
                where[room] = (blocks[place.block], place.offset)
        needed = {name: result.block.until for name, result in self._results.items()}
        for room, (name, _) in where.items():
            needed[name] = min(needed[name], room.first)
        for name, step in needed.items():
            kind = self._results[name].kind
            self._line(step, f"{name} = empty({kind.shape}, {kind.dtype.name})")
        for name, array in self._arrays.items():
            if array.room in where:
                self._line(array.step, f"{name} = {self._text(array, *where[array.room])}")
            else:
                self.names.append(name)
        return Memory(
            self._plan.size,
            self._unplanned,
            live_bytes(room for room in self._calls.values() if room.last < steps),
            copied
            + sum(result.kind.nbytes for result in self._results.values())
            + sum(room.nbytes for room in self._calls.values() if room.last == steps),
        )

    def _line(self, step: int, line: str) -> None:
        self.lines.setdefault(step, []).append(line)

    def _text(self, array: _Array, result: str, offset: int) -> str:
        """Code for an array that lies in a result."""
        if array.view is not None:
            return text_of_view(array.source, array.view)
        if array.kind == self._results[result].kind:
            return result
        return f"ndarray({array.kind.shape}, {array.kind.dtype.name}, {result}, {offset})"

    def dtypes(self) -> dict[str, np.dtype]:
        """What the lines call the dtypes."""
        kinds = [a.kind for a in self._arrays.values()] + [r.kind for r in self._results.values()]
        return {kind.dtype.name: kind.dtype for kind in kinds}

    def deletions(self, step: int) -> list[str]:
        """Code that lets go of the arrays that library calls have made."""
        names = [name for name, room in self._calls.items() if room.last == step]
        return [f"del {', '.join(names)}"] if names else []

    # --- in a call --------------------------------------------------------------------------------

    def make(self) -> tuple[np.ndarray, ...]:
        """Make the arrays that are there before a call."""
        arena = np.empty(self._plan.size + ALIGNMENT, np.uint8)
        first = -arena.ctypes.data % ALIGNMENT
        made: dict[str, np.ndarray] = {}
        for name in self.names:
            array = self._arrays[name]
            if array.view is not None:
                made[name] = array.view.of(made[array.source])
            else:
                offset = first + self._plan.places[array.room].offset
                made[name] = np.ndarray(array.kind.shape, array.kind.dtype, arena, offset)
        return tuple(made.values())


def text_of_view(name: str, view: View) -> str:
    """Code for a view of an array."""
    text = name
    if view.axes is not None:
        text += ".T" if view.axes == (1, 0) else f".transpose({view.axes})"
    return text if view.shape is None else f"{text}.reshape({view.shape})"
