"""NumPy's functions on tensors: ours of the same name, questions, and what is refused."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..engine.errors import UnsupportedError
from ..engine.trace import Tracer, concrete
from ..engine.views import layout
from ..ops.shaping import creation
from ..tape import current_tape

array_functions: dict[Callable[..., Any], Callable[..., Any]] = {}
"""Our function for each NumPy function; the NumPy face fills it."""

# What tensors are not given to, and how to do it.
_REFUSED: dict[Any, str] = {
    np.save: "write np.save(file, x.value)",
    np.savez: "write np.savez(file, x=x.value)",
    np.savez_compressed: "write np.savez_compressed(file, x=x.value)",
    np.savetxt: "write np.savetxt(file, x.value)",
}


def array_function(x: Any, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
    """What ``__array_function__`` does."""
    ours = array_functions.get(function)
    if ours is None:
        way_out = _REFUSED.get(function, "for a plain result call it on x.value")
        raise UnsupportedError(f"np.{function.__name__} is not supported on tensors; {way_out}")
    return ours(*args, **kwargs)


# --- questions, whose answers are no tensors ------------------------------------------------------


def _like(x: Any) -> Any:
    """An array of the dtype and shape of a tensor that takes no memory; anything else as it is."""
    if isinstance(x, Tracer):
        return np.broadcast_to(np.zeros((), x.dtype), x.shape)
    return x


def _by_type(function: Any) -> Callable[..., Any]:
    """Ask NumPy by the dtypes and shapes alone."""

    def answer(*args: Any, **kwargs: Any) -> Any:
        return function(*map(_like, args), **{k: _like(v) for k, v in kwargs.items()})

    return answer


def _by_value(function: Any) -> Callable[..., Any]:
    """Ask NumPy by the values."""

    def answer(a: Any, *args: Any, **kwargs: Any) -> Any:
        return function(concrete(a, f"np.{function.__name__}"), *args, **kwargs)

    return answer


def _by_memory(function: Any) -> Callable[..., Any]:
    """Ask NumPy of arrays that share memory as the tensors do."""

    def answer(a: Any, b: Any, /, max_work: Any = None) -> Any:
        memory: dict[int, Any] = {}
        arrays = [layout(x, memory) if isinstance(x, Tracer) else x for x in (a, b)]
        return function(*arrays, max_work)

    return answer


def _can_cast(from_: Any, to: Any, casting: Any = "safe") -> bool:
    return np.can_cast(from_.dtype if isinstance(from_, Tracer) else from_, to, casting)


# --- ``like=`` ------------------------------------------------------------------------------------


def _constant(function: Any) -> Callable[..., Any]:
    """Make what NumPy makes a tensor that requires no gradient."""

    def make(*args: Any, **kwargs: Any) -> Any:
        from . import Tensor

        return Tensor(function(*args, **kwargs), current_tape(), None)

    return make


# --- the table ------------------------------------------------------------------------------------

_BY_VALUE: list[Any] = [np.array2string, np.array_repr, np.array_str, np.min_scalar_type]
_BY_MEMORY: list[Any] = [np.may_share_memory, np.shares_memory]
_MAKING: list[Any] = [
    *(np.arange, np.empty, np.eye, np.full, np.identity, np.ones, np.tri, np.zeros)
]
_CONVERTING: list[Any] = [np.array, np.asarray, np.asanyarray, np.ascontiguousarray]

array_functions |= {
    np.can_cast: _can_cast,
    np.common_type: _by_type(np.common_type),
    **{f: _by_value(f) for f in _BY_VALUE},
    **{f: _by_memory(f) for f in _BY_MEMORY},
    **{f: _constant(f) for f in _MAKING},
    **{f: getattr(creation, f.__name__) for f in _CONVERTING},
}
