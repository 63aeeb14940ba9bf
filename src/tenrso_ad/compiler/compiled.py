"""``compile`` and what it returns: a function that is staged once for each kind of arguments."""

from __future__ import annotations

import functools
import inspect
import types
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy import ndarray

from ..engine import tree
from ..engine.array_type import ArrayType
from ..engine.errors import ArgumentError, RetraceError, describe
from ..engine.graph import Constant, Graph
from ..engine.staging import stage
from ..engine.trace import Tracer
from .drawing import draw
from .passes import DEFAULT, FOR_KERNELS, PASSES, optimised
from .plain import PlainProgram
from .program import Program, Sources
from .rematerialise import rematerialised
from .report import Report
from .statistics import Statistics, statistics
from .workspace import Memory


class Specialisation(NamedTuple):
    """The code for arguments of certain shapes, dtypes and static values.

    Attributes
    ----------
    specs : tuple of (dtype, shape)
        Of the array arguments.
    run : callable
        Takes those arrays and gives the results as a list.
    structure : Structure
        How the results are put back together.
    source : str
    staged, graph : Graph
        Before and after the passes.
    report : Report
    program : Program or PlainProgram
        What `run` and `source` are of.
    """

    specs: tuple[tuple[Any, tuple[int, ...]], ...]
    run: Callable[..., list[Any]]
    structure: tree.Structure
    source: str
    staged: Graph
    graph: Graph
    report: Report
    program: Program | PlainProgram


class _Key(NamedTuple):
    """What a version is compiled for."""

    structure: tree.Structure
    where: tuple[bool, ...]
    static: tuple[tuple[type, Any], ...]
    kinds: tuple[tuple[type, Any, tuple[int, ...]], ...]


def compile(
    f: Callable[..., Any],
    *,
    passes: Sequence[str] | None = None,
    static_argnums: int | Iterable[int] = (),
    static_argnames: str | Iterable[str] = (),
    memory_budget: int | None = None,
    backend: Literal["numba", "python"] = "numba",
    max_iterations: int = 10,
    max_versions: int = 64,
    verbose: bool = False,
) -> Compiled:
    """Compile a function of arrays.

    The function is run once on tensors without values, for every new combination of shapes, dtypes
    and static arguments; after that only the compiled code runs. It must not depend on anything
    that changes but its arguments: arrays that it closes over are copied when it is staged.

    Parameters
    ----------
    f : callable
        Takes and returns pytrees of arrays; may itself be a transform of a function, such as
        ``ta.value_and_grad(loss)``.
    passes : sequence of str, optional
        Names of the passes to run; by default `tenrso_ad.compiler.DEFAULT`: ``fold_constants``,
        ``decompose``, ``simplify``, ``share_common``, ``replan``, ``remove_dead``, ``fuse`` and
        ``schedule``.
        ``passes=(*ta.compiler.DEFAULT, "least_squares")`` adds the one that may lose digits.
    static_argnums : int or sequence of int
        Positional arguments that the function is compiled for each value of; they have to hash.
        Python numbers, strings, None and other leaves that are no arrays are static anyway.
    static_argnames : str or sequence of str
        The same for arguments given by name.
    memory_budget : int, optional
        Bytes that a call may take, results included and arguments not (`Compiled.memory.peak`).
        Values are computed again where keeping them would take more. Results are bitwise the same.
    backend : {"numba", "python"}
        "numba" makes kernels in machine code, by the LLVM of the Numba project (llvmlite).
        "python" calls the operations themselves, after the passes but without kernels. It serves
        platforms without LLVM; arrays of other libraries are always computed so.
    max_iterations : int
        How often the passes before fusion are repeated at most.
    max_versions : int
        How many combinations are compiled before `RetraceError` says which argument changes.
    verbose : bool
        Print the report of the passes for each version.

    Returns
    -------
    Compiled
        Called as `f`.

    Raises
    ------
    ArgumentError
        A pass or backend that there is not, or a budget that is no whole number of bytes.
    MemoryBudgetError
        From a call, where its arguments cannot be worked on in `memory_budget` bytes.

    Examples
    --------
    >>> import numpy as np
    >>> import tenrso_ad as ta
    >>> import tenrso_ad.numpy as tnp
    >>> step = ta.compile(ta.value_and_grad(lambda x: tnp.sum(tnp.tanh(x) * x)))
    >>> value, gradient = step(np.zeros(3))
    >>> gradient
    array([0., 0., 0.])
    """
    if backend not in ("numba", "python"):
        raise ArgumentError(f"compile: backend is 'numba' or 'python', got {backend!r}")
    if memory_budget is not None and (
        not isinstance(memory_budget, (int, np.integer)) or isinstance(memory_budget, bool)
    ):
        raise ArgumentError(f"compile: memory_budget is a number of bytes, got {memory_budget!r}")
    names = DEFAULT if passes is None else tuple(passes)
    for name in names:
        if name not in PASSES:
            raise ArgumentError(f"compile: there is no pass {name!r}; there are {list(PASSES)}")
    if backend == "python":
        names = tuple([n for n in names if n not in FOR_KERNELS])
    statics = (
        {static_argnums} if isinstance(static_argnums, int) else set(static_argnums),
        {static_argnames} if isinstance(static_argnames, str) else set(static_argnames),
    )
    options = {
        "memory_budget": memory_budget,
        "backend": backend,
        "max_iterations": max_iterations,
        "verbose": verbose,
    }
    return Compiled(f, names, statics, max_versions, options)


