"""max, min, amax, amin, argmax, argmin."""

import numpy as np
import pytest

import tenrso_ad as ta
from tenrso_ad.engine.errors import ArgumentError, AxisError, DTypeError, ShapeError
from tenrso_ad.ops.reductions import extrema
from tests.ops.table import Case, distinct, each, normal

TIES = [-0.5, 0.5, -0.5, 0.5, 0.0]
MASK = np.array([[True, False, True], [False, True, False]])


def call(name, *shape, differentiable=True, **kwargs):
    ours, theirs = getattr(extrema, name), getattr(np, name)
    return Case(
        f"{name} {list(shape)} {kwargs}",
        lambda x: ours(x, **kwargs),
        distinct(*shape),
        reference=lambda x: theirs(x, **kwargs),
        differentiable=differentiable,
    )


CASES = [
    *[call(n, 2, 3, axis=axis) for n in ("max", "min") for axis in (None, 0, -1, (1, 0), ())],
    *[call(n, 2, 3, axis=1, keepdims=True) for n in ("max", "min")],
    *[call(n, 2, 3, 2, axis=(0, 2)) for n in ("amax", "amin")],
    *[call(n, 2, 3, initial=0.03) for n in ("max", "min")],
    *[call(n, 2, 3, axis=0, initial=0.03, where=MASK) for n in ("max", "min")],
    *[call(n, 0, 3, axis=0, initial=0.5) for n in ("max", "min")],
    *[call(n, 0, 3, axis=1) for n in ("max", "min")],
    *[call(n) for n in ("max", "min")],
    *[call("ptp", 2, 3, axis=axis) for axis in (None, 1, (0, -1))],
    call("ptp", 2, 3, axis=0, keepdims=True),
    *[
        call(n, 2, 3, axis=axis, keepdims=keepdims, differentiable=False)
        for n in ("argmax", "argmin")
        for axis in (None, 0, -1)
        for keepdims in (False, True)
    ],
    call("argmax", differentiable=False),
    Case(
        "max with initial as operand",
        lambda x, v: extrema.max(x, axis=0, initial=v),
        distinct(2, 3),
        normal(),
        reference=lambda x, v: np.maximum(np.max(x, axis=0), v),
    ),
    Case(
        "max of integers, masked",
        lambda x: extrema.max(x, initial=-9, where=MASK),
        np.array([[-3, 5, -2], [7, -4, 0]]),
        reference=lambda x: np.max(x, initial=-9, where=MASK),
        differentiable=False,
    ),
    Case(
        "max of booleans, masked",
        lambda x: extrema.max(x, axis=1, initial=False, where=MASK),
        np.array([[True, True, False], [False, False, True]]),
        reference=lambda x: np.max(x, axis=1, initial=False, where=MASK),
        differentiable=False,
    ),
]


@each(CASES)
def test_extrema(check):
    check()


# --- values that bite ----------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["max", "min"])
def test_ties_share_the_gradient_evenly(name):
    sign = 1.0 if name == "max" else -1.0
    x = sign * np.array([[3.0, 1.0, 3.0], [2.0, 2.0, 2.0]])
    function = getattr(extrema, name)
    whole = ta.grad(function)(x)
    np.testing.assert_array_equal(whole, [[0.5, 0, 0.5], [0, 0, 0]])
    rows = ta.grad(lambda t: function(t, axis=1).sum())(x)
    np.testing.assert_array_equal(rows, [[0.5, 0, 0.5], [1 / 3, 1 / 3, 1 / 3]])
    _, tangent = ta.jvp(function, (x,), (np.array([[1.0, 5.0, 2.0], [7.0, 7.0, 7.0]]),))
    assert tangent == 1.5
    np.testing.assert_array_equal(ta.hessian(function)(x), np.zeros((2, 3, 2, 3)))


def test_ptp_of_ties_and_constant_data():
    np.testing.assert_array_equal(ta.grad(extrema.ptp)(np.array([1.0, 3, 1, 3, 2])), TIES)
    np.testing.assert_array_equal(ta.grad(extrema.ptp)(np.ones(3)), np.zeros(3))
    assert np.isnan(extrema.ptp([1.0, np.nan]))
    assert extrema.ptp(np.array([3, 250], np.uint8)) == 247
    with pytest.raises(DTypeError, match="subtract"):
        extrema.ptp([True, False])


def test_a_tie_with_initial_is_shared_too():
    x = np.array([3.0, 1.0, 3.0])
    value, gradients = ta.value_and_grad(lambda t, v: extrema.max(t, initial=v), argnums=(0, 1))(
        x, 3.0
    )
    assert value == 3.0
    np.testing.assert_array_equal(gradients[0], [0.25, 0, 0.25])
    assert gradients[1] == 0.5


def test_infinite_extremes_have_their_gradient():
    x = np.array([-np.inf, np.inf, 0.0])
    np.testing.assert_array_equal(ta.grad(extrema.max)(x), [0, 1, 0])
    np.testing.assert_array_equal(ta.grad(extrema.min)(x), [1, 0, 0])


def test_a_nan_takes_the_gradient_of_its_own_row_only():
    x = np.array([[1.0, np.nan, np.nan], [1.0, 2.0, 3.0]])
    out, pullback = ta.vjp(lambda t: extrema.max(t, axis=1), x)
    np.testing.assert_array_equal(out, [np.nan, 3.0])
    np.testing.assert_array_equal(pullback(np.ones(2))[0], [[0, 0.5, 0.5], [0, 0, 1]])
    np.testing.assert_array_equal(pullback(np.zeros(2))[0], np.zeros((2, 3)))


def test_complex_extremes_are_numpys_lexicographic_ones():
    z = np.array([1 + 2j, 3 - 1j, 3 + 0.5j])
    assert extrema.max(z) == np.max(z) and extrema.min(z) == np.min(z)
    gradient = ta.grad(lambda t: extrema.max(t).real * 2)(z)
    np.testing.assert_array_equal(gradient, [0, 0, 2])


def test_results_for_no_elements_are_the_users_own():
    out = extrema.max(np.zeros((0, 3)), axis=0, initial=1.0)
    assert out.flags.writeable


# --- errors --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wrong", "error", "words"),
    [
        (lambda: extrema.max(np.ones(0)), ShapeError, r"max\(float64\[0\].*no identity"),
        (lambda: extrema.max(np.ones(2), where=[True, False]), ArgumentError, "initial"),
        (lambda: extrema.argmax(np.ones(0)), ShapeError, "empty"),
        (lambda: extrema.argmin(np.ones(2), axis=1), AxisError, r"argmin\(float64\[2\]\): axis 1"),
        (lambda: extrema.argmax(np.ones(2), axis=(0,)), ArgumentError, "an axis is an int"),
    ],
)
def test_errors_say_what_is_wrong(wrong, error, words):
    with pytest.raises(error, match=words):
        wrong()
