"""Tests in this folder compare with other libraries, which the `test` extra does not install.

Without those libraries the folder collects nothing, and `pytest tests/interop` ends with exit
code 5 (no tests), so a run that was meant to compare cannot pass by comparing nothing.
"""

from importlib.util import find_spec

LIBRARIES = ("autograd", "jax", "torch")

collect_ignore_glob = ["test_*.py"] if any(find_spec(name) is None for name in LIBRARIES) else []
