"""Rounding to decimals, and the parts of floating-point numbers: sign, fraction, exponent."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

from ..engine.errors import ArgumentError
from .arguments import into
from .elementwise import sign, trunc, where
from .pointwise import Operation, as_ufunc, elementwise, operand


def _round_elsewhere(xp: Any, x: Any, decimals: int) -> Any:
    power = 10.0**decimals
    return xp.round(x * power) / power if decimals else xp.round(x)


_round = elementwise("round", lambda x, y: np.round(x, y), None, None, other=_round_elsewhere)


def round(a: Any, decimals: int = 0, out: Any = None) -> Any:
    """Round to a number of decimals, halves to even; the derivative is zero.

    Parameters
    ----------
    a : array_like
    decimals : int
        Negative ones count to the left of the point.
    out : ndarray, optional
        Where to put the result, if `a` is plain.

    Raises
    ------
    ArgumentError
        `decimals` is no integer.

    Examples
    --------
    >>> round([1.25, 17.5], 1)
    array([ 1.2, 17.5])
    """
    try:
        decimals = operator.index(decimals)
    except TypeError:
        raise ArgumentError(f"round: decimals is an int, got {decimals!r}") from None
    return into("round", out, _round(a, decimals))


def fix(x: Any, out: Any = None) -> Any:
    """Round toward zero, as `trunc`; the derivative is zero."""
    return into("fix", out, trunc(x))


_fraction = elementwise("fraction", lambda x: np.modf(x)[0], 1, other=lambda xp, x: x - xp.trunc(x))
_whole = elementwise("whole", lambda x: np.modf(x)[1], None, api="trunc")


@as_ufunc(np.modf)
def modf(x: Any, /) -> tuple[Any, Any]:
    """Fractional and integral part; the derivatives are one and zero."""
    x = operand(x)
    return _fraction(x), _whole(x)


ldexp: Operation = elementwise("ldexp", np.ldexp, lambda g, y: ldexp(g, y), None)
_exponent = elementwise(
    "exponent", lambda x: np.frexp(x)[1], None, other=lambda xp, x: xp.frexp(x)[1]
)
_mantissa = elementwise(
    "mantissa",
    lambda x: np.frexp(x)[0],
    lambda g, x: ldexp(g, -_exponent(x)),
    other=lambda xp, x: xp.frexp(x)[0],
)


@as_ufunc(np.frexp)
def frexp(x: Any, /) -> tuple[Any, Any]:
    """Mantissa and exponent of two; the derivative of the exponent is zero."""
    x = operand(x)
    return _mantissa(x), _exponent(x)


def _spacing_elsewhere(xp: Any, x: Any) -> Any:
    size = xp.abs(x)
    return xp.copysign(xp.nextafter(size, xp.full_like(x, float("inf"))) - size, x)


signbit = elementwise("signbit", np.signbit, None)
# as absolute, it has the derivative 0 at 0
copysign = elementwise(
    "copysign", np.copysign, lambda x, y: where(signbit(y), -(s := sign(x)), s), None
)
# the neighbour of x moves as x does
nextafter = elementwise("nextafter", np.nextafter, 1, None)
spacing = elementwise("spacing", np.spacing, None, other=_spacing_elsewhere)
