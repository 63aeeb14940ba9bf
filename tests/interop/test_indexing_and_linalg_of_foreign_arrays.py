"""Indexing, updates and linear algebra take arrays of PyTorch and JAX and give theirs."""

from collections.abc import Callable
from typing import Any

import jax
import numpy as np
import pytest
import torch

import tenrso_ad as ta
import tenrso_ad.numpy as tnp
import tenrso_ad.numpy.linalg as la
from tenrso_ad.engine.errors import UnsupportedError
from tenrso_ad.ops.contraction.einsum import matmul
from tenrso_ad.ops.indexing.getitem import getitem
from tenrso_ad.ops.indexing.taking import take
from tenrso_ad.ops.indexing.updates import at
from tenrso_ad.ops.linalg.determinants import det, slogdet
from tenrso_ad.ops.linalg.norms import norm
from tenrso_ad.ops.linalg.qr import qr
from tenrso_ad.ops.linalg.solving import cholesky, inv, solve
from tenrso_ad.ops.linalg.spectral import eigh, eigvalsh, svd, svdvals
from tenrso_ad.ops.reductions.sums import sum as total
from tenrso_ad.ops.shaping.permuting import matrix_transpose

pytestmark = pytest.mark.interop

jax.config.update("jax_enable_x64", True)

LIBRARIES = {"torch": torch.tensor, "jax": jax.numpy.asarray}
TENSOR = np.random.default_rng(0).normal(size=(4, 3, 2))
MATRIX = np.random.default_rng(1).normal(size=(4, 3))

INDICES = {
    "int": 1,
    "backwards": (slice(None, None, -1), 0),
    "rows": [0, 2, 2, -1],
    "separated arrays": ([0, 1], slice(None), [1, 1]),
    "int and array": (0, slice(None), [0, 1, 1]),
    "int beside array": (slice(None), 0, [0, 1, 1]),
    "mask": TENSOR > 0.3,
    "new axis": (None, ..., 1),
}


def definite(a: Any) -> Any:
    return matmul(matrix_transpose(a), a)


def projector(u: Any) -> Any:
    return matmul(u, matrix_transpose(u))


FUNCTIONS: dict[str, tuple[Callable[[Any], Any], Any]] = {
    **{
        f"getitem {name}": (lambda x, i=index: getitem(x, i), TENSOR)
        for name, index in INDICES.items()
    },
    **{
        f"{method} {name}": (
            lambda x, i=index, m=method: getattr(at(x)[i], m)(getitem(x, i) ** 2),
            TENSOR,
        )
        for name, index in INDICES.items()
        for method in ("set", "add", "multiply", "min", "max")
    },
    "set a number": (lambda x: at(x)[0].set(1.0), TENSOR),
    "take": (lambda x: take(x, [0, 0, 1], axis=1), TENSOR),
    "inv": (lambda a: inv(definite(a)), MATRIX),
    "solve": (lambda a: solve(definite(a), matrix_transpose(a)), MATRIX),
    "solve vector": (lambda a: solve(definite(a), a[0]), MATRIX),
    "det": (lambda a: det(a[:3]), MATRIX),
    "det of a singular matrix": (lambda a: det(matmul(a, matrix_transpose(a))), MATRIX),
    "slogdet": (lambda a: slogdet(a[:3]).logabsdet, MATRIX),
    "cholesky": (lambda a: cholesky(definite(a)), MATRIX),
    "cholesky upper": (lambda a: cholesky(definite(a), upper=True), MATRIX),
    "eigh": (lambda a: eigh(definite(a)).eigenvectors ** 2, MATRIX),
    "eigh upper": (lambda a: eigh(definite(a), "U").eigenvectors ** 2, MATRIX),
    "eigvalsh": (lambda a: eigvalsh(definite(a)), MATRIX),
    "svd": (lambda a: svd(a, full_matrices=False).U ** 2, MATRIX),
    "svd full": (lambda a: svd(a).Vh ** 2, MATRIX),
    "svd of a symmetric matrix": (lambda a: svd(definite(a), hermitian=True).U ** 2, MATRIX),
    "columns beyond the span": (lambda a: projector(svd(a).U[:, 3:]), MATRIX),
    "columns that qr adds": (lambda a: projector(qr(a, "complete").Q[:, 3:]), MATRIX),
    "svdvals": (svdvals, MATRIX),
    "matrix_power": (lambda a: la.matrix_power(definite(a), -2), MATRIX),
    "matrix_power 0": (lambda a: la.matrix_power(definite(a), 0) * a[0], MATRIX),
    "pinv": (la.pinv, MATRIX),
    "pinv with a large cutoff": (lambda a: la.pinv(a, 0.5), MATRIX),
    "pinv hermitian": (lambda a: la.pinv(definite(a), rtol=None, hermitian=True), MATRIX),
    "lstsq": (lambda a: la.lstsq(a, a[:, 0] ** 2).x, MATRIX),
    "residuals of lstsq": (lambda a: la.lstsq(a, a[:, 0] ** 2).residuals, MATRIX),
    "matrix_rank": (lambda a: la.matrix_rank(a) * a, MATRIX),
    "eigvals": (lambda a: tnp.real(la.eigvals(a[:3]) ** 2), MATRIX),
    "eig": (lambda a: tnp.abs(la.eig(a[:3]).eigenvectors), MATRIX),
    "cond": (la.cond, MATRIX),
    "cond 1": (lambda a: la.cond(a[:3], 1), MATRIX),
    "tensorsolve": (lambda a: la.tensorsolve(definite(a), a[0]), MATRIX),
    "tensorinv": (lambda a: la.tensorinv(definite(a), 1), MATRIX),
    "solve_triangular": (
        lambda a: la.solve_triangular(definite(a), a[0], trans=1, lower=True, unit_diagonal=True),
        MATRIX,
    ),
    "cho_solve": (lambda a: la.cho_solve(la.cho_factor(definite(a)), a[1]), MATRIX),
    "polar": (lambda a: la.polar(a)[1], MATRIX),
    "toeplitz": (lambda a: la.toeplitz(a[0], a[1]), MATRIX),
    "block_diag": (lambda a: la.block_diag(a, a[0]), MATRIX),
    "solve stack": (lambda a: solve(tnp.stack([definite(a)] * 3), a[:3]), MATRIX),
    "qr": (lambda a: qr(a).Q ** 2, MATRIX),
    "qr wide": (lambda a: qr(matrix_transpose(a)).R ** 2, MATRIX),
    **{f"norm {order}": (lambda x, p=order: norm(x[0], p), MATRIX) for order in (2, 1, 3, np.inf)},
    **{f"norm {order} of a matrix": (lambda x, p=order: norm(x, p), MATRIX)
       for order in ("fro", "nuc", 2, 1, -np.inf)},
}  # fmt: skip


