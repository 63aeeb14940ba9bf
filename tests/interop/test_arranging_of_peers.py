"""Shape, indexing and order: gradients against JAX; arrays of PyTorch and JAX as operands."""

from collections.abc import Callable
from typing import Any

import jax
import numpy as np
import pytest
import torch

import tenrso_ad as ta
import tenrso_ad.numpy as tnp

pytestmark = pytest.mark.interop

jax.config.update("jax_enable_x64", True)

# (3, 4), with equal elements in rows, in columns and across
X = np.array([[2.0, -1.0, 2.0, 0.5], [3.0, 1.0, 1.0, 1.0], [2.0, 0.5, -1.0, 4.0]])
MASK = X > 0.75

# Functions of a matrix, in names that NumPy and JAX share, with an array or several as results.
FUNCTIONS: dict[str, Callable[[Any, Any], Any]] = {
    "rollaxis, rot90": lambda xp, x: xp.rot90(xp.rollaxis(x, 1), 3),
    "fliplr, flipud": lambda xp, x: xp.fliplr(x) * xp.flipud(x),
    "atleast_3d": lambda xp, x: xp.atleast_3d(x),
    "array_split": lambda xp, x: xp.array_split(x, 3, axis=1),
    "hsplit, vsplit": lambda xp, x: [*xp.hsplit(x, 2), *xp.vsplit(x, [1])],
    "unstack": lambda xp, x: xp.unstack(x, axis=1),
    "column_stack": lambda xp, x: xp.column_stack([x, x[:, 0]]),
    "block": lambda xp, x: xp.block([[x, x[:, :1]], [x[:1], x[1:2, 1:2]]]),
    "append": lambda xp, x: xp.append(x, x[0]),
    "insert": lambda xp, x: xp.insert(x, np.array([0, 2, 2]), x[:, :1], axis=1),
    "delete": lambda xp, x: xp.delete(x, np.array([0, 2]), axis=1),
    "resize": lambda xp, x: xp.resize(x, (3, 5)),
    "repeat": lambda xp, x: xp.repeat(x, np.array([1, 0, 2]), axis=0, **_length(xp, 3)),
    "pad, median": lambda xp, x: xp.pad(x[:2, :2], 1, "median"),
    "pad, odd reflection": lambda xp, x: xp.pad(x, 2, "reflect", reflect_type="odd"),
    "diagonal": lambda xp, x: xp.diagonal(x, 1),
    "diag": lambda xp, x: xp.diag(x[0], -1),
    "diagflat": lambda xp, x: xp.diagflat(x, 2),
    "tril, triu": lambda xp, x: xp.tril(x) * 2 + xp.triu(x, 1),
    "take": lambda xp, x: xp.take(x, np.array([5, -2, 0]), axis=1, mode="clip"),
    "take_along_axis": lambda xp, x: xp.take_along_axis(x, np.array([[1, 1], [0, 2], [3, 0]]), 1),
    "compress": lambda xp, x: xp.compress(np.array([True, False, True]), x, axis=1),
    "extract": lambda xp, x: xp.extract(MASK, x),
    "choose": lambda xp, x: xp.choose(np.array([2, 0, 1, 0]), list(x)),
    "meshgrid": lambda xp, x: xp.meshgrid(x[0], x[1]),
    "ix_": lambda xp, x: x[xp.ix_(np.array([0, 2]), np.array([3, 0]))],
    "sort": lambda xp, x: xp.sort(x),
    # JAX turns the order of equal elements around
    "sort, descending": lambda xp, x: xp.sort(x[:, 1::2], axis=0, descending=True),
    "sort of all": lambda xp, x: xp.sort(x, axis=None),
    "argsort": lambda xp, x: xp.take_along_axis(x, xp.argsort(x, axis=1, stable=True), axis=1),
    "partition": lambda xp, x: xp.partition(x[:, [1, 3]], 1)[:, 1],
    "unique": lambda xp, x: xp.unique(x),
    "unique rows": lambda xp, x: xp.unique(x[np.array([0, 1, 0])], axis=0),
    "unique_all": lambda xp, x: xp.unique_all(x)[0],
    "union1d": lambda xp, x: xp.union1d(x[0], x[1]),
    "intersect1d": lambda xp, x: xp.intersect1d(x[0], x[2]),
    "setdiff1d": lambda xp, x: xp.setdiff1d(x, np.array([2.0, 7.0])),
    "setxor1d": lambda xp, x: xp.setxor1d(x[0], x[2]),
    "trim_zeros": lambda xp, x: xp.trim_zeros(xp.pad(x[0], 2)),
}

