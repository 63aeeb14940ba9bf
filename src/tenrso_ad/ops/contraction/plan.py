"""Planning an einsum, before any array is touched: terms and shapes become a list of steps.

First each operand is made plain: diagonals for repeated letters, axes of length 1 that broadcast
dropped, letters that stand nowhere else summed. Then pairs are contracted, so that the gradient
shares every intermediate: along the cheapest of all trees while they are few, else along a path
from opt_einsum (Smith and Gray, 2018). The order of an intermediate's axes is free: it is chosen so
that the contraction that reads it finds its matrices lying in memory as BLAS wants them.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from ...engine.errors import EinsumError
from ...engine.primitive import Primitive
from ..broadcasting import sum_to_p
from ..shaping.permuting import transpose_p
from ..shaping.reshaping import reshape_p
from .diagonals import take_p
from .lowering import lower, renamed
from .pairwise import Spec, contract_p, params_of
from .path import candidates, pairs

# Orders of an intermediate's axes that are followed up.
_ORDERS_KEPT = 4


class Step(NamedTuple):
    """One operation of a plan.

    Attributes
    ----------
    primitive : Primitive
    places : tuple of int
        Its operands: those of the einsum are numbered first, then the results of the steps.
    params : mapping
        Params of the primitive.
    text : str
        What it does, in the letters of the plan.
    """

    primitive: Primitive
    places: tuple[int, ...]
    params: Mapping[str, Any]
    text: str

    def __str__(self) -> str:
        return f"{self.primitive} {self.text} of {', '.join(f'[{p}]' for p in self.places)}"


@dataclass(frozen=True)
class EinsumPlan:
    """How an einsum of given shapes is computed.

    Attributes
    ----------
    terms : tuple of str
        Letters of each operand, ellipsis written out.
    output : str
        Letters of the result.
    shapes : tuple of tuple of int
        Shapes of the operands.
    steps : tuple of Step
        In the order in which they run.
    pair : mapping or None
        Params of the one contraction, where that is all there is to do with two operands.

    Examples
    --------
    >>> print(plan(("pqr", "ap", "bq", "cr"), "abc", ((4, 4, 4), (9, 4), (9, 4), (9, 4))))
    einsum pqr,ap,bq,cr->abc
      [0] pqr (4, 4, 4)
      [1] ap (9, 4)
      [2] bq (9, 4)
      [3] cr (9, 4)
      [4] contract pqr,ap->qra of [0], [1]
      [5] contract bq,qra->rab of [2], [4]
      [6] contract cr,rab->abc of [3], [5]
    """

    terms: tuple[str, ...]
    output: str
    shapes: tuple[tuple[int, ...], ...]
    steps: tuple[Step, ...]
    pair: Spec | None

    def __str__(self) -> str:
        lines = [f"einsum {','.join(self.terms)}->{self.output}"]
        lines += [f"{t} {s}".strip() for t, s in zip(self.terms, self.shapes, strict=True)]
        lines += map(str, self.steps)
        return "\n  ".join([lines[0]] + [f"[{i}] {line}" for i, line in enumerate(lines[1:])])


def plan(
    terms: tuple[str, ...],
    output: str,
    shapes: tuple[tuple[int, ...], ...],
    optimize: Any = True,
    text: str | None = None,
) -> EinsumPlan:
    """Plan an einsum.

    Parameters
    ----------
    terms, output
        As `spec.read` gives them.
    shapes : tuple of tuple of int
        Shapes of the operands.
    optimize : bool, str, tuple or path
        As for `tenrso_ad.numpy.einsum`.
    text : str, optional
        What the user wrote, for error messages.

    Raises
    ------
    EinsumError
        A letter with two lengths.
    ArgumentError
        An optimiser that there is not, or a path that does not fit.
    """
    text = text or f"{','.join(terms)}->{output}"
    lengths = _lengths(text, terms, shapes)
    steps = _Steps(len(terms), lengths)
    operands = [
        steps.plain_operand(i, term, shape)
        for i, (term, shape) in enumerate(zip(terms, shapes, strict=True))
    ]
    for i, (value, term) in enumerate(operands):
        needed = set(output).union(*(t for j, (_, t) in enumerate(operands) if j != i))
        operands[i] = steps.without_lone_letters(value, term, needed)
    values, plain = [v for v, _ in operands], [t for _, t in operands]
    if len(terms) == 1:
        if plain[0] != output:
            axes = tuple(plain[0].index(c) for c in output)
            steps.add(transpose_p, (values[0],), f"{plain[0]}->{output}", axes=axes)
    else:
        trees = [
            layouts(plain, output, lengths, pairs(path, len(terms)))
            for path in candidates(text, plain, output, lengths, optimize)
        ]
        for contraction in min(trees, key=lambda tree: tree.cost).contractions:
            chosen = values[contraction.left], values[contraction.right]
            spec = params_of(*contraction.terms)
            written = "{},{}->{}".format(*contraction.terms)
            values.append(steps.add(contract_p, chosen, written, **spec))
    pair = None
    if len(terms) == 2 and [step.places for step in steps.taken] == [(0, 1)]:
        pair = steps.taken[0].params
    return EinsumPlan(terms, output, shapes, tuple(steps.taken), pair)


class _Steps:
    """The steps of a plan while it is made; operands and results of steps are values, numbered."""

    def __init__(self, operands: int, lengths: Mapping[str, int]) -> None:
        self.operands = operands
        self.lengths = lengths
        self.taken: list[Step] = []

    def add(self, primitive: Primitive, places: tuple[int, ...], text: str, **params: Any) -> int:
        """Take a step; gives the number of its result."""
        self.taken.append(Step(primitive, places, params, text))
        return self.operands + len(self.taken) - 1

    def shape(self, letters: str) -> tuple[int, ...]:
        """Lengths of letters."""
        return tuple([self.lengths[c] for c in letters])

    def plain_operand(self, value: int, term: str, shape: tuple[int, ...]) -> tuple[int, str]:
        """Each letter once and in its full length: diagonals are taken, broadcast axes dropped."""
        once = "".join(dict.fromkeys(term))
        if once != term:
            value = self.add(take_p, (value,), f"{term}->{once}", term=renamed(term))
        own = dict(zip(term, shape, strict=True))
        full = "".join(c for c in once if own[c] == self.lengths[c])
        if full != once:
            value = self.add(reshape_p, (value,), f"{once}->{full}", shape=self.shape(full))
        return value, full

    def without_lone_letters(self, value: int, term: str, needed: set[str]) -> tuple[int, str]:
        """Sum over letters that stand nowhere else."""
        kept = "".join(c for c in term if c in needed)
        if kept != term:
            ones = tuple(self.lengths[c] if c in needed else 1 for c in term)
            value = self.add(sum_to_p, (value,), f"{term}->{kept}", shape=ones)
            value = self.add(reshape_p, (value,), f"to {kept}", shape=self.shape(kept))
        return value, kept


def _lengths(text: str, terms: Sequence[str], shapes: Sequence[tuple[int, ...]]) -> dict[str, int]:
    """Length of each letter; from one operand to another a length of 1 gives way to any other."""
    found: dict[str, tuple[int, int]] = {}  # letter -> length, and the operand that says so
    for place, (term, shape) in enumerate(zip(terms, shapes, strict=True)):
        own = dict(zip(term, shape, strict=True))
        for c, n in zip(term, shape, strict=True):
            known, where = found.get(c, (n, place)) if own[c] == n else (own[c], place)
            if n != known and (where == place or 1 not in (n, known)):
                name = f"letter '{c}'" if c in text else "an axis of the ellipsis"
                raise EinsumError(
                    f"einsum('{text}'): {name} has length {known} in operand {where} of shape "
                    f"{shapes[where]}, but {n} in operand {place} of shape {shape}"
                )
            found[c] = (n, place) if known == 1 else (known, where)
    return {c: n for c, (n, _) in found.items()}


# --- orders of axes -------------------------------------------------------------------------------


class Contraction(NamedTuple):
    """Two values, by number among operands and results, and the terms of their contraction."""

    left: int
    right: int
    terms: tuple[str, str, str]


class OrderedTree(NamedTuple):
    """The contractions of a tree, each with the order of its axes, and what they cost."""

    cost: int
    contractions: list[Contraction]


class _Order(NamedTuple):
    """What one order of a value's axes costs, and the orders of the two values that it takes."""

    cost: int
    left: str = ""
    right: str = ""


