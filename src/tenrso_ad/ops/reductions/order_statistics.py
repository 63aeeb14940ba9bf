"""Order statistics: the elements of given ranks, the smallest being that of rank 0.

Elements that are equal have no order among themselves, so they share a cotangent evenly, as those
that tie for a maximum do. NaNs count as equal, and as larger than everything.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ...engine.array_type import ArrayType
from ...engine.primitive import Primitive
from ...engine.trace import bind, foreign_evaluation, is_inexact
from .. import elementwise as ew
from ..arguments import operand_like
from ..broadcasting import broadcast_to, convert
from ..declare import constant, namespace, nonlinear, ones_like
from ..indexing.getitem import getitem, scatter_add
from ..indexing.subscript import ARRAY
from ..indexing.taking import take_along_axis
from ..shaping.joining import concatenate
from ..shaping.permuting import transpose
from ..shaping.reshaping import reshape
from .sums import count_nonzero, length, warn_where


def order_statistics(x: Any, ranks: Any) -> Any:
    """Elements of given ranks along the last axis.

    Parameters
    ----------
    x : array, (rows, n)
    ranks : array of int, (rows, m) or (1, m)
        From 0 to n - 1.

    Returns
    -------
    array, (rows, m)

    Examples
    --------
    >>> import numpy as np
    >>> order_statistics(np.array([[5.0, 7.0, 3.0]]), np.array([[0, 2]]))
    array([[3., 7.]])
    """
    return bind(order_statistics_p, (x, ranks))


def _evaluate(x: Any, ranks: Any) -> Any:
    if x.dtype.kind == "V":  # whose NaNs NumPy does not sort to the end
        return _evaluate(x.astype(np.float32), ranks).astype(x.dtype)
    if len(ranks) == 1:
        return np.partition(x, ranks[0], axis=-1)[:, ranks[0]]
    return np.take_along_axis(np.sort(x, axis=-1), ranks, axis=-1)


def _evaluate_foreign(x: Any, ranks: Any) -> Any:
    xp = namespace(x, ranks)
    x, ranks = [v if namespace(v) is xp else xp.asarray(np.array(v)) for v in (x, ranks)]
    ranks = xp.broadcast_to(ranks, (x.shape[0], ranks.shape[1]))
    return xp.take_along_axis(xp.sort(x, axis=-1), ranks, axis=-1)


def _pullback(g: Any, x: Any, ranks: Any) -> list[Any]:
    """Sum the cotangents of each group of equal elements, and share the sum among them."""
    groups = bind(tie_groups_p, (x,))
    picked = order_statistics(groups, ranks)
    rows = np.arange(x.shape[0])[:, None]
    shape, index = tuple(x.shape), (ARRAY, ARRAY)
    total = scatter_add(g, shape, index, (rows, picked), False)
    count = scatter_add(ones_like(groups), shape, index, (rows, groups), False)
    share = take_along_axis(total, groups) / convert(take_along_axis(count, groups), g.dtype)
    return [convert(share, x.dtype), None]


def _batch(size: int, values: Sequence[Any], batched: Sequence[bool], params: Any) -> Any:
    """Lay the rows of the batch one below another."""
    x, ranks = values
    if not batched[0]:
        x = broadcast_to(x, (size, *x.shape))
    if batched[1] or len(ranks) > 1:
        ranks = broadcast_to(ranks, (*x.shape[:-1], ranks.shape[-1]))
        ranks = reshape(ranks, (-1, ranks.shape[-1]))
    out = order_statistics(reshape(x, (-1, x.shape[-1])), ranks)
    return reshape(out, (*x.shape[:-1], ranks.shape[-1]))


order_statistics_p: Primitive = nonlinear(
    "order_statistics",
    _evaluate,
    pullback=_pullback,
    operands="x ranks",
    shape=lambda x, ranks: ArrayType((x.shape[0], ranks.shape[1]), x.dtype),
    batch=_batch,
)
foreign_evaluation[order_statistics_p] = _evaluate_foreign


def _evaluate_groups(x: Any) -> Any:
    xp = namespace(x)
    if xp is np and x.dtype.kind == "V":
        x = x.astype(np.float32)
    order = xp.argsort(x, axis=-1, stable=True)
    x = xp.take_along_axis(x, order, axis=-1)
    left, right = x[..., :-1], x[..., 1:]
    rises = (left != right) & ((left == left) | (right == right))
    first = xp.zeros_like(order[..., :1])
    groups = xp.concat([first, xp.astype(rises, first.dtype)], axis=-1)
    groups = xp.cumulative_sum(groups, axis=-1)
    return xp.take_along_axis(groups, xp.argsort(order, axis=-1), axis=-1)


# number of the group of equal elements that each belongs to, counted from the smallest
tie_groups_p: Primitive = constant(
    "tie_groups",
    _evaluate_groups,
    shape=lambda x: ArrayType(x.shape, np.dtype(np.intp)),
    batch=lambda size, values, batched, params: bind(tie_groups_p, values),
)


# --- what medians and quantiles are made of -------------------------------------------------------


def lanes(x: Any, axis: tuple[int, ...]) -> Any:
    """Bring an array to two axes, the given axes joined to the last."""
    count = length(tuple(x.shape), axis)
    rest = tuple([i for i in range(len(x.shape)) if i not in axis])
    rows = length(tuple(x.shape), rest)
    return reshape(transpose(x, (*rest, *axis)), (rows, count))


def between_ranks(x: Any, count: Any, low: Any, high: Any, combine: Any) -> Any:
    """Elements of one rank of each row, or what lies between those of two.

    Parameters
    ----------
    x : array, (rows, n)
    count : int, or array (rows, 1)
        How many elements of a row to rank; an array where NaNs, which come last, do not count.
    low, high : array, (1 or rows, m)
        Ranks; they are limited to the elements that there are.
    combine : callable or None
        Makes the result of the two elements; None takes the one of rank `low`.

    Returns
    -------
    array, (rows, m)
    """
    skips = not isinstance(count, int)
    top = ew.maximum(count - 1, 0) if skips else count - 1
    ranks = [convert(ew.clip(r, 0, top), np.dtype(np.intp)) for r in (low, high)]
    if combine is None:
        ranks.pop()
    if not skips and is_inexact(x.dtype):  # the last one is NaN if any is
        ranks.append(operand_like(np.full((ranks[0].shape[0], 1), top), ranks[0]))
    m = ranks[0].shape[1]
    found = order_statistics(x, concatenate(ranks, axis=1))
    out = getitem(found, (slice(None), slice(m)))
    if combine is not None:
        out = combine(out, getitem(found, (slice(None), slice(m, 2 * m))))
    if skips:
        return ew.where(ew.equal(count, 0), operand_like(float("nan"), out), out)
    if is_inexact(x.dtype):
        last = getitem(found, (slice(None), slice(-1, None)))
        out = ew.where(ew.isnan(last), last, out)
    return out


def count_numbers(x: Any) -> Any:
    """How many elements of each row are numbers, (rows, 1)."""
    count = count_nonzero(ew.logical_not(ew.isnan(x)), 1, keepdims=True)
    warn_where(ew.equal(count, 0), "All-NaN slice encountered")
    return count


def shaped(out: Any, shape: tuple[int, ...]) -> Any:
    """Lay results of shape (rows, m) out with the axes of ``q`` in front."""
    return reshape(transpose(out), shape) if shape else getitem(out, (0, 0))


def skips_nan(name: str, x: Any) -> bool:
    """Whether a function of this name leaves out NaNs that the operand may have."""
    return name.startswith("nan") and is_inexact(x.dtype)
