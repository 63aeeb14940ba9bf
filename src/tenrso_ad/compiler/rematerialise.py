"""Rematerialisation: values are computed again where keeping them would take too much memory.

The equations of a graph, kernels and library calls, are run through in their order with a limit on
the bytes that live at a time. Where the limit would be passed, a value goes: the one whose
recomputation takes least time for the bytes and the time that it frees, as in Kirisame et al.,
Dynamic tensor rematerialization (2021), but knowing when each value is needed next. Whoever needs
it later has it computed again, from what is there then. On a chain of n equal layers the values
that stay come to lie evenly, so that about sqrt(n) of them are enough.

A computation that is repeated is the same kernel or library call on the same values. A kernel
without sums is cut to the results that are needed, one with sums is repeated whole: so results are
bitwise those of the graph without a budget.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterable
from typing import NamedTuple

from ..engine.errors import MemoryBudgetError
from ..engine.graph import Atom, Constant, Equation, Graph, Variable
from .expressions import REDUCTIONS
from .kernel_source import estimate, write_kernel
from .layout import views_of
from .loops import lay_out
from .passes.dead import remove_dead
from .passes.fusion import root
from .statistics import flops, peak_memory

MOST_TURNS = 12
"""Limits that are tried for a budget."""

LONGEST = 20
"""Times the number of equations, after which a limit counts as one that cannot be kept."""


_Order = list[tuple[int, frozenset[Variable]]]
"""Numbers of equations as they run, and which of their results are to stay."""


class Rematerialised(NamedTuple):
    """A graph that keeps to a budget.

    Attributes
    ----------
    graph : Graph
    before, after : int
        Bytes that a call takes at most, without the budget and with it.
    recomputed : Counter
        How often each operation is repeated; a kernel is named "fused".
    slower : float
        Estimated time of the repetitions, as a fraction of the time without them.
    """

    graph: Graph
    before: int
    after: int
    recomputed: Counter[str]
    slower: float

    def __str__(self) -> str:
        again = ", ".join(f"{name} {count}" for name, count in sorted(self.recomputed.items()))
        return (
            f"memory         {self.before:,d} -> {self.after:,d} bytes; computed again: "
            f"{again or 'nothing'} (about {self.slower:.0%} more time)"
        )


def rematerialised(graph: Graph, budget: int, measure: Callable[[Graph], int]) -> Rematerialised:
    """Find the cheapest graph that keeps to a budget, of those that are tried.

    Parameters
    ----------
    graph : Graph
        After all passes.
    budget : int
        Bytes.
    measure : callable
        Gives the bytes that a graph takes, as they are planned.

    Raises
    ------
    MemoryBudgetError
        No graph was found that takes so little.
    """
    before = measure(graph)
    if before <= budget:
        return Rematerialised(graph, before, before, Counter(), 0.0)
    search = _Search(graph, before, measure)
    search.near(budget)
    fitting = [r for r in search.found.values() if r and r.after <= budget]
    if not fitting:
        search.least()
        fitting = [r for r in search.found.values() if r and r.after <= budget]
    if not fitting:
        least = min([before, *(r.after for r in search.found.values() if r)])
        raise MemoryBudgetError(
            f"compile: memory_budget={budget} bytes cannot be kept; the least that is reached is "
            f"{least}, and without a budget a call takes {before}. Results count, arguments do not."
        )
    return min(fitting, key=lambda r: (r.slower, r.after))


class _Search:
    """Tries limits."""

    def __init__(self, graph: Graph, before: int, measure: Callable[[Graph], int]) -> None:
        self.graph, self.before, self.measure = graph, before, measure
        self.tasks = _Tasks(graph)
        self.orders: dict[int, _Order | None] = {}
        self.found: dict[int, Rematerialised | None] = {}

    def order(self, limit: int) -> _Order | None:
        """Equations in an order with repetitions that keeps a limit, if there is one."""
        if limit not in self.orders:
            self.orders[limit] = _Run(self.tasks, limit).order()
        return self.orders[limit]

    def attempt(self, limit: int) -> Rematerialised | None:
        """Keep a limit, and see what memory it leads to."""
        if limit not in self.found:
            order = self.order(limit)
            self.found[limit] = None if order is None else self._result(order)
        return self.found[limit]

    def _result(self, order: _Order) -> Rematerialised:
        graph = _written(self.tasks, order)
        count = Counter(self.tasks.equations[k].primitive.name for k, _ in order)
        count.subtract(e.primitive.name for e in self.tasks.equations)
        time = sum(map(nanoseconds, graph.equations))
        once = sum(map(nanoseconds, self.graph.equations))
        return Rematerialised(graph, self.before, self.measure(graph), +count, time / once - 1)

    def near(self, budget: int) -> None:
        """Try limits that lead to about so many bytes."""
        step = max(1, self.before // 200)
        fits, exceeds = None, None
        limit = budget
        for _ in range(MOST_TURNS):
            found = self.attempt(limit)
            if found is None:
                return
            if found.after <= budget:
                fits, further = limit, limit + max(budget - found.after, step)
            else:
                exceeds, further = limit, limit - max(found.after - budget, step)
            if fits is None or exceeds is None:
                limit = further
            elif exceeds - fits <= step:
                return
            else:
                limit = (fits + exceeds) // 2

    def least(self) -> None:
        """Try the lowest limits that can be kept."""
        low, high = 0, max(self.before, peak_memory(self.graph))
        while high - low > max(64, high // 200):
            middle = (low + high) // 2
            if self.order(middle) is None:
                low = middle
            else:
                high = middle
        for percent in (100, 101, 103, 106, 110, 120):
            self.attempt(high * percent // 100)


class _Tasks:
    """The equations of a graph that compute something, and what they need."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.views = views_of(graph)
        self.equations = [e for e in graph.equations if e.outputs[0] not in self.views]
        self.maker = {v: k for k, e in enumerate(self.equations) for v in e.outputs}
        self.reads = [self.values(e.inputs) for e in self.equations]
        self.results = set(self.values(graph.outputs))
        self.uses: dict[Variable, list[int]] = {v: [] for v in self.maker}
        self.readers: dict[Variable, set[Variable]] = {v: set() for v in self.maker}
        for k, values in enumerate(self.reads):
            for v in values:
                self.uses[v].append(k)
                self.readers[v].update(self.equations[k].outputs)
        for v in self.results:
            self.uses[v].append(len(self.equations))
        self.bytes = {v: v.type.nbytes for v in self.maker}
        self.scratch = [_scratch(e) for e in self.equations]
        self._parts: dict[tuple[int, tuple[int, ...]], Equation] = {}
        self.cost = {v: nanoseconds(self.part(k, [v])) for v, k in self.maker.items()}

    def values(self, atoms: Iterable[Atom]) -> tuple[Variable, ...]:
        """What atoms are or look at, as far as equations compute it."""
        roots = dict.fromkeys(root(a, self.views) for a in atoms)
        return tuple([a for a in roots if isinstance(a, Variable) and a in self.maker])

    def part(self, number: int, wanted: Iterable[Variable]) -> Equation:
        """An equation cut to the results that are wanted, where that changes no bit of them."""
        e = self.equations[number]
        kept = tuple([i for i, v in enumerate(e.outputs) if v in set(wanted)])
        if len(kept) == len(e.outputs) or not _may_be_cut(e):
            return e
        if (number, kept) not in self._parts:
            body: Graph = e.params["body"]
            less = remove_dead(
                Graph(body.inputs, body.equations, tuple(body.outputs[i] for i in kept))
            )
            read = {a for b in less.equations for a in b.inputs}
            places = [i for i, v in enumerate(body.inputs) if v in read]
            less = Graph(tuple(body.inputs[i] for i in places), less.equations, less.outputs)
            inputs = tuple([e.inputs[i] for i in places])
            outputs = tuple([e.outputs[i] for i in kept])
            self._parts[number, kept] = Equation(
                e.primitive, inputs, outputs, {"body": less}, e.line
            )
        return self._parts[number, kept]


