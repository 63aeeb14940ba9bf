"""Arrays from lists that may hold tensors, copies and conversions."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np

from ...engine.errors import ArgumentError, ShapeError, describe
from ...engine.trace import NUMPY_TYPES, Tracer
from .. import pointwise
from ..arguments import array_operand, dtype_of
from ..arraylike import is_arraylike, of_numbers
from ..broadcasting import convert
from ..declare import inside, namespace
from ..elementwise import copied
from .joining import stack
from .reshaping import with_axes

Order = Literal["K", "A", "C", "F"]


def _holds_tensors(x: Any) -> bool:
    """Whether a tensor, or an array that is not NumPy's, stands in nested lists."""
    if isinstance(x, (list, tuple)):
        return any([_holds_tensors(item) for item in x])
    if type(x) in NUMPY_TYPES:
        return False
    return isinstance(x, Tracer) or (hasattr(x, "dtype") and namespace(x) is not np)


def _stacked(x: Any) -> Any:
    """Make nested lists of numbers, arrays and tensors one array."""
    if not isinstance(x, (list, tuple)):
        return array_operand(x)
    items = [_stacked(item) for item in x]
    if len({tuple(item.shape) for item in items}) > 1:
        raise ShapeError(
            f"array: lists of one shape make an array, got {', '.join(map(describe, items))}"
        )
    return stack(items)


def _make_array(x: Any) -> Any:
    """What operations do with an operand that is no array."""
    if _holds_tensors(x):
        return _stacked(x)
    made = np.array(x)  # not np.asarray: buffers may change
    return of_numbers(made, x) if is_arraylike(x) else made


pointwise.make_array = _make_array


def array(
    object: Any,
    dtype: Any = None,
    *,
    copy: bool | None = True,
    order: Order | None = "K",
    subok: bool = False,
    ndmin: int = 0,
) -> Any:
    """Make an array of nested lists, which may hold tensors, or of another array.

    Parameters
    ----------
    object : array_like
    dtype : dtype, optional
        By default the one to which all elements promote.
    copy : bool, optional
        Whether to copy an array: True always, None where needed, False never.
    order : {'K', 'A', 'C', 'F'}, optional
        How the copy of an array lies in memory.
    subok : bool
        Whether subclasses of ndarray stay what they are.
    ndmin : int
        Axes of length 1 are put in front until there are so many.

    Returns
    -------
    array
        A tensor if `object` is or holds one.

    Raises
    ------
    ShapeError
        Lists of different lengths that hold tensors.
    ArgumentError
        ``copy=False`` where a copy is needed.

    Examples
    --------
    >>> import tenrso_ad as ta
    >>> ta.grad(lambda x: array([[x, 1.0], [x * x, 2.0]])[1, 0])(3.0)
    array(6.)
    """
    if not _holds_tensors(object):
        return np.array(object, dtype, copy=copy, order=order, subok=subok, ndmin=ndmin)
    made = _stacked(object)
    kind = made.dtype if dtype is None else dtype_of("array", dtype)
    if copy is False and (made is not object or made.dtype != kind):
        raise ArgumentError(f"array({describe(made)}): copy=False, but this wants a copy")
    if made.dtype != kind:
        made = convert(made, kind)
    elif copy and made is object:
        made = _copied(made, order)
    return with_axes(made, ndmin)


def asarray(
    a: Any,
    dtype: Any = None,
    order: Order | None = None,
    *,
    device: Any = None,
    copy: bool | None = None,
) -> Any:
    """Give an array as it is, and lists as an array; see `array`.

    Parameters
    ----------
    a : array_like
    dtype, order, copy
        As in `array`.
    device : device, optional
        Of arrays of other libraries; a tensor stays on its own.

    Examples
    --------
    >>> asarray([1, 2], dtype=float)
    array([1., 2.])
    """
    return array(_on_device("asarray", a, device), dtype, copy=copy, order=order)


def asanyarray(
    a: Any,
    dtype: Any = None,
    order: Order | None = None,
    *,
    device: Any = None,
    copy: bool | None = None,
) -> Any:
    """Give an array, also of a subclass of ndarray, as it is, and lists as an array.

    Parameters
    ----------
    a : array_like
    dtype, order, device, copy
        As in `asarray`.

    Examples
    --------
    >>> asanyarray([1, 2])
    array([1, 2])
    """
    return array(_on_device("asanyarray", a, device), dtype, copy=copy, order=order, subok=True)


def ascontiguousarray(a: Any, dtype: Any = None) -> Any:
    """Give an array of one axis or more that lies in C order in memory.

    Parameters
    ----------
    a : array_like
        A tensor is given in the order in which it lies.
    dtype : dtype, optional

    Examples
    --------
    >>> ascontiguousarray(1.0)
    array([1.])
    """
    return array(a, dtype, copy=None, order="C", ndmin=1)


def _on_device(name: str, a: Any, device: Any) -> Any:
    """Bring an array of another library to a device; others stay where they are."""
    if device is None:
        return a
    if not isinstance(a, Tracer) and hasattr(a, "dtype") and namespace(a) is not np:
        from array_api_compat import to_device

        return to_device(a, device)
    own = getattr(inside(a), "device", "cpu")
    if device != own:
        raise ArgumentError(f"{name}: an array on the device {own!r} stays there, got {device!r}")
    return a


def copy(a: Any, order: Order = "K", subok: bool = False) -> Any:
    """Copy an array; what happens to the copy of a tensor in place does not happen to the tensor.

    Parameters
    ----------
    a : array_like
    order : {'K', 'A', 'C', 'F'}
        How the copy lies in memory.
    subok : bool
        Whether subclasses of ndarray stay what they are.

    Examples
    --------
    >>> copy([1, 2])
    array([1, 2])
    """
    return array(a, order=order, subok=subok)


def astype(x: Any, dtype: Any, /, *, copy: bool = True, device: Any = None) -> Any:
    """Convert the elements.

    Conversion to integers and booleans has a zero derivative. From complex to real the real part is
    taken.

    Parameters
    ----------
    x : array
    dtype : dtype
    copy : bool
        Copy an array that has the dtype already.
    device : device, optional
        As in `asarray`.

    Examples
    --------
    >>> import numpy as np
    >>> astype(np.array([1.5, 2.5]), np.int64)
    array([1, 2])
    """
    x = array_operand(_on_device("astype", x, device))
    out = convert(x, dtype_of("astype", dtype))
    return _copied(x) if copy and out is x else out


def _copied(x: Any, order: str | None = "K") -> Any:
    if isinstance(x, Tracer):
        out = copied(x)
        return out if order in ("K", None) else _in_order(out, order)
    xp = namespace(x)
    return x.copy(order or "K") if xp is np else xp.asarray(x, copy=True)


def _in_order(x: Any, order: Any) -> Any:
    if isinstance(x, Tracer):
        x.value = _in_order(x.value, order)
    elif type(x) is np.ndarray:
        return np.asarray(x, order=order)
    return x
