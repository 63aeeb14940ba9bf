"""Random programs compiled compute what they compute eagerly, in value and gradient.

Kernels are run by Python here: what the machine makes of them is tested in `tests/compiler`.
"""

from __future__ import annotations

import contextlib
import dataclasses
from typing import Any
from unittest import mock

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

import tenrso_ad as ta
import tenrso_ad.numpy as tnp
from tenrso_ad.compiler import kernel_source
from tenrso_ad.compiler.passes import DEFAULT
from tests.compiler.interpreter import interpreted
from tests.properties.programs import BINARY, UNARY, broadcasts, draws, examples, seeds

# what else a compiler may get wrong: each works for every shape, empty ones too
MORE = {
    "keep": lambda x: x,
    "max": lambda x: tnp.max(x, axis=0, initial=-1.0) if x.ndim else x,
    "row maxima": lambda x: tnp.max(x, axis=-1, keepdims=True, initial=-1.0) if x.ndim else x,
    "total": lambda x: tnp.sum(x) * 0.1,
    "all but first": lambda x: tnp.sum(x, axis=tuple(range(1, x.ndim))),
    "norm": lambda x: x / tnp.sqrt(1.0 + tnp.sum(x * x, axis=-1, keepdims=True)) if x.ndim else x,
    "swap": lambda x: tnp.swapaxes(x, 0, -1) * 2.0 if x.ndim else x,
    "new axis": lambda x: x[..., None] + tnp.zeros(2, x.dtype) if x.ndim < 3 else x,
    "column": lambda x: tnp.reshape(x, (-1, 1)) if x.size else x,
    "rectified": lambda x: tnp.maximum(x, 0.0),
    "clipped": lambda x: tnp.clip(x, -0.5, 0.8),
    "where": lambda x: tnp.where(x > 0.1, tnp.sqrt(tnp.absolute(x)), -x),
    "running": lambda x: tnp.cumsum(x, axis=0) * 0.5 if x.ndim else x,
    "sorted": lambda x: tnp.sort(x, axis=-1) if x.ndim else x,
    "narrow": lambda x: x.astype(np.float32),
    "wide": lambda x: x.astype(np.float64),
    "set": lambda x: tnp.at(x)[..., :1].set(0.5) if x.ndim else x,
    "constant": lambda x: x * np.arange(x.shape[-1], dtype=x.dtype) if x.ndim else x,
    "transposed constant": lambda x: x.T + np.arange(x.size, dtype=x.dtype).reshape(x.shape).T,
    "held": lambda x: x * ta.stop_gradient(tnp.tanh(x)),
    "none": lambda x: x[:0] if x.ndim else x,
}
ALONE = MORE | {k: f for k, f in UNARY.items() if k not in ("centre", "softmax")}


@dataclasses.dataclass(frozen=True)
class Steps:
    """Operations on any earlier values; all that no later one reads are results."""

    steps: tuple[tuple[str, int, int], ...]

    def __call__(self, x: Any, y: Any) -> list[Any]:
        """Run the steps."""
        values, read = [x, y], set()
        for name, i, j in self.steps:
            i, j = i % len(values), j % len(values)
            read |= {i, j} if name in BINARY else {i}
            if name in ALONE:
                values.append(ALONE[name](values[i]))
            else:
                one, two = values[i], values[j]
                two = two if broadcasts(one.shape, two.shape) else tnp.sum(two)
                values.append(BINARY[name](one, two))
        return [v for i, v in enumerate(values) if i not in read or i == len(values) - 1]


steps = st.builds(
    Steps,
    st.lists(
        st.tuples(st.sampled_from([*ALONE, *BINARY]), st.integers(0, 9), st.integers(0, 9)),
        min_size=1,
        max_size=8,
    ).map(tuple),
)
sides = st.lists(st.sampled_from([3, 1, 0, 2, 5]), max_size=3).map(tuple)
dtypes = st.sampled_from([np.float64, np.float32])
subsets = st.sets(st.sampled_from(DEFAULT))
# as large arrays are computed: sums in blocks of so many elements, loops in chunks of so many
divisions = st.none() | st.tuples(st.integers(1, 3), st.integers(1, 7))


@given(steps, sides, sides, dtypes, dtypes, subsets, divisions, seeds)
@examples(150)
def test_compiled_programs_compute_the_same(
    f, shape_x, shape_y, kind_x, kind_y, left_out, division, seed
):
    x, y = draws(seed, shape_x, shape_y)
    x, y = x.astype(kind_x), y.astype(kind_y)

    def results(x, y):
        outs, pullback = ta.vjp(f, x, y)
        return outs, pullback([tnp.ones_like(o) + 0.5 * tnp.cos(o) for o in outs])

    with contextlib.ExitStack() as settings:
        settings.enter_context(interpreted())
        if division is not None:
            block, chunk = division
            settings.enter_context(mock.patch.object(kernel_source, "BLOCK", block))
            settings.enter_context(ta.config.parallel(min_size=1, chunk_size=chunk))
        compiled = ta.compile(results, passes=[p for p in DEFAULT if p not in left_out])
        got = ta.engine.tree.leaves(compiled(x, y))
    expected = ta.engine.tree.leaves(results(x, y))
    rounding = 1e-10 if kind_x is kind_y is np.float64 and "narrow" not in str(f) else 1e-4
    for g, e in zip(got, expected, strict=True):
        assert (g.dtype, g.shape) == (e.dtype, e.shape)
        scale = np.max(np.abs(e), initial=1.0)
        np.testing.assert_allclose(g, e, rtol=rounding, atol=rounding * scale)
