"""Functions of square matrices in stacks: exponential, logarithm and square root.

The derivative of an analytic function of a matrix along e is the upper right block of that function
of [[a, e], [0, a]] (Mathias, 1996, "A chain rule for matrix functions and applications"). It is an
operation of its own here, linear in e, and is differentiated by a by the same formula again.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from ...engine.errors import LinAlgError, UnsupportedError, describe
from ...engine.primitive import Primitive
from ...engine.trace import Tracer, bind
from ..broadcasting import match
from ..declare import namespace, nonlinear, zeros_like
from ..indexing.getitem import getitem
from ..pointwise import align
from ..shaping.joining import concatenate
from ..shaping.permuting import matrix_transpose
from ..shaping.reshaping import broadcast_to
from .matrices import lapack_operands, matrix_operand, over_stack, plainly
from .solving import derivative_of, solve_shape
from .sylvester import solve_sylvester_p


def expm(A: Any) -> Any:
    """Exponential of each matrix.

    Parameters
    ----------
    A : array_like, shape (..., n, n)

    Returns
    -------
    array, shape (..., n, n)

    Notes
    -----
    Computed by SciPy: scaling, a Pade approximant and squaring (Al-Mohy and Higham, 2009).

    Examples
    --------
    >>> expm([[0.0, 2.0], [0.0, 0.0]])
    array([[1., 2.],
           [0., 1.]])
    """
    return bind(expm_p, (matrix_operand("expm", A, square=True),))


def logm(A: Any) -> Any:
    """Principal logarithm of each matrix: the one whose eigenvalues have angles in (-pi, pi].

    Parameters
    ----------
    A : array_like, shape (..., n, n)

    Returns
    -------
    array, shape (..., n, n)
        For real plain arrays complex where it has to be, as in SciPy.

    Raises
    ------
    LinAlgError
        A singular matrix; a real tensor with a negative eigenvalue, whose logarithm is complex:
        convert it to a complex dtype first.

    Notes
    -----
    Computed by SciPy: inverse scaling and squaring (Al-Mohy and Higham, 2012). For a complex matrix
    with a negative eigenvalue the derivative is the one-sided one, as for `log` of a number.

    Examples
    --------
    >>> logm([[1.0, 2.0], [0.0, 1.0]])
    array([[0., 2.],
           [0., 0.]])
    """
    A = matrix_operand("logm", A, square=True)
    return bind(logm_p, (A,)) if isinstance(A, Tracer) else plainly("logm", _plain_logm, A)


def sqrtm(A: Any) -> Any:
    """Principal square root of each matrix: the one whose eigenvalues have no negative real part.

    Parameters
    ----------
    A : array_like, shape (..., n, n)

    Returns
    -------
    array, shape (..., n, n)
        For real plain arrays complex where it has to be, as in SciPy.

    Raises
    ------
    LinAlgError
        A matrix without a square root; a real tensor with a negative eigenvalue, whose root is
        complex: convert it to a complex dtype first. In the backward pass: a singular matrix.

    Notes
    -----
    Computed by SciPy from the Schur form; differentiated by a Sylvester equation. For a complex
    matrix with a negative eigenvalue the derivative is the one-sided one, as for `sqrt`.

    Examples
    --------
    >>> sqrtm([[4.0, 4.0], [0.0, 4.0]])
    array([[2., 1.],
           [0., 2.]])
    """
    A = matrix_operand("sqrtm", A, square=True)
    return bind(sqrtm_p, (A,)) if isinstance(A, Tracer) else plainly("sqrtm", _plain_sqrtm, A)


# --- values ---------------------------------------------------------------------------------------


def _evaluate_expm(a: Any) -> Any:
    xp = namespace(a)
    if xp is np:
        from scipy.linalg import expm as scipys

        lapack_operands("expm", a)
        return scipys(a)
    try:
        return xp.linalg.matrix_exp(a)
    except AttributeError:
        raise UnsupportedError(
            f"expm({describe(a)}): {xp.__name__} has no linalg.matrix_exp"
        ) from None


def _plain_logm(a: Any) -> Any:
    from scipy.linalg import logm as scipys

    lapack_operands("logm", a)
    if not np.all(np.linalg.eigvals(a)):
        raise LinAlgError(f"logm({describe(a)}): a singular matrix has no logarithm")
    return _one_by_one(lambda a: scipys(a.copy()), a)  # older ones want to be allowed to write


def _plain_sqrtm(a: Any) -> Any:
    from scipy.linalg import sqrtm as scipys

    lapack_operands("sqrtm", a)
    out = _one_by_one(scipys, a)
    if not np.isfinite(out).all() and np.isfinite(a).all():
        raise LinAlgError(f"sqrtm({describe(a)}): the matrix has no square root")
    return out


def _one_by_one(function: Callable[[Any], Any], a: Any) -> Any:
    """Apply a function of single matrices, in double precision; complex if a result has to be."""
    wide = a.astype(np.result_type(a.dtype, np.float64), copy=False)
    out = over_stack(function, a.shape[-2:], np.complex128, wide)
    noise = 1e3 * np.finfo(float).eps * np.abs(out).max(axis=(-2, -1), keepdims=True, initial=0)
    if np.iscomplexobj(a) or np.any(np.abs(out.imag) > noise):
        return out.astype(np.result_type(a.dtype, np.complex64), copy=False)
    return out.real.astype(a.dtype)


def _real_of_real(name: str, compute: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Evaluate for tensors, whose dtype may not depend on values: real of real, or refused."""

    def evaluate(a: Any) -> Any:
        out = compute(a)
        if np.iscomplexobj(out) and not np.iscomplexobj(a):
            raise LinAlgError(
                f"{name}({describe(a)}): complex for a real matrix with a negative eigenvalue; "
                "convert the matrix to a complex dtype first"
            )
        return out

    return evaluate


