"""Losses of models and other programs that the compiler was not tuned on, written once for all.

They are as those of `problems`; the namespace has `softmax` and `logsumexp` besides NumPy's names.
"""

import numpy as np


def cross_entropy(batch, normal):
    """A classifier with one hidden layer."""
    labels = np.eye(10, dtype=normal(1).dtype)[np.arange(batch) % 10]

    def loss(xp, x, w1, b1, w2, b2):
        logits = xp.matmul(xp.tanh(xp.matmul(x, w1) + b1), w2) + b2
        likelihood = xp.sum(xp.asarray(labels) * logits, axis=1) - xp.logsumexp(logits, axis=1)
        return -xp.mean(likelihood, axis=0)

    return loss, [normal(batch, 64), normal(64, 128) / 8, normal(128), normal(128, 10), normal(10)]


def logistic_regression(batch, normal):
    signs = np.sign(normal(batch))

    def loss(xp, x, w, b):
        margins = xp.asarray(signs) * (xp.matmul(x, w) + b)
        return xp.mean(xp.log1p(xp.exp(-margins)), axis=0) + 0.01 * xp.sum(w * w)

    return loss, [normal(batch, 50), normal(50), normal(1)]


def layer_norm(rows, normal):
    def loss(xp, x, gain, shift, weight):
        centred = x - xp.mean(x, axis=1)[:, None]
        scale = xp.sqrt(xp.mean(centred * centred, axis=1) + 1e-5)
        return xp.sum((centred / scale[:, None] * gain + shift) * weight)

    return loss, [normal(rows, 128), normal(128), normal(128), normal(rows, 128)]


def attention(length, normal, heads=1, causal=False):
    mask = np.triu(np.full((length, length), -1e9, normal(1).dtype), 1)

    def loss(xp, q, k, v, weight):
        scores = xp.einsum("hid,hjd->hij", q, k) / 4.0
        if causal:
            scores = scores + xp.asarray(mask)
        mixed = xp.einsum("hij,hjd->hid", xp.softmax(scores, axis=2), v)
        return xp.sum(mixed * weight)

    return loss, [normal(heads, length, 16) for _ in range(4)]


def attention_heads(length, normal):
    return attention(length, normal, heads=8)


def attention_causal(length, normal):
    return attention(length, normal, heads=8, causal=True)


def rosenbrock(n, normal):
    def loss(xp, x):
        head, tail = x[:-1], x[1:]
        return xp.sum(100.0 * (tail - head * head) ** 2 + (1.0 - head) ** 2)

    return loss, [normal(n)]


def mixture(points, normal):
    """Log-likelihood of five Gaussians in two dimensions, with scales along the axes."""

    def loss(xp, x, weights, means, log_scales):
        z = (x[:, None, :] - means) * xp.exp(-log_scales)
        density = -0.5 * xp.sum(z * z, axis=2) - xp.sum(log_scales, axis=1)
        log_weights = weights - xp.logsumexp(weights, axis=0)
        return xp.mean(xp.logsumexp(density + log_weights, axis=1), axis=0)

    return loss, [normal(points, 2), normal(5), normal(5, 2), 0.1 * normal(5, 2)]


def mixture_full(points, normal):
    """The same with full covariances, by triangular factors of their inverses."""

    def loss(xp, x, weights, means, factors):
        precisions = xp.einsum("kab,kcb->kac", factors, factors) + xp.asarray(eye)
        roots = xp.linalg.cholesky(precisions)
        z = xp.einsum("nka,kab->nkb", x[:, None, :] - means, roots)
        log_det = xp.sum(xp.log(xp.einsum("kaa->ka", roots)), axis=1)
        density = log_det - 0.5 * xp.sum(z * z, axis=2) + weights - xp.logsumexp(weights, axis=0)
        return xp.mean(xp.logsumexp(density, axis=1), axis=0)

    eye = np.eye(4, dtype=normal(1).dtype)
    return loss, [normal(points, 4), normal(5), normal(5, 4), normal(5, 4, 4)]


