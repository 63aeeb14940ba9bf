"""Distributions of vectors and matrices: their log densities."""

from __future__ import annotations

import math
from typing import Any

from .. import numpy as tnp
from .. import special
from ..engine.errors import ShapeError, UnsupportedError, describe
from .distribution import INF, all_of, any_of, count, floating, is_whole


class MultivariateNormal:
    """The normal distribution of vectors; see scipy.stats.multivariate_normal."""

    def logpdf(self, x: Any, mean: Any = None, cov: Any = 1.0, allow_singular: bool = False) -> Any:
        """Logarithm of the density.

        Parameters
        ----------
        x : array_like, shape (..., d)
            Without that axis where d is 1 and `mean` and `cov` are no arrays of more elements.
        mean : array_like, shape (d,), optional
            By default zeros.
        cov : array_like, shape (d, d), (d,) or ()
            The covariance; a vector or a number is the diagonal of it.
        allow_singular : bool
            Only False.

        Returns
        -------
        array, shape (...)

        Raises
        ------
        LinAlgError
            The covariance is not positive definite.
        """
        if allow_singular:
            raise UnsupportedError(
                "multivariate_normal.logpdf(allow_singular=True) is not supported: the density of "
                "a singular covariance jumps as its rank does, so that it has no derivative"
            )
        x, cov, *rest = floating(x, cov, *([] if mean is None else [mean]))
        mean = rest[0] if rest else tnp.zeros(cov.shape[-1:], dtype=cov.dtype)
        d = max([1, *mean.shape, *cov.shape])
        if {*mean.shape, *cov.shape} - {d} or mean.ndim > 1 or cov.ndim > 2:
            raise ShapeError(
                f"multivariate_normal.logpdf: mean {describe(mean)} and cov {describe(cov)} "
                "do not belong to one number of dimensions"
            )
        if d == 1 and x.ndim < 2:
            x = x[..., None]
        if x.shape[-1] != d:
            raise ShapeError(
                f"multivariate_normal.logpdf: points {describe(x)} of {d} dimensions have a last "
                f"axis of length {d}"
            )
        deviation = x - mean
        if cov.ndim == 2:
            root = tnp.linalg.cholesky(cov)
            log_root = tnp.log(tnp.diagonal(root))
            columns = deviation.reshape(-1, d).T
            whitened = _triangular_solution(root, columns).T.reshape(deviation.shape)
        else:
            log_root = 0.5 * tnp.log(tnp.broadcast_to(cov, (d,)))
            whitened = deviation / tnp.sqrt(cov)
        distance = tnp.sum(whitened * whitened, axis=-1)
        return -0.5 * (d * math.log(2 * math.pi) + distance) - tnp.sum(log_root)

    def pdf(self, x: Any, mean: Any = None, cov: Any = 1.0, allow_singular: bool = False) -> Any:
        """Density; parameters as for `logpdf`."""
        return tnp.exp(self.logpdf(x, mean, cov, allow_singular))


def _triangular_solution(root: Any, b: Any) -> Any:
    return tnp.linalg.solve_triangular(root, b, lower=True, check_finite=False)


class Dirichlet:
    """The Dirichlet distribution of probabilities; see scipy.stats.dirichlet."""

    def logpdf(self, x: Any, alpha: Any) -> Any:
        """Logarithm of the density; -inf where `x` are no probabilities that sum to one.

        Parameters
        ----------
        x : array_like, shape (k, ...) or (k - 1, ...)
            The last of k may be left out, since they sum to one.
        alpha : array_like, shape (k,)

        Returns
        -------
        array, shape (...)
        """
        x, alpha = floating(x, alpha)
        k = alpha.shape[0] if alpha.ndim == 1 else -1
        if x.ndim == 0 or x.shape[0] not in (k, k - 1):
            raise ShapeError(
                f"dirichlet.logpdf: {describe(x)} does not go with alpha {describe(alpha)}: as "
                "many rows as there are parameters, or one less"
            )
        if x.shape[0] == k - 1:
            x = tnp.concatenate([x, 1 - tnp.sum(x, axis=0, keepdims=True)])
        tolerance = 1e-9 if tnp.finfo(x.dtype).eps < 1e-10 else 1e-4
        outside = tnp.logical_or(
            tnp.any(tnp.less(x, 0), axis=0),
            tnp.greater(tnp.abs(tnp.sum(x, axis=0) - 1), tolerance),
        )
        constant = tnp.sum(special.gammaln(alpha)) - special.gammaln(tnp.sum(alpha))
        powers = special.xlogy(alpha.reshape(-1, *(1,) * (x.ndim - 1)) - 1, x)
        value = tnp.where(outside, -INF, tnp.sum(powers, axis=0) - constant)
        return tnp.where(tnp.all(tnp.greater(alpha, 0)), value, float("nan"))

    def pdf(self, x: Any, alpha: Any) -> Any:
        """Density; parameters as for `logpdf`."""
        return tnp.exp(self.logpdf(x, alpha))


