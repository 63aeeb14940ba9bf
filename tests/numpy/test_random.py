"""Random draws: NumPy's stream, differentiable in their parameters."""

import pickle
import subprocess
import sys

import numpy as np
import pytest

import tenrso_ad as ta
import tenrso_ad.numpy as tnp
from tenrso_ad.numpy.random import RULES
from tenrso_ad.testing import check_gradients

PARAMETERS = {
    "normal": (1.0, 2.0),
    "laplace": (1.0, 2.0),
    "logistic": (1.0, 2.0),
    "gumbel": (1.0, 2.0),
    "uniform": (-1.0, 2.0),
    "triangular": (-1.0, 0.5, 3.0),
    "lognormal": (0.3, 0.7),
    "exponential": (2.0,),
    "rayleigh": (2.0,),
    "weibull": (1.7,),
    "pareto": (1.7,),
    "power": (1.7,),
    "standard_gamma": (0.7,),
    "gamma": (2.5, 1.4),
    "chisquare": (3.0,),
    "beta": (0.7, 2.5),
    "standard_t": (3.5,),
}
# whose numbers depend on the parameters, so that other parameters would give other numbers
IMPLICIT = {"standard_gamma", "gamma", "chisquare", "beta", "standard_t"}
COVARIANCE = np.array([[2.0, 0.5], [0.5, 1.0]])


def generators(seed=3):
    return tnp.random.default_rng(seed), np.random.default_rng(seed)


def test_every_rule_is_in_the_table():
    assert set(PARAMETERS) == set(RULES)


@pytest.mark.parametrize("size", [None, 5, (2, 3)])
@pytest.mark.parametrize("name", PARAMETERS)
def test_the_stream_is_numpys(name, size):
    ours, theirs = generators()
    tensors = [ta.tensor(p) for p in PARAMETERS[name]]
    drawn = getattr(ours, name)(*tensors, size=size)
    expected = getattr(theirs, name)(*PARAMETERS[name], size=size)
    np.testing.assert_allclose(drawn.value, expected, rtol=1e-15)
    assert drawn.shape == np.shape(expected)
    assert ours.integers(1 << 60) == theirs.integers(1 << 60)  # and goes on as NumPy's


@pytest.mark.parametrize("name", PARAMETERS)
def test_arrays_of_parameters(name):
    ours, theirs = generators()
    parameters = [np.full((3, 1), p) + 0.1 * np.arange(2) for p in PARAMETERS[name]]
    drawn = getattr(ours, name)(*map(ta.tensor, parameters))
    expected = getattr(theirs, name)(*parameters)
    np.testing.assert_allclose(drawn.value, expected, rtol=1e-14)


@pytest.mark.parametrize("name", sorted(set(PARAMETERS) - IMPLICIT))
def test_derivatives_in_the_parameters(name):
    def draw(*parameters):
        return getattr(tnp.random.default_rng(7), name)(*parameters, size=4)

    check_gradients(draw, PARAMETERS[name]).raise_if_failed()


@pytest.mark.parametrize("name", sorted(IMPLICIT))
def test_implicit_draws_follow_their_quantile(name):
    """Differences of the quantile function at the draw's own level."""
    import scipy.stats

    distribution, fixed = {
        "standard_gamma": ("gamma", ()),
        "gamma": ("gamma", (0.0,)),  # loc
        "chisquare": ("chi2", ()),
        "beta": ("beta", ()),
        "standard_t": ("t", ()),
    }[name]
    parameters = PARAMETERS[name]

    def quantile(level, *p):
        return getattr(scipy.stats, distribution).ppf(level, *p[:1], *fixed, *p[1:])

    def draw(*p):
        return getattr(tnp.random.default_rng(7), name)(*p)

    z = draw(*parameters)
    level = getattr(scipy.stats, distribution).cdf(z, *parameters[:1], *fixed, *parameters[1:])
    gradients = ta.grad(draw, argnums=tuple(range(len(parameters))))(*parameters)
    for place, gradient in enumerate(gradients):
        moved = [[p + h * (i == place) for i, p in enumerate(parameters)] for h in (1e-5, -1e-5)]
        difference = (quantile(level, *moved[0]) - quantile(level, *moved[1])) / 2e-5
        np.testing.assert_allclose(gradient, difference, rtol=1e-5)


def test_a_mean_over_draws_has_the_gradient_of_the_expectation():
    def mean_square(shape):
        return np.mean(tnp.random.default_rng(0).standard_gamma(shape, size=20000) ** 2)

    # E z^2 = a (a + 1)
    assert ta.grad(mean_square)(2.0) == pytest.approx(5.0, rel=0.05)


@pytest.mark.parametrize("method", ["svd", "eigh", "cholesky"])
def test_multivariate_normal(method):
    ours, theirs = generators()
    mean = np.array([1.0, -1.0])
    drawn = ours.multivariate_normal(ta.tensor(mean), COVARIANCE, (2, 2), method=method)
    expected = theirs.multivariate_normal(mean, COVARIANCE, (2, 2), method=method)
    np.testing.assert_allclose(drawn.value, expected, rtol=1e-14)
    if method == "cholesky":
        ours, theirs = generators()
        drawn = ours.multivariate_normal(mean, ta.tensor(COVARIANCE), 5, method=method)
        expected = theirs.multivariate_normal(mean, COVARIANCE, 5, method=method)
        np.testing.assert_allclose(drawn.value, expected, rtol=1e-14)
        np.testing.assert_array_equal(
            ours.multivariate_normal(mean, COVARIANCE), theirs.multivariate_normal(mean, COVARIANCE)
        )


