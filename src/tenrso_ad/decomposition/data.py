"""What a tensor of data has to be before anything is fitted to it."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tenrso_ad.engine.errors import ArgumentError

__all__ = ["as_data"]

# The kinds of dtype that hold no real numbers, and what to say of them.
UNUSABLE_KINDS = {
    "c": "wanted real numbers, got {}; fit the real and the imaginary part, or the magnitude",
    "U": "wanted numbers, got strings",
    "S": "wanted numbers, got strings",
    "T": "wanted numbers, got strings",
    "O": "wanted numbers, got Python objects",
    "V": "wanted numbers, got records of several fields",
    "M": "wanted numbers, got dates",
    "m": "wanted numbers, got time spans",
}


def as_data(values: Any, name: str) -> NDArray[Any]:
    """Return values as a tensor of real floating-point numbers.

    Parameters
    ----------
    values : array_like
        Float32 and float64 stay as they are, without a copy; float16 becomes float32, and
        integers, booleans and wider floats become float64.
    name : str
        What messages call the values.

    Returns
    -------
    ndarray, order 2 or more
        Its entries are finite, or NaN for a missing value.

    Raises
    ------
    ArgumentError
        Where the values are not real numbers, are none, have order 0 or 1, or are infinite.

    Examples
    --------
    >>> as_data([[1, 2], [3, 4]], "table")
    array([[1., 2.],
           [3., 4.]])
    """
    if hasattr(values, "toarray"):
        raise ArgumentError(f"{name}: wanted a dense array, got a sparse one")
    array = np.asarray(values)
    if problem := UNUSABLE_KINDS.get(array.dtype.kind):
        raise ArgumentError(f"{name}: {problem.format(array.dtype)}")
    if array.size == 0:
        raise ArgumentError(f"{name}: the array is empty, its shape is {array.shape}")
    if array.ndim < 2:
        raise ArgumentError(
            f"{name}: wanted a tensor of order 2 or more, got one of order {array.ndim} "
            f"and shape {array.shape}"
        )
    if array.dtype not in (np.float32, np.float64):  # foreign byte orders are among these
        narrow = array.dtype.kind == "f" and array.dtype.itemsize <= 4
        array = array.astype(np.float32 if narrow else np.float64)
    if infinite := int(np.count_nonzero(np.isinf(array))):
        raise ArgumentError(
            f"{name}: wanted finite numbers or NaN, got {infinite} infinite entries"
        )
    return array
