import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import tenrso_ad as ta
from tenrso_ad.engine.errors import (
    ConcretizationError,
    IndexingError,
)
from tenrso_ad.engine.node import LazyCotangent
from tenrso_ad.engine.staging import stage
from tenrso_ad.ops.broadcasting import sum_to
from tenrso_ad.ops.indexing import getitem as reading
from tenrso_ad.ops.indexing import scattering
from tenrso_ad.ops.indexing.getitem import getitem
from tenrso_ad.transforms import grad, jvp, value_and_grad, vmap
from tests.ops.table import Case, each, normal


def total(x):
    return sum_to(x, ())


ROWS = np.array([0, 2, 2, -1])
MASK = np.random.default_rng(1).random((4, 5, 3)) < 0.5

# name -> an index into an array of shape (4, 5, 3)
INDICES = {
    "int": 3,
    "negative int": -4,
    "slice": slice(1, 3),
    "backwards": slice(None, None, -1),
    "backwards, out of reach": (slice(-10, None, -1), slice(10, None, -2)),
    "empty slice": slice(3, 1),
    "ellipsis": (..., 0),
    "ellipsis alone": ...,
    "nothing": (),
    "new axes": (None, 1, None, ..., slice(0, 2), None),
    "scalar": (1, 2, 0),
    "list": [0, 2, 2],
    "negative array": ROWS,
    "two-dimensional array": np.array([[0, 1, 1], [3, 2, 1]]),
    "array of a later axis": (slice(None), ROWS),
    "array of the last axis": (..., np.array([2, 0])),
    "array beside a slice that is not whole": (slice(0, 4, 2), ROWS),
    "adjacent arrays": (slice(None), [1, 1, 3], [0, 2, 2]),
    "separated arrays": ([0, 1], slice(None), [1, 2]),
    "broadcast arrays": (np.array([[0], [3]]), [1, 2, 0]),
    "int and array": (0, slice(None), [0, 1, 1]),
    "int beside array": (slice(None), 0, [0, 1, 1]),
    "array, new axis, array": (0, [[0, 1], [4, -4]], None, [1, -2]),
    "no elements": ([], slice(None)),
    "int8": (np.arange(4, dtype=np.int8),),
    "uint64": (slice(None), np.array([0, 4, 4], np.uint64)),
    "scalar array": np.array(2),
    "mask": MASK,
    "mask of two axes": MASK[:, :, 0],
    "mask of later axes": (slice(1, 3), MASK[0]),
    "mask and int": (MASK[:, 0, 0], 0),
    "mask and slice": (MASK[:, 0, 0], slice(None, None, 2)),
    "two masks": (np.array([True, False, True, False]), slice(None), np.array([True, True, False])),
    "range": (range(3), slice(None), range(0, 3)),
    "numpy integer": (np.int32(-1), np.uint8(4)),
    "list of bools": [True, False, True, False],
    "true": True,
    "false": False,
    "true and array": (True, [0, 1]),
    "new axis, true": (None, True, 0),
}

CASES = [
    Case(
        name,
        lambda x, index=index: getitem(x, index),
        normal(4, 5, 3),
        reference=lambda x, index=index: x[index],
        complex=name in ("scalar", "adjacent arrays", "mask"),
        order=1,
    )
    for name, index in INDICES.items()
] + [
    Case(
        "square of a repeated element",
        lambda x: getitem(x, [0, 0, 1]) ** 3,
        normal(3),
        reference=lambda x: x[[0, 0, 1]] ** 3,
        complex=True,
    ),
    Case(
        "indices as operands",
        lambda x, i: getitem(x, i) ** 2,
        normal(4, 3),
        lambda rng: rng.integers(-4, 4, size=(2, 5)),
        reference=lambda x, i: x[i] ** 2,
    ),
    Case(
        "index as operand",
        lambda x, i: getitem(x, (slice(None), i)) ** 2,
        normal(4, 3),
        lambda rng: rng.integers(-3, 3),
        reference=lambda x, i: x[:, i] ** 2,
    ),
    Case(
        "separated indices as operands",
        lambda x, i, j: getitem(x, (i, slice(None, None, -1), j)) ** 2,
        normal(4, 2, 3),
        lambda rng: rng.integers(-4, 4, size=(2, 1)),
        lambda rng: rng.integers(-3, 3, size=5),
        reference=lambda x, i, j: x[i, ::-1, j] ** 2,
    ),
    Case(
        "adjacent indices as operands",
        lambda x, i, j: getitem(x, (slice(None), i, 0, j)) ** 2,
        normal(2, 4, 2, 3),
        lambda rng: rng.integers(-4, 4, size=(2, 1)),
        lambda rng: rng.integers(-3, 3, size=5),
        reference=lambda x, i, j: x[:, i, 0, j] ** 2,
    ),
]


