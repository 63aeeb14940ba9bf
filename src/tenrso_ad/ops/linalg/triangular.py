"""Triangular systems, and systems solved by a Cholesky factor.

These are SciPy's functions, for stacks of matrices, with SciPy's arguments. Permission to overwrite
an operand is taken, and never used.
"""

from __future__ import annotations

from typing import Any, Literal

import numpy as np

from ...engine.array_type import ArrayType, type_of
from ...engine.errors import ArgumentError, LinAlgError, describe
from ...engine.primitive import Primitive
from ...engine.trace import bind
from .. import elementwise as ew
from ..broadcasting import match
from ..contraction.einsum import matmul
from ..declare import namespace, nonlinear
from ..indexing.getitem import getitem
from ..shaping.diagonals import tril, triu
from ..shaping.permuting import matrix_transpose
from .matrices import (
    lapack_operands,
    matrix_operand,
    over_stack,
    refuse_nonfinite,
    right_hand_side,
)
from .solving import batch_of_systems, cholesky, solve_shape

Transposition = Literal[0, 1, 2, "N", "T", "C"]


def transposition(name: str, trans: Any) -> int:
    """0 for the matrix itself, 1 for its transpose, 2 for its conjugate transpose."""
    try:
        return {0: 0, 1: 1, 2: 2, "N": 0, "T": 1, "C": 2}[trans]
    except (KeyError, TypeError):
        raise ArgumentError(f"{name}: trans is 0, 1, 2, 'N', 'T' or 'C', got {trans!r}") from None


# --- triangular systems ---------------------------------------------------------------------------


def solve_triangular(
    a: Any,
    b: Any,
    trans: Transposition = 0,
    lower: bool = False,
    unit_diagonal: bool = False,
    overwrite_b: bool = False,
    check_finite: bool = True,
) -> Any:
    """Solve ``a @ x = b`` for a triangular matrix.

    Parameters
    ----------
    a : array_like, shape (..., n, n)
        Only its upper triangle is read, or the lower.
    b : array_like, shape (n,) or (..., n, k)
        One vector, or matrices; the stacks broadcast.
    trans : {0, 1, 2, 'N', 'T', 'C'}
        Solve with the matrix, its transpose or its conjugate transpose.
    lower : bool
        Read the lower triangle.
    unit_diagonal : bool
        Take the diagonal for ones, and do not read it.
    overwrite_b, check_finite : bool
        As in SciPy.

    Returns
    -------
    array, shape (..., n) or (..., n, k)

    Raises
    ------
    LinAlgError
        A zero on the diagonal.
    ShapeError, ArgumentError
        Shapes that do not fit, an unknown `trans`, or NaN or an infinity with `check_finite`.

    Examples
    --------
    >>> solve_triangular([[2.0, 0.0], [1.0, 4.0]], [2.0, 5.0], lower=True)
    array([1., 1.])
    """
    a = matrix_operand("solve_triangular", a, square=True)
    b, vector = right_hand_side("solve_triangular", a.shape[-1], a, b)
    transposed = transposition("solve_triangular", trans)
    if check_finite:
        refuse_nonfinite("solve_triangular", a, b)
    x = solved(ew.conjugate(a) if transposed == 2 else a, b, bool(transposed), lower, unit_diagonal)
    return getitem(x, (..., 0)) if vector else x


def solved(a: Any, b: Any, transposed: bool, lower: bool, unit: bool = False) -> Any:
    """Solve for matrices, without checks; `unit` takes the diagonal for ones."""
    params = {"transposed": transposed, "lower": bool(lower), "unit": bool(unit)}
    return bind(solve_triangular_p, (a, b), params)