def lorenz(batch, normal):
    """Twenty steps of the classical Runge-Kutta method."""

    def slope(x, y, z):
        return 10.0 * (y - x), x * (28.0 - z) - y, x * y - (8.0 / 3.0) * z

    def moved(state, along, h):
        return [s + h * a for s, a in zip(state, along, strict=True)]

    def loss(xp, *state):
        h = 0.01
        for _ in range(20):
            a = slope(*state)
            b = slope(*moved(state, a, h / 2))
            c = slope(*moved(state, b, h / 2))
            d = slope(*moved(state, c, h))
            state = [
                s + (h / 6) * (i + 2.0 * j + 2.0 * k + m)
                for s, i, j, k, m in zip(state, a, b, c, d, strict=True)
            ]
        return xp.sum(state[0] * state[0] + state[1] * state[2])

    return loss, [normal(batch) for _ in range(3)]


def matrix_product_state(sites, normal, bond=16):
    """Logarithm of the squared norm."""

    def loss(xp, *cores):
        left = xp.einsum("aib,aic->bc", cores[0], cores[0])
        for core in cores[1:]:
            left = xp.einsum("ab,aic,bid->cd", left, core, core)
        return xp.log(xp.sum(left))

    inner = [normal(bond, 2, bond) / (2 * bond) ** 0.5 for _ in range(sites - 2)]
    return loss, [normal(1, 2, bond), *inner, normal(bond, 2, 1)]


def stencil(n, normal):
    """Energy of a field on a grid."""

    def loss(xp, u):
        down, right = u[1:, :] - u[:-1, :], u[:, 1:] - u[:, :-1]
        potential = (u * u - 1.0) ** 2
        return 0.5 * xp.sum(down * down) + 0.5 * xp.sum(right * right) + 0.25 * xp.sum(potential)

    return loss, [normal(n, n)]


def gaussian_process(points, normal):
    """Negative log marginal likelihood, with the length and the noise as parameters."""
    eye = np.eye(points, dtype=normal(1).dtype)

    def loss(xp, x, y, log_length, log_noise):
        far = (x[:, None] - x[None, :]) * xp.exp(-log_length)
        kernel = xp.exp(-0.5 * far * far) + xp.asarray(eye) * (xp.exp(log_noise) + 0.01)
        root = xp.linalg.cholesky(kernel)
        fit = xp.sum(y * xp.linalg.solve(kernel, y))
        return 0.5 * fit + xp.sum(xp.log(xp.einsum("ii->i", root)))

    return loss, [normal(points), normal(points), 0.1 * normal(1), 0.1 * normal(1)]


def convolution(size, normal):
    """Windows of 3 x 3 by slices, then a product; relu."""

    def loss(xp, images, kernels, bias):
        out = bias[:, None, None]
        for i in range(3):
            for j in range(3):
                window = images[:, :, i : i + size - 2, j : j + size - 2]
                out = out + xp.einsum("nchw,oc->nohw", window, kernels[:, :, i, j])
        return xp.sum(xp.maximum(out, 0.0) ** 2)

    return loss, [normal(4, 3, size, size), normal(8, 3, 3, 3), normal(8)]


MODELS = {
    "cross_entropy": ((32, 512), cross_entropy),
    "logistic_regression": ((100, 10_000), logistic_regression),
    "layer_norm": ((32, 1_024), layer_norm),
    "attention": ((32, 128), attention),
    "attention_heads": ((32, 128), attention_heads),
    "attention_causal": ((32, 128), attention_causal),
    "rosenbrock": ((100, 10_000, 1_000_000), rosenbrock),
    "mixture": ((1_000, 20_000), mixture),
    "mixture_full": ((1_000, 20_000), mixture_full),
    "lorenz": ((10, 1_000), lorenz),
    "matrix_product_state": ((20, 40), matrix_product_state),
    "stencil": ((50, 500), stencil),
    "gaussian_process": ((50, 200), gaussian_process),
    "convolution": ((16, 64), convolution),
}
