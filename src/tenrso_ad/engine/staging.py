"""Staging: running a function once on tensors without values, to write down its Graph."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from . import hooks
from . import trace as _trace
from .array_type import type_of
from .errors import explain
from .graph import Atom, Constant, Equation, Graph, Variable, infer
from .opening import brought_out, opened
from .primitive import Primitive
from .trace import Trace, Tracer, no_value, snapshot


class StagingTrace(Trace):
    """Writes an equation for each operation; a tensor's value is its variable."""

    __slots__ = ("equations",)
    once = True
    what = "staged function"

    def __init__(self) -> None:
        super().__init__()
        self.equations: list[Equation] = []

    def process(self, primitive: Primitive, args: Sequence[Any], params: Mapping[str, Any]) -> Any:
        """Write down one equation."""
        self.check_open()
        inputs = tuple(self.atom(a) for a in args)
        types = [a.type if isinstance(a, Variable) else type_of(a.value) for a in inputs]
        try:
            outputs = tuple(Variable(t) for t in infer(primitive, types, params))
        except Exception as error:
            raise explain(primitive.name, args, params, error) from error
        line = hooks.user_line() if hooks.lines else ""
        self.equations.append(Equation(primitive, inputs, outputs, dict(params), line))
        outs = tuple(_trace.Tensor(v, self, None) for v in outputs)
        return outs if primitive.multiple_results else outs[0]

    def process_custom(self, call: Any, args: Sequence[Any]) -> Any:
        """Write down what the call computes: here nobody asks for its derivative any more."""
        self.check_open()
        return call.primal([snapshot(a) for a in args])

    def atom(self, value: Any) -> Atom:
        """Variable of a tensor of this trace, or a constant."""
        if isinstance(value, Tracer) and value.trace is self:
            variable: Variable = value.value
            return variable
        return Constant(snapshot(value))

    def concrete(self, tracer: Tracer, wish: str) -> Any:
        """Raise: there is no value yet."""
        raise no_value(
            tracer,
            wish,
            "a staged function runs on tensors that have no values yet",
            "Use tnp.where, make the value a static argument, or leave this part out.",
        )


def stage(function: Callable[..., Sequence[Any]], *types: Any) -> Graph:
    """Trace a function into a Graph.

    Parameters
    ----------
    function : callable
        Takes one array a type and returns a sequence of arrays.
    *types : ArrayType or array
        Shapes and dtypes of the arguments; values are not looked at.
    """
    trace = StagingTrace()
    inputs = tuple(Variable(type_of(t)) for t in types)
    with opened(trace):
        outs = function(*(_trace.Tensor(v, trace, None) for v in inputs))
        outs = [brought_out(o, trace) for o in outs]
    return Graph(inputs, tuple(trace.equations), tuple(trace.atom(o) for o in outs))
