"""Declaring elementwise operations by their partial derivatives."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from ..engine.array_type import ArrayType
from ..engine.forward import pushforwards
from ..engine.graph import shape_rules
from ..engine.primitive import NO_PARAMS, Primitive
from ..engine.reverse import Pullback, pullbacks
from ..engine.trace import Tracer, bind, evaluation
from ..engine.batch import batching
from .broadcasting import broadcast_to, convert, match
from .declare import NUMPY_TYPES, namespace, reads

Partial = Callable[..., Any] | int | None
ufuncs: dict[Any, Callable[..., Any]] = {}
"""Our operation for each NumPy ufunc."""
operations: dict[str, Primitive] = {}
"""Every elementwise primitive that was declared here."""
_OPERANDS = ("x", "y", "z")


def elementwise(
    name: str,
    evaluate: Callable[..., Any],
    *partials: Partial,
    api: str | None = None,
    other: Callable[..., Any] | None = None,
    real_valued: bool = False,
) -> Callable[..., Any]:
    """Declare an elementwise operation.

    Parameters
    ----------
    name : str
        As in NumPy.
    evaluate : callable
        A NumPy ufunc, or a function of NumPy arrays and scalars.
    *partials : callable, 1, -1 or None
        The derivative by each operand. A callable names what it reads: any of the operands ``x``, ``y``, ``z`` and
        ``out``. One that also names ``g`` is a linear map of ``g`` instead of a factor. None is a zero derivative.
        For a complex operand, the change of the result is Re(partial * dx) if the result is real.
    api : str, optional
        Name in other array namespaces, where it is not NumPy's.
    other : callable, optional
        other(xp, *values): how arrays that are not NumPy's compute it, where their namespace lacks the name.
    real_valued : bool
        Whether complex operands give a real result.

    Returns
    -------
    callable
        The operation, of as many arguments as there are partials.
    """
    primitive = Primitive(name)
    operations[name] = primitive
    evaluation[primitive] = compute = _evaluator(api or name, evaluate, other)
    shape_rules[primitive] = functools.partial(_shape, primitive)
    batching[primitive] = functools.partial(_batch, primitive)
    factors = tuple(_Factor(p) for p in partials)
    if all(p is None for p in partials):
        pullbacks[primitive] = pushforwards[primitive] = None
    else:
        one = len(factors) == 1 and not real_valued
        pullbacks[primitive] = _unary_pullback(factors[0]) if one else _pullback(factors)
        pushforwards[primitive] = functools.partial(_push, factors)
    operation = (_unary if len(partials) == 1 else _nary)(primitive, compute, len(partials))
    operation.__name__ = operation.__qualname__ = name
    operation.__doc__ = f"Elementwise {name}; see the NumPy function of that name."
    if isinstance(evaluate, np.ufunc):
        ufuncs[evaluate] = operation
    return operation


def _unary(primitive: Primitive, compute: Any, arity: int) -> Callable[..., Any]:
    def operation(x: Any, /) -> Any:
        if isinstance(x, Tracer):
            return x.trace.process(primitive, (x,), NO_PARAMS)
        return bind(primitive, (operand(x),))

    return operation


def _nary(primitive: Primitive, compute: Any, arity: int) -> Callable[..., Any]:
    if arity == 2:

        def operation(x: Any, y: Any, /) -> Any:
            return bind(primitive, (operand(x), operand(y)))
    else:

        def operation(x: Any, y: Any, z: Any, /) -> Any:  # type: ignore[misc]
            return bind(primitive, (operand(x), operand(y), operand(z)))

    return operation


make_array: Callable[[Any], Any] = np.asarray  # shaping.py puts its own here: lists may hold tensors


def operand(x: Any) -> Any:
    """Give an operand as it is if it is an array or a scalar, else as an array."""
    if type(x) in NUMPY_TYPES or isinstance(x, Tracer) or hasattr(x, "dtype"):
        return x
    return make_array(x)


def _evaluator(
    name: str, function: Callable[..., Any], other: Callable[..., Any] | None
) -> Callable[..., Any]:
    """Choose between NumPy's function and the one of the operands' own namespace."""

    def foreign(*values: Any) -> Any:
        xp = namespace(*values)
        if xp is np:
            return function(*values)
        if other is not None:
            return other(xp, *values)
        return getattr(xp, name)(*values)

    def unary(x: Any) -> Any:
        return function(x) if type(x) in NUMPY_TYPES else foreign(x)

    def binary(x: Any, y: Any) -> Any:
        if type(x) in NUMPY_TYPES and type(y) in NUMPY_TYPES:
            return function(x, y)
        return foreign(x, y)

    arity = function.nin if isinstance(function, np.ufunc) else len(reads(function)[0])
    return {1: unary, 2: binary}.get(arity, foreign)


# --- shapes and batches -----------------------------------------------------------------------------------------


def _shape(primitive: Primitive, *types: Any) -> ArrayType:
    shape = np.broadcast_shapes(*(t.shape for t in types if isinstance(t, ArrayType)))
    kinds = tuple(t.dtype if isinstance(t, ArrayType) else type(t) for t in types)
    return ArrayType(shape, _result_dtype(primitive, kinds))


@functools.lru_cache(maxsize=None)
def _result_dtype(primitive: Primitive, kinds: tuple[Any, ...]) -> Any:
    """Ask the evaluation itself, with operands of no elements; a Python scalar stays one (weak)."""
    operands = [k(1) if isinstance(k, type) else np.empty(0, k) for k in kinds]
    if all(isinstance(k, type) for k in kinds):
        operands[0] = np.asarray(operands[0])
    return evaluation[primitive](*operands).dtype


def align(size: int, values: Sequence[Any], batched: Sequence[bool]) -> list[Any]:
    """Lay batches of different rank along one first axis, so that the rest broadcasts."""
    ranks = [
        len(getattr(v, "shape", ())) - b for v, b in zip(values, batched, strict=True)
    ]
    rank = max(ranks)
    return [
        v.reshape((size, *(1,) * (rank - r), *v.shape[1:])) if b and r < rank else v
        for v, b, r in zip(values, batched, ranks, strict=True)
    ]


def _batch(
    primitive: Primitive, size: int, values: Sequence[Any], batched: Sequence[bool], params: Any
) -> Any:
    return bind(primitive, align(size, values, batched), params)


# --- derivatives --------------------------------------------------------------------------------------------------


class _Factor:
    """One partial derivative: what it reads, and how it turns a tangent or a cotangent."""

    __slots__ = ("function", "is_map", "names", "sign")

    def __init__(self, partial: Partial) -> None:
        self.function = partial if callable(partial) else None
        self.sign = partial if isinstance(partial, int) else None
        self.names = reads(partial)[0] if callable(partial) else []
        self.is_map = "g" in self.names
        if self.is_map:
            self.names.remove("g")

    @property
    def is_zero(self) -> bool:
        return self.function is None and self.sign is None

    def places(self, arity: int) -> list[int]:
        """Where what it reads stands in (operands..., out)."""
        return [arity if n == "out" else _OPERANDS.index(n) for n in self.names]

    def turn(self, g: Any, arguments: Sequence[Any]) -> Any:
        """Multiply by the partial; a diagonal Jacobian is its own transpose."""
        if self.function is None:
            return g if self.sign == 1 else -g
        if self.is_map:
            return self.function(g, *arguments)
        return scale(g, self.function(*arguments))


def _unary_pullback(factor: _Factor) -> Pullback:
    function, places = factor.function, factor.places(1)
    if function is None or factor.is_map or places not in ([0], [1]):
        return _pullback((factor,))
    if places == [0]:

        def save(values: Any, out: Any, params: Any, wanted: Any) -> tuple[Any, ...]:
            return (values[0],)
    else:

        def save(values: Any, out: Any, params: Any, wanted: Any) -> tuple[Any, ...]:
            return (out,)

    def apply(g: Any, saved: Any, params: Any, wanted: Any) -> Sequence[Any]:
        return (scale(g, function(saved[0])),)

    return Pullback(save, apply)


def _pullback(factors: tuple[_Factor, ...]) -> Pullback:
    """Save, of the operands and the result, what the wanted partials read."""
    arity = len(factors)
    places = tuple(tuple(f.places(arity)) for f in factors)
    readers = tuple(
        tuple(i for i in range(arity) if p in places[i]) for p in range(arity + 1)
    )  # which partials read operand p (the last: out)

    def save(values: Any, out: Any, params: Any, wanted: Sequence[Any]) -> tuple[Any, ...]:
        kept: list[Any] = []
        for p, value in enumerate((*values, out)):
            keep = None
            for i in readers[p]:
                if wanted[i] is not None:
                    keep = value
                    break
            kept.append(keep)
        shape, dtype = out.shape, out.dtype
        for value, want in zip(values, wanted):  # noqa: B905
            if want is None or (value.shape == shape and value.dtype == dtype):
                kept.append(None)
            else:
                kept.append(ArrayType(value.shape, value.dtype))
        return tuple(kept)

    def apply(g: Any, saved: tuple[Any, ...], params: Any, wanted: Sequence[Any]) -> list[Any]:
        results: list[Any] = []
        for i, factor in enumerate(factors):
            if wanted[i] is None or factor.is_zero:
                results.append(None)
                continue
            result = factor.turn(g, [saved[p] for p in places[i]])
            kind = saved[arity + 1 + i]
            results.append(result if kind is None else match(result, kind.shape, kind.dtype))
        return results

    return Pullback(save, apply)


def _push(
    factors: Sequence[_Factor],
    tangents: Sequence[Any],
    values: Sequence[Any],
    out: Any,
    params: Mapping[str, Any],
) -> Any:
    total = None
    where = (*values, out)
    for factor, tangent in zip(factors, tangents, strict=True):
        if tangent is None or factor.is_zero:
            continue
        term = factor.turn(tangent, [where[p] for p in factor.places(len(factors))])
        term = convert(term, out.dtype)
        total = term if total is None else total + term
    return None if total is None else broadcast_to(total, tuple(out.shape))


# --- the product of a cotangent and a partial -----------------------------------------------------------------------


def scale(g: Any, factor: Any) -> Any:
    """Multiply ``g`` by a derivative; where ``g`` is zero the product is zero, even if the derivative is inf or NaN."""
    if type(g) in NUMPY_TYPES and type(factor) in NUMPY_TYPES:
        return _evaluate_scale(g, factor)
    return bind(_scale, (g, factor))


def _evaluate_scale(g: Any, factor: Any) -> Any:
    product = g * factor
    if type(product) in NUMPY_TYPES:
        # one cheap pass finds out whether there is any NaN; nearly always there is none
        flat = product
        if type(product) is np.ndarray:
            flat = product.dot(product) if product.ndim == 1 else np.vdot(product, product)
        if flat != flat:
            return np.where(np.equal(g, 0), product.dtype.type(0), product)
        return product
    xp = namespace(product)
    return xp.where(g == 0, xp.zeros_like(product), product)


_scale = Primitive("scale")
evaluation[_scale] = _evaluate_scale
shape_rules[_scale] = functools.partial(_shape, _scale)
batching[_scale] = functools.partial(_batch, _scale)
# The derivative by g keeps its own zeros; the one by the factor is zero wherever g is.
_scale_factors = (
    _Factor(lambda g, y: scale(g, y)),
    _Factor(lambda g, x: scale(x, g)),
)
pushforwards[_scale] = functools.partial(_push, _scale_factors)
_scale_factors_reverse = (_scale_factors[0], _Factor(lambda g, x: scale(g, x)))
pullbacks[_scale] = _pullback(_scale_factors_reverse)

