"""Every elementwise operation: derivatives, special values, dtypes, errors."""

import functools

import ml_dtypes
import numpy as np
import pytest
import scipy.special

import tenrso_ad as ta
import tenrso_ad.numpy as tnp
from tenrso_ad.engine.errors import ArgumentError, DTypeError, ShapeError
from tenrso_ad.engine.staging import stage
from tenrso_ad.ops import elementwise as ew
from tenrso_ad.ops import inverses, pointwise
from tenrso_ad.testing import check_gradients
from tests.ops.table import (
    Case,
    distinct,
    each,
    gradients,
    nonzero,
    normal,
    positive,
    results,
    slopes,
    uniform,
)


def above_one(*shape):
    return uniform(1.5, 3.0, *shape)


def within_one(*shape):
    return uniform(-0.8, 0.8, *shape)


# --- the table -----------------------------------------------------------------------------------

# name: values it takes, whether it takes complex ones
UNARY = {
    "negative": (normal, True),
    "positive": (normal, True),
    "reciprocal": (nonzero, True),
    "square": (normal, True),
    "sqrt": (positive, True),
    "exp": (normal, True),
    "exp2": (normal, True),
    "expm1": (normal, True),
    "log": (positive, True),
    "log2": (positive, True),
    "log10": (positive, True),
    "log1p": (within_one, True),
    "sin": (normal, True),
    "cos": (normal, True),
    "tan": (within_one, True),
    "arcsin": (within_one, True),
    "arccos": (within_one, True),
    "arctan": (nonzero, True),
    "sinh": (normal, True),
    "cosh": (normal, True),
    "tanh": (normal, True),
    "arcsinh": (normal, True),
    "arccosh": (above_one, True),
    "arctanh": (within_one, True),
    "real": (normal, True),
    "imag": (normal, True),
    "conjugate": (normal, True),
    "sign": (nonzero, True),
    "absolute": (nonzero, True),
    "cbrt": (nonzero, False),
    "fabs": (nonzero, False),
    "sigmoid": (normal, True),
    "relu": (nonzero, False),
    "softplus": (normal, False),
}
REFERENCES = {
    "sigmoid": lambda x: 1 / (1 + np.exp(-x)),
    "relu": lambda x: np.maximum(x, 0),
    "softplus": lambda x: np.logaddexp(x, 0),
}
FLAT = ["floor", "ceil", "trunc", "rint", "isnan", "isinf", "isfinite", "logical_not", "signbit"]

# name: values of the first operand, of the second, whether it takes complex ones
BINARY = {
    "add": (normal, normal, True),
    "subtract": (normal, normal, True),
    "multiply": (normal, normal, True),
    "divide": (normal, nonzero, True),
    "power": (positive, normal, True),
    "arctan2": (nonzero, nonzero, False),
    "hypot": (nonzero, nonzero, False),
    "maximum": (normal, normal, False),
    "minimum": (normal, normal, False),
    "remainder": (normal, positive, False),
    "fmod": (normal, positive, False),
    "fmax": (normal, normal, False),
    "fmin": (normal, normal, False),
    "copysign": (nonzero, nonzero, False),
    "logaddexp": (normal, normal, False),
    "logaddexp2": (normal, normal, False),
}
FLAT_BINARY = [
    "floor_divide",
    "equal",
    "not_equal",
    "greater",
    "greater_equal",
    "less",
    "less_equal",
    "logical_and",
    "logical_or",
    "logical_xor",
]
SHAPES = [(2, 3), (), (0, 3)]
SHAPE_PAIRS = [((2, 3), (2, 3)), ((2, 1, 3), (4, 1)), ((), (2,)), ((3,), (0, 1)), ((1,), ())]


def of_names(module, name):
    return REFERENCES.get(name) or getattr(module, name)


