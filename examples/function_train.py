"""
A function of six variables as a tensor train
=============================================

On a grid of 20 points a variable a function of six variables has 64 million values. This one is
built out of trains, never as a table: sums add ranks, products multiply them, and rounding brings
them back down to what the function needs. Its integral is an inner product. Then a train is fitted
to the values of another function at few of the points, by gradients along trains of fixed ranks.
"""

import matplotlib.pyplot as plt
import numpy as np

import tenrso_ad.numpy as tnp
from tenrso_ad.decomposition import CPTensor, inner, riemannian_gradient

VARIABLES, POINTS = 6, 20
grid = np.linspace(0.0, 1.0, POINTS)
shape = (POINTS,) * VARIABLES
ones = [np.ones((POINTS, 1))] * VARIABLES


def coordinate(n):
    """The function that gives variable n, a train of rank 1."""
    columns = list(ones)
    columns[n] = grid[:, None]
    return CPTensor(None, columns).to_tt()


# %%
# The function is g(s) = 1 - s/2 + s^2/4 - s^3/8 of the mean s of neighbours' products. By Horner's
# rule it takes sums and entrywise products; each is rounded to eight digits.
mean = coordinate(0) * coordinate(1)
for n in range(1, VARIABLES - 1):
    mean = (mean + coordinate(n) * coordinate(n + 1)).round(tolerance=1e-8)
mean = mean / (VARIABLES - 1)
one = CPTensor(None, ones).to_tt()
function, before = one, [one.ranks]
for _ in range(3):
    product = mean * function
    function = (one - 0.5 * product).round(tolerance=1e-8)
    print(f"ranks {(one - 0.5 * product).ranks} rounded to {function.ranks}")
numbers = sum(core.size for core in function.cores)
print(f"{numbers} numbers instead of {POINTS**VARIABLES}")

# %%
# Entries come without forming the others. The integral is the inner product with the weights of
# the trapezoidal rule, a train of rank 1.
rng = np.random.default_rng(0)
places = rng.integers(0, POINTS, size=(1000, VARIABLES))
x = grid[places]
s = (x[:, :-1] * x[:, 1:]).mean(axis=1)
error = np.abs(function.entries(places) - (1 - s / 2 + s**2 / 4 - s**3 / 8)).max()
print(f"largest error at 1000 points {error:.1e}")
weights = np.full((POINTS, 1), grid[1])
weights[[0, -1]] /= 2
integral = inner(CPTensor(None, [weights] * VARIABLES), function)
print(f"integral {integral:.6f}")


# %%
# Completion: the values of 1 / (1 + x @ x) at 10000 of the 64 million points. The loss reads the
# entries of the train there; its gradient along the trains of rank 3 is a train of rank 6, and a
# step is rounded back to rank 3.
known, unseen = rng.integers(0, POINTS, size=(2, 10000, VARIABLES))
values, hidden = (1 / (1 + (grid[p] ** 2).sum(axis=1)) for p in (known, unseen))


def relative_error(model, places, wanted):
    """The error at some points, relative to the values there."""
    difference = model.entries(places) - wanted
    return tnp.sqrt(tnp.sum(difference**2) / np.sum(wanted**2))


noise = [(1 + 0.1 * rng.normal(size=(POINTS, 3))) for _ in range(VARIABLES)]
model = (0.1 * CPTensor(None, noise)).to_tt()
history = []
for _ in range(60):
    gradient = riemannian_gradient(lambda m: tnp.sum((m.entries(known) - values) ** 2), model)
    moved = gradient.to_model().entries(known)  # the loss along the tangent is a parabola
    residual = model.entries(known) - values
    model = gradient.retract(-np.dot(moved, residual) / np.dot(moved, moved))
    history.append(
        [float(relative_error(model, p, v)) for p, v in ((known, values), (unseen, hidden))]
    )
print(f"relative error at known points {history[-1][0]:.1e}, at others {history[-1][1]:.1e}")

# %%
# The error at points that the train has not seen falls with that at the known ones.
figure, axes = plt.subplots(figsize=(6, 4), layout="constrained")
axes.semilogy(np.array(history), label=["known points", "other points"])
axes.set(xlabel="step", ylabel="relative error", title="A train of rank 3 from 10000 values")
axes.legend(frameon=False)
figure.savefig("function_train.png", dpi=120)
print("picture: function_train.png")
