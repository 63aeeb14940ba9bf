"""A function against array_api_strict: equal values, dtypes and shapes, or both refuse.

A file of tests lists the functions of a chapter with the strategy of their calls::

    test_searching = holds({"argmax": along("real", several=False)})

What follows a space in a name only tells two rows of one function apart.
"""

import warnings

import array_api_strict as strict
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings

import tenrso_ad as ta

xp = ta.array_api
DTYPES = {
    getattr(strict, name): getattr(xp, name) for name in strict.__array_namespace_info__().dtypes()
}
REFUSALS = (ValueError, IndexError, TypeError, ZeroDivisionError)


def ours(value):
    """Arguments for our namespace in the place of array_api_strict's."""
    if isinstance(value, (tuple, list)):
        return type(value)(ours(v) for v in value)
    if isinstance(value, type(strict.ones(1))):
        return xp.asarray(np.array(np.from_dlpack(value)))
    try:
        return DTYPES.get(value, value)
    except TypeError:
        return value


def assert_equal(got, expected, what, rtol, signs=True):
    if isinstance(expected, (tuple, list)):
        assert isinstance(got, type(expected) if not hasattr(expected, "_fields") else tuple)
        assert getattr(got, "_fields", None) == getattr(expected, "_fields", None)
        assert len(got) == len(expected), what
        for number, (g, e) in enumerate(zip(got, expected, strict=True)):
            assert_equal(g, e, f"{what}[{number}]", rtol, signs)
        return
    assert type(got) is ta.Tensor, what
    value, wanted = np.asarray(got), np.from_dlpack(expected)
    assert (got.dtype, got.shape) == (wanted.dtype, wanted.shape), what
    tolerance = (0.0, 0.0)
    if wanted.dtype.kind in "fc" and rtol:
        with np.errstate(over="ignore"):
            sizes = np.abs(wanted)
        largest = sizes[np.isfinite(sizes)].max(initial=0.0)
        rtol = rtol * np.finfo(wanted.dtype).eps
        tolerance = (rtol, rtol * float(largest))
    np.testing.assert_allclose(value, wanted, *tolerance, err_msg=what)
    if signs and wanted.dtype.kind == "f":
        zero = (wanted == 0) & (value == 0)
        assert np.array_equal(np.signbit(value)[zero], np.signbit(wanted)[zero]), what


def outcome(function, args, keywords):
    """Result, or the exception that a refusal is."""
    try:
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            return function(*args, **keywords)
    except REFUSALS as error:
        return error


def function_of(namespace, name):
    for part in name.split("."):
        namespace = getattr(namespace, part)
    return namespace


def check(name, arguments, rtol=4.0, signs=True):
    name = name.split()[0]
    args, keywords = arguments
    theirs = outcome(function_of(strict, name), args, keywords)
    what = f"{name}(*{args}, **{keywords})"
    args, keywords = ours(args), {k: ours(v) for k, v in keywords.items()}
    mine = outcome(function_of(xp, name), args, keywords)
    if isinstance(theirs, Exception):
        assert isinstance(mine, Exception), f"{what} is refused by array_api_strict"
        return
    if isinstance(mine, Exception):
        raise AssertionError(what) from mine
    assert_equal(mine, theirs, what, rtol, signs)


def each(table):
    return pytest.mark.parametrize(
        ("name", "arguments"), [pytest.param(n, a, id=n) for n, a in table.items()]
    )


few = settings(
    max_examples=20,
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
)


def holds(table, rtol=4.0, signs=True):
    """A test of each function of a table {name: strategy of its calls}.

    Parameters
    ----------
    rtol : float
        In units of the last place, relative to the largest element.
    signs : bool
        Whether zeros have to have the same sign.
    """

    @each(table)
    def test(name, arguments):
        @few
        @given(arguments)
        def agrees(drawn):
            check(name, drawn, rtol, signs)

        agrees()

    return test
