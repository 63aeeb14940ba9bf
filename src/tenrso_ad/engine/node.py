"""What a tape is made of: nodes of operations, leaves, and cotangents of few entries."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from .guard import Guard
from .primitive import Primitive

_sequence = itertools.count()


class Node:
    """One recorded operation."""

    __slots__ = ("apply", "line", "params", "parents", "primitive", "saved", "sequence")
    line: str  # of the user's code; set only while hooks.lines

    def __init__(
        self,
        primitive: Primitive,
        params: Mapping[str, Any],
        parents: Sequence[Any],
        apply: Any,
        saved: tuple[Any, ...] | None,
    ) -> None:
        self.primitive = primitive
        self.params = params
        self.parents = parents
        self.apply = apply
        self.saved = saved
        self.sequence = next(_sequence)

    @property
    def origin(self) -> str:
        """The operation and, where it was recorded, the user's line."""
        line = getattr(self, "line", None)
        return f"{self.primitive.name} ({line})" if line else self.primitive.name


class Leaf:
    """Where gradients end: a variable of a tape or of a transform.

    Attributes
    ----------
    gradient : array, Tracer or None
        What backward passes of a tape have added up so far.
    guard : Guard or None
        Read-only guard over an array that the user still holds.
    shared : bool
        Whether the user still holds the array.
    """

    __slots__ = ("__weakref__", "gradient", "guard", "sequence", "shared")
    parents: Sequence[Any] = ()
    primitive = None

    def __init__(self, *, shared: bool = False) -> None:
        self.gradient: Any = None
        self.guard: Guard | None = None
        self.shared = shared
        self.sequence = next(_sequence)


class Output:
    """One of several results of a node."""

    __slots__ = ("index", "parents", "sequence", "source")
    primitive = None

    def __init__(self, source: Node, index: int) -> None:
        self.source = source
        self.index = index
        self.parents = (source,)
        self.sequence = next(_sequence)


class LazyCotangent:
    """A cotangent of mostly zeros, kept as its few entries until it is needed whole."""

    def materialise(self) -> Any:
        """Give the whole array."""
        raise NotImplementedError

    def add_into(self, buffer: np.ndarray) -> None:
        """Add the entries to a plain array of ours."""
        raise NotImplementedError
