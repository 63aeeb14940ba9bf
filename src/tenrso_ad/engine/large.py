"""Pullbacks of large arrays, which a compiler above the engine may run as native code.

The backward pass looks at nothing but the size of a cotangent: from `settings.from_size` elements
on it hands the node to `pull`, and sums to `add`. The compiler puts its own functions here.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy import ndarray

FROM_SIZE = 1 << 16
AFTER = 1 << 24

Pull = Callable[[Any, ndarray, dict[Any, Any], set[Any]], Sequence[Any]]
Add = Callable[[ndarray, ndarray, ndarray | None], ndarray]


@dataclass
class Settings:
    """What `tenrso_ad.config.kernels` sets.

    Attributes
    ----------
    from_size : float
        Elements of the smallest cotangent that `pull` is asked for.
    after : int
        Elements that NumPy computes with a rule before a kernel is compiled for it.
    """

    from_size: float = FROM_SIZE
    after: int = AFTER


settings = Settings()


def _pull(node: Any, g: ndarray, pending: dict[Any, Any], owned: set[Any]) -> Sequence[Any]:
    results: Sequence[Any] = node.apply(g, node.saved, node.params, node.parents)
    return results


def _add(total: ndarray, cotangent: ndarray, out: ndarray | None) -> ndarray:
    result: ndarray = np.add(total, cotangent, out=out)
    return result


pull: Pull = _pull
"""pull(node, cotangent, pending, owned) -> sequence of cotangents, one a parent.

It may add them to `pending` itself, as the backward pass would, and then gives none.
"""

add: Add = _add
"""add(total, cotangent, out) -> their sum, in `out` if that is an array."""


def register(pull_rule: Pull, add_rule: Add) -> None:
    """Name what runs the pullbacks of large arrays, and what adds large cotangents."""
    global pull, add
    pull, add = pull_rule, add_rule