def unary_cases():
    for name, (draw, takes_complex) in UNARY.items():
        for shape in SHAPES:
            yield Case(
                f"{name} {shape}",
                getattr(tnp, name),
                draw(*shape),
                complex=takes_complex,
                reference=of_names(np, name),
            )
    for name in FLAT:
        yield Case(
            name,
            getattr(tnp, name),
            normal(2, 3),
            reference=getattr(np, name),
            differentiable=False,
        )


def binary_cases():
    for name, (left, right, takes_complex) in BINARY.items():
        for one, other in SHAPE_PAIRS:
            yield Case(
                f"{name} {one} {other}",
                getattr(tnp, name),
                left(*one),
                right(*other),
                complex=takes_complex,
                reference=getattr(np, name),
            )
    for name in FLAT_BINARY:
        yield Case(
            name,
            getattr(tnp, name),
            normal(2, 1, 3),
            nonzero(4, 1),
            reference=getattr(np, name),
            differentiable=False,
        )


X = np.array([[0.5, -1.5, 2.0], [1.0, -0.25, 3.0]])
MASK = np.array([[True, False, True], [False, True, False]])

OTHER_CASES = [
    Case("same operand twice", lambda x: tnp.multiply(x, x), normal(3), complex=True),
    Case("python scalar left", lambda x: 2.5 * x - 1 + 3 / x, nonzero(3), complex=True),
    Case("python scalar right", lambda x: (x + 2) * 0.5 / 4 - 1.5, normal(3), complex=True),
    Case("complex scalar", lambda x: tnp.real(x * (1 + 2j)), normal(3), complex=True),
    Case("square by power", lambda x: x**2, normal(3), complex=True),
    Case("cube of negative values", lambda x: x**3.0, nonzero(3), complex=True),
    Case("inverse square", lambda x: x**-2, nonzero(3), complex=True),
    Case("power zero", lambda x: x**0, normal(3), complex=True),
    Case("scalar to the power", lambda x: 2.0**x, normal(3)),
    Case("integer exponents", lambda x: x ** np.array([0, 1, 2], np.int8), nonzero(3)),
    Case("integer operand", lambda x: x * np.arange(3, dtype=np.int8), normal(3)),
    Case("remainder of negative values", lambda x: tnp.remainder(x, -0.7), within_one(5)),
    Case("where", lambda x, y: tnp.where(MASK, x, y), normal(2, 3), normal(2, 3), complex=True),
    Case(
        "where broadcasts", lambda x, y: tnp.where(MASK, x, y), normal(1, 3), normal(), complex=True
    ),
    Case("where by a row", lambda x, y: tnp.where(MASK[0], x, y), normal(2, 1), normal(4, 1, 3)),
    Case("where with a scalar", lambda x: tnp.where(MASK, x, 0), normal(2, 3), complex=True),
    Case("where with numbers", lambda x: tnp.where(np.arange(3), x, 1.0), normal(2, 3)),
    Case("where by the operand", lambda x: tnp.where(x > 0, x * x, -x), nonzero(2, 3)),
    Case("where of nothing", lambda x, y: tnp.where(x > y, x, y), normal(0, 3), normal(3)),
    Case(
        "clip", lambda x: tnp.clip(x, -1, 1), distinct(2, 3), reference=lambda x: np.clip(x, -1, 1)
    ),
    Case("clip below", lambda x: tnp.clip(x, -0.5, None), distinct(2, 3)),
    Case("clip above", lambda x: tnp.clip(x, None, -0.1), distinct(2, 3)),
    Case("clip by arrays", tnp.clip, normal(2, 3), uniform(-1, -0.5, 3), uniform(0.5, 1, 2, 1)),
    Case("clip, no limit", lambda x: tnp.clip(x, None, None), normal(3)),
    Case("stop_gradient", ta.stop_gradient, normal(2, 3), differentiable=False),
    Case("copy", ew.copied, normal(2, 3), complex=True),
    Case("clip by keyword", lambda x: tnp.clip(x, min=-0.5, max=0.5), distinct(7)),
    Case(
        "clip where the limits cross",
        lambda x: tnp.clip(x, 0.5, -0.5),
        normal(4),
        reference=lambda x: np.clip(x, 0.5, -0.5),
        differentiable=False,
    ),
    Case("fmod of negative values", lambda x: tnp.fmod(x, -0.7), within_one(5)),
    Case("divmod", tnp.divmod, normal(2, 3), nonzero(3), reference=np.divmod),
    Case(
        "float_power",  # gives float64, whatever it gets
        tnp.float_power,
        positive(2, 3),
        normal(3),
        reference=np.float_power,
        float32=False,
    ),
    Case(
        "from_parts",
        lambda x, y: ew.from_parts(x, y) ** 2,
        normal(2, 3),
        normal(2, 3),
        reference=lambda x, y: (x + 1j * y) ** 2,
    ),
]
CASES = [*unary_cases(), *binary_cases(), *OTHER_CASES]


