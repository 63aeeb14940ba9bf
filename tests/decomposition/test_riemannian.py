"""Tangents of tensors of fixed rank, against projectors built from the dense Jacobian."""

import numpy as np
import pytest

import tenrso_ad as ta
import tenrso_ad.numpy as tnp
from tenrso_ad.decomposition import (
    TTTangent,
    TTTensor,
    TuckerTangent,
    grassmann_gradient,
    project,
    riemannian_gradient,
    squared_error,
)
from tenrso_ad.engine import tree
from tenrso_ad.engine.errors import ArgumentError, ShapeError
from tests.decomposition.models.making import FORMATS, draw, train, tucker

MAKERS = {"train": train, "tucker": lambda *a, **k: tucker(*a, ranks=(2, 2, 2, 2), **k)}
SHAPES = [(4,), (4, 3), (3, 4, 3), (2, 3, 4, 3)]
each_format = pytest.mark.parametrize("name", MAKERS)


def dense_projector(model):
    """The orthogonal projector on the range of the Jacobian of the dense tensor."""
    holomorphic = model.dtype.kind == "c"
    jacobian = ta.jacfwd(lambda m: m.to_dense().reshape(-1), holomorphic=holomorphic)(model)
    columns = [part.reshape(len(part), -1) for part in tree.leaves(jacobian)]
    left, values, _ = np.linalg.svd(np.concatenate(columns, axis=1), full_matrices=False)
    basis = left[:, values > 1e-10 * values[0]]
    return basis @ basis.conj().T


@each_format
@pytest.mark.parametrize("dtype", [np.float64, np.complex128])
def test_projections_are_those_on_the_range_of_the_jacobian(name, dtype, rng):
    for shape in SHAPES:
        model, dense = MAKERS[name](shape, rng, dtype=dtype), draw(rng, shape, dtype)
        tangent = project(model, dense)
        expected = (dense_projector(model) @ dense.ravel()).reshape(shape)
        found = tangent.to_model().to_dense()
        np.testing.assert_allclose(found, expected, rtol=1e-8, atol=1e-9)
        np.testing.assert_allclose(tangent.point.to_dense(), model.to_dense(), atol=1e-10)
        assert tangent.norm() == pytest.approx(np.linalg.norm(expected))
        again = project(tangent.point, found)
        np.testing.assert_allclose(again.to_model().to_dense(), expected, rtol=1e-8, atol=1e-9)
        fortran = project(model, np.asfortranarray(dense)).to_model().to_dense()
        np.testing.assert_allclose(fortran, expected, rtol=1e-8, atol=1e-9)


@each_format
@pytest.mark.parametrize("other", FORMATS)
def test_models_are_projected_without_being_formed(name, other, rng):
    for shape in SHAPES[1:]:
        model, tensor = MAKERS[name](shape, rng), FORMATS[other](shape, rng)
        expected = project(model, tensor.to_dense()).to_model().to_dense()
        np.testing.assert_allclose(
            project(model, tensor).to_model().to_dense(), expected, atol=1e-9
        )


@each_format
def test_the_gradient_of_a_function_is_the_projected_gradient(name, rng):
    shape = (3, 4, 3)
    model, data = MAKERS[name](shape, rng), rng.normal(size=shape)
    other = FORMATS["cp"](shape, rng)

    def function(m):
        return squared_error(data, m) + tnp.sin(ta.decomposition.inner(other, m))

    slope = ta.grad(lambda y: tnp.sum((data - y) ** 2) + tnp.sin(tnp.sum(other.to_dense() * y)))
    expected = project(model, slope(model.to_dense()))
    found = riemannian_gradient(function, model)
    for ours, wanted in zip(tree.leaves(found), tree.leaves(expected), strict=True):
        np.testing.assert_allclose(ours, wanted, rtol=1e-8, atol=1e-9)
    assert type(found) is {"train": TTTangent, "tucker": TuckerTangent}[name]


@each_format
def test_gauge_inner_product_and_arithmetic(name, rng):
    model = MAKERS[name]((3, 4, 3), rng)
    a, b = (project(model, rng.normal(size=(3, 4, 3))) for _ in range(2))
    x, y = a.to_model().to_dense(), b.to_model().to_dense()
    assert a.inner(b) == pytest.approx(np.vdot(x, y))
    np.testing.assert_allclose((-2 * a).to_model().to_dense(), -2 * x, atol=1e-12)
    if name == "train":
        for left, delta in zip(a.lefts[:-1], a.deltas[:-1], strict=True):
            np.testing.assert_allclose(np.einsum("aib,aic->bc", left, delta), 0, atol=1e-12)
    else:
        for factor, change in zip(a.point.factors, a.factors, strict=True):
            np.testing.assert_allclose(factor.T @ change, 0, atol=1e-12)


