"""A tensor is a view of another exactly where NumPy's array is."""

import importlib
from pathlib import Path

import numpy as np
import pytest

import tenrso_ad as ta
from tenrso_ad.engine import tree
from tests.ops.table import Case

HERE = Path(__file__).parent
FILES = sorted((HERE / "ops").rglob("test_*.py"))


def cases(path):
    name = ".".join(("tests", *path.relative_to(HERE).with_suffix("").parts))
    for value in vars(importlib.import_module(name)).values():
        if isinstance(value, list):
            yield from (c for c in value if isinstance(c, Case) and c.reference is not None)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
@pytest.mark.filterwarnings("ignore")
def test_every_function_shares_memory_where_numpys_does(path):
    for case in {case.name: case for case in cases(path)}.values():
        arrays = case.draw()
        tensors = [ta.tensor(a, requires_grad=False) for a in arrays]
        theirs = tree.leaves(case.reference(*arrays))
        ours = tree.leaves(case.function(*tensors))
        for result, out in zip(theirs, ours, strict=True):
            for a, x in zip(arrays, tensors, strict=True):
                if not a.shape or not np.size(result):  # nothing to see in the others
                    continue
                shared = isinstance(result, np.ndarray) and np.may_share_memory(result, a)
                got = isinstance(out, ta.Tensor) and np.may_share_memory(out, x)
                assert got == shared, f"{case.name}: NumPy gives a {'view' if shared else 'copy'}"


def test_the_files_hold_cases():
    assert sum(1 for path in FILES for _ in cases(path)) > 900
