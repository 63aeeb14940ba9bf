"""SciPy and scikit-learn on tensors: what test_other_libraries.py runs in a process of its own.

SciPy decides when it is imported whether it computes on arrays of the standard, so the process has
to begin with SCIPY_ARRAY_API=1. It prints, as JSON, what went wrong with each case.
"""

import functools
import importlib
import json
import sys
import warnings

import numpy as np

import tenrso_ad as ta

xp = ta.array_api
RNG = np.random.default_rng(0)
X = RNG.normal(size=(12, 3)) + np.repeat([[0.0], [1.5]], 6, axis=0)
V, W = RNG.normal(size=15), RNG.normal(size=15) + 0.5
P = RNG.uniform(0.1, 0.9, size=8)
LABELS = np.repeat([0, 1], 6)
TARGETS = X @ np.array([1.0, -2.0, 0.5]) + 0.1 * RNG.normal(size=12)
KERNEL = np.array([0.5, 1.0, -0.5])
TIMES = np.arange(15.0)


def of(*operands, **keywords):
    """Call a function with these operands; a gradient is asked by those of floating point."""
    return lambda function, *given: function(*given, **keywords), operands


def calling(call, *operands):
    """Call a function in another way."""
    return call, operands


def fitted(attribute, *operands, method=None, **options):
    """Fit an estimator, take what it has learnt or what a method of it says of the data."""

    def call(estimator, *given):
        model = estimator(**options).fit(*given)
        return getattr(model, attribute)(given[0]) if method else getattr(model, attribute)

    return call, operands


def says(method, *operands, **options):
    return fitted(method, *operands, method=True, **options)


# {name: (call, operands)}; a gradient goes through all of these
SMOOTH = {
    **{f"scipy.special.{name}": of(P) for name in ("erf", "expit", "gammaln", "i0", "log_ndtr")},
    **{f"scipy.special.{name}": of(P, P + 1) for name in ("xlogy", "rel_entr", "gammainc")},
    "scipy.special.logsumexp": of(X, axis=0),
    "scipy.special.softmax": of(X, axis=1),
    **{
        f"scipy.stats.{name}": of(P)
        for name in ("gmean", "hmean", "skew", "kurtosis", "variation", "sem", "zscore", "gstd",
                     "entropy", "kstat", "lmoment", "iqr", "median_abs_deviation", "circmean",
                     "combine_pvalues", "differential_entropy", "tmean")
    },
    **{f"scipy.stats.{name}": of(V, W) for name in ("ttest_ind", "ttest_rel", "pearsonr")},
    **{f"scipy.stats.{name}": of(V) for name in ("skewtest", "normaltest", "jarque_bera")},
    "scipy.stats.directional_stats": of(X),
    "scipy.stats.quantile": of(V, p=0.3),
    "scipy.stats.permutation_test": calling(
        lambda test, a, b: test(
            (a, b),
            lambda x, y, axis: x.__array_namespace__().mean(x, axis=axis)
            - y.__array_namespace__().mean(y, axis=axis),
            vectorized=True, n_resamples=19, rng=1,
        ),
        V, W,
    ),
    "scipy.signal.fftconvolve": of(V, KERNEL),
    "scipy.signal.oaconvolve": of(V, KERNEL),
    "scipy.signal.resample": of(V, num=10),
    "scipy.signal.hilbert": of(V),
    "scipy.cluster.vq.whiten": of(X),
    "scipy.fft.fft": of(V),
    "scipy.fft.irfftn": of(X),
    "scipy.fft.fht": of(P, dln=0.1, mu=1.0),
    "scipy.integrate.trapezoid": of(V),
    "scipy.integrate.cumulative_simpson": of(V),
    "scipy.differentiate.derivative": calling(lambda d, x: d(imported("numpy.sin"), x).df, V),
    "scipy.optimize.rosen": of(V),
    "scipy.optimize.rosen_der": of(V),
    "scipy.optimize.rosen_hess": of(V),
    "scipy.spatial.transform.Rotation": calling(lambda R, a: R.from_rotvec(a).as_matrix(), X),
    "sklearn.linear_model.Ridge": says("predict", X, TARGETS, solver="svd"),
    "sklearn.linear_model.RidgeCV": fitted("coef_", X, TARGETS),
    "sklearn.decomposition.PCA": fitted("explained_variance_", X, n_components=2),
    "sklearn.discriminant_analysis.LinearDiscriminantAnalysis": says("predict_proba", X, LABELS),
    "sklearn.naive_bayes.GaussianNB": says("predict_proba", X, LABELS),
    "sklearn.mixture.GaussianMixture": fitted(
        "means_", X, n_components=2, init_params="random", random_state=0
    ),
    **{
        f"sklearn.preprocessing.{name}": says("transform", X)
        for name in ("StandardScaler", "MinMaxScaler", "Normalizer", "PolynomialFeatures")
    },
    **{
        f"sklearn.metrics.pairwise.{name}": of(X, X[:4] + 1)
        for name in ("euclidean_distances", "cosine_similarity", "rbf_kernel", "polynomial_kernel")
    },
}  # fmt: skip

