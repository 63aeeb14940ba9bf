"""Declaring elementwise operations by their partial derivatives."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy import ndarray

from ..engine import hooks
from ..engine import trace as _trace
from ..engine.array_type import ArrayType, type_of
from ..engine.batch import batching
from ..engine.errors import DTypeError, describe, explain
from ..engine.forward import pushforwards
from ..engine.graph import shape_rules
from ..engine.primitive import NO_PARAMS, Primitive
from ..engine.reverse import Pullback, pullbacks
from ..engine.trace import NUMPY_TYPES, Tracer, bind, evaluation, foreign_evaluation
from .arraylike import values_of
from .broadcasting import broadcast_to, convert, match
from .declare import namespace, reads

Partial = Callable[..., Any] | int | None
Operation = Callable[..., Any]
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
        The derivative by each operand. A callable names what it reads: any of the operands ``x``,
        ``y``, ``z`` and ``out``. One that also names ``g`` is a linear map of ``g`` instead of a
        factor. None is a zero derivative. For a complex operand, the change of the result is
        Re(partial * dx) if the result is real.
    api : str, optional
        Name in other array namespaces, where it is not NumPy's.
    other : callable, optional
        other(xp, *values): how arrays that are not NumPy's compute it, where their namespace lacks
        the name.
    real_valued : bool
        Whether complex operands give a real result.

    Returns
    -------
    callable
        The operation, of as many arguments as there are partials.
    """
    primitive = Primitive(name)
    operations[name] = primitive
    evaluation[primitive] = evaluate
    foreign_evaluation[primitive] = _foreign(api or name, other)
    shape_rules[primitive] = functools.partial(_shape, primitive)
    batching[primitive] = functools.partial(_batch, primitive)
    factors = tuple(_Factor(p) for p in partials)
    if all(p is None for p in partials):
        pullbacks[primitive] = pushforwards[primitive] = None
    else:
        pullbacks[primitive] = _pullback_of(factors, real_valued)
        pushforwards[primitive] = functools.partial(_push, factors)
    operation = _OPERATIONS[len(partials)](primitive, evaluate)
    operation.__name__ = operation.__qualname__ = name
    operation.__doc__ = f"Elementwise {name}; see the NumPy function of that name."
    if isinstance(evaluate, np.ufunc):
        ufuncs[evaluate] = operation
    return operation


def scipy_operation(ufunc: Any) -> Operation | None:
    """Our operation for a ufunc of scipy.special, or None."""
    if "scipy.special" not in sys.modules:
        return None
    from .special import scipy_ufuncs

    return scipy_ufuncs.operations.get(ufunc)


def as_ufunc(*theirs: np.ufunc) -> Callable[[Operation], Operation]:
    """Decorate a function that stands for NumPy's ufuncs: it takes their keywords too."""
    count = theirs[0].nin

    def decorate(function: Operation) -> Operation:
        @functools.wraps(function)
        def operation(*operands: Any, out: Any = None, **keywords: Any) -> Any:
            if len(operands) > count:  # results may also be named by position
                operands, out = operands[:count], operands[count:]
            if out is None and not keywords:
                return function(*operands)
            return with_keywords(function, operands, out, keywords, theirs[0])

        for ufunc in theirs:
            ufuncs[ufunc] = operation
        return operation

    return decorate


def with_keywords(
    operation: Operation, operands: Sequence[Any], out: Any, keywords: Any, ufunc: Any = None
) -> Any:
    """Call an operation as NumPy's ufunc; see `keywords.call`."""
    from .keywords import call

    return call(operation, operands, out, keywords, ufunc)


def _unary(primitive: Primitive, function: Callable[..., Any]) -> Callable[..., Any]:
    def operation(x: Any, /, out: Any = None, **keywords: Any) -> Any:
        if out is not None or keywords:
            return with_keywords(operation, (x,), out, keywords)
        if type(x) is ndarray and not hooks.active:
            try:  # what bind would do, for the derivatives, which run on plain arrays
                return function(x)
            except Exception as error:
                raise explain(primitive.name, (x,), NO_PARAMS, error) from error
        if isinstance(x, Tracer):
            return x.trace.process_unary(primitive, x)
        return bind(primitive, (operand(x),))

    return operation


