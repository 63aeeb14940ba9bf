"""einsum, matmul, vecdot, tensordot."""

import re

import ml_dtypes
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tenrso_ad as ta
from tenrso_ad.engine.errors import (
    ArgumentError,
    AxisError,
    DTypeError,
    EinsumError,
    ShapeError,
    UnsupportedError,
)
from tenrso_ad.ops.contraction.einsum import einsum, matmul, tensordot, vecdot
from tests.ops.table import Case, each, normal


def spec(text, *shapes, **options):
    """A case of einsum."""
    return Case(
        f"einsum {text} {list(shapes)} {options or ''}",
        lambda *xs: einsum(text, *xs, **options),
        *[normal(*s) for s in shapes],
        reference=lambda *xs: np.einsum(text, *xs),
        complex=len(shapes) < 3,
        rtol=1e-5 if len(shapes) > 3 else None,
    )


def product(function, *shapes, **options):
    """A case of a function of two arrays that NumPy has under the same name."""
    theirs = getattr(np, function.__name__)
    return Case(
        f"{function.__name__} {list(shapes)} {options or ''}",
        lambda *xs: function(*xs, **options),
        *[normal(*s) for s in shapes],
        reference=lambda *xs: theirs(*xs, **options),
        complex=True,
    )


def labelled(name, *arguments):
    """A case of einsum with lists of labels; the shapes among the arguments become operands."""
    shapes = [a for a in arguments if isinstance(a, tuple)]

    def filled(xs):
        rest = iter(xs)
        return [next(rest) if isinstance(a, tuple) else a for a in arguments]

    return Case(
        name,
        lambda *xs: einsum(*filled(xs)),
        *[normal(*s) for s in shapes],
        reference=lambda *xs: np.einsum(*filled(xs)),
    )


