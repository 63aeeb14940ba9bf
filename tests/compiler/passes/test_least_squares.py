"""Squared differences multiplied out: the model is never formed, and nothing else changes."""

import numpy as np
import pytest

import tenrso_ad as ta
import tenrso_ad.numpy as tnp
from tenrso_ad.compiler.passes import DEFAULT, PASSES, optimised
from tenrso_ad.compiler.passes.least_squares import multiply_out
from tenrso_ad.compiler.statistics import statistics
from tenrso_ad.engine.staging import stage
from tests.compiler.interpreter import interpreted

R = np.random.default_rng(3)
ALL = (*DEFAULT, "least_squares")


def normal(*shape):
    return R.standard_normal(shape)


X = normal(24, 25, 26)
FACTORS = [normal(n, 4) for n in X.shape]
CORE = normal(4, 4, 4)
TRAIN = [normal(24, 3), normal(3, 25, 4), normal(4, 26)]


def cp(a, b, c):
    return tnp.einsum("ir,jr,kr->ijk", a, b, c)


def tucker(core, a, b, c):
    return tnp.einsum("pqr,ip,jq,kr->ijk", core, a, b, c)


def train(a, b, c):
    return tnp.einsum("ip,pjq,qk->ijk", a, b, c)


def weighted(weights, a, b, c):
    return tnp.einsum("r,ir,jr,kr->ijk", weights, a, b, c)


MODELS = {
    "CP": (cp, FACTORS),
    "CP with weights": (weighted, [np.ones(4), *FACTORS]),
    "Tucker": (tucker, [CORE, *FACTORS]),
    "tensor train": (train, TRAIN),
    "two models": (lambda a, b, c, d: cp(a, b, c) + d[:, None, None], [*FACTORS, normal(24)]),
    "matrix": (lambda a, b: a @ b.T, [normal(60, 3), normal(70, 3)]),
    "order 4": (
        lambda a, b, c, d: tnp.einsum("ir,jr,kr,lr->ijkl", a, b, c, d),
        [normal(n, 3) for n in (9, 10, 11, 12)],
    ),
}
FORMS = {
    "sum of squares": lambda r: tnp.sum(r**2),
    "the other sign": lambda r: tnp.sum((-r) * (-r)),
    "half": lambda r: 0.5 * tnp.sum(tnp.square(r)),
    "mean": lambda r: tnp.mean(r**2),
    "norm": lambda r: tnp.linalg.norm(r) ** 2,
    "norm, flat": lambda r: tnp.linalg.norm(tnp.ravel(r)),
    "product with itself": lambda r: tnp.vdot(r, r),
    "contraction with itself": lambda r: tnp.tensordot(r, r, r.ndim),
    "relative": lambda r: tnp.sum(r**2) / tnp.sum(X**2),
}


def function(model, form, data):
    """Value and gradients by the parameters."""

    def loss(*parameters):
        return form(data - model(*parameters))

    return lambda *p: ta.value_and_grad(loss, argnums=tuple(range(len(p))))(*p)


def graphs(f, operands):
    staged = stage(lambda *xs: list(ta.engine.tree.leaves(f(*xs))), *operands)
    plain, _ = optimised(staged, DEFAULT, 10)
    structured, _ = optimised(staged, ALL, 10, verify=True)
    for got, want in zip(structured.evaluate(*operands), staged.evaluate(*operands), strict=True):
        assert np.asarray(got).dtype == np.asarray(want).dtype
        np.testing.assert_allclose(got, want, rtol=1e-9, atol=1e-10 * np.abs(want).max())
    return plain, structured


def dense(graph, size):
    """Values as large as the model that are written to memory."""
    return [v for e in graph.equations for v in e.outputs if v.type.size >= size]


@pytest.mark.parametrize("name", MODELS)
def test_models_are_not_formed(name):
    model, parameters = MODELS[name]
    data = normal(*model(*parameters).shape)
    plain, structured = graphs(function(model, FORMS["sum of squares"], data), parameters)
    assert dense(plain, data.size)
    assert not dense(structured, data.size)
    before, after = statistics(plain), statistics(structured)
    assert after.flops <= before.flops
    assert after.peak_memory < data.nbytes < before.peak_memory


