"""Differences along probes: the numeric half of a gradient check.

A probe is a direction in one array: one coordinate (for complex elements its real or its imaginary
part) where the array is small, else a random vector, which can be halved until the coordinate that
is wrong is found.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

COORDINATES = 32
"""Arrays of up to so many elements are probed coordinate by coordinate."""
DIRECTIONS = 3
"""How many random directions probe a larger array."""
_UNITS: dict[str, tuple[complex, ...]] = {"f": (1.0,), "c": (1.0 + 0j, 1.0j)}

Function = Callable[..., tuple[Any, ...]]


@dataclasses.dataclass(frozen=True)
class Probe:
    """A direction in one of several arrays.

    Attributes
    ----------
    array : int
        Number of the array.
    places : ndarray
        Flat indices of the elements that it moves.
    weights : ndarray
        How far it moves each of them.
    size : float
        Step by which a function of the array may be expected to change visibly.
    least : float
        What it may need to be where the elements are of very different size.
    """

    array: int
    places: np.ndarray
    weights: np.ndarray
    size: float
    least: float

    def dense(self, like: Any) -> np.ndarray:
        """Write the direction as an array."""
        out = np.zeros(like.size, like.dtype)
        out[self.places] = self.weights
        return out.reshape(like.shape)

    def parts(self) -> list[Probe]:
        """Probes of half the elements each; of one element its coordinates; of these nothing."""
        count = self.places.size
        if count > 1:
            middle = count // 2
            pieces = [(self.places[:middle], self.weights[:middle])]
            pieces += [(self.places[middle:], self.weights[middle:])]
        else:
            units = _UNITS[self.weights.dtype.kind]
            if self.weights[0] in units:
                return []
            pieces = [(self.places, np.array([unit])) for unit in units]
        return [dataclasses.replace(self, places=p, weights=w) for p, w in pieces]

    def dot(self, array: Any) -> float:
        """Real inner product of the direction with an array."""
        return float(np.vdot(self.weights, np.asarray(array).reshape(-1)[self.places]).real)

    def magnitude(self, array: Any) -> float:
        """Size of the terms of that inner product."""
        terms = np.abs(np.asarray(array).reshape(-1)[self.places]) @ np.abs(self.weights)
        return float(terms)

    @property
    def part(self) -> str:
        """Which part of a complex element it moves."""
        return "imaginary part" if np.iscomplexobj(self.weights) and self.weights[0].imag else ""


def probes(arrays: Sequence[Any], rng: np.random.Generator) -> list[Probe]:
    """Probes of all arrays: every coordinate of small ones, random directions in large ones."""
    found = []
    for number, array in enumerate(arrays):
        sizes, scale = _scale(array)
        units = _UNITS[array.dtype.kind]
        if array.size <= COORDINATES:
            found += [
                Probe(number, np.array([place]), np.array([unit]), scale[place], sizes[place])
                for place in range(array.size)
                for unit in units
            ]
            continue
        largest = float(scale.max())
        for _ in range(DIRECTIONS):
            signs: Any = rng.choice([-1.0, 1.0], array.size)
            if len(units) == 2:
                signs = signs + 1j * rng.choice([-1.0, 1.0], array.size)
            places = rng.permutation(array.size)
            weights = (signs * scale)[places] / largest
            found.append(Probe(number, places, weights, largest, largest))
    return found


def _scale(array: Any) -> tuple[np.ndarray, np.ndarray]:
    """Size of each element, and a length for its step: small elements go with the largest."""
    sizes = np.abs(np.asarray(array)).reshape(-1).astype(float)
    sizes[~np.isfinite(sizes)] = 0.0
    largest = sizes.max(initial=0.0) or 1.0
    scale = np.maximum(sizes, largest / 4)
    return np.where(sizes == 0.0, scale, sizes), scale


@dataclasses.dataclass(frozen=True)
class Differences:
    """Differences of a function along probes.

    Parameters
    ----------
    function : callable
        Takes the arrays, gives a tuple of arrays.
    arrays : sequence of ndarray
        Where.
    scheme : {"central", "forward"}
    step : float or None
        Length of the steps; None fits it to the arrays and their precision.
    epsilon : float
        Relative rounding error of the least precise array.
    sizes : sequence of float
        For each result the size of the terms that may have cancelled in it.
    """

    function: Function
    arrays: Sequence[Any]
    scheme: str
    step: float | None
    epsilon: float
    sizes: Sequence[float]

    def estimate(self, probe: Probe, weights: Sequence[Probe]) -> np.ndarray:
        """Difference quotients with one step: for each of `weights` a derivative and its noise."""
        power = 1 / 3 if self.scheme == "central" else 1 / 2
        step = self.step or probe.size * self.epsilon**power
        quotients, magnitudes = self._quotients(probe, weights, step)
        noise = 8 * self.epsilon * magnitudes / step
        return np.stack([quotients, noise])

    def extrapolate(self, probe: Probe, weights: Sequence[Probe]) -> np.ndarray:
        """Like `estimate`, by Richardson's extrapolation from the steps where it settles best."""
        steps = self._ladder(probe)
        rows = [self._quotients(probe, weights, step) for step in steps]
        quotients = np.stack([row[0] for row in rows])
        floor = [self.sizes[w.array] * np.abs(w.weights).sum() for w in weights]
        size = np.maximum(rows[0][1], floor)
        factor = self._ratio ** (2 if self.scheme == "central" else 1)
        better = (factor * quotients[1:] - quotients[:-1]) / (factor - 1)
        change = np.abs(np.diff(better, axis=0))
        rounding = 8 * self.epsilon * size / np.array(steps[2:])[:, None]
        doubt = (change + rounding) / np.maximum(np.abs(better[1:]), np.abs(better[:-1]))
        doubt[np.isnan(doubt)] = np.inf
        columns = np.arange(len(weights))
        best = np.argmin(doubt, axis=0), columns
        # what a function of this size may reasonably leave undecided: a jump is not excused
        limit = 10 * np.sqrt(self.epsilon) * size / probe.size
        settled = better[1:][best], rounding[best] + np.minimum(4 * change[best], limit)
        # where nothing settles it all seems to be rounding: the longest step suffers least from it
        first = np.argmax(np.isfinite(better), axis=0)
        lengths = np.array(steps)[:, None]
        moved = np.nan_to_num(np.abs(quotients * lengths)).max(axis=0)
        moved = np.clip(moved, self.epsilon, 64 * self.epsilon * np.maximum(size, 1))
        unsettled = better[first, columns], 8 * moved / lengths[first + 1, 0]
        return np.where(doubt[best] > 0.1, np.stack(unsettled), np.stack(settled))

    def _ladder(self, probe: Probe) -> list[float]:
        """Steps that fall by a constant ratio, from visible ones down to what rounding lets see."""
        ratio = self._ratio
        rungs = math.log(probe.size / probe.least / self.epsilon ** (2 / 3), ratio)
        return [probe.size * ratio**-k for k in range(1, max(4, round(rungs)) + 1)]

    @property
    def _ratio(self) -> float:
        return 8.0 if self.epsilon < 1e-4 else 2.0

    def one_sided(self, probe: Probe, weight: Probe) -> tuple[float, float]:
        """Quotients from the left and from the right."""
        step = self.step or probe.size * self.epsilon**0.5
        here = weight.dot(self.function(*self.arrays)[weight.array])
        left, right = (
            (weight.dot(self.function(*self._moved(probe, h))[weight.array]) - here) / h
            for h in (-step, step)
        )
        return left, right

    def _moved(self, probe: Probe, step: float) -> list[Any]:
        moved = list(self.arrays)
        array = np.array(moved[probe.array])
        array.reshape(-1)[probe.places] += (step * probe.weights).astype(array.dtype)
        moved[probe.array] = array
        return moved

    def _quotients(
        self, probe: Probe, weights: Sequence[Probe], step: float
    ) -> tuple[np.ndarray, np.ndarray]:
        """Quotient and size of the function for each of `weights`."""
        above = self._moved(probe, step)
        below = self._moved(probe, -step) if self.scheme == "central" else self.arrays
        # the distance that rounding left, not the one that was wanted
        wide = np.result_type(above[probe.array].dtype, np.float64)
        distance = above[probe.array].astype(wide) - below[probe.array].astype(wide)
        squared = float(np.vdot(probe.weights, probe.weights).real)
        length = probe.dot(distance) / squared
        high, low = self.function(*above), self.function(*below)
        change = [
            np.asarray(h).astype(np.result_type(h, np.float64)) - low[i] for i, h in enumerate(high)
        ]
        quotients = np.array([w.dot(change[w.array]) for w in weights]) / length
        magnitudes = np.array([w.magnitude(high[w.array]) for w in weights])
        return quotients, magnitudes
