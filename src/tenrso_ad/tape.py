"""The tape, PyTorch's way of working: tensors record; the user says when to go back."""

from __future__ import annotations

import contextlib
import threading
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from types import TracebackType
from typing import Any

import numpy as np

from .engine import opening
from .engine.array_type import ArrayType
from .engine.errors import BackwardError, ShapeError, describe
from .engine.node import Leaf, Node
from .engine.reverse import ReverseTrace, backpropagate
from .engine.trace import Tracer, next_level, snapshot
from .ops.declare import is_complex, ones_like
from .ops.pointwise import operand


class TapeTrace(ReverseTrace):
    """The trace of a tape: it stays open, and its tensors may turn into Python numbers."""

    __slots__ = ("training",)
    imperative = True
    what = "tape"

    def __init__(self) -> None:
        super().__init__()
        self.training = True

    @property
    def recording(self) -> bool:  # type: ignore[override]
        """Whether operations leave a node."""
        return self.training and not _thread.paused

    @contextlib.contextmanager
    def recorded(self) -> Iterator[None]:
        """Record what the block does, whatever the user has paused."""
        former = self.training, _thread.paused
        self.training, _thread.paused = True, 0
        try:
            yield
        finally:
            self.training, _thread.paused = former


class _Thread(threading.local):
    """What this thread records on.

    Attributes
    ----------
    base : TapeTrace
        The tape that is always there.
    paused : int
        How many no_grad blocks are open.
    """

    def __init__(self) -> None:
        self.base = TapeTrace()
        self.paused = 0


_thread = _Thread()


def current_tape() -> TapeTrace:
    """Tape of a new tensor: the innermost open one, or the implicit one of a transform."""
    if not opening.thread.stack:
        return _thread.base
    top = opening.thread.stack[-1]
    if isinstance(top[0], TapeTrace):
        return top[0]
    if top[1] is None:
        top[1] = TapeTrace()
    tape: TapeTrace = top[1]
    return tape


class no_grad(contextlib.ContextDecorator):
    """Leave nothing on any tape of this thread while the block runs; also a decorator.

    Inside a function that a transform differentiates use `stop_gradient` instead.

    Examples
    --------
    >>> import tenrso_ad as ta
    >>> x = ta.tensor([1.0, 2.0])
    >>> with ta.no_grad():
    ...     y = x * x
    >>> y.requires_grad
    False
    """

    def __enter__(self) -> no_grad:
        _thread.paused += 1
        return self

    def __exit__(self, *_: object) -> None:
        _thread.paused -= 1


@dataclass(frozen=True)
class TapeStats:
    """What a tape holds.

    Attributes
    ----------
    nodes : int
        Recorded operations that a backward pass has not used up yet.
    edges : int
        Operands of these through which a gradient flows.
    leaves : int
        Variables that they depend on.
    operations : dict of str to int
        How often each operation was recorded, most frequent first.
    bytes_saved : int
        Bytes of the arrays that backward will need, each counted once.
    """

    nodes: int
    edges: int
    leaves: int
    operations: dict[str, int]
    bytes_saved: int

    def __str__(self) -> str:
        head = (
            f"{self.nodes} nodes, {self.edges} edges, {self.leaves} leaves, "
            f"{self.bytes_saved} bytes saved"
        )
        return "\n".join(
            [head, *(f"{count:8d}  {name}" for name, count in self.operations.items())]
        )


