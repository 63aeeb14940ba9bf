"""NumPy's functions that change an array in place: put and its kin, fill_diagonal, copyto.

They change plain arrays and tensors. As in NumPy the values are converted to the dtype of the
array, whatever they are; only copyto asks.
"""

from __future__ import annotations

import math
from typing import Any, Literal

import numpy as np

from ...engine.errors import (
    ArgumentError,
    DTypeError,
    IndexingError,
    ShapeError,
    UnsupportedError,
    describe,
    explain,
)
from ...engine.trace import Tracer
from .. import elementwise as ew
from ..arguments import array_operand, axis_of, into
from ..broadcasting import convert
from ..reductions.cumulative import cumsum
from ..reductions.sums import mask_of
from ..shaping.repeating import resize
from ..shaping.reshaping import assigned, ravel, reshape
from .getitem import getitem
from .subscript import block_shape, integers
from .taking import Mode, brought_in, index_along, positions_along
from .updates import at

Casting = Literal["no", "equiv", "safe", "same_kind", "unsafe"]


def _by_numpy(function: Any, a: Any, *operands: Any, **options: Any) -> bool:
    """Let NumPy do it if no operand is a tensor; tell whether it did."""
    name = function.__name__
    if not isinstance(a, (np.ndarray, Tracer)):
        raise UnsupportedError(
            f"{name}: changes a tensor or an array of NumPy in place, got {describe(a)}; "
            "at(a)[...].set(...) gives a changed copy of any array"
        )
    if any(isinstance(x, Tracer) for x in (a, *operands, *options.values())):
        return False
    try:
        function(a, *operands, **options)
    except Exception as error:
        raise explain(name, (a, *operands), options, error) from error
    return True


def _check_bounds(name: str, a: Any, positions: Any, length: int) -> None:
    """Raise for positions out of bounds; staged and batched ones are checked when they are used."""
    if type(positions) is np.ndarray and ((positions < -length) | (positions >= length)).any():
        raise IndexingError(
            f"{name}({describe(a)}): positions {positions} are out of bounds for a length of "
            f"{length}"
        )


def put(a: Any, ind: Any, v: Any, mode: Mode = "raise") -> None:
    """Put values at positions of the flattened array, in place.

    Parameters
    ----------
    a : array or Tensor
    ind : array_like of int
    v : array_like
        Repeated if they are fewer than the positions. Of values that meet, the last one stays.
    mode : {"raise", "wrap", "clip"}
        What to do with a position out of bounds: raise, count on from the other end, or take the
        nearest.

    Raises
    ------
    IndexingError
        A position out of bounds.
    UnsupportedError
        `a` is plain and `v` a tensor, whose derivative would be lost.

    Examples
    --------
    >>> import numpy as np
    >>> x = np.zeros(4)
    >>> put(x, [0, 2], [5.0, 6.0])
    >>> x
    array([5., 0., 6., 0.])
    """
    positions, values = integers("put", ind), array_operand(v)
    if _by_numpy(np.put, a, positions, values, mode=mode):
        return
    flat, positions = ravel(a), ravel(positions)
    if mode != "raise":
        positions = brought_in("put", positions, flat.shape[0], mode)
    _check_bounds("put", a, positions, flat.shape[0])
    if 0 not in values.shape and 0 not in positions.shape:
        values = convert(resize(values, positions.shape), flat.dtype)
        into("put", a, reshape(at(flat)[positions].set(values), a.shape))


def put_along_axis(arr: Any, indices: Any, values: Any, axis: int | None) -> None:
    """Put values at positions along an axis, given for each place, in place.

    Parameters
    ----------
    arr : array or Tensor
    indices : array_like of int
        With as many axes as `arr`; the others broadcast against it.
    values : array_like
        Broadcast to the places.
    axis : int or None
        None flattens `arr`; `indices` then has one axis.

    Raises
    ------
    IndexingError
        A position out of bounds.
    UnsupportedError
        `arr` is plain and `values` a tensor, whose derivative would be lost.

    Examples
    --------
    >>> import numpy as np
    >>> x = np.array([[3, 1], [4, 6]])
    >>> put_along_axis(x, np.argmax(x, axis=1)[:, None], 0, axis=1)
    >>> x
    array([[0, 1],
           [4, 0]])
    """
    name = "put_along_axis"
    indices, values = integers(name, indices), array_operand(values)
    if _by_numpy(np.put_along_axis, arr, indices, values, axis=axis):
        return
    x, place = (ravel(arr), 0) if axis is None else (arr, axis_of(name, axis, arr))
    positions = positions_along(name, x, indices)
    _check_bounds(name, arr, positions, x.shape[place])
    index = index_along(x, positions, place)
    values = assigned(name, values, block_shape(index), f"the places in {describe(arr)}")
    changed = at(x)[index].set(convert(values, x.dtype))
    into(name, arr, reshape(changed, arr.shape))


