"""Traces, tracers and ``bind``.

A transform opens a trace; the arrays it follows travel as tracers of that trace. Every trace has a
level of its own, and a later trace has the higher one: the trace opened last is the innermost.
``bind`` gives an operation to the innermost trace among its operands; what that trace computes it
binds again on the wrapped values, one level further out, until plain arrays are left. Levels are
never used twice, so that two derivatives can never be taken for one another (perturbation
confusion: Siskind and Pearlmutter, 2005).
"""

from __future__ import annotations

import itertools
import weakref
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NoReturn

import numpy as np
from numpy import ndarray

from . import hooks
from .errors import (
    ArgumentError,
    ConcretizationError,
    LeakedTensorError,
    NotDifferentiableError,
    UnsupportedError,
    explain,
)
from .primitive import NO_PARAMS, Primitive

next_level = itertools.count().__next__

evaluation: dict[Primitive, Callable[..., Any]] = {}
"""How a primitive is computed on plain arrays: rule(*values, **params)."""

foreign_evaluation: dict[Primitive, Callable[..., Any]] = {}
"""The same for operands of which one is not NumPy's, where `evaluation` is for NumPy's only."""

NUMPY_TYPES: frozenset[type] = frozenset(
    {np.ndarray, bool, int, float, complex, *np.sctypeDict.values()}
)
"""What NumPy computes on by itself: its arrays and scalars, and Python's numbers."""


class Trace:
    """One run of one transform.

    Attributes
    ----------
    level : int
        Higher is further in.
    closed : bool
        True once the transform has returned; its tracers may not be used any more.
    imperative : bool
        True where the user steers (a tape), so that tensors may turn into Python numbers.
    once : bool
        True where a function runs once for many runs, so that what it does to the world around it
        would happen once too.
    """

    __slots__ = ("closed", "level")
    imperative = False
    once = False
    what = "transform"

    def __init__(self) -> None:
        self.level = next_level()
        self.closed = False

    def process(self, primitive: Primitive, args: Sequence[Any], params: Mapping[str, Any]) -> Any:
        """Apply a primitive to operands of which at least one is a tracer of this trace."""
        raise NotImplementedError

    def process_unary(self, primitive: Primitive, x: Tracer) -> Any:
        """Apply a primitive to one tracer of this trace, without parameters."""
        return self.process(primitive, (x,), NO_PARAMS)

    def process_binary(
        self, primitive: Primitive, x: Tracer, y: Any, params: Mapping[str, Any] = NO_PARAMS
    ) -> Any:
        """Apply a primitive to a tracer of this trace and another one, or an array."""
        return self.process(primitive, (x, y), params)

    def process_custom(self, call: Any, args: Sequence[Any]) -> Any:
        """Apply a function that brings its own derivative (see `custom`)."""
        raise NotImplementedError

    def shape_of(self, tracer: Tracer) -> tuple[int, ...]:
        """Shape that the user sees."""
        return tracer.value.shape  # type: ignore[no-any-return]

    def concrete(self, tracer: Tracer, wish: str) -> Any:
        """Plain array behind a tracer, for control flow; raises where there is none."""
        return concrete(tracer.value, wish)

    def __call__(self, *args: Any, **kwargs: Any) -> NoReturn:
        """Raise: of an array, ``x.trace()`` is the sum of a diagonal."""
        raise UnsupportedError("x.trace is the trace that a tensor belongs to; write np.trace(x)")

    def check_open(self) -> None:
        """Raise where the transform has already returned."""
        if self.closed:
            raise LeakedTensorError(
                f"a tensor of a {self.what} that has returned was used at {hooks.user_line()}. "
                "Return what you need from the function instead of storing it outside."
            )


class Tracer:
    """An array that a trace follows; `tenrso_ad.Tensor` is the one subclass.

    Attributes
    ----------
    value : array or Tracer
        What it wraps, one level further out.
    trace : Trace
        The trace that follows it.
    node : object
        What that trace knows of it: a tape node, a tangent, a graph variable.
    views : set of weak reference, or None
        The tensors that were read from it as views; see `views`.
    origin : tuple
        How it was read itself; set only where it is a view.
    """

    __slots__ = ("__weakref__", "node", "origin", "trace", "value", "views")
    origin: tuple[Tracer, Primitive, Mapping[str, Any]]

    def __init__(self, value: Any, trace: Trace, node: Any) -> None:
        self.value = value
        self.trace = trace
        self.node = node
        self.views: set[weakref.ref[Tracer]] | None = None

    @property
    def shape(self) -> tuple[int, ...]:
        """Lengths of the axes."""
        return self.trace.shape_of(self)

    @property
    def dtype(self) -> Any:
        """Type of the elements."""
        return self.value.dtype


