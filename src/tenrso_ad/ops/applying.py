"""Functions of one lane, one axis or one element, applied to whole arrays."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..engine.errors import ArgumentError, ShapeError, describe
from ..engine.trace import Tracer
from .arguments import array_operand, axis_of, dtype_of
from .broadcasting import broadcast_to, convert
from .indexing.getitem import getitem
from .shaping.joining import stack
from .shaping.permuting import moveaxis
from .shaping.reshaping import expand_dims, reshape


def apply_along_axis(
    func1d: Callable[..., Any], axis: int, arr: Any, *args: Any, **kwargs: Any
) -> Any:
    """Apply a function to every slice along an axis, in a loop.

    The function may be any code that takes and gives arrays; it is differentiated as it runs. For
    one that works on a batch, `tenrso_ad.vmap` is quicker.

    Parameters
    ----------
    func1d : callable
        func1d(slice, *args, **kwargs) -> array.
    axis : int
        Along which axis the slices lie.
    arr : array_like
    *args, **kwargs
        Handed on.

    Returns
    -------
    array
        Of the shape of `arr`, with that of a result in the place of the axis.

    Raises
    ------
    ArgumentError
        There is no slice.

    Examples
    --------
    >>> apply_along_axis(lambda v: v[0] * v[1], 1, [[2.0, 3.0], [4.0, 5.0]])
    array([ 6., 20.])
    """
    arr = array_operand(arr)
    place = axis_of("apply_along_axis", axis, arr)
    slices = moveaxis(arr, place, -1)
    around = tuple(slices.shape[:-1])
    if 0 in around:
        raise ArgumentError(f"apply_along_axis({describe(arr)}): there is no slice to apply it to")
    results = [
        array_operand(func1d(getitem(slices, i), *args, **kwargs)) for i in np.ndindex(around)
    ]
    shape = tuple(results[0].shape)
    out = reshape(stack(results), (*around, *shape))
    rank, before = len(shape), len(around)
    return moveaxis(out, tuple(range(before, before + rank)), tuple(range(place, place + rank)))


def apply_over_axes(func: Callable[[Any, int], Any], a: Any, axes: int | Sequence[int]) -> Any:
    """Apply a function of an array and an axis for one axis after another.

    Parameters
    ----------
    func : callable
        func(array, axis) -> array, of as many axes or of one less.
    a : array_like
    axes : int or sequence of int

    Returns
    -------
    array
        Of as many axes as `a`.

    Examples
    --------
    >>> import tenrso_ad.numpy as tnp
    >>> apply_over_axes(tnp.sum, [[1.0, 2.0], [3.0, 4.0]], [0, 1])
    array([[10.]])
    """
    value = array_operand(a)
    ndim = len(value.shape)
    for axis in [axes] if np.ndim(axes) == 0 else axes:  # type: ignore[union-attr]
        place = axis_of("apply_over_axes", axis, value)
        result = array_operand(func(value, place))
        if len(result.shape) == ndim - 1:
            result = expand_dims(result, place)
        if len(result.shape) != ndim:
            raise ShapeError(
                f"apply_over_axes({describe(value)}): the function has to give as many axes or one "
                f"less, got {describe(result)}"
            )
        value = result
    return value


class vectorize(np.vectorize):
    """NumPy's vectorize, whose functions take tensors too and are differentiated as they run.

    Like NumPy's it is a loop. For a function that works on a batch, `tenrso_ad.vmap` is quicker.

    Parameters
    ----------
    pyfunc : callable
        A function of one element of each argument, or of the axes that the signature names.
    otypes, doc, excluded, cache, signature
        As in NumPy. Tensors are never cached.

    Examples
    --------
    >>> import tenrso_ad as ta
    >>> ramp = vectorize(lambda v: v if v > 0 else 0 * v)
    >>> ta.grad(lambda x: ramp(x).sum())(np.array([-1.0, 2.0]))
    array([0., 1.])
    """

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Apply the function to the arguments, broadcast against one another."""
        if not any([isinstance(a, Tracer) for a in (*args, *kwargs.values())]):
            return super().__call__(*args, **kwargs)
        names = [n for n in kwargs if n not in self.excluded]
        places = [i for i in range(len(args)) if i not in self.excluded]
        operands = [array_operand(v) for v in (*(args[i] for i in places), *map(kwargs.get, names))]

        def call(values: Sequence[Any]) -> Any:
            rest = iter(values)
            positional = [next(rest) if i in places else a for i, a in enumerate(args)]
            return self.pyfunc(*positional, **{**kwargs, **dict(zip(names, rest, strict=True))})

        return self._over(call, operands)

    def _over(self, call: Callable[[Sequence[Any]], Any], operands: list[Any]) -> Any:
        """Loop over the elements, or over the blocks of the signature."""
        cores = self._cores(operands)
        shapes = [tuple(o.shape[: len(o.shape) - n]) for o, n in zip(operands, cores, strict=True)]
        loop = np.broadcast_shapes(*shapes)
        if 0 in loop:
            raise ArgumentError("vectorize: there is no element to apply the function to")
        operands = [
            broadcast_to(o, (*loop, *o.shape[len(s) :]))
            for o, s in zip(operands, shapes, strict=True)
        ]
        results = [call([getitem(o, i) for o in operands]) for i in np.ndindex(loop)]
        if not isinstance(results[0], tuple):
            return self._joined([[r] for r in results], loop)[0]
        return tuple(self._joined(results, loop))

    def _cores(self, operands: list[Any]) -> list[int]:
        """How many axes of each operand go into one call."""
        if self.signature is None:
            return [0] * len(operands)
        blocks = re.findall(r"\(([^)]*)\)", self.signature.partition("->")[0])
        names = [[n for n in re.split(r"[\s,]+", block) if n] for block in blocks]
        if len(names) != len(operands):
            raise ArgumentError(
                f"vectorize: the signature {self.signature!r} wants {len(names)} arguments, "
                f"got {len(operands)}"
            )
        sizes: dict[str, int] = {}
        for operand, core in zip(operands, names, strict=True):
            own = tuple(operand.shape[len(operand.shape) - len(core) :])
            fits = len(operand.shape) >= len(core)
            if not fits or any(sizes.setdefault(c, n) != n for c, n in zip(core, own, strict=True)):
                raise ShapeError(
                    f"vectorize: {describe(operand)} does not fit the signature {self.signature!r}"
                )
        return [len(core) for core in names]

    def _joined(self, results: Sequence[Sequence[Any]], loop: tuple[int, ...]) -> list[Any]:
        """One array of each output, in the dtypes asked for."""
        outputs = []
        for i, values in enumerate(zip(*results, strict=True)):
            out = stack([array_operand(v) for v in values])
            if self.otypes is not None:
                out = convert(out, dtype_of("vectorize", self.otypes[i]))
            outputs.append(reshape(out, (*loop, *out.shape[1:])))
        return outputs
