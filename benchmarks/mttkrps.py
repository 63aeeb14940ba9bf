"""All MTTKRPs at once against one einsum a mode, side by side.

Run as ``python benchmarks/mttkrps.py``. Each case prints the least time of several alternating
repeats and the ratio. The einsums are NumPy's, along the path that ``optimal`` finds beforehand.
"""

from __future__ import annotations

import string
import time
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from tenrso_ad.decomposition import mttkrps

CASES = [((200, 200, 200), 32), ((60, 60, 60, 60), 16), ((20,) * 5, 16)]
REPEATS = 9

Array = NDArray[np.float64]


def einsums(tensor: Array, factors: list[Array]) -> list[Callable[[], Array]]:
    """Return the MTTKRP of each mode as an einsum whose path is planned."""
    letters = string.ascii_lowercase[: tensor.ndim]
    calls = []
    for mode, letter in enumerate(letters):
        others = [m for m in range(tensor.ndim) if m != mode]
        spec = ",".join([letters, *(letters[m] + "r" for m in others)]) + f"->{letter}r"
        operands = [tensor, *(factors[m] for m in others)]
        path = np.einsum_path(spec, *operands, optimize="optimal")[0]
        calls.append(
            lambda spec=spec, operands=operands, path=path: np.einsum(
                spec, *operands, optimize=path
            )
        )
    return calls


def seconds(call: Callable[[], object]) -> float:
    """Return the time of one call."""
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def main() -> None:
    rng = np.random.default_rng(0)
    for shape, rank in CASES:
        tensor = rng.normal(size=shape)
        factors = [rng.normal(size=(length, rank)) for length in shape]
        separate = einsums(tensor, factors)
        for ours, theirs in zip(mttkrps(tensor, factors), separate, strict=True):
            np.testing.assert_allclose(ours, theirs(), rtol=1e-8, atol=1e-8)
        times = [
            (
                seconds(lambda: mttkrps(tensor, factors)),  # noqa: B023
                seconds(lambda: [call() for call in separate]),  # noqa: B023
                seconds(lambda: mttkrps(np.asfortranarray(tensor), factors)),  # noqa: B023
            )
            for _ in range(REPEATS)
        ]
        tree, einsum, _ = (min(column) for column in zip(*times, strict=True))
        fortran = np.asfortranarray(tensor)
        turned = min(seconds(lambda: mttkrps(fortran, factors)) for _ in range(REPEATS))  # noqa: B023
        print(
            f"{'x'.join(map(str, shape)):>15} rank {rank:<3} mttkrps {1e3 * tree:8.2f} ms   "
            f"{tensor.ndim} einsums {1e3 * einsum:8.2f} ms   ratio {einsum / tree:5.2f}   "
            f"Fortran order {1e3 * turned:8.2f} ms"
        )


if __name__ == "__main__":
    main()
