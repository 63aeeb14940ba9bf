"""NumPy's functions on slices of arrays, in threads: the results are those of the whole array."""

import numpy as np
import pytest

import tenrso_ad as ta
import tenrso_ad.numpy as tnp
from tenrso_ad.kernels import slices, threads

OPERATIONS = {
    "sigmoid": tnp.sigmoid,
    "softplus": tnp.softplus,
    "log_sigmoid": lambda x: ta.numpy.log_sigmoid(x),
    "silu": tnp.silu,
    "gelu": tnp.gelu,
    "erf": ta.special.erf,
    "gammaln": ta.special.gammaln,
    "two operands": lambda x: ta.special.xlogy(x, x + 20),
    "a number": lambda x: ta.special.xlogy(x, 2.0),
    "broadcast": lambda x: ta.special.xlogy(x, x[:1] + 20),
}


@pytest.fixture
def parts(monkeypatch):
    """Numbers of the chunks that were handed to the pool."""
    handed = []
    run = threads.run

    def noted(kernel, chunks, arrays):
        handed.append(chunks)
        run(kernel, chunks, arrays)

    monkeypatch.setattr(threads, "run", noted)
    return handed


@pytest.mark.parametrize("name", OPERATIONS)
@pytest.mark.parametrize("dtype", ["float64", "float32", "complex128"])
def test_same_bits_for_any_number_of_threads(name, dtype, rng, parts):
    if dtype == "complex128" and name not in ("sigmoid", "erf"):
        pytest.skip("of real numbers")
    f = OPERATIONS[name]
    x = (10 * rng.normal(size=(37, 11))).astype(dtype)
    expected = f(x)
    assert not parts  # small as it is
    for count in (1, 2, 5):
        with ta.config.threads(count), ta.config.parallel(min_size=100, chunk_size=50):
            found = f(x)
        assert found.dtype == expected.dtype
        np.testing.assert_array_equal(found, expected)
    if name != "broadcast":
        assert parts == [10, 10, 10]  # four rows each
    with ta.config.parallel(min_size=1000):
        f(x)
    assert len(parts) in (0, 3)


def test_large_arrays_are_shared_by_default(rng, parts):
    x = rng.normal(size=slices.FROM_SIZE_SLOW)
    ta.special.erf(x)
    assert parts
    parts.clear()
    tnp.sigmoid(x)
    assert not parts


def test_errors_are_those_of_the_callers_settings():
    x = np.full(1000, -1.0)
    with ta.config.threads(2), ta.config.parallel(min_size=10, chunk_size=10):
        room = np.empty(1000)
        with np.errstate(invalid="ignore"):
            slices.run(np.sqrt, (x,), room)
        assert np.isnan(room).all()
        with np.errstate(invalid="raise"), pytest.raises(FloatingPointError):
            slices.run(np.sqrt, (x,), room)


def test_arrays_that_no_slices_fit():
    for shape in [(), (0,), (1, 5)]:
        with ta.config.parallel(min_size=1):
            assert tnp.sigmoid(np.zeros(shape)).shape == shape
    with ta.config.parallel(min_size=1):
        np.testing.assert_array_equal(tnp.sigmoid(np.zeros((6, 4)).T[::2]), np.full((2, 6), 0.5))
        assert tnp.sigmoid([0, 0]).dtype == np.float64
