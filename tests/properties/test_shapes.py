"""Shapes: broadcasting, its transpose, and trees of arrays."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import tenrso_ad as ta
import tenrso_ad.numpy as tnp
from tests.properties.programs import draws, examples, seeds

BINARY = [
    tnp.add,
    tnp.subtract,
    tnp.multiply,
    tnp.divide,
    tnp.maximum,
    tnp.minimum,
    tnp.hypot,
    tnp.arctan2,
]
EXAMPLES = examples(80)


@given(
    hnp.mutually_broadcastable_shapes(num_shapes=2, min_side=0, max_side=3, max_dims=3),
    st.sampled_from(BINARY),
    seeds,
)
@EXAMPLES
def test_broadcasting_repeats_and_its_gradient_sums(broadcast, f, seed):
    shape = broadcast.result_shape
    x, y = draws(seed, *broadcast.input_shapes)
    y = y + 3.0
    (w,) = draws(seed + 1, shape)
    out, pullback = ta.vjp(f, x, y)
    full, full_pullback = ta.vjp(
        f, np.array(np.broadcast_to(x, shape)), np.array(np.broadcast_to(y, shape))
    )
    np.testing.assert_array_equal(out, full)
    for a, g, whole in zip((x, y), pullback(w), full_pullback(w), strict=True):
        extra = whole.ndim - a.ndim
        axes = (*range(extra), *(i + extra for i, n in enumerate(a.shape) if n == 1))
        expected = whole.sum(axis=axes, keepdims=True).reshape(a.shape)
        assert g.shape == a.shape
        np.testing.assert_allclose(g, expected, rtol=1e-12, atol=1e-12)


@given(hnp.mutually_broadcastable_shapes(num_shapes=3, min_side=0, max_side=3, max_dims=3), seeds)
@EXAMPLES
def test_where_broadcasts_and_splits_the_cotangent(broadcast, seed):
    condition, x, y = draws(seed, *broadcast.input_shapes)
    condition = condition > 0
    out, pullback = ta.vjp(lambda x, y: tnp.where(condition, x, y), x, y)
    np.testing.assert_array_equal(out, np.where(condition, x, y))
    (w,) = draws(seed + 1, out.shape)
    gx, gy = pullback(w)
    assert (gx.shape, gy.shape) == (x.shape, y.shape)
    np.testing.assert_allclose(gx.sum() + gy.sum(), w.sum(), atol=1e-12)
    np.testing.assert_allclose(gx.sum(), (w * condition).sum(), atol=1e-12)


@given(hnp.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=3), seeds, st.data())
@EXAMPLES
def test_reductions_over_any_axes(shape, seed, data):
    axes = data.draw(st.lists(st.sampled_from(range(len(shape))), unique=True)) if shape else []
    axes = tuple(data.draw(st.sampled_from([a, a - len(shape)])) for a in axes)
    keepdims = data.draw(st.booleans())
    (x,) = draws(seed, shape)
    out, pullback = ta.vjp(lambda x: tnp.sum(x, axis=axes, keepdims=keepdims), x)
    np.testing.assert_allclose(out, x.sum(axis=axes, keepdims=keepdims), atol=1e-13)
    (w,) = draws(seed + 1, np.shape(out))
    (g,) = pullback(w)
    kept = x.sum(axis=axes, keepdims=True).shape
    np.testing.assert_array_equal(g, np.broadcast_to(w.reshape(kept), shape))


leaves = st.builds(
    lambda shape, seed, dtype: draws(seed, shape)[0].astype(dtype),
    hnp.array_shapes(min_dims=0, max_dims=2, min_side=0, max_side=3),
    seeds,
    st.sampled_from([np.float32, np.float64]),
)
trees = st.recursive(
    leaves,
    lambda children: (
        st.lists(children, max_size=3)
        | st.tuples(children, children)
        | st.dictionaries(st.sampled_from("abcd"), children, max_size=3)
    ),
    max_leaves=6,
)


@given(trees)
@EXAMPLES
def test_gradients_of_trees_have_their_form(parameters):
    flat, structure = ta.engine.tree.flatten(parameters)

    def loss(tree):
        total = 0.0
        for i, leaf in enumerate(ta.engine.tree.leaves(tree)):
            total = total + (i + 1) * tnp.sum(leaf * leaf)
        return total

    gradients = ta.grad(loss)(parameters)
    found, found_structure = ta.engine.tree.flatten(gradients)
    assert found_structure == structure
    for i, (g, leaf) in enumerate(zip(found, flat, strict=True)):
        assert (g.shape, g.dtype) == (leaf.shape, leaf.dtype)
        np.testing.assert_allclose(g, 2 * (i + 1) * leaf, rtol=1e-6)


@given(trees)
@examples(40)
def test_results_that_are_trees(parameters):
    def f(tree):
        return ta.engine.tree.map(lambda leaf: leaf * 2.0, {"inside": tree, "beside": (tree,)})

    out, pullback = ta.vjp(f, parameters)
    (gradients,) = pullback(out)
    out_again, tangents = ta.jvp(f, (parameters,), (parameters,))
    assert ta.engine.tree.flatten(out)[1] == ta.engine.tree.flatten(tangents)[1]
    for a, b in zip(*map(ta.engine.tree.leaves, (out_again, tangents)), strict=True):
        np.testing.assert_array_equal(a, b)
    for g, leaf in zip(*map(ta.engine.tree.leaves, (gradients, parameters)), strict=True):
        np.testing.assert_array_equal(g, 8 * leaf)


@pytest.mark.parametrize("empty", [(), [], {}, {"a": ()}])
def test_trees_without_leaves(empty):
    assert ta.grad(lambda tree: 1.0)(empty) == empty
