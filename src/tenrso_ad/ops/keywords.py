"""The keywords of NumPy's ufuncs, for operations that are called with some: the unhurried way."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from ..engine.errors import ArgumentError, UnsupportedError, explain
from ..engine.trace import NUMPY_TYPES
from .arguments import array_operand, dtype_of, into
from .broadcasting import convert
from .pointwise import operand, ufuncs

_ONLY = {"order": "K", "subok": True, "signature": None, "sig": None}
"""Keywords that mean nothing to tensors, and the one value that they may have."""


def call(
    operation: Callable[..., Any],
    operands: Sequence[Any],
    out: Any,
    keywords: Mapping[str, Any],
    ufunc: Any = None,
) -> Any:
    """Call an operation with the keywords of a ufunc.

    Parameters
    ----------
    operation : callable
        Takes the operands alone, and keywords of its own.
    operands : sequence of array_like
    out : array, Tensor, None, or tuple of these
        Where the results go, one for each.
    keywords : mapping
        `where`, `dtype` and `casting` as in NumPy; `order` and `subok` at their defaults.
    ufunc : ufunc, optional
        NumPy's, if it is not the one that `operation` stands for.

    Raises
    ------
    UnsupportedError
        A keyword that the operation does not know, or ``where=`` without ``out=`` on tensors: NumPy
        leaves the other elements uninitialised.
    DTypeError
        Conversions that `casting` forbids.
    """
    name = operation.__name__
    if ufunc is None:
        ufunc = next((theirs for theirs, ours in ufuncs.items() if ours is operation), None)
    rest = dict(keywords)
    where, dtype = rest.pop("where", True), rest.pop("dtype", None)
    casting = rest.pop("casting", "same_kind")
    count = ufunc.nout if ufunc is not None else 1
    outs = out if isinstance(out, tuple) else (out,) + (None,) * (count - 1)
    if len(outs) != count:
        raise ArgumentError(f"{name}: has {count} results, got {len(outs)} arrays to put them in")
    if ufunc is np.power and isinstance(out, (int, float)):
        raise UnsupportedError("pow(x, y, modulus) is not supported; write x**y % modulus")
    values = [operand(x) for x in operands]
    plain = all(type(x) in NUMPY_TYPES or x is None for x in (*values, *outs, array_operand(where)))
    if plain and ufunc is not None and not rest.keys() & _own(operation):
        return _numpys(name, ufunc, operands, outs, dict(keywords))
    for key in rest.keys() & _ONLY.keys():
        value = rest.pop(key)
        if value != _ONLY[key]:
            raise UnsupportedError(f"{name}: {key}={value!r} is not supported; leave it away")
    if unknown := sorted(rest.keys() - _own(operation)):
        given = ", ".join(f"{key}=" for key in unknown)
        raise UnsupportedError(f"{name} with {given} is not supported; call it without")
    if where is not True and any([o is None for o in outs]):
        raise UnsupportedError(
            f"{name}: where= without out= leaves elements without a value. Give out=, or write "
            f"tnp.where(mask, {name}(...), other)"
        )
    if dtype is not None or casting != "same_kind":
        values = _converted(name, ufunc, values, dtype, casting, count)
    results = operation(*values, **rest)
    if count == 1:
        return into(name, outs[0], results, casting, stretch=True, where=where)
    return tuple(
        [
            into(name, o, r, casting, stretch=True, where=where)
            for o, r in zip(outs, results, strict=True)
        ]
    )


@functools.cache
def _own(operation: Callable[..., Any]) -> frozenset[str]:
    """Keywords that an operation has of its own."""
    known = inspect.signature(operation).parameters.values()
    named = [p.name for p in known if p.kind in (p.KEYWORD_ONLY, p.POSITIONAL_OR_KEYWORD)]
    return frozenset(named) - {"out"}


def _numpys(
    name: str, ufunc: Any, operands: Sequence[Any], outs: Sequence[Any], keywords: dict[str, Any]
) -> Any:
    """Leave plain arrays to NumPy."""
    if any([o is not None for o in outs]):
        keywords["out"] = tuple(outs)
    try:
        return ufunc(*operands, **keywords)
    except Exception as error:
        raise explain(name, operands, {}, error) from error


def _converted(
    name: str, ufunc: Any, values: Sequence[Any], dtype: Any, casting: Any, count: int
) -> list[Any]:
    """Operands in the dtypes in which NumPy's loop for `dtype` takes them."""
    wanted = None if dtype is None else dtype_of(name, dtype)
    if ufunc is None:
        return [x if wanted is None else convert(array_operand(x), wanted) for x in values]
    given = [x.dtype if hasattr(x, "dtype") else type(x) for x in values]
    options = {"casting": casting}
    if wanted is not None:
        options["signature"] = (None,) * len(values) + (wanted,) * count
    try:
        found = ufunc.resolve_dtypes((*given, *[None] * count), **options)
    except TypeError as error:
        raise explain(name, values, {"dtype": dtype, "casting": casting}, error) from error
    return [
        convert(x, kind) if hasattr(x, "dtype") else np.asarray(x, kind)
        for x, kind in zip(values, found, strict=False)
    ]