@each(CASES)
def test_operations(check):
    check()


@st.composite
def arrays_and_indices(draw):
    shape = draw(hnp.array_shapes(min_dims=1, max_dims=4, min_side=1, max_side=4))
    kinds = st.sampled_from(["basic", "advanced"])
    if draw(kinds) == "basic":
        return shape, draw(hnp.basic_indices(shape, allow_newaxis=True, allow_ellipsis=True))
    block = hnp.broadcastable_shapes((2, 3), min_dims=1, max_dims=2, max_side=3)
    index = []
    for length in shape:
        part = draw(st.sampled_from(["slice", "array", "int", "stop"]))
        if part == "stop":
            break
        if part == "slice":
            index.append(draw(st.slices(length)))
        elif part == "int":
            index.append(draw(st.integers(-length, length - 1)))
        else:
            index.append(
                draw(hnp.arrays(np.int64, draw(block), elements=st.integers(-length, length - 1)))
            )
        if draw(st.integers(0, 5)) == 0:
            index.append(None)
    return shape, tuple(index)


@given(arrays_and_indices())
def test_indexing_and_its_transpose_are_numpys(drawn):
    shape, index = drawn
    x = np.random.default_rng(0).normal(size=shape)
    expected = x[index]
    weights = np.random.default_rng(1).normal(size=expected.shape)
    value, gradient = value_and_grad(lambda x: total(getitem(x, index) * weights))(x)
    scattered = np.zeros_like(x)
    np.add.at(scattered, index, weights)
    np.testing.assert_allclose(value, np.sum(expected * weights), atol=1e-12)
    np.testing.assert_allclose(gradient, scattered, atol=1e-12)
    batch = np.random.default_rng(2).normal(size=(2, *shape))
    np.testing.assert_array_equal(
        vmap(lambda x: getitem(x, index))(batch), np.stack([x[index] for x in batch])
    )


def test_basic_indexing_gives_a_view():
    x = np.zeros((3, 4))
    assert np.shares_memory(getitem(x, (slice(None), 1)), x)


# --- the cotangent of an indexed array ------------------------------------------------------------


def test_many_reads_of_one_array_never_make_a_whole_cotangent_each(monkeypatch):
    made = []
    whole = scattering.scatter_add
    monkeypatch.setattr(scattering, "scatter_add", lambda *a: made.append(1) or whole(*a))
    x = np.arange(50.0)

    def f(x):
        out = 0.0
        for i in range(50):
            out = out + getitem(x, i) * total(getitem(x, [i, i, -1]))
        return out

    expected = 4 * x + x[-1]
    expected[-1] += x.sum()
    np.testing.assert_allclose(grad(f)(x), expected)
    assert len(made) == 1


def test_cotangent_stays_a_few_entries():
    g = reading.getitem_p
    x = np.zeros((1000, 3))
    rule = ta.engine.reverse.pullbacks[g]
    params = {"index": (5,), "unique": True}
    saved = rule.save((x,), x[5], params, (object(),))
    (cotangent,) = rule.apply(np.ones(3), saved, params, (object(),))
    assert isinstance(cotangent, LazyCotangent)
    buffer = np.ones((1000, 3))
    cotangent.add_into(buffer)
    assert buffer.sum() == 3003 and (buffer[5] == 2).all()


# lengths of the indexed axis, of the index and of a row: each takes another way of accumulating
@pytest.mark.parametrize(
    ("length", "count", "width"),
    [(7, 5, 1), (7, 5, 4), (50, 900, 6), (9000, 900, 6), (90, 3000, 1)],
)
@pytest.mark.parametrize("dtype", ["float16", "float32", "float64", "complex64", "complex128"])
@pytest.mark.parametrize("order", ["C", "F"])
def test_repeated_rows_accumulate(rng, length, count, width, dtype, order):
    keys = rng.integers(-length, length, size=count)
    rows = rng.integers(-4, 4, size=(count, width)).astype(dtype)
    expected = np.zeros((length, width), dtype)
    np.add.at(expected, keys, rows)
    index = (reading.ARRAY,)
    total = scattering.scatter_add(rows, (length, width), index, (keys,), False)
    np.testing.assert_array_equal(total, expected)
    assert total.dtype == dtype
    buffer = np.ones((length, width), dtype, order=order)
    scattering.add_at(buffer, rows, index, (keys,), False)
    np.testing.assert_array_equal(buffer, expected + 1)


def test_repeated_elements_of_several_axes_accumulate(rng):
    x = rng.normal(size=(6, 5, 7))
    i, j = rng.integers(-6, 6, size=(40, 1)), rng.integers(-7, 7, size=60)
    weights = rng.normal(size=(40, 60, 5))
    expected = np.zeros_like(x)
    np.add.at(expected, (i, slice(None), j), weights)
    gradient = grad(lambda x: total(getitem(x, (i, slice(None), j)) * weights))(x)
    np.testing.assert_allclose(gradient, expected, atol=1e-12)


