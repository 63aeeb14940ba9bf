"""The squared error of a model, without forming the dense tensor of the model."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from tenrso_ad import numpy as tnp
from tenrso_ad.decomposition.kernels import as_array, matricize
from tenrso_ad.decomposition.models import Model
from tenrso_ad.decomposition.models.foreign import as_model
from tenrso_ad.decomposition.products import aligned, as_tensor, product
from tenrso_ad.decomposition.reconstruction import gradient
from tenrso_ad.decomposition.sparse import SparseTensor
from tenrso_ad.engine import tree
from tenrso_ad.engine.errors import ArgumentError, DTypeError, ShapeError
from tenrso_ad.engine.trace import Tracer
from tenrso_ad.ops.declare import is_complex
from tenrso_ad.transforms import custom_vjp

__all__ = ["squared_error"]

BLOCK = 2**17
"""Entries of the model that are formed at once: few enough to stay in a processor's cache, enough
for matrix products to run at full speed."""


def squared_error(
    tensor: Any, model: Any, mask: Any = None, weights: Any = None, *, residual: bool = False
) -> Any:
    """Return the squared error of a model, the sum of ``mask * weights * (tensor - model)**2``.

    There is no factor 1/2. Without mask and weights it is computed as ``norm(tensor)**2 -
    2 inner(tensor, model) + norm(model)**2``, from partial contractions. That is fast, but
    its absolute error is the rounding of ``norm(tensor)**2``: near a perfect fit, where the
    squared error is below about the square root of the machine precision times that, digits are
    lost; the gradient keeps its accuracy. ``residual=True`` sums the squared differences
    instead, which keeps every digit and takes about twice the time.

    Parameters
    ----------
    tensor : array_like, SparseTensor or model, shape (I_1, ..., I_N)
        The data, real. With a mask, entries outside it may hold anything, NaN too. What is sparse
        or a model itself is never formed, and takes no mask or weights.
    model : CPTensor, TuckerTensor, TTTensor or TensorRing
        A model of that shape; TensorLy's are taken too.
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
    >>> from tenrso_ad.decomposition import CPTensor
    >>> model = CPTensor([2.0], [np.array([[1.0], [2.0]]), np.array([[1.0], [0.0], [3.0]])])
    >>> data = np.array([[2.0, 0.0, 7.0], [4.0, np.nan, 10.0]])
    >>> float(squared_error(data, model, mask=~np.isnan(data)))
    5.0
    """
    model = as_model("squared_error", model)
    tensor, mask, weights = checked_data("squared_error", tensor, model, mask, weights)
    differences = residual or mask is not None or weights is not None
    if differences and isinstance(tensor, (Model, SparseTensor)):
        raise ArgumentError(
            "squared_error: mask, weights and residual want a dense tensor, "
            f"got a {type(tensor).__name__}; gcp takes sparse tensors with masks and weights"
        )
    traced = any(isinstance(part, Tracer) for part in tree.leaves((tensor, weights)))
    if not differences:
        form = expanded_error.function if traced else expanded_error
        return form(_squares(tensor), tensor, model)
    if traced:
        difference = tnp.subtract(tensor, model.to_dense())
        if mask is not None:
            difference = tnp.where(mask, difference, 0)
        square = tnp.square(difference)
        return tnp.sum(square if weights is None else tnp.multiply(weights, square))
    return _blockwise_error(tensor, model, mask, weights)


def checked_data(
    operation: str, tensor: Any, model: Any, mask: Any, weights: Any
) -> tuple[Any, Any, Any]:
    """Real data of the shape of a model, with mask and weights as arrays."""
    tensor = as_tensor(operation, tensor, model)
    if any(is_complex(part) for part in tree.leaves((tensor, model))):
        raise DTypeError(f"{operation}: wanted a real tensor and model, got complex numbers")
    mask = _like(operation, tensor, mask, "mask")
    weights = _like(operation, tensor, weights, "weights")
    if mask is not None and mask.dtype != bool:
        raise DTypeError(
            f"{operation}: wanted a mask of booleans, got {mask.dtype}; "
            "real factors go into weights"
        )
    return tensor, mask, weights


@custom_vjp
def expanded_error(square: Any, tensor: Any, model: Any) -> Any:
    """The squared error from the squared norm of the tensor, without any differences."""
    return square - 2 * product(tensor, model) + model.squared_norm()


def _expanded_error_and_gradient(square: Any, tensor: Any, model: Any) -> tuple[Any, Any]:
    """The squared error and its gradient in the model, from one set of partial contractions."""
    toward, away = gradient(model, tensor), gradient(model, model)
    slope = tree.map(lambda to, fro: 2 * (fro - to), toward, away)
    # A model is linear in each of its parts, so that one of them gives the inner products.
    part, to, fro = (tree.leaves(of)[0] for of in (model, toward, away))
    overlap, norm = (tnp.sum(tnp.multiply(part, by)) for by in (to, fro))
    return square - 2 * overlap + norm, slope


def _pull_expanded(slope: Any, cotangent: Any) -> tuple[Any, ...]:
    return None, None, tree.map(lambda part: cotangent * part, slope)


expanded_error.defvjp(_expanded_error_and_gradient, _pull_expanded)


def _blockwise_error(tensor: Any, model: Any, mask: Any, weights: Any) -> Any:
    """The squared error, summed over blocks of differences."""
    tensor, model, order = aligned(tensor, model)
    others = [
        None if values is None else matricize(values.transpose(order), model.cut)
        for values in (mask, weights)
    ]
    left, right = model.halves()
    return _error_of_halves(left, right, matricize(tensor, model.cut), *others)


@custom_vjp
def _error_of_halves(left: Any, right: Any, tensor: Any, mask: Any, weights: Any) -> Any:
    """The squared error of a product of two matrices."""
    blocks = Blocks(tensor, mask, weights)
    pairs = (blocks.differences(left, right, *part) for part in blocks.parts())
    return sum(tnp.sum(tnp.multiply(difference, scaled)) for difference, scaled in pairs)


def _error_of_halves_and_gradient(
    left: Any, right: Any, tensor: Any, mask: Any, weights: Any
) -> tuple[Any, tuple[Any, Any]]:
    """The squared error and its gradients, from the same pass over the blocks."""
    blocks = Blocks(tensor, mask, weights)
    error, by_left, by_right = 0, [], []
    for down, across in blocks.parts():
        difference, scaled = blocks.differences(left, right, down, across)
        error = error + tnp.sum(tnp.multiply(difference, scaled))
        by_left.append(tnp.matmul(scaled, right[:, across].T))
        by_right.append(tnp.matmul(left[down].T, scaled))
    return error, blocks.gathered(by_left, by_right)


def _pull_error_of_halves(gradients: tuple[Any, Any], cotangent: Any) -> tuple[Any, ...]:
    by_left, by_right = (-2 * cotangent * part for part in gradients)
    return by_left, by_right, None, None, None


_error_of_halves.defvjp(_error_of_halves_and_gradient, _pull_error_of_halves)


class Blocks:
    """A matrix of data with its mask and weights, in blocks over its longer side."""

    def __init__(self, tensor: Any, mask: Any, weights: Any) -> None:
        self.tensor, self.mask, self.weights = tensor, mask, weights
        length, width = tensor.shape
        self.tall = length >= width

    def parts(self) -> Iterator[tuple[slice, slice]]:
        """The blocks, as ranges of rows and of columns."""
        shape = self.tensor.shape
        longer, shorter = max(shape), min(shape)
        step = max(1, BLOCK // max(1, shorter))
        for start in range(0, longer, step):
            part, everything = slice(start, start + step), slice(None)
            yield (part, everything) if self.tall else (everything, part)

    def differences(self, left: Any, right: Any, down: slice, across: slice) -> tuple[Any, Any]:
        """One block of mask * (tensor - left @ right), and the same times the weights."""
        model = tnp.matmul(left[down], right[:, across])
        difference = tnp.subtract(self.tensor[down, across], model)
        if self.mask is not None:
            difference = tnp.where(self.mask[down, across], difference, 0)
        if self.weights is None:
            return difference, difference
        return difference, tnp.multiply(self.weights[down, across], difference)

    def gathered(self, by_left: list[Any], by_right: list[Any]) -> tuple[Any, Any]:
        """The gradients in both halves out of those of the blocks."""
        if self.tall:
            return tnp.concatenate(by_left, axis=0), sum(by_right)
        return sum(by_left), tnp.concatenate(by_right, axis=1)


def _squares(tensor: Any) -> Any:
    """The sum of the squared entries of a tensor of any kind."""
    if isinstance(tensor, Model):
        return tensor.squared_norm()
    if isinstance(tensor, SparseTensor):
        return tnp.sum(tnp.square(tensor.values))
    if not isinstance(tensor, np.ndarray):
        return tnp.sum(tnp.square(tensor))
    entries = tensor.ravel(order="K")
    return np.dot(entries, entries)


def _like(operation: str, tensor: Any, values: Any, name: str) -> Any:
    """Mask or weights as an array of the shape of the tensor, or None."""
    if values is None:
        return None
    values = as_array(values)
    if tuple(values.shape) != tuple(tensor.shape):
        raise ShapeError(
            f"{operation}: wanted {name} of the tensor's shape {tuple(tensor.shape)}, "
            f"got {tuple(values.shape)}"
        )
    return values