EINSUMS = [
    # one operand: as it is, transposed, summed, diagonals
    spec("ij->ij", (2, 3)),
    spec("ij->ji", (2, 3)),
    spec("ba", (2, 3)),
    spec("Ba", (2, 3)),
    spec("ijk->ik", (2, 3, 4)),
    spec("ijk->k", (2, 3, 4)),
    spec("ijk->", (2, 3, 4)),
    spec("->", ()),
    spec("", ()),
    spec("ii", (3, 3)),
    spec("ii->i", (3, 3)),
    spec("iij->ji", (3, 3, 2)),
    spec("ijij->ij", (2, 3, 2, 3)),
    spec("iijj->", (2, 2, 3, 3)),
    spec("iii->i", (3, 3, 3)),
    spec("...", (2, 3)),
    spec("...i->i...", (2, 3, 4)),
    spec("i...i", (2, 3, 2)),
    spec("...ii->...i", (2, 3, 3)),
    spec("ij...->...", (2, 3, 4)),
    spec("i->i", (0,)),
    spec("ij->i", (2, 0)),
    # two operands: matrices, vectors, scalars, outer products, batches
    spec("ij,jk->ik", (2, 3), (3, 4)),
    spec("ij,jk", (2, 3), (3, 4)),
    spec("ij,jk->ki", (2, 3), (3, 4)),
    spec("ji,jk->ik", (3, 2), (3, 4)),
    spec("ij,kj->ik", (2, 3), (4, 3)),
    spec("ji,kj->ki", (3, 2), (4, 3)),
    spec("ij,ij->", (2, 3), (2, 3)),
    spec("ij,ji->", (2, 3), (3, 2)),
    spec("ij,ij->ij", (2, 3), (2, 3)),
    spec("ij,ij->j", (2, 3), (2, 3)),
    spec("i,i", (4,), (4,)),
    spec("i,j->ij", (2,), (3,)),
    spec("i,j->ji", (2,), (3,)),
    spec("i,->i", (3,), ()),
    spec(",", (), ()),
    spec("aij,ajk->aik", (2, 2, 3), (2, 3, 2)),
    spec("ija,jka->ika", (2, 3, 2), (3, 2, 2)),
    spec("aij,aj->ia", (3, 2, 3), (3, 3)),
    spec("ar,br->abr", (2, 3), (4, 3)),
    spec("abc,bcd->ad", (2, 3, 2), (3, 2, 2)),
    spec("abc,cbd->da", (2, 3, 2), (2, 3, 2)),
    spec("aib,ij->ajb", (2, 3, 5), (3, 2)),
    spec(" i j , j k -> i k ", (2, 3), (3, 2)),
    # letters that stand once, in one operand only, or twice in one
    spec("ij,k->i", (2, 3), (4,)),
    spec("ij,k->", (2, 3), (4,)),
    spec("ii,ij->j", (3, 3), (3, 2)),
    spec("iij,jkk->ik", (2, 2, 3), (3, 2, 2)),
    # axes of length 1 that broadcast, ellipsis
    spec("ij,jk->ik", (2, 1), (3, 2)),
    spec("ij,ij->i", (1, 3), (2, 1)),
    spec("i,i->", (1,), (3,)),
    spec("i,i->i", (0,), (1,)),
    spec("...ij,...jk->...ik", (2, 1, 2, 3), (4, 3, 2)),
    spec("...ij,...jk", (1, 2, 3), (3, 3, 2)),
    spec("i...,i...", (3, 2), (3,)),
    spec("...,...", (2, 3), (3,)),
    spec("...ij,j", (2, 2, 3), (3,)),
    # axes of length 0
    spec("ij,jk->ik", (2, 0), (0, 3)),
    spec("ij,jk->ik", (0, 2), (2, 3)),
    # three and more operands
    spec("ij,jk,kl->il", (2, 3), (3, 2), (2, 3)),
    spec("ij,jk,ki", (2, 3), (3, 2), (2, 2)),
    spec("ar,br,cr->abc", (2, 2), (3, 2), (2, 2)),
    spec("r,ar,br->ab", (2,), (3, 2), (2, 2)),
    spec("pqr,ap,bq,cr->abc", (2, 2, 2), (3, 2), (2, 2), (2, 2)),
    spec("i,i,i->i", (3,), (3,), (3,)),
    spec("i,i,i,i->", (3,), (3,), (3,), (3,)),
    spec("i,j,k->kij", (2,), (2,), (2,)),
    spec("...i,...j,ij->...", (2, 2), (2, 3), (2, 3)),
    spec("ii,jj,ij->", (2, 2), (3, 3), (2, 3)),
    spec("ab,bc,cd,de,ef->af", (2, 2), (2, 2), (2, 2), (2, 2), (2, 2)),
    # other orders of contraction
    spec("ij,jk,kl->il", (2, 3), (3, 2), (2, 3), optimize=False),
    spec("ij,jk,kl->il", (2, 3), (3, 2), (2, 3), optimize="greedy"),
    spec("ij,jk,kl->il", (2, 3), (3, 2), (2, 3), optimize=("optimal", 100)),
    spec("ij,jk,kl->il", (2, 3), (3, 2), (2, 3), optimize=["einsum_path", (1, 2), (0, 1)]),
    spec("ij,jk,kl->il", (2, 3), (3, 2), (2, 3), optimize=[(0, 1, 2)]),
    spec("ij,jk->ik", (2, 3), (3, 2), optimize=[(1, 0)]),
    # lists of labels
    labelled("labels", (2, 3), [0, 1], (3, 2), [1, 2], [0, 2]),
    labelled("labels, implicit output", (2, 3), [1, 0], (3, 2), [0, 2]),
    labelled("labels, output in their order", (2, 3), [27, 0]),
    labelled("labels with ellipsis", (2, 3, 2), [Ellipsis, 0], (2, 3), [0, 5], [5, Ellipsis]),
    labelled("labels, diagonal", (3, 3), [7, 7], [7]),
]

