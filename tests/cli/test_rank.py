"""``tenrso-ad rank``: the right number of components stands out."""

import json

import numpy as np
import pytest

from tenrso_ad.cli.main import main
from tenrso_ad.cli.rank import core_consistency
from tenrso_ad.decomposition import CPTensor, fit


def noisy():
    rng = np.random.default_rng(0)
    tensor = CPTensor(None, tuple(rng.normal(size=(n, 2)) for n in (12, 11, 10))).to_dense()
    return tensor + 0.1 * rng.normal(size=tensor.shape)


def test_the_planted_rank_stands_out(capsys):
    tensor = noisy()
    tensor[0, 1, 2] = np.nan
    np.save("x.npy", tensor)
    assert main(["rank", "x.npy", "--max-rank", "3", "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert [row["rank"] for row in rows] == [1, 2, 3]
    errors = [row["held_out_error"] for row in rows]
    assert errors[1] == min(errors)
    assert rows[0]["core_consistency"] == pytest.approx(100)
    assert rows[1]["core_consistency"] > 95
    assert rows[2]["core_consistency"] < 60
    assert rows[1]["relative_error"] == fit(tensor, 2, seed=0).relative_error
    assert main(["rank", "x.npy", "--max-rank", "1"]) == 0
    out = capsys.readouterr().out
    assert "of 1319 values" in out
    assert "100.0 %" in out


def test_core_consistency_is_that_of_the_core_by_least_squares():
    model = fit(noisy(), 2, seed=0).model
    factors = [*model.factors[:-1], model.factors[-1] * model.weights]
    matrix = np.einsum("ia,jb,kc->ijkabc", *factors).reshape(12 * 11 * 10, 8)
    core = np.linalg.lstsq(matrix, noisy().ravel())[0].reshape(2, 2, 2)
    core[[0, 1], [0, 1], [0, 1]] -= 1
    expected = 100 * (1 - (core**2).sum() / 2)
    assert core_consistency(noisy(), model) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("options", "message"),
    [(["--held-out", "1.5"], "0 < held_out < 1"), (["--max-rank", "0"], "max_rank >= 1")],
)
def test_bad_settings_are_one_line(options, message, capsys):
    np.save("x.npy", noisy())
    assert main(["rank", "x.npy", *options]) == 2
    assert message in capsys.readouterr().err


def test_sparse_files_are_refused(folder, capsys):
    (folder / "x.tns").write_text("1 1 1 2.0\n")
    assert main(["rank", "x.tns"]) == 2
    assert "holds a sparse tensor" in capsys.readouterr().err
