"""Reading a run of linear equations as one product of factors, summed over letters.

Contractions, products, transposes, broadcasts, sums, diagonals and constant factors between a value
and what it is made of come out as one `Network`, however they were written. Letters are integers;
an axis of length 1 has none, an axis that a reshape merged has several.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ...engine.graph import Atom, Constant, Equation, Variable
from ..rewriting import shape_of, type_of_atom, uniform

Group = tuple[int, ...]
"""Letters that make one axis, the slowest first."""

Operands = list[tuple[Atom, list[Group]]]
"""Operands with a group for each axis."""


@dataclass(frozen=True)
class Network:
    """``number * product of scalars * sum over letters of the product of factors``.

    Attributes
    ----------
    number : float or complex
        Finite, and not zero.
    scalars : tuple of (str, Atom)
        Values without axes, and the operation that applies them: ``multiply``, or ``scale``, for
        which zero times anything is zero.
    factors : tuple of (Atom, Group)
        Letters of a factor, in the order of its axes; one may stand twice.
    out : Group
        Letters of the result in the order of its axes.
    sizes : dict of int to int
        Lengths of the letters.
    """

    number: Any
    scalars: tuple[tuple[str, Atom], ...]
    factors: tuple[tuple[Atom, Group], ...]
    out: Group
    sizes: Mapping[int, int]


@dataclass
class _Draft:
    """A network while it is read."""

    number: Any
    out: list[Group]
    sizes: dict[int, int]
    constants: dict[object, Constant]
    same: dict[int, Group] = field(default_factory=dict)  # letters that became others
    scalars: list[tuple[str, Atom]] = field(default_factory=list)
    factors: Operands = field(default_factory=list)
    waiting: deque[tuple[Atom, list[Group]]] = field(default_factory=deque)

    def fresh(self, size: int) -> Group:
        """A new letter; none for an axis of length 1."""
        if size == 1:
            return ()
        self.sizes[len(self.sizes)] = size
        return (len(self.sizes) - 1,)

    def letters(self, groups: Iterable[Group]) -> Group:
        """What the letters of some groups are by now."""
        found: list[int] = []
        for group in groups:
            for c in group:
                found += self.letters([self.same[c]]) if c in self.same else [c]
        return tuple(found)

    def branch(self) -> _Draft:
        """A copy that goes its own way."""
        return _Draft(
            self.number,
            list(self.out),
            dict(self.sizes),
            self.constants,
            dict(self.same),
            list(self.scalars),
            list(self.factors),
            deque(self.waiting),
        )


def read(
    root: Variable,
    makers: Mapping[Atom, Equation],
    expands: Callable[[Atom, Equation], bool],
    most: int,
    constants: dict[object, Constant],
    split: Callable[[Equation], bool] = lambda equation: False,
) -> tuple[list[Network], dict[Equation, None]] | None:
    """Read a value as a sum of networks; it is one network unless something is split.

    Parameters
    ----------
    root : Variable
        Made by one of the operations of this module, of no length 0.
    makers : mapping
        Equation of each value.
    expands : callable
        Whether a value is replaced by what its equation makes it of.
    most : int
        Number of factors beyond which products are not expanded.
    constants : dict
        Constants that were made of others, by their values; new ones are added.
    split : callable
        Whether an addition or subtraction becomes two networks.

    Returns
    -------
    networks : list of Network
    equations : dict of Equation to None
        Those that were read.
    """
    draft = _Draft(1.0, [], {}, constants)
    draft.out = [draft.fresh(n) for n in root.shape]
    draft.waiting.append((root, draft.out))
    equations: dict[Equation, None] = {}
    drafts, done = [draft], []
    while drafts:
        draft = drafts.pop()
        while draft.waiting:
            atom, groups = draft.waiting.popleft()
            equation = makers.get(atom)
            if equation is not None and (atom is root or expands(atom, equation)):
                name = equation.primitive.name
                if name in _SUMS and split(equation):
                    equations[equation] = None
                    other = draft.branch()
                    for d, operand in zip((draft, other), equation.inputs, strict=True):
                        (aligned,) = _aligned([operand], groups)
                        d.waiting.appendleft(aligned)
                    if name == "subtract":
                        other.number = -other.number
                    drafts.append(other)
                    continue
                arrays = sum([bool(shape_of(a)) and factor(a) is None for a in equation.inputs])
                fits = arrays < 2 or len(draft.factors) + len(draft.waiting) + arrays <= most
                operands = (
                    _RULES[name](draft, equation, groups) if name in _RULES and fits else None
                )
                if operands is not None:
                    equations[equation] = None
                    draft.waiting.extend(operands)
                    continue
                if atom is root:
                    return None
            if isinstance(atom, Constant) and factor(atom) is None:
                atom, groups = _thinner(draft, atom, groups)
            _take(draft, atom, groups)
        network = _finished(draft)
        if network is None:
            return None
        done.append(network)
    return done, equations


def is_linear(equation: Equation) -> bool:
    """Whether an equation can be part of a network."""
    if equation.primitive.name not in _RULES or len(equation.outputs) != 1:
        return False
    out = equation.outputs[0].type
    if getattr(out.dtype, "char", "") not in ("f", "d", "F", "D") or not out.size:
        return False
    for a in equation.inputs:
        kind = type_of_atom(a)
        if hasattr(kind, "dtype"):
            if kind.dtype != out.dtype or not kind.size:
                return False
        elif isinstance(kind, complex) and out.dtype.char in "fd":
            return False
    name = equation.primitive.name
    if name == "divide":
        return factor(equation.inputs[1]) is not None
    return name != "scale" or not shape_of(equation.inputs[0])


def factor(atom: Atom) -> Any:
    """The number that a constant of one value stands for, if it is finite and not zero."""
    value = uniform(atom)
    if value is None or isinstance(value, bool) or not value:
        return None
    return value if math.isfinite(abs(value)) else None


def only_looks(equation: Equation) -> bool:
    """Whether an equation rearranges elements, or multiplies them by one number."""
    if equation.primitive.name in _LOOKING:
        return True
    return equation.primitive.name in ("multiply", "contract") and any(
        [factor(a) is not None for a in equation.inputs]
    )


def _take(draft: _Draft, atom: Atom, groups: list[Group]) -> None:
    """Make an atom a factor, or part of the number."""
    number = factor(atom)
    if number is not None:
        draft.number *= number
    elif not shape_of(atom):
        draft.scalars.append(("multiply", atom))
    else:
        draft.factors.append((atom, groups))


def _finished(draft: _Draft) -> Network | None:
    """The network with the letters that are left; letters that no factor has are counted."""
    factors = tuple([(atom, draft.letters(groups)) for atom, groups in draft.factors])
    out = draft.letters(draft.out)
    sizes = {c: n for c, n in draft.sizes.items() if c not in draft.same}
    used = {*out}.union(*(letters for _, letters in factors))
    number = draft.number
    for c, n in sizes.items():
        if c not in used:
            number *= n
    if not 1e-30 < abs(number) < 1e30:
        return None
    if isinstance(number, complex) and not number.imag:
        number = number.real
    return Network(number, tuple(draft.scalars), factors, out, sizes)


# --- rules ----------------------------------------------------------------------------------------
# rule(draft, equation, groups of the result) -> operands with their groups, or None


def _aligned(operands: Sequence[Atom], groups: list[Group]) -> Operands:
    """Groups of operands that broadcast."""
    found: Operands = []
    for a in operands:
        shape = shape_of(a)
        own = groups[len(groups) - len(shape) :]
        found.append((a, [g if n != 1 else () for g, n in zip(own, shape, strict=True)]))
    return found


def _arrays(draft: _Draft, operands: Operands) -> Operands:
    """Take numbers and scalars out of operands, but for what a number alone multiplies."""
    operands = [o for o in operands if not _is_number(draft, o[0])]
    if len(operands) == 1:
        return operands
    kept: Operands = []
    for atom, groups in operands:
        if not shape_of(atom):
            draft.scalars.append(("multiply", atom))
        else:
            kept.append((atom, groups))
    return kept


def _is_number(draft: _Draft, atom: Atom) -> bool:
    number = factor(atom)
    if number is not None:
        draft.number *= number
    return number is not None


def _contract(draft: _Draft, equation: Equation, groups: list[Group]) -> Operands:
    *terms, out = equation.params["spec"].replace("->", ",").split(",")
    own = dict(zip(out, groups, strict=True))
    operands: Operands = []
    for term, a in zip(terms, equation.inputs, strict=True):
        for c, n in zip(term, shape_of(a), strict=True):
            if c not in own:
                own[c] = draft.fresh(n)
        operands.append((a, [own[c] for c in term]))
    return _arrays(draft, operands)


def _multiply(draft: _Draft, equation: Equation, groups: list[Group]) -> Operands:
    return _arrays(draft, _aligned(equation.inputs, groups))


def _divide(draft: _Draft, equation: Equation, groups: list[Group]) -> Operands:
    draft.number /= factor(equation.inputs[1])
    return _aligned(equation.inputs[:1], groups)


def _scale(draft: _Draft, equation: Equation, groups: list[Group]) -> Operands:
    draft.scalars.append(("scale", equation.inputs[0]))
    return _aligned(equation.inputs[1:], groups)


def _negative(draft: _Draft, equation: Equation, groups: list[Group]) -> Operands:
    draft.number = -draft.number
    return [(equation.inputs[0], groups)]


def _same(draft: _Draft, equation: Equation, groups: list[Group]) -> Operands:
    return _aligned(equation.inputs, groups)


def _transpose(draft: _Draft, equation: Equation, groups: list[Group]) -> Operands:
    own: list[Group] = [()] * len(groups)
    for group, axis in zip(groups, equation.params["axes"], strict=True):
        own[axis] = group
    return [(equation.inputs[0], own)]


def _reshape(draft: _Draft, equation: Equation, groups: list[Group]) -> Operands | None:
    """Deal the letters out to the axes as they were before; a letter may have to be divided."""
    (source,) = equation.inputs
    flat = deque(draft.letters(groups))
    own: list[Group] = []
    for n in shape_of(source):
        group: list[int] = []
        missing = n
        while missing > 1:
            c = flat.popleft()
            size = draft.sizes[c]
            if missing % size == 0:
                group.append(c)
                missing //= size
                continue
            if size % missing:
                return None
            parts = draft.fresh(missing) + draft.fresh(size // missing)
            draft.same[c] = parts
            flat = deque([d for e in (c, *flat) for d in draft.letters([(e,)])])
            group.append(flat.popleft())
            missing = 1
        own.append(tuple(group))
    return [(source, own)]


def _sum(draft: _Draft, equation: Equation, groups: list[Group]) -> Operands:
    (source,) = equation.inputs
    axes, keepdims = equation.params["axis"], equation.params["keepdims"]
    left = deque(groups)
    own: list[Group] = []
    for i, n in enumerate(shape_of(source)):
        if i in axes:
            own.append(draft.fresh(n))
            if keepdims:
                left.popleft()
        else:
            own.append(left.popleft())
    return [(source, own)]


def _sum_to(draft: _Draft, equation: Equation, groups: list[Group]) -> Operands:
    (source,) = equation.inputs
    before, after = shape_of(source), equation.outputs[0].shape
    lead = len(before) - len(after)
    own = [draft.fresh(n) for n in before[:lead]]
    for group, n, m in zip(groups, before[lead:], after, strict=True):
        own.append(draft.fresh(n) if m == 1 else group)
    return [(source, own)]


def _take_diagonal(draft: _Draft, equation: Equation, groups: list[Group]) -> Operands:
    term = equation.params["term"]
    once = dict(zip(dict.fromkeys(term), groups, strict=True))
    return [(equation.inputs[0], [once[c] for c in term])]


def _put_diagonal(draft: _Draft, equation: Equation, groups: list[Group]) -> Operands | None:
    own: dict[str, list[Group]] = {}
    for c, group in zip(equation.params["term"], groups, strict=True):
        own.setdefault(c, []).append(group)
    if not _unify(draft, own.values()):
        return None
    return [(equation.inputs[0], [g[0] for g in own.values()])]


def _unify(draft: _Draft, axes: Iterable[Sequence[Group]]) -> bool:
    """Zeros beside a diagonal need no products: where one of two axes is summed, both are one."""
    before = dict(draft.same)
    kept = set(draft.letters(draft.out))
    for first, *others in axes:
        for second in others:
            pair = draft.letters([first]), draft.letters([second])
            lengths = [[draft.sizes[c] for c in letters] for letters in pair]
            both = [one != other and {one, other} <= kept for one, other in zip(*pair)]  # noqa: B905
            if lengths[0] != lengths[1] or any(both):
                draft.same = before
                return False
            for one, other in zip(*pair, strict=True):
                if one != other:
                    gone, stays = (other, one) if one in kept else (one, other)
                    draft.same[gone] = (stays,)
    return True


def _thinner(draft: _Draft, atom: Constant, groups: list[Group]) -> tuple[Constant, list[Group]]:
    """A constant without axes along which it repeats, or its diagonal if that is all it has."""
    value = atom.value
    if not isinstance(value, np.ndarray) or not 1 < value.size <= LARGEST:
        return atom, groups
    for axis in reversed(range(value.ndim)):
        first, last = value.take([0], axis), value.take([-1], axis)
        if value.shape[axis] > 1 and (first == last).all() and (first == value).all():
            value = value.take(0, axis)
            groups = groups[:axis] + groups[axis + 1 :]
    if value.ndim == 2 and value.shape[0] == value.shape[1] and not value[0, -1] and value.any():
        diagonal = np.diagonal(value)
        if np.count_nonzero(value) == np.count_nonzero(diagonal) and _unify(draft, [groups]):
            value, groups = diagonal, groups[:1]
            if (value == value[0]).all():
                value, groups = value[0], []
    if value is atom.value:
        return atom, groups
    key = (value.dtype.str, value.shape, value.tobytes())
    return draft.constants.setdefault(key, Constant(np.array(value))), groups


LARGEST = 1 << 16
"""Elements of the largest constant whose values are looked at."""

_RULES: dict[str, Callable[[_Draft, Equation, list[Group]], Operands | None]] = {
    "contract": _contract,
    "multiply": _multiply,
    "divide": _divide,
    "scale": _scale,
    "negative": _negative,
    "copy": _same,
    "broadcast_to": _same,
    "transpose": _transpose,
    "reshape": _reshape,
    "sum": _sum,
    "sum_to": _sum_to,
    "take_diagonal": _take_diagonal,
    "put_diagonal": _put_diagonal,
}
_LOOKING = frozenset({"negative", "copy", "broadcast_to", "transpose", "reshape", "divide"})
_SUMS = frozenset({"add", "subtract"})