Tensor: type[Tracer] = Tracer  # tensor.py puts the public class here


def register_tensor_type(cls: type[Tracer]) -> type[Tracer]:
    """Name the class of which every tracer is made."""
    global Tensor
    Tensor = cls
    return cls


def snapshot(value: Any) -> Any:
    """Give a tensor as it is now, and anything else as it is.

    The user may change a tensor in place. What is kept for later, or wrapped by another tensor,
    therefore is never the user's own object.
    """
    if isinstance(value, Tracer):
        return Tensor(value.value, value.trace, value.node)
    return value


def innermost(args: Sequence[Any]) -> Trace | None:
    """Trace of the highest level among operands, or None where all are plain."""
    top, level = None, -1
    for a in args:
        if isinstance(a, Tracer) and a.trace.level > level:
            top = a.trace
            level = top.level
    return top


def bind(primitive: Primitive, args: Sequence[Any], params: Mapping[str, Any] = NO_PARAMS) -> Any:
    """Apply a primitive to operands through the innermost trace among them."""
    top, level, foreign = None, -1, False
    for a in args:
        kind = type(a)
        if kind is ndarray:
            continue
        if kind is Tensor:
            trace = a.trace
            if trace.level > level:
                top = trace
                level = trace.level
        elif kind not in NUMPY_TYPES:
            foreign = True
    if top is not None:
        return top.process(primitive, args, params)
    table = foreign_evaluation if foreign and primitive in foreign_evaluation else evaluation
    try:
        rule = table[primitive]
        out = rule(*args, **params) if params else rule(*args)
    except Exception as error:
        raise explain(primitive.name, args, params, error) from error
    if hooks.active:
        for hook in hooks.after_evaluation:
            hook(primitive, args, params, out)
    return out


def concrete(value: Any, wish: str) -> Any:
    """Plain array behind any number of tracers.

    Parameters
    ----------
    value : array or Tracer
        What to look behind.
    wish : str
        What the value is needed for; the error says it.
    """
    while isinstance(value, Tracer):
        value = value.trace.concrete(value, wish)
    return value


def no_value(tracer: Tracer, wish: str, where: str, way_out: str) -> ConcretizationError:
    """Build the error for a tracer that stands for many values or for none yet."""
    dims = ",".join(map(str, tracer.shape))
    return ConcretizationError(
        f"{wish} needs the value of a {tracer.dtype}[{dims}] tensor, but {where}, at "
        f"{hooks.user_line()}. {way_out}"
    )


def custom_results(trace: Trace, name: str, values: Sequence[Any]) -> list[Any]:
    """Results of a custom function as the trace around it takes them.

    Constants that it made lie on a tape further in, and so does what was computed with them. What
    depends on another tensor that it was not given raises.
    """
    results = []
    for value in values:
        while (
            isinstance(value, Tracer)
            and value.trace.level > trace.level
            and value.trace.imperative
            and value.node is None
        ):
            value = value.value
        if isinstance(value, Tracer) and value.trace.level >= trace.level:
            raise ArgumentError(
                f"{name} has a derivative of its own, but uses a tensor of the {trace.what} "
                "around it that is not among its arguments, so that its rule cannot give "
                "that tensor's gradient. Pass the tensor as an argument."
            )
        results.append(value)
    return results


def missing_rule(primitive: Primitive, mode: str) -> NotDifferentiableError:
    """Build the error for a primitive that lacks a rule."""
    return NotDifferentiableError(
        f"{primitive.name} has no {mode} rule (used at {hooks.user_line()})"
    )


def is_inexact(dtype: Any) -> bool:
    """Whether a dtype, of NumPy, ml_dtypes or another library, is real or complex float."""
    try:
        dtype = np.dtype(dtype)
    except TypeError:  # a dtype of another array library
        return bool(
            getattr(dtype, "is_floating_point", False) or getattr(dtype, "is_complex", False)
        )
    return dtype.kind in "fc" or (dtype.kind == "V" and "float" in dtype.name)
