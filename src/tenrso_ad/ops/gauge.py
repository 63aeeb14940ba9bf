"""The gauge: what decompositions leave to chance, and how their derivatives deal with it.

Eigenvectors and singular vectors are determined only up to a phase, and those of equal values up to
a rotation. A loss that does not depend on that choice has a gradient all the same, and the formulas
here give it, by leaving out the rotations within equal values. Where the cotangent does depend on
the choice, they warn (`DegenerateWarning`): the part that they leave out has no derivative.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..engine.array_type import ArrayType
from ..engine.errors import DegenerateWarning
from ..engine.primitive import Primitive
from ..engine.trace import bind
from . import elementwise as ew
from .broadcasting import broadcast_to
from .contraction import matmul
from .declare import constant, linear, namespace
from .indexing import getitem
from .matrices import adjoint
from .shaping import expand_dims

_NOISE = 4  # times length * eps * the largest value: below it, two values count as equal


def gaps(values: Any, sign: int) -> Any:
    """Differences (sign -1) or sums (1) of values in pairs: values[j] + sign * values[i]."""
    return expand_dims(values, -2) + sign * expand_dims(values, -1)


def _evaluate_blind(gaps: Any, values: Any, *, length: int) -> Any:
    xp = namespace(gaps, values)
    if 0 in values.shape:
        return xp.zeros(gaps.shape, dtype=xp.bool)
    largest = xp.max(xp.abs(values), axis=-1, keepdims=True)[..., None]
    return xp.abs(gaps) <= _NOISE * length * xp.finfo(values.dtype).eps * largest


blind_p: Primitive = constant(
    "blind",
    _evaluate_blind,
    shape=lambda gaps, values, *, length: ArrayType(gaps.shape, np.dtype(bool)),
    batch=lambda size, values, batched, params: bind(blind_p, values, params),
)


def _evaluate_gauge(m: Any, blind: Any, whole: Any, *, name: str) -> Any:
    """Zeros in the blind places, and a warning where that hides more than rounding errors."""
    xp = namespace(m)
    hidden = m if blind is True else xp.where(blind, m, xp.zeros_like(m))
    if xp.any(hidden != 0):
        sizes = [float(xp.max(xp.abs(a))) for a in (hidden, m, whole)]
        if sizes[0] > max(sizes) * float(xp.finfo(m.dtype).eps) ** 0.5:
            warnings.warn(
                f"{name}: a derivative was asked for that depends on vectors which are not "
                "determined: those of equal or of zero values, or a complex phase. "
                "That part of it is left out.",
                DegenerateWarning,
                stacklevel=2,
            )
        m = m - hidden
    return m


def _batch_gauge(size: int, values: Sequence[Any], batched: Sequence[bool], params: Any) -> Any:
    m, *rest = values
    m = m if batched[0] else broadcast_to(m, (size, *m.shape))
    return bind(gauge_p, (m, *rest), params)


gauge_p: Primitive = linear(
    "gauge",
    _evaluate_gauge,
    transpose=lambda g, m, blind, whole, *, name: [ew.where(blind, 0, g), None, None],
    shape=lambda m, blind, whole, *, name: m,
    batch=_batch_gauge,
    places=slice(0, 1),
)


def divided(name: str, m: Any, gaps: Any, values: Any, whole: Any, length: int) -> Any:
    """Divide by gaps; where a gap is lost in the noise of the values the quotient is zero.

    `whole` is the cotangent, beside which what is left out may be no more than rounding errors.
    """
    blind = bind(blind_p, (gaps, values), {"length": length})
    return bind(gauge_p, (m, blind, whole), {"name": name}) / ew.where(blind, 1, gaps)


def columns(a: Any, which: slice) -> Any:
    """Some columns of each matrix."""
    return getitem(a, (..., which))


def without_rest(name: str, u: Any, g: Any, count: int) -> tuple[Any, Any]:
    """First columns of a unitary matrix, and the cotangent that they get from all of them.

    The other columns span what the first ones leave: of them only the projector is determined.
    """
    if u.shape[-1] == count:
        return u, g
    first, rest = slice(count), slice(count, None)
    u1, u2, g1, g2 = (columns(x, part) for x in (u, g) for part in (first, rest))
    turned = matmul(adjoint(u2), g2)
    bind(gauge_p, (skew(turned), True, g), {"name": name})  # the check alone
    return u1, g1 - matmul(u2, matmul(adjoint(g2), u1))


def skew(m: Any) -> Any:
    """Skew-Hermitian part."""
    return (m - adjoint(m)) * 0.5
