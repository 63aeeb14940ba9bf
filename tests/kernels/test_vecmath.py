"""Elementary functions of kernels: their errors by mpmath, their special values by NumPy."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import llvmlite.binding
import mpmath
import numpy as np
import pytest
import scipy.special

from tenrso_ad.compiler.kernel_source import Source
from tenrso_ad.compiler.native import compile_kernel, text_of_module
from tenrso_ad.engine.array_type import ArrayType
from tenrso_ad.kernels import machine
from tenrso_ad.kernels.vecmath.calling import BODIES
from tenrso_ad.kernels.vecmath.instructions import DOUBLE

ULPS = 2.0
"""The largest error, in units in the last place."""

mp = mpmath.mp.clone()
SUFFIX = {np.float64: "64", np.float32: "32"}
DTYPES = pytest.mark.parametrize("dtype", SUFFIX, ids=lambda t: t.__name__)


@dataclass
class Case:
    """A function: its exact value, the same in NumPy, where it is defined, how far to go."""

    exact: Callable
    reference: Callable
    domain: Callable = lambda x: x == x
    limit: float = np.inf  # arguments beyond it do as the limit does
    arity: int = 1


def of(name: str, **options) -> Case:
    return Case(getattr(mp, options.pop("exact", name)), getattr(np, name), **options)


CASES = {
    "sqrt": of("sqrt", domain=lambda x: x >= 0),
    "cbrt": Case(lambda x: mp.sign(x) * mp.cbrt(abs(x)), np.cbrt),
    "hypot": of("hypot", arity=2),
    "power": of("power", arity=2),
    "exp": of("exp", limit=2000),
    "exp2": Case(lambda x: mp.power(2, x), np.exp2, limit=2000),
    "expm1": of("expm1", limit=2000),
    "log": of("log", domain=lambda x: x > 0),
    "log2": Case(lambda x: mp.log(x, 2), np.log2, domain=lambda x: x > 0),
    "log10": of("log10", domain=lambda x: x > 0),
    "log1p": of("log1p", domain=lambda x: x > -1),
    "sin": of("sin"),
    "cos": of("cos"),
    "tan": of("tan"),
    "arcsin": of("arcsin", exact="asin", domain=lambda x: abs(x) <= 1),
    "arccos": of("arccos", exact="acos", domain=lambda x: abs(x) <= 1),
    "arctan": of("arctan", exact="atan"),
    "arctan2": of("arctan2", exact="atan2", arity=2),
    "sinh": of("sinh", limit=2000),
    "cosh": of("cosh", limit=2000),
    "tanh": of("tanh", limit=2000),
    "arcsinh": of("arcsinh", exact="asinh"),
    "arccosh": of("arccosh", exact="acosh", domain=lambda x: x >= 1),
    "arctanh": of("arctanh", exact="atanh", domain=lambda x: abs(x) < 1),
    "erf": Case(mp.erf, scipy.special.erf, limit=2000),
    "erfc": Case(mp.erfc, scipy.special.erfc, limit=2000),
    "sigmoid": Case(lambda x: 1 / (1 + mp.exp(-x)), scipy.special.expit, limit=2000),
    "sigmoid_slope": Case(
        lambda x: 0.25 / mp.cosh(x / 2) ** 2, lambda x: 0.25 / np.cosh(x / 2) ** 2, limit=2000
    ),
    "tanh_slope": Case(lambda x: 1 / mp.cosh(x) ** 2, lambda x: 1 / np.cosh(x) ** 2, limit=2000),
    "softplus": Case(
        lambda x: x if x > 2000 else mp.log1p(mp.exp(x)), lambda x: np.logaddexp(x, 0)
    ),
}
BINARY = {name for name, case in CASES.items() if case.arity == 2}
LARGEST_CANCELLATION = 6381956970095103.0 * 2.0**797  # nearest to a multiple of pi/2


def test_every_function_is_tested():
    assert set(CASES) == set(BODIES[DOUBLE])


# --- kernels --------------------------------------------------------------------------------------


@cache
def source(name: str, dtype: type, size: int) -> Source:
    """Write a loop over arrays."""
    operands = "xy"[: CASES[name].arity]
    elements = ", ".join(f"load({a}, i)" for a in operands)
    text = f"""
def kernel({", ".join(operands)}, out):
    for i in range({size}):
        store(out, i, {name}{SUFFIX[dtype]}({elements}))