@each(CASES)
def test_elementwise(check):
    check()


def test_every_operation_has_a_case():
    seen = set()
    for case in CASES:
        # some are the derivatives of others
        for compute in (results, gradients) if case.differentiable else (results,):
            function = functools.partial(compute, case.function)
            seen |= set(stage(function, *case.draw()).counts())
            if case.complex:
                seen |= set(stage(function, *case.draw_complex()).counts())
    functions = [f for module in (ew, inverses) for f in vars(module).values()]
    names = {getattr(f, "__name__", "") for f in functions}
    declared = names & set(pointwise.operations)
    assert declared <= seen
    assert len(declared) > 50


# --- dtypes --------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", BINARY)
def test_gradients_keep_the_dtype_of_each_operand(name):
    f = getattr(tnp, name)
    x = np.array([[0.5, 1.5]], np.float32)
    y = np.array([[0.7], [1.2]], np.float64)
    out, pullback = ta.vjp(f, x, y)
    assert out.dtype == np.float64
    gx, gy = pullback(np.ones_like(out))
    assert (gx.dtype, gx.shape) == (np.float32, x.shape)
    assert (gy.dtype, gy.shape) == (np.float64, y.shape)
    _, tangent = ta.jvp(f, (x, y), (np.ones_like(x), np.ones_like(y)))
    assert (tangent.dtype, tangent.shape) == (out.dtype, out.shape)


@pytest.mark.parametrize("name", [n for n, (_, _, c) in BINARY.items() if c])
def test_real_with_complex(name):
    x = np.array([[0.5, 1.5]])
    z = np.array([[0.7 + 0.5j], [1.2 - 1j]])
    f = getattr(tnp, name)
    for args in ((x, z), (z, x)):
        check_gradients(f, args).raise_if_failed()
        out, pullback = ta.vjp(f, *args)
        for g, a in zip(pullback(np.ones_like(out)), args, strict=True):
            assert (g.dtype, g.shape) == (a.dtype, a.shape)


@pytest.mark.parametrize("name", UNARY)
@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_unary_keeps_dtype(name, dtype):
    f = getattr(tnp, name)
    x = np.asarray(UNARY[name][0](3)(np.random.default_rng(0)), dtype)
    out, pullback = ta.vjp(f, x)
    assert out.dtype == of_names(np, name)(x).dtype == dtype
    assert pullback(np.ones_like(out))[0].dtype == dtype


NARROW = [*UNARY, "silu", "gelu", "mish", "elu", "celu", "selu", "leaky_relu", "relu6", "sinc"]


@pytest.mark.parametrize("name", sorted({*NARROW} - {"imag"}))
def test_gradients_of_bfloat16_are_bfloat16(name):
    """Though NumPy makes float32 of it in products with Python's numbers."""
    f = getattr(tnp, name)
    draw = UNARY.get(name, (positive, False))[0]
    x = draw(3)(np.random.default_rng(0)).astype(ml_dtypes.bfloat16)
    out, pullback = ta.vjp(f, x)
    (gradient,) = pullback(np.ones_like(out))
    assert gradient.dtype == x.dtype
    wide, pullback = ta.vjp(f, x.astype(float))
    np.testing.assert_allclose(out.astype(float), wide, rtol=0.03, atol=0.01)
    np.testing.assert_allclose(
        gradient.astype(float), pullback(np.ones_like(wide))[0], rtol=0.03, atol=0.01
    )


