"""Inner products of tensors, dense or decomposed, without forming a decomposed one."""

from __future__ import annotations

from typing import Any

import numpy as np

from tenrso_ad import numpy as tnp
from tenrso_ad.decomposition.kernels import as_array, matricize, memory_order
from tenrso_ad.decomposition.models import CPTensor, Model, TuckerTensor, chains
from tenrso_ad.decomposition.models.foreign import as_model, is_model
from tenrso_ad.decomposition.sparse import SparseTensor, as_sparse
from tenrso_ad.engine.errors import ShapeError

__all__ = ["inner"]


def inner(tensor: Any, model: Any) -> Any:
    """Return the inner product of two tensors, of which at least one is decomposed.

    Parameters
    ----------
    tensor : array_like, SparseTensor or model, shape (I_1, ..., I_N)
        A dense or sparse tensor, or a model of any format.
    model : CPTensor, TuckerTensor, TTTensor or TensorRing
        A model of that shape; TensorLy's are taken too.

    Returns
    -------
    scalar or Tensor
        The sum of the products of the entries; complex entries are not conjugated. The dense
        tensor of a model is not formed, in the gradient neither: with a dense tensor each takes
        one or two matrix products with it, and between models O(sum(I_n) R^2) operations for CP,
        O(sum(I_n) r^3) for trains.

    Raises
    ------
    ArgumentError
        Where the second is no model.
    ShapeError
        Where the shapes differ.

    Examples
    --------
    >>> import numpy as np
    >>> model = CPTensor([2.0], [np.array([[1.0], [2.0]]), np.array([[1.0], [0.0], [3.0]])])
    >>> float(inner(np.ones((2, 3)), model))
    24.0
    >>> float(inner(model, model.to_tt()))
    200.0
    """
    if not is_model(model) and is_model(tensor):
        tensor, model = model, tensor
    model = as_model("inner", model)
    return product(as_tensor("inner", tensor, model), model)


def product(tensor: Any, model: Any) -> Any:
    """The inner product of a checked tensor, of whatever kind, and a model."""
    if isinstance(tensor, Model):
        return between(tensor, model)
    if isinstance(tensor, SparseTensor):
        return tensor.inner(model)
    return with_dense(tensor, model)


def with_dense(tensor: Any, model: Model) -> Any:
    """The inner product with a dense tensor of the same shape: one matrix product with it."""
    tensor, model, _ = aligned(tensor, model)
    left, right = model.halves()
    partial = tnp.matmul(left.T, matricize(tensor, model.cut))
    return tnp.sum(tnp.multiply(partial, right))


def between(first: Any, second: Any) -> Any:
    """The inner product of two models."""
    for one, other in ((first, second), (second, first)):
        if isinstance(one, TuckerTensor):
            small = other.mode_products([factor.T for factor in one.factors])
            return with_dense(one.core, small)
    for one, other in ((first, second), (second, first)):
        if isinstance(one, CPTensor):
            return tnp.matmul(one.weights, other.against([factor.T for factor in one.factors]))
    return chains.inner(first.cores, second.cores)


def aligned(tensor: Any, model: Model) -> tuple[Any, Model, list[int]]:
    """Put the modes into the order in which the tensor lies in memory, if the model can follow.

    Returns both, and the order: entry k is the mode that stands at place k.
    """
    order = memory_order(tensor)
    straight = list(range(model.ndim))
    if order == straight or not model._reorders(order):
        return tensor, model, straight
    return tensor.transpose(order), model.transpose(order), order


def as_tensor(operation: str, tensor: Any, model: Model) -> Any:
    """A model, a SparseTensor, or an array of floating-point numbers, of the shape of a model."""
    tensor = as_model(operation, tensor) if is_model(tensor) else as_sparse(as_array(tensor))
    if tuple(tensor.shape) != model.shape:
        raise ShapeError(
            f"{operation}: wanted a tensor of the model's shape {model.shape}, "
            f"got {tuple(tensor.shape)}"
        )
    if isinstance(tensor, np.ndarray) and tensor.dtype.kind in "biu":
        return tensor.astype(np.float64)
    return tensor
