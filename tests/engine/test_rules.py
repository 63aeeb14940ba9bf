"""Every primitive has every rule."""

import importlib
import pkgutil

import pytest

import tenrso_ad
from tenrso_ad.engine.batch import batching
from tenrso_ad.engine.forward import pushforwards
from tenrso_ad.engine.graph import shape_rules
from tenrso_ad.engine.primitive import registry
from tenrso_ad.engine.reverse import pullbacks
from tenrso_ad.engine.trace import evaluation

for module in pkgutil.walk_packages(tenrso_ad.__path__, "tenrso_ad."):
    if "__main__" not in module.name:
        importlib.import_module(module.name)

# Written by passes of the compiler into graphs that nobody differentiates any more.
MADE_BY_PASSES = {"fused", "window", "place", "assemble"}
PRIMITIVES = sorted(
    (p for p in registry.values() if p in evaluation and p.name not in MADE_BY_PASSES),
    key=lambda p: p.name,
)

# Derivative zero, or undefined by nature.
NOT_DIFFERENTIABLE = {
    "stop_gradient",
    *("equal", "not_equal", "greater", "greater_equal", "less", "less_equal"),
    *("logical_and", "logical_or", "logical_xor", "logical_not"),
    *("isnan", "isinf", "isfinite", "signbit"),
    *("floor", "ceil", "trunc", "rint", "round", "sign", "floor_divide"),
    *("whole", "exponent", "spacing"),
    *("bitwise_and", "bitwise_or", "bitwise_xor", "bitwise_count", "invert"),
    *("left_shift", "right_shift", "gcd", "lcm"),
    *("all", "any", "count_nonzero", "argmax", "argmin"),
    "discretize",  # conversion to integers
    # parts of derivatives that are constant where they have one: which entries tie for an extremum,
    # win a maximum over updates
    *("ties", "tie_groups", "winners"),
    *("argsort", "argpartition", "searchsorted"),
    "permutation_of_pivots",
    "gammasgn",
    *("nonzero", "unique", "unravel_index", "ravel_multi_index"),
}


@pytest.mark.parametrize("primitive", PRIMITIVES, ids=str)
@pytest.mark.parametrize(
    "table",
    [pullbacks, pushforwards, batching, shape_rules],
    ids=["reverse", "forward", "batching", "shape"],
)
def test_every_primitive_has_every_rule(primitive, table):
    assert primitive in table


def test_the_list_of_primitives_without_a_derivative():
    silent = {p.name for p in PRIMITIVES if pullbacks[p] is None}
    assert silent == NOT_DIFFERENTIABLE
    assert silent == {p.name for p in PRIMITIVES if pushforwards[p] is None}


@pytest.mark.parametrize(
    "table", [evaluation, pullbacks, pushforwards, batching, shape_rules], ids=lambda t: ""
)
def test_no_rule_belongs_to_a_primitive_that_lost_its_name(table):
    """A second primitive of the same name would take the place of the first in the registry."""
    assert all(registry[p.name] is p for p in table)


def test_primitives_without_an_evaluation_are_custom_functions():
    assert all(n.startswith("custom:") for n, p in registry.items() if p not in evaluation)
