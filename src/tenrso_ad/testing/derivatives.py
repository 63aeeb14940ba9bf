"""Derivatives by reverse and forward mode: the analytic half of a gradient check."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..ops import elementwise as ew
from ..ops.broadcasting import convert, sum_to
from ..transforms import jvp, vjp
from .differences import Function, Probe


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


jacobians = {"reverse": _reverse_jacobian, "forward": _forward_jacobian}


def _weights(arrays: Sequence[Any], sizes: Sequence[float], rng: np.random.Generator) -> list[Any]:
    """Random arrays of the same shapes and dtypes, and of given sizes."""
    weights = []
    for a, size in zip(arrays, sizes, strict=True):
        w: Any = rng.choice([-1.0, 1.0], a.shape) * rng.uniform(0.5, 1.5, a.shape)
        if np.iscomplexobj(a):
            w = w + 1j * rng.choice([-1.0, 1.0], a.shape) * rng.uniform(0.5, 1.5, a.shape)
        weights.append(np.asarray(size * w, a.dtype))
    return weights


def largest(array: Any) -> float:
    """Size of the largest finite element; 1 where there is none but zeros."""
    sizes = np.abs(array)[np.isfinite(array)]
    return float(sizes.max(initial=0.0)) or 1.0


def _moving(
    primals: Sequence[Any],
    like: Sequence[Any],
    sizes: Sequence[float],
    rng: np.random.Generator,
) -> Function:
    """Random arrays linear in the primals, so that the derivative by them counts as well."""
    still, slope = _weights(like, sizes, rng), _weights(like, sizes, rng)
    covectors = _weights(primals, [1 / largest(p) for p in primals], rng)

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
    values = [np.asarray(o) for o in function(*primals)]
    cotangents = _moving(primals, values, [1.0] * len(values), rng)

    def gradient(*xs: Any) -> tuple[Any, ...]:
        _, pullback = vjp(function, *xs)
        return tuple(pullback(cotangents(*xs)))

    return gradient


def _tangent_of(function: Function, primals: Sequence[Any], rng: np.random.Generator) -> Function:
    tangents = _moving(primals, primals, [largest(p) for p in primals], rng)

    def tangent(*xs: Any) -> tuple[Any, ...]:
        _, pushed = jvp(function, xs, tangents(*xs))
        return tuple(pushed)

    return tangent


derivatives = {"reverse": _gradient_of, "forward": _tangent_of}


def sizes_of_terms(
    mode: str, primals: Sequence[Any], values: Sequence[Any], sizes: Sequence[float]
) -> list[float]:
    """How large the terms of each result of a derivative may be that cancel in it."""
    terms = [max(s, float(np.abs(v).max(initial=0.0))) for s, v in zip(sizes, values, strict=True)]
    return terms if mode == "forward" else [max(terms) / largest(p) for p in primals]
