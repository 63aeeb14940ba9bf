"""Pytrees: nested tuples, lists, dicts and registered dataclasses, over the library optree."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import optree

from .errors import ArgumentError

NAMESPACE = "tenrso_ad"
Structure = optree.PyTreeSpec
T = TypeVar("T")


def flatten(tree: Any) -> tuple[list[Any], Structure]:
    """Leaves of a tree in order, and the structure that puts them back."""
    return optree.tree_flatten(tree, namespace=NAMESPACE)


def unflatten(structure: Structure, leaves: Sequence[Any]) -> Any:
    """Put leaves back into a structure."""
    return optree.tree_unflatten(structure, leaves)


def leaves(tree: Any) -> list[Any]:
    """Leaves of a tree in order."""
    return optree.tree_leaves(tree, namespace=NAMESPACE)


def map(function: Callable[..., Any], tree: Any, *rest: Any) -> Any:
    """Apply a function to each leaf of trees of one structure."""
    return optree.tree_map(function, tree, *rest, namespace=NAMESPACE)


def paths(tree: Any) -> list[str]:
    """A name for each leaf: where it stands in the tree, as in ``['layers'][0].weight``."""
    return [a.codify("") for a in optree.tree_accessors(tree, namespace=NAMESPACE)]


def register_dataclass(cls: type[T], static: Sequence[str] = ()) -> type[T]:
    """Make a dataclass a pytree; its fields are its children. Unflattening does not validate.

    Fields in `static` are part of the structure instead: they are hashable, and trees with unequal
    ones have different structures.
    """
    fields = [f.name for f in dataclasses.fields(cls)]  # type: ignore[arg-type]
    names = tuple(name for name in fields if name not in static)

    def flatten_one(value: T) -> tuple[tuple[Any, ...], Any, tuple[str, ...]]:
        kept = tuple(getattr(value, n) for n in static)
        return tuple(getattr(value, n) for n in names), kept, names

    def unflatten_one(kept: tuple[Any, ...], children: Sequence[Any]) -> T:
        value = object.__new__(cls)
        for name, child in zip((*names, *static), (*children, *kept), strict=True):
            object.__setattr__(value, name, child)
        return value

    optree.register_pytree_node(
        cls,  # type: ignore[arg-type]
        flatten_one,  # type: ignore[arg-type]
        unflatten_one,  # type: ignore[arg-type]
        path_entry_type=optree.GetAttrEntry,
        namespace=NAMESPACE,
    )
    return cls


def broadcast_prefix(prefix: Any, full: Any, what: str) -> list[Any]:
    """Spread a tree that begins as another one does over all leaves of that one.

    Parameters
    ----------
    prefix : pytree
        Its leaves are integers or None, each for a whole branch of `full`.
    full : pytree
    what : str
        What the prefix is, for the error.

    Raises
    ------
    ArgumentError
        `prefix` does not begin as `full` does.
    """
    flat, structure = optree.tree_flatten(full, namespace=NAMESPACE)
    try:
        spread = optree.broadcast_prefix(
            prefix, unflatten(structure, [0] * len(flat)), none_is_leaf=True, namespace=NAMESPACE
        )
    except ValueError as error:
        raise ArgumentError(f"{what} does not fit the arrays it is for: {error}") from None
    return spread
