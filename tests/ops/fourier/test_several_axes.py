"""fft2, ifft2, rfft2, irfft2 and the transforms along any axes."""

import numpy as np
import pytest

import tenrso_ad.numpy as tnp
from tenrso_ad.engine.errors import ArgumentError, AxisError, DTypeError
from tests.ops.table import Case, each, normal


def case(name, shape, **options):
    ours, theirs = getattr(tnp.fft, name), getattr(np.fft, name)
    given = " ".join(f"{k}={v}" for k, v in options.items())
    return Case(
        f"{name} {list(shape)} {given}",
        lambda x: ours(x, **options),
        normal(*shape),
        reference=lambda x: theirs(x, **options),
        complex=not name.startswith("rfft"),
    )


@each(
    [
        case("fftn", (2, 3, 2)),
        case("fftn", (2, 3), s=(3, -1), axes=(1, 0), norm="ortho"),
        case("fftn", (2, 3), axes=(0, -2), s=(2, 3)),
        case("fftn", (2, 3), axes=()),
        case("ifftn", (3, 2), norm="forward"),
        case("ifftn", (2, 2, 2), axes=(0, 2), s=(1, 3)),
        case("rfftn", (2, 4)),
        case("rfftn", (2, 3), s=(3, 4), axes=(1, 0), norm="ortho"),
        case("rfftn", (2, 3), axes=(1, 1), norm="forward"),
        case("irfftn", (2, 3)),
        case("irfftn", (2, 3), s=(3, 5), axes=(0, 1), norm="ortho"),
        case("irfftn", (3, 2), s=(-1, -1), axes=(1, 0), norm="forward"),
        case("fft2", (2, 2, 3)),
        case("ifft2", (2, 3), s=(3, 2)),
        case("rfft2", (3, 4), axes=(1, 0)),
        case("irfft2", (2, 3), s=(2, 5)),
    ]
)
def test_transforms(check):
    check()


def test_lengths_without_axes_are_those_of_the_last(rng):
    x = rng.normal(size=(2, 3, 4))
    expected = np.fft.fftn(x, s=(2, 5), axes=(1, 2))
    np.testing.assert_array_equal(tnp.fft.fftn(x, s=(2, 5)), expected)


@pytest.mark.parametrize(
    ("wrong", "error", "message"),
    [
        (lambda x: tnp.fft.fftn(x, s=(2,), axes=(0, 1)), ArgumentError, "1 lengths for 2 axes"),
        (lambda x: tnp.fft.fftn(x, s=(0, 2)), ArgumentError, "fftn: .* at least 1 point, got 0"),
        (lambda x: tnp.fft.fft2(x, s=(None, 2)), ArgumentError, "fft2: .*ints, got"),
        (lambda x: tnp.fft.ifftn(x, norm=2), ArgumentError, "ifftn: norm is"),
        (lambda x: tnp.fft.rfftn(x, axes=()), ArgumentError, r"rfftn\(.*at least one axis"),
        (lambda x: tnp.fft.irfftn(x, axes=()), ArgumentError, r"irfftn\(.*at least one axis"),
        (lambda x: tnp.fft.irfft2(x[0]), AxisError, r"irfft2\(.*axis -2 is out of bounds"),
        (lambda x: tnp.fft.rfft2(x * 1j), DTypeError, r"rfft2\(.*wants real values"),
    ],
)
def test_errors(wrong, error, message):
    with pytest.raises(error, match=message):
        wrong(np.ones((2, 3)))
