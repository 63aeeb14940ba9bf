"""Operators, with the meaning that they have for NumPy's arrays."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NoReturn

import numpy as np

from ..engine.errors import DTypeError, UnsupportedError
from ..engine.trace import Tracer
from ..ops import elementwise as ew
from ..ops import integers
from ..ops.contraction import einsum
from ..ops.indexing import getitem
from . import inplace


def _reflected(operation: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    def operator(x: Any, other: Any) -> Any:
        return operation(other, x)

    return operator


def _equality(operation: Callable[[Any, Any], Any], otherwise: bool) -> Callable[[Any, Any], Any]:
    """Compare; what is no number, a text or a date, differs from every element."""

    def operator(x: Any, other: Any) -> Any:
        try:
            return operation(x, other)
        except DTypeError:
            if isinstance(other, Tracer) or np.asarray(other).dtype.kind not in "SUMmV":
                raise
            return np.full(np.broadcast_shapes(x.shape, np.shape(other)), otherwise)

    return operator


class Operators(Tracer):
    """What operators do; ``&``, ``|``, ``^`` and ``~`` are bitwise, or logical for booleans."""

    __slots__ = ()
    __hash__ = object.__hash__

    __neg__ = ew.negative
    __pos__ = ew.positive
    __abs__ = ew.absolute
    __invert__ = integers.invert

    __add__ = ew.add
    __sub__ = ew.subtract
    __mul__ = ew.multiply
    __truediv__ = ew.divide
    __floordiv__ = ew.floor_divide
    __mod__ = ew.remainder
    __divmod__ = ew.divmod
    __pow__ = ew.power
    __matmul__ = einsum.matmul
    __and__ = integers.bitwise_and
    __or__ = integers.bitwise_or
    __xor__ = integers.bitwise_xor
    __lshift__ = integers.left_shift
    __rshift__ = integers.right_shift

    __radd__ = _reflected(ew.add)
    __rsub__ = _reflected(ew.subtract)
    __rmul__ = _reflected(ew.multiply)
    __rtruediv__ = _reflected(ew.divide)
    __rfloordiv__ = _reflected(ew.floor_divide)
    __rmod__ = _reflected(ew.remainder)
    __rdivmod__ = _reflected(ew.divmod)
    __rpow__ = _reflected(ew.power)
    __rmatmul__ = _reflected(einsum.matmul)
    __rand__ = _reflected(integers.bitwise_and)
    __ror__ = _reflected(integers.bitwise_or)
    __rxor__ = _reflected(integers.bitwise_xor)
    __rlshift__ = _reflected(integers.left_shift)
    __rrshift__ = _reflected(integers.right_shift)

    __iadd__ = inplace.augmented("add", ew.add)
    __isub__ = inplace.augmented("subtract", ew.subtract)
    __imul__ = inplace.augmented("multiply", ew.multiply)
    __itruediv__ = inplace.augmented("divide", ew.divide)
    __ifloordiv__ = inplace.augmented("floor_divide", ew.floor_divide)
    __imod__ = inplace.augmented("remainder", ew.remainder)
    __ipow__ = inplace.augmented("power", ew.power)
    __imatmul__ = inplace.augmented("matmul", einsum.matmul)
    __iand__ = inplace.augmented("bitwise_and", integers.bitwise_and)
    __ior__ = inplace.augmented("bitwise_or", integers.bitwise_or)
    __ixor__ = inplace.augmented("bitwise_xor", integers.bitwise_xor)
    __ilshift__ = inplace.augmented("left_shift", integers.left_shift)
    __irshift__ = inplace.augmented("right_shift", integers.right_shift)

    __eq__ = _equality(ew.equal, False)
    __ne__ = _equality(ew.not_equal, True)
    __lt__ = ew.less
    __le__ = ew.less_equal
    __gt__ = ew.greater
    __ge__ = ew.greater_equal

    __getitem__ = getitem.getitem
    __setitem__ = inplace.setitem

    def __delitem__(self, index: Any) -> NoReturn:
        raise UnsupportedError(
            "elements of a tensor cannot be deleted; np.delete gives what is left"
        )

    def __contains__(self, item: Any) -> bool:
        return bool((self == item).any())
