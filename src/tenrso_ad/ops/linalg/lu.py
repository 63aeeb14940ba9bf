"""LU factors of stacks of matrices, and systems solved by them: SciPy's functions."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...engine.array_type import ArrayType
from ...engine.errors import ShapeError, describe
from ...engine.primitive import Primitive
from ...engine.trace import bind
from .. import elementwise as ew
from ..arguments import array_operand
from ..broadcasting import convert
from ..contraction.einsum import matmul
from ..declare import constant, nonlinear
from ..indexing.getitem import getitem
from ..indexing.taking import take_along_axis
from ..shaping.diagonals import tril, triu
from ..shaping.joining import concatenate
from ..shaping.permuting import matrix_transpose
from ..shaping.reshaping import broadcast_to, expand_dims
from ..sorting.ordering import argsort
from .gauge import columns
from .matrices import lapack_operands, matrix_operand, real_dtype, refuse_nonfinite, right_hand_side
from .solving import derivative_of
from .triangular import Transposition, solved, transposition


def lu_factor(a: Any, overwrite_a: bool = False, check_finite: bool = True) -> tuple[Any, Any]:
    """LU factors of each matrix with its rows exchanged, for `lu_solve`.

    Parameters
    ----------
    a : array_like, shape (..., m, n)
    overwrite_a, check_finite : bool
        As in SciPy.

    Returns
    -------
    lu : array, shape (..., m, n)
        U in the upper triangle, and L below it; the ones on the diagonal of L are left out.
    piv : array of int, shape (..., min(m, n))
        Row i was exchanged with row piv[i], one after the other.

    Raises
    ------
    LinAlgError
        In the backward pass: a singular matrix, or for m != n a singular leading block.

    Notes
    -----
    The derivative is that for the same exchanges of rows.

    Examples
    --------
    >>> lu_solve(lu_factor([[0.0, 2.0], [1.0, 1.0]]), [2.0, 2.0])
    array([1., 1.])
    """
    a = matrix_operand("lu_factor", a)
    if check_finite:
        refuse_nonfinite("lu_factor", a)
    return bind(lu_factor_p, (a,))  # type: ignore[no-any-return]


def _evaluate_lu_factor(a: Any) -> tuple[Any, Any]:
    from scipy.linalg import get_lapack_funcs

    lapack_operands("lu_factor", a)
    packed = np.empty_like(a)
    pivots = np.empty((*a.shape[:-2], min(a.shape[-2:])), np.int32)
    if a.size:
        (getrf,) = get_lapack_funcs(("getrf",), (a,))
        for place in np.ndindex(a.shape[:-2]):
            packed[place], pivots[place], _ = getrf(a[place])
    return packed, pivots


def _lu_factor_pullback(g: Any, out: Any) -> Any:
    g, (packed, pivots) = g[0], out
    m, n = packed.shape[-2:]
    k, stack = min(m, n), packed.shape[:-2]
    # whole square factors: of tall matrices L goes on with columns of the identity, of wide ones U
    lower, upper = columns(packed, slice(k)), getitem(packed, (..., slice(k), slice(None)))
    if m > n:
        lower = concatenate((lower, np.zeros((*stack, m, m - k), packed.dtype)), axis=-1)
    if n > m:
        ones = np.eye(n - k, n, k, dtype=packed.dtype)
        upper = concatenate((upper, broadcast_to(ones, (*stack, n - k, n))), axis=-2)
    of_lower = matmul(matrix_transpose(tril(lower, -1)), tril(g, -1)) + tril(g, -1)
    of_upper = matmul(triu(g), matrix_transpose(triu(upper)))
    middle = tril(of_lower, -1) + triu(of_upper)
    left = solved(lower, middle, True, True, True)
    with derivative_of("lu_factor", "a leading block that is not singular"):
        whole = matrix_transpose(solved(upper, matrix_transpose(left), False, False))
    return take_along_axis(whole, expand_dims(argsort(_permutation(pivots, m)), -1), axis=-2)


lu_factor_p: Primitive = nonlinear(
    "lu_factor",
    _evaluate_lu_factor,
    pullback=_lu_factor_pullback,
    operands="a",
    shape=lambda a: (
        a,
        ArrayType((*a.shape[:-2], min(a.shape[-2:])), np.dtype(np.int32)),
    ),
    batch=lambda size, values, batched, params: bind(lu_factor_p, values),
    multiple_results=True,
)


def _permutation(pivots: Any, rows: int) -> Any:
    """Which row came to each place by the exchanges."""
    return bind(permutation_p, (pivots,), {"rows": rows})


def _evaluate_permutation(pivots: Any, *, rows: int) -> Any:
    out = np.empty((*pivots.shape[:-1], rows), np.int32)
    out[...] = np.arange(rows)
    for place in np.ndindex(pivots.shape[:-1]):
        row = out[place]
        for i, j in enumerate(pivots[place]):
            row[i], row[j] = row[j], row[i]
    return out


permutation_p: Primitive = constant(
    "permutation_of_pivots",
    _evaluate_permutation,
    shape=lambda pivots, *, rows: ArrayType((*pivots.shape[:-1], rows), np.dtype(np.int32)),
    batch=lambda size, values, batched, params: bind(permutation_p, values, params),
)


def lu(
    a: Any,
    permute_l: bool = False,
    overwrite_a: bool = False,
    check_finite: bool = True,
    p_indices: bool = False,
) -> tuple[Any, ...]:
    """LU decomposition: a = P @ L @ U.

    Parameters
    ----------
    a : array_like, shape (..., m, n)
    permute_l : bool
        Give P @ L, and U.
    overwrite_a, check_finite : bool
        As in SciPy.
    p_indices : bool
        Give P as indices of rows: a = L[P] @ U.

    Returns
    -------
    P : array, shape (..., m, m) or (..., m)
        A permutation of rows.
    L : array, shape (..., m, k)
        Lower triangular with ones on the diagonal; k = min(m, n).
    U : array, shape (..., k, n)
        Upper triangular.

    Raises
    ------
    LinAlgError
        In the backward pass: a singular matrix, or for m != n a singular leading block.

    Examples
    --------
    >>> p, l, u = lu([[1.0, 2.0], [2.0, 2.0]])
    >>> l, u
    (array([[1. , 0. ],
           [0.5, 1. ]]), array([[2., 2.],
           [0., 1.]]))
    """
    a = matrix_operand("lu", a)
    m, k = a.shape[-2], min(a.shape[-2:])
    packed, pivots = lu_factor(a, check_finite=check_finite)
    lower = tril(columns(packed, slice(k)), -1) + np.eye(m, k, dtype=a.dtype)
    upper = triu(getitem(packed, (..., slice(k), slice(None))))
    places = convert(argsort(_permutation(pivots, m)), np.dtype(np.int32))
    if permute_l:
        return take_along_axis(lower, expand_dims(places, -1), axis=-2), upper
    if p_indices:
        return places, lower, upper
    p = convert(ew.equal(expand_dims(places, -1), np.arange(m)), real_dtype(a.dtype))
    return p, lower, upper


def lu_solve(
    lu_and_piv: tuple[Any, Any],
    b: Any,
    trans: Transposition = 0,
    overwrite_b: bool = False,
    check_finite: bool = True,
) -> Any:
    """Solve ``a @ x = b`` with the LU factors of a.

    Parameters
    ----------
    lu_and_piv : tuple of array
        From `lu_factor`, of square matrices.
    b : array_like, shape (n,) or (..., n, k)
        One vector, or matrices; the stacks broadcast.
    trans : {0, 1, 2, 'N', 'T', 'C'}
        Solve with the matrix, its transpose or its conjugate transpose.
    overwrite_b, check_finite : bool
        As in SciPy.

    Returns
    -------
    array, shape (..., n) or (..., n, k)

    Raises
    ------
    LinAlgError
        A singular matrix.

    Examples
    --------
    >>> lu_solve(lu_factor([[0.0, 2.0], [1.0, 1.0]]), [2.0, 2.0])
    array([1., 1.])
    """
    packed, pivots = lu_and_piv
    packed = matrix_operand("lu_solve", packed, square=True)
    n = packed.shape[-1]
    pivots = array_operand(pivots)
    if tuple(pivots.shape) != tuple(packed.shape[:-1]):
        raise ShapeError(
            f"lu_solve({describe(packed)}, {describe(pivots)}): wants a pivot for each row"
        )
    b, vector = right_hand_side("lu_solve", n, packed, b)
    transposed = transposition("lu_solve", trans)
    if check_finite:
        refuse_nonfinite("lu_solve", packed, b)
    rows = _permutation(pivots, n)
    stack = np.broadcast_shapes(packed.shape[:-2], b.shape[:-2])
    if not transposed:
        lower = solved(packed, _exchanged(b, rows, stack), False, True, True)
        x = solved(packed, lower, False, False)
    else:
        packed = ew.conjugate(packed) if transposed == 2 else packed
        upper = solved(packed, b, True, False)
        x = _exchanged(solved(packed, upper, True, True, True), argsort(rows), stack)
    return getitem(x, (..., 0)) if vector else x


def _exchanged(b: Any, rows: Any, stack: tuple[int, ...]) -> Any:
    """Rows of matrices in another order, in a stack to which both broadcast."""
    b = broadcast_to(b, (*stack, *b.shape[-2:]))
    rows = expand_dims(rows, -1)
    missing = len(stack) + 2 - len(rows.shape)
    return take_along_axis(b, expand_dims(rows, tuple(range(missing))), axis=-2)
