"""Inverse trigonometric functions.

Where the result is a multiple of pi/2 and a small angle, the sum is computed in two parts.
"""

from __future__ import annotations

from .arithmetic import add_smaller, polynomial
from .calling import elementary
from .instructions import (
    DOUBLE,
    SINGLE,
    Real,
    Truth,
    bits_of,
    fma,
    select,
    sqrt,
    with_sign,
)

_HALF_PI = {  # in two parts
    DOUBLE: (float.fromhex("0x1.921fb54442d18p+0"), float.fromhex("0x1.1a62633145c07p-54")),
    SINGLE: (float.fromhex("0x1.921fb6p+0"), float.fromhex("-0x1.777a5cp-25")),
}
_ARCTAN = {  # (arctan(t) / t - 1) / t^2 in powers of t^2 for abs(t) <= 1
    DOUBLE: (
        *(-0.33333333333333093, 0.19999999999955428, -0.14285714282801829, 0.11111111013637498),
        *(-0.09090907118990306, 0.07692281183347256, -0.06666414967423587, 0.05880592365421553),
        *(-0.052538046757020285, 0.04723290280824631, -0.04221709493358323),
        *(0.03669335207897575, -0.02998528345670957, 0.022084788113439904),
        *(-0.01399463869474534, 0.00726310869401035, -0.002919213345063403),
        *(0.0008434392552703861, -0.0001547872684164917, 1.3488304914691068e-05),
    ),
    SINGLE: (
        *(-0.33333301544189453, 0.19998638331890106, -0.14265240728855133),
        *(0.10957548022270203, -0.08419376611709595, 0.05823312699794769),
        *(-0.03145427629351616, 0.011063674464821815, -0.0018270413856953382),
    ),
}
_ARCSIN = {  # (arcsin(s) / s - 1) / s^2 in powers of s^2 for abs(s) <= 1/2
    DOUBLE: (
        *(0.16666666666666763, 0.0749999999997017, 0.044642857175191945, 0.030381942680743797),
        *(0.022372215730501896, 0.017351598975376126, 0.013980973488119306),
        *(0.01139768632604051, 0.010786991132272746, 0.0036814239673155866),
        *(0.021767173730218803, -0.021082174247420066, 0.032679770350891486),
    ),
    SINGLE: (
        *(0.16666659712791443, 0.0750051885843277, 0.044514454901218414),
        *(0.03182699531316757, 0.01437040138989687, 0.037606846541166306),
    ),
}


def _arctan_beside(base: tuple[Real, Real], t: Real) -> Real:
    """Base + arctan(t) for abs(t) <= 1 and a base that is 0 or above pi/4."""
    square = t * t
    total = add_smaller(base[0], t)
    return total.high + fma(t * square, polynomial(square, _ARCTAN[t.format]), total.low + base[1])


def _multiple(x: Real, turns: Real) -> tuple[Real, Real]:
    """Turns, which is 0, 1 or 2, times pi/2."""
    first, second = _HALF_PI[x.format]
    return turns * first, turns * second


@elementary("arctan")
def arctan(x: Real) -> Real:
    """Inverse tangent."""
    size = abs(x)
    steep = size > 1.0
    t = select(steep, -1.0, size) / select(steep, size, 1.0)
    turns = select(steep, 1.0, 0.0)
    return with_sign(_arctan_beside(_multiple(x, turns), t), x)


@elementary("arctan2")
def arctan2(y: Real, x: Real) -> Real:
    """Angle of the point (x, y)."""
    across, up = abs(x), abs(y)
    steep = up > across
    smaller, larger = select(steep, across, up), select(steep, up, across)
    t = select(smaller == larger, 1.0, smaller / larger)  # also of two infinities
    t = select(smaller + larger == 0.0, 0.0, t)
    left = bits_of(x) < 0
    turns = select(steep, 1.0, select(left, 2.0, 0.0))
    back = left ^ steep
    return with_sign(_arctan_beside(_multiple(x, turns), select(back, -t, t)), y)


def _halves(x: Real) -> tuple[Truth, Real, Real]:
    """Whether abs(x) < 1/2, and, of s = abs(x) or else sqrt((1 - abs(x)) / 2), s and arcsin(s) - s.

    In the latter case, arcsin(abs(x)) is pi/2 - 2 arcsin(s).
    """
    size = abs(x)
    near = size < 0.5
    square = select(near, x * x, 0.5 - 0.5 * size)
    s = select(near, size, sqrt(square))
    return near, s, s * square * polynomial(square, _ARCSIN[x.format])


@elementary("arcsin")
def arcsin(x: Real) -> Real:
    """Inverse sine."""
    first, second = _HALF_PI[x.format]
    near, s, rest = _halves(x)
    total = add_smaller(first, -2.0 * s)
    far = total.high + (fma(rest, -2.0, second) + total.low)
    return with_sign(select(near, s + rest, far), x)


@elementary("arccos")
def arccos(x: Real) -> Real:
    """Inverse cosine."""
    first, second = _HALF_PI[x.format]
    near, s, rest = _halves(x)
    # pi/2 - x - rest, 2 (s + rest), pi - 2 (s + rest)
    turns = select(near, 1.0, select(x > 0.0, 0.0, 2.0))
    factor = select(near, 1.0, -2.0)
    factor = select(x > 0.0, -factor, factor)
    total = add_smaller(turns * first, factor * s)
    return total.high + (total.low + fma(rest, factor, turns * second))
