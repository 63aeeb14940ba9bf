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


def _noise(xp: Any, values: Any, length: int) -> Any:
    """Size of rounding errors in the values of a matrix of this length."""
    return _NOISE * length * xp.finfo(values.dtype).eps * xp.max(xp.abs(values), axis=-1)


def _matters(xp: Any, part: Any, *wholes: Any) -> bool:
    """Whether a part of a cotangent is more than rounding errors."""
    eps = float(xp.finfo(part.dtype).eps)
    size, *others = (float(xp.max(xp.abs(a))) for a in (part, *wholes))
    return bool(size > max(eps**0.5 * max(others), 100 * eps))


def _warn(name: str) -> None:
    warnings.warn(
        f"{name}: a derivative was asked for that depends on what is not determined: the vectors "
        "of equal or of zero values, their complex phase, or how equal values part. That part of "
        "it is left out.",
        DegenerateWarning,
        stacklevel=2,
    )


def _evaluate_blind(gaps: Any, values: Any, *, length: int) -> Any:
    xp = namespace(gaps, values)
    if 0 in values.shape:
        return xp.zeros(gaps.shape, dtype=xp.bool)
    return xp.abs(gaps) <= _noise(xp, values, length)[..., None, None]


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
    if not xp.any(hidden != 0):
        return m
    if _matters(xp, hidden, m, whole):
        _warn(name)
    return xp.zeros_like(m) if blind is True else xp.where(blind, xp.zeros_like(m), m)


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


def _evaluate_values(g: Any, values: Any, turned: Any = None, *, name: str, length: int) -> Any:
    """Give the cotangent of the values back; warn where equal values make it depend on a choice.

    Equal values have to stand alike in the loss. If vectors of theirs stand in it too, it may be
    a function of the matrix such as its exponential: then the cotangent lacks what the loss owes to
    the way in which the values part.
    """
    xp = namespace(g)
    if values.shape[-1] < 2 or 0 in values.shape:
        return g
    near = xp.abs(values[..., 1:] - values[..., :-1]) <= _noise(xp, values, length)[..., None]
    if not xp.any(near):
        return g
    zero = xp.zeros_like(g[..., 1:])
    if _matters(xp, xp.where(near, g[..., 1:] - g[..., :-1], zero), g):
        _warn(name)
    elif turned is not None and _matters(xp, xp.where(near, g[..., 1:], zero), g):
        beside = xp.linalg.diagonal(turned, offset=1) + xp.conj(
            xp.linalg.diagonal(turned, offset=-1)
        )
        if _matters(xp, xp.where(near, beside, xp.zeros_like(beside)), turned):
            _warn(name)
    return g


def _batch_values(size: int, values: Sequence[Any], batched: Sequence[bool], params: Any) -> Any:
    g, *rest = values
    g = g if batched[0] else broadcast_to(g, (size, *g.shape))
    return bind(values_p, (g, *rest), params)


values_p: Primitive = linear(
    "gauge_of_values",
    _evaluate_values,
    transpose=lambda g, *_, **__: g,
    shape=lambda g, *_, **__: g,
    batch=_batch_values,
    places=slice(0, 1),
)


def of_equal_values(name: str, g: Any, values: Any, turned: Any, length: int) -> Any:
    """Check the cotangent of values; `turned` is that of the vectors, in their own coordinates."""
    operands = (g, values) if turned is None else (g, values, turned)
    return bind(values_p, operands, {"name": name, "length": length})


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