def test_python_scalars_are_weak():
    x = np.ones(2, np.float32)
    for f in (lambda x: 2.5 * x, lambda x: x / 3, lambda x: tnp.maximum(x, 0.5), lambda x: x**2.5):
        out, pullback = ta.vjp(f, x)
        assert out.dtype == np.float32
        assert pullback(out)[0].dtype == np.float32


@pytest.mark.parametrize("name", [*UNARY, *FLAT])
def test_plain_operands_of_any_kind_give_what_numpy_gives(name):
    ours, theirs = getattr(tnp, name), of_names(np, name)
    integers = np.array([1, 2])
    if name in ("arcsin", "arccos", "arctanh"):
        integers = np.array([0, 0])
    for operand in (integers, integers.tolist(), int(integers[0]), float(integers[0])):
        out, expected = ours(operand), theirs(np.asarray(operand))
        assert np.asarray(out).dtype == expected.dtype
        np.testing.assert_allclose(out, expected, rtol=1e-14)


def test_complex_where_there_is_no_such_function():
    z = np.array([1 + 1j])
    for f in (tnp.relu, tnp.softplus, tnp.floor, lambda z: tnp.arctan2(z, z)):
        with pytest.raises(DTypeError):
            f(z)


# --- special values ------------------------------------------------------------------------------


INF = np.inf

# operation: {point: its derivative there}
SPECIAL = {
    "sqrt": {0.0: INF, INF: 0.0, 1e-300: 0.5e150, 1e300: 0.5e-150},
    "absolute": {0.0: 0.0, -INF: -1.0, INF: 1.0},
    "sign": {0.0: 0.0, 2.0: 0.0},
    "relu": {0.0: 0.0, -INF: 0.0, INF: 1.0, 1e-300: 1.0},
    "sigmoid": {0.0: 0.25, 1000.0: 0.0, -1000.0: 0.0, -700.0: np.exp(-700.0), INF: 0.0, -INF: 0.0},
    "softplus": {0.0: 0.5, 1000.0: 1.0, -1000.0: 0.0, -700.0: np.exp(-700.0), INF: 1.0, -INF: 0.0},
    "tanh": {0.0: 1.0, 1000.0: 0.0, -INF: 0.0},
    "exp": {-INF: 0.0, -1000.0: 0.0, 0.0: 1.0},
    "expm1": {-INF: 0.0, 0.0: 1.0},
    "log": {INF: 0.0, 1e-300: 1e300},
    "log1p": {INF: 0.0, 0.0: 1.0, 1e300: 1e-300},
    "arctan": {INF: 0.0, 1e200: 0.0, 0.0: 1.0},
    "arcsinh": {0.0: 1.0, INF: 0.0, -1e300: 1e-300},
    "arccosh": {1.0: INF},
    "arcsin": {0.0: 1.0, 1.0: INF, -1.0: INF},
    "arccos": {0.0: -1.0, 1.0: -INF, -1.0: -INF},
    "arctanh": {0.0: 1.0, 1.0: INF},
    "reciprocal": {INF: 0.0, 1e100: -1e-200, 1e-100: -1e200},
    "square": {0.0: 0.0, 1e150: 2e150},
    "cbrt": {0.0: INF, -8.0: 1 / 12, 1e-300: 1e200 / 3, INF: 0.0},
    "fabs": {0.0: 0.0, -INF: -1.0, INF: 1.0},
    "exp2": {-INF: 0.0, 0.0: np.log(2.0)},
    "sinh": {0.0: 1.0, -700.0: np.cosh(700.0)},
    "floor": {1.0: 0.0, 0.5: 0.0},
}