PRODUCTS = [
    product(matmul, (2, 3), (3, 4)),
    product(matmul, (3,), (3,)),
    product(matmul, (2, 3), (3,)),
    product(matmul, (3,), (3, 2)),
    product(matmul, (2, 2, 3), (3,)),
    product(matmul, (3,), (2, 3, 2)),
    product(matmul, (2, 2, 3), (2, 3, 2)),
    product(matmul, (2, 1, 2, 3), (3, 3, 2)),
    product(matmul, (2, 2, 3), (3, 2)),
    product(matmul, (0, 3), (3, 2)),
    product(matmul, (2, 0), (0, 3)),
    product(vecdot, (2, 3), (2, 3)),
    product(vecdot, (3,), (2, 3)),
    product(vecdot, (3, 2, 1), (3, 4), axis=0),
    product(tensordot, (2, 3, 2), (3, 2, 2)),
    product(tensordot, (2, 3), (2, 2), axes=0),
    product(tensordot, (2, 3), (3, 2), axes=1),
    product(tensordot, (2, 3), (3, 2), axes=(1, 0)),
    product(tensordot, (2, 3, 2), (2, 3, 2), axes=([0, -2], [2, 1])),
    product(tensordot, (2, 3), (2, 3), axes=((0, 1), (0, 1))),
    product(tensordot, (), (2,), axes=0),
]


@each(EINSUMS + PRODUCTS)
def test_products(check):
    check()


# --- random specifications ------------------------------------------------------------------------


@st.composite
def contractions(draw):
    """A specification that NumPy takes, and operands for it."""
    pool = "aBcD"[: draw(st.integers(1, 4))]
    length = {c: draw(st.sampled_from([1, 2, 3])) for c in pool}
    broadcast = [draw(st.sampled_from([1, 2])) for _ in range(2)]
    terms, shapes = [], []
    for _ in range(draw(st.integers(1, 4))):
        letters = draw(st.text(pool, max_size=3))
        shape = [
            1 if letters.count(c) == 1 and draw(st.integers(0, 5)) == 0 else length[c]
            for c in letters
        ]
        if draw(st.integers(0, 2)) == 0:
            at, rank = draw(st.integers(0, len(letters))), draw(st.integers(0, 2))
            letters = f"{letters[:at]}...{letters[at:]}"
            shape[at:at] = [draw(st.sampled_from([1, n])) for n in broadcast[2 - rank :]]
        terms.append(letters)
        shapes.append(tuple(shape))
    text = ",".join(terms)
    if draw(st.booleans()):
        letters = sorted(set(text) - set(".,"))
        chosen = draw(st.permutations(letters))[: draw(st.integers(0, len(letters)))]
        if "." in text:
            chosen.insert(draw(st.integers(0, len(chosen))), "...")
        text += "->" + "".join(chosen)
    rng = np.random.default_rng(draw(st.integers(0, 1000)))
    return text, [np.asarray(rng.normal(size=s)) for s in shapes]


@given(contractions(), st.sampled_from([True, False, "greedy"]))
def test_einsum_is_numpys(contraction, optimize):
    text, operands = contraction
    ours, theirs = einsum(text, *operands, optimize=optimize), np.einsum(text, *operands)
    assert ours.shape == theirs.shape
    np.testing.assert_allclose(ours, theirs, rtol=1e-10, atol=1e-10)


@given(contractions())
def test_the_transpose_of_einsum_is_its_transpose(contraction):
    """<w, J v> = <J^T w, v>, and J v is the sum over operands of the einsum with one replaced."""
    text, operands = contraction
    rng = np.random.default_rng(1)
    tangents = [np.asarray(rng.normal(size=x.shape)) for x in operands]
    out, pullback = ta.vjp(lambda *xs: einsum(text, *xs), *operands)
    weights = np.asarray(rng.normal(size=out.shape))
    _, pushed = ta.jvp(lambda *xs: einsum(text, *xs), tuple(operands), tuple(tangents))
    gradients = pullback(weights)
    assert [g.shape for g in gradients] == [x.shape for x in operands]
    np.testing.assert_allclose(
        np.sum(weights * pushed),
        sum(np.sum(g * t) for g, t in zip(gradients, tangents, strict=True)),
        rtol=1e-9,
        atol=1e-9,
    )
    expected = sum(
        np.einsum(text, *operands[:i], t, *operands[i + 1 :]) for i, t in enumerate(tangents)
    )
    np.testing.assert_allclose(pushed, expected, rtol=1e-9, atol=1e-9)


@given(contractions())
def test_the_pullback_of_einsum_is_linear_in_the_cotangent(contraction):
    text, operands = contraction
    rng = np.random.default_rng(2)
    out, pullback = ta.vjp(lambda *xs: einsum(text, *xs), *operands)
    u, v = (np.asarray(rng.normal(size=out.shape)) for _ in range(2))
    for both, one, two in zip(pullback(2 * u - v), pullback(u), pullback(v), strict=True):
        np.testing.assert_allclose(both, 2 * one - two, rtol=1e-9, atol=1e-9)


