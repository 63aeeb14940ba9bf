"""logsumexp and softmax, against SciPy."""

import ml_dtypes
import numpy as np
import pytest
from scipy.special import log_softmax as scipy_log_softmax
from scipy.special import logsumexp as scipy_logsumexp
from scipy.special import softmax as scipy_softmax

import tenrso_ad as ta
import tenrso_ad.numpy as tnp
from tenrso_ad.engine.errors import AxisError, DTypeError, ShapeError
from tenrso_ad.engine.staging import stage
from tenrso_ad.ops.reductions.logarithmic import (
    log_softmax,
    logcumsumexp,
    logsumexp,
    softmax,
)
from tests.ops.table import Case, each, nonzero, normal, positive

INF = np.inf
MASK = np.array([[True, False, True], [False, True, True]])


def call(*shape, **kwargs):
    return Case(
        f"logsumexp {list(shape)} {kwargs}",
        lambda x: logsumexp(x, **kwargs),
        normal(*shape),
        reference=lambda x: scipy_logsumexp(x, **kwargs),
        complex=len(shape) == 2,
    )


def softly(*shape, log=False, **kwargs):
    ours, theirs = (log_softmax, scipy_log_softmax) if log else (softmax, scipy_softmax)
    return Case(
        f"{ours.__name__} {list(shape)} {kwargs}",
        lambda x: ours(x, **kwargs),
        normal(*shape),
        reference=lambda x: theirs(x, **{"axis": -1, **kwargs}),
    )


def masked_softmax(log):
    ours, theirs = (log_softmax, scipy_log_softmax) if log else (softmax, scipy_softmax)
    return Case(
        f"{ours.__name__} with a mask",
        lambda x: tnp.where(MASK, ours(x, axis=1, where=MASK), 0),
        normal(2, 3),
        reference=lambda x: np.where(MASK, theirs(np.where(MASK, x, -INF), axis=1), 0),
    )


def running(*shape, complex=False, axis=None):
    """Against sums of ever more elements."""

    def reference(x):
        x = x.ravel() if axis is None else x
        place = 0 if axis is None else axis
        parts = [
            scipy_logsumexp(np.take(x, range(i + 1), place), place) for i in range(x.shape[place])
        ]
        return np.stack(parts, place)

    return Case(
        f"logcumsumexp {list(shape)} {axis}",
        lambda x: logcumsumexp(x, axis),
        normal(*shape),
        reference=reference,
        complex=complex,
    )


def weighted(name, b, **kwargs):
    return Case(
        f"logsumexp with {name} factors {kwargs}",
        lambda x, b: logsumexp(x, b=b, **kwargs),
        normal(2, 3),
        b,
        reference=lambda x, b: scipy_logsumexp(x, b=b, **kwargs),
    )


CASES = [
    *[call(2, 3, axis=axis) for axis in (None, 0, -1, (0, 1))],
    call(2, 3, axis=1, keepdims=True),
    *[softly(2, 3, axis=axis) for axis in (None, 0, 1, (0, 1))],
    softly(2, 3),
    softly(4),
    softly(0, 3),
    *[softly(2, 3, log=True, axis=axis) for axis in (None, -1, (0, 1))],
    *[masked_softmax(log) for log in (False, True)],
    *[running(2, 3, axis=axis, complex=True) for axis in (None, 0, -1)],
    running(1, axis=0),
    call(2, 3, 2, axis=(0, 2)),
    call(4),
    call(),
    call(0, 3, axis=1),
    weighted("positive", positive(2, 3)),
    weighted("positive", positive(3), axis=1),
    weighted("positive", positive(2, 1), axis=0, keepdims=True),
    weighted("signed", nonzero(2, 3), axis=1, return_sign=True),
    Case(
        "logsumexp with a sign",
        lambda x: logsumexp(x, axis=0, return_sign=True),
        normal(2, 3),
        reference=lambda x: scipy_logsumexp(x, axis=0, return_sign=True),
    ),
    Case(
        "logsumexp of complex numbers with complex factors",
        lambda x, b: logsumexp(x, b=b),
        normal(3),
        positive(3),
        reference=lambda x, b: scipy_logsumexp(x, b=b),
        complex=True,
    ),
    Case(
        "logsumexp with a mask",
        lambda x: logsumexp(x, axis=1, where=MASK),
        normal(2, 3),
        reference=lambda x: scipy_logsumexp(np.where(MASK, x, -INF), axis=1),
    ),
    Case(
        "logsumexp of integers",
        lambda x: logsumexp(x),
        np.array([1, 2, 3]),
        reference=lambda x: scipy_logsumexp(x),
        differentiable=False,
        float32=False,
    ),
]


@each(CASES)
def test_logsumexp(check):
    check()


