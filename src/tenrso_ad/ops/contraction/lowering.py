"""How a contraction of two operands reaches BLAS.

A specification such as ``"ab,bc->ac"`` names the axes of two operands and of the result. A letter
is one of four kinds: in both operands and the result (batch), in the first and the result (rows),
in the second and the result (columns), in both operands only (summed). Operands are looked at as
matrices of rows by summed and summed by columns, a stack of them where there are batch letters;
`lower` finds the arrangement that copies least, and one call of NumPy then does the arithmetic.
"""

from __future__ import annotations

import functools
import math
import string
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy import ndarray

from ...engine.errors import EinsumError

_MARKS = frozenset(",->")

# Measured: np.dot starts 0.7 us sooner, but clears its result before it computes it.
_DOT_UP_TO = 8192
# Measured: in a stack of matrices a row less wide than this is slower than a copy of the operand.
_STACK_FROM = 4
# What one matrix of a stack costs beside its arithmetic, in elements copied.
_STACK_COST = 30
# BLAS multiplies and adds this often while one element is copied.
_PRODUCTS_PER_COPY = 16


def letter(number: int) -> str:
    """The letter of a number: a to z, A to Z, then characters beyond ASCII."""
    return string.ascii_letters[number] if number < 52 else chr(0x100 + number - 52)


@functools.lru_cache(maxsize=4096)
def renamed(text: str) -> str:
    """Rename letters a, b, c in order of appearance; other characters stay."""
    names: dict[str, str] = {}
    return "".join(names.setdefault(c, letter(len(names))) if c not in _MARKS else c for c in text)


def split(spec: str) -> list[str]:
    """The terms of a specification, the result's last."""
    inputs, output = spec.split("->")
    return [*inputs.split(","), output]


class View(NamedTuple):
    """How an operand is brought into the shape that the product takes."""

    axes: tuple[int, ...] | None
    copy: bool
    shape: tuple[int, ...] | None

    def of(self, x: ndarray) -> ndarray:
        """Look at an array so; copies only where there is no such view."""
        axes, copy, shape = self
        if axes is not None:
            x = x.transpose(axes)
        if copy:
            x = np.ascontiguousarray(x)
        return x if shape is None else x.reshape(shape)

    def of_foreign(self, x: Any, xp: Any) -> Any:
        """Look so at an array that is not NumPy's."""
        if self.axes is not None:
            x = xp.permute_dims(x, self.axes)
        return x if self.shape is None else xp.reshape(x, self.shape)


class Recipe(NamedTuple):
    """What is done to two arrays.

    Attributes
    ----------
    operation : {"dot", "matmul", "multiply"}
        One call of it does the arithmetic.
    swapped : bool
        Whether the second operand comes first.
    first, second : View or None
        How the operands enter; None as they are.
    shape : tuple of int or None
        What the product is reshaped to; None where it has that shape already.
    axes : tuple of int or None
        How the axes then come into the order of the result.
    """

    operation: str
    swapped: bool
    first: View | None
    second: View | None
    shape: tuple[int, ...] | None
    axes: tuple[int, ...] | None

    def compiled(self) -> Callable[[Any, Any], Any]:
        """A function that does it to NumPy arrays in as little time as possible."""
        operation, swapped, first, second, shape, axes = self
        turns = first == _TURN, second == _TURN
        if operation == "dot" and not swapped and shape is axes is None:
            if (first is None or turns[0]) and (second is None or turns[1]):
                return _SHORT[turns]
        return functools.partial(_run, *self)

    def run_foreign(self, a: Any, b: Any, xp: Any) -> Any:
        """Do it to arrays of another library."""
        if self.swapped:
            a, b = b, a
        if self.first is not None:
            a = self.first.of_foreign(a, xp)
        if self.second is not None:
            b = self.second.of_foreign(b, xp)
        out = xp.multiply(a, b) if self.operation == "multiply" else xp.matmul(a, b)
        if self.shape is not None:
            out = xp.reshape(out, self.shape)
        return out if self.axes is None else xp.permute_dims(out, self.axes)


