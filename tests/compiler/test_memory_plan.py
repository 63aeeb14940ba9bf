"""Memory plans: lives of values, places of rooms, and the workspaces of programs."""

import gc
import weakref

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tenrso_ad as ta
import tenrso_ad.numpy as tnp
from tenrso_ad.compiler.memory_plan import ALIGNMENT, Block, Life, Room, check, live_bytes, lives
from tenrso_ad.compiler.memory_plan import plan as plan_memory
from tenrso_ad.engine.errors import GraphError
from tenrso_ad.engine.staging import stage
from tests.compiler.interpreter import interpreted
from tests.properties.programs import draws, examples, programs, seeds, shapes

R = np.random.default_rng(0)

rooms = st.lists(
    st.builds(
        lambda nbytes, first, length: Room(nbytes, first, first + length),
        st.integers(0, 1000),
        st.integers(0, 20),
        st.integers(0, 8),
    ),
    max_size=25,
)
blocks = st.lists(st.builds(Block, st.integers(1, 1000), st.integers(0, 25)), max_size=3)


@given(rooms, blocks)
@examples(150)
def test_rooms_needed_at_the_same_time_do_not_overlap(rooms, blocks):
    plan = plan_memory(rooms, blocks)
    assert set(plan.places) == set(rooms)
    check(plan, blocks)
    if not blocks:
        assert live_bytes(rooms) <= plan.size <= sum(r.nbytes + ALIGNMENT for r in rooms)


def test_a_chain_needs_two_rooms():
    chain = [Room(640, i, i + 1) for i in range(50)]
    assert plan_memory(chain).size == 2 * 640


def test_the_check_finds_what_is_wrong():
    one, two = Room(100, 0, 2), Room(100, 2, 4)
    plan = plan_memory([one, two])
    wrong = dict(plan.places)
    wrong[two] = plan.places[one]
    with pytest.raises(GraphError, match="overlap"):
        check(plan._replace(places=wrong))
    wrong[two] = plan.places[one]._replace(offset=130)
    with pytest.raises(GraphError, match="no place at 130"):
        check(plan._replace(places=wrong))
    block = Block(100, until=4)
    wrong[two] = plan.places[one]._replace(block=block, offset=0)
    with pytest.raises(GraphError, match="not free any more"):
        check(plan._replace(places=wrong), [block])


def test_lives_of_values():
    def f(x):
        a = tnp.exp(x)
        b = tnp.transpose(a)
        c = tnp.sin(x)
        return [tnp.sum(b * c), c]

    graph = stage(f, np.zeros((2, 2)))
    names = {str(v): v for v in graph.variables()}
    found = lives(graph)
    assert {k: found.of[v] for k, v in names.items() if v in found.of} == {
        "b": Life(0, 3),  # by way of its transpose
        "d": Life(2, 5),
        "e": Life(3, 4),
        "f": Life(4, 5),
    }
    assert found.root == {names["c"]: names["b"]}


# --- programs -------------------------------------------------------------------------------------


def poisoned(compiled, *args):
    """Call with memory full of NaN, so that nothing can be read before it is written."""
    compiled(*args)
    compiled.clear()
    for version in compiled._known.values():
        names = version.run.__globals__
        make = names["new_workspace"]

        def full_of_nan(make=make):
            arrays = make()
            for a in arrays:
                a.fill(np.nan)
            return arrays

        def empty(shape, dtype):
            return np.full(shape, np.nan).astype(dtype)

        names.update(new_workspace=full_of_nan, empty=empty)
    return compiled(*args)


@given(programs, shapes, shapes, seeds)
@examples(60)
def test_random_programs_keep_their_values_apart(f, shape_x, shape_y, seed):
    x, y = draws(seed, shape_x, shape_y)

    def both(x, y):
        out, pullback = ta.vjp(f, x, y)
        return out, pullback(tnp.cos(out))

    with interpreted():
        out, gradients = poisoned(ta.compile(both), x, y)
    expected, wanted = both(x, y)
    np.testing.assert_allclose(out, expected, rtol=1e-9, atol=1e-9)
    for got, want in zip(gradients, wanted, strict=True):
        np.testing.assert_allclose(got, want, rtol=1e-9, atol=1e-9 * (1 + np.abs(want).max()))


def deep(x, *weights):
    for w in weights:
        x = tnp.tanh(tnp.matmul(x, w))
    return tnp.sum(x)


