"""Functions along axes, and those that shape, pick and order, have NumPy's parameters."""

import inspect

import numpy as np
import pytest

import tenrso_ad.numpy as tnp
from tenrso_ad.numpy import _arrangement, _reductions

SHARED = [
    name
    for name in (*_reductions.__all__, *_arrangement.__all__)
    if getattr(np, name, None) not in (None, getattr(tnp, name))
]
VARIABLE = {"pad", "vectorize", "where"}  # of any parameters
# a deprecated name of method=; what leads to other libraries; what only NumPy 2.4 has
GONE = {"interpolation", "like", "ndmax"}
ADDED = {"sort": {"descending"}, "argsort": {"descending"}}


def parameters(function, left_out=frozenset()):
    try:
        found = inspect.signature(function).parameters.values()
    except ValueError:
        pytest.skip("this NumPy does not tell the signature")
    return [(p.name, p.kind) for p in found if p.name not in GONE | left_out]


@pytest.mark.skipif(
    np.lib.NumpyVersion(np.__version__) < "2.4.0", reason="older versions have fewer parameters"
)
@pytest.mark.parametrize("name", sorted(set(SHARED) - VARIABLE))
def test_parameters_are_numpys(name):
    ours = parameters(getattr(tnp, name), ADDED.get(name, frozenset()))
    assert ours == parameters(getattr(np, name))