@pytest.mark.parametrize(("name", "x"), [(n, x) for n, row in SPECIAL.items() for x in row])
def test_derivatives_at_special_points(name, x):
    with np.errstate(all="ignore"):
        actual = slopes(getattr(tnp, name), x)
    np.testing.assert_allclose(actual, SPECIAL[name][x], rtol=1e-12)


@pytest.mark.parametrize("name", SPECIAL)
def test_a_zero_cotangent_gives_a_zero_gradient_anywhere(name):
    points = np.array(list(SPECIAL[name]))
    f = getattr(tnp, name)
    with np.errstate(all="ignore"):
        _, pullback = ta.vjp(f, points)
        np.testing.assert_array_equal(pullback(np.zeros_like(points))[0], 0.0)
        np.testing.assert_array_equal(ta.jvp(f, (points,), (np.zeros_like(points),))[1], 0.0)


POWERS = [
    # x, y, derivative by x, derivative by y
    (0.0, 0.0, 0.0, 0.0),
    (0.0, 1.0, 1.0, 0.0),
    (0.0, 2.0, 0.0, 0.0),
    (0.0, 0.5, INF, 0.0),
    (2.0, 0.0, 0.0, np.log(2.0)),
    (-2.0, 2.0, -4.0, np.nan),
    (1.0, 1e6, 1e6, 0.0),
    (1e-200, 1.0, 1.0, 1e-200 * np.log(1e-200)),
]


@pytest.mark.parametrize(("x", "y", "by_x", "by_y"), POWERS)
def test_powers(x, y, by_x, by_y):
    with np.errstate(all="ignore"):
        gx, gy = slopes(tnp.power, x, y)
        scalar = slopes(lambda x: x**y, x)
    np.testing.assert_allclose(gx, by_x, rtol=1e-14)
    np.testing.assert_allclose(gy, by_y, rtol=1e-14)
    np.testing.assert_allclose(scalar, by_x, rtol=1e-14)


@pytest.mark.parametrize("f", [lambda x: x**2, lambda x: tnp.power(x, np.array(2.0))])
def test_second_derivative_of_a_square_at_zero(f):
    assert ta.grad(ta.grad(f))(0.0) == 2.0
    assert ta.grad(ta.grad(ta.grad(f)))(0.0) == 0.0


UNUSED_BRANCHES = {
    "sqrt": (lambda x: tnp.where(x > 0, tnp.sqrt(x), 0.0), 0.5),
    "log": (lambda x: tnp.where(x > 0, tnp.log(x), 0.0), 1.0),
    "divide": (lambda x: tnp.where(x > 0, 1 / x, 0.0), -1.0),
    "power": (lambda x: tnp.where(x > 0, x**0.5, 0.0), 0.5),
    "chain": (lambda x: tnp.where(x > 0, tnp.exp(tnp.log(x) * 2), x), 2.0),
    "arccosh": (lambda x: tnp.where(x > 0, tnp.arccosh(1 + x - x) * 0 + x, 0.0), 1.0),
    "sinc": (lambda x: tnp.where(x == 0, 1.0, tnp.sin(x) / x), np.cos(1.0) - np.sin(1.0)),
}


@pytest.mark.parametrize("name", UNUSED_BRANCHES)
def test_the_branch_not_taken_is_silent(name):
    f, at_one = UNUSED_BRANCHES[name]
    with np.errstate(all="ignore"):
        actual = slopes(f, [0.0, 1.0])
        at_zero = ta.grad(f)(0.0)
        curvature = ta.grad(ta.grad(f))(0.0)
    assert np.isfinite(actual).all() and np.isfinite(at_zero) and np.isfinite(curvature)
    assert actual[1] == pytest.approx(at_one)


