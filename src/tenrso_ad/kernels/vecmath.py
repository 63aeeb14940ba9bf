"""Elementary functions inside kernels, under NumPy's names."""

from __future__ import annotations

import math
from typing import Any

from numba import njit


def _of_libm(function: Any) -> Any:
    @njit
    def call(x: Any) -> Any:
        return function(x)

    return call


exp = _of_libm(math.exp)
expm1 = _of_libm(math.expm1)
log = _of_libm(math.log)
log2 = _of_libm(math.log2)
log10 = _of_libm(math.log10)
log1p = _of_libm(math.log1p)
sin = _of_libm(math.sin)
cos = _of_libm(math.cos)
tan = _of_libm(math.tan)
sinh = _of_libm(math.sinh)
cosh = _of_libm(math.cosh)
tanh = _of_libm(math.tanh)
arcsin = _of_libm(math.asin)
arccos = _of_libm(math.acos)
arctan = _of_libm(math.atan)
arcsinh = _of_libm(math.asinh)
arccosh = _of_libm(math.acosh)
arctanh = _of_libm(math.atanh)
erf = _of_libm(math.erf)
erfc = _of_libm(math.erfc)
sqrt = _of_libm(math.sqrt)