# --- values that bite ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("x", "value", "gradient"),
    [
        ([-INF, -INF, -INF], -INF, [0, 0, 0]),
        ([-INF, 2.0, -INF], 2.0, [0, 1, 0]),
        ([INF, 0.0, 1e3], INF, [1, 0, 0]),
        ([INF, INF, -INF], INF, [0.5, 0.5, 0]),
        ([1e308, 1e308, 0.0], 1e308, [0.5, 0.5, 0]),
        ([-1e308, -1e308, -1e308], -1e308, [1 / 3, 1 / 3, 1 / 3]),
        ([1e4, 0.0, 0.0], 1e4, [1, 0, 0]),
    ],
)
def test_extreme_values(x, value, gradient):
    x = np.array(x)
    for options in ({}, {"axis": 0}, {"keepdims": True}):
        out, pullback = ta.vjp(lambda t, o=options: logsumexp(t, **o), x)
        np.testing.assert_allclose(out, np.full(out.shape, value), rtol=1e-15)
        np.testing.assert_allclose(pullback(np.ones(out.shape))[0], gradient, rtol=1e-15)
        np.testing.assert_array_equal(pullback(np.zeros(out.shape))[0], np.zeros(3))
    _, tangent = ta.jvp(logsumexp, (x,), (np.ones(3),))
    np.testing.assert_allclose(tangent, np.sum(gradient), rtol=1e-15)
    assert np.isfinite(ta.hessian(logsumexp)(x)).all()


def test_rows_of_infinities_do_not_disturb_one_another(rng):
    x = np.stack([np.full(3, -INF), [INF, 1.0, 2.0], rng.normal(size=3), [np.nan, 0.0, INF]])
    out, pullback = ta.vjp(lambda t: logsumexp(t, axis=1), x)
    np.testing.assert_array_equal(out[[0, 1, 3]], [-INF, INF, np.nan])
    (gradient,) = pullback(np.ones(4))
    np.testing.assert_array_equal(gradient[:2], [[0, 0, 0], [1, 0, 0]])
    np.testing.assert_allclose(gradient[2], np.exp(x[2] - out[2]), rtol=1e-14)
    assert np.isnan(gradient[3]).all()
    (gradient,) = pullback(np.array([1.0, 1.0, 1.0, 0.0]))
    np.testing.assert_array_equal(gradient[3], np.zeros(3))


def test_a_factor_of_zero_takes_an_element_out_but_has_a_gradient():
    x, b = np.array([1e3, INF, 0.0]), np.array([0.0, 0.0, 2.0])
    value, (dx, db) = ta.value_and_grad(lambda t, c: logsumexp(t, b=c), argnums=(0, 1))(x, b)
    assert value == scipy_logsumexp(x, b=b) == np.log(2.0)
    np.testing.assert_array_equal(dx, [0, 0, 1])
    np.testing.assert_array_equal(db, [INF, INF, 0.5])
    small = np.array([3.0, 0.0])
    db = ta.grad(lambda c: logsumexp(small, b=c))(np.array([0.0, 1.0]))
    np.testing.assert_allclose(db, np.exp(small), rtol=1e-14)


def test_no_weight_at_all():
    for x, b in ([-INF, -INF], [1.0, 2.0]), ([1.0, 2.0], [0.0, 0.0]):
        value, gradient = ta.value_and_grad(lambda t, c: logsumexp(t, b=c))(
            np.array(x), np.array(b)
        )
        assert value == -INF
        np.testing.assert_array_equal(gradient, [0, 0])


def test_a_negative_sum_is_nan_unless_its_sign_is_asked_for():
    x, b = np.array([0.0, 1.0]), np.array([1.0, -1.0])
    assert np.isnan(logsumexp(x, b=b))
    for got, expected in zip(
        logsumexp(x, b=b, return_sign=True),
        scipy_logsumexp(x, b=b, return_sign=True),
        strict=True,
    ):
        np.testing.assert_allclose(got, expected, rtol=1e-15)


def test_no_elements():
    assert logsumexp(np.zeros(0)) == -INF
    np.testing.assert_array_equal(logsumexp(np.zeros((0, 2)), axis=0), [-INF, -INF])
    assert ta.grad(logsumexp)(np.zeros((0, 2))).shape == (0, 2)


@pytest.mark.parametrize("dtype", [np.float16, ml_dtypes.bfloat16, np.float32])
def test_dtype_is_kept_and_narrow_floats_are_summed_in_float32(dtype):
    x = np.zeros(5000, dtype)
    out, gradient = ta.value_and_grad(logsumexp)(x)
    assert out.dtype == gradient.dtype == dtype
    np.testing.assert_allclose(np.float64(out), np.log(5000), rtol=4e-3)
    (staged,) = stage(lambda t: [logsumexp(t)], x).verify().outputs
    assert staged.dtype == dtype


