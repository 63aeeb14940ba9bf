"""Products of tensors with factor matrices: Khatri-Rao, mode products, MTTKRP for one or all modes.

Everything here is written in the library's own functions, so it takes plain arrays at the speed of
their BLAS and differentiates to any order when given Tensors. Large contractions are matrix
products over reshaped views of the tensor. Factors travel as rows, shape (R, I), which keeps both
operands of these products contiguous and makes the small contractions batched matrix-vector ones.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from tenrso_ad import numpy as tnp
from tenrso_ad.decomposition.sparse import SparseTensor, as_sparse
from tenrso_ad.engine.errors import AxisError, ShapeError

__all__ = ["khatri_rao", "mode_dot", "mttkrp", "mttkrps"]


def khatri_rao(matrices: Sequence[Any]) -> Any:
    """Return the column-wise Kronecker product of matrices.

    Parameters
    ----------
    matrices : sequence of array_like, each of shape (I_n, R)
        At least one matrix; all have the same number of columns.

    Returns
    -------
    ndarray or Tensor, shape (I_1 * ... * I_N, R)
        Column r is the Kronecker product of the columns r; the index of the last matrix runs
        fastest.

    Raises
    ------
    ShapeError
        Where there is no matrix, one is not 2-D, or the numbers of columns differ.

    Examples
    --------
    >>> khatri_rao([[[1, 2], [3, 4]], [[1, 0], [0, 1], [1, 1]]])
    array([[1, 0],
           [0, 2],
           [1, 2],
           [3, 0],
           [0, 4],
           [3, 4]])
    """
    factors = [as_array(matrix) for matrix in matrices]
    check_factors("khatri_rao", [f.shape[0] if f.shape else 0 for f in factors], factors, least=1)
    return rows(factors).T


def mode_dot(tensor: Any, matrix: Any, mode: int) -> Any:
    """Multiply a tensor by a matrix, or a vector, along one mode.

    Parameters
    ----------
    tensor : array_like, shape (I_1, ..., I_N)
        The tensor.
    matrix : array_like, shape (J, I_mode) or (I_mode,)
        A matrix puts J in the place of I_mode; a vector takes the mode away.
    mode : int
        The mode; negative ones count from the end.

    Returns
    -------
    ndarray or Tensor
        The product.

    Raises
    ------
    AxisError, ShapeError
        Where the tensor has no such mode, or the matrix does not fit it.

    Examples
    --------
    >>> import numpy as np
    >>> mode_dot(np.ones((2, 3, 4)), np.ones((5, 3)), 1).shape
    (2, 5, 4)
    >>> mode_dot(np.ones((2, 3, 4)), np.ones(3), 1).shape
    (2, 4)
    """
    tensor, matrix = as_array(tensor), as_array(matrix)
    shape = tuple(tensor.shape)
    mode = check_mode("mode_dot", mode, len(shape))
    if len(matrix.shape) not in (1, 2) or matrix.shape[-1] != shape[mode]:
        raise ShapeError(
            f"mode_dot: mode {mode} of a tensor of shape {shape} takes a matrix of shape "
            f"(J, {shape[mode]}) or a vector of shape ({shape[mode]},), got {tuple(matrix.shape)}"
        )
    before, after = shape[:mode], shape[mode + 1 :]
    kept = tuple(matrix.shape[:-1])
    matrix = tnp.reshape(matrix, (-1, shape[mode]))
    if not after:
        product = tnp.matmul(tnp.reshape(tensor, (-1, shape[mode])), matrix.T)
    else:
        view = tnp.reshape(tensor, (math.prod(before), shape[mode], math.prod(after)))
        product = tnp.matmul(matrix, view)
    return tnp.reshape(product, before + kept + after)


def mttkrp(tensor: Any, factors: Sequence[Any], mode: int) -> Any:
    """Return the matricized tensor times Khatri-Rao product of one mode.

    Parameters
    ----------
    tensor : array_like, SparseTensor or model, shape (I_1, ..., I_N)
        A tensor of order 2 or more. Sparse arrays of SciPy and of the package sparse are sorted at
        every call; a `SparseTensor` is sorted once. A model is not formed.
    factors : sequence of array_like, each of shape (I_n, R)
        One factor a mode; that of `mode` gives its shape only.
    mode : int
        The mode; negative ones count from the end.

    Returns
    -------
    ndarray or Tensor, shape (I_mode, R)
        Entry (i, r) is the sum of ``tensor[..., i, ...]`` times column r of the other factors.

    Raises
    ------
    AxisError, ShapeError
        Where the tensor has no such mode, or the factors do not fit it.

    Examples
    --------
    >>> import numpy as np
    >>> mttkrp(np.ones((2, 3, 4)), [np.ones((2, 1)), np.ones((3, 1)), np.ones((4, 1))], 0)
    array([[12.],
           [12.]])
    """
    tensor, factors = as_sparse(as_array(tensor)), [as_array(factor) for factor in factors]
    check_factors("mttkrp", tensor.shape, factors)
    mode = check_mode("mttkrp", mode, len(factors))
    if hasattr(tensor, "mttkrps"):  # a tensor that is not dense
        return mttkrps(tensor, factors, [mode])[0]
    tensor, factors, order = contiguous(tensor, factors)
    mode = order.index(mode)
    before, after = factors[:mode], factors[mode + 1 :]
    length, rank = factors[mode].shape
    left, right = (math.prod(f.shape[0] for f in side) for side in (before, after))
    # The longer side goes first, by one matrix product; what it leaves is the smaller.
    if right >= left:
        view = tnp.reshape(tensor, (left * length, right))
        partial = tnp.matmul(rows(after), view.T)
        if not before:
            return partial.T
        partial = tnp.reshape(partial, (rank, left, length))
        return _drop_left(partial, rows(before)).T
    view = tnp.reshape(tensor, (left, length * right))
    partial = tnp.matmul(rows(before), view)
    if not after:
        return partial.T
    return _drop_right(tnp.reshape(partial, (rank, length, right)), rows(after)).T


def mttkrps(
    tensor: Any, factors: Sequence[Any], modes: Sequence[int] | None = None
) -> tuple[Any, ...]:
    """Return the MTTKRP of every mode, with the partial contractions shared.

    The modes are parted into two groups; one matrix product with the whole tensor for each group
    contracts the other group away, and the small remainders are parted again. That is about 4 R P
    operations for P entries, where one MTTKRP after the other takes 2 N R P. For a sparse tensor
    the nonzeros are gone through once a mode, sorted by it.

    Parameters
    ----------
    tensor : array_like, SparseTensor or model, shape (I_1, ..., I_N)
        A tensor of order 2 or more; a model is not formed.
    factors : sequence of array_like, each of shape (I_n, R)
        One factor a mode.
    modes : sequence of int, optional
        Only these modes, in this order.

    Returns
    -------
    tuple of ndarray or Tensor, of shapes (I_n, R)
        ``mttkrp(tensor, factors, n)`` for every mode n.

    Raises
    ------
    ShapeError
        Where the factors do not fit the tensor.

    References
    ----------
    Phan, Tichavsky and Cichocki, Fast alternating LS algorithms for high order CANDECOMP/PARAFAC
    tensor factorizations, IEEE Transactions on Signal Processing 61 (2013).
    Kaya and Ucar, High performance parallel algorithms for the Tucker and CP decompositions with
    dimension trees (2016).

    Examples
    --------
    >>> import numpy as np
    >>> factors = [np.ones((2, 1)), np.ones((3, 1)), np.ones((4, 1))]
    >>> [product.shape for product in mttkrps(np.ones((2, 3, 4)), factors)]
    [(2, 1), (3, 1), (4, 1)]
    """
    tensor, factors = as_sparse(as_array(tensor)), [as_array(factor) for factor in factors]
    check_factors("mttkrps", tensor.shape, factors)
    if modes is None:
        modes = range(len(factors))
    else:
        modes = [check_mode("mttkrps", mode, len(factors)) for mode in modes]
    if isinstance(tensor, SparseTensor):
        return tuple(tensor.mttkrps(factors, modes))
    if hasattr(tensor, "mttkrps"):  # a model
        products = tensor.mttkrps(factors)
        return tuple(products[mode] for mode in modes)
    tensor, factors, order = contiguous(tensor, factors)
    places = [order.index(mode) for mode in modes]
    cut = halfway(tensor.shape)
    view = matricize(tensor, cut)
    left = right = None
    if any(place < cut for place in places):
        left = tnp.matmul(rows(factors[cut:]), view.T)
    if any(place >= cut for place in places):
        right = tnp.matmul(rows(factors[:cut]), view)
    products = finish_tree(left, right, factors, cut, places)
    return tuple(products[place] for place in places)


def halfway(shape: Sequence[int]) -> int:
    """How many leading modes to put into the first of two groups of about equal size."""
    sizes = [math.prod(shape[:cut]) + math.prod(shape[cut:]) for cut in range(1, len(shape))]
    return 1 + sizes.index(min(sizes))


def matricize(tensor: Any, cut: int) -> Any:
    """The tensor as a matrix, the modes before the cut down, the others across."""
    shape = tensor.shape
    return tnp.reshape(tensor, (math.prod(shape[:cut]), math.prod(shape[cut:])))


def finish_tree(
    left: Any, right: Any, factors: Sequence[Any], cut: int, places: Sequence[int]
) -> list[Any]:
    """The MTTKRPs of the modes asked for out of the two root contractions; None for the others.

    `left` (R, product of the shape before the cut) has the modes after the cut contracted away,
    `right` those before it.
    """
    wanted = [mode in places for mode in range(len(factors))]
    return [
        *_branch(left, factors[:cut], wanted[:cut]),
        *_branch(right, factors[cut:], wanted[cut:]),
    ]


def rows(factors: Sequence[Any]) -> Any:
    """The Khatri-Rao product, transposed: shape (R, product of the I_n)."""
    product = factors[0].T
    for factor in factors[1:]:
        (rank, before), length = product.shape, factor.shape[0]
        pairs = tnp.multiply(
            tnp.reshape(product, (rank, before, 1)), tnp.reshape(factor.T, (rank, 1, length))
        )
        product = tnp.reshape(pairs, (rank, before * length))
    return product


def grams(factors: Sequence[Any]) -> list[Any]:
    """The Gram matrix of each factor, shape (R, R)."""
    return [tnp.matmul(tnp.conj(factor).T, factor) for factor in factors]


def hadamard(matrices: Sequence[Any]) -> Any:
    """The entrywise product of matrices."""
    return functools.reduce(tnp.multiply, matrices)


def all_but_one(matrices: Sequence[Any]) -> list[Any]:
    """For each place the entrywise product of the other matrices, all in 3 N products."""
    before, after = [matrices[0]], [matrices[-1]]
    for matrix in matrices[1:-1]:
        before.append(tnp.multiply(before[-1], matrix))
    for matrix in matrices[-2:0:-1]:
        after.append(tnp.multiply(matrix, after[-1]))
    middle = [tnp.multiply(b, a) for b, a in zip(before, after[-2::-1], strict=False)]
    return [after[-1], *middle, before[-1]]


def memory_order(tensor: Any) -> list[int]:
    """The order of the modes in which the tensor lies in memory without gaps, if there is one."""
    order = list(range(len(tensor.shape)))
    if type(tensor) is np.ndarray and not tensor.flags.c_contiguous:
        strides = tensor.strides
        by_stride = sorted(order, key=lambda mode: -abs(strides[mode]))
        if tensor.transpose(by_stride).flags.c_contiguous:
            return by_stride
    return order


def contiguous(tensor: Any, factors: Sequence[Any]) -> tuple[Any, list[Any], list[int]]:
    """Put modes into the order in which the tensor lies in memory, so that reshapes are views.

    Returns the tensor and the factors in that order, and the order: entry k is the mode that
    stands at place k.
    """
    order = memory_order(tensor)
    if order != sorted(order):
        tensor = tensor.transpose(order)
    return tensor, [factors[mode] for mode in order], order


def as_array(value: Any) -> Any:
    """Arrays and Tensors as they are, nested sequences as NumPy arrays."""
    return value if hasattr(value, "shape") else np.asarray(value)


def check_mode(operation: str, mode: int, order: int) -> int:
    """The mode, counted from the front; raises where the tensor has no such mode."""
    if not -order <= mode < order:
        raise AxisError(f"{operation}: a tensor of order {order} has no mode {mode}")
    return mode % order


def check_factors(
    operation: str, shape: Sequence[int], factors: Sequence[Any], least: int = 2
) -> None:
    """Raise where factors do not have the shapes (I_n, R) for a tensor of a shape."""
    shapes = [tuple(factor.shape) for factor in factors]
    if len(shape) < least:
        raise ShapeError(f"{operation}: wanted order {least} or more, got the shape {tuple(shape)}")
    rank = shapes[0][-1] if shapes and shapes[0] else 0
    if shapes != [(length, rank) for length in shape]:
        wanted = ", ".join(f"({length}, R)" for length in shape)
        got = ", ".join(map(str, shapes)) or "none"
        raise ShapeError(f"{operation}: wanted factors of shapes {wanted}, got {got}")


def _drop_left(partial: Any, vectors: Any) -> Any:
    """Sum (R, left, right) against (R, left): one vector-matrix product a component."""
    rank, left, right = partial.shape
    product = tnp.matmul(tnp.reshape(vectors, (rank, 1, left)), partial)
    return tnp.reshape(product, (rank, right))


def _drop_right(partial: Any, vectors: Any) -> Any:
    """Sum (R, left, right) against (R, right): one matrix-vector product a component."""
    rank, left, right = partial.shape
    product = tnp.matmul(partial, tnp.reshape(vectors, (rank, right, 1)))
    return tnp.reshape(product, (rank, left))


def _branch(partial: Any, factors: Sequence[Any], wanted: Sequence[bool]) -> list[Any]:
    """The MTTKRPs of a group of modes out of its partial contraction (R, product of the I_n)."""
    if not any(wanted):
        return [None] * len(factors)
    if len(factors) == 1:
        return [partial.T]
    lengths = [factor.shape[0] for factor in factors]
    rank = factors[0].shape[1]
    cut = halfway(lengths)
    partial = tnp.reshape(partial, (rank, math.prod(lengths[:cut]), math.prod(lengths[cut:])))
    left = _drop_right(partial, rows(factors[cut:])) if any(wanted[:cut]) else None
    right = _drop_left(partial, rows(factors[:cut])) if any(wanted[cut:]) else None
    return [
        *_branch(left, factors[:cut], wanted[:cut]),
        *_branch(right, factors[cut:], wanted[cut:]),
    ]
