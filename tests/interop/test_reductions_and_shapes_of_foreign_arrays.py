"""Every reduction and every function of shape takes arrays of PyTorch and JAX and gives theirs."""

from collections.abc import Callable
from typing import Any

import jax
import numpy as np
import pytest
import torch

import tenrso_ad as ta
from tenrso_ad.ops import applying, elementwise, polynomials
from tenrso_ad.ops.reductions import (
    counting,
    cumulative,
    differences,
    extrema,
    logarithmic,
    medians,
    moments,
    nan,
    quantiles,
    statistics,
    sums,
)
from tenrso_ad.ops.shaping import (
    creation,
    filling,
    joining,
    padding,
    permuting,
    repeating,
    reshaping,
    rolling,
    splitting,
    stacking,
)

pytestmark = pytest.mark.interop

jax.config.update("jax_enable_x64", True)

LIBRARIES = {"torch": torch.tensor, "jax": jax.numpy.asarray}

FUNCTIONS: dict[str, Callable[[Any], Any]] = {
    "sum": lambda x: sums.sum(x, axis=1),
    "sum with initial": lambda x: sums.sum(x, initial=2.0),
    "sum with a mask": lambda x: sums.sum(x, where=x > 0),
    "prod": sums.prod,
    "prod along an axis": lambda x: sums.prod(x, 1),
    "any": lambda x: sums.any(x > 0, axis=1),
    "all": sums.all,
    "count_nonzero": lambda x: sums.count_nonzero(x, 1),
    "mean": lambda x: moments.mean(x, 0),
    "mean with a mask": lambda x: moments.mean(x, where=x > -9),
    "var": lambda x: moments.var(x, 1, ddof=1),
    "var with a mask": lambda x: moments.var(x, where=x > -9),
    "std": moments.std,
    "max": lambda x: extrema.max(x, 1),
    "max with initial": lambda x: extrema.max(x, initial=0.1),
    "min": extrema.min,
    "argmax": lambda x: extrema.argmax(x, 1),
    "argmin": extrema.argmin,
    "logsumexp": lambda x: logarithmic.logsumexp(x, 1),
    "logsumexp with factors": lambda x: logarithmic.logsumexp(x, 1, b=x * x + 1),
    "log_softmax": lambda x: logarithmic.log_softmax(x, 1, where=x > -9),
    "logcumsumexp": lambda x: logarithmic.logcumsumexp(x, 1),
    "median": medians.median,
    "nanmedian": lambda x: medians.nanmedian(elementwise.where(x < -0.6, float("nan"), x)),
    "quantile": lambda x: quantiles.quantile(x, [0.2, 0.7], axis=1),
    "quantile of one rank": lambda x: quantiles.quantile(x, 0.4, method="nearest"),
    "quantile with weights": lambda x: quantiles.quantile(
        x, 0.4, axis=1, weights=x * x, method="inverted_cdf"
    ),
    "nanpercentile": lambda x: quantiles.nanpercentile(
        elementwise.where(x < -0.6, float("nan"), x), 30
    ),
    "nansum": lambda x: nan.nansum(elementwise.where(x < 0, float("nan"), x), 0),
    "nanmean": lambda x: nan.nanmean(elementwise.where(x < -0.6, float("nan"), x)),
    "nanstd": lambda x: nan.nanstd(elementwise.where(x < -0.6, float("nan"), x), ddof=1),
    "nanmax": lambda x: nan.nanmax(elementwise.where(x < -0.6, float("nan"), x), 1),
    "nanargmin": lambda x: nan.nanargmin(elementwise.where(x < -0.6, float("nan"), x), 1),
    "ptp": lambda x: extrema.ptp(x, 1),
    "trace": sums.trace,
    "diff": lambda x: differences.diff(x, 1, prepend=0.0),
    "gradient": lambda x: differences.gradient(x, 0.5, axis=1, edge_order=2),
    "gradient over coordinates": lambda x: differences.gradient(x, [0.0, 1.0, 3.0], axis=1),
    "trapezoid": lambda x: differences.trapezoid(x, [0.0, 1.0, 3.0]),
    "average": lambda x: statistics.average(x, 1, x[0] * x[0]),
    "cov": statistics.cov,
    "corrcoef": lambda x: statistics.corrcoef(x, rowvar=False),
    "histogram with weights": lambda x: counting.histogram(x, [-2.0, 0.0, 3.0], weights=x)[0],
    "bincount with weights": lambda x: counting.bincount(np.array([0, 2, 0]), x[0]),
    "cumulative_sum": lambda x: cumulative.cumulative_sum(x, axis=1, include_initial=True),
    "polyval": lambda x: polynomials.polyval([1.0, -2.0, 0.5], x),
    "vander": lambda x: polynomials.vander(x[0], 3),
    "apply_along_axis": lambda x: applying.apply_along_axis(lambda v: v[0] * v[1], 0, x),
    "cumsum": lambda x: cumulative.cumsum(x, 1),
    "cumprod": lambda x: cumulative.cumprod(x, 1),
    "reshape": lambda x: reshaping.reshape(x, (3, -1)),
    "reshape in Fortran order": lambda x: reshaping.reshape(x, 6, order="F"),
    "ravel": lambda x: reshaping.ravel(x, "K"),
    "expand_dims and squeeze": lambda x: reshaping.squeeze(reshaping.expand_dims(x, 1)),
    "broadcast_to": lambda x: reshaping.broadcast_to(x, (4, 2, 3)),
    "roll": lambda x: rolling.roll(x, (1, 2), (0, 1)),
    "transpose": permuting.transpose,
    "flip": permuting.flip,
    "concatenate": lambda x: joining.concatenate([x, x], axis=1),
    "stack": lambda x: joining.stack([x, x]),
    "dstack": lambda x: stacking.dstack([x, x]),
    "split": lambda x: splitting.split(x, [1, 2], 1)[1],
    "tile": lambda x: repeating.tile(x, (2, 2)),
    "repeat": lambda x: repeating.repeat(x, 2, 1),
    "repeat each": lambda x: repeating.repeat(x, [1, 0, 2], 1),
    "pad": lambda x: padding.pad(x, 1),
    "pad with a number": lambda x: padding.pad(x, 1, constant_values=2.5),
    "pad by ramps": lambda x: padding.pad(x, 2, "linear_ramp", end_values=(1, 2)),
    "pad by means": lambda x: padding.pad(x, 1, "mean"),
    "pad by reflection": lambda x: padding.pad(x, (3, 4), "reflect", reflect_type="odd"),
    "pad by wrapping": lambda x: padding.pad(x, 5, "wrap"),
    "array": lambda x: creation.array([x, x]),
    "astype": lambda x: creation.astype(x, np.float32),
    "ones_like": lambda x: filling.ones_like(x) * x,
}


