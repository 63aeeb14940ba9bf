"""What a gradient check found, and how it prints."""

from __future__ import annotations

import dataclasses

from ..engine.errors import GradientCheckError


@dataclasses.dataclass(frozen=True)
class GradCheckEntry:
    """The worst agreement found for one order and mode.

    Attributes
    ----------
    order : int
        Which derivative: the first, the second ...
    mode : str
        How it was taken, the last differentiation first, as in ``"forward over reverse"``.
    argument, index : str, tuple of int
        Which element was varied: the place of its array in `args`, as in ``"[0]['weight']"``, and
        its index there.
    result, result_index : str, tuple of int
        Which element changed: at order 1 of what the function returns; above of the derivative one
        order below.
    analytic, numeric : float
        Both values of that derivative.
    error : float
        Their difference, relative to the larger of them, or to what rounding lets differences see
        if that is more.
    tolerance : float
        How large `error` may be.
    note : str
        Which part of a complex element is meant; for a failure what the differences look like
        there.
    """

    order: int
    mode: str
    argument: str
    index: tuple[int, ...]
    result: str
    result_index: tuple[int, ...]
    analytic: float
    numeric: float
    error: float
    tolerance: float
    note: str = ""

    @property
    def passed(self) -> bool:
        """Whether the error is within the tolerance."""
        return self.error <= self.tolerance

    def __str__(self) -> str:
        lines = [
            f"order {self.order}, {self.mode}",
            f"argument {self.argument or '(none)'} at {self.index}, "
            f"result {self.result or '(itself)'} at {self.result_index}",
            f"analytic {self.analytic: .12g}",
            f"numeric  {self.numeric: .12g}",
            f"relative error {self.error:.2e}, allowed {self.tolerance:.0e}",
        ]
        return "\n  ".join([*lines, self.note] if self.note else lines)


@dataclasses.dataclass(frozen=True)
class GradCheckResult:
    """What `check_gradients` found; true where every derivative agreed.

    Attributes
    ----------
    entries : tuple of GradCheckEntry
        The worst entry of each order and mode.
    scheme : str
        Which differences it was compared with.
    """

    entries: tuple[GradCheckEntry, ...]
    scheme: str

    @property
    def worst(self) -> GradCheckEntry:
        """Entry with the largest error; after a failure, of the lowest order that failed."""
        return max(self.entries, key=lambda e: (not e.passed, -e.order * (not e.passed), e.error))

    @property
    def passed(self) -> bool:
        """Whether every error is within its tolerance."""
        return all(e.passed for e in self.entries)

    def __bool__(self) -> bool:
        return self.passed

    def __str__(self) -> str:
        orders = sorted({e.order for e in self.entries})
        modes = list(dict.fromkeys(e.mode.split(" over ")[0] for e in self.entries))
        verdict = "passed" if self.passed else "FAILED"
        lines = [f"gradient check against {self.scheme} differences: {verdict}", ""]
        lines.append(f"{'mode':10s}" + "".join(f"{f'order {o}':>12s}" for o in orders))
        for mode in modes:
            cells = [self._cell(mode, order) for order in orders]
            lines.append(f"{mode:10s}" + "".join(f"{c:>12s}" for c in cells))
        return "\n".join([*lines, "", f"worst: {self.worst}"])

    def _cell(self, mode: str, order: int) -> str:
        errors = [
            e.error for e in self.entries if e.order == order and e.mode.split(" over ")[0] == mode
        ]
        return f"{max(errors):.1e}"

    def raise_if_failed(self) -> GradCheckResult:
        """Return the result itself, or raise it.

        Raises
        ------
        GradientCheckError
            With the whole report, where a derivative did not agree.
        """
        if not self.passed:
            raise GradientCheckError(str(self))
        return self
