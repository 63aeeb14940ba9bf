"""
Compiling a training step
=========================

A CP decomposition is fitted by gradient descent with momentum. The whole step, the loss with its
gradient and the update, is one function, which :func:`tenrso_ad.compile` turns into kernels and
products of matrices.
"""

import time

import matplotlib.pyplot as plt
import numpy as np

import tenrso_ad as ta
import tenrso_ad.numpy as tnp

rng = np.random.default_rng(0)
SHAPE, RANK = (30, 25, 20), 4
truth = [rng.normal(size=(n, RANK)) for n in SHAPE]
data = np.einsum("ir,jr,kr->ijk", *truth) + 0.1 * rng.normal(size=SHAPE)


def loss(factors):
    """Mean squared error of the model."""
    return tnp.mean((tnp.einsum("ir,jr,kr->ijk", *factors) - data) ** 2)


def step(factors, speeds, rate):
    """One step of gradient descent with momentum."""
    value, slopes = ta.value_and_grad(loss)(factors)
    speeds = [0.9 * s - rate * g for s, g in zip(speeds, slopes, strict=True)]
    return value, [f + s for f, s in zip(factors, speeds, strict=True)], speeds


# %%
# The rate changes at every step, so it is an array: a Python number would be part of the code.
def fit(step, steps):
    """Losses of all steps, and the seconds after each."""
    factors = [0.5 * np.random.default_rng(1).normal(size=(n, RANK)) for n in SHAPE]
    speeds = [np.zeros_like(f) for f in factors]
    losses, seconds = [], []
    start = time.perf_counter()
    for number in range(steps):
        rate = np.asarray(3.0 / (1 + number / 200))
        value, factors, speeds = step(factors, speeds, rate)
        losses.append(value)
        seconds.append(time.perf_counter() - start)
    return np.array(losses), np.array(seconds)


compiled = ta.compile(step)
eager_losses, eager_seconds = fit(step, 400)
losses, seconds = fit(compiled, 400)
print(f"largest relative difference {np.abs(losses / eager_losses - 1).max():.1e}")
print(f"loss {losses[0]:.3f} -> {losses[-1]:.5f}; the noise alone has {0.1**2:.5f}")

# %%
# What the passes did, and the code they led to.
print(compiled.report)
print(compiled.source)

# %%
# The loss over time. The compiled curve begins later: its first step contains the compilation.
fig, ax = plt.subplots()
ax.loglog(1e3 * eager_seconds, eager_losses, label="eager")
ax.loglog(1e3 * seconds, losses, label="compiled")
ax.axhline(0.1**2, color="grey", linestyle=":", label="noise")
ax.set(xlabel="milliseconds", ylabel="mean squared error", title="CP fit, 400 steps")
ax.legend()
plt.show()
