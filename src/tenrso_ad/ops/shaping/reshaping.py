"""The same elements in another shape: reshape, squeeze, expand_dims, broadcast_to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np

from ...engine.array_type import ArrayType
from ...engine.errors import ArgumentError, ShapeError, describe
from ...engine.graph import Variable
from ...engine.primitive import Primitive
from ...engine.trace import Tracer, bind
from ...engine.views import bind_view, layout, relate, write_back
from .. import broadcasting
from ..arguments import Axis, array_operand, axes_of, axis_of, resolved, shape_of
from ..declare import linear, namespace, zeros_like
from .permuting import transpose

Order = Literal["C", "F", "A"]


def _evaluate_reshape(x: Any, *, shape: tuple[int, ...], copy: bool | None = None) -> Any:
    xp = namespace(x)
    if xp is np:
        return x.reshape(shape) if copy is None else x.reshape(shape, copy=copy)
    return xp.reshape(x, shape, copy=copy)


reshape_p: Primitive = linear(
    "reshape",
    _evaluate_reshape,
    transpose=lambda g, x, *, shape, copy=None: bind(reshape_p, (g,), {"shape": x.shape}),
    shape=lambda x, *, shape, copy=None: ArrayType(shape, x.dtype),
    batch=lambda size, values, batched, params: bind(
        reshape_p, values, {**params, "shape": (size, *params["shape"])}
    ),
)


write_back[reshape_p] = lambda base, view, params: bind(reshape_p, (view,), {"shape": base.shape})


def _evaluate_pad(x: Any, *, widths: tuple[tuple[int, int], ...]) -> Any:
    inside = [
        slice(max(-lo, 0), n - max(-hi, 0)) for n, (lo, hi) in zip(x.shape, widths, strict=True)
    ]
    x = x[tuple(inside)]
    added = [(max(lo, 0), max(hi, 0)) for lo, hi in widths]
    if not any(lo or hi for lo, hi in added):
        return x
    xp = namespace(x)
    if xp is np:
        sizes = [(n, lo, hi) for n, (lo, hi) in zip(x.shape, added, strict=True)]
        out = np.zeros([lo + n + hi for n, lo, hi in sizes], x.dtype)
        out[tuple([slice(lo, lo + n) for n, lo, hi in sizes])] = x
        return out
    for axis, pair in enumerate(added):
        lo, hi = [zeros_like(x, (*x.shape[:axis], n, *x.shape[axis + 1 :])) for n in pair]
        x = xp.concat([lo, x, hi], axis=axis)
    return x


# zeros around an array; a negative width crops it
pad_p: Primitive = linear(
    "pad",
    _evaluate_pad,
    transpose=lambda g, x, *, widths: bind(
        pad_p, (g,), {"widths": tuple([(-lo, -hi) for lo, hi in widths])}
    ),
    shape=lambda x, *, widths: ArrayType(
        tuple([lo + n + hi for n, (lo, hi) in zip(x.shape, widths, strict=True)]), x.dtype
    ),
    batch=lambda size, values, batched, params: bind(
        pad_p, values, {"widths": ((0, 0), *params["widths"])}
    ),
)


def reshape(
    a: Any, /, shape: int | Sequence[int], order: Order = "C", *, copy: bool | None = None
) -> Any:
    """Give an array a new shape without changing its elements.

    Parameters
    ----------
    a : array_like
    shape : int or tuple of int
        One length may be -1: it follows from the size.
    order : {'C', 'F', 'A'}
        In which order elements are read and placed. 'A' is 'F' if `a` lies in Fortran order in
        memory, else 'C'.
    copy : bool, optional
        True always copies, False never does; by default only where it must.

    Returns
    -------
    array
        A view of `a` where possible.

    Raises
    ------
    ShapeError
        Sizes differ, or ``copy=False`` and a copy is needed.

    Examples
    --------
    >>> reshape([1.0, 2.0, 3.0, 4.0], (2, -1), order="F")
    array([[1., 3.],
           [2., 4.]])
    """
    a = array_operand(a)
    new = resolved("reshape", tuple(a.shape), shape_of("reshape", shape))
    if order == "A":
        order = "F" if _is_fortran(a) else "C"
    params: dict[str, Any] = {"shape": new} if copy is None else {"shape": new, "copy": copy}
    if order == "C":
        return _reshaped(a, params)
    if order != "F":
        raise ArgumentError(f"reshape: order is 'C', 'F' or 'A', got {order!r}")
    return transpose(_reshaped(transpose(a), {**params, "shape": new[::-1]}))


def _reshaped(a: Any, params: dict[str, Any]) -> Any:
    """Reshape; of a tensor, the result is a view where NumPy could make it one without a copy."""
    if not isinstance(a, Tracer) or params.get("copy"):
        return bind(reshape_p, (a,), params)
    source = a.value
    if type(source) is not np.ndarray:
        source = _innermost(source)
    if type(source) is not np.ndarray or not source.flags.c_contiguous:
        out = bind(reshape_p, (a,), params)
        if not _is_copy(a, source, out, params["shape"]):
            relate(out, a, reshape_p, params)
        return out
    return bind_view(reshape_p, a, params)


def _is_copy(a: Any, source: Any, out: Any, shape: tuple[int, ...]) -> bool:
    """Whether NumPy cannot reshape an array that is not contiguous without a copy."""
    if isinstance(source, Variable):  # not there yet: see what NumPy does with such an array
        source = layout(a)
        return source.size > 0 and not np.may_share_memory(source, source.reshape(shape))
    return type(source) is np.ndarray and not np.may_share_memory(source, _innermost(out))


def ravel(a: Any, order: Literal["C", "F", "A", "K"] = "C") -> Any:
    """Flatten an array to one axis.

    Parameters
    ----------
    a : array_like
    order : {'C', 'F', 'A', 'K'}
        As in `reshape`; 'K' reads elements in the order in which they lie in memory.

    Returns
    -------
    array
        A view of `a` where possible.

    Examples
    --------
    >>> ravel([[1, 2], [3, 4]])
    array([1, 2, 3, 4])
    """
    a = array_operand(a)
    if order == "K":
        strides = getattr(_innermost(a), "strides", ())[-a.ndim :] if a.ndim else ()
        if len(strides) != a.ndim:  # an array that tells nothing of its memory
            return reshape(a, -1)
        return reshape(transpose(a, sorted(range(a.ndim), key=lambda i: -abs(strides[i]))), -1)
    return reshape(a, -1, order)


def along(name: str, a: Any, axis: int | None, *, scalars: bool = False) -> tuple[Any, int]:
    """Give an array, flattened if `axis` is None, and the axis as a non-negative int.

    Parameters
    ----------
    name : str
        Of the operation, for errors.
    a : array_like
    axis : int or None
    scalars : bool
        Whether an array without axes counts as having one, as some of NumPy's functions have it.
    """
    a = array_operand(a)
    if axis is None or (scalars and not len(a.shape) and axis in (0, -1)):
        return ravel(a), 0
    return a, axis_of(name, axis, a)


def _innermost(x: Any) -> Any:
    while isinstance(x, Tracer):
        x = x.value
    return x


def _is_fortran(x: Any) -> bool:
    flags = getattr(_innermost(x), "flags", None)
    return flags is not None and flags.f_contiguous and not flags.c_contiguous


def squeeze(a: Any, axis: Axis = None) -> Any:
    """Remove axes of length 1.

    Parameters
    ----------
    a : array_like
    axis : int or tuple of int, optional
        Which; by default all of length 1.

    Raises
    ------
    ShapeError
        A chosen axis is longer than 1.

    Examples
    --------
    >>> squeeze([[[1.0], [2.0]]]).shape
    (2,)
    """
    a = array_operand(a)
    shape = tuple(a.shape)
    if axis is None or (not shape and axis in (0, -1)):
        return bind_view(reshape_p, a, {"shape": tuple([n for n in shape if n != 1])})
    axes = axes_of("squeeze", axis, a)
    for i in axes:
        if shape[i] != 1:
            raise ShapeError(f"squeeze({describe(a)}): axis {i} has length {shape[i]}, not 1")
    kept = tuple([n for i, n in enumerate(shape) if i not in axes])
    return bind_view(reshape_p, a, {"shape": kept})


def expand_dims(a: Any, axis: int | tuple[int, ...]) -> Any:
    """Insert axes of length 1.

    Parameters
    ----------
    a : array_like
    axis : int or tuple of int
        Where they stand in the result.

    Examples
    --------
    >>> expand_dims([1.0, 2.0], (0, -1)).shape
    (1, 2, 1)
    """
    a = array_operand(a)
    count = len(axis) if isinstance(axis, (tuple, list)) else 1
    ndim = len(a.shape) + count
    axes = axes_of("expand_dims", axis, a, ndim)
    rest = iter(a.shape)
    shape = tuple([1 if i in axes else next(rest) for i in range(ndim)])
    return bind_view(reshape_p, a, {"shape": shape})


def atleast_1d(*arys: Any) -> Any:
    """Give arrays with one axis or more; numbers become arrays of one element.

    Parameters
    ----------
    *arys : array_like

    Returns
    -------
    array or tuple of array
        A tuple if there is not exactly one argument.

    Examples
    --------
    >>> atleast_1d(3.0, [1.0, 2.0])
    (array([3.]), array([1., 2.]))
    """
    return _one_or_all([with_axes(array_operand(a), 1) for a in arys])


def atleast_2d(*arys: Any) -> Any:
    """Give arrays with two axes or more; new ones stand in front.

    Parameters
    ----------
    *arys : array_like

    Returns
    -------
    array or tuple of array
        A tuple if there is not exactly one argument.

    Examples
    --------
    >>> atleast_2d([1.0, 2.0])
    array([[1., 2.]])
    """
    return _one_or_all([with_axes(array_operand(a), 2) for a in arys])


def atleast_3d(*arys: Any) -> Any:
    """Give arrays with three axes or more; a vector lies along the second of them.

    Parameters
    ----------
    *arys : array_like

    Returns
    -------
    array or tuple of array
        A tuple if there is not exactly one argument.

    Examples
    --------
    >>> atleast_3d([1.0, 2.0]).shape
    (1, 2, 1)
    """
    return _one_or_all([three_axes(array_operand(a)) for a in arys])


def three_axes(a: Any) -> Any:
    """Give an array three axes: one in front of a vector, one behind a vector or a matrix."""
    a = with_axes(a, 2)
    return bind_view(reshape_p, a, {"shape": (*a.shape, 1)}) if len(a.shape) == 2 else a


def _one_or_all(results: list[Any]) -> Any:
    return results[0] if len(results) == 1 else tuple(results)


def with_axes(a: Any, ndim: int) -> Any:
    """Put axes of length 1 in front until there are `ndim`."""
    missing = ndim - len(a.shape)
    if missing <= 0:
        return a
    return bind_view(reshape_p, a, {"shape": (*(1,) * missing, *a.shape)})


def assigned(name: str, values: Any, shape: tuple[int, ...], what: str) -> Any:
    """Broadcast values to what they are assigned to; axes of length 1 in front may be too many.

    Parameters
    ----------
    name, what : str
        The operation and what has the shape, for errors.
    values : array
    shape : tuple of int
    """
    given = tuple(values.shape)
    surplus = len(given) - len(shape)
    if surplus > 0 and given[:surplus] == (1,) * surplus:
        values = bind(reshape_p, (values,), {"shape": given[surplus:]})
    lengths = zip(reversed(values.shape), reversed(shape), strict=False)
    if len(values.shape) > len(shape) or not all(n in (1, m) for n, m in lengths):
        raise ShapeError(
            f"{name}: values of shape {given} do not broadcast to the shape {shape} of {what}"
        )
    return broadcasting.broadcast_to(values, shape)


def broadcast_to(array: Any, shape: int | Sequence[int], subok: bool = False) -> Any:
    """Repeat an array along new and size-1 axes.

    Parameters
    ----------
    array : array_like
    shape : int or tuple of int
    subok : bool
        Whether a subclass of ndarray stays what it is.

    Returns
    -------
    array
        A read-only view of `array`.

    Raises
    ------
    ShapeError
        The array does not broadcast to `shape`.

    Examples
    --------
    >>> broadcast_to([1, 2], (2, 2))
    array([[1, 2],
           [1, 2]])
    """
    new = shape_of("broadcast_to", shape)
    out = bind_view(broadcasting.broadcast_to_p, array_operand(array), {"shape": new})
    return out.view(type(array)) if subok and isinstance(array, np.ndarray) else out


def broadcast_arrays(*args: Any, subok: bool = False) -> tuple[Any, ...]:
    """Broadcast arrays against one another.

    Parameters
    ----------
    *args : array_like
    subok : bool
        Whether subclasses of ndarray stay what they are.

    Returns
    -------
    tuple of array
        Each of the common shape.

    Raises
    ------
    ShapeError
        The shapes do not broadcast.

    Examples
    --------
    >>> x, y = broadcast_arrays([1, 2], [[3], [4]])
    >>> y
    array([[3, 3],
           [4, 4]])
    """
    arrays = [a if isinstance(a, np.ndarray) else array_operand(a) for a in args]
    try:
        shape = np.broadcast_shapes(*[tuple(a.shape) for a in arrays])
    except ValueError as error:
        given = ", ".join(map(describe, arrays))
        raise ShapeError(f"broadcast_arrays({given}): {error}") from None
    return tuple([broadcast_to(a, shape, subok) for a in arrays])
