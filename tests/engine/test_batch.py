"""vmap's trace: one tensor stands for many."""

import numpy as np
import pytest

import tenrso_ad as ta
import tenrso_ad.numpy as tnp
from tenrso_ad.engine.batch import BatchTrace
from tenrso_ad.engine.errors import ConcretizationError
from tenrso_ad.engine.trace import Tensor
from tenrso_ad.ops.broadcasting import broadcast_to, convert, sum_to


@pytest.fixture
def batch():
    trace = BatchTrace(3)
    return lambda value: Tensor(value, trace, None)


def test_the_batch_is_not_seen(batch):
    x = batch(np.zeros((3, 2, 5), np.float32))
    assert x.shape == (2, 5)
    assert (x.ndim, x.size, len(x)) == (2, 10, 2)
    assert x.dtype == np.float32


@pytest.mark.parametrize("shape", [(), (4,), (2, 4), (5, 2, 4)])
def test_operands_of_other_rank_broadcast_as_without_a_batch(batch, rng, shape):
    values, other = rng.normal(size=(3, 2, 4)), rng.normal(size=shape)
    x = batch(values)
    loop = np.stack([v * other for v in values])
    for z in (x * other, other * x, x * batch(np.stack([other] * 3))):
        assert z.shape == loop.shape[1:]
        np.testing.assert_array_equal(z.value, loop)


def test_three_operands_of_three_ranks(batch, rng):
    condition, x, y = rng.normal(size=(3, 4)) > 0, rng.normal(size=3), rng.normal(size=(2, 1))
    z = tnp.where(batch(condition), batch(x), y)
    expected = np.stack([np.where(c, a, y) for c, a in zip(condition, x, strict=True)])
    np.testing.assert_array_equal(z.value, expected)


@pytest.mark.parametrize("shape", [(), (1,), (4,), (2, 1), (2, 4), (1, 1)])
def test_broadcasting_and_its_transpose(batch, rng, shape):
    small, large = rng.normal(size=(3, *shape)), rng.normal(size=(3, 2, 4))
    np.testing.assert_array_equal(
        broadcast_to(batch(small), (2, 4)).value, [np.broadcast_to(s, (2, 4)) for s in small]
    )
    ones = np.ones((2, 4))
    summed = sum_to(batch(large), shape).value
    assert summed.shape == (3, *shape)
    for one, whole in zip(summed, large, strict=True):
        np.testing.assert_allclose(one.sum(), (whole * ones).sum())
        np.testing.assert_allclose(one, sum_to(whole, shape))


def test_conversion(batch):
    assert convert(batch(np.ones((3, 2))), np.dtype(np.float32)).value.dtype == np.float32


def test_an_empty_batch():
    out = ta.vmap(lambda x: tnp.exp(x) * 2.0)(np.ones((0, 3)))
    assert out.shape == (0, 3)
    assert ta.vmap(ta.grad(lambda x: sum_to(x * x, ())))(np.ones((0, 3))).shape == (0, 3)


def test_results_that_do_not_depend_on_the_batch_are_repeated():
    out = ta.vmap(lambda x: (x, 2.0, np.arange(2)))(np.ones(3))
    assert [o.shape for o in out] == [(3,), (3,), (3, 2)]


def test_there_is_no_value_to_look_at(batch):
    with pytest.raises(ConcretizationError, match=r"bool.* tensor|condition needs the value"):
        bool(batch(np.ones(3)) > 0)
    with pytest.raises(ConcretizationError, match=r"Use tnp\.where"):
        batch(np.ones(3)).item()
