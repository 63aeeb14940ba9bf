"""Losses of an entry of the data and one of the model: the eleven of generalised CP, and others."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from tenrso_ad import numpy as tnp
from tenrso_ad.engine.errors import ArgumentError

__all__ = ["LOSSES", "Loss", "elementwise_loss"]

EPS = 1e-10
"""What is added to an entry of the model before it is divided by, or its logarithm taken."""


@dataclass(frozen=True)
class Loss:
    """How far an entry of a model is from an entry of the data.

    Parameters
    ----------
    name : str
        What messages call it.
    function : callable
        ``function(x, m)`` on arrays of data and of entries of the model, elementwise, written with
        `tenrso_ad.numpy`. Its derivatives are taken from it.
    lower : float, optional
        The least entry a model may have; where it is 0, parts without negative entries are enough.
    data : {"real", "nonnegative", "positive", "unit"}, optional
        Which data it is for: any real numbers, those from 0 on, those above 0, those from 0 to 1.
    zeros : {"blocks", "squares", "entries", "nothing"}, optional
        What ``sum(function(0, m))`` over a whole tensor is: the sum of squares of the model, the
        sum of its entries, zero, or nothing simpler than the sum, taken in blocks.
    """

    name: str
    function: Callable[[Any, Any], Any]
    lower: float = -math.inf
    data: str = "real"
    zeros: str = "blocks"

    def __call__(self, x: Any, m: Any) -> Any:
        """The loss of each entry."""
        return self.function(x, m)

    def check(self, operation: str, values: Any) -> None:
        """Raise where data are not of the kind that the loss is for; NaN is passed over."""
        low, high, words = RANGES[self.data]
        values = np.asarray(values)
        if not values.size or self.data == "real":
            return
        bad = (values < low) | (values > high)
        if self.data == "positive":
            bad |= values == 0
        if bad.any():
            raise ArgumentError(
                f"{operation}: the {self.name} loss is for {words}, got {values[bad].flat[0]}"
            )


RANGES = {
    "real": (-math.inf, math.inf, "real data"),
    "nonnegative": (0.0, math.inf, "data from 0 on"),
    "positive": (0.0, math.inf, "data above 0"),
    "unit": (0.0, 1.0, "data from 0 to 1"),
}


def _huber(delta: float = 1.0) -> Loss:
    if not delta > 0:
        raise ArgumentError(f"huber: wanted delta > 0, got {delta}")

    def function(x: Any, m: Any) -> Any:
        distance = tnp.abs(tnp.subtract(x, m))
        near = tnp.minimum(distance, delta)  # beyond delta the loss is a tangent of the parabola
        return near * (2 * distance - near)

    return Loss(f"huber({delta:g})", function)


def _negative_binomial(trials: float = 1.0) -> Loss:
    if not trials > 0:
        raise ArgumentError(f"negative_binomial: wanted trials > 0, got {trials}")

    def function(x: Any, m: Any) -> Any:
        return (trials + x) * tnp.log1p(m) - x * tnp.log(m + EPS)

    return Loss(f"negative_binomial({trials:g})", function, 0.0, "nonnegative")


def _beta(beta: float = 0.5) -> Loss:
    if beta in (0, 1):
        raise ArgumentError(f"beta: wanted beta other than 0 and 1, got {beta}")

    def function(x: Any, m: Any) -> Any:
        base = m + EPS
        return base**beta / beta - x * base ** (beta - 1) / (beta - 1)

    return Loss(f"beta({beta:g})", function, 0.0, "nonnegative")


def _gaussian(x: Any, m: Any) -> Any:
    return tnp.square(tnp.subtract(x, m))


def _poisson(x: Any, m: Any) -> Any:
    return m - x * tnp.log(m + EPS)


def _poisson_log(x: Any, m: Any) -> Any:
    return tnp.exp(m) - x * m


def _bernoulli_odds(x: Any, m: Any) -> Any:
    return tnp.log1p(m) - x * tnp.log(m + EPS)


def _bernoulli_logit(x: Any, m: Any) -> Any:
    return tnp.softplus(m) - x * m


def _gamma(x: Any, m: Any) -> Any:
    return x / (m + EPS) + tnp.log(m + EPS)


def _rayleigh(x: Any, m: Any) -> Any:
    return 2 * tnp.log(m + EPS) + (math.pi / 4) * tnp.square(x / (m + EPS))


def _zero_truncated_poisson(x: Any, m: Any) -> Any:
    return m - x * tnp.log(m + EPS) + tnp.log(EPS - tnp.expm1(-m))


# Each by its name, with the parameters it takes.
LOSSES: Mapping[str, Callable[..., Loss]] = {
    "gaussian": lambda: Loss("gaussian", _gaussian, zeros="squares"),
    "poisson": lambda: Loss("poisson", _poisson, 0.0, "nonnegative", "entries"),
    "poisson_log": lambda: Loss("poisson_log", _poisson_log, data="nonnegative"),
    "bernoulli_odds": lambda: Loss("bernoulli_odds", _bernoulli_odds, 0.0, "unit"),
    "bernoulli_logit": lambda: Loss("bernoulli_logit", _bernoulli_logit, data="unit"),
    "gamma": lambda: Loss("gamma", _gamma, 0.0, "nonnegative"),
    "rayleigh": lambda: Loss("rayleigh", _rayleigh, 0.0, "nonnegative"),
    "huber": _huber,
    "negative_binomial": _negative_binomial,
    "beta": _beta,
    "zero_truncated_poisson": lambda: Loss(
        "zero_truncated_poisson", _zero_truncated_poisson, 0.0, "nonnegative"
    ),
}


def elementwise_loss(loss: str | Loss | Callable[[Any, Any], Any], **parameters: float) -> Loss:
    """Return a loss by its name, with parameters, or of a function.

    Parameters
    ----------
    loss : str, Loss or callable
        One of the names below; or a function ``f(x, m)`` of data and model, elementwise, written
        with `tenrso_ad.numpy`.
    **parameters : float
        ``delta`` of "huber" (1), ``trials`` of "negative_binomial" (1), ``beta`` of "beta" (0.5).

    Returns
    -------
    Loss
        Called with data and entries of a model it gives the loss of each.

    Raises
    ------
    ArgumentError
        Where the name is not known or the loss has no such parameter.

    Notes
    -----
    With ``e = 1e-10`` and entries x of the data and m of the model:

    ======================  ===============================================  =========  ==========
    name                    loss                                             model      data
    ======================  ===============================================  =========  ==========
    gaussian                (x - m)^2                                        real       real
    poisson                 m - x log(m + e)                                 m >= 0     x >= 0
    poisson_log             exp(m) - x m                                     real       x >= 0
    bernoulli_odds          log(1 + m) - x log(m + e)                        m >= 0     0 <= x <= 1
    bernoulli_logit         log(1 + exp(m)) - x m                            real       0 <= x <= 1
    gamma                   x / (m + e) + log(m + e)                         m >= 0     x >= 0
    rayleigh                2 log(m + e) + (pi/4) (x / (m + e))^2            m >= 0     x >= 0
    huber                   (x - m)^2, from delta on 2 delta abs(x - m) -     real       real
                            delta^2
    negative_binomial       (trials + x) log(1 + m) - x log(m + e)           m >= 0     x >= 0
    beta                    (m + e)^beta / beta -                            m >= 0     x >= 0
                            x (m + e)^(beta - 1) / (beta - 1)
    zero_truncated_poisson  m - x log(m + e) + log(1 - exp(-m) + e)          m >= 0     x >= 0
    ======================  ===============================================  =========  ==========

    References
    ----------
    Hong, Kolda and Duersch, Generalized canonical polyadic tensor decomposition, SIAM Review 62
    (2020), table 1.

    Examples
    --------
    >>> import numpy as np
    >>> elementwise_loss("huber", delta=0.5)(np.array([0.0, 0.0]), np.array([0.25, 2.0]))
    array([0.0625, 1.75  ])
    """
    if isinstance(loss, str):
        if loss not in LOSSES:
            raise ArgumentError(f"loss: wanted one of {', '.join(LOSSES)}, got {loss!r}")
        try:
            return LOSSES[loss](**parameters)
        except TypeError:
            got = ", ".join(parameters)
            raise ArgumentError(f"loss: {loss} has no such parameter: {got}") from None
    if parameters:
        raise ArgumentError("loss: parameters go with a name, not with a function")
    if isinstance(loss, Loss):
        return loss
    if not callable(loss):
        raise ArgumentError(f"loss: wanted a name or a function of (x, m), got {loss!r}")
    return Loss(getattr(loss, "__name__", "given"), loss)
