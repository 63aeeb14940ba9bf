"""A graph whose products are written anew, one group after another."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping

from ...engine.graph import Atom, Constant, Equation, Graph, Variable
from ..expressions import fusable
from ..rewriting import shape_of
from ..statistics import flops
from .building import Builder, common_products, merged, price
from .reading import Network, factor, is_linear, only_looks, read
from .sharing import Pool

Split = Callable[[Equation], bool]


def _never(equation: Equation) -> bool:
    return False


class Editor:
    """A graph that changes.

    Parameters
    ----------
    graph : Graph
    most : int
        Factors of the largest network that is planned as a whole.
    """

    def __init__(self, graph: Graph, most: int) -> None:
        self.graph, self.most = graph, most
        self.slots: list[list[Equation]] = [[e] for e in graph.equations]
        self.makers: dict[Atom, Equation] = {}
        self.reads: Counter[Atom] = Counter(graph.outputs)
        self.users: dict[Atom, dict[Equation, None]] = {}
        self.linear: dict[Equation, bool] = {}
        self.outputs = set(graph.outputs)
        self.place: dict[Atom, int] = {}
        for i, e in enumerate(graph.equations):
            self._add(e, i)
        self.constants: dict[object, Constant] = {}
        self._pool: Pool | None = None
        self._untouched = True
        self._failed: set[object] = set()  # attempts that changed nothing since the last change

    def _add(self, e: Equation, place: int) -> None:
        self.linear[e] = is_linear(e)
        for v in e.outputs:
            self.makers[v] = e
            self.place[v] = place
        for a in e.inputs:
            self.reads[a] += 1
            self.users.setdefault(a, {})[e] = None

    def _remove(self, e: Equation) -> None:
        self.slots[self.place[e.outputs[0]]].remove(e)
        for v in e.outputs:
            del self.makers[v]
        for a in e.inputs:
            self.reads[a] -= 1
            self.users[a].pop(e, None)

    # --- which values are written, which disappear ------------------------------------------------

    def leads_on(self, value: Variable) -> bool:
        """Whether a product is a factor of others."""
        return any(
            [self.linear[u] and self.is_factor(value, u, _never) for u in self.users.get(value, ())]
        )

    def is_single(self, value: Variable) -> bool:
        """Whether a value is the product of two factors and nothing more, as it is."""
        maker = self.makers[value]
        if (self.reads[value] == 1 and self.leads_on(value)) or len(maker.inputs) < 2:
            return False
        for a in maker.inputs:
            e = self.makers.get(a)
            if isinstance(a, Constant):
                return False  # its value may say more
            if e is not None and self.linear[e] and self.expands(a, e, set(), _never):
                return False
        return 1 not in value.shape

    def is_factor(self, value: Atom, user: Equation, split: Split) -> bool:
        """Whether an equation's network has a value as a factor."""
        if not self.linear[user]:
            return split(user)
        if shape_of(value):
            return True
        if user.primitive.name == "scale":
            return value is not user.inputs[0]
        return [a for a in user.inputs if factor(a) is None] == [value]

    def expands(self, value: Atom, maker: Equation, opened: set[Variable], split: Split) -> bool:
        """Whether whoever reads a value reads what it is made of instead."""
        if not self.linear[maker]:
            return split(maker)
        return value in opened or self.reads[value] == 1 or only_looks(maker)

    def roots(
        self, values: Iterable[Variable], opened: set[Variable], split: Split
    ) -> list[Variable]:
        """The values that have to be written when some are opened, in order."""
        found: dict[Variable, None] = {}
        seen: set[Variable] = set()
        stack = list(values)
        while stack:
            value = stack.pop()
            if value in seen:
                continue
            seen.add(value)
            maker = self.makers[value]
            if value in self.outputs or not self.expands(value, maker, opened, split):
                found[value] = None
                if not self.expands(value, maker, opened, split):
                    continue
            for user in self.users.get(value, ()):
                if self.is_factor(value, user, split):
                    stack.append(user.outputs[0])
                else:
                    found[value] = None
        return sorted(found, key=self.place.__getitem__)

    def attempt(
        self,
        values: Iterable[Variable],
        opened: set[Variable],
        split: Split = _never,
        most_of: float = 0.98,
    ) -> bool:
        """Write the values that some values go into anew, if that is cheaper.

        Parameters
        ----------
        values : iterable of Variable
            From which to look for what has to be written.
        opened : set of Variable
            Products that are written out wherever they are read.
        split : callable
            Additions and subtractions that are divided into their parts.
        most_of : float
            Up to which share of the price the new form is taken.
        """
        roots = self.roots(values, opened, split)
        if not all([self.linear[self.makers[r]] for r in roots]):
            return False  # a sum that has to stay
        key = (*roots, *sorted(map(id, opened)))
        if key in self._failed:
            return False
        self._failed.add(key)
        networks: dict[Variable, list[Network]] = {}
        visited: dict[Equation, None] = {}
        for root in roots:
            done = read(
                root,
                self.makers,
                lambda a, e: self.expands(a, e, opened, split),
                self.most,
                self.constants,
                split,
            )
            if done is None or not merged(done[0]):
                return False
            networks[root] = done[0]
            visited |= done[1]
        if not roots or not _promising(networks, visited):
            return False
        dying = self._dying(networks, visited)
        old = [*dying, *(self.makers[r] for r in roots)]
        limit = sum([self._price(e) for e in old]) * most_of - 1
        most_flops = sum(map(flops, old))
        gone = {e.outputs[0] for e in dying}
        best: Builder | None = None
        plans: list[tuple[list[Variable], Mapping[int, int]]] = [(roots, {})]
        if len(roots) > 1:
            plans.append((roots[::-1], {}))
            if any([len(group) > 1 for group in networks.values()]):
                common = common_products(self.pool, networks.values())
                plans = [*((order, common) for order, _ in plans), *plans]
        for order, counts in plans:
            builder = Builder(self.pool, gone, limit, counts)
            if all(builder.write(r, networks[r], self.makers[r].line) for r in order):
                if builder.flops <= most_flops:
                    best, limit = builder, builder.price
        if best is None or (best.borrowed and self._cyclic(best)):
            return False
        self._apply(best, dying)
        return True

    def networks(self, root: Variable) -> list[Network]:
        """What a product is made of, as it is."""
        done = read(
            root,
            self.makers,
            lambda a, e: self.expands(a, e, set(), _never),
            self.most,
            self.constants,
        )
        return [] if done is None else done[0]

    def _dying(
        self, networks: Mapping[Variable, list[Network]], visited: Iterable[Equation]
    ) -> list[Equation]:
        """Equations that nobody needs when the networks are written anew."""
        inside = set(visited)
        roots = {self.makers[r] for r in networks}
        needed: list[Atom] = []
        for group in networks.values():
            for n in group:
                needed += [a for a, _ in n.factors] + [a for _, a in n.scalars]
        for e in inside:
            out = e.outputs[0]
            if out in self.outputs or any([u not in inside for u in self.users.get(out, ())]):
                needed.append(out)
        alive: set[Equation] = set()
        while needed:
            maker = self.makers.get(needed.pop())
            if maker in inside and maker not in roots and maker not in alive:
                alive.add(maker)
                needed += maker.inputs
        return [e for e in visited if e not in alive and e not in roots]

    def _price(self, equation: Equation) -> float:
        """What an equation costs; a product in a kernel that is there anyway costs nothing."""
        if equation.primitive.name in ("multiply", "scale"):
            for a in equation.inputs:
                e = self.makers.get(a)
                if e is not None and not self.linear[e] and fusable(e):
                    if shape_of(a) == equation.outputs[0].shape:
                        return 0.0
        return price(equation)

    # --- changing ---------------------------------------------------------------------------------

    @property
    def pool(self) -> Pool:
        """The products that there are now."""
        if self._pool is None:
            self._pool = Pool(self.ordered(), self.makers, self.constants)
        return self._pool

    def _apply(self, builder: Builder, dying: Iterable[Equation]) -> None:
        for e in dying:
            self._remove(e)
        for root, equations in builder.equations.items():
            place = self.place[root]
            self._remove(self.makers[root])
            self.slots[place] += equations
            for e in equations:
                self._add(e, place)
        self._pool, self._untouched = None, False
        self._failed.clear()

    def _cyclic(self, builder: Builder) -> bool:
        """Whether a value would depend on itself."""
        makers: dict[Atom, Equation] = {
            v: e for lines in builder.equations.values() for e in lines for v in e.outputs
        }
        finished: set[Atom] = set()
        try:
            for root in builder.equations:
                for _ in _in_order(root, lambda a: makers.get(a) or self.makers.get(a), finished):
                    pass
        except _CycleError:
            return True
        return False

    def ordered(self) -> Iterator[Equation]:
        """Equations in an order in which they can be computed, as near as may be to the old one."""
        if self._untouched:
            return iter([e for slot in self.slots for e in slot])
        finished: set[Atom] = set()
        return (
            e
            for slot in self.slots
            for last in slot
            for e in _in_order(last.outputs[0], self.makers.get, finished)
        )

    def finish(self) -> Graph:
        """Give the graph as it is now."""
        if self._untouched:
            return self.graph
        return Graph(self.graph.inputs, tuple(self.ordered()), self.graph.outputs)


