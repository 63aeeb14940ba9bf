"""Models of TensorLy in the place of ours."""

from __future__ import annotations

from typing import Any

from tenrso_ad.decomposition.models.base import Model
from tenrso_ad.decomposition.models.cp import CPTensor
from tenrso_ad.decomposition.models.tensor_ring import TensorRing
from tenrso_ad.decomposition.models.tensor_train import TTTensor
from tenrso_ad.decomposition.models.tucker import TuckerTensor
from tenrso_ad.engine.errors import ArgumentError

__all__ = ["as_model", "is_model"]

FORMATS: dict[str, Any] = {
    "CPTensor": CPTensor,
    "TuckerTensor": TuckerTensor,
    "TTTensor": TTTensor,
    "TRTensor": TensorRing,
}
"""Our format for each class of TensorLy."""


def is_model(value: Any) -> bool:
    """Whether a value is a model, of this library or of TensorLy."""
    kind = type(value)
    return isinstance(value, Model) or (
        kind.__module__.startswith("tensorly.") and kind.__name__ in FORMATS
    )


def as_model(operation: str, value: Any) -> Any:
    """Return a model as it is, one of TensorLy's as ours; anything else is refused."""
    if isinstance(value, Model):
        return value
    if is_model(value):
        return FORMATS[type(value).__name__].from_tensorly(value)
    raise ArgumentError(
        f"{operation}: wanted a CPTensor, TuckerTensor, TTTensor or TensorRing, "
        f"got {type(value).__name__}"
    )
