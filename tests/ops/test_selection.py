"""select, piecewise, nan_to_num and heaviside."""

import numpy as np
import pytest

import tenrso_ad as ta
import tenrso_ad.numpy as tnp
from tenrso_ad.engine.errors import ArgumentError, DTypeError, ShapeError, UnsupportedError
from tests.ops.table import Case, each, nonzero, normal, slopes

INF, NAN = np.inf, np.nan
LOW = np.array([True, False, False])
HIGH = np.array([[False], [True]])
GAPS = np.array([NAN, 1.0, INF, -INF, -2.0])


def chosen(x, y, xp):
    return xp.select([LOW, HIGH], [x, y], 0.5)


def pieces(x, xp):
    return xp.piecewise(x, [x < -1, x > 1], [-1.0, lambda x: x**2, lambda x: 3 * x])


CASES = [
    Case(
        "select",
        lambda x, y: chosen(x, y, tnp),
        normal(2, 3),
        normal(3),
        reference=lambda x, y: chosen(x, y, np),
        complex=True,
    ),
    Case(
        "select of numbers",
        lambda x: tnp.select([x > 0, x < -1], [1, 2.0], -x),
        nonzero(2, 3),
        reference=lambda x: np.select([x > 0, x < -1], [1, 2.0], -x),
    ),
    Case(
        "piecewise",
        lambda x: pieces(x, tnp),
        lambda rng: rng.permutation([-2.5, -1.5, -0.5, 0.3, 1.5, 2.0]),
        reference=lambda x: pieces(x, np),
    ),
    Case(
        "piecewise of arguments",
        lambda x, a: tnp.piecewise(x, [x > 0], [lambda x, a, b: a * x**b], a, b=3),
        nonzero(2, 3),
        normal(),
        reference=lambda x, a: np.piecewise(x, [x > 0], [lambda x, a, b: a * x**b], a, b=3),
    ),
    Case(
        "nan_to_num",
        lambda x, a: tnp.nan_to_num(x + GAPS.astype(x.dtype), nan=a, posinf=2 * a, neginf=-1.0),
        nonzero(5),
        nonzero(),
        reference=lambda x, a: np.nan_to_num(
            x + GAPS.astype(x.dtype), nan=a, posinf=2 * a, neginf=-1.0
        ),
    ),
    Case(
        "nan_to_num of finite numbers",
        tnp.nan_to_num,
        normal(2, 3),
        complex=True,
        reference=np.nan_to_num,
    ),
    Case("heaviside", tnp.heaviside, nonzero(2, 3), normal(3), reference=np.heaviside),
]


@each(CASES)
def test_selection(check):
    check()


def test_heaviside_at_the_step():
    x, y = [-1.0, 0.0, 2.0, NAN], [0.3, 0.4, 0.5, 0.6]
    np.testing.assert_array_equal(tnp.heaviside(x, y), [0.0, 0.4, 1.0, NAN])
    by_x, by_y = slopes(tnp.heaviside, x, y)
    np.testing.assert_array_equal(by_x, np.zeros(4))
    np.testing.assert_array_equal(by_y, [0, 1, 0, 0])


# --- select --------------------------------------------------------------------------------------


def test_select_promotes_all_at_once():
    x = np.ones(3, np.float32)
    conditions = [LOW, ~LOW]
    for choices, default in (([x, 1.0], 0), ([1.5, x], 2), ([1, 2], 3), ([x, 1], np.float64(0))):
        out = tnp.select(conditions, choices, default)
        expected = np.select(conditions, choices, default)
        np.testing.assert_array_equal(out, expected)
        assert out.dtype == expected.dtype


def test_the_first_condition_counts():
    x = ta.tensor(np.array([1.0, 2.0, 3.0]))
    out = np.select([x.value > 1, x.value > 2], [x, 10 * x], x * x)
    out.sum().backward()
    np.testing.assert_array_equal(out.value, [1, 2, 3])
    np.testing.assert_array_equal(x.grad, [2, 1, 1])


def test_select_takes_conditions_that_are_tensors():
    gradient = ta.grad(lambda x: tnp.select([x > 1, x < 0], [x**2, -x]).sum())
    np.testing.assert_array_equal(gradient(np.array([-1.0, 0.5, 3.0])), [-1, 0, 6])


