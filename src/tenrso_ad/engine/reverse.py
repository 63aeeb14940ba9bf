"""Reverse mode: a tape of nodes, and the backward pass over it.

A node belongs to one recorded operation. It holds the nodes of its operands and what the
operation's pullback will need; tensors hold their nodes, never the other way round, so that what
nobody can reach is freed by itself. Nodes are numbered in the order of recording: sorted by falling
number, each comes after all that consumed it.

A cotangent of None is a zero that was never made. Cotangents pair with tangents by Re(sum(cotangent
* tangent)), so that the transpose of a C-linear map carries no conjugate; the transforms conjugate
at the border, where the user's convention (the gradient is dL/dx + i dL/dy) begins.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from operator import attrgetter
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy import ndarray

from . import hooks, large
from . import trace as _trace
from .allocation import keep_freed_memory
from .array_type import ArrayType
from .errors import BackwardError, explain
from .guard import Guard, Held, protect
from .node import LazyCotangent, Leaf, Node, Output
from .primitive import NO_PARAMS, Primitive
from .trace import (
    NUMPY_TYPES,
    Trace,
    Tracer,
    bind,
    custom_results,
    evaluation,
    missing_rule,
    snapshot,
)


class Pullback(NamedTuple):
    """How an operation is differentiated in reverse.

    `wanted` has the operand's node in the place of each operand whose gradient somebody wants, else
    None.

    save(values, out, params, wanted) -> tuple
        what the pullback will need.
    apply(cotangent, saved, params, wanted) -> sequence
        one cotangent an operand, None where it is zero or not wanted.
    keeps
        "operand" or "result" where that, of an operation of one operand, is all that save gives:
        it need not be called then.
    """

    save: Callable[[Sequence[Any], Any, Mapping[str, Any], Sequence[Any]], tuple[Any, ...]]
    apply: Callable[[Any, tuple[Any, ...], Mapping[str, Any], Sequence[Any]], Sequence[Any]]
    keeps: Literal["operand", "result", ""] = ""


pullbacks: dict[Primitive, Pullback | None] = {}
"""The rule of each primitive; None where its derivative is zero or undefined by nature."""

keep_freed_memory()
_by_sequence = attrgetter("sequence")


class ReverseTrace(Trace):
    """Records every operation on its tensors."""

    __slots__ = ("nodes", "shares")
    recording = True
    what = "gradient"

    def __init__(self) -> None:
        super().__init__()
        self.shares = False  # whether any leaf's array is still held by the user
        self.nodes: list[Node] | None = None  # a Tape keeps its nodes here for its statistics

    def variable(self, value: Any, *, shared: bool = False) -> Tracer:
        """Make a tensor whose gradient this trace can tell."""
        return _trace.Tensor(snapshot(value), self, Leaf(shared=shared))

    def process(self, primitive: Primitive, args: Sequence[Any], params: Mapping[str, Any]) -> Any:
        """Compute the operation one level further out and record it."""
        if self.closed:
            self.check_open()
        shared = self.shares
        values: Sequence[Any]
        wanted: Sequence[Any]
        if len(args) == 1:
            (a,) = args
            value, node = a.value, a.node
            values, wanted = (value,), (node,)
            live = node is not None
            plain = type(value) is ndarray
        elif len(args) == 2:
            x, y = args
            by_x = by_y = None
            if type(x) is _trace.Tensor and x.trace is self:
                x, by_x = x.value, x.node
            elif type(x) is ndarray:
                shared = True
            if type(y) is _trace.Tensor and y.trace is self:
                y, by_y = y.value, y.node
            elif type(y) is ndarray:
                shared = True
            values, wanted = (x, y), (by_x, by_y)
            live = by_x is not None or by_y is not None
            plain = type(x) in NUMPY_TYPES and type(y) in NUMPY_TYPES
        else:
            values, wanted, live, plain = [], [], False, False
            tensor = _trace.Tensor
            for a in args:
                node = None
                if type(a) is tensor:
                    if a.trace is self:
                        node = a.node
                        live = live or node is not None
                        a = a.value
                    if type(a) is tensor:
                        a = snapshot(a)
                elif type(a) is ndarray:
                    shared = True
                values.append(a)
                wanted.append(node)
        if plain and not hooks.active:
            try:  # what bind would do, without looking for tracers
                run = evaluation[primitive]
                out = run(*values, **params) if params else run(*values)
            except Exception as error:
                raise explain(primitive.name, args, params, error) from error
        else:
            if not plain and len(args) < 3:
                values = [snapshot(v) for v in values]
            out = bind(primitive, values, params)
        try:
            rule = pullbacks[primitive]
        except KeyError:
            raise missing_rule(primitive, "reverse-mode") from None
        if rule is None or not live or not self.recording:
            return self._unrecorded(primitive, out)
        save, apply, _ = rule
        saved = save(values, out, params, wanted)
        node = Node(primitive, params, wanted, apply, saved)
        if shared:
            node.saved = _guarded(saved, args, self)
        if hooks.active or self.nodes is not None:
            self._note(node)
        if primitive.multiple_results:
            return self._outputs(node, out)
        return _trace.Tensor(out, self, node)

    def process_unary(self, primitive: Primitive, x: Tracer) -> Any:
        """`process` for one operand without parameters: the commonest case, kept lean."""
        value, node = x.value, x.node
        try:
            rule = pullbacks[primitive]
        except KeyError:
            rule = None
        if (
            rule is None
            or node is None
            or type(value) is not ndarray
            or hooks.active
            or self.closed
            or self.shares
            or self.nodes is not None
            or not self.recording
        ):
            return self.process(primitive, (x,), NO_PARAMS)
        try:
            out = evaluation[primitive](value)
        except Exception as error:
            raise explain(primitive.name, (x,), NO_PARAMS, error) from error
        save, apply, keeps = rule
        wanted = (node,)
        if keeps == "operand":
            saved: tuple[Any, ...] = (value,)
        elif keeps == "result":
            saved = (out,)
        else:
            saved = save((value,), out, NO_PARAMS, wanted)
        return _trace.Tensor(out, self, Node(primitive, NO_PARAMS, wanted, apply, saved))

    def process_binary(
        self, primitive: Primitive, x: Tracer, y: Any, params: Mapping[str, Any] = NO_PARAMS
    ) -> Any:
        """`process` for a tensor and another or a number, kept lean too."""
        value, by_x = x.value, x.node
        if type(y) is _trace.Tensor:
            other, by_y = y.value, y.node
        else:
            other, by_y = y, None
        try:
            rule = pullbacks[primitive]
        except KeyError:
            rule = None
        if (
            rule is None
            or by_x is None
            or type(value) is not ndarray
            or ((type(other) is not ndarray or by_y is None) and type(other) is not float)
            or hooks.active
            or self.closed
            or self.shares
            or self.nodes is not None
            or not self.recording
        ):
            return self.process(primitive, (x, y), params)
        try:
            run = evaluation[primitive]
            out = run(value, other, **params) if params else run(value, other)
        except Exception as error:
            raise explain(primitive.name, (x, y), params, error) from error
        save, apply, _ = rule
        wanted = (by_x, by_y)
        saved = save((value, other), out, params, wanted)
        return _trace.Tensor(out, self, Node(primitive, params, wanted, apply, saved))

    def _unrecorded(self, primitive: Primitive, out: Any) -> Any:
        if primitive.multiple_results:
            return tuple([_trace.Tensor(o, self, None) for o in out])
        return _trace.Tensor(out, self, None)

    def _outputs(self, node: Node, outs: Sequence[Any]) -> tuple[Tracer, ...]:
        """Tensors of a node with several results."""
        return tuple(
            [
                _trace.Tensor(o, self, Output(node, i) if _trace.is_inexact(o.dtype) else None)
                for i, o in enumerate(outs)
            ]
        )

    def _note(self, node: Node) -> None:
        """Tell the hooks and the tape of a new node."""
        if hooks.on_save:
            node.saved = tuple([_through(hooks.on_save, v, node) for v in node.saved or ()])
        if hooks.lines:
            node.line = hooks.user_line()
        if self.nodes is not None:
            self.nodes.append(node)

    def process_custom(self, call: Any, args: Sequence[Any]) -> Any:
        """Run the call's forward half one level further out, and record its backward half."""
        self.check_open()
        mine = [isinstance(a, Tracer) and a.trace is self for a in args]
        values = [snapshot(a.value if m else a) for a, m in zip(args, mine, strict=True)]
        wanted = [a.node if m else None for a, m in zip(args, mine, strict=True)]
        if not self.recording or all(w is None for w in wanted):
            with Held(values):
                outs = call.apply(values)
            return self._unrecorded(call.primitive, custom_results(self, call.name, outs))
        with Held(values):
            outs, residuals, apply = call.forward(values)
        outs = custom_results(self, call.name, outs)
        residuals = tuple([snapshot(r) for r in custom_results(self, call.name, residuals)])
        node = Node(call.primitive, {}, wanted, apply, _guarded(residuals, residuals, self))
        self._note(node)
        return self._outputs(node, outs)