class Compiled:
    """A compiled function; made by `compile`."""

    def __init__(
        self,
        f: Callable[..., Any],
        passes: tuple[str, ...],
        statics: tuple[set[int], set[str]],
        max_versions: int,
        options: dict[str, Any],
    ) -> None:
        functools.update_wrapper(self, f)
        self._f = f
        self._passes = passes
        self._static_places, self._static_names = statics
        self._max_versions = max_versions
        self._options = options
        self._known: dict[_Key, Specialisation | None] = {}
        self._last: Specialisation | None = None  # of a call with NumPy arrays only

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call the function; see `compile`."""
        last = self._last
        if last is not None and not kwargs and len(args) == len(last.specs):
            for a, (dtype, shape) in zip(args, last.specs):  # noqa: B905 (strict costs)
                if type(a) is not ndarray or a.dtype is not dtype or a.shape != shape:
                    break
            else:
                return tree.unflatten(last.structure, _run(last, args))
        return self._general(args, kwargs)

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        """Become a method: the instance is a static argument, unless it is a pytree."""
        return self if instance is None else types.MethodType(self, instance)

    @property
    def source(self) -> str:
        """Code of all that was compiled so far."""
        return "\n".join(s.source for s in self._known.values() if s is not None)

    @property
    def report(self) -> Report:
        """What the passes did to the version compiled last."""
        return [s.report for s in self._known.values() if s is not None][-1]

    @property
    def memory(self) -> Memory:
        """Bytes that a call of the version compiled last takes beside its arguments."""
        return [s.program.memory for s in self._known.values() if s is not None][-1]

    @property
    def statistics(self) -> Statistics:
        """What the version compiled last consists of, and what it costs to compute."""
        return statistics(self.graphs[-1])

    def draw(self, path: str | Path) -> None:
        """Draw the graph of the version compiled last; the file's name ends in .svg or .dot."""
        draw(self.graphs[-1], path)

    def clear(self) -> None:
        """Give back the memory that is kept for the next calls; they make it anew."""
        for s in self._known.values():
            if s is not None:
                s.program.clear()

    @property
    def graphs(self) -> list[Graph]:
        """Graphs of all that was compiled so far, after the passes."""
        return [s.graph for s in self._known.values() if s is not None]

    def _general(self, args: Sequence[Any], kwargs: dict[str, Any]) -> Any:
        """Any arguments: pytrees, keywords, static ones."""
        marked = (
            tuple([_Static(a) if i in self._static_places else a for i, a in enumerate(args)]),
            {k: _Static(v) if k in self._static_names else v for k, v in kwargs.items()},
        )
        leaves, structure = tree.flatten(marked)
        if any(isinstance(x, Tracer) for x in leaves):  # part of a transform or tape around it
            return self._f(*args, **kwargs)
        leaves = [_native(x) if isinstance(x, (ndarray, np.generic)) else x for x in leaves]
        where = tuple([_is_array(x) for x in leaves])
        arrays = [x for x, w in zip(leaves, where, strict=True) if w]
        kinds = tuple([(type(a), a.dtype, tuple(a.shape)) for a in arrays])
        static = tuple([(type(x), x) for x, w in zip(leaves, where, strict=True) if not w])
        key = _Key(structure, where, static, kinds)
        try:
            new = key not in self._known
        except TypeError:
            raise ArgumentError(self._unhashable(static)) from None
        if new:
            if len(self._known) >= self._max_versions:
                raise RetraceError(self._too_many(marked))
            self._known[key] = self._specialise(leaves, where, structure)
        found = self._known[key]
        if found is None:
            return self._f(*args, **kwargs)
        if not kwargs and len(arrays) == len(args):
            if all(x is a and type(a) is ndarray for x, a in zip(args, arrays, strict=True)):
                self._last = found
        return tree.unflatten(found.structure, _run(found, arrays))

    def _specialise(
        self, leaves: Sequence[Any], where: Sequence[bool], structure: tree.Structure
    ) -> Specialisation | None:
        """Compile for arguments like these; None where the function closes over tensors."""
        results: list[tree.Structure] = []

        def flat(*arrays: Any) -> list[Any]:
            given = [(a, a.value) for a in arrays]
            rest = iter(arrays)
            merged = [next(rest) if w else x for x, w in zip(leaves, where, strict=True)]
            args, kwargs = tree.map(_plain, tree.unflatten(structure, merged))
            outs, form = tree.flatten(self._f(*args, **kwargs))
            for number, (a, value) in enumerate(given):
                if a.value is not value:
                    raise ArgumentError(
                        f"compile: {_name(self._f)} changes its array argument {number}, "
                        f"{describe(a)}, in place, which compiled code does not do to the caller's "
                        "array. Change a copy, and return it."
                    )
            results.append(form)
            return outs

        arrays = [x for x, w in zip(leaves, where, strict=True) if w]
        kinds = [ArrayType(tuple(a.shape), _numpy_dtype(a.dtype)) for a in arrays]
        staged = stage(flat, *kinds)
        if any(isinstance(c.value, Tracer) for c in _constants(staged)):
            return None  # its tensors are to receive gradients
        native = self._options["backend"] == "numba" and all(type(a) is ndarray for a in arrays)
        passes = self._passes if native else [n for n in self._passes if n not in FOR_KERNELS]
        graph, report = optimised(staged, passes, self._options["max_iterations"])
        budget = self._options["memory_budget"]
        if budget is not None:
            measure = measure_of_kernels() if native else measure_of_calls
            report.rematerialised = rematerialised(graph, budget, measure)
            graph = report.rematerialised.graph
        program = Program(graph).build() if native else PlainProgram(graph)
        if self._options["verbose"]:
            print(f"compile {_name(self._f)}({', '.join(map(str, kinds))})\n{report}")
        specs = tuple([(a.dtype, tuple(a.shape)) for a in arrays])
        return Specialisation(
            specs, program.run, results[0], program.source, staged, graph, report, program
        )

    # --- errors -----------------------------------------------------------------------------------

    def _unhashable(self, static: Sequence[tuple[type, Any]]) -> str:
        kinds = [k.__name__ if k is not _Static else type(x.value).__name__ for k, x in static]
        return (
            f"compile: a static argument of {_name(self._f)} does not hash; static are here "
            f"values of the types {', '.join(kinds)}. Pass arrays, or hashable values."
        )

    def _too_many(self, marked: Any) -> str:
        """Name the argument that took the most different values."""
        paths = self._names_of(marked)
        values: list[Counter[Any]] = [Counter() for _ in paths]
        for key in self._known:
            static, kinds = iter(key.static), iter(key.kinds)
            seen = [next(kinds) if w else next(static) for w in key.where]
            for count, value in zip(values, seen, strict=False):
                count[value] += 1
        most = max(range(len(paths)), key=lambda i: len(values[i]))
        what = "shapes or dtypes" if len(next(iter(values[most]))) == 3 else "values"
        way_out = (
            "Pad its arrays to a few shapes"
            if what != "values"
            else "Pass it as an array if it is a number that changes (np.asarray(x))"
        )
        return (
            f"compile: {_name(self._f)} was compiled {len(self._known)} times: its argument "
            f"{paths[most]} had {len(values[most])} different {what}. {way_out}, or raise "
            "max_versions."
        )

    def _names_of(self, marked: Any) -> list[str]:
        """A name for each leaf of the arguments, by the function's own parameters if possible."""
        args, kwargs = marked
        try:
            names = list(inspect.signature(self._f).parameters)
        except (TypeError, ValueError):
            names = []
        named: list[str] = []
        for i, a in enumerate(args):
            name = names[i] if i < len(names) else str(i)
            named += [f"{name!r}{path}" for path in tree.paths(a)]
        for k in sorted(kwargs):
            named += [f"{k!r}{path}" for path in tree.paths(kwargs[k])]
        return named


