"""``tenrso-ad rank``: which number of components the data bear."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tenrso_ad.decomposition.fit import fit, largest_rank
from tenrso_ad.decomposition.io import load_tensor
from tenrso_ad.decomposition.models import CPTensor
from tenrso_ad.decomposition.sparse import SparseTensor
from tenrso_ad.engine.errors import ArgumentError

__all__ = ["core_consistency", "run"]


def run(
    file: Path, key: str | None, max_rank: int, held_out: float, as_json: bool, **settings: Any
) -> int:
    """Fit every rank with settings of `fit`, and print what tells them apart; the exit code."""
    if not 0 < held_out < 1 or max_rank < 1:
        raise ArgumentError(
            f"rank: wanted 0 < held_out < 1 and max_rank >= 1, got {held_out} and {max_rank}"
        )
    tensor = load_tensor(file, key)
    if isinstance(tensor, SparseTensor):
        raise ArgumentError(f"{file}: holds a sparse tensor; ranks are compared on dense ones")
    observed = ~np.isnan(tensor)
    apart = observed & (np.random.default_rng(settings["seed"]).random(tensor.shape) < held_out)
    if not apart.any() or not (observed & ~apart).any():
        raise ArgumentError(f"{file}: too few entries to hold some out")
    rows = []
    for rank in range(1, min(max_rank, largest_rank(tensor.shape)) + 1):
        whole = fit(tensor, rank, progress=True, **settings)
        part = fit(tensor, rank, mask=~apart, progress=True, **settings)
        left = (tensor - part.model.to_dense())[apart]
        size = float(np.linalg.norm(tensor[apart]))
        rows.append(
            {
                "rank": rank,
                "relative_error": whole.relative_error,
                "held_out_error": float(np.linalg.norm(left)) / size if size else math.nan,
                "core_consistency": core_consistency(tensor, whole.model),
            }
        )
    if as_json:
        print(
            json.dumps([{k: v if math.isfinite(v) else None for k, v in r.items()} for r in rows])
        )
        return 0
    print(f"held out         {np.count_nonzero(apart)} of {np.count_nonzero(observed)} values")
    print("rank   relative error   held-out error   core consistency")
    for row in rows:
        print(
            f"{row['rank']:<7}{row['relative_error']:<17.6g}{row['held_out_error']:<17.6g}"
            f"{row['core_consistency']:.1f} %"
        )
    return 0


def core_consistency(tensor: NDArray[Any], model: CPTensor) -> float:
    """How nearly the Tucker core that goes with the factors is diagonal: 100 where it is.

    Parameters
    ----------
    tensor : ndarray
        The data; the model stands in for missing entries.
    model : CPTensor
        A model of them.

    Returns
    -------
    float
        100 times one less the squared distance of the core from the diagonal of ones, over the
        rank. It is near 100 up to the right rank, and low or negative above it.

    References
    ----------
    Bro and Kiers, A new efficient method for determining the number of components in PARAFAC
    models, Journal of Chemometrics 17 (2003).
    """
    missing = np.isnan(tensor)
    core = np.where(missing, model.to_dense(), tensor) if missing.any() else tensor
    factors = [*model.factors[:-1], model.factors[-1] * model.weights]
    for mode, factor in enumerate(factors):
        core = np.moveaxis(np.tensordot(np.linalg.pinv(factor), core, (1, mode)), 0, mode)
    diagonal = (np.arange(model.rank),) * model.ndim
    core[diagonal] -= 1
    return 100 * (1 - float(np.sum(core**2)) / model.rank)