@pytest.mark.parametrize("form", FORMS)
def test_ways_to_write_it(form):
    plain, structured = graphs(function(cp, FORMS[form], X), FACTORS)
    assert statistics(structured).peak_memory < X.nbytes < statistics(plain).peak_memory
    assert statistics(structured).flops < 0.8 * statistics(plain).flops


def test_data_that_is_an_argument():
    def loss(a, b, c, x):
        return tnp.sum((cp(a, b, c) - x) ** 2)

    _, structured = graphs(ta.value_and_grad(loss, argnums=(0, 1, 2)), [*FACTORS, X])
    assert statistics(structured).peak_memory < X.nbytes


def test_value_alone_and_products_with_the_hessian():
    def loss(a, b, c):
        return tnp.sum((X - cp(a, b, c)) ** 2)

    _, value = graphs(loss, FACTORS)
    assert not dense(value, X.size)
    _, product = graphs(lambda a, b, c: ta.hvp(lambda a: loss(a, b, c), a, a), FACTORS)
    assert not dense(product, X.size)


def test_what_needs_the_residual_is_left_alone():
    """Where its entries are read, or the model is as small as its factors."""

    def with_data_gradient(a, b, c, x):
        return ta.grad(lambda x: tnp.sum((x - cp(a, b, c)) ** 2))(x)

    def absolute(a, b, c, x):
        return tnp.sum(tnp.absolute(x - cp(a, b, c)))

    def regression(a, b, c, x):
        return ta.grad(lambda b: tnp.sum((x[0] - b @ x[1].T @ x[2]) ** 2))(x[3])

    for f in (with_data_gradient, absolute, regression):
        plain, structured = graphs(f, [*FACTORS, X])
        assert str(plain) == str(structured)


def test_a_second_run_changes_nothing():
    staged = stage(lambda *p: ta.engine.tree.leaves(function(cp, FORMS["mean"], X)(*p)), *FACTORS)
    graph, _ = optimised(staged, [n for n in ALL if n != "fuse"], 10)
    assert str(multiply_out(graph)) == str(graph)


def test_it_is_off_unless_named():
    assert set(PASSES) - set(DEFAULT) == {"least_squares"}
    f = function(cp, FORMS["sum of squares"], X)
    with interpreted():
        plain, structured = ta.compile(f), ta.compile(f, passes=ALL)
        value, gradients = structured(*FACTORS)
        expected, wanted = f(*FACTORS)
        plain(*FACTORS)
    np.testing.assert_allclose(value, expected, rtol=1e-11)
    for g, w in zip(gradients, wanted, strict=True):
        np.testing.assert_allclose(g, w, rtol=1e-9, atol=1e-10)
    assert structured.statistics.peak_memory < X.nbytes < plain.statistics.peak_memory


def test_near_a_perfect_fit_digits_are_lost_and_nothing_worse():
    """The documentation says so; the value is not negative, and its root not NaN."""
    data = cp(*FACTORS)
    for form in ("sum of squares", "norm", "norm, flat"):
        staged = stage(lambda *p, form=form: [FORMS[form](data - cp(*p))], *FACTORS)
        graph, _ = optimised(staged, ALL, 10)
        for scale in (1.0, 1 + 1e-9, 1 - 3e-10):
            (value,) = graph.evaluate(FACTORS[0] * scale, *FACTORS[1:])
            assert 0 <= value < 1e-5 * np.sum(data**2)
    for precision, rounding in ((np.float64, 1e-13), (np.float32, 1e-5)):
        parts = [f.astype(precision) for f in FACTORS]
        data = X.astype(precision)
        staged = stage(lambda *p, x=data: [FORMS["sum of squares"](x - cp(*p))], *parts)
        graph, _ = optimised(staged, ALL, 10)
        (got,), (want,) = graph.evaluate(*parts), staged.evaluate(*parts)
        assert got.dtype == precision
        np.testing.assert_allclose(got, want, rtol=10 * rounding)
