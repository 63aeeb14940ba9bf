"""Differences along probes: the numeric half of a gradient check.

A probe is a direction in one array: one coordinate (for complex elements its real or its imaginary part) where the
array is small, else a random vector, which can be halved until the coordinate that is wrong is found.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

COORDINATES = 32
"""Arrays of up to so many elements are probed coordinate by coordinate."""
DIRECTIONS = 3
"""How many random directions probe a larger array."""
_RUNGS = 10
_RATIO = 8.0

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
    """

    array: int
    places: np.ndarray
    weights: np.ndarray
    size: float

    def dense(self, like: Any) -> np.ndarray:
        """Write the direction as an array."""
        out = np.zeros(like.size, like.dtype)
        out[self.places] = self.weights
        return out.reshape(like.shape)

    def halves(self) -> list[Probe]:
        """Two probes of half the elements each."""
        middle = self.places.size // 2
        return [
            dataclasses.replace(self, places=self.places[part], weights=self.weights[part])
            for part in (slice(None, middle), slice(middle, None))
        ]

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
        scale = _scale(array)
        complex_ = np.iscomplexobj(array)
        units = (1.0, 1.0j) if complex_ else (1.0,)
        if array.size <= COORDINATES:
            found += [
                Probe(number, np.array([place]), np.array([unit]), float(scale[place]))
                for place in range(array.size)
                for unit in units
            ]
            continue
        largest = float(scale.max())
        for _ in range(DIRECTIONS):
            signs: Any = rng.choice([-1.0, 1.0], array.size)
            if complex_:
                signs = signs + 1j * rng.choice([-1.0, 1.0], array.size)
            places = rng.permutation(array.size)
            found.append(Probe(number, places, (signs * scale)[places] / largest, largest))
    return found


def _scale(array: Any) -> np.ndarray:
    """Size of each element, for the length of its step; small ones go with the largest."""
    sizes = np.abs(np.asarray(array)).reshape(-1).astype(float)
    sizes[~np.isfinite(sizes)] = 0.0
    largest = sizes.max(initial=0.0)
    if largest == 0.0:
        return np.ones_like(sizes)
    clipped: np.ndarray = np.maximum(sizes, largest / 4)
    return clipped


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
    """

    function: Function
    arrays: Sequence[Any]
    scheme: str
    step: float | None
    epsilon: float

    def estimate(self, probe: Probe, weights: Sequence[Probe]) -> np.ndarray:
        """Difference quotients with one step: for each of `weights`, the derivative and its noise."""
        power = 1 / 3 if self.scheme == "central" else 1 / 2
        step = self.step or probe.size * self.epsilon**power
        quotients, magnitudes = self._quotients(probe, weights, step)
        noise = 8 * self.epsilon * magnitudes / step
        return np.stack([quotients, noise])

    def extrapolate(self, probe: Probe, weights: Sequence[Probe]) -> np.ndarray:
        """Like `estimate`, from many steps: Richardson's extrapolation, at the steps where it settles best."""
        epsilon = self.epsilon
        order = 2 if self.scheme == "central" else 1
        steps = [
            probe.size * _RATIO**-k
            for k in range(1, _RUNGS + 1)
            if k < 3 or _RATIO**-k > epsilon ** (2 / 3)
        ]
        rows = [self._quotients(probe, weights, step) for step in steps]
        quotients = np.stack([row[0] for row in rows])
        magnitudes = np.stack([row[1] for row in rows])
        factor = _RATIO**order
        better = (factor * quotients[1:] - quotients[:-1]) / (factor - 1)
        change = np.abs(np.diff(better, axis=0))
        change[~np.isfinite(change)] = np.inf
        best = np.argmin(change, axis=0)
        columns = np.arange(len(weights))
        size = magnitudes[best + 2, columns]
        rounding = 8 * epsilon * size / np.array(steps)[best + 2]
        # what a function of this size may reasonably leave undecided: a jump is not excused
        limit = 10 * np.sqrt(epsilon) * size / probe.size
        noise = np.maximum(rounding, np.minimum(4 * change[best, columns], limit))
        return np.stack([better[best + 1, columns], noise])

    def one_sided(self, probe: Probe, weight: Probe) -> tuple[float, float]:
        """Quotients from the left and from the right."""
        step = self.step or probe.size * self.epsilon ** 0.5
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
