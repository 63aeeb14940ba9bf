"""Views, and tensors that change in place.

An array never changes: a change in place gives the tensor another array and another history, and
what was recorded before keeps the ones it has. NumPy's views share memory, so that a change of one
shows in all; here a view remembers how it was read from its base, a change is written back to the
base, and every view of it that is alive is read anew.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from . import opening
from . import trace as _trace
from .errors import InPlaceError, describe
from .node import Leaf
from .primitive import Primitive
from .trace import Tracer, bind, evaluation

write_back: dict[Primitive, Callable[[Any, Any, Mapping[str, Any]], Any]] = {}
"""rule(base, view, params) -> the base with the values of the view in it. What a primitive without
a rule reads is read-only."""

Origin = tuple[Any, Primitive, Mapping[str, Any]]


def bind_view(primitive: Primitive, x: Any, params: Mapping[str, Any]) -> Any:
    """Apply a primitive of one operand whose result NumPy makes a view of it."""
    out = bind(primitive, (x,), params)
    if type(out) is _trace.Tensor:  # what relate does, without the call
        out.origin = (x, primitive, params)
        if x.views is None:
            x.views = set()
        x.views.add(weakref.ref(out, x.views.discard))
    return out


def relate(view: Any, base: Any, primitive: Primitive, params: Mapping[str, Any]) -> None:
    """Say that a tensor is a view of another: what the primitive reads from it."""
    view.origin = (base, primitive, params)
    if base.views is None:
        base.views = set()
    base.views.add(weakref.ref(view, base.views.discard))


def is_scalar(x: Any) -> bool:
    """Whether NumPy has a scalar in the place of a tensor: what it computes without axes.

    Only a leaf of a tape, which the user made, and a view are arrays without axes.
    """
    if x.shape != () or hasattr(x, "origin"):
        return False
    return not (type(x.node) is Leaf and x.trace.imperative)


def layout(x: Any, memory: dict[int, Any] | None = None) -> Any:
    """Give a plain array that lies in memory as NumPy's in the place of a tensor would.

    Its values are arbitrary. A tensor that is no view counts as contiguous; `memory` remembers
    those, so that views of one share memory.
    """
    origin = getattr(x, "origin", None)
    if origin is not None:
        base, primitive, params = origin
        return evaluation[primitive](layout(base, memory), **params)
    made = np.empty(x.shape, complex if getattr(x.dtype, "kind", "") == "c" else bool)
    return made if memory is None else memory.setdefault(id(x), made)


def change(x: Any, new: Any) -> None:
    """Change a tensor in place, and with it what it is a view of, and all views of these.

    Parameters
    ----------
    x : Tensor
    new : Tensor
        Of the shape and dtype of `x`: the values and the history that it is to have.

    Raises
    ------
    InPlaceError
        Where the change would not mean what it says. Then nothing has changed.
    """
    root, value = x, new
    for base, primitive, params in _origins(x):
        if primitive not in write_back:
            raise InPlaceError(
                f"{describe(x)} was made by {primitive.name}, whose result is read-only; change "
                "the array that it was read from, or a copy of it"
            )
        if _is_cut(root, base) and getattr(base.trace, "recording", False):
            raise InPlaceError(
                f"{describe(root)} was read from a tensor with a history under no_grad, so that "
                "it has none; read it again before it changes"
            )
        root, value = base, write_back[primitive](base, value, params)
    leaf = _leaf(x, root, value)
    value = _laid_out(value, root)
    if leaf is None:
        changes = _with_views(root, value)
    else:  # it takes the values and stays where it is on the tape; its views begin there
        with root.trace.recorded():
            changes = _with_views(root, _trace.Tensor(value.value, root.trace, leaf))
        leaf.shared, leaf.guard = False, None
    for tensor, new in changes:
        tensor.value, tensor.trace, tensor.node = new.value, new.trace, new.node


def _origins(x: Any) -> Iterator[Origin]:
    """How it was read from its base, that from its own, and so on."""
    while (origin := getattr(x, "origin", None)) is not None:
        x = origin[0]
        if is_scalar(x):
            return  # no memory to share
        yield origin


def _leaf(x: Any, root: Any, new: Any) -> Leaf | None:
    """Check that a change is sound; give the leaf if it is one of a tape's that changes."""
    once = opening.runs_once()
    if once is not None and new.trace.level < once.level:
        raise InPlaceError(
            f"a change in place of {describe(x)} from outside a {once.what} would happen once, not "
            "in every run that the function stands for. Return the new values instead, or make "
            "the tensor inside the function."
        )
    trace = root.trace
    if not trace.imperative or root.node is None:
        return None
    what = describe(x) if x is root else f"{describe(x)}, a view of {describe(root)}"
    if type(root.node) is not Leaf:
        if not trace.recording:
            raise InPlaceError(
                f"{what}: under no_grad a tensor with a history cannot change in place, since its "
                "gradient would not see the change. Change x.detach() or a copy, or leave no_grad."
            )
        return None
    if trace.recording:
        raise InPlaceError(
            f"{what}: a leaf that requires grad cannot change in place while operations are "
            "recorded, since its gradient would be lost. Do it under ta.no_grad(), or change a "
            "copy (y = x.copy())."
        )
    if new.trace is not trace:
        raise InPlaceError(
            f"{what}: a leaf that requires grad cannot take values of a {new.trace.what} further in"
        )
    return root.node


def _is_cut(view: Any, base: Any) -> bool:
    """Whether it was read where nothing was recorded, so that it is without its base's history."""
    return view.node is None and base.node is not None


def _with_views(root: Any, new: Any) -> list[tuple[Any, Any]]:
    """Tensors that change with a root, and to what: itself, and all views, read anew."""
    changes = [(root, new)]
    for tensor, now in changes:  # grows while it is walked
        for reference in tuple(tensor.views or ()):
            view = reference()
            if view is not None:
                _, primitive, params = view.origin
                read = bind(primitive, (now,), params)
                if _is_cut(view, tensor) and read.trace is tensor.trace:
                    read.node = None
                changes.append((view, read))
    return changes


def _laid_out(new: Any, old: Any) -> Any:
    """Lay new values out in memory as the old ones were: by that reshape makes views or copies."""
    if isinstance(new, Tracer):
        like = old.value if isinstance(old, Tracer) else old
        return _trace.Tensor(_laid_out(new.value, like), new.trace, new.node)
    while isinstance(old, Tracer):
        old = old.value
    if type(new) is not np.ndarray or type(old) is not np.ndarray or new.strides == old.strides:
        return new
    if new.shape == old.shape:
        out = np.empty_like(old)
        out[...] = new
        return out
    return np.asarray(new, order="C") if old.flags.c_contiguous else new
