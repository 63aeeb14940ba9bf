"""In which order an einsum contracts its operands, always two at a time."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from ...engine.errors import ArgumentError, EinsumError
from ..arguments import array_operand
from . import spec as _spec

# As opt_einsum and NumPy write it: operands by position; the result goes to the end of the list.
Path = Sequence[tuple[int, ...]]

# Up to so many operands every path is compared, copies included.
_COMPARE_UP_TO = 4


def candidates(
    text: str, terms: Sequence[str], output: str, lengths: Mapping[str, int], optimize: Any
) -> list[Path]:
    """Paths of which the planner takes the cheapest.

    Parameters
    ----------
    text : str
        What the user wrote, for errors.
    terms : sequence of str
        Letters of each operand.
    output : str
        Letters of the result.
    lengths : mapping
        Length of each letter's axis.
    optimize : bool, str, tuple or path
        As for `tenrso_ad.numpy.einsum`. For a few operands True gives every path.

    Raises
    ------
    ArgumentError
        An optimiser that there is not, or a path that does not fit.

    Examples
    --------
    >>> candidates("ab,bc,cd->ad", ["ab", "bc", "cd"], "ad", {}, True)
    [[(0, 1), (0, 1)], [(0, 2), (0, 1)], [(1, 2), (0, 1)]]
    """
    count = len(terms)
    if optimize is False:
        return [[tuple(range(count))]]
    if optimize is True and count <= _COMPARE_UP_TO:
        return list(_every_path(count))
    limit = None
    if isinstance(optimize, (tuple, list)):
        first = optimize[0] if optimize else None
        if not isinstance(first, str):
            return [_checked(text, optimize, count)]
        if first == "einsum_path":
            return [_checked(text, optimize[1:], count)]
        optimize, limit = first, optimize[1] if len(optimize) > 1 else None
    from opt_einsum.paths import get_path_fn

    try:
        find = get_path_fn("auto" if optimize is True else optimize)
    except KeyError:
        raise unknown_optimizer(text, optimize) from None
    return [find([frozenset(t) for t in terms], frozenset(output), dict(lengths), limit)]


def unknown_optimizer(text: str, optimize: Any) -> ArgumentError:
    """Build the error for an `optimize` that is none of those there are."""
    return ArgumentError(
        f"einsum('{text}'): optimize is True, False, a path, or an optimiser of opt_einsum such as "
        f"'greedy' or 'optimal', got {optimize!r}"
    )


def _every_path(count: int) -> Iterator[Path]:
    """Every order of pairwise contractions."""
    if count == 1:
        yield []
    for pair in itertools.combinations(range(count), 2):
        for rest in _every_path(count - 1):
            yield [pair, *rest]


def _checked(text: str, path: Any, count: int) -> Path:
    """A path by the user, if it contracts all the operands to one."""
    left = count
    for positions in path:
        valid = isinstance(positions, (tuple, list)) and len({*positions}) == len(positions) > 0
        if not valid or not all(isinstance(p, int) and 0 <= p < left for p in positions):
            raise ArgumentError(
                f"einsum('{text}'): {positions!r} in the path does not name different operands "
                f"of the {left} that are left"
            )
        left += 1 - len(positions)
    if left != 1:
        raise ArgumentError(f"einsum('{text}'): the path leaves {left} operands uncontracted")
    return path  # type: ignore[no-any-return]


def pairs(path: Path, count: int) -> list[tuple[int, int]]:
    """A path as pairs of values; more than two at once are taken from the left.

    Parameters
    ----------
    path : sequence of tuple of int
    count : int
        Number of operands; the values after them are the results.

    Examples
    --------
    >>> pairs([(0, 1, 2)], 3)
    [(0, 1), (3, 2)]
    """
    alive = list(range(count))
    found: list[tuple[int, int]] = []
    for positions in path:
        chosen = [alive[p] for p in positions]
        alive = [v for v in alive if v not in chosen]
        value = chosen[0]
        for other in chosen[1:]:
            found.append((value, other))
            value = count + len(found) - 1
        alive.append(value)
    return found


def einsum_path(subscripts: Any, /, *operands: Any, optimize: Any = "greedy") -> tuple[Any, str]:
    """Find in which order to contract the operands of an einsum, without contracting them.

    Parameters
    ----------
    subscripts, *operands
        As for `einsum`; only the shapes of the operands matter.
    optimize : {'greedy', 'optimal'}, bool, tuple or path
        As for `numpy.einsum_path`, which answers. `einsum` takes more, and by default compares all
        orders of few operands.

    Returns
    -------
    path : list
        For the argument `optimize` of `einsum`.
    report : str
        What it costs.

    Raises
    ------
    EinsumError
        A specification that cannot be read or does not fit the operands.
    ArgumentError
        An optimiser that there is not, or a path that does not fit.

    Examples
    --------
    >>> import numpy as np
    >>> a, b = np.ones((50, 2)), np.ones((2, 50))
    >>> path, report = einsum_path("ij,jk,kl->il", a, b, a)
    >>> path
    ['einsum_path', (1, 2), (0, 1)]
    """
    if not isinstance(subscripts, str):
        subscripts, values = _spec.interleaved((subscripts, *operands))
        operands = tuple(values)
    shapes = [array_operand(x).shape for x in operands]
    _spec.read(subscripts, tuple(map(len, shapes)))
    try:
        return np.einsum_path(
            subscripts, *[np.broadcast_to(0, shape) for shape in shapes], optimize=optimize
        )
    except ValueError as error:
        raise EinsumError(f"einsum_path('{subscripts}'): {error}") from None
    except (TypeError, KeyError, RuntimeError, IndexError) as error:
        raise ArgumentError(
            f"einsum_path('{subscripts}'): optimize={optimize!r} is no optimiser of NumPy and no "
            f"path that fits ({error})"
        ) from None
