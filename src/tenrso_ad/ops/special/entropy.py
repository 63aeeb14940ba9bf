"""x log y and the entropies made of it; robust losses."""

from __future__ import annotations

from typing import Any

from .. import elementwise as ew
from ..inverses import hypot
from .declaring import special


def _both_zero(x: Any, y: Any) -> Any:
    return ew.logical_and(ew.equal(x, 0), ew.equal(y, 0))


def _negative(x: Any, y: Any) -> Any:
    return ew.logical_or(ew.less(x, 0), ew.less(y, 0))


# --- x log y --------------------------------------------------------------------------------------
# xlogy(0, y) is 0 for every y: its slope in y is 0 there, and in x finite where y is 0 as well
xlogy = special(
    "xlogy",
    lambda x, y: ew.where(_both_zero(x, y), 0, ew.log(y)),
    lambda x, y: ew.where(ew.equal(x, 0), 0, x / y),
)
xlog1py = special(
    "xlog1py",
    lambda x, y: ew.where(_both_zero(x, 1 + y), 0, ew.log1p(y)),
    lambda x, y: ew.where(ew.equal(x, 0), 0, x / (1 + y)),
)

# --- entropies: infinite, with slope zero, outside of their domain --------------------------------
entr = special("entr", lambda x: ew.where(ew.less(x, 0), 0, -1 - ew.log(x)))


def _log_ratio(x: Any, y: Any) -> Any:
    """log(x / y); at (0, 0) what makes the slopes along x = y add up to that of a constant."""
    return ew.where(_both_zero(x, y), -1, ew.log(x / y))


def _ratio(x: Any, y: Any) -> Any:
    return ew.where(ew.equal(x, 0), 0, x / y)


rel_entr = special(
    "rel_entr",
    lambda x, y: ew.where(_negative(x, y), 0, 1 + _log_ratio(x, y)),
    lambda x, y: ew.where(_negative(x, y), 0, -_ratio(x, y)),
)
kl_div = special(
    "kl_div",
    lambda x, y: ew.where(_negative(x, y), 0, _log_ratio(x, y)),
    lambda x, y: ew.where(_negative(x, y), 0, 1 - _ratio(x, y)),
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