def _through(callables: Iterable[Callable[[Any, Any], Any]], value: Any, node: Node) -> Any:
    if hasattr(value, "dtype") and not isinstance(value, ArrayType):
        for callable_ in callables:
            value = callable_(value, node)
    return value


class _Guarded(tuple[Any, ...]):
    """Saved values together with the guards that must live as long."""

    guards: list[Guard]


def _guarded(saved: tuple[Any, ...], args: Sequence[Any], trace: ReverseTrace) -> tuple[Any, ...]:
    """Guard the saved arrays that the user holds: plain operands, leaves made without a copy."""
    held = {id(a) for a in args if type(a) is np.ndarray}
    if trace.shares:
        held |= {
            id(a.value)
            for a in args
            if isinstance(a, Tracer) and a.trace is trace and getattr(a.node, "shared", False)
        }
    guards = [protect(v) for v in saved if type(v) is np.ndarray and id(v) in held]
    if not any(guards):
        return saved
    together = _Guarded(saved)
    together.guards = [g for g in guards if g is not None]
    return together


def _reachable(roots: Iterable[Any]) -> list[Any]:
    """Operations from which a gradient can come, each after all its consumers."""
    found = [root for root in roots if type(root) is not Leaf]
    seen = {None, *found}
    see, find = seen.add, found.append
    for node in found:  # grows while it is walked
        for parent in node.parents:
            if parent not in seen:
                see(parent)
                if type(parent) is not Leaf:
                    find(parent)
    found.sort(key=_by_sequence, reverse=True)
    return found


