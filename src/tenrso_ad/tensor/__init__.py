"""Tensor: the one traced type, with NumPy's operators, methods and protocols."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from .. import tape
from ..engine.errors import (
    ArgumentError,
    BackwardError,
    DTypeError,
    ShapeError,
    describe,
)
from ..engine.guard import Guard
from ..engine.node import Leaf
from ..engine.trace import Tracer, is_inexact, register_tensor_type, snapshot
from ..ops import elementwise as ew
from ..ops.arraylike import holds_numbers, is_arraylike
from ..ops.declare import namespace
from ..ops.pointwise import operand
from .functions import array_function, array_functions
from .leaving import Leaving
from .methods import Methods
from .operators import Operators
from .ufuncs import array_ufunc

__all__ = ["Tensor", "array_functions", "tensor"]


@register_tensor_type
class Tensor(Operators, Methods, Leaving):
    """An array that a tape or a transform follows.

    Made by `tenrso_ad.tensor`, or handed to your function by a transform. NumPy functions and
    operators take it like an array, and give tensors.

    Attributes
    ----------
    value : array or Tensor
        What it wraps; inside nested transforms a tensor of the next one out. The tensor has its
        shape and dtype.
    """

    __slots__ = ()
    __array_ufunc__ = array_ufunc
    __array_function__ = array_function

    @property
    def requires_grad(self) -> bool:
        """Whether a derivative flows through it."""
        value = self.value
        return self.node is not None or (isinstance(value, Tensor) and value.requires_grad)

    def __repr__(self) -> str:
        if isinstance(self.value, Tracer) or not hasattr(self.value, "__array__"):
            dims = ",".join(map(str, self.shape))
            return f"Tensor({self.dtype}[{dims}], level={self.trace.level})"
        tail = ", requires_grad=True)" if self.requires_grad else ")"
        return (
            "Tensor("
            + np.array2string(np.asarray(self.value), separator=", ", prefix="Tensor(")
            + tail
        )

    def __len__(self) -> int:
        if not self.shape:
            raise TypeError("len() of a 0-d tensor")
        return self.shape[0]

    def __iter__(self) -> Iterator[Tensor]:
        if not self.shape:
            raise TypeError("iteration over a 0-d tensor")
        return (self[i] for i in range(self.shape[0]))

    # --- the tape ---------------------------------------------------------------------------------

    def backward(self, gradient: Any = None, *, retain_graph: bool = False) -> None:
        """Add the gradient of this tensor to the ``.grad`` of every leaf that it depends on.

        Parameters
        ----------
        gradient : array, optional
            Cotangent of this tensor, of its shape; a real scalar needs none.
        retain_graph : bool
            Keep the saved values for another backward pass.

        Raises
        ------
        BackwardError
            No scalar and no gradient given, nothing requires a gradient, or the saved values were
            freed.
        """
        tape.backward(self, gradient, retain_graph)

    @property
    def grad(self) -> Any:
        """Gradient that backward passes have added up: an array like the leaf, or None."""
        return getattr(self.node, "gradient", None)

    @grad.setter
    def grad(self, value: Any) -> None:
        if not isinstance(self.node, Leaf):
            raise BackwardError("only leaves, made by ta.tensor, have a .grad to set")
        if value is not None and (value.shape != self.shape or value.dtype != self.dtype):
            raise ShapeError(f".grad of {describe(self)} cannot be {describe(value)}")
        self.node.gradient = value

    @property
    def is_leaf(self) -> bool:
        """Whether it was made by ta.tensor and not by an operation."""
        return self.node is None or isinstance(self.node, Leaf)

    def detach(self) -> Any:
        """Give the same values cut off from the graph, as `stop_gradient`."""
        return ew.stop_gradient(self)


def tensor(a: Any, requires_grad: bool = True, copy: bool = True, dtype: Any = None) -> Tensor:
    """Make a tensor that records what happens to it.

    Parameters
    ----------
    a : array_like
        Values; a Python float counts as float64.
    requires_grad : bool
        Whether gradients of it will be asked for; then its dtype must be floating point or complex.
    copy : bool
        Copy the array. Without a copy, which only a leaf can be, your array is read-only until the
        backward pass is done.
    dtype : dtype, optional
        Convert to this dtype.

    Returns
    -------
    Tensor
        Of the innermost open tape.

    Raises
    ------
    DTypeError
        An integer, boolean or object array where a gradient is asked.

    Examples
    --------
    >>> import tenrso_ad as ta
    >>> x = ta.tensor([1.0, 2.0, 3.0])
    >>> (x * x).sum().backward()
    >>> x.grad
    array([2., 4., 6.])
    """
    trace = tape.current_tape()
    value = a
    if isinstance(a, Tensor):
        if a.trace is trace:
            value = a.value
        elif a.trace.level > trace.level:
            raise ArgumentError(
                f"tensor({describe(a)}): it belongs to a tape or transform further in than the "
                "tape that is open here; open a new Tape there, or take its value"
            )
        value = snapshot(value if dtype is None else value.astype(dtype))
    else:
        value = operand(a) if is_arraylike(a) or hasattr(a, "dtype") else a
        xp = namespace(value)
        if xp is np:  # guarded is only what a leaf shares
            wanted = copy or not requires_grad or None
            value = np.array(value, dtype=dtype, copy=wanted)
            if not value.dtype.isnative:
                value = value.astype(value.dtype.newbyteorder("="))
        else:
            value = xp.asarray(value, dtype=dtype, copy=copy or None)
    if requires_grad and not is_inexact(value.dtype):
        raise DTypeError(
            f"tensor({describe(value)}): a gradient exists for floating-point and complex arrays "
            "only. Convert it (dtype=float), or pass requires_grad=False."
        )
    if isinstance(value, np.ndarray) and not holds_numbers(value.dtype):
        raise DTypeError(f"tensor({describe(value)}): a tensor holds booleans or numbers")
    if not requires_grad:
        return Tensor(value, trace, None)
    shared = value is a and type(value) is np.ndarray
    made = trace.variable(value, shared=shared)
    if shared:
        trace.shares = True
        made.node.guard = Guard(value)
    return made  # type: ignore[return-value]


def restored(value: Any, requires_grad: bool, grad: Any) -> Tensor:
    """Make the leaf that was pickled or copied deeply: a new one, on the current tape."""
    made = tensor(value, requires_grad)
    if grad is not None:
        made.grad = np.array(grad) if isinstance(grad, np.ndarray) else grad
    return made