class _Static:
    """An argument that is compared by value, whatever it is."""

    __slots__ = ("value",)

    def __init__(self, value: Any) -> None:
        self.value = value

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Static) and bool(self.value == other.value)

    def __hash__(self) -> int:
        return hash(self.value)


def _plain(leaf: Any) -> Any:
    return leaf.value if isinstance(leaf, _Static) else leaf


def measure_of_kernels() -> Callable[[Graph], int]:
    """Bytes that a call of a graph takes, compiled to kernels; none is written twice."""
    sources: Sources = {}
    return lambda graph: Program(graph, sources).memory.peak


def measure_of_calls(graph: Graph) -> int:
    """Bytes that a call of a graph takes, without kernels."""
    return PlainProgram(graph).memory.peak


def _name(f: Callable[..., Any]) -> str:
    return getattr(f, "__name__", type(f).__name__)


def _native(x: Any) -> ndarray:
    """Give an array or NumPy scalar as an array in the machine's own byte order."""
    if not x.dtype.isnative:
        x = x.astype(x.dtype.newbyteorder("="))
    return np.asarray(x)


def _is_array(x: Any) -> bool:
    return hasattr(x, "dtype") and hasattr(x, "shape")


def _numpy_dtype(dtype: Any) -> Any:
    """NumPy's dtype of the name of another library's."""
    return dtype if isinstance(dtype, np.dtype) else np.dtype(str(dtype).rpartition(".")[2])


def _constants(graph: Graph) -> Iterable[Constant]:
    atoms = [a for e in graph.equations for a in e.inputs]
    return [a for a in (*atoms, *graph.outputs) if isinstance(a, Constant)]


def _run(found: Specialisation, arrays: Sequence[Any]) -> list[Any]:
    try:
        return found.run(*arrays)
    except TypeError:  # a kernel refuses arrays that are not in C order, or not aligned
        if all(type(a) is not ndarray or _is_plain(a) for a in arrays):
            raise
        return found.run(*[np.array(a, order="C", copy=True) for a in arrays])


def _is_plain(a: ndarray) -> bool:
    return bool(a.flags.c_contiguous and a.flags.aligned)
