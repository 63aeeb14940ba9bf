"""Parts of arrays: slices, joined and padded arrays as kernels see them.

Three primitives say what basic indexing, splitting, flipping, padding, rolling, joining and their
transposes do. A ``window`` is every so many-th element along each axis, without a copy; ``place``
puts a window's elements back among zeros; ``assemble`` puts arrays side by side.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np

from ..engine.array_type import ArrayType
from ..engine.graph import Atom, Equation, shape_rules
from ..engine.primitive import Primitive
from ..engine.trace import evaluation
from ..ops.indexing.subscript import Index, Span
from .expressions import EXPRESSIONS
from .rewriting import Writer, shape_of, type_of_atom, uniform

Places = tuple[int, ...]

window_p = Primitive("window")
place_p = Primitive("place")
assemble_p = Primitive("assemble")

FEW = 4
"""Arrays that are read where they are instead of being joined in memory; components of a vector."""


class Region(NamedTuple):
    """Where the elements of a window are in the whole: start + step * i along each axis."""

    start: Places
    step: Places
    shape: Places

    def slices(self) -> tuple[slice, ...]:
        """The region as an index."""
        parts = []
        for start, step, n in zip(*self, strict=True):
            stop = start + step * n
            parts.append(slice(start, stop if stop >= 0 else None, step))
        return tuple(parts)

    def bounds(self) -> list[tuple[int, int]]:
        """First place along each axis, and the one after the last, of steps 1 and -1."""
        ends = [(a, a + k * (n - 1)) for a, k, n in zip(*self, strict=True)]
        return [(min(pair), max(pair) + 1) for pair in ends]


def whole(shape: Places) -> Region:
    """All of an array."""
    return Region((0,) * len(shape), (1,) * len(shape), shape)


def _place(x: Any, *, start: Places, step: Places, shape: Places) -> Any:
    out = np.zeros(shape, x.dtype)
    out[Region(start, step, x.shape).slices()] = x
    return out


def _assemble(*pieces: Any, starts: tuple[Places, ...], shape: Places) -> Any:
    out = np.empty(shape, pieces[0].dtype)
    for piece, start in zip(pieces, starts, strict=True):
        out[tuple([slice(a, a + n) for a, n in zip(start, piece.shape, strict=True)])] = piece
    return out


evaluation[window_p] = lambda x, **region: x[Region(**region).slices()]
evaluation[place_p] = _place
evaluation[assemble_p] = _assemble
shape_rules[window_p] = lambda x, start, step, shape: ArrayType(shape, x.dtype)
shape_rules[place_p] = lambda x, start, step, shape: ArrayType(shape, x.dtype)
shape_rules[assemble_p] = lambda *pieces, starts, shape: ArrayType(shape, pieces[0].dtype)

# --- writing operations so ------------------------------------------------------------------------

Rule = Callable[[Writer, Equation, list[Atom]], Sequence[Atom] | None]


def _reshaped(writer: Writer, atom: Atom, shape: Places, line: str) -> Atom:
    if shape_of(atom) == shape:
        return atom
    return writer.emit("reshape", (atom,), {"shape": shape}, line)


def _window(writer: Writer, atom: Atom, region: Region, line: str) -> Atom:
    """Part of an array; of a joined one, of the piece that it lies in."""
    if region == whole(shape_of(atom)):
        return atom
    joined = writer.maker(atom, "assemble")
    if joined is not None and set(region.step) == {1}:
        for piece, start in zip(joined.inputs, joined.params["starts"], strict=True):
            inside = tuple([a - b for a, b in zip(region.start, start, strict=True)])
            ends = zip(inside, region.shape, shape_of(piece), strict=True)
            if min(inside) >= 0 and all(a + n <= most for a, n, most in ends):
                return _window(writer, piece, Region(inside, region.step, region.shape), line)
    return writer.emit(window_p, (atom,), region._asdict(), line)


def _put_back(writer: Writer, atom: Atom, region: Region, shape: Places, line: str) -> Atom:
    """Zeros with the elements of an array in a region."""
    if region == whole(shape):
        return atom
    params = {"start": region.start, "step": region.step, "shape": shape}
    return writer.emit(place_p, (atom,), params, line)


def _region(index: Index, shape: Places) -> Region:
    """What a basic index takes, its integers as slices of length 1."""
    entries = [e for e in index if e is not None]
    spans = [e if isinstance(e, Span) else Span(int(e), int(e) + 1, 1) for e in entries]
    spans += [Span(0, n, 1) for n in shape[len(spans) :]]
    return Region(
        tuple([s.start for s in spans]),
        tuple([s.step if s.length > 1 else 1 for s in spans]),
        tuple([s.length for s in spans]),
    )


def _getitem(writer: Writer, e: Equation, inputs: list[Atom]) -> Sequence[Atom] | None:
    if len(inputs) > 1:
        return None
    region = _region(e.params["index"], shape_of(inputs[0]))
    part = _window(writer, inputs[0], region, e.line)
    return [_reshaped(writer, part, e.outputs[0].shape, e.line)]


def _scatter_add(writer: Writer, e: Equation, inputs: list[Atom]) -> Sequence[Atom] | None:
    if len(inputs) > 1 or not _of_numbers(e):
        return None
    region = _region(e.params["index"], e.params["shape"])
    if not set(region.step) <= {1, -1}:
        return None
    values = _reshaped(writer, inputs[0], region.shape, e.line)
    return [_put_back(writer, values, region, e.params["shape"], e.line)]


def _split(writer: Writer, e: Equation, inputs: list[Atom]) -> Sequence[Atom] | None:
    axis, shape = e.params["axis"], shape_of(inputs[0])
    parts = []
    for stop, n in zip(itertools.accumulate(e.params["lengths"]), e.params["lengths"], strict=True):
        everything = whole(shape)
        region = Region(
            (*everything.start[:axis], stop - n, *everything.start[axis + 1 :]),
            everything.step,
            (*shape[:axis], n, *shape[axis + 1 :]),
        )
        parts.append(_window(writer, inputs[0], region, e.line))
    return parts


def _flip(writer: Writer, e: Equation, inputs: list[Atom]) -> Sequence[Atom] | None:
    shape = shape_of(inputs[0])
    turned = [i in e.params["axis"] and n > 1 for i, n in enumerate(shape)]
    region = Region(
        tuple([n - 1 if t else 0 for t, n in zip(turned, shape, strict=True)]),
        tuple([-1 if t else 1 for t in turned]),
        shape,
    )
    return [_window(writer, inputs[0], region, e.line)]


def _pad(writer: Writer, e: Equation, inputs: list[Atom]) -> Sequence[Atom] | None:
    if not _of_numbers(e):
        return None
    widths, shape = e.params["widths"], shape_of(inputs[0])
    ones = (1,) * len(shape)
    kept = tuple([n + min(lo, 0) + min(hi, 0) for n, (lo, hi) in zip(shape, widths, strict=True)])
    if min(kept, default=1) < 1:
        return None
    inside = Region(tuple([max(-lo, 0) for lo, _ in widths]), ones, kept)
    part = _window(writer, inputs[0], inside, e.line)
    region = Region(tuple([max(lo, 0) for lo, _ in widths]), ones, kept)
    return [_put_back(writer, part, region, e.outputs[0].shape, e.line)]


def _roll(writer: Writer, e: Equation, inputs: list[Atom]) -> Sequence[Atom] | None:
    """Each part that stays together goes to its place."""
    shape = shape_of(inputs[0])
    shifts = [0] * len(shape)
    for by, axis in zip(e.params["shift"], e.params["axis"], strict=True):
        shifts[axis] = (shifts[axis] + by) % shape[axis] if shape[axis] else 0
    cuts = [[(0, n)] if not by else [(0, n - by), (n - by, n)] for by, n in zip(shifts, shape)]  # noqa: B905
    parts = list(itertools.product(*cuts))
    if len(parts) > FEW or not _of_numbers(e):
        return None
    ones, total = (1,) * len(shape), None
    for part in parts:
        lengths = tuple([stop - start for start, stop in part])
        source = Region(tuple([start for start, _ in part]), ones, lengths)
        moved = zip(part, shifts, shape, strict=True)
        target = Region(tuple([(a + by) % n for (a, _), by, n in moved]), ones, lengths)
        piece = _window(writer, inputs[0], source, e.line)
        piece = _put_back(writer, piece, target, shape, e.line)
        total = piece if total is None else writer.emit("add", (total, piece), line=e.line)
    return None if total is None else [total]


def _join(writer: Writer, e: Equation, inputs: list[Atom]) -> Sequence[Atom] | None:
    """Read arrays that are in memory where they are; write others to their places."""
    out, axis = e.outputs[0], e.params["axis"]
    if not _of_numbers(e) or any(type_of_atom(a).dtype != out.dtype for a in inputs):
        return None
    if e.primitive.name == "stack":
        shape = (*out.shape[:axis], 1, *out.shape[axis + 1 :])
        inputs = [_reshaped(writer, a, shape, e.line) for a in inputs]
    inputs = [a for a in inputs if shape_of(a)[axis]]
    stops = list(itertools.accumulate(shape_of(a)[axis] for a in inputs))
    starts = [
        tuple([stop - shape_of(a)[axis] if i == axis else 0 for i in range(len(out.shape))])
        for a, stop in zip(inputs, stops, strict=True)
    ]
    told = [a for a in inputs if uniform(a) != 0]
    if e.primitive.name == "stack" or len(told) > 2 or any(_fresh(writer, a) for a in told):
        params = {"starts": tuple(starts), "shape": out.shape}
        return [writer.emit(assemble_p, inputs, params, e.line)]
    total = None
    for a, start in zip(inputs, starts, strict=True):
        if uniform(a) == 0 and (total is not None or a is not inputs[-1]):
            continue
        region = Region(start, (1,) * len(start), shape_of(a))
        piece = _put_back(writer, a, region, out.shape, e.line)
        total = piece if total is None else writer.emit("add", (total, piece), line=e.line)
    return None if total is None else [total]


def _fresh(writer: Writer, atom: Atom) -> bool:
    """Whether a value is computed just here, so that it can be written to any place."""
    return writer.maker(atom, *FRESH) is not None


def _of_numbers(e: Equation) -> bool:
    """Whether kernels compute with the result, and with all that is put into it."""
    kinds = [type_of_atom(a) for a in e.inputs]
    return e.outputs[0].dtype.char in "fd" and all(k.size for k in kinds)


def _add(writer: Writer, e: Equation, inputs: list[Atom]) -> Sequence[Atom] | None:
    """Sum what goes to the same place before it goes there; join what fills the whole."""
    out = e.outputs[0]
    if out.dtype.char not in "fd" or any(shape_of(a) != out.shape for a in inputs):
        return None
    if not any(writer.maker(a, "place", "add") for a in inputs):
        return None
    terms = list(_terms(writer, inputs))
    places = [p for a in terms if (p := writer.maker(a, "place")) is not None]
    groups: dict[Region, list[Atom]] = {}
    for p in places:
        (value,) = p.inputs
        region = Region(p.params["start"], p.params["step"], shape_of(value))
        groups.setdefault(region, []).append(value)
    tiled = _tile(list(groups), out.shape)
    if not places or (len(groups) == len(places) and not tiled):
        return None

    def total(parts: Iterable[Atom]) -> Atom:
        first, *rest = parts
        for a in rest:
            first = writer.emit("add", (first, a), line=e.line)
        return first

    sums = {region: total(values) for region, values in groups.items()}
    if tiled:
        params = {"starts": tuple([r.start for r in sums]), "shape": out.shape}
        put: list[Atom] = [writer.emit(assemble_p, tuple(sums.values()), params, e.line)]
    else:
        put = [_put_back(writer, a, r, out.shape, e.line) for r, a in sums.items()]
    return [total([*(a for a in terms if writer.maker(a, "place") is None), *put])]


def _terms(writer: Writer, atoms: Iterable[Atom], most: int = 16) -> Iterable[Atom]:
    """What a sum of few terms adds up."""
    stack, found = list(atoms)[::-1], 0
    while stack:
        atom = stack.pop()
        e = writer.maker(atom, "add")
        splits = e is not None and found + len(stack) < most
        if splits and e is not None and all(shape_of(a) == shape_of(atom) for a in e.inputs):
            stack += e.inputs[::-1]
        else:
            found += 1
            yield atom


def _tile(regions: Sequence[Region], shape: Places) -> bool:
    """Whether regions cover the whole, and none meets another."""
    if len(regions) < 2 or sum(math.prod(r.shape) for r in regions) != math.prod(shape):
        return False
    if any(set(r.step) != {1} for r in regions):
        return False
    return not any(
        all(a < d and c < b for (a, b), (c, d) in zip(one.bounds(), two.bounds(), strict=True))
        for one, two in itertools.combinations(regions, 2)
    )


def _components(writer: Writer, e: Equation, inputs: list[Atom]) -> Sequence[Atom] | None:
    """An operation on the few components of a joined vector is done to each of them."""
    out = e.outputs[0]
    joined = [j for a in inputs if (j := writer.maker(a, "assemble")) is not None]
    if not joined or out.dtype.char not in "fd":
        return None
    like = joined[0]
    regions = [
        Region(start, (1,) * len(start), shape_of(a))
        for a, start in zip(like.inputs, like.params["starts"], strict=True)
    ]
    alike = len({r.shape for r in regions}) == 1
    if not alike or len(regions) > FEW or any(shape_of(a) not in ((), out.shape) for a in inputs):
        return None
    pieces = [
        writer.emit(
            e.primitive,
            [_window(writer, a, r, e.line) if shape_of(a) else a for a in inputs],
            e.params,
            e.line,
        )
        for r in regions
    ]
    params = {"starts": like.params["starts"], "shape": out.shape}
    return [writer.emit(assemble_p, pieces, params, e.line)]


FRESH = frozenset(EXPRESSIONS) - {"assemble"}

RULES: dict[str, tuple[Rule, ...]] = {
    **dict.fromkeys(FRESH - {"place", "contract"}, (_components,)),
    "add": (_add, _components),
    "getitem": (_getitem,),
    "scatter_add": (_scatter_add,),
    "split": (_split,),
    "flip": (_flip,),
    "pad": (_pad,),
    "roll": (_roll,),
    "concatenate": (_join,),
    "stack": (_join,),
}
