"""SciPy and scikit-learn take tensors, compute what they compute on arrays, and have gradients."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.array_api import other_libraries

pytest.importorskip("scipy", minversion="1.17")  # earlier ones take fewer of the standard's arrays
pytest.importorskip("sklearn", minversion="1.9")


@pytest.fixture(scope="module")
def outcome():
    command = [sys.executable, "-m", "tests.array_api.other_libraries"]
    environment = os.environ | {"SCIPY_ARRAY_API": "1"}
    root = Path(__file__).parents[2]
    run = subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    return json.loads(run.stdout)


@pytest.mark.parametrize("name", other_libraries.CASES)
def test_function_or_estimator(name, outcome):
    assert outcome[name] == ""


def test_compiled_code_is_refused_where_it_would_cut_a_derivative():
    code = """
import numpy as np, scipy.ndimage, tenrso_ad as ta
try:
    scipy.ndimage.gaussian_filter(ta.tensor(np.ones(3)), 1.0)
except TypeError as error:
    print(error)
"""
    environment = os.environ | {"SCIPY_ARRAY_API": "1"}
    run = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True
    )
    assert "without losing its derivative" in run.stdout, run.stderr
