"""What univariate distributions have in common: parameters, support, what is made of both."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable, Sequence
from typing import Any, ClassVar

import numpy as np

from .. import numpy as tnp
from ..engine.errors import ArgumentError, UnsupportedError
from ..engine.trace import is_inexact
from ..ops.arguments import array_operand, operand_like
from ..ops.pointwise import Operation
from ..ops.special.declaring import part, unknown

Function = Callable[..., Any]
Bound = float | Function
INF = float("inf")


def floating(*values: Any) -> list[Any]:
    """Arrays of the values; Python numbers, lists and integers get the dtype of the others."""
    arrays = [array_operand(v) for v in values]
    strong = [
        hasattr(v, "dtype") and is_inexact(a.dtype) for v, a in zip(values, arrays, strict=True)
    ]
    like = arrays[strong.index(True)] if any(strong) else np.empty(0)
    return [a if s else operand_like(a, like) for a, s in zip(arrays, strong, strict=True)]


def any_of(*conditions: Any) -> Any:
    """Whether one of the conditions holds, element by element; False is none."""
    kept = [c for c in conditions if c is not False]
    return functools.reduce(tnp.logical_or, kept) if kept else False


def all_of(*conditions: Any) -> Any:
    """Whether all of the conditions hold, element by element; True is none."""
    kept = [c for c in conditions if c is not True]
    return functools.reduce(tnp.logical_and, kept) if kept else True


def positive(*parameters: Any) -> Any:
    """Whether all of the parameters are."""
    return all_of(*(tnp.greater(p, 0) for p in parameters))


def is_whole(x: Any) -> Any:
    """Whether elements are integers."""
    return tnp.equal(x, tnp.floor(x))


def _log(probability: Any) -> Any:
    with np.errstate(divide="ignore"):  # that of zero is -inf
        return tnp.log(probability)


def _at(bound: Bound, shapes: Sequence[Any]) -> Any:
    return bound(*shapes) if callable(bound) else bound


@dataclasses.dataclass(frozen=True, eq=False, repr=False)
class Distribution:
    """A univariate distribution under its name of scipy.stats.

    Outside of the support logarithms are -inf, with zero gradients; parameters that are not those
    of a distribution give NaN.

    Attributes
    ----------
    name : str
    shapes : str
        Names of its parameters besides loc and scale, separated by spaces.
    log_density : callable
        log_density(z, *shapes), inside of the support, with loc 0 and scale 1; the logarithm of the
        mass for a discrete distribution.
    low, high : float or callable
        Ends of the support; functions of the shapes where they depend on them.
    closed : bool
        Whether the ends belong to the support.
    inside : float or callable
        A point of the support, which is put in the place of points that are not.
    valid : callable
        valid(*shapes): which parameters are allowed.
    cumulative, survival : callable, optional
        The distribution function inside of the support, and one minus it.
    log_cumulative, log_survival : callable, optional
        Their logarithms, where there is a better way than to take the logarithm.
    """

    name: str
    shapes: str
    log_density: Function
    low: Bound = -INF
    high: Bound = INF
    closed: bool = True
    inside: Bound = 0.0
    valid: Function = positive
    cumulative: Function | None = None
    survival: Function | None = None
    log_cumulative: Function | None = None
    log_survival: Function | None = None

    defaults: ClassVar[dict[str, float]] = {}
    """Parameters that every distribution of the kind has, and that may be left out."""
    _starts_with_a_jump: ClassVar[bool] = False

    def __repr__(self) -> str:
        named = (f"{name}={default}" for name, default in self.defaults.items())
        return f"<{self.name}({', '.join([*self.shapes.split(), *named])})>"

    # --- its functions ----------------------------------------------------------------------------

    def cdf(self, x: Any, *parameters: Any, **named: Any) -> Any:
        """Probability of a value of at most x."""
        return self._tail("cdf", self.cumulative, (0.0, 1.0), x, parameters, named)

    def sf(self, x: Any, *parameters: Any, **named: Any) -> Any:
        """Probability of a value above x."""
        if self.survival is None:
            return 1 - self.cdf(x, *parameters, **named)
        return self._tail("sf", self.survival, (1.0, 0.0), x, parameters, named)

    def logcdf(self, x: Any, *parameters: Any, **named: Any) -> Any:
        """Logarithm of `cdf`."""
        if self.log_cumulative is None:
            return _log(self.cdf(x, *parameters, **named))
        return self._tail("logcdf", self.log_cumulative, (-INF, 0.0), x, parameters, named)

    def logsf(self, x: Any, *parameters: Any, **named: Any) -> Any:
        """Logarithm of `sf`."""
        if self.log_survival is None:
            return _log(self.sf(x, *parameters, **named))
        return self._tail("logsf", self.log_survival, (0.0, -INF), x, parameters, named)

    # --- how they are computed --------------------------------------------------------------------

    def _log_density_at(self, what: str, x: Any, given: Sequence[Any], named: Any) -> Any:
        z, shapes, scale = self._standard(what, x, given, named)
        ends = self._ends(z, shapes, (self.closed, self.closed))
        outside = any_of(*ends, *self._gaps(z))
        value = self.log_density(self._moved_inside(outside, z, shapes), *shapes)
        if scale is not None:
            value = value - tnp.log(scale)
        if outside is not False:
            value = tnp.where(outside, -INF, value)
        return self._where_valid(value, shapes, scale)

    def _tail(
        self,
        what: str,
        function: Function | None,
        ends: tuple[float, float],
        x: Any,
        given: Sequence[Any],
        named: Any,
    ) -> Any:
        """A function inside of the support; before and after it, its values at the ends."""
        if function is None:
            raise UnsupportedError(
                f"{self.name} has no {what} here; scipy.stats.{self.name} has one for plain arrays"
            )
        z, shapes, scale = self._standard(what, x, given, named)
        z = self._step(z)
        beyond = self._ends(z, shapes, (self._starts_with_a_jump, False))
        value = function(self._moved_inside(any_of(*beyond), z, shapes), *shapes)
        for outside, end in zip(beyond, ends, strict=True):
            if outside is not False:
                value = tnp.where(outside, end, value)
        return self._where_valid(value, shapes, scale)

    def _standard(
        self, what: str, x: Any, given: Sequence[Any], named: dict[str, Any]
    ) -> tuple[Any, list[Any], Any]:
        """(x - loc) / scale, the shapes, and the scale if it was given."""
        names = [*self.shapes.split(), *self.defaults]
        values = dict(zip(names, given, strict=False)) | named
        wrong = (
            [f"takes {len(names)} parameters, got {len(given)}"] * (len(given) > len(names))
            + [f"has no parameter {n}" for n in named if n not in names]
            + [f"got {n} twice" for n in named if n in names[: len(given)]]
            + [f"needs {n}" for n in self.shapes.split() if n not in values]
        )
        if wrong:
            raise ArgumentError(f"{self!r}.{what} {wrong[0]}")
        arrays = floating(x, *values.values())
        z, *parameters = self._counted(["k", *values], arrays)
        values = dict(zip(values, parameters, strict=True))
        if "loc" in values:
            z = z - values["loc"]
        if "scale" in values:
            z = z / values["scale"]
        return z, [values[n] for n in self.shapes.split()], values.get("scale")

    def _ends(self, z: Any, shapes: Sequence[Any], closed: tuple[bool, bool]) -> tuple[Any, Any]:
        """Where z is below the support and where it is above; an end that is closed is in it."""
        below: Any = False
        above: Any = False
        if self.low != -INF:
            below = (tnp.less if closed[0] else tnp.less_equal)(z, _at(self.low, shapes))
        if self.high != INF:
            above = (tnp.greater if closed[1] else tnp.greater_equal)(z, _at(self.high, shapes))
        return below, above

    def _moved_inside(self, outside: Any, z: Any, shapes: Sequence[Any]) -> Any:
        return z if outside is False else tnp.where(outside, _at(self.inside, shapes), z)

    def _where_valid(self, value: Any, shapes: Sequence[Any], scale: Any) -> Any:
        valid = self.valid(*shapes)
        if scale is not None:
            valid = all_of(valid, tnp.greater(scale, 0))
        if isinstance(valid, (bool, np.bool_)) and valid:
            return value
        return tnp.where(valid, value, float("nan"))

    def _counted(self, names: Sequence[str], arrays: Sequence[Any]) -> Sequence[Any]:
        """The arrays, where those that are integers by nature refuse a derivative."""
        return arrays

    def _gaps(self, z: Any) -> tuple[Any, ...]:
        """Where there is no density between the ends."""
        raise NotImplementedError

    def _step(self, z: Any) -> Any:
        return z


class Continuous(Distribution):
    """A distribution with a density."""

    defaults: ClassVar = {"loc": 0.0, "scale": 1.0}

    def logpdf(self, x: Any, *parameters: Any, **named: Any) -> Any:
        """Logarithm of the density at x."""
        return self._log_density_at("logpdf", x, parameters, named)

    def pdf(self, x: Any, *parameters: Any, **named: Any) -> Any:
        """Density at x."""
        return tnp.exp(self._log_density_at("pdf", x, parameters, named))

    def _gaps(self, z: Any) -> tuple[Any, ...]:
        """None at infinity; over the whole line the formula says so itself."""
        whole_line = self.low == -INF and self.high == INF
        return () if whole_line else (tnp.isinf(z),)


@dataclasses.dataclass(frozen=True, eq=False, repr=False)
class Discrete(Distribution):
    """A distribution over integers, in which it has no derivative, and says so.

    Attributes
    ----------
    counts : str
        Names of the shapes that are integers as well.
    """

    counts: str = ""

    defaults: ClassVar = {"loc": 0.0}
    _starts_with_a_jump = True

    def logpmf(self, k: Any, *parameters: Any, **named: Any) -> Any:
        """Logarithm of the probability of k."""
        return self._log_density_at("logpmf", k, parameters, named)

    def pmf(self, k: Any, *parameters: Any, **named: Any) -> Any:
        """Probability of k."""
        return tnp.exp(self._log_density_at("pmf", k, parameters, named))

    def _counted(self, names: Sequence[str], arrays: Sequence[Any]) -> Sequence[Any]:
        counts = ("k", "loc", *self.counts.split())
        return [
            count(self.name, n)(a) if n in counts else a for n, a in zip(names, arrays, strict=True)
        ]

    def _gaps(self, z: Any) -> tuple[Any, ...]:
        return tnp.greater(z, tnp.floor(z)), tnp.isinf(z)  # NaN stays NaN

    def _step(self, z: Any) -> Any:
        return tnp.floor(z)


@functools.cache
def count(distribution: str, argument: str) -> Operation:
    """Identity that refuses a derivative: a distribution over integers has none in them."""
    refusal = unknown(f"the discrete distribution {distribution}", argument)
    return part(f"{distribution}_{argument}", lambda x: x, refusal, other=lambda xp, x: x)
