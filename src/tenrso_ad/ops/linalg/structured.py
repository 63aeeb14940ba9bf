"""Matrices made of vectors and of blocks: SciPy's functions, for stacks."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...engine.trace import bind
from ..arguments import array_operand
from ..declare import zeros_like
from ..elementwise import conjugate
from ..indexing.getitem import getitem
from ..shaping.joining import concatenate
from ..shaping.permuting import flip
from ..shaping.reshaping import broadcast_to, pad_p, with_axes


def toeplitz(c: Any, r: Any = None) -> Any:
    """Matrices whose elements are equal along each diagonal.

    Parameters
    ----------
    c : array_like, shape (..., m)
        First column.
    r : array_like, shape (..., n), optional
        First row, the first element of which is not read; by default the conjugate of `c`. The
        stacks broadcast.

    Returns
    -------
    array, shape (..., m, n)

    Examples
    --------
    >>> toeplitz([1, 2, 3], [1, 4])
    array([[1, 4],
           [2, 1],
           [3, 2]])
    """
    c = with_axes(array_operand(c), 1)
    r = conjugate(c) if r is None else with_axes(array_operand(r), 1)
    m, n = c.shape[-1], r.shape[-1]
    values = _joined(flip(c, axis=-1), r)
    return getitem(values, (..., np.arange(n) - np.arange(m)[:, None] + m - 1))


def hankel(c: Any, r: Any = None) -> Any:
    """Matrices whose elements are equal along each diagonal that rises.

    Parameters
    ----------
    c : array_like, shape (..., m)
        First column.
    r : array_like, shape (..., n), optional
        Last row, the first element of which is not read; by default as many zeros as `c` has
        elements. The stacks broadcast.

    Returns
    -------
    array, shape (..., m, n)

    Examples
    --------
    >>> hankel([1, 2, 3], [3, 4])
    array([[1, 2],
           [2, 3],
           [3, 4]])
    """
    c = with_axes(array_operand(c), 1)
    r = zeros_like(c) if r is None else with_axes(array_operand(r), 1)
    m, n = c.shape[-1], r.shape[-1]
    return getitem(_joined(c, r), (..., np.arange(n) + np.arange(m)[:, None]))


def _joined(c: Any, r: Any) -> Any:
    """A vector and another without its first element, one after the other."""
    stack = np.broadcast_shapes(c.shape[:-1], r.shape[:-1])
    parts = (c, getitem(r, (..., slice(1, None))))
    return concatenate([broadcast_to(x, (*stack, x.shape[-1])) for x in parts], axis=-1)


def circulant(c: Any) -> Any:
    """Square matrices of which each column is the one before it, turned by one place.

    Parameters
    ----------
    c : array_like, shape (..., n)
        First column.

    Returns
    -------
    array, shape (..., n, n)

    Examples
    --------
    >>> circulant([1, 2, 3])
    array([[1, 3, 2],
           [2, 1, 3],
           [3, 2, 1]])
    """
    c = with_axes(array_operand(c), 1)
    places = np.arange(c.shape[-1])
    return getitem(c, (..., (places[:, None] - places) % max(c.shape[-1], 1)))


def block_diag(*arrs: Any) -> Any:
    """Matrices with blocks along the diagonal and zeros elsewhere.

    Parameters
    ----------
    *arrs : array_like, shape (..., m, n), (n,) or ()
        The blocks; a vector is one row. The stacks broadcast.

    Examples
    --------
    >>> block_diag([[1, 2], [3, 4]], 5)
    array([[1, 2, 0],
           [3, 4, 0],
           [0, 0, 5]])
    """
    blocks = [with_axes(array_operand(a), 2) for a in arrs or ([],)]
    stack = np.broadcast_shapes(*(b.shape[:-2] for b in blocks))
    width, before, rows = sum(b.shape[-1] for b in blocks), 0, []
    for b in blocks:
        b = broadcast_to(b, (*stack, *b.shape[-2:]))
        sides = (before, width - before - b.shape[-1])
        rows.append(bind(pad_p, (b,), {"widths": ((0, 0),) * (len(stack) + 1) + (sides,)}))
        before += b.shape[-1]
    return concatenate(rows, axis=-2)
