"""Compare derivatives of any order with differences of values."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from ..engine import tree
from ..engine.errors import ArgumentError
from ..engine.trace import is_inexact
from .derivatives import derivatives, jacobians, sizes_of_terms
from .differences import Differences, Function, Probe, probes
from .result import GradCheckEntry, GradCheckResult

# relative tolerance by the bytes of a real number: differences cannot tell more
_RTOL = {2: 5e-2, 4: 2e-3, 8: 1e-6}


def check_gradients(
    f: Callable[..., Any],
    args: Sequence[Any],
    *,
    order: int = 2,
    modes: Sequence[str] = ("reverse", "forward"),
    scheme: str = "central",
    eps: float | None = None,
    rtol: float | None = None,
    atol: float | None = None,
) -> GradCheckResult:
    """Compare the derivatives of a function with differences.

    Derivative k + 1 is compared with differences of derivative k, for each k below `order` and for
    each succession of modes. Arrays of up to 32 elements are varied one coordinate at a time,
    larger ones along random directions; the worst coordinate is then found by halving.

    Parameters
    ----------
    f : callable
        Takes the arguments; returns an array or a tree of arrays.
    args : sequence
        Arguments: arrays, Python floats or trees of these. Floating-point leaves are varied, all
        others stay.
    order : int
        How many derivatives are checked, at least 1.
    modes : sequence of {"reverse", "forward"}
        Ways of differentiating. At order n every succession of n of them is checked.
    scheme : {"central", "forward"}
        Which differences are taken.
    eps : float, optional
        Step, the same for every element. By default it is fitted to the size of the elements and to
        the precision of their dtype, and where the comparison fails it is repeated with many steps
        and Richardson's extrapolation.
    rtol : float, optional
        Largest relative error; by default 1e-6 for float64, 2e-3 for float32, 5e-2 for float16.
    atol : float, optional
        Absolute error that is always allowed; by default what rounding of the function's values
        makes of differences.

    Returns
    -------
    GradCheckResult
        True where everything agreed; printed, a report.

    Raises
    ------
    ArgumentError
        For an unknown mode or scheme, an order below 1, nothing to differentiate, or a function
        that gives other values when it is called again.

    Notes
    -----
    Complex elements are varied along both parts; a gradient is dL/dx + i dL/dy. At order 2 and
    above the cotangent (or tangent) of the derivative below varies together with the arguments, so
    that a rule that is wrong in its cotangent is found as well. Where `f` has a kink the central
    difference is the mean of both sides, and a subgradient other than that is reported, with the
    one-sided differences.

    Examples
    --------
    >>> import numpy as np
    >>> import tenrso_ad as ta
    >>> result = ta.testing.check_gradients(np.tanh, (np.array([0.5, -1.0]),))
    >>> bool(result)
    True
    >>> bool(ta.testing.check_gradients(lambda x: x * ta.stop_gradient(x), (2.0,)))
    False
    """
    _check_options(order, modes, scheme, eps, rtol, atol)
    function, primals, argument_names = _flat(f, args)
    first = _observed(function, primals)
    for before, after in zip(first, _observed(function, primals), strict=True):
        if not np.array_equal(before, after, equal_nan=True):
            raise ArgumentError(
                "check_gradients: the function gives other values when it is called again; "
                "fix its seed"
            )
    result_names = tree.paths(f(*args))
    checker = _Checker(tuple(modes), scheme, eps, rtol, atol, argument_names)
    with np.errstate(all="ignore"):
        sizes = [0.0] * len(first)
        entries = tuple(checker.walk(function, primals, order, (), result_names, sizes))
    return GradCheckResult(entries, scheme)


def _check_options(
    order: int,
    modes: Sequence[str],
    scheme: str,
    eps: float | None,
    rtol: float | None,
    atol: float | None,
) -> None:
    if order < 1:
        raise ArgumentError(f"check_gradients: order is at least 1, got {order}")
    if isinstance(modes, str) or not modes or not set(modes) <= {"reverse", "forward"}:
        raise ArgumentError(
            f'check_gradients: modes holds "reverse", "forward" or both, got {modes!r}'
        )
    if scheme not in ("central", "forward"):
        raise ArgumentError(f'check_gradients: scheme is "central" or "forward", got {scheme!r}')
    for name, value in (("eps", eps), ("rtol", rtol), ("atol", atol)):
        if value is not None and not (value > 0 or (name == "atol" and value == 0)):
            raise ArgumentError(f"check_gradients: {name} is positive, got {value}")


def _flat(f: Callable[..., Any], args: Sequence[Any]) -> tuple[Function, list[Any], list[str]]:
    """Function of the floating-point leaves alone, the leaves, and where they stand."""
    if not isinstance(args, (tuple, list)):
        raise ArgumentError(
            f"check_gradients: args is a tuple of arguments, got {type(args).__name__}; write (x,)"
        )
    leaves, structure = tree.flatten(tuple(args))
    leaves = [np.asarray(x) if isinstance(x, (float, complex, np.generic)) else x for x in leaves]
    moving = [hasattr(x, "dtype") and is_inexact(x.dtype) for x in leaves]
    if not any(moving):
        raise ArgumentError("check_gradients: args holds no floating-point array to differentiate")

    def function(*xs: Any) -> tuple[Any, ...]:
        rest = iter(xs)
        merged = [next(rest) if m else x for x, m in zip(leaves, moving, strict=True)]
        outs = tree.leaves(f(*tree.unflatten(structure, merged)))
        return tuple(o for o in outs if hasattr(o, "dtype") and is_inexact(o.dtype))

    names = [n for n, m in zip(tree.paths(tuple(args)), moving, strict=True) if m]
    return function, [x for x, m in zip(leaves, moving, strict=True) if m], names


def _observed(function: Function, primals: Sequence[Any]) -> list[np.ndarray]:
    outs = function(*primals)
    if not outs:
        raise ArgumentError("check_gradients: the function returns no floating-point array")
    return [np.array(o) for o in outs]


class _Comparison(NamedTuple):
    """Matrices, a row for each result probe, a column for each argument probe; layers are modes."""

    error: np.ndarray
    analytic: np.ndarray
    numeric: np.ndarray


@dataclasses.dataclass(frozen=True)
class _Checker:
    modes: tuple[str, ...]
    scheme: str
    step: float | None
    rtol: float | None
    atol: float | None
    argument_names: list[str]

    def walk(
        self,
        function: Function,
        primals: Sequence[Any],
        order: int,
        path: tuple[str, ...],
        result_names: list[str],
        sizes: Sequence[float],
    ) -> Iterator[GradCheckEntry]:
        """Check one function, then each of its derivatives."""
        rng = np.random.default_rng(len(path))
        values = [np.asarray(o) for o in function(*primals)]
        arrays = [*primals, *values]
        epsilon = max(float(np.finfo(a.dtype).eps) for a in arrays)
        tolerance = self.rtol or _RTOL[min(np.finfo(a.dtype).bits // 8 for a in arrays)]
        differences = Differences(function, primals, self.scheme, self.step, epsilon, sizes)
        block = _Block(differences, values, self, tolerance)
        yield from self._check(block, path, result_names, rng)
        if len(path) + 1 < order:
            for mode in self.modes:
                names = self.argument_names if mode == "reverse" else result_names
                terms = sizes_of_terms(mode, primals, values, sizes)
                derived = derivatives[mode](function, primals, rng)
                yield from self.walk(derived, primals, order, (mode, *path), names, terms)

    def _check(
        self,
        block: _Block,
        path: tuple[str, ...],
        result_names: list[str],
        rng: np.random.Generator,
    ) -> Iterator[GradCheckEntry]:
        primals, values = block.differences.arrays, block.values
        tolerance = block.tolerance
        sources, targets = probes(primals, rng), probes(values, rng)
        order = len(path) + 1
        names = [" over ".join((mode, *path)) for mode in self.modes]
        if not sources or not targets:  # arrays without elements agree
            for name in names:
                yield GradCheckEntry(order, name, "", (), "", (), 0.0, 0.0, 0.0, tolerance)
            return
        errors = block.compare(sources, targets).error
        for layer, name in enumerate(names):
            row, column = divmod(int(np.argmax(errors[layer])), len(sources))
            source, target = block.narrow(sources[column], targets[row], layer)
            entry = block.compare([source], [target])
            # a direction may fail by many errors, each of which alone would pass
            error = float(max(entry.error[layer, 0, 0], errors[layer, row, column]))
            yield GradCheckEntry(
                order=order,
                mode=name,
                argument=self.argument_names[source.array],
                index=_index(source, primals),
                result=result_names[target.array],
                result_index=_index(target, values),
                analytic=float(entry.analytic[layer, 0, 0]),
                numeric=float(entry.numeric[0, 0]),
                error=error,
                tolerance=tolerance,
                note=block.note(source, target, error),
            )


@dataclasses.dataclass(frozen=True)
class _Block:
    """One function at one point, compared in every mode."""

    differences: Differences
    values: Sequence[Any]
    options: _Checker
    tolerance: float

    def compare(self, sources: Sequence[Probe], targets: Sequence[Probe]) -> _Comparison:
        """Errors of every mode for every pair of probes."""
        differences = self.differences
        function, primals = differences.function, differences.arrays
        analytic = np.stack(
            [
                jacobians[mode](function, primals, sources, targets, self.values)
                for mode in self.options.modes
            ]
        )
        columns = [differences.estimate(s, targets) for s in sources]
        numeric, noise = np.moveaxis(np.stack(columns, axis=-1), 0, 0)
        error = self._error(analytic, numeric, noise)
        if self.options.step is None:
            doubtful = np.flatnonzero((~(error <= self.tolerance)).any(axis=(0, 1)))
            for column in doubtful.tolist():
                value, doubt = numeric[:, column], noise[:, column]
                better, its_doubt = differences.extrapolate(sources[column], targets)
                # in low precision the one step may tell more than many, as long as they agree
                agree = np.abs(value - better) <= doubt + its_doubt
                keep = agree & (doubt < its_doubt) & (doubt < np.abs(value))
                numeric[:, column] = np.where(keep, value, better)
                noise[:, column] = np.where(keep, doubt, its_doubt)
            error = self._error(analytic, numeric, noise)
        return _Comparison(error, analytic, numeric)

    def _error(self, analytic: np.ndarray, numeric: np.ndarray, noise: np.ndarray) -> np.ndarray:
        allowed = noise if self.options.atol is None else self.options.atol
        floor = np.nan_to_num(allowed, nan=0.0, posinf=0.0) / self.tolerance
        scale = np.maximum(np.abs(analytic), np.abs(numeric)) + floor
        gap = np.where(analytic == numeric, 0.0, np.abs(analytic - numeric))
        error = gap / np.where(scale == 0, 1.0, scale)
        return np.where(np.isnan(error), np.inf, error)

    def narrow(self, source: Probe, target: Probe, layer: int) -> tuple[Probe, Probe]:
        """Halve random directions until one coordinate is left, following the larger error."""
        while parts := source.parts():
            source = parts[int(np.argmax(self.compare(parts, [target]).error[layer, 0]))]
        while parts := target.parts():
            target = parts[int(np.argmax(self.compare([source], parts).error[layer, :, 0]))]
        return source, target

    def note(self, source: Probe, target: Probe, error: float) -> str:
        """What a reader should know of a pair of probes."""
        notes = []
        if source.part or target.part:
            notes.append(
                f"{target.part or 'real part'} of the result by the {source.part or 'real part'}"
                " of the argument"
            )
        if not error <= self.tolerance:
            left, right = self.differences.one_sided(source, target)
            if not (np.isfinite(left) and np.isfinite(right)):
                notes.append("the function is not finite on both sides of this point")
            elif abs(left - right) > 0.05 * max(abs(left), abs(right)):
                notes.append(
                    f"differences from the left are {left:.6g}, from the right {right:.6g}: "
                    "the function looks as if it were not smooth here"
                )
        return "; ".join(notes)


def _index(probe: Probe, arrays: Sequence[Any]) -> tuple[int, ...]:
    place = np.unravel_index(int(probe.places[0]), arrays[probe.array].shape)
    return tuple(int(i) for i in place)
