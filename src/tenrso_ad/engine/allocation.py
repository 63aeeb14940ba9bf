"""Memory that a pass frees and the next one asks for again."""

from __future__ import annotations

import numpy as np

# The largest block that glibc takes as a sign; it is 32 MiB on 64-bit machines.
_SIGN = (32 << 20) - (1 << 16)


def keep_freed_memory() -> None:
    """Let glibc keep up to 64 MiB of freed memory for the next arrays.

    A gradient makes and frees arrays of the same sizes at every call. glibc gives blocks of more
    than 128 KiB back to the system as soon as they are free, and every new one then costs a page
    fault for each 4 KiB, which takes longer than the arithmetic. It learns from what is freed:
    after one larger block was, smaller ones are kept (mallopt(3), M_MMAP_THRESHOLD). The block made
    here is never touched, so it costs no memory. Where the user has set the malloc options, or the
    C library is another one, nothing changes.
    """
    np.empty(_SIGN, np.uint8)
