"""Functions that bring their own derivative."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any, Generic, ParamSpec, TypeVar

from ..engine import tree
from ..engine.array_type import type_of
from ..engine.batch import BatchTrace
from ..engine.errors import ArgumentError, NotDifferentiableError, ShapeError, describe
from ..engine.guard import Held
from ..engine.opening import brought_out, opened
from ..engine.primitive import Primitive
from ..engine.reverse import transpose
from ..engine.trace import Tracer, innermost, snapshot
from ..ops.broadcasting import broadcast_to, sum_to
from ..ops.declare import differentiable, instantiate, zeros_like
from ..ops.pointwise import operand
from ..tape import conjugated

P = ParamSpec("P")
R = TypeVar("R")
Flat = Callable[[Sequence[Any]], Any]


class _Call:
    """A call on flat lists of arrays, as the traces see it."""

    def __init__(self, name: str, primal: Flat) -> None:
        self.name = name
        self.primal = primal

    @property
    def primitive(self) -> Primitive:
        """A name for the tape's statistics."""
        return _primitive(self.name)

    def apply(self, values: Sequence[Any]) -> Any:
        """Give the call to the innermost trace among its operands."""
        trace = innermost(values)
        return self.primal(values) if trace is None else trace.process_custom(self, values)


@functools.cache
def _primitive(name: str) -> Primitive:
    return Primitive(f"custom:{name}", multiple_results=True)


class _ReverseCall(_Call):
    """forward(values) -> outs, residuals; backward(residuals, cotangents) -> cotangents."""

    def __init__(
        self, name: str, primal: Flat, forward: Flat, backward: Callable[..., Any]
    ) -> None:
        super().__init__(name, primal)
        self._forward = forward
        self._backward = backward

    def forward(self, values: Sequence[Any]) -> tuple[Any, tuple[Any, ...], Any]:
        outs, residuals = self._forward(values)
        shapes = [zeros_like(o) for o in outs]

        def apply(g: dict[int, Any], saved: Any, params: Any, wanted: Any) -> Sequence[Any]:
            cotangents = [g.get(i, zero) for i, zero in enumerate(shapes)]
            return self._backward(saved, cotangents)  # type: ignore[no-any-return]

        return outs, tuple(residuals), apply

    def tangents(self, values: Sequence[Any], tangents: Sequence[Any]) -> tuple[Any, Any]:
        """Transpose the user's backward function, which is linear in the cotangents."""
        outs, residuals = self._forward(values)
        moving = [differentiable(o) for o in outs]

        def pull(*cotangents: Any) -> Any:
            rest = iter(cotangents)
            full = [next(rest) if m else zeros_like(o) for m, o in zip(moving, outs, strict=True)]
            return self._backward(residuals, full)

        example = [zeros_like(o) for m, o in zip(moving, outs, strict=True) if m]
        pushed = iter(transpose(pull, example, tangents))
        return outs, [next(pushed) if m else None for m in moving]

    def batched(self, size: int, flags: Sequence[bool]) -> _Call:
        def backward(residuals: Any, cotangents: Any) -> Any:
            n = len(residuals)
            results = _over_batch(
                lambda leaves: self._backward(leaves[:n], leaves[n:]),
                size,
                [hasattr(r, "dtype") for r in residuals] + [True] * len(cotangents),
                [*residuals, *cotangents],
            )
            return [
                r if r is None or b else sum_to(r, tuple(r.shape[1:]))
                for r, b in zip(results, flags, strict=True)
            ]

        def forward(values: Any) -> Any:
            count = 0

            def both(leaves: Any) -> Any:
                nonlocal count
                outs, residuals = self._forward(leaves)
                count = len(outs)
                return [*outs, *residuals]

            results = _over_batch(both, size, flags, values)
            return results[:count], results[count:]

        primal = functools.partial(_over_batch, self.primal, size, flags)
        return _ReverseCall(self.name, primal, forward, backward)


