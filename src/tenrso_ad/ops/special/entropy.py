"""x log y and the entropies made of it; robust losses."""

from __future__ import annotations

from typing import Any

from .. import elementwise as ew
from ..inverses import hypot
from .declaring import special


def _both_zero(x: Any, y: Any) -> Any:
    return ew.logical_and(ew.equal(x, 0), ew.equal(y, 0))


# --- x log y --------------------------------------------------------------------------------------
# xlogy(0, y) is 0 for every y: its slope in y is 0 there, and in x finite where y is 0 as well


def _nonzero(x: Any, y: Any) -> Any:
    """Y, and 1 where both are zero: its logarithm is 0 then, and x over it."""
    return ew.where(_both_zero(x, y), 1, y)


xlogy = special(
    "xlogy",
    lambda x, y: ew.log(_nonzero(x, y)),
    lambda x, y: x / _nonzero(x, y),
)
xlog1py = special(
    "xlog1py",
    lambda x, y: ew.log1p(ew.where(_both_zero(x, 1 + y), 0, y)),
    lambda x, y: x / _nonzero(x, 1 + y),
)

# --- entropies: infinite, with slope zero, outside of their domain --------------------------------


def _entr_slope(x: Any) -> Any:
    outside = ew.less(x, 0)
    return ew.where(outside, 0, -1 - ew.log(ew.where(outside, 1, x)))


def _inside(x: Any, y: Any, slope: Any) -> Any:
    """A slope of x and y, and 0 where one of them is negative."""
    outside = ew.logical_or(ew.less(x, 0), ew.less(y, 0))
    return ew.where(outside, 0, slope(ew.where(outside, 1, x), ew.where(outside, 1, y)))


def _log_ratio(x: Any, y: Any) -> Any:
    """log(x / y); at (0, 0) what makes the slopes along x = y add up to that of a constant.

    As a difference: the slope of the quotient in y has 0 times infinity at x = 0.
    """
    zero = _both_zero(x, y)
    return ew.where(zero, -1, ew.log(ew.where(zero, 1, x)) - ew.log(ew.where(zero, 1, y)))


entr = special("entr", lambda x: _entr_slope(x))
rel_entr = special(
    "rel_entr",
    lambda x, y: _inside(x, y, lambda x, y: 1 + _log_ratio(x, y)),
    lambda x, y: _inside(x, y, lambda x, y: -x / _nonzero(x, y)),
)
kl_div = special(
    "kl_div",
    lambda x, y: _inside(x, y, _log_ratio),
    lambda x, y: _inside(x, y, lambda x, y: 1 - x / _nonzero(x, y)),
)


# --- robust losses: huber(delta, r), a parabola to |r| = delta and straight lines beyond ----------
def _beyond(delta: Any, r: Any) -> Any:
    return ew.greater(ew.absolute(r), delta)


def _over_length(x: Any, delta: Any, r: Any) -> Any:
    """X / hypot(delta, r), and zero at the origin."""
    length = hypot(delta, r)
    return x / ew.where(ew.equal(length, 0), 1, length)


def _excess(delta: Any, r: Any) -> Any:
    """hypot(delta, r) - delta, without cancellation."""
    total = hypot(delta, r) + delta
    return r * r / ew.where(ew.equal(total, 0), 1, total)


huber = special(
    "huber",
    lambda x, y: ew.where(_beyond(x, y), ew.absolute(y) - x, 0),
    lambda x, y: ew.where(_beyond(x, y), x * ew.sign(y), y),
)
pseudo_huber = special(
    "pseudo_huber",
    lambda x, y: _over_length(_excess(x, y) ** 2, x, y),
    lambda x, y: _over_length(x * y, x, y),
)
