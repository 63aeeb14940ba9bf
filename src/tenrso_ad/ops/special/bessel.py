"""Bessel functions, by their argument; no rule is known for the order.

Derivatives follow from neighbouring orders (DLMF 10.6.1, 10.29.1, 10.51). Those of the scaled
functions subtract nearly equal numbers at large arguments: there Hankel's expansion takes over.
"""

from __future__ import annotations

from typing import Any

from ...engine.errors import NotDifferentiableError
from .. import elementwise as ew
from ..declare import is_complex
from ..pointwise import Operation, Partial
from .declaring import special, unknown

# --- of the first and second kind -----------------------------------------------------------------


def _y_slope(x: Any, below: Any, above: Any) -> Any:
    """Half the difference of orders; at 0, where all are -inf, the higher one counts."""
    return ew.where(ew.equal(x, 0), float("inf"), 0.5 * (below - above))


jv: Operation = special(
    "jv", unknown("jv", "the order v"), lambda x, y: 0.5 * (jv(x - 1, y) - jv(x + 1, y))
)
jn = jv
yv: Operation = special(
    "yv",
    unknown("yv", "the order v"),
    lambda x, y: _y_slope(y, yv(x - 1, y), yv(x + 1, y)),
)
yn: Operation = special(
    "yn",
    unknown("yn", "the order n"),
    lambda x, y: _y_slope(y, yn(x - 1, y), yn(x + 1, y)),
)
j0: Operation = special("j0", lambda x: -j1(x))
j1: Operation = special("j1", lambda x: 0.5 * (j0(x) - jv(2, x)))
y0: Operation = special("y0", lambda x: -y1(x))
y1: Operation = special("y1", lambda x: _y_slope(x, y0(x), yn(2, x)))

# --- modified -------------------------------------------------------------------------------------
iv: Operation = special(
    "iv", unknown("iv", "the order v"), lambda x, y: 0.5 * (iv(x - 1, y) + iv(x + 1, y))
)
kv: Operation = special(
    "kv", unknown("kv", "the order v"), lambda x, y: -0.5 * (kv(x - 1, y) + kv(x + 1, y))
)
kn: Operation = special(
    "kn", unknown("kn", "the order n"), lambda x, y: -0.5 * (kn(abs(x - 1), y) + kn(x + 1, y))
)
i0: Operation = special("i0", lambda x: i1(x))
i1: Operation = special("i1", lambda x: 0.5 * (i0(x) + iv(2, x)))
k0: Operation = special("k0", lambda x: -k1(x))
k1: Operation = special("k1", lambda x: -0.5 * (k0(x) + kn(2, x)))

# --- modified, times exp(-abs(x)) or exp(x) -------------------------------------------------------


def _where_large(v: Any, x: Any, out: Any, sign: int, otherwise: Any) -> Any:
    """-out/x (1/2 + sum(k t_k) / sum(t_k)), t_k the terms of DLMF 10.40.1 or 10.40.2; else other.

    At abs(x) > 40 + 2 v^2 twelve terms are exact to rounding.
    """
    size = ew.absolute(x) if sign < 0 else x
    border = 40 + 2 * v * v
    far = ew.greater(ew.real(size), border)
    size, x = ew.where(far, size, border), ew.where(far, x, border)
    term = total = 1.0
    weighted = 0.0
    for k in range(1, 13):
        term = term * (sign * (4 * v * v - (2 * k - 1) ** 2)) / (8 * k * size)
        total = total + term
        weighted = weighted + k * term
    return ew.where(far, -out / x * (0.5 + weighted / total), otherwise)


def _ive_slope(v: Any, x: Any, out: Any, neighbours: Any) -> Any:
    if is_complex(x):
        raise NotDifferentiableError(
            "ive of a complex argument is not differentiable: it is scaled by exp(-abs(x.real)); "
            "differentiate iv"
        )
    return _where_large(v, x, out, -1, neighbours - ew.sign(x) * out)


def _kve_slope(v: Any, x: Any, out: Any, neighbours: Any) -> Any:
    return _where_large(v, x, out, 1, out - neighbours)


ive: Operation = special(
    "ive",
    unknown("ive", "the order v"),
    lambda x, y, out: _ive_slope(x, y, out, 0.5 * (ive(x - 1, y) + ive(x + 1, y))),
)
kve: Operation = special(
    "kve",
    unknown("kve", "the order v"),
    lambda x, y, out: _kve_slope(x, y, out, 0.5 * (kve(x - 1, y) + kve(x + 1, y))),
)
i0e: Operation = special("i0e", lambda x, out: _ive_slope(0, x, out, i1e(x)))
i1e: Operation = special("i1e", lambda x, out: _ive_slope(1, x, out, 0.5 * (i0e(x) + ive(2, x))))
k0e: Operation = special("k0e", lambda x, out: _kve_slope(0, x, out, k1e(x)))
k1e: Operation = special("k1e", lambda x, out: _kve_slope(1, x, out, 0.5 * (k0e(x) + kve(2, x))))

# --- spherical ------------------------------------------------------------------------------------


def _spherical(name: str, below: int, above: int) -> Any:
    """Declare one: (2n + 1) times its slope is below n f(n - 1) + above (n + 1) f(n + 1)."""

    def slope(n: Any, z: Any) -> Any:
        lower = abs(n - 1)  # for n = 0 any order: it is multiplied by zero
        return (below * n * operation(lower, z) + above * (n + 1) * operation(n + 1, z)) / (
            2 * n + 1
        )

    partials: tuple[Partial, Partial] = (unknown(name, "the order n"), lambda x, y: slope(x, y))
    operation = special(name, *partials)

    def function(n: Any, z: Any, derivative: bool = False) -> Any:
        return slope(n, z) if derivative else operation(n, z)

    function.__name__ = function.__qualname__ = name
    function.__doc__ = f"""Spherical Bessel function; see scipy.special.{name}.

    Parameters
    ----------
    n : array_like of int
        Order, not negative.
    z : array_like
    derivative : bool
        Give the derivative by z instead.
    """
    return function


spherical_jn = _spherical("spherical_jn", 1, -1)
spherical_yn = _spherical("spherical_yn", 1, -1)
spherical_in = _spherical("spherical_in", 1, 1)
spherical_kn = _spherical("spherical_kn", -1, -1)
