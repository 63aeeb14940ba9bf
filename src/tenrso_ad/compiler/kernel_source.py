"""Writing the source of one kernel."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..engine.array_type import ArrayType
from ..engine.graph import Atom, Constant, Equation, Graph, Variable
from ..kernels import threads
from .expressions import EXPRESSIONS, REDUCTIONS
from .in_place import shared_places
from .layout import collapse
from .loops import Kernel, Nest, lay_out, strides_in, strides_of_sum, written_to
from .rewriting import shape_of, type_of_atom, uniform
from .windows import Region

BLOCK = 2048
"""Elements after which a running sum is put aside, so that rounding grows slowly."""

DIVIDE_FROM = 150_000
"""Nanoseconds that a nest should take before threads share it."""

SMALL = 64
"""Turns of a loop below which its elementary functions are called, not written into it."""

MANY = 8
"""Calls of an elementary function in one loop above which they share its code."""

_SUFFIX = {"d": "64", "f": "32", "?": "b"}


@dataclass(frozen=True)
class Source:
    """A kernel as text.

    Attributes
    ----------
    text : str
        Python, as `translation` reads it; the function is called ``kernel``.
    parameters : tuple of ArrayType
        Its arrays: inputs, but for those of `reused`, then constants, outputs, scratch.
    constants : tuple of ndarray
        Arrays that stand in the body.
    scratch : tuple of ArrayType
        Room that it needs besides.
    chunks : int
        0, or into how many chunks its work may be divided, -1 for any number. Then ``kernel`` takes
        two more arguments, the first chunk to compute and the one to stop before, and ``finish``
        has to be called with the same arrays when all chunks are done.
    reused : dict of int to int
        Numbers of inputs that are no parameters, because an array that the kernel writes is in
        their memory; and the numbers of those, outputs counted first, then scratch.
    """

    text: str
    parameters: tuple[ArrayType, ...]
    constants: tuple[np.ndarray, ...]
    scratch: tuple[ArrayType, ...]
    chunks: int
    reused: Mapping[int, int]


def write_kernel(body: Graph, free: Sequence[Variable] = ()) -> Source:
    """Write the kernel that computes a body.

    Parameters
    ----------
    body : Graph
    free : sequence of Variable
        Inputs that nobody needs afterwards, in whose memory results may be written.
    """
    return _Writer(body, free).source()


class _Writer:
    def __init__(self, body: Graph, free: Sequence[Variable]) -> None:
        self.body = body
        self.kernel: Kernel = lay_out(body)
        self.names: dict[Atom, str] = {}  # of arrays
        self.local: dict[Atom, str] = {}  # of scalars that stand for a whole value
        self.constants: list[Constant] = []
        self.lines: list[str] = []
        self.indent = 1
        for i, v in enumerate(body.inputs):
            self.names[v] = f"in{i}"
        for e in body.equations:
            for a in e.inputs:
                if isinstance(a, Constant) and uniform(a) is None and a not in self.names:
                    self.names[a] = f"constant{len(self.constants)}"
                    self.constants.append(a)
        outputs = [o for o in body.outputs if isinstance(o, Variable)]
        self.shared = shared_places(self.kernel, outputs, free)
        for i, v in enumerate(outputs):
            self.names[v] = f"out{i}"
        self.scratch = [
            v for v in self.kernel.stored if v not in outputs and v not in self.shared and v.shape
        ]
        for i, v in enumerate(self.scratch):
            self.names[v] = f"scratch{i}"
        for v, other in self.shared.items():
            self.names[v] = self.names[other]
        self.temporaries = 0
        self.chunks = 0
        self.partial_sums: list[tuple[str, ArrayType]] = []
        self.dividing: list[str] = []

    def source(self) -> Source:
        for number, nest in enumerate(self.kernel.nests):
            self.may_divide = number == 0 and is_large(nest)
            self.write_nest(nest)
        outputs = [o for o in self.body.outputs if isinstance(o, Variable)]
        written = [*outputs, *self.scratch]
        inputs = [v for v in self.body.inputs if v not in self.shared]
        held: list[Atom] = [*inputs, *self.constants, *written]
        names = [*(self.names[a] for a in held), *(name for name, _ in self.partial_sums)]
        if self.chunks:
            head = f"def kernel({', '.join([*names, 'start', 'stop'])}):"
            finish = [f"def finish({', '.join(names)}):", *(self.lines or ["    pass"])]
            lines = [head, *self.dividing, "", "", *finish]
        else:
            lines = [f"def kernel({', '.join(names)}):", *self.lines]
        partial = tuple(kind for _, kind in self.partial_sums)
        return Source(
            "\n".join(lines) + "\n",
            (*(type_of_atom(a) for a in held), *partial),
            tuple(np.ascontiguousarray(c.value) for c in self.constants),
            (*(v.type for v in self.scratch), *partial),
            self.chunks,
            {
                i: written.index(self.shared[v])
                for i, v in enumerate(self.body.inputs)
                if v in self.shared
            },
        )

    # --- one nest ---------------------------------------------------------------------------------

    def write_nest(self, nest: Nest) -> None:
        self.small = math.prod(nest.space) < SMALL
        self.calls = Counter(f for e in nest.equations for f in functions_of(e))
        accesses: list[tuple[int, ...]] = []
        place_of: dict[tuple[int, ...], int] = {}

        def access(strides: tuple[int, ...]) -> int:
            if strides not in place_of:
                place_of[strides] = len(accesses)
                accesses.append(strides)
            return place_of[strides]

        reductions = [e for e in nest.equations if e.primitive.name in REDUCTIONS]
        elementwise = [
            e for e in nest.equations if e.primitive.name not in (*REDUCTIONS, "assemble")
        ]
        pointwise = {v for e in elementwise for v in e.outputs}
        targets = {e: written_to(e) for e in nest.equations if e not in reductions}
        guards = {
            e: [(access(axis), bounds) for axis, bounds in found]
            for e in nest.equations
            if e.primitive.name == "place" and (found := guards_of(e))
        }
        plan: list[tuple[Equation, list[Any]]] = []
        for e in nest.equations:
            operands: list[Any] = []
            for i, a in enumerate(e.inputs):
                if a in pointwise or uniform(a) is not None:
                    operands.append(None)
                    continue
                layout = strides_in(e, i, self.kernel.views)
                operands.append((layout.root, access(layout.strides), layout.offset))
            plan.append((e, operands))
        homes = {e: access(target.strides) for e, target in targets.items()}
        sums = {e: access(strides_of_sum(e)) for e in reductions}
        lengths, strides = collapse(nest.space, accesses)
        self.emit(f"# {' x '.join(map(str, nest.space)) or 'scalars'}")
        self.open_loops(nest, lengths, strides, sums)
        places = [self.place(s) for s in strides]
        value: dict[Atom, str] = {}
        loaded: dict[tuple[Atom, int, int], str] = {}
        for e, operands in plan:
            texts = []
            for a, where in zip(e.inputs, operands, strict=True):
                if where is None:
                    texts.append(value[a] if a in value else self.literal(a, e))
                    continue
                root, number, offset = where
                if root in self.local:
                    texts.append(self.local[root])
                elif e in guards:
                    texts.append(f"{self.names[root]}, {shifted(places[number], offset)}")
                else:
                    if where not in loaded:
                        loaded[where] = name = self.temporary()
                        place = shifted(places[number], offset)
                        self.emit(f"{name} = load({self.names[root]}, {place})")
                    texts.append(loaded[where])
            (out,) = e.outputs
            if e.primitive.name in REDUCTIONS:
                self.add_term(e, texts[0], strides[sums[e]], places[sums[e]], lengths)
                continue
            target = shifted(places[homes[e]], targets[e].offset)
            if e.primitive.name == "assemble":
                self.emit(f"store({self.names[out]}, {target}, {texts[0]})")
                continue
            if e in guards:
                inside = [(places[axis], *bounds) for axis, bounds in guards[e]]
                condition = " & ".join(
                    f"({low} <= {i}) & ({i} < {high})" for i, low, high in inside
                )
                zero = _typed("zero", out.dtype.char)
                if "," in texts[0]:
                    text = f"load_if({texts[0]}, {condition}, {zero})"
                else:  # a number is not loaded
                    text = f"select({condition}, {texts[0]}, {zero})"
            else:
                text = self.expression(e, texts)
            name = self.temporary()
            self.emit(f"{name} = {text}")
            value[out] = name
            if not nest.space:
                self.local[out] = name
            if out in self.names:
                self.emit(f"store({self.names[out]}, {target}, {name})")
        self.close_loops(nest, lengths, strides, sums)

    def place(self, strides: Sequence[int]) -> str:
        terms = [
            self.counters[k] if s == 1 else f"{self.counters[k]} * {s}"
            for k, s in enumerate(strides)
            if s
        ]
        return " + ".join(terms) or "0"

    def open_loops(
        self,
        nest: Nest,
        lengths: list[int],
        strides: list[list[int]],
        sums: dict[Equation, int],
    ) -> None:
        """Open the loops; start each sum where its place stops changing."""
        depth = len(lengths)
        self.counters = [f"i{k}" for k in range(depth)]
        self.level: dict[Equation, int] = {}
        self.in_memory: set[Equation] = set()
        self.totals: dict[Equation, str] = {}
        for e, number in sums.items():
            moving = [k for k, s in enumerate(strides[number]) if s]
            level = moving[-1] + 1 if moving else 0
            if any(not s for s in strides[number][:level]):
                self.in_memory.add(e)  # outer loops come back to the same place
                self.begin_in_memory(e)
            self.level[e] = level
        self.divided = self.may_divide and depth > 0 and not self.in_memory
        if self.divided:
            inner_size = math.prod(lengths[1:])
            rows = -(-threads.settings.chunk_size // inner_size)
            self.chunks = -(-lengths[0] // rows)
            self.emit("for c in range(start, stop):")
            self.indent += 1
        for k, n in enumerate(lengths):
            self.start_sums(k)
            first, last = "0", str(n)
            if self.divided and k == 0:
                first, last = f"c * {rows}", f"min((c + 1) * {rows}, {n})"
            inner = k == depth - 1
            blocks = inner and n > BLOCK and any(v <= k for v in self.level.values())
            self.blocked = blocks
            if blocks:
                self.emit(f"for b in range({first}, {last}, {BLOCK}):")
                self.indent += 1
                self.start_partials()
                self.emit(f"for {self.counters[k]} in range(b, min(b + {BLOCK}, {last})):")
            else:
                if inner:
                    self.start_partials()
                self.emit(f"for {self.counters[k]} in range({first}, {last}):")
            self.indent += 1
        if not depth:
            self.blocked = False
            self.start_sums(0)
            self.start_partials()

    def start_sums(self, level: int) -> None:
        for e, at in self.level.items():
            if at == level:
                self.totals[e] = self.temporary("sum")
                self.emit(f"{self.totals[e]} = {self.start(e)}")

    def start_partials(self) -> None:
        self.partials = {}
        for e in self.level:
            if e in self.totals:
                self.partials[e] = self.temporary("part")
                self.emit(f"{self.partials[e]} = {self.start(e)}")

    def begin_in_memory(self, e: Equation) -> None:
        (out,) = e.outputs
        self.emit(f"for i in range({out.type.size}):")
        self.emit(f"    store({self.names[out]}, i, {self.start(e)})")

    def add_term(
        self, e: Equation, term: str, strides: list[int], place: str, lengths: list[int]
    ) -> None:
        if self.level[e] < len(lengths) or not lengths:
            part = self.partials[e]
            self.emit(f"{part} = {REDUCTIONS[e.primitive.name].step.format(part, term)}")
        else:
            self.put(e, place, term)

    def put(self, e: Equation, place: str, term: str) -> None:
        """Write a reduced value to its place, or join it to what is there."""
        array = self.names[e.outputs[0]]
        if e in self.in_memory:
            term = self.join(e, f"load({array}, {place})", term)
        self.emit(f"store({array}, {place}, {term})")

    def close_loops(
        self,
        nest: Nest,
        lengths: list[int],
        strides: list[list[int]],
        sums: dict[Equation, int],
    ) -> None:
        depth = len(lengths)
        combine: list[tuple[Equation, str]] = []

        def add_partials() -> None:
            for e, part in self.partials.items():
                self.emit(f"{self.totals[e]} = {self.join(e, self.totals[e], part)}")

        def finish(level: int) -> None:
            for e, at in self.level.items():
                if at == level:
                    (out,) = e.outputs
                    if self.divided and level == 0:
                        name = f"sums{len(self.partial_sums)}"
                        self.partial_sums.append((name, ArrayType((self.chunks,), out.dtype)))
                        self.emit(f"store({name}, c, {self.totals[e]})")
                        combine.append((e, name))
                        continue
                    if not out.shape:
                        self.local[out] = self.totals[e]
                    if out in self.names:
                        self.put(e, self.place(strides[sums[e]]), self.totals[e])

        if not depth:
            add_partials()
            finish(0)
            return
        self.indent -= 1
        add_partials()
        if self.blocked:
            self.indent -= 1
        for k in range(depth - 1, -1, -1):
            finish(k)
            if k:
                self.indent -= 1
        if self.divided:
            self.indent = 1
            self.dividing, self.lines = self.lines, []
            for e, name in combine:
                (out,) = e.outputs
                total = self.totals[e]
                self.emit(f"{total} = {self.start(e)}")
                self.emit(f"for c in range({self.chunks}):")
                self.emit(f"    {total} = {self.join(e, total, f'load({name}, c)')}")
                self.local[out] = self.totals[e]
                if out in self.names:
                    self.emit(f"store({self.names[out]}, 0, {self.totals[e]})")

    # --- parts ------------------------------------------------------------------------------------

    def emit(self, line: str) -> None:
        self.lines.append("    " * self.indent + line)

    def temporary(self, kind: str = "t") -> str:
        self.temporaries += 1
        return f"{kind}{self.temporaries}"

    def start(self, e: Equation) -> str:
        """What a reduction starts from."""
        return _typed(REDUCTIONS[e.primitive.name].start, e.outputs[0].dtype.char)

    def join(self, e: Equation, one: str, two: str) -> str:
        """Two values of a reduction made one."""
        return REDUCTIONS[e.primitive.name].join.format(one, two)

    def literal(self, atom: Atom, e: Equation) -> str:
        """A constant of one value, of the dtype that it has or takes on."""
        value = uniform(atom)
        kind = type_of_atom(atom)
        if hasattr(kind, "dtype"):
            char = kind.dtype.char
        elif isinstance(value, bool):
            char = "?"
        else:
            typed = [t.dtype.char for t in map(type_of_atom, e.inputs) if hasattr(t, "dtype")]
            char = e.outputs[0].dtype.char
            if char == "?":  # a comparison; one of booleans and a number is made of numbers
                char = next((c for c in typed if c != "?"), "d")
        if char == "?":
            return str(bool(value))
        with np.errstate(over="ignore"):
            number = float(value) if char == "d" else float(np.float32(value))
        if not np.isfinite(number):
            return _not_finite(number)
        return f"({number!r})" if char == "d" else f"float32({number!r})"

    def expression(self, e: Equation, texts: list[str]) -> str:
        (out,) = e.outputs
        char = out.dtype.char
        if char == "?":
            char = next(
                (t.dtype.char for t in map(type_of_atom, e.inputs) if hasattr(t, "dtype")), "d"
            )
        suffix = _SUFFIX[char]
        if out.dtype.char != "?" and e.primitive.name != "where":  # booleans are numbers there
            texts = [
                f"float{suffix}({t})" if _char(type_of_atom(a)) == "?" else t
                for a, t in zip(e.inputs, texts, strict=True)
            ]
        text = _typed(EXPRESSIONS[e.primitive.name].format(*texts), char)
        for name in functions_of(e):
            variant = "_small" if self.small else "_shared" * (self.calls[name] > MANY)
            text = re.sub(rf"\bm\.{name}\b", f"{name}{suffix}{variant}", text)
        return f"float{suffix}({text})" if e.primitive.name == "astype" else text


def shifted(place: str, offset: int) -> str:
    """A place, counted from another one."""
    if not offset:
        return place
    if place == "0":
        return str(offset)
    return f"{place} {'+' if offset > 0 else '-'} {abs(offset)}"


def guards_of(equation: Equation) -> list[tuple[tuple[int, ...], tuple[int, int]]]:
    """Where a window is put back: strides that count an axis, and its bounds along that axis.

    Of axes along which it fills the whole, none.
    """
    shape = equation.outputs[0].shape
    start, step = equation.params["start"], equation.params["step"]
    bounds = Region(start, step, shape_of(equation.inputs[0])).bounds()
    axes = range(len(shape))
    return [
        (tuple([int(i == axis) for i in axes]), bounds[axis])
        for axis in axes
        if bounds[axis] != (0, shape[axis])
    ]


def _char(kind: Any) -> str:
    """Character of a type's dtype; none for a Python scalar."""
    return kind.dtype.char if hasattr(kind, "dtype") else ""


def _typed(text: str, char: str) -> str:
    """Give words that stand for numbers the width of a dtype."""
    return re.sub(r"\b(zero|one|half|infinity)\b", rf"\g<1>{_SUFFIX[char]}", text)


def _not_finite(value: float) -> str:
    """NaN or an infinity in words, to which `expression` gives the width."""
    if value != value:
        return "(zero * infinity)"
    return "infinity" if value > 0 else "(-infinity)"


def functions_of(equation: Equation) -> list[str]:
    """Elementary functions that an equation calls."""
    return re.findall(r"\bm\.(\w+)", EXPRESSIONS.get(equation.primitive.name, ""))


def is_large(nest: Nest) -> bool:
    """Whether threads are to share a nest."""
    least = threads.settings.min_size
    return estimate(nest) >= DIVIDE_FROM if least is None else math.prod(nest.space) >= least


def estimate(nest: Nest) -> float:
    """Nanoseconds that a nest takes in one thread, roughly."""
    calls = sum(len(functions_of(e)) for e in nest.equations)
    return math.prod(nest.space) * (0.1 + 0.05 * len(nest.equations) + 0.7 * calls)
