"""Rounding, the parts of floating-point numbers, bits and divisors."""

import numpy as np
import pytest

import tenrso_ad as ta
import tenrso_ad.numpy as tnp
from tenrso_ad.engine.errors import ArgumentError, DTypeError, UnsupportedError
from tests.ops.table import Case, each, nonzero, normal, slopes

INF, NAN = np.inf, np.nan
N = np.array([[12, -7, 255], [0, 1, -128]])
M = np.array([3, 5, 6])


def flat(name, *operands, **options):
    return Case(
        name,
        getattr(tnp, name),
        *operands,
        reference=getattr(np, name),
        differentiable=False,
        **options,
    )


CASES = [
    flat("fix", normal(2, 3)),
    flat("round", normal(2, 3)),
    flat("spacing", nonzero(2, 3), float32=False),
    Case(
        "round to decimals",
        lambda x: tnp.around(x, 2),
        normal(2, 3),
        reference=lambda x: np.around(x, 2),
        differentiable=False,
        complex=False,
    ),
    Case(
        "round complex numbers",
        lambda x: tnp.round(x * (3 + 4j), decimals=1),
        normal(3),
        reference=lambda x: np.round(x * (3 + 4j), decimals=1),
        differentiable=False,
    ),
    Case("modf", tnp.modf, nonzero(2, 3), reference=np.modf),
    Case("modf, its fraction squared", lambda x: tnp.modf(x)[0] ** 2, nonzero(2, 3)),
    Case("frexp", tnp.frexp, nonzero(2, 3), reference=np.frexp),
    Case("frexp, its mantissa squared", lambda x: tnp.frexp(x)[0] ** 2, nonzero(2, 3)),
    Case(
        "ldexp",
        lambda x: tnp.ldexp(x, M - 4) ** 2,
        normal(2, 3),
        reference=lambda x: np.ldexp(x, M - 4) ** 2,
    ),
    Case(
        "ldexp by a number",
        lambda x: tnp.ldexp(x, 3),
        normal(2, 3),
        reference=lambda x: np.ldexp(x, 3),
    ),
    Case(
        "nextafter",
        lambda x: tnp.nextafter(x, INF),
        nonzero(2, 3),
        reference=lambda x: np.nextafter(x, INF),
        float32=False,
    ),
    *[flat(n, N, M) for n in ("bitwise_and", "bitwise_or", "bitwise_xor", "gcd", "lcm")],
    *[flat(n, N, M) for n in ("left_shift", "right_shift", "bitwise_left_shift")],
    *[flat(n, N) for n in ("invert", "bitwise_invert", "bitwise_count")],
    flat("bitwise_not", np.array([True, False])),
]


@each(CASES)
def test_rounding(check):
    check()


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64, np.int64, np.int8])
def test_parts_keep_their_dtypes(dtype):
    x = np.array([-3, 0, 2], dtype)
    for name in ("modf", "frexp"):
        for out, expected in zip(getattr(tnp, name)(x), getattr(np, name)(x), strict=True):
            np.testing.assert_array_equal(out, expected)
            assert out.dtype == expected.dtype
    for out, expected in (
        (tnp.round(x, -1), np.round(x, -1)),
        (tnp.fix(x), np.fix(x)),
        (tnp.ldexp(x, 2), np.ldexp(x, 2)),
        (tnp.spacing(x), np.spacing(x)),
    ):
        np.testing.assert_array_equal(out, expected)
        assert out.dtype == expected.dtype


def test_out():
    x, out = np.array([0.5, 2.75, -1.0]), np.empty(3)
    for f, expected in (
        (lambda: tnp.round(x, 1, out), np.round(x, 1)),
        (lambda: tnp.fix(x, out=out), np.fix(x)),
        (lambda: tnp.clip(x, 0, 1, out=out), np.clip(x, 0, 1)),
    ):
        assert f() is out
        np.testing.assert_array_equal(out, expected)
    answers = np.empty(3, bool)
    assert tnp.isposinf(x, answers) is answers and not answers.any()
    with pytest.raises(UnsupportedError, match="clip: out= takes a plain NumPy array"):
        tnp.clip(ta.tensor(x), 0, 1, out=out)


def test_parts_of_what_has_none():
    x = np.array([0.0, -0.0, INF, -INF, NAN, 5e-324, -0.25])
    for name in ("modf", "frexp"):
        for out, expected in zip(getattr(tnp, name)(x), getattr(np, name)(x), strict=True):
            np.testing.assert_array_equal(out, expected)
            np.testing.assert_array_equal(np.signbit(out), np.signbit(expected))
    np.testing.assert_array_equal(slopes(lambda x: tnp.modf(x)[0], x), np.ones(7))
    np.testing.assert_array_equal(slopes(lambda x: tnp.modf(x)[1], x), np.zeros(7))
    np.testing.assert_array_equal(
        slopes(lambda x: tnp.frexp(x)[0], [0.0, 3.0, 2.0**-900, INF]), [1, 0.25, 2.0**899, 1]
    )


def test_the_exponent_has_no_derivative_and_rejoins_the_mantissa():
    def rejoined(x):
        mantissa, exponent = np.frexp(x)
        return tnp.ldexp(mantissa, exponent).sum()

    x = np.array([3.0, -0.1, 1e-310, 1e300])
    value, gradient = ta.value_and_grad(rejoined)(x)
    assert value == x.sum()
    np.testing.assert_array_equal(gradient, np.ones(4))


def test_a_neighbour_moves_along():
    gradient, towards = slopes(tnp.nextafter, [1.0, 0.0, INF], [2.0, -1.0, 0.0])
    np.testing.assert_array_equal(gradient, np.ones(3))
    np.testing.assert_array_equal(towards, np.zeros(3))
    np.testing.assert_array_equal(slopes(tnp.spacing, [1.0, 0.0]), [0, 0])


@pytest.mark.parametrize(
    ("wrong", "error", "words"),
    [
        (lambda: tnp.round(np.ones(2), 1.5), ArgumentError, "decimals is an int, got 1.5"),
        (lambda: tnp.bitwise_and(np.ones(2), 1), DTypeError, r"bitwise_and\(float64\[2\], 1\)"),
        (lambda: tnp.ldexp(np.ones(2), 0.5), DTypeError, r"ldexp\(float64\[2\], 0.5\)"),
        (lambda: tnp.modf(np.ones(2, complex)), DTypeError, r"complex128\[2\]"),
    ],
)
def test_errors_say_what_is_wrong(wrong, error, words):
    with pytest.raises(error, match=words):
        wrong()
