import numpy as np
import pytest

import tenrso_ad as ta
import tenrso_ad.numpy as tnp
from tenrso_ad.compiler.statistics import flops, peak_memory, statistics
from tenrso_ad.engine.staging import stage

M, N, K = 6, 5, 4


def _first(out):
    return [out[0] if isinstance(out, tuple) else out]


@pytest.mark.parametrize(
    ("f", "shapes", "expected"),
    {
        "matrix product": (tnp.matmul, [(M, N), (N, K)], 2 * M * N * K),
        "outer product": (lambda x, y: tnp.einsum("i,j->ij", x, y), [(M,), (N,)], M * N),
        "elementwise": (lambda x: tnp.exp(x), [(M, N)], M * N),
        "views": (lambda x: tnp.reshape(x.T, (-1,))[2:], [(M, N)], 0),
        "sum": (tnp.sum, [(M, N)], M * N),
        "solve": (tnp.linalg.solve, [(3, 3), (3, 2)], 18 + 36),
        "stack of inverses": (tnp.linalg.inv, [(7, 3, 3)], 7 * 54),
        "singular values": (tnp.linalg.svd, [(2, 4)], 4 * 16 * 2 + 22 * 8),
        "Fourier": (tnp.fft.fft, [(3, 8)], 5 * 24 * 3),
        "real Fourier": (tnp.fft.rfft, [(3, 8)], 2.5 * 24 * 3),
        "convolution": (tnp.convolve, [(M,), (N,)], 2 * M * N),
    }.values(),
)
def test_flops(f, shapes, expected):
    graph = stage(lambda *xs: _first(f(*xs)), *map(np.ones, shapes))
    assert sum(map(flops, graph.equations)) == expected


def test_numbers_of_a_graph():
    def f(x):
        y = tnp.exp(x)
        return [tnp.sum(y.T * y), y]

    found = statistics(stage(f, np.ones((10, 10))))
    assert (found.nodes, found.edges) == (4, 7)
    assert found.operations == {"exp": 1, "transpose": 1, "multiply": 1, "sum": 1}
    assert (found.flops, found.peak_memory) == (300, 1608)
    assert (found.bytes_read, found.bytes_written) == (800 + 1600 + 800, 1608)
    assert str(found).splitlines()[2].split() == ["flops", "300"]


def test_kernels_count_as_what_is_inside():
    f = ta.compile(lambda x: tnp.sum(tnp.exp(x) * tnp.sin(x)))
    f(np.ones(100))
    found = f.statistics
    assert found.nodes == 1
    assert found.operations == {"exp": 1, "sin": 1, "multiply": 1, "sum": 1}
    assert (found.flops, found.bytes_read, found.peak_memory) == (400, 800, 8)


def test_peak_memory_follows_the_order():
    def f(x):
        for _ in range(10):
            x = tnp.sin(x)
        return [x]

    assert peak_memory(stage(f, np.ones(100))) == 2 * 800
    gradient = ta.grad(lambda x: tnp.sum(f(x)[0]))
    assert 10 * 800 <= peak_memory(stage(lambda x: [gradient(x)], np.ones(100))) <= 12 * 800
