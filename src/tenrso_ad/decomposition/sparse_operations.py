"""Products over the nonzeros of a sparse tensor as operations that are differentiated to any order.

Write E(A) for the entries of a CP tensor with factors A at the nonzeros, M_n(v, A) for the MTTKRP
of mode n with values v there. Both are derivatives of one number T(v, A) = <v, E(A)>, linear in the
values and in every factor: E in v, M_n in A_n. So the transpose of the derivative of E is M, the
derivative of M in A is symmetric, and each is given by the other. Their derivatives along
directions have kernels of their own, which makes a Hessian-vector product cost little more than a
gradient; the derivatives of those are sums of the same kernels with factors replaced.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from tenrso_ad import numpy as tnp
from tenrso_ad.decomposition import sparse_kernels
from tenrso_ad.decomposition.sparse_layout import SparseLayout
from tenrso_ad.engine.array_type import ArrayType
from tenrso_ad.engine.batch import batching
from tenrso_ad.engine.forward import pushforwards
from tenrso_ad.engine.graph import shape_rules
from tenrso_ad.engine.primitive import Primitive
from tenrso_ad.engine.reverse import Pullback, pullbacks
from tenrso_ad.engine.trace import bind, evaluation
from tenrso_ad.ops.declare import instantiate, zeros_like

__all__ = ["entries", "mttkrps"]

Params = Mapping[str, Any]
Arrays = Sequence[Any]


def entries(layout: SparseLayout, factors: Arrays) -> Any:
    """The entries of a CP tensor of unit weights at the nonzeros, shape (nnz,)."""
    return bind(entries_p, factors, {"layout": layout})


def mttkrps(
    layout: SparseLayout, values: Any, factors: Arrays, modes: Sequence[int] | None = None
) -> tuple[Any, ...]:
    """The MTTKRPs of some modes, or of all."""
    modes = tuple(range(len(layout.shape)) if modes is None else modes)
    results: tuple[Any, ...] = bind(
        mttkrps_p, [values, *factors], {"layout": layout, "modes": modes}
    )
    return results


def _entries_tangent(layout: SparseLayout, factors: Arrays, directions: Arrays) -> Any:
    """The derivative of E(A) along V."""
    return bind(entries_tangent_p, [*factors, *directions], {"layout": layout})


def _mttkrps_tangent(
    layout: SparseLayout, values: Any, rates: Any, factors: Arrays, directions: Arrays, modes: Any
) -> tuple[Any, ...]:
    """The derivatives of M_n(v, A) along (rates, V); None is a zero rate."""
    params = {"layout": layout, "modes": modes, "rates": rates is not None}
    given = [values] if rates is None else [values, rates]
    results: tuple[Any, ...] = bind(mttkrps_tangent_p, [*given, *factors, *directions], params)
    return results


# --- evaluation -----------------------------------------------------------------------------------


def _run_entries(*factors: Any, layout: SparseLayout) -> Any:
    tree = layout.sorted_by(layout.modes[0])
    return sparse_kernels.entries(tree.coordinates, [factors[m] for m in tree.modes])


def _run_entries_tangent(*operands: Any, layout: SparseLayout) -> Any:
    order = len(layout.shape)
    tree = layout.sorted_by(layout.modes[0])
    factors, directions = ([part[m] for m in tree.modes] for part in _halves(operands, order))
    return sparse_kernels.entries_tangent(tree.coordinates, factors, directions)


def _run_mttkrps(values: Any, *factors: Any, layout: SparseLayout, modes: Any) -> Any:
    values = np.ascontiguousarray(values)
    results = []
    for mode in modes:
        tree = layout.sorted_by(mode)
        sorted_factors = [factors[m] for m in tree.modes]
        results.append(sparse_kernels.mttkrp(tree.order, tree.coordinates, values, sorted_factors))
    return tuple(results)


def _run_mttkrps_tangent(*operands: Any, layout: SparseLayout, modes: Any, rates: bool) -> Any:
    values, rate, factors, directions = _parts(operands, layout, rates)
    values = np.ascontiguousarray(values)
    rate = None if rate is None else np.ascontiguousarray(rate)
    results = []
    for mode in modes:
        tree = layout.sorted_by(mode)
        sorted_factors, along = ([p[m] for m in tree.modes] for p in (factors, directions))
        results.append(
            sparse_kernels.mttkrp_tangent(
                tree.order, tree.coordinates, values, rate, sorted_factors, along
            )
        )
    return tuple(results)


def _halves(operands: Arrays, order: int) -> tuple[Arrays, Arrays]:
    return operands[:order], operands[order:]


def _parts(operands: Arrays, layout: SparseLayout, rates: bool) -> tuple[Any, Any, Arrays, Arrays]:
    """Values, rates or None, factors and directions."""
    given, rest = operands[: 1 + rates], operands[1 + rates :]
    factors, directions = _halves(rest, len(layout.shape))
    return given[0], given[1] if rates else None, factors, directions


# --- derivatives ----------------------------------------------------------------------------------


def _all(layout: SparseLayout) -> tuple[int, ...]:
    return tuple(range(len(layout.shape)))


def _filled(tangents: Arrays, values: Arrays) -> list[Any]:
    return [instantiate(t, v) for t, v in zip(tangents, values, strict=True)]


def _spread(cotangents: Mapping[int, Any], modes: Sequence[int], factors: Arrays) -> list[Any]:
    """A cotangent for each mode; zeros where its MTTKRP was not asked for or not used."""
    given = {mode: cotangents.get(i) for i, mode in enumerate(modes)}
    return [instantiate(given.get(mode), factor) for mode, factor in enumerate(factors)]


def _any(items: Arrays) -> bool:
    return any(item is not None for item in items)


def _sum(*terms: Any) -> Any:
    """The sum of what is not None, item by item where they are sequences."""
    present = [t for t in terms if t is not None]
    if isinstance(present[0], (tuple, list)):
        return [sum(items[1:], items[0]) for items in zip(*present, strict=True)]
    return sum(present[1:], present[0])


def _second(layout: SparseLayout, factors: Arrays, one: Arrays, two: Arrays) -> Any:
    """The second derivative of E along two sets of directions."""
    terms = []
    for mode in _all(layout):
        replaced, rest = list(factors), list(two)
        replaced[mode], rest[mode] = one[mode], zeros_like(two[mode])
        terms.append(_entries_tangent(layout, replaced, rest))
    return _sum(*terms)


def _third(
    layout: SparseLayout, values: Any, factors: Arrays, one: Arrays, two: Arrays, modes: Any
) -> list[Any]:
    """The second derivative of M_n(v, A) along two sets of directions."""
    totals: list[Any] = [zeros_like(factors[mode]) for mode in modes]
    for mode in _all(layout):
        replaced, rest = list(factors), list(two)
        replaced[mode], rest[mode] = one[mode], zeros_like(two[mode])
        terms = _mttkrps_tangent(layout, values, None, replaced, rest, modes)
        # the MTTKRP of a mode does not depend on the factor of that mode
        totals = [
            total if place == mode else total + term
            for place, total, term in zip(modes, totals, terms, strict=True)
        ]
    return totals


def _pull_entries(g: Any, saved: Any, params: Params, wanted: Any) -> Any:
    return mttkrps(params["layout"], g, saved)


def _push_entries(tangents: Any, values: Any, out: Any, params: Params) -> Any:
    return _entries_tangent(params["layout"], values, _filled(tangents, values))


def _pull_entries_tangent(g: Any, saved: Any, params: Params, wanted: Any) -> Any:
    layout = params["layout"]
    order = len(layout.shape)
    factors, directions = _halves(saved, order)
    results: list[Any] = [None] * (2 * order)
    if _any(wanted[:order]):
        results[:order] = _mttkrps_tangent(layout, g, None, factors, directions, _all(layout))
    if _any(wanted[order:]):
        results[order:] = mttkrps(layout, g, factors)
    return results


def _push_entries_tangent(tangents: Any, values: Any, out: Any, params: Params) -> Any:
    layout = params["layout"]
    factors, directions = _halves(values, len(layout.shape))
    moves, turns = _halves(tangents, len(layout.shape))
    turned = _entries_tangent(layout, factors, _filled(turns, directions)) if _any(turns) else None
    moved = _second(layout, factors, _filled(moves, factors), directions) if _any(moves) else None
    return _sum(turned, moved)


def _pull_mttkrps(g: Any, saved: Any, params: Params, wanted: Any) -> Any:
    layout = params["layout"]
    values, *factors = saved
    cotangents = _spread(g, params["modes"], factors)
    results: list[Any] = [None] * len(saved)
    if wanted[0] is not None:
        results[0] = _entries_tangent(layout, factors, cotangents)
    if _any(wanted[1:]):
        results[1:] = _mttkrps_tangent(layout, values, None, factors, cotangents, _all(layout))
    return results


def _push_mttkrps(tangents: Any, operands: Any, out: Any, params: Params) -> Any:
    layout, modes = params["layout"], params["modes"]
    rates, directions = tangents[0], tangents[1:]
    values, factors = operands[0], operands[1:]
    if not _any(directions):
        return mttkrps(layout, rates, factors, modes)
    along = _filled(directions, factors)
    return _mttkrps_tangent(layout, values, rates, factors, along, modes)


def _pull_mttkrps_tangent(g: Any, saved: Any, params: Params, wanted: Any) -> Any:
    layout = params["layout"]
    order, everything = len(layout.shape), _all(layout)
    values, rates, factors, directions = _parts(saved, layout, params["rates"])
    cotangents = _spread(g, params["modes"], factors)
    given = 1 + params["rates"]
    results: list[Any] = [None] * len(saved)
    if wanted[0] is not None:
        results[0] = _second(layout, factors, cotangents, directions)
    if rates is not None and wanted[1] is not None:
        results[1] = _entries_tangent(layout, factors, cotangents)
    if _any(wanted[given : given + order]):
        rated = None
        if rates is not None:
            rated = _mttkrps_tangent(layout, rates, None, factors, cotangents, everything)
        third = _third(layout, values, factors, cotangents, directions, everything)
        results[given : given + order] = _sum(rated, third)
    if _any(wanted[given + order :]):
        results[given + order :] = _mttkrps_tangent(
            layout, values, None, factors, cotangents, everything
        )
    return results


def _push_mttkrps_tangent(tangents: Any, operands: Any, out: Any, params: Params) -> Any:
    layout, modes = params["layout"], params["modes"]
    values, rates, factors, directions = _parts(operands, layout, params["rates"])
    values_rate, rates_rate, moves, turns = _parts(tangents, layout, params["rates"])
    terms: list[Any] = []
    if values_rate is not None:
        terms.append(_mttkrps_tangent(layout, values_rate, None, factors, directions, modes))
    if rates_rate is not None:
        terms.append(mttkrps(layout, rates_rate, factors, modes))
    if _any(turns):
        along = _filled(turns, directions)
        terms.append(_mttkrps_tangent(layout, values, None, factors, along, modes))
    if _any(moves):
        along = _filled(moves, factors)
        if rates is not None:
            terms.append(_mttkrps_tangent(layout, rates, None, factors, along, modes))
        terms.append(_third(layout, values, factors, along, directions, modes))
    return _sum(*terms)


# --- the tables -----------------------------------------------------------------------------------


def _batch(primitive: Primitive) -> Callable[..., Any]:
    """One item of the batch after the other: each has as much to do as fills the machine."""

    def batch(size: int, values: Arrays, batched: Sequence[bool], params: Params) -> Any:
        runs = [
            bind(
                primitive, [v[i] if b else v for v, b in zip(values, batched, strict=True)], params
            )
            for i in range(size)
        ]
        if primitive.multiple_results:
            return tuple(tnp.stack(items) for items in zip(*runs, strict=True))
        return tnp.stack(runs)

    return batch


def _declare(
    name: str, run: Any, shape: Any, pull: Any, push: Any, several: bool = False
) -> Primitive:
    primitive = Primitive(name, multiple_results=several)
    evaluation[primitive] = run
    shape_rules[primitive] = shape
    pullbacks[primitive] = Pullback(lambda values, out, params, wanted: tuple(values), pull)
    pushforwards[primitive] = push
    batching[primitive] = _batch(primitive)
    return primitive


def _one_a_nonzero(*operands: Any, layout: SparseLayout) -> ArrayType:
    return ArrayType((layout.count,), operands[0].dtype)


def _one_a_mode(
    *operands: Any, layout: SparseLayout, modes: Sequence[int], rates: bool = False
) -> tuple[ArrayType, ...]:
    factors = operands[1 + rates :]
    return tuple(ArrayType(tuple(factors[m].shape), operands[0].dtype) for m in modes)


entries_p = _declare("sparse_entries", _run_entries, _one_a_nonzero, _pull_entries, _push_entries)
entries_tangent_p = _declare(
    "sparse_entries_tangent",
    _run_entries_tangent,
    _one_a_nonzero,
    _pull_entries_tangent,
    _push_entries_tangent,
)
mttkrps_p = _declare(
    "sparse_mttkrps", _run_mttkrps, _one_a_mode, _pull_mttkrps, _push_mttkrps, several=True
)
mttkrps_tangent_p = _declare(
    "sparse_mttkrps_tangent",
    _run_mttkrps_tangent,
    _one_a_mode,
    _pull_mttkrps_tangent,
    _push_mttkrps_tangent,
    several=True,
)
