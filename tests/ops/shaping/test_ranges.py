"""linspace, logspace, geomspace; ndim, shape, size, result_type."""

import numpy as np
import pytest

import tenrso_ad as ta
import tenrso_ad.numpy as tnp
from tenrso_ad.tensor import Tensor
from tests.ops.table import Case, each, normal, positive

CASES = [
    Case("linspace", lambda a, b: tnp.linspace(a, b, 5), normal(), normal(), complex=True,
         reference=lambda a, b: np.linspace(a, b, 5)),
    Case("linspace without its end", lambda a, b: tnp.linspace(a, b, 4, endpoint=False, axis=-1),
         normal(2, 1), normal(3),
         reference=lambda a, b: np.linspace(a, b, 4, endpoint=False, axis=-1)),
    Case("linspace with its step", lambda a: tnp.linspace(a, 2.0, 3, retstep=True), normal(2),
         reference=lambda a: np.linspace(a, 2.0, 3, retstep=True)),
    Case("linspace of one", lambda a, b: tnp.linspace(a, b, 1), normal(), normal(),
         reference=lambda a, b: np.linspace(a, b, 1)),
    Case("logspace", lambda a, b, c: tnp.logspace(a, b, 4, base=c),
         normal(2), normal(), positive(2),
         reference=lambda a, b, c: np.logspace(a, b, 4, base=c)),
    Case("geomspace", lambda a, b: tnp.geomspace(a, b, 4), positive(2), positive(),
         reference=lambda a, b: np.geomspace(a, b, 4), float32=False),  # NumPy's is float64
    Case("geomspace of negative numbers", lambda a: tnp.geomspace(-a, -2.0, 3, endpoint=False),
         positive(), reference=lambda a: np.geomspace(-a, -2.0, 3, endpoint=False), float32=False),
]  # fmt: skip


@each(CASES)
def test_ranges(check):
    check()


@pytest.mark.parametrize("name", ["linspace", "logspace", "geomspace"])
@pytest.mark.parametrize("options", [{}, {"num": 0}, {"num": 3, "dtype": int}, {"dtype": "f4"}])
def test_dtypes_of_tensors_are_those_of_numpy(name, options):
    for bound in (1, 2.0, np.float32(3.0), np.array([2, 3])):
        wanted = getattr(np, name)(bound, 5, **options)
        got = getattr(np, name)(ta.tensor(bound, requires_grad=False), 5, **options)
        assert isinstance(got, Tensor) and got.dtype == wanted.dtype
        np.testing.assert_allclose(got.value, wanted, rtol=1e-6)


def test_ends_are_exact():
    a, b = ta.tensor(0.1), ta.tensor(0.7)
    for make in (tnp.linspace, tnp.geomspace):
        values = make(a, b, 7)
        assert values[0].item() == 0.1 and values[-1].item() == 0.7


def test_errors():
    with pytest.raises(ValueError, match="num=-1"):
        tnp.linspace(ta.tensor(1.0), 2.0, -1)
    with pytest.raises(ValueError, match="device='cuda'"):
        tnp.linspace(ta.tensor(1.0), 2.0, device="cuda")


@pytest.mark.parametrize("face", [np, tnp], ids=["np", "tnp"])
def test_questions_need_no_values(face):
    x = ta.tensor(np.ones((2, 3), np.float32))
    assert (face.ndim(x), face.shape(x), face.size(x), face.size(x, 1)) == (2, (2, 3), 6, 3)
    assert face.result_type(x, 1.0) == np.float32
    assert (tnp.ndim([x, x]), tnp.shape(2.0)) == (3, ())
    sizes = ta.vmap(lambda row: face.size(row) * row)(np.ones((2, 3)))
    np.testing.assert_array_equal(sizes, np.full((2, 3), 3.0))
