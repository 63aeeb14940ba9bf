"""What changes a tensor in place: augmented operators, ``x[i] = v``, and methods such as fill.

Each is the functional operation, whose result the tensor then takes over (see `engine.views`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .engine.views import change, is_scalar
from .ops.arguments import into
from .ops.indexing import getitem, updates
from .ops.indexing.subscript import read_index


def augmented(name: str, operation: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    """Make an augmented operator (``x += y``) of an operation.

    As in NumPy the result has the shape and the dtype of `x`, and where NumPy has a scalar, which
    cannot change, it is another tensor.
    """

    def operator(x: Any, y: Any) -> Any:
        result = operation(x, y)
        if result is NotImplemented or is_scalar(x):
            return result
        return into(name, x, result)

    operator.__name__ = operator.__qualname__ = name
    return operator


def setitem(x: Any, index: Any, value: Any) -> None:
    """``x[index] = value``."""
    if _stands_there(x, index, value):
        return
    change(x, updates.at(x)[index].set(value))


def _stands_there(x: Any, index: Any, value: Any) -> bool:
    """Whether a value is a view of this very place: after ``x[index] += y`` it is there already."""
    origin = getattr(value, "origin", None)
    if origin is None or origin[0] is not x or origin[1] is not getitem.getitem_p:
        return False
    where = read_index("setitem", x, index)
    return not where.arrays and where.entries == origin[2]["index"]


def fill(x: Any, value: Any) -> None:
    """Give every element one value."""
    setitem(x, ..., value)
