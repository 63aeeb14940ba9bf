"""Activation functions of neural networks, beside tanh, sigmoid and softplus.

Where two straight pieces meet, the derivative is that of the flatter one, as in PyTorch: 0 at
either end of relu6, the slope of the negative side for leaky_relu at 0.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, Literal

import numpy as np

from ..engine.errors import ArgumentError, DTypeError, describe
from ..engine.trace import is_inexact
from ..kernels.slices import shared
from . import elementwise as ew
from .broadcasting import convert
from .declare import is_complex
from .logistic import sigmoid, sigmoid_slope, softplus
from .pointwise import Operation, elementwise, operand, scale
from .saturating import tanh_slope
from .special.error_functions import erfc


def _real(name: str, x: Any) -> Any:
    """Give an operand as it is, integers as float64; refuse complex numbers."""
    x = operand(x)
    if is_complex(x):
        raise DTypeError(f"{name}({describe(x)}): it is defined for real numbers")
    return convert(x, np.dtype(float)) if hasattr(x, "dtype") and not is_inexact(x.dtype) else x


def _narrow(out: Any, x: Any) -> Any:
    """Give bfloat16 for bfloat16: Python's numbers make float32 of the floats of ml_dtypes."""
    return convert(out, x.dtype) if getattr(getattr(x, "dtype", None), "kind", "") == "V" else out


# --- a gate times x -------------------------------------------------------------------------------
def _gated(name: str, gate: Callable[[Any], Any], slope: Callable[[Any], Any]) -> Operation:
    """Declare x gate(x), where `slope` is the derivative of the gate; a closed gate stops inf."""

    @shared
    def evaluate(x: Any) -> Any:
        with np.errstate(over="ignore", invalid="ignore"):  # where the gate is open or closed
            return _narrow(scale(gate(x), x), x)

    operation: Operation = elementwise(
        name,
        evaluate,
        lambda x: gate(x) + scale(slope(x), x),
        other=lambda xp, x: evaluate(x),
    )
    return operation


def _normal_distribution(x: Any) -> Any:
    return 0.5 * erfc(-math.sqrt(0.5) * x)  # 1 + erf cancels for negative x


def _normal_density(x: Any) -> Any:
    return math.sqrt(0.5 / math.pi) * ew.exp(-0.5 * (x * x))


_CUBIC = 0.044715
_LINEAR = 2 * math.sqrt(2 / math.pi)


def _logit(x: Any) -> Any:
    return _LINEAR * (x + _CUBIC * (x * x * x))


def _slope_of_gelu_tanh(x: Any) -> Any:
    logit = _logit(x)
    return scale(sigmoid_slope(logit, sigmoid(logit)), _LINEAR * (1 + 3 * _CUBIC * (x * x)))


def _slope_of_mish(x: Any) -> Any:
    bend = softplus(x)
    return tanh_slope(bend, ew.tanh(bend)) * sigmoid(x)


silu = _gated("silu", lambda x: sigmoid(x), lambda x: sigmoid_slope(x, sigmoid(x)))
mish = _gated("mish", lambda x: ew.tanh(softplus(x)), _slope_of_mish)
_gelu = _gated("gelu", _normal_distribution, _normal_density)
# sigmoid(2 z) is (1 + tanh(z)) / 2, which cancels for negative z
_gelu_tanh = _gated("gelu_tanh", lambda x: sigmoid(_logit(x)), _slope_of_gelu_tanh)
_GELUS = {"none": _gelu, "tanh": _gelu_tanh}


def gelu(x: Any, /, approximate: Literal["none", "tanh"] = "none") -> Any:
    """Gaussian error linear unit: x times the normal distribution function of x.

    Parameters
    ----------
    x : array_like
    approximate : {"none", "tanh"}
        ``"tanh"`` is the approximation by a hyperbolic tangent.

    Raises
    ------
    ArgumentError
        Another `approximate`.

    References
    ----------
    D. Hendrycks, K. Gimpel, "Gaussian error linear units (GELUs)", 2016, arXiv:1606.08415.

    Examples
    --------
    >>> float(gelu(1.0))
    0.8413447460685429
    """
    if approximate not in _GELUS:
        raise ArgumentError(f"gelu: approximate is 'none' or 'tanh', got {approximate!r}")
    return _GELUS[approximate](x)


