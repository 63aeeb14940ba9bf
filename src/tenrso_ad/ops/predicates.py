"""Questions with a yes or a no: what kind of number, and whether arrays are equal or close.

Their answers have no derivative. Of plain arrays, the questions about whole arrays give a bool; of
tensors, a boolean tensor without axes, whose bool() is the answer, and which vmap and staging take.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..engine.errors import DTypeError, describe
from ..engine.trace import Tracer, is_inexact
from . import elementwise as ew
from .arguments import array_operand, into
from .broadcasting import convert
from .declare import is_complex, namespace_inside
from .pointwise import operand
from .reductions.sums import all as all_of
from .rounding import signbit


def isposinf(x: Any, out: Any = None) -> Any:
    """Elementwise whether it is positive infinity."""
    x = _real(x, "isposinf")
    return into("isposinf", out, ew.logical_and(ew.isinf(x), ew.logical_not(signbit(x))))


def isneginf(x: Any, out: Any = None) -> Any:
    """Elementwise whether it is negative infinity."""
    x = _real(x, "isneginf")
    return into("isneginf", out, ew.logical_and(ew.isinf(x), signbit(x)))


def _real(x: Any, name: str) -> Any:
    x = operand(x)
    if is_complex(x):
        raise DTypeError(f"{name}({describe(x)}): complex numbers have no sign; ask of their parts")
    return x


def isreal(x: Any) -> Any:
    """Elementwise whether the imaginary part is zero."""
    return ew.equal(ew.imag(x), 0)


def iscomplex(x: Any) -> Any:
    """Elementwise whether the imaginary part is not zero."""
    return ew.not_equal(ew.imag(x), 0)


def iscomplexobj(x: Any) -> bool:
    """Whether the dtype is complex, whatever the values."""
    return is_complex(operand(x))


def isrealobj(x: Any) -> bool:
    """Whether the dtype is not complex, whatever the values."""
    return not iscomplexobj(x)


def real_if_close(a: Any, tol: float = 100) -> Any:
    """Drop the imaginary part if it is nearly zero everywhere.

    The dtype of the result depends on the values, so that they have to be known: not inside vmap,
    and not while staging.

    Parameters
    ----------
    a : array_like
    tol : float
        What counts as nearly zero: so many machine epsilons, or, up to 1, this number itself.

    Examples
    --------
    >>> import numpy as np
    >>> real_if_close(np.array([2 + 1e-15j]))
    array([2.])
    """
    a = array_operand(a)
    if not is_complex(a):
        return a
    if tol > 1:
        tol *= float(namespace_inside(a).finfo(a.dtype).eps)
    small = ew.less(ew.absolute(ew.imag(a)), tol)
    return ew.real(a) if all_of(small) else a


def isclose(a: Any, b: Any, rtol: Any = 1e-5, atol: Any = 1e-8, equal_nan: bool = False) -> Any:
    """Elementwise whether ``abs(a - b) <= atol + rtol * abs(b)``.

    Parameters
    ----------
    a, b : array_like
        Equal infinities are close.
    rtol, atol : array_like
    equal_nan : bool
        Whether NaN is close to NaN.

    Examples
    --------
    >>> isclose([1.0, 2.0], [1.0 + 1e-9, 2.1])
    array([ True, False])
    """
    a, b = ew.stop_gradient(operand(a)), ew.stop_gradient(operand(b))
    if not hasattr(b, "dtype"):
        b = b if isinstance(b, complex) else float(b)
        xp = namespace_inside(a)
        b = b if xp is np else xp.asarray(b)
    elif not is_inexact(b.dtype):  # the smallest integer has no absolute value
        b = convert(b, np.result_type(b.dtype, 1.0))
    finite = ew.isfinite(b)
    target = ew.where(finite, b, 0)  # infinities have no difference
    near = ew.less_equal(ew.absolute(a - target), atol + rtol * ew.absolute(target))
    close = ew.logical_or(ew.logical_and(near, finite), ew.equal(a, b))
    return ew.logical_or(close, _both_nan(a, b)) if equal_nan else close


def allclose(a: Any, b: Any, rtol: Any = 1e-5, atol: Any = 1e-8, equal_nan: bool = False) -> Any:
    """Whether all elements are close, as `isclose`."""
    return _answer(isclose(a, b, rtol, atol, equal_nan))


def array_equal(a1: Any, a2: Any, equal_nan: bool = False) -> Any:
    """Whether two arrays have the same shape and elements.

    Parameters
    ----------
    a1, a2 : array_like
    equal_nan : bool
        Whether NaN is equal to NaN.
    """
    a1, a2 = ew.stop_gradient(array_operand(a1)), ew.stop_gradient(array_operand(a2))
    if a1.shape != a2.shape:
        return False
    same = ew.equal(a1, a2)
    return _answer(ew.logical_or(same, _both_nan(a1, a2)) if equal_nan else same)


def array_equiv(a1: Any, a2: Any) -> Any:
    """Whether two arrays broadcast to the same shape and have the same elements there."""
    a1, a2 = ew.stop_gradient(array_operand(a1)), ew.stop_gradient(array_operand(a2))
    try:
        np.broadcast_shapes(tuple(a1.shape), tuple(a2.shape))
    except ValueError:
        return False
    return _answer(ew.equal(a1, a2))


def _both_nan(a: Any, b: Any) -> Any:
    return ew.logical_and(ew.isnan(a), ew.isnan(b))


def _answer(holds: Any) -> Any:
    holds = all_of(holds)
    return holds if isinstance(holds, Tracer) else bool(holds)
