"""Losses of one entry: their values, their slopes by hand, their parameters and errors."""

import numpy as np
import pytest

import tenrso_ad as ta
from tenrso_ad import numpy as tnp
from tenrso_ad.decomposition import Loss, elementwise_loss
from tenrso_ad.decomposition.elementwise_losses import EPS, LOSSES
from tenrso_ad.engine.errors import ArgumentError

X = np.array([0.0, 1.0, 0.0, 1.0, 0.5])
M = np.array([0.5, 0.25, 2.0, 3.0, 1.0])

# Of Hong, Kolda and Duersch; negative binomial's is not pyttb's, which has (trials + 1) / (1 + m).
SLOPES = {
    "gaussian": ({}, lambda x, m: 2 * (m - x)),
    "poisson": ({}, lambda x, m: 1 - x / (m + EPS)),
    "poisson_log": ({}, lambda x, m: np.exp(m) - x),
    "bernoulli_odds": ({}, lambda x, m: 1 / (1 + m) - x / (m + EPS)),
    "bernoulli_logit": ({}, lambda x, m: np.exp(m) / (1 + np.exp(m)) - x),
    "gamma": ({}, lambda x, m: -x / (m + EPS) ** 2 + 1 / (m + EPS)),
    "rayleigh": ({}, lambda x, m: 2 / (m + EPS) - np.pi / 2 * x**2 / (m + EPS) ** 3),
    "huber": ({"delta": 0.6}, lambda x, m: 2 * np.clip(m - x, -0.6, 0.6)),
    "negative_binomial": ({"trials": 4}, lambda x, m: (4 + x) / (1 + m) - x / (m + EPS)),
    "beta": ({"beta": 0.3}, lambda x, m: (m + EPS) ** (0.3 - 1) - x * (m + EPS) ** (0.3 - 2)),
    "zero_truncated_poisson": (
        {},
        lambda x, m: 1 - x / (m + EPS) + np.exp(-m) / (1 - np.exp(-m) + EPS),
    ),
}


@pytest.mark.parametrize("name", LOSSES)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_slopes_are_those_of_the_literature(name, dtype):
    parameters, slope = SLOPES[name]
    loss = elementwise_loss(name, **parameters)
    x, m = X.astype(dtype), M.astype(dtype)
    gradient = ta.grad(lambda m: tnp.sum(loss(x, m)))(m)
    assert gradient.dtype == dtype and loss(x, m).dtype == dtype
    digits = 1e-5 if dtype == np.float32 else 1e-8
    np.testing.assert_allclose(gradient, slope(X, M), rtol=digits, atol=digits)
    if dtype == np.float64:
        ta.testing.check_gradients(
            lambda m: tnp.sum(loss(x, m)), (m,), order=2, atol=1e-9
        ).raise_if_failed()


def test_huber_is_the_parabola_near_and_its_tangent_beyond():
    loss = elementwise_loss("huber", delta=0.5)
    np.testing.assert_allclose(loss(0.0, np.array([0.2, 0.5, -2.0])), [0.04, 0.25, 1.75])
    slopes = ta.grad(lambda m: tnp.sum(loss(0.0, m)))(np.array([0.0, 0.5, -0.5, 3.0]))
    np.testing.assert_allclose(slopes, [0.0, 1.0, -1.0, 1.0])


def test_large_logits_do_not_overflow():
    loss = elementwise_loss("bernoulli_logit")
    np.testing.assert_allclose(loss(1.0, np.array([800.0, -800.0])), [0.0, 800.0])


def test_functions_and_losses_are_taken_as_they_are():
    loss = elementwise_loss(lambda x, m: abs(x - m))
    assert loss(1.0, 3.0) == 2.0 and loss.lower == -np.inf
    own = Loss("mine", lambda x, m: m * m, 0.0, zeros="squares")
    assert elementwise_loss(own) is own


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: elementwise_loss("gausian"), "wanted one of gaussian, poisson"),
        (lambda: elementwise_loss("huber", gamma=2.0), "no such parameter: gamma"),
        (lambda: elementwise_loss(abs, delta=2.0), "go with a name"),
        (lambda: elementwise_loss(3), "got 3"),
        (lambda: elementwise_loss("huber", delta=0.0), "delta > 0"),
        (lambda: elementwise_loss("negative_binomial", trials=-1), "trials > 0"),
        (lambda: elementwise_loss("beta", beta=1), "other than 0 and 1"),
        (lambda: elementwise_loss("poisson").check("f", [1.0, -2.0]), "data from 0 on, got -2.0"),
        (lambda: elementwise_loss("bernoulli_odds").check("f", [2.0]), "0 to 1, got 2.0"),
        (lambda: Loss("p", abs, data="positive").check("f", [0.0]), "data above 0"),
    ],
)
def test_what_is_wrong_is_said(call, message):
    with pytest.raises(ArgumentError, match=message):
        call()


def test_missing_data_pass_the_check():
    elementwise_loss("poisson").check("f", np.array([1.0, np.nan]))
