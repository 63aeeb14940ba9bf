"""Tensor: the one traced type, with NumPy's operators and protocols."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NoReturn

import numpy as np

from .engine.errors import DTypeError, ShapeError, UnsupportedError
from .engine.trace import Tracer, concrete, register_tensor_type
from .ops import elementwise as ew
from .ops import pointwise

array_functions: dict[Callable[..., Any], Callable[..., Any]] = {}
"""Our function for each NumPy function; the NumPy face fills it."""


@register_tensor_type
class Tensor(Tracer):
    """An array that a tape or a transform follows.

    Made by `tenrso_ad.tensor`, or handed to your function by a transform. NumPy functions and operators take it like
    an array, and give tensors.

    Attributes
    ----------
    value : array or Tensor
        What it wraps; inside nested transforms a tensor of the next one out.
    shape : tuple of int
    dtype : dtype
    """

    __slots__ = ()
    __array_priority__ = 1000.0
    __hash__ = object.__hash__

    # --- what it is ---------------------------------------------------------------------------------------------

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return len(self.shape)

    @property
    def size(self) -> int:
        """Number of elements."""
        size = 1
        for n in self.shape:
            size *= n
        return size

    @property
    def requires_grad(self) -> bool:
        """Whether a derivative flows through it."""
        return self.node is not None

    def __repr__(self) -> str:
        if isinstance(self.value, Tracer) or not hasattr(self.value, "__array__"):
            dims = ",".join(map(str, self.shape))
            return f"Tensor({self.dtype}[{dims}], level={self.trace.level})"
        tail = ", requires_grad=True)" if self.requires_grad else ")"
        return "Tensor(" + np.array2string(np.asarray(self.value), separator=", ", prefix="Tensor(") + tail

    def __format__(self, spec: str) -> str:
        return format(self.item(), spec) if spec else str(self)

    def __len__(self) -> int:
        if not self.shape:
            raise TypeError("len() of a 0-d tensor")
        return self.shape[0]

    def __iter__(self) -> Iterator[Tensor]:
        if not self.shape:
            raise TypeError("iteration over a 0-d tensor")
        return (self[i] for i in range(self.shape[0]))

    # --- leaving the graph --------------------------------------------------------------------------------------

    def item(self) -> Any:
        """Value of a tensor of one element as a Python number, outside the graph."""
        return concrete(self, "item()").item()

    def tolist(self) -> Any:
        """Values as nested lists of Python numbers, outside the graph."""
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

    def _number(self, wish: str) -> Any:
        """Value for a Python number; refused where that would silently cut the derivative."""
        if self.requires_grad and not self.trace.imperative:
            raise DTypeError(
                f"{wish} of a tensor inside a transform would lose its derivative. Use the function of "
                "tenrso_ad.numpy instead of the one of math, or ta.stop_gradient(x).item() to leave on purpose."
            )
        return concrete(self, wish)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any:
        if self.requires_grad:
            raise DTypeError(
                f"a {self.dtype} tensor cannot become a plain array without losing its derivative. Use a function of "
                "tenrso_ad.numpy, or x.value or ta.stop_gradient(x) to leave the graph on purpose."
            )
        return np.array(concrete(self, "np.asarray"), dtype=dtype, copy=copy)

    # --- NumPy's protocols --------------------------------------------------------------------------------------

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **kwargs: Any) -> Any:
        if method != "__call__" or kwargs:
            what = f"np.{ufunc.__name__}" + (f".{method}" if method != "__call__" else "")
            given = f" with {', '.join(sorted(kwargs))}=" if kwargs else ""
            raise UnsupportedError(f"{what}{given} is not supported on tensors; call it plainly")
        try:
            function = pointwise.ufuncs[ufunc]
        except KeyError:
            raise UnsupportedError(
                f"np.{ufunc.__name__} has no derivative rule here; for a plain result call it on x.value"
            ) from None
        return function(*inputs)

    def __array_function__(self, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
        try:
            ours = array_functions[function]
        except KeyError:
            raise UnsupportedError(
                f"np.{function.__name__} is not supported on tensors; for a plain result call it on x.value"
            ) from None
        return ours(*args, **kwargs)

    def __setitem__(self, index: Any, value: Any) -> NoReturn:
        raise UnsupportedError(
            "tensors do not change in place; write x = x.at[index].set(value) instead of x[index] = value"
        )

    # --- operators ----------------------------------------------------------------------------------------------

    def __neg__(self) -> Any:
        return ew.negative(self)

    def __pos__(self) -> Any:
        return ew.positive(self)

    def __abs__(self) -> Any:
        return ew.absolute(self)

    def __add__(self, other: Any) -> Any:
        return ew.add(self, other)

    def __radd__(self, other: Any) -> Any:
        return ew.add(other, self)

    def __sub__(self, other: Any) -> Any:
        return ew.subtract(self, other)

    def __rsub__(self, other: Any) -> Any:
        return ew.subtract(other, self)

    def __mul__(self, other: Any) -> Any:
        return ew.multiply(self, other)

    def __rmul__(self, other: Any) -> Any:
        return ew.multiply(other, self)

    def __truediv__(self, other: Any) -> Any:
        return ew.divide(self, other)

    def __rtruediv__(self, other: Any) -> Any:
        return ew.divide(other, self)

    def __floordiv__(self, other: Any) -> Any:
        return ew.floor_divide(self, other)

    def __rfloordiv__(self, other: Any) -> Any:
        return ew.floor_divide(other, self)

    def __mod__(self, other: Any) -> Any:
        return ew.remainder(self, other)

    def __rmod__(self, other: Any) -> Any:
        return ew.remainder(other, self)

    def __pow__(self, other: Any) -> Any:
        return ew.power(self, other)

    def __rpow__(self, other: Any) -> Any:
        return ew.power(other, self)

    def __eq__(self, other: object) -> Any:
        return ew.equal(self, other)

    def __ne__(self, other: object) -> Any:
        return ew.not_equal(self, other)

    def __lt__(self, other: Any) -> Any:
        return ew.less(self, other)

    def __le__(self, other: Any) -> Any:
        return ew.less_equal(self, other)

    def __gt__(self, other: Any) -> Any:
        return ew.greater(self, other)

    def __ge__(self, other: Any) -> Any:
        return ew.greater_equal(self, other)

    def __and__(self, other: Any) -> Any:
        return ew.logical_and(self, other)

    def __or__(self, other: Any) -> Any:
        return ew.logical_or(self, other)

    def __xor__(self, other: Any) -> Any:
        return ew.logical_xor(self, other)

    def __invert__(self) -> Any:
        return ew.logical_not(self)
