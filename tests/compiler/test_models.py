"""Losses of real models, compiled, against themselves uncompiled: values and all gradients.

All of them run with interpreted kernels; those of `NATIVE` with native kernels.
"""

import numpy as np
import pytest

import tenrso_ad as ta
import tenrso_ad.numpy as tnp
from benchmarks.suite import models
from tenrso_ad.engine import tree
from tests.compiler.interpreter import interpreted

R = np.random.default_rng(4)


def normal(*shape):
    return R.standard_normal(shape)


def cross_entropy(w1, b1, w2, b2, x, one_hot):
    logits = tnp.tanh(x @ w1 + b1) @ w2 + b2
    return -tnp.mean(tnp.sum(one_hot * (logits - tnp.logsumexp(logits, 1, keepdims=True)), 1))


def layer_norm(x, gain, shift, weight):
    centred = x - tnp.mean(x, axis=-1, keepdims=True)
    scale = tnp.sqrt(tnp.mean(centred * centred, axis=-1, keepdims=True) + 1e-5)
    return tnp.sum((centred / scale * gain + shift) * weight)


def attention(q, k, v, weight):
    scores = tnp.einsum("...id,...jd->...ij", q, k) / q.shape[-1] ** 0.5
    return tnp.sum(tnp.einsum("...ij,...jd->...id", tnp.softmax(scores, axis=-1), v) * weight)


def rosenbrock(x):
    return tnp.sum(100.0 * (x[1:] - x[:-1] ** 2) ** 2 + (1.0 - x[:-1]) ** 2)


def mixture(x, weights, means, log_scales):
    z = (x[:, None] - means) * tnp.exp(-log_scales)
    log_density = -0.5 * tnp.sum(z * z, -1) - tnp.sum(log_scales, -1)
    return tnp.mean(tnp.logsumexp(log_density + tnp.log_softmax(weights, axis=0), axis=1))


def pendulum(state, parameters):
    angle, speed = state[0], state[1]
    return tnp.stack([speed, -parameters[0] * tnp.sin(angle) - parameters[1] * speed])


def runge_kutta(steps):
    def loss(state, parameters):
        h = 0.05
        for _ in range(steps):
            a = pendulum(state, parameters)
            b = pendulum(state + 0.5 * h * a, parameters)
            c = pendulum(state + 0.5 * h * b, parameters)
            d = pendulum(state + h * c, parameters)
            state = state + (h / 6) * (a + 2 * b + 2 * c + d)
        return tnp.sum(state * state)

    return loss


def train_of_tensors(*cores):
    """Squared norm of a matrix product state."""
    left = np.ones((1, 1), cores[0].dtype)
    for core in cores:
        left = tnp.einsum("ab,aic,bid->cd", left, core, core)
    return tnp.log(left[0, 0])


def logistic(w, b, x, y):
    return tnp.mean(tnp.softplus(-y * (x @ w + b))) + 0.01 * tnp.sum(w * w)


def cp(a, b, c, data):
    return tnp.sum((data - tnp.einsum("ir,jr,kr->ijk", a, b, c)) ** 2)


def tucker(core, a, b, c, data):
    return tnp.sum((data - tnp.einsum("pqr,ip,jq,kr->ijk", core, a, b, c)) ** 2)


def convolution(images, kernels, bias):
    """Patches by slices, then a product: two channels in, three out."""
    high, wide = images.shape[-2] - 2, images.shape[-1] - 2
    patches = tnp.stack(
        [images[..., i : i + high, j : j + wide] for i in range(3) for j in range(3)], axis=2
    )
    out = tnp.einsum("ncphw,ocp->nohw", patches, kernels) + bias[:, None, None]
    return tnp.sum(tnp.maximum(out, 0.0) ** 2)


