"""Banded systems in stacks: SciPy's functions, which keep a matrix by its diagonals.

Row r of ``ab`` holds the elements of one diagonal, those of column j of the matrix in column j.
Elements of ``ab`` beyond the ends of a diagonal are not read, and their gradient is zero.
"""

from __future__ import annotations

import functools
import operator
from typing import Any

import numpy as np
from numpy import ndarray

from ...engine.array_type import ArrayType
from ...engine.errors import ArgumentError, ShapeError, describe
from ...engine.primitive import Primitive
from ...engine.trace import bind
from .. import elementwise as ew
from ..broadcasting import match
from ..declare import nonlinear
from ..indexing.getitem import getitem
from ..reductions.sums import sum
from ..shaping.reshaping import expand_dims
from .matrices import lapack_operands, matrix_operand, over_stack, refuse_nonfinite, right_hand_side
from .solving import batch_of_systems, solve_shape

Offsets = tuple[int, ...]  # of the diagonals: how far below the main one each lies


@functools.lru_cache(maxsize=256)
def _partners(n: int, offsets: Offsets) -> tuple[ndarray, ndarray]:
    """For each place of the diagonals the row it has in the matrix, and whether there is one."""
    rows = np.arange(n) + np.asarray(offsets)[:, None]
    inside = (rows >= 0) & (rows < n)
    return np.where(inside, rows, 0), inside


def _outer_on_diagonals(y: Any, x: Any, offsets: Offsets) -> Any:
    """Diagonals of ``y @ x.T``."""
    rows, inside = _partners(x.shape[-2], offsets)
    products = getitem(y, (..., rows, slice(None))) * expand_dims(x, -3)
    return ew.where(inside, sum(products, axis=-1), 0)


# --- general bands --------------------------------------------------------------------------------


def solve_banded(
    l_and_u: tuple[int, int],
    ab: Any,
    b: Any,
    overwrite_ab: bool = False,
    overwrite_b: bool = False,
    check_finite: bool = True,
) -> Any:
    """Solve ``a @ x = b`` for a banded matrix.

    Parameters
    ----------
    l_and_u : (int, int)
        How many diagonals are not zero below and above the main one.
    ab : array_like, shape (..., l + u + 1, n)
        The diagonals: ``ab[u + i - j, j] == a[i, j]``.
    b : array_like, shape (n,) or (..., n, k)
        One vector, or matrices; the stacks broadcast.
    overwrite_ab, overwrite_b, check_finite : bool
        As in SciPy.

    Returns
    -------
    array, shape (..., n) or (..., n, k)

    Raises
    ------
    LinAlgError
        A singular matrix.
    ShapeError, ArgumentError
        Shapes that do not fit, or NaN or an infinity with `check_finite`.

    Examples
    --------
    >>> ab = [[0.0, 1.0, 1.0], [2.0, 2.0, 2.0], [1.0, 1.0, 0.0]]
    >>> solve_banded((1, 1), ab, [3.0, 4.0, 3.0])
    array([1., 1., 1.])
    """
    try:
        below, above = (operator.index(count) for count in l_and_u)
    except (TypeError, ValueError):
        raise ArgumentError(
            f"solve_banded: l_and_u holds two numbers of diagonals, got {l_and_u!r}"
        ) from None
    ab = matrix_operand("solve_banded", ab)
    if below < 0 or above < 0 or ab.shape[-2] != below + above + 1:
        raise ShapeError(
            f"solve_banded({l_and_u}, {describe(ab)}): wants ab of shape (..., l + u + 1, n)"
        )
    b, vector = right_hand_side("solve_banded", ab.shape[-1], ab, b)
    if check_finite:
        refuse_nonfinite("solve_banded", ab, b)
    x = bind(solve_banded_p, (ab, b), {"below": below, "above": above})
    return getitem(x, (..., 0)) if vector else x


def _evaluate_solve_banded(ab: Any, b: Any, *, below: int, above: int) -> Any:
    from scipy.linalg import solve_banded as scipys

    lapack_operands("solve_banded", ab, b)

    def solve(ab: Any, b: Any) -> Any:
        return scipys((below, above), ab, b, check_finite=False)

    return over_stack(solve, b.shape[-2:], np.result_type(ab, b), ab, b)


def _transposed(ab: Any, below: int, above: int) -> Any:
    """Diagonals of the transposed matrix."""
    offsets = tuple(range(-below, above + 1))
    rows, inside = _partners(ab.shape[-1], offsets)
    places = above - np.asarray(offsets)[:, None]
    return ew.where(inside, getitem(ab, (..., places, rows)), 0)