def fill_diagonal(a: Any, val: Any, wrap: bool = False) -> None:
    """Fill the main diagonal, in place.

    Parameters
    ----------
    a : array or Tensor
        With at least two axes; if there are more, all of one length.
    val : array_like
        Repeated along the diagonal if it is shorter.
    wrap : bool
        Begin again below the end of a matrix that has more rows than columns.

    Raises
    ------
    UnsupportedError
        `a` is plain and `val` a tensor, whose derivative would be lost.

    Examples
    --------
    >>> import numpy as np
    >>> x = np.zeros((2, 2))
    >>> fill_diagonal(x, [1.0, 2.0])
    >>> x
    array([[1., 0.],
           [0., 2.]])
    """
    values = array_operand(val)
    if _by_numpy(np.fill_diagonal, a, values, wrap=wrap):
        return
    shape = tuple(a.shape)
    if len(shape) < 2 or (len(shape) > 2 and len(set(shape)) > 1):
        raise ShapeError(
            f"fill_diagonal({describe(a)}): wants a matrix, or an array of more axes, all of one "
            "length"
        )
    step = sum([math.prod(shape[i + 1 :]) for i in range(len(shape))])
    end = math.prod(shape) if wrap or len(shape) > 2 else shape[1] ** 2
    diagonal = slice(0, end, step)
    count = len(range(*diagonal.indices(math.prod(shape))))
    if count and 0 not in values.shape:
        values = convert(resize(values, count), a.dtype)
        into("fill_diagonal", a, reshape(at(ravel(a))[diagonal].set(values), shape))


def place(arr: Any, mask: Any, vals: Any) -> None:
    """Put values one after another where a mask holds, in place.

    Parameters
    ----------
    arr : array or Tensor
    mask : array_like of bool
        As many elements as `arr` has.
    vals : array_like
        The first goes where the mask holds first, and so on; repeated if they are too few.

    Raises
    ------
    UnsupportedError
        `arr` is plain and `vals` a tensor, whose derivative would be lost.

    Examples
    --------
    >>> import numpy as np
    >>> x = np.arange(4)
    >>> place(x, x % 2 == 0, [7, 8])
    >>> x
    array([7, 1, 8, 3])
    """
    mask, values = array_operand(mask), ravel(array_operand(vals))
    if _by_numpy(np.place, arr, mask, values):
        return
    mask = _mask_like("place", arr, mask)
    count = values.shape[0]
    if count:
        number = (cumsum(ravel(mask)) - 1) % count  # of the value that each element would get
        values = reshape(getitem(convert(values, arr.dtype), number), arr.shape)
        into("place", arr, ew.where(mask, values, arr))
    elif type(mask) is not np.ndarray or mask.any():
        raise ArgumentError("place: wants at least one value, got none")


def putmask(a: Any, /, mask: Any, values: Any) -> None:
    """Replace elements by the values that stand in the same places, where a mask holds, in place.

    Parameters
    ----------
    a : array or Tensor
    mask : array_like of bool
        As many elements as `a` has.
    values : array_like
        Repeated if they are fewer than the elements of `a`.

    Raises
    ------
    UnsupportedError
        `a` is plain and `values` a tensor, whose derivative would be lost.

    Examples
    --------
    >>> import numpy as np
    >>> x = np.arange(4)
    >>> putmask(x, x > 1, x * 10)
    >>> x
    array([ 0,  1, 20, 30])
    """
    mask, values = array_operand(mask), array_operand(values)
    if _by_numpy(np.putmask, a, mask, values):
        return
    mask = _mask_like("putmask", a, mask)
    if 0 not in values.shape:
        into("putmask", a, ew.where(mask, convert(resize(values, a.shape), a.dtype), a))


def _mask_like(name: str, a: Any, mask: Any) -> Any:
    """Give a mask of any shape, with as many elements as an array, the shape of that."""
    shape = tuple(a.shape)
    if math.prod(mask.shape) != math.prod(shape):
        raise ShapeError(f"{name}({describe(a)}): wants a mask of that size, got {describe(mask)}")
    return ew.not_equal(reshape(mask, shape), 0)


def copyto(dst: Any, src: Any, casting: Casting = "same_kind", where: Any = True) -> None:
    """Copy an array into another one, in place.

    Parameters
    ----------
    dst : array or Tensor
    src : array_like
        Broadcasts to `dst`.
    casting : {'no', 'equiv', 'safe', 'same_kind', 'unsafe'}
        Which conversions to the dtype of `dst` are allowed.
    where : array_like of bool
        What to copy; broadcasts to `dst`.

    Raises
    ------
    DTypeError
        A conversion that `casting` does not allow.
    UnsupportedError
        `dst` is plain and `src` a tensor, whose derivative would be lost.

    Examples
    --------
    >>> import numpy as np
    >>> x = np.zeros(3)
    >>> copyto(x, [1, 2, 3], where=[True, False, True])
    >>> x
    array([1., 0., 3.])
    """
    src = array_operand(src)
    if _by_numpy(np.copyto, dst, src, casting=casting, where=array_operand(where)):
        return
    if src.dtype != dst.dtype and not np.can_cast(src.dtype, dst.dtype, casting):
        raise DTypeError(
            f"copyto: {describe(src)} does not convert to {describe(dst)} with casting={casting!r}"
        )
    src = assigned("copyto", convert(src, dst.dtype), tuple(dst.shape), describe(dst))
    if where is not True:
        src = ew.where(mask_of("copyto", dst, where), src, dst)
    into("copyto", dst, src)
