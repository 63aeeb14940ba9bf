"""reshape, ravel, squeeze, expand_dims, atleast_1d, broadcast_to, broadcast_arrays."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import tenrso_ad as ta
from tenrso_ad.engine.errors import ArgumentError, AxisError, ShapeError
from tenrso_ad.engine.staging import stage
from tenrso_ad.ops.shaping import reshaping
from tests.ops.table import Case, each, normal


def call(name, *args, shape=(2, 3, 4), **kwargs):
    """A case for a function of one array that NumPy has under the same name."""
    ours, theirs = getattr(reshaping, name), getattr(np, name)
    label = ", ".join([*map(repr, args), *[f"{k}={v!r}" for k, v in kwargs.items()]])
    return Case(
        f"{name}({label}) {list(shape)}",
        lambda x: ours(x, *args, **kwargs),
        normal(*shape),
        reference=lambda x: theirs(x, *args, **kwargs),
        complex=len(shape) < 3,
    )


CASES = [
    call("reshape", (4, 6)),
    call("reshape", -1),
    call("reshape", (4, -1), order="F"),
    call("reshape", (6, 4), order="A"),
    call("reshape", (2, -1), copy=True),
    call("reshape", (), shape=(1, 1)),
    call("reshape", (1, 1), shape=()),
    call("reshape", (0, 5), shape=(3, 0)),
    call("ravel"),
    call("ravel", "F"),
    call("ravel", "K"),
    call("ravel", shape=()),
    call("squeeze", shape=(1, 3, 1)),
    call("squeeze", 0, shape=(1, 3, 1)),
    call("squeeze", (-1, 0), shape=(1, 3, 1)),
    call("squeeze", shape=(0, 1)),
    call("squeeze", -1, shape=()),
    call("expand_dims", 0, shape=(2, 3)),
    call("expand_dims", (0, -1), shape=(2, 3)),
    call("expand_dims", 0, shape=()),
    call("atleast_1d", shape=()),
    call("atleast_1d", shape=(2, 3)),
    call("atleast_2d", shape=(3,)),
    *[call("atleast_3d", shape=(2, 3, 4)[:n]) for n in range(4)],
    call("broadcast_to", (5, 2, 3), shape=(2, 1)),
    call("broadcast_to", (2, 3), shape=()),
    call("broadcast_to", 4, shape=(1,)),
    call("broadcast_to", (2, 0), shape=(2, 1)),
    Case(
        "broadcast_arrays",
        lambda x, y, z: reshaping.broadcast_arrays(x, y, z),
        normal(2, 1),
        normal(3),
        normal(),
        reference=lambda x, y, z: np.broadcast_arrays(x, y, z),
        complex=True,
    ),
]


@each(CASES)
def test_shaping(check):
    check()


# --- as NumPy ------------------------------------------------------------------------------------


@given(st.data())
def test_reshape_is_numpys_for_every_shape_order_and_memory_layout(data):
    shape = data.draw(hnp.array_shapes(max_dims=4, max_side=3))
    a = np.arange(np.prod(shape)).reshape(shape)
    a = a.transpose(data.draw(st.permutations(range(a.ndim))))
    a = a[tuple(slice(None, None, data.draw(st.sampled_from([1, -1]))) for _ in shape)]
    order = data.draw(st.sampled_from("CFA"))
    new = (*a.shape[2:], -1)
    np.testing.assert_array_equal(reshaping.reshape(a, new, order), a.reshape(new, order=order))
    order = data.draw(st.sampled_from("CFAK"))
    np.testing.assert_array_equal(reshaping.ravel(a, order), np.ravel(a, order))


def test_the_memory_order_of_the_array_inside_a_tensor_counts():
    a = np.asfortranarray(np.arange(6.0).reshape(2, 3))
    weights = np.arange(6.0)
    expected = {"A": np.ravel(a, "A"), "K": np.ravel(a, "K"), "C": np.ravel(a)}
    for order, values in expected.items():
        out, pullback = ta.vjp(lambda x, order=order: reshaping.ravel(x, order), a)
        np.testing.assert_array_equal(out, values)
        (gradient,) = pullback(weights)
        np.testing.assert_array_equal(np.ravel(gradient, "C" if order == "C" else "F"), weights)


def test_views_and_copies_are_numpys():
    a = np.arange(6.0)
    assert np.shares_memory(reshaping.reshape(a, (2, 3)), a)
    assert not np.shares_memory(reshaping.reshape(a, (2, 3), copy=True), a)
    assert np.shares_memory(reshaping.reshape(a, (2, 3), copy=False), a)
    assert not reshaping.broadcast_to(a, (2, 6)).flags.writeable


@pytest.mark.parametrize("shape", [(), (1,), (3,), (3, 1), (0, 3), (2, 3, 1)])
@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.int64, np.complex64, bool])
def test_broadcast_to_gives_numpys_values_from_every_memory_layout(shape, dtype):
    a = np.arange(np.prod(shape, dtype=int)).reshape(shape).astype(dtype)
    for x in (a, a.T, a[..., ::-1] if shape else a):
        target = (2, *[4 if n == 1 else n for n in x.shape])
        out = reshaping.broadcast_to(x, target)
        np.testing.assert_array_equal(out, np.broadcast_to(x, target))
        assert out.dtype == x.dtype and not out.flags.writeable


def test_lists_and_numbers_are_arrays():
    np.testing.assert_array_equal(reshaping.reshape([1, 2], (2, 1)), [[1], [2]])
    np.testing.assert_array_equal(reshaping.expand_dims(3.0, 0), [3.0])


def test_atleast_1d_of_several_is_a_tuple():
    got, expected = reshaping.atleast_1d(1.0, [2, 3]), np.atleast_1d(1.0, [2, 3])
    assert isinstance(got, tuple) and len(got) == len(expected)
    for g, e in zip(got, expected, strict=True):
        np.testing.assert_array_equal(g, e)


# --- errors --------------------------------------------------------------------------------------

A = np.ones((2, 3))


@pytest.mark.parametrize(
    ("wrong", "error", "words"),
    [
        (lambda: reshaping.reshape(A, (4, 2)), ShapeError, r"6 elements.*\(4, 2\)"),
        (lambda: reshaping.reshape(A, (4, -1)), ShapeError, r"6 elements.*\(4, -1\)"),
        (lambda: reshaping.reshape(A, (-1, -1)), ShapeError, "at most one -1"),
        (lambda: reshaping.reshape(A, (-2, 3)), ShapeError, "at most one -1"),
        (lambda: reshaping.reshape(A, (2.0, 3)), ArgumentError, "tuple of ints"),
        (lambda: reshaping.reshape(A, 6, order="K"), ArgumentError, "order"),
        (lambda: reshaping.reshape(A.T, 6, copy=False), ShapeError, "copy"),
        (lambda: reshaping.squeeze(A, 0), ShapeError, r"axis 0 has length 2"),
        (lambda: reshaping.squeeze(A, 2), AxisError, "axis 2 is out of bounds"),
        (lambda: reshaping.expand_dims(A, 3), AxisError, "axis 3.*-3 to 2"),
        (lambda: reshaping.expand_dims(A, (0, 0)), ArgumentError, "twice"),
        (lambda: reshaping.broadcast_to(A, (2, 4)), ShapeError, r"float64\[2,3\]"),
        (lambda: reshaping.broadcast_to(A, 3), ShapeError, r"float64\[2,3\]"),
        (
            lambda: reshaping.broadcast_arrays(A, np.ones(2)),
            ShapeError,
            r"float64\[2,3\].*float64\[2\]",
        ),
    ],
)
def test_errors_say_what_is_wrong(wrong, error, words):
    with pytest.raises(error, match=words):
        wrong()


def test_a_wrong_shape_is_an_error_while_staging_too():
    with pytest.raises(ShapeError, match="broadcast"):
        stage(lambda x: [reshaping.broadcast_to(x, (2, 4))], A)


def test_subclasses_stay_where_it_is_asked():
    a = np.ones(2).view(np.recarray)
    for out in (
        reshaping.broadcast_to(a, (3, 2), subok=True),
        reshaping.broadcast_arrays(a, subok=True)[0],
    ):
        assert type(out) is np.recarray
    assert type(reshaping.broadcast_to(a, (3, 2))) is np.ndarray
    assert isinstance(reshaping.broadcast_to(ta.tensor(1.0), 2, subok=True), ta.Tensor)
