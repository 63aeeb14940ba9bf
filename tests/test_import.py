"""Importing the package stays light: heavy libraries are imported where they are first needed."""

import subprocess
import sys

import pytest

HEAVY = (
    "h5py",
    "jax",
    "llvmlite",
    "matplotlib",
    "numba",
    "rich",
    "scipy",
    "tensorly",
    "torch",
    "typer",
)


def modules_after(statement: str) -> set[str]:
    """Return the top-level modules a new interpreter holds after `statement`."""
    code = f"import sys\n{statement}\nprint(*{{name.split('.')[0] for name in sys.modules}})"
    command = [sys.executable, "-W", "error", "-c", code]
    run = subprocess.run(command, capture_output=True, text=True, check=True)
    return set(run.stdout.split())


@pytest.mark.parametrize(
    "statement",
    ["import tenrso_ad", "import tenrso_ad.numpy", "import tenrso_ad as ta; ta.grad(abs)(1.0)"],
)
def test_heavy_libraries_stay_unimported(statement: str) -> None:
    assert modules_after(statement).isdisjoint(HEAVY)


def test_the_check_sees_an_import() -> None:
    assert "scipy" in modules_after("import scipy")
