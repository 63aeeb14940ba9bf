"""One pullback as an object: values, gradients, second derivatives, errors."""

import numpy as np
import pytest
import scipy.special

import tenrso_ad as ta
from tenrso_ad.engine.errors import ArgumentError, AxisError, DTypeError, EinsumError, ShapeError
from tenrso_ad.explicit import EinsumVJP, ElementwiseVJP, ReductionVJP
from tenrso_ad.ops.contraction.einsum import einsum
from tenrso_ad.ops.reductions.extrema import max as tmax
from tenrso_ad.testing import check_gradients

REDUCTIONS = {
    "sum": np.sum,
    "prod": np.prod,
    "mean": np.mean,
    "var": np.var,
    "std": np.std,
    "max": np.max,
    "min": np.min,
    "logsumexp": scipy.special.logsumexp,
}


def check(make, *operands):
    """Value and gradients of an object agree with differences, to the second order."""
    value = make(*operands).value
    weight = np.random.default_rng(0).normal(size=value.shape)
    weight = np.asarray(weight, value.dtype)
    check_gradients(lambda *xs: make(*xs).value, operands).raise_if_failed()
    # the gradients are functions of operands and cotangent, to be differentiated themselves
    check_gradients(lambda w, *xs: make(*xs)(w), (weight, *operands), order=1).raise_if_failed()
    gradients = make(*operands)(weight)
    expected = ta.vjp(lambda *xs: make(*xs).value, *operands)[1](weight)
    for g, e, x in zip(gradients, expected, operands, strict=True):
        assert (g.shape, g.dtype) == (x.shape, x.dtype)
        np.testing.assert_allclose(g, e, rtol=1e-6 if x.dtype.char in "fF" else 1e-13)


# --- einsum ---------------------------------------------------------------------------------------

SPECS = [
    ("ij,jk->ik", (2, 3), (3, 4)),
    ("ij,jk,kl->il", (2, 3), (3, 2), (2, 2)),
    ("ii->i", (3, 3)),
    ("ii", (3, 3)),
    ("ij->", (2, 3)),
    ("...i,i->...", (2, 2, 3), (3,)),
    ("i,j", (2,), (3,)),
    ("ij,ij->ij", (2, 3), (1, 3)),
    (",i->i", (), (3,)),
]


@pytest.mark.parametrize(("spec", "shapes"), [(s[0], s[1:]) for s in SPECS])
@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.complex128])
def test_einsum(rng, spec, shapes, dtype):
    operands = [rng.normal(size=s) for s in shapes]
    if dtype is np.complex128:
        operands = [x + 1j * rng.normal(size=x.shape) for x in operands]
    operands = [np.asarray(x, dtype) for x in operands]
    check(lambda *xs: EinsumVJP(spec, *xs), *operands)
    np.testing.assert_allclose(
        EinsumVJP(spec, *operands).value, np.einsum(spec, *operands), rtol=1e-5
    )


def test_einsum_gradients_are_those_of_matrix_products(rng):
    a, b, g = rng.normal(size=(2, 3)), rng.normal(size=(3, 4)), rng.normal(size=(2, 4))
    by_a, by_b = EinsumVJP("ij,jk->ik", a, b)(g)
    np.testing.assert_allclose(by_a, g @ b.T)
    np.testing.assert_allclose(by_b, a.T @ g)


# --- elementwise ----------------------------------------------------------------------------------


def test_elementwise_with_one_operand():
    x = np.linspace(-1, 1, 6).reshape(2, 3)
    check(lambda x: ElementwiseVJP(np.sin, np.cos, x), x)
    check(lambda x: ElementwiseVJP(np.exp, (np.exp,), x), x.astype(np.float32))
    check(lambda x: ElementwiseVJP(np.sin, np.cos, x), x + 0.5j)


@pytest.mark.parametrize("shapes", [((2, 3), (2, 3)), ((2, 1), (3,)), ((), (2,)), ((0, 1), (3,))])
def test_elementwise_with_two_operands(rng, shapes):
    x, y = (rng.uniform(0.5, 2, size=s) for s in shapes)

    def make(x, y):
        return ElementwiseVJP(
            lambda x, y: x**y,
            (lambda x, y: y * x ** (y - 1), lambda x, y: x**y * np.log(x)),
            x,
            y,
        )

    check(make, x, y)
    np.testing.assert_array_equal(make(x, y).value, x**y)


