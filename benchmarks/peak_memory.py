"""Compare the memory of compiled gradients with that of ``jax.jit``; print a table.

    python benchmarks/peak_memory.py [--peers PYTHON] [--only TEXT] [--write docs/compile.rst]

For each problem of the benchmarks, float64, the value and the gradient in all arrays:

- planned: bytes of a call beside its arguments (``Compiled.memory.peak``), results included;
- allocated: bytes of arrays and Python objects that the first call really allocates, as tracemalloc
  sees them, the workspace included;
- unplanned: the same graph if every value between the equations had memory of its own;
- one by one: operations called one after another without fusion, values freed after their last use;
- JAX: temporaries and outputs as XLA counts them (``memory_analysis()``).

`--peers` names the interpreter that has JAX. `--write` puts the table, with one row a group (its
largest problem), between the two comments of a file that name this script.
"""

import argparse
import json
import math
import statistics
import subprocess
import tracemalloc
from pathlib import Path

from suite.problems import CASES, GROUPS, problem

HEADS = ("", "planned", "allocated", "unplanned", "one by one", "JAX", "planned / JAX")


def of_tenrso_ad(case: str) -> dict[str, int]:
    """Return the bytes of our compiled function."""
    import tenrso_ad as ta

    loss, arrays = problem(case)
    every = tuple(range(len(arrays)))
    both = ta.value_and_grad(lambda *xs: loss(ta.numpy, *xs), argnums=every)
    compiled, plain = ta.compile(both), ta.compile(both, passes=[], backend="python")
    plain(*arrays)
    for _ in range(2):  # what is made once is made now
        compiled(*arrays)
    compiled.clear()
    tracemalloc.start()
    compiled(*arrays)
    allocated = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    memory = compiled.memory
    return {
        "planned": memory.peak,
        "allocated": allocated,
        "unplanned": memory.unplanned + memory.calls + memory.results,
        "one by one": plain.memory.peak,
    }


def of_jax(case: str) -> int:
    """Return the bytes that XLA counts for the compiled function."""
    import jax

    jax.config.update("jax_enable_x64", True)
    loss, arrays = problem(case)
    every = tuple(range(len(arrays)))
    both = jax.jit(jax.value_and_grad(lambda *xs: loss(jax.numpy, *xs), argnums=every))
    found = both.lower(*map(jax.numpy.asarray, arrays)).compile().memory_analysis()
    return found.temp_size_in_bytes + found.output_size_in_bytes


def of_all_by_jax(python: str, cases: list[str]) -> dict[str, int]:
    """Return what `of_jax` gives in a process of `python`."""
    command = [python, __file__, "--jax", *cases]
    run = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    return json.loads(run.stdout.splitlines()[-1])


def rows_of(ours: dict[str, dict[str, int]], jax: dict[str, int]) -> list[list[str]]:
    """Return the cells of the table."""
    rows = []
    for case, counts in ours.items():
        cells = [case, *(f"{count:,d}" for count in counts.values())]
        if jax:
            cells += [f"{jax[case]:,d}", f"{counts['planned'] / jax[case]:.2f}"]
        rows.append(cells)
    return rows


def table(rows: list[list[str]]) -> str:
    """Return a table that is reStructuredText and reads well as it is."""
    rows = [list(HEADS[: len(rows[0])]), *rows]
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    rule = "  ".join("=" * width for width in widths)
    lines = [
        "  ".join([row[0].ljust(widths[0]), *map(str.rjust, row[1:], widths[1:])]).rstrip()
        for row in rows
    ]
    lines[0] = "\\" + lines[0][1:]  # an empty first cell would join the rows of the table
    return "\n".join([rule, lines[0], rule, *lines[1:], rule])


def summary(ours: dict[str, dict[str, int]], jax: dict[str, int]) -> str:
    """Return what holds over all the cases."""
    plain = statistics.median(c["planned"] / c["one by one"] for c in ours.values())
    text = f"Over all {len(ours)} problems: {plain:.2f} times one by one (median)"
    if jax:
        ratios = [ours[case]["planned"] / jax[case] for case in ours]
        mean = math.exp(sum(map(math.log, ratios)) / len(ratios))
        text += f"; {mean:.2f} times JAX's (geometric mean), at most {max(ratios):.5f} times"
    return text + "."


def put_between(path: Path, text: str) -> None:
    """Replace what stands between the comments that name this script."""
    begin, end = ".. peak_memory.py begins", ".. peak_memory.py ends"
    before, _, rest = path.read_text().partition(begin)
    _, _, after = rest.partition(end)
    path.write_text(f"{before}{begin}\n\n{text}\n\n{end}{after}")


def main() -> None:
    """Print the table, or, with --jax, the figures of JAX."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--peers", help="interpreter that has JAX; without it, JAX is left out")
    parser.add_argument("--only", default="", help="cases whose name contains this")
    parser.add_argument("--write", type=Path, help="file to put the table into")
    parser.add_argument("--jax", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("cases", nargs="*", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.jax:
        print(json.dumps({case: of_jax(case) for case in options.cases}))
        return
    cases = [case for case in CASES if options.only in case]
    ours = {case: of_tenrso_ad(case) for case in cases}
    jax = of_all_by_jax(options.peers, cases) if options.peers else {}
    print(table(rows_of(ours, jax)))
    print(f"\n{summary(ours, jax)}")
    if options.write:
        largest = [f"{name}/{group.sizes[-1]}" for name, group in GROUPS.items()]
        rows = [row for row in rows_of(ours, jax) if row[0] in largest]
        put_between(options.write, f"{table(rows)}\n\n{summary(ours, jax)}")


if __name__ == "__main__":
    main()
