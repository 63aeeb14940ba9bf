"""NumPy's names for sums, extrema, statistics, and all else that computes along axes."""

from __future__ import annotations

from ..ops.applying import apply_along_axis, apply_over_axes, vectorize
from ..ops.polynomials import polyadd, polyder, polyint, polysub, polyval, vander
from ..ops.reductions.counting import (
    bincount,
    digitize,
    histogram,
    histogram_bin_edges,
)
from ..ops.reductions.cumulative import (
    cumprod,
    cumsum,
    cumulative_prod,
    cumulative_sum,
)
from ..ops.reductions.differences import (
    diff,
    ediff1d,
    gradient,
    trapezoid,
)
from ..ops.reductions.extrema import (
    amax,
    amin,
    argmax,
    argmin,
    max,
    min,
    ptp,
)
from ..ops.reductions.logarithmic import (
    log_softmax,
    logcumsumexp,
    logsumexp,
    softmax,
)
from ..ops.reductions.medians import (
    median,
    nanmedian,
)
from ..ops.reductions.moments import (
    mean,
    std,
    var,
)
from ..ops.reductions.nan import (
    nanargmax,
    nanargmin,
    nancumprod,
    nancumsum,
    nanmax,
    nanmean,
    nanmin,
    nanprod,
    nanstd,
    nansum,
    nanvar,
)
from ..ops.reductions.quantiles import (
    nanpercentile,
    nanquantile,
    percentile,
    quantile,
)
from ..ops.reductions.statistics import (
    average,
    corrcoef,
    cov,
)
from ..ops.reductions.sums import (
    all,
    any,
    count_nonzero,
    prod,
    sum,
    trace,
)

__all__ = [
    "all",
    "amax",
    "amin",
    "any",
    "apply_along_axis",
    "apply_over_axes",
    "argmax",
    "argmin",
    "average",
    "bincount",
    "corrcoef",
    "count_nonzero",
    "cov",
    "cumprod",
    "cumsum",
    "cumulative_prod",
    "cumulative_sum",
    "diff",
    "digitize",
    "ediff1d",
    "gradient",
    "histogram",
    "histogram_bin_edges",
    "log_softmax",
    "logcumsumexp",
    "logsumexp",
    "max",
    "mean",
    "median",
    "min",
    "nanargmax",
    "nanargmin",
    "nancumprod",
    "nancumsum",
    "nanmax",
    "nanmean",
    "nanmedian",
    "nanmin",
    "nanpercentile",
    "nanprod",
    "nanquantile",
    "nanstd",
    "nansum",
    "nanvar",
    "percentile",
    "polyadd",
    "polyder",
    "polyint",
    "polysub",
    "polyval",
    "prod",
    "ptp",
    "quantile",
    "softmax",
    "std",
    "sum",
    "trace",
    "trapezoid",
    "vander",
    "var",
    "vectorize",
]
