"""Writing networks as equations, in the cheapest order, with products that are there shared."""

from __future__ import annotations

import itertools
import math
from collections import Counter
from collections.abc import Container, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from ...engine.array_type import ArrayType
from ...engine.graph import Atom, Constant, Equation, Variable, infer
from ...engine.primitive import NO_PARAMS, registry
from ...ops.contraction.lowering import letter, lower, renamed
from ...ops.contraction.pairwise import params_of
from ...ops.contraction.plan import layouts
from ..expressions import VIEWS
from ..rewriting import shape_of, spread, type_of_atom
from ..statistics import flops
from .path import CALL, ELEMENTWISE, Tree, best_tree
from .reading import Group, Network
from .sharing import Entry, Found, Pool, canonical, found

LOOK = 20.0
"""What a view costs: a product may have to copy what it sees through it."""


class Builder:
    """Equations for some networks, and what they cost.

    Parameters
    ----------
    pool : Pool
        Products that may be shared.
    gone : container of Variable
        Values that are there no more.
    limit : float
        The price above which nobody wants them.
    counts : mapping, optional
        By the signature of a product, how many of the networks contain it. Then they are planned
        so that they share much.

    Attributes
    ----------
    equations : dict of Variable to list of Equation
        For each value that was written.
    price : float
    flops : int
    borrowed : bool
        Whether a product of the pool is read.
    """

    def __init__(
        self,
        pool: Pool,
        gone: Container[Variable],
        limit: float,
        counts: Mapping[int, int] = MappingProxyType({}),
    ) -> None:
        self.equations: dict[Variable, list[Equation]] = {}
        self.price = 0.0
        self.flops = 0
        self._pool, self._gone, self._limit, self._counts = pool, gone, limit, counts
        self.borrowed = False
        self._lines: list[Equation] = []
        self._line = ""
        self._made: dict[object, Variable] = {}
        self._own: dict[int, list[Entry]] = {}

    def write(self, root: Variable, networks: Sequence[Network], line: str) -> bool:
        """Write equations that give a value as the sum of networks; False if they cost too much."""
        self._lines, self._line = [], line
        total: Atom | None = None
        for network in sorted(merged(networks), key=lambda n: _sign(n.number), reverse=True):
            negative = total is not None and _sign(network.number) < 0
            term = self._product(root, network, -network.number if negative else network.number)
            if term is None:
                return False
            if total is None:
                total = term
            else:
                total = self._emit("subtract" if negative else "add", (total, term))
        assert total is not None
        read = {a for e in self._lines for a in e.inputs}
        if total in read or not any(total in e.outputs for e in self._lines):
            total = self._emit("copy", (total,), shared=False)
        self._lines = [_renamed(e, total, root) for e in self._lines]
        self._made = {k: root if v is total else v for k, v in self._made.items()}
        for entries in self._own.values():
            entries[:] = [e._replace(atom=root) if e.atom is total else e for e in entries]
        self.equations[root] = self._lines
        return self.price <= self._limit

    # --- one product ------------------------------------------------------------------------------

    def _product(self, root: Variable, network: Network, number: Any) -> Atom | None:
        """One network; None if it would cost too much."""
        sizes, scalars = network.sizes, list(network.scalars)
        factors: list[tuple[Atom, Group]] = []  # as they enter
        origins: list[tuple[Atom, Group]] = []  # before anything was summed
        for i, (atom, term) in enumerate(network.factors):
            others = {c for j, (_, t) in enumerate(network.factors) if j != i for c in t}
            value, own = self._plain(atom, term, others.union(network.out), sizes)
            if own:
                factors.append((value, own))
                origins.append((atom, term))
            else:
                scalars.append(("multiply", value))
        present = {c for _, t in factors for c in t}
        out = tuple([c for c in network.out if c in present])
        if not factors:
            value, own = self._scalar(root, scalars, number), ()
            return self._arranged(value, own, network.out, sizes, root.shape)
        leaves, tree, factor, least = self._planned(root, factors, origins, out, sizes)
        if self.price + least > self._limit:
            return None
        number = number / factor
        value, own = self._contracted(leaves, tree, out, origins, sizes, scalars, number)
        return self._arranged(value, own, network.out, sizes, root.shape)

    def _plain(
        self, atom: Atom, term: Group, needed: set[int], sizes: Mapping[int, int]
    ) -> tuple[Atom, Group]:
        """A factor with each letter once, and only those that stand elsewhere."""
        shape = tuple([sizes[c] for c in term])
        if shape != shape_of(atom):
            atom = self._emit("reshape", (atom,), {"shape": shape})
        once = tuple(dict.fromkeys(term))
        if once != term:
            text = renamed("".join([letter(c) for c in term]))
            atom = self._emit("take_diagonal", (atom,), {"term": text})
        axes = tuple([i for i, c in enumerate(once) if c not in needed])
        if axes:
            atom = self._emit("sum", (atom,), {"axis": axes, "keepdims": False})
        return atom, tuple([c for c in once if c in needed])

    def _planned(
        self,
        root: Variable,
        factors: Sequence[tuple[Atom, Group]],
        origins: Sequence[tuple[Atom, Group]],
        out: Group,
        sizes: Mapping[int, int],
    ) -> tuple[list[tuple[Atom, Group, Any]], Tree, Any, float]:
        """Leaves of the cheapest tree, with their bits; the tree; their number; the least cost."""
        signatures = [self._pool.signature(atom) for atom, _ in origins]
        hits: dict[int, Found | None] = {}

        def known(subset: int) -> bool:
            if not subset & (subset - 1):
                return False
            if subset not in hits:
                inside = [i for i in range(len(factors)) if subset >> i & 1]
                signature = sum([signatures[i] for i in inside])
                hits[subset] = None
                if self._pool.promising(signature) or signature in self._own:
                    outside = {*out}.union(
                        *(t for i, (_, t) in enumerate(factors) if not subset >> i & 1)
                    )
                    hits[subset] = self._look_up(
                        [origins[i] for i in inside], outside, sizes, signature, root
                    )
            return hits[subset] is not None

        def share(subset: int) -> int:
            inside = [signatures[i] for i in range(len(factors)) if subset >> i & 1]
            return self._counts.get(sum(inside), 1)

        terms = [t for _, t in factors]
        tree: Tree = 0
        least = 0.0
        if len(factors) > 1:
            tree, least = best_tree(terms, out, sizes, known, share)
        leaves: list[tuple[Atom, Group, Any]] = []
        number: Any = 1.0

        def numbered(part: Tree) -> Tree:
            nonlocal number
            if isinstance(part, tuple):
                return numbered(part[0]), numbered(part[1])
            if part < len(factors):
                leaves.append((*factors[part], 1 << part))
            else:
                subset = part - len(factors)
                hit = hits[subset]
                assert hit is not None
                number = number * hit.number
                shape = tuple([sizes[c] for c in hit.letters])
                atom = hit.atom
                if shape_of(atom) != shape:
                    atom = self._emit("reshape", (atom,), {"shape": shape})
                leaves.append((atom, hit.letters, subset))
            return len(leaves) - 1

        return leaves, numbered(tree), number, least

    def _look_up(
        self,
        origins: Sequence[tuple[Atom, Group]],
        outside: set[int],
        sizes: Mapping[int, int],
        signature: int,
        root: Variable,
    ) -> Found | None:
        number, parts = self._parts(origins)
        kept = {c for _, t in origins for c in t if c in outside}
        if not kept:
            return None
        key, numbers = canonical(parts, kept, sizes)
        for entry in self._own.get(signature, ()):
            if entry.key == key:
                hit = found(entry, numbers)
                break
        else:
            gone = _With(self._gone, root)
            maybe = self._pool.look_up(key, numbers, signature, gone)
            if maybe is None:
                return None
            hit, self.borrowed = maybe, True
        return hit._replace(number=hit.number / number)

    def _parts(self, origins: Sequence[tuple[Atom, Group]]) -> tuple[Any, list[Any]]:
        number: Any = 1.0
        parts: list[Any] = []
        for atom, term in origins:
            n, made_of = self._pool.expanded(atom, term)
            number, parts = number * n, [*parts, *made_of]
        return number, parts

    def _contracted(
        self,
        leaves: Sequence[tuple[Atom, Group, Any]],
        tree: Tree,
        out: Group,
        origins: Sequence[tuple[Atom, Group]],
        sizes: Mapping[int, int],
        scalars: Sequence[tuple[str, Atom]],
        number: Any,
    ) -> tuple[Atom, Group]:
        """Contract the leaves; scalars and the number go where the fewest elements are.

        A guard goes last: what is zero there stays zero whatever the product is.
        """
        guards = [s for s in scalars if s[0] == "scale"]
        scalars = [s for s in scalars if s[0] != "scale"]
        values = [v for v, _, _ in leaves]
        if len(leaves) == 1:
            value, term, _ = leaves[0]
            return self._scaled(value, [*scalars, *guards], number), term
        bits = [b for _, _, b in leaves]
        pairs: list[tuple[int, int]] = []

        def paired(part: Tree) -> int:
            if not isinstance(part, tuple):
                return part
            pairs.append((paired(part[0]), paired(part[1])))
            bits.append(bits[pairs[-1][0]] | bits[pairs[-1][1]])
            return len(leaves) + len(pairs) - 1

        paired(tree)
        names = {c: letter(i) for i, c in enumerate(sizes)}
        letters = {name: c for c, name in names.items()}
        lengths = {names[c]: n for c, n in sizes.items()}
        terms = ["".join([names[c] for c in t]) for _, t, _ in leaves]
        result = "".join([names[c] for c in out])
        for left, right, written in layouts(terms, result, lengths, pairs).contractions:
            a, b = values[left], values[right]
            last = len(values) + 1 == len(leaves) + len(pairs)
            pure = not last or (number == 1 and not scalars)
            if last:
                size = math.prod(lengths[c] for c in written[2])
                smallest = min(size, *(math.prod(shape_of(v)) for v in (a, b)))
                if smallest < size:
                    if math.prod(shape_of(a)) == smallest:
                        a = self._scaled(a, scalars, number)
                    else:
                        b = self._scaled(b, scalars, number)
                    scalars, number = [], 1.0
            value = self._pair(a, b, written)
            values.append(value)
            if pure:
                term = tuple([letters[c] for c in written[2]])
                inside = [o for i, o in enumerate(origins) if bits[len(values) - 1] >> i & 1]
                self._register(value, term, inside, sizes)
        return self._scaled(values[-1], [*scalars, *guards], number), out

    def _pair(self, a: Atom, b: Atom, terms: tuple[str, str, str]) -> Atom:
        """Contract two arrays; what has no rows or no columns is left to kernels."""
        one, two, out = terms
        if one == two == out:
            return self._emit("multiply", (a, b))
        dtype = type_of_atom(a).dtype
        if set(one) != set(two) or set(one) == set(out) or dtype.char not in "fd":
            return self._emit("contract", (a, b), params_of(one, two, out))
        if one == two:
            product = self._emit("multiply", (a, b))
        else:
            product = self._emit("contract", (a, b), params_of(one, two, one))
        axes = tuple([i for i, c in enumerate(one) if c not in out])
        total = self._emit("sum", (product,), {"axis": axes, "keepdims": False})
        left = [c for c in one if c in out]
        if "".join(left) == out:
            return total
        return self._emit("transpose", (total,), {"axes": tuple([left.index(c) for c in out])})

    def _register(
        self,
        value: Atom,
        term: Group,
        origins: Sequence[tuple[Atom, Group]],
        sizes: Mapping[int, int],
    ) -> None:
        """Let later products share a value."""
        number, parts = self._parts(origins)
        if not term:
            return
        key, numbers = canonical(parts, term, sizes)
        signature = sum([self._pool.signature(atom) for atom, _ in origins])
        entry = Entry(key, value, tuple([numbers[c] for c in term]), number)
        self._own.setdefault(signature, []).append(entry)

    # --- scalars and shapes -----------------------------------------------------------------------

    def _scaled(self, value: Atom, scalars: Sequence[tuple[str, Atom]], number: Any) -> Atom:
        if number == -1:
            value = self._emit("negative", (value,))
        elif number != 1:
            value = self._emit("multiply", (value, Constant(number)))
        for name, scalar in scalars:
            inputs = (scalar, value) if name == "scale" else (value, scalar)
            value = self._emit(name, inputs)
        return value

    def _scalar(self, root: Variable, scalars: list[tuple[str, Atom]], number: Any) -> Atom:
        """A product of nothing but scalars."""
        arrays = [s for s in scalars if s[0] == "multiply"]
        if not arrays:
            return self._scaled(spread(1, ArrayType((), root.dtype)), scalars, number)
        scalars.remove(arrays[0])
        return self._scaled(arrays[0][1], scalars, number)

    def _arranged(
        self, value: Atom, own: Group, out: Group, sizes: Mapping[int, int], shape: tuple[int, ...]
    ) -> Atom:
        """Bring axes into order; repeat along those that no factor has."""
        there = tuple([c for c in out if c in own])
        if there != own:
            axes = tuple([own.index(c) for c in there])
            value = self._emit("transpose", (value,), {"axes": axes})
        if there != out:
            ones = tuple([sizes[c] if c in own else 1 for c in out])
            full = tuple([sizes[c] for c in out])
            if ones[len(ones) - len(there) :] != shape_of(value) or len(ones) < len(there):
                value = self._emit("reshape", (value,), {"shape": ones})
            value = self._emit("broadcast_to", (value,), {"shape": full})
        if shape_of(value) != shape:
            value = self._emit("reshape", (value,), {"shape": shape})
        return value

    def _emit(
        self,
        name: str,
        inputs: Sequence[Atom],
        params: Mapping[str, Any] = NO_PARAMS,
        *,
        shared: bool = True,
    ) -> Variable:
        """Add an equation, unless there is one."""
        key = (name, *map(id, inputs), repr(params))
        if shared and key in self._made:
            return self._made[key]
        primitive = registry[name]
        (kind,) = infer(primitive, [type_of_atom(a) for a in inputs], params)
        out = Variable(kind)
        equation = Equation(primitive, tuple(inputs), (out,), params, self._line)
        self._lines.append(equation)
        self._made[key] = out
        self.price += price(equation)
        self.flops += flops(equation)
        return out


