"""convolve, correlate, convolve_nd."""

import numpy as np
import pytest
import scipy.signal

import tenrso_ad as ta
from tenrso_ad.engine.errors import ArgumentError, AxisError, ShapeError
from tenrso_ad.ops.contraction.convolution import convolve, convolve_nd, correlate
from tests.ops.table import Case, each, normal

MODES = ("full", "same", "valid")


def sequences(function, n, m, mode):
    theirs = getattr(np, function.__name__)
    return Case(
        f"{function.__name__} {n} {m} {mode}",
        lambda a, v: function(a, v, mode),
        normal(n),
        normal(m),
        reference=lambda a, v: theirs(a, v, mode),
        complex=True,
    )


@each(
    [
        sequences(function, n, m, mode)
        for function in (convolve, correlate)
        for n, m in ((5, 2), (3, 4), (1, 3))
        for mode in MODES
    ]
)
def test_sequences(check):
    check()


def arrays(n, m, mode, method, axes=None):
    return Case(
        f"convolve_nd {list(n)} {list(m)} {mode} {method} {axes}",
        lambda x, k: convolve_nd(x, k, mode, axes, method),
        normal(*n),
        normal(*m),
        reference=lambda x, k: (
            scipy.signal.convolve(x, k, mode)
            if axes is None
            else scipy.signal.fftconvolve(x, k, mode, axes)
        ),
        complex=True,
        order=2 if method == "direct" else 1,
    )


@each(
    [
        arrays((5,), (2,), "valid", "fft"),
        arrays((3,), (4,), "same", "fft"),
        *[arrays((3, 4), (2, 2), mode, "direct") for mode in MODES],
        *[arrays((3, 5), (2, 4), mode, "fft") for mode in MODES],
        arrays((2, 2), (3, 4), "valid", "direct"),
        arrays((2, 2), (3, 4), "same", "direct"),
        arrays((3, 3), (3, 2), "valid", "direct"),  # fewer places than elements of the kernel
        arrays((2, 4, 2), (1, 3, 2), "full", "direct", axes=(2, 1)),
        arrays((1, 3), (2, 2), "full", "direct", axes=[1]),
        arrays((4, 2), (3, 1), "valid", "fft", axes=0),
        arrays((), (), "full", "auto"),
    ]
)
def test_arrays(check):
    check()


def test_rows_of_a_stack_along_one_axis(rng):
    """Few long rows are convolved one by one, many short ones together: the same sums."""
    x, kernel = rng.normal(size=(3, 2, 9)), rng.normal(size=(2, 7))
    expected = [[np.convolve(x[i, j], kernel[j]) for j in range(2)] for i in range(3)]
    for part in (slice(None), slice(0, 1)):
        out = convolve_nd(x[part], kernel[None], axes=-1, method="direct")
        np.testing.assert_allclose(out, expected[part])


def test_same_keeps_the_lengths_of_the_first_along_each_axis(rng):
    x, kernel = rng.normal(size=(2, 6)), rng.normal(size=(5, 3))
    for method in ("direct", "fft"):
        expected = scipy.signal.convolve(x, kernel, "same", "direct")
        np.testing.assert_allclose(convolve_nd(x, kernel, "same", method=method), expected)


def test_both_methods_have_the_same_gradients(rng):
    x, kernel = rng.normal(size=(6, 7)), rng.normal(size=(4, 2))
    for mode in MODES:
        by_method = [
            ta.grad(lambda *xs, o=(mode, None, method): (convolve_nd(*xs, *o) ** 3).sum(), (0, 1))(
                x, kernel
            )
            for method in ("direct", "fft")
        ]
        for direct, fft in zip(*by_method, strict=True):
            np.testing.assert_allclose(direct, fft, atol=1e-12 * np.abs(direct).max())


@pytest.mark.parametrize(("n", "m", "direct"), [(3000, 20, True), (3000, 2000, False)])
def test_which_method_is_chosen(n, m, direct):
    """A direct sum does not know of a number that it does not reach; a transform does."""
    x, kernel = np.ones(n), np.ones(m)
    x[-1] = 1e30
    assert (convolve_nd(x, kernel)[0] == 1) == direct
    assert convolve(x, kernel)[0] == 1


