"""Losses of generalised CP against PyTorch's autograd on dense formulas, and against pyttb."""

import math

import numpy as np
import pytest

import tenrso_ad as ta
from tenrso_ad.decomposition import CPTensor, SparseTensor, elementwise_loss, gcp
from tenrso_ad.decomposition.elementwise_losses import EPS, LOSSES

pytestmark = pytest.mark.interop

SHAPE, RANK = (4, 3, 5), 2


def torch_losses():
    import torch

    def huber(x, m):
        return torch.where(abs(x - m) < 1, (x - m) ** 2, 2 * abs(x - m) - 1)

    return {
        "gaussian": lambda x, m: (x - m) ** 2,
        "poisson": lambda x, m: m - x * torch.log(m + EPS),
        "poisson_log": lambda x, m: torch.exp(m) - x * m,
        "bernoulli_odds": lambda x, m: torch.log(m + 1) - x * torch.log(m + EPS),
        "bernoulli_logit": lambda x, m: torch.log(1 + torch.exp(m)) - x * m,
        "gamma": lambda x, m: x / (m + EPS) + torch.log(m + EPS),
        "rayleigh": lambda x, m: 2 * torch.log(m + EPS) + math.pi / 4 * (x / (m + EPS)) ** 2,
        "huber": huber,
        "negative_binomial": lambda x, m: (1 + x) * torch.log(1 + m) - x * torch.log(m + EPS),
        "beta": lambda x, m: 2 * (m + EPS) ** 0.5 + 2 * x * (m + EPS) ** -0.5,
        "zero_truncated_poisson": lambda x, m: (
            m - x * torch.log(m + EPS) + torch.log(1 - torch.exp(-m) + EPS)
        ),
    }


def problem():
    rng = np.random.default_rng(0)
    data = (rng.random(SHAPE) < 0.3).astype(float)
    draws = [[rng.random((n, RANK)) + 0.2 for n in SHAPE] for _ in range(2)]
    return data, *draws


@pytest.mark.parametrize("name", LOSSES)
def test_gradients_and_hessian_vector_products_of_torch(name):
    torch = pytest.importorskip("torch")
    data, factors, direction = problem()
    tensors = [torch.tensor(f, requires_grad=True) for f in factors]
    dense = torch.einsum("ir,jr,kr->ijk", *tensors)
    loss = torch_losses()[name](torch.tensor(data), dense).sum()
    gradient = torch.autograd.grad(loss, tensors, create_graph=True)
    slope = sum((g * torch.tensor(d)).sum() for g, d in zip(gradient, direction, strict=True))
    product = torch.autograd.grad(slope, tensors)
    for kind in (data, SparseTensor.from_array(data)):

        def ours(parts, kind=kind):
            return gcp(kind, CPTensor(None, parts), name)

        np.testing.assert_allclose(ours(factors), loss.item(), rtol=1e-12)
        for got, wanted in zip(ta.grad(ours)(factors), gradient, strict=True):
            np.testing.assert_allclose(got, wanted.detach().numpy(), rtol=1e-9, atol=1e-9)
        for got, wanted in zip(ta.hvp(ours, factors, direction), product, strict=True):
            np.testing.assert_allclose(got, wanted.numpy(), rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("name", LOSSES)
def test_values_and_gradients_of_pyttb(name):
    ttb = pytest.importorskip("pyttb")
    from pyttb.gcp import fg_setup, handles
    from pyttb.gcp.fg import evaluate

    of_pyttb = {"zero_truncated_poisson": handles.Objectives.ZT_POISSON}
    kind = of_pyttb.get(name) or handles.Objectives[name.upper()]
    parameter = {"huber": 0.6, "negative_binomial": 3.0, "beta": 0.3}.get(name)
    ours = {"huber": {"delta": 0.6}, "negative_binomial": {"trials": 3.0}, "beta": {"beta": 0.3}}
    loss = elementwise_loss(name, **ours.get(name, {}))
    data, factors, _ = problem()
    value, slope, lower = fg_setup.setup(kind, additional_parameter=parameter)
    theirs = ttb.tensor(data)
    model = ttb.ktensor([f.copy() for f in factors])
    total, gradients = evaluate(model, theirs, None, value, slope)
    function = ta.value_and_grad(lambda parts: gcp(data, CPTensor(None, parts), loss))
    found, gradient = function(factors)
    np.testing.assert_allclose(found, total, rtol=1e-9)
    assert loss.lower == lower
    if name == "negative_binomial":
        return  # pyttb's slope has (trials + 1) / (1 + m) where (trials + x) / (1 + m) is right
    for got, wanted in zip(gradient, gradients, strict=True):
        np.testing.assert_allclose(got, wanted, rtol=1e-8, atol=1e-8)
