"""Chains of cores (r_{n-1}, I_n, r_n), of which tensor trains and tensor rings are made.

A chain is closed: its last rank is its first, and what it stands for is a trace. In a tensor train
that rank is 1.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from tenrso_ad import numpy as tnp
from tenrso_ad.decomposition.kernels import as_array, check_mode, mode_dot
from tenrso_ad.decomposition.models.base import joined, unit
from tenrso_ad.engine.errors import ArgumentError, ConcretizationError, ShapeError
from tenrso_ad.ops.declare import inside

Cores = Sequence[Any]


def checked_cores(name: str, cores: Sequence[Any], order: int) -> tuple[Any, ...]:
    """Cores as arrays; raises where they are not of an order or do not make a chain."""
    arrays = tuple(as_array(core) for core in cores)
    shapes = [tuple(core.shape) for core in arrays]
    got = ", ".join(map(str, shapes)) or "none"
    if not shapes or any(len(shape) != order for shape in shapes):
        inside = "I_n" if order == 3 else "I_n, J_n"
        raise ShapeError(
            f"{name}: wanted one or more cores of shapes (r_{{n-1}}, {inside}, r_n), got {got}"
        )
    if any(shape[0] == 0 or shape[-1] == 0 for shape in shapes):
        raise ShapeError(f"{name}: wanted ranks of 1 or more, got cores of shapes {got}")
    if any(a[-1] != b[0] for a, b in pairwise(shapes)):
        raise ShapeError(
            f"{name}: wanted each core to begin with the rank the last ended with, got {got}"
        )
    return arrays


def represented(name: str, model: Any) -> str:
    """Shape and ranks of a chain; its leaves where they are no arrays."""
    if any(not hasattr(core, "shape") for core in model.cores):
        return f"{name}(cores={model.cores!r})"
    return f"{name}(shape={model.shape}, ranks={model.ranks})"


def prefixes(cores: Cores) -> list[Any]:
    """The products of the first cores, of shapes (r_0 I_1 ... I_n, r_n) for n = 1, 2, ..."""
    products = [tnp.reshape(cores[0], (-1, cores[0].shape[-1]))]
    for core in cores[1:]:
        step = tnp.matmul(products[-1], tnp.reshape(core, (core.shape[0], -1)))
        products.append(tnp.reshape(step, (-1, core.shape[-1])))
    return products


def suffixes(cores: Cores) -> list[Any]:
    """The products of the last cores, of shapes (r_{n-1}, I_n ... I_N r_N) for n = 1, 2, ..."""
    products = [tnp.reshape(cores[-1], (cores[-1].shape[0], -1))]
    for core in cores[-2::-1]:
        step = tnp.matmul(tnp.reshape(core, (-1, core.shape[-1])), products[-1])
        products.append(tnp.reshape(step, (core.shape[0], -1)))
    return products[::-1]


def advance(grams: Any, first: Any, second: Any) -> Any:
    """Take one more core of two chains into the sum over their common modes.

    Shapes (..., p, q) and cores (p, I, p'), (q, I, q') give (..., p', q').
    """
    stack = grams.shape[:-2]
    step = tnp.matmul(grams, tnp.reshape(second, (second.shape[0], -1)))
    step = tnp.reshape(step, (*stack, -1, second.shape[-1]))
    return tnp.matmul(tnp.reshape(first, (-1, first.shape[-1])).T, step)


def retreat(grams: Any, first: Any, second: Any) -> Any:
    """As `advance`, from the other end: (..., p', q') gives (..., p, q)."""
    stack = grams.shape[:-2]
    step = tnp.matmul(tnp.reshape(first, (-1, first.shape[-1])), grams)
    step = tnp.reshape(step, (*stack, first.shape[0], -1))
    return tnp.matmul(step, tnp.reshape(second, (second.shape[0], -1)).T)


def inner(first: Cores, second: Cores) -> Any:
    """The sum of the products of the entries of two chains, from left to right."""
    p, q = first[0].shape[0], second[0].shape[0]
    if p == q == 1:
        grams = tnp.matmul(first[0][0].T, second[0][0])
        for a, b in zip(first[1:], second[1:], strict=True):
            grams = advance(grams, a, b)
        return grams[0, 0]
    grams = tnp.reshape(unit(p * q, first[0]), (p * q, p, q))
    for a, b in zip(first, second, strict=True):
        grams = advance(grams, a, b)
    return tnp.trace(tnp.reshape(grams, (p * q, p * q)))


def contracted(core: Any, rows: Any) -> Any:
    """A core against S vectors (S, I), shape (S, r_{n-1}, r_n)."""
    before, length, after = core.shape
    flat = tnp.reshape(tnp.transpose(core, (1, 0, 2)), (length, before * after))
    return tnp.reshape(tnp.matmul(rows, flat), (rows.shape[0], before, after))


def slices(cores: Cores, indices: Sequence[Any]) -> list[Any]:
    """The slice of each core at S indices, shape (S, r_{n-1}, r_n)."""
    return [
        tnp.take(tnp.transpose(core, (1, 0, 2)), places, axis=0)
        for core, places in zip(cores, indices, strict=True)
    ]


def along(matrices: Sequence[Any]) -> Any:
    """The traces of S products of matrices, each (S, r_{n-1}, r_n)."""
    product = matrices[0]
    for matrix in matrices[1:]:
        product = tnp.matmul(product, matrix)
    return product[:, 0, 0] if product.shape[1] == 1 else tnp.trace(product, axis1=1, axis2=2)


def mttkrps(cores: Cores, matrices: Sequence[Any]) -> tuple[Any, ...]:
    """The MTTKRPs of a chain, given each core against the columns of the factor."""
    lefts, rights = [matrices[0]], [matrices[-1]]
    for matrix in matrices[1:-1]:
        lefts.append(tnp.matmul(lefts[-1], matrix))
    for matrix in matrices[-2:0:-1]:
        rights.append(tnp.matmul(matrix, rights[-1]))
    results = []
    for mode, core in enumerate(cores):
        before, length, after = core.shape
        count = matrices[0].shape[0]
        if len(cores) == 1:
            rest = tnp.broadcast_to(unit(before, core), (count, before, before))
        elif mode == 0:
            rest = rights[-1]
        elif mode == len(cores) - 1:
            rest = lefts[-1]
        else:
            rest = tnp.matmul(rights[len(cores) - 2 - mode], lefts[mode - 1])
        flat = tnp.reshape(tnp.transpose(core, (1, 2, 0)), (length, after * before))
        results.append(tnp.matmul(flat, tnp.reshape(rest, (count, after * before)).T))
    return tuple(results)


def mode_products(cores: Cores, matrices: Sequence[Any]) -> tuple[Any, ...]:
    """Multiply each core by a matrix along its mode; None leaves it as it is."""
    return tuple(
        core if matrix is None else mode_dot(core, matrix, 1)
        for core, matrix in zip(cores, matrices, strict=True)
    )


def turned(cores: Cores) -> tuple[Any, ...]:
    """The chain from its other end."""
    return tuple(tnp.transpose(core, (2, 1, 0)) for core in cores[::-1])


def added(first: Cores, second: Cores, *, ring: bool = False) -> tuple[Any, ...]:
    """The chain of the sum: two blocks in each core, side by side at the ends of a train."""
    last = len(first) - 1
    if last == 0 and not ring:
        return (tnp.add(first[0], second[0]),)
    cores = []
    for mode, (a, b) in enumerate(zip(first, second, strict=True)):
        if mode == 0 and not ring:
            cores.append(tnp.concatenate([a, b], axis=2))
        elif mode == last and not ring:
            cores.append(tnp.concatenate([a, b], axis=0))
        else:
            cores.append(joined([[a, None], [None, b]], 0, 2))
    return tuple(cores)


def entrywise(first: Cores, second: Cores) -> tuple[Any, ...]:
    """The chain of the entrywise product: the Kronecker products of slices."""
    cores = []
    for a, b in zip(first, second, strict=True):
        pairs = tnp.multiply(a[:, None, :, :, None], b[None, :, :, None, :])
        shape = (a.shape[0] * b.shape[0], a.shape[1], a.shape[2] * b.shape[2])
        cores.append(tnp.reshape(pairs, shape))
    return tuple(cores)


def orthogonalized(cores: Cores, center: int) -> tuple[Any, ...]:
    """The same chain with orthonormal columns before the center and orthonormal rows after it."""
    center = check_mode("TTTensor.orthogonalize", center, len(cores))
    chain = list(cores)
    for mode in range(center):
        pair = tnp.linalg.qr(tnp.reshape(chain[mode], (-1, chain[mode].shape[2])))
        chain[mode] = tnp.reshape(pair.Q, (*chain[mode].shape[:2], -1))
        chain[mode + 1] = mode_dot(chain[mode + 1], pair.R, 0)
    for mode in range(len(chain) - 1, center, -1):
        pair = tnp.linalg.qr(tnp.reshape(chain[mode], (chain[mode].shape[0], -1)).T)
        chain[mode] = tnp.reshape(pair.Q.T, (-1, *chain[mode].shape[1:]))
        chain[mode - 1] = mode_dot(chain[mode - 1], pair.R, 2)
    return tuple(chain)


def rounded(cores: Cores, limits: Sequence[float], tolerance: float) -> tuple[Any, ...]:
    """A train of smaller ranks near a train: truncated SVDs from left to right."""
    chain = list(orthogonalized(cores, 0))
    for mode, limit in enumerate(limits):
        core = chain[mode]
        matrix = tnp.reshape(core, (-1, core.shape[2]))
        left, values, right = tnp.linalg.svd(matrix, full_matrices=False)
        if mode == 0:
            allowed = tolerance * _norm(values) / math.sqrt(max(1, len(limits)))
        rank = int(min(limit, _needed(values, allowed, max(matrix.shape))))
        chain[mode] = tnp.reshape(left[:, :rank], (*core.shape[:2], rank))
        carry = tnp.multiply(values[:rank, None], right[:rank])
        chain[mode + 1] = mode_dot(chain[mode + 1], carry, 0)
    return tuple(chain)


def _concrete(values: Any) -> Any:
    """Singular values as an array; several rows of them inside vmap."""
    array = inside(values)
    if array is None:
        raise ConcretizationError(
            "TTTensor.round chooses ranks by singular values, which are not known while a function "
            "is compiled; round outside of it"
        )
    return np.asarray(array)


def _norm(values: Any) -> Any:
    return np.linalg.norm(_concrete(values), axis=-1, keepdims=True)


def _needed(values: Any, allowed: Any, length: int) -> int:
    """How many singular values are needed: the tail has at most the norm that is allowed."""
    array = _concrete(values)
    rounding = np.finfo(array.dtype).eps * length * array.max(axis=-1, keepdims=True, initial=0)
    tails = np.sqrt(np.cumsum((array**2)[..., ::-1], axis=-1)[..., ::-1])
    return max(1, int((tails > np.maximum(allowed, rounding)).sum(axis=-1).max()))


def bond_ranks(what: str, ranks: int | Sequence[int], inner: int) -> list[int]:
    """The rank at each inner bond: one for all, or one each, the ones at the ends perhaps too."""
    if isinstance(ranks, (int, np.integer)):
        given = [int(ranks)] * inner
    else:
        given = [int(rank) for rank in ranks]
        if len(given) == inner + 2 and given[0] == given[-1] == 1:
            given = given[1:-1]
    if len(given) != inner or any(rank < 1 for rank in given):
        raise ArgumentError(
            f"{what}: wanted one rank of 1 or more, {inner} inner ones, or {inner + 2} with a 1 at "
            f"both ends, got {ranks}"
        )
    return given
