"""PyTorch changes tensors in place, through views too: one program, the same gradients."""

import numpy as np
import pytest
import torch

import tenrso_ad as ta

pytestmark = pytest.mark.interop

A = np.array([[1.5, -2.0, 3.0], [0.5, 4.0, -1.0]])


def now(x):
    """Copy; PyTorch refuses a pass over saved values that have changed, which we keep."""
    return x.clone() if isinstance(x, torch.Tensor) else x.copy()


def operators(x):
    y = x * x
    y += 1
    y *= x
    y -= now(y[0])
    y /= 2
    y **= 2
    return y


def items(x):
    y = x * 1
    y[0] = now(y[1]) * x[0]
    y[:, 1] *= x[:, 2]
    y[1, 2] = 5.0
    y[..., ::2] += 1
    return y


def views(x):
    y = x * x
    row, columns, flat = y[0], y.T, y.reshape(-1)
    y += 1
    row *= 5
    columns[1] = now(row[1:]) * now(columns[0])
    flat[2:4] -= x.reshape(-1)[:2]
    return y * columns.T


def loop(x):
    y = x * 1
    for i in range(2):
        row = y[i]
        row *= now(row[0]) + 1
        row[1:] += now(row[:-1]) * 2
    return y


def masked(x):
    y = x * 2
    y[y > 1] *= 3
    y[y < -1] = 0.5
    return y


def by_indices(x):
    y = x * x
    y[[1, 0]] = y[[0, 1]] * 2
    y[:, [0, 2]] += 1.0
    return y


def view_of_a_view(x):
    y = x * x
    inner = y[:, 1:].T[0]
    inner *= 3
    y[0] = 1
    return y * now(inner[1])


@pytest.mark.parametrize(
    "program", [operators, items, views, loop, masked, by_indices, view_of_a_view]
)
def test_values_and_gradients_are_pytorchs(program):
    theirs = torch.tensor(A, requires_grad=True)
    ours = ta.tensor(A)
    result, wanted = program(ours), program(theirs)
    np.testing.assert_allclose(result.value, wanted.detach().numpy(), rtol=1e-14)
    (wanted * wanted).sum().backward()
    (result * result).sum().backward()
    np.testing.assert_allclose(ours.grad, theirs.grad.numpy(), rtol=1e-13)


def train(parameters, points, targets, pause):
    w, b = parameters
    for _ in range(20):
        first = w[0]  # a view that outlives the update
        loss = ((points @ w + b - targets) ** 2).mean() + (first * first).sum()
        w.grad = b.grad = None
        loss.backward()
        with pause():
            w -= 0.1 * w.grad
            b -= 0.1 * b.grad
            w[1] += 0.01
    return w, b


def test_training_is_pytorchs(rng):
    points, targets = rng.normal(size=(30, 3)), rng.normal(size=(30, 2))
    start = rng.normal(size=(3, 2)), rng.normal(size=2)
    theirs = train(
        [torch.tensor(p, requires_grad=True) for p in start],
        torch.tensor(points),
        torch.tensor(targets),
        torch.no_grad,
    )
    ours = train([ta.tensor(p) for p in start], points, targets, ta.no_grad)
    for p, q in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(p.value, q.detach().numpy(), rtol=1e-12)
