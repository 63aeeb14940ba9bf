"""SciPy's own ufuncs, and the operation that each leads to when it is called on a tensor."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..pointwise import Operation
from . import (
    bessel,
    elementary,
    elliptic,
    entropy,
    error_functions,
    exponential_integrals,
    gamma,
    incomplete_beta,
    incomplete_gamma,
    power_transforms,
)
from .declaring import declared, scipy_special

FAMILIES = (
    bessel,
    elementary,
    elliptic,
    entropy,
    error_functions,
    exponential_integrals,
    gamma,
    incomplete_beta,
    incomplete_gamma,
    power_transforms,
)

operations: dict[Any, Operation] = {
    ufunc: operation
    for name, operation in declared.items()
    if isinstance(ufunc := getattr(scipy_special(), name), np.ufunc)
}