class _CycleError(Exception):
    """A value depends on itself."""


def _in_order(
    value: Atom, maker: Callable[[Atom], Equation | None], finished: set[Atom]
) -> Iterator[Equation]:
    """Equations that a value needs and that are not finished, each after what it reads."""
    begun: set[Equation] = set()
    stack = [value]
    while stack:
        atom = stack[-1]
        e = None if atom in finished else maker(atom)
        if e is None:
            stack.pop()
        elif e in begun:
            if any([a not in finished and maker(a) is not None for a in e.inputs]):
                raise _CycleError
            stack.pop()
            finished.update(e.outputs)
            yield e
        else:
            begun.add(e)
            stack += reversed(
                [a for a in e.inputs if isinstance(a, Variable) and a not in finished]
            )


def _promising(networks: Mapping[Variable, list[Network]], visited: Iterable[Equation]) -> bool:
    """Whether there is anything to plan that kernels do not do well as it is."""
    equations = list(visited)
    if len(equations) < 2:
        only = next(iter(networks.values()))
        return len(equations) == 1 and len(only[0].factors) < 2
    if any([e.primitive.name in ("contract", "take_diagonal", "put_diagonal") for e in equations]):
        return True
    group = [n for some in networks.values() for n in some]
    largest = max(
        [_volume(n, t) for n in group for t in (n.out, *(term for _, term in n.factors))],
        default=1,
    )
    space = max([max(e.outputs[0].type.size, *map(_size, e.inputs)) for e in equations])
    return space >= 4 * largest


def _size(atom: Atom) -> int:
    size = 1
    for n in shape_of(atom):
        size *= n
    return size


def _volume(network: Network, letters: Iterable[int]) -> int:
    size = 1
    for c in letters:
        size *= network.sizes[c]
    return size
