"""NumPy's functions: plain arrays in, plain arrays out; tensors in, tensors out.

By convention ``import tenrso_ad.numpy as tnp``. Functions have NumPy's names and signatures; relu,
sigmoid, softplus, logsumexp and `at` (functional updates) stand beside them. Constants, dtypes and
functions that make new arrays are NumPy's own.
"""

from __future__ import annotations

from typing import Any

import numpy as _np

from ..ops.elementwise import (
    absolute,
    add,
    arccos,
    arccosh,
    arcsin,
    arcsinh,
    arctan,
    arctan2,
    arctanh,
    ceil,
    clip,
    conjugate,
    cos,
    cosh,
    divide,
    equal,
    exp,
    exp2,
    expm1,
    floor,
    floor_divide,
    greater,
    greater_equal,
    hypot,
    imag,
    isfinite,
    isinf,
    isnan,
    less,
    less_equal,
    log,
    log1p,
    log2,
    log10,
    logical_and,
    logical_not,
    logical_or,
    logical_xor,
    maximum,
    minimum,
    multiply,
    negative,
    not_equal,
    positive,
    power,
    real,
    reciprocal,
    relu,
    remainder,
    rint,
    sigmoid,
    sign,
    sin,
    sinh,
    softplus,
    sqrt,
    square,
    subtract,
    tan,
    tanh,
    trunc,
    where,
)


def _face() -> None:
    """Let NumPy's own functions find ours when they are called on tensors."""
    from ..tensor import array_functions

    for name, ours in list(globals().items()):
        theirs = getattr(_np, name, None)
        if callable(ours) and hasattr(theirs, "_implementation"):  # it dispatches on its arguments
            array_functions[theirs] = ours


_face()
