"""Arrays of one value in the shape of another: full_like, zeros_like, ones_like, empty_like."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ...engine.errors import ArgumentError, describe
from ...engine.trace import Tracer, bind
from .. import elementwise as ew
from ..arguments import array_operand, dtype_of, of_one_library, shape_of
from ..broadcasting import broadcast_to_p, convert
from ..declare import inside, namespace
from ..indexing.getitem import getitem
from .creation import Order
from .reshaping import pad_p, ravel, reshape


def full_like(
    a: Any,
    fill_value: Any,
    dtype: Any = None,
    order: Order = "K",
    subok: bool = True,
    shape: int | Sequence[int] | None = None,
    *,
    device: Any = None,
) -> Any:
    """Make an array of one value with the shape and dtype of another.

    Parameters
    ----------
    a : array_like
    fill_value : array_like
        Broadcasts to the shape.
    dtype, shape : optional
        Instead of those of `a`.
    order : {'C', 'F', 'A', 'K'}
        How a plain result lies in memory: as `a` does ('K'), in Fortran order if `a` does ('A').
    subok : bool
        Whether the result is of a subclass of ndarray if `a` is.
    device : device, optional
        Of arrays of other libraries; by default that of `a`.

    Returns
    -------
    array
        A tensor if `a` or `fill_value` is one; it has no derivative by `a`.

    Examples
    --------
    >>> full_like([1.0, 2.0], 7)
    array([7., 7.])
    """
    return _filled("full_like", a, fill_value, dtype, order, subok, shape, device)


def zeros_like(
    a: Any,
    dtype: Any = None,
    order: Order = "K",
    subok: bool = True,
    shape: int | Sequence[int] | None = None,
    *,
    device: Any = None,
) -> Any:
    """Make an array of zeros with the shape and dtype of another.

    Parameters
    ----------
    a : array_like
    dtype, order, subok, shape, device
        As in `full_like`.

    Returns
    -------
    array
        A tensor if `a` is one; it has no derivative by `a`.

    Examples
    --------
    >>> zeros_like([1.0, 2.0])
    array([0., 0.])
    """
    return _filled("zeros_like", a, 0, dtype, order, subok, shape, device)


def ones_like(
    a: Any,
    dtype: Any = None,
    order: Order = "K",
    subok: bool = True,
    shape: int | Sequence[int] | None = None,
    *,
    device: Any = None,
) -> Any:
    """Make an array of ones with the shape and dtype of another.

    Parameters
    ----------
    a : array_like
    dtype, order, subok, shape, device
        As in `full_like`.

    Returns
    -------
    array
        A tensor if `a` is one; it has no derivative by `a`.

    Examples
    --------
    >>> ones_like([1.0, 2.0])
    array([1., 1.])
    """
    return _filled("ones_like", a, 1, dtype, order, subok, shape, device)


def empty_like(
    prototype: Any,
    /,
    dtype: Any = None,
    order: Order = "K",
    subok: bool = True,
    shape: int | Sequence[int] | None = None,
    *,
    device: Any = None,
) -> Any:
    """Make an array of any values, to be written over, with the shape and dtype of another.

    Parameters
    ----------
    prototype : array_like
    dtype, order, subok, shape, device
        As in `full_like`.

    Returns
    -------
    array
        A tensor of zeros if `prototype` is one; it has no derivative by `prototype`.

    Examples
    --------
    >>> empty_like([1.0, 2.0]).shape
    (2,)
    """
    if type(prototype) is np.ndarray:
        return np.empty_like(prototype, dtype, order, subok, shape, device=device)
    return _filled("empty_like", prototype, 0, dtype, order, subok, shape, device)


def _filled(
    name: str,
    a: Any,
    fill: Any,
    dtype: Any,
    order: Order,
    subok: bool,
    shape: Any,
    device: Any,
) -> Any:
    if order not in ("C", "F", "A", "K"):
        raise ArgumentError(f"{name}: order is 'C', 'F', 'A' or 'K', got {order!r}")
    a = a if isinstance(a, np.ndarray) else array_operand(a)
    fill = fill if isinstance(fill, (int, float, complex)) else array_operand(fill)
    kind = a.dtype if dtype is None else dtype_of(name, dtype)
    size = tuple(a.shape) if shape is None else shape_of(name, shape)
    if not isinstance(a, Tracer) and not isinstance(fill, Tracer):
        xp = namespace(a)
        if xp is np:
            return np.full_like(a, fill, kind, order, subok, size, device=device)
        from array_api_compat import device as device_of

        device = device_of(a) if device is None else device
        if not hasattr(fill, "dtype"):
            return xp.full(size, fill, dtype=kind, device=device)
    elif device is not None and device != getattr(inside(a), "device", "cpu"):
        raise ArgumentError(f"{name}({describe(a)}): a tensor stays on its device, got {device!r}")
    if hasattr(fill, "dtype"):
        fill = of_one_library(fill, a)[0]
    if isinstance(a, Tracer):  # a result that travels as `a` does, on a tape, in a batch or a graph
        nothing = getitem(ravel(ew.stop_gradient(a)), slice(0))
        zero = bind(pad_p, (convert(nothing, kind),), {"widths": ((0, 1),)})
        fill = ew.where(False, reshape(zero, ()), fill)
    # no view, which could only be read
    return bind(broadcast_to_p, (convert(fill, kind),), {"shape": size})
