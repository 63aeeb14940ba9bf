"""Data types, and what the namespace says of itself."""

import itertools

import array_api_strict as strict
import numpy as np
import pytest

import tenrso_ad as ta
from tests.array_api.agreement import DTYPES, outcome

xp = ta.array_api
KINDS = [
    "bool",
    "signed integer",
    "unsigned integer",
    "integral",
    "real floating",
    "complex floating",
    "numeric",
]
NUMBERS = [True, 2, 2.5, 1j]


def test_promotion_of_dtypes_and_arrays():
    for first, second in itertools.product(DTYPES, repeat=2):
        wanted = outcome(strict.result_type, (first, second), {})
        if isinstance(wanted, Exception):
            continue  # NumPy's namespace promotes kinds that the standard leaves open
        ours = DTYPES[first], DTYPES[second]
        assert xp.result_type(*ours) == DTYPES[wanted]
        x, y = (xp.ones(2, dtype=d) for d in ours)
        assert xp.result_type(x, ours[1]) == DTYPES[wanted] == xp.stack([x, y]).dtype
        assert xp.can_cast(ours[0], DTYPES[wanted]) and xp.can_cast(x, DTYPES[wanted])


def test_python_numbers_are_weak():
    for dtype, number in itertools.product(DTYPES, NUMBERS):
        wanted = outcome(strict.result_type, (dtype, number), {})
        if not isinstance(wanted, Exception):
            assert xp.result_type(DTYPES[dtype], number) == DTYPES[wanted]
            assert xp.result_type(number, xp.ones(1, dtype=DTYPES[dtype])) == DTYPES[wanted]


def test_kinds():
    for dtype, ours in DTYPES.items():
        for kind in KINDS:
            assert xp.isdtype(ours, kind) is strict.isdtype(dtype, kind)
        assert xp.isdtype(ours, (ours, "bool")) and not xp.isdtype(ours, ())
    with pytest.raises(ValueError, match="kind"):
        xp.isdtype(xp.int8, "round")


@pytest.mark.parametrize("name", ["finfo", "iinfo"])
def test_limits(name):
    for dtype, ours in DTYPES.items():
        theirs = outcome(getattr(strict, name), (dtype,), {})
        if isinstance(theirs, Exception):
            with pytest.raises(ValueError):
                getattr(xp, name)(ours)
            continue
        for info in (getattr(xp, name)(ours), getattr(xp, name)(xp.ones(1, dtype=ours))):
            for field in vars(theirs):
                value, wanted = getattr(info, field), getattr(theirs, field)
                if field == "dtype":
                    wanted = DTYPES[wanted]
                assert value == wanted and type(value) is type(wanted)


def test_conversion():
    x = xp.asarray([0.0, 1.5, -2.0])
    for dtype in DTYPES.values():
        y = xp.astype(x[:2], dtype)
        assert y.dtype == dtype and y.tolist() == np.array([0.0, 1.5]).astype(dtype).tolist()
    assert xp.astype(x, xp.float64, copy=False) is x
    assert xp.astype(x, xp.float64, device="cpu") is not x


def test_complex_values_become_real_on_purpose_only():
    z = xp.asarray([0.0 + 0.0j, 1.0j])
    with pytest.raises(TypeError, match=r"take real\(x\), imag\(x\) or abs\(x\) first"):
        xp.astype(z, xp.float64)
    assert xp.astype(z, xp.bool).tolist() == [False, True]


def test_dtypes_are_those_of_tensors_and_hash_alike():
    assert {xp.ones(1, dtype=d).dtype for d in DTYPES.values()} == set(DTYPES.values())
    assert xp.zeros(1).dtype is xp.float64


def test_information():
    info, theirs = xp.__array_namespace_info__(), strict.__array_namespace_info__()
    assert info.capabilities() == theirs.capabilities()
    assert info.default_device() == xp.ones(1).device and info.devices() == ["cpu"]
    for kind in [None, *KINDS, ("integral", "bool"), ()]:
        assert info.dtypes(kind=kind).keys() == theirs.dtypes(kind=kind).keys()
    defaults = {k: DTYPES[d] for k, d in theirs.default_dtypes().items()}
    assert info.default_dtypes(device="cpu") == defaults
    with pytest.raises(ValueError, match="device"):
        info.dtypes(device="cuda")