class _ForwardCall(_Call):
    """push(values, tangents) -> outs, tangents of the outs."""

    def __init__(self, name: str, primal: Flat, push: Callable[..., Any]) -> None:
        super().__init__(name, primal)
        self._push = push

    def tangents(self, values: Sequence[Any], tangents: Sequence[Any]) -> tuple[Any, Any]:
        full = [
            instantiate(t, v) if differentiable(v) else _zero_tangent(v)
            for t, v in zip(tangents, values, strict=True)
        ]
        return self._push(values, full)  # type: ignore[no-any-return]

    def forward(self, values: Sequence[Any]) -> tuple[Any, tuple[Any, ...], Any]:
        """Transpose the user's rule, which is linear in the tangents."""
        moving = [differentiable(v) for v in values]

        def apply(g: dict[int, Any], saved: Any, params: Any, wanted: Any) -> Sequence[Any]:
            def push(*tangents: Any) -> Any:
                rest = iter(tangents)
                full = [
                    next(rest) if m else _zero_tangent(v)
                    for m, v in zip(moving, saved, strict=True)
                ]
                return self._push(saved, full)[1]

            example = [zeros_like(v) for m, v in zip(moving, saved, strict=True) if m]
            outs = len(push(*example))
            pulled = iter(transpose(push, example, [g.get(i) for i in range(outs)]))
            return [next(pulled) if m else None for m in moving]

        return self.apply(values), tuple(values), apply  # outer traces take the rule too

    def batched(self, size: int, flags: Sequence[bool]) -> _Call:
        def push(values: Any, tangents: Any) -> Any:
            n = len(values)
            count = 0

            def both(leaves: Any) -> Any:
                nonlocal count
                outs, out_tangents = self._push(leaves[:n], leaves[n:])
                count = len(outs)
                return [*outs, *out_tangents]

            moves = [b and t is not None for b, t in zip(flags, tangents, strict=True)]
            results = _over_batch(both, size, [*flags, *moves], [*values, *tangents])
            return results[:count], results[count:]

        return _ForwardCall(
            self.name, functools.partial(_over_batch, self.primal, size, flags), push
        )


def _zero_tangent(value: Any) -> Any:
    """Tangent of what is no floating-point array: a Python number's is a number too."""
    return 0.0 if isinstance(value, (float, complex)) else None


def _over_batch(function: Flat, size: int, flags: Sequence[bool], values: Sequence[Any]) -> Any:
    """Run a flat function once over a batch along axis 0 of the flagged values."""
    from ..engine import trace as _trace

    trace = BatchTrace(size)
    with opened(trace):
        outs = function(
            [_trace.Tensor(v, trace, None) if b else v for v, b in zip(values, flags, strict=True)]
        )
        outs = brought_out(outs, trace)
    results = []
    for o in outs:
        if isinstance(o, Tracer) and o.trace is trace:
            results.append(o.value)
        elif hasattr(o, "dtype"):
            results.append(broadcast_to(o, (size, *o.shape)))
        else:
            results.append(o)
    return results


class _Custom(Generic[P, R]):
    """A function with a derivative rule attached."""

    def __init__(self, function: Callable[P, R]) -> None:
        self.function = function
        functools.update_wrapper(self, function)

    @property
    def name(self) -> str:
        """Name of the function, for messages and statistics."""
        return getattr(self.function, "__name__", "function")

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        """Call the function; its derivative will be the attached one."""
        leaves, structure = tree.flatten((args, dict(kwargs)))
        leaves = [operand(v) if isinstance(v, (list, float, complex)) else v for v in leaves]
        out_structure: list[Any] = []

        def primal(values: Sequence[Any]) -> list[Any]:
            call_args, call_kwargs = tree.unflatten(structure, values)
            return self._flat_out(self.function(*call_args, **call_kwargs), out_structure)

        outs = self._call(primal, structure, out_structure).apply(leaves)
        out: R = tree.unflatten(out_structure[0], outs)
        return out

    def _flat_out(self, out: Any, out_structure: list[Any]) -> list[Any]:
        leaves, structure = tree.flatten(out)
        out_structure[:] = [structure]
        return [operand(v) if not hasattr(v, "dtype") else v for v in leaves]

    def _call(self, primal: Flat, structure: Any, out_structure: list[Any]) -> _Call:
        raise NotImplementedError


