"""Losses of decomposed tensors: derivatives against PyTorch's of the dense formula."""

import numpy as np
import pytest
import torch

import tenrso_ad as ta
from tenrso_ad.decomposition import LossHessian, gauss_newton_vp, inner, squared_error
from tenrso_ad.engine import tree
from tests.decomposition.models.making import FORMATS

pytestmark = pytest.mark.interop
SHAPE = (3, 4, 2)
DENSE = {
    "cp": "z,az,bz,cz->abc",
    "tucker": "xyz,ax,by,cz->abc",
    "train": "uav,vbw,wcu->abc",
    "ring": "uav,vbw,wcu->abc",
}
LOSSES = {
    "squared": lambda x, m: (x - m) ** 2,
    "logistic": lambda x, m: torch.nn.functional.softplus(m) - x * m,
}
OURS = {"squared": None, "logistic": lambda x, m: ta.numpy.softplus(m) - x * m}


def problem(name):
    rng = np.random.default_rng(0)
    model, tangent = (FORMATS[name](SHAPE, rng) for _ in range(2))
    return model, tangent, rng.normal(size=SHAPE), rng.random(SHAPE) < 0.6, rng.random(SHAPE)


def theirs(model):
    return [torch.tensor(part, requires_grad=True) for part in tree.leaves(model)]


def assert_same(ours, expected):
    for a, b in zip(tree.leaves(ours), expected, strict=True):
        np.testing.assert_allclose(a, b.detach().numpy(), rtol=1e-9, atol=1e-10)


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("loss", LOSSES)
def test_gradients_and_hessian_products(name, masked, loss):
    model, tangent, data, mask, weights = problem(name)
    factor = torch.tensor(mask * weights if masked else np.ones(SHAPE))

    def total(*parts):
        dense = torch.einsum(DENSE[name], *parts)
        return torch.sum(factor * LOSSES[loss](torch.tensor(data), dense))

    parts = tuple(theirs(model))
    along = tuple(torch.tensor(part) for part in tree.leaves(tangent))
    given = {"mask": mask, "weights": weights} if masked else {}
    if loss == "squared":
        value, gradient = ta.value_and_grad(lambda m: squared_error(data, m, **given))(model)
        assert value == pytest.approx(total(*parts).item(), rel=1e-11)
        assert_same(gradient, torch.autograd.grad(total(*parts), parts))
    hessian = LossHessian(data, model, OURS[loss], **given)
    assert_same(hessian(tangent), torch.autograd.functional.hvp(total, parts, along)[1])


@pytest.mark.parametrize("name", FORMATS)
def test_gauss_newton_products_and_inner_products(name):
    model, tangent, *_ = problem(name)
    parts = tuple(theirs(model))
    along = tuple(torch.tensor(part) for part in tree.leaves(tangent))

    def dense(*parts):
        return torch.einsum(DENSE[name], *parts)

    _, moved = torch.autograd.functional.jvp(dense, parts, along)
    _, expected = torch.autograd.functional.vjp(dense, parts, moved)
    assert_same(gauss_newton_vp(model, tangent), expected)
    for other in FORMATS:
        tensor = FORMATS[other](SHAPE, np.random.default_rng(1))
        product = torch.sum(torch.tensor(tensor.to_dense()) * dense(*parts))
        expected = torch.autograd.grad(product, parts)
        assert_same(ta.grad(lambda m, tensor=tensor: inner(tensor, m))(model), expected)


@pytest.mark.parametrize("name", FORMATS)
def test_parts_may_be_arrays_of_torch(name):
    model, _, data, _, _ = problem(name)
    foreign = tree.map(torch.tensor, model)
    gradient = ta.grad(lambda m: squared_error(torch.tensor(data), m))(foreign)
    assert all(isinstance(part, torch.Tensor) for part in tree.leaves(gradient))
    assert_same(ta.grad(lambda m: squared_error(data, m))(model), tree.leaves(gradient))
    np.testing.assert_allclose((foreign + foreign).to_dense(), 2 * model.to_dense())
    np.testing.assert_allclose(foreign.to_tt().to_dense(), model.to_dense())
