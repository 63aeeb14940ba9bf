"""Write functions.rst: what each function can do, as the tables of tests check it.

A line of those tables (`tests.ops.table.Case`) begins with the name of the function that it is for,
so that this page says nothing that no test has seen.
"""

from __future__ import annotations

import importlib.util
import re
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
PAGES = ("numpy", "numpy.linalg", "numpy.fft", "special")

QUERIES = {"ndim", "result_type", "shape", "size"}  # they ask for a type, not for values

NOTES = {
    "absolute": "0 at 0, the subgradient of least norm",
    "bincount": "differentiated by the weights",
    "clip": "at a limit the gradient goes to x",
    "copysign": "0 at 0",
    "cumprod": "zeros among the elements are allowed",
    "det": "singular matrices too",
    "eig": "defective matrices and degenerate eigenvalues: see :doc:`special_values`",
    "eigh": "degenerate eigenvalues: see :doc:`special_values`",
    "fmax": "ties share the gradient evenly; NaN gets none",
    "fmin": "ties share the gradient evenly; NaN gets none",
    "histogram": "differentiated by the weights",
    "interp": "by x, xp, fp, left, right and period",
    "leaky_relu": "at 0 the slope of the negative side",
    "logcumsumexp": "an element that is -inf has no part, and the gradient 0",
    "lstsq": "along changes that keep the rank",
    "max": "ties share the gradient evenly",
    "maximum": "ties share the gradient evenly",
    "median": "ties share the gradient evenly",
    "min": "ties share the gradient evenly",
    "minimum": "ties share the gradient evenly",
    "nanmax": "NaN has the gradient 0",
    "nanmean": "NaN has the gradient 0",
    "nanmin": "NaN has the gradient 0",
    "nansum": "NaN has the gradient 0",
    "norm": "0 at 0",
    "pinv": "along changes that keep the rank",
    "prod": "zeros among the elements are allowed",
    "quantile": "ties share the gradient evenly; by q, the slope to the right",
    "relu": "0 at 0",
    "relu6": "0 at 0 and at 6",
    "sinc": "exact at 0, to any order",
    "partition": "the gradient goes where an element stood",
    "sort": "elements that tie keep their order",
    "std": "0 for constant data",
    "svd": "degenerate singular values: see :doc:`special_values`",
    "unique": "the gradient goes to the first occurrence",
    "where": "the branch not taken gets a zero, whatever its derivative",
}


class Row(NamedTuple):
    """One function of the page."""

    names: str
    derivatives: str
    dtypes: str
    modes: str
    note: str


def functions(page: str) -> dict[str, list[str]]:
    """Names of a module's functions that are not NumPy's own; those of one function together."""
    module: Any = importlib.import_module(f"tenrso_ad.{page}")
    theirs: Any = {"numpy.fft": np.fft, "numpy.linalg": np.linalg}.get(page, np)
    together: dict[int, list[str]] = {}
    for name in module.__all__:
        function = getattr(module, name)
        if isinstance(function, (type, ModuleType)) or not callable(function) or name in QUERIES:
            continue
        if function is not getattr(theirs, name, None):
            together.setdefault(id(function), []).append(name)
    return {names[0]: names for names in map(sorted, together.values())}


def tested() -> dict[str, list[Any]]:
    """Lines of the tables by the name they begin with."""
    sys.path.insert(0, str(ROOT))
    from tests.ops import table

    cases = defaultdict(list)
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        if "tests.ops.table import" not in path.read_text():
            continue
        place = ".".join(path.relative_to(ROOT).with_suffix("").parts)
        spec = importlib.util.spec_from_file_location(f"tables.{place}", path)
        assert spec is not None and spec.loader is not None
        before = len(table.declared)
        spec.loader.exec_module(importlib.util.module_from_spec(spec))
        for case in table.declared[before:]:
            found = re.match(r"\w+", case.name)
            if found:
                cases[found.group()].append(case)
    return cases


def rows(page: str, cases: dict[str, list[Any]]) -> Iterator[Row]:
    """Lines of one module's table; a function that no test's table has is an error."""
    for name, names in sorted(functions(page).items()):
        own = [case for n in names for case in cases.get(n, ())]
        if not own:
            raise LookupError(f"no table of tests has a line for tenrso_ad.{page}.{name}")
        orders = [case.order for case in own if case.differentiable]
        dtypes = ["float64"]
        dtypes += ["float32"] * any(case.float32 for case in own)
        dtypes += ["complex"] * any(case.complex for case in own)
        modes = ["reverse", "forward"] * bool(orders)
        modes += ["vmap"] * any(case.vmap and case.operands for case in own)
        modes += ["staged"] * any(case.stage for case in own)
        yield Row(
            ", ".join(f"``{n}``" for n in names),
            f"to order {max(orders)}" if orders else "none",
            ", ".join(dtypes),
            ", ".join(modes),
            next((NOTES[n] for n in names if n in NOTES), ""),
        )


def text() -> str:
    """The whole page."""
    cases = tested()
    lines = [
        "Functions",
        "=========",
        "",
        "What each function can do, as the tests check it: derivatives against differences, up to",
        "the order that is tested (there is no highest one, unless a docstring says so); the",
        "dtypes that are kept; and the modes: reverse, forward, ``vmap`` against a loop, and",
        "staging to a graph. Names in one line are one function. Functions that make arrays, and",
        "constants and dtypes, are NumPy's own.",
        "",
    ]
    for page in PAGES:
        title = f"tenrso_ad.{page}"
        lines += [title, "-" * len(title), "", ".. list-table::", "   :header-rows: 1", ""]
        header = Row("function", "derivatives", "dtypes", "modes", "note")
        for row in (header, *rows(page, cases)):
            lines += [f"   {'*' if i == 0 else ' '} - {cell}" for i, cell in enumerate(row)]
        lines.append("")
    return "\n".join(lines)


if __name__ == "__main__":
    print(text())
