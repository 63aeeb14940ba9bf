"""``tenrso-ad fit``: a CP model of a tensor in a file."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import numpy as np

from tenrso_ad.cli.report import save_plot, summary
from tenrso_ad.decomposition.fit import FitProgress, FitResult, fit
from tenrso_ad.decomposition.io import check_writable, load_tensor, save_result
from tenrso_ad.engine.errors import ArgumentError

INTERRUPTED = 130


class BestSoFar:
    """A callback that keeps the lowest point of a fit, for the case that it is interrupted."""

    def __init__(self) -> None:
        self._best: FitProgress | None = None
        self._history: dict[int, list[float]] = {}

    def __call__(self, progress: FitProgress) -> None:
        """Take note of an iteration."""
        self._history.setdefault(progress.start, []).append(progress.objective)
        if self._best is None or progress.objective <= self._best.objective:
            self._best = progress

    def result(self) -> FitResult | None:
        """The lowest point as a result; None where there was no iteration."""
        if self._best is None:
            return None
        return FitResult(
            model=self._best.model,
            objective=self._best.objective,
            relative_error=self._best.relative_error,
            history=np.array(self._history[self._best.start]),
            converged=False,
            message="interrupted",
        )


def run(
    file: Path, rank: int, out: Path, plot: Path | None, key: str | None, **settings: Any
) -> int:
    """Fit with settings of `fit`, save, plot and print; the exit code."""
    for path, suffix in ((out, ".npz"), (plot, ".png")):
        if path is not None:
            check_writable(path, suffix)
            if path.exists() and file.exists() and path.samefile(file):
                raise ArgumentError(f"{path}: is the input, and would be replaced")
    tensor = load_tensor(file, key)
    best, begin = BestSoFar(), time.perf_counter()
    code = 0
    try:
        result = fit(tensor, rank, callback=best, progress=True, **settings)
    except KeyboardInterrupt:
        interrupted = best.result()
        if interrupted is None:
            raise
        result, code = interrupted, INTERRUPTED
    seconds = time.perf_counter() - begin
    save_result(out, result)
    if plot is not None:
        save_plot(plot, result.model, title=f"{file.name}, rank {rank}")
    print("\n".join(summary(result, tensor, seconds)))
    print(f"result           {out}")
    if plot is not None:
        print(f"plot             {plot}")
    return code
