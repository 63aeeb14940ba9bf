"""Graph: well-formedness, evaluation, printing."""

import dataclasses

import numpy as np
import pytest

import tenrso_ad.numpy as tnp
from tenrso_ad.engine.array_type import ArrayType
from tenrso_ad.engine.errors import GraphError
from tenrso_ad.engine.graph import Constant, Equation, Graph, Variable, infer
from tenrso_ad.engine.primitive import Primitive, registry
from tenrso_ad.engine.staging import stage
from tenrso_ad.engine.trace import evaluation

ADD, EXP = registry["add"], registry["exp"]
F64, F32 = np.dtype(np.float64), np.dtype(np.float32)


def vector(dtype=F64):
    return Variable(ArrayType((3,), dtype))


def test_a_graph_written_by_hand():
    x, y, s, e = (vector() for _ in range(4))
    graph = Graph((x, y), (Equation(ADD, (x, y), (s,)), Equation(EXP, (s,), (e,))), (e, x))
    out, same = graph.verify().evaluate(np.zeros(3), np.ones(3))
    np.testing.assert_allclose(out, np.e)
    np.testing.assert_array_equal(same, 0.0)
    assert graph.counts() == {"add": 1, "exp": 1}


def test_constants_arrays_and_weak_scalars():
    x, y = vector(F32), vector(F32)
    graph = Graph((x,), (Equation(ADD, (x, Constant(2.5)), (y,)),), (y, Constant(np.ones(2))))
    out, ones = graph.verify().evaluate(np.zeros(3, np.float32))
    assert out.dtype == np.float32
    np.testing.assert_array_equal(ones, 1.0)


def test_printing():
    graph = stage(lambda x, y: [tnp.exp(x + y) * 2.0 + np.ones(3)], np.zeros(3), np.zeros(()))
    assert str(graph).splitlines() == [
        "graph(a:float64[3], b:float64[]):",
        "  c:float64[3] = add a b",
        "  d:float64[3] = exp c",
        "  e:float64[3] = multiply d 2.0",
        "  f:float64[3] = add e <float64[3]>",
        "  return f",
    ]


def test_printing_graphs_inside_of_equations():
    inner = Primitive("inner", multiple_results=True)
    del registry["inner"]
    x, y, z, once = (vector() for _ in range(4))
    body = Graph((x,), (Equation(EXP, (x,), (y,)), Equation(ADD, (y, x), (z,))), (z,))
    other = Equation(inner, (z,), (once,), {"body": body, "axes": tuple(range(100))})
    graph = Graph((x,), (Equation(inner, (x,), (z,), {"body": body}), other), (once,))
    assert str(graph).splitlines() == [
        "graph(a:float64[3]):",
        "  c:float64[3] = inner a",
        "    b:float64[3] = exp a",
        "    c:float64[3] = add b a",
        "  d:float64[3] = inner axes=(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, ... c",
        "    given a",
        "    b:float64[3] = exp a",
        "    c:float64[3] = add b a",
        "    return c",
        "  return d",
    ]


def test_printing_constants():
    one = np.broadcast_to(np.float64(2.5), (2, 3))
    shown = [one, np.arange(3), np.float32(1.5), True, np.array(4)]
    texts = ["<2.5 float64[2,3]>", "<int64[3]>", "1.5", "True", "4"]
    assert [str(Constant(c)) for c in shown] == texts


def test_names_go_on_after_the_alphabet():
    def f(x):
        for _ in range(60):
            x = x + 1.0
        return [x]

    names = [v.name for v in stage(f, np.zeros(())).variables()]
    assert names[:2] == ["a", "b"]
    assert names[25:28] == ["z", "aa", "ab"]
    assert len(set(names)) == 61


def broken_graphs():
    x, y, z = vector(), vector(), vector()
    stranger = vector()
    wrong_shape, wrong_dtype = Variable(ArrayType((2,), F64)), vector(F32)
    good = Equation(ADD, (x, y), (z,))
    unknown = Primitive("unknown")
    del registry["unknown"]
    yield "used before", Graph((x, y), (Equation(EXP, (z,), (stranger,)), good), (z,))
    yield "used before", Graph((x,), (good,), (z,))
    yield "used before", Graph((x, y), (good,), (stranger,))
    yield "defined twice", Graph((x, y), (good, good), (z,))
    yield "defined twice", Graph((x, x), (), (x,))
    yield "defined twice", Graph((x, y), (Equation(ADD, (x, y), (x,)),), (x,))
    yield "the primitive gives", Graph((x, y), (Equation(ADD, (x, y), (wrong_shape,)),), ())
    yield "the primitive gives", Graph((x, y), (Equation(ADD, (x, y), (wrong_dtype,)),), ())
    yield "the primitive gives", Graph((x, y), (Equation(ADD, (x, y), (z, stranger)),), ())
    yield "no evaluation for unknown", Graph((x,), (Equation(unknown, (x,), (z,)),), ())


@pytest.mark.parametrize(("message", "graph"), [*broken_graphs()])
def test_the_verifier_finds(message, graph):
    with pytest.raises(GraphError, match=message):
        graph.verify()


def test_evaluation_checks_its_arguments():
    graph = stage(lambda x: [x + 1.0], np.zeros(3))
    with pytest.raises(GraphError, match="takes 1 arrays, got 2"):
        graph.evaluate(np.zeros(3), np.zeros(3))
    for wrong in (np.zeros(2), np.zeros(3, np.float32)):
        with pytest.raises(GraphError, match="input a is"):
            graph.evaluate(wrong)


def test_graphs_do_not_change():
    graph = stage(lambda x: [x + 1.0], np.zeros(3))
    with pytest.raises(dataclasses.FrozenInstanceError):
        graph.outputs = ()
    with pytest.raises(dataclasses.FrozenInstanceError):
        graph.equations[0].primitive = EXP


def test_inference():
    f64, f32 = ArrayType((2, 1), F64), ArrayType((3,), F32)
    assert infer(ADD, [f64, f32], {}) == (ArrayType((2, 3), F64),)
    assert infer(ADD, [f32, 2.0], {}) == (f32,)
    assert infer(registry["greater"], [f64, f32], {}) == (ArrayType((2, 3), np.dtype(bool)),)
    nameless = Primitive("nameless")
    del registry["nameless"]
    assert nameless not in evaluation
    with pytest.raises(GraphError, match="no shape rule for nameless"):
        infer(nameless, [], {})


def test_array_types():
    t = ArrayType((2, 3), F32)
    assert (t.ndim, t.size, t.nbytes, str(t)) == (2, 6, 24, "float32[2,3]")
    assert ArrayType((), F64).size == 1
