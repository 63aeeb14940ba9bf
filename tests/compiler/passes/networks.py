"""Random runs of products, sums, transposes, diagonals and what else networks are read from."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
from hypothesis import strategies as st

import tenrso_ad.numpy as tnp

LENGTHS = {"a": 3, "b": 2, "c": 1, "d": 4, "e": 3, "f": 2}
"""Of axes, by their letters; two letters have one length, so that diagonals can be taken."""


@dataclasses.dataclass(frozen=True)
class Steps:
    """Operations on earlier values; those that nobody reads, and some others, are results."""

    steps: tuple[tuple[str, int, int, int], ...]
    kept: frozenset[int]

    def __call__(self, *inputs: Any) -> list[Any]:
        """Run the steps."""
        values, read = list(inputs), set()
        for name, i, j, choice in self.steps:
            i, j = i % len(values), j % len(values)
            read |= {i, j} if name in ("einsum", "multiply") else {i}
            values.append(_STEPS[name](values[i], values[j], choice))
        first = len(inputs)
        return [
            v
            for i, v in enumerate(values)
            if i >= first and (i not in read or i in self.kept or i == len(values) - 1)
        ]


def _einsum(x: Any, y: Any, choice: int) -> Any:
    """Pair axes of equal length by the bits of a number; sum over some of them, some diagonals."""
    left, right = [], []
    for n in x.shape:
        free = [c for c, m in LENGTHS.items() if m == n and c not in left]
        left.append(free[0] if free and choice % 7 else next(c for c in LENGTHS if LENGTHS[c] == n))
    for k, n in enumerate(y.shape):
        fitting = [c for c, m in LENGTHS.items() if m == n and c not in right]
        same = [c for c in fitting if c in left] if choice >> k & 1 else []
        right.append((same or fitting[::-1] or [next(c for c in LENGTHS if LENGTHS[c] == n)])[0])
    letters = list(dict.fromkeys(left + right))
    both = [c for c in letters if c in left and c in right]
    out = [c for i, c in enumerate(letters) if c not in both or choice >> i & 2]
    out = out[::-1] if choice % 3 == 0 else out
    return tnp.einsum(f"{''.join(left)},{''.join(right)}->{''.join(out[:3])}", x, y)


def _axes(x: Any, choice: int) -> tuple[int, ...]:
    return tuple(np.random.default_rng(choice).permutation(x.ndim).tolist())


def _multiply(x: Any, y: Any, choice: int) -> Any:
    try:
        np.broadcast_shapes(x.shape, y.shape)
    except ValueError:
        y = tnp.sum(y)
    return x * y


def _diagonal(x: Any, y: Any, choice: int) -> Any:
    if x.ndim > 1 and x.shape[0] == x.shape[1]:
        return tnp.einsum("ii...->i...", x)
    return tnp.diag(x) if x.ndim == 1 else x.T


_STEPS = {
    "einsum": _einsum,
    "multiply": _multiply,
    "transpose": lambda x, y, n: tnp.transpose(x, _axes(x, n)),
    "sum": lambda x, y, n: tnp.sum(x, axis=n % x.ndim, keepdims=n % 2 > 0) if x.ndim else x,
    "broadcast": lambda x, y, n: tnp.broadcast_to(x, (2, *x.shape)) if x.ndim < 3 else x,
    "flat": lambda x, y, n: tnp.reshape(tnp.outer(x, y[..., None]), x.shape) if y.size == 1 else x,
    "norm": lambda x, y, n: x + tnp.vdot(x, x) if n % 2 else tnp.sum(tnp.ravel(x)) * y,
    "column": lambda x, y, n: tnp.reshape(x, (*x.shape, 1)) if x.ndim < 3 else x[0],
    "diagonal": _diagonal,
    "number": lambda x, y, n: x * (n % 5 - 2.5),
    "part": lambda x, y, n: -x / 3,
    "total": lambda x, y, n: x * tnp.sum(y),
    "tanh": lambda x, y, n: tnp.tanh(x),
}

_names = st.sampled_from(["einsum"] * 6 + [n for n in _STEPS if n != "einsum"])
_numbers = st.integers(0, 9)
networks = st.builds(
    Steps,
    st.lists(st.tuples(_names, _numbers, _numbers, st.integers(0, 63)), min_size=2, max_size=9).map(
        tuple
    ),
    st.sets(st.integers(0, 12), max_size=1).map(frozenset),
)
shapes = st.lists(st.sampled_from([3, 2, 1, 4]), max_size=3).map(tuple)