class Lowering(NamedTuple):
    """How a contraction of two shapes is computed.

    Attributes
    ----------
    recipe : Recipe
    natural : str
        Letters of the product in the order in which it is computed.
    out_shape : tuple of int
        Shape of the result.
    cost : int
        Estimated time, in elements copied.
    run : callable
        Computes the contraction of two NumPy arrays.
    """

    recipe: Recipe
    natural: str
    out_shape: tuple[int, ...]
    cost: int
    run: Callable[[Any, Any], Any]


@functools.lru_cache(maxsize=4096)
def lower(spec: str, left_shape: tuple[int, ...], right_shape: tuple[int, ...]) -> Lowering:
    """Find how to compute a contraction.

    Parameters
    ----------
    spec : str
        Both operands and the result, as in ``"ab,bc->ac"``.
    left_shape, right_shape : tuple of int
        Shapes of the operands, whose memory is taken to be in C order: another order is still
        right, only slower.

    Raises
    ------
    EinsumError
        Shapes that do not fit the specification.

    Examples
    --------
    >>> recipe = lower("ab,cb->ac", (3, 4), (5, 4)).recipe
    >>> recipe.operation, recipe.first, recipe.second
    ('dot', None, View(axes=(1, 0), copy=False, shape=None))
    """
    left, right, out = split(spec)
    sizes = _sizes(spec, (left, right), (left_shape, right_shape))
    product = _elementwise if set(left) & set(right) <= set(out) else _matrices
    return product(left, right, out, sizes)


def _sizes(spec: str, terms: Sequence[str], shapes: Sequence[tuple[int, ...]]) -> dict[str, int]:
    """Length of each letter's axis."""
    sizes: dict[str, int] = {}
    for term, shape in zip(terms, shapes, strict=True):
        sizes.update(zip(term, shape, strict=False))
    if any(tuple([sizes.get(c) for c in t]) != s for t, s in zip(terms, shapes, strict=True)):
        shown = " and ".join(map(str, shapes))
        raise EinsumError(f"contract '{spec}': operands of shapes {shown} do not fit it")
    return sizes


class _Matrix:
    """One operand as a stack of matrices, and what it costs to see it so."""

    def __init__(
        self, term: str, kept: str, summed: str, batch: str, sizes: Mapping[str, int]
    ) -> None:
        self.term, self.kept, self.summed, self.stack = term, kept, summed, ""
        self.copy, self.cost = False, 0
        size = math.prod(sizes[c] for c in term)
        # an axis of one element is in nobody's way
        laid = "".join(c for c in term if sizes[c] != 1)
        if "".join(c for c in summed if c in laid) not in laid:
            self.cost = size
        elif "".join(c for c in kept if c in laid) not in laid:
            run = _widest_run(laid, kept, sizes)
            if math.prod(sizes[c] for c in run) >= _STACK_FROM:
                self.stack = "".join(c for c in kept if c not in run)
                self.kept = run
                self.cost = _STACK_COST * math.prod(sizes[c] for c in self.stack)
            else:
                self.cost = size
        inner = [math.prod(sizes[c] for c in group) for group in (self.kept, summed)]
        if laid and laid[-1] in batch + self.stack and min(inner) > 1:
            self.copy, self.cost = True, size  # BLAS wants one axis of each matrix without gaps

    def view(
        self,
        batch: str,
        stack: str,
        ones: tuple[int, int],
        groups: tuple[str, str],
        sizes: Mapping[str, int],
    ) -> View | None:
        """How it becomes a stack of matrices, with axes of length 1 around its own stack."""
        order = batch + stack + "".join(groups)
        before = tuple(sizes[c] for c in order)
        axes = tuple(self.term.index(c) for c in order)
        core = [math.prod(sizes[c] for c in g) for g in groups if g or batch or stack or any(ones)]
        lead: list[int] = []
        if batch or stack:
            lead = [1] * ones[0] + [sizes[c] for c in stack] + [1] * ones[1]
        return _view(axes, self.copy, (*(sizes[c] for c in batch), *lead, *core), before)


def _widest_run(laid: str, kept: str, sizes: Mapping[str, int]) -> str:
    """Kept letters that lie side by side, among them the last axis if it is kept."""
    runs = "".join(c if c in kept else " " for c in laid).split()
    if laid[-1] in kept:
        return runs[-1]
    return max(runs, key=lambda run: math.prod(sizes[c] for c in run))