# --- dtypes ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "dtypes",
    [
        ("float32", "float64"),
        ("float32", "complex64"),
        ("float64", "complex64"),
        ("int8", "float32"),
        ("bool", "float64"),
        ("float16", "float32"),
        ("float16", "float16"),
        ("int8", "int64"),
        ("int8", "int8"),
        ("bool", "bool"),
        ("complex64", "complex64"),
    ],
)
@pytest.mark.parametrize("text", ["ij,jk->ik", "ij,k->k", "i,j->ij"])
def test_mixed_dtypes_promote_as_in_numpy(rng, dtypes, text):
    left, right = (
        (rng.integers(0, 3, size=(2, 3)[: len(term)])).astype(dtype)
        for term, dtype in zip(text.split("->")[0].split(","), dtypes, strict=True)
    )
    if text == "ij,jk->ik":
        right = rng.integers(0, 3, size=(3, 4)).astype(dtypes[1])
    ours, theirs = einsum(text, left, right), np.einsum(text, left, right)
    assert ours.dtype == theirs.dtype
    np.testing.assert_allclose(ours, theirs, rtol=1e-3)


def test_small_integers_do_not_overflow_before_they_are_promoted():
    x, y = np.full((2, 200), 100, np.int8), np.ones(2)
    np.testing.assert_array_equal(einsum("ij,i->i", x, y), [20000.0, 20000.0])
    z = np.full(2, 100, np.int8)
    np.testing.assert_array_equal(einsum("i,i,i->i", z, z, y), [10000.0, 10000.0])


@pytest.mark.parametrize("dtypes", [("float32", "float64"), ("float64", "complex128")])
def test_each_gradient_has_its_operands_dtype(rng, dtypes):
    a, b = rng.normal(size=(2, 3)).astype(dtypes[0]), rng.normal(size=(3, 2)).astype(dtypes[1])
    out, pullback = ta.vjp(lambda a, b: matmul(a, b), a, b)
    cotangent = rng.normal(size=out.shape).astype(out.dtype)
    for_a, for_b = pullback(cotangent)
    assert (for_a.dtype, for_b.dtype) == (a.dtype, b.dtype)
    expected = cotangent @ np.conj(b.T)
    np.testing.assert_allclose(for_a, expected.real, rtol=1e-5)


def test_half_precision_is_multiplied_in_single(rng):
    a, b = (rng.normal(size=(64, 64)).astype(np.float16) for _ in range(2))
    exact = a.astype(np.float64) @ b.astype(np.float64)
    out, pullback = ta.vjp(matmul, a, b)
    assert out.dtype == np.float16
    # what is left is the one rounding of the result
    np.testing.assert_array_less(np.abs(out - exact), np.abs(exact) * 2.0**-11 + 1e-3)
    assert {g.dtype for g in pullback(out)} == {np.dtype(np.float16)}


def test_a_bfloat16_product_of_many_terms_is_accurate():
    ones = np.ones(10_000, ml_dtypes.bfloat16)
    total = einsum("i,i->", ones, ones)
    assert total.dtype == ml_dtypes.bfloat16
    assert float(total) == 9984.0  # 10 000 rounded to eight bits


def test_dtype_converts_the_operands_first(rng):
    a = rng.normal(size=(2, 3)).astype(np.float32)
    ours = einsum("ij->i", a, dtype=np.float64)
    np.testing.assert_array_equal(ours, np.einsum("ij->i", a, dtype=np.float64))
    assert ours.dtype == np.float64
    wide = a.astype(np.float64)
    ours = einsum("ij->i", wide, dtype="float32", casting="same_kind")
    assert ours.dtype == np.float32
    gradient = ta.grad(lambda x: einsum("ij->", x, dtype="complex128").real)(a)
    assert gradient.dtype == np.float32
    with pytest.raises(DTypeError, match=r"float64\[2,3\] does not convert to float32 .*'safe'"):
        einsum("ij->i", wide, dtype=np.float32)