@pytest.mark.parametrize("library", LIBRARIES)
@pytest.mark.parametrize("name", FUNCTIONS)
def test_value_gradient_and_curvature(name: str, library: str, rng: np.random.Generator) -> None:
    function, make = FUNCTIONS[name], LIBRARIES[library]
    x = rng.standard_normal((2, 3))
    expected = np.asarray(function(x))
    out = function(make(x))
    assert isinstance(out, type(make(x)))
    assert np.asarray(out).dtype == expected.dtype
    np.testing.assert_allclose(np.asarray(out), expected, rtol=1e-6)
    if expected.dtype.kind != "f":
        return
    weights = rng.uniform(0.5, 1.5, size=expected.shape).astype(expected.dtype)

    def loss(t: Any) -> Any:
        """Curved, for functions that are linear to have a Hessian too."""
        return sums.sum(function(t) ** 2 * w)

    w: Any = weights
    gradient, curvature = ta.grad(loss)(x), ta.hvp(loss, x, np.ones_like(x))
    w = make(weights)
    for got, reference in (
        (ta.grad(loss)(make(x)), gradient),
        (ta.hvp(loss, make(x), make(np.ones_like(x))), curvature),
    ):
        assert isinstance(got, type(make(x)))
        np.testing.assert_allclose(np.asarray(got), reference, rtol=1e-5, atol=1e-6)
