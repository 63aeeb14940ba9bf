"""
The ground state of a spin chain by gradients of einsums
========================================================

The ground state of the Ising chain in a transverse field is sought among matrix product states
with bond dimension 8. The energy is a ratio of contractions of the whole network; its gradient
costs about as much as two energies, because every environment is computed once and shared by all
cores. The state has 12 spins, so the exact energy can be had from the 4096 x 4096 Hamiltonian
to compare with.
"""

import matplotlib.pyplot as plt
import numpy as np
from scipy.optimize import minimize
from scipy.sparse import csr_array, eye_array, kron
from scipy.sparse.linalg import eigsh

import tenrso_ad as ta
import tenrso_ad.numpy as tnp

SPINS, BOND, FIELD = 12, 8, 1.0
X = np.array([[0.0, 1.0], [1.0, 0.0]])
Z = np.diag([1.0, -1.0])

# %%
# The Hamiltonian, -sum Z Z - field sum X, as a matrix product operator: a chain of small tensors
# whose three states say "nothing yet", "a Z was just placed" and "done".
site = np.zeros((3, 3, 2, 2))
site[0, 0] = site[2, 2] = np.eye(2)
site[0, 1], site[1, 2], site[0, 2] = -Z, Z, -FIELD * X


def energy(cores):
    """<psi| H |psi> / <psi|psi>, contracted from left to right."""
    overlap = np.ones((1, 1))
    environment = np.eye(3)[0].reshape(1, 3, 1)
    for core in cores:
        overlap = tnp.einsum("ab,asc,bsd->cd", overlap, core, core)
        environment = tnp.einsum("awb,asc,wvst,btd->cvd", environment, core, site, core)
    return environment[0, 2, 0] / overlap[0, 0]


# %%
# SciPy minimises over one long vector; the cores are cut out of it, and the gradient comes back
# in the same form.
bonds = [min(2**k, 2 ** (SPINS - k), BOND) for k in range(SPINS + 1)]
shapes = [(bonds[k], 2, bonds[k + 1]) for k in range(SPINS)]
places = np.cumsum([0, *(int(np.prod(shape)) for shape in shapes)])


def objective(vector):
    """Energy of the state whose cores stand in one vector."""
    return energy(
        [tnp.reshape(vector[places[k] : places[k + 1]], shape) for k, shape in enumerate(shapes)]
    )


history = []
value_and_gradient = ta.value_and_grad(objective)
start = np.random.default_rng(1).normal(size=places[-1])
result = minimize(
    value_and_gradient,
    start / np.linalg.norm(start),
    jac=True,
    method="L-BFGS-B",
    callback=lambda intermediate_result: history.append(float(intermediate_result.fun)),
    options={"maxiter": 400, "ftol": 1e-14, "gtol": 1e-9},
)


# %%
# The exact ground state, from the sparse Hamiltonian.
def on_sites(operators):
    """Kronecker product with identities everywhere else."""
    full = csr_array(np.ones((1, 1)))
    for k in range(SPINS):
        full = kron(full, csr_array(operators[k]) if k in operators else eye_array(2), "csr")
    return full


hamiltonian = sum(-on_sites({k: Z, k + 1: Z}) for k in range(SPINS - 1))
hamiltonian = hamiltonian - FIELD * sum(on_sites({k: X}) for k in range(SPINS))
exact = float(eigsh(hamiltonian, k=1, which="SA", return_eigenvectors=False)[0])
print(f"energy by gradients {result.fun:.9f}, exact {exact:.9f}")
print(f"relative difference {(result.fun - exact) / abs(exact):.1e}")

plt.semilogy((np.array(history) - exact) / abs(exact))
plt.xlabel("iteration")
plt.ylabel("relative distance from the exact energy")
plt.title(f"Ising chain of {SPINS} spins, bond dimension {BOND}")
plt.tight_layout()
plt.savefig("spin_chain.png", dpi=120)
