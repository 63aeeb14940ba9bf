"""Diagonals and their transpose."""

import numpy as np
import pytest

import tenrso_ad as ta
from tenrso_ad.engine.errors import ShapeError
from tenrso_ad.engine.staging import stage
from tenrso_ad.engine.trace import bind
from tenrso_ad.ops.contraction.diagonals import put_p, take_diagonal
from tests.ops.table import Case, each, normal


def put(x, term):
    return bind(put_p, (x,), {"term": term})


def laid_out(x, term):
    once = "".join(dict.fromkeys(term))
    lengths = dict(zip(once, x.shape, strict=True))
    whole = np.zeros([lengths[c] for c in term], x.dtype)
    np.einsum(f"{term}->{once}", whole)[...] = x
    return whole


def case(term, *shape):
    once = "".join(dict.fromkeys(term))
    return Case(
        f"take {term}",
        lambda x: take_diagonal(x, term),
        normal(*shape),
        reference=lambda x: np.einsum(f"{term}->{once}", x),
        complex=True,
    )


@each(
    [
        case("aa", 3, 3),
        case("baa", 2, 3, 3),
        case("xyxy", 2, 3, 2, 3),
        case("aaa", 2, 2, 2),
        case("aab", 0, 0, 2),
        *[
            Case(
                f"put {term}",
                lambda x, term=term: put(x, term),
                normal(*shape),
                reference=lambda x, term=term: laid_out(x, term),
                complex=True,
            )
            for term, shape in [("aa", (3,)), ("aba", (2, 3)), ("aaa", (2,))]
        ],
    ]
)
def test_diagonals(check):
    check()


def test_a_diagonal_is_a_view():
    x = np.arange(9.0).reshape(3, 3)
    assert np.shares_memory(take_diagonal(x, "ii"), x)


def test_what_is_off_the_diagonal_does_not_matter():
    x = np.array([[1.0, np.nan], [np.inf, 2.0]])
    gradient = ta.grad(lambda x: (take_diagonal(x, "ii") ** 2).sum())(x)
    np.testing.assert_array_equal(gradient, [[2.0, 0.0], [0.0, 4.0]])


def test_axes_of_one_letter_have_one_length():
    with pytest.raises(ShapeError, match=r"take_diagonal\(float64\[2,3\]"):
        take_diagonal(np.ones((2, 3)), "ii")
    with pytest.raises(ShapeError, match="differ in length"):
        stage(lambda x: [take_diagonal(x, "ii")], np.ones((2, 3)))
