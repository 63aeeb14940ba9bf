"""Contractions of PyTorch's arrays give PyTorch's arrays, and so do their derivatives."""

import numpy as np
import pytest
import torch

import tenrso_ad as ta
from tenrso_ad.engine.trace import bind
from tenrso_ad.ops.contraction.diagonals import put_p, take_diagonal
from tenrso_ad.ops.contraction.einsum import einsum, matmul

pytestmark = pytest.mark.interop

SPECS = [
    ("ij,jk->ik", (2, 3), (3, 4)),
    ("ij,jk->ki", (2, 3), (3, 4)),
    ("aij,ajk->aik", (2, 2, 3), (2, 3, 2)),
    ("aib,ij->ajb", (2, 3, 5), (3, 2)),
    ("ija,jka->ika", (2, 3, 2), (3, 2, 2)),
    ("i,j->ji", (2,), (3,)),
    ("ij,k->", (2, 3), (4,)),
    ("ii,ij->j", (3, 3), (3, 2)),
    ("ar,br,cr->abc", (2, 2), (3, 2), (2, 2)),
]


@pytest.mark.parametrize(("text", "shapes"), [(s[0], s[1:]) for s in SPECS])
def test_einsum(rng, text, shapes):
    arrays = [rng.normal(size=s) for s in shapes]
    tensors = [torch.from_numpy(a) for a in arrays]
    out, pullback = ta.vjp(lambda *xs: einsum(text, *xs), *tensors)
    expected, numpys = ta.vjp(lambda *xs: einsum(text, *xs), *arrays)
    np.testing.assert_allclose(out.numpy(), expected)
    for gradient, other in zip(pullback(out), numpys(expected), strict=True):
        assert isinstance(gradient, torch.Tensor)
        np.testing.assert_allclose(gradient.numpy(), other)


def test_dtypes_promote_as_in_torch():
    product = matmul(torch.ones((2, 3), dtype=torch.float32), torch.ones(3, dtype=torch.float64))
    assert product.dtype == torch.float64


def test_diagonals(rng):
    x = rng.normal(size=(2, 3, 2, 3))
    taken = take_diagonal(torch.from_numpy(x), "abab")
    np.testing.assert_array_equal(taken.numpy(), np.einsum("abab->ab", x))
    whole = np.zeros_like(x)
    np.einsum("abab->ab", whole)[...] = taken.numpy()
    np.testing.assert_array_equal(bind(put_p, (taken,), {"term": "abab"}).numpy(), whole)
