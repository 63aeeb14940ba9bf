"""QR decomposition of stacks of matrices."""

from __future__ import annotations

from typing import Any, Literal, NamedTuple

import numpy as np

from ...engine.array_type import ArrayType
from ...engine.errors import ArgumentError, UnsupportedError
from ...engine.primitive import Primitive
from ...engine.trace import Tracer, bind
from .. import elementwise as ew
from ..contraction.einsum import matmul
from ..declare import namespace, nonlinear, zeros_like
from ..indexing.getitem import getitem
from ..shaping.diagonals import triu
from ..shaping.joining import concatenate
from .gauge import columns, without_rest
from .matrices import adjoint, matrix_operand, plainly
from .solving import derivative_of, solve


class QRResult(NamedTuple):
    """Orthonormal columns, and an upper triangular matrix."""

    Q: Any
    R: Any


def qr(a: Any, mode: Literal["reduced", "complete", "r", "raw"] = "reduced") -> Any:
    """QR decomposition: a = Q @ R.

    Parameters
    ----------
    a : array_like, shape (..., m, n)
    mode : {'reduced', 'complete', 'r', 'raw'}
        Q of shape (..., m, k) with k = min(m, n) and R of shape (..., k, n); Q of shape (..., m, m)
        and R of shape (..., m, n); R alone, of shape (..., k, n); or LAPACK's own form, for plain
        arrays only.

    Returns
    -------
    Q, R : array

    Raises
    ------
    UnsupportedError
        Mode 'raw' for a tensor.
    LinAlgError
        In the backward pass: the first k columns are linearly dependent.

    Warns
    -----
    DegenerateWarning
        In the backward pass, where the cotangent depends on the columns that mode 'complete' adds
        by more than the projector on them.

    Notes
    -----
    Formula: Roberts and Roberts (2020), "QR and LQ decomposition matrix backpropagation algorithms
    for square, wide, and deep matrices".

    Examples
    --------
    >>> q, r = qr([[0.0, 2.0], [3.0, 0.0]])
    >>> abs(r)
    array([[3., 0.],
           [0., 2.]])
    """
    a = matrix_operand("qr", a)
    if mode == "raw":
        if isinstance(a, Tracer):
            raise UnsupportedError(
                "qr: mode='raw' has no derivative; use 'reduced', 'complete' or 'r'"
            )
        return plainly("qr", lambda a: np.linalg.qr(a, mode="raw"), a)
    if mode not in ("reduced", "complete", "r"):
        raise ArgumentError(f"qr: mode is 'reduced', 'complete', 'r' or 'raw', got {mode!r}")
    out = QRResult(*bind(qr_p, (a,), {"mode": "complete" if mode == "complete" else "reduced"}))
    return out.R if mode == "r" else out


def _evaluate_qr(a: Any, *, mode: str) -> Any:
    return tuple(namespace(a).linalg.qr(a, mode=mode))


def _qr_pullback(g: Any, out: Any, a: Any, *, mode: str) -> Any:
    of_q, of_r = (None if x is None else ew.conjugate(x) for x in g)
    q, r = out
    count = min(a.shape[-2:])
    if q.shape[-1] > count:
        r = getitem(r, (..., slice(count), slice(None)))
        of_r = None if of_r is None else getitem(of_r, (..., slice(count), slice(None)))
        if of_q is None:
            q = columns(q, slice(count))
        else:
            q, of_q = without_rest("qr", q, of_q, count)
    of_rest = None
    if a.shape[-1] > count:  # wide: R = [R1, Q^H A2]
        r, rest = columns(r, slice(count)), columns(a, slice(count, None))
        if of_r is not None:
            of_r, of_rest = columns(of_r, slice(count)), columns(of_r, slice(count, None))
            more = matmul(rest, adjoint(of_rest))
            of_q = more if of_q is None else of_q + more
            of_rest = matmul(q, of_rest)
        else:
            of_rest = zeros_like(rest)
    whole = _square_part(q, r, of_q, of_r)
    if of_rest is not None:
        whole = concatenate((whole, of_rest), axis=-1)
    return ew.conjugate(whole)


def _square_part(q: Any, r: Any, of_q: Any, of_r: Any) -> Any:
    """Cotangent of Q @ R for a square R."""
    middle = None
    if of_r is not None:
        middle = matmul(of_r, adjoint(r))
    if of_q is not None:
        turned = matmul(adjoint(q), of_q)
        middle = -turned if middle is None else middle - turned
    middle = triu(middle) + triu(middle, 1)
    left = matmul(q, (middle + adjoint(middle)) * 0.5)
    if of_q is not None:
        left = left + of_q
    with derivative_of("qr", "linearly independent columns"):
        return adjoint(solve(r, adjoint(left)))


def _qr_shape(a: ArrayType, *, mode: str) -> tuple[ArrayType, ArrayType]:
    *stack, m, n = a.shape
    k = m if mode == "complete" else min(m, n)
    return ArrayType((*stack, m, k), a.dtype), ArrayType((*stack, k, n), a.dtype)


qr_p: Primitive = nonlinear(
    "qr",
    _evaluate_qr,
    pullback=_qr_pullback,
    operands="a",
    shape=_qr_shape,
    batch=lambda size, values, batched, params: bind(qr_p, values, params),
    multiple_results=True,
)
