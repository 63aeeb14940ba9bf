"""check_gradients passes right derivatives, and finds and names wrong ones."""

import numpy as np
import pytest

import tenrso_ad as ta
import tenrso_ad.numpy as tnp
from tenrso_ad.engine.errors import ArgumentError, GradientCheckError
from tenrso_ad.ops.broadcasting import sum_to
from tenrso_ad.testing import check_gradients

# --- right derivatives pass -----------------------------------------------------------------------

SHAPES = [(), (1,), (3,), (2, 3), (0,), (2, 0, 3), (7, 11)]


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.complex128, np.complex64])
@pytest.mark.parametrize("scheme", ["central", "forward"])
def test_right_derivatives_pass(rng, shape, dtype, scheme):
    x = rng.normal(size=shape)
    if np.dtype(dtype).kind == "c":
        x = x + 1j * rng.normal(size=shape)
    result = check_gradients(
        lambda x: tnp.sin(x) * x, (np.asarray(x, dtype),), order=2, scheme=scheme
    )
    result.raise_if_failed()
    assert len(result.entries) == 2 + 4


def test_every_succession_of_modes_up_to_the_third_order():
    result = check_gradients(
        lambda x, y: tnp.exp(x) * tnp.sin(y), (np.array([0.3, -1.0]), np.array([[2.0]])), order=3
    )
    result.raise_if_failed()
    assert [e.order for e in result.entries].count(3) == 8
    assert {e.mode for e in result.entries if e.order == 2} == {
        "reverse over reverse",
        "forward over reverse",
        "reverse over forward",
        "forward over forward",
    }


def test_one_mode_alone():
    result = check_gradients(tnp.exp, (np.array([0.3]),), modes=("forward",), order=2)
    assert [e.mode for e in result.entries] == ["forward", "forward over forward"]


def test_trees_of_arguments_and_results():
    params = {"weight": np.array([[1.0, 2.0]]), "bias": [0.5, np.array([1, 2])], "name": "layer"}

    def f(p, x):
        y = p["weight"] * x + p["bias"][0]
        return {"y": (y, tnp.sin(y)), "count": p["bias"][1], "mask": tnp.greater(y, 0)}

    check_gradients(f, (params, 3.0)).raise_if_failed()


def test_results_without_a_derivative_are_zero():
    check_gradients(lambda x: (tnp.floor(x), x), (np.array([0.3, 1.7]),)).raise_if_failed()


@pytest.mark.parametrize("scale", [1e-120, 1e-30, 1e-6, 1.0, 1e6, 1e30, 1e100])
def test_steps_fit_the_size_of_the_elements(scale):
    x = scale * np.array([1.0, -0.3, 2.0])
    check_gradients(lambda x: x * (x / scale), (x,)).raise_if_failed()
    check_gradients(lambda x: tnp.log(tnp.absolute(x)), (x,)).raise_if_failed()


def test_elements_of_very_different_size():
    check_gradients(tnp.log, (np.array([1e-9, 1e-3, 1.0, 1e9]),)).raise_if_failed()
    check_gradients(tnp.sqrt, (np.array([1e-5, 1.0], np.float32),)).raise_if_failed()


def test_fast_oscillation_far_from_zero():
    check_gradients(tnp.sin, (np.array([1e6, 2e7]),)).raise_if_failed()


def test_cancellation_in_the_function_is_not_taken_for_an_error():
    check_gradients(
        lambda x: tnp.sin(x) ** 2 + tnp.cos(x) ** 2, (np.linspace(-2, 2, 5),)
    ).raise_if_failed()
    check_gradients(lambda x: (x + 1e5) - 1e5, (np.linspace(-2, 2, 5),)).raise_if_failed()
    check_gradients(lambda x: x - (x * 0.1 + x * 0.2 + x * 0.7), (1.0,)).raise_if_failed()
    x = np.array([0.3])  # the mean of one element, of three that are the same one
    check_gradients(lambda x: x[[0, 0, 0]] - tnp.mean(x[[0, 0, 0]]), (x,)).raise_if_failed()


