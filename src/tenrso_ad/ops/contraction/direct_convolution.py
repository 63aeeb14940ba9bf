"""The primitive under direct convolution, along the last axes of stacks of arrays.

``full`` gives every place at which the operands overlap, ``valid`` those at which the second lies
wholly inside the first. Correlation is the transpose of convolution, and a correlation is a
convolution with one operand turned round: so the derivatives of either mode by either operand are
convolutions of the other mode or of the same, and the family is closed.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from ...engine.array_type import ArrayType
from ...engine.primitive import Primitive
from ...engine.trace import bind, is_inexact
from ..broadcasting import match
from ..declare import multilinear, namespace
from ..pointwise import align
from ..shaping.permuting import flip_p
from ..shaping.reshaping import pad_p

Shape = tuple[int, ...]


def lengths(n: Shape, m: Shape, mode: str) -> Shape:
    """Lengths of the result for the lengths of the two operands."""
    if mode == "full":
        return tuple([i + j - 1 for i, j in zip(n, m, strict=True)])
    return tuple([i - j + 1 for i, j in zip(n, m, strict=True)])


def convolved(x: Any, kernel: Any, rank: int, mode: str) -> Any:
    """Convolve the last axes of two arrays of one dtype; the axes before broadcast."""
    return bind(convolve_p, (x, kernel), {"rank": rank, "mode": mode})


# --- evaluation -----------------------------------------------------------------------------------


def _evaluate(x: Any, kernel: Any, *, rank: int, mode: str) -> Any:
    if namespace(x, kernel) is not np:
        return _by_products(x, kernel, rank, mode)
    if x.itemsize < 4 and is_inexact(x.dtype):  # sums in narrow floats lose too much
        wide = x.astype(np.float32), kernel.astype(np.float32)
        return _evaluate(*wide, rank=rank, mode=mode).astype(x.dtype)
    if rank == 1:
        stack = np.broadcast_shapes(x.shape[:-1], kernel.shape[:-1])
        if math.prod(stack) <= min(x.shape[-1], kernel.shape[-1]):
            return _by_rows(x, kernel, mode, stack)
    return _by_products(x, kernel, rank, mode)


def _by_rows(x: Any, kernel: Any, mode: Any, stack: Shape) -> Any:
    """Convolve few long rows one after the other."""
    if not stack:
        return np.convolve(x, kernel, mode)
    rows, kernels = (np.broadcast_to(a, stack + a.shape[-1:]) for a in (x, kernel))
    out = np.empty(stack + lengths(x.shape[-1:], kernel.shape[-1:], mode), x.dtype)
    for i in np.ndindex(stack):
        out[i] = np.convolve(rows[i], kernels[i], mode)
    return out


def _by_products(x: Any, kernel: Any, rank: int, mode: str) -> Any:
    """Add up products of whole arrays, as few of them as there can be."""
    n, m = x.shape[len(x.shape) - rank :], kernel.shape[len(kernel.shape) - rank :]
    if mode == "full":
        return _full(x, kernel, n, m) if math.prod(m) <= math.prod(n) else _full(kernel, x, m, n)
    if math.prod(lengths(n, m, mode)) < math.prod(m):
        return _few_windows(x, kernel, n, m)
    total = None
    for place, factor in _elements(kernel, m):
        start = [j - 1 - i for i, j in zip(place, m, strict=True)]
        term = x[_window(start, lengths(n, m, mode))] * factor
        if total is None:
            total = term
        else:
            total += term
    return total


def _full(x: Any, kernel: Any, n: Shape, m: Shape) -> Any:
    """Add the first operand, multiplied by each element of the second, at that element's place.

    It is not padded with zeros instead: zero times an infinite element would be NaN.
    """
    rank, out, total = len(n), lengths(n, m, "full"), None
    for place, factor in _elements(kernel, m):
        term = x * factor
        stack = term.shape[: len(term.shape) - rank]
        if namespace(term) is np:
            total = np.zeros(stack + out, term.dtype) if total is None else total
            total[_window(place, n)] += term
        else:
            around = [(i, j - 1 - i) for i, j in zip(place, m, strict=True)]
            term = bind(pad_p, (term,), {"widths": (*[(0, 0)] * len(stack), *around)})
            total = term if total is None else total + term
    return total


def _few_windows(x: Any, kernel: Any, n: Shape, m: Shape) -> Any:
    """Sum over the second operand, at each of the few places where it lies inside the first."""
    xp = namespace(x, kernel)
    axes = tuple(range(-len(m), 0))
    turned = xp.flip(kernel, axis=axes)
    sums = [
        xp.sum(x[_window(place, m)] * turned, axis=axes, dtype=x.dtype)
        for place in np.ndindex(lengths(n, m, "valid"))
    ]
    out = xp.stack(sums, axis=-1)
    return xp.reshape(out, (*out.shape[:-1], *lengths(n, m, "valid")))


def _elements(kernel: Any, m: Shape) -> Iterator[tuple[Shape, Any]]:
    """Each place of a kernel, and the elements there of the whole stack, ready to broadcast."""
    for place in np.ndindex(m):
        yield place, kernel[(..., *place, *(None,) * len(m))]


def _window(start: Any, size: Shape) -> Any:
    return (..., *[slice(i, i + n) for i, n in zip(start, size, strict=True)])


# --- rules ----------------------------------------------------------------------------------------


def _shape(x: ArrayType, kernel: ArrayType, *, rank: int, mode: str) -> ArrayType:
    stacks = [t.shape[: len(t.shape) - rank] for t in (x, kernel)]
    n, m = (t.shape[len(t.shape) - rank :] for t in (x, kernel))
    shape = (*np.broadcast_shapes(*stacks), *lengths(n, m, mode))
    return ArrayType(shape, np.result_type(x.dtype, kernel.dtype))


def _turned(x: Any, rank: int) -> Any:
    """Reverse the axes that are convolved."""
    ndim = len(x.shape)
    return bind(flip_p, (x,), {"axis": tuple(range(ndim - rank, ndim))})


def _by_x(g: Any, x: ArrayType, kernel: Any, *, rank: int, mode: str) -> Any:
    other = "valid" if mode == "full" else "full"
    return match(convolved(g, _turned(kernel, rank), rank, other), x.shape, x.dtype)


def _by_kernel(g: Any, x: Any, kernel: ArrayType, *, rank: int, mode: str) -> Any:
    operands = (g, _turned(x, rank)) if mode == "full" else (_turned(x, rank), g)
    return match(convolved(*operands, rank, "valid"), kernel.shape, kernel.dtype)


convolve_p: Primitive = multilinear(
    "convolve",
    _evaluate,
    transposes=(_by_x, _by_kernel),
    shape=_shape,
    batch=lambda size, values, batched, params: bind(
        convolve_p, align(size, values, batched), params
    ),
)
