"""NumPy's names for what makes, shapes, joins, picks and orders elements without computing."""

from __future__ import annotations

from ..ops.indexing.getitem import (
    take,
    take_along_axis,
)
from ..ops.indexing.updates import (
    at,
)
from ..ops.shaping.creation import (
    array,
    asarray,
    astype,
    copy,
    full_like,
    ones_like,
    zeros_like,
)
from ..ops.shaping.joining import (
    concat,
    concatenate,
    dstack,
    hstack,
    split,
    stack,
    vstack,
)
from ..ops.shaping.padding import (
    pad,
)
from ..ops.shaping.permuting import (
    flip,
    matrix_transpose,
    moveaxis,
    permute_dims,
    swapaxes,
    transpose,
)
from ..ops.shaping.repeating import (
    repeat,
    tile,
)
from ..ops.shaping.reshaping import (
    atleast_1d,
    broadcast_arrays,
    broadcast_to,
    expand_dims,
    ravel,
    reshape,
    roll,
    squeeze,
)

__all__ = [
    "array",
    "asarray",
    "astype",
    "at",
    "atleast_1d",
    "broadcast_arrays",
    "broadcast_to",
    "concat",
    "concatenate",
    "copy",
    "dstack",
    "expand_dims",
    "flip",
    "full_like",
    "hstack",
    "matrix_transpose",
    "moveaxis",
    "ones_like",
    "pad",
    "permute_dims",
    "ravel",
    "repeat",
    "reshape",
    "roll",
    "split",
    "squeeze",
    "stack",
    "swapaxes",
    "take",
    "take_along_axis",
    "tile",
    "transpose",
    "vstack",
    "zeros_like",
]