def layouts(
    terms: Sequence[str],
    output: str,
    lengths: Mapping[str, int],
    tree: Sequence[tuple[int, int]],
) -> OrderedTree:
    """Choose the order of each intermediate's axes so that the whole tree costs least."""
    orders: list[dict[str, _Order]] = [{term: _Order(0)} for term in terms]
    alive = dict(enumerate(map(set, terms)))
    for left, right in tree:
        letters = alive.pop(left) | alive.pop(right)
        kept = letters & set(output).union(*alive.values())
        found: dict[str, _Order] = {}
        for (first, one), (second, two) in itertools.product(
            orders[left].items(), orders[right].items()
        ):
            shapes = [tuple([lengths[c] for c in term]) for term in (first, second)]
            for out in _natural(first, second, kept) if alive else (output,):
                cost = lower(params_of(first, second, out)["spec"], *shapes).cost
                cost += one.cost + two.cost
                if out not in found or cost < found[out].cost:
                    found[out] = _Order(cost, first, second)
        cheapest = sorted(found, key=lambda out: found[out].cost)[:_ORDERS_KEPT]
        alive[len(orders)] = kept
        orders.append({out: found[out] for out in cheapest})
    chosen = {len(orders) - 1: output}
    contractions = []
    for value in reversed(range(len(terms), len(orders))):
        left, right = tree[value - len(terms)]
        _, first, second = orders[value][chosen[value]]
        chosen[left], chosen[right] = first, second
        contractions.append(Contraction(left, right, (first, second, chosen[value])))
    return OrderedTree(orders[-1][output].cost, contractions[::-1])


def _natural(left: str, right: str, kept: set[str]) -> tuple[str, str]:
    """The two orders in which a product of matrices comes out."""
    batch = "".join(c for c in left if c in right and c in kept)
    rows = "".join(c for c in left if c not in right)
    columns = "".join(c for c in right if c not in left)
    return batch + rows + columns, batch + columns + rows
