"""Tensor: the one traced type, with NumPy's operators and protocols."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from typing import Any, Literal

import numpy as np

from . import inplace, tape
from .engine.errors import (
    ArgumentError,
    BackwardError,
    DTypeError,
    ShapeError,
    UnsupportedError,
    describe,
)
from .engine.guard import Guard
from .engine.node import Leaf
from .engine.trace import Tracer, concrete, is_inexact, register_tensor_type, snapshot
from .ops import elementwise as ew
from .ops import pointwise
from .ops.contraction import einsum, products
from .ops.declare import is_complex, namespace
from .ops.indexing import getitem, taking, updates
from .ops.reductions import cumulative, extrema, moments, sums
from .ops.shaping import creation, permuting, repeating, reshaping

array_functions: dict[Callable[..., Any], Callable[..., Any]] = {}
"""Our function for each NumPy function; the NumPy face fills it."""


@register_tensor_type
class Tensor(Tracer):
    """An array that a tape or a transform follows.

    Made by `tenrso_ad.tensor`, or handed to your function by a transform. NumPy functions and
    operators take it like an array, and give tensors.

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

    # --- what it is -------------------------------------------------------------------------------

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

    # --- leaving the graph ------------------------------------------------------------------------

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
        inner: Any = self
        while isinstance(inner, Tracer) and (inner.trace.imperative or inner.node is None):
            inner = inner.value
        if isinstance(inner, Tracer):
            raise DTypeError(
                f"{wish} of a tensor inside a transform would lose its derivative. Use the "
                "function of tenrso_ad.numpy instead of the one of math, or "
                "ta.stop_gradient(x).item() to leave on purpose."
            )
        return concrete(self, wish)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any:
        return np.array(self._plain("np.asarray"), dtype=dtype, copy=copy)

    def _plain(self, wish: str) -> Any:
        """Values as an array outside the graph; refused where that would cut the derivative."""
        if self.requires_grad:
            raise DTypeError(
                f"a {self.dtype} tensor cannot become a plain array without losing its "
                "derivative. Use a function of tenrso_ad.numpy, or x.value or "
                "ta.stop_gradient(x) to leave the graph on purpose."
            )
        value = concrete(self, wish)
        return np.asarray(value) if isinstance(value, np.generic) else value

    # --- the array API standard -------------------------------------------------------------------

    def __array_namespace__(self, /, *, api_version: str | None = None) -> Any:
        """Give the namespace of functions for tensors."""
        from . import array_api

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

    def __dlpack__(self, /, **options: Any) -> Any:
        return self._plain("DLPack").__dlpack__(**options)

    def __dlpack_device__(self) -> Any:
        return self._plain("DLPack").__dlpack_device__()

    # --- NumPy's protocols ------------------------------------------------------------------------

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **kwargs: Any) -> Any:
        function = pointwise.ufuncs.get(ufunc) or pointwise.scipy_operation(ufunc)
        if function is None:
            what = ("np." if hasattr(np, ufunc.__name__) else "") + ufunc.__name__
            raise UnsupportedError(
                f"{what} has no derivative rule here; for a plain result call it on x.value"
            )
        unknown = kwargs.keys() - inspect.signature(function).parameters.keys() if kwargs else ()
        if method != "__call__" or unknown:
            what = f"np.{ufunc.__name__}" + (f".{method}" if method != "__call__" else "")
            given = f" with {', '.join(sorted(unknown))}=" if unknown else ""
            raise UnsupportedError(f"{what}{given} is not supported on tensors; call it plainly")
        return function(*inputs, **kwargs)

    def __array_function__(self, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
        try:
            ours = array_functions[function]
        except KeyError:
            raise UnsupportedError(
                f"np.{function.__name__} is not supported on tensors; "
                "for a plain result call it on x.value"
            ) from None
        return ours(*args, **kwargs)

    __setitem__ = inplace.setitem

    # --- operators --------------------------------------------------------------------------------

    __neg__ = ew.negative
    __pos__ = ew.positive
    __abs__ = ew.absolute
    __invert__ = ew.logical_not
    __add__ = ew.add
    __sub__ = ew.subtract
    __mul__ = ew.multiply
    __truediv__ = ew.divide
    __floordiv__ = ew.floor_divide
    __mod__ = ew.remainder
    __pow__ = ew.power
    __eq__ = ew.equal
    __ne__ = ew.not_equal
    __lt__ = ew.less
    __le__ = ew.less_equal
    __gt__ = ew.greater
    __ge__ = ew.greater_equal
    __and__ = ew.logical_and
    __or__ = ew.logical_or
    __xor__ = ew.logical_xor

    __matmul__ = einsum.matmul

    def __rmatmul__(self, other: Any) -> Any:
        return einsum.matmul(other, self)

    def __radd__(self, other: Any) -> Any:
        return ew.add(other, self)

    def __rsub__(self, other: Any) -> Any:
        return ew.subtract(other, self)

    def __rmul__(self, other: Any) -> Any:
        return ew.multiply(other, self)

    def __rtruediv__(self, other: Any) -> Any:
        return ew.divide(other, self)

    def __rfloordiv__(self, other: Any) -> Any:
        return ew.floor_divide(other, self)

    def __rmod__(self, other: Any) -> Any:
        return ew.remainder(other, self)

    def __rpow__(self, other: Any) -> Any:
        return ew.power(other, self)

    __iadd__ = inplace.augmented("add", ew.add)
    __isub__ = inplace.augmented("subtract", ew.subtract)
    __imul__ = inplace.augmented("multiply", ew.multiply)
    __itruediv__ = inplace.augmented("divide", ew.divide)
    __ifloordiv__ = inplace.augmented("floor_divide", ew.floor_divide)
    __imod__ = inplace.augmented("remainder", ew.remainder)
    __ipow__ = inplace.augmented("power", ew.power)
    __imatmul__ = inplace.augmented("matmul", einsum.matmul)

    def __getitem__(self, index: Any) -> Any:
        return getitem.getitem(self, index)

    # --- methods of an array ----------------------------------------------------------------------

    def reshape(self, *shape: Any, order: Literal["C", "F", "A"] = "C") -> Any:
        """Same elements in another shape, given as a tuple or as several ints."""
        return reshaping.reshape(self, shape[0] if len(shape) == 1 else shape, order=order)

    def transpose(self, *axes: Any) -> Any:
        """Permute the axes; without axes reverse them."""
        if len(axes) == 1 and not hasattr(axes[0], "__index__"):
            return permuting.transpose(self, axes[0])
        return permuting.transpose(self, axes or None)

    @property
    def T(self) -> Any:
        """The axes in reverse order."""
        return permuting.transpose(self)

    @property
    def mT(self) -> Any:
        """The last two axes swapped."""
        return permuting.matrix_transpose(self)

    def copy(self, order: Literal["C", "F", "A", "K"] = "C") -> Any:
        """A tensor with the same elements and the same history, but not the same memory."""
        return creation.copy(self, order)

    def flatten(self, order: Literal["C", "F", "A", "K"] = "C") -> Any:
        """Elements along one axis, as a copy."""
        return creation.copy(reshaping.ravel(self, order))

    @property
    def at(self) -> Any:
        """Functional updates: ``x.at[i].set(v)``, as `tenrso_ad.numpy.at`."""
        return updates.at(self)

    @property
    def real(self) -> Any:
        """Real part, a view."""
        return ew.real(self)

    @real.setter
    def real(self, value: Any) -> None:
        inplace.setitem(ew.real(self), ..., value)

    @property
    def imag(self) -> Any:
        """Imaginary part, a view."""
        return ew.imag(self)

    @imag.setter
    def imag(self, value: Any) -> None:
        if not is_complex(self):
            raise DTypeError(f"{describe(self)} has no imaginary part to set")
        inplace.setitem(ew.imag(self), ..., value)

    # the functions of the same names, with the tensor as their first argument
    all = sums.all
    any = sums.any
    argmax = extrema.argmax
    argmin = extrema.argmin
    astype = creation.astype
    clip = ew.clip
    conj = conjugate = ew.conjugate
    cumprod = cumulative.cumprod
    cumsum = cumulative.cumsum
    dot = products.dot
    max = extrema.max
    mean = moments.mean
    min = extrema.min
    prod = sums.prod
    ravel = reshaping.ravel
    repeat = repeating.repeat
    squeeze = reshaping.squeeze
    std = moments.std
    sum = sums.sum
    swapaxes = permuting.swapaxes
    take = taking.take
    var = moments.var


def tensor(a: Any, requires_grad: bool = True, copy: bool = True, dtype: Any = None) -> Tensor:
    """Make a tensor that records what happens to it.

    Parameters
    ----------
    a : array_like
        Values; a Python float counts as float64.
    requires_grad : bool
        Whether gradients of it will be asked for; then its dtype must be floating point or complex.
    copy : bool
        Copy the array. Without a copy your array is read-only until the backward pass is done.
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
    elif namespace(a) is np:
        value = np.array(a, dtype=dtype) if copy else np.asarray(a, dtype=dtype)
    else:
        xp = namespace(a)
        value = xp.asarray(a, dtype=dtype, copy=copy or None)
    if not is_inexact(value.dtype) and (requires_grad or value.dtype == object):
        raise DTypeError(
            f"tensor({describe(value)}): a gradient exists for floating-point and complex arrays "
            "only. Convert it (dtype=float), or pass requires_grad=False."
        )
    if not requires_grad:
        return Tensor(value, trace, None)
    shared = value is a and type(value) is np.ndarray
    made = trace.variable(value, shared=shared)
    if shared:
        trace.shares = True
        made.node.guard = Guard(value)
    return made  # type: ignore[return-value]