@pytest.mark.parametrize("library", LIBRARIES)
@pytest.mark.parametrize("name", FUNCTIONS)
def test_values_and_gradients_are_those_of_numpy_arrays(library: str, name: str) -> None:
    function, operand = FUNCTIONS[name]
    make = LIBRARIES[library]
    value = function(make(operand))
    assert type(value) is type(make(operand))
    np.testing.assert_allclose(np.asarray(value), function(operand), rtol=1e-9, atol=1e-12)

    def loss(x: Any) -> Any:
        return total(function(x) ** 2)

    gradient = ta.grad(loss)(make(operand))
    assert type(gradient) is type(make(operand))
    np.testing.assert_allclose(np.asarray(gradient), ta.grad(loss)(operand), rtol=1e-9, atol=1e-10)


def test_the_exponential_is_that_of_torch() -> None:
    def second(x: Any) -> Any:
        return ta.hvp(lambda x: total(la.expm(definite(x))), x, x)

    product = second(torch.tensor(MATRIX))
    assert isinstance(product, torch.Tensor)
    np.testing.assert_allclose(product.numpy(), second(MATRIX), rtol=1e-9)


@pytest.mark.parametrize(
    "function",
    [la.lu, la.lu_factor, la.logm, la.sqrtm, lambda a: la.solve_sylvester(a, a, a),
     lambda a: la.solve_banded((1, 1), a, a[0]), lambda a: la.solveh_banded(a, a[0])],
)  # fmt: skip
@pytest.mark.parametrize("library", LIBRARIES)
def test_what_scipy_computes_is_refused(library: str, function: Callable[[Any], Any]) -> None:
    with pytest.raises(UnsupportedError, match="computed by SciPy, on NumPy's arrays only"):
        function(LIBRARIES[library](MATRIX[:3]))


def test_index_arrays_of_the_other_library() -> None:
    index = torch.tensor([0, 2, 2])
    for x in (torch.tensor(TENSOR), TENSOR):
        gradient = ta.grad(lambda x: total(getitem(x, index) ** 2))(x)
        expected = ta.grad(lambda x: total(getitem(x, [0, 2, 2]) ** 2))(TENSOR)
        np.testing.assert_allclose(np.asarray(gradient), expected)
    mask = torch.tensor(TENSOR > 0.3)
    np.testing.assert_array_equal(
        np.asarray(getitem(torch.tensor(TENSOR), mask)), TENSOR[TENSOR > 0.3]
    )
