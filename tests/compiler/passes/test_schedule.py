import numpy as np

import tenrso_ad as ta
import tenrso_ad.numpy as tnp
from tenrso_ad.compiler.passes.schedule import schedule
from tenrso_ad.compiler.statistics import peak_memory
from tenrso_ad.engine.staging import stage

X = np.random.default_rng(0).standard_normal((20, 20))


def wide_first(x):
    """Every branch is opened before the first one is closed."""
    branches = [tnp.matmul(x, k * x) for k in range(1, 9)]
    return [sum(tnp.sum(tnp.matmul(b, x), axis=0) for b in branches)]


def test_branches_are_closed_one_after_another():
    graph = stage(wide_first, X)
    after = schedule(graph).verify()
    assert peak_memory(graph) > 8 * X.nbytes
    assert peak_memory(after) < 4 * X.nbytes
    np.testing.assert_array_equal(after.evaluate(X)[0], graph.evaluate(X)[0])
    assert str(schedule(after)) == str(after)


def test_an_order_that_cannot_be_bettered_stays():
    graph = stage(lambda x: [tnp.sin(tnp.matmul(tnp.exp(x).T, x))], X)
    assert schedule(graph) is graph


def test_compiled_functions_are_scheduled():
    def f(x):
        return wide_first(tnp.linalg.inv(x))

    free, ordered = ta.compile(f, passes=[]), ta.compile(f, passes=["schedule"])
    np.testing.assert_array_equal(free(X), ordered(X))
    assert ordered.memory.peak < free.memory.peak
