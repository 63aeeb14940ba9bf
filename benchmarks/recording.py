"""Measure what recording costs: our own Python per operation, forward and backward.

    python benchmarks/recording.py

Chains of an operation on arrays of three elements are differentiated, and the same NumPy calls are
made by hand. What LENGTH more operations add to either, divided by LENGTH, is the cost of one; the
difference of the two is ours. All are timed in turn, and the fastest of many rounds counts.
"""

from collections.abc import Callable
from time import perf_counter

import numpy as np

import tenrso_ad as ta
import tenrso_ad.numpy as tnp

LENGTH = 200
X = np.array([1.0, 2.0, 3.0])


def sines(x, length: int):
    """A chain of sines."""
    for _ in range(length):
        x = tnp.sin(x)
    return tnp.sum(x)


def sines_by_hand(length: int) -> np.ndarray:
    """Its gradient as one would write it down."""
    x, saved = X, []
    for _ in range(length):
        saved.append(x)
        x = np.sin(x)
    g = np.ones(3)
    for x in reversed(saved):
        g = g * np.cos(x)
    return g


def sums(x, length: int):
    """A chain of additions."""
    for _ in range(length):
        x = x + 1.0
    return tnp.sum(x)


def sums_by_hand(length: int) -> np.ndarray:
    """Its gradient needs no arithmetic going back."""
    x = X
    for _ in range(length):
        x = x + 1.0
    return np.ones(3)


def fastest(functions: list[Callable[[int], object]], rounds: int = 500) -> list[float]:
    """Microseconds that one operation more adds to each function, all called in turn."""
    calls = [(f, length) for f in functions for length in (LENGTH, 2 * LENGTH)]
    best = [float("inf")] * len(calls)
    for _ in range(rounds):
        for i, (function, length) in enumerate(calls):
            start = perf_counter()
            function(length)
            best[i] = min(best[i], perf_counter() - start)
    return [(b - a) / LENGTH * 1e6 for a, b in zip(best[::2], best[1::2], strict=True)]


for name, chain, by_hand in (("sin", sines, sines_by_hand), ("add", sums, sums_by_hand)):
    gradient = ta.grad(chain)
    np.testing.assert_allclose(gradient(X, LENGTH), by_hand(LENGTH))
    total, numpys = fastest([lambda n, gradient=gradient: gradient(X, n), by_hand])
    print(f"{name}: {total:.2f} us an operation; NumPy {numpys:.2f}, ours {total - numpys:.2f}")