def _may_be_cut(e: Equation) -> bool:
    """Whether results of an equation are the same bits without the others.

    What is computed element by element is; how a sum is rounded depends on the loop that it is in.
    """
    names = [b.primitive.name for body in e.bodies for b in body.equations]
    return bool(names) and not any(name in REDUCTIONS for name in names)


def _scratch(e: Equation) -> int:
    """Bytes that an equation needs for itself."""
    if not e.bodies:
        return 0
    return sum(kind.nbytes for kind in write_kernel(e.params["body"]).scratch)


def nanoseconds(e: Equation) -> float:
    """Time that an equation takes, roughly."""
    if e.bodies:
        return 300 + sum(estimate(nest) for nest in lay_out(e.params["body"]).nests)
    if e.primitive.name == "contract":
        return 1000 + 0.06 * flops(e)
    return 2000 + flops(e) + 0.2 * sum(v.type.nbytes for v in e.outputs)


class _TooMuch(Exception):
    """The limit cannot be kept."""


class _Run:
    """One run through the equations under a limit."""

    def __init__(self, tasks: _Tasks, limit: int) -> None:
        self.tasks, self.limit = tasks, limit
        self.done: _Order = []
        self.there: dict[Variable, None] = {}
        self.size = 0
        self.pins: Counter[Variable] = Counter()
        self.clock = 0  # number of the next equation of the graph
        self.group: dict[Variable, _Group] = {}  # of values that have gone

    def order(self) -> _Order | None:
        """Equations in the order in which they run; None: the limit is too low."""
        try:
            for k in range(len(self.tasks.equations)):
                self.clock = k
                self._reach(k)
        except _TooMuch:
            return None
        return self.done

    def _reach(self, number: int) -> None:
        """Compute an equation, and before it whatever it reads and is not there."""
        reads = self.tasks.reads
        waiting = [number]
        self.pins.update(reads[number])
        while waiting:
            k = waiting[-1]
            missing = next((v for v in reads[k] if v not in self.there), None)
            if missing is not None:
                waiting.append(self.tasks.maker[missing])
                self.pins.update(reads[waiting[-1]])
                continue
            waiting.pop()
            if len(waiting) == 0:
                self.clock = number + 1
            self.pins.subtract(reads[k])
            self._compute(k)

    def _compute(self, k: int) -> None:
        tasks, reads = self.tasks, self.tasks.reads[k]
        outputs = tasks.equations[k].outputs
        new = [v for v in outputs if v not in self.there]
        wanted = [v for v in new if self._next_use(v) is not None or self.pins[v] > 0]
        whole = tasks.part(k, wanted) is tasks.equations[k]
        need = sum(tasks.bytes[v] for v in (outputs if whole else wanted) if v not in self.there)
        need += tasks.scratch[k] + sum(tasks.bytes[v] for v in outputs if whole and v in self.there)
        ending = [v for v in reads if self._next_use(v) is None and self.pins[v] <= 0]
        if tasks.equations[k].bodies:
            need -= _in_place([tasks.bytes[v] for v in ending], [tasks.bytes[v] for v in wanted])
        self.pins.update(reads)
        while self.size + need > self.limit:
            self._evict()
        self.pins.subtract(reads)
        self.done.append((k, frozenset(wanted)))
        if len(self.done) > LONGEST * len(tasks.equations):
            raise _TooMuch
        for v in wanted:
            self.there[v] = None
            self.size += tasks.bytes[v]
            group = self.group.pop(v, None)
            if group is not None:
                group.top().cost -= tasks.cost[v]
        for v in ending:
            self._let_go(v)

    def _next_use(self, v: Variable) -> int | None:
        uses = self.tasks.uses[v]
        i = bisect_left(uses, self.clock)
        return uses[i] if i < len(uses) else None

    def _evict(self) -> None:
        """Let go of the value that costs least."""
        best, least = None, 0.0
        for v in self.there:
            if v in self.tasks.results or self.pins[v] > 0 or not self.tasks.bytes[v]:
                continue
            use = self._next_use(v)
            if use is None:
                best = v
                break
            cost = self.tasks.cost[v] + sum(group.cost for group in self._groups_beside(v))
            score = cost / (self.tasks.bytes[v] * (use - self.clock + 1))
            if best is None or score < least:
                best, least = v, score
        if best is None:
            raise _TooMuch
        self._let_go(best)

    def _let_go(self, v: Variable) -> None:
        del self.there[v]
        self.size -= self.tasks.bytes[v]
        group = _Group(self.tasks.cost[v])
        for other in self._groups_beside(v):
            other.joined = group
            group.cost += other.cost
        self.group[v] = group

    def _groups_beside(self, v: Variable) -> list[_Group]:
        """Of values that have gone, those which would have to be computed along with this one."""
        tasks = self.tasks
        beside = (*tasks.reads[tasks.maker[v]], *tasks.readers[v])
        groups = (self.group[u].top() for u in beside if u in self.group)
        return list(dict.fromkeys(groups))


