"""Log densities of distributions, under the names and parameters of scipy.stats.

Compositions of `tenrso_ad.numpy` and `tenrso_ad.special`, differentiable to any order in the point
and in every parameter that is not an integer by nature. Outside of a support the logarithm of the
density is -inf, with zero gradients.

>>> import numpy as np
>>> import tenrso_ad as ta
>>> x = np.array([0.5, -1.0, 2.0])
>>> ta.grad(lambda scale: np.sum(ta.stats.norm.logpdf(x, loc=0.0, scale=scale)))(1.0)
array(2.25)
"""

from .continuous import (
    beta,
    cauchy,
    chi2,
    expon,
    gamma,
    gumbel_l,
    gumbel_r,
    halfcauchy,
    halfnorm,
    invgamma,
    laplace,
    logistic,
    lognorm,
    norm,
    pareto,
    t,
    truncnorm,
    uniform,
    vonmises,
    weibull_min,
)
from .discrete import bernoulli, betabinom, binom, geom, nbinom, poisson
from .multivariate import dirichlet, multinomial, multivariate_normal, wishart

__all__ = [
    "bernoulli",
    "beta",
    "betabinom",
    "binom",
    "cauchy",
    "chi2",
    "dirichlet",
    "expon",
    "gamma",
    "geom",
    "gumbel_l",
    "gumbel_r",
    "halfcauchy",
    "halfnorm",
    "invgamma",
    "laplace",
    "logistic",
    "lognorm",
    "multinomial",
    "multivariate_normal",
    "nbinom",
    "norm",
    "pareto",
    "poisson",
    "t",
    "truncnorm",
    "uniform",
    "vonmises",
    "weibull_min",
    "wishart",
]