def attention(x, q, k, v, up, down):
    scores = tnp.matmul(tnp.matmul(x, q), tnp.matmul(x, k).T) / 8.0
    x = x + tnp.matmul(tnp.softmax(scores, axis=-1), tnp.matmul(x, v))
    x = x - tnp.mean(x, axis=-1, keepdims=True)
    return tnp.sum(tnp.matmul(tnp.relu(tnp.matmul(x, up)), down) ** 2)


BLOCKS = {
    "deep": (deep, [(32, 64), *[(64, 64)] * 10]),
    "deep and large": (deep, [(128, 128), *[(128, 128)] * 4]),
    "attention": (attention, [(48, 64), *[(64, 64)] * 3, (64, 128), (128, 64)]),
}


@pytest.mark.parametrize("name", BLOCKS)
def test_plans_take_less_memory(name):
    f, sizes = BLOCKS[name]
    args = [R.standard_normal(s) / 8 for s in sizes]
    both = ta.value_and_grad(f, argnums=tuple(range(len(args))))
    compiled = ta.compile(both)
    value, gradients = poisoned(compiled, *args)
    expected, wanted = both(*args)
    np.testing.assert_allclose(value, expected, rtol=1e-11)
    for got, want in zip(gradients, wanted, strict=True):
        np.testing.assert_allclose(got, want, rtol=1e-9, atol=1e-12)
    memory = compiled.memory
    assert memory.workspace <= 0.7 * memory.unplanned
    assert memory.results == 8 + sum(a.nbytes for a in args)


@pytest.mark.parametrize(
    ("f", "in_place"),
    {
        "element by element": (lambda h: tnp.tanh(h) * 2.0, True),
        "after a sum": (lambda h: h - tnp.sum(h, axis=1, keepdims=True), True),
        "in another order": (lambda h: h + h.T, False),
        "rows for columns": (lambda h: tnp.exp(h) * tnp.sum(h, axis=1), True),
    }.values(),
)
def test_kernels_write_over_what_nobody_needs_any_more(f, in_place):
    def between(x, w):
        return tnp.matmul(f(tnp.matmul(x, w)), w)

    x, w = R.standard_normal((2, 6, 6))
    compiled = ta.compile(between)
    np.testing.assert_allclose(poisoned(compiled, x, w), between(x, w), rtol=1e-12)
    assert (compiled.memory.workspace < compiled.memory.unplanned) == in_place, compiled.source


def test_large_arrays_lie_in_results_that_are_not_there_yet():
    def f(x):
        y = tnp.matmul(tnp.sin(tnp.matmul(x, x)), x)
        return tnp.exp(y), tnp.matmul(y, x)

    x = R.standard_normal((100, 100)) / 10
    compiled = ta.compile(f)
    for got, want in zip(poisoned(compiled, x), f(x), strict=True):
        np.testing.assert_allclose(got, want, rtol=1e-12)
    assert compiled.memory == (x.nbytes, 3 * x.nbytes, 0, 2 * x.nbytes)
    assert "w0 = r0" in compiled.source


def test_workspaces_are_kept_cleared_and_let_go():
    f = ta.compile(lambda x: tnp.tanh(x @ x.T) @ x)
    x = R.standard_normal((5, 3))
    expected = f(x)
    (version,) = f._known.values()
    (workspace,) = version.program._spare
    kept = weakref.ref(workspace[0])
    del workspace
    np.testing.assert_array_equal(f(x), expected)
    assert version.program._spare[0][0] is kept()
    f.clear()
    assert kept() is None
    np.testing.assert_array_equal(f(x), expected)
    again = weakref.ref(version.program._spare[0][0])
    gc.disable()
    try:
        del f, version
        assert again() is None
    finally:
        gc.enable()


def test_a_call_that_fails_gives_its_workspace_back():
    f = ta.compile(lambda x: tnp.linalg.cholesky(tnp.exp(x @ x) @ x) @ x)
    f(np.eye(3))
    (version,) = f._known.values()
    for _ in range(3):
        with pytest.raises(np.linalg.LinAlgError):
            f(-np.eye(3))
    assert len(version.program._spare) == 1
    f(np.asfortranarray(np.diag([1.0, 2.0, 3.0])))
    assert len(version.program._spare) == 1


def test_memory_of_the_python_backend():
    x = np.ones(1000)
    f = ta.compile(lambda x: tnp.sum(tnp.sin(tnp.cos(tnp.exp(x)))), backend="python")
    f(x)
    assert f.memory == (0, 0, 2 * x.nbytes, 8)
    assert "del " in f.source