def test_the_given_derivative_is_used_and_not_that_of_the_function():
    steps = ElementwiseVJP(np.round, lambda x: 10.0, np.array([0.2, 1.7]))
    np.testing.assert_array_equal(steps.value, [0, 2])
    np.testing.assert_array_equal(steps(np.array([1.0, 2.0]))[0], [10, 20])
    # differentiated again, it is still the given one
    gradient = ta.grad(lambda x: ElementwiseVJP(np.rint, lambda x: x, x).value)(3.2)
    assert gradient == 3.2


def test_a_function_that_only_takes_plain_arrays():
    x = np.array([0.5, 1.5])
    gamma = ElementwiseVJP(
        scipy.special.gamma, lambda x: scipy.special.gamma(x) * scipy.special.digamma(x), x
    )
    (g,) = gamma(np.ones(2))
    np.testing.assert_allclose(g, scipy.special.gamma(x) * scipy.special.digamma(x))


def test_a_derivative_that_is_zero():
    x, y = np.array([1.0, 2.0]), np.array([3.0, 4.0])
    by_x, by_y = ElementwiseVJP(lambda x, y: x + np.sign(y), (lambda x, y: 1.0, None), x, y)(x)
    np.testing.assert_array_equal(by_x, x)
    np.testing.assert_array_equal(by_y, [0, 0])


def test_a_zero_cotangent_silences_a_singular_derivative():
    root = ElementwiseVJP(np.sqrt, lambda x: 0.5 / np.sqrt(x), np.array([0.0, 4.0]))
    with np.errstate(divide="ignore"):
        np.testing.assert_array_equal(root(np.array([0.0, 1.0]))[0], [0, 0.25])


def test_derivatives_that_do_not_fit():
    x = np.ones((2, 3))
    for given in ((), (np.cos, np.cos)):
        with pytest.raises(ArgumentError, match="one derivative for each operand"):
            ElementwiseVJP(np.sin, given, x)
    with pytest.raises(ArgumentError, match="one derivative for each operand"):
        ElementwiseVJP(np.sin, ())
    wrong = ElementwiseVJP(np.sin, lambda x: np.ones((4, 2, 3)), x)
    with pytest.raises(ShapeError, match=r"a derivative of sin is float64\[4,2,3\]"):
        wrong(np.ones((2, 3)))


# --- reductions -----------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", REDUCTIONS)
@pytest.mark.parametrize("axis", [None, 0, -1, (0, 2), ()], ids=str)
@pytest.mark.parametrize("keepdims", [False, True])
def test_reductions(rng, kind, axis, keepdims):
    if kind == "logsumexp" and axis == ():
        axis = (1,)  # SciPy does not take an empty tuple
    x = rng.permutation(12).reshape(2, 3, 2) / 4 + 0.5
    value = ReductionVJP(kind, x, axis, keepdims).value
    np.testing.assert_allclose(value, REDUCTIONS[kind](x, axis=axis, keepdims=keepdims))
    if not (kind == "std" and axis == ()):  # the root of zero has no derivative
        check(lambda x: ReductionVJP(kind, x, axis, keepdims), x)


@pytest.mark.parametrize("kind", REDUCTIONS)
def test_reductions_keep_the_dtype(kind):
    x = np.array([[1.0, 2.5], [4.0, 0.5]], np.float32)
    reduction = ReductionVJP(kind, x, axis=1)
    assert reduction.value.dtype == np.float32
    (g,) = reduction(np.ones(2, np.float32))
    assert (g.shape, g.dtype) == (x.shape, x.dtype)


@pytest.mark.parametrize("kind", ["sum", "prod", "mean"])
def test_complex_reductions(rng, kind):
    check(lambda x: ReductionVJP(kind, x, axis=0), rng.normal(size=(3, 2)) + 1j)