def test_derivatives_of_multivariate_normal():
    def draw(mean, a):
        rng = tnp.random.default_rng(0)
        return rng.multivariate_normal(mean, a @ a.T + np.eye(2), 3, method="cholesky")

    check_gradients(draw, (np.ones(2), COVARIANCE)).raise_if_failed()


def test_elements_that_are_chosen_and_permuted():
    x = np.arange(12.0).reshape(4, 3)
    for draw in (
        lambda rng, x: rng.permutation(x),
        lambda rng, x: rng.permutation(x, axis=1),
        lambda rng, x: rng.choice(x, 5),
        lambda rng, x: rng.choice(x, (2, 2), p=[0.1, 0.2, 0.3, 0.4]),
        lambda rng, x: rng.choice(x, 2, replace=False, axis=1, shuffle=False),
        lambda rng, x: rng.choice(x),
    ):
        ours, theirs = generators()
        drawn = draw(ours, ta.tensor(x))
        np.testing.assert_array_equal(drawn.value, draw(theirs, x))
        np.testing.assert_array_equal(draw(generators()[0], x), drawn.value)
    gradient = ta.grad(lambda x: np.sum(tnp.random.default_rng(0).choice(x, 50)))(np.zeros(3))
    assert gradient.sum() == 50


def test_plain_parameters_pass_through():
    ours, theirs = generators()
    np.testing.assert_array_equal(
        ours.normal([0.0, 1.0], 2.0, (3, 2)), theirs.normal([0.0, 1.0], 2.0, (3, 2))
    )
    assert ours.standard_gamma(2.0, dtype=np.float32) == theirs.standard_gamma(
        2.0, dtype=np.float32
    )
    assert isinstance(ours, np.random.Generator)
    assert tnp.random.PCG64 is np.random.PCG64
    np.random.seed(5)  # noqa: NPY002
    expected = np.random.normal(1.0, 2.0)  # noqa: NPY002
    tnp.random.seed(5)
    assert tnp.random.normal(1.0, 2.0) == expected


def test_generators_are_made_copied_and_spawned():
    ours, theirs = generators()
    shared = tnp.random.default_rng(theirs)
    assert shared.bit_generator is theirs.bit_generator
    assert tnp.random.default_rng(ours) is ours
    again = pickle.loads(pickle.dumps(ours))
    assert type(again) is type(ours) and again.normal() == ours.normal()
    assert type(ours.spawn(1)[0]) is type(ours)


def test_what_is_cut_off_is_a_plain_parameter():
    ours, theirs = generators()
    drawn = []

    def draw(rate):
        drawn.append(ours.poisson(ta.stop_gradient(rate), size=3))
        return rate

    ta.grad(draw)(4.0)
    np.testing.assert_array_equal(drawn[0], theirs.poisson(4.0, size=3))


def test_dtypes_are_numpys():
    ours, theirs = generators()
    scale = np.array([1.0, 2.0], np.float32)
    gradient = ta.grad(lambda s: np.sum(ours.normal(0.0, s)))(scale)
    assert gradient.dtype == np.float32
    np.testing.assert_array_equal(gradient, theirs.normal(0.0, scale / scale).astype(np.float32))


def test_the_same_numbers_for_every_example_and_every_replay():
    def draw(scale):
        return tnp.random.default_rng(0).normal(0.0, scale, size=2)

    batch = ta.vmap(draw)(np.array([1.0, 2.0]))
    np.testing.assert_array_equal(batch[1], 2 * batch[0])
    compiled, rng = ta.compile(lambda s: rng.normal(0.0, s, size=2)), tnp.random.default_rng(0)
    np.testing.assert_array_equal(compiled(np.array(1.0)), batch[0])
    np.testing.assert_array_equal(compiled(np.array(2.0)), batch[1])


@pytest.mark.parametrize(
    ("call", "kind", "words"),
    [
        (lambda r, x: r.poisson(x), "UnsupportedError", "Generator.poisson has no derivative"),
        (lambda r, x: r.shuffle(x), "UnsupportedError", "Generator.shuffle"),
        (lambda r, x: r.choice(3, p=x), "UnsupportedError", "Generator.choice has no deriv"),
        (lambda r, x: tnp.random.normal(x), "UnsupportedError", "made by default_rng"),
        (lambda r, x: r.standard_gamma(x, dtype="f"), "ArgumentError", "standard_gamma .*shape, s"),
        (lambda r, x: r.triangular(x), "ArgumentError", "left, mode, right, size"),
        (lambda r, x: r.normal(x, loc=x), "ArgumentError", "each once"),
        (lambda r, x: r.normal(x, size=2), "ShapeError", "size=2"),
        (lambda r, x: r.multivariate_normal(x, np.diag(x)), "ArgumentError", "method='cholesky'"),
        (
            lambda r, x: r.multivariate_normal(x[:2], np.diag(x), method="cholesky"),
            "ShapeError",
            "multivariate_normal",
        ),
    ],
)
def test_what_is_refused(call, kind, words):
    with pytest.raises(getattr(ta.errors, kind), match=words):
        call(tnp.random.default_rng(0), ta.tensor(np.ones(3)))


def test_values_that_a_trace_does_not_have():
    with pytest.raises(ta.errors.ConcretizationError, match="standard_gamma"):
        ta.vmap(lambda a: tnp.random.default_rng(0).standard_gamma(a))(np.ones(2))


def test_numpy_random_is_imported_when_it_is_named():
    code = (
        "import sys, tenrso_ad.numpy as tnp; assert 'numpy.random' not in sys.modules; "
        "tnp.random.default_rng"
    )
    subprocess.run([sys.executable, "-W", "error", "-c", code], check=True)
