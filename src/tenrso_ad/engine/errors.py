"""Every exception of the library; each message names the operation, what it got and what to do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np


class TenrsoError(Exception):
    """Base of every error that the library raises on purpose."""


class ShapeError(TenrsoError, ValueError):
    """Shapes that do not fit together or do not fit the operation."""


class DTypeError(TenrsoError, TypeError):
    """A dtype that the operation or the transform does not take."""


class ArgumentError(TenrsoError, ValueError):
    """A value of an argument that the function does not take."""


class AxisError(TenrsoError, np.exceptions.AxisError):
    """An axis that the array does not have."""


class IndexingError(TenrsoError, IndexError):
    """An index that does not fit the array."""


class EinsumError(TenrsoError, ValueError):
    """An einsum specification that cannot be read or does not fit its operands."""


class LinAlgError(TenrsoError, np.linalg.LinAlgError):
    """A matrix for which a linear-algebra operation is not defined or did not converge."""


class UnsupportedError(TenrsoError, TypeError):
    """A NumPy function, ufunc method, keyword or type that the library does not differentiate."""


class NotDifferentiableError(TenrsoError, TypeError):
    """A derivative was asked of something that has none, or has no rule for it."""


class BackwardError(TenrsoError, RuntimeError):
    """backward() cannot run: a second pass over freed values, or no scalar to start from."""


class InPlaceError(TenrsoError, RuntimeError):
    """A change in place that would not mean what it says."""


class RetraceError(TenrsoError, RuntimeError):
    """A compiled function was compiled too often, since one of its arguments keeps changing."""


class MemoryBudgetError(TenrsoError, ValueError):
    """A compiled function cannot work in as little memory as it was given."""


class LeakedTensorError(TenrsoError, RuntimeError):
    """A tensor outlived the transform that made it."""


class ConcretizationError(TenrsoError, TypeError):
    """Python asked for the value of a tensor that has none while it is traced."""


class AnomalyError(TenrsoError, FloatingPointError):
    """An operation made a NaN or an infinity that its operands did not have."""


class GraphError(TenrsoError, RuntimeError):
    """A graph that breaks its own rules."""


class GradientCheckError(TenrsoError, AssertionError):
    """A derivative does not agree with differences of values."""


class DegenerateWarning(UserWarning):
    """A derivative at a degenerate point, finite only where the loss does not see the gauge."""


def describe(value: Any) -> str:
    """Dtype and shape of an operand, as in ``float64[3,4]``."""
    shape, dtype = getattr(value, "shape", None), getattr(value, "dtype", None)
    if shape is None or dtype is None:
        return repr(value) if isinstance(value, (int, float, complex)) else type(value).__name__
    return f"{dtype}[{','.join(map(str, shape))}]"


def signature(name: str, args: Sequence[Any], params: Mapping[str, Any]) -> str:
    """One line that shows a call: ``matmul(float64[3,4], float64[5,2])``."""
    shown = [describe(a) for a in args]
    shown += [f"{k}={v!r}" for k, v in params.items() if not callable(v)]
    return f"{name}({', '.join(shown)})"


# What NumPy raises, and what it becomes here; the first match counts.
_TRANSLATION: tuple[tuple[type[Exception], type[TenrsoError]], ...] = (
    (np.linalg.LinAlgError, LinAlgError),
    (np.exceptions.AxisError, AxisError),
    (IndexError, IndexingError),
    (ValueError, ShapeError),
    (TypeError, DTypeError),
)


# What NumPy says, and what to do about it.
_ADVICE = {
    "broadcast": "axes, counted from the last, must have equal lengths or length 1",
    "did not contain a loop": "convert the operands to numbers",
    "Singular matrix": "add a multiple of the identity to regularise it",
    "not positive definite": "add a multiple of the identity, or use eigh or qr",
}


def explain(
    name: str, args: Sequence[Any], params: Mapping[str, Any], error: Exception
) -> Exception:
    """Turn what an evaluation raised into an error that shows the whole call."""
    if isinstance(error, TenrsoError):
        return error
    said = str(error).strip()
    advice = "".join(f"; {what}" for words, what in _ADVICE.items() if words in said)
    for kind, ours in _TRANSLATION:
        if isinstance(error, kind):
            return ours(f"{signature(name, args, params)}: {said}{advice}")
    return error
