"""``tenrso-ad fit``: a CP model of a tensor in a file."""

from __future__ import annotations

import json
import math
import time
from pathlib import Path
from typing import Any

from tenrso_ad.cli.page import save_page
from tenrso_ad.cli.report import save_plot, summary
from tenrso_ad.decomposition.fit import FitProgress, FitResult, fit
from tenrso_ad.decomposition.io import WRITERS, check_writable, load_tensor, save_result
from tenrso_ad.decomposition.sparse import SparseTensor
from tenrso_ad.engine.errors import ArgumentError

INTERRUPTED = 130


class BestSoFar:
    """A callback that keeps the lowest point of a fit, for the case that it is interrupted."""

    def __init__(self) -> None:
        self.progress: FitProgress | None = None

    def __call__(self, progress: FitProgress) -> None:
        """Take note of an iteration."""
        if self.progress is None or progress.objective <= self.progress.objective:
            self.progress = progress


def run(
    file: Path,
    rank: int,
    out: Path,
    plot: Path | None,
    key: str | None,
    index_base: int | None,
    mask: Path | None,
    weights: Path | None,
    report: Path | None = None,
    as_json: bool = False,
    command: str = "",
    **settings: Any,
) -> int:
    """Fit with settings of `fit`, save, plot and print; the exit code."""
    checkpoint = settings["checkpoint"]
    places = (
        (out, WRITERS), (plot, (".png",)), (checkpoint, (".npz",)), (report, (".html",)),
    )  # fmt: skip
    for path, suffixes in places:
        if path is not None:
            check_writable(path, suffixes)
            if path.exists() and file.exists() and path.samefile(file):
                raise ArgumentError(f"{path}: is the input, and would be replaced")
    if checkpoint is not None and checkpoint.absolute() == out.absolute():
        raise ArgumentError(f"{out}: is to be the result and the checkpoint")
    tensor = load_tensor(file, key, index_base)
    if mask is not None:
        known = load_tensor(mask)
        settings["mask"] = known if isinstance(known, SparseTensor) else known != 0
    if weights is not None:
        settings["weights"] = load_tensor(weights)
    best, begin = BestSoFar(), time.perf_counter()
    code = 0
    try:
        result = fit(tensor, rank, callback=best, progress=True, **settings)
    except KeyboardInterrupt:
        if best.progress is None:
            raise
        result, code = best.progress.result("interrupted"), INTERRUPTED
    seconds = time.perf_counter() - begin
    save_result(out, result)
    if plot is not None:
        save_plot(plot, result.model, title=f"{file.name}, rank {rank}")
    lines = summary(result, tensor, seconds, settings["loss"])
    if report is not None:
        save_page(report, result, tensor, settings.get("mask"), lines, command)
    written = {"result": out, "plot": plot, "report": report}
    if as_json:
        print(json.dumps(_facts(result, tensor, seconds, settings["loss"], written)))
        return code
    print("\n".join(lines))
    for name, path in written.items():
        if path is not None:
            print(f"{name:<17}{path}")
    return code


def _facts(
    result: FitResult, tensor: Any, seconds: float, loss: str, written: dict[str, Path | None]
) -> dict[str, Any]:
    """The summary for machines; a number that is not finite is null."""
    numbers = {
        "objective": result.objective, "relative_error": result.relative_error, "seconds": seconds,
    }  # fmt: skip
    return {
        "shape": list(tensor.shape),
        "format": "cp",
        "rank": result.model.rank,
        "loss": loss,
        "iterations": result.iterations,
        "converged": bool(result.converged),
        "message": result.message,
        **{name: float(x) if math.isfinite(x) else None for name, x in numbers.items()},
        **{name: None if path is None else str(path) for name, path in written.items()},
    }