CORES = [normal(1, 2, 3), *(normal(3, 2, 3) / 2 for _ in range(18)), normal(3, 2, 1)]
MODELS = {
    "cross-entropy": (
        cross_entropy,
        [
            normal(4, 6),
            normal(6),
            normal(6, 3),
            normal(3),
            normal(5, 4),
            np.eye(3)[[0, 2, 1, 1, 0]],
        ],
    ),
    "layer norm": (layer_norm, [normal(4, 6), normal(6), normal(6), normal(4, 6)]),
    "attention": (attention, [normal(5, 4), normal(3, 4), normal(3, 2), normal(5, 2)]),
    "attention, heads": (
        attention,
        [normal(2, 3, 5, 4), normal(2, 3, 6, 4), normal(2, 3, 6, 2), normal(2, 3, 5, 2)],
    ),
    "rosenbrock": (rosenbrock, [normal(10)]),
    "mixture": (mixture, [normal(7, 2), normal(3), normal(3, 2), 0.1 * normal(3, 2)]),
    "one step": (runge_kutta(1), [normal(2), np.array([9.8, 0.3])]),
    "many steps": (runge_kutta(20), [normal(2), np.array([9.8, 0.3])]),
    "tensor train": (train_of_tensors, CORES),
    "logistic": (logistic, [normal(4), normal(), normal(9, 4), np.sign(normal(9))]),
    "cp": (cp, [normal(4, 2), normal(5, 2), normal(3, 2), normal(4, 5, 3)]),
    "tucker": (
        tucker,
        [normal(2, 3, 2), normal(4, 2), normal(5, 3), normal(3, 2), normal(4, 5, 3)],
    ),
    "convolution": (convolution, [normal(2, 2, 5, 6), normal(3, 2, 9), normal(3)]),
}


def of_benchmarks(build, size):
    """A model of the benchmarks, small."""
    loss, arrays = build(size, normal)
    return (lambda *xs: loss(tnp, *xs)), arrays


MODELS |= {
    "causal attention": of_benchmarks(models.attention_causal, 5),
    "full mixture": of_benchmarks(models.mixture_full, 6),
    "lorenz": of_benchmarks(models.lorenz, 2),
    "stencil": of_benchmarks(models.stencil, 6),
    "gaussian process": of_benchmarks(models.gaussian_process, 5),
}
NATIVE = [
    "gaussian process",
    "stencil",
    "full mixture",
    "cross-entropy",
    "attention, heads",
    "mixture",
    "convolution",
    "layer norm",
]


def agree(name, dtype):
    """Value and gradients; returns the graph."""
    f, operands = MODELS[name]
    args = [np.asarray(a, dtype) for a in operands]
    both = ta.value_and_grad(f, argnums=tuple(range(len(args))))
    compiled = ta.compile(both)
    rounding = 1e-10 if dtype is np.float64 else 2e-4
    pairs = zip(tree.leaves(compiled(*args)), tree.leaves(both(*args)), strict=True)
    for got, want in pairs:
        assert (got.dtype, got.shape) == (want.dtype, want.shape)
        np.testing.assert_allclose(
            got, want, rtol=rounding, atol=rounding * np.max(np.abs(want), initial=1e-6)
        )
    return compiled.graphs[0]


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("name", MODELS)
def test_compiled_models_agree(name, dtype):
    with interpreted():
        agree(name, dtype)


@pytest.mark.parametrize("name", NATIVE)
def test_native_models_agree(name):
    agree(name, np.float64)
    agree(name, np.float32)


# what a model may call besides kernels and products of matrices
@pytest.mark.parametrize("name", ["cross-entropy", "layer norm", "attention", "logistic"])
def test_nothing_else_is_called(name):
    with interpreted():
        graph = agree(name, np.float64)
    assert set(graph.counts()) <= {"fused", "contract", "transpose", "reshape", "broadcast_to"}


def test_products_with_the_hessian_of_many_variables():
    x, v = normal(1000), normal(1000)
    with interpreted():
        product = ta.compile(lambda x, v: ta.hvp(rosenbrock, x, v))(x, v)
    i = np.arange(1000)
    diagonal = np.where(i < 999, 1200 * x**2 - 400 * np.append(x[1:], 0) + 2, 0) + 200 * (i > 0)
    beside = -400 * x[:-1]
    expected = diagonal * v
    expected[:-1] += beside * v[1:]
    expected[1:] += beside * v[:-1]
    np.testing.assert_allclose(product, expected, rtol=1e-11)
