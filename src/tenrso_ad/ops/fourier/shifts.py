"""The order of frequencies: fftshift, ifftshift."""

from __future__ import annotations

from typing import Any

from ..arguments import EVERY, Axis, array_operand, axis_of
from ..shaping.rolling import roll


def fftshift(x: Any, axes: Axis = None) -> Any:
    """Put the frequency zero in the middle.

    Parameters
    ----------
    x : array_like
    axes : int or tuple of int, optional
        By default all.

    Examples
    --------
    >>> fftshift([0, 1, 2, -2, -1])
    array([-2, -1,  0,  1,  2])
    """
    return _shifted("fftshift", x, axes, 1)


def ifftshift(x: Any, axes: Axis = None) -> Any:
    """Put the frequency zero first: the inverse of `fftshift`, whose parameters it has.

    Examples
    --------
    >>> ifftshift([-2, -1, 0, 1, 2])
    array([ 0,  1,  2, -2, -1])
    """
    return _shifted("ifftshift", x, axes, -1)


def _shifted(name: str, x: Any, axes: Axis, direction: int) -> Any:
    x = array_operand(x)
    if axes is None:
        axes = EVERY[len(x.shape)]
    places = tuple(axes) if isinstance(axes, (tuple, list)) else (axes,)
    places = tuple([axis_of(name, i, x) for i in places])
    return roll(x, [direction * (x.shape[i] // 2) for i in places], places)
