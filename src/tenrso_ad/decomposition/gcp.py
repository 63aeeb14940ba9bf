"""Generalised CP: any elementwise loss of a model of any format against data of any kind."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from tenrso_ad import numpy as tnp
from tenrso_ad.decomposition.elementwise_losses import Loss, elementwise_loss
from tenrso_ad.decomposition.models.foreign import as_model
from tenrso_ad.decomposition.observations import Observations, observe
from tenrso_ad.decomposition.proximal import parts, proximal_step
from tenrso_ad.engine.errors import ArgumentError, DTypeError, ShapeError
from tenrso_ad.transforms import hvp, value_and_grad

__all__ = ["Objective", "gcp"]

ElementwiseLoss = str | Loss | Callable[[Any, Any], Any]


def gcp(
    data: Any,
    model: Any,
    loss: ElementwiseLoss = "gaussian",
    *,
    mask: Any = None,
    weights: Any = None,
    ridge: float = 0.0,
) -> Any:
    """Return the sum of a loss over the entries of data and model.

    Parameters
    ----------
    data : array_like, numpy.memmap, SparseTensor or other sparse array, shape (I_1, ..., I_N)
        Real data. With a mask, entries outside it may hold anything, NaN too. A sparse tensor has
        zeros where it has no value; what is *unknown* there is left out by a sparse mask.
    model : CPTensor, TuckerTensor, TTTensor or TensorRing
        A model of that shape; TensorLy's are taken too.
    loss : str, Loss or callable, optional
        The name of a loss (`elementwise_loss` lists them), or a function ``f(x, m)`` of entries of
        the data and of the model, written with `tenrso_ad.numpy`.
    mask : array_like of bool, or sparse tensor, optional
        True where an entry is observed; the nonzeros of a sparse one.
    weights : array_like, or sparse tensor, optional
        The weight of each entry's loss.
    ridge : float, optional
        Adds this much times the sum of the squares of the factors, the core, or the cores; the
        weights of a CP tensor have no part in it.

    Returns
    -------
    scalar or Tensor
        Differentiable to any order in the model.

    Raises
    ------
    ArgumentError
        Where the loss is not known, or is not for such data.
    DTypeError
        Where the data or the model are complex, or the mask holds something else than booleans.
    ShapeError
        Where the shapes differ.

    Notes
    -----
    Dense data, in memory or mapped from a file, are read block by block in the order in which they
    lie, and the model is formed block by block. Of sparse data the sum is exact, and takes time in
    proportion to the nonzeros for the gaussian and the Poisson loss, whose sums over zeros are
    closed; for other losses those are taken in blocks, in time proportional to all entries, unless
    a sparse mask leaves them out. `Uniform`, `Stratified` and `SemiStratified` estimate them.

    References
    ----------
    Hong, Kolda and Duersch, Generalized canonical polyadic tensor decomposition, SIAM Review 62
    (2020).

    Examples
    --------
    >>> import numpy as np
    >>> from tenrso_ad.decomposition import CPTensor, SparseTensor, gcp
    >>> counts = SparseTensor([[0, 1], [2, 0]], [3.0, 5.0], shape=(2, 3))
    >>> model = CPTensor([2.0], [np.array([[1.0], [2.0]]), np.array([[1.0], [0.5], [3.0]])])
    >>> bool(np.isclose(gcp(counts, model, "poisson"), gcp(counts.to_dense(), model, "poisson")))
    True
    >>> float(gcp(counts, model, lambda x, m: abs(x - m)))
    21.0
    """
    chosen = elementwise_loss(loss)
    observations = observe(data, mask, weights, "gcp")
    observations.check("gcp", chosen)
    return _sum(observations, chosen, model, ridge)


def _sum(observations: Observations, loss: Loss, model: Any, ridge: float) -> Any:
    model = as_model("gcp", model)
    if tuple(model.shape) != tuple(observations.shape):
        raise ShapeError(
            f"gcp: wanted data of the model's shape {tuple(model.shape)}, "
            f"got {tuple(observations.shape)}"
        )
    if any(str(part.dtype).startswith("complex") for part in parts(model)):
        raise DTypeError("gcp: wanted a real model, got complex numbers")
    total = observations.total(loss, model)
    if ridge:
        total = total + ridge * sum(tnp.sum(tnp.square(part)) for part in parts(model))
    return total


class Objective:
    """A loss of a model against data, as a function for minimisers.

    Data and loss are looked at and checked once. The same for data of any kind: dense, masked,
    weighted, mapped from a file, or sparse.

    Parameters
    ----------
    data, loss, mask, weights, ridge
        As for `gcp`.
    l1 : float, optional
        How much of the sum of the absolute values of the parts is added. It is not differentiable,
        so it is no part of the value or gradient: `proximal` takes its step.
    nonnegative : bool, optional
        Whether the parts are kept from being negative. Where it is not given: if the loss wants
        entries from 0 on.

    Attributes
    ----------
    observations : Observations
        The data.
    loss : Loss
        The loss.
    lower : float
        The least value of the parts: 0 or -inf.

    Examples
    --------
    >>> import numpy as np
    >>> from tenrso_ad.decomposition import CPTensor
    >>> objective = Objective(np.ones((2, 3)), "poisson")
    >>> model = CPTensor([1.0], [np.full((2, 1), 2.0), np.ones((3, 1))])
    >>> value, gradient = objective.value_and_grad(model)
    >>> gradient.factors[0].ravel(), objective.lower
    (array([1.5, 1.5]), 0.0)
    """

    def __init__(
        self,
        data: Any,
        loss: ElementwiseLoss = "gaussian",
        *,
        mask: Any = None,
        weights: Any = None,
        ridge: float = 0.0,
        l1: float = 0.0,
        nonnegative: bool | None = None,
    ) -> None:
        if not (ridge >= 0 and l1 >= 0):
            raise ArgumentError(f"Objective: wanted ridge, l1 >= 0, got ridge={ridge}, l1={l1}")
        self.loss = elementwise_loss(loss)
        self.observations = observe(data, mask, weights, "Objective")
        self.observations.check("Objective", self.loss)
        self.ridge, self.l1 = ridge, l1
        bounded = self.loss.lower >= 0 if nonnegative is None else nonnegative
        self.lower = 0.0 if bounded else -math.inf

    def __call__(self, model: Any) -> Any:
        """Return the value at a model."""
        return _sum(self.observations, self.loss, model, self.ridge)

    def value_and_grad(self, model: Any) -> tuple[Any, Any]:
        """Return the value at a model, and the gradient, a model too."""
        value, gradient = value_and_grad(self)(model)
        return value, gradient

    def hvp(self, model: Any, direction: Any) -> Any:
        """Return the product of the Hessian at a model with a direction, a model too."""
        return hvp(self, model, direction)

    def proximal(self, model: Any, step: float) -> Any:
        """Return the model after the proximal step of the L1 term and the bound.

        Parameters
        ----------
        model : CPTensor, TuckerTensor, TTTensor or TensorRing
            Where a gradient step of length `step` has led.
        step : float
            That length.
        """
        return proximal_step(model, self.l1 * step, lower=self.lower)
