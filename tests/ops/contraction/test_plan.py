"""Planning: steps, orders of axes, and what a plan costs."""

import numpy as np
import pytest

import tenrso_ad as ta
from tenrso_ad.engine.errors import EinsumError
from tenrso_ad.engine.staging import stage
from tenrso_ad.ops.contraction.einsum import einsum
from tenrso_ad.ops.contraction.lowering import lower
from tenrso_ad.ops.contraction.plan import plan


def named(terms, output, *shapes, **options):
    """A plan, and the names of its steps' primitives."""
    made = plan(tuple(terms.split(",")), output, shapes, **options)
    return made, [step.primitive.name for step in made.steps]


def test_a_matrix_product_is_one_contraction():
    made, names = named("ij,jk", "ik", (2, 3), (3, 4))
    assert names == ["contract"]
    assert made.pair == {"spec": "ab,bc->ac"}


def test_nothing_is_done_to_an_operand_that_is_the_result():
    assert named("ij", "ij", (2, 3))[1] == []


def test_operands_are_made_plain_before_they_meet():
    """A diagonal, an axis of length 1, a letter that stands nowhere else."""
    made, names = named("iij,jkl", "ik", (3, 3, 1), (4, 2, 5))
    assert names == ["take_diagonal", "reshape", "sum_to", "reshape", "contract"]
    assert str(made).splitlines() == [
        "einsum iij,jkl->ik",
        "  [0] iij (3, 3, 1)",
        "  [1] jkl (4, 2, 5)",
        "  [2] take_diagonal iij->ij of [0]",
        "  [3] reshape ij->i of [2]",
        "  [4] sum_to jkl->k of [1]",
        "  [5] reshape to k of [4]",
        "  [6] contract i,k->ik of [3], [5]",
    ]


def copies(made):
    """Whether any contraction of a plan copies an operand or leaves its result turned."""
    lengths = {}
    for term, shape in zip(made.terms, made.shapes, strict=True):
        lengths.update(zip(term, shape, strict=True))
    found = []
    for step in made.steps:
        terms = step.text.split("->")[0].split(",")
        shapes = [tuple(lengths[c] for c in t) for t in terms]
        recipe = lower(step.params["spec"], *shapes).recipe
        entering = shapes[::-1] if recipe.swapped else shapes
        for view, shape in zip((recipe.first, recipe.second), entering, strict=True):
            operand = np.empty(shape)
            found.append(view is not None and not np.shares_memory(view.of(operand), operand))
        found.append(recipe.axes is not None)
    return any(found)


@pytest.mark.parametrize(
    ("terms", "output", "shapes"),
    [
        ("ar,br,cr", "abc", [(50, 8), (50, 8), (40, 8)]),
        ("ar,br,cr", "abc", [(40, 8), (50, 8), (50, 8)]),
        ("ar,br,cr,dr", "abcd", [(10, 8)] * 4),
        ("pqr,ap,bq,cr", "abc", [(4, 4, 4), (30, 4), (30, 4), (30, 4)]),
        ("aib,bjc,ckd", "aijkd", [(1, 5, 4), (4, 5, 4), (4, 5, 1)]),
    ],
)
def test_reconstructions_need_no_copies(terms, output, shapes):
    """CP, Tucker and tensor-train models: every product finds its matrices as BLAS wants them."""
    assert not copies(named(terms, output, *shapes)[0])


def test_the_cheapest_tree_is_taken():
    """A matrix chain that is cheap only from the right."""
    made, _ = named("ij,jk,k", "i", (50, 50), (50, 50), (50,))
    assert [step.places for step in made.steps] == [(1, 2), (0, 3)]


def test_a_mismatch_names_what_the_user_wrote():
    with pytest.raises(EinsumError, match=r"einsum\('i\.\.\.,i'\): letter 'i' has length 2"):
        named("ia,i", "a", (2, 3), (3,), text="i...,i")


# --- cost -----------------------------------------------------------------------------------------


def gradient_graph(text, *operands):
    """The graph of an einsum and of the gradients of all its operands."""

    def both(*xs):
        out, pullback = ta.vjp(lambda *ys: einsum(text, *ys), *xs)
        return (out, *pullback(out))

    return stage(both, *operands)


@pytest.mark.parametrize("count", [5, 20])
def test_the_gradient_of_a_chain_is_linear_in_its_length(count):
    """A tensor train: one contraction a core forward, two backward, however long it is."""
    terms = [f"{chr(97 + k)}{chr(98 + k)}" for k in range(count)]
    cores = [np.ones((3, 3))] * count
    graph = gradient_graph(",".join(terms), *cores)
    assert graph.counts()["contract"] == 3 * (count - 1)


def multiplications(graph):
    """How many products of two elements the contractions of a graph take."""
    total = 0
    for equation in graph.equations:
        terms = equation.params["spec"].split("->")[0].split(",")
        lengths = {}
        for term, operand in zip(terms, equation.inputs, strict=True):
            lengths.update(zip(term, operand.shape, strict=True))
        total += int(np.prod(list(lengths.values())))
    return total


def test_four_operands_never_meet_in_one_loop(monkeypatch):
    core, factor = np.ones((16, 16, 16)), np.ones((30, 16))
    text = "pqr,ap,bq,cr->abc"
    graph = gradient_graph(text, core, factor, factor, factor)
    assert graph.counts() == {"contract": 9}
    assert multiplications(graph) == 3 * (16**3 * 30 + 16**2 * 30**2 + 16 * 30**3)
    # one loop over all letters takes 16**3 * 30**3 forward alone

    def refuse(*args, **kwargs):
        raise AssertionError("a nested loop")

    expected = np.einsum(text, core, factor, factor, factor, optimize=True)
    monkeypatch.setattr(np, "einsum", refuse)
    np.testing.assert_allclose(einsum(text, core, factor, factor, factor), expected)
    ta.grad(lambda *xs: einsum(text, *xs).sum())(core, factor, factor, factor)
