"""Errors say which operation, what it got, and what to do."""

import numpy as np
import pytest

import tenrso_ad as ta
from tenrso_ad.engine import errors
from tenrso_ad.engine.array_type import ArrayType
from tenrso_ad.engine.errors import TenrsoError, describe, explain, signature


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (np.ones((3, 4)), "float64[3,4]"),
        (np.float32(1), "float32[]"),
        (ArrayType((2,), np.dtype(np.int8)), "int8[2]"),
        (ta.tensor([1.0]), "float64[1]"),
        (2.5, "2.5"),
        (True, "True"),
        (None, "NoneType"),
        ("text", "str"),
    ],
)
def test_describe(value, text):
    assert describe(value) == text


def test_signature():
    shown = signature("f", (np.ones(2), 3), {"axis": (0,), "rule": len})
    assert shown == "f(float64[2], 3, axis=(0,))"


@pytest.mark.parametrize(
    ("theirs", "ours", "builtin"),
    [
        (ValueError("bad"), errors.ShapeError, ValueError),
        (TypeError("bad"), errors.DTypeError, TypeError),
        (IndexError("bad"), errors.IndexingError, IndexError),
        (np.exceptions.AxisError("bad"), errors.AxisError, np.exceptions.AxisError),
        (np.linalg.LinAlgError("bad"), errors.LinAlgError, np.linalg.LinAlgError),
    ],
)
def test_numpys_errors_become_ours_and_stay_what_they_were(theirs, ours, builtin):
    explained = explain("f", (np.ones(2),), {"k": 1}, theirs)
    assert type(explained) is ours
    assert isinstance(explained, (TenrsoError, builtin))
    assert str(explained) == "f(float64[2], k=1): bad"


def test_our_own_errors_and_strange_ones_are_left_alone():
    for error in (errors.EinsumError("mine"), MemoryError("no room"), KeyboardInterrupt()):
        assert explain("f", (), {}, error) is error


def test_every_error_can_be_caught_as_ours_and_by_its_builtin_kind():
    kinds = [
        e
        for e in vars(errors).values()
        if isinstance(e, type) and issubclass(e, TenrsoError) and e is not TenrsoError
    ]
    assert len(kinds) > 12
    for kind in kinds:
        assert kind.__doc__
        builtin = [b for b in kind.__mro__ if b.__module__ == "builtins"]
        assert len(builtin) > 3 or issubclass(kind, ValueError)  # more than Exception alone


def test_a_failing_operation_keeps_numpys_error_as_its_cause():
    with pytest.raises(errors.ShapeError) as caught:
        ta.numpy.add(np.ones(2), np.ones(3))
    assert isinstance(caught.value.__cause__, ValueError)
    assert "equal lengths or length 1" in str(caught.value)
