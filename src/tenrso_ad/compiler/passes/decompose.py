"""Decomposition: operations that no kernel takes whole become the parts that kernels fuse.

Each rule is a function of the operands in operations of the library. It gives the same at NaN and
infinities, without looking at values. Operations on other dtypes than kernels compute with, or on
no elements, are left as they are.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Mapping
from typing import Any

from ...engine.graph import Atom, Equation, Graph
from ...engine.trace import evaluation
from ...ops import elementwise as ew
from ...ops.broadcasting import convert
from ...ops.pointwise import operations
from ...ops.reductions import extrema, sums
from ...ops.reductions.sums import length, reduced
from ...ops.rounding import copysign
from ...ops.shaping.reshaping import reshape
from ...ops.special.error_functions import erfc
from .. import windows
from ..rewriting import Writer, type_of_atom, uniform

Axes = tuple[int, ...]


def decompose(graph: Graph) -> Graph:
    """Write operations as their parts."""
    writer = Writer(graph)
    for e in graph.equations:
        rule, params = RULES.get(e.primitive.name), e.params
        inputs = [writer.read(a) for a in e.inputs]
        if _as_windows(writer, e, inputs):
            continue
        if e.primitive.name == "astype":
            rule, params, inputs = _of_counts(writer, inputs[0], params)
        if rule is not None and _applies(e, inputs):
            out = writer.splice(functools.partial(rule, **params), inputs, e.line)
            if type_of_atom(out) == e.outputs[0].type:
                writer.become(e.outputs[0], out)
                continue
        writer.keep(e)
    return writer.finish()


def _as_windows(writer: Writer, e: Equation, inputs: list[Atom]) -> bool:
    """Write what only moves elements as windows of arrays; tell whether it was done."""
    for rule in windows.RULES.get(e.primitive.name, ()):
        atoms = rule(writer, e, inputs)
        if atoms is not None and [type_of_atom(a) for a in atoms] == [v.type for v in e.outputs]:
            for v, atom in zip(e.outputs, atoms, strict=True):
                writer.become(v, atom)
            return True
    return False


def _of_counts(
    writer: Writer, atom: Atom, params: Mapping[str, Any]
) -> tuple[Callable[..., Any] | None, Mapping[str, Any], list[Atom]]:
    """How to count in floating point what is converted to it after it was counted."""
    raised, least = writer.maker(atom, "maximum"), None
    if raised is not None:
        atom, least = raised.inputs[0], uniform(raised.inputs[1])
    counted = writer.maker(atom, "count_nonzero")
    if counted is None or (raised is not None and least is None):
        return None, params, []
    return _count, {**counted.params, **params, "least": least}, list(counted.inputs)


def _applies(equation: Equation, inputs: list[Atom]) -> bool:
    """Whether kernels compute with these operands and this result."""
    kinds = [k for k in map(type_of_atom, inputs) if hasattr(k, "dtype")]
    (out,) = equation.outputs
    if out.dtype.char not in "fd" or any(k.dtype.char not in "fd?" or not k.size for k in kinds):
        return False
    if "ddof" in equation.params:  # else the result is NaN, with NumPy's warning
        return bool(length(kinds[0].shape, equation.params["axis"]) > equation.params["ddof"])
    return True


# --- moments --------------------------------------------------------------------------------------


def _mean(x: Any, axis: Axes, keepdims: bool) -> Any:
    return sums.sum(x, axis, keepdims=keepdims) / length(x.shape, axis)


def _var(x: Any, axis: Axes, keepdims: bool, ddof: float) -> Any:
    deviation = x - _mean(x, axis, True)
    total = sums.sum(deviation * deviation, axis, keepdims=keepdims)
    return total / (length(x.shape, axis) - ddof)


def _std(x: Any, axis: Axes, keepdims: bool, ddof: float) -> Any:
    return ew.sqrt(_var(x, axis, keepdims, ddof))


def _vector_norm(x: Any, order: float, axis: Axes, keepdims: bool) -> Any:
    if order == 2:
        return ew.sqrt(sums.sum(x * x, axis, keepdims=keepdims))
    size = ew.absolute(x)
    powers = size if order == 1 else size**order
    total = sums.sum(powers, axis, keepdims=keepdims)
    return total if order == 1 else total ** (1 / order)


# --- sums of exponentials -------------------------------------------------------------------------


def _below(x: Any, axis: Axes) -> tuple[Any, Any]:
    """Distance from the largest element, which is 0 for elements that are it: infinities too."""
    peak = extrema.max(x, axis, keepdims=True)
    return peak, ew.where(ew.equal(x, peak), 0, x - peak)


def _logsumexp(x: Any, axis: Axes, keepdims: bool) -> Any:
    peak, below = _below(x, axis)
    out = ew.log(sums.sum(ew.exp(below), axis, keepdims=True)) + peak
    return reshape(out, reduced(x.shape, axis, keepdims))


def _softmax(x: Any, axis: Axes) -> Any:
    peak, below = _below(x, axis)
    weights = ew.exp(below)
    total = sums.sum(weights, axis, keepdims=True)
    return weights / ew.where(ew.equal(peak, -math.inf), math.inf, total)  # all -inf: zeros


def _log_softmax(x: Any, axis: Axes) -> Any:
    peak, below = _below(x, axis)
    total = ew.log(sums.sum(ew.exp(below), axis, keepdims=True))
    return below - ew.where(ew.equal(peak, -math.inf), math.inf, total)


# --- counts and extrema ---------------------------------------------------------------------------


def _count(x: Any, axis: Axes, keepdims: bool, dtype: Any, least: int | None) -> Any:
    true = x if x.dtype == bool else ew.not_equal(x, 0)
    count = sums.sum(convert(true, dtype), axis, keepdims=keepdims)
    return count if least is None else ew.maximum(count, least)


def _nan_extremum(reduce: Callable[..., Any], loser: float) -> Callable[..., Any]:
    def rule(x: Any, axis: Axes, keepdims: bool) -> Any:
        missing = ew.isnan(x)
        out = reduce(ew.where(missing, loser, x), axis, keepdims=keepdims)
        return ew.where(sums.all(missing, axis, keepdims=keepdims), math.nan, out)

    return rule


# --- elementwise ----------------------------------------------------------------------------------


def _logaddexp(power: Callable[..., Any], factor: float) -> Callable[..., Any]:
    def rule(x: Any, y: Any) -> Any:
        out = ew.maximum(x, y) + ew.log1p(power(-ew.absolute(x - y))) / factor
        return ew.where(ew.equal(x, y), x + math.log(2) / factor, out)  # infinities: no difference

    return rule


def _logaddexp_weight(power: Callable[..., Any]) -> Callable[..., Any]:
    def rule(x: Any, y: Any) -> Any:
        odds = power(-ew.absolute(x - y))
        ties = ew.equal(x, y)
        larger = ew.where(ties, 0.5, 1 / (1 + odds))
        weight = ew.where(ew.greater_equal(x, y), larger, odds / (1 + odds))
        return ew.where(ew.logical_and(ties, ew.equal(x, -math.inf)), 0, weight)

    return rule


def _times_log(log: Callable[..., Any]) -> Callable[..., Any]:
    def rule(x: Any, y: Any) -> Any:
        none = ew.logical_and(ew.equal(x, 0), ew.logical_not(ew.isnan(y)))
        return ew.where(none, 0, x * log(y))

    return rule


def _entropy(x: Any) -> Any:
    return ew.where(ew.less(x, 0), -math.inf, -_times_log(ew.log)(x, x))


def _rounded(x: Any, y: int) -> Any:
    power = 10.0 ** abs(y)
    return ew.rint(x * power) / power if y > 0 else ew.rint(x / power) * power


def _unlike(x: Any, y: Any) -> Any:
    """Whether one of two numbers is negative and the other is not."""
    return ew.logical_xor(ew.less(x, 0), ew.less(y, 0))


def _remainder(x: Any, y: Any) -> Any:
    left = ew.fmod(x, y)
    above = ew.where(_unlike(left, y), left + y, left)
    return ew.where(ew.equal(left, 0), copysign(left, y), above)


def _floor_divide(x: Any, y: Any) -> Any:
    left = ew.fmod(x, y)
    above = ew.logical_and(ew.not_equal(left, 0), _unlike(left, y))
    quotient = (x - left) / y - convert(above, left.dtype)
    whole = ew.floor(quotient)
    whole = whole + convert(ew.greater(quotient - whole, 0.5), left.dtype)
    ratio = x / y
    whole = ew.where(ew.equal(quotient, 0), copysign(0 * whole, ratio), whole)
    return ew.where(ew.equal(y, 0), ratio, whole)


def _logit(x: Any) -> Any:
    twice = 2 * (x - 0.5)
    near = ew.log1p(twice) - ew.log1p(-twice)
    middle = ew.logical_and(ew.greater(x, 0.3), ew.less(x, 0.65))
    return ew.where(middle, near, ew.log(x / (1 - x)))


def _huber(x: Any, y: Any) -> Any:
    size = ew.absolute(y)
    loss = ew.where(ew.less_equal(size, x), 0.5 * (y * y), x * (size - 0.5 * x))
    return ew.where(ew.less(x, 0), math.inf, loss)


RULES: dict[str, Callable[..., Any]] = {
    "mean": _mean,
    "var": _var,
    "std": _std,
    "vector_norm": _vector_norm,
    "logsumexp": _logsumexp,
    "softmax": _softmax,
    "log_softmax": _log_softmax,
    "nanmax": _nan_extremum(extrema.max, -math.inf),
    "nanmin": _nan_extremum(extrema.min, math.inf),
    "logaddexp": _logaddexp(ew.exp, 1.0),
    "logaddexp_weight": _logaddexp_weight(ew.exp),
    "logaddexp2": _logaddexp(ew.exp2, math.log(2)),
    "logaddexp2_weight": _logaddexp_weight(ew.exp2),
    "xlogy": _times_log(ew.log),
    "xlog1py": _times_log(ew.log1p),
    "entr": _entropy,
    "heaviside": lambda x, y: ew.where(ew.equal(x, 0), y, 0.5 * (ew.sign(x) + 1)),
    "round": _rounded,
    "remainder": _remainder,
    "floor_divide": _floor_divide,
    "logit": _logit,
    "ndtr": lambda x: 0.5 * erfc(x * -math.sqrt(0.5)),
    "huber": _huber,
    "degrees": lambda x: x * (180 / math.pi),
    "radians": lambda x: x * (math.pi / 180),
    # evaluated by operations of the library
    **{name: evaluation[operations[name]] for name in ("gelu", "gelu_tanh", "mish", "limited")},
}
