"""pad in every mode."""

import itertools

import numpy as np
import pytest

import tenrso_ad as ta
from tenrso_ad.engine.errors import ArgumentError, AxisError, DTypeError, ShapeError
from tenrso_ad.ops.shaping.padding import pad
from tests.ops.table import Case, distinct, each, normal

MODES = [
    ("constant", {}),
    ("constant", {"constant_values": 3}),
    ("constant", {"constant_values": (1, 2)}),
    ("edge", {}),
    ("linear_ramp", {}),
    ("linear_ramp", {"end_values": (2, 3)}),
    ("maximum", {}),
    ("maximum", {"stat_length": 2}),
    ("minimum", {"stat_length": (1, 9)}),
    ("mean", {}),
    ("mean", {"stat_length": (1, 2)}),
    ("median", {}),
    ("median", {"stat_length": 2}),
    ("reflect", {}),
    ("reflect", {"reflect_type": "odd"}),
    ("symmetric", {}),
    ("symmetric", {"reflect_type": "odd"}),
    ("wrap", {}),
]


def case(mode, options, width=((1, 2), (4, 0)), draw=distinct):
    return Case(
        f"pad {mode} {options} {width}",
        lambda x: pad(x, width, mode, **options),
        draw(2, 3),
        reference=lambda x: np.pad(x, width, mode, **options),
        complex=mode not in ("maximum", "minimum", "median"),
    )


CASES = [
    *[case(*mode) for mode in MODES],
    case("constant", {}, width=0),
    Case(
        "pad, values as operands",
        lambda x, v: pad(x, 1, constant_values=v),
        normal(2, 2),
        normal(),
        reference=lambda x, v: np.pad(x, 1, constant_values=v),
        complex=True,
    ),
    Case(
        "pad, values for each side as operands",
        lambda x, v: pad(x, (1, 2), constant_values=v),
        normal(2, 2),
        normal(2, 2),
        reference=lambda x, v: np.pad(x, (1, 2), constant_values=v),
    ),
    Case(
        "pad, end values as operands",
        lambda x, v: pad(x, 2, "linear_ramp", end_values=v),
        normal(2, 2),
        normal(2, 1),
        reference=lambda x, v: np.pad(x, 2, "linear_ramp", end_values=v),
    ),
    *[
        Case(
            f"pad, no axes, {mode}",
            lambda x, mode=mode: pad(x, 2, mode),
            normal(),
            reference=lambda x, mode=mode: np.pad(x, 2, mode),
        )
        for mode in ("constant", "linear_ramp", "mean")
    ],
    Case("pad, empty", lambda x: pad(x, 2), normal(0, 2), reference=lambda x: np.pad(x, 2)),
    Case(
        "pad, empty beside the axis",
        lambda x: pad(x, ((0, 0), (1, 1)), "edge"),
        normal(0, 2),
        reference=lambda x: np.pad(x, ((0, 0), (1, 1)), "edge"),
    ),
]


@each(CASES)
def test_pad(check):
    check()


WIDTHS = [0, 1, (2, 3), (0, 9), (11, 4), ((1, 2),)]


@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.int64, np.complex128, bool])
@pytest.mark.parametrize("mode", MODES, ids=str)
def test_values_are_numpys(mode, dtype, rng):
    name, options = mode
    if dtype is bool and "reflect_type" in options:
        with pytest.raises(DTypeError, match="bool"):
            pad([True, False], 1, name, **options)
        return
    for shape, width in itertools.product([(4,), (3, 5), (1,), (2, 1)], WIDTHS):
        a = (rng.normal(size=shape) * 5).astype(dtype)
        expected = np.pad(a, width, name, **options)
        got = pad(a, width, name, **options)
        assert (got.dtype, got.shape) == (expected.dtype, expected.shape)
        np.testing.assert_allclose(got, expected, rtol=1e-5, atol=1e-5)


def outline(vector, width, axis, options):
    """Put a number that depends on everything a function is told at the new places."""
    vector[: width[0]] = 10 * options["height"] + axis
    if width[1]:
        vector[-width[1] :] = vector[width[0]] * 2


@pytest.mark.parametrize("width", [0, 1, ((2, 0), (1, 3))])
def test_a_function_fills_the_new_places(width):
    a = np.arange(6.0).reshape(2, 3)
    got = pad(a, width, outline, height=7)
    np.testing.assert_array_equal(got, np.pad(a, width, outline, height=7))
    assert not np.shares_memory(got, a)


def test_widths_by_axis():
    a = np.ones((2, 3))
    for width, pairs in (
        ({-1: (1, 2)}, ((0, 0), (1, 2))),
        ({0: 2}, ((2, 2), (0, 0))),
        ({}, 0),
    ):
        np.testing.assert_array_equal(pad(a, width), np.pad(a, pairs))


def test_an_infinite_value_at_the_border_leaves_no_nan_in_the_gradient():
    a = np.array([np.inf, 1.0, 2.0])
    _, pullback = ta.vjp(lambda x: pad(x, 1, constant_values=7.0), a)
    np.testing.assert_array_equal(pullback(np.ones(5))[0], np.ones(3))


A = np.ones((2, 3))


@pytest.mark.parametrize(
    ("wrong", "error", "words"),
    [
        (lambda: pad(A, 1, "empty"), ArgumentError, "'empty' is not supported.*'constant'"),
        (lambda: pad(A, 1, "edge", constant_values=1), ArgumentError, "no option.*constant_values"),
        (lambda: pad(A, 1, "mean", end_values=1), ArgumentError, "stat_length=.*end_values"),
        (lambda: pad(A, 1, "mean", stat_length=0), ArgumentError, "positive"),
        (lambda: pad(A, 1, "reflect", reflect_type="up"), ArgumentError, "'up'"),
        (lambda: pad(A, -1), ArgumentError, "negative"),
        (lambda: pad(A, 1.5), ArgumentError, "ints"),
        (lambda: pad(A, (1, 2, 3)), ArgumentError, r"broadcast to \(2, 2\)"),
        (lambda: pad(A, {2: 1}), AxisError, "axis 2"),
        (lambda: pad(np.ones((0, 2)), 1, "wrap"), ShapeError, "empty axis 0"),
    ],
)
def test_errors_say_what_is_wrong(wrong, error, words):
    with pytest.raises(error, match=words):
        wrong()
