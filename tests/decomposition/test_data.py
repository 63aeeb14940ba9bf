"""What is accepted as data, and what is said of the rest."""

import numpy as np
import pytest
import scipy.sparse

from tenrso_ad.decomposition.data import as_data
from tenrso_ad.engine.errors import ArgumentError


@pytest.mark.parametrize(
    ("dtype", "expected"),
    [
        (np.float32, np.float32), (np.float64, np.float64), (np.float16, np.float32),
        (np.longdouble, np.float64), (">f4", np.float32), (">f8", np.float64),
        (np.int8, np.float64), (np.uint64, np.float64), (bool, np.float64),
    ],
)  # fmt: skip
def test_numbers_become_floats(dtype, expected):
    array = np.array([[1, 0], [0, 1]], dtype=dtype)
    data = as_data(array, "x")
    assert data.dtype == np.dtype(expected)
    assert data.dtype.isnative
    np.testing.assert_array_equal(data, [[1, 0], [0, 1]])


@pytest.mark.parametrize("order", ["C", "F"])
def test_floats_are_not_copied(order):
    array = np.ones((3, 4), order=order)
    assert as_data(array, "x") is array


def test_nan_passes():
    assert np.isnan(as_data([[1.0, np.nan]], "x")[0, 1])


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (np.array([["a", "b"]]), r"^x: wanted numbers, got strings$"),
        (np.array([[b"a", b"b"]]), r"^x: wanted numbers, got strings$"),
        (np.array([["a"]], dtype=np.dtypes.StringDType()), r"^x: wanted numbers, got strings$"),
        (np.array([[{}, None]]), r"^x: wanted numbers, got Python objects$"),
        (np.zeros((2, 2), dtype="f8,i4"), r"^x: wanted numbers, got records"),
        (np.zeros((2, 2), dtype="M8[s]"), r"^x: wanted numbers, got dates$"),
        (np.zeros((2, 2), dtype="m8[s]"), r"^x: wanted numbers, got time spans$"),
        (np.ones((2, 2), dtype=complex), r"^x: wanted real numbers, got complex128; fit the real"),
        (np.zeros((2, 0)), r"^x: the array is empty, its shape is \(2, 0\)$"),
        (
            np.zeros(3),
            r"^x: wanted a tensor of order 2 or more, got one of order 1 and shape \(3,\)",
        ),
        (3.0, r"^x: wanted a tensor of order 2 or more, got one of order 0"),
        ([[1.0, np.inf], [-np.inf, 2.0]], r"^x: wanted finite numbers or NaN, got 2 infinite"),
        (scipy.sparse.eye_array(3), r"^x: wanted a dense array, got a sparse one$"),
    ],
)
def test_everything_else_is_refused_in_words(values, message):
    with pytest.raises(ArgumentError, match=message):
        as_data(values, "x")
