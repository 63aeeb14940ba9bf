"""diff, ediff1d, gradient and trapezoid, against NumPy's."""

import numpy as np
import pytest

import tenrso_ad as ta
from tenrso_ad.engine.errors import ArgumentError, AxisError, DTypeError, ShapeError
from tenrso_ad.ops.reductions import differences
from tests.ops.table import Case, each, normal, positive


def call(name, *operands, complex=False, label="", **kwargs):
    ours, theirs = getattr(differences, name), getattr(np, name)
    return Case(
        f"{name} {label} {kwargs}",
        lambda *xs: ours(*xs, **kwargs),
        *operands,
        reference=lambda *xs: theirs(*xs, **kwargs),
        complex=complex,
    )


def coordinates(n):
    return lambda rng: np.cumsum(rng.uniform(0.5, 1.5, n))


CASES = [
    *[call("diff", normal(3, 4), complex=True, axis=axis) for axis in (0, -1)],
    call("diff", normal(5), n=3),
    call("diff", normal(2), n=3, label="down to nothing"),
    call("diff", normal(2, 3), n=0),
    call("diff", normal(2, 3), axis=0, prepend=0.0),
    Case(
        "diff between operands",
        lambda x, p, q: differences.diff(x, 2, axis=1, prepend=p, append=q),
        normal(2, 3),
        normal(2, 2),
        normal(),
        reference=lambda x, p, q: np.diff(x, 2, axis=1, prepend=p, append=q),
    ),
    call("ediff1d", normal(2, 3), complex=True),
    call("ediff1d", normal(1), label="one"),
    call("ediff1d", normal(4), normal(2), normal(), label="ends"),
    call("gradient", normal(5), complex=True),
    call("gradient", normal(2), label="two"),
    call("gradient", normal(3, 4), label="both"),
    call("gradient", normal(3, 4), positive(), label="step", edge_order=2),
    call("gradient", normal(3, 4), positive(), coordinates(4), label="mixed"),
    call("gradient", normal(2, 4), coordinates(4), label="uneven", axis=1, edge_order=2),
    call("gradient", normal(4, 3, 2), coordinates(4), axis=0, label="first of three"),
    call("trapezoid", normal(3, 4), complex=True),
    call("trapezoid", normal(3, 4), axis=0, dx=0.25),
    call("trapezoid", normal(2, 4), coordinates(4), label="coordinates"),
    call("trapezoid", normal(3, 2), normal(3, 2), axis=0, label="many coordinates"),
    call("trapezoid", normal(1), label="one"),
]


@each(CASES)
def test_differences(check):
    check()


@pytest.mark.parametrize("dtype", [bool, np.uint8, np.int64, np.float16, np.float32])
def test_dtypes_are_numpys(dtype):
    a = np.array([1, 0, 3, 3, 5]).astype(dtype)
    for f in ("diff", "ediff1d", "gradient", "trapezoid"):
        if dtype is bool and f in ("ediff1d", "gradient"):
            continue  # NumPy has no difference of booleans, but for diff
        expected, got = getattr(np, f)(a), getattr(differences, f)(a)
        assert got.dtype == expected.dtype
        np.testing.assert_allclose(got, expected, rtol=1e-3 if a.dtype.char == "e" else 1e-6)
    coordinates = np.array([0, 1, 2, 4, 8], np.uint8)
    np.testing.assert_allclose(
        differences.gradient(a.astype(float), coordinates),
        np.gradient(a.astype(float), coordinates),
    )


def test_ends_of_other_dtypes():
    assert differences.diff([1, 2, 3], prepend=0.5).dtype == float
    narrow = np.ones(3, np.float32)  # a plain number is weak, which it is not in NumPy's diff
    assert differences.diff(narrow, prepend=0.0, append=1).dtype == np.float32
    assert differences.diff(narrow, prepend=np.zeros(1)).dtype == float
    assert differences.ediff1d(narrow, to_end=2.5).dtype == np.float32
    assert differences.gradient(narrow, np.float64(0.5)).dtype == np.float32


def test_the_derivative_by_uneven_coordinates_is_that_of_the_formula():
    f, x = np.array([0.0, 1.0, 4.0]), np.array([0.0, 1.0, 2.0])
    jacobian = ta.jacrev(lambda t: differences.gradient(f, t))(x)
    np.testing.assert_allclose(jacobian[0], [1.0, -1.0, 0.0])  # (f1 - f0) / (x1 - x0)
    np.testing.assert_allclose(jacobian[2], [0.0, 3.0, -3.0])


A = np.ones((2, 3))


@pytest.mark.parametrize(
    ("wrong", "error", "words"),
    [
        (lambda: differences.diff(A, -1), ArgumentError, r"diff\(float64\[2,3\]\).*n=-1"),
        (lambda: differences.diff(1.0), AxisError, "diff.*0-d"),
        (lambda: differences.diff(A, axis=2), AxisError, "diff.*axis 2"),
        (lambda: differences.diff(A, prepend=np.ones(2)), ShapeError, "array of 2 axes"),
        (lambda: differences.ediff1d([1, 2], to_end=0.5), DTypeError, "ediff1d.*to_end=float64"),
        (lambda: differences.gradient(A, edge_order=3), ArgumentError, "edge_order is 1 or 2"),
        (lambda: differences.gradient(A, 1.0, 1.0, 1.0), ArgumentError, "got 3"),
        (lambda: differences.gradient(A, [0.0, 1.0]), ArgumentError, "coordinates belong to one"),
        (lambda: differences.gradient(A, [1.0, 2.0], axis=1), ShapeError, "its 3 samples"),
        (lambda: differences.gradient([1.0]), ShapeError, "wants 2 samples"),
        (lambda: differences.gradient(A, axis=0, edge_order=2), ShapeError, "wants 3 samples"),
        (lambda: differences.gradient(A, 1j), DTypeError, "complex spacing"),
        (lambda: differences.trapezoid(A, axis=2), AxisError, "trapezoid.*axis 2"),
    ],
)
def test_errors_say_what_is_wrong(wrong, error, words):
    with pytest.raises(error, match=words):
        wrong()
