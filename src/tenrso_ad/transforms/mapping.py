"""vmap: a function of one example becomes a function of a batch."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

from ..engine import trace as _trace
from ..engine import tree
from ..engine.batch import BatchTrace
from ..engine.errors import ArgumentError, AxisError, ShapeError, describe
from ..engine.opening import brought_out, opened
from ..engine.trace import Tracer, snapshot
from ..ops.arguments import array_operand, axis_of
from ..ops.arraylike import is_arraylike
from ..ops.broadcasting import broadcast_to
from ..ops.pointwise import operand
from ..ops.shaping.permuting import moveaxis

Axes = int | None | Sequence[Any]


def vmap(f: Callable[..., Any], in_axes: Axes = 0, out_axes: Axes = 0) -> Callable[..., Any]:
    """Apply a function to every element of a batch at once, without a loop.

    Parameters
    ----------
    f : callable
        Works on one element: pytrees of arrays in and out.
    in_axes : int, None or sequence of these
        Axis of each positional argument along which the batch lies; None for an argument that is
        the same for all. An entry may be a pytree that begins as the argument does.
    out_axes : int or pytree of int
        Where the batch goes in the results.

    Returns
    -------
    callable
        Takes positional arguments with one more axis, gives results with one more axis.

    Raises
    ------
    ShapeError
        Batches of different size.

    Examples
    --------
    >>> import numpy as np
    >>> import tenrso_ad as ta
    >>> ta.vmap(lambda a, b: a @ b)(np.ones((3, 2)), np.ones((3, 2)))
    array([2., 2., 2.])
    """

    @functools.wraps(f)
    def mapped(*args: Any) -> Any:
        name = getattr(f, "__name__", type(f).__name__)
        leaves, structure = tree.flatten(args)
        leaves = [operand(leaf) if is_arraylike(leaf) else leaf for leaf in leaves]
        axes = _axes_for(in_axes, args, name)
        size = _batch_size(leaves, axes, name)
        trace = BatchTrace(size)
        with opened(trace):
            values = [
                leaf
                if axis is None
                else _trace.Tensor(snapshot(moveaxis(leaf, axis, 0)), trace, None)
                for leaf, axis in zip(leaves, axes, strict=True)
            ]
            out = brought_out(f(*tree.unflatten(structure, values)), trace)
        outs, out_structure = tree.flatten(out)
        places = tree.broadcast_prefix(out_axes, out, f"out_axes of vmap of {name}")
        results = []
        for o, place in zip(outs, places, strict=True):
            o = _whole(o, trace, size)
            if place != 0:
                o = moveaxis(o, 0, axis_of(f"out_axes of vmap of {name}", place, o))
            results.append(snapshot(o))
        return tree.unflatten(out_structure, results)

    return mapped


def _whole(out: Any, trace: BatchTrace, size: int) -> Any:
    """Give a result with its batch along axis 0; one that has no batch is repeated."""
    if isinstance(out, Tracer) and out.trace is trace:
        return out.value
    out = array_operand(out)
    return broadcast_to(out, (size, *out.shape))


def _axes_for(in_axes: Axes, args: tuple[Any, ...], name: str) -> list[int | None]:
    """One axis a leaf of the arguments."""
    if isinstance(in_axes, list):
        in_axes = tuple(in_axes)
    if isinstance(in_axes, tuple) and len(in_axes) != len(args):
        raise ArgumentError(
            f"vmap of {name}: in_axes has {len(in_axes)} entries "
            f"for {len(args)} positional arguments"
        )
    return tree.broadcast_prefix(in_axes, args, f"in_axes of vmap of {name}")


def _batch_size(leaves: Sequence[Any], axes: Sequence[int | None], name: str) -> int:
    sizes: dict[int, str] = {}
    for leaf, axis in zip(leaves, axes, strict=True):
        if axis is None:
            continue
        shape = getattr(leaf, "shape", ())
        if not -len(shape) <= axis < len(shape):
            raise AxisError(
                f"vmap of {name}: in_axes has {axis}, but an argument is {describe(leaf)}"
            )
        sizes.setdefault(shape[axis], describe(leaf))
    if len(sizes) != 1:
        given = ", ".join(f"{n} ({what})" for n, what in sizes.items())
        raise ShapeError(
            f"vmap of {name}: batches of one size are wanted, got {given or 'no batched argument'}"
        )
    return next(iter(sizes))
