"""Measure what recording costs: our own Python per operation, forward and backward.

    python benchmarks/recording.py

Chains of an operation on arrays of three elements are differentiated, and the same NumPy calls are
made by hand; the difference, divided by the length of the chain, is printed. The two are timed in
turn, and the fastest of many rounds counts.
"""

from collections.abc import Callable
from time import perf_counter

import numpy as np

import tenrso_ad as ta
import tenrso_ad.numpy as tnp

LENGTH = 200
X = np.array([1.0, 2.0, 3.0])


def sines(x):
    """A chain of sines."""
    for _ in range(LENGTH):
        x = tnp.sin(x)
    return tnp.sum(x)


def sines_by_hand() -> np.ndarray:
    """Its gradient as one would write it down."""
    x, saved = X, []
    for _ in range(LENGTH):
        saved.append(x)
        x = np.sin(x)
    g = np.ones(3)
    for x in reversed(saved):
        g = g * np.cos(x)
    return g


def sums(x):
    """A chain of additions."""
    y = x
    for _ in range(LENGTH):
        y = y + 1.0
    return tnp.sum(y)


def sums_by_hand() -> np.ndarray:
    """Its gradient needs no arithmetic going back."""
    x = X
    for _ in range(LENGTH):
        x = x + 1.0
    return np.ones(3)


def fastest(functions: list[Callable[[], object]], rounds: int = 500) -> list[float]:
    """Seconds of the fastest call of each function, all called in turn."""
    best = [float("inf")] * len(functions)
    for _ in range(rounds):
        for i, function in enumerate(functions):
            start = perf_counter()
            function()
            best[i] = min(best[i], perf_counter() - start)
    return best


for name, chain, by_hand in (("sin", sines, sines_by_hand), ("add", sums, sums_by_hand)):
    gradient = ta.grad(chain)
    np.testing.assert_allclose(gradient(X), by_hand())
    ours, bare = fastest([lambda gradient=gradient: gradient(X), by_hand])
    total, numpys = ours / LENGTH * 1e6, bare / LENGTH * 1e6
    print(f"{name}: {total:.2f} us an operation; NumPy {numpys:.2f}, ours {total - numpys:.2f}")
