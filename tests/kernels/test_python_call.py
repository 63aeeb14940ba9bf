"""Kernels as Python calls them: what they take, and what they refuse."""

import gc
import sys
import threading

import numpy as np
import pytest

from tenrso_ad.compiler.kernel_source import Source
from tenrso_ad.compiler.native import compile_kernel
from tenrso_ad.engine.array_type import ArrayType

DOUBLE = """
def kernel(x, out, start, stop):
    for c in range(start, stop):
        for i in range(c * {part}, (c + 1) * {part}):
            store(out, i, load(x, i) + load(x, i))


def finish(x, out):
    store(out, 0, load(out, 0) + one64)
"""


def doubling(size=6, chunks=3):
    kinds = (ArrayType((size,), np.dtype(np.float64)),) * 2
    return compile_kernel(Source(DOUBLE.format(part=size // chunks), kinds, (), (), chunks, {}), 1)


X = np.arange(6.0)


def test_any_chunks():
    functions = doubling()
    out = np.zeros(6)
    functions["kernel"](X, out, 1, 3)
    np.testing.assert_array_equal(out, [0, 0, 4, 6, 8, 10])
    functions["kernel"](X.reshape(2, 3), out, 0, 1)
    np.testing.assert_array_equal(out, 2 * X)
    functions["kernel"](X + 1, out, 2, 2)  # none
    functions["finish"](X, out)
    np.testing.assert_array_equal(out, 2 * X + [1, 0, 0, 0, 0, 0])


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        (X, np.empty(6), 0),
        (X, np.empty(6), 0, 3, 4),
        (X, np.empty(6), 0, 4),
        (X, np.empty(6), -1, 3),
        (X, np.empty(6), 2, 1),
        (X, np.empty(6), 0.0, 3),
        (X, np.empty(6), "0", 3),
        (list(X), np.empty(6), 0, 3),
        (np.float64(1), np.empty(6), 0, 3),
        (None, np.empty(6), 0, 3),
        (X, np.empty(5), 0, 3),
        (X, np.empty((6, 2)), 0, 3),
        (X, np.empty((6, 0)), 0, 3),
        (X.astype(np.float32), np.empty(6), 0, 3),
        (X.astype(np.int64), np.empty(6), 0, 3),
        (X.astype(">f8"), np.empty(6), 0, 3),
        (X[::-1], np.empty(6), 0, 3),
        (np.empty((2, 3)).T, np.empty(6), 0, 3),
        (np.empty(49, np.uint8)[1:].view(np.float64), np.empty(6), 0, 3),
        (X, np.broadcast_to(1.0, 6), 0, 3),
        (np.ma.masked_array(X), np.empty(6), 0, 3),
    ],
)
def test_anything_else_is_refused(arguments):
    with pytest.raises(TypeError):
        doubling()["kernel"](*arguments)


def test_what_is_not_written_need_not_be_writeable():
    x = X.copy()
    x.flags.writeable = False
    out = np.zeros(6)
    doubling()["kernel"](x, out, 0, 3)
    np.testing.assert_array_equal(out, 2 * X)
    with pytest.raises(TypeError, match="a kernel takes arrays"):
        doubling()["kernel"](X, x, 0, 3)


def test_no_references_leak():
    kernel, out = doubling()["kernel"], np.zeros(6)
    counts = [sys.getrefcount(v) for v in (X, out, np.ndarray, TypeError)]
    for _ in range(50):
        assert kernel(X, out, 0, 3) is None
        with pytest.raises(TypeError):
            kernel(X, X[::2], 0, 3)
    gc.collect()
    after = [sys.getrefcount(v) for v in (X, out, np.ndarray, TypeError)]
    assert all(abs(a - b) < 10 for a, b in zip(counts, after, strict=True))


def test_other_threads_run_meanwhile():
    size = 4_000_000
    kernel = doubling(size, 1)["kernel"]
    x, out = np.ones(size), np.empty(size)
    results = []

    def call():
        mine = np.empty(size)
        for _ in range(5):
            kernel(x, mine, 0, 1)
        results.append(mine.sum())

    callers = [threading.Thread(target=call) for _ in range(3)]
    for c in callers:
        c.start()
    kernel(x, out, 0, 1)
    for c in callers:
        c.join(timeout=60)
    assert results == [2.0 * size] * 3 and out.sum() == 2.0 * size
