"""Pytrees."""

import dataclasses
import pickle
from typing import Any, NamedTuple

import numpy as np
import pytest

import tenrso_ad as ta
from tenrso_ad.engine import tree
from tenrso_ad.engine.errors import ArgumentError
from tenrso_ad.engine.primitive import registry


class Pair(NamedTuple):
    left: Any
    right: Any


@tree.register_dataclass
@dataclasses.dataclass(frozen=True)
class Layer:
    weight: Any
    bias: Any

    def __post_init__(self):
        if isinstance(self.weight, str):
            raise ValueError("no strings")


NESTED = {"b": [1, (2, None)], "a": Pair(3, Layer(4, 5))}


def test_flatten_and_back():
    leaves, structure = tree.flatten(NESTED)
    assert sorted(leaves) == [1, 2, 3, 4, 5]
    assert tree.unflatten(structure, leaves) == NESTED
    assert tree.leaves(NESTED) == leaves


def test_map():
    doubled = tree.map(lambda a, b: a + b, NESTED, NESTED)
    assert doubled == {"b": [2, (4, None)], "a": Pair(6, Layer(8, 10))}


def test_paths_name_each_leaf():
    named = dict(zip(tree.paths(NESTED), tree.leaves(NESTED), strict=True))
    assert named == {
        "['b'][0]": 1,
        "['b'][1][0]": 2,
        "['a'].left": 3,
        "['a'].right.weight": 4,
        "['a'].right.bias": 5,
    }
    assert tree.paths(7) == [""]


def test_dataclasses_are_put_together_without_validation():
    with pytest.raises(ValueError, match="no strings"):
        Layer("w", 1)
    named = tree.map(lambda leaf: "name", Layer(1, 2))
    assert named.weight == "name"


def test_gradients_of_a_dataclass_are_of_its_type():
    layer = Layer(np.array([1.0, 2.0]), 3.0)
    gradient = ta.grad(lambda layer: (layer.weight * layer.weight).sum() * layer.bias)(layer)
    assert type(gradient) is Layer
    np.testing.assert_array_equal(gradient.weight, [6, 12])
    assert gradient.bias == 5


def test_prefixes_are_spread():
    full = {"a": [1, 2], "b": (3, {"c": 4})}
    assert tree.broadcast_prefix(0, full, "axes") == [0, 0, 0, 0]
    assert tree.broadcast_prefix({"a": 1, "b": (None, 2)}, full, "axes") == [1, 1, None, 2]
    with pytest.raises(ArgumentError, match="axes does not fit"):
        tree.broadcast_prefix({"a": 1}, full, "axes")


def test_primitives_keep_their_identity_in_a_pickle():
    add = registry["add"]
    assert pickle.loads(pickle.dumps(add)) is add
    assert repr(add) == "add"
