"""Proximal steps, against a search for the minimum that defines them."""

import numpy as np
import pytest
from scipy.optimize import minimize_scalar

from tenrso_ad.decomposition import CPTensor, Objective, proximal_step, soft_threshold
from tenrso_ad.engine.errors import ArgumentError


@pytest.mark.parametrize("lower", [-np.inf, -0.5, 0.0])
def test_the_step_is_the_minimiser(lower):
    points = np.array([-2.0, -0.3, 0.0, 0.4, 3.0])
    for point, moved in zip(points, proximal_step(points, 0.5, lower=lower), strict=True):
        found = minimize_scalar(
            lambda u, p=point: 0.5 * abs(u) + (u - p) ** 2 / 2,
            bounds=(max(lower, -5), 5),
            method="bounded",
            options={"xatol": 1e-9},
        )
        assert abs(found.x - moved) < 1e-6


def test_gradient_and_proximal_steps_find_a_sparse_model():
    rng = np.random.default_rng(0)
    loadings = np.where(rng.random((8, 1)) < 0.5, 0.0, 1 + rng.random((8, 1)))
    data = CPTensor(None, [loadings, np.ones((9, 1))]).to_dense()
    objective = Objective(data + 0.01 * rng.normal(size=data.shape), l1=0.5, nonnegative=True)
    model = CPTensor(None, [np.full((8, 1), 0.5), np.full((9, 1), 0.5)])
    for _ in range(300):
        _, gradient = objective.value_and_grad(model)
        moved = [f - 0.01 * g for f, g in zip(model.factors, gradient.factors, strict=True)]
        model = objective.proximal(CPTensor(None, moved), 0.01)
    np.testing.assert_array_equal(model.factors[0] == 0, loadings == 0)


def test_float32_stays_and_errors_are_said():
    assert soft_threshold(np.ones(2, np.float32), 0.5).dtype == np.float32
    with pytest.raises(ArgumentError, match="amount"):
        soft_threshold(np.ones(2), -1.0)
    with pytest.raises(ArgumentError, match="lower bound"):
        proximal_step(np.ones(2), 1.0, lower=1.0)