def test_large_arrays_along_directions(rng):
    x, y = rng.normal(size=(40, 50)), rng.normal(size=50)
    check_gradients(lambda x, y: tnp.tanh(x * y), (x, y)).raise_if_failed()


# --- wrong derivatives are found ------------------------------------------------------------------


def product_with_pullback(backward):
    """x * y with a pullback of somebody's own."""

    @ta.custom_vjp
    def product(x, y):
        return tnp.multiply(x, y)

    product.defvjp(lambda x, y: (tnp.multiply(x, y), (x, y)), lambda r, g: backward(*r, g))
    return product


def product_with_pushforward(pushforward):
    """x * y with a pushforward of somebody's own."""

    @ta.custom_jvp
    def product(x, y):
        return tnp.multiply(x, y)

    product.defjvp(
        lambda primals, tangents: (tnp.multiply(*primals), pushforward(*primals, *tangents))
    )
    return product


X, Y = np.array([0.5, -1.5, 2.0]), np.array([1.0, 3.0, -0.5])
ONE_OFF = np.array([1.0, 1.0, 1.0 + 1e-4])

RIGHT_AND_WRONG_PULLBACKS = {
    "right": (lambda x, y, g: (g * y, g * x), True),
    "factor": (lambda x, y, g: (g * y, 2 * g * x), False),
    "small factor": (lambda x, y, g: (g * y * (1 + 1e-5), g * x), False),
    "sign": (lambda x, y, g: (-g * y, g * x), False),
    "one element": (lambda x, y, g: (g * y * ONE_OFF, g * x), False),
    "swapped": (lambda x, y, g: (g * x, g * y), False),
    "none": (lambda x, y, g: (g * y, None), False),
    "nan": (lambda x, y, g: (g * y, g * x * np.nan), False),
    "infinite": (lambda x, y, g: (g * y, g * x * np.inf), False),
    "second order": (lambda x, y, g: (g * ta.stop_gradient(y), g * x), False),
    "in the cotangent": (lambda x, y, g: (ta.stop_gradient(g) * y, g * x), False),
}


@pytest.mark.parametrize("name", RIGHT_AND_WRONG_PULLBACKS)
@pytest.mark.parametrize("modes", [("reverse",), ("reverse", "forward")], ids="-".join)
@pytest.mark.parametrize("scheme", ["central", "forward"])
def test_planted_pullback(name, modes, scheme):
    backward, right = RIGHT_AND_WRONG_PULLBACKS[name]
    f = product_with_pullback(backward)
    assert check_gradients(f, (X, Y), modes=modes, scheme=scheme).passed is right


@pytest.mark.parametrize("name", sorted(RIGHT_AND_WRONG_PULLBACKS))
def test_planted_pullback_in_forward_mode(name):
    backward, right = RIGHT_AND_WRONG_PULLBACKS[name]
    f = product_with_pullback(backward)
    assert check_gradients(f, (X, Y), modes=("forward",)).passed is right


RIGHT_AND_WRONG_PUSHFORWARDS = {
    "right": (lambda x, y, dx, dy: dx * y + x * dy, True),
    "factor": (lambda x, y, dx, dy: dx * y + 0.5 * x * dy, False),
    "sign": (lambda x, y, dx, dy: dx * y - x * dy, False),
    "one element": (lambda x, y, dx, dy: (dx * y + x * dy) * ONE_OFF, False),
    "forgotten term": (lambda x, y, dx, dy: dx * y, False),
    "second order": (lambda x, y, dx, dy: dx * y + ta.stop_gradient(x) * dy, False),
}


@pytest.mark.parametrize("name", RIGHT_AND_WRONG_PUSHFORWARDS)
@pytest.mark.parametrize("modes", [("reverse",), ("forward",)], ids=lambda m: m[0])
def test_planted_pushforward(name, modes):
    pushforward, right = RIGHT_AND_WRONG_PUSHFORWARDS[name]
    f = product_with_pushforward(pushforward)
    assert check_gradients(f, (X, Y), modes=modes).passed is right


