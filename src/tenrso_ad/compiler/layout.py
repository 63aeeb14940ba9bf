"""Where the elements of a value lie: which array holds them, and how far apart they are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from numpy.lib.stride_tricks import as_strided

from ..engine.graph import Atom, Equation, Graph
from .expressions import VIEWS
from .rewriting import shape_of


class Layout(NamedTuple):
    """A value as a view of an array in C order.

    Attributes
    ----------
    root : Variable or Constant
        What holds the elements.
    strides : tuple of int
        Distance of neighbours along each axis, in elements; 0 along an axis that repeats.
    offset : int
        Place of the first element.
    """

    root: Atom
    strides: tuple[int, ...]
    offset: int = 0


def contiguous(shape: tuple[int, ...]) -> tuple[int, ...]:
    """Strides of an array in C order; an axis of length 1 has 0."""
    strides, step = [], 1
    for n in reversed(shape):
        strides.append(step if n != 1 else 0)
        step *= n
    return tuple(reversed(strides))


def layout_of(atom: Atom, views: Mapping[Atom, Equation]) -> Layout | None:
    """Find the array behind a value; None where a view would have to copy."""
    if atom not in views:
        return Layout(atom, contiguous(shape_of(atom)))
    equation = views[atom]
    (source,) = equation.inputs
    base = layout_of(source, views)
    if base is None:
        return None
    before, after = shape_of(source), shape_of(atom)
    name = equation.primitive.name
    if name == "transpose":
        strides = tuple([base.strides[i] for i in equation.params["axes"]])
        return base._replace(strides=strides)
    if name == "broadcast_to":
        return base._replace(strides=broadcast_strides(before, base.strides, after))
    if name == "window":
        start, step, shape = [equation.params[k] for k in ("start", "step", "shape")]
        kept = [s * k if n != 1 else 0 for s, k, n in zip(base.strides, step, shape, strict=True)]
        first = sum([s * i for s, i in zip(base.strides, start, strict=True)])
        return Layout(base.root, tuple(kept), base.offset + first)
    bytes_apart = as_strided(np.empty(1, np.int8), before, base.strides, writeable=False)
    try:
        bytes_apart.shape = after
    except AttributeError:
        return None
    strides = tuple([s if n != 1 else 0 for s, n in zip(bytes_apart.strides, after, strict=True)])
    return base._replace(strides=strides)


def views_of(graph: Graph) -> dict[Atom, Equation]:
    """Find the equations that look at memory of others, by what they give; copies are left out."""
    views: dict[Atom, Equation] = {}
    for e in graph.equations:
        if e.primitive.name in VIEWS:
            (out,) = e.outputs
            views[out] = e
            if layout_of(out, views) is None:  # a reshape that copies
                del views[out]
    return views


def broadcast_strides(
    before: tuple[int, ...], strides: tuple[int, ...], after: tuple[int, ...]
) -> tuple[int, ...]:
    """Strides of a value that is broadcast to another shape."""
    lead = len(after) - len(before)
    kept = [s if n != 1 else 0 for s, n in zip(strides, before, strict=True)]
    return (*(0,) * lead, *kept)


def collapse(
    space: tuple[int, ...], accesses: list[tuple[int, ...]]
) -> tuple[list[int], list[list[int]]]:
    """Merge neighbouring axes of a loop nest wherever all accesses allow it.

    Returns
    -------
    lengths : list of int
        Of the loops that are left.
    strides : list of list of int
        For each access, its stride in each loop.
    """
    lengths: list[int] = []
    columns: list[list[int]] = []  # strides of all accesses, a list for each loop
    for axis, n in enumerate(space):
        if n == 1:
            continue
        column = [a[axis] for a in accesses]
        if lengths and all(
            outer == inner * n for outer, inner in zip(columns[-1], column, strict=True)
        ):
            lengths[-1] *= n
            columns[-1] = column
        else:
            lengths.append(n)
            columns.append(column)
    return lengths, [[c[i] for c in columns] for i in range(len(accesses))]
