import multiprocessing
import threading

import numpy as np
import pytest
from threadpoolctl import threadpool_info

import tenrso_ad as ta
from tenrso_ad.kernels import threads


def square(x, out, start, stop):
    for i in range(start, stop):
        out[i] = x[i] ** 2


X = np.arange(10.0)


@pytest.mark.parametrize("count", [1, 2, 3, 20])
@pytest.mark.parametrize("chunks", [1, 2, 10])
def test_every_chunk_runs_once(count, chunks):
    done = []
    with ta.config.threads(count):
        threads.run(lambda start, stop: done.extend(range(start, stop)), chunks, ())
    assert sorted(done) == list(range(chunks))


def test_results_are_there_when_it_returns():
    with ta.config.threads(4):
        for _ in range(200):
            out = np.zeros(10)
            threads.run(square, 10, (X, out))
            np.testing.assert_array_equal(out, X**2)


@pytest.mark.parametrize("where", [0, 9])
def test_errors_reach_the_caller(where):
    def kernel(start, stop):
        if start <= where < stop:
            raise ZeroDivisionError("in a chunk")

    with ta.config.threads(3):
        with pytest.raises(ZeroDivisionError, match="in a chunk"):
            threads.run(kernel, 10, ())
        out = np.zeros(10)
        threads.run(square, 10, (X, out))  # the pool goes on
    np.testing.assert_array_equal(out, X**2)


def test_callers_in_several_threads():
    results = [np.zeros(10) for _ in range(6)]

    def call(out):
        for _ in range(50):
            threads.run(square, 10, (X, out))

    with ta.config.threads(2):
        callers = [threading.Thread(target=call, args=(out,)) for out in results]
        for c in callers:
            c.start()
        for c in callers:
            c.join(timeout=60)
    for out in results:
        np.testing.assert_array_equal(out, X**2)


def _in_child(queue):
    out = np.zeros(10)
    with ta.config.threads(2):
        threads.run(square, 10, (X, out))
    queue.put(out)


@pytest.mark.skipif(not hasattr(threads.os, "fork"), reason="no fork here")
@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
def test_the_pool_survives_a_fork():
    with ta.config.threads(2):
        threads.run(square, 10, (X, np.zeros(10)))  # its threads run
    context = multiprocessing.get_context("fork")
    queue = context.Queue()
    child = context.Process(target=_in_child, args=(queue,))
    child.start()
    np.testing.assert_array_equal(queue.get(timeout=60), X**2)
    child.join(timeout=60)


def test_the_setting_reaches_the_blas_and_ends_with_the_block():
    def blas():
        return [i["num_threads"] for i in threadpool_info() if i["user_api"] == "blas"]

    before, mine = blas(), threads.settings.threads
    with ta.config.threads(1):
        assert set(blas()) <= {1} and threads.settings.threads == 1
    assert (blas(), threads.settings.threads) == (before, mine)
