"""The special cases that the standard lists with its elementwise functions."""

import cmath
import itertools

import numpy as np
import pytest

import tenrso_ad as ta

xp = ta.array_api
inf, nan, pi = np.inf, np.nan, np.pi
ODD = [(-0.0, -0.0), (0.0, 0.0), (nan, nan)]  # x at the zeros, NaN at NaN
ENDS = [*ODD, (inf, inf), (-inf, -inf)]

# x, result
UNARY = {
    "abs": [(nan, nan), (-0.0, 0.0), (-inf, inf)],
    "acos": [(nan, nan), (1.5, nan), (-1.5, nan), (1.0, 0.0)],
    "acosh": [(nan, nan), (0.5, nan), (1.0, 0.0), (inf, inf)],
    "asin": [*ODD, (1.5, nan), (-1.5, nan)],
    "asinh": ENDS,
    "atan": [*ODD, (inf, pi / 2), (-inf, -pi / 2)],
    "atanh": [*ODD, (1.5, nan), (-1.5, nan), (1.0, inf), (-1.0, -inf)],
    "ceil": [*ENDS, (2.0, 2.0), (-0.5, -0.0), (1.5, 2.0)],
    "cos": [(nan, nan), (0.0, 1.0), (-0.0, 1.0), (inf, nan), (-inf, nan)],
    "cosh": [(nan, nan), (0.0, 1.0), (-0.0, 1.0), (inf, inf), (-inf, inf)],
    "exp": [(nan, nan), (0.0, 1.0), (-0.0, 1.0), (inf, inf), (-inf, 0.0)],
    "expm1": [*ODD, (inf, inf), (-inf, -1.0)],
    "floor": [*ENDS, (2.0, 2.0), (0.5, 0.0), (-1.5, -2.0)],
    "isfinite": [(inf, False), (-inf, False), (nan, False), (1.0, True)],
    "isinf": [(inf, True), (-inf, True), (nan, False), (1.0, False)],
    "isnan": [(inf, False), (nan, True), (1.0, False)],
    "log": [(nan, nan), (-1.0, nan), (0.0, -inf), (-0.0, -inf), (1.0, 0.0), (inf, inf)],
    "log1p": [*ODD, (-2.0, nan), (-1.0, -inf), (inf, inf)],
    "log2": [(nan, nan), (-1.0, nan), (0.0, -inf), (-0.0, -inf), (1.0, 0.0), (inf, inf)],
    "log10": [(nan, nan), (-1.0, nan), (0.0, -inf), (-0.0, -inf), (1.0, 0.0), (inf, inf)],
    "reciprocal": [(nan, nan), (0.0, inf), (-0.0, -inf), (inf, 0.0), (-inf, -0.0)],
    "round": [*ENDS, (2.0, 2.0), (0.5, 0.0), (1.5, 2.0), (2.5, 2.0), (-0.5, -0.0), (-1.5, -2.0)],
    "sign": [(nan, nan), (-3.0, -1.0), (0.0, 0.0), (-0.0, 0.0), (2.0, 1.0)],
    "signbit": [(0.0, False), (-0.0, True), (inf, False), (-inf, True), (1.0, False), (-1.0, True)],
    "sin": [*ODD, (inf, nan), (-inf, nan)],
    "sinh": ENDS,
    "sqrt": [*ODD, (-1.0, nan), (inf, inf)],
    "square": [(nan, nan), (-0.0, 0.0), (-inf, inf)],
    "tan": [*ODD, (inf, nan), (-inf, nan)],
    "tanh": [*ODD, (inf, 1.0), (-inf, -1.0)],
    "trunc": [*ENDS, (2.0, 2.0), (0.5, 0.0), (-0.5, -0.0), (-1.5, -1.0)],
}

ZEROS, INFINITIES, SIGNED = (0.0, -0.0), (inf, -inf), (1.0, -1.0)
FINITE = (-2.5, -0.0, 0.0, 3.0)
EVERY = (-inf, -2.5, -1.0, -0.5, -0.0, 0.0, 0.5, 1.0, 3.0, inf)
UNDEFINED = [*[(x, nan, nan) for x in EVERY], *[(nan, x, nan) for x in (*EVERY, nan)]]


def sign(x):
    return float(np.copysign(1.0, x))


def pairs(first, second, result):
    """Cases of all pairs of two collections."""
    return [(x, y, result(x, y)) for x, y in itertools.product(first, second)]