# results are integers, Python numbers, or come from compiled code that gives no gradient
PLAIN = {
    "scipy.special.fdtrc": of(P, P, P),
    "scipy.stats.rankdata": of(V),
    "scipy.stats.mannwhitneyu": of(V, W),
    "scipy.signal.lfilter": of(KERNEL, np.array([1.0, 0.2]), V),
    "scipy.signal.medfilt": of(V, kernel_size=3),
    "scipy.ndimage.gaussian_filter": of(X, sigma=1.0),
    "scipy.ndimage.label": of((X > 0).astype(int)),
    "scipy.cluster.vq.kmeans2": of(X, k=2, rng=1),
    "scipy.cluster.hierarchy.linkage": of(X),
    "scipy.interpolate.CubicSpline": calling(lambda spline, t, v: spline(t, v)(t + 0.25), TIMES, V),
    "scipy.optimize.elementwise.find_root": calling(
        lambda find, x: find(lambda t: t**3 - 2.0, (0 * x, 0 * x + 3.0)).x, V[:3]
    ),
    "scipy.spatial.distance.pdist": of(X),
    "sklearn.linear_model.LogisticRegression": fitted("coef_", X, LABELS),
    "sklearn.preprocessing.LabelEncoder": says("transform", LABELS),
    "sklearn.model_selection.cross_val_predict": calling(
        lambda predict, x, y: predict(imported("sklearn.linear_model.Ridge")(solver="svd"), x, y),
        X, TARGETS,
    ),
    **{
        f"sklearn.metrics.{name}": of(TARGETS, TARGETS + 0.1 * X[:, 0])
        for name in ("mean_squared_error", "r2_score", "median_absolute_error")
    },
    **{
        f"sklearn.metrics.{name}": of(LABELS, LABELS[::-1].copy())
        for name in ("accuracy_score", "f1_score", "confusion_matrix")
    },
    "sklearn.metrics.log_loss": of(LABELS, 1 / (1 + np.exp(-X[:, 0]))),
}  # fmt: skip
CASES = SMOOTH | PLAIN


def imported(name):
    module, _, attribute = name.rpartition(".")
    return getattr(importlib.import_module(module), attribute)


def arrays_of(out):
    """All arrays and numbers of a result, whatever it is wrapped in."""
    if isinstance(out, (tuple, list)):
        return [a for item in out for a in arrays_of(item)]
    if isinstance(out, (ta.Tensor, np.ndarray, np.generic, float, int)):
        return [out]
    fields = ("mean_direction", "statistic", "pvalue")
    return [a for name in fields if hasattr(out, name) for a in arrays_of(getattr(out, name))]


def total(results):
    """Sum of all floating-point results, each element with a weight of its own."""
    out = xp.asarray(0.0)
    for result in results:
        result = xp.asarray(result)
        if xp.isdtype(result.dtype, ("real floating", "complex floating")):
            weights = xp.reshape(xp.cos(xp.arange(result.size, dtype=xp.float64)), result.shape)
            out = out + xp.sum(weights * xp.real(result))
    return out


def check(name):
    """Compare values with those on plain arrays, and the gradient with a difference of values."""
    call, operands = CASES[name]
    function = functools.partial(call, imported(name))
    expected = arrays_of(function(*operands))
    got = arrays_of(function(*[xp.asarray(a) for a in operands]))
    assert expected and len(got) == len(expected)
    for result, wanted in zip(got, expected, strict=True):
        np.testing.assert_allclose(np.asarray(result), np.asarray(wanted), rtol=1e-7, atol=1e-9)
        assert isinstance(result, (ta.Tensor, float, int)), type(result)
    if name in SMOOTH:
        check_gradient(function, operands)


def check_gradient(function, operands):
    floating = [a.dtype.kind == "f" for a in operands]
    tensors = [
        ta.tensor(a) if f else xp.asarray(a) for a, f in zip(operands, floating, strict=True)
    ]
    total(arrays_of(function(*tensors))).backward()
    step, slope, ends = 1e-6, 0.0, []
    ways = [np.sin(1.0 + i + np.arange(a.size)).reshape(a.shape) for i, a in enumerate(operands)]
    for tensor, way, moves in zip(tensors, ways, floating, strict=True):
        if moves:
            slope += float(np.sum(tensor.grad * way))
    for s in (step, -step):
        moved = [a + s * w if f else a for a, w, f in zip(operands, ways, floating, strict=True)]
        ends.append(float(total(arrays_of(function(*moved)))))
    np.testing.assert_allclose(slope, (ends[0] - ends[1]) / (2 * step), rtol=2e-4, atol=1e-6)
    assert abs(slope) > 1e-6, "a slope of zero would say nothing"


def main():
    from sklearn import config_context

    outcome = {}
    with config_context(array_api_dispatch=True):
        for name in CASES:
            try:
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")
                    check(name)
                outcome[name] = ""
            except Exception as error:
                outcome[name] = f"{type(error).__name__}: {error}"
    json.dump(outcome, sys.stdout)


if __name__ == "__main__":
    main()
