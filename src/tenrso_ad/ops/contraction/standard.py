"""cross, outer, diagonal and trace as `numpy.linalg` and the array API standard have them.

They are stricter than NumPy's older functions of these names, or take other axes by default.
"""

from __future__ import annotations

from typing import Any

from ...engine.errors import ShapeError, describe
from ..arguments import array_operand, axis_of
from ..reductions import sums
from ..shaping import diagonals
from . import products, vectors


def cross(x1: Any, x2: Any, /, *, axis: int = -1) -> Any:
    """Cross product of vectors of 3 components, or of stacks of them, which broadcast.

    Parameters
    ----------
    x1, x2 : array_like
    axis : int
        Along which the components lie.

    Raises
    ------
    ShapeError, AxisError
        Vectors of another length, stacks that do not broadcast, or an axis that there is not.

    Examples
    --------
    >>> cross([1, 0, 0], [0, 1, 0])
    array([0, 0, 1])
    """
    x1, x2 = array_operand(x1), array_operand(x2)
    lengths = [x.shape[axis_of("cross", axis, x)] for x in (x1, x2)]
    if lengths != [3, 3]:
        raise ShapeError(
            f"cross({describe(x1)}, {describe(x2)}): wants vectors of 3 components, got "
            f"{lengths[0]} and {lengths[1]}"
        )
    return vectors.cross(x1, x2, axis=axis)


def outer(x1: Any, x2: Any, /) -> Any:
    """Multiply every element of one vector with every element of another.

    Parameters
    ----------
    x1, x2 : array_like
        1-d.

    Raises
    ------
    ShapeError
        An operand that is not 1-d.

    Examples
    --------
    >>> outer([1, 2], [1, 10])
    array([[ 1, 10],
           [ 2, 20]])
    """
    x1, x2 = array_operand(x1), array_operand(x2)
    if len(x1.shape) != 1 or len(x2.shape) != 1:
        raise ShapeError(
            f"outer({describe(x1)}, {describe(x2)}): wants vectors; np.outer flattens other arrays"
        )
    return products.outer(x1, x2)


def diagonal(x: Any, /, *, offset: int = 0) -> Any:
    """Elements on a diagonal of the matrices that the last two axes make.

    Parameters
    ----------
    x : array_like, shape (..., n, m)
    offset : int
        Which diagonal: above the main one if positive, below it if negative.

    Examples
    --------
    >>> diagonal([[[1, 2], [3, 4]], [[5, 6], [7, 8]]])
    array([[1, 4],
           [5, 8]])
    """
    return diagonals.diagonal(x, offset, -2, -1)


def trace(x: Any, /, *, offset: int = 0, dtype: Any = None) -> Any:
    """Sum of a diagonal of the matrices that the last two axes make.

    Parameters
    ----------
    x : array_like, shape (..., n, m)
    offset : int
        Which diagonal: above the main one if positive, below it if negative.
    dtype : dtype, optional
        In which to sum; by default small integers are summed in NumPy's default integer.

    Examples
    --------
    >>> trace([[[1, 2], [3, 4]], [[5, 6], [7, 8]]])
    array([ 5, 13])
    """
    return sums.trace(x, offset, -2, -1, dtype)
