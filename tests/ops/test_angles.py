"""Degrees and radians, angle and unwrap."""

import numpy as np
import pytest

import tenrso_ad as ta
import tenrso_ad.numpy as tnp
from tenrso_ad.engine.errors import AxisError
from tests.ops.table import Case, each, nonzero, normal, uniform


def turning(*shape):
    return uniform(-9.0, 9.0, *shape)


def unwrapped(**options):
    return Case(
        f"unwrap {options}",
        lambda p: tnp.unwrap(p, **options),
        turning(3, 5),
        reference=lambda p: np.unwrap(p, **options),
    )


CASES = [
    *[
        Case(name, getattr(tnp, name), normal(2, 3), reference=getattr(np, name))
        for name in ("degrees", "radians", "rad2deg", "deg2rad")
    ],
    Case("angle", tnp.angle, nonzero(2, 3), reference=np.angle, complex=True),
    Case(
        "angle in degrees",
        lambda z: tnp.angle(z * (1 - 2j), deg=True),
        nonzero(2, 3),
        reference=lambda z: np.angle(z * (1 - 2j), deg=True),
        complex=True,
    ),
    unwrapped(),
    unwrapped(axis=0),
    unwrapped(discont=4.0),
    unwrapped(period=3.0),
    unwrapped(period=3.0, discont=2.5, axis=-2),
    Case(
        "unwrap by a period that moves",
        lambda p, period: tnp.unwrap(p, period=period),
        turning(6),
        uniform(2.5, 3.5),
        reference=lambda p, period: np.unwrap(p, period=period),
    ),
]


@each(CASES)
def test_angles(check):
    check()


@pytest.mark.parametrize("z", [0.0, -0.0, -2.0, 3, 1j, -1 - 1j, complex(-1, -0.0), np.inf])
def test_angle_of_a_number(z):
    for deg in (False, True):
        out, expected = tnp.angle(z, deg), np.angle(z, deg)
        np.testing.assert_allclose(out, expected, rtol=1e-15)
        assert np.asarray(out).dtype == expected.dtype


def test_zero_has_no_direction():
    gradient = ta.grad(lambda z: tnp.angle(z).sum())(np.array([0j, 1e-200j, -1e200 + 0j]))
    np.testing.assert_allclose(gradient, [0, -1e200, -1e-200j], rtol=1e-14)


@pytest.mark.parametrize(
    ("p", "options"),
    [
        (np.array([0, 1, 2, -1, 0]), {"period": 4}),  # integers stay so
        (np.array([0, 2, 4, 6]), {"period": 4}),  # half a period
        (np.array([0, 3, 6]), {"period": 5}),
        (np.array([0.0, np.pi, 0.0, -np.pi]), {}),
        (np.array([1, 5, 9]), {}),
        (np.array([0.0, 4.0, 8.0], np.float32), {}),
        (np.zeros((2, 0)), {}),
        ([0.5], {}),
    ],
)
def test_unwrap_is_numpys(p, options):
    out, expected = tnp.unwrap(p, **options), np.unwrap(p, **options)
    np.testing.assert_array_equal(out, expected)
    assert out.dtype == expected.dtype


def test_unwrap_wants_an_axis():
    with pytest.raises(AxisError, match=r"unwrap\(float64\[3\]\): axis 1"):
        tnp.unwrap(np.ones(3), axis=1)