def test_ties_share_evenly():
    for f in (tnp.maximum, tnp.minimum):
        gx, gy = slopes(f, [1.0, 2.0, 3.0], [1.0, 3.0, 2.0])
        assert gx[0] == gy[0] == 0.5
        np.testing.assert_array_equal(gx + gy, 1.0)
    np.testing.assert_array_equal(slopes(lambda x: tnp.maximum(x, x), [1.0, 2.0]), 1.0)
    np.testing.assert_array_equal(slopes(lambda x: tnp.maximum(x, 0.0), [0.0, 1.0]), [0.5, 1.0])


def test_maximum_with_nan():
    with np.errstate(all="ignore"):
        assert np.isnan(tnp.maximum(np.nan, 1.0))
        gx, gy = slopes(tnp.maximum, [np.nan, 1.0], [1.0, 0.0])
    assert gx[1] == 1.0 and gy[1] == 0.0


def test_fmax_and_fmin_give_a_nan_nothing():
    x, y = [np.nan, 1.0, np.nan, 2.0, 1.0], [1.0, np.nan, np.nan, 2.0, 3.0]
    gx, gy = slopes(tnp.fmax, x, y)
    np.testing.assert_array_equal(gx, [0, 1, 0, 0.5, 0])
    np.testing.assert_array_equal(gy, [1, 0, 0, 0.5, 1])
    gx, gy = slopes(tnp.fmin, x, y)
    np.testing.assert_array_equal(gx, [0, 1, 0, 0.5, 1])
    np.testing.assert_array_equal(gy, [1, 0, 0, 0.5, 0])


def test_sign_of_extreme_complex_numbers_is_numpys():
    z = np.array([complex(-0.0, -0.0), complex(np.inf, 1.0), complex(np.nan, 1.0), 1e-320, 1e308j])
    with np.errstate(invalid="ignore"):
        np.testing.assert_array_equal(tnp.sign(z), np.sign(z))
        assert not np.signbit(tnp.sign(z[:1]).real)
    slope = ta.grad(lambda z: tnp.sum(tnp.real(tnp.sign(z))))(np.array([0j, 2.0, 2.0j]))
    np.testing.assert_array_equal(slope, [0.0, 0.0, 0.5])


def test_copysign():
    x, y = [2.0, -2.0, 2.0, 0.0, -0.0, 1.0], [1.0, 1.0, -0.0, -1.0, 1.0, np.nan]
    gx, gy = slopes(tnp.copysign, x, y)
    np.testing.assert_array_equal(gx, [1, -1, -1, 0, 0, 1])
    np.testing.assert_array_equal(gy, np.zeros(6))


def test_remainders_at_multiples_and_by_negative_divisors():
    x, y = [6.0, -6.0, 5.0, -5.0, 5.0, 0.3], [3.0, 3.0, -3.0, 3.0, INF, 0.1]
    for f, quotient in (
        (tnp.remainder, [2, -2, -2, -2, 0, 2]),
        (tnp.fmod, [2, -2, -1, -1, 0, 2]),
    ):
        gx, gy = slopes(f, x, y)
        np.testing.assert_array_equal(gx, np.ones(6))
        np.testing.assert_array_equal(gy, np.negative(quotient))
    quotient, rest = tnp.divmod(ta.tensor([7.0, -7.0]), 2)
    np.testing.assert_array_equal(quotient.value, [3, -4])
    np.testing.assert_array_equal(rest.value, [1, 1])


@pytest.mark.parametrize("zero", [0, 0.0, -0.0, 0j])
def test_division_by_a_number_that_is_zero(zero):
    with np.errstate(all="ignore"):
        _, pullback = ta.vjp(lambda x: x / zero, np.array([2.0, -1.0]))
        (gradient,) = pullback(np.array([1.0, 0.0]))
    expected = np.nan if isinstance(zero, complex) else np.copysign(INF, zero)
    np.testing.assert_array_equal(gradient, [expected, 0.0])


def test_float_power_of_narrow_and_whole_numbers():
    assert tnp.float_power([1, 2], -2).dtype == np.float_power([1, 2], -2).dtype == np.float64
    assert tnp.float_power(2, 3) == 8.0
    gradient = ta.grad(lambda x: tnp.float_power(x, 3).sum())(np.array([2.0], np.float32))
    assert gradient.dtype == np.float32 and gradient[0] == 12.0