@pytest.mark.parametrize(
    ("wrong", "error", "words"),
    [
        (lambda: logsumexp(np.ones(2), axis=1), AxisError, r"logsumexp\(float64\[2\]\): axis 1"),
        (lambda: logsumexp(np.ones(2), b=np.ones(3)), ShapeError, r"float64\[2\].*float64\[3\]"),
        (lambda: logsumexp(np.ones(2), where=np.ones(2)), DTypeError, "boolean mask"),
    ],
)
def test_errors_say_what_is_wrong(wrong, error, words):
    with pytest.raises(error, match=words):
        wrong()


def test_softmax_of_infinities():
    np.testing.assert_array_equal(
        softmax([[INF, INF, 0.0], [-INF, -INF, -INF], [1e4, -INF, -1e4]]),
        [[0.5, 0.5, 0.0], [0.0, 0.0, 0.0], [1.0, 0.0, 0.0]],
    )
    gradient = ta.grad(lambda x: softmax(x)[0])(np.array([-INF, -INF]))
    np.testing.assert_array_equal(gradient, [0.0, 0.0])


def test_softmax_of_narrow_floats_and_integers():
    x = np.full(5000, 3.0, np.float16)
    assert softmax(x).dtype == np.float16
    np.testing.assert_allclose(softmax(x), 1 / 5000, rtol=1e-2)
    np.testing.assert_array_equal(softmax([7, 7]), [0.5, 0.5])


def test_log_softmax_of_extreme_values():
    x = np.array([[INF, INF, 0.0], [-INF, -INF, -INF], [1e4, -INF, -1e4], [1e300, 1e300, 0.0]])
    half = np.log(0.5)
    expected = [[half, half, -INF], [-INF] * 3, [0.0, -INF, -2e4], [half, half, -1e300]]
    np.testing.assert_allclose(log_softmax(x), expected, rtol=1e-15)
    _, pullback = ta.vjp(log_softmax, x)
    (gradient,) = pullback(np.eye(4, 3))  # of one result in each of the first three rows
    expected = [[0.5, -0.5, 0], [0, 1, 0], [-1, 0, 1], [0, 0, 0]]
    np.testing.assert_array_equal(gradient, expected)
    assert np.isnan(log_softmax([np.nan, 1.0])).all()
    assert log_softmax(np.ones((2, 0))).shape == (2, 0)


def test_nan_under_a_mask_does_not_come_out():
    x = np.array([[1.0, np.nan, INF], [np.nan, np.nan, np.nan]])
    mask = np.array([[True, False, False], [False, False, False]])
    for f in (softmax, log_softmax):
        out, pullback = ta.vjp(lambda t, f=f: f(t, where=mask), x)
        np.testing.assert_array_equal(np.exp(out) if f is log_softmax else out, mask)
        np.testing.assert_array_equal(pullback(np.ones((2, 3)))[0], np.zeros((2, 3)))


def test_running_sums_of_infinities():
    x = np.array([-INF, -INF, 1.0, INF, 2.0, INF, -INF])
    out = logcumsumexp(x)
    np.testing.assert_array_equal(out, [-INF, -INF, 1.0, INF, INF, INF, INF])
    expected = np.zeros((7, 7))
    expected[2, 2] = expected[3:5, 3] = 1
    expected[5:, [3, 5]] = 0.5
    np.testing.assert_array_equal(ta.jacrev(logcumsumexp)(x), expected)
    np.testing.assert_array_equal(ta.jacfwd(logcumsumexp)(x), expected)
    assert np.isfinite(ta.hessian(lambda t: logcumsumexp(t)[2])(x)).all()
    np.testing.assert_array_equal(np.isnan(logcumsumexp([0.0, np.nan, 1.0])), [0, 1, 1])


def test_running_sums_of_huge_and_tiny_exponentials():
    for x in ([1e4, 0.0, -1e4], [-1e4, 0.0, 1e4], [-1000.0, -1001.0]):
        x = np.array(x)
        last, gradient = ta.value_and_grad(lambda t: logcumsumexp(t)[-1])(x)
        np.testing.assert_allclose(last, logsumexp(x), rtol=1e-15)
        np.testing.assert_allclose(gradient, softmax(x), rtol=1e-13)


@pytest.mark.parametrize("dtype", [np.float16, ml_dtypes.bfloat16])
def test_running_sums_and_log_softmax_keep_narrow_dtypes(dtype):
    x = np.zeros(5000, dtype)
    for f in (logcumsumexp, log_softmax):
        out, gradient = ta.value_and_grad(lambda t, f=f: f(t)[-1])(x)
        assert out.dtype == gradient.dtype == dtype
        if f is logcumsumexp:
            np.testing.assert_allclose(np.float64(gradient), 1 / 5000, rtol=1e-2)
        assert abs(np.float64(out)) == pytest.approx(np.log(5000), rel=4e-3)
    with pytest.raises(AxisError, match=r"logcumsumexp\("):
        logcumsumexp(x, axis=1)
