"""Axes that share one index: taking the diagonal of an array, and laying values out along one.

A term such as ``"aab"`` names the axes of the whole array: those of one letter share their index,
and the diagonal has the axes ``"ab"``. The two operations are each other's transpose.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ...engine.array_type import ArrayType
from ...engine.errors import ShapeError
from ...engine.primitive import Primitive
from ...engine.trace import bind
from ...engine.views import bind_view
from ..declare import linear, namespace
from .lowering import letter, renamed


def take_diagonal(x: Any, term: str) -> Any:
    """The elements of an array at which the axes of one letter have one index.

    Parameters
    ----------
    x : array
        One axis a letter of `term`.
    term : str
        Letters; an axis of each different one is left, in order of first appearance.

    Examples
    --------
    >>> import numpy as np
    >>> take_diagonal(np.arange(9).reshape(3, 3), "ii")
    array([0, 4, 8])
    """
    return bind_view(take_p, x, {"term": renamed(term)})


def _once(term: str) -> str:
    return "".join(dict.fromkeys(term))


def _diagonal_shape(x: ArrayType, *, term: str) -> ArrayType:
    sizes: dict[str, int] = {}
    for c, n in zip(term, x.shape, strict=True):
        if sizes.setdefault(c, n) != n:
            raise ShapeError(f"the axes of '{c}' in '{term}' differ in length: {x.shape}")
    return ArrayType(tuple(sizes.values()), x.dtype)


def _whole_shape(x: ArrayType, *, term: str) -> ArrayType:
    sizes = dict(zip(_once(term), x.shape, strict=True))
    return ArrayType(tuple([sizes[c] for c in term]), x.dtype)


def _evaluate_take(x: Any, *, term: str) -> Any:
    xp = namespace(x)
    if xp is np:
        return np.einsum(f"{term}->{_once(term)}", x)  # of one operand: a view
    repeats = tuple(i for i, c in enumerate(term) if c in term[:i])
    return xp.sum(_on_diagonal(x, term, x.shape, xp), axis=repeats, dtype=x.dtype)


def _evaluate_put(x: Any, *, term: str) -> Any:
    xp = namespace(x)
    shape = _whole_shape(x, term=term).shape
    if xp is np:
        whole = np.zeros(shape, x.dtype)
        np.einsum(f"{term}->{_once(term)}", whole)[...] = x
        return whole
    spread = tuple(
        1 if c in term[:i] else n for i, (c, n) in enumerate(zip(term, shape, strict=True))
    )
    return _on_diagonal(xp.reshape(x, spread), term, shape, xp)


def _on_diagonal(x: Any, term: str, shape: tuple[int, ...], xp: Any) -> Any:
    """The elements on the diagonal, zeros elsewhere."""
    from array_api_compat import device

    for place, c in enumerate(term):
        first = term.index(c)
        if first < place:
            along = [
                xp.reshape(
                    xp.arange(shape[axis], device=device(x)),
                    tuple(-1 if i == axis else 1 for i in range(len(shape))),
                )
                for axis in (first, place)
            ]
            x = xp.where(along[0] == along[1], x, xp.zeros_like(x))
    return x


def _batched_term(term: str) -> str:
    return renamed(letter(len(set(term))) + term)


take_p: Primitive = linear(
    "take_diagonal",
    _evaluate_take,
    transpose=lambda g, x, *, term: bind(put_p, (g,), {"term": term}),
    shape=_diagonal_shape,
    batch=lambda size, values, batched, params: bind(
        take_p, values, {"term": _batched_term(params["term"])}
    ),
)
put_p: Primitive = linear(
    "put_diagonal",
    _evaluate_put,
    transpose=lambda g, x, *, term: bind(take_p, (g,), {"term": term}),
    shape=_whole_shape,
    batch=lambda size, values, batched, params: bind(
        put_p, values, {"term": _batched_term(params["term"])}
    ),
)
