"""Reductions and statistics: values and gradients against JAX, special points against PyTorch."""

from collections.abc import Callable
from typing import Any

import jax
import numpy as np
import pytest
import torch

import tenrso_ad as ta
import tenrso_ad.numpy as tnp

pytestmark = pytest.mark.interop

jax.config.update("jax_enable_x64", True)

NAN, INF = np.nan, np.inf
HOLES = np.array([[False, True, False, False], [True, False, True, False], [False] * 4])
WEIGHTS = np.array([0.5, 1.0, 2.0, 0.25])
COUNTS = np.array([1, 3, 0, 2])
T = np.array([0.0, 0.5, 2.0, 2.5])
JAX_METHODS = ("linear", "lower", "higher", "midpoint", "nearest")


def holes(xp: Any, x: Any) -> Any:
    return xp.where(HOLES, NAN, x)


# Functions of a 3 x 4 matrix without ties, in names that NumPy and JAX share.
FUNCTIONS: dict[str, Callable[[Any, Any], Any]] = {
    "ptp": lambda xp, x: xp.ptp(x, axis=1),
    "median": lambda xp, x: xp.median(x, axis=0),
    "median of an even number": lambda xp, x: xp.median(x, keepdims=True),
    **{
        f"quantile {m}": lambda xp, x, m=m: xp.quantile(x, np.array([0.1, 0.6]), 1, method=m)
        for m in JAX_METHODS
    },
    "percentile": lambda xp, x: xp.percentile(x, 30, axis=(0, 1)),
    "nanmedian": lambda xp, x: xp.nanmedian(holes(xp, x), axis=1),
    "nanquantile": lambda xp, x: xp.nanquantile(holes(xp, x), 0.3, axis=0),
    "nanpercentile": lambda xp, x: xp.nanpercentile(holes(xp, x), 70),
    "nansum": lambda xp, x: xp.nansum(holes(xp, x) ** 2, axis=0),
    "nanprod": lambda xp, x: xp.nanprod(holes(xp, x), axis=1),
    "nanmean": lambda xp, x: xp.nanmean(holes(xp, x), axis=1, keepdims=True),
    "nanvar": lambda xp, x: xp.nanvar(holes(xp, x), ddof=1),
    "nanmax": lambda xp, x: xp.nanmax(holes(xp, x), axis=1),
    "nanmin": lambda xp, x: xp.nanmin(holes(xp, x), axis=0),
    "nancumsum": lambda xp, x: xp.nancumsum(holes(xp, x), axis=1),
    "nancumprod": lambda xp, x: xp.nancumprod(holes(xp, x), axis=1),
    "cumprod": lambda xp, x: xp.cumprod(x, axis=0),
    "cumulative_sum": lambda xp, x: xp.cumulative_sum(x, axis=1, include_initial=True),
    "cumulative_prod": lambda xp, x: xp.cumulative_prod(x, axis=0),
    "average": lambda xp, x: xp.average(x, axis=1, weights=xp.exp(x[0])),
    "cov": lambda xp, x: xp.cov(x, aweights=WEIGHTS, fweights=COUNTS),
    "cov of two": lambda xp, x: xp.cov(x[0], x[1], bias=True),
    "corrcoef": lambda xp, x: xp.corrcoef(x),
    "diff": lambda xp, x: xp.diff(x, 2, axis=1, prepend=x[:, :1]),
    "ediff1d": lambda xp, x: xp.ediff1d(x, to_end=x[0]),
    "gradient": lambda xp, x: xp.gradient(x, 0.5)[1],
    "trapezoid": lambda xp, x: xp.trapezoid(x, T, axis=1),
    "trapezoid over coordinates": lambda xp, x: xp.trapezoid(x[0], x[1] ** 2),
    "trace": lambda xp, x: xp.trace(x, 1),
    "polyval": lambda xp, x: xp.polyval(x[0], x[1:]),
    "polyder": lambda xp, x: xp.polyder(x[0], 2),
    "polyint": lambda xp, x: xp.polyint(x[0], 2, x[1, :2]),
    "vander": lambda xp, x: xp.vander(x[0], 3),
    "bincount": lambda xp, x: (
        xp.bincount(np.array([0, 2, 2, 1]), x[0], length=3)
        if xp is jax.numpy
        else xp.bincount(np.array([0, 2, 2, 1]), x[0])
    ),
    "histogram": lambda xp, x: xp.histogram(np.arange(4.0), 2, weights=x[0])[0],
    "apply_along_axis": lambda xp, x: xp.apply_along_axis(lambda v: v * v[0], 1, x),
    "masked": lambda xp, x: xp.mean(x, 1, where=~HOLES) * xp.std(x, axis=1, where=~HOLES),
    "log_softmax": lambda xp, x: (xp if xp is tnp else jax.nn).log_softmax(x, axis=0),
    "softmax with a mask": lambda xp, x: (xp if xp is tnp else jax.nn).softmax(
        x, axis=1, where=~HOLES
    ),
    "logcumsumexp": lambda xp, x: (
        xp.logcumsumexp(x, axis=1) if xp is tnp else jax.lax.cumlogsumexp(x, axis=1)
    ),
    "logsumexp with factors": lambda xp, x: (
        xp.logsumexp(x, axis=1, b=x**2)
        if xp is tnp
        else jax.scipy.special.logsumexp(x, axis=1, b=x**2)
    ),
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_value_gradient_and_curvature_of_jax(name: str, rng: np.random.Generator) -> None:
    function = FUNCTIONS[name]
    x, v = rng.standard_normal((2, 3, 4))

    def loss(xp: Any, x: Any) -> Any:
        return xp.sum(xp.sin(function(xp, x)))

    np.testing.assert_allclose(function(tnp, x), function(jax.numpy, x), rtol=1e-10)
    gradient = ta.grad(lambda x: loss(tnp, x))(x)
    expected, product = jax.jvp(jax.grad(lambda x: loss(jax.numpy, x)), (x,), (v,))
    np.testing.assert_allclose(gradient, expected, rtol=1e-8, atol=1e-11)
    ours = ta.hvp(lambda x: loss(tnp, x), x, v)
    np.testing.assert_allclose(ours, product, rtol=1e-7, atol=1e-9)


def gradients(ours: Any, theirs: Any, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Gradients of the sums of two functions at one point, ours and PyTorch's."""
    t = torch.tensor(x, requires_grad=True)
    (expected,) = torch.autograd.grad(theirs(t).sum(), t)
    return ta.grad(lambda x: tnp.sum(ours(x)))(x), expected.numpy()


# Points where PyTorch gives what is given here too.
AGREED: dict[str, tuple[Any, Any, Any]] = {
    "max, ties": (tnp.max, torch.amax, [3.0, 1.0, 3.0]),
    "min, ties": (tnp.min, torch.amin, [1.0, 1.0, 3.0]),
    "max, NaN": (tnp.max, torch.max, [3.0, NAN, NAN]),
    "median, ties": (tnp.median, torch.median, [1.0, 2.0, 2.0, 2.0, 5.0]),
    "nanmedian, NaN": (tnp.nanmedian, torch.nanmedian, [1.0, NAN, 2.0, 5.0]),
    "prod, one zero": (tnp.prod, torch.prod, [2.0, 0.0, 3.0]),
    "prod, two zeros": (tnp.prod, torch.prod, [2.0, 0.0, 0.0]),
    "cumprod, zeros": (tnp.cumprod, lambda t: t.cumprod(0), [2.0, 0.0, 3.0, 0.0, 4.0]),
    "var of one element": (tnp.var, lambda t: t.var(correction=0), [2.0]),
    "std of constant data": (tnp.std, lambda t: t.std(correction=0), [2.0, 2.0]),
    "logsumexp, huge": (tnp.logsumexp, lambda t: t.logsumexp(0), [1e4, 0.0, 1e4]),
    "log_softmax, -inf": (
        lambda x: tnp.log_softmax(x)[1:],
        lambda t: t.log_softmax(0)[1:],
        [-INF, 0.0, 1.0],
    ),
    "quantile at an element": (
        lambda x: tnp.quantile(x, 0.25),
        lambda t: t.quantile(0.25),
        [4.0, 1.0, 3.0, 2.0, 5.0],
    ),
    "nansum": (tnp.nansum, torch.nansum, [1.0, NAN]),
    "nanmean": (tnp.nanmean, torch.nanmean, [1.0, NAN, 3.0]),
    "trapezoid": (
        lambda x: tnp.trapezoid(x, T),
        lambda t: torch.trapezoid(t, torch.tensor(T)),
        [1.0, 3.0, -1.0, 2.0],
    ),
    "gradient": (
        lambda x: tnp.gradient(x, T, edge_order=2) ** 2,
        lambda t: torch.gradient(t, spacing=(torch.tensor(T),), edge_order=2)[0] ** 2,
        [1.0, 3.0, -1.0, 2.0],
    ),
}


@pytest.mark.parametrize("name", AGREED)
def test_special_points_of_pytorch(name: str) -> None:
    ours, theirs, x = AGREED[name]
    gradient, expected = gradients(ours, theirs, np.array(x))
    np.testing.assert_allclose(gradient, expected, rtol=1e-12)


# Points where the two differ on purpose: what is given here, and why.
DIFFERENT: dict[str, tuple[Any, Any, Any, list[float]]] = {
    # PyTorch picks one of the elements that tie; equal elements share here, as for max
    "quantile, ties": (
        lambda x: tnp.quantile(x, 0.5),
        lambda t: t.quantile(0.5),
        [1.0, 2.0, 2.0, 2.0, 5.0],
        [0, 1 / 3, 1 / 3, 1 / 3, 0],
    ),
    # PyTorch gives NaN; an exponential of zero has no part in any sum
    "logsumexp, all -inf": (tnp.logsumexp, lambda t: t.logsumexp(0), [-INF, -INF], [0, 0]),
    "logcumsumexp, -inf": (
        lambda x: tnp.logcumsumexp(x)[-1],
        lambda t: t.logcumsumexp(0)[-1],
        [-INF, -INF, 0.0, 0.0],
        [0, 0, 0.5, 0.5],
    ),
    # PyTorch gives NaN; the sum belongs to what is infinite
    "logsumexp, +inf": (tnp.logsumexp, lambda t: t.logsumexp(0), [INF, 0.0], [1, 0]),
    # PyTorch takes the lower of the two in the middle; NumPy their mean
    "median of an even number": (tnp.median, torch.median, [1.0, 2.0, 4.0, 5.0], [0, 0.5, 0.5, 0]),
}


@pytest.mark.parametrize("name", DIFFERENT)
def test_special_points_that_differ_on_purpose(name: str) -> None:
    ours, theirs, x, expected = DIFFERENT[name]
    gradient, peer = gradients(ours, theirs, np.array(x))
    np.testing.assert_allclose(gradient, expected, rtol=1e-12)
    assert not np.allclose(gradient, peer)
