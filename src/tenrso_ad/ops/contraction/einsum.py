"""Contractions: einsum, matmul, vecdot, tensordot.

Each reads its arguments, takes a plan from `einsum_plan` (kept for each pair of shapes) and runs
the plan's steps, which are primitives of `pairwise` and of the other families: the derivatives are
theirs.
"""

from __future__ import annotations

import functools
import operator
from collections.abc import Sequence
from typing import Any, Literal

import numpy as np

from ...engine import trace as _trace
from ...engine.errors import ArgumentError, DTypeError, EinsumError, ShapeError, describe
from ...engine.trace import Tracer, bind
from ...engine.views import bind_view
from ..arguments import array_operand, axes_of, axis_of, dtype_of, into
from ..broadcasting import convert
from ..declare import namespace
from ..elementwise import conjugate
from ..pointwise import as_ufunc, ufuncs, with_keywords
from ..shaping.creation import asarray
from ..shaping.permuting import transpose_p
from . import plan as _plan
from . import spec as _spec
from .diagonals import take_p
from .lowering import letter
from .pairwise import contract_p
from .path import unknown_optimizer
from .plan import EinsumPlan

Shape = tuple[int, ...]
Casting = Literal["no", "equiv", "safe", "same_kind", "unsafe"]


def run(plan: EinsumPlan, operands: list[Any]) -> Any:
    """Run a plan on operands of the planned shapes, brought to their common dtype first."""
    dtype = operands[0].dtype
    for x in operands:
        if x.dtype != dtype:
            operands = promoted(operands)
            break
    for primitive, places, params, _ in plan.steps:
        chosen = [operands[p] for p in places]
        for p in places:  # each value is read once: let it go
            operands[p] = None
        operands.append(bind(primitive, chosen, params))
    return operands[-1]


def run_pair(plan: EinsumPlan, a: Any, b: Any) -> Any:
    """Run a plan of two operands; mostly it is one contraction."""
    if plan.pair is None or a.dtype != b.dtype:
        return run(plan, [a, b])
    if type(a) is type(b) is _trace.Tensor and a.trace is b.trace:  # what bind would do
        return a.trace.process_binary(contract_p, a, b, plan.pair)
    return bind(contract_p, (a, b), plan.pair)


def promoted(operands: Sequence[Any]) -> list[Any]:
    """Bring operands to their common dtype."""
    dtypes = [x.dtype for x in operands]
    try:
        dtype = np.result_type(*dtypes)
    except TypeError:  # dtypes of another array library
        inner = operands[0]
        while isinstance(inner, Tracer):
            inner = inner.value
        dtype = namespace(inner).result_type(*dtypes)
    return [convert(x, dtype) for x in operands]


# --- einsum ---------------------------------------------------------------------------------------


def einsum(
    subscripts: Any,
    /,
    *operands: Any,
    out: Any = None,
    optimize: Any = True,
    dtype: Any = None,
    order: Literal["K", "A", "C", "F"] = "K",
    casting: Casting = "safe",
) -> Any:
    """Sum products of operands over letters: the Einstein convention.

    Parameters
    ----------
    subscripts : str
        A letter an axis for each operand, and for the result after ``->``. Without ``->`` the
        result has the letters that stand once, in alphabetical order. A letter twice in one operand
        takes a diagonal; ``...`` stands for further axes, which broadcast; an axis of length 1
        broadcasts; spaces do not matter. Instead, operands and lists of integers may alternate:
        ``einsum(a, [0, 1], b, [1, 2], [0, 2])``.
    *operands : array_like
        One or more.
    out : ndarray, optional
        Where to put the result, if all operands are plain.
    optimize : bool, str, tuple or path
        In which order more than two operands are contracted, always in pairs. True finds a cheap
        order (all orders are compared for up to four operands, beyond that opt_einsum chooses);
        False goes from left to right; a name such as ``'greedy'`` or ``'optimal'``, alone or with a
        memory limit as ``('greedy', limit)``, is one of opt_einsum; a path is a sequence of tuples
        as `numpy.einsum_path` gives it. Integers that overflow aside, results differ by rounding
        only.
    dtype : dtype, optional
        To which the operands are converted first.
    order : {'K', 'A', 'C', 'F'}
        How a plain result lies in memory; tensors stay as they are.
    casting : {'no', 'equiv', 'safe', 'same_kind', 'unsafe'}
        What `dtype` may do.

    Returns
    -------
    array
        Of the operands' common dtype.

    Raises
    ------
    EinsumError
        A specification that cannot be read or does not fit the operands.
    ArgumentError, DTypeError
        An unknown `optimize`, a forbidden conversion.

    Notes
    -----
    Every contraction of a pair is one BLAS product over reshaped views, and the gradient runs over
    the same pairs: its cost grows linearly with the number of operands.

    Examples
    --------
    >>> import numpy as np
    >>> a, b = np.arange(6.0).reshape(2, 3), np.ones((3, 2))
    >>> einsum("ij,jk->ik", a, b)
    array([[ 3.,  3.],
           [12., 12.]])
    >>> float(einsum("ii", a[:, :2]))
    4.0
    """
    if not isinstance(subscripts, str):
        subscripts, values = _spec.interleaved((subscripts, *operands))
        operands = tuple(values)
    values = [array_operand(x) for x in operands]
    if optimize is not True:
        optimize = _hashable(subscripts, optimize)
    plan = _einsum_plan(subscripts, tuple([x.shape for x in values]), optimize)
    if dtype is not None:
        dtype = dtype_of("einsum", dtype)
        for x in values:
            if not np.can_cast(x.dtype, dtype, casting):
                raise DTypeError(
                    f"einsum('{subscripts}'): {describe(x)} does not convert to {dtype} with "
                    f"casting='{casting}'"
                )
        values = [convert(x, dtype) for x in values]
    if plan.pair is not None:
        result = run_pair(plan, *values)
    elif len(values) == 1 and isinstance(values[0], Tracer) and _only_looks(plan):
        result = values[0]
        for primitive, _, params, _ in plan.steps:
            result = bind_view(primitive, result, params)
    else:
        result = run(plan, values)
    if order != "K":
        result = asarray(result, order=order)
    return result if out is None else into("einsum", out, result)


