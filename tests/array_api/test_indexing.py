"""Indexing of tensors against array_api_strict, and what of 0-d tensors becomes a Python number."""

import array_api_strict as strict
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.array_api import make_strategies_namespace

import tenrso_ad as ta
from tests.array_api import strategies
from tests.array_api.agreement import assert_equal, few, ours
from tests.array_api.strategies import arrays, shapes, xps

xp = ta.array_api


@few
@given(st.data())
def test_basic_indices(data):
    x = data.draw(arrays("any", shapes(min_side=1)))
    key = data.draw(xps.indices(x.shape, allow_newaxis=True))
    assert_equal(ours(x)[key], x[key], repr(key), 0)


@few
@given(st.data())
def test_masks(data):
    x = data.draw(arrays("any"))
    shape = tuple(n * data.draw(st.sampled_from([1, 1, 1, 0])) for n in x.shape)
    mask = data.draw(arrays("bool", shape))
    assert_equal(ours(x)[ours(mask)], x[mask], "mask", 0)


@few
@given(st.data())
def test_integer_arrays(data):
    x = data.draw(arrays("any", shapes(min_dims=1, min_side=1)))
    one = [st.integers(-n, n - 1) for n in x.shape]
    places = xps.array_shapes(min_dims=1, max_dims=2).flatmap(
        lambda shape: st.tuples(*[xps.arrays(strict.int64, shape, elements=e) for e in one])
    )
    key = data.draw(places)
    assert_equal(ours(x)[ours(key)], x[key], "integer arrays", 0)


@few
@given(st.data())
def test_setting_elements(data):
    name = data.draw(strategies.dtypes("any"))
    x = data.draw(strategies.of_dtype(name, shapes(min_side=1)))
    key = data.draw(xps.indices(x.shape) | arrays("bool", x.shape).map(lambda mask: (mask,)))
    if not isinstance(key, tuple):
        key = (key,)
    value = data.draw(strategies.elements(name) | strategies.of_dtype(name, ()))
    mine = xp.asarray(ours(x), copy=True)
    before = ours(x)
    mine[ours(key)] = ours(value)
    x = strict.asarray(x, copy=True)
    x[key[0] if len(key) == 1 else key] = value
    assert_equal(mine, x, repr(key), 0)
    assert before.shape == mine.shape


def test_a_mask_without_axes():
    x = xp.ones((2, 3))
    assert x[xp.asarray(True)].shape == (1, 2, 3) and x[xp.asarray(False)].shape == (0, 2, 3)
    y = xp.asarray(3.0)
    y[xp.asarray(True)] = 5.0
    assert float(y) == 5.0


def test_hypothesis_draws_our_tensors():
    ours_drawn = make_strategies_namespace(xp, api_version="2024.12")

    @few
    @given(ours_drawn.arrays(ours_drawn.scalar_dtypes(), ours_drawn.array_shapes(min_dims=0)))
    def draw(x):
        assert type(x) is ta.Tensor and not x.requires_grad and repr(x).startswith("Tensor(")

    draw()


def test_setting_elements_of_a_copy_leaves_the_rest():
    x = xp.asarray([1.0, 2.0, 3.0])
    copies = [xp.asarray(x, copy=True), xp.astype(x, x.dtype), xp.reshape(x, (3,), copy=True)]
    for copy in copies:
        copy[0] = 9.0
        assert float(copy[0]) == 9.0
    assert x.tolist() == [1.0, 2.0, 3.0]


@pytest.mark.parametrize("convert", [bool, int, float, complex])
def test_python_numbers(convert):
    for value in (True, 3, -2.5, 1.5 + 0.0j):
        x = xp.asarray(value)
        if convert in (int, float) and isinstance(value, complex):
            with pytest.raises(TypeError):
                convert(x)
        else:
            assert convert(x) == convert(value) and type(convert(x)) is convert
    with pytest.raises((TypeError, ValueError)):
        convert(xp.ones((2,)))


def test_a_0d_integer_is_an_index():
    assert [10, 20, 30][xp.asarray(1)] == 20 and range(4)[xp.asarray(-1)] == 3
    for value in (1.0, True):
        with pytest.raises(TypeError):
            [10, 20][xp.asarray(value)]


def test_results_without_axes_stay_tensors():
    x = xp.asarray([1.0, 2.0])
    for y in (xp.sum(x), x[0], xp.max(x), xp.argmax(x), xp.all(x > 0), xp.asarray(1.0) + 1):
        assert type(y) is ta.Tensor and y.shape == () and y.ndim == 0 and y.size == 1


def test_gradients_go_through_an_element_that_is_set():
    x, v = ta.tensor([1.0, 2.0, 3.0]), ta.tensor(5.0)
    y = xp.asarray(x, copy=True)
    y[1] = v
    xp.sum(y * y).backward()
    np.testing.assert_array_equal(x.grad, [2.0, 0.0, 6.0])
    assert float(v.grad) == 10.0
