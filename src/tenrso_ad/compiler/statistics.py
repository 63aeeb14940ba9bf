"""What a graph consists of, and what it costs to compute."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from ..engine.graph import Constant, Equation, Graph, Variable
from .expressions import VIEWS
from .memory_plan import Room, live_bytes, lives
from .rewriting import shape_of, type_of_atom, uniform


@dataclass(frozen=True)
class Statistics:
    """Numbers about a graph; printed, they are a table.

    Attributes
    ----------
    nodes : int
        Equations; a kernel is one.
    edges : int
        How often an equation or the graph's result reads a variable.
    operations : Counter
        How often each operation stands in the graph, those inside of kernels included.
    flops : int
        Operations on numbers, as `flops` counts them.
    bytes_read, bytes_written : int
        By equations from and to memory; views move nothing, and what stays inside of a kernel is
        not counted.
    peak_memory : int
        Most bytes of results, and of values between equations, that are needed at one time when
        the equations run in their order. Inputs and constants are not counted.
    """

    nodes: int
    edges: int
    operations: Counter[str]
    flops: int
    bytes_read: int
    bytes_written: int
    peak_memory: int

    def __str__(self) -> str:
        rows = {
            "nodes": self.nodes,
            "edges": self.edges,
            "flops": self.flops,
            "bytes read": self.bytes_read,
            "bytes written": self.bytes_written,
            "peak memory": self.peak_memory,
        }
        lines = [f"{name:14s}{number:>16,d}" for name, number in rows.items()]
        lines += [f"  {name:20s}{n:>8d}" for name, n in self.operations.most_common()]
        return "\n".join(lines)


def statistics(graph: Graph) -> Statistics:
    """Count what a graph consists of.

    Examples
    --------
    >>> import numpy as np
    >>> import tenrso_ad.numpy as tnp
    >>> from tenrso_ad.engine.staging import stage
    >>> print(statistics(stage(lambda x: [tnp.sum(tnp.exp(x) * x)], np.ones(1000))))
    nodes                        3
    edges                        5
    flops                    3,000
    bytes read              32,000
    bytes written           16,008
    peak memory             16,000
      exp                        1
      multiply                   1
      sum                        1
    """
    atoms = [a for e in graph.equations for a in e.inputs] + list(graph.outputs)
    moving = [e for e in graph.equations if e.primitive.name not in VIEWS]
    return Statistics(
        nodes=len(graph.equations),
        edges=sum(isinstance(a, Variable) for a in atoms),
        operations=_operations(graph),
        flops=sum(map(flops, graph.equations)),
        bytes_read=sum(_bytes_read(e) for e in moving),
        bytes_written=sum(v.type.nbytes for e in moving for v in e.outputs),
        peak_memory=peak_memory(graph),
    )


def peak_memory(graph: Graph) -> int:
    """Most bytes that are needed at one time, without inputs and constants."""
    return live_bytes(Room(type_of_atom(v).nbytes, *life) for v, life in lives(graph).of.items())


def _operations(graph: Graph) -> Counter[str]:
    count: Counter[str] = Counter()
    for e in graph.equations:
        if e.bodies:
            for body in e.bodies:
                count += _operations(body)
        else:
            count[e.primitive.name] += 1
    return count


def _bytes_read(equation: Equation) -> int:
    """Bytes of the arrays that an equation reads; one value that repeats is none."""
    arrays = dict.fromkeys(
        a for a in equation.inputs if not isinstance(a, Constant) or uniform(a) is None
    )
    return sum(int(getattr(type_of_atom(a), "nbytes", 0)) for a in arrays)


def flops(equation: Equation) -> int:
    """Count the operations on numbers that an equation takes.

    A contraction takes two for each product that it sums, a reduction one for each element of its
    operand, a decomposition what Golub and Van Loan, Matrix Computations, count to leading order;
    what only moves elements takes none, and anything else one for each element of its result.
    """
    if equation.bodies:
        return sum(flops(e) for body in equation.bodies for e in body.equations)
    count = _FLOPS.get(equation.primitive.name)
    return _size_of_results(equation) if count is None else round(count(equation))


def _size_of_results(e: Equation) -> int:
    return sum(v.type.size for v in e.outputs)


def _size_of_operand(e: Equation) -> int:
    return math.prod(shape_of(e.inputs[0]))


def _contraction(e: Equation) -> int:
    sizes: dict[str, int] = {}
    *terms, out = e.params["spec"].replace("->", ",").split(",")
    for term, a in zip(terms, e.inputs, strict=True):
        sizes.update(zip(term, shape_of(a), strict=True))
    return math.prod(sizes.values()) * (1 if set(sizes) == set(out) else 2)


def _of_matrices(cost: Callable[[int, int], float]) -> Callable[[Equation], float]:
    """Cost of a decomposition, given the longer and the shorter side of one matrix."""

    def count(e: Equation) -> float:
        *stack, m, n = shape_of(e.inputs[0])
        return math.prod(stack) * cost(max(m, n), min(m, n))

    return count


def _solution(factor: float, each: float) -> Callable[[Equation], float]:
    """Cost of a factorisation and of substitutions for each right-hand side."""

    def count(e: Equation) -> float:
        *stack, n, columns = e.outputs[0].shape
        return math.prod(stack) * (factor * n**3 + each * n**2 * columns)

    return count


def _fourier(e: Equation) -> float:
    """5 n log2(n) for complex numbers, half of it where one side is real."""
    long = max(e.outputs[0].shape, shape_of(e.inputs[0]), key=math.prod)
    axes = e.params["axes"] if "axes" in e.params else (e.params["axis"],)
    length = math.prod(long[i] for i in axes)
    each = 5 if e.primitive.name == "fft" else 2.5
    return each * math.prod(long) * math.log2(max(length, 2))


def _nothing(e: Equation) -> int:
    return 0


_FLOPS: dict[str, Callable[[Equation], float]] = {
    **dict.fromkeys(
        [
            *VIEWS,
            *("flip", "roll", "pad", "concatenate", "stack", "split", "getitem", "update", "copy"),
            *("place", "assemble"),
            *("take_diagonal", "put_diagonal", "tril", "triu", "astype", "stop_gradient"),
            *("real", "imag", "from_parts"),
        ],
        _nothing,
    ),
    **dict.fromkeys(
        [
            *("sum", "sum_to", "prod", "any", "all", "count_nonzero", "max", "min", "nanmax"),
            *("nanmin", "argmax", "argmin", "mean", "logsumexp", "vector_norm", "scatter_add"),
        ],
        _size_of_operand,
    ),
    "contract": _contraction,
    "convolve": lambda e: 2 * _size_of_operand(e) * math.prod(shape_of(e.inputs[1])),
    "cholesky": _of_matrices(lambda m, n: n**3 / 3),
    **dict.fromkeys(("lu_factor", "det", "slogdet"), _of_matrices(lambda m, n: 2 * n**3 / 3)),
    "inv": _of_matrices(lambda m, n: 2 * n**3),
    "qr": _of_matrices(lambda m, n: 4 * (m * n**2 - n**3 / 3)),
    "eigh": _of_matrices(lambda m, n: 9 * n**3),
    "svd": _of_matrices(lambda m, n: 4 * m**2 * n + 22 * n**3),
    "solve": _solution(2 / 3, 2),
    "solve_triangular": _solution(0, 1),
    **dict.fromkeys(("fft", "rfft", "irfft"), _fourier),
}
