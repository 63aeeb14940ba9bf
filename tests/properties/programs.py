"""Random compositions of operations, and random operands for them."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
from hypothesis import settings
from hypothesis import strategies as st

import tenrso_ad.numpy as tnp


def examples(count: int) -> settings:
    """So many examples; as many as the profile says where new ones are searched for."""
    repeatable = settings.default.derandomize
    return settings(max_examples=count if repeatable else settings.default.max_examples)


# Each is smooth and keeps values of moderate size, so that a chain of them stays well conditioned.
UNARY = {
    "sin": tnp.sin,
    "tanh": tnp.tanh,
    "sigmoid": tnp.sigmoid,
    "softplus": lambda x: tnp.softplus(x) - 1,
    "bell": lambda x: tnp.exp(-x * x),
    "root": lambda x: tnp.sqrt(1 + x * x),
    "log1p": lambda x: tnp.log1p(x * x),
    "reciprocal": lambda x: 1 / (2 + tnp.cos(x)),
    "transpose": tnp.transpose,
    "ravel": lambda x: tnp.reshape(x, (-1,)),
    "flip": lambda x: x[::-1] if x.ndim else x,
    "gather": lambda x: x[np.array([0, -1, 0])] if x.ndim and x.shape[0] else x,
    "centre": lambda x: x - tnp.mean(x, axis=-1, keepdims=True) if x.ndim else x,
    "rows": lambda x: tnp.sum(x, axis=0) if x.ndim else x,
    "softmax": lambda x: tnp.exp(x - tnp.logsumexp(x, axis=-1, keepdims=True)) if x.ndim else x,
    "square sum": lambda x: tnp.einsum("...,...->...", x, x) * 0.5,
    "masked": lambda x: tnp.where(np.arange(x.size).reshape(x.shape) % 2 == 0, x, 0.5 * x),
}
BINARY = {
    "add": tnp.add,
    "subtract": tnp.subtract,
    "multiply": tnp.multiply,
    "ratio": lambda x, y: x / (1 + y * y),
    "power": lambda x, y: (1 + x * x) ** tnp.tanh(y),
    "hypot": lambda x, y: tnp.hypot(x + 3, y),
    "outer": lambda x, y: tnp.tanh(tnp.sum(x)) * y,
    "gram": lambda x, y: tnp.tanh(tnp.tensordot(x, x, x.ndim)) * y,
}

# of complex numbers: holomorphic ones, and those that are not
COMPLEX = {
    "sin": lambda z: tnp.sin(z * 0.3),
    "square": lambda z: z * z / (1 + tnp.absolute(z)),
    "conjugate": tnp.conjugate,
    "absolute": lambda z: z / (1 + tnp.absolute(z)),
    "real": lambda z: tnp.real(z) + 1j * tnp.exp(-(tnp.real(z) ** 2)),
    "imag": lambda z: z * tnp.tanh(tnp.imag(z)),
    "sign": lambda z: tnp.sign(z + 5),
    "matrix": lambda z: tnp.tensordot(z, np.array([[1, 2j], [0.5 - 1j, 0.1]]), 1),
    "sum": lambda z: z - tnp.sum(z, axis=0),
    "norm": lambda z: z / tnp.sqrt(1 + tnp.sum(z * tnp.conjugate(z))),
    "transpose": tnp.transpose,
}


@dataclasses.dataclass(frozen=True)
class Program:
    """A chain of operations: what is done to (x, y), step by step."""

    steps: tuple[tuple[str, bool], ...]

    def __call__(self, x: Any, y: Any) -> Any:
        """Run the steps; a binary one combines the result so far with y."""
        for name, swapped in self.steps:
            if name in UNARY:
                x = UNARY[name](x)
            else:
                # shapes change on the way: only what broadcasts is combined entry by entry
                other = y if broadcasts(x.shape, y.shape) else tnp.sum(y)
                x = BINARY[name](other, x) if swapped else BINARY[name](x, other)
        return x


def broadcasts(*shapes: tuple[int, ...]) -> bool:
    """Whether shapes broadcast together."""
    try:
        np.broadcast_shapes(*shapes)
    except ValueError:
        return False
    return True


programs = st.builds(
    Program,
    st.lists(
        st.tuples(st.sampled_from([*UNARY, *BINARY]), st.booleans()), min_size=1, max_size=6
    ).map(tuple),
)
shapes = st.lists(st.integers(1, 4), max_size=3).map(tuple)
seeds = st.integers(0, 2**32 - 1)


def draws(seed: int, *shapes: tuple[int, ...], complex: bool = False) -> list[Any]:
    """Standard normal arrays."""
    rng = np.random.default_rng(seed)
    arrays = [rng.normal(size=shape) for shape in shapes]
    if complex:
        arrays = [a + 1j * rng.normal(size=a.shape) for a in arrays]
    return arrays


def inner(xs: Any, ys: Any) -> float:
    """Real inner product of two sequences of arrays."""
    return float(sum(np.vdot(x, y).real for x, y in zip(xs, ys, strict=True)))


def size(xs: Any) -> float:
    """Norm of a sequence of arrays."""
    return float(np.sqrt(sum(np.linalg.norm(np.asarray(x).ravel()) ** 2 for x in xs)))
