"""Joining arrays that need not have the same axes: vstack and its kin, block."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ...engine.errors import ArgumentError
from ...engine.trace import bind
from ..arguments import array_operand
from .creation import copy
from .joining import Casting, concatenate_p, joinable
from .reshaping import reshape_p, three_axes, with_axes


def vstack(tup: Sequence[Any], *, dtype: Any = None, casting: Casting = "same_kind") -> Any:
    """Join arrays along the first axis; those of one axis are rows.

    Parameters
    ----------
    tup : sequence of array_like
    dtype, casting
        As in `concatenate`.

    Examples
    --------
    >>> vstack([[1, 2], [3, 4]])
    array([[1, 2],
           [3, 4]])
    """
    operands = [with_axes(a, 2) for a in joinable("vstack", tup, dtype, casting)]
    return bind(concatenate_p, operands, {"axis": 0})


row_stack = vstack


def hstack(tup: Sequence[Any], *, dtype: Any = None, casting: Casting = "same_kind") -> Any:
    """Join arrays along the second axis, those of one axis along the first.

    Parameters
    ----------
    tup : sequence of array_like
    dtype, casting
        As in `concatenate`.

    Examples
    --------
    >>> hstack([[[1], [2]], [[3], [4]]])
    array([[1, 3],
           [2, 4]])
    """
    operands = [with_axes(a, 1) for a in joinable("hstack", tup, dtype, casting)]
    return bind(concatenate_p, operands, {"axis": 0 if len(operands[0].shape) == 1 else 1})


def dstack(tup: Sequence[Any]) -> Any:
    """Join arrays along the third axis; those of one or two axes get more at the end.

    Parameters
    ----------
    tup : sequence of array_like

    Examples
    --------
    >>> dstack([[1, 2], [3, 4]])
    array([[[1, 3],
            [2, 4]]])
    """
    operands = [three_axes(a) for a in joinable("dstack", tup)]
    return bind(concatenate_p, operands, {"axis": 2})


def column_stack(tup: Sequence[Any]) -> Any:
    """Join arrays along the second axis; those of one axis are columns.

    Parameters
    ----------
    tup : sequence of array_like

    Examples
    --------
    >>> column_stack([[1, 2], [3, 4]])
    array([[1, 3],
           [2, 4]])
    """
    operands = [
        bind(reshape_p, (a,), {"shape": (*(a.shape or (1,)), 1)}) if len(a.shape) < 2 else a
        for a in joinable("column_stack", tup)
    ]
    return bind(concatenate_p, operands, {"axis": 1})


def block(arrays: Any) -> Any:
    """Join blocks that are laid out in nested lists.

    Parameters
    ----------
    arrays : array_like or nested lists of array_like
        The innermost lists are joined along the last axis, those around them along the axis before,
        and so on. All arrays get as many axes as the lists are deep, or as the array of most axes
        has.

    Raises
    ------
    ArgumentError
        Lists of different depths, an empty list, or a tuple in the place of a list.

    Examples
    --------
    >>> import numpy as np
    >>> block([[np.eye(2), np.zeros((2, 1))], [np.ones(2), 3.0]])
    array([[1., 0., 0.],
           [0., 1., 0.],
           [1., 1., 3.]])
    """
    depth = _depth(arrays)
    blocks = _blocks(arrays)
    ndim = max(depth, _ranks(blocks))
    out = _joined(blocks, ndim - depth, ndim)
    # where nothing was joined, NumPy gives a copy
    return out if isinstance(arrays, list) else copy(out)


def _depth(arrays: Any) -> int:
    """How deep lists are nested, which has to be the same everywhere."""
    if isinstance(arrays, tuple):
        raise ArgumentError(f"block: blocks are laid out in lists, got the tuple {arrays!r}")
    if not isinstance(arrays, list):
        return 0
    depths = {_depth(item) for item in arrays}
    if len(depths) != 1:
        raise ArgumentError(
            "block: an empty list holds no block"
            if not depths
            else f"block: lists are nested to one depth, got depths {sorted(depths)}"
        )
    return 1 + depths.pop()


def _blocks(arrays: Any) -> Any:
    return [_blocks(a) for a in arrays] if isinstance(arrays, list) else array_operand(arrays)


def _ranks(blocks: Any) -> int:
    """Number of axes of the block that has most."""
    return max(map(_ranks, blocks)) if isinstance(blocks, list) else len(blocks.shape)


def _joined(blocks: Any, axis: int, ndim: int) -> Any:
    if not isinstance(blocks, list):
        return with_axes(blocks, ndim)
    return bind(concatenate_p, [_joined(b, axis + 1, ndim) for b in blocks], {"axis": axis})
