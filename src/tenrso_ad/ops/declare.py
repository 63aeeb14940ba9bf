"""Declaring operations: one declaration fills the table of every interpreter.

linear
    An operation linear in its array operands taken together (reshape, sum, concatenate). Declared
    by its transpose.
multilinear
    Linear in each operand while the others stand still (matmul). Declared by one transpose an
    operand.
nonlinear
    Anything else that is not elementwise (cholesky, logsumexp). Declared by its pullback, which is
    linear in the cotangent; forward mode is the transpose of that pullback.
constant
    Derivative zero or undefined by nature (floor, argmax, comparisons).

Elementwise operations are declared with `pointwise.elementwise`.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from ..engine.array_type import type_of
from ..engine.batch import batching
from ..engine.forward import pushforwards
from ..engine.graph import Variable, shape_rules
from ..engine.primitive import Primitive
from ..engine.reverse import Pullback, pullbacks, transpose
from ..engine.trace import NUMPY_TYPES, Tracer, bind, evaluation, is_inexact

Rule = Callable[..., Any]


def namespace(*values: Any) -> Any:
    """Array namespace of the operands: NumPy, or the one of the first array that is not NumPy's."""
    for value in values:
        if type(value) not in NUMPY_TYPES and hasattr(value, "dtype"):
            if isinstance(value, (np.ndarray, np.generic)):
                continue
            import array_api_compat

            return array_api_compat.array_namespace(value)
    return np


def inside(value: Any) -> Any:
    """Array inside any number of tracers; None where it is only staged."""
    while isinstance(value, Tracer):
        value = value.value
    return None if isinstance(value, Variable) else value


def namespace_inside(value: Any) -> Any:
    """Array namespace of the array inside any number of tracers; NumPy where it is only staged."""
    return namespace(inside(value))


def zeros_like(value: Any, shape: tuple[int, ...] | None = None) -> Any:
    """Zeros of the dtype and shape (or another shape) of an array or tracer, in its namespace."""
    xp = namespace_inside(value)
    return xp.zeros(value.shape if shape is None else shape, dtype=value.dtype)


def ones_like(value: Any) -> Any:
    """Ones of the shape and dtype of an array or tracer, in the namespace of the array inside."""
    return namespace_inside(value).ones(value.shape, dtype=value.dtype)


def instantiate(tangent: Any, value: Any) -> Any:
    """Make a symbolic zero an array of zeros; that of a Python scalar stays a weak scalar."""
    if tangent is not None:
        return tangent
    return zeros_like(value) if hasattr(value, "dtype") else 0


def differentiable(value: Any) -> bool:
    """Whether an operand is an array in which a derivative can be taken."""
    return hasattr(value, "dtype") and is_inexact(value.dtype)


def is_complex(value: Any) -> bool:
    """Whether an operand has complex elements."""
    dtype = getattr(value, "dtype", None)
    if dtype is None:
        return isinstance(value, complex)
    kind = getattr(dtype, "kind", None)
    return kind == "c" if kind is not None else bool(getattr(dtype, "is_complex", False))


def is_boolean(value: Any) -> bool:
    """Whether an array has boolean elements."""
    return str(value.dtype).removeprefix("torch.") == "bool"


def _register(name: str, evaluate: Rule, shape: Rule, batch: Rule, several: bool) -> Primitive:
    primitive = Primitive(name, multiple_results=several)
    evaluation[primitive] = evaluate
    shape_rules[primitive] = shape
    batching[primitive] = batch
    return primitive


def constant(
    name: str, evaluate: Rule, *, shape: Rule, batch: Rule, multiple_results: bool = False
) -> Primitive:
    """Declare an operation whose derivative is zero or undefined by nature.

    Parameters
    ----------
    name : str
    evaluate : callable
        evaluate(*values, **params) on plain arrays.
    shape : callable
        shape(*types, **params) -> ArrayType.
    batch : callable
        batch(size, values, batched, params) -> array with the batch along axis 0.
    multiple_results : bool
        Whether it returns a tuple.
    """
    primitive = _register(name, evaluate, shape, batch, multiple_results)
    pullbacks[primitive] = None
    pushforwards[primitive] = None
    return primitive


def linear(
    name: str,
    evaluate: Rule,
    *,
    transpose: Rule,
    shape: Rule,
    batch: Rule,
    places: slice = slice(None),
) -> Primitive:
    """Declare an operation that is linear in several operands taken together.

    Parameters
    ----------
    name, evaluate, shape, batch
        As for `constant`.
    transpose : callable
        transpose(cotangent, *operands, **params) -> the cotangent of the one operand, or a
        sequence, one an operand. `operands` holds the ArrayType of each linear operand, and the
        value of each other one.
    places : slice
        Which operands it is linear in; the others (indices, conditions) are not differentiated.
    """
    primitive = _register(name, evaluate, shape, batch, False)

    def save(values: Sequence[Any], out: Any, params: Any, wanted: Any) -> tuple[Any, ...]:
        if len(values) == 1:
            return (type_of(values[0]),)
        saved = list(values)
        saved[places] = [type_of(v) for v in values[places]]
        return tuple(saved)

    def apply(g: Any, saved: Any, params: Mapping[str, Any], wanted: Any) -> Sequence[Any]:
        result = transpose(g, *saved, **params)
        return result if isinstance(result, (tuple, list)) else (result,)

    def pushforward(tangents: Any, values: Any, out: Any, params: Mapping[str, Any]) -> Any:
        operands = list(values)
        operands[places] = [
            instantiate(t, v) for t, v in zip(tangents[places], values[places], strict=True)
        ]
        return bind(primitive, operands, params)

    pullbacks[primitive] = Pullback(save, apply)
    pushforwards[primitive] = pushforward
    return primitive


