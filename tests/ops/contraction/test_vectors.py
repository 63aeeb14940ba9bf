"""matvec, vecmat, cross."""

import numpy as np
import pytest

import tenrso_ad as ta
from tenrso_ad.engine.errors import AxisError, ShapeError
from tenrso_ad.ops.contraction.vectors import cross, matvec, vecmat
from tests.ops.table import Case, each, normal


def numpys_matvec(a, x):
    return np.einsum("...ij,...j->...i", a, x)


def numpys_vecmat(x, a):
    return np.einsum("...i,...ij->...j", np.conj(x), a)


def numpys_cross(a, b, axisa=-1, axisb=-1, axisc=-1, axis=None):
    """Of vectors in space: NumPy is about to drop those of 2 components."""
    if axis is not None:
        axisa = axisb = axisc = axis
    a, b = np.moveaxis(a, axisa, -1), np.moveaxis(b, axisb, -1)
    flat = a.shape[-1] == b.shape[-1] == 2
    a, b = (np.pad(v, [(0, 0)] * (v.ndim - 1) + [(0, 3 - v.shape[-1])]) for v in (a, b))
    return np.cross(a, b)[..., 2] if flat else np.cross(a, b, axisc=axisc)


def crossed(n, m, **axes):
    return Case(
        f"cross {n} {m} {axes}",
        lambda a, b: cross(a, b, **axes),
        normal(*n),
        normal(*m),
        reference=lambda a, b: numpys_cross(a, b, **axes),
        complex=True,
    )


@each(
    [
        *[
            Case(
                f"{function.__name__} {list(n)} {list(m)}",
                function,
                normal(*n),
                normal(*m),
                reference=reference,
                complex=True,
            )
            for function, reference, n, m in (
                (matvec, numpys_matvec, (2, 3), (3,)),
                (matvec, numpys_matvec, (2, 1, 2, 3), (2, 3)),
                (vecmat, numpys_vecmat, (2,), (2, 3)),
                (vecmat, numpys_vecmat, (2, 1, 2), (2, 2, 3)),
            )
        ],
        crossed((3,), (3,)),
        crossed((2, 3), (3,)),
        crossed((3, 2), (2, 1, 3), axisa=0, axisc=1),
        crossed((3, 2), (3, 1), axis=0),
        crossed((2, 2), (2, 2), axisb=0),
        crossed((2,), (2, 3)),
        crossed((2, 3), (2,), axisc=0),
    ]
)
def test_products(check):
    check()


@pytest.mark.parametrize("name", ["matvec", "vecmat"])
def test_numpys_functions(name, rng):
    if not hasattr(np, name):
        pytest.skip("came with NumPy 2.2")
    a, x = rng.normal(size=(3, 3)) + 1j, rng.normal(size=3) - 1j
    operands = (a, x) if name == "matvec" else (x, a)
    np.testing.assert_allclose(
        {"matvec": matvec, "vecmat": vecmat}[name](*operands), getattr(np, name)(*operands)
    )
    found = getattr(np, name)(*map(ta.tensor, operands))
    np.testing.assert_allclose(found.value, getattr(np, name)(*operands))


def test_the_cross_product_of_integers():
    out = cross([1, 2, 3], [4, 5, 6])
    np.testing.assert_array_equal(out, [-3, 6, -3])
    assert out.dtype == np.int64


@pytest.mark.parametrize(
    ("function", "shapes", "error", "message"),
    [
        (matvec, ((2, 3), (2,)), ShapeError, r"matvec of shapes .*lengths 3 and 2 must agree"),
        (matvec, ((3,), (3,)), ShapeError, "wants a stack of matrices and a stack of vectors"),
        (vecmat, ((2, 3), (2, 3)), ShapeError, "vecmat .*lengths 3 and 2 must agree"),
        (vecmat, ((2, 3), (4, 3, 2)), ShapeError, r"axes \(2,\) and \(4,\) do not broadcast"),
        (cross, ((4,), (4,)), ShapeError, "vectors of 3 components, or of 2, got 4 and 4"),
        (cross, ((2, 3), (4, 3)), ShapeError, "beside the vectors do not broadcast"),
        (cross, ((), (3,)), AxisError, "a 0-d array has no axis"),
    ],
)
def test_errors(function, shapes, error, message):
    with pytest.raises(error, match=message):
        function(*map(np.ones, shapes))
    with pytest.raises(AxisError, match="axis 2 is out of bounds"):
        cross(np.ones((3, 3)), np.ones((3, 3)), axisc=2)
