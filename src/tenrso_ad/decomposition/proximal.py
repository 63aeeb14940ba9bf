"""Steps for what has no gradient: L1 terms and bounds of the parts of a model."""

from __future__ import annotations

import dataclasses
import math
from typing import Any

from tenrso_ad import numpy as tnp
from tenrso_ad.engine import tree
from tenrso_ad.engine.errors import ArgumentError

__all__ = ["parts", "proximal_step", "soft_threshold"]


def soft_threshold(x: Any, amount: float) -> Any:
    """Move numbers towards zero by an amount, and no further than zero.

    Parameters
    ----------
    x : array_like
        Real numbers.
    amount : float
        Zero or more.

    Returns
    -------
    ndarray or Tensor
        The minimiser u of ``amount * abs(u) + (u - x)**2 / 2``.

    Examples
    --------
    >>> import numpy as np
    >>> soft_threshold(np.array([-3.0, 0.5, 2.0]), 1.0)
    array([-2.,  0.,  1.])
    """
    if not amount >= 0:
        raise ArgumentError(f"soft_threshold: wanted an amount from 0 on, got {amount}")
    return tnp.subtract(x, tnp.clip(x, -amount, amount))


def proximal_step(model: Any, amount: float, *, lower: float = -math.inf) -> Any:
    """Return the proximal step of an L1 term and a lower bound of the parts of a model.

    Parameters
    ----------
    model : pytree
        A model; of a CP tensor the weights stay as they are.
    amount : float
        The length of the gradient step times the factor of the L1 term.
    lower : float, optional
        The least value of the parts.

    Returns
    -------
    pytree
        The model nearest to ``model``, counting ``amount`` times the sum of absolute values, with
        no part below ``lower``. The bound is 0 or below.

    References
    ----------
    Parikh and Boyd, Proximal algorithms, Foundations and Trends in Optimization 1 (2014).

    Examples
    --------
    >>> import numpy as np
    >>> from tenrso_ad.decomposition import CPTensor
    >>> model = CPTensor(None, [np.array([[0.3], [2.0]]), np.array([[-4.0], [1.0]])])
    >>> stepped = proximal_step(model, 0.5, lower=0.0)
    >>> stepped.factors[0].ravel(), stepped.factors[1].ravel()
    (array([0. , 1.5]), array([0. , 0.5]))
    """
    if lower > 0:
        raise ArgumentError(f"proximal_step: wanted a lower bound up to 0, got {lower}")

    def step(part: Any) -> Any:
        moved = soft_threshold(part, amount) if amount else part
        return moved if lower == -math.inf else tnp.maximum(moved, lower)

    stepped = tree.map(step, model)
    if hasattr(model, "weights"):
        stepped = dataclasses.replace(stepped, weights=model.weights)
    return stepped


def parts(model: Any) -> list[Any]:
    """The arrays of a model, without the weights of a CP tensor."""
    return list(model.factors) if hasattr(model, "weights") else tree.leaves(model)
