"""Random programs of functions, views and changes in place do what they do on NumPy's arrays.

NumPy's derivative comes from a complex step (Squire and Trapp, 1998): every operation here is
holomorphic, and NumPy runs the very same program on arrays with an imaginary part of 1e-30.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

import tenrso_ad as ta
import tenrso_ad.numpy as tnp
from tests.properties.programs import examples

STEP = 1e-30

VIEWS = [
    lambda a: a[0] if a.ndim > 1 else a[:1],
    lambda a: a[:, -1] if a.ndim > 1 else a[::-1],
    lambda a: a[1:],
    lambda a: a.T,
    lambda a: a.reshape(-1),
    lambda a: a.reshape(-1, a.shape[0]),
    lambda a: a[..., None, ::2],
    lambda a: np.flip(a, 0),
    lambda a: np.split(a, [1], axis=-1)[1],
    lambda a: a[:1].reshape(a.shape[1:]) if a.ndim > 1 else a[...],
]
FUNCTIONS = [
    lambda a: np.sin(a),
    lambda a: a * 0.5 + 1,
    lambda a: a.copy(),
    lambda a: a.flatten(),
    lambda a: a[[0, -1, 0]],
    lambda a: np.concatenate([a, a]),
    lambda a: a * a.sum() * 0.1,
]


def operand(a: Any, b: Any) -> Any:
    """Something of `b` that broadcasts to `a`, for any two arrays."""
    return b if b.shape == a.shape else np.sum(b) * 0.1


# Each takes two arrays of one axis or more, and changes the first.


def augment(a: Any, b: Any) -> None:
    a += np.sin(operand(a, b))


def multiply(a: Any, b: Any) -> None:
    a *= operand(a, b) * 0.5 + 1


def assign(a: Any, b: Any) -> None:
    a[...] = np.cos(operand(a, b))


def assign_first(a: Any, b: Any) -> None:
    a[:1] = a[-1:] * operand(a[-1:], b)


def augment_some(a: Any, b: Any) -> None:
    a[..., :1] -= operand(a[..., :1], b)


def assign_chosen(a: Any, b: Any) -> None:
    a[[-1, 0, -1]] *= np.sum(b) * 0.1


def loop(a: Any, b: Any) -> None:
    for row in a:
        row += np.sum(b) * 0.1  # of one axis: a scalar, and nothing happens


def swap(a: Any, b: Any) -> None:
    a[0], a[-1] = a[-1], a[0]


CHANGES = [augment, multiply, assign, assign_first, augment_some, assign_chosen, loop, swap]

steps = st.lists(
    st.tuples(
        st.sampled_from(["view", "view", "function", "change", "change", "forget"]),
        st.integers(0, 99),
        st.integers(0, 99),
        st.integers(0, 99),
    ),
    min_size=3,
    max_size=14,
)


def run(program: Any, x: Any) -> list[Any]:
    """All arrays that are left at the end."""
    arrays = [x * 1]
    for kind, which, first, second in program:
        a, b = arrays[first % len(arrays)], arrays[second % len(arrays)]
        if kind == "view":
            made = VIEWS[which % len(VIEWS)](a)
            if made.size:
                arrays.append(made)
        elif kind == "function":
            if a.size < 50:
                arrays.append(FUNCTIONS[which % len(FUNCTIONS)](a))
        elif kind == "change":
            CHANGES[which % len(CHANGES)](a, b)
        elif len(arrays) > 1:
            del arrays[first % len(arrays)]
        del a, b
    return arrays


def weighted(arrays: list[Any]) -> Any:
    """One number to which every element contributes by a weight of its own."""
    total: Any = 0.0
    for i, a in enumerate(arrays):
        total = total + tnp.sum(a * np.cos(np.arange(a.size) + i).reshape(a.shape))
    return total


@examples(60)
@given(program=steps, seed=st.integers(0, 2**32 - 1))
def test_values_and_gradients_are_numpys(program: Any, seed: int) -> None:
    rng = np.random.default_rng(seed)
    x, direction = rng.normal(size=(2, 3, 4))
    wanted = run(program, x + 1j * STEP * direction)
    slope = float(weighted([w.imag for w in wanted])) / STEP
    scale = 1e-11 * (1 + sum(float(np.abs(w.imag / STEP).sum()) for w in wanted))

    leaf = ta.tensor(x)
    arrays = run(program, leaf)
    assert len(arrays) == len(wanted)
    for got, want in zip(arrays, wanted, strict=True):
        np.testing.assert_allclose(got.value, want.real, rtol=1e-12, atol=1e-12)
    weighted(arrays).backward()
    np.testing.assert_allclose(np.sum(leaf.grad * direction), slope, rtol=1e-11, atol=scale)

    def f(x: Any) -> Any:
        return weighted(run(program, x))

    _, tangent = ta.jvp(f, (x,), (direction,))
    np.testing.assert_allclose(tangent, slope, rtol=1e-11, atol=scale)
    batch = ta.vmap(ta.grad(f))(np.stack([x, x]))
    np.testing.assert_allclose(batch[1], leaf.grad, rtol=1e-10, atol=scale)
