"""dot, inner, vdot, outer, kron."""

import numpy as np
import pytest

import tenrso_ad as ta
from tenrso_ad.engine.errors import ShapeError
from tenrso_ad.ops.contraction.products import dot, inner, kron, outer, vdot
from tests.ops.table import Case, each, normal


def case(function, *shapes):
    theirs = getattr(np, function.__name__)
    return Case(
        f"{function.__name__} {list(shapes)}",
        function,
        *[normal(*s) for s in shapes],
        reference=theirs,
        complex=True,
    )


@each(
    [
        case(dot, (3,), (3,)),
        case(dot, (2, 3), (3,)),
        case(dot, (3,), (3, 2)),
        case(dot, (2, 3), (3, 2)),
        case(dot, (2, 3), (2, 3, 2)),
        case(dot, (3,), (2, 3, 2)),
        case(dot, (), (2, 3)),
        case(dot, (2,), ()),
        case(dot, (), ()),
        case(inner, (3,), (3,)),
        case(inner, (2, 3), (4, 3)),
        case(inner, (2, 3), (2, 2, 3)),
        case(inner, (), (2, 3)),
        case(vdot, (4,), (4,)),
        case(vdot, (2, 3), (3, 2)),
        case(vdot, (), ()),
        case(outer, (2,), (3,)),
        case(outer, (2, 2), (3,)),
        case(outer, (), (3,)),
        case(kron, (2,), (3,)),
        case(kron, (2, 3), (3, 2)),
        case(kron, (2, 3), (2,)),
        case(kron, (2,), (1, 3, 2)),
        case(kron, (), (2,)),
        case(kron, (0,), (2,)),
    ]
)
def test_products(check):
    check()


@pytest.mark.parametrize(
    ("function", "shapes", "message"),
    [
        (dot, ((2, 3), (2, 3)), r"dot of shapes \(2, 3\) and \(2, 3\): axis 1 .*\(3\) and axis 0"),
        (dot, ((3,), (4,)), "must agree"),
        (inner, ((2, 3), (3, 2)), r"axis 1 of the first \(3\) and axis 1 of the second \(2\)"),
        (vdot, ((2, 3), (5,)), r"\(6\) and axis 0 of the second \(5\)"),
    ],
)
def test_lengths_that_do_not_agree_are_refused(function, shapes, message):
    with pytest.raises(ShapeError, match=message):
        function(*map(np.ones, shapes))


def test_lists_and_numbers_are_operands():
    assert dot(2, 3) == 6
    np.testing.assert_array_equal(outer([1, 2], 3), [[3], [6]])
    np.testing.assert_array_equal(kron([1, 2], [[1, 1]]), [[1, 1, 2, 2]])


def test_integers_stay_integers():
    assert dot([1, 2], [3, 4]).dtype == np.int64
    assert kron(np.array([True]), np.array([True])).dtype == bool


def test_the_gradient_of_vdot_conjugates_as_its_value_does(rng):
    a, b = (rng.normal(size=3) + 1j * rng.normal(size=3) for _ in range(2))
    for_a, for_b = ta.grad(lambda a, b: vdot(a, b).real, argnums=(0, 1))(a, b)
    np.testing.assert_allclose(for_a, b)
    np.testing.assert_allclose(for_b, a)


@pytest.mark.parametrize("function", [dot, outer])
def test_the_result_may_be_put_into_an_array(function, rng):
    a, b, out = rng.normal(size=(2, 2)), rng.normal(size=(2, 2)), np.zeros((4, 4))
    out = out[:2, :2] if function is dot else out
    assert function(a, b, out) is out
    np.testing.assert_allclose(out, getattr(np, function.__name__)(a, b))
    assert dot(2.0, 3.0, np.zeros(())) == 6
