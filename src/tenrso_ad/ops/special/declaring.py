"""Declaring special functions: SciPy evaluates them, a line says their derivatives.

SciPy is imported when the first of them is evaluated. Arrays of other libraries go to that
library's own function of the name.
"""

from __future__ import annotations

import functools
import importlib
from collections.abc import Callable
from typing import Any

import numpy as np

from ...engine.errors import NotDifferentiableError, UnsupportedError
from ...kernels.slices import FROM_SIZE_SLOW, shared
from ..pointwise import Operation, Partial, elementwise

_DOUBLE = np.dtype(float)

declared: dict[str, Operation] = {}
"""Every operation that is SciPy's function of that name."""

# where the array libraries keep the functions that are scipy.special for NumPy
_SPECIAL = {"cupy": "cupyx.scipy.special", "jax": "jax.scipy.special", "torch": "torch.special"}
_NAMES = {
    ("torch", "j0"): "bessel_j0",
    ("torch", "j1"): "bessel_j1",
    ("torch", "y0"): "bessel_y0",
    ("torch", "y1"): "bessel_y1",
    ("torch", "k0"): "modified_bessel_k0",
    ("torch", "k1"): "modified_bessel_k1",
    ("torch", "k0e"): "scaled_modified_bessel_k0",
    ("torch", "k1e"): "scaled_modified_bessel_k1",
}
"""Functions of theirs that have another name than SciPy's."""


@functools.cache
def scipy_special() -> Any:
    """The module scipy.special, imported when it is first needed."""
    return importlib.import_module("scipy.special")


def special(
    name: str,
    *partials: Partial,
    evaluate: Callable[..., Any] | None = None,
    other: Callable[..., Any] | None = None,
) -> Operation:
    """Declare an elementwise function of scipy.special.

    Parameters
    ----------
    name : str
        As in SciPy.
    *partials : callable, 1, -1 or None
        The derivative by each operand, as `elementwise` takes them; or what `unknown` gives.
    evaluate : callable, optional
        A function of NumPy arrays, where it is not SciPy's function of that name.
    other : callable, optional
        other(xp, *values): how arrays that are not NumPy's compute it, where it is not their
        library's function of that name.
    """
    operation = part(name, evaluate or functools.partial(_by_scipy, name), *partials, other=other)
    operation.__doc__ = f"Elementwise {name}; see the function of that name of scipy.special."
    declared[name] = operation
    return operation


def part(
    name: str,
    evaluate: Callable[..., Any],
    *partials: Partial,
    other: Callable[..., Any] | None = None,
) -> Operation:
    """Declare a function that SciPy lacks, which derivatives of its functions are made of."""
    operation: Operation = elementwise(
        name,
        shared(functools.partial(_evaluate, evaluate), FROM_SIZE_SLOW),
        *partials,
        other=other or functools.partial(_by_library, name),
    )
    return operation


def unknown(function: str, argument: str) -> Partial:
    """Make the partial derivative for an argument in which no rule is known: it refuses."""

    def partial(g: Any) -> Any:
        raise NotDifferentiableError(
            f"{function} has no rule for its derivative in {argument}. Where {argument} is to be "
            f"a constant, pass ta.stop_gradient({argument})."
        )

    return partial


def _by_scipy(name: str, *values: Any) -> Any:
    return getattr(scipy_special(), name)(*values)


def _is_narrow(value: Any) -> bool:
    """Whether it has floats of less than 64 bits."""
    dtype = getattr(value, "dtype", None)
    return dtype is not None and (dtype.char in "efF" or dtype.kind == "V")


def _evaluate(function: Callable[..., Any], *values: Any) -> Any:
    """Compute on what SciPy takes, and give the result the dtype to which the operands promote."""
    if len(values) == 1 and getattr(values[0], "dtype", None) is _DOUBLE:  # the commonest case
        return function(*values)
    if not any(map(_is_narrow, values)):
        return function(*values)
    dtype = np.result_type(*values)
    out = function(*(v.astype(np.float32) if _is_half(v) else v for v in values))
    if out.dtype.kind == "c" and dtype.kind != "c":
        dtype = np.result_type(dtype, np.complex64)
    return out.astype(dtype, copy=False)


def _is_half(value: Any) -> bool:
    """Whether it has floats of less than 32 bits, which SciPy does not know."""
    dtype = getattr(value, "dtype", None)
    return dtype is not None and (dtype.char == "e" or dtype.kind == "V")


def _by_library(name: str, xp: Any, *values: Any) -> Any:
    """Call the function of that name in the array library of the operands."""
    foreign = next(v for v in values if not isinstance(v, (np.ndarray, np.generic, int, float)))
    root = type(foreign).__module__.partition(".")[0].replace("jaxlib", "jax")
    module = importlib.import_module(_SPECIAL.get(root, xp.__name__))
    try:
        function = getattr(module, _NAMES.get((root, name), name))
    except AttributeError:
        raise UnsupportedError(
            f"{module.__name__} has no {name}, so that it works on NumPy's arrays only; "
            "convert the operands with np.asarray"
        ) from None
    return function(*values)