@pytest.mark.parametrize(
    ("wrong", "error", "words"),
    [
        (lambda: tnp.select([], []), ArgumentError, "at least one"),
        (lambda: tnp.select([LOW], [1, 2]), ArgumentError, "1 conditions and 2 choices"),
        (lambda: tnp.select([LOW, [1, 0, 1]], [1, 2]), DTypeError, "condition 1 is int64"),
        (lambda: tnp.select([LOW], [np.ones(4)]), ShapeError, r"float64\[4\]"),
    ],
)
def test_select_says_what_is_wrong(wrong, error, words):
    with pytest.raises(error, match=words):
        wrong()


# --- piecewise -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("x", "conditions", "functions"),
    [
        (np.arange(4), [np.arange(4) > 1], [lambda x: x / 2]),  # the dtype of x
        (np.array([-1.0, 4.0]), np.array([-1.0, 4.0]) > 0, [np.sqrt, 7]),  # one condition
        (np.array([1.0, 2.0]), [True, False], [5.0, 6.0]),  # one condition, as a list
        (np.array(3.0), [True, False], [5.0, np.sqrt]),
        (np.array(3.0), True, [np.sqrt]),
        (np.ones((2, 3)), [np.array([True, False])], [lambda x: 2 * x, 4.0]),  # a mask of rows
        (np.array([1.0, 2.0]), [[True, True], [False, True]], [3.0, lambda x: -x]),  # the last wins
        (np.array([1.0, -2.0], np.float32), [[True, False]], [lambda x: np.float64(x)]),
    ],
)
def test_piecewise_is_numpys(x, conditions, functions):
    out, expected = tnp.piecewise(x, conditions, functions), np.piecewise(x, conditions, functions)
    np.testing.assert_array_equal(out, expected)
    assert out.dtype == expected.dtype and np.shape(out) == np.shape(expected)


def test_functions_are_silent_outside_their_condition():
    def root(x):
        return tnp.piecewise(x, [x > 0, x < 0], [tnp.sqrt, lambda x: tnp.log(-x)])

    x = np.array([4.0, -2.0, 0.0])
    np.testing.assert_allclose(root(x), [2.0, np.log(2.0), 0.0])
    np.testing.assert_allclose(slopes(root, x), [0.25, -0.5, 0.0])


@pytest.mark.parametrize(
    ("wrong", "error", "words"),
    [
        (lambda x: tnp.piecewise(x, [x > 0], [1, 2, 3]), ArgumentError, "1 conditions and 3"),
        (lambda x: tnp.piecewise(x, [np.ones(3, bool)], [1]), ShapeError, r"got bool\[3\]"),
    ],
)
def test_piecewise_says_what_is_wrong(wrong, error, words):
    with pytest.raises(error, match=words):
        wrong(np.ones(2))


# --- nan_to_num ----------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64, np.complex64, complex])
@pytest.mark.parametrize("options", [{}, {"nan": 3.0, "posinf": INF, "neginf": -1.0}])
def test_nan_to_num_is_numpys(dtype, options):
    x = np.array([NAN, INF, -INF, 0.5, -0.0], dtype)
    if x.dtype.kind == "c":
        x = np.concatenate([x, np.array([complex(1, NAN), complex(INF, -INF), complex(NAN, INF)])])
        x = x.astype(dtype)
    out, expected = tnp.nan_to_num(x, **options), np.nan_to_num(x, **options)
    np.testing.assert_array_equal(out, expected)
    assert out.dtype == expected.dtype == dtype
    assert isinstance(tnp.nan_to_num(x[0]), np.generic)


def test_nan_to_num_leaves_integers_and_may_work_in_place():
    np.testing.assert_array_equal(tnp.nan_to_num([1, 2]), [1, 2])
    x = GAPS.copy()
    assert tnp.nan_to_num(x, copy=False) is x
    np.testing.assert_array_equal(x, np.nan_to_num(GAPS))
    gradient = ta.grad(lambda x: np.nan_to_num(y := 2 * x, copy=False).sum() + y.sum())(GAPS)
    np.testing.assert_array_equal(gradient, [0, 4, 0, 0, 4])
    with pytest.raises(UnsupportedError, match=r"list\) with copy=False"):
        tnp.nan_to_num([NAN], copy=False)


def test_what_is_replaced_has_no_gradient():
    np.testing.assert_array_equal(slopes(tnp.nan_to_num, GAPS), [0, 1, 0, 0, 1])
    z = GAPS + 1j
    gradient = ta.grad(lambda z: tnp.imag(tnp.nan_to_num(z)).sum())(z)
    np.testing.assert_array_equal(gradient, np.full(5, 1j))
