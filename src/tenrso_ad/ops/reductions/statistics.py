"""Weighted averages, covariance and correlation."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...engine.errors import ArgumentError, DTypeError, ShapeError, describe
from ...engine.trace import is_inexact
from .. import elementwise as ew
from ..arguments import Axis, array_operand, axes_of, dtype_of
from ..broadcasting import broadcast_to, convert
from ..contraction.einsum import matmul
from ..declare import inside, is_complex, ones_like
from ..indexing.getitem import getitem
from ..shaping.diagonals import diagonal
from ..shaping.joining import concatenate
from ..shaping.permuting import transpose
from ..shaping.reshaping import expand_dims, reshape, squeeze, with_axes
from .moments import mean
from .sums import length, reduction_axes, sum, warn_where

# --- weighted averages ----------------------------------------------------------------------------


def weights_along(name: str, weights: Any, a: Any, axis: Any) -> Any:
    """Check weights, of the operand's shape or of that of its axes, and let them broadcast to it.

    Parameters
    ----------
    name : str
        Of the operation, for errors.
    weights : array_like
    a : array
    axis : int, tuple of int or None
        The order of a tuple is that of the axes of the weights.
    """
    weights = array_operand(weights)
    if weights.shape == a.shape:
        return weights
    if axis is None:
        raise ShapeError(
            f"{name}({describe(a)}): weights={describe(weights)} of another shape want axis=, the "
            "axes of the operand that they run along"
        )
    axes = axes_of(name, axis, a)
    wanted = tuple([a.shape[i] for i in axes])
    if tuple(weights.shape) != wanted:
        raise ShapeError(
            f"{name}({describe(a)}): weights={describe(weights)} do not fit axis={axis}; wanted "
            f"the shape {wanted} or that of the operand"
        )
    weights = transpose(weights, sorted(range(len(axes)), key=axes.__getitem__))
    return reshape(weights, [n if i in axes else 1 for i, n in enumerate(a.shape)])


def average(
    a: Any,
    axis: Axis = None,
    weights: Any = None,
    returned: bool = False,
    *,
    keepdims: bool = False,
) -> Any:
    """Weighted mean of elements.

    Parameters
    ----------
    a : array_like
    axis : int or tuple of int, optional
        By default all axes.
    weights : array_like, optional
        Of the shape of `a`, or of its axes `axis` in the order given there. They are differentiated
        too. By default all are equal.
    returned : bool
        Give the sum of the weights too.
    keepdims : bool
        Leave reduced axes with length 1.

    Returns
    -------
    array, or tuple of two arrays

    Raises
    ------
    ZeroDivisionError
        Weights whose sum is zero.

    Examples
    --------
    >>> float(average([1.0, 2.0, 4.0], weights=[2.0, 1.0, 1.0]))
    2.0
    """
    a = array_operand(a)
    axes = reduction_axes("average", axis, a)
    if weights is None:
        out = mean(a, axes, keepdims=keepdims)
        total = ones_like(out) * length(tuple(a.shape), axes)
    else:
        weights = weights_along("average", weights, a, axis)
        if not is_inexact(a.dtype):
            a = convert(a, np.dtype(float))
        total = sum(weights, axes, keepdims=keepdims)
        _refuse_zero("average", a, total)
        out = sum(ew.multiply(a, weights), axes, keepdims=keepdims) / total
        total = broadcast_to(convert(total, out.dtype), tuple(out.shape))
    return (out, total) if returned else out


def _refuse_zero(name: str, a: Any, total: Any) -> None:
    known = inside(ew.equal(total, 0))
    if known is not None and known.any():
        raise ZeroDivisionError(
            f"{name}({describe(a)}): the weights sum to zero, so there is nothing to divide by"
        )


# --- covariance and correlation -------------------------------------------------------------------


def cov(
    m: Any,
    y: Any = None,
    rowvar: bool = True,
    bias: bool = False,
    ddof: int | None = None,
    fweights: Any = None,
    aweights: Any = None,
    *,
    dtype: Any = None,
) -> Any:
    """Covariance matrix of variables.

    Parameters
    ----------
    m : array_like
        Of one axis or two: observations of one variable, or of one in each row.
    y : array_like, optional
        More variables, in the same form.
    rowvar : bool
        Whether rows are variables; else columns are.
    bias : bool
        Divide by the number of observations N; by default by N - 1.
    ddof : int, optional
        Divide by N - ddof, whatever `bias` says.
    fweights : array_like of int, optional
        How often each observation was made.
    aweights : array_like, optional
        Weight of each observation. They are differentiated too.
    dtype : dtype, optional
        Of the result; by default at least float64.

    Returns
    -------
    array
        Without axes if there is one variable.

    Examples
    --------
    >>> cov([[0.0, 1.0, 2.0], [2.0, 1.0, 0.0]])
    array([[ 1., -1.],
           [-1.,  1.]])
    """
    if ddof is not None and ddof != int(ddof):
        raise ArgumentError(f"cov: ddof is an integer, got {ddof!r}")
    given = [array_operand(v) for v in (m, y) if v is not None]
    for v in given:
        if len(v.shape) > 2:
            raise ShapeError(f"cov({describe(v)}): wants one axis or two")
    if dtype is None:
        wide = np.dtype(complex if any(map(is_complex, given)) else float)
        dtype = np.result_type(wide, *[v.dtype for v in given if isinstance(v.dtype, np.dtype)])
    given = [convert(v, dtype_of("cov", dtype)) for v in given]
    x = with_axes(given[0], 2)
    x = transpose(x) if not rowvar and len(given[0].shape) != 1 else x
    if not x.shape[0]:
        return matmul(x, transpose(x))
    if len(given) > 1:
        more = with_axes(given[1], 2)
        more = transpose(more) if not rowvar and more.shape[0] != 1 else more
        x = concatenate((x, more), 0)
    if ddof is None:
        ddof = 0 if bias else 1
    weights = _observations(x, fweights, aweights)
    centre, total = average(x, 1, weights, True, keepdims=True)
    deviation = x - centre
    other = deviation if weights is None else deviation * weights
    freedom = _freedom(total, weights, aweights, ddof)
    with np.errstate(divide="ignore", invalid="ignore"):  # it has been warned of
        product = matmul(deviation, ew.conjugate(transpose(other)))
        return squeeze(product * (1 / freedom))


def _observations(x: Any, fweights: Any, aweights: Any) -> Any:
    """Check the weights of observations, and multiply the two kinds."""
    weights = None
    for name, given in (("fweights", fweights), ("aweights", aweights)):
        if given is None:
            continue
        given = array_operand(given)
        if tuple(given.shape) != (x.shape[1],):
            raise ShapeError(
                f"cov({describe(x)}): {name} of {x.shape[1]} observations have the shape "
                f"({x.shape[1]},), got {describe(given)}"
            )
        values = inside(given)
        if values is not None and (values < 0).any():
            raise ArgumentError(f"cov: {name} are not negative")
        if name == "fweights" and values is not None and (values != values.round()).any():
            raise DTypeError("cov: fweights are integers")
        given = convert(given, np.empty(0, x.dtype).real.dtype)
        weights = given if weights is None else weights * given
    return weights


def _freedom(total: Any, weights: Any, aweights: Any, ddof: int) -> Any:
    """What to divide by; zero, with NumPy's warning, if nothing is left."""
    freedom = ew.real(getitem(total, (0, 0)))
    lost: Any = ddof
    if ddof and aweights is not None:
        aweights = convert(array_operand(aweights), freedom.dtype)
        lost = ddof * sum(weights * aweights) / freedom
    freedom = freedom - lost
    none = ew.less_equal(freedom, 0)
    warn_where(none, "Degrees of freedom <= 0 for slice")
    return ew.where(none, 0, freedom)


def corrcoef(x: Any, y: Any = None, rowvar: bool = True, *, dtype: Any = None) -> Any:
    """Correlation coefficients of variables.

    Parameters
    ----------
    x, y, rowvar, dtype
        As `m` and the others in `cov`.

    Returns
    -------
    array
        NaN for a variable that is constant. Values that rounding brings beyond 1 are cut off, with
        the derivatives that they have without.

    Examples
    --------
    >>> corrcoef([[0.0, 1.0, 2.0], [2.0, 1.0, 0.0]])
    array([[ 1., -1.],
           [-1.,  1.]])
    """
    covariance = cov(x, y, rowvar, dtype=dtype)
    if not covariance.shape:
        return covariance / covariance
    deviation = ew.sqrt(ew.real(diagonal(covariance)))
    c = covariance / expand_dims(deviation, 1) / expand_dims(deviation, 0)
    if not is_complex(c):
        return c - ew.stop_gradient(c - ew.clip(c, -1, 1))
    parts = [ew.stop_gradient(p) for p in (ew.real(c), ew.imag(c))]
    real, imag = [p - ew.clip(p, -1, 1) for p in parts]
    return c - (real + 1j * imag)