def _only_looks(plan: EinsumPlan) -> bool:
    """Whether nothing is summed: of one operand the result then is a view."""
    return all([step.primitive in (transpose_p, take_p) for step in plan.steps])


def _hashable(text: str, optimize: Any) -> Any:
    """The argument `optimize` in the form in which plans are kept: a path is a tuple of tuples."""
    if isinstance(optimize, (list, tuple)):
        return tuple([tuple(p) if isinstance(p, list) else p for p in optimize])
    if isinstance(optimize, (bool, str)):
        return optimize
    raise unknown_optimizer(text, optimize)


@functools.lru_cache(maxsize=1024)
def _einsum_plan(text: str, shapes: tuple[Shape, ...], optimize: Any) -> EinsumPlan:
    if not shapes:
        raise EinsumError(f"einsum('{text}'): wants at least one operand")
    terms, output = _spec.read(text, tuple(map(len, shapes)))
    return _plan.plan(terms, output, shapes, optimize, text)


# --- products of two ------------------------------------------------------------------------------


def letters(first: int, count: int) -> str:
    """So many letters, from a number on."""
    return "".join(letter(n) for n in range(first, first + count))


def mismatch(name: str, a: Shape, b: Shape, reason: str) -> ShapeError:
    """Build the error for two shapes that do not fit."""
    return ShapeError(f"{name} of shapes {a} and {b}: {reason}")


def matmul(x1: Any, x2: Any, /, out: Any = None, **keywords: Any) -> Any:
    """Multiply matrices, or stacks of them along leading axes that broadcast.

    Parameters
    ----------
    x1 : array_like, shape (..., n, k) or (k,)
    x2 : array_like, shape (..., k, m) or (k,)
    out : array or Tensor, optional
        Where to put the result.
    **keywords
        `dtype` and `casting`, as NumPy's ufuncs take them.

    Returns
    -------
    array, shape (..., n, m)
        Without n for a vector `x1`, without m for a vector `x2`.

    Raises
    ------
    ShapeError
        Lengths that do not agree, or a 0-d operand.

    Examples
    --------
    >>> matmul([[1.0, 2.0], [3.0, 4.0]], [1.0, 1.0])
    array([3., 7.])
    """
    if out is not None or keywords:
        return with_keywords(matmul, (x1, x2), out, keywords)
    x1, x2 = array_operand(x1), array_operand(x2)
    return run_pair(_matmul_plan(x1.shape, x2.shape), x1, x2)


@functools.lru_cache(maxsize=1024)
def _matmul_plan(a: Shape, b: Shape) -> EinsumPlan:
    if not a or not b:
        raise mismatch("matmul", a, b, "a number has no matrix; multiply by it with * instead")
    inner = b[-2] if len(b) > 1 else b[0]
    if a[-1] != inner:
        where = "second-last axis of the second" if len(b) > 1 else "length of the second"
        raise mismatch(
            "matmul",
            a,
            b,
            f"the last axis of the first ({a[-1]}) and the {where} ({inner}) must agree",
        )
    stack, left, right = stack_letters("matmul", a, b, (a[:-2], b[:-2]), 3)
    row, column = "a" * (len(a) > 1), "c" * (len(b) > 1)
    terms = left + row + "b", right + "b" + column
    return _plan.plan(terms, stack + row + column, (a, b))


