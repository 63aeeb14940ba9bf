"""
Counts, as a sparse tensor, with a Poisson loss
===============================================

Scikit-learn's handwritten digits are counts: each of 8 x 8 numbers says how many of sixteen pixels
carry ink. Half of them are zero. As a tensor of images, rows and columns, a nonnegative CP model
writes every image as a sum of a few strokes, each a product of a profile down and one across. Least
squares would treat an error of 2 alike where 3 and where 15 pixels are black; the Poisson loss does
not.
"""

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits

from tenrso_ad.decomposition import CPTensor, Objective, SemiStratified, SparseTensor, gcp
from tenrso_ad.training import LBFGSOptions, minimize

images = load_digits().images[:600]
counts = SparseTensor.from_array(images)
print(f"{counts}: {counts.nnz / np.prod(counts.shape):.0%} of the entries")

# %%
# The sum over the nonzeros and a closed sum over the zeros make the loss exact; time and memory go
# with the nonzeros. L-BFGS keeps the factors nonnegative, as the loss asks.
RANK = 16
rng = np.random.default_rng(0)
start = CPTensor(None, [rng.random((length, RANK)) for length in counts.shape])
objective = Objective(counts, "poisson")
fitted = minimize(
    objective.value_and_grad,
    start,
    bounds=(objective.lower, None),
    options=LBFGSOptions(max_iterations=100, objective_tolerance=1e-6),
)
model = fitted.params.normalize()
level = np.mean(images)
flat = CPTensor(None, [np.full((length, 1), level ** (1 / 3)) for length in counts.shape])
constant = gcp(counts, flat, "poisson")
saturated = np.sum(counts.values * (1 - np.log(counts.values)))
explained = (constant - fitted.value) / (constant - saturated)
print(f"rank {RANK}: {explained:.1%} of the deviance explained")

# %%
# An estimate from a few thousand entries has the exact loss as its mean.
sampler = SemiStratified(counts, nonzeros=3000, zeros=3000, loss="poisson", seed=0)
estimates = [float(sampler.draw()(fitted.params)) for _ in range(50)]
error = np.std(estimates) / len(estimates) ** 0.5
print(f"loss {fitted.value:.0f}, estimated {np.mean(estimates):.0f} +- {error:.0f}")

# %%
# How curved the loss is along the gradient, by a Hessian-vector product that takes no more time
# than a few gradients.
_, gradient = objective.value_and_grad(start)
product = objective.hvp(start, gradient)
length = sum(np.vdot(g, g) for g in gradient.factors)
curvature = sum(np.vdot(g, p) for g, p in zip(gradient.factors, product.factors, strict=True))
print(f"curvature along the first gradient: {curvature / length:.3g}")

# %%
# The strokes, and an image made of them.
figure, panels = plt.subplots(2, 9, figsize=(11, 2.8), layout="constrained")
for component, panel in enumerate(panels[:, :8].flat):
    panel.imshow(np.outer(model.factors[1][:, component], model.factors[2][:, component]), "Greys")
shown = 3
panels[0, 8].imshow(images[shown], "Greys")
made = np.einsum("r,ir,jr->ij", model.weights * model.factors[0][shown], *model.factors[1:])
panels[1, 8].imshow(made, "Greys")
panels[0, 8].set_title("image")
for panel in panels.flat:
    panel.set_axis_off()
figure.savefig("poisson_counts.png", dpi=120)
print("picture: poisson_counts.png")
