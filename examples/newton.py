"""
Newton's method with exact second derivatives
=============================================

Logistic regression has a loss whose Hessian is cheap to multiply with and small enough to form.
Newton's method takes it from :func:`tenrso_ad.hessian`; with more parameters than fit into a
matrix, conjugate gradients take only the products of :func:`tenrso_ad.hvp`.
"""

import numpy as np
from scipy.sparse.linalg import LinearOperator, cg

import tenrso_ad as ta
import tenrso_ad.numpy as tnp

rng = np.random.default_rng(0)
inputs = rng.normal(size=(500, 8))
truth = rng.normal(size=8)
labels = np.where(rng.random(500) < 1 / (1 + np.exp(-inputs @ truth)), 1.0, -1.0)


def loss(weights):
    """Negative log-likelihood with a little regularisation."""
    return tnp.mean(tnp.softplus(-labels * (inputs @ weights))) + 0.005 * tnp.sum(weights**2)


# %%
# With the whole Hessian. The exponent of the gradient's norm about doubles at each step.
gradient, hessian = ta.grad(loss), ta.hessian(loss)
weights = np.zeros(8)
for step in range(6):
    slope = gradient(weights)
    print(f"step {step}: loss {loss(weights):.12f}, gradient norm {np.linalg.norm(slope):.1e}")
    weights = weights - np.linalg.solve(hessian(weights), slope)

# %%
# With products only: the Hessian is never formed, and the solution is the same.
free = np.zeros(8)
for _ in range(6):
    product = LinearOperator((8, 8), matvec=lambda v, at=free: ta.hvp(loss, at, v), dtype=float)
    direction, _ = cg(product, gradient(free), rtol=1e-10)
    free = free - direction
print(f"difference of the two solutions {np.abs(weights - free).max():.1e}")
