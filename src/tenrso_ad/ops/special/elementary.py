"""Elementary functions that scipy.special has and NumPy lacks."""

from __future__ import annotations

import math

from .. import elementwise as ew
from ..logistic import log_sigmoid, sigmoid
from .declaring import declared, special

cosm1 = special("cosm1", lambda x: -ew.sin(x))
exp10 = special("exp10", lambda out: math.log(10) * out)
logit = special("logit", lambda x: 1 / (x * (1 - x)))

# those that NumPy has as well, or that stand beside its functions here
declared |= {
    "cbrt": ew.cbrt,
    "exp2": ew.exp2,
    "expit": sigmoid,
    "expm1": ew.expm1,
    "log1p": ew.log1p,
    "log_expit": log_sigmoid,
    "round": ew.rint,
}