def test_reductions_at_special_points():
    (g,) = ReductionVJP("prod", np.array([0.0, 2.0, 3.0]))(1.0)
    np.testing.assert_array_equal(g, [6, 0, 0])
    (g,) = ReductionVJP("max", np.array([2.0, 1.0, 2.0]))(1.0)
    np.testing.assert_array_equal(g, [0.5, 0, 0.5])
    (g,) = ReductionVJP("logsumexp", np.array([-np.inf, -np.inf]))(1.0)
    assert np.isfinite(g).all()


def test_further_options_of_a_reduction(rng):
    x = rng.normal(size=(3, 4))
    mask = x > 0
    np.testing.assert_allclose(ReductionVJP("var", x, ddof=1).value, np.var(x, ddof=1))
    check(lambda x: ReductionVJP("std", x, 0, ddof=1), x)
    (g,) = ReductionVJP("sum", x, where=mask)(1.0)
    np.testing.assert_array_equal(g, mask)


# --- common to all --------------------------------------------------------------------------------

OBJECTS = {
    "einsum": lambda x: EinsumVJP("ij->i", x),
    "elementwise": lambda x: ElementwiseVJP(lambda x: x * 2, lambda x: 2.0, x),
    "reduction": lambda x: ReductionVJP("sum", x, axis=1),
}


@pytest.mark.parametrize("name", OBJECTS)
def test_plain_in_plain_out_and_as_often_as_wanted(name):
    vjp = OBJECTS[name](np.ones((2, 3)))
    assert type(vjp.value) is np.ndarray
    for factor in (1.0, 2.0):
        (g,) = vjp(np.full(vjp.value.shape, factor))
        assert type(g) is np.ndarray and g.flags.writeable
        g[:] = -1.0
    np.testing.assert_array_equal(vjp(np.zeros(vjp.value.shape))[0], 0.0)


@pytest.mark.parametrize("name", OBJECTS)
def test_a_cotangent_of_the_wrong_shape(name):
    vjp = OBJECTS[name](np.ones((2, 3)))
    with pytest.raises(ShapeError, match="the cotangent has the shape of the result"):
        vjp(np.ones(5))


@pytest.mark.parametrize("name", OBJECTS)
def test_integers_have_no_gradient(name):
    with pytest.raises(DTypeError, match="floating-point"):
        OBJECTS[name](np.ones((2, 3), int))


@pytest.mark.parametrize("name", OBJECTS)
def test_lists_are_arrays(name):
    vjp = OBJECTS[name]([[1.0, 2.0], [3.0, 4.0]])
    (g,) = vjp(np.ones(vjp.value.shape))
    assert g.shape == (2, 2)


@pytest.mark.parametrize("name", OBJECTS)
def test_operands_cannot_change_under_it(name):
    x = np.ones((2, 3))
    vjp = OBJECTS[name](x)
    with pytest.raises(ValueError, match="read-only"):
        x[0] = 2.0
    del vjp
    x[0] = 2.0


def test_inside_transforms(rng):
    x = rng.normal(size=(3, 3))

    def f(x):
        quadratic = EinsumVJP("i,ij,j->", x[0], x, x[1])
        gradients = quadratic(ReductionVJP("logsumexp", x).value)
        return einsum("i,i->", gradients[0], gradients[2]) * tmax(x)

    check_gradients(f, (x,), order=2).raise_if_failed()
    batch = np.stack([x, 2 * x])
    np.testing.assert_allclose(ta.vmap(f)(batch), [f(x), f(2 * x)])


def test_errors_name_what_is_wrong():
    with pytest.raises(ArgumentError, match=r"kind is one of sum, prod.*got 'median'"):
        ReductionVJP("median", np.ones(3))
    with pytest.raises(AxisError, match="sum"):
        ReductionVJP("sum", np.ones(3), axis=1)
    with pytest.raises(EinsumError, match="einsum"):
        EinsumVJP("ij,jk->ik", np.ones((2, 3)), np.ones((4, 2)))
    with pytest.raises(ArgumentError, match="takes a specification first"):
        EinsumVJP(np.ones(2), "i->")
