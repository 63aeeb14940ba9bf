"""The primitive of a contraction of two operands, driven directly."""

import numpy as np
import pytest

import tenrso_ad as ta
from tenrso_ad.engine.errors import EinsumError
from tenrso_ad.engine.staging import stage
from tenrso_ad.ops.contraction.lowering import split
from tenrso_ad.ops.contraction.pairwise import contract, params_of, transposes
from tests.ops.table import Case, each, normal


def case(left, right, out, *shapes):
    params = params_of(left, right, out)
    return Case(
        f"{left},{right}->{out}",
        lambda a, b: contract(a, b, params),
        *[normal(*s) for s in shapes],
        reference=lambda a, b: np.einsum(f"{left},{right}->{out}", a, b),
        complex=True,
        order=3,
    )


@each(
    [
        case("ij", "jk", "ik", (2, 3), (3, 2)),
        case("kij", "jk", "ik", (2, 2, 3), (3, 2)),
        case("i", "i", "", (3,), (3,)),
        case("i", "j", "ji", (2,), (3,)),
        case("ri", "jr", "rji", (2, 3), (2, 2)),
        case("ijk", "jl", "ilk", (2, 3, 5), (3, 2)),
    ]
)
def test_contract(check):
    check()


@pytest.mark.parametrize("spec", ["ab,bc->ac", "abc,cbd->da", "ab,cb->bac", "a,b->ab", "a,a->"])
def test_derivatives_are_contractions_of_the_same_family(spec):
    """Every letter of an operand stands in the other one or in the result."""
    for params in transposes(spec):
        left, right, out = map(set, split(params["spec"]))
        assert left <= right | out
        assert right <= left | out
        assert out <= left | right


def test_vmap_of_one_operand_is_one_product():
    """A batch of vectors against one matrix is a product of two matrices, not a stack."""
    params = params_of("i", "ij", "j")
    mapped = ta.vmap(lambda x, w: contract(x, w, params), in_axes=(0, None))
    graph = stage(lambda x, w: [mapped(x, w)], np.ones((5, 3)), np.ones((3, 2)))
    (equation,) = [e for e in graph.equations if e.primitive.name == "contract"]
    assert equation.params == {"spec": "ab,bc->ac"}


def test_a_graph_refuses_shapes_that_do_not_fit():
    params = params_of("ij", "jk", "ik")
    with pytest.raises(EinsumError, match="do not fit"):
        stage(lambda a, b: [contract(a, b, params)], np.ones((2, 3)), np.ones((2, 3)))
    with pytest.raises(EinsumError, match="do not fit"):
        contract(np.ones((2, 3)), np.ones((2, 3)), params)


def test_other_orders_in_memory(rng):
    params = params_of("ijk", "kl", "ijl")
    a, b = rng.normal(size=(4, 2, 3)).transpose(1, 2, 0), rng.normal(size=(5, 4)).T
    expected = np.einsum("ijk,kl->ijl", a, b)
    np.testing.assert_allclose(contract(a, b, params), expected)
    np.testing.assert_allclose(contract(a[::-1, ::2], b, params), expected[::-1, ::2])
    out, pullback = ta.vjp(lambda x, y: contract(x, y, params), a, b)
    constant = np.broadcast_to(1.0, out.shape)  # the cotangent of a sum
    for_a, for_b = pullback(constant)
    np.testing.assert_allclose(for_a, np.einsum("ijl,kl->ijk", constant, b))
    np.testing.assert_allclose(for_b, np.einsum("ijl,ijk->kl", constant, a))
