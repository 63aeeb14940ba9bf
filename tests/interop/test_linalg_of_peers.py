"""Linear algebra beside that of PyTorch and JAX: values and gradients of one expression."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import jax
import jax.scipy.linalg
import numpy as np
import pytest
import torch

import tenrso_ad as ta
import tenrso_ad.numpy as tnp

pytestmark = pytest.mark.interop

jax.config.update("jax_enable_x64", True)

JAX = SimpleNamespace(**{**vars(jax.scipy.linalg), **vars(jax.numpy.linalg)})
TORCH = SimpleNamespace(
    **{name: getattr(torch.linalg, name) for name in torch.linalg.__dict__ if name[0] != "_"},
    expm=torch.linalg.matrix_exp,
    cho_factor=lambda a, lower: (torch.linalg.cholesky(a, upper=not lower), lower),
    cho_solve=lambda c, b: torch.cholesky_solve(b, c[0], upper=not c[1]),
)
TORCH.solve_triangular = lambda a, b, trans=0, lower=False, unit_diagonal=False: (
    torch.linalg.solve_triangular(
        torch.adjoint(a) if trans == 2 else a.mT if trans else a,
        b,
        upper=bool(lower) == bool(trans),
        unitriangular=unit_diagonal,
    )
)
TORCH.lstsq = lambda a, b: (torch.linalg.lstsq(a, b, driver="gelsd").solution,)


def of_rank_two(a: Any) -> Any:
    return a[:, :2] @ a[:2]


def hermitian(xp: Any, a: Any) -> Any:
    return a + xp.conj(a).T


def definite(xp: Any, a: Any) -> Any:
    return a @ xp.conj(a).T


def sizes(xp: Any, v: Any) -> Any:
    return xp.real(v * xp.conj(v))


Expression = Callable[[Any, Any, Any], Any]
BOTH, TORCHS, JAXS = (TORCH, JAX), (TORCH,), (JAX,)

# name -> (expression in the namespace, its linalg and a 4 x 4 matrix; the peers; whether complex)
EXPRESSIONS: dict[str, tuple[Expression, tuple[Any, ...], bool]] = {
    "pinv": (lambda xp, la, a: la.pinv(a[:, :3]), BOTH, True),
    "pinv wide": (lambda xp, la, a: la.pinv(a[:3]), BOTH, True),
    "pinv deficient": (lambda xp, la, a: la.pinv(of_rank_two(a), rtol=1e-8), BOTH, True),
    "pinv hermitian": (lambda xp, la, a: la.pinv(hermitian(xp, a), hermitian=True), BOTH, True),
    "lstsq": (lambda xp, la, a: la.lstsq(a[:, :3], a)[0], BOTH, True),
    "lstsq wide": (lambda xp, la, a: la.lstsq(a[:3], a[:3])[0], BOTH, True),
    "eigvals": (lambda xp, la, a: xp.sum(xp.abs(la.eigvals(a)) ** 3), BOTH, True),
    "eig": (lambda xp, la, a: xp.sum(sizes(xp, la.eig(a)[1]) ** 2), TORCHS, True),
    "eigh": (lambda xp, la, a: sizes(xp, la.eigh(hermitian(xp, a))[1]), BOTH, True),
    "eigvalsh": (lambda xp, la, a: la.eigvalsh(hermitian(xp, a)), BOTH, True),
    "svd": (lambda xp, la, a: sizes(xp, la.svd(a[:3], full_matrices=False)[2]), BOTH, True),
    "svdvals": (lambda xp, la, a: la.svdvals(a), BOTH, True),
    "qr": (lambda xp, la, a: la.qr(a[:, :3])[1], BOTH, False),
    "cholesky": (lambda xp, la, a: la.cholesky(definite(xp, a)), BOTH, True),
    "det": (lambda xp, la, a: la.det(a), BOTH, True),
    "det of a singular matrix": (lambda xp, la, a: 1 + la.det(a[:, :3] @ a[:3]), BOTH, True),
    "slogdet": (lambda xp, la, a: sum(la.slogdet(a)), BOTH, True),
    "inv": (lambda xp, la, a: la.inv(a), BOTH, True),
    "matrix_power": (lambda xp, la, a: la.matrix_power(a, 5), BOTH, True),
    "matrix_power -3": (lambda xp, la, a: la.matrix_power(a, -3), BOTH, True),
    "tensorinv": (lambda xp, la, a: la.tensorinv(a.reshape(4, 2, 2), ind=1), BOTH, True),
    "tensorsolve": (lambda xp, la, a: la.tensorsolve(a.reshape(2, 2, 4), a[:2, :2]), BOTH, True),
    "expm": (lambda xp, la, a: la.expm(a), BOTH, True),
    "solve_triangular": (lambda xp, la, a: la.solve_triangular(a, a), BOTH, True),
    "solve_triangular lower": (
        lambda xp, la, a: la.solve_triangular(a, a, trans=1, lower=True, unit_diagonal=True),
        BOTH,
        True,
    ),
    "solve_triangular adjoint": (lambda xp, la, a: la.solve_triangular(a, a, trans=2), BOTH, True),
    "cho_solve": (
        lambda xp, la, a: la.cho_solve(la.cho_factor(definite(xp, a), lower=True), a),
        BOTH,
        True,
    ),
    "lu": (lambda xp, la, a: la.lu(a)[1] * 2 + la.lu(a)[2], BOTH, True),
    "lu tall": (lambda xp, la, a: la.lu(a[:, :2])[1], BOTH, True),
    "lu wide": (lambda xp, la, a: la.lu(a[:2])[2], BOTH, True),
    "lu_solve": (lambda xp, la, a: la.lu_solve(la.lu_factor(a), a**2, trans=1), JAXS, True),
    "toeplitz": (lambda xp, la, a: la.toeplitz(a[0], a[1]), JAXS, True),
    "block_diag": (lambda xp, la, a: la.block_diag(a, a[:2]), JAXS, True),
    **{
        f"matrix_norm {p}": (lambda xp, la, a, p=p: la.matrix_norm(a[:3], ord=p), BOTH, True)
        for p in ("fro", "nuc", 2, -2, 1, -1, np.inf, -np.inf)
    },
    **{
        f"vector_norm {p}": (lambda xp, la, a, p=p: la.vector_norm(a[0], ord=p), BOTH, True)
        for p in (2, 1, 3, 0.5, -1.5, np.inf, -np.inf)
    },
    **{
        f"cond {p}": (lambda xp, la, a, p=p: la.cond(a, p), peers, p != "nuc")
        # PyTorch's own gradients of the last ones stop with an error
        for p, peers in [(None, BOTH), ("nuc", BOTH), (-2, BOTH), ("fro", JAXS), (1, JAXS)]
    },
}  # fmt: skip


def loss(xp: Any, linalg: Any, name: str, a: Any) -> Any:
    """A real number to which real and imaginary parts contribute differently."""
    out = EXPRESSIONS[name][0](xp, linalg, a) + 0j
    return xp.sum(xp.real(out) ** 3 + xp.real(out * out * (1 - 2j)))


@pytest.mark.parametrize("name", EXPRESSIONS)
def test_values_and_gradients(name: str, rng: np.random.Generator) -> None:
    _, peers, is_complex = EXPRESSIONS[name]
    a = rng.standard_normal((4, 4)) + 2 * np.eye(4)
    if is_complex:
        a = a + 1j * rng.standard_normal((4, 4))
    value, gradient = ta.value_and_grad(lambda a: loss(tnp, tnp.linalg, name, a))(a)
    for peer in peers:
        if peer is TORCH:
            tensor = torch.tensor(a, requires_grad=True)
            theirs = loss(torch, TORCH, name, tensor)
            (expected,) = torch.autograd.grad(theirs, tensor)
        else:
            theirs, expected = jax.value_and_grad(lambda a: loss(jax.numpy, JAX, name, a))(a)
            expected = np.conj(expected)
        np.testing.assert_allclose(value, theirs.item(), rtol=1e-8)
        np.testing.assert_allclose(gradient, np.asarray(expected), rtol=1e-7, atol=1e-9)