def _binary(primitive: Primitive, function: Callable[..., Any]) -> Callable[..., Any]:
    def operation(x: Any, y: Any, /, out: Any = None, **keywords: Any) -> Any:
        if out is not None or keywords:
            return with_keywords(operation, (x, y), out, keywords)
        if type(x) not in _known:
            x = operand(x)
        if type(y) not in _known:
            y = operand(y)
        tensor = _trace.Tensor
        if type(x) is tensor:
            trace = x.trace
            if type(y) is not tensor or y.trace is trace:
                return trace.process_binary(primitive, x, y)
        return bind(primitive, (x, y))

    return operation


def _ternary(primitive: Primitive, function: Callable[..., Any]) -> Callable[..., Any]:
    def operation(x: Any, y: Any, z: Any, /, out: Any = None, **keywords: Any) -> Any:
        if out is not None or keywords:
            return with_keywords(operation, (x, y, z), out, keywords)
        if (
            type(x) is ndarray
            and type(y) in NUMPY_TYPES
            and type(z) in NUMPY_TYPES
            and not hooks.active
        ):
            try:  # as above
                return function(x, y, z)
            except Exception as error:
                raise explain(primitive.name, (x, y, z), NO_PARAMS, error) from error
        return bind(primitive, (operand(x), operand(y), operand(z)))

    return operation


_OPERATIONS = {1: _unary, 2: _binary, 3: _ternary}
_WEAK = frozenset({int, float})
_known: set[type] = set(NUMPY_TYPES)  # types that `operand` gives back as they are; it adds others

make_array: Callable[[Any], Any] = (
    np.asarray
)  # shaping.py puts its own here: lists may hold tensors


def operand(x: Any) -> Any:
    """Give an operand as it is if it is an array or a scalar, else as an array."""
    if type(x) in _known:
        return x
    if isinstance(x, Tracer):
        _known.add(type(x))
        return x
    if hasattr(x, "dtype"):
        values = values_of(x)
        if values is x:
            _known.add(type(x))
        return values
    return make_array(x)


def _foreign(name: str, other: Callable[..., Any] | None) -> Callable[..., Any]:
    """Evaluate in the operands' own namespace."""

    def evaluate(*values: Any) -> Any:
        xp = namespace(*values)
        return other(xp, *values) if other is not None else getattr(xp, name)(*values)

    return evaluate


# --- shapes and batches ---------------------------------------------------------------------------


def _shape(primitive: Primitive, *types: Any) -> ArrayType:
    shape = np.broadcast_shapes(*(t.shape for t in types if isinstance(t, ArrayType)))
    kinds = tuple(t.dtype if isinstance(t, ArrayType) else type(t) for t in types)
    return ArrayType(shape, _result_dtype(primitive, kinds))


@functools.cache
def _result_dtype(primitive: Primitive, kinds: tuple[Any, ...]) -> Any:
    """Ask the evaluation itself, with operands of no elements; a Python scalar stays one (weak)."""
    operands = [k(1) if isinstance(k, type) else np.empty(0, k) for k in kinds]
    if all(isinstance(k, type) for k in kinds):
        operands[0] = np.asarray(operands[0])
    return evaluation[primitive](*operands).dtype


def align(size: int, values: Sequence[Any], batched: Sequence[bool]) -> list[Any]:
    """Lay batches of different rank along one first axis, so that the rest broadcasts."""
    ranks = [len(getattr(v, "shape", ())) - b for v, b in zip(values, batched, strict=True)]
    rank = max(ranks)
    return [
        v.reshape((size, *(1,) * (rank - r), *v.shape[1:])) if b and r < rank else v
        for v, b, r in zip(values, batched, ranks, strict=True)
    ]


