"""Methods and attributes that a NumPy array has."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np

from ..engine.errors import DTypeError, describe
from ..engine.trace import Tracer
from ..ops import elementwise as ew
from ..ops import rounding
from ..ops.arguments import dtype_of, into
from ..ops.contraction import products
from ..ops.declare import is_complex
from ..ops.indexing import placing, positions, taking, updates
from ..ops.reductions import cumulative, extrema, moments, sums
from ..ops.shaping import creation, diagonals, permuting, repeating, reshaping
from ..ops.sorting import ordering
from . import inplace

Order = Literal["C", "F", "A", "K"]
Kind = Literal["quicksort", "heapsort", "mergesort", "stable"]


class _Elsewhere:
    """An attribute that an array has and a tensor has not: ``hasattr`` says no, and why."""

    def __init__(self, instead: str) -> None:
        self._instead = instead

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    def __get__(self, x: Any, owner: type | None = None) -> Any:
        raise AttributeError(f"a tensor has no .{self._name}; {self._instead}")


class Methods(Tracer):
    """The functions of the same names, with the tensor as their first argument."""

    __slots__ = ()

    all = sums.all
    any = sums.any
    argmax = extrema.argmax
    argmin = extrema.argmin
    argpartition = ordering.argpartition
    argsort = ordering.argsort
    choose = taking.choose
    clip = ew.clip
    conj = conjugate = ew.conjugate
    cumprod = cumulative.cumprod
    cumsum = cumulative.cumsum
    diagonal = diagonals.diagonal
    dot = products.dot
    max = extrema.max
    mean = moments.mean
    min = extrema.min
    nonzero = positions.nonzero
    prod = sums.prod
    ravel = reshaping.ravel
    repeat = repeating.repeat
    round = rounding.round
    searchsorted = ordering.searchsorted
    squeeze = reshaping.squeeze
    std = moments.std
    sum = sums.sum
    swapaxes = permuting.swapaxes
    take = taking.take
    var = moments.var

    fill = inplace.fill
    put = placing.put

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return len(self.shape)

    @property
    def size(self) -> int:
        """Number of elements."""
        size = 1
        for n in self.shape:
            size *= n
        return size

    @property
    def itemsize(self) -> int:
        """Bytes of one element."""
        return int(self.dtype.itemsize)

    @property
    def nbytes(self) -> int:
        """Bytes of all elements."""
        return self.size * self.itemsize

    @property
    def T(self) -> Any:
        """The axes in reverse order."""
        return permuting.transpose(self)

    @property
    def mT(self) -> Any:
        """The last two axes swapped."""
        return permuting.matrix_transpose(self)

    @property
    def real(self) -> Any:
        """Real part, a view."""
        return ew.real(self)

    @real.setter
    def real(self, value: Any) -> None:
        inplace.setitem(ew.real(self), ..., value)

    @property
    def imag(self) -> Any:
        """Imaginary part, a view."""
        return ew.imag(self)

    @imag.setter
    def imag(self, value: Any) -> None:
        if not is_complex(self):
            raise DTypeError(f"{describe(self)} has no imaginary part to set")
        inplace.setitem(ew.imag(self), ..., value)

    @property
    def at(self) -> Any:
        """Functional updates: ``x.at[i].set(v)``, as `tenrso_ad.numpy.at`."""
        return updates.at(self)

    def reshape(
        self, *shape: Any, order: Literal["C", "F", "A"] = "C", copy: bool | None = None
    ) -> Any:
        """Same elements in another shape, given as a tuple or as several ints."""
        new = shape[0] if len(shape) == 1 else shape
        return reshaping.reshape(self, new, order=order, copy=copy)

    def transpose(self, *axes: Any) -> Any:
        """Permute the axes; without axes reverse them."""
        if len(axes) == 1 and not hasattr(axes[0], "__index__"):
            return permuting.transpose(self, axes[0])
        return permuting.transpose(self, axes or None)

    def copy(self, order: Order = "C") -> Any:
        """A tensor with the same elements and the same history, but not the same memory."""
        return creation.copy(self, order)

    def flatten(self, order: Order = "C") -> Any:
        """Elements along one axis, as a copy."""
        return creation.copy(reshaping.ravel(self, order))

    def astype(
        self,
        dtype: Any,
        order: Order = "K",
        casting: Any = "unsafe",
        subok: bool = True,
        copy: bool = True,
    ) -> Any:
        """Convert the elements; to integers and booleans without a derivative."""
        target = dtype_of("astype", dtype)
        if not np.can_cast(self.dtype, target, casting):
            raise DTypeError(
                f"astype({describe(self)}): to {target} is no conversion of casting={casting!r}"
            )
        out = creation.astype(self, target, copy=copy)
        return out if order == "K" else creation.copy(out, order)

    def compress(self, condition: Any, axis: int | None = None, out: Any = None) -> Any:
        """Slices along an axis where a condition holds."""
        return taking.compress(condition, self, axis, out)

    def sort(
        self,
        axis: int = -1,
        kind: Kind | None = None,
        order: None = None,
        *,
        stable: bool | None = None,
    ) -> None:
        """Sort along an axis, in place."""
        into("sort", self, ordering.sort(self, axis, kind, order, stable=stable))

    def partition(self, kth: int | Sequence[int], axis: int = -1) -> None:
        """Bring the elements of given ranks to their places, in place."""
        into("partition", self, ordering.partition(self, kth, axis))

    # a method __getattr__ would slow down every attribute
    base = _Elsewhere("a tensor is a view where NumPy's array would be")
    byteswap = _Elsewhere("x.value.byteswap()")
    ctypes = _Elsewhere("x.value.ctypes")
    data = _Elsewhere("x.value.data")
    dump = _Elsewhere("pickle.dump(x, file), or np.save(file, x.value)")
    dumps = _Elsewhere("pickle.dumps(x)")
    flags = _Elsewhere("x.value.flags")
    flat = _Elsewhere("x.ravel(), or x.reshape(-1)[i] = v")
    getfield = _Elsewhere("x.value.getfield(...)")
    resize = _Elsewhere("x = np.resize(x, shape)")
    setfield = _Elsewhere("x[...] = v")
    setflags = _Elsewhere("x.value.setflags(...)")
    strides = _Elsewhere("x.value.strides")
    tobytes = _Elsewhere("x.value.tobytes()")
    tofile = _Elsewhere("x.value.tofile(file)")
    view = _Elsewhere("x.astype(dtype), or x[...] for another name of the same elements")