def test_numbers_and_lists_are_operands():
    np.testing.assert_array_equal(einsum(",i->i", 2.0, [1, 2]), [2.0, 4.0])
    np.testing.assert_array_equal(matmul([[1, 2], [3, 4]], [1, 1]), [3, 7])
    assert einsum("i,i", [1, 2], [3, 4]).dtype == np.int64


# --- errors ---------------------------------------------------------------------------------------

BAD_EINSUMS = {
    "no operand": (("ij",), r"einsum\('ij'\): wants at least one operand"),
    "too few operands": (("ij,jk", (2, 3)), "has 2 operands, 1 were given"),
    "too many operands": (("ij", (2, 3), (3,)), "has 1 operands, 2 were given"),
    "not a letter": (("i1", (2, 3)), "'1' is not a letter"),
    "not ASCII": (("é", (2,)), "'é' is not a letter"),
    "two dots": (("i..", (2, 3)), "'.' that is not part"),
    "two ellipses": (("...i...", (2, 3)), "'.' that is not part"),
    "half an arrow": (("ij-", (2, 3)), "'-' is not a letter"),
    "two arrows": (("ij->i->j", (2, 3)), "'-' is not a letter"),
    "comma in the output": (("ij->i,j", (2, 3)), "',' is not a letter"),
    "too many letters": (("ijk", (2, 3)), "'ijk' names 3 axes, operand 0 has 2"),
    "too few letters": (("ij,k->i", (2, 3), (2, 2)), "'k' names 1 axes, operand 1 has 2"),
    "too many beside an ellipsis": (("ijk...", (2, 3)), "names 3 axes, operand 0 has 2"),
    "unknown output letter": (("ij,jk->iz", (2, 3), (3, 2)), "'z' stands in no operand"),
    "repeated output letter": (("ij->ii", (2, 3)), "'i' stands twice in the output"),
    "ellipsis lost": (("...i->i", (2, 3)), "ellipsis stands for 1 axes"),
    "two lengths": (
        ("ij,jk->ik", (2, 3), (4, 2)),
        r"'j' has length 3 in operand 0 of shape \(2, 3\), but 4 in operand 1 of shape \(4, 2\)",
    ),
    "two lengths in one operand": (("ii->i", (2, 3)), "'i' has length 3 in operand 0 .* but 2 in"),
    "a diagonal does not broadcast": (("ii->i", (1, 3)), "letter 'i' has length"),
    "a later diagonal neither": (("i,ii->i", (3,), (3, 1)), "letter 'i' has length"),
    "ellipsis axes that differ": (
        ("...i,...i->...i", (2, 3), (4, 3)),
        "an axis of the ellipsis has length 2 in operand 0 .* but 4 in operand 1",
    ),
}


@pytest.mark.parametrize("name", BAD_EINSUMS)
def test_a_bad_einsum_says_what_is_wrong(name):
    (text, *shapes), message = BAD_EINSUMS[name]
    operands = [np.ones(s) for s in shapes]
    with pytest.raises(EinsumError, match=message):
        einsum(text, *operands)
    if operands:
        with pytest.raises((ValueError, UnicodeEncodeError)):
            np.einsum(text, *operands)


@pytest.mark.parametrize("labels", [[0, 52], [0, -1], [0, 1.0], ["a", "b"], 3, None])
def test_bad_labels_are_refused(labels):
    with pytest.raises(
        EinsumError, match=f"integers from 0 to 51 .* got {re.escape(repr(labels))}"
    ):
        einsum(np.ones((2, 3)), labels)


def test_labels_want_an_operand():
    with pytest.raises(EinsumError, match="wants a specification"):
        einsum(np.ones(3))


@pytest.mark.parametrize(
    ("optimize", "message"),
    [
        ("fast", "optimiser of opt_einsum .* got 'fast'"),
        ({}, "optimiser of opt_einsum .* got {}"),
        (None, "got None"),
        ([(0, 1)], "leaves 2 operands"),
        ([(0, 3), (0, 1)], r"\(0, 3\) in the path"),
        ([(0, 0), (0, 1)], r"\(0, 0\) in the path"),
        (["einsum_path", (0, 1), ()], r"\(\) in the path"),
        ([(0, 1), 1], "1 in the path"),
    ],
)
def test_a_bad_optimize_is_refused(optimize, message):
    x = np.ones((2, 2))
    with pytest.raises(ArgumentError, match=message):
        einsum("ij,jk,kl->il", x, x, x, optimize=optimize)