class custom_vjp(_Custom[P, R]):
    """Give a function a pullback of your own.

    Works in reverse and forward mode, under vmap and to any order, provided that the backward
    function is written in operations of the library and is linear in the cotangent.

    Examples
    --------
    >>> import numpy as np
    >>> import tenrso_ad as ta
    >>> @ta.custom_vjp
    ... def log1pexp(x):
    ...     return np.log(1 + np.exp(x))
    >>> def forward(x):
    ...     return log1pexp(x), (x,)
    >>> def backward(residuals, g):
    ...     (x,) = residuals
    ...     return (g * (1 - 1 / (1 + np.exp(x))),)
    >>> log1pexp.defvjp(forward, backward)
    >>> float(ta.grad(log1pexp)(0.0))
    0.5
    """

    _forward: Callable[..., Any] | None = None
    _backward: Callable[..., Any] | None = None

    def defvjp(self, forward: Callable[..., Any], backward: Callable[..., Any]) -> None:
        """Attach the pullback.

        Parameters
        ----------
        forward : callable
            ``forward(*args) -> (result, residuals)``, residuals any pytree.
        backward : callable
            ``backward(residuals, cotangent)`` -> tuple, one cotangent an argument, None for zero.
            The cotangent has the structure of the result. Complex gradients follow the library's
            convention (dL/dx + i dL/dy).
        """
        self._forward, self._backward = forward, backward

    def _call(self, primal: Flat, structure: Any, out_structure: list[Any]) -> _Call:
        user_forward, user_backward = self._forward, self._backward
        if user_forward is None or user_backward is None:
            raise NotDifferentiableError(f"custom_vjp {self.name}: call {self.name}.defvjp first")
        residual_structure: list[Any] = []
        types: list[Any] = []

        def forward(values: Sequence[Any]) -> tuple[Any, Any]:
            types[:] = [type_of(v) for v in values]
            args, kwargs = tree.unflatten(structure, values)
            out, residuals = user_forward(*args, **kwargs)
            leaves, kind = tree.flatten(residuals)
            residual_structure[:] = [kind]
            return self._flat_out(out, out_structure), leaves

        def backward(residuals: Any, cotangents: Any) -> list[Any]:
            g = tree.unflatten(out_structure[0], [snapshot(conjugated(c)) for c in cotangents])
            kept = tree.unflatten(residual_structure[0], [snapshot(r) for r in residuals])
            with Held((*residuals, *cotangents)):  # others may read them too
                results = user_backward(kept, g)
            return self._spread(results, structure, types)

        return _ReverseCall(self.name, primal, forward, backward)

    def _spread(self, results: Any, structure: Any, types: Sequence[Any]) -> list[Any]:
        """One cotangent a leaf of the arguments, from one pytree (or None) an argument."""
        args_structure, kwargs_structure = structure.children()
        places = args_structure.children()
        if not isinstance(results, (tuple, list)) or len(results) != len(places):
            got = len(results) if isinstance(results, (tuple, list)) else type(results).__name__
            raise ArgumentError(
                f"the backward function of {self.name} returns a tuple with one cotangent for "
                f"each of its {len(places)} arguments, got {got}"
            )
        leaves: list[Any] = []
        for place, result in zip(places, results, strict=True):
            if result is None:
                leaves += [None] * place.num_leaves
            else:
                leaves += [conjugated(operand(r)) for r in place.flatten_up_to(result)]
        for leaf, kind in zip(leaves, types, strict=False):
            if leaf is not None and tuple(leaf.shape) != tuple(getattr(kind, "shape", ())):
                raise ShapeError(
                    f"the backward function of {self.name} gave {describe(leaf)} as the cotangent "
                    f"of an argument {describe(kind)}; wanted is the argument's shape"
                )
        return leaves + [None] * kwargs_structure.num_leaves


class custom_jvp(_Custom[P, R]):
    """Give a function a pushforward of your own; reverse mode is its transpose.

    Examples
    --------
    >>> import numpy as np
    >>> import tenrso_ad as ta
    >>> @ta.custom_jvp
    ... def f(x):
    ...     return np.sin(x)
    >>> @f.defjvp
    ... def f_jvp(primals, tangents):
    ...     (x,), (t,) = primals, tangents
    ...     return f(x), np.cos(x) * t
    >>> float(ta.grad(f)(0.0))
    1.0
    """

    _rule: Callable[..., Any] | None = None

    def defjvp(self, rule: Callable[..., Any]) -> Callable[..., Any]:
        """Attach the pushforward.

        Parameters
        ----------
        rule : callable
            rule(primals, tangents) -> (result, tangent of the result), both argument tuples of the
            same structure; linear in the tangents. The tangent of an argument that is no
            floating-point array is None.
        """
        self._rule = rule
        return rule

    def _call(self, primal: Flat, structure: Any, out_structure: list[Any]) -> _Call:
        rule = self._rule
        if rule is None:
            raise NotDifferentiableError(f"custom_jvp {self.name}: call {self.name}.defjvp first")
        (_, kwargs_structure) = structure.children()
        if kwargs_structure.num_leaves:
            raise ArgumentError(f"custom_jvp {self.name}: pass the arguments by position")

        def push(values: Sequence[Any], tangents: Sequence[Any]) -> tuple[Any, Any]:
            primals, _ = tree.unflatten(structure, [snapshot(v) for v in values])
            directions = tree.unflatten(structure.children()[0], [snapshot(t) for t in tangents])
            with Held((*values, *tangents)):
                out, tangent = rule(primals, directions)
            outs = self._flat_out(out, out_structure)
            return outs, out_structure[0].flatten_up_to(tangent)

        return _ForwardCall(self.name, primal, push)
