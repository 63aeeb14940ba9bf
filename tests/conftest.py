"""Set-up shared by every test."""

import os

import numpy as np
import pytest
from hypothesis import settings

# The same examples on every machine: a failure seen once is seen by everyone. To search for new
# ones, run `pytest --hypothesis-profile=explore`.
settings.register_profile("repeatable", deadline=None, derandomize=True)
settings.register_profile("explore", deadline=None, max_examples=1000)
settings.load_profile("repeatable")

# Kernels are compiled by every run, not found in the user's cache.
os.environ["TENRSO_AD_CACHE"] = ""


@pytest.fixture
def rng() -> np.random.Generator:
    """Return a generator in the same state for every test."""
    return np.random.default_rng(0)
