"""The dense tensor of a model, and its vector-Jacobian product without a tape."""

from __future__ import annotations

from typing import Any

from tenrso_ad import numpy as tnp
from tenrso_ad.decomposition.kernels import as_array, mttkrps
from tenrso_ad.decomposition.models import CPTensor
from tenrso_ad.engine.errors import ShapeError

__all__ = ["CPReconstructionVJP", "cp_gradient"]


class CPReconstructionVJP:
    """The reconstruction of a CP tensor, and the gradients that a cotangent of it gives.

    Parameters
    ----------
    model : CPTensor
        The model that is reconstructed.

    Attributes
    ----------
    model : CPTensor
        The same.
    value : ndarray or Tensor, shape ``model.shape``
        The dense tensor.

    Examples
    --------
    >>> import numpy as np
    >>> model = CPTensor([2.0], [np.array([[1.0], [2.0]]), np.array([[3.0], [4.0], [5.0]])])
    >>> pull = CPReconstructionVJP(model)
    >>> gradient = pull(np.ones((2, 3)))
    >>> gradient.weights, gradient.factors[0].ravel(), gradient.factors[1].ravel()
    (array([36.]), array([24., 24.]), array([6., 6., 6.]))
    """

    def __init__(self, model: CPTensor) -> None:
        self.model = model

    @property
    def value(self) -> Any:
        """The dense tensor."""
        return self.model.to_dense()

    def __call__(self, cotangent: Any) -> CPTensor:
        """Return the gradients in the weights and in all factors.

        Parameters
        ----------
        cotangent : array_like, shape ``model.shape``
            The gradient in the dense tensor.

        Returns
        -------
        CPTensor
            The gradient in the weights, shape (R,), and those in the factors, shapes (I_n, R);
            differentiable in the cotangent and the model. Two matrix products with the cotangent
            give them all.

        Raises
        ------
        ShapeError
            Where the cotangent does not have the shape of the model.
        """
        cotangent = as_array(cotangent)
        if tuple(cotangent.shape) != self.model.shape:
            raise ShapeError(
                f"CPReconstructionVJP: wanted a cotangent of shape {self.model.shape}, "
                f"got {tuple(cotangent.shape)}"
            )
        return cp_gradient(self.model, mttkrps(cotangent, self.model.factors))


def cp_gradient(model: CPTensor, products: Any) -> CPTensor:
    """The gradients in weights and factors out of the MTTKRPs of a cotangent."""
    weights = tnp.sum(tnp.multiply(products[0], model.factors[0]), axis=0)
    return CPTensor(weights, tuple(tnp.multiply(p, model.weights) for p in products))
