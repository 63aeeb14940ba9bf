"""CP decompositions that are differentiable in the tensor, through their stationary point.

At a stationary point of f(B) = 1/2 ||X - [[B_1, ..., B_N]]||^2 a change of X moves the factors by
the solution of H dB = M(dX): H is the Hessian, and M gives the MTTKRPs of all modes.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from tenrso_ad import numpy as tnp
from tenrso_ad.decomposition.kernels import all_but_one, as_array, grams, mttkrp, mttkrps
from tenrso_ad.decomposition.models import CPTensor
from tenrso_ad.decomposition.second_order import LossHessian
from tenrso_ad.engine.errors import (
    ArgumentError,
    DTypeError,
    NotDifferentiableError,
    ShapeError,
    UnsupportedError,
)
from tenrso_ad.ops.declare import inside
from tenrso_ad.transforms import custom_vjp, grad, jvp

__all__ = ["cp_als"]

Factors = tuple[Any, ...]

_STATIONARY = 1e-9
"""The largest gradient, relative to that of zero factors, at which derivatives are given."""


def cp_als(
    X: Any,
    rank: int,
    *,
    tol: float = 1e-8,
    max_iterations: int = 1000,
    seed: int | None = None,
) -> CPTensor:
    """Fit a CP tensor by alternating least squares, then Newton steps, differentiable in the data.

    Parameters
    ----------
    X : array_like, shape (I_1, ..., I_N)
        Real floating-point numbers, of two modes or more.
    rank : int
        The number of components.
    tol : float, optional
        Alternating least squares stops where the relative error changes by less than this in a
        sweep. Newton steps then reduce the gradient as far as rounding allows.
    max_iterations : int, optional
        The largest number of sweeps, and of Newton steps.
    seed : int, optional
        Of the random starting point.

    Returns
    -------
    CPTensor
        Normalised: columns of norm 1, positive weights that fall, and the signs of
        `CPTensor.normalize`. So nothing is left to choose, and every function of the weights and
        factors has a derivative. Computed in float64, given in the dtype of X.

    Raises
    ------
    ArgumentError, DTypeError, ShapeError
        Where the arguments are not as above.
    NotDifferentiableError
        When a derivative is taken, where the solver did not get to a stationary point, or this is
        not isolated (more components than the data determine, components that go to infinity).
    UnsupportedError
        Inside vmap and compile: the solver wants the numbers.

    Notes
    -----
    Derivatives are those of the stationary point found, however it was found. A pullback solves
    with the exact Hessian, without the scaling of columns, by preconditioned conjugate gradients;
    the gradient in X is a CP tensor of N R components until it is written out.

    References
    ----------
    Acar, Dunlavy and Kolda, A scalable optimization approach for fitting canonical tensor
    decompositions, Journal of Chemometrics 25 (2011).

    Examples
    --------
    >>> import numpy as np
    >>> import tenrso_ad as ta
    >>> x = np.einsum("i,j,k->ijk", [1.0, 2.0, 2.0], [0.0, 1.0], [3.0, 4.0])
    >>> cp_als(x, 1, seed=0).weights
    array([15.])
    >>> slope = ta.grad(lambda x: cp_als(x, 1, seed=0).weights[0])(x)
    >>> slope.shape, round(float(slope[2, 1, 1]), 6)  # the product of the unit columns
    ((3, 2, 2), 0.533333)
    """
    tensor = as_array(X)
    if tensor.ndim < 2 or 0 in tensor.shape:
        raise ShapeError(
            f"cp_als: wanted a tensor of two modes or more, with entries, got {tensor.shape}"
        )
    if np.dtype(tensor.dtype).kind != "f":
        raise DTypeError(f"cp_als: wanted real floating-point numbers, got {tensor.dtype}")
    if rank < 1 or max_iterations < 1 or not tol >= 0:
        raise ArgumentError(
            "cp_als: wanted a rank and max_iterations of 1 or more and a tol of 0 or more, got "
            f"{rank}, {max_iterations} and {tol}"
        )
    found = inside(tensor)
    if found is None or tuple(found.shape) != tuple(tensor.shape):
        raise UnsupportedError(
            "cp_als: the solver wants the numbers of one tensor; call it outside vmap and compile"
        )
    values = np.asarray(found, dtype=np.float64)
    if not np.isfinite(values).all():
        raise ArgumentError("cp_als: the tensor has entries that are not finite")
    guess = _polished(values, _swept(values, rank, tol, max_iterations, seed), max_iterations)
    factors = _stationary(tnp.astype(tensor, np.float64), guess)
    model = _normalized(factors, guess)
    return CPTensor(
        tnp.astype(model.weights, tensor.dtype),
        tuple(tnp.astype(factor, tensor.dtype) for factor in model.factors),
    )


# --- the solver, on plain arrays ------------------------------------------------------------------


def _swept(tensor: Any, rank: int, tol: float, max_iterations: int, seed: int | None) -> list[Any]:
    """Alternating least squares from a random starting point."""
    rng = np.random.default_rng(seed)
    factors = [rng.normal(size=(length, rank)) for length in tensor.shape]
    whole, before = np.sum(tensor**2), np.inf
    for _ in range(max_iterations):
        error = _sweep(tensor, factors) / whole if whole else 0.0
        factors = _balanced(factors)
        if abs(before - error) <= tol * max(error, 1e-16):
            break
        before = error
    return factors


def _sweep(tensor: Any, factors: list[Any]) -> float:
    """Solve for each factor once, in place; return the squared error."""
    products = grams(factors)
    for mode in range(len(factors)):
        others = all_but_one(products)[mode]
        product = mttkrp(tensor, factors, mode)
        factors[mode] = product @ np.linalg.pinv(others, hermitian=True)
        products[mode] = factors[mode].T @ factors[mode]
    error = np.sum(tensor**2) - 2 * np.sum(product * factors[-1])
    return float(abs(error + np.sum(others * products[-1])))


def _balanced(factors: Sequence[Any]) -> list[Any]:
    """The same tensor, with the norm of each component shared evenly among the modes."""
    norms = np.array([np.linalg.norm(factor, axis=0) for factor in factors])
    shares = np.exp(np.mean(np.log(np.where(norms > 0, norms, 1)), axis=0))
    shares = np.where((norms > 0).all(axis=0), shares, 0)
    return [f * (shares / np.where(n > 0, n, 1)) for f, n in zip(factors, norms, strict=True)]


def _polished(tensor: Any, factors: list[Any], max_iterations: int) -> Factors:
    """Newton steps, as long as they reduce the gradient; sweeps where they do not."""
    size = _relative(tensor, factors)
    best, least, idle = factors, size, 0
    for _ in range(max_iterations):
        if idle == 10 or least < 1e-15:
            break
        slope = _gradient(tensor, factors)
        step = _solve(tensor, factors, slope)
        if step is not None:
            trial = _balanced([f - s for f, s in zip(factors, step[0], strict=True)])
            reached = _relative(tensor, trial)
        if step is None or not reached < size:
            if least < 1e-12:
                break
            trial = list(factors)
            for _ in range(20):
                _sweep(tensor, trial)
            trial = _balanced(trial)
            reached = _relative(tensor, trial)
        idle = 0 if reached < 0.9 * least else idle + 1
        factors, size = trial, reached
        if size < least:
            best, least = factors, size
    return tuple(best)


def _relative(tensor: Any, factors: Sequence[Any]) -> float:
    """The norm of the gradient, relative to that of its part that is linear in the data."""
    scale = _norm(mttkrps(tensor, factors))
    return _norm(_gradient(tensor, factors)) / scale if scale else 0.0


def _norm(parts: Sequence[Any]) -> float:
    return float(np.sqrt(_dot(parts, parts)))


def _dot(first: Sequence[Any], second: Sequence[Any]) -> float:
    return float(sum(np.vdot(a, b) for a, b in zip(first, second, strict=True)))


def _solve(
    tensor: Any, factors: Sequence[Any], wanted: Sequence[Any]
) -> tuple[list[Any], float] | None:
    """Solve H Z = wanted, both free of scalings; None where H has a direction of no curvature.

    Conjugate gradients, preconditioned by the inverses of the diagonal blocks: Z and the relative
    residual.
    """
    hessian = LossHessian(tensor, CPTensor(None, tuple(factors)))
    none = np.zeros(factors[0].shape[1])
    blocks = [np.linalg.pinv(others, hermitian=True) for others in all_but_one(grams(factors))]

    def free(parts: Sequence[Any]) -> list[Any]:
        """Without the scalings of columns against each other, the gauge of balanced factors."""
        norms = np.sum(factors[0] ** 2, axis=0)
        norms = np.where(norms > 0, norms, 1)
        shares = np.array([np.sum(f * p, axis=0) for f, p in zip(factors, parts, strict=True)])
        shares = (shares - shares.mean(axis=0)) / norms
        return [p - f * s for f, p, s in zip(factors, parts, shares, strict=True)]

    rest = free(wanted)
    found = [np.zeros_like(factor) for factor in factors]
    scale = _norm(rest)
    if scale == 0:
        return found, 0.0
    best, least = found, 1.0
    ready = free([r @ b for r, b in zip(rest, blocks, strict=True)])
    along, square = ready, _dot(rest, ready)
    for _ in range(20 * sum(factor.size for factor in factors)):
        product = hessian(CPTensor(none, tuple(along))).factors
        product = free([p / 2 for p in product])
        curvature = _dot(along, product)
        if not curvature > 1e-14 * _norm(along) * _norm(product):
            return None if least > 1e-6 else (best, least)
        length = square / curvature
        found = [f + length * a for f, a in zip(found, along, strict=True)]
        rest = [r - length * p for r, p in zip(rest, product, strict=True)]
        size = _norm(rest) / scale
        if size < least:
            best, least = found, size
        if size < 1e-14:
            break
        ready = free([r @ b for r, b in zip(rest, blocks, strict=True)])
        before, square = square, _dot(rest, ready)
        along = [r + square / before * a for r, a in zip(ready, along, strict=True)]
    return best, least


# --- derivatives ----------------------------------------------------------------------------------


def _gradient(tensor: Any, factors: Sequence[Any]) -> Factors:
    """The gradient of half the squared error, in every factor."""
    others = all_but_one(grams(factors))
    return tuple(
        tnp.subtract(tnp.matmul(factor, other), product)
        for factor, other, product in zip(factors, others, mttkrps(tensor, factors), strict=True)
    )


def _paired(first: Factors, second: Factors) -> Any:
    total: Any = 0.0
    for a, b in zip(first, second, strict=True):
        total = tnp.add(total, tnp.sum(tnp.multiply(a, b)))
    return total


@custom_vjp
def _stationary(tensor: Any, factors: Factors) -> Factors:
    """The stationary point near some factors, which are at one already."""
    return tuple(factors)


def _stationary_forward(tensor: Any, factors: Factors) -> tuple[Any, Any]:
    out = _stationary(tensor, factors)
    return out, (tensor, out)


def _stationary_backward(residuals: Any, cotangents: Factors) -> tuple[Any, None]:
    """Solve for the factors, then sum over the modes the CP tensors with one factor replaced."""
    tensor, factors = residuals
    solved = _solved(tensor, factors, cotangents)
    columns = [
        tnp.concatenate([solved[m] if m == n else factor for m in range(len(factors))], axis=1)
        for n, factor in enumerate(factors)
    ]
    return CPTensor(None, tuple(columns)).to_dense(), None


_stationary.defvjp(_stationary_forward, _stationary_backward)


@custom_vjp
def _solved(tensor: Any, factors: Factors, wanted: Factors) -> Factors:
    """The solution Z of H Z = wanted, free of scalings."""
    plain = [np.asarray(inside(part)) for part in wanted]
    if not any(part.any() for part in plain):
        return tuple(np.zeros_like(part) for part in plain)
    values, point = np.asarray(inside(tensor)), [np.asarray(inside(f)) for f in factors]
    if any(p.shape != f.shape for p, f in zip(plain, point, strict=True)):
        raise UnsupportedError("cp_als: no pullback inside vmap; take one cotangent at a time")
    size = _relative(values, point)
    if size > _STATIONARY:
        raise NotDifferentiableError(
            f"cp_als: the solver stopped at a gradient of relative size {size:.1e}, at no "
            "stationary point, so that there is no derivative; allow more iterations, take a "
            "smaller rank or another seed"
        )
    solution = _solve(values, point, plain)
    if solution is None or solution[1] > 1e-8:
        raise NotDifferentiableError(
            "cp_als: the Hessian is singular, or not positive: the data do not determine so many "
            "components, and there is no derivative; take a smaller rank or another seed"
        )
    return tuple(solution[0])


def _solved_forward(tensor: Any, factors: Factors, wanted: Factors) -> tuple[Any, Any]:
    out = _solved(tensor, factors, wanted)
    return out, (tensor, factors, out)


def _solved_backward(residuals: Any, cotangents: Factors) -> tuple[Any, Any, Any]:
    """H is symmetric; and Z moves by -H^-1 dH Z."""
    tensor, factors, solution = residuals
    back = _solved(tensor, factors, cotangents)

    def moved(tensor: Any, factors: Factors) -> Any:
        product = jvp(lambda *f: _gradient(tensor, f), tuple(factors), tuple(solution))[1]
        return tnp.negative(_paired(back, product))

    of_tensor, of_factors = grad(moved, argnums=(0, 1))(tensor, tuple(factors))
    return of_tensor, of_factors, back


_solved.defvjp(_solved_forward, _solved_backward)


def _normalized(factors: Factors, guess: Factors) -> CPTensor:
    """What `CPTensor.normalize` makes of the factors, differentiable: the order is that of `guess`.

    A component that is zero stays zero.
    """
    plain = CPTensor(None, guess).normalize()
    norms = [np.linalg.norm(factor, axis=0) for factor in guess]
    order = np.argsort(-np.prod(norms, axis=0), kind="stable")
    weights: Any = 1.0
    units = []
    for factor, sample, unit in zip(factors, guess, plain.factors, strict=True):
        signs = np.where(np.sum(sample[:, order] * unit, axis=0) < 0, -1.0, 1.0)
        ordered = tnp.take(factor, order, axis=1)
        lengths = tnp.linalg.norm(ordered, axis=0)
        weights = tnp.multiply(weights, lengths)
        units.append(tnp.multiply(signs, tnp.divide(ordered, tnp.where(lengths > 0, lengths, 1))))
    return CPTensor(weights, tuple(units))
