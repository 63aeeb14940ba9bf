"""Einsum is linear in each operand, and its gradients are einsums."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

import tenrso_ad as ta
import tenrso_ad.numpy as tnp
from tenrso_ad.testing import check_gradients
from tests.properties.programs import draws, examples, inner, seeds, size

EXAMPLES = examples(80)
LENGTHS = {"i": 2, "j": 3, "k": 1, "l": 4}


@st.composite
def contractions(draw):
    """A specification and the shapes of its operands."""
    count = draw(st.integers(1, 4))
    letters = st.text("ijkl", max_size=3)
    inputs = [draw(letters) for _ in range(count)]
    ellipsis = draw(st.booleans())
    shapes = []
    for n, word in enumerate(inputs):
        # an axis of length 1 broadcasts against the letter's length, but not within one operand
        shape = [
            1 if word.count(c) == 1 and draw(st.integers(0, 9)) == 0 else LENGTHS[c] for c in word
        ]
        if ellipsis and draw(st.booleans()):
            front = draw(st.sampled_from([(), (2,), (1,), (3, 2), (1, 2)]))
            inputs[n] = "..." + word
            shape = [*front, *shape]
        shapes.append(tuple(shape))
    used = sorted(set("".join(inputs)) - {"."})
    spec = ",".join(inputs)
    if draw(st.booleans()):
        result = draw(st.permutations(used))[: draw(st.integers(0, len(used)))]
        dots = "..." if any("..." in word for word in inputs) else ""
        spec += "->" + dots + "".join(result)
    return spec, shapes


def reference(spec, *operands):
    return np.einsum(spec, *operands, optimize=False)


@given(contractions(), seeds, st.booleans())
@EXAMPLES
def test_values_are_numpys(contraction, seed, is_complex):
    spec, shapes = contraction
    operands = draws(seed, *shapes, complex=is_complex)
    expected = reference(spec, *operands)
    np.testing.assert_allclose(
        tnp.einsum(spec, *operands), expected, atol=1e-12 * (1 + np.abs(expected).max())
    )


@given(contractions(), seeds)
@EXAMPLES
def test_transpose_symmetry(contraction, seed):
    """<w, einsum(.., x, ..)> is <gradient by x, x>, also with anything else in the place of x."""
    spec, shapes = contraction
    operands = draws(seed, *shapes)
    out, pullback = ta.vjp(lambda *xs: tnp.einsum(spec, *xs), *operands)
    (w,) = draws(seed + 1, np.shape(out))
    gradients = pullback(w)
    for n, gradient in enumerate(gradients):
        for replacement in (operands[n], draws(seed + 2, shapes[n])[0]):
            others = [*operands[:n], replacement, *operands[n + 1 :]]
            expected = inner([w], [reference(spec, *others)])
            bound = size([gradient]) * size([replacement]) + abs(expected)
            assert abs(inner([gradient], [replacement]) - expected) <= 1e-11 * (1 + bound)


@given(contractions(), seeds)
@EXAMPLES
def test_pushforward_is_the_product_rule(contraction, seed):
    spec, shapes = contraction
    operands, tangents = draws(seed, *shapes), draws(seed + 1, *shapes)
    out, tangent = ta.jvp(lambda *xs: tnp.einsum(spec, *xs), tuple(operands), tuple(tangents))
    expected = sum(
        reference(spec, *operands[:n], t, *operands[n + 1 :]) for n, t in enumerate(tangents)
    )
    assert np.shape(tangent) == np.shape(out)
    np.testing.assert_allclose(tangent, expected, atol=1e-11 * (1 + np.abs(expected).max()))


@given(contractions(), seeds)
@examples(15)
def test_second_derivatives(contraction, seed):
    spec, shapes = contraction
    check_gradients(
        lambda *xs: tnp.einsum(spec, *xs), tuple(draws(seed, *shapes))
    ).raise_if_failed()


@given(contractions(), seeds)
@examples(40)
def test_under_vmap(contraction, seed):
    spec, shapes = contraction
    batches = draws(seed, *((3, *s) for s in shapes))
    at_once = ta.vmap(lambda *xs: tnp.einsum(spec, *xs))(*batches)
    loop = [reference(spec, *(b[i] for b in batches)) for i in range(3)]
    np.testing.assert_allclose(at_once, loop, atol=1e-11 * (1 + np.abs(loop).max()))
