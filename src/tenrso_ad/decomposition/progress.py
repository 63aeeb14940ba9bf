"""A progress bar for fits."""

from __future__ import annotations

from types import TracebackType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tenrso_ad.decomposition.fit import FitProgress

__all__ = ["ProgressBar"]


class ProgressBar:
    """A bar on the terminal that follows a fit: iterations, their rate, objective, relative error.

    It is a context manager and a callback of `fit`. Where standard error is no terminal it shows
    nothing.

    Parameters
    ----------
    max_iterations : int
        The length of the bar.
    """

    def __init__(self, max_iterations: int) -> None:
        from rich.console import Console
        from rich.progress import (
            BarColumn,
            MofNCompleteColumn,
            Progress,
            TextColumn,
            TimeElapsedColumn,
        )

        console = Console(stderr=True)
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[rate]}"),
            TextColumn("{task.fields[fit]}"),
            TimeElapsedColumn(),
            console=console,
            disable=not console.is_terminal,
            transient=True,
        )
        self._task = self._progress.add_task("fitting", total=max_iterations, rate="", fit="")
        self._count = 0

    def __enter__(self) -> ProgressBar:
        self._progress.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._progress.stop()

    def __call__(self, progress: FitProgress) -> None:
        """Show where the fit is."""
        self._count += 1
        seconds = self._progress.tasks[0].elapsed or 0.0
        self._progress.update(
            self._task,
            completed=progress.iteration,
            description=f"start {progress.start}",
            rate=f"{self._count / seconds:.0f} it/s" if seconds > 0 else "",
            fit=f"objective {progress.objective:.4g}, error {progress.relative_error:.4g}",
        )