BAD_PRODUCTS = [
    (
        matmul,
        ((2, 3), (2, 3)),
        {},
        ShapeError,
        r"last axis of the first \(3\).*\(2\) must agree",
    ),
    (matmul, ((2, 3), (2,)), {}, ShapeError, r"length of the second \(2\)"),
    (matmul, ((2, 1), (3, 2)), {}, ShapeError, "must agree"),
    (matmul, ((), (3,)), {}, ShapeError, "a number has no matrix"),
    (matmul, ((4, 2, 3), (5, 3, 2)), {}, ShapeError, r"axes \(4,\) and \(5,\) do not broadcast"),
    (vecdot, ((2, 3), (4,)), {}, ShapeError, "lengths 3 and 4"),
    (vecdot, ((2, 3), (4, 3)), {}, ShapeError, "do not broadcast"),
    (vecdot, ((2, 3), (3,)), {"axis": 1}, AxisError, r"vecdot\(float64\[3\]\): axis 1"),
    (tensordot, ((2, 3), (3, 2)), {}, ShapeError, r"axis 0 of the first \(2\)"),
    (tensordot, ((2, 3), (3,)), {"axes": ([0, 1], [0])}, ShapeError, "2 axes cannot pair with 1"),
    (tensordot, ((2, 3), (3,)), {"axes": 2}, ArgumentError, "a number of axes that both have"),
    (tensordot, ((2, 3), (3,)), {"axes": "ab"}, ArgumentError, "got 'ab'"),
    (tensordot, ((2, 3), (3,)), {"axes": (2, 0)}, AxisError, "axis 2 is out of bounds"),
]


@pytest.mark.parametrize(("function", "shapes", "options", "error", "message"), BAD_PRODUCTS)
def test_a_bad_product_says_what_is_wrong(function, shapes, options, error, message):
    with pytest.raises(error, match=message):
        function(*map(np.ones, shapes), **options)


def test_numpys_own_functions_take_tensors(rng):
    a, b = rng.normal(size=(2, 3)), rng.normal(size=(3, 2))
    for function, expected in [(np.matmul, a @ b), (np.vecdot, np.vecdot(a, b.T))]:
        other = b if function is np.matmul else b.T
        out, pullback = ta.vjp(lambda x, f=function, o=other: f(x, o), a)
        np.testing.assert_allclose(out, expected)
        assert pullback(out)[0].shape == a.shape


def test_the_result_may_be_put_into_an_array():
    a, b, out = np.ones((2, 3)), np.ones((3, 2)), np.zeros((2, 2))
    assert einsum("ij,jk->ik", a, b, out=out) is out
    np.testing.assert_array_equal(out, 3)
    with pytest.raises(UnsupportedError, match="einsum: out= takes a plain NumPy array"):
        einsum("ij,jk->ik", ta.tensor(a), b, out=out)


def test_the_result_lies_in_memory_as_asked():
    a = np.ones((2, 3))
    assert einsum("ij,jk->ik", a, a.T, order="F").flags.f_contiguous
    assert einsum("ij->ji", a, order="C").flags.c_contiguous


@pytest.mark.parametrize("axes", [np.array([[0, 2], [2, 1]]), (np.array([0, 2]), [2, 1])])
def test_axes_of_tensordot_may_be_arrays(axes, rng):
    a, b = rng.normal(size=(2, 2, 3)), rng.normal(size=(2, 3, 2))
    np.testing.assert_allclose(tensordot(a, b, axes), np.tensordot(a, b, axes))


def test_numpys_vecdot_takes_the_axis_for_tensors(rng):
    x, y = rng.normal(size=(3, 2)), rng.normal(size=(3, 2))
    out = np.vecdot(ta.tensor(x), y, axis=0)
    np.testing.assert_allclose(out.value, np.vecdot(x, y, axis=0))
    assert np.vecdot(ta.tensor(x), y, axis=0, dtype=np.float32).dtype == np.float32
