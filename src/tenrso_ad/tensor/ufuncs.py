"""NumPy's ufuncs on tensors: calls with all their keywords, and their methods."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..engine.errors import ShapeError, UnsupportedError, describe
from ..engine.trace import Tracer
from ..ops import elementwise as ew
from ..ops.arguments import array_operand, axis_of, dtype_of, into
from ..ops.broadcasting import convert
from ..ops.indexing import updates
from ..ops.indexing.getitem import getitem
from ..ops.indexing.subscript import integers
from ..ops.keywords import call
from ..ops.pointwise import scipy_operation, ufuncs
from ..ops.reductions import cumulative, extrema, logarithmic, sums
from ..ops.shaping.filling import full_like
from ..ops.shaping.reshaping import reshape
from .inplace import plain

_REDUCTIONS: dict[Any, Callable[..., Any]] = {
    np.add: sums.sum,
    np.multiply: sums.prod,
    np.maximum: extrema.max,
    np.minimum: extrema.min,
    np.logical_and: sums.all,
    np.logical_or: sums.any,
    np.logaddexp: logarithmic.logsumexp,
}
_RUNNING: dict[Any, Callable[..., Any]] = {
    np.add: cumulative.cumsum,
    np.multiply: cumulative.cumprod,
    np.logaddexp: logarithmic.logcumsumexp,
}
# What a sum over no elements is, and the update that lets one more element in.
_GATHERING: dict[Any, tuple[float, str]] = {
    np.add: (0, "add"),
    np.multiply: (1, "multiply"),
    np.maximum: (-np.inf, "max"),
    np.minimum: (np.inf, "min"),
}


def array_ufunc(x: Any, ufunc: Any, method: str, *inputs: Any, **keywords: Any) -> Any:
    """What ``__array_ufunc__`` does."""
    function = ufuncs.get(ufunc) or scipy_operation(ufunc)
    if function is None:
        raise UnsupportedError(
            f"{_name(ufunc)} has no derivative rule here; for a plain result call it on x.value"
        )
    if method != "__call__":
        return _METHODS[method](ufunc, function, *inputs, **keywords)
    if not keywords:
        return function(*inputs)
    return call(function, inputs, keywords.pop("out", None), keywords, ufunc)


def _name(ufunc: Any) -> str:
    return ("np." if hasattr(np, ufunc.__name__) else "") + str(ufunc.__name__)


def _of(table: dict[Any, Any], ufunc: Any, method: str) -> Any:
    if ufunc not in table:
        known = ", ".join(f"np.{u.__name__}" for u in table)
        raise UnsupportedError(
            f"{_name(ufunc)}.{method} is not supported on tensors; {method} is there for {known}"
        )
    return table[ufunc]


def _only(out: Any) -> Any:
    return out[0] if isinstance(out, tuple) else out


def _reduce(
    ufunc: Any,
    function: Any,
    array: Any,
    axis: Any = 0,
    dtype: Any = None,
    out: Any = None,
    keepdims: bool = False,
    initial: Any = None,
    where: Any = True,
) -> Any:
    operation = _of(_REDUCTIONS, ufunc, "reduce")
    a, name = array_operand(array), f"{ufunc.__name__}.reduce"
    options: dict[str, Any] = {}
    if dtype is not None:
        a = convert(a, dtype_of(name, dtype))
    if where is not True:
        options["where"] = where
    own = ufunc in (np.logical_and, np.logical_or, np.logaddexp)  # without initial= of their own
    if initial is not None and not own:
        options["initial"] = initial
    result = operation(a, axis, keepdims=keepdims, **options)
    if initial is not None and own:
        result = function(result, initial)
    return into(name, _only(out), result)


def _accumulate(
    ufunc: Any, function: Any, array: Any, axis: int = 0, dtype: Any = None, out: Any = None
) -> Any:
    name = f"{ufunc.__name__}.accumulate"
    operation = _of(_RUNNING, ufunc, "accumulate")
    a = array_operand(array)
    if not a.shape:
        raise ShapeError(f"{name}({describe(a)}): wants an array of one axis or more")
    if dtype is not None:
        a = convert(a, dtype_of(name, dtype))
    return into(name, _only(out), operation(a, axis))


def _reduceat(
    ufunc: Any,
    function: Any,
    array: Any,
    indices: Any,
    axis: int = 0,
    dtype: Any = None,
    out: Any = None,
) -> Any:
    """Reduce the slices from each index to the next; a falling index stands for its one element."""
    name = f"{ufunc.__name__}.reduceat"
    neutral, update = _of(_GATHERING, ufunc, "reduceat")
    a = array_operand(array)
    if dtype is not None:
        a = convert(a, dtype_of(name, dtype))
    elif ufunc in (np.add, np.multiply):
        a = convert(a, ufunc.reduce(np.zeros(0, a.dtype)).dtype)  # small integers grow
    place = axis_of(name, axis, a)
    starts = np.asarray(integers(name, indices))
    length = a.shape[place]
    if starts.ndim != 1 or ((starts < 0) | (starts >= length)).any():
        raise ShapeError(f"{name}({describe(a)}): indices are a list of numbers below {length}")
    stops = np.append(starts[1:], length)
    counts = np.where(stops > starts, stops - starts, 1)
    slots = np.repeat(np.arange(len(starts)), counts)
    offsets = np.arange(counts.sum()) - np.repeat(counts.cumsum() - counts, counts)
    before = (slice(None),) * place
    elements = getitem(a, (*before, starts[slots] + offsets))
    shape = (*a.shape[:place], len(starts), *a.shape[place + 1 :])
    if not np.isfinite(neutral):
        first = getitem(a, (*before, starts))  # any element of each slice will do
        result = getattr(updates.at(first)[(*before, slots)], update)(elements)
    else:
        begun = full_like(a, neutral, shape=shape)
        result = getattr(updates.at(begun)[(*before, slots)], update)(elements)
    return into(name, _only(out), result)


def _outer(ufunc: Any, function: Any, first: Any, second: Any, /, **keywords: Any) -> Any:
    if ufunc.nin != 2 or ufunc.signature is not None:
        raise UnsupportedError(f"{_name(ufunc)}.outer: only operations of two numbers have it")
    a, b = array_operand(first), array_operand(second)
    a = reshape(a, (*a.shape, *(1,) * len(b.shape)))
    return array_ufunc(None, ufunc, "__call__", a, b, **keywords)


def _at(ufunc: Any, function: Any, array: Any, indices: Any, *operands: Any) -> None:
    """Change elements in place, once for each time that an index names them."""
    name = f"np.{ufunc.__name__}.at"
    if not isinstance(array, Tracer):
        ufunc.at(array, *[plain(name, array, value) for value in (indices, *operands)])
        return
    place = updates.at(array)[indices]
    if ufunc is np.subtract:
        new = place.add(ew.negative(operands[0]))
    elif ufunc in _GATHERING:
        new = getattr(place, _GATHERING[ufunc][1])(operands[0])
    else:
        numbers = np.arange(array.size).reshape(array.shape)[_plain_index(indices)]  # type: ignore[attr-defined]
        if np.unique(numbers).size < numbers.size:
            raise UnsupportedError(
                f"{name}: an element is named twice, which only add, subtract, multiply, maximum "
                "and minimum can do on tensors"
            )
        new = place.set(function(getitem(array, indices), *operands))
    into(name, array, new)


def _plain_index(indices: Any) -> Any:
    if isinstance(indices, tuple):
        return tuple([_plain_index(i) for i in indices])
    return np.asarray(indices) if isinstance(indices, Tracer) else indices


_METHODS: dict[str, Callable[..., Any]] = {
    "reduce": _reduce,
    "accumulate": _accumulate,
    "reduceat": _reduceat,
    "outer": _outer,
    "at": _at,
}