def _batch(
    primitive: Primitive, size: int, values: Sequence[Any], batched: Sequence[bool], params: Any
) -> Any:
    return bind(primitive, align(size, values, batched), params)


# --- derivatives ----------------------------------------------------------------------------------


class _Factor:
    """One partial derivative: what it reads, and how it turns a tangent or a cotangent."""

    __slots__ = ("function", "is_map", "is_zero", "names", "sign")

    def __init__(self, partial: Partial) -> None:
        self.is_zero = partial is None
        self.function = partial if callable(partial) else None
        self.sign = partial if isinstance(partial, int) else None
        self.names = reads(partial)[0] if callable(partial) else []
        self.is_map = "g" in self.names
        if self.is_map:
            self.names.remove("g")

    def places(self, arity: int) -> list[int]:
        """Where what it reads stands in (operands..., out)."""
        return [arity if n == "out" else _OPERANDS.index(n) for n in self.names]

    def turner(self, arity: int) -> Callable[[Any, Sequence[Any]], Any]:
        """`turn`, reading its arguments from (operands..., out)."""
        function: Any = self.function
        places = self.places(arity)
        if self.is_zero:
            return lambda g, saved: None
        if self.sign == 1:
            return lambda g, saved: g
        if len(places) == 1 and not self.is_map:
            place = places[0]
            return lambda g, saved: scale(g, function(saved[place]))
        if places == [0, 1]:
            if self.is_map:
                return lambda g, saved: function(g, saved[0], saved[1])
            return lambda g, saved: scale(g, function(saved[0], saved[1]))
        return lambda g, saved: self.turn(g, [saved[p] for p in places])

    def turn(self, g: Any, arguments: Sequence[Any]) -> Any:
        """Multiply by the partial; a diagonal Jacobian is its own transpose."""
        if self.function is None:
            return g if self.sign == 1 else -g
        if self.is_map:
            return self.function(g, *arguments)
        return scale(g, self.function(*arguments))


def _pullback_of(factors: tuple[_Factor, ...], real_valued: bool) -> Pullback:
    """Choose the leanest form of pullback: these run once an operation, on arrays of any size."""
    if len(factors) == 1 and not real_valued and not factors[0].is_map:
        if factors[0].names in (["x"], ["out"], ["x", "out"]):
            return _unary_pullback(factors[0])
    if len(factors) == 2:
        return _binary_pullback(*factors)
    return _pullback(factors)


def _unary_pullback(factor: _Factor) -> Pullback:
    """Save what the partial reads."""
    partial: Any = factor.function
    if factor.names == ["x", "out"]:
        return Pullback(
            lambda values, out, params, wanted: (values[0], out),
            lambda g, saved, params, wanted: (scale(g, partial(saved[0], saved[1])),),
        )
    if factor.names == ["out"]:

        def save(values: Any, out: Any, params: Any, wanted: Any) -> tuple[Any, ...]:
            return (out,)
    else:

        def save(values: Any, out: Any, params: Any, wanted: Any) -> tuple[Any, ...]:
            return (values[0],)

    def apply(g: Any, saved: Any, params: Any, wanted: Any) -> Sequence[Any]:
        return (scale(g, partial(saved[0])),)

    return Pullback(save, apply, "result" if factor.names == ["out"] else "operand")


