"""What the commands show: a summary of a fit, a picture of its factors, the environment."""

from __future__ import annotations

import os
import platform
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tenrso_ad.decomposition.fit import FitResult
from tenrso_ad.decomposition.io import write_atomically
from tenrso_ad.decomposition.models import CPTensor
from tenrso_ad.decomposition.sparse import SparseTensor

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

PACKAGES = (
    "tenrso-ad", "numpy", "scipy", "llvmlite", "optree", "opt_einsum", "array-api-compat",
    "ml_dtypes", "tensorly", "threadpoolctl", "matplotlib", "rich", "typer",
)  # fmt: skip

# Okabe and Ito's palette, which readers with any colour vision can tell apart, and markers that
# tell the components apart in print.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000", "#999999")
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*")


@dataclass(frozen=True)
class Axis:
    """How a mode is drawn.

    Parameters
    ----------
    name : str
        What the mode is.
    ticks : sequence of str, optional
        A name for each index, for modes that are categories.
    positions : sequence of float, optional
        A number for each index, for modes that are quantities.
    log : bool, optional
        Whether the positions stand on a logarithmic scale.
    """

    name: str
    ticks: Sequence[str] | None = None
    positions: Sequence[float] | None = None
    log: bool = False


def summary(result: FitResult, tensor: Any, seconds: float, loss: str = "gaussian") -> list[str]:
    """The lines that say what was fitted, how well and how fast."""
    shape = " x ".join(map(str, tensor.shape))
    if isinstance(tensor, SparseTensor):
        content = f"{tensor.nnz} nonzeros"
    else:
        missing = int(np.count_nonzero(np.isnan(tensor)))
        content = f"{missing} of {tensor.size} values missing"
    ended = "converged" if result.converged else "not converged"
    return [
        f"tensor           {shape}, {content}",
        f"model            CP, rank {result.model.rank}",
        f"relative error   {result.relative_error:.6g} on observed values",
        f"{'squared error' if loss == 'gaussian' else loss + ' loss':<17}{result.objective:.6g}",
        f"iterations       {result.iterations}, {ended}: {result.message}",
        f"time             {seconds:.2f} s",
    ]


def save_plot(path: Path, model: CPTensor, title: str, axes: Sequence[Axis] | None = None) -> None:
    """Draw the factors, one panel a mode, into a .png file.

    Parameters
    ----------
    path : Path
        The file, which is written atomically.
    model : CPTensor
        A model of plain arrays.
    title : str
        What stands above the panels.
    axes : sequence of Axis, optional
        How each mode is drawn; by default over its index.
    """
    figure = factor_figure(model, title, axes)
    write_atomically(path, lambda file: figure.savefig(file, format="png", dpi=150))


def new_figure(rows: int, columns: int) -> tuple[Figure, Any]:
    """A figure without a window, and its panels in a row."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(5.5 * columns, 3.6 * rows + 0.9), layout="constrained")
    FigureCanvasAgg(figure)
    return figure, figure.subplots(rows, columns, squeeze=False).ravel()


def factor_figure(model: CPTensor, title: str, axes: Sequence[Axis] | None = None) -> Figure:
    """The factors, one panel a mode."""
    from matplotlib.lines import Line2D

    axes = axes or [Axis(f"mode {mode}") for mode in range(model.ndim)]
    columns = min(model.ndim, 2)
    rows = -(-model.ndim // columns)
    figure, panels = new_figure(rows, columns)
    for panel, axis, factor in zip(panels, axes, model.factors, strict=False):
        _draw(panel, axis, np.asarray(factor))
    for panel in panels[model.ndim :]:
        panel.set_axis_off()
    figure.suptitle(f"{title}\n")
    handles = [Line2D([], [], **_style(r)) for r in range(model.rank)]
    names = [f"component {r + 1}, weight {w:.3g}" for r, w in enumerate(model.weights)]
    figure.legend(
        handles, names, loc="outside lower center", ncols=min(4, len(names)), frameon=False
    )
    return figure


def _style(component: int) -> dict[str, Any]:
    """How a component is drawn, the same in every panel."""
    return {
        "color": COLOURS[component % len(COLOURS)],
        "marker": MARKERS[component % len(MARKERS)],
        "markersize": 6,
        "alpha": 0.8,
    }


def _draw(panel: Axes, axis: Axis, factor: NDArray[Any]) -> None:
    """One panel: categories down the side, quantities and indices along the bottom."""
    length, rank = factor.shape
    along = np.arange(length) if axis.positions is None else np.asarray(axis.positions)
    panel.set_title(axis.name)
    panel.set_axisbelow(True)
    if axis.ticks is not None:
        for r in range(rank):
            panel.plot(factor[:, r], along, linestyle="none", **_style(r))
        panel.set_yticks(along, axis.ticks)
        panel.invert_yaxis()
        panel.set_xlabel("factor")
        panel.axvline(0, color="0.6", linewidth=0.8)
        panel.grid(axis="y", color="0.9")
        return
    order = np.argsort(along)
    for r in range(rank):
        style = _style(r) if length <= 40 else _style(r) | {"marker": ""}
        panel.plot(along[order], factor[order, r], **style)
    panel.set_xscale("log" if axis.log else "linear")
    panel.set_ylabel("factor")
    panel.axhline(0, color="0.6", linewidth=0.8)


def environment() -> list[str]:
    """The lines that say which versions run, on what, with how many threads."""
    from threadpoolctl import threadpool_info

    from ..kernels import threads

    lines = [
        f"{'Python':<18}{platform.python_version()} ({platform.python_implementation()})",
        f"{'platform':<18}{platform.platform()}",
    ]
    for package in PACKAGES:
        try:
            found = version(package)
        except PackageNotFoundError:
            found = "not installed"
        lines.append(f"{package:<18}{found}")
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    lines.append(f"{'processors':<18}{usable} usable of {os.cpu_count()}")
    lines.append(f"{'kernel threads':<18}{threads.settings.threads}")
    for pool in threadpool_info():
        name = f"{pool['internal_api']} threads"
        which = f" (version {pool['version']})" if pool["version"] else ""
        lines.append(f"{name:<18}{pool['num_threads']}{which}")
    return lines