def _view(
    axes: tuple[int, ...], copy: bool, shape: tuple[int, ...], before: tuple[int, ...]
) -> View | None:
    moved = None if axes == tuple(range(len(axes))) else axes
    shaped = None if shape == before else shape
    return View(moved, copy, shaped) if moved or copy or shaped is not None else None


def _elementwise(left: str, right: str, out: str, sizes: Mapping[str, int]) -> Lowering:
    """Nothing is summed: an elementwise product with broadcasting, in the order of the result."""
    views = []
    for term in (left, right):
        axes = tuple(term.index(c) for c in out if c in term)
        shape = [sizes[c] if c in term else 1 for c in out]
        while shape and out[len(out) - len(shape)] not in term:
            del shape[0]
        views.append(_view(axes, False, tuple(shape), tuple(sizes[term[i]] for i in axes)))
    out_shape = tuple(sizes[c] for c in out)
    recipe = Recipe("multiply", False, views[0], views[1], None, None)
    return Lowering(recipe, out, out_shape, math.prod(out_shape), recipe.compiled())


def _matrices(left: str, right: str, out: str, sizes: Mapping[str, int]) -> Lowering:
    """Letters are summed: a product of matrices, or of stacks of them."""
    swapped = out[-1:] in set(left) - set(right)  # then the last axis comes out without gaps
    if swapped:
        left, right = right, left
    batch = "".join(c for c in out if c in left and c in right)
    rows = "".join(c for c in left if c not in right)
    columns = "".join(c for c in right if c not in left)
    summed = [c for c in left if c in right and c not in out]
    one, two = min(
        (
            (_Matrix(left, rows, order, batch, sizes), _Matrix(right, columns, order, batch, sizes))
            for order in dict.fromkeys(["".join(summed), "".join(c for c in right if c in summed)])
        ),
        key=lambda matrices: matrices[0].cost + matrices[1].cost,
    )
    stack = batch + one.stack + two.stack
    first = one.view(batch, one.stack, (0, len(two.stack)), (one.kept, one.summed), sizes)
    second = two.view(batch, two.stack, (len(one.stack), 0), (two.summed, two.kept), sizes)
    computed = tuple(sizes[c] for c in stack)
    computed += tuple(math.prod(sizes[c] for c in m.kept) for m in (one, two) if m.kept or stack)
    natural = stack + one.kept + two.kept
    before = tuple(sizes[c] for c in natural)
    back = _view(tuple(natural.index(c) for c in out), False, before, computed)
    shape, axes = (None, None) if back is None else (back.shape, back.axes)
    small = not stack and math.prod(computed) <= _DOT_UP_TO
    recipe = Recipe("dot" if small else "matmul", swapped, first, second, shape, axes)
    cost = one.cost + two.cost + math.prod(sizes.values()) // _PRODUCTS_PER_COPY
    if axes is not None:  # somebody will have to copy the result
        cost += math.prod(computed)
    out_shape = tuple(sizes[c] for c in out)
    return Lowering(recipe, natural, out_shape, cost, recipe.compiled())


# --- running --------------------------------------------------------------------------------------


def _run(
    operation: str,
    swapped: bool,
    first: View | None,
    second: View | None,
    shape: tuple[int, ...] | None,
    axes: tuple[int, ...] | None,
    a: ndarray,
    b: ndarray,
) -> Any:
    if swapped:
        a, b = b, a
    if first is not None:
        a = first.of(a)
    if second is not None:
        b = second.of(b)
    if operation == "dot":
        out = a.dot(b)
    elif operation == "matmul":
        out = np.matmul(a, b)
    else:
        out = np.multiply(a, b, order="C")
    if shape is not None:
        out = out.reshape(shape)
    return out if axes is None else out.transpose(axes)


# Matrices as they are or turned: the shortest way to the product.
_SHORT: dict[tuple[bool, bool], Callable[[Any, Any], Any]] = {
    (False, False): lambda a, b: a.dot(b),
    (False, True): lambda a, b: a.dot(b.T),
    (True, False): lambda a, b: a.T.dot(b),
    (True, True): lambda a, b: a.T.dot(b.T),
}
_TURN = View((1, 0), False, None)
