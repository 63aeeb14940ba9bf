"""Memory against time of gradients within a budget, beside ``jax.checkpoint``; print tables.

    python benchmarks/memory_curve.py [--peers PYTHON] [--rounds N]

Three problems: a network of 12 equal layers, a transformer's block and a CP fit. Ours run under
ten budgets, from what a call takes without one down to the least that can be kept; the compiler's
estimate of the time stands beside each. JAX recomputes the parts that the user marks with
`jax.checkpoint`, for the network groups of layers. Bytes are those of a call beside its
arguments, for JAX XLA's own count of temporaries and outputs. Times are multiples of the engine's
own time without recomputation, the fastest of several rounds; on a busy machine they mean nothing.
"""

import argparse
import json
import re
import subprocess
from collections.abc import Callable

import numpy as np

from suite.timing import best_time


def network(xp, wrap, layers: int = 12, group: int = 1):
    """Return the loss of a network, a group of layers at a time given to `wrap`."""

    def part(x, *weights):
        for w in weights:
            x = xp.tanh(x @ w)
        return x

    def loss(x, *weights):
        for i in range(0, layers, group):
            x = wrap(part)(x, *weights[i : i + group])
        return xp.sum(x)

    return loss


def block(xp, wrap, group: int = 1):
    """Return the loss of a transformer's block: attention and two layers after it."""

    def attend(x, q, k, v):
        scores = (x @ q) @ (x @ k).T / 8.0
        powers = xp.exp(scores - xp.max(scores, axis=1, keepdims=True))
        return x + (powers / xp.sum(powers, axis=1, keepdims=True)) @ (x @ v)

    def feed(x, up, down):
        return x + xp.maximum(x @ up, 0.0) @ down

    def loss(x, q, k, v, up, down):
        return xp.sum(wrap(feed)(wrap(attend)(x, q, k, v), up, down) ** 2)

    return loss


def fit(xp, wrap, group: int = 1):
    """Return the squared error of a CP model, and its parts for `wrap`."""

    def model(a, b, c):
        return xp.einsum("ir,jr,kr->ijk", a, b, c)

    def loss(data, a, b, c):
        return xp.sum((wrap(model)(a, b, c) - data) ** 2)

    return loss


PROBLEMS: dict[str, tuple[Callable, list[tuple[int, ...]], tuple[int, ...]]] = {
    "network": (network, [(256, 64), *[(64, 64)] * 12], (1, 2, 3, 4, 6, 12)),
    "transformer block": (block, [(128, 64), *[(64, 64)] * 3, (64, 256), (256, 64)], (1,)),
    "CP fit": (fit, [(50, 50, 40), (50, 16), (50, 16), (40, 16)], (1,)),
}
"""For each the loss, the shapes of its arrays, and the sizes of groups that JAX marks."""


def arrays_of(name: str) -> list[np.ndarray]:
    """Return the arrays of a problem: the same at every call."""
    rng = np.random.default_rng(0)
    return [rng.standard_normal(shape) / 8 for shape in PROBLEMS[name][1]]


def curve_of_tenrso_ad(name: str, rounds: int) -> list[tuple[str, int, float]]:
    """Return label, bytes and seconds for ten budgets."""
    import tenrso_ad as ta
    from tenrso_ad.engine.errors import MemoryBudgetError

    build, arrays = PROBLEMS[name][0], arrays_of(name)
    loss = build(ta.numpy, lambda part: part)
    both = ta.value_and_grad(loss, argnums=tuple(range(1, len(arrays))))
    free = ta.compile(both)
    free(*arrays)
    try:
        ta.compile(both, memory_budget=0)(*arrays)
    except MemoryBudgetError as error:
        least = int(re.search(r"least that is reached is (\d+)", str(error))[1])
    points = []
    for budget in np.linspace(free.memory.peak, least, 10).astype(int):
        bound = ta.compile(both, memory_budget=int(budget))
        bound(*arrays)
        seconds = best_time(lambda bound=bound: bound(*arrays), rounds)
        estimate = 1 + bound.report.rematerialised.slower
        points.append((f"{budget:,d} (x {estimate:.2f})", bound.memory.peak, seconds))
    return points


def curve_of_jax(name: str, rounds: int) -> list[tuple[str, int, float]]:
    """Return label, bytes and seconds without marks, and with each size of marked groups."""
    import jax

    jax.config.update("jax_enable_x64", True)
    build, _, groups = PROBLEMS[name]
    arrays = [jax.numpy.asarray(array) for array in arrays_of(name)]
    points = []
    for group in (None, *groups):
        wrap = (lambda part: part) if group is None else jax.checkpoint
        loss = build(jax.numpy, wrap, group=group or 1)
        both = jax.value_and_grad(loss, argnums=tuple(range(1, len(arrays))))
        compiled = jax.jit(both).lower(*arrays).compile()
        found = compiled.memory_analysis()
        nbytes = found.temp_size_in_bytes + found.output_size_in_bytes
        seconds = best_time(lambda c=compiled: jax.block_until_ready(c(*arrays)), rounds)
        points.append(("no marks" if group is None else f"groups of {group}", nbytes, seconds))
    return points


def show(title: str, points: list[tuple[str, int, float]]) -> None:
    """Print a table."""
    print(f"\n{title}\n\n| | bytes | memory | time |\n|---|---:|---:|---:|")
    _, first, fastest = points[0]
    for label, nbytes, seconds in points:
        print(f"| {label} | {nbytes:,d} | {nbytes / first:.2f} | {seconds / fastest:.2f} |")


def main() -> None:
    """Print the tables, or, with --jax, the figures of JAX."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--peers", help="interpreter that has JAX; without it, JAX is left out")
    parser.add_argument("--rounds", type=int, default=7, help="rounds of timing")
    parser.add_argument("--jax", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.jax:
        print(json.dumps({name: curve_of_jax(name, options.rounds) for name in PROBLEMS}))
        return
    jax: dict[str, list[tuple[str, int, float]]] = {}
    if options.peers:
        command = [options.peers, __file__, "--jax", "--rounds", str(options.rounds)]
        run = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
        jax = json.loads(run.stdout.splitlines()[-1])
    for name in PROBLEMS:
        show(f"{name}: tenrso-ad, by budget", curve_of_tenrso_ad(name, options.rounds))
        if name in jax:
            show(f"{name}: JAX, by marks", jax[name])


if __name__ == "__main__":
    main()
