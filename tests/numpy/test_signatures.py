"""The functions that compute along axes have NumPy's parameters."""

import inspect

import numpy as np
import pytest

import tenrso_ad.numpy as tnp
from tenrso_ad.numpy import _reductions

SHARED = [n for n in _reductions.__all__ if hasattr(np, n) and n != "vectorize"]
GONE = {"interpolation"}  # a deprecated name of method=


def parameters(function):
    try:
        found = inspect.signature(function).parameters.values()
    except ValueError:
        pytest.skip("this NumPy does not tell the signature")
    return [(p.name, p.kind) for p in found if p.name not in GONE]


@pytest.mark.parametrize("name", SHARED)
def test_parameters_are_numpys(name):
    assert parameters(getattr(tnp, name)) == parameters(getattr(np, name))
