"""Ways out of the graph: Python's numbers, plain arrays, other libraries, files and processes."""

from __future__ import annotations

import dis
import math
import sys
from typing import Any

import numpy as np

from ..engine.errors import ArgumentError, DTypeError, UnsupportedError, describe
from ..engine.node import Leaf
from ..engine.trace import Tracer, concrete
from ..ops import rounding
from ..ops.shaping import creation

_STORE = dis.opmap["STORE_SUBSCR"]


class Leaving(Tracer):
    """What a tensor gives that is no tensor; nothing here loses a derivative unsaid."""

    __slots__ = ()
    __array_priority__ = 1000.0
    __pandas_priority__ = 10_000

    # --- Python's numbers -------------------------------------------------------------------------

    def item(self, *args: Any) -> Any:
        """Give one element as a Python number, outside the graph; a lone one needs no index."""
        return concrete(self, "item()").item(*args)

    def tolist(self) -> Any:
        """Give the values as nested lists of Python numbers, outside the graph."""
        return concrete(self, "tolist()").tolist()

    def __bool__(self) -> bool:
        return bool(concrete(self, "a Python condition"))

    def __int__(self) -> int:
        return int(self._number("int()"))

    def __index__(self) -> int:
        value = concrete(self, "an index")
        if value.dtype.kind not in "iu":
            raise DTypeError(f"a Python index wants an integer, got a {self.dtype} tensor")
        return int(value)

    def __float__(self) -> float:
        return float(self._number("float()"))

    def __complex__(self) -> complex:
        return complex(self._number("complex()"))

    def __trunc__(self) -> int:
        return math.trunc(float(self._number("math.trunc()")))

    def __floor__(self) -> int:
        return math.floor(float(self._number("math.floor()")))

    def __ceil__(self) -> int:
        return math.ceil(float(self._number("math.ceil()")))

    def __round__(self, ndigits: int | None = None) -> Any:
        if ndigits is None and self.shape == ():
            return round(float(self._number("round()")))
        return rounding.round(self, ndigits or 0)

    def __format__(self, spec: str) -> str:
        return format(concrete(self, "format()").item(), spec) if spec else str(self)

    def _number(self, wish: str) -> Any:
        """Value for a Python number; refused where that would silently cut the derivative."""
        inner: Any = self
        while isinstance(inner, Tracer) and (inner.trace.imperative or inner.node is None):
            inner = inner.value
        if isinstance(inner, Tracer):
            raise DTypeError(
                f"{wish} of a tensor inside a transform would lose its derivative. Use the "
                "function of tenrso_ad.numpy instead of the one of math, or "
                "ta.stop_gradient(x).item() to leave on purpose. To fill an array, make it a "
                "tensor first (ta.tensor(a, requires_grad=False)), or stack the elements."
            )
        if self.requires_grad and _is_stored(sys._getframe(2)):  # type: ignore[attr-defined]
            raise DTypeError(
                f"a[i] = x stores {describe(self)} in a plain array without its derivative. Make "
                "the array a tensor first (ta.tensor(a, requires_grad=False)), or stack the "
                "elements; write a[i] = x.item() where only the value is wanted."
            )
        return concrete(self, wish)

    # --- arrays -----------------------------------------------------------------------------------

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any:
        return np.array(self._plain("np.asarray"), dtype=dtype, copy=copy)

    def _plain(self, wish: str) -> Any:
        """Values as an array outside the graph; refused where that would cut the derivative."""
        if self.requires_grad:  # type: ignore[attr-defined]
            raise DTypeError(
                f"{describe(self)}, a tensor, cannot become a plain array without losing its "
                "derivative. Use a function of tenrso_ad.numpy (tnp.stack, tnp.asarray), or "
                "x.value or ta.stop_gradient(x) to leave the graph on purpose. To write into an "
                "array, make it a tensor first (ta.tensor(a, requires_grad=False))."
            )
        value = concrete(self, wish)
        return np.asarray(value) if isinstance(value, np.generic) else value

    def __array_namespace__(self, /, *, api_version: str | None = None) -> Any:
        """Give the namespace of functions for tensors."""
        from .. import array_api

        if api_version is not None and api_version not in array_api.API_VERSIONS:
            raise ArgumentError(
                f"api_version={api_version!r}: the versions of the array API standard known here "
                f"are {', '.join(array_api.API_VERSIONS)}"
            )
        return array_api

    @property
    def device(self) -> Any:
        """Where the values are: "cpu", or the device of an array of another library."""
        value = self.value
        return getattr(value, "device", "cpu")

    def to_device(self, device: Any, /, *, stream: Any = None) -> Any:
        """Give the tensor itself: a tensor stays on its device."""
        if device != self.device or stream is not None:
            raise ArgumentError(
                f"to_device({device!r}): this tensor is on {self.device!r} and stays there; move "
                "the array before it becomes a tensor"
            )
        return self

    def __dlpack__(
        self,
        /,
        *,
        stream: Any = None,
        max_version: tuple[int, int] | None = None,
        dl_device: tuple[int, int] | None = None,
        copy: bool | None = None,
    ) -> Any:
        return self._plain("DLPack").__dlpack__(
            stream=stream, max_version=max_version, dl_device=dl_device, copy=copy
        )

    def __dlpack_device__(self) -> Any:
        return self._plain("DLPack").__dlpack_device__()

    # --- copies and files -------------------------------------------------------------------------

    def __copy__(self) -> Any:
        return creation.copy(self)

    def __deepcopy__(self, memo: dict[int, Any]) -> Any:
        rebuild, state = self.__reduce__()
        memo[id(self)] = copied = rebuild(*state)
        return copied

    def __reduce__(self) -> tuple[Any, ...]:
        if not self.trace.imperative or isinstance(self.value, Tracer):
            raise UnsupportedError(
                f"{describe(self)} belongs to a {self.trace.what}: it cannot be pickled or copied "
                "deeply. Return it from the function first, or take x.copy()."
            )
        if self.node is not None and not isinstance(self.node, Leaf):
            raise UnsupportedError(
                f"{describe(self)} depends on other tensors: it cannot be pickled or copied "
                "deeply with its history. Take x.detach() or x.value, or x.copy() to stay in the "
                "graph."
            )
        from . import restored

        return restored, (self.value, self.node is not None, getattr(self.node, "gradient", None))


def _is_stored(frame: Any) -> bool:
    """Whether a frame is at an assignment ``a[i] = x``: then NumPy is asking for a number."""
    return bool(frame.f_code.co_code[frame.f_lasti] == _STORE)