@each_format
def test_a_retraction_follows_the_tangent_to_first_order(name, rng):
    model = MAKERS[name]((3, 4, 3), rng)
    tangent = project(model, rng.normal(size=(3, 4, 3)))
    start, direction = model.to_dense(), tangent.to_model().to_dense()
    errors = []
    for step in (1e-2, 1e-3):
        moved = tangent.retract(step)
        assert moved.ranks == tangent.point.ranks
        errors.append(np.linalg.norm(moved.to_dense() - start - step * direction))
    assert errors[1] < 0.02 * errors[0]
    np.testing.assert_allclose(tangent.retract(0.0).to_dense(), start, atol=1e-10)


@each_format
def test_descent_along_the_manifold_finds_a_tensor_of_its_ranks(name, rng):
    data = MAKERS[name]((4, 5, 4), rng).to_dense()
    model = MAKERS[name]((4, 5, 4), np.random.default_rng(1))
    for _ in range(300):
        gradient = riemannian_gradient(lambda m: squared_error(data, m), model)
        model = gradient.retract(-0.4)
    assert squared_error(data, model, residual=True) < 1e-8 * np.sum(data**2)


def test_float32_is_kept(rng):
    for make in MAKERS.values():
        model = make((3, 4, 3), rng, dtype=np.float32)
        tangent = project(model, rng.normal(size=(3, 4, 3)).astype(np.float32))
        parts = tree.leaves((tangent, -0.5 * tangent, tangent.retract(0.1), tangent.norm()))
        assert {part.dtype for part in parts} == {np.dtype(np.float32)}


def test_ranks_above_what_the_shape_allows_fall(rng):
    cores = [rng.normal(size=s) for s in ((1, 2, 5), (5, 2, 4), (4, 2, 1))]
    tangent = project(TTTensor(cores), rng.normal(size=(2, 2, 2)))
    assert tangent.point.ranks == (1, 2, 2, 1)


def test_projections_differentiate(rng):
    dense = rng.normal(size=(3, 3, 2))
    for make in MAKERS.values():
        model = make((3, 3, 2), rng)
        assert ta.testing.check_gradients(
            lambda m, x: project(m, x).to_model().to_dense(), (model, dense), order=1
        )


@pytest.mark.parametrize("dtype", [np.float64, np.complex128])
def test_the_gradient_on_grassmannians(dtype, rng):
    shape, ranks = (4, 3, 5), (2, 2, 3)
    data = draw(rng, shape, dtype)
    pairs = list(zip(shape, ranks, strict=True))
    factors = tuple(np.linalg.qr(draw(rng, pair, dtype)).Q for pair in pairs)

    def error(factors):
        core = data
        for factor in factors:  # each goes from the front to the back
            core = tnp.tensordot(core, tnp.conj(factor), axes=(0, 0))
        return (np.linalg.norm(data) ** 2 - tnp.sum(tnp.abs(core) ** 2)) / 2

    slopes = ta.grad(error)(factors)
    for found, factor, slope in zip(
        grassmann_gradient(data, factors), factors, slopes, strict=True
    ):
        expected = slope - factor @ (factor.conj().T @ slope)
        np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-10)


def test_mistakes_are_named(rng):
    model = FORMATS["cp"]((3, 4), rng)
    with pytest.raises(ArgumentError, match=r"project: wanted a TTTensor or a Tucker.*, got a CP"):
        project(model, np.ones((3, 4)))
    with pytest.raises(ArgumentError, match="riemannian_gradient: wanted a TTTensor"):
        riemannian_gradient(lambda m: m.norm(), model)
    with pytest.raises(ShapeError, match="project: wanted a tensor of the model's shape"):
        project(train((3, 4), rng), np.ones((4, 3)))
    with pytest.raises(ShapeError, match=r"shape \(3, 4\) takes one factor .* got \(4, 1\), \(3"):
        grassmann_gradient(np.ones((3, 4)), [np.ones((4, 1)), np.ones((3, 1))])
