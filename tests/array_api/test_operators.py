"""Operators of tensors, plain, reflected and in place, against those of array_api_strict."""

import operator

import array_api_strict as strict
import pytest
from hypothesis import given

import tenrso_ad as ta
from tests.array_api import strategies
from tests.array_api.agreement import assert_equal, few, ours, outcome

UNARY = {"abs": "numeric", "neg": "numeric", "pos": "numeric", "invert": "bitwise"}
BINARY = {
    **dict.fromkeys(("add", "mul", "sub"), "numeric"),
    "truediv": "floating",
    **dict.fromkeys(("floordiv", "mod"), "real"),
    "pow": "float",
    **dict.fromkeys(("and_", "or_", "xor"), "bitwise"),
    **dict.fromkeys(("lshift", "rshift"), "int"),
    **dict.fromkeys(("eq", "ne"), "any"),
    **dict.fromkeys(("ge", "gt", "le", "lt"), "real"),
}
IN_PLACE = [name for name in BINARY if name not in ("eq", "ne", "ge", "gt", "le", "lt")]


def agree(function, operands):
    """Call on both libraries' arrays; negative shifts and integer powers are left open."""
    theirs = outcome(function, operands, {})
    if isinstance(theirs, Exception):
        return
    mine = outcome(function, ours(operands), {})
    if isinstance(mine, Exception):
        raise AssertionError(f"{function.__name__}{operands}") from mine
    assert_equal(mine, theirs, f"{function.__name__}{operands}", 8.0)


@pytest.mark.parametrize("name", UNARY)
def test_unary(name):
    @few
    @given(strategies.unary(UNARY[name]))
    def agrees(call):
        agree(getattr(operator, name), call[0])

    agrees()


@pytest.mark.parametrize("name", BINARY)
def test_binary_and_reflected(name):
    @few
    @given(strategies.pair(BINARY[name]))
    def agrees(operands):
        agree(getattr(operator, name), tuple(operands))

    agrees()


@pytest.mark.parametrize("name", IN_PLACE)
def test_in_place(name):
    method = getattr(operator, "i" + name.rstrip("_"))

    def change(x1, x2):
        x = x1.__array_namespace__().asarray(x1, copy=True)
        same = x
        x = method(x, x2)
        assert x is same or x.ndim == 0  # without axes it is a scalar, as in NumPy
        return x

    @few
    @given(strategies.pair(BINARY[name]))
    def agrees(operands):
        x1, x2 = operands
        if hasattr(x1, "shape"):
            agree(change, (x1, x2))

    agrees()


def test_matmul():
    x = strict.reshape(strict.arange(6.0), (2, 3))
    agree(operator.matmul, (x, x.mT))
    y = ta.array_api.ones((2, 2))
    same = y
    y @= y
    assert y is same and y.tolist() == [[2.0, 2.0], [2.0, 2.0]]
    assert ours(x).mT.shape == ours(x).T.shape == (3, 2)


@pytest.mark.parametrize("name", ["and_", "or_", "xor", "lshift", "rshift", "invert"])
def test_bits_of_floats_are_refused(name):
    x = ta.array_api.ones(2)
    operands = (x,) if name == "invert" else (x, x)
    with pytest.raises(TypeError):
        getattr(operator, name)(*operands)