def always(value):
    return lambda x, y: value


def signed(size):
    """A size with the sign of a product."""
    return lambda x, y: size * sign(x) * sign(y)


def odd(y):
    return y % 2 == 1


DIVIDE = [
    *UNDEFINED,
    *pairs(INFINITIES, INFINITIES, always(nan)),
    *pairs(ZEROS, ZEROS, always(nan)),
    *pairs(ZEROS, (3.0, -3.0), signed(0.0)),
    *pairs((3.0, -3.0), ZEROS, signed(inf)),
]
BINARY = {
    "add": [
        *UNDEFINED,
        (inf, -inf, nan),
        (-inf, inf, nan),
        (inf, inf, inf),
        (-inf, -inf, -inf),
        *pairs(INFINITIES, FINITE, lambda x, y: x),
        *pairs(FINITE, INFINITIES, lambda x, y: y),
        (-0.0, -0.0, -0.0),
        (-0.0, 0.0, 0.0),
        (0.0, -0.0, 0.0),
        (2.5, -2.5, 0.0),
        (-0.0, 3.0, 3.0),
    ],
    "subtract": [
        *UNDEFINED,
        *pairs(INFINITIES, INFINITIES, lambda x, y: nan if x == y else x),
        (-0.0, 0.0, -0.0),
        (0.0, -0.0, 0.0),
        (0.0, 0.0, 0.0),
        (2.5, 2.5, 0.0),
    ],
    "multiply": [
        *UNDEFINED,
        *pairs(INFINITIES, ZEROS, always(nan)),
        *pairs(ZEROS, INFINITIES, always(nan)),
        *pairs(INFINITIES, (*INFINITIES, *SIGNED), signed(inf)),
        *pairs(SIGNED, INFINITIES, signed(inf)),
        *pairs(ZEROS, (*ZEROS, *SIGNED), signed(0.0)),
    ],
    "divide": [
        *DIVIDE,
        *pairs(INFINITIES, (3.0, -3.0), signed(inf)),
        *pairs((3.0, -3.0), INFINITIES, signed(0.0)),
    ],
    # the standard leaves it to a library to follow Python in the pairs of a finite and an infinite
    # number whose floor is not that of their quotient; NumPy does
    "floor_divide": [*DIVIDE, (3.0, inf, 0.0), (-3.0, -inf, 0.0)],
    "remainder": [
        *UNDEFINED,
        *pairs(INFINITIES, (*INFINITIES, *FINITE), always(nan)),
        *pairs(FINITE, ZEROS, always(nan)),
        *pairs(ZEROS, (3.0, -3.0), lambda x, y: 0.0 * sign(y)),
        (3.0, inf, 3.0),
        (3.0, -inf, -inf),
        (-3.0, inf, inf),
        (-3.0, -inf, -3.0),
        (5.0, 3.0, 2.0),
        (-5.0, 3.0, 1.0),
        (5.0, -3.0, -1.0),
    ],
    "atan2": [
        *UNDEFINED,
        *pairs((3.0, inf, -3.0, -inf), ZEROS, lambda x, y: sign(x) * pi / 2),
        *pairs(ZEROS, (3.0, 0.0, inf), lambda x, y: x),
        *pairs(ZEROS, (-0.0, -3.0, -inf), lambda x, y: sign(x) * pi),
        *pairs((3.0, -3.0), (inf,), lambda x, y: 0.0 * sign(x)),
        *pairs((3.0, -3.0), (-inf,), lambda x, y: sign(x) * pi),
        *pairs(INFINITIES, FINITE, lambda x, y: sign(x) * pi / 2),
        *pairs(INFINITIES, (inf,), lambda x, y: sign(x) * pi / 4),
        *pairs(INFINITIES, (-inf,), lambda x, y: sign(x) * 3 * pi / 4),
    ],
    "hypot": [
        *UNDEFINED,
        *pairs(INFINITIES, (*EVERY, nan), always(inf)),
        *pairs((*EVERY, nan), INFINITIES, always(inf)),
        *pairs(ZEROS, EVERY, lambda x, y: abs(y)),
        *pairs(EVERY, ZEROS, lambda x, y: abs(x)),
    ],
    "logaddexp": [
        *UNDEFINED,
        *pairs((inf,), EVERY, always(inf)),
        *pairs(EVERY, (inf,), always(inf)),
        (-inf, -inf, -inf),
    ],
    "copysign": pairs(EVERY, EVERY, lambda x, y: abs(x) * sign(y)),
    "nextafter": [*UNDEFINED, (-0.0, 0.0, 0.0), (0.0, -0.0, -0.0)],
    "maximum": [*UNDEFINED, (-inf, inf, inf)],
    "minimum": [*UNDEFINED, (-inf, inf, -inf)],
    "equal": [
        *[(x, y, False) for x, y, _ in UNDEFINED],
        *pairs(ZEROS, ZEROS, always(True)),
        *pairs(INFINITIES, INFINITIES, lambda x, y: x == y),
    ],
    "not_equal": [
        *[(x, y, True) for x, y, _ in UNDEFINED],
        *pairs(ZEROS, ZEROS, always(False)),
    ],
    "pow": [
        *UNDEFINED,
        (1.0, nan, 1.0),
        *pairs((*EVERY, nan), ZEROS, always(1.0)),
        *pairs((3.0, -2.5), (inf,), always(inf)),
        *pairs((3.0, -2.5), (-inf,), always(0.0)),
        *pairs((1.0, -1.0), INFINITIES, always(1.0)),
        *pairs((1.0,), EVERY, always(1.0)),
        *pairs((0.5, -0.5), (inf,), always(0.0)),
        *pairs((0.5, -0.5), (-inf,), always(inf)),
        *pairs((inf,), (0.5, 1.0, 2.0, inf), always(inf)),
        *pairs((inf,), (-0.5, -1.0, -inf), always(0.0)),
        *pairs((-inf,), (0.5, 1.0, 2.0, 3.0), lambda x, y: -inf if odd(y) else inf),
        *pairs((-inf,), (-0.5, -1.0, -2.0), lambda x, y: -0.0 if odd(y) else 0.0),
        *pairs((0.0,), (0.5, 1.0, 2.0, inf), always(0.0)),
        *pairs((0.0,), (-0.5, -1.0, -inf), always(inf)),
        *pairs((-0.0,), (0.5, 1.0, 2.0, 3.0), lambda x, y: -0.0 if odd(y) else 0.0),
        *pairs((-0.0,), (-0.5, -1.0, -2.0), lambda x, y: -inf if odd(y) else inf),
        *pairs((-2.5, -0.5), (0.5, -1.5), always(nan)),
    ],
}


