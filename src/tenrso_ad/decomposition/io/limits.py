"""What a file may ask for before it is believed."""

from __future__ import annotations

import math
from collections.abc import Sequence

from tenrso_ad.engine.errors import ArgumentError

__all__ = ["DEFLATE", "check_claim", "refuse_index_base", "refuse_key"]

DEFLATE = 1032
"""The most that deflate, the compression of .npz, .mat and .h5, can make of a byte."""


def check_claim(shape: Sequence[int], itemsize: int, held: int) -> None:
    """Raise where an array of a shape cannot come out of the bytes that are there.

    Parameters
    ----------
    shape : sequence of int
        What the header says.
    itemsize : int
        The least number of bytes for an entry.
    held : int
        How many bytes there can be, at most.
    """
    lengths = [int(n) for n in shape]
    if min(lengths, default=0) < 0 or math.prod(lengths) * itemsize > held:
        raise ArgumentError(
            f"cannot be read, is it damaged? It announces an array of shape {tuple(lengths)}, "
            "and is too short for that"
        )


def refuse_key(key: str | None) -> None:
    """Raise where a key is given for a file that holds one array."""
    if key is not None:
        raise ArgumentError(f"holds one array without a name, so there is no {key!r}")


def refuse_index_base(base: int | None) -> None:
    """Raise where an index base is given for what has no indices."""
    if base is not None:
        raise ArgumentError("holds no coordinates, so there is nothing for an index base")