_add: Callable[[Any, Any], Any]


def register_addition(add: Callable[[Any, Any], Any]) -> None:
    """Name the operation that adds two cotangents."""
    global _add
    _add = add


def _whole(cotangent: Any) -> Any:
    return cotangent.materialise() if isinstance(cotangent, LazyCotangent) else cotangent


def _accumulate(pending: dict[Any, Any], owned: set[Any], node: Any, cotangent: Any) -> None:
    """Add a second or later contribution; sums that only this pass holds are added to in place."""
    total = pending[node]
    if isinstance(total, LazyCotangent):
        total = pending[node] = total.materialise()
        owned.add(node)
    lazy = isinstance(cotangent, LazyCotangent)
    if type(total) is not ndarray or not (lazy or type(cotangent) is ndarray):
        pending[node] = _add(total, _whole(cotangent))
    elif lazy:
        if node not in owned:
            total = pending[node] = np.array(total)
        cotangent.add_into(total)
    elif total.size >= large.settings.from_size:
        pending[node] = large.add(total, cotangent, total if node in owned else None)
    elif node in owned:
        np.add(total, cotangent, out=total)
    else:
        pending[node] = total + cotangent
    owned.add(node)


@np.errstate(all="ignore")  # as a decorator it costs half of what a with block does
def backpropagate(roots: Sequence[tuple[Any, Any]], *, retain: bool = False) -> dict[Leaf, Any]:
    """Run the backward pass.

    Parameters
    ----------
    roots : sequence of (node, cotangent)
        Where to begin.
    retain : bool
        Keep the saved values, so that another pass can follow.

    Returns
    -------
    dict of Leaf to cotangent
        For each leaf that a cotangent reached, the sum of what reached it.
    """
    pending: dict[Any, Any] = {}
    owned: set[Any] = set()
    for node, cotangent in roots:
        if node in pending:
            _accumulate(pending, owned, node, cotangent)
        else:
            pending[node] = cotangent
    order = _reachable(pending)
    waiting = _consumers(order) if hooks.leaf_gradient_ready else None
    take, hooked, large_from = pending.pop, hooks.active, large.settings.from_size
    for node in order:
        cotangent = take(node, None)
        kind = type(node)
        if kind is Node:
            if cotangent is not None:
                saved = node.saved
                parents = node.parents
                if saved is None or hooked or type(cotangent) is not ndarray:
                    results = _pull(node, cotangent)
                elif cotangent.size >= large_from:
                    results = large.pull(node, cotangent, pending, owned)
                else:
                    results = node.apply(cotangent, saved, node.params, parents)
                if not retain:
                    node.saved = None
                for parent, result in zip(parents, results):  # noqa: B905 (strict costs)
                    if result is None or parent is None:
                        continue
                    if parent in pending:
                        _accumulate(pending, owned, parent, result)
                    else:
                        pending[parent] = result
            if hooked:
                _after_node(node, waiting, pending)
        elif cotangent is not None:
            slots = pending.get(node.source)
            if slots is None:
                slots = pending[node.source] = _Slots()
            slots[node.index] = _whole(cotangent)
    gradients = pending  # only leaves are left
    for leaf, gradient in gradients.items():
        if isinstance(gradient, LazyCotangent):
            gradients[leaf] = gradient = gradient.materialise()
        if waiting is not None and leaf not in waiting:  # itself a root, and nothing else
            for hook in hooks.leaf_gradient_ready:
                hook(leaf, gradient)
    return gradients


