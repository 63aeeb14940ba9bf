"""cross, outer, diagonal and trace as numpy.linalg has them."""

import numpy as np
import pytest

import tenrso_ad.numpy as tnp
from tenrso_ad.engine.errors import ShapeError
from tests.ops.table import Case, each, normal


def case(name, *shapes, **options):
    ours, theirs = getattr(tnp.linalg, name), getattr(np.linalg, name)
    return Case(
        f"{name} {shapes} {options}",
        lambda *xs: ours(*xs, **options),
        *[normal(*s) for s in shapes],
        reference=lambda *xs: theirs(*xs, **options),
        complex=True,
    )


@each(
    [
        case("cross", (2, 3), (3,)),
        case("cross", (3, 2), (3, 1), axis=0),
        case("outer", (2,), (3,)),
        case("diagonal", (2, 3, 3)),
        case("diagonal", (2, 3), offset=-1),
        case("trace", (2, 2, 3)),
        case("trace", (3, 3), offset=1),
    ]
)
def test_functions(check):
    check()


def test_trace_of_integers():
    x = np.arange(9, dtype=np.int8).reshape(3, 3)
    assert tnp.linalg.trace(x).dtype == np.linalg.trace(x).dtype
    assert tnp.linalg.trace(x, dtype=np.float32).dtype == np.float32


@pytest.mark.parametrize(
    ("name", "shapes", "message"),
    [
        ("cross", ((2,), (3,)), "vectors of 3 components, got 2 and 3"),
        ("outer", ((2, 2), (3,)), r"outer\(.*wants vectors; np.outer flattens"),
        ("trace", ((3,),), "2 axes or more"),
    ],
)
def test_errors(name, shapes, message):
    with pytest.raises(ShapeError, match=message):
        getattr(tnp.linalg, name)(*map(np.ones, shapes))