def test_half_precision():
    x = np.array([0.3, -1.2, 2.0], np.float16)
    assert check_gradients(lambda x: tnp.tanh(x) * x, (x,))
    assert not check_gradients(lambda x: x * ta.stop_gradient(x), (x,))
    assert not check_gradients(lambda x: tnp.sin(x) * ta.stop_gradient(x), (x,))


@pytest.mark.parametrize("dtype", [np.float32, np.complex128, np.complex64])
def test_planted_factor_in_other_dtypes(dtype):
    x, y = X.astype(dtype), Y.astype(dtype)
    right = product_with_pullback(lambda x, y, g: (g * tnp.conjugate(y), g * tnp.conjugate(x)))
    wrong = product_with_pullback(
        lambda x, y, g: (g * tnp.conjugate(y), g * tnp.conjugate(x) * 1.01)
    )
    assert check_gradients(right, (x, y))
    assert not check_gradients(wrong, (x, y))


def test_forgotten_conjugate():
    z = np.array([1.0 + 2.0j, -0.5 + 1.0j])
    wrong = product_with_pullback(lambda x, y, g: (g * y, g * x))
    result = check_gradients(wrong, (z, z), order=1)
    assert not result
    assert "imaginary part" in result.worst.note


def test_forgotten_sum_over_a_broadcast_axis():
    x, y = np.ones((2, 3)), np.array([1.0, 2.0, 3.0])
    right = product_with_pullback(lambda x, y, g: (g * y, sum_to(g * x, (3,))))
    assert check_gradients(right, (x, y))
    wrong = product_with_pullback(lambda x, y, g: (g * y, (g * x)[0]))
    result = check_gradients(wrong, (x, y))
    assert not result
    assert result.worst.argument == "[1]"


def test_the_worst_entry_is_named():
    wrong = product_with_pullback(lambda x, y, g: (g * y, g * x * np.array([1.0, 3.0, 1.0])))
    result = check_gradients(lambda d: [wrong(*d["factors"])], ({"factors": (X, Y)},), order=1)
    worst = result.worst
    assert (worst.argument, worst.index) == ("[0]['factors'][1]", (1,))
    assert (worst.result, worst.result_index) == ("[0]", (1,))
    assert worst.analytic == pytest.approx(3 * X[1])
    assert worst.numeric == pytest.approx(X[1])
    assert worst.error == pytest.approx(2 / 3)
    assert not worst.passed


@pytest.mark.parametrize("modes", [("reverse",), ("forward",)], ids=lambda m: m[0])
@pytest.mark.parametrize("dtype", [np.float64, np.complex128])
def test_one_wrong_element_among_thousands_is_located(rng, modes, dtype):
    x, y = rng.normal(size=(2, 30, 70)).astype(dtype)
    factor = np.ones((30, 70))
    factor[17, 41] = 1.5
    wrong = product_with_pullback(
        lambda x, y, g: (g * tnp.conjugate(y) * factor, g * tnp.conjugate(x))
    )
    result = check_gradients(wrong, (x, y), order=1, modes=modes)
    assert not result
    assert (result.worst.argument, result.worst.index) == ("[0]", (17, 41))
    assert result.worst.result_index == (17, 41)


def test_a_wrong_first_derivative_is_reported_before_what_follows_from_it():
    wrong = product_with_pullback(lambda x, y, g: (2 * g * y, g * x))
    assert check_gradients(wrong, (X, Y), order=2).worst.order == 1


def test_small_errors_all_over_a_large_array_are_not_lost(rng):
    x, y = np.abs(rng.normal(size=(2, 400))) + 1
    wrong = product_with_pullback(lambda x, y, g: (g * y * (1 + 3e-6), g * x))
    assert not check_gradients(wrong, (x, y), order=1)


# --- points where there is no derivative ----------------------------------------------------------


