"""
Training a small network on a tape
==================================

Tensors record what is done to them, whatever control flow decides; ``backward()`` then leaves the
gradient in ``.grad`` of each parameter. The network learns to tell the points of two spirals apart.
"""

from itertools import pairwise

import numpy as np

import tenrso_ad as ta

rng = np.random.default_rng(0)
angle = np.repeat(np.linspace(0.5, 6, 150), 2)
turn = np.tile([0, np.pi], 150)
points = 0.2 * angle[:, None] * np.stack([np.cos(angle + turn), np.sin(angle + turn)], axis=1)
labels = np.tile([-1.0, 1.0], 150)

sizes = [2, 32, 32, 1]
parameters = [(rng.normal(size=(m, n)) / np.sqrt(m), np.zeros(n)) for m, n in pairwise(sizes)]


def network(layers, x):
    """Two hidden layers with tanh."""
    for weight, bias in layers[:-1]:
        x = np.tanh(x @ weight + bias)
    weight, bias = layers[-1]
    return (x @ weight + bias)[:, 0]


# %%
# One step: fresh tensors of the parameters, a forward pass that records, a backward pass.
momentum = [(np.zeros_like(w), np.zeros_like(b)) for w, b in parameters]
for epoch in range(601):
    with ta.Tape() as tape:
        layers = [(ta.tensor(weight), ta.tensor(bias)) for weight, bias in parameters]
        loss = np.mean((network(layers, points) - labels) ** 2)
    if epoch == 0:
        print(tape.stats())
    loss.backward()
    momentum = [
        (0.9 * mw + w.grad, 0.9 * mb + b.grad)
        for (mw, mb), (w, b) in zip(momentum, layers, strict=True)
    ]
    parameters = [
        (w - 0.02 * mw, b - 0.02 * mb)
        for (w, b), (mw, mb) in zip(parameters, momentum, strict=True)
    ]
    if epoch % 100 == 0:
        print(f"epoch {epoch:3d}: loss {loss.item():.4f}")

# %%
# On plain arrays the same function records nothing and gives plain arrays.
right = np.mean(np.sign(network(parameters, points)) == labels)
print(f"{right:.1%} of the points on the right side")