class _Slots(dict[int, Any]):
    """Cotangents of a node with several results, by the place of the result."""


def _pull(node: Node, cotangent: Any) -> Sequence[Any]:
    """Apply one node's pullback with all that may hang on it."""
    saved = node.saved
    if saved is None:
        raise BackwardError(
            f"the values that {node.origin} saved were freed by an earlier backward pass; "
            "pass retain_graph=True to the earlier one, or compute the result again"
        )
    if isinstance(cotangent, LazyCotangent):
        cotangent = cotangent.materialise()
    if hooks.on_load:
        saved = tuple([_through(hooks.on_load[::-1], v, node) for v in saved])
    results: Sequence[Any] = node.apply(cotangent, saved, node.params, node.parents)
    for hook in hooks.after_pullback:
        hook(node, cotangent, results)
    return results


def _after_node(node: Node, waiting: dict[Leaf, int] | None, pending: dict[Any, Any]) -> None:
    if waiting is not None:
        _release_leaves(node, waiting, pending)
    for hook in hooks.between_nodes:
        hook(node)


def _consumers(order: Iterable[Any]) -> dict[Leaf, int]:
    """How many recorded operations each leaf's gradient still waits for."""
    counts: dict[Leaf, int] = {}
    for node in order:
        for parent in node.parents:
            if type(parent) is Leaf:
                counts[parent] = counts.get(parent, 0) + 1
    return counts


def _release_leaves(node: Node, waiting: dict[Leaf, int], pending: dict[Any, Any]) -> None:
    for parent in node.parents:
        if type(parent) is Leaf:
            waiting[parent] -= 1
            if waiting[parent] == 0 and parent in pending:
                pending[parent] = _whole(pending[parent])
                for hook in hooks.leaf_gradient_ready:
                    hook(parent, pending[parent])


def transpose(
    linear: Callable[..., Sequence[Any]], example: Sequence[Any], cotangents: Sequence[Any]
) -> list[Any]:
    """Apply the transpose of a linear function, found by recording it.

    Parameters
    ----------
    linear : callable
        Takes one array for each of `example` and returns a sequence of arrays or None.
    example : sequence of array
        Points of the right shapes and dtypes; their values do not matter.
    cotangents : sequence of array or None
        One for each result.

    Returns
    -------
    list of array or None
        One for each of `example`.
    """
    trace = ReverseTrace()
    variables = [trace.variable(e) for e in example]
    leaves = [v.node for v in variables]
    outs = linear(*variables)
    roots = [
        (o.node, c)
        for o, c in zip(outs, cotangents, strict=True)
        if c is not None and isinstance(o, Tracer) and o.trace is trace and o.node is not None
    ]
    gradients = backpropagate(roots)
    trace.closed = True
    return [gradients.get(leaf) for leaf in leaves]
