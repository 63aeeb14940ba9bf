"""What changes a tensor in place: augmented operators, ``x[i] = v`` and methods.

Each is the functional operation, whose result the tensor takes over (see `engine.views`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..engine.errors import UnsupportedError, describe
from ..engine.trace import Tracer, concrete
from ..engine.views import change, is_scalar
from ..ops.arguments import array_operand, into
from ..ops.indexing import getitem, updates
from ..ops.indexing.subscript import read_index


def augmented(name: str, operation: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    """Make an augmented operator (``x += y``) of an operation.

    As in NumPy the result has the shape and the dtype of `x`, and where NumPy has a scalar, which
    cannot change, it is another tensor.
    """

    def operator(x: Any, y: Any) -> Any:
        result = operation(x, y)
        return result if is_scalar(x) else into(name, x, result)

    operator.__name__ = operator.__qualname__ = name
    return operator


def setitem(x: Any, index: Any, value: Any) -> None:
    """``x[index] = value``."""
    if not _stands_there(x, index, value):
        change(x, updates.at(x)[index].set(value))


def _stands_there(x: Any, index: Any, value: Any) -> bool:
    """Whether a value is a view of this very place: after ``x[index] += y`` it is there already."""
    origin = getattr(value, "origin", None)
    if origin is None or origin[0] is not x or origin[1] is not getitem.getitem_p:
        return False
    where = read_index("setitem", x, index)
    return not where.arrays and where.entries == origin[2]["index"]


def fill(a: Any, value: Any) -> None:
    """Give every element one value, as the method of an array."""
    setitem(a, ..., value)


def plain(name: str, a: Any, value: Any) -> Any:
    """Give a value without a gradient as NumPy takes it; refuse another, which would lose it."""
    if isinstance(value, (list, tuple)):
        value = array_operand(value)
    if not isinstance(value, Tracer):
        return value
    if value.requires_grad:  # type: ignore[attr-defined]
        raise UnsupportedError(
            f"{name}: the plain array {describe(a)} cannot take {describe(value)} without losing "
            "its derivative; make the array a tensor first (ta.tensor(a, requires_grad=False))"
        )
    return concrete(value, name)
