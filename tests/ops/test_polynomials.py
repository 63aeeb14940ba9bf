"""polyval, polyder, polyint, polyadd, polysub and vander, against NumPy's."""

import numpy as np
import pytest

import tenrso_ad as ta
from tenrso_ad.engine.errors import ArgumentError, ShapeError
from tenrso_ad.ops import polynomials
from tests.ops.table import Case, each, normal


def call(name, label, *operands, complex=False, float32=False, **kwargs):
    """Integer powers make NumPy's results float64, but for the values of a polynomial."""
    ours, theirs = getattr(polynomials, name), getattr(np, name)
    return Case(
        f"{name} {label} {kwargs}",
        lambda *xs: ours(*xs, **kwargs),
        *operands,
        reference=lambda *xs: theirs(*xs, **kwargs),
        complex=complex,
        float32=float32,
    )


CASES = [
    call("polyval", "of an array", normal(4), normal(2, 3), complex=True, float32=True),
    call("polyval", "constant", normal(1), normal(3), float32=True),
    call("polyval", "of a number", normal(3), normal(), float32=True),
    call("polyval", "many", normal(3, 2), normal(2), float32=True),
    call("polyadd", "", normal(2), normal(4), float32=True),
    call("polysub", "", normal(4), normal(), float32=True),
    call("polyder", "once", normal(4)),
    call("polyder", "to nothing", normal(2), m=3),
    call("polyint", "once", normal(3)),
    call("polyint", "twice", normal(3), m=2, k=2.0),
    Case(
        "polyint with constants",
        lambda p, k: polynomials.polyint(p, 2, k),
        normal(3),
        normal(2),
        reference=lambda p, k: np.polyint(p, 2, k),
        float32=False,
    ),
    call("vander", "square", normal(3)),
    call("vander", "rising", normal(2), N=4, increasing=True),
    call("vander", "one", normal(3), N=1),
    call("vander", "none", normal(3), N=0),
]


@each(CASES)
def test_polynomials(check):
    check()


@pytest.mark.parametrize("dtype", [bool, np.uint8, np.int64, np.float32, np.float64])
def test_dtypes_are_numpys(dtype):
    p = np.array([1, 0, 1]).astype(dtype)
    for name, args in (("vander", (4,)), ("polyder", (1,)), ("polyint", (1,)), ("polyval", (p,))):
        expected, got = getattr(np, name)(p, *args), getattr(polynomials, name)(p, *args)
        assert got.dtype == expected.dtype
        np.testing.assert_array_equal(got, expected)
    np.testing.assert_array_equal(polynomials.polyval([], p), np.polyval([], p))


def test_polynomials_of_numpys_class_remain_such():
    p, q = np.poly1d([1.0, 2.0, 3.0]), np.poly1d([1.0, -1.0])
    for ours, theirs in [
        (polynomials.polyder(p), np.polyder(p)),
        (polynomials.polyint(p), np.polyint(p)),
        (polynomials.polyadd(p, [1.0]), np.polyadd(p, [1.0])),
        (polynomials.polyval(p, q), np.polyval(p, q)),
    ]:
        assert isinstance(ours, np.poly1d) and ours == theirs
    assert ta.grad(lambda x: polynomials.polyval(p, x))(2.0) == 6.0


def test_powers_at_zero_and_values_at_infinity():
    x = np.array([0.0, 2.0])
    jacobian = ta.jacrev(lambda t: polynomials.vander(t, 3)[0])(x)
    np.testing.assert_array_equal(jacobian, [[0, 0], [1, 0], [0, 0]])
    assert polynomials.polyval([1.0, 2.0], np.inf) == np.inf  # NumPy begins with 0 * inf


@pytest.mark.parametrize(
    ("wrong", "error", "words"),
    [
        (lambda: polynomials.polyval(1.0, 2.0), ShapeError, "polyval.*an axis"),
        (lambda: polynomials.polyder([1.0], -1), ArgumentError, "m=-1; see polyint"),
        (lambda: polynomials.polyint([1.0], -1), ArgumentError, "m=-1; see polyder"),
        (lambda: polynomials.polyint([1.0], 3, [1.0, 2.0]), ShapeError, "each of 3"),
        (lambda: polynomials.polyder([[1.0]]), ShapeError, r"polyder\(float64\[1,1\]\)"),
        (lambda: polynomials.vander([[1.0]]), ShapeError, r"vander\(float64\[1,1\]\)"),
        (lambda: polynomials.vander([1.0], -1), ArgumentError, "N=-1"),
    ],
)
def test_errors_say_what_is_wrong(wrong, error, words):
    with pytest.raises(error, match=words):
        wrong()