def _binary_pullback(first: _Factor, second: _Factor) -> Pullback:
    """Save what the wanted partials read, and the types of broadcast or promoted operands."""
    turn_x, turn_y = first.turner(2), second.turner(2)
    (x_1, y_1, out_1), (x_2, y_2, out_2) = (
        [p in factor.places(2) for p in range(3)] for factor in (first, second)
    )

    def save(values: Any, out: Any, params: Any, wanted: Any) -> tuple[Any, ...]:
        x, y = values
        want_x, want_y = wanted[0] is not None, wanted[1] is not None
        keep_x = x if (want_x and x_1) or (want_y and x_2) else None
        keep_y = y if (want_x and y_1) or (want_y and y_2) else None
        keep_out = out if (want_x and out_1) or (want_y and out_2) else None
        type_x = type_y = None
        kind_x, kind_y = type(x), type(y)
        if kind_x is ndarray and kind_y is ndarray:
            alike = x.shape == y.shape and x.dtype is y.dtype
        elif kind_x is ndarray:  # a Python number changes no shape, and only narrow dtypes
            alike = kind_y in _WEAK and out.dtype is x.dtype
        else:
            alike = kind_x in _WEAK and kind_y is ndarray and out.dtype is y.dtype
        if not alike:
            shape, dtype = out.shape, out.dtype
            if getattr(dtype, "kind", "") == "O":
                raise DTypeError(f"{describe(x)} and {describe(y)}: objects have no derivative")
            if want_x and (x.shape != shape or x.dtype != dtype):
                type_x = type_of(x)
            if want_y and (y.shape != shape or y.dtype != dtype):
                type_y = type_of(y)
        return keep_x, keep_y, keep_out, type_x, type_y

    def apply(g: Any, saved: tuple[Any, ...], params: Any, wanted: Any) -> Sequence[Any]:
        by_x = by_y = None
        if wanted[0] is not None:
            by_x = turn_x(g, saved)
            if saved[3] is not None and by_x is not None:
                by_x = match(by_x, *saved[3])
        if wanted[1] is not None:
            by_y = turn_y(g, saved)
            if saved[4] is not None and by_y is not None:
                by_y = match(by_y, *saved[4])
        return by_x, by_y

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
        for value, want in zip(values, wanted):  # noqa: B905 (strict costs)
            if want is None or (value.shape == shape and value.dtype == dtype):
                kept.append(None)
            else:
                kept.append(type_of(value))
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


# --- the product of a cotangent and a partial -----------------------------------------------------


def scale(g: Any, factor: Any) -> Any:
    """Multiply ``g`` by a derivative; a zero of ``g`` stays zero, even if the derivative is inf."""
    if type(g) is not ndarray or type(factor) is not ndarray:
        return bind(_scale, (g, factor))
    product = g * factor
    if g.dtype.kind == "V":  # Python's numbers make float32 of the floats of ml_dtypes
        product = product.astype(g.dtype)
    try:
        probe = product.item(product.argmax())  # the first NaN, if there is any: nearly always none
    except ValueError:  # no elements
        return product
    return product if probe == probe else _with_zeros_of(g, product)


def _with_zeros_of(g: Any, product: Any) -> Any:
    return np.where(np.equal(g, 0), product.dtype.type(0), product)


def _evaluate_scale(g: Any, factor: Any) -> Any:
    product = g * factor
    xp = namespace(product)
    if xp is np:
        if getattr(g, "dtype", product.dtype).kind == "V":
            product = product.astype(g.dtype)
        return _with_zeros_of(g, product) if np.isnan(product).any() else product
    return xp.where(g == 0, xp.zeros_like(product), product)


def _product(x: Any, y: Any) -> Any:
    """Multiply; a zero of either stays zero."""
    return bind(_product_p, (x, y))


def _evaluate_product(x: Any, y: Any) -> Any:
    product = x * y
    xp = namespace(product)
    if xp is np and not np.isnan(product).any():
        return product
    return xp.where((x == 0) | (y == 0), xp.zeros_like(product), product)


_scale, _product_p = Primitive("scale"), Primitive("product")
for _primitive, _evaluate, _factors in (
    # the derivative by g keeps its zeros; the one by the factor is zero wherever g is
    (_scale, _evaluate_scale, (lambda g, y: scale(g, y), lambda g, x: _product(g, x))),
    (_product_p, _evaluate_product, (lambda g, y: _product(g, y), lambda g, x: _product(g, x))),
):
    evaluation[_primitive] = _evaluate
    shape_rules[_primitive] = functools.partial(_shape, _primitive)
    batching[_primitive] = functools.partial(_batch, _primitive)
    _parts = tuple(_Factor(f) for f in _factors)
    pushforwards[_primitive] = functools.partial(_push, _parts)
    pullbacks[_primitive] = _pullback(_parts)
