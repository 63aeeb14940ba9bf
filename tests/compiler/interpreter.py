"""Kernels run by Python itself: what they compute, without the time it takes to compile them."""

import contextlib
import functools
import re
from unittest import mock

import numpy as np
import scipy.special

from tenrso_ad.compiler import program
from tenrso_ad.compiler.translation import constants
from tenrso_ad.kernels import memory, vecmath


def load(array, place):
    return array.reshape(-1)[place]


def load_if(array, place, condition, otherwise):
    return load(array, place) if condition else otherwise


def store(array, place, value):
    array.reshape(-1)[place] = value


def select(condition, yes, no):
    return yes if condition else no


def accumulate(total, term):
    return total + term


def larger(one, two):
    return np.maximum(one, two)


def smaller(one, two):
    return np.minimum(one, two)


floor, ceil, trunc, rint = np.floor, np.ceil, np.trunc, np.rint
copysign, fmod = np.copysign, np.fmod

OWN = {
    "sigmoid": scipy.special.expit,
    "softplus": lambda x: np.logaddexp(x, 0.0),
    "tanh_slope": lambda x: 1 / np.cosh(x) ** 2,
    "sigmoid_slope": lambda x: scipy.special.expit(x) * scipy.special.expit(-x),
}


def _elementary(name):
    """NumPy's or SciPy's function of a name, or one of these."""
    if name in OWN:
        return OWN[name]
    return getattr(np, name, None) or getattr(scipy.special, name)


@functools.cache
def _vocabulary():
    builtin = {"abs"}
    named = {"load", "load_if", "store"} | memory.CHOICES.keys() | memory.OF_NUMBERS.keys()
    own = {name: globals()[name] for name in named - builtin}
    own |= {"float64": np.float64, "float32": np.float32, **constants()}
    for name in vecmath.functions():
        own[name] = _elementary(re.match(r"(\w+?)(32|64)", name)[1])
    return own


def interpret(source, writes):
    """Take the place of `compile_kernel`."""
    names = dict(_vocabulary())
    exec(source.text, names)
    return {k: names[k] for k in ("kernel", "finish") if k in names}


@contextlib.contextmanager
def interpreted():
    """Let programs that are made in the block run their kernels in Python."""
    with mock.patch.object(program, "compile_kernel", interpret), np.errstate(all="ignore"):
        yield
