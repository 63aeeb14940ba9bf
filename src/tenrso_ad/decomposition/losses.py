"""Losses of a model against a dense tensor, without forming the dense tensor of the model."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from tenrso_ad import numpy as tnp
from tenrso_ad.decomposition.kernels import (
    as_array,
    contiguous,
    finish_tree,
    halfway,
    matricize,
    mttkrps,
    rows,
)
from tenrso_ad.decomposition.models import CPTensor, squared_norm, squared_norm_gradient
from tenrso_ad.decomposition.reconstruction import cp_gradient
from tenrso_ad.decomposition.sparse import SparseTensor, as_sparse
from tenrso_ad.engine import tree
from tenrso_ad.engine.errors import DTypeError, ShapeError
from tenrso_ad.engine.trace import Tracer
from tenrso_ad.transforms import custom_vjp

__all__ = ["inner", "squared_error"]

BLOCK = 2**17
"""Entries of the model that are formed at once: few enough to stay in a processor's cache, enough
for matrix products to run at full speed."""


def inner(tensor: Any, model: CPTensor) -> Any:
    """Return the inner product of a tensor and a CP tensor.

    Parameters
    ----------
    tensor : array_like, shape (I_1, ..., I_N)
        The dense tensor.
    model : CPTensor
        A model of that shape.

    Returns
    -------
    scalar or Tensor
        The sum of the products of the entries; complex entries are not conjugated. The dense
        tensor of the model is not formed, in the gradient neither: each takes one matrix product
        with the tensor.

    Raises
    ------
    ShapeError
        Where the shapes differ.

    Examples
    --------
    >>> import numpy as np
    >>> model = CPTensor([2.0], [np.array([[1.0], [2.0]]), np.array([[1.0], [0.0], [3.0]])])
    >>> float(inner(np.ones((2, 3)), model))
    24.0
    """
    tensor = _checked("inner", tensor, model)
    if isinstance(tensor, SparseTensor):
        return tensor.inner(model)
    tensor, factors, _ = contiguous(tensor, model.factors)
    cut = halfway(tensor.shape)
    partial = tnp.matmul(rows(factors[:cut]), matricize(tensor, cut))
    return tnp.sum(tnp.multiply(_weighted(model.weights, partial), rows(factors[cut:])))


def squared_error(
    tensor: Any, model: CPTensor, mask: Any = None, weights: Any = None, *, residual: bool = False
) -> Any:
    """Return the squared error of a CP tensor, the sum of ``mask * weights * (tensor - model)**2``.

    There is no factor 1/2. Without mask and weights it is computed as ``norm(tensor)**2 -
    2 inner(tensor, model) + norm(model)**2``, from Gram matrices and MTTKRPs. That is fast, but
    its absolute error is the rounding of ``norm(tensor)**2``: near a perfect fit, where the
    squared error is below about the square root of the machine precision times that, digits are
    lost; the gradient keeps its accuracy. ``residual=True`` sums the squared differences
    instead, which keeps every digit and takes about twice the time.

    Parameters
    ----------
    tensor : array_like, shape (I_1, ..., I_N)
        The data, real. With a mask, entries outside it may hold anything, NaN too.
    model : CPTensor
        A model of that shape.
    mask : array_like of bool, shape (I_1, ..., I_N), optional
        True where an entry is observed.
    weights : array_like, shape (I_1, ..., I_N), optional
        The weight of each squared difference.
    residual : bool, optional
        Sum squared differences where there is neither mask nor weights; with them it is always
        done.

    Returns
    -------
    scalar or Tensor
        Differentiable to any order. Differences are formed in blocks, never for the whole tensor
        at once, unless the tensor or the weights are themselves Tensors: their gradients are as
        large as that.

    Raises
    ------
    DTypeError
        Where tensor or model are complex, or the mask holds something else than booleans.
    ShapeError
        Where the shapes differ.

    Examples
    --------
    >>> import numpy as np
    >>> model = CPTensor([2.0], [np.array([[1.0], [2.0]]), np.array([[1.0], [0.0], [3.0]])])
    >>> data = np.array([[2.0, 0.0, 7.0], [4.0, np.nan, 10.0]])
    >>> float(squared_error(data, model, mask=~np.isnan(data)))
    5.0
    """
    tensor = _checked("squared_error", tensor, model)
    parts = (tensor, model.weights, *model.factors)
    if any(np.dtype(part.dtype).kind == "c" for part in parts):
        raise DTypeError("squared_error: wanted a real tensor and model, got complex numbers")
    mask, weights = _like(tensor, mask, "mask"), _like(tensor, weights, "weights")
    if mask is not None and mask.dtype != bool:
        raise DTypeError(
            f"squared_error: wanted a mask of booleans, got {mask.dtype}; "
            "real factors go into weights"
        )
    traced = _traced(tensor) or _traced(weights)
    if not (residual or mask is not None or weights is not None):
        form = expanded_error.function if traced else expanded_error
        return form(_squares(tensor), tensor, model)
    if traced:
        difference = tnp.subtract(tensor, model.to_dense())
        if mask is not None:
            difference = tnp.where(mask, difference, 0)
        square = tnp.square(difference)
        return tnp.sum(square if weights is None else tnp.multiply(weights, square))
    return _blockwise_error(tensor, model, mask, weights)


@custom_vjp
def expanded_error(square: Any, tensor: Any, model: CPTensor) -> Any:
    """The squared error from the squared norm of the tensor, without any differences."""
    return square - 2 * inner(tensor, model) + squared_norm(model)


def _expanded_error_and_gradient(square: Any, tensor: Any, model: CPTensor) -> tuple[Any, CPTensor]:
    """The squared error and its gradient in the model, from one set of MTTKRPs."""
    products = mttkrps(tensor, model.factors)
    toward = cp_gradient(model, products)
    away = squared_norm_gradient(model)
    gradient = tree.map(lambda to, fro: fro - 2 * to, toward, away)
    product = tnp.vdot(toward.weights, model.weights)
    norm = tnp.vdot(away.weights, model.weights) / 2
    return square - 2 * product + norm, gradient


def _pull_expanded(gradient: CPTensor, cotangent: Any) -> tuple[Any, ...]:
    return None, None, _scaled(gradient, cotangent)


expanded_error.defvjp(_expanded_error_and_gradient, _pull_expanded)


@custom_vjp
def _blockwise_error(tensor: Any, model: CPTensor, mask: Any, weights: Any) -> Any:
    """The squared error, summed over blocks."""
    blocks = _Blocks(tensor, model, mask, weights)
    pairs = (blocks.differences(*part) for part in blocks.parts())
    return sum(tnp.vdot(difference, scaled) for difference, scaled in pairs)


def _blockwise_error_and_gradient(
    tensor: Any, model: CPTensor, mask: Any, weights: Any
) -> tuple[Any, CPTensor]:
    """The squared error and its gradient in the model, from the same pass over the blocks."""
    blocks = _Blocks(tensor, model, mask, weights)
    error, lefts, rights = 0, [], []
    for down, across in blocks.parts():
        difference, scaled = blocks.differences(down, across)
        error = error + tnp.vdot(difference, scaled)
        lefts.append(tnp.matmul(blocks.right[:, across], scaled.T))
        rights.append(tnp.matmul(blocks.left[:, down], scaled))
    gather, add = (lambda pieces: tnp.concatenate(pieces, axis=1)), sum
    left = (gather if blocks.tall else add)(lefts)
    right = (add if blocks.tall else gather)(rights)
    products = finish_tree(left, right, blocks.factors, blocks.cut)
    products = [products[blocks.order.index(mode)] for mode in range(model.ndim)]
    return error, tree.map(lambda part: -2 * part, cp_gradient(model, products))


def _pull_blockwise(gradient: CPTensor, cotangent: Any) -> tuple[Any, ...]:
    return None, _scaled(gradient, cotangent), None, None


_blockwise_error.defvjp(_blockwise_error_and_gradient, _pull_blockwise)


def _scaled(gradient: CPTensor, cotangent: Any) -> CPTensor:
    """A gradient that is known from the forward pass, times the cotangent of the loss."""
    scaled: CPTensor = tree.map(lambda part: cotangent * part, gradient)
    return scaled


class _Blocks:
    """The differences of a tensor and a model as a matrix, in blocks over its longer side."""

    def __init__(self, tensor: Any, model: CPTensor, mask: Any, weights: Any) -> None:
        tensor, self.factors, self.order = contiguous(tensor, model.factors)
        self.cut = halfway(tensor.shape)
        self.left, self.right = rows(self.factors[: self.cut]), rows(self.factors[self.cut :])
        self._weighted_left = _weighted(model.weights, self.left)
        self._tensor = matricize(tensor, self.cut)
        self._mask, self._weights = (
            None if a is None else matricize(a.transpose(self.order), self.cut)
            for a in (mask, weights)
        )
        length, width = self._tensor.shape
        self.tall = length >= width

    def parts(self) -> Iterator[tuple[slice, slice]]:
        """The blocks, as ranges of rows and of columns."""
        shape = self._tensor.shape
        longer, shorter = max(shape), min(shape)
        step = max(1, BLOCK // max(1, shorter))
        for start in range(0, longer, step):
            part, everything = slice(start, start + step), slice(None)
            yield (part, everything) if self.tall else (everything, part)

    def differences(self, down: slice, across: slice) -> tuple[Any, Any]:
        """One block of mask * (tensor - model), and the same times the weights."""
        model = tnp.matmul(self._weighted_left[:, down].T, self.right[:, across])
        difference = tnp.subtract(self._tensor[down, across], model)
        if self._mask is not None:
            difference = tnp.where(self._mask[down, across], difference, 0)
        if self._weights is None:
            return difference, difference
        return difference, tnp.multiply(self._weights[down, across], difference)


def _weighted(weights: Any, partial: Any) -> Any:
    """Components as rows (R, ...), each times its weight."""
    return tnp.multiply(tnp.reshape(weights, (len(partial), 1)), partial)


def _squares(tensor: Any) -> Any:
    """The sum of the squared entries of an array or Tensor."""
    if isinstance(tensor, SparseTensor):
        return tnp.sum(tnp.square(tensor.values))
    if _traced(tensor):
        return tnp.sum(tnp.square(tensor))
    entries = tensor.ravel(order="K")
    return np.dot(entries, entries)


def _traced(value: Any) -> bool:
    """Whether a transform or a tape follows the value."""
    return isinstance(value.values if isinstance(value, SparseTensor) else value, Tracer)


def _checked(operation: str, tensor: Any, model: CPTensor) -> Any:
    """The tensor as an array of floating-point numbers that has the shape of the model."""
    tensor = as_sparse(as_array(tensor))
    if tuple(tensor.shape) != model.shape:
        raise ShapeError(
            f"{operation}: wanted a tensor of the model's shape {model.shape}, "
            f"got {tuple(tensor.shape)}"
        )
    if isinstance(tensor, np.ndarray) and tensor.dtype.kind in "biu":
        return tensor.astype(np.float64)
    return tensor


def _like(tensor: Any, values: Any, name: str) -> Any:
    """Mask or weights as an array of the shape of the tensor, or None."""
    if values is None:
        return None
    values = as_array(values)
    if tuple(values.shape) != tuple(tensor.shape):
        raise ShapeError(
            f"squared_error: wanted {name} of the tensor's shape {tuple(tensor.shape)}, "
            f"got {tuple(values.shape)}"
        )
    return values
