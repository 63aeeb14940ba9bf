"""Compare derivatives of any order with differences of values."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from ..engine import tree
from ..engine.errors import ArgumentError, GradientCheckError
from ..engine.trace import is_inexact
from ..ops import elementwise as ew
from ..ops.broadcasting import convert, sum_to
from ..transforms import jvp, vjp
from .differences import Differences, Function, Probe, probes

# relative tolerance by the bytes of a real number: differences cannot tell more
_RTOL = {2: 5e-2, 4: 2e-3, 8: 1e-6}


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
        Which element was varied: the place of its array in `args`, as in ``"[0]['weight']"``, and its index there.
    result, result_index : str, tuple of int
        Which element changed: at order 1 of what the function returns; above of the derivative one order below.
    analytic, numeric : float
        Both values of that derivative.
    error : float
        Their difference, relative to the larger of them, or to what rounding lets differences see if that is more.
    tolerance : float
        How large `error` may be.
    note : str
        Which part of a complex element is meant; for a failure what the differences look like there.
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

    Derivative k + 1 is compared with differences of derivative k, for each k below `order` and for each succession of
    modes. Arrays of up to 32 elements are varied one coordinate at a time, larger ones along random directions; the
    worst coordinate is then found by halving.

    Parameters
    ----------
    f : callable
        Takes the arguments; returns an array or a tree of arrays.
    args : sequence
        Arguments: arrays, Python floats or trees of these. Floating-point leaves are varied, all others stay.
    order : int
        How many derivatives are checked, at least 1.
    modes : sequence of {"reverse", "forward"}
        Ways of differentiating. At order n every succession of n of them is checked.
    scheme : {"central", "forward"}
        Which differences are taken.
    eps : float, optional
        Step, the same for every element. By default it is fitted to the size of the elements and to the precision of
        their dtype, and where the comparison fails it is repeated with many steps and Richardson's extrapolation.
    rtol : float, optional
        Largest relative error; by default 1e-6 for float64, 2e-3 for float32, 5e-2 for float16.
    atol : float, optional
        Absolute error that is always allowed; by default what rounding of the function's values makes of differences.

    Returns
    -------
    GradCheckResult
        True where everything agreed; printed, a report.

    Raises
    ------
    ArgumentError
        For an unknown mode or scheme, an order below 1, nothing to differentiate, or a function that gives other
        values when it is called again.

    Notes
    -----
    Complex elements are varied along both parts; a gradient is dL/dx + i dL/dy. At order 2 and above the cotangent
    (or tangent) of the derivative below varies together with the arguments, so that a rule that is wrong in its
    cotangent is found as well. Where `f` has a kink the central difference is the mean of both sides, and a
    subgradient other than that is reported, with the one-sided differences.

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
                "check_gradients: the function gives other values when it is called again; fix its seed"
            )
    result_names = tree.paths(f(*args))
    checker = _Checker(tuple(modes), scheme, eps, rtol, atol, argument_names)
    with np.errstate(all="ignore"):
        entries = tuple(checker.walk(function, primals, order, (), result_names))
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
    leaves = [
        np.asarray(x) if isinstance(x, (float, complex, np.generic)) else x for x in leaves
    ]
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
    """Matrices, one row a result probe, one column an argument probe; one layer a mode where modes differ."""

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
    ) -> Iterator[GradCheckEntry]:
        """Check one function, then each of its derivatives."""
        rng = np.random.default_rng(len(path))
        yield from self._check(function, primals, path, result_names, rng)
        if len(path) + 1 < order:
            for mode in self.modes:
                names = self.argument_names if mode == "reverse" else result_names
                derived = _DERIVATIVES[mode](function, primals, rng)
                yield from self.walk(derived, primals, order, (mode, *path), names)

    def _check(
        self,
        function: Function,
        primals: Sequence[Any],
        path: tuple[str, ...],
        result_names: list[str],
        rng: np.random.Generator,
    ) -> Iterator[GradCheckEntry]:
        values = [np.asarray(o) for o in function(*primals)]
        arrays = [*primals, *values]
        epsilon = max(float(np.finfo(a.dtype).eps) for a in arrays)
        tolerance = self.rtol or _RTOL[min(np.finfo(a.dtype).bits // 8 for a in arrays)]
        block = _Block(function, primals, values, self, epsilon, tolerance)
        sources, targets = probes(primals, rng), probes(values, rng)
        order = len(path) + 1
        names = [" over ".join((mode, *path)) for mode in self.modes]
        if not sources or not targets:  # arrays without elements agree
            for name in names:
                yield GradCheckEntry(order, name, "", (), "", (), 0.0, 0.0, 0.0, tolerance)
            return
        errors = block.compare(sources, targets).error
        for layer, name in enumerate(names):
            row, column = np.unravel_index(np.argmax(errors[layer]), errors[layer].shape)
            source, target = block.narrow(sources[column], targets[row], layer)
            entry = block.compare([source], [target])
            yield GradCheckEntry(
                order=order,
                mode=name,
                argument=self.argument_names[source.array],
                index=_index(source, primals),
                result=result_names[target.array],
                result_index=_index(target, values),
                analytic=float(entry.analytic[layer, 0, 0]),
                numeric=float(entry.numeric[0, 0]),
                error=float(entry.error[layer, 0, 0]),
                tolerance=tolerance,
                note=block.note(source, target, float(entry.error[layer, 0, 0])),
            )


@dataclasses.dataclass(frozen=True)
class _Block:
    """One function at one point, compared in every mode."""

    function: Function
    primals: Sequence[Any]
    values: Sequence[Any]
    options: _Checker
    epsilon: float
    tolerance: float

    @property
    def differences(self) -> Differences:
        o = self.options
        return Differences(self.function, self.primals, o.scheme, o.step, self.epsilon)

    def compare(self, sources: Sequence[Probe], targets: Sequence[Probe]) -> _Comparison:
        """Errors of every mode for every pair of probes."""
        analytic = np.stack(
            [_JACOBIANS[m](self.function, self.primals, sources, targets, self.values)
             for m in self.options.modes]
        )  # fmt: skip
        differences = self.differences
        columns = [differences.estimate(s, targets) for s in sources]
        numeric, noise = np.moveaxis(np.stack(columns, axis=-1), 0, 0)
        error = self._error(analytic, numeric, noise)
        if self.options.step is None:
            doubtful = np.flatnonzero((~(error <= self.tolerance)).any(axis=(0, 1)))
            for column in doubtful:
                better = differences.extrapolate(sources[column], targets)
                numeric[:, column], noise[:, column] = better
            error = self._error(analytic, numeric, noise)
        return _Comparison(error, analytic, numeric)

    def _error(self, analytic: np.ndarray, numeric: np.ndarray, noise: np.ndarray) -> np.ndarray:
        allowed = noise if self.options.atol is None else self.options.atol
        floor = np.nan_to_num(allowed, nan=0.0, posinf=0.0) / self.tolerance
        scale = np.maximum(np.abs(analytic), np.abs(numeric)) + floor
        gap = np.abs(analytic - numeric)
        error = np.where(gap == 0, 0.0, gap / np.where(scale == 0, 1.0, scale))
        return np.where(np.isnan(error), np.inf, error)

    def narrow(self, source: Probe, target: Probe, layer: int) -> tuple[Probe, Probe]:
        """Halve random directions until one coordinate is left, following the larger error."""
        while source.places.size > 1:
            parts = source.halves()
            source = parts[int(np.argmax(self.compare(parts, [target]).error[layer, 0]))]
        while target.places.size > 1:
            parts = target.halves()
            target = parts[int(np.argmax(self.compare([source], parts).error[layer, :, 0]))]
        # a coordinate of a direction has the weight that made it part of one
        return _unit(source), _unit(target)

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


def _unit(probe: Probe) -> Probe:
    weight = probe.weights[0]
    if np.iscomplexobj(weight):
        weight = 1.0 if abs(weight.real) >= abs(weight.imag) else 1.0j
    else:
        weight = 1.0
    return dataclasses.replace(probe, weights=np.array([weight], probe.weights.dtype))


def _index(probe: Probe, arrays: Sequence[Any]) -> tuple[int, ...]:
    place = np.unravel_index(int(probe.places[0]), arrays[probe.array].shape)
    return tuple(int(i) for i in place)


# --- derivatives along probes -----------------------------------------------------------------------------------


def _reverse_jacobian(
    function: Function,
    primals: Sequence[Any],
    sources: Sequence[Probe],
    targets: Sequence[Probe],
    values: Sequence[Any],
) -> np.ndarray:
    _, pullback = vjp(function, *primals)
    rows = []
    for target in targets:
        cotangents = [np.zeros_like(v) for v in values]
        cotangents[target.array] = target.dense(values[target.array])
        gradients = pullback(tuple(cotangents))
        rows.append([s.dot(gradients[s.array]) for s in sources])
    return np.array(rows)


def _forward_jacobian(
    function: Function,
    primals: Sequence[Any],
    sources: Sequence[Probe],
    targets: Sequence[Probe],
    values: Sequence[Any],
) -> np.ndarray:
    columns = []
    for source in sources:
        tangents = [np.zeros_like(p) for p in primals]
        tangents[source.array] = source.dense(primals[source.array])
        _, pushed = jvp(function, tuple(primals), tuple(tangents))
        columns.append([t.dot(pushed[t.array]) for t in targets])
    return np.array(columns).T


_JACOBIANS = {"reverse": _reverse_jacobian, "forward": _forward_jacobian}


def _weights(arrays: Sequence[Any], rng: np.random.Generator) -> list[Any]:
    """Random arrays of the same shapes and dtypes, no entry small."""
    weights = []
    for a in arrays:
        w: Any = rng.choice([-1.0, 1.0], a.shape) * rng.uniform(0.5, 1.5, a.shape)
        if np.iscomplexobj(a):
            w = w + 1j * rng.choice([-1.0, 1.0], a.shape) * rng.uniform(0.5, 1.5, a.shape)
        weights.append(np.asarray(w, a.dtype))
    return weights


def _moving(primals: Sequence[Any], like: Sequence[Any], rng: np.random.Generator) -> Function:
    """Random arrays that depend on the primals linearly, so that derivatives by them count as well."""
    still, slope = _weights(like, rng), _weights(like, rng)
    sizes = [max(float(np.abs(p).max(initial=0.0)), np.finfo(p.dtype).tiny ** 0.5) for p in primals]
    covectors = [
        np.asarray(w / (s if np.isfinite(s) else 1.0), w.dtype)
        for w, s in zip(_weights(primals, rng), sizes, strict=True)
    ]

    def weights(*xs: Any) -> tuple[Any, ...]:
        shift: Any = 0.0
        for x, primal, covector in zip(xs, primals, covectors, strict=True):
            shift = shift + ew.real(sum_to(ew.multiply(covector, ew.subtract(x, primal)), ()))
        return tuple(
            convert(ew.add(w, ew.multiply(shift, s)), w.dtype)
            for w, s in zip(still, slope, strict=True)
        )

    return weights


def _gradient_of(function: Function, primals: Sequence[Any], rng: np.random.Generator) -> Function:
    cotangents = _moving(primals, [np.asarray(o) for o in function(*primals)], rng)

    def gradient(*xs: Any) -> tuple[Any, ...]:
        _, pullback = vjp(function, *xs)
        return tuple(pullback(cotangents(*xs)))

    return gradient


def _tangent_of(function: Function, primals: Sequence[Any], rng: np.random.Generator) -> Function:
    tangents = _moving(primals, primals, rng)

    def tangent(*xs: Any) -> tuple[Any, ...]:
        _, pushed = jvp(function, xs, tangents(*xs))
        return tuple(pushed)

    return tangent


_DERIVATIVES = {"reverse": _gradient_of, "forward": _tangent_of}
