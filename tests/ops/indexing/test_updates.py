import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tenrso_ad as ta
from tenrso_ad.engine.errors import (
    ConcretizationError,
    DTypeError,
    IndexingError,
    ShapeError,
)
from tenrso_ad.engine.staging import stage
from tenrso_ad.ops import elementwise as ew
from tenrso_ad.ops.broadcasting import sum_to
from tenrso_ad.ops.indexing.updates import at
from tenrso_ad.transforms import grad, vmap
from tests.ops.indexing.test_getitem import INDICES
from tests.ops.table import Case, each, normal

METHODS = {
    "add": np.add,
    "multiply": np.multiply,
    "min": np.minimum,
    "max": np.maximum,
}


def update(method, x, index, values):
    return getattr(at(x)[index], method)(values)


def numpys(method, x, index, values):
    out = x.copy()
    if method == "set":
        out[index] = values
    else:
        METHODS[method].at(out, index, values)
    return out


def total(x):
    return sum_to(x, ())


# each form of an index once, with values of the whole shape; of every element all are distinct
CASES = (
    [
        Case(
            f"{method} {name}",
            lambda x, v, method=method, index=index: update(method, x, index, v) ** 2,
            normal(4, 5, 3),
            normal(*np.zeros((4, 5, 3))[index].shape),
            reference=lambda x, v, method=method, index=index: numpys(method, x, index, v) ** 2,
            order=1,
        )
        for method in ("set", "add")
        for name, index in INDICES.items()
    ]
    + [
        Case(
            f"{method} {name}",
            lambda x, v, method=method, index=index: update(method, x, index, v) ** 2,
            normal(4, 3),
            normal(*np.zeros((4, 3))[index].shape),
            reference=lambda x, v, method=method, index=index: numpys(method, x, index, v) ** 2,
            complex=method not in ("min", "max"),
        )
        for method in ("set", *METHODS)
        for name, index in {
            "slice and int": (slice(1, 3), 0),
            "diagonal mask": np.eye(4, 3) == 1,
            "repeated": ([2, 0, 2, 2, 0], [1, 0, 1, 1, 0]),
            "rows met twice": (np.array([[1, 2], [1, -3]]),),
        }.items()
    ]
    + [
        Case(
            f"{method} with broadcast values",
            lambda x, v, method=method: update(method, x, ([0, 2, 0], slice(1, None)), v) ** 2,
            normal(4, 3),
            normal(1, 3, 1),
            reference=lambda x, v, method=method: (
                numpys(method, x, ([0, 2, 0], slice(1, None)), v[0]) ** 2
            ),
        )
        for method in ("set", *METHODS)
    ]
    + [
        Case(
            f"{method} with indices as operands",
            lambda x, v, i, j, method=method: update(method, x, (i, slice(None), j), v) ** 2,
            normal(4, 2, 3),
            normal(2, 5, 2),
            lambda rng: rng.integers(-2, 2, size=(2, 1)),
            lambda rng: rng.integers(-3, 3, size=5),
            reference=lambda x, v, i, j, method=method: (
                numpys(method, x, (i, slice(None), j), v) ** 2
            ),
        )
        for method in ("set", *METHODS)
    ]
    + [
        Case(
            f"{method} a number",
            lambda x, method=method: update(method, x, [1, 1], 0.25) ** 2,
            normal(3),
            reference=lambda x, method=method: numpys(method, x, [1, 1], 0.25) ** 2,
        )
        for method in ("set", *METHODS)
    ]
)


@each(CASES)
def test_operations(check):
    check()


@given(st.lists(st.integers(-3, 2), min_size=1, max_size=9), st.sampled_from(["set", *METHODS]))
def test_values_that_meet_are_combined_as_in_numpy(index, method):
    x = np.array([1.0, 2.0, 3.0])
    values = np.random.default_rng(len(index)).normal(size=len(index)).round(1)
    np.testing.assert_allclose(
        update(method, x, index, values), numpys(method, x, index, values), rtol=1e-13
    )


def gradients(method, x, index, values, weights):
    def loss(x, v):
        return total(update(method, x, index, v) * weights)

    return grad(loss, argnums=(0, 1))(x, values)


def test_gradient_of_set_follows_the_last_write():
    x, weights = np.zeros(3), np.array([1.0, 10.0, 100.0])
    of_x, of_v = gradients("set", x, [0, 2, 0, 0], np.ones(4), weights)
    np.testing.assert_array_equal(of_x, [0, 10, 0])
    np.testing.assert_array_equal(of_v, [0, 100, 0, 1])


