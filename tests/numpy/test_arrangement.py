"""Functions of shape, indexing and order take what NumPy's take."""

import inspect

import numpy as np
import pytest

import tenrso_ad as ta
import tenrso_ad.numpy as tnp
from tenrso_ad.numpy import _arrangement

NAMES = [
    name
    for name in _arrangement.__all__
    if hasattr(np, name) and getattr(tnp, name) is not getattr(np, name)
]
# like= leads to other libraries, ndmax= is of NumPy 2.4
LEFT_OUT = {"like", "ndmax"}
# parameters of ours alone, behind NumPy's
ADDED = {"sort": ["descending"], "argsort": ["descending"]}


def parameters(function):
    return [
        (p.name, p.kind, p.default)
        for p in inspect.signature(function).parameters.values()
        if p.name not in LEFT_OUT
    ]


@pytest.mark.parametrize("name", sorted(set(NAMES) - {"pad", "where"}))
def test_signatures_are_numpys(name):
    try:
        theirs = parameters(getattr(np, name))
    except ValueError:
        pytest.skip("NumPy does not tell the signature")
    ours = [p for p in parameters(getattr(tnp, name)) if p[0] not in ADDED.get(name, ())]
    if ours != theirs:  # an older NumPy has fewer
        assert np.lib.NumpyVersion(np.__version__) < "2.4.0"
        assert set(theirs) <= set(ours)


def test_subclasses_stay_where_it_is_asked():
    a = np.ones(2).view(np.recarray)
    for out in (tnp.broadcast_to(a, (3, 2), subok=True), tnp.broadcast_arrays(a, subok=True)[0]):
        assert type(out) is np.recarray
    assert type(tnp.broadcast_to(a, (3, 2))) is np.ndarray
    assert isinstance(tnp.broadcast_to(ta.tensor(1.0), 2, subok=True), ta.Tensor)