def z(real, imag):
    """A complex number from its parts; real + imag * 1j would lose zeros and NaN."""
    return complex(real, imag)


HALF = pi / 2
UNARY_COMPLEX = [  # without expm1(inf + 0j) and expm1(nan + 0j), where NumPy has nanj
    *[("abs", z(a, b), inf) for a in INFINITIES for b in (1.0, nan, inf)],
    *[("abs", z(nan, b), nan) for b in (1.0, nan)],
    *[("acos", z(a, 0.0), z(HALF, -0.0)) for a in ZEROS],
    *[("acos", z(a, inf), z(HALF, -inf)) for a in FINITE],
    ("acos", z(-inf, 1.0), z(pi, -inf)),
    ("acos", z(inf, 1.0), z(0.0, -inf)),
    ("acos", z(inf, inf), z(pi / 4, -inf)),
    ("acos", z(nan, inf), z(nan, -inf)),
    *[("acosh", z(a, inf), z(inf, HALF)) for a in FINITE],
    ("acosh", z(-inf, 1.0), z(inf, pi)),
    ("acosh", z(inf, 1.0), z(inf, 0.0)),
    ("asinh", z(0.0, 0.0), z(0.0, 0.0)),
    ("asinh", z(1.0, inf), z(inf, HALF)),
    ("asinh", z(inf, 1.0), z(inf, 0.0)),
    ("asinh", z(nan, 0.0), z(nan, 0.0)),
    ("atanh", z(0.0, 0.0), z(0.0, 0.0)),
    ("atanh", z(1.0, inf), z(0.0, HALF)),
    ("atanh", z(inf, 1.0), z(0.0, HALF)),
    ("cosh", z(0.0, 0.0), z(1.0, 0.0)),
    ("cosh", z(inf, 0.0), z(inf, 0.0)),
    ("cosh", z(nan, nan), z(nan, nan)),
    *[("exp", z(a, 0.0), z(1.0, 0.0)) for a in ZEROS],
    ("exp", z(inf, 0.0), z(inf, 0.0)),
    ("exp", z(-inf, 1.0), 0.0 * cmath.exp(1j)),
    ("exp", z(inf, 1.0), z(inf, inf)),
    ("exp", z(nan, 0.0), z(nan, 0.0)),
    ("exp", z(1.0, inf), z(nan, nan)),
    ("log", z(-0.0, 0.0), z(-inf, pi)),
    ("log", z(0.0, 0.0), z(-inf, 0.0)),
    *[("log", z(a, inf), z(inf, HALF)) for a in FINITE],
    ("log", z(-inf, inf), z(inf, 3 * pi / 4)),
    ("log", z(inf, nan), z(inf, nan)),
    ("log1p", z(-1.0, 0.0), z(-inf, 0.0)),
    ("log1p", z(inf, inf), z(inf, pi / 4)),
    ("round", z(0.5, -1.5), z(0.0, -2.0)),
    *[("sign", z(a, b), z(0.0, 0.0)) for a in ZEROS for b in ZEROS],
    *[("sign", z(a, b), z(nan, nan)) for a, b in ((nan, 1.0), (1.0, nan))],
    ("sinh", z(0.0, 0.0), z(0.0, 0.0)),
    ("sinh", z(inf, 0.0), z(inf, 0.0)),
    ("sinh", z(nan, 0.0), z(nan, 0.0)),
    *[("sqrt", z(a, 0.0), z(0.0, 0.0)) for a in ZEROS],
    *[("sqrt", z(a, inf), z(inf, inf)) for a in (*EVERY, nan)],
    ("tanh", z(inf, 1.0), z(1.0, 0.0)),
    ("tanh", z(nan, 0.0), z(nan, 0.0)),
]


