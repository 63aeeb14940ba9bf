"""Forward mode: every tensor carries its tangent."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from . import trace as _trace
from .guard import Held
from .primitive import Primitive
from .trace import Trace, Tracer, bind, custom_results, missing_rule, snapshot

pushforwards: dict[Primitive, Callable[..., Any] | None] = {}
"""rule(tangents, values, out, params) -> tangent of out; None is a zero tangent on either side."""


class ForwardTrace(Trace):
    """Pushes tangents along with the values; a tensor's node is its tangent, None for zero."""

    __slots__ = ()
    what = "jvp"

    def process(self, primitive: Primitive, args: Sequence[Any], params: Mapping[str, Any]) -> Any:
        """Compute the operation and its tangent one level further out."""
        self.check_open()
        values, tangents = self._split(args)
        out = bind(primitive, values, params)
        tangent = None
        if any(t is not None for t in tangents):
            try:
                rule = pushforwards[primitive]
            except KeyError:
                raise missing_rule(primitive, "forward-mode") from None
            if rule is not None:
                with np.errstate(all="ignore"):
                    tangent = rule(tangents, values, out, params)
        if primitive.multiple_results:
            tangents = tangent if tangent is not None else [None] * len(out)
            return tuple(_trace.Tensor(o, self, t) for o, t in zip(out, tangents, strict=True))
        return _trace.Tensor(out, self, tangent)

    def process_custom(self, call: Any, args: Sequence[Any]) -> Any:
        """Ask the call for its tangents one level further out."""
        self.check_open()
        values, tangents = self._split(args)
        with Held((*values, *tangents)):
            if all(t is None for t in tangents):
                outs, out_tangents = call.apply(values), None
            else:
                outs, out_tangents = call.tangents(values, tangents)
        if out_tangents is None:
            out_tangents = [None] * len(outs)
        outs = custom_results(self, call.name, outs)
        out_tangents = custom_results(self, call.name, out_tangents)
        return [_trace.Tensor(o, self, t) for o, t in zip(outs, out_tangents, strict=True)]

    def _split(self, args: Sequence[Any]) -> tuple[list[Any], list[Any]]:
        values, tangents = [], []
        for a in args:
            if isinstance(a, Tracer) and a.trace is self:
                values.append(snapshot(a.value))
                tangents.append(a.node)
            else:
                values.append(snapshot(a))
                tangents.append(None)
        return values, tangents
