"""CP decompositions against differences of the problem solved again."""

import numpy as np
import pytest

import tenrso_ad as ta
import tenrso_ad.numpy as tnp
from tenrso_ad.decomposition import cp_als, squared_error
from tenrso_ad.decomposition.stationary import _relative
from tenrso_ad.engine.errors import (
    ArgumentError,
    DTypeError,
    NotDifferentiableError,
    ShapeError,
    UnsupportedError,
)
from tests.decomposition.models.making import cp

SHAPES = [(5, 4, 3), (3, 4, 3, 2)]


def noisy(shape, rng, noise=0.1):
    return cp(shape, rng, rank=2).to_dense() + noise * rng.normal(size=shape)


def difference(f, x, t, h=1e-4):
    """Central differences of sixth order."""
    parts = [(f(x + k * h * t) - f(x - k * h * t)) * c for k, c in ((1, 45), (2, -9), (3, 1))]
    return sum(parts) / (60 * h)


def solved(x):
    return cp_als(x, 2, seed=1)


def flat(model):
    return tnp.concatenate([model.weights, *[tnp.reshape(f, -1) for f in model.factors]])


@pytest.mark.parametrize("shape", SHAPES)
def test_weights_and_factors_differentiate(shape, rng):
    x, t = noisy(shape, rng), rng.normal(size=shape)
    model = solved(x)
    factors = [f * model.weights ** (1 / x.ndim) for f in model.factors]
    assert _relative(x, factors) < 1e-12
    again = model.normalize()
    for found, expected in zip(model.factors, again.factors, strict=True):
        np.testing.assert_allclose(found, expected, atol=1e-14)
    expected = difference(lambda x: flat(solved(x)), x, t)
    found = ta.jvp(lambda x: flat(solved(x)), (x,), (t,))[1]
    np.testing.assert_allclose(found, expected, atol=1e-7 * np.abs(expected).max())
    c = rng.normal(size=expected.shape)
    gradient = ta.grad(lambda x: tnp.sum(c * flat(solved(x))))(x)
    np.testing.assert_allclose(np.sum(gradient * t), c @ expected, rtol=1e-6)


def test_second_derivatives(rng):
    x, t = noisy((4, 3, 3), rng), rng.normal(size=(4, 3, 3))
    c = rng.normal(size=2 + 10 * 2)
    gradient = ta.grad(lambda x: tnp.sum(c * flat(solved(x)) ** 2))
    expected = difference(gradient, x, t)
    found = ta.grad(lambda x: tnp.sum(gradient(x) * t))(x)
    np.testing.assert_allclose(found, expected, atol=1e-6 * np.abs(expected).max())


def test_the_error_has_the_gradient_of_fixed_factors(rng):
    x = noisy((4, 3, 3), rng)
    found = ta.grad(lambda x: squared_error(x, solved(x)))(x)
    np.testing.assert_allclose(found, 2 * (x - solved(x).to_dense()), atol=1e-9)


def test_float32(rng):
    x = noisy((4, 3, 3), rng)
    single = solved(x.astype(np.float32))
    assert single.dtype == single.weights.dtype == np.float32
    found = ta.grad(lambda x: solved(x).weights[0])(x.astype(np.float32))
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, ta.grad(lambda x: solved(x).weights[0])(x), atol=1e-4)


def test_what_has_no_derivative_is_refused(rng):
    x = noisy((4, 3, 3), rng, noise=1.0)
    with pytest.raises(NotDifferentiableError, match="cp_als: the solver stopped"):
        ta.grad(lambda x: cp_als(x, 3, max_iterations=1, seed=0).weights[0])(x)
    with pytest.raises(NotDifferentiableError, match="cp_als"):  # two modes: factors turn freely
        ta.grad(lambda x: cp_als(x, 2, seed=0).weights[0])(x[0] + 1)
    with pytest.raises(UnsupportedError, match="cp_als"):
        ta.vmap(lambda x: cp_als(x, 1).weights)(x)
    for arguments in ({"rank": 0}, {"rank": 1, "tol": -1.0}, {"rank": 1, "max_iterations": 0}):
        with pytest.raises(ArgumentError, match="cp_als"):
            cp_als(x, **arguments)
    with pytest.raises(ArgumentError, match="finite"):
        cp_als(x * np.nan, 1)
    with pytest.raises(ShapeError, match="cp_als"):
        cp_als(x[0, 0], 1)
    with pytest.raises(DTypeError, match="cp_als"):
        cp_als(x.astype(complex), 1)
