"""All passes together, on random programs and their derivatives."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tenrso_ad as ta
import tenrso_ad.numpy as tnp
from tenrso_ad.compiler.passes import DEFAULT, PASSES, optimised
from tenrso_ad.compiler.passes.constants import bake_constants
from tenrso_ad.engine.staging import stage
from tests.properties.programs import draws, examples, programs, seeds, shapes


def total(f):
    return lambda x, y: tnp.sum(tnp.tanh(f(x, y)))


def gradients(f):
    def function(x, y):
        value, both = ta.value_and_grad(total(f), argnums=(0, 1))(x, y)
        return [value, *both]

    return function


def curvature(f):
    return lambda x, y: [ta.hvp(lambda x: total(f)(x, y), x, x)]


def batch(f):
    def function(x, y):
        both = [tnp.stack([a, 0.5 * a, -a]) for a in (x, y)]
        return ta.vmap(ta.grad(total(f), argnums=(0, 1)))(*both)

    return function


TRANSFORMS = {"gradients": gradients, "curvature": curvature, "batch": batch}


@pytest.mark.parametrize("transform", TRANSFORMS)
@given(programs, shapes, shapes, seeds)
@examples(40)
def test_passes_keep_the_values(transform, f, shape_x, shape_y, seed):
    function, (x, y) = TRANSFORMS[transform](f), draws(seed, shape_x, shape_y)
    graph = stage(function, x, y)
    result, _ = optimised(graph, DEFAULT, 10, verify=True)
    for got, want in zip(result.evaluate(x, y), graph.evaluate(x, y), strict=True):
        assert np.asarray(got).dtype == np.asarray(want).dtype
        np.testing.assert_allclose(got, want, rtol=1e-9, atol=1e-11)


@pytest.mark.parametrize("name", [n for n in PASSES if n != "fuse"])
@given(programs, shapes, st.sampled_from(sorted(TRANSFORMS)))
@examples(15)
def test_a_second_run_changes_nothing(name, f, shape, transform):
    (x,) = draws(0, shape)
    graph = bake_constants(stage(TRANSFORMS[transform](f), x, x))
    graph, _ = optimised(graph, [n for n in PASSES if n != "fuse"], 10)
    once = PASSES[name](graph).verify()
    assert str(PASSES[name](once)) == str(once) == str(graph)


def test_a_product_that_turns_what_its_own_kernel_computes():
    """Square matrices: the turned operand has the shape of the loops that compute it."""
    rng = np.random.default_rng(0)
    a, b, d = rng.normal(size=(3, 3)), rng.normal(size=(3, 3)), rng.normal(size=3)

    def f(a, b, d):
        scaled = tnp.einsum("a,ab->ab", d, a) * b
        return tnp.einsum("ab,b->ba", scaled, d)

    np.testing.assert_allclose(ta.compile(f)(a, b, d), f(a, b, d), rtol=1e-14)
