"""Summaries and pictures of fits."""

import matplotlib.image
import numpy as np
import pytest

from tenrso_ad.cli.report import Axis, environment, save_plot, summary
from tenrso_ad.decomposition import CPTensor, FitResult


def a_model(shape, rank):
    rng = np.random.default_rng(0)
    return CPTensor(np.arange(rank, 0, -1.0), [rng.normal(size=(n, rank)) for n in shape])


@pytest.mark.parametrize(
    ("shape", "rank"), [((3, 4), 1), ((5, 6, 7), 3), ((2, 3, 4, 5), 2), ((1, 2, 100), 12)]
)
def test_pictures_of_any_order_and_rank(folder, shape, rank):
    save_plot(folder / "x.png", a_model(shape, rank), "a title")
    picture = matplotlib.image.imread(folder / "x.png")
    assert picture.ndim == 3
    assert picture[..., :3].std() > 0.02  # it is not blank


def test_axes_of_every_kind(folder):
    axes = [
        Axis("kind", ticks=["a long name", "b", "c"]),
        Axis("dose", positions=[100.0, 1.0, 10.0, 0.1], log=True),
        Axis("hour", positions=[3.0, 1.0]),
    ]
    save_plot(folder / "x.png", a_model((3, 4, 2), 2), "a title", axes)
    assert (folder / "x.png").stat().st_size > 10_000


def test_summary_counts_and_names():
    tensor = np.ones((2, 3))
    tensor[0, 1] = np.nan
    result = FitResult(a_model((2, 3), 1), 0.25, 0.125, np.array([3.0, 1.0, 0.25]), False, "why")
    assert summary(result, tensor, 1.5) == [
        "tensor           2 x 3, 1 of 6 values missing",
        "model            CP, rank 1",
        "relative error   0.125 on observed values",
        "squared error    0.25",
        "iterations       2, not converged: why",
        "time             1.50 s",
    ]


def test_environment_survives_a_missing_package(monkeypatch):
    monkeypatch.setattr("tenrso_ad.cli.report.PACKAGES", ("no-such-package",))
    assert any(line.split() == ["no-such-package", "not", "installed"] for line in environment())
