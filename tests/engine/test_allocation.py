"""Arrays of one size, made and freed again and again, do not fault their pages in anew."""

import os
import platform
import subprocess
import sys

import pytest

FAULTS = """
import resource
import sys
import numpy as np
if len(sys.argv) > 1:
    import tenrso_ad
def pair():
    return np.ones(50_000), np.ones(50_000)
pair()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(100):
    pair()
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


def faults(*args: str) -> int:
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("MALLOC_", "GLIBC_"))}
    command = [sys.executable, "-c", FAULTS, *args]
    ended = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    return int(ended.stdout)


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="about glibc's malloc")
def test_freed_memory_is_kept() -> None:
    assert faults("import") < 200  # of 19 600 pages written to
