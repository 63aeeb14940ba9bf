"""Laws of differentiation, for random compositions of operations."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

import tenrso_ad as ta
import tenrso_ad.numpy as tnp
from tenrso_ad.engine.staging import stage
from tenrso_ad.testing import check_gradients
from tests.properties.programs import COMPLEX, draws, examples, inner, programs, seeds, shapes, size

EXAMPLES = examples(60)
close = pytest.approx


def pullback_of(f, *primals):
    out, pullback = ta.vjp(f, *primals)
    return np.asarray(out), pullback


@given(programs, shapes, shapes, seeds)
@EXAMPLES
def test_forward_and_reverse_are_transposes(f, shape_x, shape_y, seed):
    x, y, dx, dy = draws(seed, shape_x, shape_y, shape_x, shape_y)
    out, tangent = ta.jvp(f, (x, y), (dx, dy))
    _, pullback = pullback_of(f, x, y)
    (w,) = draws(seed + 1, np.shape(out))
    gradients = pullback(w)
    scale = 1 + size([w]) * size([tangent]) + size(gradients) * size([dx, dy])
    assert inner([w], [tangent]) == close(inner(gradients, [dx, dy]), abs=1e-12 * scale)


@given(st.lists(st.sampled_from(sorted(COMPLEX)), min_size=1, max_size=5), seeds)
@EXAMPLES
def test_forward_and_reverse_are_transposes_for_complex_numbers(names, seed):
    def f(z):
        for name in names:
            z = COMPLEX[name](z)
        return z

    z, dz = draws(seed, (2, 2), (2, 2), complex=True)
    out, tangent = ta.jvp(f, (z,), (dz,))
    _, pullback = pullback_of(f, z)
    (w,) = draws(seed + 1, (2, 2), complex=True)
    (gradient,) = pullback(np.asarray(w, np.asarray(out).dtype))
    scale = 1 + size([w]) * size([tangent]) + size([gradient]) * size([dz])
    assert inner([w], [tangent]) == close(inner([gradient], [dz]), abs=1e-12 * scale)


@given(programs, shapes, shapes, seeds, st.floats(-3, 3), st.floats(-3, 3))
@EXAMPLES
def test_pullbacks_are_linear_in_the_cotangent(f, shape_x, shape_y, seed, a, b):
    x, y = draws(seed, shape_x, shape_y)
    out, pullback = pullback_of(f, x, y)
    v, w = draws(seed + 1, out.shape, out.shape)
    for mixed, gv, gw in zip(pullback(a * v + b * w), pullback(v), pullback(w), strict=True):
        scale = 1 + np.abs(gv).max() + np.abs(gw).max()
        np.testing.assert_allclose(mixed, a * gv + b * gw, rtol=1e-11, atol=1e-11 * scale)
    for g in pullback(np.zeros(out.shape)):
        np.testing.assert_array_equal(g, 0.0)


@given(programs, shapes, shapes, seeds, st.floats(-3, 3), st.floats(-3, 3))
@EXAMPLES
def test_pushforwards_are_linear_in_the_tangent(f, shape_x, shape_y, seed, a, b):
    x, y, v, w = draws(seed, shape_x, shape_y, shape_x, shape_x)

    def push(t):
        return ta.jvp(lambda x: f(x, y), (x,), (t,))[1]

    scale = 1 + np.abs(push(v)).max() + np.abs(push(w)).max()
    np.testing.assert_allclose(
        push(a * v + b * w), a * push(v) + b * push(w), rtol=1e-11, atol=1e-11 * scale
    )


@given(programs, programs, shapes, shapes, seeds)
@EXAMPLES
def test_chain_rule(f, g, shape_x, shape_y, seed):
    x, y, dx = draws(seed, shape_x, shape_y, shape_x)

    def inner_f(x):
        return f(x, y)

    def outer_g(u):
        return g(u, y)

    middle, pull_f = pullback_of(inner_f, x)
    out, pull_g = pullback_of(outer_g, middle)
    (w,) = draws(seed + 1, out.shape)
    (whole,) = pullback_of(lambda x: outer_g(inner_f(x)), x)[1](w)
    (stepwise,) = pull_f(*pull_g(w))
    np.testing.assert_array_equal(whole, stepwise)

    _, t = ta.jvp(inner_f, (x,), (dx,))
    stepwise = ta.jvp(outer_g, (middle,), (np.asarray(t),))[1]
    whole = ta.jvp(lambda x: outer_g(inner_f(x)), (x,), (dx,))[1]
    np.testing.assert_array_equal(whole, stepwise)


@given(programs, shapes, shapes, seeds)
@EXAMPLES
def test_hessians_are_symmetric_and_the_same_by_every_route(f, shape_x, shape_y, seed):
    x, y, u, v = draws(seed, shape_x, shape_y, shape_x, shape_x)

    def loss(x):
        return tnp.sum(tnp.sin(f(x, y)))

    forward_over_reverse = ta.jvp(ta.grad(loss), (x,), (v,))[1]
    reverse_over_reverse = ta.grad(lambda x: tnp.sum(ta.grad(loss)(x) * v))(x)
    reverse_over_forward = ta.grad(lambda x: ta.jvp(loss, (x,), (v,))[1])(x)
    along_u = ta.hvp(loss, x, u)
    scale = np.abs(forward_over_reverse).max() + np.abs(along_u).max() + 1
    for other in (reverse_over_reverse, reverse_over_forward):
        np.testing.assert_allclose(forward_over_reverse, other, rtol=1e-9, atol=1e-10 * scale)
    second = ta.jvp(lambda x: ta.jvp(loss, (x,), (u,))[1], (x,), (v,))[1]
    products = [np.vdot(u, forward_over_reverse), np.vdot(v, along_u), second]
    assert products == close([products[0]] * 3, rel=1e-8, abs=1e-9 * scale * size([u, v]))


@given(programs, shapes, shapes, seeds)
@examples(25)
def test_gradients_agree_with_differences(f, shape_x, shape_y, seed):
    operands = tuple(draws(seed, shape_x, shape_y))
    # atol: a composition may be zero but for rounding, and then so is its derivative
    check_gradients(f, operands, order=1, rtol=1e-5, atol=1e-8).raise_if_failed()


@given(programs, shapes, shapes, seeds, st.integers(0, 3))
@EXAMPLES
def test_vmap_is_a_loop(f, shape_x, shape_y, seed, batch):
    xs, ys = draws(seed, (batch, *shape_x), (batch, *shape_y))
    assume(batch > 0)

    def gradients(x, y):
        return ta.grad(lambda x, y: tnp.sum(f(x, y)), argnums=(0, 1))(x, y)

    for g in (lambda x, y: (f(x, y),), gradients):
        at_once = ta.vmap(g)(xs, ys)
        loop = zip(*(g(x, y) for x, y in zip(xs, ys, strict=True)), strict=True)
        for a, b in zip(at_once, loop, strict=True):
            expected = np.stack(b)
            scale = np.abs(expected).max(initial=1.0)
            np.testing.assert_allclose(a, expected, rtol=1e-10, atol=1e-11 * scale)


@given(programs, shapes, shapes, seeds)
@examples(30)
def test_a_staged_graph_computes_the_same(f, shape_x, shape_y, seed):
    x, y, other = draws(seed, shape_x, shape_y, shape_x)

    def gradients(x, y):
        return ta.grad(lambda x, y: tnp.sum(f(x, y)), argnums=(0, 1))(x, y)

    for g in (lambda x, y: [f(x, y)], gradients):
        graph = stage(g, x, y).verify()
        for a, b in zip(graph.evaluate(other, y), g(other, y), strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-12, atol=1e-13 * (1 + np.abs(b).max()))


@given(programs, shapes, shapes, seeds)
@examples(30)
def test_the_tape_gives_the_same_bits_as_grad(f, shape_x, shape_y, seed):
    x, y = draws(seed, shape_x, shape_y)
    expected = ta.grad(lambda x, y: tnp.sum(f(x, y)), argnums=(0, 1))(x, y)
    tx, ty = ta.tensor(x), ta.tensor(y)
    loss = tnp.sum(f(tx, ty))
    if loss.requires_grad:
        loss.backward()
    for t, e in zip((tx, ty), expected, strict=True):
        np.testing.assert_array_equal(np.zeros_like(e) if t.grad is None else t.grad, e)


@given(programs, shapes, shapes, seeds)
@EXAMPLES
def test_float32_follows_float64(f, shape_x, shape_y, seed):
    narrow = [a.astype(np.float32) for a in draws(seed, shape_x, shape_y)]
    wide = [a.astype(np.float64) for a in narrow]
    out, pullback = pullback_of(f, *narrow)
    expected, wide_pullback = pullback_of(f, *wide)
    assert out.dtype == np.float32
    scale = 1 + np.abs(expected).max()
    np.testing.assert_allclose(out, expected, rtol=1e-3, atol=1e-3 * scale)
    (w,) = draws(seed + 1, out.shape)
    for g, e in zip(pullback(w.astype(np.float32)), wide_pullback(w), strict=True):
        assert (g.shape, g.dtype) == (e.shape, np.float32)
        np.testing.assert_allclose(g, e, rtol=5e-3, atol=5e-3 * (np.abs(e).max() + scale * 1e-2))
