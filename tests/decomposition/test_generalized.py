"""Fits of other losses, of sparse tensors and with weights."""

import os

import numpy as np
import pytest
import scipy.optimize

from tenrso_ad.cli.main import main
from tenrso_ad.decomposition import CPTensor, SparseTensor, fit, gcp, load_model
from tenrso_ad.engine.errors import ArgumentError, DTypeError

SHAPE = (7, 6, 5)


def counts():
    rng = np.random.default_rng(0)
    model = CPTensor([9.0, 6.0], [rng.random((n, 2)) for n in SHAPE])
    return rng.poisson(0.5 * model.to_dense()).astype(float)


def as_sparse():
    return SparseTensor.from_array(counts())


@pytest.mark.parametrize("loss", ["gaussian", "poisson", "huber"])
def test_sparse_and_dense_data_have_the_same_fit(loss):
    dense = fit(counts(), 2, loss=loss, seed=0, nonnegative=True)
    sparse = fit(as_sparse(), 2, loss=loss, seed=0, nonnegative=True)
    assert sparse.converged
    assert sparse.objective == pytest.approx(dense.objective, rel=1e-7)
    assert sparse.relative_error == pytest.approx(dense.relative_error, rel=1e-5)
    assert sparse.objective == pytest.approx(gcp(counts(), sparse.model, loss), rel=1e-9)
    error = np.linalg.norm(counts() - sparse.model.to_dense()) / np.linalg.norm(counts())
    assert sparse.relative_error == pytest.approx(error, rel=1e-9)


def test_a_poisson_fit_is_as_good_as_scipys():
    result = fit(counts(), 1, loss="poisson", seed=0)
    assert min(factor.min() for factor in result.model.factors) >= 0
    # of rank 1 the best model is known: the outer product of the sums over slices
    sums = [counts().sum(axis=tuple({0, 1, 2} - {mode})) for mode in range(3)]
    best = CPTensor([counts().sum() ** -2.0], [s[:, None] for s in sums])
    assert result.objective == pytest.approx(float(gcp(counts(), best, "poisson")), rel=1e-7)
    np.testing.assert_allclose(result.model.to_dense(), best.to_dense(), atol=1e-3)


def test_a_loss_of_ones_own_with_nan_and_weights():
    rng = np.random.default_rng(1)
    table = rng.normal(size=(4, 3))
    weights = rng.random((4, 3))
    table[1, 2] = np.nan

    def smooth(x, m):
        return ((x - m) ** 2 + 0.01) ** 0.5

    result = fit(table, 1, loss=smooth, weights=weights, seed=0, starts=5)

    def objective(z):
        terms = weights * smooth(np.nan_to_num(table), np.outer(z[:4], z[4:]))
        return terms[~np.isnan(table)].sum()

    theirs = min(scipy.optimize.minimize(objective, rng.normal(size=7)).fun for _ in range(10))
    assert result.objective == pytest.approx(theirs, rel=1e-5)


def test_weights_of_the_squared_error():
    tensor = counts()
    mask = np.random.default_rng(0).random(SHAPE) < 0.8
    masked = fit(tensor, 1, mask=mask, seed=0)
    weighted = fit(tensor, 1, weights=3.0 * mask, seed=0)
    assert weighted.objective == pytest.approx(3 * masked.objective, rel=1e-6)
    assert weighted.relative_error == pytest.approx(masked.relative_error, rel=1e-6)
    scarce = SparseTensor(np.nonzero(mask), np.ones(mask.sum()), SHAPE)
    known = fit(SparseTensor.from_array(tensor), 1, mask=scarce, seed=0)
    assert known.objective == pytest.approx(masked.objective, rel=1e-6)


def test_sparse_fits_go_on_from_a_checkpoint(tmp_path):
    options = {"tensor": as_sparse(), "rank": 2, "loss": "poisson", "seed": 0}
    whole = fit(**options)
    options["checkpoint"] = tmp_path / "c.npz"
    fit(**options, callback=lambda progress: progress.iteration == 9)
    resumed = fit(**options, resume=True)
    assert resumed.history.tobytes() == whole.history.tobytes()
    with pytest.raises(ArgumentError, match="of other data"):
        fit(**options | {"tensor": 2 * counts()}, resume=True)
    with pytest.raises(ArgumentError, match="of other loss"):
        fit(**options | {"loss": "gamma", "tensor": counts() + 1}, resume=True)


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"tensor": -counts(), "loss": "poisson"}, ArgumentError, "poisson"),
        ({"weights": -np.ones(SHAPE)}, ArgumentError, "weights that are finite and not negative"),
        ({"weights": np.ones(SHAPE), "mask": np.zeros(SHAPE, bool)}, ArgumentError, "missing"),
        ({"weights": np.ones(SHAPE), "mask": np.ones(SHAPE)}, DTypeError, "mask of booleans"),
        ({"tensor": counts() * np.nan, "mask": as_sparse()}, ArgumentError, "wanted no NaN"),
        (
            {"tensor": SparseTensor([[0], [0], [2**31 - 2]], [1.0]), "rank": 1},
            ArgumentError,
            r"GiB in all, and .* GiB are there",
        ),
    ],
)
def test_what_cannot_be_fitted_is_refused(arguments, error, message):
    with pytest.raises(error, match=message):
        fit(**{"tensor": counts(), "rank": 2} | arguments)


def test_the_command_line_fits_sparse_counts(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    sparse = as_sparse()
    rows = np.column_stack([sparse.coords.T + 1, sparse.values]).astype(int)
    np.savetxt("x.tns", rows, fmt="%d")
    np.save("w.npy", np.ones(SHAPE))
    assert main(["fit", "x.tns", "--rank", "2", "--loss", "poisson", "--weights", "w.npy"]) == 0
    out = capsys.readouterr().out
    assert f"7 x 6 x 5, {sparse.nnz} nonzeros" in out
    assert "poisson loss     " in out
    expected = fit(sparse, 2, loss="poisson", weights=np.ones(SHAPE), seed=0)
    np.testing.assert_allclose(load_model("x-cp.npz").to_dense(), expected.model.to_dense())
    assert main(["fit", "x.tns", "--rank", "2", "--loss", "best"]) == 2
    assert "loss: wanted one of gaussian, poisson" in capsys.readouterr().err
    assert sorted(os.listdir()) == ["w.npy", "x-cp.npz", "x.tns"]
