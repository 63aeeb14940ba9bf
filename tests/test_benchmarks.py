"""The benchmarks run: each once, with its smallest parameters. Their times are not looked at."""

import inspect
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import tenrso_ad as ta
from benchmarks.suite import checking, construction, gradients, passes
from benchmarks.suite.problems import CASES, GROUPS, problem
from benchmarks.suite.timing import best_time

BENCHMARKS = [
    (cls, name)
    for module in (checking, construction, gradients, passes)
    for _, cls in inspect.getmembers(module, inspect.isclass)
    if cls.__module__ == module.__name__
    for name in vars(cls)
    if name.startswith("time_")
]


@pytest.mark.parametrize(("cls", "name"), BENCHMARKS)
def test_benchmark_runs(cls: type, name: str) -> None:
    benchmark = cls()
    parameters = [values[0] for values in cls.params]
    benchmark.setup(*parameters)
    getattr(benchmark, name)(*parameters)


@pytest.mark.parametrize("case", [f"{name}/{group.sizes[0]}" for name, group in GROUPS.items()])
def test_problem_is_what_numpy_computes(case: str) -> None:
    loss, arrays = problem(case)
    every = tuple(range(len(arrays)))
    value, slopes = ta.value_and_grad(lambda *xs: loss(ta.numpy, *xs), argnums=every)(*arrays)
    np.testing.assert_allclose(value, loss(np, *arrays), rtol=1e-10)
    assert [slope.shape for slope in slopes] == [array.shape for array in arrays]


def test_every_group_has_its_cases() -> None:
    assert len(CASES) == 45
    assert len(GROUPS) == 14


def test_best_time_is_positive_and_counts_calls() -> None:
    calls = []
    assert best_time(lambda: calls.append(1), repeats=3, seconds=0.0) > 0
    assert len(calls) == 2 + 3


def test_comparison_prints_a_table() -> None:
    script = Path(__file__).parents[1] / "benchmarks" / "compare_peers.py"
    command = [sys.executable, str(script), "--only", "chain/10", "--passes", "1"]
    output = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    (row,) = [line for line in output.splitlines() if line.startswith("| chain/10 |")]
    assert float(row.split("|")[2]) > 0
    assert "wrong" not in row


def test_peak_memory_prints_a_table() -> None:
    script = Path(__file__).parents[1] / "benchmarks" / "peak_memory.py"
    command = [sys.executable, str(script), "--only", "deep_network/5"]
    output = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    (row,) = [line for line in output.splitlines() if line.startswith("deep_network/5 ")]
    planned, allocated, unplanned, plain = [int(n.replace(",", "")) for n in row.split()[1:]]
    assert planned <= allocated < unplanned
    assert planned < plain
