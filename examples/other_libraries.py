"""
Gradients for SciPy, tensors for scikit-learn
=============================================

SciPy's optimisers and solvers take derivatives as functions; :func:`tenrso_ad.grad`,
:func:`tenrso_ad.hvp` and :func:`tenrso_ad.jacfwd` make them. Libraries that are written to the
Python array API standard also compute on tensors, so that a derivative goes through their own code.
"""

import os

os.environ["SCIPY_ARRAY_API"] = "1"  # SciPy reads it when it is first imported

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
from scipy.integrate import solve_ivp
from scipy.optimize import minimize
from sklearn import config_context
from sklearn.linear_model import Ridge

import tenrso_ad as ta
import tenrso_ad.numpy as tnp

figure, (left, middle, right) = plt.subplots(1, 3, figsize=(12, 3.5), layout="constrained")

# %%
# A hanging chain
# ---------------
# Beads joined by springs come to rest where their energy is least. Without a gradient the
# optimiser differences the energy in every coordinate; with Hessian-vector products it can take
# Newton steps.
beads = 20
ends = np.array([[0.0, 0.0]]), np.array([[1.0, 0.0]])


def energy(coordinates):
    """Springs between neighbours, and the weight of the beads."""
    points = tnp.concatenate([ends[0], tnp.reshape(coordinates, (beads, 2)), ends[1]])
    stretch = tnp.linalg.norm(tnp.diff(points, axis=0), axis=1) - 1.3 / (beads + 1)
    return 1e3 * tnp.sum(stretch**2) + tnp.sum(points[:, 1])


start = np.column_stack([np.linspace(0, 1, beads + 2)[1:-1], np.full(beads, -0.1)]).ravel()
ways = {
    "differences": {"method": "BFGS"},
    "gradients": {"method": "BFGS", "jac": ta.grad(energy)},
    "gradients and Hessian-vector products": {
        "method": "trust-ncg",
        "jac": ta.grad(energy),
        "hessp": lambda x, v: ta.hvp(energy, x, v),
    },
}
for name, options in ways.items():
    rest = minimize(energy, start, **options)
    slope = np.linalg.norm(ta.grad(energy)(rest.x))
    print(f"{name}: {rest.nfev} evaluations, energy {rest.fun:.6f}, gradient norm {slope:.0e}")
left.plot(*np.vstack([ends[0], rest.x.reshape(-1, 2), ends[1]]).T, "o-", markersize=4)
left.set(title="a chain at rest", aspect="equal")

# %%
# A stiff differential equation
# -----------------------------
# An implicit method solves equations in every step, and wants their Jacobian; here it is exact.


def oscillator(t, y):
    """Van der Pol's oscillator, with time scales far apart."""
    return tnp.stack([y[1], 1000 * (1 - y[0] ** 2) * y[1] - y[0]])


jacobian = ta.jacfwd(oscillator, argnums=1)
orbit = solve_ivp(oscillator, (0, 3000), [2.0, 0.0], method="Radau", jac=jacobian)
print(f"{orbit.t.size} steps, {orbit.njev} Jacobians: {orbit.message}")
middle.plot(orbit.t, orbit.y[0], ".-", markersize=4)
middle.set(title="van der Pol's oscillator", xlabel="t")

# %%
# Through an estimator
# --------------------
# scikit-learn fits a ridge regression to tensors. The derivative of a prediction by the targets
# says how much each observation weighs in it. The fit is linear in the targets, so that their sum
# with these weights is the prediction.
rng = np.random.default_rng(0)
inputs = np.sort(rng.uniform(-1, 1, size=60))
targets = ta.tensor(np.sin(3 * inputs) + 0.2 * rng.normal(size=60))


def features(x):
    """Powers of an input."""
    return ta.array_api.asarray(np.asarray(x)[:, None] ** np.arange(6))


with config_context(array_api_dispatch=True):
    model = Ridge(alpha=1e-2, solver="svd", fit_intercept=False).fit(features(inputs), targets)
    prediction = model.predict(features([0.5]))[0]
    curve = model.predict(features(inputs))
prediction.backward()
print(f"prediction {prediction.item():.6f}, from the weights {targets.grad @ targets.value:.6f}")
points = right.scatter(inputs, targets.value, c=targets.grad, s=16)
right.plot(inputs, curve.value)
right.axvline(0.5, linestyle=":")
right.set(title="weights in the prediction at 0.5", xlabel="x")
figure.colorbar(points, ax=right)
figure.savefig("other_libraries.png", dpi=120)
print("picture: other_libraries.png")
