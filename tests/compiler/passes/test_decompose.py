"""Decomposed operations give what the operations themselves give, at special values too."""

import numpy as np
import pytest

import tenrso_ad as ta
import tenrso_ad.numpy as tnp
from tenrso_ad.compiler.expressions import EXPRESSIONS, REDUCTIONS, VIEWS
from tenrso_ad.compiler.passes.dead import remove_dead
from tenrso_ad.compiler.passes.decompose import RULES, decompose
from tenrso_ad.engine.array_type import ArrayType
from tenrso_ad.engine.staging import stage

INF, NAN = np.inf, np.nan

# columns and rows of which none, one or all elements are special
X = np.array(
    [
        [0.3, -2.0, INF, 1.0, -INF],
        [-INF, 5.0, -1.0, -INF, -INF],
        [2.0, INF, NAN, 0.0, -INF],
        [-INF, -INF, -INF, -INF, -INF],
        [1e-3, 800.0, 0.0, -800.0, 2.0],
        [2.0, 2.0, -1.0, 2.0, 2.0],
    ]
)
Y = X[::-1].copy()

REDUCING = {
    "mean": lambda x, axis: tnp.mean(x, axis),
    "var": lambda x, axis: tnp.var(x, axis, ddof=1),
    "std": lambda x, axis: tnp.std(x, axis, keepdims=True),
    "norm": lambda x, axis: tnp.linalg.vector_norm(x, axis=axis),
    "norm 1": lambda x, axis: tnp.linalg.vector_norm(x, axis=axis, ord=1),
    "norm 3": lambda x, axis: tnp.linalg.vector_norm(x, axis=axis, ord=3),
    "logsumexp": lambda x, axis: tnp.logsumexp(x, axis),
    "softmax": lambda x, axis: tnp.softmax(x, axis),
    "log_softmax": lambda x, axis: tnp.log_softmax(x, axis),
    "nanmax": lambda x, axis: tnp.nanmax(x, axis),
    "nanmin": lambda x, axis: tnp.nanmin(x, axis, keepdims=True),
    "max": lambda x, axis: tnp.max(x, axis),
}
ELEMENTWISE = {
    "gelu": lambda x, y: tnp.gelu(x),
    "gelu_tanh": lambda x, y: tnp.gelu(x, "tanh"),
    "mish": lambda x, y: tnp.mish(x),
    "relu6": lambda x, y: tnp.relu6(x),
    "logaddexp": tnp.logaddexp,
    "logaddexp2": tnp.logaddexp2,
    "round": lambda x, y: tnp.round(x, 1) + tnp.round(y, -1),
    "remainder": lambda x, y: tnp.remainder(x, y) + tnp.remainder(x, -0.7),
    "floor_divide": lambda x, y: tnp.floor_divide(x, y) + tnp.floor_divide(x, 0.3),
    "huber": ta.special.huber,
    "ndtr": lambda x, y: ta.special.ndtr(x),
    "logit": lambda x, y: ta.special.logit(0.4 * x),
    "heaviside": tnp.heaviside,
    "degrees": lambda x, y: tnp.degrees(x),
    "radians": lambda x, y: tnp.radians(x),
    "xlogy": ta.special.xlogy,
    "xlog1py": ta.special.xlog1py,
    "entr": lambda x, y: ta.special.entr(x),
}


def with_gradient(f, *args):
    out, pull = ta.vjp(f, *args)
    return out, *pull(tnp.full(out.shape, 0.5, dtype=out.dtype))


def check(function, *args):
    """Nothing is left to decompose, all parts are a kernel's, and the results are the same."""
    with np.errstate(all="ignore"):
        graph = stage(function, *args)
        parts = remove_dead(decompose(graph).verify())
        assert set(parts.counts()) <= {*EXPRESSIONS, *REDUCTIONS, *VIEWS}
        assert str(decompose(parts)) == str(parts)
        rtol = 1e-12 if args[0].dtype == np.float64 else 2e-5
        for got, want in zip(parts.evaluate(*args), graph.evaluate(*args), strict=True):
            assert got.dtype == want.dtype
            np.testing.assert_allclose(got, want, rtol=rtol, atol=1e-300)
    return graph


@pytest.mark.parametrize("name", REDUCING)
@pytest.mark.parametrize("axis", [0, 1, None])
def test_reductions(name, axis):
    for x in (X, X[4:], X[4:].astype(np.float32)):
        graph = check(lambda x: with_gradient(lambda x: REDUCING[name](x, axis), x), x)
    assert name == "max" or set(graph.counts()) & set(RULES)


@pytest.mark.parametrize("name", ELEMENTWISE)
def test_elementwise_operations(name):
    for x, y in ((X, Y), (X[4:].astype(np.float32), Y[4:].astype(np.float32))):
        check(lambda x, y: with_gradient(lambda x, y: ELEMENTWISE[name](x, y), x, y), x, y)


def test_what_no_kernel_takes_is_left_as_it_is():
    def f(x):
        return tnp.var(x, 0), tnp.softmax(x, 0)

    for kind in (ArrayType((3, 2), np.dtype(complex)), ArrayType((0, 2), np.dtype(float))):
        graph = stage(f, kind)
        assert str(decompose(graph)) == str(graph)
    # a variance without degrees of freedom warns
    graph = stage(lambda x: (tnp.var(x, ddof=3),), np.ones(3))
    assert str(decompose(graph)) == str(graph)


def test_parts_of_a_gradient_are_shared():
    """The kernel of a loss and its gradient takes the exponentials once."""

    def loss(x, y):
        return -tnp.sum(tnp.log_softmax(x) * y)

    f = ta.compile(ta.value_and_grad(loss))
    x, y = np.random.default_rng(0).normal(size=(2, 4, 5))
    value, gradient = f(x, y)
    expected, wanted = ta.value_and_grad(loss)(x, y)
    np.testing.assert_allclose(value, expected)
    np.testing.assert_allclose(gradient, wanted)
    (graph,) = f.graphs
    assert graph.counts() == {"fused": 1}
    counts = graph.equations[0].params["body"].counts()
    assert (counts["max"], counts["exp"], counts["log"]) == (1, 2, 1)
