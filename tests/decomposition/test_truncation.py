"""Tensor trains by truncated SVDs: values, and derivatives against differences."""

import warnings

import numpy as np
import pytest

import tenrso_ad as ta
import tenrso_ad.numpy as tnp
from tenrso_ad.decomposition import TTTensor, inner, squared_error, tt_svd
from tenrso_ad.engine.errors import ArgumentError, DegenerateWarning, DTypeError, ShapeError
from tests.decomposition.models.making import draw

CASES = [((4, 5), 2), ((3, 4, 5), (2, 3)), ((3, 2, 3, 2), (1, 2, 3, 2, 1)), ((7, 2, 2), 2)]


def difference(f, x, t, h=1e-3):
    """Central differences of sixth order."""
    parts = [(f(x + k * h * t) - f(x - k * h * t)) * c for k, c in ((1, 45), (2, -9), (3, 1))]
    return sum(parts) / (60 * h)


@pytest.mark.parametrize(("shape", "ranks"), CASES)
@pytest.mark.parametrize("dtype", [np.float64, np.complex128])
def test_the_approximant_differentiates(shape, ranks, dtype, rng):
    x, t, c = (draw(rng, shape, dtype) for _ in range(3))

    def dense(x):
        return tt_svd(x, ranks).to_dense()

    expected = difference(dense, x, t)
    value, found = ta.jvp(dense, (x,), (t,))
    np.testing.assert_allclose(value, dense(x), rtol=1e-12)
    np.testing.assert_allclose(found, expected, rtol=1e-7, atol=1e-8 * np.abs(expected).max())
    gradient = ta.grad(lambda x: tnp.sum(tnp.real(c.conj() * dense(x))))(x)
    pairing = np.sum((gradient.conj() * t).real)
    np.testing.assert_allclose(pairing, np.sum((c.conj() * expected).real), rtol=1e-7)


def test_values_are_those_of_rounding(rng):
    x = rng.normal(size=(3, 4, 5))
    whole = tt_svd(x, 99)
    np.testing.assert_allclose(whole.to_dense(), x, atol=1e-13)
    assert whole.ranks == (1, 3, 5, 1)
    expected = whole.round((2, 3)).to_dense()
    np.testing.assert_allclose(tt_svd(x, (2, 3)).to_dense(), expected, atol=1e-13)
    np.testing.assert_array_equal(tt_svd(np.array([1.0, 2.0]), []).to_dense(), [1.0, 2.0])


def test_functions_of_the_train_differentiate_twice(rng):
    x, t, u = (rng.normal(size=(3, 4, 3)) for _ in range(3))
    other = TTTensor([rng.normal(size=s) for s in ((1, 3, 2), (2, 4, 2), (2, 3, 1))])

    def loss(x):
        train = tt_svd(x, 2)
        return train.norm() + inner(train, other) ** 2 + squared_error(u, train)

    gradient = ta.grad(loss)
    np.testing.assert_allclose(np.sum(gradient(x) * t), difference(loss, x, t), rtol=1e-8)
    expected = difference(gradient, x, t)
    scale = np.abs(expected).max()
    for found in (
        ta.jvp(gradient, (x,), (t,))[1],
        ta.grad(lambda x: tnp.sum(gradient(x) * t))(x),
    ):
        np.testing.assert_allclose(found, expected, atol=1e-6 * scale)


def test_equal_singular_values_that_are_kept_do_no_harm(rng):
    u, v = (np.linalg.qr(rng.normal(size=(n, 4)))[0] for n in (6, 5))
    t = rng.normal(size=(6, 5))
    for gap in (0.0, 1e-14, 1e-11, 1e-7):
        x = u * [2.0, 2.0 + gap, 0.5, 0.5] @ v.T
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            found = ta.jvp(lambda x: tt_svd(x, 2).to_dense(), (x,), (t,))[1]
            gradient = ta.grad(lambda x: tnp.sum(tt_svd(x, 2).to_dense() * t))(x)
        expected = difference(lambda x: tt_svd(x, 2).to_dense(), x, t)
        np.testing.assert_allclose(found, expected, rtol=1e-7, atol=1e-9)
        np.testing.assert_allclose(np.sum(gradient * t), np.sum(expected * t), rtol=1e-8)


def test_no_gap_is_told(rng):
    u, v = (np.linalg.qr(rng.normal(size=(n, 3)))[0] for n in (5, 4))
    x = u * [2.0, 1.0, 1.0] @ v.T
    with pytest.warns(DegenerateWarning, match="tt_svd: no derivative at a bond of rank 2"):
        assert np.isfinite(ta.grad(lambda x: tt_svd(x, 2).squared_norm())(x)).all()
    with pytest.warns(DegenerateWarning, match="rank 4"):
        ta.grad(lambda x: tt_svd(x, 4).squared_norm())(x)


def test_float32_and_vmap(rng):
    xs = rng.normal(size=(3, 3, 4, 3))
    gradient = ta.grad(lambda x: tt_svd(x, 2).norm())
    expected = np.stack([gradient(x) for x in xs])
    np.testing.assert_allclose(ta.vmap(gradient)(xs), expected, atol=1e-12)
    found = gradient(xs[0].astype(np.float32))
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, expected[0], atol=1e-5)
    assert tt_svd(xs[0].astype(np.float32), 2).dtype == np.float32


def test_errors():
    x = np.ones((2, 3, 4))
    for ranks in (0, (2,), (2, 2, 2), (2, 2, 2, 1), (1, 0)):
        with pytest.raises(ArgumentError, match="tt_svd"):
            tt_svd(x, ranks)
    with pytest.raises(ShapeError, match="tt_svd"):
        tt_svd(np.ones((2, 0)), 1)
    with pytest.raises(DTypeError, match="tt_svd"):
        tt_svd(np.ones((2, 2), int), 1)
