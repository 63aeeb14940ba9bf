"""Time gradients beside PyTorch, JAX, autograd and MyGrad; print a markdown table of ratios.

    python benchmarks/compare_peers.py [--compiled] [--cases models] [--peers PYTHON]
                                       [--only TEXT] [--by group]

Eager gradients are compared, or with ``--compiled`` those of compiled functions.

Every engine runs in a process of its own, so that thread pools never share a core by accident;
`--peers` names the interpreter the peers are installed in, this one by default. A peer that cannot
be imported there is left out. ``--cases`` names what is computed: the problems, the same in other
sizes, or models; some are in float32, the others in float64. A figure is the time of the loss with
the gradient in all of its arrays: the fastest of several rounds, in several passes over all the
engines, so that a busy minute of the machine does not fall on one of them. A gradient that differs
from tenrso-ad's is shown as "wrong".
"""

import argparse
import functools
import json
import math
import os
import platform
import subprocess
import sys
from collections.abc import Callable
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from types import SimpleNamespace

import numpy as np

from suite.problems import SETS, Loss, problem
from suite.timing import best_time

Gradients = Callable[[], list]


def prepare_tenrso_ad(loss: Loss, arrays: list[np.ndarray]) -> Gradients:
    """Return a call of ``ta.value_and_grad``."""
    import tenrso_ad as ta

    gradient = ta.value_and_grad(lambda *xs: loss(ta.numpy, *xs), argnums=tuple(range(len(arrays))))
    return lambda: gradient(*arrays)[1]


def prepare_compiled(loss: Loss, arrays: list[np.ndarray]) -> Gradients:
    """Return a call of ``ta.compile(ta.value_and_grad)``."""
    import tenrso_ad as ta

    gradient = ta.compile(
        ta.value_and_grad(lambda *xs: loss(ta.numpy, *xs), argnums=tuple(range(len(arrays))))
    )
    return lambda: gradient(*arrays)[1]


def prepare_torch(loss: Loss, arrays: list[np.ndarray], native: bool = False) -> Gradients:
    """Return a call of ``torch.autograd.grad``, of the loss itself or of the compiled one."""
    import torch

    same = ("asarray", "einsum", "exp", "linalg", "log", "log1p", "matmul", "sin", "sqrt", "tanh")
    namespace = SimpleNamespace(
        **{name: getattr(torch, name) for name in same},
        sum=lambda x, axis=None: torch.sum(x, dim=axis),
        mean=lambda x, axis: torch.mean(x, dim=axis),
        softmax=lambda x, axis: torch.softmax(x, dim=axis),
        logsumexp=lambda x, axis: torch.logsumexp(x, dim=axis),
        maximum=torch.clamp_min,
    )
    tensors = [torch.tensor(array, requires_grad=True) for array in arrays]

    def forward(*xs):
        return loss(namespace, *xs)

    if native:
        torch._dynamo.reset()  # after a few cases it would no longer compile the same code
        forward = torch.compile(forward, dynamic=False)
    return lambda: torch.autograd.grad(forward(*tensors), tensors)


def prepare_jax(loss: Loss, arrays: list[np.ndarray]) -> Gradients:
    """Return a call of ``jax.jit(jax.value_and_grad)``, results awaited."""
    import jax

    jax.config.update("jax_enable_x64", True)
    arguments = [jax.numpy.asarray(array) for array in arrays]
    namespace = SimpleNamespace(**{name: getattr(jax.numpy, name) for name in dir(jax.numpy)})
    namespace.softmax, namespace.logsumexp = jax.nn.softmax, jax.nn.logsumexp
    gradient = jax.jit(
        jax.value_and_grad(lambda *xs: loss(namespace, *xs), argnums=tuple(range(len(arrays))))
    )
    return lambda: jax.block_until_ready(gradient(*arguments))[1]


def prepare_autograd(loss: Loss, arrays: list[np.ndarray]) -> Gradients:
    """Return a call of HIPS autograd's ``value_and_grad``."""
    import autograd

    namespace = import_module("autograd.numpy")
    numbers = tuple(range(len(arrays)))
    gradient = autograd.grad(lambda *xs: loss(namespace, *xs), numbers)
    return lambda: gradient(*arrays)


def prepare_mygrad(loss: Loss, arrays: list[np.ndarray]) -> Gradients:
    """Return a call of MyGrad's ``backward``."""
    import mygrad

    def call() -> list:
        tensors = [mygrad.tensor(array, copy=False) for array in arrays]
        loss(mygrad, *tensors).backward()
        return [tensor.grad for tensor in tensors]

    return call


ENGINES = {
    "tenrso-ad": prepare_tenrso_ad,
    "tenrso-ad compiled": prepare_compiled,
    "torch": prepare_torch,
    "torch.compile": functools.partial(prepare_torch, native=True),
    "jax": prepare_jax,
    "autograd": prepare_autograd,
    "mygrad": prepare_mygrad,
}
# ours first
EAGER = ("tenrso-ad", "torch", "jax", "autograd", "mygrad")
COMPILED = ("tenrso-ad compiled", "torch", "torch.compile", "jax")
PACKAGES = {"tenrso-ad compiled": "tenrso-ad", "torch.compile": "torch"}
TITLES = {"torch": "PyTorch", "jax": "JAX (jit)", "mygrad": "MyGrad"}


