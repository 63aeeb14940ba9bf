"""The problems that are timed: scalar losses written once, for any array namespace.

A problem's loss takes a namespace `xp` with NumPy's names and then its arrays; what is timed is
its value together with the gradient in every one of those arrays.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from .models import MODELS

Loss = Callable[..., Any]
Build = Callable[[int, Callable[..., np.ndarray]], tuple[Loss, list[np.ndarray]]]


@dataclass(frozen=True)
class Group:
    """One kind of problem in several sizes; `build(size, normal)` gives a loss and its arrays."""

    sizes: tuple[int, ...]
    build: Build


def einsum_matmul(n, normal):
    def loss(xp, left, right, weight):
        return xp.sum(weight * xp.einsum("ik,kj->ij", left, right))

    return loss, [normal(n, n) for _ in range(3)]


def einsum_contraction(n, normal):
    def loss(xp, left, right, weight):
        return xp.sum(weight * xp.einsum("iab,abj->ij", left, right))

    return loss, [normal(n, n, n), normal(n, n, n), normal(n, n)]


def elementwise_cube(n, normal):
    return lambda xp, x: xp.sum(x * x * x), [normal(n)]


def elementwise_tanh(n, normal):
    return lambda xp, x: xp.sum(x * xp.tanh(x)), [normal(n)]


def reduction(n, normal):
    def loss(xp, matrix, weight):
        return xp.sum(matrix) + xp.sum(weight * xp.mean(matrix, axis=1))

    return loss, [normal(n, n), normal(n)]


def cp_reconstruction(rank, normal):
    def loss(xp, a, b, c, weight):
        return xp.sum(weight * xp.einsum("ir,jr,kr->ijk", a, b, c))

    return loss, [normal(50, rank), normal(50, rank), normal(40, rank), normal(50, 50, 40)]


def tucker_reconstruction(rank, normal):
    def loss(xp, core, a, b, c, weight):
        return xp.sum(weight * xp.einsum("abc,ia,jb,kc->ijk", core, a, b, c))

    factors = [normal(30, rank) for _ in range(3)]
    return loss, [normal(rank, rank, rank), *factors, normal(30, 30, 30)]


def graph_arithmetic(n, normal):
    def loss(xp, a, b):
        return xp.sum(a * (a + b) - b / (1.0 + a * a))

    return loss, [normal(n), normal(n)]


def neural_layer(batch, normal):
    def loss(xp, weight, bias, inputs):
        return xp.sum(xp.maximum(xp.matmul(inputs, weight) + bias, 0.0))

    return loss, [normal(128, 64), normal(64), normal(batch, 128)]


def deep_network(layers, normal):
    def loss(xp, hidden, *weights):
        for weight in weights:
            hidden = xp.tanh(xp.matmul(hidden, weight))
        return xp.sum(hidden)

    return loss, [normal(32, 64), *(normal(64, 64) / 8 for _ in range(layers))]


def chain(length, normal):
    def loss(xp, x):
        for _ in range(length):
            x = xp.sin(x)
        return xp.sum(x)

    return loss, [normal(3)]


def activations(n, normal):
    def loss(xp, x):
        sigmoid = 1.0 / (1.0 + xp.exp(-x))
        return xp.sum(xp.maximum(x, 0.0)) + xp.sum(sigmoid) + xp.sum(xp.tanh(x))

    return loss, [normal(n)]


def unused_work(batch, normal):
    def loss(xp, weight, bias, inputs):
        xp.tanh(inputs)
        xp.exp(inputs)
        return xp.sum(xp.maximum(xp.matmul(inputs, weight) + bias, 0.0))

    return loss, [normal(64, 128), normal(128), normal(batch, 64)]


def long_sum(terms, normal):
    def loss(xp, total, *rest):
        for term in rest:
            total = total + term
        return xp.sum(total)

    return loss, [normal(3) for _ in range(terms)]


GROUPS = {
    "einsum_matmul": Group((16, 64, 256), einsum_matmul),
    "einsum_contraction": Group((8, 16, 32, 64), einsum_contraction),
    "elementwise_cube": Group((1_000, 10_000, 100_000, 1_000_000), elementwise_cube),
    "elementwise_tanh": Group((1_000, 10_000, 100_000, 1_000_000), elementwise_tanh),
    "reduction": Group((100, 500, 1_000, 2_000), reduction),
    "cp_reconstruction": Group((8, 16, 32, 64), cp_reconstruction),
    "tucker_reconstruction": Group((4, 8, 16), tucker_reconstruction),
    "graph_arithmetic": Group((100, 1_000, 10_000), graph_arithmetic),
    "neural_layer": Group((1, 16, 64), neural_layer),
    "deep_network": Group((5, 10, 20), deep_network),
    "chain": Group((10, 50, 200), chain),
    "activations": Group((1_000, 10_000, 100_000), activations),
    "unused_work": Group((32,), unused_work),
    "long_sum": Group((10, 50, 100), long_sum),
}

OTHER_SIZES = {
    "einsum_matmul": (24, 100, 300),
    "einsum_contraction": (12, 48),
    "elementwise_cube": (3_000, 30_000, 300_000),
    "elementwise_tanh": (3_000, 30_000, 300_000),
    "reduction": (30, 300),
    "cp_reconstruction": (5, 24),
    "tucker_reconstruction": (6, 12),
    "graph_arithmetic": (3_000, 300_000),
    "neural_layer": (8, 256),
    "deep_network": (3, 12),
    "chain": (30, 100),
    "activations": (3_000, 300_000),
    "unused_work": (100,),
    "long_sum": (30,),
}
"""Of the same problems, sizes that nobody looked at while the compiler was made."""


def _cases(sizes: dict[str, tuple[int, ...]], *dtypes: str) -> tuple[str, ...]:
    return tuple(f"{name}/{n}{end}" for end in dtypes for name, ns in sizes.items() for n in ns)


CASES = _cases({name: group.sizes for name, group in GROUPS.items()}, "")
MODEL_CASES = _cases({name: sizes for name, (sizes, _) in MODELS.items()}, "", "/float32")
SIZE_CASES = _cases(OTHER_SIZES, "", "/float32")
SETS = {"problems": CASES, "models": MODEL_CASES, "sizes": SIZE_CASES}
"""Cases by name; those that end in ``/float32`` have arrays of it, the others float64."""

BUILDERS: dict[str, Build] = {
    **{name: group.build for name, group in GROUPS.items()},
    **{name: build for name, (_, build) in MODELS.items()},
}


def problem(case: str) -> tuple[Loss, list[np.ndarray]]:
    """Return the loss and the arrays of a case such as ``"chain/50"``: the same at every call."""
    name, size, *rest = case.split("/")
    dtype = rest[0] if rest else "float64"
    rng = np.random.default_rng(0)
    loss, arrays = BUILDERS[name](
        int(size), lambda *shape: rng.standard_normal(shape).astype(dtype)
    )
    return loss, [np.asarray(a, dtype) for a in arrays]
