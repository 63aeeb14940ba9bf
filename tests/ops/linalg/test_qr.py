import numpy as np
import pytest

import tenrso_ad as ta
from tenrso_ad.engine.errors import (
    ArgumentError,
    DegenerateWarning,
    LinAlgError,
    ShapeError,
    UnsupportedError,
)
from tenrso_ad.ops.contraction.einsum import matmul
from tenrso_ad.ops.indexing.getitem import getitem
from tenrso_ad.ops.linalg.matrices import adjoint
from tenrso_ad.ops.linalg.qr import qr
from tenrso_ad.ops.reductions.sums import sum as total
from tenrso_ad.transforms import grad
from tests.ops.table import Case, each, normal


def complement(a):
    """Projector on what the columns of a tall matrix leave, and R."""
    q, r = qr(a, "complete")
    rest = getitem(q, (..., slice(a.shape[-1], None)))
    return matmul(rest, adjoint(rest)), r


def numpys_complement(a):
    q, r = np.linalg.qr(a, "complete")
    rest = q[..., a.shape[-1] :]
    return rest @ np.conj(rest.mT), r


CASES = [
    *[
        Case(f"qr {mode} {shape}", lambda a, mode=mode: qr(a, mode), normal(*shape), complex=True,
             reference=lambda a, mode=mode: np.linalg.qr(a, mode))
        for shape in [(3, 3), (4, 2), (2, 4)]
        for mode in ["reduced", "complete", "r"]
        if (shape, mode) != ((4, 2), "complete")
    ],
    Case("qr complete of tall", complement, normal(4, 2), complex=True,
         reference=numpys_complement),
    Case("qr q alone", lambda a: qr(a).Q, normal(3, 5), complex=True, order=1,
         reference=lambda a: np.linalg.qr(a).Q),
    Case("qr stack", qr, normal(2, 1, 3, 2), reference=np.linalg.qr),
    Case("qr of one", qr, normal(1, 1), reference=np.linalg.qr),
]  # fmt: skip


@each(CASES)
def test_operations(check):
    check()


def test_raw_is_lapacks_and_has_no_derivative(rng):
    a = rng.normal(size=(3, 2))
    for ours, theirs in zip(qr(a, "raw"), np.linalg.qr(a, "raw"), strict=True):
        np.testing.assert_array_equal(ours, theirs)
    with pytest.raises(UnsupportedError, match=r"qr: mode='raw' has no derivative"):
        qr(ta.tensor(a), "raw")


def test_added_columns_have_no_derivative_of_their_own(rng):
    with pytest.warns(DegenerateWarning, match="qr: "):
        grad(lambda a: getitem(qr(a, "complete").Q, (0, 4)) * getitem(qr(a, "complete").Q, (1, 3)))(
            rng.normal(size=(5, 2))
        )


def test_dependent_columns_have_no_derivative():
    a = np.array([[1.0, 0.0], [0.0, 0.0], [0.0, 0.0]])
    with pytest.raises(LinAlgError, match="derivative of qr wants linearly independent columns"):
        grad(lambda a: total(qr(a).Q))(a)


def test_errors():
    with pytest.raises(ArgumentError, match=r"qr: mode is 'reduced'.*got 'full'"):
        qr(np.eye(2), "full")
    with pytest.raises(ShapeError, match=r"qr\(float64\[3\]\): wants matrices"):
        qr(np.zeros(3))