def test_clip_at_its_limits():
    np.testing.assert_array_equal(
        slopes(lambda x: tnp.clip(x, 0.0, 1.0), [-1.0, 0.0, 0.5, 1.0, 2.0]), [0, 1, 1, 1, 0]
    )
    gx, low, high = slopes(tnp.clip, [-1.0, 0.5, 2.0], np.zeros(3), np.ones(3))
    np.testing.assert_array_equal(gx, [0, 1, 0])
    np.testing.assert_array_equal(low, [1, 0, 0])
    np.testing.assert_array_equal(high, [0, 0, 1])
    # as NumPy: the upper limit wins where they cross
    np.testing.assert_array_equal(tnp.clip(np.zeros(1), 2.0, 1.0), np.clip(np.zeros(1), 2.0, 1.0))


def test_clip_with_a_nan():
    x, low, high = [np.nan, 0.0, 0.0], [0.0, np.nan, 0.0], [1.0, 1.0, np.nan]
    assert np.isnan(tnp.clip(x, low, high)).all()
    gx, by_low, by_high = slopes(tnp.clip, x, low, high)
    np.testing.assert_array_equal([gx, by_low, by_high], np.zeros((3, 3)))


def test_clip_by_integers_beyond_the_dtype():
    x = np.array([0, 7, 255], np.uint8)
    for limits in ((-1, 300), (-1, 5), (3, None), (3, 1000)):
        out, expected = tnp.clip(x, *limits), np.clip(x, *limits)
        np.testing.assert_array_equal(out, expected)
        assert out.dtype == expected.dtype


def test_clip_takes_a_limit_once():
    with pytest.raises(ArgumentError, match="a_min or min"):
        tnp.clip(np.ones(2), 0.0, min=0.5)


def test_clip_of_plain_arrays_keeps_dtype():
    x = np.array([0.5, 2.0], np.float32)
    assert tnp.clip(x, 0, 1).dtype == np.float32
    assert tnp.clip(np.array([1, 5]), 0, 3).dtype == np.clip(np.array([1, 5]), 0, 3).dtype


@pytest.mark.parametrize("name", ["absolute", "sign", "sqrt", "log", "reciprocal"])
def test_complex_zero(name):
    with np.errstate(all="ignore"):
        out, pullback = ta.vjp(getattr(tnp, name), np.zeros(1, complex))
        assert pullback(np.zeros_like(out))[0] == 0
        if name == "absolute":
            assert pullback(np.ones_like(out))[0] == 0


@pytest.mark.parametrize(
    ("name", "along"),
    [("arcsin", 2.0), ("arccos", 2.0), ("arccosh", 0.5), ("arcsinh", 2.0j), ("sqrt", -2.0)],
)
def test_derivatives_on_branch_cuts_belong_to_the_side_that_the_sign_of_zero_says(name, along):
    f, function = getattr(tnp, name), getattr(np, name)
    for z in (along, -along):
        for zero in (0.0, -0.0):

            def beside(move, z=z, zero=zero):  # a sum with 0.0 would lose the sign
                z = complex(z)
                return complex(z.real + move, zero) if not z.imag else complex(zero, z.imag + move)

            step = 1e-5
            slope = (function(beside(step)) - function(beside(-step))) / (2 * step)
            _, tangent = ta.jvp(f, (np.array(beside(0.0)),), (np.array(1 + 0j),))
            turn = 1j if isinstance(along, complex) else 1
            np.testing.assert_allclose(tangent * turn, slope, rtol=1e-8, err_msg=str(beside(0)))


def test_absolute_value_of_huge_and_tiny_complex_numbers():
    z = np.array([3e200 + 4e200j, 3e-200 - 4e-200j])
    out, pullback = ta.vjp(tnp.absolute, z)
    np.testing.assert_allclose(out, [5e200, 5e-200])
    np.testing.assert_allclose(pullback(np.ones(2))[0], [0.6 + 0.8j, 0.6 - 0.8j])


