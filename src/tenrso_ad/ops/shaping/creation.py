"""Arrays from lists that may hold tensors, copies and conversions."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np

from ...engine.errors import ShapeError, describe
from ...engine.trace import NUMPY_TYPES, Tracer
from .. import pointwise
from ..arguments import array_operand, dtype_of
from ..broadcasting import convert
from ..declare import namespace
from ..elementwise import copied
from .joining import stack
from .reshaping import with_axes

# --- arrays ---------------------------------------------------------------------------------------


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
    return _stacked(x) if _holds_tensors(x) else np.asarray(x)


pointwise.make_array = _make_array


def array(
    object: Any,
    dtype: Any = None,
    *,
    copy: bool | None = True,
    order: Literal["K", "A", "C", "F"] | None = "K",
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

    Examples
    --------
    >>> import tenrso_ad as ta
    >>> ta.grad(lambda x: array([[x, 1.0], [x * x, 2.0]])[1, 0])(3.0)
    array(6.)
    """
    if _holds_tensors(object):
        made = _stacked(object)
        if copy and made is object:
            made = _copied(made, order)
    else:
        return np.array(object, dtype, copy=copy, order=order, ndmin=ndmin)
    if dtype is not None:
        made = convert(made, dtype_of("array", dtype))
    return with_axes(made, ndmin)


def asarray(
    a: Any,
    dtype: Any = None,
    order: Literal["K", "A", "C", "F"] | None = None,
    *,
    copy: bool | None = None,
) -> Any:
    """Give an array as it is, and lists as an array; see `array`.

    Parameters
    ----------
    a : array_like
    dtype, order, copy
        As in `array`.

    Examples
    --------
    >>> asarray([1, 2], dtype=float)
    array([1., 2.])
    """
    return array(a, dtype, copy=copy, order=order)


def copy(a: Any, order: Literal["K", "A", "C", "F"] = "K") -> Any:
    """Copy an array; what happens to the copy of a tensor in place does not happen to the tensor.

    Parameters
    ----------
    a : array_like
    order : {'K', 'A', 'C', 'F'}
        How the copy lies in memory.

    Examples
    --------
    >>> copy([1, 2])
    array([1, 2])
    """
    return array(a, order=order)


def astype(x: Any, dtype: Any, /, *, copy: bool = True) -> Any:
    """Convert the elements.

    Conversion to integers and booleans has a zero derivative. From complex to real the real part is
    taken.

    Parameters
    ----------
    x : array
    dtype : dtype
    copy : bool
        Copy an array that has the dtype already.

    Examples
    --------
    >>> import numpy as np
    >>> astype(np.array([1.5, 2.5]), np.int64)
    array([1, 2])
    """
    x = array_operand(x)
    out = convert(x, dtype_of("astype", dtype))
    return _copied(x) if copy and out is x else out


def _copied(x: Any, order: str | None = "K") -> Any:
    if isinstance(x, Tracer):
        out = copied(x)
        return out if order in ("K", None) else _in_order(out, order)
    xp = namespace(x)
    return x.copy() if xp is np else xp.asarray(x, copy=True)


def _in_order(x: Any, order: Any) -> Any:
    if isinstance(x, Tracer):
        x.value = _in_order(x.value, order)
    elif type(x) is np.ndarray:
        return np.asarray(x, order=order)
    return x
