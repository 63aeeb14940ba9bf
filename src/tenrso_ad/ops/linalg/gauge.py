"""The gauge: what decompositions leave to chance, and how their derivatives deal with it.

Eigenvectors and singular vectors are determined only up to a phase, and those of equal values up to
a rotation. A loss that does not depend on that choice has a gradient all the same, and the formulas
here give it, by leaving out the rotations within equal values. Where the cotangent does depend on
the choice, they warn (`DegenerateWarning`): the part that they leave out has no derivative. So they
do where eigenvectors are linearly dependent, and eigenvalues have no derivative.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from typing import Any

from ...engine.array_type import ArrayType
from ...engine.errors import DegenerateWarning
from ...engine.primitive import Primitive
from ...engine.trace import bind
from ..broadcasting import broadcast_to
from ..contraction.einsum import matmul
from ..declare import linear, namespace, nonlinear
from ..indexing.getitem import getitem
from ..reductions.sums import sum
from .matrices import adjoint

_NOISE = 4  # times length * eps * the largest value: below it, two values count as equal


def _noise(xp: Any, values: Any, length: int) -> Any:
    """Size of rounding errors in the values of a matrix of this length."""
    return _NOISE * length * xp.finfo(values.dtype).eps * xp.max(xp.abs(values), axis=-1)


def _matters(xp: Any, part: Any, *wholes: Any) -> bool:
    """Whether a part of a cotangent is more than rounding errors."""
    eps = float(xp.finfo(part.dtype).eps)
    size, *others = (float(xp.max(xp.abs(a))) for a in (part, *wholes))
    return bool(size > max(eps**0.5 * max(others), 100 * eps))


_UNDETERMINED = (
    "a derivative was asked for that depends on what is not determined: the vectors of equal or of "
    "zero values, their complex phase, or how equal values part. That part of it is left out."
)
_DEFECTIVE = (
    "a derivative was asked for of a matrix that is defective, or nearly so: its eigenvectors are "
    "linearly dependent, and its eigenvalues change without bound."
)


def _warn(name: str, what: str = _UNDETERMINED) -> None:
    warnings.warn(f"{name}: {what}", DegenerateWarning, stacklevel=2)


# --- inverse gaps ---------------------------------------------------------------------------------


def inverse_gaps(values: Any, sign: int, length: int) -> Any:
    """Matrix of 1 / (values[j] + sign * values[i]), or for sign 0 the row of 1 / values[j].

    A gap that is lost in the rounding errors of a matrix of this length has the inverse 0.
    """
    return bind(inverse_gaps_p, (values,), {"sign": sign, "length": length})


def _evaluate_inverse_gaps(values: Any, *, sign: int, length: int) -> Any:
    xp = namespace(values)
    gaps = values[..., None, :]
    if sign:
        other = values[..., :, None]
        gaps = gaps + other if sign > 0 else gaps - other
    if 0 in values.shape:
        return xp.zeros_like(gaps)
    blind = xp.abs(gaps) <= _noise(xp, values, length)[..., None, None]
    return 1 / xp.where(blind, xp.full_like(gaps, xp.inf), gaps)


def _inverse_gaps_pullback(g: Any, out: Any, *, sign: int, length: int) -> Any:
    slope = -g * (out * out)
    return sum(slope, axis=-2) + sign * sum(slope, axis=-1) if sign else sum(slope, axis=-2)


inverse_gaps_p: Primitive = nonlinear(
    "inverse_gaps",
    _evaluate_inverse_gaps,
    pullback=_inverse_gaps_pullback,
    operands="values",
    shape=lambda values, *, sign, length: ArrayType(
        (*values.shape[:-1], values.shape[-1] if sign else 1, values.shape[-1]), values.dtype
    ),
    batch=lambda size, values, batched, params: bind(inverse_gaps_p, values, params),
)


# --- cotangents that see the gauge ----------------------------------------------------------------


def over_gaps(name: str, m: Any, inverse: Any, whole: Any) -> Any:
    """Multiply the turns of vectors by inverse gaps; warn where that leaves out what is not zero.

    `whole` is the cotangent, beside which what is left out may be no more than rounding errors.
    """
    return bind(turns_p, (m, inverse, whole), {"name": name}) * inverse


def _evaluate_turns(m: Any, inverse: Any, whole: Any, *, name: str) -> Any:
    """Give the turns back; warn where an inverse gap of 0 hides more than rounding errors."""
    xp = namespace(m)
    hidden = m * (inverse == 0)
    if xp.any(hidden != 0) and _matters(xp, hidden, m, whole):
        _warn(name)
    return m


def _first_with_batch(primitive: Callable[[], Primitive]) -> Callable[..., Any]:
    """Batching rule of a check, which gives its first operand back."""

    def rule(size: int, values: Sequence[Any], batched: Sequence[bool], params: Any) -> Any:
        first, *rest = values
        first = first if batched[0] else broadcast_to(first, (size, *first.shape))
        return bind(primitive(), (first, *rest), params)

    return rule


turns_p: Primitive = linear(
    "gauge_of_vectors",
    _evaluate_turns,
    transpose=lambda g, *_, **__: [g, None, None],
    shape=lambda m, *_, **__: m,
    batch=_first_with_batch(lambda: turns_p),
    places=slice(0, 1),
)


def of_equal_values(
    name: str, g: Any, values: Any, turned: Any, length: int, *, ordered: bool = True
) -> Any:
    """Check the cotangent of values; `turned` is that of the vectors, in their own coordinates."""
    operands = (g, values) if turned is None else (g, values, turned)
    return bind(values_p, operands, {"name": name, "length": length, "ordered": ordered})


def _evaluate_values(
    g: Any, values: Any, turned: Any = None, *, name: str, length: int, ordered: bool
) -> Any:
    """Give the cotangent of the values back; warn where equal values make it depend on a choice.

    Equal values have to stand alike in the loss. If vectors of theirs stand in it too, it may be
    a function of the matrix such as its exponential: then the cotangent lacks what the loss owes to
    the way in which the values part.
    """
    xp = namespace(g)
    if values.shape[-1] < 2 or 0 in values.shape:
        return g
    noise = _noise(xp, values, length)[..., None]
    if ordered and not xp.any(xp.abs(values[..., 1:] - values[..., :-1]) <= noise):
        return g  # the usual case
    near = xp.abs(values[..., None, :] - values[..., :, None]) <= noise[..., None]
    near = near & ~xp.eye(values.shape[-1], dtype=xp.bool)
    if not xp.any(near):
        return g
    both = g[..., None, :] + xp.zeros_like(g[..., :, None])
    zero = xp.zeros_like(both)
    if _matters(xp, xp.where(near, both - xp.matrix_transpose(both), zero), g):
        _warn(name)
    elif turned is not None and _matters(xp, xp.where(near, both, zero), g):
        beside = turned + xp.conj(xp.matrix_transpose(turned))
        if _matters(xp, xp.where(near, beside, xp.zeros_like(beside)), turned):
            _warn(name)
    return g


values_p: Primitive = linear(
    "gauge_of_values",
    _evaluate_values,
    transpose=lambda g, *_, **__: [g, None, None],
    shape=lambda g, *_, **__: g,
    batch=_first_with_batch(lambda: values_p),
    places=slice(0, 1),
)


def of_dependent_vectors(name: str, g: Any, vectors: Any) -> Any:
    """Check the cotangent of eigenvalues or eigenvectors where these are linearly dependent."""
    return bind(dependence_p, (g, vectors), {"name": name})


def _evaluate_dependence(g: Any, vectors: Any, *, name: str) -> Any:
    """Give the cotangent back; warn where it is not zero and the vectors are dependent."""
    xp = namespace(g, vectors)
    if 0 in vectors.shape:
        return g
    s = xp.linalg.svdvals(vectors)
    dependent = s[..., -1] <= 10 * xp.finfo(s.dtype).eps ** 0.5 * s[..., 0]
    if xp.any(dependent & xp.any(g != 0, axis=(-2, -1))):
        _warn(name, _DEFECTIVE)
    return g


dependence_p: Primitive = linear(
    "dependence_of_vectors",
    _evaluate_dependence,
    transpose=lambda g, *_, **__: [g, None],
    shape=lambda g, *_, **__: g,
    batch=_first_with_batch(lambda: dependence_p),
    places=slice(0, 1),
)


# --- vectors --------------------------------------------------------------------------------------


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
    turned = skew(matmul(adjoint(u2), g2))
    bind(turns_p, (turned, 0.0, g), {"name": name})  # nothing is made of them: the check alone
    return u1, g1 - matmul(u2, matmul(adjoint(g2), u1))


def skew(m: Any) -> Any:
    """Skew-Hermitian part."""
    return (m - adjoint(m)) * 0.5
