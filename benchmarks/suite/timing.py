"""How long a call takes: the one method used by the throughput figures and by compare_peers.py."""

import time
from collections.abc import Callable


def best_time(call: Callable[[], object], repeats: int = 7, seconds: float = 0.25) -> float:
    """Return the seconds one `call` takes: the fastest of `repeats` rounds.

    The rounds hold as many calls each as fit into `seconds` altogether. The minimum is what the
    machine can do; everything above it is other programs' noise.
    """
    call()
    start = time.perf_counter()
    call()
    once = max(time.perf_counter() - start, 1e-9)
    calls = max(1, int(seconds / repeats / once))
    best = float("inf")
    for _ in range(repeats):
        start = time.perf_counter()
        for _ in range(calls):
            call()
        best = min(best, (time.perf_counter() - start) / calls)
    return best
