"""Native kernels over the nonzeros of a sparse tensor, written for its order and a number of lanes.

Nonzeros come sorted by the index of the root mode, then by the others; those that share all indices
but the last make a fibre. Whatever depends on the leading indices alone is computed once for all
nonzeros that share them, as in a compressed sparse fibre layout (Smith and Karypis, 2015).

The nonzeros are divided at places that depend on their number alone. A row of the result whose
nonzeros lie on both sides of a border has its parts added in a fixed order afterwards, so results
are bitwise the same for any number of threads.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tenrso_ad.engine.array_type import ArrayType
from tenrso_ad.kernels import threads

__all__ = ["entries", "entries_tangent", "mttkrp", "mttkrp_tangent"]

Array = NDArray[Any]
Lines = Iterator[str]

CHUNK = 8192
"""Nonzeros that a thread takes at a time."""

AHEAD = 16
"""How many nonzeros ahead the row of the last factor is asked for."""


def mttkrp(order: Array, coordinates: Sequence[Array], values: Array, factors: Any) -> Array:
    """The MTTKRP of the root mode.

    Parameters
    ----------
    order : ndarray of int32, shape (nnz,)
        Where the value of each nonzero stands in `values`.
    coordinates : sequence of ndarray of int32, shape (nnz,)
        The indices of the nonzeros, root mode first, sorted.
    values : ndarray, shape (nnz,)
    factors : sequence of ndarray, shapes (I_n, R)
        In the order of the coordinates. That of the root gives its shape only.
    """
    others = [_padded(f) for f in factors[1:]]
    reads = [order, values, *coordinates, *others]
    return _per_root("mttkrp", coordinates[0], factors[0], reads, len(coordinates))


def mttkrp_tangent(
    order: Array,
    coordinates: Sequence[Array],
    values: Array,
    rates: Array | None,
    factors: Any,
    directions: Any,
) -> Array:
    """The derivative of `mttkrp` along directions of the factors, and `rates` of the values."""
    others = [_padded(f) for f in factors[1:]]
    along = [_padded(f) for f in directions[1:]]
    reads = [order, values, *([] if rates is None else [rates]), *coordinates, *others, *along]
    name = "mttkrp_tangent" if rates is None else "mttkrp_tangent_rates"
    return _per_root(name, coordinates[0], factors[0], reads, len(coordinates))


def entries(coordinates: Sequence[Array], factors: Any) -> Array:
    """The entries of a CP tensor at the nonzeros: sums of products of rows of the factors."""
    reads = [*coordinates, *map(_padded, factors)]
    return _per_nonzero("entries", coordinates, factors[0], reads)


def entries_tangent(coordinates: Sequence[Array], factors: Any, directions: Any) -> Array:
    """The derivative of `entries` along directions of the factors."""
    reads = [*coordinates, *map(_padded, factors), *map(_padded, directions)]
    return _per_nonzero("entries_tangent", coordinates, factors[0], reads)


def _per_root(name: str, roots: Array, factor: Array, reads: list[Array], order: int) -> Array:
    """Run a kernel that gives a row for each index of the root."""
    (length, rank), count = factor.shape, len(roots)
    stride = sum(tiles(rank))
    out = np.zeros((length, stride), factor.dtype)
    chunks = -(-count // CHUNK)
    if rank and count:
        carry = np.empty((chunks, stride), factor.dtype)
        _run(name, order, rank, chunks, count, reads, [carry, out])
        borders = np.arange(1, chunks) * CHUNK
        parted = np.flatnonzero(roots[borders] == roots[borders - 1])
        np.add.at(out, roots[borders[parted]], carry[parted + 1])
    return out if stride == rank else np.ascontiguousarray(out[:, :rank])


def _per_nonzero(
    name: str, coordinates: Sequence[Array], factor: Array, reads: list[Array]
) -> Array:
    """Run a kernel that gives a number for each nonzero."""
    count, rank = len(coordinates[0]), factor.shape[1]
    out = np.zeros(count, factor.dtype)
    if rank and count:
        _run(name, len(coordinates), rank, -(-count // CHUNK), count, reads, [out])
    return out


def _run(
    name: str,
    order: int,
    rank: int,
    chunks: int,
    count: int,
    reads: list[Array],
    writes: list[Array],
) -> None:
    """Run a kernel for each group of columns."""
    column, stride = 0, sum(tiles(rank))
    for lanes in tiles(rank):
        sizes = np.array([stride, column, count], np.int64)
        arrays = [sizes, *reads, *writes]
        kinds = tuple(a.dtype for a in arrays)
        threads.run(_compiled(name, order, lanes, kinds, len(writes)), chunks, arrays)
        column += lanes


@functools.cache
def _compiled(name: str, order: int, lanes: int, kinds: Any, writes: int) -> Callable[..., None]:
    from tenrso_ad.compiler.kernel_source import Source
    from tenrso_ad.compiler.native import compile_kernel

    text = "\n".join(WRITERS[name](order, lanes)) + "\n"
    types = tuple(ArrayType((-1,), dtype) for dtype in kinds)  # of any size
    source = Source(text, types, constants=(), scratch=(), chunks=-1, reused={})
    return compile_kernel(source, writes)["kernel"]


def tiles(rank: int) -> list[int]:
    """The lanes of each group of columns; the last group may be wider than what is left."""
    whole, rest = divmod(rank, 16)
    return [16] * whole + [n for n in (4, 8, 16) if rest and n >= rest][:1]


def _padded(factor: Array) -> Array:
    """A factor with columns of zeros up to a whole number of lanes, rows one after another."""
    length, rank = factor.shape
    stride = sum(tiles(rank))
    if stride == rank:
        return np.ascontiguousarray(factor)
    wide = np.zeros((length, stride), factor.dtype)
    wide[:, :rank] = factor
    return wide


# --- the text of kernels --------------------------------------------------------------------------
# Level l is the mode that stands at place l of the sorted coordinates; 0 is the root, and the last
# level changes with every nonzero. i<l> is the index of the present nonzero, p<l> that of the open
# fibre.


def _names(prefix: str, levels: Sequence[int]) -> list[str]:
    return [f"{prefix}{level}" for level in levels]


def _head(arrays: Sequence[str], lanes: int, example: str) -> Lines:
    yield f"def kernel(sizes, {', '.join(arrays)}, chunk_start, chunk_stop):"
    yield "    stride, column, count = sizes[0], sizes[1], sizes[2]"
    yield f"    nothing = zero_like(read{lanes}({example}, column))"
    yield "    for chunk in range(chunk_start, chunk_stop):"
    yield f"        first = chunk * {CHUNK}"
    yield f"        last = min(first + {CHUNK}, count)"


def _row(lanes: int, factor: str, index: str) -> str:
    return f"read{lanes}({factor}, {index} * stride + column)"


def _loop(order: int) -> Lines:
    leaf = order - 1
    yield "        for e in range(first, last):"
    yield f"            ahead = load(c{leaf}, min(e + {AHEAD}, count - 1))"
    yield f"            prefetch(f{leaf}, ahead * stride + column)"
    for level in range(order):
        yield f"            i{level} = load(c{level}, e)"


def _changed(upto: int) -> str:
    """Whether an index of levels 0 to `upto` is another than that of the open fibre."""
    return " or ".join(f"i{level} != p{level}" for level in range(upto, -1, -1))


def _mttkrp(order: int, lanes: int, *, tangent: bool = False, rates: bool = False) -> Lines:
    everything, below = range(order), range(1, order)
    leaf = order - 1
    arrays = ["order", "values", *(["rates"] if rates else []), *_names("c", everything)]
    arrays += _names("f", below) + (_names("d", below) if tangent else [])
    yield from _head([*arrays, "carry", "out"], lanes, f"f{leaf}")
    for level in range(leaf):
        yield f"        p{level} = load(c{level}, first)"
    yield "        inherited = first > 0 and load(c0, first - 1) == p0"
    sums = _names("s", below) + (_names("t", below) if tangent else [])
    for name in sums:
        yield f"        {name} = nothing"
    yield from _loop(order)
    pad = " " * 12
    for level in range(leaf - 1, -1, -1):  # close the sums over what has changed
        yield f"{pad}if {_changed(level)}:"
        pad += "    "
        yield from (pad + line for line in _close(level, lanes, tangent))
        yield f"{pad}p{level} = i{level}"
    place = "load(order, e)"
    yield f"            v = spread(load(values, {place}), nothing)"
    row = _row(lanes, f"f{leaf}", f"i{leaf}")
    if tangent:
        along = _row(lanes, f"d{leaf}", f"i{leaf}")
        yield f"            t{leaf} = add_product(v, {along}, t{leaf})"
        if rates:
            rate = f"spread(load(rates, {place}), nothing)"
            yield f"            t{leaf} = add_product({rate}, {row}, t{leaf})"
    yield f"            s{leaf} = add_product(v, {row}, s{leaf})"
    for level in range(leaf - 1, -1, -1):
        yield from (" " * 8 + line for line in _close(level, lanes, tangent))


def _close(level: int, lanes: int, tangent: bool) -> Lines:
    """Hand the sum over what lies below a level on to the level."""
    done, open = f"s{level + 1}", f"s{level}"
    change, rising = f"t{level + 1}", f"t{level}"
    if level == 0:
        result = change if tangent else done
        yield "if inherited:"
        yield f"    write(carry, chunk * stride + column, {result})"
        yield "    inherited = False"
        yield "else:"
        yield f"    write(out, p0 * stride + column, {result})"
    else:
        row = _row(lanes, f"f{level}", f"p{level}")
        if tangent:
            along = _row(lanes, f"d{level}", f"p{level}")
            yield f"{rising} = add_product({change}, {row}, {rising})"
            yield f"{rising} = add_product({done}, {along}, {rising})"
        yield f"{open} = add_product({done}, {row}, {open})"
    yield f"{done} = nothing"
    if tangent:
        yield f"{change} = nothing"


def _entries(order: int, lanes: int, *, tangent: bool = False) -> Lines:
    leaf, everything = order - 1, range(order)
    arrays = _names("c", everything) + _names("f", everything)
    arrays += _names("d", everything) if tangent else []
    yield from _head([*arrays, "out"], lanes, "f0")
    for level in range(leaf):
        yield f"        p{level} = load(c{level}, first)"
    yield "        q = nothing"
    yield "        t = nothing"
    yield "        fresh = True"
    yield from _loop(order)
    yield f"            if fresh or {_changed(leaf - 1)}:"
    yield "                fresh = False"
    for level in range(leaf):  # the product of the rows that the fibre shares
        row, along = (_row(lanes, f"{kind}{level}", f"i{level}") for kind in "fd")
        if level == 0:
            yield f"                q = {row}"
            yield f"                t = {along}" if tangent else "                pass"
        else:
            if tangent:
                yield f"                t = add_product(q, {along}, product(t, {row}))"
            yield f"                q = product(q, {row})"
        yield f"                p{level} = i{level}"
    row, along = (_row(lanes, f"{kind}{leaf}", f"i{leaf}") for kind in "fd")
    if tangent:
        yield f"            terms = add_product(q, {along}, product(t, {row}))"
    else:
        yield f"            terms = product(q, {row})"
    yield "            store(out, e, load(out, e) + total(terms))"


WRITERS: dict[str, Callable[[int, int], Lines]] = {
    "mttkrp": _mttkrp,
    "mttkrp_tangent": functools.partial(_mttkrp, tangent=True),
    "mttkrp_tangent_rates": functools.partial(_mttkrp, tangent=True, rates=True),
    "entries": _entries,
    "entries_tangent": functools.partial(_entries, tangent=True),
}
