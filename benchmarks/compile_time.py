"""Time how long functions take to compile, beside JAX and PyTorch; print a markdown table.

    python benchmarks/compile_time.py [--cases models] [--peers PYTHON] [--only TEXT] [--all]

What is compiled is a loss with its gradients; of each problem the largest size, or with ``--all``
every one. Ours is compiled in a process of its own for each case, whose cache of kernels is empty
("cold"), then in another that finds it filled ("again"): staging, passes, making machine code of
kernels, and the rest, which is writing the program and its first run. Imports are not counted. The
peers compile all cases in one process each, after a small function that warms them up. A figure is
the time of the first call, the least of several processes.
"""

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time

from compare_peers import ENGINES, TITLES, is_importable, processor
from suite.problems import SETS, problem

PARTS = ("staging", "passes", "machine code", "total")


def time_ours(case: str) -> dict[str, float]:
    """Return seconds of each part of compiling a case, in this process."""
    import llvmlite.binding  # noqa: F401 (imports are not counted)

    from tenrso_ad.compiler import compiled, program

    spent = dict.fromkeys(PARTS, 0.0)

    def timed(part: str, function):
        def call(*args, **kwargs):
            start = time.perf_counter()
            try:
                return function(*args, **kwargs)
            finally:
                spent[part] += time.perf_counter() - start

        return call

    compiled.stage = timed("staging", compiled.stage)
    compiled.optimised = timed("passes", compiled.optimised)
    program.compile_kernel = timed("machine code", program.compile_kernel)
    call = ENGINES["tenrso-ad compiled"](*problem(case))
    timed("total", call)()
    return spent


def time_peer(engine: str, cases: list[str]) -> dict[str, float]:
    """Return seconds of the first call of each case, in this process."""
    ENGINES[engine](*problem("elementwise_cube/1000"))()
    seconds = {}
    for case in cases:
        call = ENGINES[engine](*problem(case))
        start = time.perf_counter()
        call()
        seconds[case] = time.perf_counter() - start
    return seconds


def in_own_process(python: str, engine: str, cases: list[str], folder: str = "") -> dict:
    """Return what either of these gives in a process of `python`."""
    command = [python, __file__, "--engine", engine, *cases]
    environment = os.environ | ({"TENRSO_AD_CACHE": folder} if folder else {})
    run = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, env=environment)
    return json.loads(run.stdout.splitlines()[-1])


def cold_and_again(case: str, repeats: int) -> tuple[dict[str, float], dict[str, float]]:
    """Return the least times of processes with an empty cache, and with a filled one."""
    cold, again = [], []
    for _ in range(repeats):
        with tempfile.TemporaryDirectory() as folder:
            for runs in (cold, again):
                runs.append(in_own_process(sys.executable, "ours", [case], folder))
    return tuple(min(runs, key=lambda run: run["total"]) for runs in (cold, again))


def parse_arguments() -> argparse.Namespace:
    """Return the command line's options."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cases", choices=SETS, default="problems", help="what is compiled")
    parser.add_argument("--peers", default=sys.executable, help="interpreter that has the peers")
    parser.add_argument("--only", default="", help="the cases whose name contains this")
    parser.add_argument("--all", action="store_true", help="all sizes, not the largest of each")
    parser.add_argument("--repeats", type=int, default=2, help="processes of ours for each figure")
    parser.add_argument("--engine", help=argparse.SUPPRESS)
    parser.add_argument("names", nargs="*", help=argparse.SUPPRESS)
    return parser.parse_args()


def main() -> None:
    """Print the table, or, with --engine, the times of one engine."""
    options = parse_arguments()
    if options.engine:
        ours = options.engine == "ours"
        times = time_ours(*options.names) if ours else time_peer(options.engine, options.names)
        print(json.dumps(times))
        return
    cases = [c for c in SETS[options.cases] if options.only in c]
    if not options.all:
        cases = list({tuple(c.split("/")[::2]): c for c in cases}.values())
    engines = [e for e in ("jax", "torch.compile") if is_importable(options.peers, e)]
    peers = {}
    for engine in engines:
        print(f"timing {engine} ...", file=sys.stderr)
        peers[engine] = in_own_process(options.peers, engine, cases)
    titles = ["milliseconds", *PARTS[:-1], "cold", "again", *(TITLES.get(e, e) for e in engines)]
    print("| " + " | ".join(titles) + " |\n|---|" + "---:|" * (len(titles) - 1))
    for case in cases:
        cold, again = cold_and_again(case, options.repeats)
        seconds = [*(cold[part] for part in PARTS), again["total"]]
        seconds += [peers[engine][case] for engine in engines]
        print(f"| {case} | " + " | ".join(f"{1e3 * s:.0f}" for s in seconds) + " |", flush=True)
    print(f"\nPython {platform.python_version()}, {os.cpu_count()} cores of {processor()};")
    print(f"ours: the least of {options.repeats} processes.")


if __name__ == "__main__":
    main()
