"""Degrees and radians, the angle of complex numbers, and angles that run on past a whole turn."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..engine.trace import is_inexact
from . import elementwise as ew
from .arguments import array_operand, axis_of
from .inverses import arctan2
from .pointwise import elementwise, operand, ufuncs
from .reductions.cumulative import cumsum
from .reductions.differences import diff
from .shaping.joining import concatenate

_DEGREE = math.pi / 180

degrees = elementwise("degrees", np.degrees, lambda g: g * (1 / _DEGREE),
                      other=lambda xp, x: x * (1 / _DEGREE))  # fmt: skip
radians = elementwise("radians", np.radians, lambda g: g * _DEGREE,
                      other=lambda xp, x: x * _DEGREE)  # fmt: skip
ufuncs[np.rad2deg], ufuncs[np.deg2rad] = degrees, radians


def angle(z: Any, deg: bool = False) -> Any:
    """Angle of complex numbers with the positive real axis, from -pi to pi; at 0 its gradient is 0.

    Parameters
    ----------
    z : array_like
        Of real numbers, the negative ones have the angle pi.
    deg : bool
        Give degrees instead of radians.

    Examples
    --------
    >>> float(angle(1j, deg=True))
    90.0
    """
    z = operand(z)
    turned = arctan2(ew.imag(z), ew.real(z))
    return turned * (1 / _DEGREE) if deg else turned


def unwrap(p: Any, discont: Any = None, axis: int = -1, *, period: Any = 2 * math.pi) -> Any:
    """Add whole periods, so that neighbours do not jump by more than half a period.

    Parameters
    ----------
    p : array_like
    discont : float, optional
        Only jumps of at least this size are taken out; by default, and at least, half a period.
    axis : int
    period : float

    Returns
    -------
    array
        Its derivative by `p` is one; `period` may be a tensor and counts as often as it was added.

    Examples
    --------
    >>> unwrap([0.0, 1.0, -2.0, -1.0], period=4)
    array([0., 1., 2., 3.])
    """
    p = array_operand(p)
    place = axis_of("unwrap", axis, p)

    def part(start: int | None, stop: int | None) -> Any:
        return p[(slice(None),) * place + (slice(start, stop),)]

    steps = diff(ew.stop_gradient(p), axis=place)
    discont = period / 2 if discont is None else discont
    whole = not any(is_inexact(getattr(v, "dtype", type(v))) for v in (steps, period))
    high = period // 2 if whole else period / 2
    low = -high
    wrapped = ew.remainder(steps - low, period) + low
    if not (whole and period % 2):  # half a period keeps its sign
        at_low = ew.logical_and(ew.equal(wrapped, low), ew.greater(steps, 0))
        wrapped = ew.where(at_low, high, wrapped)
    turns = ew.where(ew.less(ew.absolute(steps), discont), 0, wrapped - steps)
    return concatenate([part(None, 1), part(1, None) + cumsum(turns, place)], place)
