"""What kind of number, and whether arrays are equal or close: against NumPy."""

import numpy as np
import pytest

import tenrso_ad as ta
import tenrso_ad.numpy as tnp
from tenrso_ad.engine.errors import ConcretizationError, DTypeError
from tests.ops.table import Case, each

INF, NAN = np.inf, np.nan
BY_VALUE = {"smooth": False, "vmap": False, "stage": False}  # its dtype depends on values
X = np.array([[1.0, -0.0, NAN], [INF, -INF, 1e-9]])
Y = np.array([[1.0 + 1e-9, 1e-9, NAN], [INF, INF, -1e-9]])
Z = np.array([1 + 0j, 1 + 1e-20j, NAN, complex(0, INF)])


def case(name, *operands, label="", **options):
    return Case(
        f"{name} {label}",
        lambda *args: getattr(tnp, name)(*args, **options),
        *operands,
        reference=lambda *args: getattr(np, name)(*args, **options),
        differentiable=False,
    )


def whole(name, *operands, **options):
    """Of questions whose answer, for plain arrays, is a bool of Python's."""
    return Case(
        name,
        lambda *args: tnp.asarray(getattr(tnp, name)(*args, **options)),
        *operands,
        reference=lambda *args: np.asarray(getattr(np, name)(*args, **options)),
        differentiable=False,
    )


CASES = [
    whole("allclose", X, Y, equal_nan=True),
    whole("array_equal", X, X, equal_nan=True),
    whole("array_equiv", X[:, :2], X[:, :2]),
    whole("iscomplexobj", Z),
    whole("isrealobj", X),
    Case("real_if_close", tnp.real_if_close, Z[:2], reference=np.real_if_close, **BY_VALUE),
    *[case(name, X) for name in ("isposinf", "isneginf", "isreal", "iscomplex")],
    *[case(name, Z, label="complex") for name in ("isreal", "iscomplex")],
    case("isclose", X, Y),
    case("isclose", X, Y, equal_nan=True, rtol=0.0, label="strictly"),
    case("isclose", X, Y[0], atol=1.0, label="and broadcasts"),
    case("isclose", Z, Z + 1e-7, label="complex"),
    case("isclose", np.array([-128, 127], np.int8), np.array(-128, np.int8), label="integers"),
]


@each(CASES)
def test_predicates(check):
    check()


@pytest.mark.parametrize(
    ("name", "args", "options"),
    [
        ("allclose", (X, Y), {}),
        ("allclose", (X[0, :2], Y[0, :2]), {"rtol": 0}),
        ("allclose", ([1.0, NAN], [1.0, NAN]), {"equal_nan": True}),
        ("allclose", (1, 1 + 1e-9), {}),
        ("array_equal", (X, X), {}),
        ("array_equal", (X, X), {"equal_nan": True}),
        ("array_equal", ([1, 2], [1, 2]), {}),
        ("array_equal", ([1, 2], [1, 2, 3]), {}),
        ("array_equal", ([1, 2], [[1, 2]]), {}),
        ("array_equiv", ([1, 2], [[1, 2], [1, 2]]), {}),
        ("array_equiv", ([1, 2], [[1, 2], [1, 3]]), {}),
        ("array_equiv", ([1, 2], [1, 2, 3]), {}),
        ("iscomplexobj", (Z,), {}),
        ("iscomplexobj", ([1.0, 2j],), {}),
        ("iscomplexobj", (1.0,), {}),
        ("isrealobj", (X,), {}),
    ],
)
def test_answers_about_whole_arrays(name, args, options):
    answer, expected = getattr(tnp, name)(*args, **options), getattr(np, name)(*args, **options)
    assert answer is expected
    tensors = [ta.tensor(np.asarray(a), requires_grad=False) for a in args]
    assert bool(getattr(np, name)(*tensors, **options)) is expected


def test_answers_of_tensors_go_through_vmap():
    rows = np.array([[1.0, 2.0], [1.0, 3.0]])
    for f in (tnp.array_equal, tnp.allclose):
        np.testing.assert_array_equal(ta.vmap(lambda r, f=f: f(r, rows[0]))(rows), [True, False])


def test_an_answer_can_steer_a_transform():
    def f(x):
        return x**2 if np.allclose(x, 1.0) else x**3

    assert ta.grad(f)(1.0) == 2.0
    assert ta.grad(f)(2.0) == 12.0


def test_real_if_close():
    close, far = Z[:2], Z[[0, 3]]
    for z, options in ((close, {}), (far, {}), (X, {}), (close, {"tol": 1e-30})):
        out, expected = tnp.real_if_close(z, **options), np.real_if_close(z, **options)
        np.testing.assert_array_equal(out, expected)
        assert out.dtype == expected.dtype
    gradient = ta.grad(lambda z: (tnp.real_if_close(z) ** 2).sum())(np.array([3 + 0j]))
    np.testing.assert_array_equal(gradient, [6])
    with pytest.raises(ConcretizationError):
        ta.vmap(tnp.real_if_close)(close)


@pytest.mark.parametrize("f", [tnp.isposinf, tnp.isneginf])
def test_complex_infinities_have_no_sign(f):
    with pytest.raises(DTypeError, match=r"complex128\[4\]\): complex numbers have no sign"):
        f(Z)