def common_products(pool: Pool, networks: Iterable[Sequence[Network]]) -> Counter[int]:
    """By the signature of a product of two or three factors, how many values contain it."""
    count: Counter[int] = Counter()
    for group in networks:
        inside: set[int] = set()
        for network in group:
            signatures = [pool.signature(atom) for atom, _ in network.factors]
            for size in (2, 3):
                inside.update(map(sum, itertools.combinations(signatures, size)))
        count.update(inside)
    return count


class _With:
    """A container with one more."""

    def __init__(self, container: Container[Variable], other: Variable) -> None:
        self._container, self._other = container, other

    def __contains__(self, value: object) -> bool:
        return value is self._other or value in self._container


def merged(networks: Sequence[Network]) -> list[Network]:
    """Add up equal products."""
    if len(networks) == 1:
        return list(networks)
    found: dict[object, Network] = {}
    for n in networks:
        key, numbers = canonical(n.factors, n.out, n.sizes)
        whole = (key, tuple([numbers.get(c, -1) for c in n.out]), n.scalars)
        if whole in found:
            total = found[whole].number + n.number
            n = Network(total, n.scalars, n.factors, n.out, n.sizes)
        found[whole] = n
    return [n for n in found.values() if n.number != 0]


def price(equation: Equation) -> float:
    """What an equation costs, in elements copied; one that a kernel computes costs little."""
    name = equation.primitive.name
    (out,) = equation.outputs
    if name in VIEWS:
        return LOOK
    if name == "copy":
        return 0.0
    sizes = [math.prod(shape_of(a)) for a in equation.inputs]
    real = out.dtype.char in "fd"
    if name == "contract":
        one, two, result = equation.params["spec"].replace("->", ",").split(",")
        if not real or not (set(one) | set(two) == set(result) or set(one) == set(two)):
            shapes = [shape_of(a) for a in equation.inputs]
            cost = lower(equation.params["spec"], *shapes).cost
            return cost + (sum(sizes) + out.type.size) / 8 + CALL
        if set(one) == set(two) != set(result):
            return max(sizes) * 2 * ELEMENTWISE + 20
    space = max(out.type.size, *sizes)
    if real and name not in ("take_diagonal", "put_diagonal"):
        return space * ELEMENTWISE + 10
    return space + CALL


def _sign(number: Any) -> int:
    return -1 if not isinstance(number, complex) and number < 0 else 1


def _renamed(equation: Equation, old: Atom, new: Variable) -> Equation:
    if old not in equation.outputs:
        return equation
    return Equation(equation.primitive, equation.inputs, (new,), equation.params, equation.line)