def _evaluate_solve_triangular(a: Any, b: Any, *, transposed: bool, lower: bool, unit: bool) -> Any:
    xp = namespace(a, b)
    if xp is not np:
        a = xp.tril(a, k=-int(unit)) if lower else xp.triu(a, k=int(unit))
        a = a + xp.eye(a.shape[-1], dtype=a.dtype) if unit else a
        return xp.linalg.solve(xp.matrix_transpose(a) if transposed else a, b)
    from scipy.linalg import get_blas_funcs

    lapack_operands("solve_triangular", a, b)
    diagonal = np.diagonal(a, axis1=-2, axis2=-1)
    if not unit and not diagonal.all():
        place = int(np.argwhere(diagonal == 0)[0, -1])
        raise LinAlgError(
            f"solve_triangular({describe(a)}, {describe(b)}): singular matrix: element {place} of "
            "the diagonal is zero"
        )
    (trsm,) = get_blas_funcs(("trsm",), (a, b))

    def solve(a: Any, b: Any) -> Any:
        if a.flags.c_contiguous:  # its transpose needs no copy for Fortran
            return trsm(1.0, a.T, b, lower=not lower, trans_a=not transposed, diag=unit)
        return trsm(1.0, a, b, lower=lower, trans_a=transposed, diag=unit)

    if not b.size:
        return np.zeros(solve_shape(type_of(a), type_of(b)).shape, np.result_type(a, b))
    return over_stack(solve, b.shape[-2:], np.result_type(a, b), a, b)


def _solve_triangular_pullback(
    g: Any,
    a: Any,
    out: Any,
    a_type: ArrayType,
    b_type: ArrayType,
    wanted: Any,
    *,
    transposed: bool,
    lower: bool,
    unit: bool,
) -> list[Any]:
    of_b = solved(a, g, not transposed, lower, unit)
    of_a = None
    if wanted[0] is not None:
        left, right = (out, of_b) if transposed else (of_b, out)
        of_a = (tril if lower else triu)(
            matmul(left, matrix_transpose(right)), (-1 if lower else 1) * unit
        )
        of_a = match(-of_a, a_type.shape, a_type.dtype)
    return [of_a, match(of_b, b_type.shape, b_type.dtype)]


solve_triangular_p: Primitive = nonlinear(
    "solve_triangular",
    _evaluate_solve_triangular,
    pullback=_solve_triangular_pullback,
    operands="a b",
    shape=lambda a, b, **_: solve_shape(a, b),
    batch=batch_of_systems(lambda: solve_triangular_p),
)


# --- the Cholesky factor --------------------------------------------------------------------------


def cho_factor(
    a: Any, lower: bool = False, overwrite_a: bool = False, check_finite: bool = True
) -> tuple[Any, bool]:
    """Cholesky factor of each matrix, for `cho_solve`.

    Parameters
    ----------
    a : array_like, shape (..., n, n)
        Hermitian (symmetric) and positive definite. Only the upper triangle is read, or the lower.
    lower : bool
        Read the lower triangle, and give L with a = L @ L^H instead of U with a = U^H @ U.
    overwrite_a, check_finite : bool
        As in SciPy.

    Returns
    -------
    c : array, shape (..., n, n)
        With zeros in the other triangle, where SciPy's has anything.
    lower : bool

    Raises
    ------
    LinAlgError
        A matrix that is not positive definite.

    Examples
    --------
    >>> factor = cho_factor([[4.0, 2.0], [2.0, 5.0]])
    >>> cho_solve(factor, [6.0, 7.0])
    array([1., 1.])
    """
    a = matrix_operand("cho_factor", a, square=True)
    if check_finite:
        refuse_nonfinite("cho_factor", a)
    return cholesky(a, upper=not lower), lower


def cho_solve(
    c_and_lower: tuple[Any, bool], b: Any, overwrite_b: bool = False, check_finite: bool = True
) -> Any:
    """Solve ``a @ x = b`` with the Cholesky factor of a.

    Parameters
    ----------
    c_and_lower : tuple of (array, bool)
        From `cho_factor`.
    b : array_like, shape (n,) or (..., n, k)
        One vector, or matrices; the stacks broadcast.
    overwrite_b, check_finite : bool
        As in SciPy.

    Returns
    -------
    array, shape (..., n) or (..., n, k)

    Examples
    --------
    >>> cho_solve(([[2.0, 0.0], [1.0, 2.0]], True), [6.0, 7.0])
    array([1., 1.])
    """
    c, lower = c_and_lower
    c = matrix_operand("cho_solve", c, square=True)
    b, vector = right_hand_side("cho_solve", c.shape[-1], c, b)
    if check_finite:
        refuse_nonfinite("cho_solve", c, b)
    conjugate = ew.conjugate(c)
    if lower:
        x = solved(conjugate, solved(c, b, False, True), True, True)
    else:
        x = solved(c, solved(conjugate, b, True, False), False, False)
    return getitem(x, (..., 0)) if vector else x
