"""Sums over all entries of a model and of data, in blocks: neither is ever held as a whole.

A model of any format is a product of two matrices, a half of the modes down and the others across.
A block of it is a product of a few rows and columns of these; from the loss's slope there, two more
products give what the block adds to their gradients.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from tenrso_ad import numpy as tnp
from tenrso_ad.decomposition.elementwise_losses import Loss
from tenrso_ad.decomposition.models import Model
from tenrso_ad.transforms import custom_vjp, value_and_grad

__all__ = ["blockwise_loss"]

BLOCK = 2**16
"""Entries that are formed at once: few enough to stay in a processor's cache, enough for matrix
products to run at full speed."""

LEAST = 32
"""Rows of a block, where there are so many, although they are longer than a block."""

Block = tuple[slice, slice]


def blockwise_loss(
    loss: Loss, model: Model, data: Any = None, mask: Any = None, weights: Any = None
) -> Any:
    """The sum of ``weights * loss(data, model)`` over a tensor, or over the entries of a mask.

    Parameters
    ----------
    loss : Loss
    model : Model
    data : ndarray, shape ``model.shape``, optional
        Zeros where it is not given. Its memory is read from one end to the other, so that it may be
        mapped from a file that is larger than memory.
    mask : ndarray of bool, weights : ndarray, shape ``model.shape``, optional

    Returns
    -------
    scalar or Tensor
        Differentiable to any order in the model. A gradient, or a Hessian-vector product in
        forward mode over reverse, keeps no more than a block and the two matrices.
    """
    left, right = model.halves()
    cut = model.cut
    arrays = [data, mask, weights]
    given = [a for a in arrays if a is not None]
    flipped = bool(given) and given[0].flags.f_contiguous and not given[0].flags.c_contiguous
    if flipped:  # the last modes are the slowest: go down those
        left, right = (
            _reversed_rows(right.T, model.shape[cut:]),
            _reversed_rows(left, model.shape[:cut]).T,
        )
    rows, columns = left.shape[0], right.shape[1]
    matrices = [
        None if a is None else (a.T if flipped else a).reshape(rows, columns) for a in arrays
    ]
    return _Sum(loss, *matrices)(left, right)


class _Sum:
    """The sum for data as a matrix, a function of the two matrices that make the model."""

    def __init__(self, loss: Loss, data: Any, mask: Any, weights: Any) -> None:
        self._loss, self._data, self._mask, self._weights = loss, data, mask, weights
        function = custom_vjp(self._value)
        function.defvjp(self._value_and_gradient, _pull)
        self._function: Callable[[Any, Any], Any] = function

    def __call__(self, left: Any, right: Any) -> Any:
        return self._function(left, right)

    def _value(self, left: Any, right: Any) -> Any:
        return sum(
            self._term(tnp.matmul(left[down], right[:, across]), down, across)
            for down, across in blocks(left.shape[0], right.shape[1])
        )

    def _value_and_gradient(self, left: Any, right: Any) -> tuple[Any, tuple[Any, Any]]:
        value: Any = 0
        slopes = value_and_grad(self._term)
        lefts: list[Any] = []  # one gradient a range of rows
        rights: dict[int, Any] = {}  # one a range of columns, by where it starts
        previous = None
        for down, across in blocks(left.shape[0], right.shape[1]):
            top, beside = left[down], right[:, across]
            term, slope = slopes(tnp.matmul(top, beside), down, across)
            value = value + term
            to_left, to_right = tnp.matmul(slope, beside.T), tnp.matmul(top.T, slope)
            if down == previous:
                lefts[-1] = lefts[-1] + to_left
            else:
                lefts.append(to_left)
            previous = down
            place = across.start
            rights[place] = rights[place] + to_right if place in rights else to_right
        gradient = tnp.concatenate(lefts, axis=0), tnp.concatenate([*rights.values()], axis=1)
        return value, gradient

    def _term(self, model: Any, down: slice, across: slice) -> Any:
        """The loss of a block."""
        x: Any = 0.0
        if self._data is not None:
            x = np.asarray(self._data[down, across])
            if x.dtype != model.dtype:
                x = x.astype(model.dtype)
        mask = None if self._mask is None else self._mask[down, across]
        if mask is not None and self._data is not None:
            x = np.where(mask, x, x.dtype.type(0))  # what is not observed may be NaN
        terms = self._loss(x, model)
        if self._weights is not None:
            terms = tnp.multiply(terms, np.asarray(self._weights[down, across], model.dtype))
        if mask is not None:
            terms = tnp.where(mask, terms, 0)
        return tnp.sum(terms)


def _pull(gradient: tuple[Any, Any], cotangent: Any) -> tuple[Any, Any]:
    return cotangent * gradient[0], cotangent * gradient[1]


def blocks(rows: int, columns: int) -> Iterator[Block]:
    """Blocks of a matrix in the order of its memory, as ranges of rows and of columns."""
    width = min(columns, max(1, BLOCK // min(rows, LEAST)))
    height = max(1, BLOCK // width)
    for top in range(0, rows, height):
        for start in range(0, columns, width):
            yield slice(top, min(top + height, rows)), slice(start, min(start + width, columns))


def _reversed_rows(matrix: Any, lengths: Sequence[int]) -> Any:
    """The rows of a matrix, which stand for the entries of some modes, the first one fastest."""
    order = [*reversed(range(len(lengths))), len(lengths)]
    view = tnp.transpose(tnp.reshape(matrix, (*lengths, -1)), order)
    return tnp.reshape(view, (math.prod(lengths), -1))
