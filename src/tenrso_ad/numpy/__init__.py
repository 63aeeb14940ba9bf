"""NumPy's functions: plain arrays in, plain arrays out; tensors in, tensors out.

By convention ``import tenrso_ad.numpy as tnp``. Functions have NumPy's names and signatures; relu,
sigmoid, softplus, logsumexp, softmax and `at` (functional updates) stand beside them. Constants,
dtypes and functions that make new arrays are NumPy's own. What this module has, NumPy's own
function of that name takes tensors too: ``np.tanh(x)`` is ``tnp.tanh(x)`` for a tensor ``x``.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

import numpy as _np
from numpy import (
    arange,
    bool,
    bool_,
    complex64,
    complex128,
    dtype,
    e,
    empty,
    eye,
    finfo,
    float16,
    float32,
    float64,
    full,
    identity,
    iinfo,
    inf,
    int8,
    int16,
    int32,
    int64,
    intp,
    isscalar,
    nan,
    ndarray,
    newaxis,
    ones,
    pi,
    uint8,
    uint16,
    uint32,
    uint64,
    zeros,
)

from ..tensor import array_functions as _array_functions
from . import _arrangement, _contractions, _elementwise, _reductions, fft, linalg
from ._arrangement import *  # noqa: F403
from ._contractions import *  # noqa: F403
from ._elementwise import *  # noqa: F403
from ._reductions import *  # noqa: F403

if TYPE_CHECKING:
    from . import random as random

__all__ = [
    "arange",
    "bool",
    "bool_",
    "complex64",
    "complex128",
    "dtype",
    "e",
    "empty",
    "eye",
    "fft",
    "finfo",
    "float16",
    "float32",
    "float64",
    "full",
    "identity",
    "iinfo",
    "inf",
    "int8",
    "int16",
    "int32",
    "int64",
    "intp",
    "isscalar",
    "linalg",
    "nan",
    "ndarray",
    "newaxis",
    "ones",
    "pi",
    "uint8",
    "uint16",
    "uint32",
    "uint64",
    "zeros",
]
__all__ += _arrangement.__all__ + _contractions.__all__
__all__ += _elementwise.__all__ + _reductions.__all__


def __getattr__(name: str) -> Any:
    if name == "random":  # NumPy's is not imported either before it is named
        return importlib.import_module(f"{__name__}.random")
    known = "; NumPy's has no derivative here" if hasattr(_np, name) else ""
    raise AttributeError(f"tenrso_ad.numpy has no {name!r}{known}")


def _answer_for_numpy(ours: dict[str, Any], theirs: Any) -> None:
    """Let NumPy's functions that dispatch on their arguments find ours when given a tensor."""
    for name, function in ours.items():
        numpys: Any = getattr(theirs, name, None)
        if hasattr(numpys, "_implementation"):
            # NumPy's own functions of shape and the like would come back here for ever
            own = function is numpys
            _array_functions[numpys] = numpys._implementation if own else function


_answer_for_numpy({name: globals()[name] for name in __all__}, _np)
_answer_for_numpy({name: getattr(fft, name) for name in fft.__all__}, _np.fft)
_answer_for_numpy({name: getattr(linalg, name) for name in linalg.__all__}, _np.linalg)