@pytest.mark.parametrize("order", ["C", "F", "reversed"])
def test_last_write_is_the_last_in_c_order_however_arrays_lie_in_memory(order):
    index = np.zeros((3, 4), np.int64)
    values = np.arange(12.0).reshape(3, 4)
    if order == "F":
        index, values = np.asfortranarray(index), np.asfortranarray(values)
    if order == "reversed":
        index, values = index[::-1, ::-1], values[::-1, ::-1].copy()[::-1, ::-1]
    assert at(np.zeros(2))[index].set(values)[0] == values[-1, -1]
    _, of_v = gradients("set", np.zeros(2), index, values, np.ones(2))
    assert of_v[-1, -1] == 1 and of_v.sum() == 1


def test_gradient_of_products_with_zeros():
    x, weights = np.array([2.0, 3.0]), np.array([1.0, 1.0])
    of_x, of_v = gradients("multiply", x, [0, 0, 0, 1], np.array([0.0, 5.0, 7.0, 0.0]), weights)
    np.testing.assert_array_equal(of_x, [0, 0])
    np.testing.assert_array_equal(of_v, [70, 0, 0, 3])


@pytest.mark.parametrize("method", ["min", "max"])
def test_ties_share_the_gradient_evenly(method):
    x, weights = np.array([1.0, 5.0]), np.array([1.0, 1.0])
    far = 9.0 if method == "min" else -9.0
    of_x, of_v = gradients(method, x, [0, 0, 0], np.array([1.0, far, 1.0]), weights)
    np.testing.assert_allclose(of_x, [1 / 3, 1])
    np.testing.assert_allclose(of_v, [1 / 3, 0, 1 / 3])


def test_operands_stay_as_they_were():
    x, v = np.zeros(3), np.ones(2)
    at(x)[[0, 1]].set(v)
    at(x)[:2].add(v)
    np.testing.assert_array_equal(x, 0)
    np.testing.assert_array_equal(v, 1)


@pytest.mark.parametrize("method", ["set", *METHODS])
def test_tensors_of_a_tape_are_arrays_and_indices(method):
    x, v = np.array([1.0, 2.0, 3.0]), np.array([4.0, -5.0, 6.0])
    i = np.array([2, 0, 2])
    tensors = ta.tensor(x), ta.tensor(v)
    out = update(method, tensors[0], ta.tensor(i, requires_grad=False), tensors[1])
    np.testing.assert_array_equal(out.value, numpys(method, x, i, v))
    total(out * out).backward()
    expected = grad(lambda x, v: total(update(method, x, i, v) ** 2), argnums=(0, 1))(x, v)
    np.testing.assert_array_equal(tensors[0].grad, expected[0])
    np.testing.assert_array_equal(tensors[1].grad, expected[1])


def test_set_hides_what_was_there():
    x = np.array([0.0, 4.0])
    gradient = grad(lambda x: total(at(ew.sqrt(x))[0].set(1.0)))(x)
    np.testing.assert_array_equal(gradient, [0, 0.25])


def test_dtypes_follow_the_array():
    x = np.zeros(3, np.float32)
    v = np.ones(2)
    assert at(x)[:2].set(v).dtype == np.float32
    assert at(x)[0].set(1).dtype == np.float32
    of_x, of_v = gradients("add", x, slice(2), v, np.ones(3, np.float32))
    assert of_x.dtype == np.float32 and of_v.dtype == np.float64
    assert at(np.zeros(2, np.complex64))[0].set(1.0).dtype == np.complex64


@pytest.mark.parametrize("method", ["set", *METHODS])
def test_errors(method):
    x = np.zeros((4, 3))
    with pytest.raises(IndexingError, match=rf"at\[\].{method}\(float64\[4,3\]\): index 7"):
        update(method, x, 7, 1.0)
    with pytest.raises(IndexingError, match=r"index 9 is out of bounds"):
        update(method, x, [0, 9], 1.0)
    with pytest.raises(ShapeError, match=rf"at\[\].{method}: .*\(2,\).*\(3,\).*float64\[4,3\]"):
        update(method, x, 0, np.ones(2))
    with pytest.raises(DTypeError, match=rf"at\[\].{method}: .*1j.*float64\[4,3\]"):
        update(method, x, 0, 1j)
    with pytest.raises(DTypeError, match="do not fit"):
        update(method, np.zeros(3, int), 0, 0.5)
    with pytest.raises(ConcretizationError, match="where"):
        vmap(lambda x: update(method, x, x > 0, 1.0))(x)
    with pytest.raises(ConcretizationError, match="where"):
        stage(lambda x: (update(method, x, x > 0, 1.0),), x)
