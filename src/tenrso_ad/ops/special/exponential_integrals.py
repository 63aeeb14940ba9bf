"""Exponential, sine, cosine and Fresnel integrals, the dilogarithm, Lambert's W."""

from __future__ import annotations

import math
from typing import Any

from .. import elementwise as ew
from ..pointwise import Operation, Partial
from .bessel import spherical_in, spherical_jn
from .declaring import declared, part, scipy_special, special, unknown
from .power_transforms import log1p_moment


def _expn_slope(n: Any, x: Any) -> Any:
    """By x, -expn(n - 1, x); that of expn(0, x) = exp(-x) / x, which is as low as SciPy goes."""
    lowest = ew.equal(n, 0)
    safe = ew.where(lowest, x, 1)
    first = -(1 + 1 / safe) * ew.exp(-safe) / safe
    return ew.where(lowest, first, -expn(abs(n - 1), x))


expn: Operation = special("expn", unknown("expn", "the order n"), lambda x, y: _expn_slope(x, y))
exp1 = special("exp1", lambda x: -ew.exp(-x) / x)
expi = special("expi", lambda x: ew.exp(x) / x)
spence = special("spence", lambda x: -log1p_moment(0, x - 1))  # log(x) / (1 - x)


# --- pairs ----------------------------------------------------------------------------------------


def _pair(name: str, names: tuple[str, str], first: Partial, second: Partial) -> Any:
    """Declare a function of scipy.special that gives two results, as two operations."""
    parts = [
        part(own, lambda x, place=place: getattr(scipy_special(), name)(x)[place], partial)
        for place, (own, partial) in enumerate(zip(names, (first, second), strict=True))
    ]

    def function(x: Any, /) -> tuple[Any, Any]:
        return parts[0](x), parts[1](x)

    function.__name__ = function.__qualname__ = name
    function.__doc__ = f"Elementwise {name}, two results; see scipy.special.{name}."
    declared[name] = function
    return function


def _phase(x: Any) -> Any:
    return 0.5 * math.pi * x * x


sici = _pair(
    "sici",
    ("sine_integral", "cosine_integral"),
    lambda x: spherical_jn(0, x),  # sin(x) / x
    lambda x: ew.cos(x) / x,
)
shichi = _pair(
    "shichi",
    ("hyperbolic_sine_integral", "hyperbolic_cosine_integral"),
    lambda x: spherical_in(0, x),  # sinh(x) / x
    lambda x: ew.cosh(x) / x,
)
fresnel = _pair(
    "fresnel",
    ("fresnel_sine", "fresnel_cosine"),
    lambda x: ew.sin(_phase(x)),
    lambda x: ew.cos(_phase(x)),
)

# --- Lambert's W ----------------------------------------------------------------------------------
_lambertw: Operation = special("lambertw", lambda out: ew.exp(-out) / (1 + out), None, None)


def lambertw(z: Any, k: Any = 0, tol: float = 1e-8) -> Any:
    """Solution w of w exp(w) = z on branch k; always complex.

    Parameters
    ----------
    z : array_like
    k : array_like of int
        The branch.
    tol : float
        Of SciPy's iteration.

    Examples
    --------
    >>> lambertw(1.0).real.round(6)
    np.float64(0.567143)
    """
    return _lambertw(z, k, tol)


wrightomega = special("wrightomega", lambda out: out / (1 + out))
