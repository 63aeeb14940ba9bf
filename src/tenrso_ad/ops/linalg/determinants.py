"""Determinants of stacks of matrices.

A determinant is a polynomial, and its derivatives are written here as what they are: multilinear
forms, which the matrix may make singular without harm.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from ...engine.array_type import ArrayType
from ...engine.batch import batching
from ...engine.forward import pushforwards
from ...engine.graph import shape_rules
from ...engine.primitive import Primitive
from ...engine.reverse import Pullback, pullbacks
from ...engine.trace import bind, evaluation
from .. import elementwise as ew
from ..broadcasting import match
from ..declare import is_complex, namespace, nonlinear
from ..pointwise import align, scale
from ..shaping.permuting import matrix_transpose
from ..shaping.reshaping import expand_dims
from .matrices import matrix_operand, real_dtype
from .solving import inv_p


def det(a: Any) -> Any:
    """Determinant of each matrix.

    Parameters
    ----------
    a : array_like, shape (..., n, n)

    Returns
    -------
    array, shape (...)

    Notes
    -----
    The gradient is the matrix of cofactors. Where the inverse would lose digits, derivatives are
    found by a singular value decomposition: those of any order are right for singular matrices too.

    Examples
    --------
    >>> round(float(det([[2.0, 0.0], [1.0, 4.0]])), 12)
    8.0
    """
    return bind(det_p, (matrix_operand("det", a, square=True),))


# --- derivatives of det ---------------------------------------------------------------------------
# D(a; h1, ..., hk) is the derivative of det at a along h1, ..., hk and along one more direction x:
# the matrix that x is multiplied with, element by element. It is linear and symmetric in the h, so
# its derivative by hi has the cotangent in the place of hi, and the one by a has it as another h.


def _evaluate_forms(a: Any, *directions: Any) -> Any:
    xp = namespace(a, *directions)
    if xp is not np or len(directions) > 1:
        return _forms_by_svd(xp, a, *directions)
    try:
        inverse = np.linalg.inv(a)
    except np.linalg.LinAlgError:
        return _forms_by_svd(np, a, *directions)
    transposed = np.swapaxes(inverse, -1, -2)
    out = np.linalg.det(a)[..., None, None] * transposed
    for h in directions:
        along = np.sum(h * transposed, axis=(-2, -1), keepdims=True)
        out = along * out - transposed @ np.swapaxes(h, -1, -2) @ out
    condition = np.linalg.norm(a, axis=(-2, -1)) * np.linalg.norm(inverse, axis=(-2, -1))
    rough = ~(condition < np.finfo(a.dtype).eps ** (-1 / 3))
    if rough.any():
        shape = out.shape
        rough = np.broadcast_to(rough, shape[:-2])
        chosen = [np.broadcast_to(x, shape)[rough] for x in (a, *directions)]
        out[rough] = _forms_by_svd(np, *chosen)
    return out


def _forms_by_svd(xp: Any, a: Any, *directions: Any) -> Any:
    """With a = u s v: the derivative at the diagonal matrix s, along the turned directions.

    That is a sum over the permutations of different indices i0, i1, ..., ik, which stand for the
    rows of x, h1, ..., hk: the product of their elements, the columns permuted, and of the other s.
    """
    u, s, v = xp.linalg.svd(a, full_matrices=False)
    phase = xp.linalg.det(u) * xp.linalg.det(v)
    left, right = xp.conj(xp.matrix_transpose(u)), xp.conj(xp.matrix_transpose(v))
    turned = [xp.matmul(xp.matmul(left, h), right) for h in directions]
    others = xp.astype(_products_of_others(xp, s, len(turned) + 1), a.dtype)
    total = sum(_term(xp, others, turned, p) for p in _permutations(len(turned) + 1))
    return phase[..., None, None] * xp.matmul(xp.matmul(xp.conj(u), total), xp.conj(v))


def _products_of_others(xp: Any, s: Any, count: int) -> Any:
    """Products of all s but those of `count` indices, one an axis; 0 where two indices are one."""
    n = s.shape[-1]
    same = xp.eye(n, dtype=xp.bool)
    grid = [n if axis <= count else 1 for axis in range(count + 1)]  # the last: all s
    taken = xp.zeros(grid, dtype=xp.bool)
    double = xp.zeros(grid[:-1], dtype=xp.bool)
    for axis in range(count):
        taken = taken | _placed(xp, same, (axis, count), count + 1)
        for other in range(axis):
            double = double | _placed(xp, same, (other, axis), count)
    factors = xp.reshape(s, (*s.shape[:-1], *(1,) * count, n))
    products = xp.prod(xp.where(taken, xp.ones_like(factors), factors), axis=-1)
    return xp.where(double, xp.zeros_like(products), products)


def _placed(xp: Any, x: Any, axes: Sequence[int], count: int) -> Any:
    """Lay the last axes of an array along rising places among `count` axes."""
    stack, lengths = x.shape[: -len(axes)], dict(zip(axes, x.shape[-len(axes) :], strict=True))
    return xp.reshape(x, (*stack, *(lengths.get(axis, 1) for axis in range(count))))


def _term(xp: Any, others: Any, turned: Sequence[Any], permutation: tuple[int, ...]) -> Any:
    """The share of one permutation in the matrix that x is multiplied with."""
    count = len(permutation)
    product = others
    for row, h in enumerate(turned, 1):
        column = permutation[row]
        if column == row:
            factor = _placed(xp, xp.linalg.diagonal(h), (row,), count)
        else:
            ordered = h if row < column else xp.matrix_transpose(h)
            factor = _placed(xp, ordered, sorted((row, column)), count)
        product = product * factor
    column = permutation[0]
    rest = tuple(axis - count for axis in range(count) if axis not in (0, column))
    kept = xp.sum(product, axis=rest) if rest else product
    if column == 0:
        kept = kept[..., None] * xp.eye(kept.shape[-1], dtype=kept.dtype)
    return _sign(permutation) * kept


@functools.cache
def _permutations(count: int) -> list[tuple[int, ...]]:
    return list(itertools.permutations(range(count)))


@functools.cache
def _sign(permutation: tuple[int, ...]) -> int:
    pairs = itertools.combinations(permutation, 2)
    return -1 if len([1 for i, j in pairs if i > j]) % 2 else 1


def _forms_shape(a: ArrayType, *directions: ArrayType) -> ArrayType:
    stack = np.broadcast_shapes(a.shape[:-2], *(h.shape[:-2] for h in directions))
    dtype = np.result_type(a.dtype, *(h.dtype for h in directions))
    return ArrayType((*stack, *a.shape[-2:]), dtype)


def _with(values: Sequence[Any], place: int, t: Any) -> Any:
    """The derivative of the form by one operand along t, which is its own transpose in t."""
    a, *directions = values
    if place == 0:
        return bind(forms_p, (a, *directions, t))
    directions[place - 1] = t
    return bind(forms_p, (a, *directions))


def _forms_pullback(
    g: Any, saved: tuple[Any, ...], params: Any, wanted: Sequence[Any]
) -> list[Any]:
    return [
        None if want is None else match(_with(saved, place, g), value.shape, value.dtype)
        for place, (value, want) in enumerate(zip(saved, wanted, strict=True))
    ]


def _forms_pushforward(
    tangents: Sequence[Any], values: Sequence[Any], out: Any, params: Any
) -> Any:
    terms = [_with(values, place, t) for place, t in enumerate(tangents) if t is not None]
    return functools.reduce(ew.add, terms)


forms_p = Primitive("derivatives_of_det")
evaluation[forms_p] = _evaluate_forms
shape_rules[forms_p] = _forms_shape
batching[forms_p] = lambda size, values, batched, params: bind(
    forms_p, align(size, values, batched)
)
pullbacks[forms_p] = Pullback(lambda values, out, params, wanted: tuple(values), _forms_pullback)
pushforwards[forms_p] = _forms_pushforward


def _matrix_of(x: Any) -> Any:
    """Give an array of numbers, one a matrix, two axes more."""
    return expand_dims(x, (-2, -1))


det_p: Primitive = nonlinear(
    "det",
    lambda a: namespace(a).linalg.det(a),
    pullback=lambda g, a: scale(_matrix_of(g), bind(forms_p, (a,))),
    operands="a",
    shape=lambda a: ArrayType(a.shape[:-2], a.dtype),
    batch=lambda size, values, batched, params: bind(det_p, values),
)


class SlogdetResult(NamedTuple):
    """Sign and logarithm of the absolute value of a determinant."""

    sign: Any
    logabsdet: Any


def slogdet(a: Any) -> SlogdetResult:
    """Sign and logarithm of the absolute value of each determinant.

    Parameters
    ----------
    a : array_like, shape (..., n, n)

    Returns
    -------
    sign, logabsdet : array, shape (...)
        For complex matrices the sign has absolute value 1, and a derivative. A singular matrix
        gives 0 and -inf; its gradient is NaN, or zero where the cotangent is.

    Examples
    --------
    >>> sign, logabsdet = slogdet([[0.0, 1.0], [1.0, 0.0]])
    >>> float(sign), float(logabsdet)
    (-1.0, 0.0)
    """
    return SlogdetResult(*bind(slogdet_p, (matrix_operand("slogdet", a, square=True),)))


def _slogdet_pullback(g: Any, a: Any, out: Any) -> Any:
    of_sign, of_log = g
    if is_complex(a) and of_sign is not None:
        turned = 1j * ew.imag(of_sign * out[0])
        of_log = turned if of_log is None else of_log + turned
    if of_log is None:
        return None
    inverse = bind(inv_p, (a,), {"singular": "nan"})
    return scale(_matrix_of(of_log), matrix_transpose(inverse))


def _slogdet_shape(a: ArrayType) -> tuple[ArrayType, ArrayType]:
    return ArrayType(a.shape[:-2], a.dtype), ArrayType(a.shape[:-2], real_dtype(a.dtype))


slogdet_p: Primitive = nonlinear(
    "slogdet",
    lambda a: tuple(namespace(a).linalg.slogdet(a)),
    pullback=_slogdet_pullback,
    operands="a",
    shape=_slogdet_shape,
    batch=lambda size, values, batched, params: bind(slogdet_p, values),
    multiple_results=True,
)
