"""
Memory against time
===================

The gradient of a deep network keeps the activations of all layers. Compiled within a budget of
bytes it keeps some of them, and computes the others again when it comes back to them. The results
are the same to the last bit.
"""

import matplotlib.pyplot as plt
import numpy as np

import tenrso_ad as ta
import tenrso_ad.numpy as tnp
from tenrso_ad.engine.errors import MemoryBudgetError

rng = np.random.default_rng(0)
LAYERS, WIDTH, BATCH = 30, 16, 128
weights = [rng.normal(size=(WIDTH, WIDTH)) / np.sqrt(WIDTH) for _ in range(LAYERS)]
inputs = rng.normal(size=(BATCH, WIDTH))


def loss(weights):
    """Sum of what the last layer gives."""
    x = inputs
    for w in weights:
        x = tnp.tanh(x @ w)
    return tnp.sum(x)


# %%
# Without a budget: the memory that the values between inputs and results take.
free = ta.compile(ta.grad(loss))
expected = free(weights)
results = free.memory.results
print(f"{free.memory.peak - results:,d} bytes beside {results:,d} of results")

# %%
# With smaller and smaller budgets, down to one that is refused. The error says which would not be.
bytes_kept, more_time = [free.memory.peak - results], [0.0]
for fraction in np.linspace(0.9, 0.1, 9):
    budget = int(results + fraction * (free.memory.peak - results))
    bound = ta.compile(ta.grad(loss), memory_budget=budget)
    try:
        gradients = bound(weights)
    except MemoryBudgetError as error:
        print(error)
        break
    assert all(map(np.array_equal, gradients, expected))
    print(bound.report.rematerialised)
    bytes_kept.append(bound.memory.peak - results)
    more_time.append(bound.report.rematerialised.slower)

# %%
# The compiler's own estimate of the time that is computed twice. One more evaluation of the
# network would be a third of the whole.
fig, ax = plt.subplots()
ax.plot(np.array(bytes_kept) / inputs.nbytes, 100 * np.array(more_time), "o-")
ax.axhline(100 / 3, color="grey", linestyle=":", label="one more evaluation")
ax.axvline(2 * np.sqrt(LAYERS), color="grey", linestyle="--", label="2 sqrt(layers)")
ax.set(xlabel="memory, in activations of one layer", ylabel="more time (%)", ylim=(0, None))
ax.set_title(f"Gradient of {LAYERS} layers within a budget")
ax.legend()
plt.show()
