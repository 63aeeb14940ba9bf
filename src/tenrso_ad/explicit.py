"""One pullback as an object, for callers who want no tape.

An object computes its operation when it is made, and gradients when it is called with a cotangent.
Given plain arrays it gives plain arrays; given tensors, what it gives can be differentiated again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from .engine.array_type import type_of
from .engine.errors import ArgumentError, ShapeError, describe
from .ops.arguments import Axis, array_operand
from .ops.broadcasting import match
from .ops.contraction.einsum import einsum
from .ops.elementwise import conjugate
from .ops.pointwise import scale
from .ops.reductions import extrema, logarithmic, moments, sums
from .transforms import custom_vjp, vjp

__all__ = ["EinsumVJP", "ElementwiseVJP", "ReductionVJP"]


class _ExplicitVJP:
    """A value, and the pullback that leads from it to the operands.

    Attributes
    ----------
    value : array
        Result of the operation.
    """

    def __init__(self, name: str, function: Callable[..., Any], operands: Sequence[Any]) -> None:
        def operation(*arrays: Any) -> Any:
            return function(*arrays)

        operation.__name__ = name  # for error messages
        self.value, self._pullback = vjp(operation, *map(array_operand, operands))

    def __call__(self, cotangent: Any) -> tuple[Any, ...]:
        """Gradients of the operands.

        Parameters
        ----------
        cotangent : array
            Of the shape of `value`; for complex values by the convention dL/dx + i dL/dy.

        Returns
        -------
        tuple of array
            One an operand, of its shape and dtype.

        Raises
        ------
        ShapeError
            A cotangent of another shape.
        """
        gradients: tuple[Any, ...] = self._pullback(cotangent)
        return gradients


class EinsumVJP(_ExplicitVJP):
    """Einsum, and the gradients of all its operands.

    NumPy operands are read-only as long as the object lives.

    Parameters
    ----------
    spec : str
        As for `numpy.einsum`.
    *operands : array_like
        Floating-point or complex, one or more.

    Raises
    ------
    EinsumError
        A specification that cannot be read or does not fit the operands.

    Examples
    --------
    >>> import numpy as np
    >>> import tenrso_ad as ta
    >>> product = ta.explicit.EinsumVJP("ij,j->i", np.ones((2, 3)), np.arange(3.0))
    >>> product.value
    array([3., 3.])
    >>> by_matrix, by_vector = product(np.array([1.0, 10.0]))
    >>> by_vector
    array([11., 11., 11.])
    """

    def __init__(self, spec: str, *operands: Any) -> None:
        if not isinstance(spec, str):
            raise ArgumentError(f"EinsumVJP takes a specification first, got {describe(spec)}")
        super().__init__(f"einsum({spec!r})", lambda *arrays: einsum(spec, *arrays), operands)


class ElementwiseVJP(_ExplicitVJP):
    """An elementwise function with derivatives that you give.

    NumPy operands are read-only as long as the object lives.

    Parameters
    ----------
    f : callable
        f(x) or f(x, y): an elementwise function; operands broadcast.
    derivatives : callable, or sequence of callables
        One an operand, called as `f`: the partial derivative by that operand, elementwise. None
        where that derivative is zero.
    *operands : array_like
        x, or x and y. Floating-point or complex.

    Raises
    ------
    ArgumentError
        Another number of derivatives than of operands.

    Notes
    -----
    For complex operands `f` must be holomorphic. Where a cotangent is zero the gradient is zero,
    even where the derivative is not finite. Second derivatives are exact if the derivatives are
    written in functions of NumPy or of this library.

    Examples
    --------
    >>> import numpy as np
    >>> import tenrso_ad as ta
    >>> x, y = np.array([[1.0], [2.0]]), np.array([3.0, 4.0])
    >>> power = ta.explicit.ElementwiseVJP(
    ...     lambda x, y: x**y,
    ...     (lambda x, y: y * x ** (y - 1), lambda x, y: x**y * np.log(x)),
    ...     x,
    ...     y,
    ... )
    >>> power(np.ones((2, 2)))[0]  # summed over the axis along which x was broadcast
    array([[ 7.],
           [44.]])
    """

    def __init__(
        self,
        f: Callable[..., Any],
        derivatives: Callable[..., Any] | Sequence[Callable[..., Any] | None],
        *operands: Any,
    ) -> None:
        given = (derivatives,) if callable(derivatives) else tuple(derivatives)
        if len(given) != len(operands) or not operands:
            raise ArgumentError(
                f"ElementwiseVJP wants one derivative for each operand, got {len(given)} "
                f"for {len(operands)}"
            )
        name = getattr(f, "__name__", "elementwise function")
        function = custom_vjp(f)

        def forward(*arrays: Any) -> tuple[Any, tuple[Any, ...]]:
            return function(*arrays), arrays

        def backward(arrays: tuple[Any, ...], cotangent: Any) -> tuple[Any, ...]:
            return tuple(
                None if d is None else _pulled_back(name, cotangent, d(*arrays), x)
                for d, x in zip(given, arrays, strict=True)
            )

        function.defvjp(forward, backward)
        super().__init__(name, function, operands)


def _pulled_back(name: str, cotangent: Any, derivative: Any, operand: Any) -> Any:
    """Multiply by the derivative and sum over the axes along which the operand was broadcast."""
    gradient = scale(cotangent, conjugate(array_operand(derivative)))
    if gradient.shape != cotangent.shape:
        raise ShapeError(
            f"a derivative of {name} is {describe(derivative)}, which does not broadcast to the "
            f"shape of its values, {tuple(cotangent.shape)}"
        )
    return match(gradient, *type_of(operand))


_REDUCTIONS: dict[str, Callable[..., Any]] = {
    "sum": sums.sum,
    "prod": sums.prod,
    "mean": moments.mean,
    "var": moments.var,
    "std": moments.std,
    "max": extrema.max,
    "min": extrema.min,
    "logsumexp": logarithmic.logsumexp,
}


class ReductionVJP(_ExplicitVJP):
    """A reduction over axes, and its gradient.

    A NumPy operand is read-only as long as the object lives.

    Parameters
    ----------
    kind : {"sum", "prod", "mean", "var", "std", "max", "min", "logsumexp"}
        Which reduction.
    x : array_like
        Floating-point or complex.
    axis : int or tuple of int, optional
        Axes that disappear; all of them by default.
    keepdims : bool
        Keep them with length 1.
    **options
        What else the function of that name takes, such as ``ddof`` or ``where``.

    Raises
    ------
    ArgumentError
        An unknown kind.
    AxisError
        An axis that x does not have.

    Examples
    --------
    >>> import numpy as np
    >>> import tenrso_ad as ta
    >>> largest = ta.explicit.ReductionVJP("max", np.array([[1.0, 3.0], [2.0, 2.0]]), axis=1)
    >>> largest.value
    array([3., 2.])
    >>> largest(np.ones(2))  # ties share evenly
    (array([[0. , 1. ],
           [0.5, 0.5]]),)
    """

    def __init__(
        self, kind: str, x: Any, axis: Axis = None, keepdims: bool = False, **options: Any
    ) -> None:
        try:
            reduce = _REDUCTIONS[kind]
        except (KeyError, TypeError):
            known = ", ".join(_REDUCTIONS)
            raise ArgumentError(f"ReductionVJP: kind is one of {known}; got {kind!r}") from None
        super().__init__(kind, lambda x: reduce(x, axis=axis, keepdims=keepdims, **options), (x,))
