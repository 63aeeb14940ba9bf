"""NumPy's names for what makes, shapes, joins, picks and orders elements without computing."""

from __future__ import annotations

from numpy import (
    broadcast_shapes,
    diag_indices,
    indices,
    mask_indices,
    tri,
    tril_indices,
    triu_indices,
)

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
from ..ops.shaping.diagonals import (
    diag,
    diag_indices_from,
    diagflat,
    diagonal,
    tril,
    tril_indices_from,
    triu,
    triu_indices_from,
)
from ..ops.shaping.joining import (
    append,
    concat,
    concatenate,
    stack,
)
from ..ops.shaping.padding import (
    pad,
)
from ..ops.shaping.permuting import (
    flip,
    fliplr,
    flipud,
    matrix_transpose,
    moveaxis,
    permute_dims,
    rollaxis,
    rot90,
    swapaxes,
    transpose,
)
from ..ops.shaping.repeating import (
    repeat,
    tile,
)
from ..ops.shaping.reshaping import (
    atleast_1d,
    atleast_2d,
    atleast_3d,
    broadcast_arrays,
    broadcast_to,
    expand_dims,
    ravel,
    reshape,
    roll,
    squeeze,
)
from ..ops.shaping.splitting import (
    array_split,
    dsplit,
    hsplit,
    split,
    unstack,
    vsplit,
)
from ..ops.shaping.stacking import (
    block,
    column_stack,
    dstack,
    hstack,
    row_stack,
    vstack,
)

__all__ = [
    "append",
    "array",
    "array_split",
    "asarray",
    "astype",
    "at",
    "atleast_1d",
    "atleast_2d",
    "atleast_3d",
    "block",
    "broadcast_arrays",
    "broadcast_shapes",
    "broadcast_to",
    "column_stack",
    "concat",
    "concatenate",
    "copy",
    "diag",
    "diag_indices",
    "diag_indices_from",
    "diagflat",
    "diagonal",
    "dsplit",
    "dstack",
    "expand_dims",
    "flip",
    "fliplr",
    "flipud",
    "full_like",
    "hsplit",
    "hstack",
    "indices",
    "mask_indices",
    "matrix_transpose",
    "moveaxis",
    "ones_like",
    "pad",
    "permute_dims",
    "ravel",
    "repeat",
    "reshape",
    "roll",
    "rollaxis",
    "rot90",
    "row_stack",
    "split",
    "squeeze",
    "stack",
    "swapaxes",
    "take",
    "take_along_axis",
    "tile",
    "transpose",
    "tri",
    "tril",
    "tril_indices",
    "tril_indices_from",
    "triu",
    "triu_indices",
    "triu_indices_from",
    "unstack",
    "vsplit",
    "vstack",
    "zeros_like",
]
