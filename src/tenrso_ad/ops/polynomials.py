"""Polynomials by their coefficients, the highest power first, as in NumPy's polyval and its kin."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

from ..engine.errors import ArgumentError, ShapeError, describe
from . import elementwise as ew
from .arguments import array_operand
from .broadcasting import broadcast_to, convert
from .declare import zeros_like
from .indexing.getitem import getitem
from .reductions.cumulative import cumprod
from .shaping.joining import concatenate
from .shaping.permuting import flip
from .shaping.reshaping import expand_dims, ravel


def _coefficients(name: str, p: Any) -> Any:
    p = array_operand(p)
    if len(p.shape) != 1:
        raise ShapeError(f"{name}({describe(p)}): coefficients have one axis")
    return p


def _like(p: Any, result: Any) -> Any:
    """NumPy's poly1d for a poly1d."""
    return np.poly1d(result) if isinstance(p, np.poly1d) else result


def polyval(p: Any, x: Any) -> Any:
    """Value of a polynomial, by Horner's rule.

    Parameters
    ----------
    p : array_like
        Coefficients along the first axis, the highest power first.
    x : array_like or numpy.poly1d
        Where; a polynomial is put into the other one.

    Examples
    --------
    >>> float(polyval([3.0, 0.0, 1.0], 5.0))
    76.0
    """
    if isinstance(x, np.poly1d):
        return np.polyval(p, x)
    p, x = array_operand(p), array_operand(x)
    if not p.shape:
        raise ShapeError(f"polyval({describe(p)}): coefficients have an axis")
    if not p.shape[0]:
        return zeros_like(x)
    value = getitem(p, 0)
    for i in range(1, p.shape[0]):
        value = value * x + getitem(p, i)
    return value if p.shape[0] > 1 else value + zeros_like(x)


def polyadd(a1: Any, a2: Any) -> Any:
    """Sum of two polynomials.

    Parameters
    ----------
    a1, a2 : array_like
        Coefficients, the highest power first.

    Examples
    --------
    >>> polyadd([1.0, 2.0], [3.0, 0.0, 1.0])
    array([3., 1., 3.])
    """
    first, second = _of_one_length("polyadd", a1, a2)
    return _like(a2, _like(a1, ew.add(first, second)))


def polysub(a1: Any, a2: Any) -> Any:
    """Difference of two polynomials.

    Parameters
    ----------
    a1, a2 : array_like
        Coefficients, the highest power first.

    Examples
    --------
    >>> polysub([1.0, 2.0], [3.0, 0.0, 1.0])
    array([-3.,  1.,  1.])
    """
    first, second = _of_one_length("polysub", a1, a2)
    return _like(a2, _like(a1, ew.subtract(first, second)))


def _of_one_length(name: str, *polynomials: Any) -> list[Any]:
    """Put zeros in front of the shorter one."""
    arrays = [array_operand(p) for p in polynomials]
    arrays = [_coefficients(name, a if a.shape else ravel(a)) for a in arrays]
    longest = max(a.shape[0] for a in arrays)
    missing = [longest - a.shape[0] for a in arrays]
    return [
        concatenate((zeros_like(a, (n,)), a)) if n else a
        for a, n in zip(arrays, missing, strict=True)
    ]


def polyder(p: Any, m: int = 1) -> Any:
    """Coefficients of the m-th derivative of a polynomial.

    Parameters
    ----------
    p : array_like
        Coefficients, the highest power first.
    m : int
        How often to differentiate.

    Examples
    --------
    >>> polyder([1.0, 2.0, 3.0])
    array([2., 2.])
    """
    if operator.index(m) < 0:
        raise ArgumentError(f"polyder: m is not negative, got m={m}; see polyint")
    out = _coefficients("polyder", p)
    for _ in range(m):
        out = getitem(out, slice(-1)) * np.arange(out.shape[0] - 1, 0, -1)
    return _like(p, out)


def polyint(p: Any, m: int = 1, k: Any = None) -> Any:
    """Coefficients of the m-th antiderivative of a polynomial.

    Parameters
    ----------
    p : array_like
        Coefficients, the highest power first.
    m : int
        How often to integrate.
    k : array_like, optional
        Constants of integration, in the order of the integrations; one number is for each. They
        are differentiated too. By default zero.

    Examples
    --------
    >>> polyint([2.0, 2.0], k=3.0)
    array([1., 2., 3.])
    """
    if operator.index(m) < 0:
        raise ArgumentError(f"polyint: m is not negative, got m={m}; see polyder")
    k = np.zeros(m) if k is None else array_operand(k)
    if len(k.shape) > 1 or (k.shape and k.shape[0] != 1 and k.shape[0] < m):
        raise ShapeError(
            f"polyint: k is one number, or one for each of {m} integrations, got {describe(k)}"
        )
    k = ravel(k)
    out = _coefficients("polyint", p)
    for i in range(m):
        constant = getitem(k, slice(i, i + 1) if k.shape[0] > 1 else slice(0, 1))
        out = concatenate((out / np.arange(out.shape[0], 0, -1), constant))
    return _like(p, out)


def vander(x: Any, N: int | None = None, increasing: bool = False) -> Any:
    """Matrix of the powers of each element.

    Parameters
    ----------
    x : array_like
        Of one axis.
    N : int, optional
        Number of columns; by default as many as there are rows.
    increasing : bool
        Whether the powers rise from the left to the right; by default they fall.

    Examples
    --------
    >>> vander([2.0, 3.0], 3)
    array([[4., 2., 1.],
           [9., 3., 1.]])
    """
    x = array_operand(x)
    if len(x.shape) != 1:
        raise ShapeError(f"vander({describe(x)}): wants one axis")
    rows = x.shape[0]
    columns = rows if N is None else operator.index(N)
    if columns < 0:
        raise ArgumentError(f"vander({describe(x)}): N={N} is negative")
    if isinstance(x.dtype, np.dtype):  # as NumPy does: float32 becomes float64
        x = convert(x, np.promote_types(x.dtype, int))
    ones = zeros_like(x, (rows, min(columns, 1))) + 1
    factors = broadcast_to(expand_dims(x, 1), (rows, max(columns - 1, 0)))
    powers = cumprod(concatenate((ones, factors), 1), 1)
    return powers if increasing else flip(powers, 1)