def multilinear(
    name: str, evaluate: Rule, *, transposes: Sequence[Rule], shape: Rule, batch: Rule
) -> Primitive:
    """Declare an operation that is linear in each operand while the others stand still.

    Parameters
    ----------
    name, evaluate, shape, batch
        As for `constant`.
    transposes : sequence of callable
        One an operand: transpose(cotangent, *operands, **params) -> cotangent of that operand. In
        the operand's own place stands its ArrayType.
    """
    primitive = _register(name, evaluate, shape, batch, False)
    places = range(len(transposes))

    def save(
        values: Sequence[Any], out: Any, params: Any, wanted: Sequence[Any]
    ) -> tuple[Any, ...]:
        # operand j is needed where another operand wants a gradient
        return (
            *(
                v if any(wanted[i] is not None for i in places if i != j) else None
                for j, v in enumerate(values)
            ),
            *(type_of(v) for v in values),
        )

    def apply(g: Any, saved: Any, params: Mapping[str, Any], wanted: Sequence[Any]) -> list[Any]:
        n = len(transposes)
        results: list[Any] = [None] * n
        for i in places:
            if wanted[i] is not None:
                operands = list(saved[:n])
                operands[i] = saved[n + i]
                results[i] = transposes[i](g, *operands, **params)
        return results

    def pushforward(tangents: Any, values: Any, out: Any, params: Mapping[str, Any]) -> Any:
        total = None
        for i in places:
            if tangents[i] is not None:
                operands = [*values[:i], tangents[i], *values[i + 1 :]]
                term = bind(primitive, operands, params)
                total = term if total is None else total + term
        return total

    pullbacks[primitive] = Pullback(save, apply)
    pushforwards[primitive] = pushforward
    return primitive


def nonlinear(
    name: str,
    evaluate: Rule,
    *,
    pullback: Rule,
    operands: str,
    shape: Rule,
    batch: Rule,
    multiple_results: bool = False,
) -> Primitive:
    """Declare an operation by its pullback.

    Parameters
    ----------
    name, evaluate, shape, batch, multiple_results
        As for `constant`.
    pullback : callable
        pullback(g, ...) -> cotangent of the one operand, or a sequence, one an operand. Beside
        ``g`` it names what it reads: any of the operands (``a_type`` for no more than the ArrayType
        of ``a``), ``out``, ``wanted`` (one entry an operand, None where nobody asks for the
        gradient); keyword-only parameters are the params. Only what it names is saved. It must be
        linear in ``g`` and written in operations of the library. With several results, ``g`` and
        ``out`` are tuples, and ``g`` has None where a result is not used.
    operands : str
        Names of the operands, separated by spaces.
    """
    primitive = _register(name, evaluate, shape, batch, multiple_results)
    names = operands.split()
    read, takes_params = reads(pullback)
    read = read[1:]
    getters = [_getter(r, names) for r in read]

    def gather(values: Sequence[Any], out: Any) -> tuple[Any, ...]:
        return tuple([get(values, out) for get in getters])

    def apply(g: Any, saved: Any, params: Mapping[str, Any], wanted: Any) -> Sequence[Any]:
        if multiple_results:
            g = tuple(g.get(i) for i in range(results_of(params)))
        if "wanted" in read:
            saved = [wanted if r == "wanted" else s for r, s in zip(read, saved, strict=True)]
        result = pullback(g, *saved, **(params if takes_params else {}))
        return result if isinstance(result, (tuple, list)) else (result,)

    def results_of(params: Mapping[str, Any]) -> int:
        return int(params.get("results", getattr(evaluate, "results", 2)))

    def save(values: Sequence[Any], out: Any, params: Any, wanted: Any) -> tuple[Any, ...]:
        return gather(values, out)

    def pushforward(tangents: Any, values: Any, out: Any, params: Mapping[str, Any]) -> Any:
        outs = tuple(out) if multiple_results else (out,)
        moving = [o for o in outs if differentiable(o)]
        saved = gather(values, out)

        def pull(*cotangents: Any) -> Sequence[Any]:
            if multiple_results:
                rest = iter(cotangents)
                g: Any = {i: next(rest) for i, o in enumerate(outs) if differentiable(o)}
            else:
                g = cotangents[0]
            return apply(g, saved, params, tangents)

        pushed = iter(transpose(pull, [zeros_like(o) for o in moving], tangents))
        results = [next(pushed) if differentiable(o) else None for o in outs]
        return results if multiple_results else results[0]

    pullbacks[primitive] = Pullback(save, apply)
    pushforwards[primitive] = pushforward
    return primitive


def _getter(name: str, operands: list[str]) -> Callable[[Sequence[Any], Any], Any]:
    """How to fetch what a rule's parameter of this name reads."""
    if name == "out":
        return lambda values, out: out
    if name == "wanted":
        return lambda values, out: None
    if name.removesuffix("_type") in operands and name not in operands:
        place = operands.index(name.removesuffix("_type"))
        return lambda values, out: type_of(values[place])
    place = operands.index(name)
    return lambda values, out: values[place]


def reads(function: Rule) -> tuple[list[str], bool]:
    """Names of the positional parameters of a rule, and whether it takes keyword parameters."""
    parameters = inspect.signature(function).parameters.values()
    keyword = (inspect.Parameter.KEYWORD_ONLY, inspect.Parameter.VAR_KEYWORD)
    positional = [p.name for p in parameters if p.kind not in keyword]
    return positional, len(positional) < len(parameters)
