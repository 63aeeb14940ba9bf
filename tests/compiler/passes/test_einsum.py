"""Contractions planned anew: what is left of a graph, and that it computes the same."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tenrso_ad as ta
import tenrso_ad.numpy as tnp
from tenrso_ad.compiler.passes import DEFAULT, optimised
from tenrso_ad.compiler.passes.einsum import replan
from tenrso_ad.compiler.statistics import statistics
from tenrso_ad.engine.primitive import registry
from tenrso_ad.engine.staging import stage
from tenrso_ad.engine.trace import bind
from tenrso_ad.ops.contraction.lowering import renamed
from tests.compiler.passes.networks import networks, shapes
from tests.properties.programs import examples

R = np.random.default_rng(8)
BEFORE = [n for n in DEFAULT if n not in ("fuse", "replan")]


def normal(*shape):
    return R.standard_normal(shape)


def check(function, *args, rtol=1e-10):
    """Graphs without and with the pass; they agree, and a second run changes nothing."""
    staged = stage(lambda *xs: list(function(*xs)), *args)
    before, _ = optimised(staged, BEFORE, 10)
    after, _ = optimised(staged, [*BEFORE, "replan"], 10, verify=True)
    for got, want in zip(after.evaluate(*args), staged.evaluate(*args), strict=True):
        got, want = np.asarray(got), np.asarray(want)
        assert (got.dtype, got.shape) == (want.dtype, want.shape)
        if np.isfinite(want).all():
            atol = rtol * np.abs(want).max(initial=0)
            np.testing.assert_allclose(got, want, rtol=rtol, atol=atol)
    assert statistics(replan(before)).flops <= statistics(before).flops
    assert str(replan(after).verify()) == str(after)
    return before, after


def with_gradients(loss):
    def function(*args):
        value, gradients = ta.value_and_grad(loss, argnums=tuple(range(len(args))))(*args)
        return value, *gradients

    return function


A, B, C = normal(3, 30, 30)
V, W = normal(2, 30)
TALL, FLAT = normal(30, 2), normal(2, 30)

# name -> (function, operands, what is left: specifications of contractions, names of the others)
RULES = {
    "transposes": (lambda a, b: [(a.T @ b.T).T], [A, B], "ab,ca->cb"),
    "reshapes by ones": (
        lambda a, b: [tnp.einsum("aib,bjc->ac", tnp.reshape(a, (30, 1, 30)), b.reshape(30, 1, 30))],
        [A, B],
        "ab,bc->ac",
    ),
    "merged axes": (
        lambda a, b: [tnp.vdot(a, b) * 2.0, tnp.reshape(a, (-1,)) @ tnp.reshape(b, (-1,)) * 1.0],
        [A, B],
        "multiply sum multiply",
    ),
    "a broadcast": (
        lambda a, v: [tnp.einsum("ij,ij->i", a, tnp.broadcast_to(v, (100, 100)))],
        [normal(100, 100), normal(100)],
        "ab,b->a",
    ),
    "a sum after": (lambda a, b: [tnp.sum(a @ b, axis=0)], [A, B], "sum a,ab->b"),
    "a scaling by a diagonal": (lambda a, v: [tnp.diag(v) @ a], [A, V], "a,ab->ab"),
    "an identity": (lambda a, b: [a @ np.eye(30) @ b], [A, B], "ab,bc->ac"),
    "a scaling that is cheaper elsewhere": (
        lambda a, b, v: [(a * v) @ b],
        [A, TALL, V],
        "a,ab->ab ab,bc->ac",
    ),
    "a diagonal after": (
        lambda a, b: [tnp.einsum("ii->i", a @ b)],
        [A, B],
        "ab,ba->ab sum",
    ),
    "a trace": (lambda a, b: [tnp.trace(a @ b)], [A, B], "ab,ba->ab sum"),
    "numbers": (lambda a, b: [-2.0 * ((a / 4) @ (3.0 * b))], [A, B], "ab,bc->ac multiply"),
    "scalars": (
        lambda a, b, v: [((a * v[0]) @ b) @ TALL],
        [A, B, V],
        "window reshape ab,bc->ac ab,bc->ac multiply",
    ),
    "products from the cheap end": (lambda a, b, v: [a @ b @ v], [A, B, V], "ab,b->a ab,b->a"),
    "a product that several read": (
        lambda a, b, v, w: [(a @ b) @ v, w @ (a @ b)],
        [A, B, V, W],
        "ab,b->a ab,b->a a,ab->b a,ab->b",
    ),
    "one low-rank matrix": (
        lambda a, b, v: [tnp.tanh(a @ b), (a @ b) @ v],
        [normal(100, 2), normal(2, 100), normal(100)],
        "ab,bc->ac tanh ab,b->a ab,b->a",
    ),
    "common parts": (
        lambda a, b, c: [a @ b @ c, (a @ b).T, tnp.einsum("ji,kj->ik", b, a)],
        [A, B, C],
        "ab,bc->ac ab,bc->ac",
    ),
    "a broadcast product that is summed": (
        lambda a, b: [tnp.sum(tnp.reshape(a, (30, 30, 1)) * tnp.reshape(b, (1, 30, 30)), axis=1)],
        [A, B],
        "ab,bc->ac",
    ),
}


@pytest.mark.parametrize("name", RULES)
def test_rule(name):
    function, operands, left = RULES[name]
    _, after = check(function, *operands)
    found = [unordered(e.params.get("spec", e.primitive.name)) for e in after.equations]
    assert sorted(found) == sorted(map(unordered, left.split()))


def unordered(spec):
    """One name for a contraction, whatever the order of its operands and the axes of its result."""
    if "," not in spec:
        return spec
    one, two, out = spec.replace("->", ",").split(",")
    ways = [(a, b) for first, second in ((one, two), (two, one))
            for a in {first, first[::-1]} for b in {second, second[::-1]}]  # fmt: skip
    written = [renamed(f"{a},{b}->{''.join(sorted(out))}") for a, b in ways]
    return min(",".join([*w.split("->")[:1], "".join(sorted(w.split("->")[1]))]) for w in written)


def test_kernels_are_left_alone():
    """Products and sums element by element stay what one kernel computes."""

    def function(a, b, v):
        return tnp.sum(a * b * v), tnp.sum(a * v, axis=1), tnp.mean(a * a), (a * 2.0) * v

    before, after = check(function, A, B, V)
    assert str(before) == str(after)


def mps(*cores):
    left = np.ones((1, 1))
    for core in cores:
        left = tnp.einsum("ab,aic,bid->cd", left, core, core)
    return left[0, 0]


def train(a, b, c, x):
    return tnp.sum(tnp.einsum("ip,pjq,qk->ijk", a, b, c) * x)


# name -> (loss, operands, the share of the flops that may be left)
LOSSES = {
    "a chain of matrices": (
        lambda a, b, c, g: tnp.sum((a @ b @ c) * g),
        [normal(40, 3), normal(3, 40), normal(40, 3), normal(40, 3)],
        0.1,
    ),
    "a chain on a vector": (lambda a, b, v: tnp.sum(a @ b @ v), [A, B, V], 0.1),
    "a quadratic form": (lambda a, v: v @ (a @ a.T) @ v, [A, V], 0.1),
    "a diagonal": (lambda a, v: tnp.sum((tnp.diag(v) @ a) ** 2), [A, V], 0.1),
    "CP": (
        lambda a, b, c, x: tnp.sum(tnp.einsum("ir,jr,kr->ijk", a, b, c) * x),
        [normal(9, 3), normal(8, 3), normal(7, 3), normal(9, 8, 7)],
        0.95,
    ),
    "Tucker": (
        lambda k, a, b, c, x: tnp.sum(tnp.einsum("pqr,ip,jq,kr->ijk", k, a, b, c) * x),
        [normal(3, 3, 3), normal(9, 3), normal(8, 3), normal(7, 3), normal(9, 8, 7)],
        0.95,
    ),
    "tensor train": (
        train,
        [normal(20, 3), normal(3, 20, 4), normal(4, 20), normal(20, 20, 20)],
        1,
    ),
    "matrix product state": (
        mps,
        [normal(1, 2, 6), *(normal(6, 2, 6) for _ in range(3)), normal(6, 2, 1)],
        1,
    ),
    "a stack": (
        lambda a, b, v: tnp.sum(tnp.einsum("nij,njk,nk->ni", a, b, v) ** 2),
        [normal(4, 20, 20), normal(4, 20, 20), normal(4, 20)],
        1,
    ),
    "a stack written as products": (
        lambda a, b, v: tnp.sum((a @ b @ v[..., None]) ** 2),
        [normal(4, 20, 20), normal(4, 20, 20), normal(4, 20)],
        0.2,
    ),
}


@pytest.mark.parametrize("name", LOSSES)
def test_losses_and_their_gradients(name):
    loss, operands, share = LOSSES[name]
    before, after = check(with_gradients(loss), *operands)
    assert statistics(after).flops <= share * statistics(before).flops
    narrow = [o.astype(np.float32) for o in operands]
    check(with_gradients(loss), *narrow, rtol=2e-3)


def test_the_value_of_a_multilinear_loss_comes_from_its_gradient():
    """Without a gradient by x the model of the data is not formed."""

    def gradients(a, b, c):
        x = np.arange(9 * 8 * 7.0).reshape(9, 8, 7)
        return with_gradients(lambda *f: tnp.sum(tnp.einsum("ir,jr,kr->ijk", *f) * x))(a, b, c)

    before, after = check(gradients, normal(9, 3), normal(8, 3), normal(7, 3))
    assert max(v.type.size for e in before.equations for v in e.outputs) == 504
    assert max(v.type.size for e in after.equations for v in e.outputs) < 504


def test_batches():
    def function(a, b, v):
        return ta.vmap(with_gradients(lambda a, b, v: tnp.sum(a @ b @ v)), in_axes=(None, 0, 0))(
            a, b, v
        )

    before, after = check(function, A, normal(3, 30, 30), normal(3, 30))
    assert 5 * statistics(after).flops < statistics(before).flops


def test_complex_operands():
    a, b, v = (x + 1j * y for x, y in ((A, B), (B, C), (V, W)))
    before, after = check(lambda a, b, v: [a @ b @ v * 2j, tnp.vdot(v, a @ b @ v)], a, b, v)
    assert 5 * statistics(after).flops < statistics(before).flops


def test_no_elements_and_other_dtypes_are_left_alone():
    def function(a, b, v):
        return [a @ b @ v, tnp.sum(a @ b, axis=0)]

    for operands in (
        [np.ones((3, 0)), np.ones((0, 3)), np.ones(3)],
        [np.ones((0, 3)), np.ones((3, 3)), np.ones(3)],
        [np.arange(9).reshape(3, 3)] * 2 + [np.arange(3)],
        [np.ones((9, 9), np.float16)] * 2 + [np.ones(9, np.float16)],
    ):
        before, after = check(function, *operands)
        assert str(before) == str(after)


def test_special_values_reach_what_they_reached():
    """Whether it is infinity or NaN that comes out depends on the order of the products."""
    a, b, v = A.copy(), B.copy(), V.copy()
    a[3, 4], b[:, 7], v[7] = np.inf, 0.0, np.nan
    for operands in ([a, B, V], [A, B, v], [a, b, v]):
        with np.errstate(invalid="ignore"):
            staged = stage(lambda a, b, v: [a @ b @ v], *operands)
            after, _ = optimised(staged, [*BEFORE, "replan"], 10)
            (got,), (want,) = after.evaluate(*operands), staged.evaluate(*operands)
        reached = ~np.isfinite(want)
        np.testing.assert_array_equal(~np.isfinite(got), reached)
        np.testing.assert_allclose(got[~reached], want[~reached], rtol=1e-10)


def test_a_zero_cotangent_stays_zero():
    """A scalar that is guarded stays so where it moves."""

    def function(a, b, v):
        length = tnp.linalg.norm(v)
        return ta.vjp(lambda v: tnp.linalg.norm(a @ b @ v), v)[1](length)

    with np.errstate(all="ignore"):
        check(function, A, B, V)
        check(function, A, B, 0 * V)


def test_a_guard_stays_outside():
    """Zero times anything stays zero where a scalar that is guarded so moves along products."""

    def function(q, a, b, v):
        return [bind(registry["scale"], (q, a @ b)) @ v]

    a = A.copy()
    a[3, 4], a[5, 6] = np.nan, np.inf
    before, after = check(function, np.asarray(2.0), A, B, V)
    assert 5 * statistics(after).flops < statistics(before).flops
    with np.errstate(invalid="ignore"):
        (result,) = after.evaluate(np.asarray(0.0), a, B, V)
    np.testing.assert_array_equal(result, 0.0)


def test_long_chains_take_bounded_time():
    """Beyond the cap networks are planned in parts."""
    cores = [normal(30, 30) / 5 for _ in range(12)]

    def loss(*cores):
        out = cores[0]
        for core in cores[1:]:
            out = out @ core
        return tnp.sum(out @ np.arange(30.0))

    before, after = check(with_gradients(loss), *cores, rtol=1e-8)
    assert statistics(after).flops < 0.6 * statistics(before).flops


def total(f):
    def loss(*xs):
        first, *others = f(*xs)
        return sum((tnp.sum(o * o) for o in others), tnp.sum(first))

    return loss


@given(networks, st.lists(shapes, min_size=2, max_size=3), st.sampled_from("dfD"), st.booleans())
@examples(120)
def test_random_networks(f, shapes, kind, differentiate):
    xs = [np.random.default_rng(0).uniform(0.5, 1.5, size=s).astype(kind) for s in shapes]
    function = with_gradients(total(f)) if differentiate and kind != "D" else f
    check(function, *xs, rtol=1e-3 if kind == "f" else 1e-9)