def test_a_kink_is_reported_with_both_slopes():
    result = check_gradients(tnp.relu, (np.array([1.0, 0.0]),), order=1)
    assert not result
    assert result.worst.index == (1,)
    assert "from the left are 0, from the right 1" in str(result).replace("-0,", "0,")


def test_the_mean_of_both_slopes_at_a_kink_passes():
    check_gradients(tnp.maximum, (np.zeros(2), np.zeros(2)), order=1).raise_if_failed()


def test_a_jump_is_found():
    assert not check_gradients(tnp.floor, (np.array([2.0]),), order=1)


def test_the_border_of_the_domain_is_reported():
    result = check_gradients(tnp.sqrt, (np.array([0.0]),), order=1)
    assert not result
    assert "not finite on both sides" in result.worst.note


# --- options and report --------------------------------------------------------------------------


def test_options_are_used():
    def off(x):
        return product_with_pullback(lambda x, y, g: (g * y * (1 + 1e-4), g * x))(x, Y)

    assert not check_gradients(off, (X,), order=1)
    assert check_gradients(off, (X,), order=1, rtol=1e-3)
    assert check_gradients(off, (X,), order=1, atol=1e-2)
    assert check_gradients(tnp.exp, (X,), order=1, eps=1e-5)
    # a step far too long, or far too short, spoils the differences
    assert not check_gradients(tnp.exp, (X,), order=1, eps=0.5)
    assert not check_gradients(tnp.exp, (X,), order=1, eps=1e-13, atol=0.0)


def test_forward_differences_are_coarser_with_the_same_step():
    central = check_gradients(tnp.exp, (X,), order=1, eps=1e-4, rtol=1.0)
    forward = check_gradients(tnp.exp, (X,), order=1, eps=1e-4, rtol=1.0, scheme="forward")
    assert central.worst.error < 1e-8
    assert forward.worst.error == pytest.approx(0.5e-4, rel=0.1)


def test_report():
    text = str(check_gradients(tnp.exp, (X,), order=2))
    assert "gradient check against central differences: passed" in text
    header, reverse, forward = text.splitlines()[2:5]
    assert header.split() == ["mode", "order", "1", "order", "2"]
    assert reverse.split()[0] == "reverse" and len(reverse.split()) == 3
    assert forward.split()[0] == "forward" and len(forward.split()) == 3
    assert "analytic" in text and "numeric" in text


def test_raise_if_failed():
    result = check_gradients(tnp.exp, (X,))
    assert result.raise_if_failed() is result
    wrong = product_with_pullback(lambda x, y, g: (-g * y, g * x))
    with pytest.raises(GradientCheckError, match="FAILED"):
        check_gradients(wrong, (X, Y)).raise_if_failed()


@pytest.mark.parametrize(
    ("arguments", "options", "message"),
    [
        ((X,), {"order": 0}, "order is at least 1"),
        ((X,), {"modes": ("backward",)}, "modes holds"),
        ((X,), {"modes": "reverse"}, "modes holds"),
        ((X,), {"modes": ()}, "modes holds"),
        ((X,), {"scheme": "complex"}, "scheme is"),
        ((X,), {"eps": 0.0}, "eps is positive"),
        ((X,), {"rtol": -1.0}, "rtol is positive"),
        (X, {}, "args is a tuple"),
        ((np.arange(3),), {}, "no floating-point array"),
    ],
)
def test_bad_options(arguments, options, message):
    with pytest.raises(ArgumentError, match=message):
        check_gradients(tnp.exp, arguments, **options)


def test_functions_that_cannot_be_checked():
    with pytest.raises(ArgumentError, match="returns no floating-point array"):
        check_gradients(lambda x: tnp.greater(x, 0), (X,))
    noise = np.random.default_rng(0)
    with pytest.raises(ArgumentError, match="other values when it is called again"):
        check_gradients(lambda x: x * noise.normal(), (X,))


def test_arguments_are_left_as_they_were():
    x = X.copy()
    check_gradients(tnp.exp, (x,))
    np.testing.assert_array_equal(x, X)
    assert x.flags.writeable
