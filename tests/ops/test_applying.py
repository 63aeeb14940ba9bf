"""apply_along_axis, apply_over_axes and vectorize, against NumPy's."""

import numpy as np
import pytest

import tenrso_ad as ta
import tenrso_ad.numpy as tnp
from tenrso_ad.engine.errors import ArgumentError, AxisError, ShapeError
from tenrso_ad.ops.applying import apply_along_axis, apply_over_axes, vectorize
from tests.ops.table import Case, each, normal


def along(label, function, axis, *shape):
    return Case(
        f"apply_along_axis {label}",
        lambda x: apply_along_axis(function, axis, x),
        normal(*shape),
        reference=lambda x: np.apply_along_axis(function, axis, x),
        complex=True,
    )


CASES = [
    along("to a number", lambda v: (v * v[0]).sum(), 1, 2, 3),
    along("to as many", lambda v: v * v[::-1], 0, 3, 2),
    along("to a matrix", lambda v: v[:, None] * v, -2, 2, 2, 3),
    along("of one axis", lambda v: v.sum(), 0, 3),
    Case(
        "apply_over_axes",
        lambda x: apply_over_axes(lambda a, axis: (a * a).sum(axis), x, [0, -1]),
        normal(2, 2, 3),
        reference=lambda x: np.apply_over_axes(lambda a, axis: (a * a).sum(axis), x, [0, -1]),
    ),
    Case(
        "apply_over_axes that keeps them",
        lambda x: apply_over_axes(tnp.cumsum, x, 1),
        normal(2, 3),
        reference=lambda x: np.apply_over_axes(np.cumsum, x, 1),
    ),
    Case(
        "vectorize",
        lambda x, y: vectorize(lambda a, b: a * a * b)(x, y),
        normal(2, 1),
        normal(3),
        reference=lambda x, y: x * x * y,
        complex=True,
    ),
    Case(
        "vectorize with a signature",
        lambda x, y: vectorize(lambda a, b: ((a * b).sum(), a + b), signature="(n),(n)->(),(n)")(
            x, y
        ),
        normal(2, 3),
        normal(3),
        reference=lambda x, y: ((x * y).sum(-1), x + y),
    ),
]


@each(CASES)
def test_applying(check):
    check()


def test_arguments_are_handed_on():
    x = np.arange(6.0).reshape(2, 3)
    out = apply_along_axis(lambda v, a, b: v.sum() * a + b, 1, x, 2.0, b=1.0)
    np.testing.assert_array_equal(out, [7, 25])


def test_python_code_may_branch_on_each_element():
    ramp = vectorize(lambda v, slope=0.0: v * v if v > 0 else slope * v)
    x = np.array([-1.0, 3.0])
    np.testing.assert_array_equal(ramp(x, 0.5), np.vectorize(ramp.pyfunc)(x, 0.5))
    np.testing.assert_array_equal(ta.grad(lambda t: ramp(t, 0.5).sum())(x), [0.5, 6.0])
    np.testing.assert_array_equal(ta.grad(lambda t: ramp(t, slope=0.5).sum())(x), [0.5, 6.0])
    gradient = ta.grad(lambda s: ramp(x, slope=s).sum())(0.5)
    assert gradient == -1.0


def test_excluded_arguments_and_output_types():
    at = vectorize(lambda p, x: p[0] * x + p[1], excluded=[0], otypes=[np.float32])
    x = np.array([1.0, 2.0])
    out, pullback = ta.vjp(lambda p: at(p, x), np.array([3.0, 4.0]))
    assert out.dtype == np.float32
    np.testing.assert_array_equal(out, [7, 10])
    np.testing.assert_array_equal(pullback(np.ones(2, np.float32))[0], [3, 2])
    plain = at(np.array([3.0, 4.0]), x)
    assert type(plain) is np.ndarray and plain.dtype == np.float32


def test_numpys_functions_lead_here():
    gradient = ta.grad(lambda x: np.apply_along_axis(lambda v: (v * v).sum(), 0, x)[1])
    np.testing.assert_array_equal(gradient(np.ones((2, 2))), [[0, 2], [0, 2]])


A = np.ones((2, 3))


@pytest.mark.parametrize(
    ("wrong", "error", "words"),
    [
        (lambda: apply_along_axis(np.sum, 2, A), AxisError, "apply_along_axis.*axis 2"),
        (lambda: apply_along_axis(np.sum, 1, np.ones((0, 2))), ArgumentError, "no slice"),
        (lambda: apply_over_axes(lambda a, axis: a.sum(), A, 0), ShapeError, "as many axes or one"),
        (lambda: ta.grad(vectorize(abs))(np.ones(0)), ArgumentError, "no element"),
        (
            lambda: ta.jacrev(vectorize(lambda a, b: a, signature="(n),(n)->()"))(A, A[:, :2]),
            ShapeError,
            r"vectorize: float64\[2,2\] does not fit",
        ),
        (
            lambda: ta.jacrev(vectorize(lambda a: a, signature="(n),(n)->()"))(A),
            ArgumentError,
            "wants 2 arguments, got 1",
        ),
    ],
)
def test_errors_say_what_is_wrong(wrong, error, words):
    with pytest.raises(error, match=words):
        wrong()
