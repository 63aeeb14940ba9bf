"""Sylvester equations in stacks."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...engine.array_type import ArrayType
from ...engine.errors import LinAlgError, ShapeError, describe
from ...engine.primitive import Primitive
from ...engine.trace import bind
from ..broadcasting import match
from ..contraction.einsum import matmul
from ..declare import nonlinear
from ..pointwise import align
from ..shaping.permuting import matrix_transpose
from .matrices import lapack_operands, matrix_operand, over_stack


def solve_sylvester(a: Any, b: Any, q: Any) -> Any:
    """Solve ``a @ x + x @ b = q``, as in SciPy.

    Parameters
    ----------
    a : array_like, shape (..., m, m)
    b : array_like, shape (..., n, n)
    q : array_like, shape (..., m, n)
        The stacks broadcast.

    Returns
    -------
    array, shape (..., m, n)

    Raises
    ------
    LinAlgError
        The equation is singular: a and -b have an eigenvalue in common.
    ShapeError
        Shapes that do not fit.

    Examples
    --------
    >>> solve_sylvester([[1.0, 0.0], [0.0, 3.0]], [[1.0]], [[2.0], [4.0]])
    array([[1.],
           [1.]])
    """
    a = matrix_operand("solve_sylvester", a, square=True)
    b = matrix_operand("solve_sylvester", b, square=True)
    q = matrix_operand("solve_sylvester", q)
    if tuple(q.shape[-2:]) != (a.shape[-1], b.shape[-1]):
        raise ShapeError(
            f"solve_sylvester({describe(a)}, {describe(b)}, {describe(q)}): wants shapes (m, m), "
            "(n, n) and (m, n)"
        )
    return bind(solve_sylvester_p, (a, b, q), {"zeros_too": True})


def _evaluate(a: Any, b: Any, q: Any, *, zeros_too: bool) -> Any:
    """Find x by the algorithm of Bartels and Stewart (1972).

    SciPy's function does not tell that an equation is singular. Without `zeros_too`, q = 0 has the
    solution 0 even then.
    """
    from scipy.linalg import get_lapack_funcs

    lapack_operands("solve_sylvester", a, b, q)
    dtype = np.result_type(a, b, q)
    a, b, q = (x.astype(dtype, copy=False) for x in (a, b, q))
    (r, u), (s, v) = _schur(a), _schur(np.conj(b.mT))
    (trsyl,) = get_lapack_funcs(("trsyl",), (q,))

    def solve(r: Any, s: Any, f: Any) -> Any:
        if not f.size or not (zeros_too or f.any()):
            return np.zeros_like(f)
        y, scale, info = trsyl(r, s, f, tranb="C")
        if info:
            raise LinAlgError(
                f"solve_sylvester({describe(a)}, {describe(b)}, {describe(q)}): the equation is "
                "singular: a and -b have an eigenvalue in common, or nearly so"
            )
        return scale * y

    turned = np.conj(u.mT) @ q @ v
    return u @ over_stack(solve, q.shape[-2:], dtype, r, s, turned) @ np.conj(v.mT)


def _schur(a: Any) -> tuple[Any, Any]:
    """Schur form of each matrix, and the unitary matrices that give it."""
    from scipy.linalg import schur

    form, vectors = np.empty_like(a), np.empty_like(a)
    for place in np.ndindex(a.shape[:-2] if a.size else (0,)):
        form[place], vectors[place] = schur(a[place], output="real", check_finite=False)
    return form, vectors


def _pullback(
    g: Any, a: Any, b: Any, out: Any, q_type: ArrayType, wanted: Any, *, zeros_too: bool
) -> list[Any]:
    operands = (matrix_transpose(a), matrix_transpose(b), g)
    of_q = bind(solve_sylvester_p, operands, {"zeros_too": False})
    turned = matrix_transpose(out)
    cotangents = [
        None if wanted[0] is None else match(-matmul(of_q, turned), a.shape, a.dtype),
        None if wanted[1] is None else match(-matmul(turned, of_q), b.shape, b.dtype),
        match(of_q, q_type.shape, q_type.dtype),
    ]
    return cotangents


def _shape(a: ArrayType, b: ArrayType, q: ArrayType, *, zeros_too: bool) -> ArrayType:
    stack = np.broadcast_shapes(*(x.shape[:-2] for x in (a, b, q)))
    return ArrayType((*stack, *q.shape[-2:]), np.result_type(a.dtype, b.dtype, q.dtype))


solve_sylvester_p: Primitive = nonlinear(
    "solve_sylvester",
    _evaluate,
    pullback=_pullback,
    operands="a b q",
    shape=_shape,
    batch=lambda size, values, batched, params: bind(
        solve_sylvester_p, align(size, values, batched), params
    ),
)