def test_integers_are_convolved_exactly():
    x = np.full(3000, 10**14)
    middle = convolve_nd(x, np.ones(2000, np.int64))[1999:3000]
    np.testing.assert_array_equal(middle, 2000 * 10**14)


def test_an_infinite_element_of_the_kernel_meets_no_padding():
    x, kernel = np.array([[1.0, 2.0]]), np.array([[np.inf, 1.0]])
    np.testing.assert_array_equal(convolve(x[0], kernel[0]), [np.inf, np.inf, 2.0])
    np.testing.assert_array_equal(convolve_nd(x, kernel, method="direct"), [[np.inf, np.inf, 2.0]])


@pytest.mark.parametrize("dtype", [bool, np.int8, np.uint16, np.float16, np.longdouble])
@pytest.mark.parametrize("method", ["direct", "fft"])
def test_dtypes_are_kept(dtype, method):
    x, kernel = np.array([[1, 0, 1, 1]], dtype), np.array([[1, 1]], dtype)
    for mode in MODES:
        out = convolve_nd(x, kernel, mode, method=method)
        assert out.dtype == dtype
        np.testing.assert_allclose(out[0], np.convolve(x[0], kernel[0], mode), atol=1e-3)
    assert convolve(x[0], kernel[0]).dtype == correlate(x[0], kernel[0]).dtype == dtype


def test_long_sums_of_narrow_floats_are_taken_in_float32():
    x = np.ones(5000, np.float16)
    assert convolve(x, x, "valid") == 5000
    assert convolve_nd(x.reshape(50, 100), x.reshape(50, 100), "valid") == 5000


def test_correlation_conjugates_and_so_does_its_gradient(rng):
    a, v = (rng.normal(size=4) + 1j * rng.normal(size=4) for _ in range(2))
    for_a, for_v = ta.grad(lambda a, v: correlate(a, v)[0].real, argnums=(0, 1))(a, v)
    np.testing.assert_allclose(for_a, v)
    np.testing.assert_allclose(for_v, a)


def test_lists_and_numbers_are_operands():
    np.testing.assert_array_equal(convolve([1, 2], 3), [3, 6])
    np.testing.assert_array_equal(correlate(2, [1, 3], "full"), [6, 2])
    np.testing.assert_array_equal(convolve_nd([[1, 2]], [[1], [1]]), [[1, 2], [1, 2]])


@pytest.mark.parametrize(
    ("wrong", "error", "message"),
    [
        (lambda x: convolve(x, x), ShapeError, r"convolve\(.*wants 1-d arrays; convolve_nd"),
        (lambda x: correlate(x[0], []), ShapeError, r"correlate\(.*not empty"),
        (
            lambda x: convolve(x[0], x[0], "half"),
            ArgumentError,
            "convolve: mode is one of .*'half'",
        ),
        (lambda x: convolve_nd(x, x[0]), ShapeError, "as many axes"),
        (lambda x: convolve_nd(x, x[:0]), ShapeError, "not empty"),
        (lambda x: convolve_nd(x, x, "all"), ArgumentError, "convolve_nd: mode is one of"),
        (lambda x: convolve_nd(x, x, method="fast"), ArgumentError, "method is one of"),
        (lambda x: convolve_nd(x, x, axes=()), ArgumentError, "at least one axis"),
        (lambda x: convolve_nd(x, x, axes=(0, -2)), ArgumentError, "names an axis twice"),
        (lambda x: convolve_nd(x, x, axes=2), AxisError, "axis 2 is out of bounds"),
        (lambda x: convolve_nd(x, x[:, :2], axes=0), ShapeError, "do not broadcast"),
        (lambda x: convolve_nd(x[:1], x[:, :2], "valid"), ShapeError, "as long as the other along"),
    ],
)
def test_errors(wrong, error, message):
    with pytest.raises(error, match=message):
        wrong(np.ones((2, 3)))
