"""Matrices over tensor trains, against dense matrices."""

import numpy as np
import pytest

import tenrso_ad as ta
from tenrso_ad.decomposition import TTMatrix, TTTensor
from tenrso_ad.engine.errors import ShapeError
from tests.decomposition.models.making import draw, train


def matrix(rows, columns, rng, dtype=np.float64, ranks=(2, 3)):
    bonds = (1, *ranks[: len(rows) - 1], 1)
    places = range(len(rows))
    return TTMatrix(
        [draw(rng, (bonds[k], rows[k], columns[k], bonds[k + 1]), dtype) for k in places]
    )


@pytest.mark.parametrize(
    ("rows", "columns"), [((3,), (2,)), ((2, 3), (4, 1)), ((2, 3, 2), (3, 2, 2))]
)
@pytest.mark.parametrize("dtype", [np.float32, np.complex128])
def test_products_and_arithmetic_are_those_of_dense_matrices(rows, columns, dtype, rng):
    a, b = (matrix(rows, columns, rng, dtype) for _ in range(2))
    c, x = matrix(columns, rows, rng, dtype), train(columns, rng, dtype)
    dense, other = a.to_dense(), b.to_dense()
    assert a.shape == dense.shape
    assert dense.dtype == dtype
    np.testing.assert_allclose(dense, np.asarray(a.to_tensorly().to_matrix()), rtol=1e-4)
    for found, expected in [
        ((a @ x).to_dense().ravel(), dense @ x.to_dense().ravel()),
        ((a @ c).to_dense(), dense @ c.to_dense()),
        ((a + b).to_dense(), dense + other),
        ((a - 2 * b).to_dense(), dense - 2 * other),
        ((np.float32(3) * a).T.to_dense(), 3 * dense.T),
        ((a + a).round().to_dense(), 2 * dense),
        (a.norm(), np.linalg.norm(dense)),
    ]:
        tolerance = 1e-4 if dtype == np.float32 else 1e-11
        np.testing.assert_allclose(found, expected, rtol=tolerance, atol=10 * tolerance)
    assert (a @ x).shape == rows
    assert TTMatrix.from_tensorly(a.to_tensorly()).ranks == a.ranks


def test_products_differentiate(rng):
    a, x = matrix((2, 3), (3, 2), rng), train((3, 2), rng)
    assert ta.testing.check_gradients(lambda a, x: (a @ x).to_dense(), (a, x), order=1)
    gradient = ta.grad(lambda a: a.norm() ** 2)(a)
    assert isinstance(gradient, TTMatrix)


def test_it_prints_short_and_names_mistakes(rng):
    a = matrix((2, 3), (3, 2), rng)
    assert repr(a) == "TTMatrix(row_shape=(2, 3), column_shape=(3, 2), ranks=(1, 2, 1))"
    with pytest.raises(ShapeError, match=r"columns of shape \(3, 2\) do not fit \(2, 3\)"):
        a @ a
    with pytest.raises(ShapeError, match="differ in shape"):
        a + a.T
    with pytest.raises(ShapeError, match=r"first and last ranks of 1, got 2 and 1"):
        TTMatrix(a.cores[1:])
    with pytest.raises(ShapeError, match=r"\(r_\{n-1\}, I_n, J_n, r_n\), got \(1, 3, 2\)"):
        TTMatrix(TTTensor([np.ones((1, 3, 2)), np.ones((2, 2, 1))]).cores)
    with pytest.raises(TypeError, match="operand"):
        a @ np.ones(6)