def _matrix(x: Any) -> Any:
    """A number as a 1 x 1 matrix, a vector as a diagonal."""
    return tnp.diag(x.reshape(-1)) if x.ndim < 2 else x


class Wishart:
    """The Wishart distribution of positive definite matrices; see scipy.stats.wishart."""

    def logpdf(self, x: Any, df: Any, scale: Any) -> Any:
        """Logarithm of the density.

        Parameters
        ----------
        x : array_like, shape (p, p) or (p, p, n)
            A vector of p is the diagonal; where p is 1, n numbers.
        df : float
            Degrees of freedom, more than p - 1; NaN otherwise.
        scale : array_like, shape (p, p), (p,) or ()
            A vector is the diagonal.

        Returns
        -------
        array, shape () or (n,)

        Raises
        ------
        LinAlgError
            A matrix that is not positive definite.
        """
        x, df, scale = floating(x, df, scale)
        scale = _matrix(scale)
        p = scale.shape[-1]
        if p > 1 or x.ndim == 0:
            x = _matrix(x)
        elif x.ndim == 1:
            x = x.reshape(1, 1, -1)
        if scale.shape != (p, p) or x.shape[:2] != (p, p) or x.ndim > 3:
            raise ShapeError(
                f"wishart.logpdf: x {describe(x)} and scale {describe(scale)} are square matrices "
                "of one size, x with the number of matrices as an axis behind"
            )
        root = tnp.linalg.cholesky(scale)
        root_x = tnp.linalg.cholesky(tnp.moveaxis(x, 2, 0) if x.ndim == 3 else x)
        log_det, log_det_x = (
            2 * tnp.sum(tnp.log(tnp.diagonal(r, axis1=-2, axis2=-1)), axis=-1)
            for r in (root, root_x)
        )
        trace = tnp.sum(_triangular_solution(root, root_x) ** 2, axis=(-2, -1))
        value = 0.5 * ((df - p - 1) * log_det_x - trace - df * (p * math.log(2) + log_det))
        valid = tnp.greater(df, p - 1)
        return tnp.where(valid, value - special.multigammaln(0.5 * df, p), float("nan"))

    def pdf(self, x: Any, df: Any, scale: Any) -> Any:
        """Density; parameters as for `logpdf`."""
        return tnp.exp(self.logpdf(x, df, scale))


class Multinomial:
    """The multinomial distribution of counts; see scipy.stats.multinomial."""

    def logpmf(self, x: Any, n: Any, p: Any) -> Any:
        """Logarithm of the probability of counts; -inf where they do not sum to `n`.

        Parameters
        ----------
        x : array_like, shape (..., k)
            Counts; no derivative is taken in them.
        n : array_like of int, shape (...)
            Number of trials; no derivative is taken in it.
        p : array_like, shape (..., k)
            Probabilities. They are taken as they are: unlike SciPy's, the last one is not replaced
            by what is missing to one, so that each has its derivative.

        Returns
        -------
        array, shape (...)
        """
        x, n, p = floating(x, n, p)
        x, n = count("multinomial", "x")(x), count("multinomial", "n")(n)
        outside = any_of(
            tnp.not_equal(tnp.sum(x, axis=-1), n),
            tnp.any(any_of(tnp.less(x, 0), tnp.logical_not(is_whole(x))), axis=-1),
        )
        terms = special.xlogy(x, p) - special.gammaln(x + 1)
        value = tnp.where(outside, -INF, special.gammaln(n + 1) + tnp.sum(terms, axis=-1))
        valid = all_of(
            tnp.greater_equal(n, 0),
            is_whole(n),
            tnp.all(all_of(tnp.greater_equal(p, 0), tnp.less_equal(p, 1)), axis=-1),
        )
        return tnp.where(valid, value, float("nan"))

    def pmf(self, x: Any, n: Any, p: Any) -> Any:
        """Probability; parameters as for `logpmf`."""
        return tnp.exp(self.logpmf(x, n, p))


multivariate_normal = MultivariateNormal()
dirichlet = Dirichlet()
wishart = Wishart()
multinomial = Multinomial()
