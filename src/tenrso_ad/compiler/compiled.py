"""``compile`` and what it returns: a function that is staged once for each kind of arguments."""

from __future__ import annotations

import functools
from collections.abc import Callable, Hashable, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy import ndarray

from ..engine import tree
from ..engine.array_type import ArrayType, type_of
from ..engine.graph import Graph
from ..engine.staging import stage
from ..engine.trace import Tracer
from .passes import PASSES, optimised
from .program import Program


class Specialisation(NamedTuple):
    """The code for arguments of certain shapes, dtypes and static values.

    Attributes
    ----------
    specs : tuple of (dtype, shape)
        Of the array arguments.
    program : Program
    run : callable
        `program.run`, which takes those arrays and gives the results as a list.
    structure : Structure
        How the results are put back together.
    staged, graph : Graph
        Before and after the passes.
    """

    specs: tuple[tuple[Any, tuple[int, ...]], ...]
    program: Program
    run: Callable[..., list[Any]]
    structure: tree.Structure
    staged: Graph
    graph: Graph


def compile(
    f: Callable[..., Any], *, passes: Sequence[str] | None = None, static_argnums: Any = ()
) -> Compiled:
    """Compile a function of arrays.

    The function is run once on tensors without values, for every new combination of shapes, dtypes
    and static arguments; after that only the compiled code runs. It must not depend on anything
    that changes but its arguments.

    Parameters
    ----------
    f : callable
        Takes and returns pytrees of arrays; may itself be a transform of a function, such as
        ``ta.value_and_grad(loss)``.
    passes : sequence of str, optional
        Names of the passes to run, of `tenrso_ad.compiler.PASSES`, in their order; by default all.
    static_argnums : int or sequence of int
        Positional arguments that are no arrays: the function is compiled for each of their values.
        Python numbers, strings, None and other leaves that are no arrays are static anyway.

    Returns
    -------
    Compiled
        Called as `f`.

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
    return Compiled(f, tuple(PASSES) if passes is None else tuple(passes), static_argnums)


class Compiled:
    """A compiled function; made by `compile`."""

    def __init__(self, f: Callable[..., Any], passes: tuple[str, ...], static_argnums: Any) -> None:
        functools.update_wrapper(self, f)
        self._f = f
        self._passes = passes
        self._static = {static_argnums} if isinstance(static_argnums, int) else {*static_argnums}
        self._known: dict[Hashable, Specialisation] = {}
        self._last: Specialisation | None = None  # of a call with arrays only

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

    def _general(self, args: Sequence[Any], kwargs: dict[str, Any]) -> Any:
        """Any arguments: pytrees, keywords, static ones."""
        leaves, structure = tree.flatten((tuple(args), kwargs))
        if any(isinstance(x, Tracer) for x in leaves):  # part of a transform or tape around it
            return self._f(*args, **kwargs)
        arrays = [np.asarray(x) for x in leaves if isinstance(x, (ndarray, np.generic))]
        where = tuple([isinstance(x, (ndarray, np.generic)) for x in leaves])
        static = tuple([(type(x), x) for x, w in zip(leaves, where, strict=True) if not w])
        key = (structure, where, static, tuple([(a.dtype, a.shape) for a in arrays]))
        found = self._known.get(key)
        if found is None:
            found = self._known[key] = self._specialise(leaves, where, structure)
        if all(where) and not kwargs and all(x is a for x, a in zip(args, arrays, strict=False)):
            self._last = found
        return tree.unflatten(found.structure, _run(found, arrays))

    def _specialise(
        self, leaves: Sequence[Any], where: Sequence[bool], structure: tree.Structure
    ) -> Specialisation:
        results: list[tree.Structure] = []

        def flat(*arrays: Any) -> list[Any]:
            rest = iter(arrays)
            merged = [next(rest) if w else x for x, w in zip(leaves, where, strict=True)]
            args, kwargs = tree.unflatten(structure, merged)
            outs, form = tree.flatten(self._f(*args, **kwargs))
            results.append(form)
            return outs

        types = [type_of(np.asarray(x)) for x, w in zip(leaves, where, strict=True) if w]
        staged = stage(flat, *types)
        graph = optimised(staged, self._passes)
        program = Program(graph)
        specs = tuple([(t.dtype, t.shape) for t in types if isinstance(t, ArrayType)])
        return Specialisation(specs, program, program.run, results[0], staged, graph)

    @property
    def source(self) -> str:
        """Source of all that was compiled so far."""
        return "\n".join(s.program.source for s in self._known.values())

    @property
    def graphs(self) -> list[Graph]:
        """Graphs of all that was compiled so far, after the passes."""
        return [s.graph for s in self._known.values()]


def _run(found: Specialisation, arrays: Sequence[ndarray]) -> list[Any]:
    try:
        return found.run(*arrays)
    except TypeError:  # a kernel refuses arrays that are not in C order, or not aligned
        return found.run(*[np.array(a, order="C", copy=True) for a in arrays])
