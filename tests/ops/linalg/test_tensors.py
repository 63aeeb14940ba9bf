import numpy as np
import pytest

from tenrso_ad.engine.errors import ArgumentError, AxisError, LinAlgError, ShapeError
from tenrso_ad.ops.linalg.tensors import tensorinv, tensorsolve
from tests.ops.table import Case, each, normal


def regular(*shape, size):
    """Tensors that are far from singular as matrices."""
    return lambda rng: (rng.normal(size=(size, size)) + 3 * size * np.eye(size)).reshape(shape)


CASES = [
    Case("tensorinv", lambda a: tensorinv(a, 1), regular(4, 2, 2, size=4), complex=True,
         reference=lambda a: np.linalg.tensorinv(a, 1)),
    Case("tensorinv 2", tensorinv, regular(2, 3, 6, size=6), order=1,
         reference=np.linalg.tensorinv),
    Case("tensorsolve", tensorsolve, regular(2, 2, 4, size=4), normal(2, 2), complex=True,
         reference=np.linalg.tensorsolve),
    Case("tensorsolve axes", lambda a, b: tensorsolve(a, b, (0, -2)), regular(2, 2, 2, 2, size=4),
         normal(2, 2), order=1, reference=lambda a, b: np.linalg.tensorsolve(a, b, (0, 2))),
]  # fmt: skip


@each(CASES)
def test_operations(check):
    check()


def test_errors():
    with pytest.raises(ShapeError, match=r"tensorsolve\(float64\[2,3\], float64\[2\]\): wants as"):
        tensorsolve(np.zeros((2, 3)), np.zeros(2))
    with pytest.raises(AxisError, match="axis 4"):
        tensorsolve(np.zeros((2, 2)), np.zeros(2), axes=(4,))
    with pytest.raises(ShapeError, match=r"tensorinv\(float64\[2,3\], ind=1\): wants as many"):
        tensorinv(np.zeros((2, 3)), 1)
    for ind in (0, -1, 1.5):
        with pytest.raises(ArgumentError, match="ind is a positive int"):
            tensorinv(np.zeros((2, 2)), ind)
    with pytest.raises(LinAlgError, match="Singular"):
        tensorinv(np.zeros((2, 2)), 1)
