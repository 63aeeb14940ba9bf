"""The gradient of the squared error of a CP model of a sparse tensor, beside pygenten and pyttb.

Run as ``python benchmarks/sparse_cp.py [NONZEROS ...] --peers PYTHON``, where PYTHON is an
interpreter with pygenten and pyttb. Every engine runs in a process of its own, on the same threads
and the same problem, warm; the least time of several repeats is printed:

- ours: value and gradient of ``squared_error``, as an optimiser asks for them;
- pygenten: the time its own timers give to "MTTKRP-all", once a gradient, averaged over a run of
  CP-OPT; the best of its methods;
- pyttb: ``mttkrp`` for every mode.

Memory is by how much the process grew at its peak over the coordinates and values as given.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np

LENGTHS = (1000, 3000, 20_000)
RANK = 16
METHODS = ("MttkrpAllIterated", "MttkrpAllAtomic", "MttkrpAllDuplicated", "MttkrpAllSingle")
ENGINES = ("ours", "ours float32", *(f"pygenten {m}" for m in METHODS), "pyttb")


def problem(nonzeros: int) -> tuple[np.ndarray, np.ndarray, list[np.ndarray]]:
    """Coordinates (N, nnz), values, factors."""
    rng = np.random.default_rng(0)
    coords = np.stack([rng.integers(0, length, nonzeros) for length in LENGTHS])
    factors = [rng.random((length, RANK)) for length in LENGTHS]
    return coords, rng.random(nonzeros), factors


def megabytes() -> float:
    """The largest size that this process has had."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def least(call: Callable[[], object], repeats: int) -> float:
    """The least time of some calls, after one to warm up."""
    call()
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        call()
        times.append(time.perf_counter() - start)
    return min(times)


def ours(nonzeros: int, threads: int, dtype: Any) -> dict[str, float]:
    import tenrso_ad as ta
    from tenrso_ad.decomposition import CPTensor, SparseTensor, squared_error

    ta.config.threads(threads)
    small = SparseTensor([[0], [0], [0]], np.ones(1, dtype), (1, 1, 1))
    unit = CPTensor(None, [np.ones((1, RANK), dtype)] * 3)
    start = time.perf_counter()
    ta.value_and_grad(lambda m: squared_error(small, m))(unit)  # compiles, or finds the kernels
    kernels = time.perf_counter() - start
    coords, values, factors = problem(nonzeros)
    values, model = values.astype(dtype), CPTensor(None, [f.astype(dtype) for f in factors])
    before = megabytes()
    start = time.perf_counter()
    tensor = SparseTensor(coords, values, LENGTHS)
    function = ta.value_and_grad(lambda m: squared_error(tensor, m))
    function(model)  # sorts for the other modes
    built = time.perf_counter() - start
    seconds = least(lambda: function(model), 7)
    return {"s": seconds, "MB": megabytes() - before, "build": built, "kernels": kernels}


def pygenten(nonzeros: int, method: str) -> dict[str, float]:
    import pygenten
    import pyttb

    coords, values, factors = problem(nonzeros)
    subscripts, values = np.ascontiguousarray(coords.T), values[:, None]
    before = megabytes()
    start = time.perf_counter()
    tensor = pygenten.make_gt_sptensor(pyttb.sptensor(subscripts, values, LENGTHS))
    built = time.perf_counter() - start
    pygenten.cp_opt(
        tensor,
        init=pygenten.make_gt_ktensor(pyttb.ktensor(factors)),
        maxiters=8,
        tol=1e-30,
        timings=True,
        mttkrp_all_method=getattr(pygenten, method),
    )
    return {"s": float("nan"), "MB": megabytes() - before, "build": built}


def pyttb(nonzeros: int) -> dict[str, float]:
    import pyttb

    coords, values, factors = problem(nonzeros)
    before = megabytes()
    start = time.perf_counter()
    tensor = pyttb.sptensor(np.ascontiguousarray(coords.T), values[:, None], LENGTHS)
    built = time.perf_counter() - start
    model = pyttb.ktensor(factors)
    seconds = least(lambda: [tensor.mttkrp(model, mode) for mode in range(3)], 1)
    return {"s": seconds, "MB": megabytes() - before, "build": built}


def measure(engine: str, nonzeros: int, threads: int) -> dict[str, float]:
    """Run one engine in this process."""
    name, _, option = engine.partition(" ")
    if name == "ours":
        return ours(nonzeros, threads, np.dtype(option or "float64"))
    return pygenten(nonzeros, option) if name == "pygenten" else pyttb(nonzeros)


def run(engine: str, nonzeros: int, threads: int, python: str) -> dict[str, float] | None:
    """Run one engine in a process of its own; None where it does not work."""
    command = [python, __file__, str(nonzeros), "--engine", engine, "--threads", str(threads)]
    environment = {**os.environ, "OMP_NUM_THREADS": str(threads)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    found = re.search(r"^RESULT (.*)$", done.stdout, re.MULTILINE)
    if not found:
        return None
    result: dict[str, float] = json.loads(found[1])
    timer = re.search(r"MTTKRP-all:\s+([\d.e-]+).*\[(\d+)\]", done.stdout)
    if timer:
        result["s"] = float(timer[1]) / int(timer[2])
    return result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("nonzeros", type=float, nargs="*", default=[1e5, 1e6, 1e7])
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--peers", help="interpreter that has pygenten and pyttb")
    parser.add_argument("--engine", choices=ENGINES, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.engine:
        result = measure(given.engine, int(given.nonzeros[0]), given.threads)
        print("RESULT", json.dumps(result), flush=True)
        return
    shape = " x ".join(map(str, LENGTHS))
    print(f"{shape}, rank {RANK}, {given.threads} threads")
    print(
        f"{'nonzeros':>9} {'engine':<28} {'gradient':>11} {'ratio':>7} {'memory':>9} {'build':>8}"
    )
    for nonzeros in map(int, given.nonzeros):
        reference = None
        for engine in ENGINES:
            python = sys.executable if engine.startswith("ours") else given.peers
            result = run(engine, nonzeros, given.threads, python) if python else None
            if result is None:
                print(f"{nonzeros:9} {engine:<28} not available")
                continue
            reference = reference or result["s"]
            print(
                f"{nonzeros:9} {engine:<28} {1e3 * result['s']:8.2f} ms "
                f"{result['s'] / reference:7.2f} {result['MB']:6.0f} MB {result['build']:6.2f} s"
            )


if __name__ == "__main__":
    main()
