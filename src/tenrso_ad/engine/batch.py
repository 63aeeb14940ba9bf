"""Batching (vmap): one tensor stands for many, along a first axis that the user does not see."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from . import trace as _trace
from .guard import Held
from .primitive import Primitive
from .trace import Trace, Tracer, custom_results, missing_rule, no_value, snapshot

batching: dict[Primitive, Callable[..., Any]] = {}
"""rule(size, values, batched, params) -> out, its batch along axis 0.

`batched` says for each value whether it has a batch, which then is axis 0; at least one has."""


class BatchTrace(Trace):
    """Lets every operation run once over the whole batch."""

    __slots__ = ("size",)
    once = True
    what = "vmap"

    def __init__(self, size: int) -> None:
        super().__init__()
        self.size = size

    def process(self, primitive: Primitive, args: Sequence[Any], params: Mapping[str, Any]) -> Any:
        """Apply the primitive's batching rule one level further out."""
        self.check_open()
        values, batched = self._split(args)
        try:
            rule = batching[primitive]
        except KeyError:
            raise missing_rule(primitive, "batching") from None
        out = rule(self.size, values, batched, params)
        if primitive.multiple_results:
            return tuple(_trace.Tensor(o, self, None) for o in out)
        return _trace.Tensor(out, self, None)

    def process_custom(self, call: Any, args: Sequence[Any]) -> Any:
        """Turn the call into one over the whole batch."""
        self.check_open()
        values, batched = self._split(args)
        with Held(values):
            outs = call.batched(self.size, batched).apply(values)
        outs = custom_results(self, call.name, outs)
        return [_trace.Tensor(o, self, None) for o in outs]

    def shape_of(self, tracer: Tracer) -> tuple[int, ...]:
        """Shape of one element of the batch."""
        return tracer.value.shape[1:]  # type: ignore[no-any-return]

    def concrete(self, tracer: Tracer, wish: str) -> Any:
        """Raise: one tensor stands for many values."""
        raise no_value(
            tracer,
            wish,
            "inside vmap one tensor stands for many values",
            "Use tnp.where, or call the function in a loop.",
        )

    def _split(self, args: Sequence[Any]) -> tuple[list[Any], list[bool]]:
        batched = [isinstance(a, Tracer) and a.trace is self for a in args]
        values = [snapshot(a.value if b else a) for a, b in zip(args, batched, strict=True)]
        return values, batched