class Tape:
    """A stretch of recording with its own statistics.

    Tensors made inside the ``with`` block belong to this tape. Without any Tape they belong to one
    that is always there.

    Examples
    --------
    >>> import numpy as np
    >>> import tenrso_ad as ta
    >>> with ta.Tape() as tape:
    ...     x = ta.tensor([1.0, 2.0, 3.0])
    ...     loss = (np.tanh(x) * x).sum()
    >>> tape.stats().operations
    {'tanh': 1, 'multiply': 1, 'sum': 1}
    >>> loss.backward()
    >>> tape.stats().nodes
    0
    """

    def __init__(self) -> None:
        self._trace = TapeTrace()
        self._trace.nodes = []
        self._entered = False

    def __enter__(self) -> Tape:
        if not self._entered:  # further in than all that is open now, whenever it was made
            self._trace.level = next_level()
            self._entered = True
        opening.thread.stack.append([self._trace, None])
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        opening.thread.stack.pop()

    def train(self) -> Tape:
        """Record operations (how a tape begins)."""
        self._trace.training = True
        return self

    def eval(self) -> Tape:
        """Record nothing, until `train` is called."""
        self._trace.training = False
        return self

    @property
    def training(self) -> bool:
        """Whether operations are recorded."""
        return self._trace.training

    def clear(self) -> None:
        """Free all that is recorded; a backward pass through it is no longer possible."""
        for node in self._nodes():
            node.saved = None
        self._trace.nodes = []

    def stats(self) -> TapeStats:
        """Count what the tape holds."""
        nodes = self._nodes()
        arrays = {
            id(value): getattr(value, "nbytes", 0)
            for node in nodes
            for value in node.saved or ()
            if hasattr(value, "dtype") and not isinstance(value, ArrayType)
        }
        parents = [p for node in nodes for p in node.parents if p is not None]
        counts = Counter(node.primitive.name for node in nodes)
        return TapeStats(
            nodes=len(nodes),
            edges=len(parents),
            leaves=len({p for p in parents if type(p) is Leaf}),
            operations=dict(counts.most_common()),
            bytes_saved=sum(arrays.values()),
        )

    def _nodes(self) -> list[Node]:
        return self._trace.nodes or []


def backward(tensor: Tracer, gradient: Any, retain_graph: bool) -> None:
    """Run a backward pass from one tensor of a tape; see `Tensor.backward`."""
    trace = tensor.trace
    if not isinstance(trace, TapeTrace):
        raise BackwardError(
            f"backward() belongs to tensors made by ta.tensor; this one belongs to a {trace.what}. "
            "Inside a transform return the result instead."
        )
    if tensor.node is None:
        raise BackwardError(
            f"backward() from {describe(tensor)}: nothing it depends on requires a gradient "
            "(made under no_grad, by an operation without derivative, or from plain arrays)"
        )
    root = tensor.value
    if gradient is None:
        if tensor.shape != ():
            raise BackwardError(
                f"backward() without a gradient wants a scalar, got {describe(tensor)}; "
                "reduce it first (y.sum().backward()) or pass gradient="
            )
        if is_complex(root):
            raise BackwardError(
                "backward() of a complex scalar is ambiguous; take its real part, or pass gradient="
            )
        gradient = ones_like(root)
    else:
        gradient = cotangent_like(gradient, root, "backward()")
    shared = {memory_of(gradient)}
    for leaf, result in backpropagate([(tensor.node, gradient)], retain=retain_graph).items():
        result = owned(conjugated(result), shared)
        if leaf.gradient is not None:
            result = owned(leaf.gradient + result, set())
        leaf.gradient = result
        if not retain_graph:
            leaf.guard = None
    if trace.nodes:
        trace.nodes = [node for node in trace.nodes if node.saved is not None]


def cotangent_like(cotangent: Any, value: Any, where: str) -> Any:
    """Check a user's cotangent against its value, and turn it to the inner convention."""
    if not isinstance(cotangent, Tracer):
        known = hasattr(cotangent, "dtype")
        cotangent = operand(cotangent) if known else np.asarray(cotangent, dtype=value.dtype)
    if tuple(cotangent.shape) != tuple(value.shape):
        raise ShapeError(
            f"{where}: the cotangent has the shape of the result, {tuple(value.shape)}, "
            f"got {describe(cotangent)}"
        )
    from .ops.broadcasting import convert

    return conjugated(convert(cotangent, value.dtype))


def conjugated(value: Any) -> Any:
    """Cross the border between the user's convention for complex gradients and the engine's."""
    if getattr(value.dtype, "kind", "c") != "c":
        return value
    from .ops.elementwise import conjugate

    return conjugate(value)


def memory_of(array: Any) -> int:
    """Id of the array that owns the memory."""
    base = getattr(array, "base", None)
    return id(array if base is None else base)


def owned(array: Any, shared: set[int]) -> Any:
    """Make a result the user's own: an array that shares no memory with another one.

    Parameters
    ----------
    array : array or Tracer
    shared : set of int
        What `memory_of` gives of the arrays that are others' already; the result's is added.
    """
    if type(array) is np.ndarray:
        base = array.base
        memory = id(array if base is None else base)
        if memory not in shared and array.flags.writeable:
            shared.add(memory)
            return array
    elif not isinstance(array, (np.ndarray, np.generic)):
        return snapshot(array)
    array = np.array(array)
    shared.add(id(array))
    return array
