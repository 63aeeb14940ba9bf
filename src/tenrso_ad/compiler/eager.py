"""Pullbacks of the tape as kernels: one pass over memory where NumPy takes several.

A kernel gives NumPy's own numbers (see `exact`), so that it does not matter to any result when it
comes in. It comes in when it pays: once NumPy has worked on so many elements with the same rule and
the same shapes that compiling is the smaller part. It computes the cotangents of all operands in
one pass, and adds what was gathered for them before.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable, Mapping, Sequence
from threading import Lock
from typing import Any, NamedTuple

import numpy as np
from numpy import ndarray

from ..engine import large
from ..engine.array_type import ArrayType
from ..engine.node import Node
from ..engine.staging import stage
from ..engine.trace import Tracer
from ..kernels import slices, threads
from ..ops.broadcasting import broadcast_to
from ..ops.elementwise import add, where_p
from ..ops.pointwise import operations
from .exact import ExactProgram
from .passes.common import frozen

_RULES = 256
"""Rules, each for certain shapes, that are remembered."""


class _Call(NamedTuple):
    """One application of a rule.

    Attributes
    ----------
    arrays : list of ndarray
        The cotangent, what was saved, and what was gathered for the operands before.
    groups : dict
        For each parent that wants a gradient: its places in the node, and, after -1, that of what
        was gathered for it before among the arrays.
    key : tuple
        Equal for calls that one kernel serves.
    """

    arrays: list[ndarray]
    groups: dict[Any, list[int]]
    key: tuple[Hashable, ...]


def pull(node: Node, g: ndarray, pending: dict[Any, Any], owned: set[Any]) -> Sequence[Any]:
    """Apply the pullback of a node to a large cotangent; see `tenrso_ad.engine.large`."""
    if node.primitive in _elementwise:
        call = _call(node, g, pending)
        kernel = _kernel_for(node, call) if call is not None else None
        totals = kernel(node, call) if kernel is not None and call is not None else None
        if totals is not None and call is not None:
            for parent, (total, fresh) in zip(call.groups, totals, strict=True):
                if total is not None:
                    pending[parent] = total
                    if fresh:
                        owned.add(parent)
            return ()
    results: Sequence[Any] = node.apply(g, node.saved or (), node.params, node.parents)
    return results


def _call(node: Node, g: ndarray, pending: Mapping[Any, Any]) -> _Call | None:
    """Look at what a rule is applied to; None where it is nothing for a kernel."""
    arrays = [g]
    key: list[Any] = [node.primitive, threads.settings.min_size, threads.settings.chunk_size]
    for value in node.saved or ():
        kind = type(value)
        key.append(kind)
        if kind is ndarray:
            arrays.append(value)
        elif isinstance(value, np.generic):
            arrays.append(np.asarray(value))
        elif hasattr(value, "dtype") and kind is not ArrayType:
            return None  # a tensor or another library's array: kept in a key it would live on
        else:
            key.append(value.hex() if kind is float else value)  # 0.0 equals -0.0
    groups: dict[Any, list[int]] = {}
    for i, parent in enumerate(node.parents):
        if parent is not None:
            if parent in groups:
                groups[parent].append(i)
            else:
                groups[parent] = [i]
    for parent, places in groups.items():
        key.extend(places)
        if parent in pending:
            before = pending[parent]
            if type(before) is not ndarray:
                return None
            places.append(-1)
            places.append(len(arrays))
            arrays.append(before)
            key.append("before")
        key.append(None)
    for a in arrays:
        key.append(a.shape)
        key.append(a.dtype)
        if not a.flags.c_contiguous:
            key.append(a.strides)
    if node.params:
        try:
            key.append(frozen(node.params))
        except TypeError:
            return None
    return _Call(arrays, groups, tuple(key))


_ARRAYS = (ndarray, np.generic)
_elementwise = frozenset({*operations.values(), where_p})
_known: OrderedDict[Hashable, int | _Kernel | None] = OrderedDict()
_lock = Lock()


def _kernel_for(node: Node, call: _Call) -> _Kernel | None:
    """Count, and compile a kernel when it is time; None as long as NumPy computes."""
    key = call.key
    try:
        state = _known.get(key, 0)
    except TypeError:  # something that does not hash, such as an index
        return None
    if type(state) is not int:
        return state  # type: ignore[return-value]
    state += call.arrays[0].size
    with _lock:
        if len(_known) == _RULES and key not in _known:
            _known.popitem(last=False)
        if state < large.settings.after:
            _known[key] = state
            return None
        known = _known.get(key, 0)
        if type(known) is int:
            known = _known[key] = _compiled(node, call)
        return known  # type: ignore[return-value]


def _repeats(a: ndarray) -> tuple[int, ...]:
    """Axes along which an array is one element that repeats."""
    if a.flags.c_contiguous:
        return ()
    return tuple([i for i, s in enumerate(a.strides) if s == 0 and a.shape[i] != 1])


def _look(repeats: tuple[int, ...], ndim: int) -> tuple[slice, ...] | None:
    """Index that leaves one element along some axes."""
    if not repeats:
        return None
    return tuple([slice(0, 1) if i in repeats else slice(None) for i in range(ndim)])


class _Kernel:
    """A rule for certain shapes, compiled.

    Attributes
    ----------
    source : str
    pass_on : list
        For each parent that wants a gradient: the number of a result of the program; or, negative,
        -1 - i for array i as it is; or None for a zero.
    """

    def __init__(self, node: Node, call: _Call) -> None:
        arrays = call.arrays
        self.pass_on: list[int | None] = []
        looks = [_look(_repeats(a), a.ndim) for a in arrays]
        self._looks = [(i, look) for i, look in enumerate(looks) if look is not None]
        held = [a if look is None else a[look] for a, look in zip(arrays, looks, strict=True)]
        if not all(a.flags.c_contiguous for a in held):
            raise ValueError("an array that is laid out otherwise")

        def rule(*given: Any) -> list[Any]:
            whole = [broadcast_to(t, a.shape) for t, a in zip(given, arrays, strict=True)]
            totals = _totals(node, whole, call.groups)
            outs: list[Any] = []
            for total in totals:
                alike = [total is t for t in whole]
                if total is None:
                    self.pass_on.append(None)
                elif any(alike):
                    self.pass_on.append(-1 - alike.index(True))
                elif isinstance(total, Tracer):
                    self.pass_on.append(len(outs))
                    outs.append(total)
                else:
                    raise ValueError("a cotangent is no array")
            return outs

        shapes = {a.shape for a in arrays}
        self._program = ExactProgram(stage(rule, *held), rare_cases=len(shapes) > 1)
        self.source = self._program.source

    def __call__(self, node: Node, call: _Call) -> list[tuple[Any, bool]] | None:
        """Give the cotangent of each operand, and whether it is an array of its own; or None."""
        arrays = call.arrays
        held = list(arrays)
        for i, look in self._looks:
            held[i] = held[i][look]
        try:
            results, wrong = self._program.run(*held)
        except TypeError:  # an array that is not aligned
            return None
        totals: list[tuple[Any, bool]] = []
        for number in self.pass_on:
            if number is None:
                totals.append((None, False))
            elif number < 0:
                totals.append((arrays[-1 - number], False))
            else:
                total = results[number]
                totals.append((total, type(total) is ndarray and total.base is None))
        if wrong is not None and wrong.any():
            places = np.nonzero(wrong)
            right = _totals(node, [a[places] for a in arrays], call.groups)
            for number, values in zip(self.pass_on, right, strict=True):
                if number is not None and number >= 0:
                    results[number][places] = values
        return totals


def _totals(node: Node, arrays: Sequence[Any], groups: Mapping[Any, list[int]]) -> list[Any]:
    """Apply a rule, and add what was gathered before: the cotangent of each parent."""
    rest = iter(arrays[1:])
    saved = tuple([next(rest) if isinstance(s, _ARRAYS) else s for s in node.saved or ()])
    cotangents = node.apply(arrays[0], saved, node.params, node.parents)
    totals: list[Any] = []
    for group in groups.values():
        places, before = (group[:-2], group[-1:]) if -1 in group else (group, [])
        terms = [cotangents[i] for i in places if cotangents[i] is not None]
        total = None
        for term in [*[arrays[i] for i in before], *terms] if terms else []:
            total = term if total is None else add(total, term)
        totals.append(total)
    return totals


def _compiled(node: Node, call: _Call) -> _Kernel | None:
    """Make the kernel of a rule; None where nothing of it is for one."""
    try:
        return _Kernel(node, call)
    except Exception:  # it looks at values, gives no arrays, LLVM is missing: NumPy computes it
        return None


def _add(total: ndarray, cotangent: ndarray, out: ndarray | None) -> ndarray:
    if not slices.worth(total) or total.shape != cotangent.shape or total.dtype != cotangent.dtype:
        result: ndarray = np.add(total, cotangent, out=out)
        return result
    room = np.empty(total.shape, total.dtype) if out is None else out
    return slices.run(np.add, (total, cotangent), room)


large.register(pull, _add)