def assert_same(got, wanted, what):
    np.testing.assert_allclose(got, wanted, rtol=1e-6, atol=0, err_msg=what)
    zero = (wanted == 0) & (wanted.dtype.kind == "f")
    assert np.array_equal(np.signbit(got)[zero], np.signbit(wanted)[zero]), f"{what}: sign of zero"


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", UNARY)
def test_of_one_real_operand(name, dtype):
    operands, results = zip(*UNARY[name], strict=True)
    with np.errstate(all="ignore"):
        got = getattr(xp, name)(xp.asarray(operands, dtype=dtype)).value
    wanted = np.array(results)
    assert_same(got, wanted.astype(dtype) if wanted.dtype == float else wanted, name)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", BINARY)
def test_of_two_operands(name, dtype):
    cases = {
        f"{x!r}, {y!r}": (x, y, result) for x, y, result in BINARY[name]
    }  # the last one counts
    first, second, results = zip(*cases.values(), strict=True)
    x1, x2 = xp.asarray(first, dtype=dtype), xp.asarray(second, dtype=dtype)
    wanted = np.array(results)
    wanted = wanted.astype(dtype) if wanted.dtype == float else wanted
    with np.errstate(all="ignore"):
        assert_same(getattr(xp, name)(x1, x2).value, wanted, name)


@pytest.mark.parametrize("dtype", [np.complex64, np.complex128])
@pytest.mark.parametrize("name", sorted({name for name, _, _ in UNARY_COMPLEX}))
def test_of_one_complex_operand(name, dtype):
    for function, operand, result in UNARY_COMPLEX:
        if function == name:
            with np.errstate(all="ignore"):
                got = getattr(xp, name)(xp.asarray([operand], dtype=dtype)).value
            wanted = np.array([result])
            for part in ("real", "imag"):
                assert_same(getattr(got, part), getattr(wanted, part), f"{name}({operand}).{part}")


def test_sign_bits_of_nan():
    negative = np.copysign(nan, -1.0)
    x = xp.asarray([nan, negative])
    assert xp.signbit(x).tolist() == [False, True]
    assert xp.copysign(xp.asarray([2.0, 2.0]), x).tolist() == [2.0, -2.0]


def test_clip_gives_nan_for_nan():
    x = xp.asarray([nan, 1.0, 1.0, 1.0])
    low, high = xp.asarray([0.0, nan, 0.0, 0.0]), xp.asarray([2.0, 2.0, nan, 2.0])
    np.testing.assert_array_equal(xp.clip(x, low, high).value, [nan, nan, nan, 1.0])