@pytest.mark.parametrize("shape", [(6, 5, 7), (6, 5, 7, 2)])
def test_many_elements_of_all_axes(rng, shape):
    x = rng.normal(size=shape)
    index = tuple(rng.integers(-n, n, size=2000) for n in shape[:3])
    np.testing.assert_array_equal(getitem(x, index), x[index])
    weights = rng.normal(size=x[index].shape)
    expected = np.zeros_like(x)
    np.add.at(expected, index, weights)
    gradient = grad(lambda x: total(getitem(x, index) * weights))(x)
    np.testing.assert_allclose(gradient, expected, atol=1e-12)
    index[1][7] = 5
    with pytest.raises(IndexingError, match="index 5 is out of bounds for an axis of length 5"):
        getitem(x, index)


def test_float32_sums_match_in_every_mode(rng):
    x = rng.normal(size=(4, 3)).astype(np.float32)
    rows = np.array([1, 1, 2])
    gradient = grad(lambda x: total(getitem(x, rows) ** 2))(x)
    out, tangent = jvp(lambda x: getitem(x, rows), (x,), (np.ones_like(x),))
    assert gradient.dtype == out.dtype == tangent.dtype == np.float32


# --- tensors as indices, masks -------------------------------------------------------------------


def test_integer_tensors_are_indices():
    x = ta.tensor(np.arange(5.0))
    i = ta.tensor(np.array([1, 1, 3]), requires_grad=False)
    total(getitem(x, i)).backward()
    np.testing.assert_array_equal(x.grad, [0, 2, 0, 1, 0])


def test_integer_tensors_bound_slices():
    x = ta.tensor(np.arange(5.0))
    i = ta.tensor(np.array(3), requires_grad=False)
    total(getitem(x, slice(i, None))).backward()
    np.testing.assert_array_equal(x.grad, [0, 0, 0, 1, 1])


def test_mask_of_a_tensor_follows_its_values():
    x = np.array([1.0, -2.0, 3.0])
    np.testing.assert_array_equal(grad(lambda x: total(getitem(x, x > 0) ** 2))(x), [2, 0, 6])


@pytest.mark.parametrize("shape", [(0,), (2, 0), (0, 0), (0, 3)])
def test_mask_without_elements_chooses_nothing_whatever_the_other_lengths(shape):
    x, mask = np.ones((2, 3, 4)), np.ones(shape, bool)
    assert ta.tensor(x)[mask].shape == x[mask].shape


def test_mask_that_has_no_value_is_refused_with_the_way_out():
    x = np.ones((2, 3))
    with pytest.raises(ConcretizationError, match=r"boolean index.*vmap.*where"):
        vmap(lambda x: getitem(x, x > 0))(x)
    with pytest.raises(ConcretizationError, match=r"boolean index.*staged.*where"):
        stage(lambda x: (getitem(x, x > 0),), x)


# --- errors ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("index", "message"),
    [
        (4, r"getitem\(float64\[4,3\]\): index 4 is out of bounds for axis 0 of length 4"),
        ((0, -4), r"index -4 is out of bounds for axis 1 of length 3"),
        ((0, 0, 0), r"too many indices, 3 for an array of 2 axes"),
        ((..., 0, ...), r"at most one ellipsis"),
        (1.0, r"integers, slices.*got 1.0"),
        ("a", r"integers, slices.*got 'a'"),
        (slice(None, None, 0), r"slice step cannot be zero"),
        (slice(0.5, None), r"slice indices must be integers"),
        (np.array([0.5]), r"integers, slices.*got float64\[1\]"),
        ([[1, 2], [3]], r"integers, slices.*got \[\[1, 2\], \[3\]\]"),
        ([0, 4], r"index 4 is out of bounds"),
        ((np.array([1, 2]), np.array([0, 1, 2])), r"\(2,\) *(and)? *\(3,\)"),
        (np.array([True, False]), r"boolean index of shape \(2,\).*lengths \(4,\)"),
    ],
)
def test_errors_name_the_operation_and_the_array(index, message):
    x = np.zeros((4, 3))
    for call in (lambda: getitem(x, index), lambda: grad(lambda x: total(getitem(x, index)))(x)):
        with pytest.raises(IndexingError, match=message) as caught:
            call()
        assert str(caught.value).startswith("getitem(float64[4,3]")
        assert isinstance(caught.value, IndexError)


def test_index_arrays_that_do_not_broadcast_are_refused_when_staged():
    with pytest.raises(IndexingError, match=r"getitem.*\(2,\) and \(3,\)"):
        stage(lambda x: (getitem(x, ([0, 1], [0, 1, 2])),), np.zeros((4, 3)))
