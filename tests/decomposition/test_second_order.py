"""Gauss-Newton and Hessian products of every format, against the dense formula."""

import numpy as np
import pytest

import tenrso_ad as ta
import tenrso_ad.numpy as tnp
from tenrso_ad.decomposition import CPTensor, LossHessian, SparseTensor, gauss_newton_vp
from tenrso_ad.engine import tree
from tenrso_ad.engine.errors import ArgumentError, DTypeError, ShapeError
from tests.decomposition.models.making import FORMATS

SHAPES = [(3, 4), (2, 1, 3), (2, 3, 2, 4)]
each_format = pytest.mark.parametrize("name", FORMATS)


def poisson(x, m):
    return m**2 - x * tnp.log(m**2 + 0.1)


def squared(x, m):
    return (x - m) ** 2


def assert_same(ours, expected, rtol=1e-9):
    assert type(ours) is type(expected)
    size = max(np.abs(part).max() for part in tree.leaves(expected))
    for a, b in zip(tree.leaves(ours), tree.leaves(expected), strict=True):
        assert a.dtype == b.dtype
        np.testing.assert_allclose(a, b, rtol=rtol, atol=rtol * size)


def dense_gauss_newton(model, tangent, curvature=1.0):
    _, moved = ta.jvp(lambda m: m.to_dense(), (model,), (tangent,))
    (product,) = ta.vjp(lambda m: m.to_dense(), model)[1](curvature * moved)
    return product


@each_format
@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.complex128])
def test_gauss_newton_products_are_those_of_the_dense_jacobian(name, dtype, rng):
    for shape in SHAPES if name == "cp" else [*SHAPES, (4,)]:
        model, tangent = (FORMATS[name](shape, rng, dtype) for _ in range(2))
        expected = dense_gauss_newton(model, tangent)
        assert_same(
            gauss_newton_vp(model, tangent), expected, 1e-4 if dtype == np.float32 else 1e-9
        )


@each_format
@pytest.mark.parametrize("layout", ["C", "F"])
@pytest.mark.parametrize("block", [None, 3])
def test_hessian_products_are_those_of_the_dense_loss(name, layout, block, rng, monkeypatch):
    from tenrso_ad.decomposition import least_squares

    if block:
        monkeypatch.setattr(least_squares, "BLOCK", block)
    for shape in SHAPES:
        model, tangent = (FORMATS[name](shape, rng) for _ in range(2))
        data = np.asarray(rng.random(shape), order=layout)
        mask, weights = rng.random(shape) < 0.7, rng.random(shape)
        mask[(0,) * len(shape)] = True
        holes = np.where(mask, data, np.nan)
        for loss, given, factor in [
            (None, (data,), np.ones(shape)),
            (None, (holes, mask, weights), mask * weights),
            (poisson, (data, None, weights), weights),
            (poisson, (holes, mask), 1.0 * mask),
        ]:

            def dense(m, x=data, loss=loss or squared, factor=factor):
                return tnp.sum(factor * loss(x, m.to_dense()))

            hessian = LossHessian(given[0], model, loss, *given[1:])
            assert_same(hessian(tangent), ta.hvp(dense, model, tangent))
            curvature = 2 * factor
            if loss is not None:
                m = model.to_dense()
                curvature = factor * (2 - data * (0.2 - 2 * m**2) / (m**2 + 0.1) ** 2)
            expected = dense_gauss_newton(model, tangent, curvature)
            assert_same(hessian.gauss_newton(tangent), expected)


@each_format
def test_data_may_be_sparse_or_a_model(name, rng):
    shape = (2, 3, 4)
    model, tangent = (FORMATS[name](shape, rng) for _ in range(2))
    dense = rng.normal(size=shape) * (rng.random(shape) < 0.4)
    sparse = SparseTensor(np.nonzero(dense), dense[np.nonzero(dense)], shape)
    assert_same(LossHessian(sparse, model)(tangent), LossHessian(dense, model)(tangent))
    for other in FORMATS:
        data = FORMATS[other](shape, rng)
        expected = LossHessian(data.to_dense(), model)(tangent)
        assert_same(LossHessian(data, model)(tangent), expected)


@each_format
def test_hessians_are_symmetric_and_agree_where_the_error_is_zero(name, rng):
    model, u, v = (FORMATS[name]((2, 3, 4), rng) for _ in range(3))

    def dot(a, b):
        pairs = zip(tree.leaves(a), tree.leaves(b), strict=True)
        return sum(np.vdot(x, y) for x, y in pairs)

    for hessian in (LossHessian(rng.normal(size=(2, 3, 4)), model), LossHessian(model, model)):
        assert dot(u, hessian(v)) == pytest.approx(dot(v, hessian(u)), rel=1e-9)
        assert dot(u, hessian.gauss_newton(u)) >= 0
    assert_same(hessian(v), hessian.gauss_newton(v), 1e-8)


@each_format
def test_products_differentiate_and_map(name, rng):
    model, tangent = (FORMATS[name]((2, 3, 2), rng) for _ in range(2))
    data, mask = rng.normal(size=(2, 3, 2)), rng.random((2, 3, 2)) < 0.6
    for product in (
        gauss_newton_vp,
        lambda m, v: LossHessian(data, m)(v),
        lambda m, v: LossHessian(data, m, None, mask)(v),
    ):
        assert ta.testing.check_gradients(product, (model, tangent), order=1)
        stacked = tree.map(lambda a, b: np.stack([a, b]), tangent, model)
        mapped = ta.vmap(product, in_axes=(None, 0))(model, stacked)
        assert_same(tree.map(lambda part: part[0], mapped), product(model, tangent))


def test_the_error_is_never_formed_whole(rng):
    import tracemalloc

    shape = (150, 140, 130)
    model, tangent = (FORMATS["cp"](shape, rng) for _ in range(2))
    data = rng.normal(size=shape)
    for hessian in (LossHessian(data, model), LossHessian(data, model, None, data > 0)):
        tracemalloc.start()
        hessian(tangent)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert peak < 0.6 * data.nbytes


def test_mistakes_are_named(rng):
    model = FORMATS["cp"]((2, 3), rng)
    with pytest.raises(ShapeError, match=r"gauss_newton_vp: wanted a tangent like CPTensor"):
        gauss_newton_vp(model, FORMATS["cp"]((2, 3), rng, rank=3))
    with pytest.raises(ShapeError, match=r"got TuckerTensor\(shape=\(2, 3\)"):
        gauss_newton_vp(model, FORMATS["tucker"]((2, 3), rng))
    with pytest.raises(ArgumentError, match="gauss_newton_vp: wanted a CPTensor"):
        gauss_newton_vp(np.ones(3), model)
    with pytest.raises(ArgumentError, match="want a dense tensor, got a CPTensor"):
        LossHessian(model, model, poisson)
    with pytest.raises(DTypeError, match="LossHessian: wanted a mask of booleans"):
        LossHessian(np.ones((2, 3)), model, mask=np.ones((2, 3)))
    with pytest.raises(ShapeError, match="LossHessian: wanted a tensor of the model's shape"):
        LossHessian(np.ones((3, 2)), CPTensor(None, model.factors))
