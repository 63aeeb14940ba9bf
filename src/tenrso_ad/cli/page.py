"""The report of a fit: one page of HTML with everything in it."""

from __future__ import annotations

import base64
import html
import io
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tenrso_ad.cli.report import environment, factor_figure, new_figure
from tenrso_ad.decomposition.fit import FitResult
from tenrso_ad.decomposition.io import write_atomically
from tenrso_ad.decomposition.sparse import SparseTensor

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["residuals", "save_page"]

QUANTILES = {"least": 0.0, "5 %": 0.05, "25 %": 0.25, "median": 0.5, "75 %": 0.75, "95 %": 0.95,
             "greatest": 1.0}  # fmt: skip

STYLE = (
    "body{font:16px/1.5 sans-serif;max-width:60em;margin:2em auto;padding:0 1em;color:#222}"
    "img{max-width:100%}pre{background:#f4f4f4;padding:.8em;overflow-x:auto}"
    "td,th{padding:.15em 1em .15em 0;text-align:left}"
)


def save_page(
    path: Path, result: FitResult, tensor: Any, mask: Any, lines: list[str], command: str
) -> None:
    """Write the page, atomically.

    Parameters
    ----------
    path : Path
        The .html file.
    result : FitResult
        The fit.
    tensor : ndarray or SparseTensor
        The data.
    mask : ndarray of bool, SparseTensor or None
        What of them is observed.
    lines : list of str
        The summary.
    command : str
        What made it.
    """
    left = residuals(tensor, result, mask)
    where = "at the nonzeros" if isinstance(tensor, SparseTensor) else "at observed entries"
    rows = {"number": f"{left.size}", "root mean square": f"{np.sqrt(np.mean(left**2)):.6g}"}
    rows |= {k: f"{v:.6g}" for k, v in
             zip(QUANTILES, np.quantile(left, list(QUANTILES.values())), strict=True)}  # fmt: skip
    table = "".join(f"<tr><th>{name}</th><td>{value}</td></tr>" for name, value in rows.items())
    parts = [
        "<!DOCTYPE html><html lang='en'><head><meta charset='utf-8'>",
        f"<title>Fit of rank {result.model.rank}</title><style>{STYLE}</style></head><body>",
        f"<h1>A CP model of rank {result.model.rank}</h1>",
        f"<pre>{html.escape(command)}</pre><pre>{html.escape(chr(10).join(lines))}</pre>",
        f"<h2>Convergence</h2>{_image(_convergence(result), 'convergence')}",
        f"<h2>Factors</h2>{_image(factor_figure(result.model, ''), 'factors')}",
        f"<h2>Residuals</h2><p>Data less model, {where}.</p><table>{table}</table>",
        _image(_histogram(left), "histogram of the residuals"),
        f"<h2>Environment</h2><pre>{html.escape(chr(10).join(environment()))}</pre>",
        "</body></html>\n",
    ]
    content = "\n".join(parts).encode()
    write_atomically(path, lambda file: file.write(content))


def residuals(tensor: Any, result: FitResult, mask: Any) -> NDArray[Any]:
    """Data less model: at the nonzeros of a sparse tensor, else at observed entries."""
    if isinstance(tensor, SparseTensor):
        return np.asarray(tensor.values - tensor.model_entries(result.model))
    if isinstance(mask, SparseTensor):
        at = mask.layout.coordinates
        return np.asarray(tensor[at] - result.model.entries(at))
    observed = ~np.isnan(tensor) if mask is None else ~np.isnan(tensor) & mask
    return np.asarray((tensor - result.model.to_dense())[observed])


def _convergence(result: FitResult) -> Figure:
    """The objective and the norm of its gradient over the iterations."""
    figure, panels = new_figure(1, 2)
    series = {"objective": result.history, "norm of the gradient": result.gradient_norms}
    for panel, (name, values) in zip(panels, series.items(), strict=True):
        panel.plot(np.arange(len(values)), values, color="#0072B2")
        panel.set_title(name)
        panel.set_xlabel("iteration")
        if len(values) and np.min(values) > 0:
            panel.set_yscale("log")
    return figure


def _histogram(values: NDArray[Any]) -> Figure:
    """How the residuals are spread."""
    figure, panels = new_figure(1, 1)
    panels[0].hist(values, bins=min(60, max(1, values.size)), color="#0072B2")
    panels[0].set_yscale("symlog")
    panels[0].set_ylabel("entries")
    return figure


def _image(figure: Figure, name: str) -> str:
    """A figure as an element that holds its own bytes."""
    stream = io.BytesIO()
    figure.savefig(stream, format="png", dpi=100)
    data = base64.b64encode(stream.getvalue()).decode()
    return f"<img alt='{name}' src='data:image/png;base64,{data}'>"
