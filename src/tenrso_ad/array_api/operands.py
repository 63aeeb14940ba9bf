"""What the functions of the namespace take and give: tensors of the current tape."""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import numpy as tnp
from ..engine.errors import ArgumentError, DTypeError, describe
from ..tape import current_tape
from ..tensor import Tensor

_NUMBERS = (bool, int, float, complex)


def constant(value: Any) -> Any:
    """Give an array as a tensor of the current tape that requires no gradient."""
    if isinstance(value, Tensor):
        return value
    if isinstance(value, np.ndarray) and value.dtype.kind not in "biufcV":
        raise DTypeError(f"{describe(value)}: a tensor holds booleans and numbers")
    return Tensor(value, current_tape(), None)


def lift(x: Any) -> Any:
    """Give an operand as a tensor: an array, a number, or nested lists that may hold tensors."""
    return x if isinstance(x, Tensor) else constant(tnp.asarray(x))


def lift_any(*xs: Any) -> tuple[Any, ...]:
    """Make one operand a tensor if none is; Python numbers stay, since they are weak."""
    if any([isinstance(x, Tensor) for x in xs]):
        return xs
    chosen = next((i for i, x in enumerate(xs) if type(x) not in _NUMBERS), 0)
    return (*xs[:chosen], lift(xs[chosen]), *xs[chosen + 1 :])


def check_device(name: str, device: Any, own: Any = "cpu") -> None:
    """Raise where an array is asked for on another device than its own."""
    if device is not None and device != own:
        raise ArgumentError(f"{name}: the device is {own!r}, got device={device!r}")