def test_arctan2_of_huge_and_tiny_numbers():
    for size in (1e-200, 1e-20, 1.0, 1e20, 1e150):
        gx, gy = slopes(tnp.arctan2, size, size)
        np.testing.assert_allclose([gx, gy], [0.5 / size, -0.5 / size], rtol=1e-14)


@pytest.mark.parametrize("f", [tnp.hypot, tnp.arctan2])
def test_the_origin_has_no_direction(f):
    gx, gy = slopes(f, 0.0, 0.0)
    assert gx == gy == 0.0
    assert ta.grad(lambda x: ta.grad(f)(x, 0.0))(0.0) == 0.0


def test_no_overflow_where_the_function_has_none():
    x = np.array([-1e308, -1000.0, -40.0, 0.0, 40.0, 1000.0, 1e308])
    for f, reference in (
        (tnp.sigmoid, scipy.special.expit),
        (tnp.softplus, lambda x: np.logaddexp(x, 0)),
        (tnp.tanh, np.tanh),
    ):
        np.testing.assert_allclose(f(x), reference(x), rtol=1e-15)
        assert np.isfinite(slopes(f, x)).all()
        assert np.isfinite(ta.vmap(ta.grad(ta.grad(f)))(x)).all()


def test_warnings_are_numpys_own_in_front_and_none_on_the_way_back():
    with pytest.warns(RuntimeWarning, match="divide by zero"):
        tnp.log(np.zeros(1))
    with np.errstate(divide="ignore"):
        _, pullback = ta.vjp(tnp.log, np.zeros(1))
    assert pullback(np.ones(1))[0] == INF  # and no warning


# --- errors --------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [*BINARY, *FLAT_BINARY])
def test_shapes_that_do_not_broadcast(name):
    x, y = np.ones((2, 3)), np.ones(4)
    for args in ((x, y), (ta.tensor(x), y), (x, ta.tensor(y))):
        with pytest.raises(ShapeError, match=rf"{name}\(float64\[2,3\], float64\[4\]\)"):
            getattr(tnp, name)(*args)


def test_operands_that_are_no_numbers():
    for bad in ("abc", np.array(["a", "b"]), None, object()):
        with pytest.raises((DTypeError, TypeError)):
            tnp.sin(bad)


def test_numpys_keywords_that_have_no_derivative_are_refused():
    x = ta.tensor(np.ones(3))
    for keyword in ({"out": np.empty(3)}, {"where": np.array([True, False, True])}):
        with pytest.raises(TypeError, match=next(iter(keyword))):
            np.sin(x, **keyword)


@pytest.mark.parametrize(
    "f", [lambda x: x * 2.0, lambda x: 2.0 / x, lambda x: x + 1.0, lambda x: tnp.exp(x) * 0.5]
)
def test_gradients_of_narrow_floats_keep_their_dtype(f):
    """A Python number makes float32 of them, as NumPy has it."""
    x = np.ones(3, ml_dtypes.bfloat16)
    out, pullback = ta.vjp(f, x)
    assert out.dtype == np.float32
    assert pullback(out)[0].dtype == x.dtype


@pytest.mark.parametrize("exponent", [3, 4, 3.0, 4.0])
@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.complex128])
def test_small_powers_are_products(exponent, dtype):
    x = np.array([0.0, -0.0, 1.5, -2.25, 1e-30, -1e9, np.inf, -np.inf, np.nan]).astype(dtype)
    with np.errstate(all="ignore"):
        got, expected = tnp.power(x, exponent), x**exponent
    assert got.dtype == dtype
    finite = np.isfinite(expected)
    np.testing.assert_allclose(got[finite], expected[finite], rtol=4 * np.finfo(dtype).eps)
    if dtype is not np.complex128:
        np.testing.assert_array_equal(got[~finite], expected[~finite])
