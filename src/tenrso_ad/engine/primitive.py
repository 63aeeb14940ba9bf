"""Primitives are names; what an interpreter does with one stands in that interpreter's table."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

NO_PARAMS: Mapping[str, Any] = {}


class Primitive:
    """The name of an operation.

    Parameters
    ----------
    name : str
        How the operation is called in graphs, statistics and error messages.
    multiple_results : bool
        Whether the operation returns a tuple of arrays instead of one array.
    """

    __slots__ = ("multiple_results", "name")

    def __init__(self, name: str, *, multiple_results: bool = False) -> None:
        self.name = name
        self.multiple_results = multiple_results
        registry[name] = self

    def __repr__(self) -> str:
        return self.name

    def __reduce__(self) -> tuple[Any, ...]:
        return _lookup, (self.name,)


def _lookup(name: str) -> Primitive:
    return registry[name]


registry: dict[str, Primitive] = {}
