"""Choosing among several arrays or functions, element by element; replacing what is not finite."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..engine.errors import ArgumentError, DTypeError, ShapeError, UnsupportedError, describe
from ..engine.trace import Tracer, is_inexact
from . import elementwise as ew
from .arguments import array_operand, operand_like
from .broadcasting import broadcast_to, convert
from .declare import is_boolean, is_complex, namespace_inside
from .pointwise import elementwise, operand
from .shaping.reshaping import reshape

# by x the derivative is zero, at the step too
heaviside = elementwise(
    "heaviside", np.heaviside, None, lambda g, x: ew.where(ew.equal(x, 0), g, 0)
)


def select(condlist: Sequence[Any], choicelist: Sequence[Any], default: Any = 0) -> Any:
    """Choose each element from the first choice whose condition holds.

    Parameters
    ----------
    condlist : sequence of array_like of bool
    choicelist : sequence of array_like
        As many; all broadcast together.
    default : array_like
        What to take where no condition holds.

    Returns
    -------
    array

    Raises
    ------
    ArgumentError
        No condition, or not as many choices.
    DTypeError
        A condition that is not boolean.

    Examples
    --------
    >>> import numpy as np
    >>> x = np.arange(5.0)
    >>> select([x < 2, x > 3], [x, 10 * x], -1.0)
    array([ 0.,  1., -1., -1., 40.])
    """
    if not condlist or len(condlist) != len(choicelist):
        raise ArgumentError(
            f"select: {len(condlist)} conditions and {len(choicelist)} choices; it takes one "
            "choice a condition, and at least one"
        )
    conditions = [array_operand(c) for c in condlist]
    for number, condition in enumerate(conditions):
        if not is_boolean(condition):
            raise DTypeError(
                f"select: condition {number} is {describe(condition)}; conditions are boolean"
            )
    *choices, chosen = _of_one_dtype([operand(c) for c in (*choicelist, default)])
    for condition, choice in zip(conditions[::-1], choices[::-1], strict=True):
        chosen = ew.where(condition, choice, chosen)
    return chosen


def _of_one_dtype(values: Sequence[Any]) -> list[Any]:
    """Promote arrays and Python numbers, which are weak, all at once and not pair by pair."""
    arrays = [v for v in values if hasattr(v, "dtype")]
    if any(namespace_inside(a) is not np for a in arrays):
        foreign = next(a for a in arrays if namespace_inside(a) is not np)
        return [v if hasattr(v, "dtype") else operand_like(v, foreign) for v in values]
    dtype = np.result_type(*[getattr(v, "dtype", v) for v in values])
    return [convert(array_operand(v), dtype) for v in values]


def piecewise(x: Any, condlist: Any, funclist: Sequence[Any], *args: Any, **kw: Any) -> Any:
    """Apply to each element the function whose condition holds there.

    Every function gets the whole of `x`, whatever its condition, and should be elementwise: so
    this works under vmap and staging as well. What it makes of the other elements is dropped, and
    so are their derivatives.

    Parameters
    ----------
    x : array_like
    condlist : sequence of array_like of bool
        Of the shape of `x`. Where several hold, the last of them counts.
    funclist : sequence of callable or number
        One a condition; one more is for the elements where none holds, by default 0.
    *args, **kw
        Passed on to the functions.

    Returns
    -------
    array
        Of the shape and dtype of `x`.

    Raises
    ------
    ArgumentError
        The functions are neither as many as the conditions nor one more.
    ShapeError
        A condition of another shape than `x`.

    Examples
    --------
    >>> import numpy as np
    >>> x = np.array([-1.0, 4.0])
    >>> piecewise(x, [x < 0, x >= 0], [0.0, np.sqrt])
    array([0., 2.])
    """
    x = array_operand(x)
    conditions = [_condition(c, x) for c in _list_of_conditions(condlist, x)]
    if len(funclist) == len(conditions) + 1:
        some = functools.reduce(ew.logical_or, conditions)
        conditions.append(ew.logical_not(some))
    elif len(funclist) != len(conditions):
        raise ArgumentError(
            f"piecewise: {len(conditions)} conditions and {len(funclist)} functions; it takes one "
            "function a condition, and perhaps one more for the rest"
        )
    out = ew.where(False, x, 0)
    for condition, function in zip(conditions, funclist, strict=True):
        if callable(function):
            with np.errstate(all="ignore"):  # outside its condition
                value = function(x, *args, **kw)
        else:
            value = function
        out = ew.where(condition, broadcast_to(operand_like(value, x), tuple(x.shape)), out)
    return out


def _list_of_conditions(condlist: Any, x: Any) -> list[Any]:
    """NumPy also takes a single condition."""
    if isinstance(condlist, bool) or getattr(condlist, "shape", None) == ():
        return [condlist]
    if hasattr(condlist, "shape"):
        rows = len(condlist.shape) > 1
    else:
        rows = isinstance(condlist[0], list) or hasattr(condlist[0], "shape")
    return list(condlist) if rows or not len(x.shape) else [condlist]


def _condition(condition: Any, x: Any) -> Any:
    """Give a condition the axes of `x`; like a mask, it may leave out the last ones."""
    condition = array_operand(condition)
    shape, whole = tuple(condition.shape), tuple(x.shape)
    if shape != whole[: len(shape)]:
        raise ShapeError(
            f"piecewise({describe(x)}): a condition has the shape of x, got {describe(condition)}"
        )
    return reshape(condition, (*shape, *(1,) * (len(whole) - len(shape))))


def nan_to_num(
    x: Any, copy: bool = True, nan: Any = 0.0, posinf: Any = None, neginf: Any = None
) -> Any:
    """Replace NaN and infinities; the gradient goes to what is left of x, and to the replacements.

    Parameters
    ----------
    x : array_like
    copy : bool
        False changes a NumPy array, or a tensor, in place.
    nan : array_like
        Takes the place of NaN.
    posinf, neginf : array_like, optional
        Take the place of infinities; by default the largest and smallest finite numbers.

    Returns
    -------
    array
        Real and imaginary parts of complex numbers are each treated so.

    Raises
    ------
    UnsupportedError
        ``copy=False`` of anything else.

    Examples
    --------
    >>> import numpy as np
    >>> nan_to_num(np.array([np.nan, 1.0, np.inf]), posinf=9.0)
    array([0., 1., 9.])
    """
    if not copy:
        if not isinstance(x, (np.ndarray, Tracer)):
            raise UnsupportedError(
                f"nan_to_num({describe(x)}) with copy=False: a NumPy array or a tensor can be "
                "changed in place"
            )
        target: Any = x
        target[...] = nan_to_num(x, nan=nan, posinf=posinf, neginf=neginf)
        return target
    x = array_operand(x)
    if is_complex(x):
        parts = [_finite(part, nan, posinf, neginf) for part in (ew.real(x), ew.imag(x))]
        x = ew.from_parts(*parts)
    elif is_inexact(x.dtype):
        x = _finite(x, nan, posinf, neginf)
    return x[()] if isinstance(x, np.ndarray) else x


def _finite(x: Any, nan: Any, posinf: Any, neginf: Any) -> Any:
    posinf = _largest(x) if posinf is None else posinf
    neginf = -_largest(x) if neginf is None else neginf
    infinite = ew.isinf(x)
    for where, value in (
        (ew.isnan(x), nan),
        (ew.logical_and(infinite, ew.greater(x, 0)), posinf),
        (ew.logical_and(infinite, ew.less(x, 0)), neginf),
    ):
        x = ew.where(where, operand_like(value, x), x)
    return x


def _largest(x: Any) -> float:
    """Largest finite number of a real dtype."""
    if getattr(x.dtype, "kind", "") == "V":
        import ml_dtypes

        limits: Any = ml_dtypes.finfo
        return float(limits(x.dtype).max)
    return float(namespace_inside(x).finfo(x.dtype).max)