"""
    kinds = (ArrayType((size,), np.dtype(dtype)),) * (len(operands) + 1)
    return Source(text, kinds, (), (), 0, {})


def compute(name, *operands):
    out = np.empty_like(operands[0])
    compile_kernel(source(name, out.dtype.type, out.size), 1)["kernel"](*operands, out)
    return out


# --- points ---------------------------------------------------------------------------------------


def points(dtype: type) -> np.ndarray:
    """Arguments of all magnitudes, and those near which functions turn, overflow or vanish."""
    rng = np.random.default_rng(7)
    info = np.finfo(dtype)
    largest, smallest = np.log(float(info.max)), np.log(float(info.smallest_subnormal))
    signs = rng.choice([-1, 1], 100)
    one = dtype(1)
    parts = [
        rng.standard_normal(60),
        rng.standard_normal(40) * 30,
        rng.uniform(-1, 1, 60),
        rng.uniform(-6, 6, 60),
        rng.uniform(smallest, largest, 30),
        np.exp(rng.uniform(smallest, largest, 100)) * signs,
        np.exp(rng.uniform(-12, 0, 100)) * signs,
        (1 + np.exp(rng.uniform(np.log(info.eps), -2, 60))) ** rng.choice([-1, 1], 60),
        largest + np.linspace(-1, 1, 15),
        smallest + np.linspace(-1, 38, 25),
        np.log2(float(info.max)) + np.linspace(-1, 1, 5),
        np.log2(float(info.smallest_subnormal)) + np.linspace(-1, 30, 12),
        np.linspace(-27.3, -3, 10),
        np.linspace(3, 27.3, 15),
        np.arange(1, 24) * (np.pi / 4),
        np.pi / 2 * np.round(np.exp(rng.uniform(2, 0.4 * largest, 20))),
        [info.smallest_subnormal, info.tiny, info.tiny / 2, info.max, info.eps, 0.5, 1, 2, 10, 1e3],
        [np.nextafter(one, 2 * one), np.nextafter(one, 0 * one), 355.0, 103993 / 33102, 2.0**30],
    ]
    if dtype is np.float64:
        parts.append([LARGEST_CANCELLATION, np.pi / 2 * 2.0**1000])
    x = np.concatenate(parts)
    return np.concatenate([x, -x[-90:]]).astype(dtype)


def pairs(name: str, dtype: type) -> list[np.ndarray]:
    rng = np.random.default_rng(8)
    x = points(dtype)
    if name == "power":  # exponents that give results of all magnitudes
        x = abs(x[(x != 0) & (abs(x) != 1)])
        largest = np.log(float(np.finfo(dtype).max))
        with np.errstate(over="ignore"):
            y = (rng.uniform(-1.06, 1.02, x.size) * largest / np.log(x.astype(float))).astype(dtype)
        return [x[np.isfinite(y)], y[np.isfinite(y)]]
    y = rng.permutation(x)
    y[::4] = x[::4] * rng.uniform(-1, 1, y[::4].size).astype(dtype)
    return [x, y]


def exact_values(case: Case, operands: list[np.ndarray]) -> list:
    values = []
    for x in zip(*operands, strict=True):
        # what a double may need: 1100 binary places of pi
        mp.prec = 1300 if abs(x[0]) > 1e9 and case.limit == np.inf else 180
        values.append(case.exact(*[mp.mpf(float(np.clip(v, -case.limit, case.limit))) for v in x]))
    return values


def error(got, exact) -> float:
    """Error of a number in units of the last place of the exact value."""
    info = np.finfo(got.dtype)
    if abs(exact) > float(info.max):  # infinity is half a unit from the last power of two
        assert abs(got) >= info.max and np.sign(got) == mp.sign(exact)
        return 0.0
    assert np.isfinite(got), (got, exact)
    exponent = max(mp.frexp(exact)[1] - 1, info.minexp) - info.nmant
    return float(mp.ldexp(abs(mp.mpf(float(got)) - exact), -exponent))


# --- tests ----------------------------------------------------------------------------------------


@DTYPES
@pytest.mark.parametrize("name", CASES)
def test_error(name, dtype):
    case = CASES[name]
    operands = pairs(name, dtype) if case.arity == 2 else [points(dtype)]
    operands = [x[case.domain(operands[0])] for x in operands]
    out = compute(name, *operands)
    errors = [error(*both) for both in zip(out, exact_values(case, operands), strict=True)]
    worst = int(np.argmax(errors))
    assert max(errors) < ULPS, (errors[worst], [x[worst] for x in operands], out[worst])


@DTYPES
@pytest.mark.parametrize("name", CASES)
def test_special_values(name, dtype):
    specials = np.array([np.nan, np.inf, -np.inf, 0.0, -0.0, 1, -1, 2, -2, 0.5, -0.5, 3, -3], dtype)
    grid = np.meshgrid(*[specials] * CASES[name].arity)
    operands = [np.ascontiguousarray(x.ravel()) for x in grid]
    with np.errstate(all="ignore"):
        expected = CASES[name].reference(*operands)
    out = compute(name, *operands)
    np.testing.assert_allclose(out, expected, rtol=8 * np.finfo(dtype).eps)
    numbers = ~np.isnan(expected)
    np.testing.assert_array_equal(np.signbit(out[numbers]), np.signbit(expected[numbers]))


@DTYPES
@pytest.mark.parametrize("name", CASES)
@pytest.mark.skipif(
    not llvmlite.binding.get_host_cpu_features().get("avx2", False),
    reason="looks for the vector registers of AVX",
)
def test_loops_are_vectorised(name, dtype):
    code = machine.assembly(text_of_module(source(name, dtype, 1000), 1))
    assert re.search(r"\bv(mul|fmadd\d+|sqrt)p[sd]\s.*%[yz]mm", code)


@pytest.mark.parametrize("variant", ["small", "shared"])
def test_variants_compute_the_same(variant):
    """Functions that are called, some of them C's, in one kernel."""
    names = [n for n in CASES if n not in BINARY]
    x = np.array([0.3, -0.7, 1.5, 20.0, -3.0, np.nan, np.inf, -0.0] * 8)
    calls = [f"store(out, i + {j * x.size}, {n}64_{variant}(x))" for j, n in enumerate(names)]
    out = np.empty((len(names), x.size))
    kinds = tuple([ArrayType(a.shape, a.dtype) for a in (x, out)])
    head = f"def kernel(xs, out):\n    for i in range({x.size}):"
    text = "\n        ".join([head, "x = load(xs, i)", *calls])
    compile_kernel(Source(text, kinds, (), (), 0, {}), 1)["kernel"](x, out)
    for got, name in zip(out, names, strict=True):
        np.testing.assert_allclose(got, compute(name, x), rtol=1e-15, err_msg=name)
