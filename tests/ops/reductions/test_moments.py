"""mean, var, std."""

import warnings

import numpy as np
import pytest

import tenrso_ad as ta
from tenrso_ad.engine.errors import ArgumentError
from tenrso_ad.ops.reductions import moments
from tests.ops.table import Case, each, normal, positive

MASK = np.array([[True, False, True], [True, True, True]])


def call(name, *shape, complex=True, **kwargs):
    ours, theirs = getattr(moments, name), getattr(np, name)
    return Case(
        f"{name} {list(shape)} {kwargs}",
        lambda x: ours(x, **kwargs),
        normal(*shape),
        reference=lambda x: theirs(x, **kwargs),
        complex=complex,
    )


CASES = [
    *[call(n, 2, 3, axis=axis) for n in ("mean", "var", "std") for axis in (None, 0, -1, (0, 1))],
    *[call(n, 2, 3, axis=1, keepdims=True) for n in ("mean", "var", "std")],
    *[call(n, 2, 3, axis=0 if n == "mean" else 1, where=MASK) for n in ("mean", "var", "std")],
    *[call(n, 2, 3, where=MASK, keepdims=True) for n in ("mean", "var", "std")],
    *[call(n, 0, 3, axis=1, complex=False) for n in ("mean", "var", "std")],
    *[call(n, 2, 3, axis=()) for n in ("mean", "var")],
    *[call("mean", complex=False)],
    *[call(n, 4, ddof=1) for n in ("var", "std")],
    *[call(n, 4, ddof=0.5, complex=False) for n in ("var", "std")],
    *[call(n, 4, correction=2, complex=False) for n in ("var", "std")],
    *[call(n, 2, 3, ddof=1, where=MASK, complex=False) for n in ("var", "std")],
    *[
        Case(
            f"{name} about a mean as operand",
            lambda x, m, name=name: getattr(moments, name)(x, axis=1, ddof=1, mean=m),
            normal(2, 3),
            positive(2, 1),
            reference=lambda x, m, name=name: getattr(np, name)(x, axis=1, ddof=1, mean=m),
            complex=True,
        )
        for name in ("var", "std")
    ],
    Case(
        "var about a mean, with a mask",
        lambda x, m: moments.var(x, where=MASK, mean=m),
        normal(2, 3),
        normal(1, 1),
        reference=lambda x, m: np.var(x, where=MASK, mean=m),
    ),
]


@each(CASES)
def test_moments(check):
    check()


# --- values that bite ----------------------------------------------------------------------------


@pytest.mark.parametrize("options", [{}, {"where": np.array([True, True, False])}, {"mean": [2.0]}])
def test_std_of_constant_data_has_the_gradient_zero(options):
    x = np.full(3, 2.0)
    np.testing.assert_array_equal(ta.grad(lambda t: moments.std(t, **options))(x), np.zeros(3))
    _, tangent = ta.jvp(lambda t: moments.std(t, **options), (x,), (np.ones(3),))
    assert tangent == 0.0
    assert np.isfinite(ta.hessian(lambda t: moments.std(t, **options))(x)).all()


def test_a_row_of_constants_does_not_disturb_the_others(rng):
    x = np.stack([np.full(4, 2.0), rng.normal(size=4)])
    gradient = ta.grad(lambda t: moments.std(t, axis=1).sum())(x)
    np.testing.assert_array_equal(gradient[0], np.zeros(4))
    np.testing.assert_allclose(gradient[1], ta.grad(moments.std)(x[1]), rtol=1e-13)


def test_var_of_data_far_from_zero_keeps_its_digits():
    x = 1e8 + np.array([1.0, 2.0, 4.0])
    np.testing.assert_allclose(ta.grad(moments.var)(x), 2 / 3 * (x - x.mean()), rtol=1e-6)


@pytest.mark.parametrize("name", ["var", "std"])
@pytest.mark.parametrize("ddof", [2, 3])
def test_without_degrees_of_freedom_values_are_numpys_and_gradients_nan(name, ddof):
    x = np.array([1.0, 3.0])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        expected = getattr(np, name)(x, ddof=ddof)
        out, gradient = ta.value_and_grad(lambda t: getattr(moments, name)(t, ddof=ddof))(x)
    np.testing.assert_array_equal(out, expected)
    assert np.isnan(gradient).all()
    with np.errstate(all="ignore"), pytest.warns(RuntimeWarning, match="Degrees of freedom"):
        getattr(moments, name)(x, ddof=ddof)


@pytest.mark.parametrize("name", ["mean", "var", "std"])
def test_no_elements_at_all_are_nan_with_numpys_warning(name):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        out, gradient = ta.value_and_grad(getattr(moments, name))(np.zeros((0, 2)))
    assert np.isnan(out) and gradient.shape == (0, 2)
    with pytest.warns(RuntimeWarning):
        getattr(moments, name)(np.zeros(0))


def test_float16_is_summed_wider():
    x = np.full(5000, 40.0, np.float16)  # the sum is beyond float16
    assert moments.mean(x) == 40.0 == moments.mean(x, where=np.ones(5000, bool))
    assert moments.mean(x, where=np.ones(5000, bool)).dtype == np.float16
    gradient = ta.grad(moments.mean)(x)
    assert gradient.dtype == np.float16
    np.testing.assert_array_equal(gradient, np.full(5000, 1 / 5000, np.float16))


def test_ddof_and_correction_exclude_each_other():
    with pytest.raises(ArgumentError, match="ddof and correction"):
        moments.var(np.ones(3), ddof=1, correction=1)


# --- masks that leave too little ------------------------------------------------------------------


@pytest.mark.parametrize("name", ["mean", "var", "std"])
def test_a_mask_that_holds_nowhere_in_a_row(name):
    x = np.array([[1.0, np.nan], [2.0, 4.0]])
    mask = np.array([[False, False], [True, True]])
    function = getattr(moments, name)
    said = "Mean of empty slice" if name == "mean" else "Degrees of freedom <= 0 for slice"
    with pytest.warns(RuntimeWarning, match=f"^{said}$") as caught:
        out, pullback = ta.vjp(lambda t: function(t, axis=1, where=mask), x)
    assert len(caught) == 1 and caught[0].filename == __file__
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        expected = getattr(np, name)(x, axis=1, where=mask)
    np.testing.assert_array_equal(out, expected)
    (gradient,) = pullback(np.ones(2))  # without another warning
    lower, upper = (0.5, 0.5) if name == "mean" else (-1, 1) if name == "var" else (-0.5, 0.5)
    np.testing.assert_array_equal(gradient, [[0, 0], [lower, upper]])


def test_more_degrees_of_freedom_lost_than_there_are():
    x, mask = np.array([1.0, 2.0, 9.0]), np.array([True, True, False])
    with pytest.warns(RuntimeWarning, match="Degrees of freedom"):
        assert moments.var(x, ddof=3, where=mask) == np.inf  # as in NumPy