def time_engine(engine: str, cases: list[str], repeats: int) -> dict:
    """Return seconds and a fingerprint of the gradients of every case, in this process."""
    times, prints = {}, {}
    for case in cases:
        call = ENGINES[engine](*problem(case))
        prints[case] = [fingerprint(np.asarray(gradient)) for gradient in call()]
        times[case] = best_time(call, repeats)
    return {
        "version": version(PACKAGES.get(engine, engine)),
        "times": times,
        "fingerprints": prints,
    }


def fingerprint(gradient: np.ndarray) -> tuple[float, float]:
    """Return the inner product of a gradient with a fixed vector without zeros, and its norm."""
    gradient = gradient.ravel().astype(float)
    return float(np.cos(np.arange(gradient.size)) @ gradient), float(np.linalg.norm(gradient))


def is_importable(python: str, engine: str) -> bool:
    """Whether an interpreter has an engine."""
    package = PACKAGES.get(engine, engine)
    attempt = [python, "-c", f"import {package.replace('-', '_')}"]
    return subprocess.run(attempt, capture_output=True).returncode == 0


def in_own_process(python: str, engine: str, cases: list[str], repeats: int) -> dict:
    """Return what `time_engine` gives in a process of `python`."""
    print(f"timing {engine} ...", file=sys.stderr)
    command = [python, __file__, "--engine", engine, "--repeats", str(repeats), *cases]
    run = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    return json.loads(run.stdout.splitlines()[-1])


def fastest(runs: list[dict]) -> dict:
    """Return one run whose times are the least of all runs of an engine."""
    times = {case: min(run["times"][case] for run in runs) for case in runs[0]["times"]}
    return {**runs[0], "times": times}


def geometric_mean(values: list[float]) -> float:
    """Return the geometric mean; NaN when a value is."""
    return math.exp(sum(map(math.log, values)) / len(values))


def ratio(case: str, ours: dict, peer: dict) -> float:
    """Return the peer's time over ours; NaN where the gradients are not the same."""
    rounding = 1e-3 if case.endswith("float32") else 1e-8
    pairs = zip(ours["fingerprints"][case], peer["fingerprints"][case], strict=True)
    for (inner, norm), (its_inner, its_norm) in pairs:
        if not max(abs(inner - its_inner), abs(norm - its_norm)) <= rounding * (1 + norm):
            return math.nan
    return peer["times"][case] / ours["times"][case]


def table(rows: dict[str, list[str]], results: dict[str, dict]) -> str:
    """Return the markdown table whose row labels stand for the geometric mean over their cases."""
    ours, *peers = results
    titles = ["", f"{ours} (µs)", *(TITLES.get(peer, peer) for peer in peers)]
    lines = ["| " + " | ".join(titles) + " |", "|---|" + "---:|" * (len(titles) - 1)]
    for label, cases in rows.items():
        time = geometric_mean([results[ours]["times"][case] for case in cases])
        ratios = [
            geometric_mean([ratio(case, results[ours], results[peer]) for case in cases])
            for peer in peers
        ]
        cells = ["wrong" if math.isnan(value) else f"{value:.2f}" for value in ratios]
        lines.append(f"| {label} | {time * 1e6:.1f} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def processor() -> str:
    """Return the name of the processor."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    named = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return named[0] if named else platform.machine()


def parse_arguments() -> argparse.Namespace:
    """Return the command line's options."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--compiled", action="store_true", help="compare compiled functions")
    parser.add_argument("--cases", choices=SETS, default="problems", help="what is computed")
    parser.add_argument("--peers", default=sys.executable, help="interpreter that has the peers")
    parser.add_argument("--only", default="", help="time the cases whose name contains this")
    parser.add_argument("--by", choices=("case", "group"), default="case", help="rows of the table")
    parser.add_argument("--repeats", type=int, default=7, help="rounds in a pass")
    parser.add_argument("--passes", type=int, default=3, help="passes over all the engines")
    parser.add_argument("--engine", choices=ENGINES, help=argparse.SUPPRESS)
    parser.add_argument("names", nargs="*", help=argparse.SUPPRESS)
    return parser.parse_args()


def main() -> None:
    """Run every engine and print the table, or, with --engine, run one and print its figures."""
    options = parse_arguments()
    if options.engine:
        print(json.dumps(time_engine(options.engine, options.names, options.repeats)))
        return
    cases = [case for case in SETS[options.cases] if options.only in case]
    wanted = COMPILED if options.compiled else EAGER
    pythons = {engine: options.peers for engine in wanted} | {wanted[0]: sys.executable}
    engines = [engine for engine in wanted if is_importable(pythons[engine], engine)]
    runs: dict[str, list[dict]] = {engine: [] for engine in engines}
    for _ in range(options.passes):
        for engine in engines:
            runs[engine].append(in_own_process(pythons[engine], engine, cases, options.repeats))
    results = {engine: fastest(runs[engine]) for engine in engines}
    rows = {case: [case] for case in cases}
    if options.by == "group":
        names = dict.fromkeys(case.split("/")[0] for case in cases)
        rows = {name: [c for c in cases if c.split("/")[0] == name] for name in names}
    print("Times of the peers over ours (above 1: tenrso-ad is faster).\n")
    print(table({**rows, "geometric mean": cases}, results))
    versions = ", ".join(f"{engine} {run['version']}" for engine, run in results.items())
    print(f"\n{versions}; Python {platform.python_version()},")
    print(f"{os.cpu_count()} cores of {processor()},")
    print(f"one process an engine, fastest of {options.passes} x {options.repeats} rounds.")


if __name__ == "__main__":
    main()