class _Group:
    """Values that have gone and read each other; what it takes to compute all of them."""

    def __init__(self, cost: float) -> None:
        self.cost = cost
        self.joined: _Group | None = None

    def top(self) -> _Group:
        group = self
        while group.joined is not None:
            group = group.joined
        return group


def _in_place(ending: list[int], made: list[int]) -> int:
    """Bytes of results that may lie where operands lay which nobody needs any more."""
    common = Counter(ending) & Counter(made)
    return sum(size * count for size, count in common.items())


def _written(tasks: _Tasks, order: _Order) -> Graph:
    """Write the graph whose equations run in an order with repetitions."""
    needed = _needed(tasks, order)
    now: dict[Atom, Atom] = {}  # where a value is read at present
    seen: dict[tuple[Atom, Atom], Variable] = {}
    equations: list[Equation] = []
    defined: set[Variable] = set()

    def read(atom: Atom) -> Atom:
        if atom not in tasks.views:
            return now.get(atom, atom)
        e = tasks.views[atom]
        source = read(e.inputs[0])
        if (atom, source) not in seen:
            out = fresh(e.outputs[0])
            seen[atom, source] = out
            equations.append(Equation(e.primitive, (source,), (out,), e.params, e.line))
        return seen[atom, source]

    def fresh(v: Variable) -> Variable:
        if v in defined:
            return Variable(v.type)
        defined.add(v)
        return v

    for (k, _), wanted in zip(order, needed, strict=True):
        if not wanted:
            continue
        e = tasks.part(k, wanted)
        inputs = tuple([read(a) for a in e.inputs])
        outputs = tuple([fresh(v) for v in e.outputs])
        equations.append(Equation(e.primitive, inputs, outputs, e.params, e.line))
        now.update((v, out) for v, out in zip(e.outputs, outputs, strict=True) if v in wanted)
    outs = tuple([a if isinstance(a, Constant) else read(a) for a in tasks.graph.outputs])
    return Graph(tasks.graph.inputs, tuple(equations), outs)


def _needed(tasks: _Tasks, order: _Order) -> list[frozenset[Variable]]:
    """Results of each run of an equation that are read before they are computed again."""
    open_reads = set(tasks.results)
    needed: list[frozenset[Variable]] = []
    for k, made in reversed(order):
        wanted = made & open_reads
        open_reads -= wanted
        if wanted:
            open_reads.update(tasks.values(tasks.part(k, wanted).inputs))
        needed.append(wanted)
    return needed[::-1]
