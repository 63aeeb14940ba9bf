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


def compare(tensor: Array, factors: list[Array]) -> dict[str, float]:
    """Return the least times of alternating calls, in seconds."""
    separate = einsums(tensor, factors)
    fortran = np.asfortranarray(tensor)
    calls: dict[str, Callable[[], object]] = {
        "mttkrps": lambda: mttkrps(tensor, factors),
        "einsums": lambda: [call() for call in separate],
        "fortran": lambda: mttkrps(fortran, factors),
    }
    for ours, theirs in zip(mttkrps(tensor, factors), separate, strict=True):
        np.testing.assert_allclose(ours, theirs(), rtol=1e-8, atol=1e-8)
    times = [{name: seconds(call) for name, call in calls.items()} for _ in range(REPEATS)]
    return {name: min(row[name] for row in times) for name in calls}


def main() -> None:
    rng = np.random.default_rng(0)
    print(
        f"{'tensor':>15} {'rank':>4} {'mttkrps':>12} {'einsums':>12} {'ratio':>6} {'F order':>12}"
    )
    for shape, rank in CASES:
        factors = [rng.normal(size=(length, rank)) for length in shape]
        least = compare(rng.normal(size=shape), factors)
        print(
            f"{'x'.join(map(str, shape)):>15} {rank:4} {1e3 * least['mttkrps']:9.2f} ms "
            f"{1e3 * least['einsums']:9.2f} ms {least['einsums'] / least['mttkrps']:6.2f} "
            f"{1e3 * least['fortran']:9.2f} ms"
        )


if __name__ == "__main__":
    main()