@as_ufunc(np.vecdot)
def vecdot(x1: Any, x2: Any, /, *, axis: int = -1) -> Any:
    """Sum ``conj(x1) * x2`` along an axis.

    Parameters
    ----------
    x1, x2 : array_like
        Their other axes broadcast.
    axis : int
        The axis to sum over, counted in each operand by itself.

    Raises
    ------
    ShapeError, AxisError
        Lengths that do not agree, or an axis that there is not.

    Examples
    --------
    >>> vecdot([[1.0, 2.0], [3.0, 4.0]], [1.0, 1.0])
    array([3., 7.])
    """
    x1, x2 = array_operand(x1), array_operand(x2)
    plan = _vecdot_plan(
        x1.shape, x2.shape, axis_of("vecdot", axis, x1), axis_of("vecdot", axis, x2)
    )
    return run_pair(plan, conjugate(x1), x2)


@functools.lru_cache(maxsize=1024)
def _vecdot_plan(a: Shape, b: Shape, axis_a: int, axis_b: int) -> EinsumPlan:
    if a[axis_a] != b[axis_b]:
        raise mismatch("vecdot", a, b, f"lengths {a[axis_a]} and {b[axis_b]} must agree")
    stacks = a[:axis_a] + a[axis_a + 1 :], b[:axis_b] + b[axis_b + 1 :]
    stack, left, right = stack_letters("vecdot", a, b, stacks, 1)
    terms = left[:axis_a] + "a" + left[axis_a:], right[:axis_b] + "a" + right[axis_b:]
    return _plan.plan(terms, stack, (a, b))


def stack_letters(
    name: str, a: Shape, b: Shape, stacks: tuple[Shape, Shape], first: int
) -> tuple[str, str, str]:
    """Letters of the axes that broadcast: of the result and of each operand."""
    try:
        rank = len(np.broadcast_shapes(*stacks))
    except ValueError:
        raise mismatch(name, a, b, f"axes {stacks[0]} and {stacks[1]} do not broadcast") from None
    stack = letters(first, rank)
    return stack, stack[rank - len(stacks[0]) :], stack[rank - len(stacks[1]) :]


def tensordot(a: Any, b: Any, axes: Any = 2) -> Any:
    """Multiply arrays along several axes at once.

    Parameters
    ----------
    a, b : array_like
    axes : int or (axes of a, axes of b)
        An int N pairs the last N axes of `a` with the first N of `b`. Else two ints or two
        sequences of int of one length: the axes that are paired.

    Returns
    -------
    array
        The other axes of `a`, then those of `b`.

    Raises
    ------
    ShapeError, AxisError, ArgumentError
        Lengths that do not agree, axes that there are not, or not as many of one operand as of the
        other.

    Examples
    --------
    >>> import numpy as np
    >>> tensordot(np.ones((2, 3, 4)), np.ones((4, 3, 5)), axes=([1, 2], [1, 0])).shape
    (2, 5)
    """
    a, b = array_operand(a), array_operand(b)
    if hasattr(axes, "tolist"):
        axes = axes.tolist()
    if isinstance(axes, (tuple, list)) and len(axes) == 2:
        pair = [x.tolist() if hasattr(x, "tolist") else x for x in axes]
        paired_a, paired_b = axes_of("tensordot", pair[0], a), axes_of("tensordot", pair[1], b)
    else:
        try:
            count = operator.index(axes)
        except TypeError:
            count = -1
        if not 0 <= count <= min(len(a.shape), len(b.shape)):
            raise ArgumentError(
                f"tensordot({describe(a)}, {describe(b)}): axes is a number of axes that both "
                f"have, or a pair (axes of a, axes of b), got {axes!r}"
            )
        paired_a, paired_b = tuple(range(len(a.shape) - count, len(a.shape))), tuple(range(count))
    return run_pair(paired_plan("tensordot", a.shape, b.shape, paired_a, paired_b), a, b)


@functools.lru_cache(maxsize=1024)
def paired_plan(
    name: str, a: Shape, b: Shape, axes_a: tuple[int, ...], axes_b: tuple[int, ...]
) -> EinsumPlan:
    """Pair axes of two arrays; the others stand in the result in order."""
    if len(axes_a) != len(axes_b):
        raise mismatch(name, a, b, f"{len(axes_a)} axes cannot pair with {len(axes_b)}")
    left, right = letters(0, len(a)), list(letters(len(a), len(b)))
    for i, j in zip(axes_a, axes_b, strict=True):
        if a[i] != b[j]:
            raise mismatch(
                name,
                a,
                b,
                f"axis {i} of the first ({a[i]}) and axis {j} of the second ({b[j]}) must agree",
            )
        right[j] = left[i]
    result = "".join(c for c in (*left, *right) if not (c in left and c in right))
    return _plan.plan((left, "".join(right)), result, (a, b))


ufuncs[np.matmul] = matmul
