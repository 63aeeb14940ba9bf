"""
A CP decomposition of real data with missing values
===================================================

The data are responses of eight cell types to thirteen variants of interleukin-2, at four times and
twelve doses; about four percent of the values are missing. TensorLy ships them. The fit asks how
few patterns explain them, and keeps the factors nonnegative, because responses are.
"""

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
from tensorly.datasets import load_IL2data

import tenrso_ad as ta
from tenrso_ad.decomposition import fit, squared_error

data = load_IL2data()
tensor = data.tensor
observed = ~np.isnan(tensor)
print(f"{tensor.shape}, {np.count_nonzero(~observed)} values missing")

# %%
# How many components? The relative error over observed values falls with each one.
results = [fit(tensor, rank, nonnegative=True, seed=0) for rank in range(1, 6)]
for result in results:
    print(f"rank {result.model.rank}: relative error {result.relative_error:.4f}")

# %%
# A model is a pytree, and the loss an ordinary differentiable function of it. At the solution the
# gradient vanishes where a factor is positive, and is positive where the factor is held at zero.
model = results[2].model
gradient = ta.grad(lambda m: squared_error(np.nan_to_num(tensor), m, observed))(model)
for name, factor, slope in zip(data.dims, model.factors, gradient.factors, strict=True):
    positive = np.abs(slope[factor > 0]).max()
    held = slope[factor == 0].min(initial=np.inf)  # infinite where no factor is zero
    print(f"{name:8} largest slope where positive {positive:.1e}, least where zero {held:.1e}")

# %%
# What the three components respond to.
figure, panels = plt.subplots(1, 2, figsize=(10, 4), layout="constrained")
doses, cells = data.ticks[2], data.ticks[3]
for component in range(model.rank):
    panels[0].semilogx(
        doses, model.factors[2][:, component], "o-", label=f"component {component + 1}"
    )
    panels[1].plot(model.factors[3][:, component], range(len(cells)), "o")
panels[0].set(title="doses", ylabel="factor")
panels[0].legend(frameon=False)
panels[1].set_yticks(range(len(cells)), cells)
panels[1].set(title="cells", xlabel="factor")
panels[1].invert_yaxis()
panels[1].grid(axis="y")
figure.savefig("fit_cp.png", dpi=120)
print("picture: fit_cp.png")