# JAX gives zeros there
WITHOUT_GRADIENT = {"unique", "unique rows", "unique_all"}
WITHOUT_GRADIENT |= {"union1d", "intersect1d", "setdiff1d", "setxor1d"}


def _length(xp: Any, length: int) -> dict[str, int]:
    return {"total_repeat_length": length} if xp is jax.numpy else {}


def _flat(xp: Any, results: Any) -> Any:
    several = isinstance(results, (tuple, list))
    return xp.concatenate([r.reshape(-1) for r in results]) if several else results.reshape(-1)


def _compared(name: str) -> tuple[Any, Any]:
    """Value and gradient of a weighted sum of squares, of this library and of JAX."""

    def loss(xp: Any, x: Any) -> Any:
        out = _flat(xp, FUNCTIONS[name](xp, x))
        return xp.sum(out**2 * np.arange(1.0, 1 + out.shape[0]))

    ours = ta.value_and_grad(lambda x: loss(tnp, x))(X)
    return ours, jax.value_and_grad(lambda x: loss(jax.numpy, x))(X)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_values_and_gradients_are_those_of_jax(name: str) -> None:
    (value, gradient), (expected_value, expected_gradient) = _compared(name)
    np.testing.assert_allclose(value, expected_value, rtol=1e-13)
    if name in WITHOUT_GRADIENT:
        assert not expected_gradient.any()
        return
    np.testing.assert_allclose(gradient, expected_gradient, rtol=1e-12, atol=1e-14)


ON_JAX = ("block", "insert", "diagonal", "take_along_axis", "choose", "sort", "unique")


@pytest.mark.parametrize(
    ("name", "make"),
    [(name, torch.tensor) for name in FUNCTIONS] + [(name, jax.numpy.asarray) for name in ON_JAX],
)
def test_foreign_arrays(name: str, make: Callable[[Any], Any]) -> None:
    def function(x: Any) -> Any:
        return _flat(tnp, FUNCTIONS[name](tnp, x))

    expected, pullback = ta.vjp(function, X)
    weights = np.arange(1.0, 1 + expected.size)
    out, foreign_pullback = ta.vjp(function, make(X))
    gradient = foreign_pullback(make(weights))[0]
    for got, plain in ((out, expected), (gradient, pullback(weights)[0])):
        assert isinstance(got, type(make(X)))
        np.testing.assert_allclose(np.asarray(got), plain, rtol=1e-13)


@pytest.mark.parametrize("make", [torch.tensor, jax.numpy.asarray], ids=["torch", "jax"])
def test_functions_without_a_derivative_take_foreign_arrays(make: Callable[[Any], Any]) -> None:
    x, i = make(X), make(np.array([5, 0, 11]))
    for got, expected in (
        (tnp.argsort(x, 0, stable=True), np.argsort(X, 0, stable=True)),
        (tnp.argpartition(x[0], 1)[1], np.argsort(X[0], stable=True)[1]),
        (tnp.lexsort(x), np.lexsort(X)),
        (tnp.searchsorted(tnp.sort(x[0]), x[1]), np.searchsorted(np.sort(X[0]), X[1])),
        (ta.vmap(lambda x: tnp.searchsorted(tnp.sort(x), x))(x),
         np.stack([np.searchsorted(np.sort(row), row) for row in X])),
        (tnp.isin(x, x[0]), np.isin(X, X[0])),
        (tnp.nonzero(x > 1)[1], np.nonzero(X > 1)[1]),
        (tnp.argwhere(x > 1), np.argwhere(X > 1)),
        (tnp.unravel_index(i, (3, 4))[0], [1, 0, 2]),
        (tnp.ravel_multi_index((i % 3, i % 4), (3, 4)), [9, 0, 11]),
    ):  # fmt: skip
        assert isinstance(got, type(x))
        np.testing.assert_array_equal(np.asarray(got), expected)
