"""How contractions of two operands reach BLAS."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenrso_ad.engine.errors import EinsumError
from tenrso_ad.ops.contraction.lowering import letter, lower, renamed, split

PLAIN = [
    # spec, shapes: one call on views, nothing copied, the result in its order
    ("ab,bc->ac", (3, 4), (4, 5)),
    ("ab,cb->ac", (3, 4), (5, 4)),
    ("ab,ac->bc", (4, 3), (4, 5)),
    ("ab,bc->ca", (3, 4), (4, 5)),
    ("ab,b->a", (3, 4), (4,)),
    ("ab,a->b", (4, 3), (4,)),
    ("a,a->", (4,), (4,)),
    ("abc,abc->", (2, 3, 4), (2, 3, 4)),
    ("abc,bcd->ad", (2, 3, 4), (3, 4, 5)),
    ("abc,cd->abd", (2, 3, 4), (4, 5)),
    ("abc,ad->bcd", (4, 2, 3), (4, 5)),
    ("abc,adc->abd", (2, 3, 4), (2, 5, 4)),
    ("abc,bd->adc", (30, 8, 30), (8, 5)),
    ("abcd,ce->abed", (5, 6, 7, 8), (7, 3)),
    ("ab,cad->cbd", (3, 4), (7, 3, 8)),
]


def elements(*shapes):
    rng = np.random.default_rng(0)
    return [rng.normal(size=s) for s in shapes]


def expected(spec, a, b):
    return np.einsum(spec, a, b)


@pytest.mark.parametrize(("spec", "left", "right"), PLAIN)
def test_no_copy_where_a_view_will_do(spec, left, right):
    plan = lower(spec, left, right)
    recipe = plan.recipe
    assert recipe.operation in ("dot", "matmul")
    assert recipe.axes is None
    a, b = elements(left, right)
    entering = (b, a) if recipe.swapped else (a, b)
    for view, operand in zip((recipe.first, recipe.second), entering, strict=True):
        assert view is None or np.shares_memory(view.of(operand), operand)
    np.testing.assert_allclose(plan.run(a, b), expected(spec, a, b), atol=1e-12)


@pytest.mark.parametrize(
    ("spec", "left", "right", "operation"),
    [
        ("ab,bc->ac", (8, 8), (8, 8), "dot"),
        ("ab,bc->ac", (200, 8), (8, 200), "matmul"),  # np.dot would clear a large result first
        ("abc,acd->abd", (2, 8, 8), (2, 8, 8), "matmul"),
        ("a,b->ab", (3,), (4,), "multiply"),
        ("ab,cb->bac", (3, 2), (4, 2), "multiply"),
        ("ab,ab->ab", (3, 2), (3, 2), "multiply"),
        (",a->a", (), (3,), "multiply"),
    ],
)
def test_one_call_does_the_arithmetic(spec, left, right, operation):
    plan = lower(spec, left, right)
    assert plan.recipe.operation == operation
    a, b = elements(left, right)
    result = plan.run(a, b)
    np.testing.assert_allclose(result, expected(spec, a, b), atol=1e-12)
    assert result.shape == plan.out_shape


def test_batch_letters_that_lie_last_are_brought_to_the_front_by_a_copy():
    plan = lower("abc,cdb->adb", (6, 5, 4), (4, 7, 5))
    a, b = elements((6, 5, 4), (4, 7, 5))
    assert plan.recipe.second.copy or plan.recipe.first.copy
    np.testing.assert_allclose(plan.run(a, b), expected("abc,cdb->adb", a, b), atol=1e-12)


def test_a_product_is_laid_out_in_its_own_order():
    a, b = elements((3, 2), (4, 2))
    assert lower("ab,cb->bac", (3, 2), (4, 2)).run(a, b).flags.c_contiguous


@st.composite
def pairs(draw):
    """A specification of the closed family, and operands in any memory order."""
    terms = {"left": "", "right": "", "out": ""}
    kinds = {"batch": ("left", "right", "out"), "row": ("left", "out"),
             "column": ("right", "out"), "summed": ("left", "right")}  # fmt: skip
    lengths = {}
    for n in range(draw(st.integers(0, 6))):
        lengths[letter(n)] = draw(st.sampled_from([0, 1, 2, 3, 5, 6]))
        for term in kinds[draw(st.sampled_from(sorted(kinds)))]:
            terms[term] += letter(n)
    left, right, out = ("".join(draw(st.permutations(t))) for t in terms.values())
    operands = []
    for term in (left, right):
        stored = draw(st.permutations(range(len(term))))
        values = np.random.default_rng(len(operands)).normal(
            size=tuple(lengths[term[i]] for i in stored)
        )
        operands.append(np.transpose(values, np.argsort(stored)) if term else np.asarray(values))
    return f"{left},{right}->{out}", operands


@given(pairs())
def test_every_contraction_is_right(pair):
    spec, (a, b) = pair
    result = lower(spec, a.shape, b.shape).run(a, b)
    want = expected(spec, a, b)
    assert np.shape(result) == want.shape == lower(spec, a.shape, b.shape).out_shape
    np.testing.assert_allclose(result, want, atol=1e-12)


@pytest.mark.parametrize("shapes", [((3, 4), (5, 6)), ((3,), (4, 5)), ((3, 4), (4, 5, 6))])
def test_shapes_that_do_not_fit_are_refused(shapes):
    with pytest.raises(EinsumError, match=r"contract 'ab,bc->ac': operands of shapes \(3"):
        lower("ab,bc->ac", *shapes)


def test_letters():
    assert [letter(n) for n in (0, 25, 26, 51)] == ["a", "z", "A", "Z"]
    assert len({letter(n) for n in range(200)}) == 200
    assert renamed("xy,yz->zx") == "ab,bc->ca"
    assert split("ab,bc->ac") == ["ab", "bc", "ac"]
