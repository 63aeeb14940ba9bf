"""full_like, zeros_like, ones_like, empty_like."""

import numpy as np
import pytest

import tenrso_ad as ta
from tenrso_ad.engine.errors import ArgumentError, DTypeError, ShapeError
from tenrso_ad.ops.shaping import filling
from tests.ops.table import Case, each, normal

CASES = [
    *[
        Case(
            f"{name} {options}",
            lambda x, name=name, options=options: getattr(filling, name)(x, **options) * x[0, 0],
            normal(2, 3),
            reference=lambda x, name=name, options=options: (
                getattr(np, name)(x, **options) * x[0, 0]
            ),
            complex=not options,
        )
        for name in ("zeros_like", "ones_like")
        for options in ({}, {"shape": (4,)}, {"dtype": np.int8, "shape": 2})
    ],
    Case(
        "empty_like",
        lambda x: filling.empty_like(x, shape=0) * x[0],
        normal(2),
        reference=lambda x: np.empty_like(x, shape=0) * x[0],
        complex=True,
    ),
    Case(
        "full_like",
        filling.full_like,
        normal(2, 3),
        normal(),
        reference=np.full_like,
        complex=True,
    ),
    Case(
        "full_like of rows",
        lambda x, v: filling.full_like(x, v, shape=(2, 3)),
        normal(4),
        normal(2, 1),
        reference=lambda x, v: np.full_like(x, v, shape=(2, 3)),
    ),
]


@each(CASES)
def test_filling(check):
    check()


OPTIONS = [
    {},
    {"dtype": np.float32},
    {"shape": (4,)},
    {"shape": 2, "order": "F"},
    {"order": "C"},
    {"order": "A", "device": "cpu"},
    {"subok": False},
]


@pytest.mark.parametrize("name", ["full_like", "zeros_like", "ones_like", "empty_like"])
@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_arguments_are_numpys(name, options):
    fill = (2.7,) if name == "full_like" else ()
    for a in (np.ones((2, 3), order="F"), np.arange(3), [[0, 1], [2, 3]], np.recarray(2, float)):
        got, expected = [getattr(module, name)(a, *fill, **options) for module in (filling, np)]
        assert (got.dtype, got.shape, type(got)) == (expected.dtype, expected.shape, type(expected))
        assert got.flags.f_contiguous == expected.flags.f_contiguous
        if name != "empty_like":
            np.testing.assert_array_equal(got, expected)


@pytest.mark.parametrize("name", ["full_like", "zeros_like", "ones_like", "empty_like"])
def test_tensors_give_tensors_without_a_derivative(name):
    fill = (2.7,) if name == "full_like" else ()
    for a in (
        np.ones((2, 3), np.float32),
        np.full((), np.inf),
        np.ones((0, 2)),
        np.full(3, np.nan),
    ):
        for options in ({}, {"shape": (2, 2)}, {"dtype": np.int64}):
            got = getattr(np, name)(ta.tensor(a), *fill, **options)
            expected = np.full_like(a, *(fill or (name == "ones_like",)), **options)
            assert isinstance(got, ta.Tensor) and not got.requires_grad
            assert got.dtype == expected.dtype
            np.testing.assert_array_equal(got.value, expected)


def test_a_number_that_fills_is_rounded_once():
    got = filling.full_like(ta.tensor(np.ones(2, np.float32)), 0.1, np.float64)
    assert got.value[0] == 0.1


A = np.ones(2)


@pytest.mark.parametrize(
    ("wrong", "error", "words"),
    [
        (lambda: filling.zeros_like(A, order="X"), ArgumentError, "zeros_like: order is.*'X'"),
        (lambda: filling.ones_like(A, "floating"), DTypeError, "ones_like: 'floating' is not a"),
        (lambda: filling.empty_like(ta.tensor(A), device="gpu"), ArgumentError, "stays on its"),
        (lambda: filling.full_like(ta.tensor(A), [1, 2, 3]), ShapeError, r"\[3\].*\(2,\)"),
    ],
)
def test_errors_say_what_is_wrong(wrong, error, words):
    with pytest.raises(error, match=words):
        wrong()
