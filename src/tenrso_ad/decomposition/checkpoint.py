"""Checkpoints of fits: a file that is whole after a kill, from which a fit goes on bit for bit."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tenrso_ad.decomposition.descent import Descents, Point
from tenrso_ad.decomposition.io.writing import StrPath, check_writable, write_atomically
from tenrso_ad.engine.errors import ArgumentError
from tenrso_ad.training.lbfgs import LBFGSState

__all__ = ["Checkpoint", "fingerprint"]

VERSION = 1


class Checkpoint:
    """The file of a fit's checkpoint.

    Parameters
    ----------
    path : path-like
        The .npz file.
    every : int
        After how many iterations it is written again.
    about : mapping
        What has to be the same for a fit to go on: the settings and the fingerprint of the data.
    """

    def __init__(self, path: StrPath, every: int, about: Mapping[str, Any]) -> None:
        if every < 1:
            raise ArgumentError(f"fit: wanted checkpoint_every >= 1, got {every}")
        check_writable(path, [".npz"])
        self.path, self.every, self.about = Path(path), every, dict(about)
        self._count = 0
        self._points: tuple[int | None, list[Point]] | None = None

    def note(self, descents: Descents) -> None:
        """Remember where a fit stands after an iteration, and write it now and then."""
        self._points = descents.chosen, [run.point for run in descents.runs]
        self._count += 1
        if self._count % self.every == 0:
            self.write()

    def write(self) -> None:
        """Write what was noted last; nothing where there is nothing yet."""
        if self._points is None:
            return
        chosen, points = self._points
        about = self.about | {"version": VERSION, "chosen": chosen, "points": len(points)}
        arrays: dict[str, NDArray[Any]] = {"about": np.asarray(json.dumps(about))}
        for number, point in enumerate(points):
            arrays |= {f"{number}/{k}": array for k, array in point.state.to_dict().items()}
            arrays[f"{number}/residual"] = np.asarray(point.residual)
            for name in ("values", "norms", "seconds"):
                arrays[f"{number}/{name}"] = np.asarray(getattr(point, name))
        write_atomically(self.path, lambda file: np.savez(file, **arrays))  # type: ignore[arg-type]

    def read(self) -> tuple[int | None, list[Point]] | None:
        """Return which run was chosen and where each stood; None where there is no file yet.

        Raises
        ------
        ArgumentError
            Where the file is no checkpoint, or one of other data or settings.
        """
        if not self.path.exists():
            return None
        try:
            with self.path.open("rb") as file, np.load(file, allow_pickle=False) as content:
                arrays = dict(content)
            about = json.loads(str(arrays["about"]))
            points = [_point(arrays, f"{number}/") for number in range(about["points"])]
            chosen = about["chosen"]
        except Exception as error:  # what is raised on a damaged file is NumPy's to choose
            raise ArgumentError(f"{self.path}: is no checkpoint of a fit") from error
        for name, value in (self.about | {"version": VERSION}).items():
            if about.get(name) != value:
                raise ArgumentError(
                    f"{self.path}: is the checkpoint of a fit of other {name}: "
                    f"{about.get(name)} there, {value} here"
                )
        return chosen, points


def fingerprint(*arrays: NDArray[Any] | None) -> str:
    """A short text that tells data apart."""
    digest = hashlib.sha256()
    for array in arrays:
        if array is not None:
            digest.update(f"{array.shape} {array.dtype}".encode())
            digest.update(np.ascontiguousarray(array).data)
    return digest.hexdigest()[:16]


def _point(arrays: Mapping[str, NDArray[Any]], prefix: str) -> Point:
    """One run's point out of the arrays of a file."""
    parts = {k.removeprefix(prefix): a for k, a in arrays.items() if k.startswith(prefix)}
    state = LBFGSState.from_dict(parts)
    values, norms, seconds = (tuple(parts[k].tolist()) for k in ("values", "norms", "seconds"))
    return Point(state, bool(parts["residual"]), values, norms, seconds)