def _solve_banded_pullback(
    g: Any,
    ab: Any,
    out: Any,
    ab_type: ArrayType,
    b_type: ArrayType,
    wanted: Any,
    *,
    below: int,
    above: int,
) -> list[Any]:
    turned = _transposed(ab, below, above)
    of_b = bind(solve_banded_p, (turned, g), {"below": above, "above": below})
    of_ab = None
    if wanted[0] is not None:
        of_ab = -_outer_on_diagonals(of_b, out, tuple(range(-above, below + 1)))
        of_ab = match(of_ab, ab_type.shape, ab_type.dtype)
    return [of_ab, match(of_b, b_type.shape, b_type.dtype)]


solve_banded_p: Primitive = nonlinear(
    "solve_banded",
    _evaluate_solve_banded,
    pullback=_solve_banded_pullback,
    operands="ab b",
    shape=lambda ab, b, **_: solve_shape(ab, b),
    batch=batch_of_systems(lambda: solve_banded_p),
)


# --- Hermitian bands ------------------------------------------------------------------------------


def solveh_banded(
    ab: Any,
    b: Any,
    overwrite_ab: bool = False,
    overwrite_b: bool = False,
    lower: bool = False,
    check_finite: bool = True,
) -> Any:
    """Solve ``a @ x = b`` for a banded matrix that is Hermitian and positive definite.

    Parameters
    ----------
    ab : array_like, shape (..., u + 1, n)
        The main diagonal, of which the real parts are read, and those above it:
        ``ab[u + i - j, j] == a[i, j]``; or those below it: ``ab[i - j, j] == a[i, j]``.
    b : array_like, shape (n,) or (..., n, k)
        One vector, or matrices; the stacks broadcast.
    overwrite_ab, overwrite_b, check_finite : bool
        As in SciPy.
    lower : bool
        `ab` holds the diagonals below the main one.

    Returns
    -------
    array, shape (..., n) or (..., n, k)

    Raises
    ------
    LinAlgError
        A matrix that is not positive definite.
    ShapeError, ArgumentError
        Shapes that do not fit, or NaN or an infinity with `check_finite`.

    Notes
    -----
    The gradient by an element of `ab` counts both elements of the matrix that it stands for.

    Examples
    --------
    >>> solveh_banded([[0.0, 1.0, 1.0], [2.0, 2.0, 2.0]], [3.0, 4.0, 3.0])
    array([1., 1., 1.])
    """
    ab = matrix_operand("solveh_banded", ab)
    b, vector = right_hand_side("solveh_banded", ab.shape[-1], ab, b)
    if check_finite:
        refuse_nonfinite("solveh_banded", ab, b)
    x = bind(solveh_banded_p, (ab, b), {"lower": bool(lower)})
    return getitem(x, (..., 0)) if vector else x


def _evaluate_solveh_banded(ab: Any, b: Any, *, lower: bool) -> Any:
    from scipy.linalg import solveh_banded as scipys

    lapack_operands("solveh_banded", ab, b)

    def solve(ab: Any, b: Any) -> Any:
        return scipys(ab, b, lower=lower, check_finite=False)

    return over_stack(solve, b.shape[-2:], np.result_type(ab, b), ab, b)


def _solveh_banded_pullback(
    g: Any,
    ab: Any,
    out: Any,
    ab_type: ArrayType,
    b_type: ArrayType,
    wanted: Any,
    *,
    lower: bool,
) -> list[Any]:
    of_b = bind(solveh_banded_p, (ew.conjugate(ab), g), {"lower": lower})
    of_ab = None
    if wanted[0] is not None:
        count = ab_type.shape[-2]
        offsets = tuple(range(count) if lower else range(1 - count, 1))
        here = _outer_on_diagonals(of_b, out, offsets)
        mirrored = _outer_on_diagonals(out, of_b, offsets)
        main = np.asarray(offsets)[:, None] == 0
        of_ab = (here + ew.conjugate(mirrored)) * np.where(main, -0.5, -1.0).astype(here.dtype)
        of_ab = match(of_ab, ab_type.shape, ab_type.dtype)
    return [of_ab, match(of_b, b_type.shape, b_type.dtype)]


solveh_banded_p: Primitive = nonlinear(
    "solveh_banded",
    _evaluate_solveh_banded,
    pullback=_solveh_banded_pullback,
    operands="ab b",
    shape=lambda ab, b, **_: solve_shape(ab, b),
    batch=batch_of_systems(lambda: solveh_banded_p),
)