# --- derivatives ----------------------------------------------------------------------------------


def _along(name: str, a: Any, e: Any) -> Any:
    """Derivative of a function of a along e; for the transpose of a it is its own transpose."""
    return bind(along_p, (a, e), {"function": name})


def _evaluate_along(a: Any, e: Any, *, function: str) -> Any:
    xp = namespace(a, e)
    n, dtype = a.shape[-1], xp.result_type(a.dtype, e.dtype)
    if not n:
        return xp.zeros(np.broadcast_shapes(a.shape, e.shape), dtype=dtype)
    # e gets the norm 1: else the function would spend its digits on it
    size = xp.max(xp.sum(xp.abs(e), axis=-2, keepdims=True), axis=-1, keepdims=True)
    unit = xp.where(size == 0, xp.ones_like(size), size)
    block = _block(xp.astype(a, dtype), xp.astype(e / unit, dtype))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # of logm, that it may be inaccurate
        corner = _ANALYTIC[function](block)[..., :n, n:]
    return xp.where(size == 0, xp.zeros_like(corner), corner * unit)


def _block(a: Any, e: Any) -> Any:
    """[[a, e], [0, a]] of matrices whose stacks broadcast."""
    shape = np.broadcast_shapes(a.shape, e.shape)
    a, e = broadcast_to(a, shape), broadcast_to(e, shape)
    upper, lower = concatenate((a, e), axis=-1), concatenate((zeros_like(a), a), axis=-1)
    return concatenate((upper, lower), axis=-2)


def _along_pullback(g: Any, a: Any, e: Any, wanted: Any, *, function: str) -> list[Any]:
    n = a.shape[-1]
    if wanted[0] is None:
        of_e = _along(function, matrix_transpose(a), g)
        return [None, match(of_e, e.shape, e.dtype)]
    zero = zeros_like(g)
    corner = concatenate((concatenate((zero, g), -1), concatenate((zero, zero), -1)), -2)
    whole = _along(function, matrix_transpose(_block(a, e)), corner)
    first, last = slice(n), slice(n, None)
    of_a = getitem(whole, (..., first, first)) + getitem(whole, (..., last, last))
    of_e = getitem(whole, (..., first, last))
    return [match(of_a, a.shape, a.dtype), match(of_e, e.shape, e.dtype)]


along_p: Primitive = nonlinear(
    "along_in_function_of_matrix",
    _evaluate_along,
    pullback=_along_pullback,
    operands="a e",
    shape=lambda a, e, *, function: solve_shape(a, e),
    batch=lambda size, values, batched, params: bind(along_p, align(size, values, batched), params),
)


def _analytic(name: str, evaluate: Callable[[Any], Any]) -> Primitive:
    primitive: Primitive = nonlinear(
        name,
        evaluate,
        pullback=lambda g, a: _along(name, matrix_transpose(a), g),
        operands="a",
        shape=lambda a: a,
        batch=lambda size, values, batched, params: bind(primitive, values),
    )
    return primitive


def _sqrtm_pullback(g: Any, out: Any) -> Any:
    turned = matrix_transpose(out)
    with derivative_of("sqrtm", "a matrix that is not singular"):
        return bind(solve_sylvester_p, (turned, turned, g), {"zeros_too": False})


_ANALYTIC = {"expm": _evaluate_expm, "logm": _real_of_real("logm", _plain_logm)}
expm_p, logm_p = (_analytic(name, evaluate) for name, evaluate in _ANALYTIC.items())
sqrtm_p: Primitive = nonlinear(
    "sqrtm",
    _real_of_real("sqrtm", _plain_sqrtm),
    pullback=_sqrtm_pullback,
    operands="a",
    shape=lambda a: a,
    batch=lambda size, values, batched, params: bind(sqrtm_p, values),
)
