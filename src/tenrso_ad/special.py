"""SciPy's special functions, with derivatives: the names and arguments of scipy.special.

Plain arrays in, plain arrays out; tensors in, tensors out. SciPy evaluates them; derivatives are
exact, to any order. Where no rule is known for an argument, such as the order of a Bessel function,
asking for that derivative raises `NotDifferentiableError`. SciPy's own elementwise functions lead
here on tensors: ``scipy.special.gammaln(x)`` is ``ta.special.gammaln(x)`` for a tensor ``x``.

>>> import numpy as np
>>> import tenrso_ad as ta
>>> ta.grad(ta.special.gammaln)(2.0)
array(0.42278434)
>>> ta.grad(ta.special.xlogy, argnums=(0, 1))(0.0, 0.0)
(array(0.), array(0.))
"""

from __future__ import annotations

from typing import Any, NoReturn

from .ops.arguments import Axis
from .ops.elementwise import cbrt, exp2, expm1, log1p
from .ops.elementwise import rint as round
from .ops.logistic import log_sigmoid as log_expit
from .ops.logistic import sigmoid as expit
from .ops.reductions import logarithmic as _logarithmic
from .ops.reductions.logarithmic import logsumexp
from .ops.sinc import sinc
from .ops.special.bessel import (
    i0,
    i0e,
    i1,
    i1e,
    iv,
    ive,
    j0,
    j1,
    jn,
    jv,
    k0,
    k0e,
    k1,
    k1e,
    kn,
    kv,
    kve,
    spherical_in,
    spherical_jn,
    spherical_kn,
    spherical_yn,
    y0,
    y1,
    yn,
    yv,
)
from .ops.special.elementary import cosm1, exp10, logit
from .ops.special.elliptic import ellipe, ellipeinc, ellipk, ellipkinc, ellipkm1
from .ops.special.entropy import (
    entr,
    huber,
    kl_div,
    pseudo_huber,
    rel_entr,
    xlog1py,
    xlogy,
)
from .ops.special.error_functions import (
    dawsn,
    erf,
    erfc,
    erfcinv,
    erfcx,
    erfi,
    erfinv,
    log_ndtr,
    ndtr,
    ndtri,
    ndtri_exp,
    wofz,
)
from .ops.special.exponential_integrals import (
    exp1,
    expi,
    expn,
    fresnel,
    lambertw,
    shichi,
    sici,
    spence,
    wrightomega,
)
from .ops.special.gamma import (
    beta,
    betaln,
    binom,
    comb,
    digamma,
    factorial,
    gamma,
    gammaln,
    gammasgn,
    loggamma,
    multigammaln,
    perm,
    poch,
    polygamma,
    psi,
    rgamma,
)
from .ops.special.incomplete_beta import betainc, betaincc, betainccinv, betaincinv, stdtr
from .ops.special.incomplete_gamma import gammainc, gammaincc, gammainccinv, gammaincinv
from .ops.special.power_transforms import (
    boxcox,
    boxcox1p,
    exprel,
    hyp1f1,
    inv_boxcox,
    inv_boxcox1p,
)
from .ops.special.zeta import zeta

__all__ = [
    "beta",
    "betainc",
    "betaincc",
    "betainccinv",
    "betaincinv",
    "betaln",
    "binom",
    "boxcox",
    "boxcox1p",
    "cbrt",
    "comb",
    "cosm1",
    "dawsn",
    "digamma",
    "ellipe",
    "ellipeinc",
    "ellipk",
    "ellipkinc",
    "ellipkm1",
    "entr",
    "erf",
    "erfc",
    "erfcinv",
    "erfcx",
    "erfi",
    "erfinv",
    "exp1",
    "exp2",
    "exp10",
    "expi",
    "expit",
    "expm1",
    "expn",
    "exprel",
    "factorial",
    "fresnel",
    "gamma",
    "gammainc",
    "gammaincc",
    "gammainccinv",
    "gammaincinv",
    "gammaln",
    "gammasgn",
    "huber",
    "hyp1f1",
    "i0",
    "i0e",
    "i1",
    "i1e",
    "inv_boxcox",
    "inv_boxcox1p",
    "iv",
    "ive",
    "j0",
    "j1",
    "jn",
    "jv",
    "k0",
    "k0e",
    "k1",
    "k1e",
    "kl_div",
    "kn",
    "kv",
    "kve",
    "lambertw",
    "log1p",
    "log_expit",
    "log_ndtr",
    "log_softmax",
    "loggamma",
    "logit",
    "logsumexp",
    "multigammaln",
    "ndtr",
    "ndtri",
    "ndtri_exp",
    "perm",
    "poch",
    "polygamma",
    "pseudo_huber",
    "psi",
    "rel_entr",
    "rgamma",
    "round",
    "shichi",
    "sici",
    "sinc",
    "softmax",
    "spence",
    "spherical_in",
    "spherical_jn",
    "spherical_kn",
    "spherical_yn",
    "stdtr",
    "wofz",
    "wrightomega",
    "xlog1py",
    "xlogy",
    "y0",
    "y1",
    "yn",
    "yv",
    "zeta",
]


def softmax(x: Any, axis: Axis = None) -> Any:
    """Exponentials divided by their sum, without overflow.

    Parameters
    ----------
    x : array_like
    axis : int, tuple of int or None
        Axes along which the result sums to one; None, unlike for `tenrso_ad.numpy.softmax`, is the
        default, and is all axes.

    Examples
    --------
    >>> softmax([0.0, 0.0, 1000.0])
    array([0., 0., 1.])
    """
    return _logarithmic.softmax(x, axis)


def log_softmax(x: Any, axis: Axis = None) -> Any:
    """Logarithm of `softmax`, without overflow.

    Parameters
    ----------
    x : array_like
    axis : int, tuple of int or None
        As for `softmax`.

    Examples
    --------
    >>> log_softmax([0.0, 1000.0])
    array([-1000.,     0.])
    """
    return _logarithmic.log_softmax(x, axis)


def __getattr__(name: str) -> NoReturn:
    import scipy.special

    known = "; SciPy's has no derivative here" if hasattr(scipy.special, name) else ""
    raise AttributeError(f"tenrso_ad.special has no {name!r}{known}")
