"""fft, ifft, rfft, irfft, hfft, ihfft."""

import numpy as np
import pytest

import tenrso_ad as ta
import tenrso_ad.numpy as tnp
from tenrso_ad.engine.errors import ArgumentError, AxisError, DTypeError, UnsupportedError
from tests.ops.table import Case, each, normal

REAL_ONLY = {"rfft", "ihfft"}
NO_TRANSFORMS = {"fftfreq", "rfftfreq", "fftshift", "ifftshift"}


def case(name, shape, **options):
    ours, theirs = getattr(tnp.fft, name), getattr(np.fft, name)
    given = " ".join(f"{k}={v}" for k, v in options.items())
    return Case(
        f"{name} {list(shape)} {given}",
        lambda x: ours(x, **options),
        normal(*shape),
        reference=lambda x: theirs(x, **options),
        complex=name not in REAL_ONLY,
    )


@each(
    [
        case("fft", (5,)),
        case("fft", (2, 4), axis=0, norm="ortho"),
        case("fft", (3, 4), n=3, norm="forward"),
        case("fft", (3,), n=6),
        case("fft", (1,)),
        case("ifft", (4,)),
        case("ifft", (2, 5), n=3, axis=-1, norm="ortho"),
        case("ifft", (3,), n=5, norm="forward"),
        case("rfft", (6,)),
        case("rfft", (5, 2), axis=0, norm="ortho"),
        case("rfft", (5,), n=4, norm="forward"),
        case("rfft", (3,), n=7),
        case("rfft", (1,)),
        case("rfft", (2,)),
        case("irfft", (4,)),
        case("irfft", (4,), n=7),
        case("irfft", (3, 2), n=4, axis=0, norm="ortho"),
        case("irfft", (5,), n=5, norm="forward"),
        case("irfft", (2,), n=6),
        case("irfft", (3,), n=1),
        case("hfft", (4,)),
        case("hfft", (2, 3), n=5, axis=1, norm="ortho"),
        case("hfft", (3,), n=6, norm="forward"),
        case("ihfft", (6,)),
        case("ihfft", (5, 2), n=3, axis=0, norm="ortho"),
        case("ihfft", (3,), n=4, norm="forward"),
    ]
)
def test_transforms(check):
    check()


@pytest.mark.parametrize("name", ["fft", "ifft", "rfft", "irfft", "hfft", "ihfft"])
@pytest.mark.parametrize("dtype", [bool, np.int8, np.float16, np.float32, np.longdouble])
def test_dtypes_are_numpys(name, dtype):
    x = np.array([1, 0, 1, 1], dtype)
    ours, theirs = getattr(tnp.fft, name)(x), getattr(np.fft, name)(x)
    np.testing.assert_allclose(ours, theirs, rtol=1e-3)
    if dtype is not np.float16:  # NumPy rounds the inverses to the precision of their operand
        assert ours.dtype == theirs.dtype


def test_narrow_floats_are_transformed_in_float32():
    import ml_dtypes

    x = np.array([1.0, 2.0, 3.0, 4.0], ml_dtypes.bfloat16)
    spectrum, pullback = ta.vjp(tnp.fft.rfft, x)
    assert spectrum.dtype == np.complex64
    np.testing.assert_array_equal(spectrum, np.fft.rfft([1.0, 2.0, 3.0, 4.0]))
    (gradient,) = pullback(np.array([1, 0, 0], np.complex64))
    assert gradient.dtype == ml_dtypes.bfloat16
    np.testing.assert_array_equal(gradient.astype(float), np.ones(4))


@pytest.mark.parametrize(("n", "fixed"), [(6, [0, 3]), (5, [0])])
def test_imaginary_parts_that_do_not_count_get_no_gradient(rng, n, fixed):
    """Those of the mean and, for an even length, of the highest frequency."""
    half = rng.normal(size=n // 2 + 1) + 1j * rng.normal(size=n // 2 + 1)
    weights = rng.normal(size=n)
    gradient = ta.grad(lambda h: tnp.sum(weights * tnp.fft.irfft(h, n)))(half)
    np.testing.assert_array_equal(gradient[fixed].imag, 0)
    assert (gradient.real != 0).all()
    assert (np.delete(gradient, fixed).imag != 0).all()


def test_energy_is_kept(rng):
    """Parseval: the gradient of the energy of the spectrum is that of the energy of the values."""
    z = rng.normal(size=5) + 1j * rng.normal(size=5)
    gradient = ta.grad(lambda z: tnp.sum(tnp.abs(tnp.fft.fft(z, norm="ortho")) ** 2))(z)
    np.testing.assert_allclose(gradient, 2 * z)


def test_numpys_functions_find_ours_for_tensors(rng):
    x = ta.tensor(rng.normal(size=6))
    spectrum = np.fft.rfft(x)
    np.testing.assert_array_equal(spectrum.value, np.fft.rfft(x.value))
    tnp.sum(np.fft.irfft(spectrum)[:2]).backward()
    np.testing.assert_allclose(x.grad, [1, 1, 0, 0, 0, 0], atol=1e-15)


@pytest.mark.parametrize("name", sorted({*tnp.fft.__all__} - NO_TRANSFORMS))
def test_the_result_may_be_put_into_an_array(name, rng):
    x = rng.normal(size=(4, 4))
    expected = getattr(np.fft, name)(x)
    out = np.zeros_like(expected)
    assert getattr(tnp.fft, name)(x, out=out) is out
    np.testing.assert_allclose(out, expected)
    with pytest.raises(UnsupportedError, match=f"{name}: out= takes a plain NumPy array"):
        getattr(tnp.fft, name)(ta.tensor(x), out=out)


def test_frequencies_of_a_spacing_that_is_differentiated():
    gradient = ta.grad(lambda d: np.fft.fftfreq(4, d)[1])(2.0)
    np.testing.assert_allclose(gradient, -1 / (4 * 2.0**2))
    np.testing.assert_array_equal(tnp.fft.rfftfreq(5), np.fft.rfftfreq(5))


@pytest.mark.parametrize(
    ("wrong", "error", "message"),
    [
        (lambda x: tnp.fft.fft(x, n=0), ArgumentError, r"fft: .* at least 1 point, got 0"),
        (lambda x: tnp.fft.fft(x, n=2.5), ArgumentError, r"fft: a length is an int, got 2.5"),
        (lambda x: tnp.fft.irfft(x[:1]), ArgumentError, r"irfft: .* at least 1 point, got 0"),
        (lambda x: tnp.fft.fft(x, norm="x"), ArgumentError, r"norm is None or one of .*'x'"),
        (lambda x: tnp.fft.ifft(x, axis=1), AxisError, r"ifft\(.*\): axis 1 is out of bounds"),
        (lambda x: tnp.fft.fft(x[0]), AxisError, "0-d array has no axis"),
        (lambda x: tnp.fft.rfft(x * 1j), DTypeError, r"rfft\(.*complex128.*wants real values"),
        (lambda x: tnp.fft.ihfft(x * 1j), DTypeError, r"ihfft\(.*\): wants real values"),
    ],
)
def test_errors(wrong, error, message):
    with pytest.raises(error, match=message):
        wrong(np.ones(4))
