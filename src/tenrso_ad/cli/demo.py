"""``tenrso-ad demo``: a CP model of interleukin-2 responses, real data with missing values."""

from __future__ import annotations

import time
from pathlib import Path

from tenrso_ad.cli.report import Axis, save_plot, summary
from tenrso_ad.decomposition.fit import fit
from tenrso_ad.decomposition.io import save_result
from tenrso_ad.engine.errors import ArgumentError

FOLDER = Path("tenrso-ad-demo")
RANK = 3


def run() -> int:
    """Fit, save, plot and print; the exit code."""
    from tensorly.datasets import load_IL2data

    if FOLDER.exists() and not FOLDER.is_dir():
        raise ArgumentError(f"{FOLDER}: is in the way, wanted to make a folder of that name")
    dataset = load_IL2data()
    ligands, times, doses, cells = dataset.dims
    axes = [
        Axis(ligands, ticks=dataset.ticks[0]),
        Axis(times, positions=dataset.ticks[1]),
        Axis(doses, positions=dataset.ticks[2], log=True),
        Axis(cells, ticks=dataset.ticks[3]),
    ]
    print("Responses of 8 cell types to 13 interleukin-2 variants at 4 times and 12 doses")
    print("(Orcutt-Jahns et al. 2021, shipped with TensorLy): a nonnegative CP model.")
    begin = time.perf_counter()
    result = fit(dataset.tensor, RANK, nonnegative=True, seed=0, progress=True)
    seconds = time.perf_counter() - begin
    FOLDER.mkdir(exist_ok=True)
    save_result(FOLDER / "il2-cp.npz", result)
    title = (
        f"Interleukin-2 responses: nonnegative CP model of rank {RANK}, "
        f"relative error {result.relative_error:.3f}"
    )
    save_plot(FOLDER / "il2-factors.png", result.model, title, axes)
    print("\n".join(summary(result, dataset.tensor, seconds)))
    print(f"result           {FOLDER / 'il2-cp.npz'}")
    print(f"plot             {FOLDER / 'il2-factors.png'}")
    return 0
