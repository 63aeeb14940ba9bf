"""interp: differentiable in x, xp and fp; its values at and beyond the points are NumPy's."""

import numpy as np
import pytest

import tenrso_ad as ta
import tenrso_ad.numpy as tnp
from tenrso_ad.engine.errors import ArgumentError, DTypeError, ShapeError
from tests.ops.table import Case, each, normal, slopes, uniform

INF, NAN = np.inf, np.nan


def points(*shape):
    """Increasing along the last axis, at least 0.5 apart, from -2 to about 3."""
    return lambda rng: np.cumsum(rng.uniform(0.5, 1.5, size=shape), axis=-1) - 2.5


def call(name, *operands, float32=False, **options):
    """NumPy's interp gives float64, whatever it gets."""
    return Case(
        f"interp {name}",
        lambda *args: tnp.interp(*args, **options),
        *operands,
        reference=lambda *args: np.interp(*args, **options),
        float32=float32,
    )


CASES = [
    call("", uniform(-3.0, 4.0, 2, 3), points(5), normal(5)),
    call("at a number", uniform(-1.0, 1.0), points(3), normal(3)),
    call("of two points", uniform(-3.0, 2.0, 7), points(2), normal(2)),
    call("of one point", uniform(-3.0, 2.0, 4), points(1), normal(1)),
    call("with constants beyond", uniform(-5.0, 6.0, 7), points(4), normal(4), left=1.5, right=-2),
    call("with a period", uniform(-9.0, 9.0, 6), uniform(-9.0, 9.0, 4), normal(4), period=3.0),
    call("of nothing", normal(0, 2), points(3), normal(3)),
    Case(
        "interp with operands beyond",
        lambda x, xp, fp, left, right: tnp.interp(x, xp, fp, left, right),
        uniform(-5.0, 6.0, 8),
        points(3),
        normal(3),
        normal(),
        normal(),
        reference=np.interp,
        float32=False,
    ),
    Case(
        "interp with a period that moves",
        lambda x, xp, fp, period: tnp.interp(x, xp, fp, period=period),
        uniform(-9.0, 9.0, 6),
        uniform(-9.0, 9.0, 3),
        normal(3),
        uniform(-3.5, -2.5),
        reference=lambda x, xp, fp, period: np.interp(x, xp, fp, period=period),
        float32=False,
    ),
    Case(
        "interp of complex values",
        lambda x, xp, fp: tnp.interp(x, xp, fp * (1 - 2j), left=3j),
        uniform(-3.0, 3.0, 5),
        points(4),
        normal(4),
        reference=lambda x, xp, fp: np.interp(x, xp, fp * (1 - 2j), left=3j),
        float32=False,
    ),
]


@each(CASES)
def test_interp(check):
    check()


XP, FP = np.array([0.0, 1.0, 3.0]), np.array([10.0, 20.0, 0.0])
# place: value, derivative by x, derivatives by xp, derivatives by fp
PLACES = {
    -1.0: (10, 0, [0, 0, 0], [1, 0, 0]),
    0.0: (10, 10, [-10, 0, 0], [1, 0, 0]),
    0.25: (12.5, 10, [-7.5, -2.5, 0], [0.75, 0.25, 0]),
    1.0: (20, -10, [0, 10, 0], [0, 1, 0]),
    3.0: (0, -10, [0, 0, 10], [0, 0, 1]),
    4.0: (0, 0, [0, 0, 0], [0, 0, 1]),
    INF: (0, 0, [0, 0, 0], [0, 0, 1]),
}


@pytest.mark.parametrize("place", PLACES)
def test_at_and_beyond_the_points(place):
    value, by_x, by_xp, by_fp = PLACES[place]
    with np.errstate(invalid="ignore"):
        assert tnp.interp(place, XP, FP) == value
        gx, gxp, gfp = slopes(tnp.interp, place, XP, FP)
    assert gx == by_x
    np.testing.assert_allclose(gxp, by_xp, rtol=1e-15)
    np.testing.assert_allclose(gfp, by_fp, rtol=1e-15)


@pytest.mark.parametrize(
    "fp",
    [[INF, 1, 2], [0, INF, 1], [0, -INF, INF], [INF, INF, 0], [NAN, 1, 2], [0, NAN, 1]],
)
def test_values_that_are_not_finite(fp):
    x = np.array([-1, 0, 0.5, 1, 2, 3, 4, NAN])
    np.testing.assert_array_equal(tnp.interp(x, XP, fp), np.interp(x, XP, fp))


def test_points_that_coincide():
    x, xp, fp = [0.0, 0.5, 1.0, 2.0], [0.0, 1.0, 1.0], [0.0, 2.0, 5.0]
    np.testing.assert_array_equal(tnp.interp(x, xp, fp), np.interp(x, xp, fp))
    x, xp, fp = [0.0, 1.0, 2.0, 3.0], [0.0, 1.0, 1.0, 3.0], [0.0, 2.0, 5.0, 6.0]
    np.testing.assert_array_equal(tnp.interp(x, xp, fp), np.interp(x, xp, fp))


def test_dtypes():
    narrow = [a.astype(np.float32) for a in (np.array([0.5, 2.0]), XP, FP)]
    out, pullback = ta.vjp(tnp.interp, *narrow)
    assert out.dtype == np.interp(*narrow).dtype == np.float64
    assert [g.dtype for g in pullback(np.ones(2))] == [np.float32] * 3
    assert isinstance(tnp.interp(1, [0, 2], [0, 1]), np.float64)
    assert tnp.interp(1, [0, 2], [0, 1j]) == 0.5j


def test_numpys_function_takes_tensors():
    fp = ta.tensor(FP)
    np.interp([0.25, 2.0], XP, fp).sum().backward()
    np.testing.assert_array_equal(fp.grad, [0.75, 0.75, 0.5])


@pytest.mark.parametrize(
    ("wrong", "error", "words"),
    [
        (lambda: tnp.interp(1.0, XP, FP[:2]), ShapeError, r"float64\[3\], float64\[2\]"),
        (lambda: tnp.interp(1.0, [], []), ShapeError, "at least 1"),
        (lambda: tnp.interp(1.0, [XP], [FP]), ShapeError, "one axis"),
        (lambda: tnp.interp(1.0, XP, FP, period=0), ArgumentError, "period is zero"),
        (lambda: tnp.interp(1.0, XP, FP, left=1j), DTypeError, "real where fp is, got complex"),
    ],
)
def test_errors_say_what_is_wrong(wrong, error, words):
    with pytest.raises(error, match=words):
        wrong()