# --- approaching a limit --------------------------------------------------------------------------
_softsign = elementwise(
    "softsign",
    lambda x: x / (1 + np.abs(x)),
    lambda x: ew.square(1 / (1 + ew.absolute(x))),
    other=lambda xp, x: x / (1 + xp.abs(x)),
)


def softsign(x: Any, /) -> Any:
    """Elementwise ``x / (1 + abs(x))``."""
    return _softsign(_real("softsign", x))


def elu(x: Any, /, alpha: Any = 1.0) -> Any:
    """Elementwise x if it is positive, else ``alpha * (exp(x) - 1)``."""
    x = _real("elu", x)
    rises = ew.greater(x, 0)
    return _narrow(ew.where(rises, x, alpha * ew.expm1(ew.where(rises, 0, x))), x)


def celu(x: Any, /, alpha: Any = 1.0) -> Any:
    """Elementwise x if it is positive, else ``alpha * (exp(x / alpha) - 1)``."""
    x = _real("celu", x)
    rises = ew.greater(x, 0)
    return _narrow(ew.where(rises, x, alpha * ew.expm1(ew.where(rises, 0, x) / alpha)), x)


_SELU_ALPHA = 1.6732632423543772
_SELU_SCALE = 1.0507009873554805


def selu(x: Any, /) -> Any:
    """Elementwise self-normalising `elu`, with a fixed point at mean 0 and variance 1.

    References
    ----------
    G. Klambauer, T. Unterthiner, A. Mayr, S. Hochreiter, "Self-normalizing neural networks", 2017.
    """
    x = _real("selu", x)
    return _narrow(_SELU_SCALE * elu(x, _SELU_ALPHA), x)


# --- piecewise linear -----------------------------------------------------------------------------
def _evaluate_relu(x: Any) -> Any:
    out = np.maximum(x, 0)
    if out.dtype.kind == "c":
        raise TypeError("complex numbers have no order")
    return out


relu = elementwise(
    "relu",
    _evaluate_relu,
    lambda g, x: ew.where(ew.greater(x, 0), g, 0),
    other=lambda xp, x: xp.where(x > 0, x, xp.zeros_like(x)),
)


def leaky_relu(x: Any, /, negative_slope: Any = 0.01) -> Any:
    """Elementwise x if it is positive, else ``negative_slope * x``."""
    x = _real("leaky_relu", x)
    return _narrow(ew.where(ew.greater(x, 0), x, negative_slope * x), x)


# not clip: at the limits the derivative is 0
_limited = elementwise(
    "limited",
    lambda x, y, z: np.minimum(np.maximum(x, y), z),
    lambda g, x, y, z: ew.where(ew.logical_and(ew.greater(x, y), ew.less(x, z)), g, 0),
    None,
    None,
    api="clip",
)


def relu6(x: Any, /) -> Any:
    """Elementwise x, limited to [0, 6]."""
    return _limited(_real("relu6", x), 0, 6)


def hard_tanh(x: Any, /) -> Any:
    """Elementwise x, limited to [-1, 1]."""
    return _limited(_real("hard_tanh", x), -1, 1)


def hard_sigmoid(x: Any, /) -> Any:
    """Elementwise ``relu6(x + 3) / 6``."""
    return _limited(_real("hard_sigmoid", x) + 3, 0, 6) / 6


def hard_silu(x: Any, /) -> Any:
    """Elementwise ``x * hard_sigmoid(x)``, also called hard swish."""
    x = _real("hard_silu", x)
    with np.errstate(invalid="ignore"):  # of -inf, which the gate stops
        return scale(hard_sigmoid(x), x)
