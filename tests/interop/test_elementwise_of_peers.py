"""Elementwise functions at special points: value, gradient, second derivative of JAX and PyTorch.

Where a peer gives something else, the difference is deliberate and stands in `DIFFERENCES` with its
reason; the test also fails if such a difference goes away.
"""

import functools
from collections.abc import Callable, Sequence
from typing import Any

import jax
import numpy as np
import pytest
import torch
from torch.nn import functional as F

import tenrso_ad as ta
import tenrso_ad.numpy as tnp

pytestmark = pytest.mark.interop

jax.config.update("jax_enable_x64", True)
jnp, nn = jax.numpy, jax.nn

INF, NAN = np.inf, np.nan
COMMON = [0.0, 0.3, 1.0, -1.0, -2.0, 1e4, -1e4, INF, -INF, NAN]
FINITE = COMMON[:-3]
Point = float | tuple[float, ...]

# name: JAX's function, PyTorch's function, points
FUNCTIONS: dict[str, tuple[Any, Any, Sequence[Point]]] = {
    # one operand
    "sqrt": (jnp.sqrt, torch.sqrt, [0.0, 4.0, 1e300, INF]),
    "cbrt": (jnp.cbrt, None, [-8.0, 0.125]),
    "exp2": (jnp.exp2, torch.exp2, [0.0, 0.3, -2.0, -1e4, -INF, NAN]),
    "expm1": (jnp.expm1, torch.expm1, [0.0, 1e-20, 0.3, -1e4, -INF]),
    "log1p": (jnp.log1p, torch.log1p, [0.0, 1e-20, -0.5, 1e4, 1e100, INF]),
    "absolute": (jnp.abs, torch.abs, COMMON),
    "sign": (jnp.sign, torch.sign, COMMON),
    "sinc": (jnp.sinc, torch.sinc, [0.0, 0.3, 1.0, -2.5]),
    "arcsin": (jnp.arcsin, torch.arcsin, [0.0, 0.3, -0.99]),
    "arctan": (jnp.arctan, torch.arctan, COMMON),
    "arctanh": (jnp.arctanh, torch.arctanh, [0.0, 0.3, -0.99]),
    "arccosh": (jnp.arccosh, torch.arccosh, [1.5, 1e4]),
    "arcsinh": (jnp.arcsinh, torch.arcsinh, COMMON),
    "tanh": (jnp.tanh, torch.tanh, COMMON),
    "nan_to_num": (jnp.nan_to_num, torch.nan_to_num, COMMON),
    "degrees": (jnp.degrees, torch.rad2deg, [0.3]),
    # activations
    "sigmoid": (nn.sigmoid, torch.sigmoid, COMMON),
    "softplus": (nn.softplus, F.softplus, FINITE),
    "log_sigmoid": (nn.log_sigmoid, F.logsigmoid, FINITE),
    "silu": (nn.silu, F.silu, FINITE),
    "gelu": (functools.partial(nn.gelu, approximate=False), F.gelu, FINITE),
    "gelu tanh": (nn.gelu, functools.partial(F.gelu, approximate="tanh"), FINITE),
    "mish": (nn.mish, F.mish, FINITE),
    "softsign": (nn.soft_sign, F.softsign, FINITE),
    "relu": (nn.relu, F.relu, COMMON),
    "relu6": (nn.relu6, F.relu6, [*COMMON, 6.0]),
    "leaky_relu": (nn.leaky_relu, F.leaky_relu, COMMON),
    "elu": (nn.elu, F.elu, COMMON),
    "celu": (nn.celu, F.celu, COMMON),
    "selu": (nn.selu, F.selu, COMMON),
    "hard_tanh": (nn.hard_tanh, F.hardtanh, COMMON),
    "hard_sigmoid": (nn.hard_sigmoid, F.hardsigmoid, [*COMMON, 3.0, -3.0]),
    "hard_silu": (nn.hard_silu, F.hardswish, [*FINITE, INF, 3.0, -3.0]),
    # two operands
    "hypot": (jnp.hypot, torch.hypot, [(3.0, 4.0), (1.0, 0.0), (0.0, 0.0)]),
    "arctan2": (jnp.arctan2, torch.arctan2, [(3.0, 4.0), (0.0, -1.0), (1.0, 0.0), (0.0, 0.0)]),
    "logaddexp": (
        jnp.logaddexp,
        torch.logaddexp,
        [(0.0, 0.0), (0.3, -2.0), (0.0, -INF), (-INF, 0.0), (-INF, -INF), (INF, INF), (1e4, -1e4)],
    ),
    "logaddexp2": (jnp.logaddexp2, torch.logaddexp2, [(0.0, 0.0), (0.3, -2.0), (-INF, -INF)]),
    "power": (
        jnp.power,
        torch.pow,
        [(0.0, 0.0), (0.0, 1.0), (0.0, 2.0), (0.0, 3.0), (0.0, 0.5), (2.0, 0.0), (-2.0, 3.0)],
    ),
    "float_power": (jnp.float_power, torch.float_power, [(2.0, 3.0)]),
    "divide": (jnp.divide, torch.divide, [(1.0, 0.0), (-1.0, 0.0), (1.0, INF)]),
    "maximum": (jnp.maximum, torch.maximum, [(1.0, 1.0), (1.0, 2.0), (NAN, 1.0)]),
    "minimum": (jnp.minimum, torch.minimum, [(1.0, 1.0), (1.0, 2.0)]),
    "fmax": (jnp.fmax, torch.fmax, [(1.0, 1.0), (1.0, 2.0), (NAN, 1.0), (1.0, NAN), (NAN, NAN)]),
    "fmin": (jnp.fmin, torch.fmin, [(1.0, 1.0), (1.0, 2.0), (NAN, 1.0), (1.0, NAN)]),
    "copysign": (jnp.copysign, torch.copysign, [(2.0, -1.0), (-2.0, -1.0), (0.0, 1.0)]),
    "remainder": (
        jnp.remainder,
        torch.remainder,
        [(5.0, 3.0), (-5.0, 3.0), (6.0, 3.0), (5.0, INF)],
    ),
    "fmod": (jnp.fmod, torch.fmod, [(5.0, 3.0), (-5.0, 3.0), (6.0, 3.0), (5.0, -3.0)]),
    "heaviside": (jnp.heaviside, None, [(0.0, 0.5), (1.0, 0.5), (-1.0, 0.5)]),
    "clip": (jnp.clip, torch.clip, [(0.5, 0.0, 1.0), (-1.0, 0.0, 1.0), (2.0, 0.0, 1.0)]),
    "ldexp": (lambda x: jnp.ldexp(x, 3), lambda x: torch.ldexp(x, torch.tensor(3)), [0.3, -2.0]),
    "angle": (jnp.angle, torch.angle, [0.3, -2.0]),
}
OURS: dict[str, Callable[..., Any]] = {
    "gelu tanh": lambda x: tnp.gelu(x, approximate="tanh"),
    "ldexp": lambda x: tnp.ldexp(x, 3),
}

_FLAT = "where straight pieces meet, the derivative of the flatter one, as PyTorch has it"
_LEFT = "PyTorch's second derivative at 0 is that of the side where it is 0; the other one counts"
_TIES = "operands that tie share the gradient, as those of maximum do"
_EMPTY = "a sum of nothing has the gradient 0; it is not 0 / 0"
_HALVES = "infinities that tie share the gradient"
_ORIGIN = "the origin has no direction, and the gradient 0"
_KINK = "0 at the kink, the derivative of least size"
_ZERO = "a constant power, or a straight line, has the derivative 0; it is not 0 * inf"
_NAN = "what compares as neither larger nor smaller gets nothing"

# (name, library): {point: why}
DIFFERENCES: dict[tuple[str, str], dict[Any, str]] = {
    ("arcsinh", "jax"): dict.fromkeys([INF, -INF], "the second derivative tends to 0"),
    ("arcsinh", "torch"): dict.fromkeys([INF, -INF], "the second derivative tends to 0"),
    ("absolute", "jax"): {0.0: _KINK, NAN: "NaN has no direction"},
    ("absolute", "torch"): {NAN: "NaN has no direction"},
    ("sign", "torch"): {NAN: "NaN has no sign, as in NumPy"},
    ("sinc", "torch"): {0.0: "exact at 0 with all derivatives"},
    ("arctan", "jax"): dict.fromkeys([INF, -INF], "the second derivative tends to 0"),
    ("arctan", "torch"): dict.fromkeys([INF, -INF], "the second derivative tends to 0"),
    ("mish", "torch"): {1e4: "it tends to x, with the second derivative 0"},
    ("softsign", "jax"): {0.0: "the second derivative has a jump; its mean is 0"},
    ("relu", "torch"): {NAN: _NAN},
    ("relu6", "torch"): {NAN: _NAN},
    ("leaky_relu", "jax"): {0.0: _FLAT},
    ("hard_tanh", "jax"): {1.0: _FLAT, -1.0: _FLAT, NAN: _NAN},
    ("hard_tanh", "torch"): {NAN: _NAN},
    ("elu", "torch"): {0.0: _LEFT, NAN: "NaN has no derivative"},
    ("celu", "torch"): {0.0: _LEFT, NAN: "NaN has no derivative"},
    ("celu", "jax"): {0.0: "JAX's is the mean over a tie, squared"},
    ("selu", "torch"): {0.0: _LEFT, NAN: "NaN has no derivative"},
    ("hypot", "jax"): {(0.0, 0.0): _ORIGIN},
    ("hypot", "torch"): {(0.0, 0.0): _ORIGIN},
    ("arctan2", "jax"): {(0.0, 0.0): _ORIGIN},
    ("arctan2", "torch"): {(0.0, 0.0): _ORIGIN},
    ("logaddexp", "jax"): {(-INF, -INF): _EMPTY, (INF, INF): _HALVES},
    ("logaddexp", "torch"): {
        (-INF, 0.0): "the second derivative tends to 0",
        (-INF, -INF): _EMPTY,
        (INF, INF): _HALVES,
    },
    ("logaddexp2", "jax"): {(-INF, -INF): _EMPTY},
    ("logaddexp2", "torch"): {(-INF, -INF): _EMPTY},
    ("power", "jax"): {(0.0, 0.0): _ZERO, (0.0, 1.0): _ZERO},
    ("power", "torch"): {(0.0, 0.0): _ZERO},
    ("maximum", "torch"): {(NAN, 1.0): _NAN},
    ("fmax", "jax"): {(1.0, 1.0): _TIES, (NAN, NAN): _NAN},
    ("fmax", "torch"): {(1.0, 1.0): _TIES, (NAN, NAN): _NAN},
    ("fmin", "jax"): {(1.0, 1.0): _TIES},
    ("fmin", "torch"): {(1.0, 1.0): _TIES},
    ("copysign", "jax"): {(0.0, 1.0): _KINK},
    ("copysign", "torch"): {(0.0, 1.0): "PyTorch's second derivative is 0 / 0"},
}


def of_jax(f: Any, point: tuple[float, ...]) -> list[float]:
    args = [jnp.float64(x) for x in point]
    gradient = jax.grad(f, argnums=tuple(range(len(args))))(*args)
    return [float(r) for r in (f(*args), *gradient, jax.grad(jax.grad(f))(*args))]


def of_torch(f: Any, point: tuple[float, ...]) -> list[float]:
    args = [torch.tensor(x, dtype=torch.float64, requires_grad=True) for x in point]
    value = f(*args)
    gradient = torch.autograd.grad(value, args, create_graph=True, materialize_grads=True)
    second = [torch.tensor(0.0)]
    if gradient[0].requires_grad:
        try:
            second = list(torch.autograd.grad(gradient[0], args[:1], materialize_grads=True))
        except RuntimeError as error:
            assert "is not implemented" in str(error)
            second = []
    return [r.item() for r in (value, *gradient, *second)]


def of_ours(f: Any, point: tuple[float, ...]) -> list[float]:
    with np.errstate(all="ignore"):
        gradient = ta.grad(f, argnums=tuple(range(len(point))))(*point)
        return [float(r) for r in (f(*point), *gradient, ta.grad(ta.grad(f))(*point))]


LIBRARIES: dict[str, tuple[int, Callable[..., list[float]]]] = {
    "jax": (0, of_jax),
    "torch": (1, of_torch),
}


def holds(table: dict[Any, str], point: Any) -> bool:
    """Whether a point is in a table; NaN is not equal to itself."""
    return repr(point) in map(repr, table)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("library", LIBRARIES)
@pytest.mark.parametrize("name", FUNCTIONS)
def test_at_special_points(name: str, library: str) -> None:
    place, compute = LIBRARIES[library]
    theirs, points = FUNCTIONS[name][place], FUNCTIONS[name][2]
    if theirs is None:
        pytest.skip(f"{library} has no {name}")
    ours = OURS.get(name) or getattr(tnp, name)
    different = DIFFERENCES.get((name, library), {})
    for point in points:
        args = point if isinstance(point, tuple) else (point,)
        actual, expected = of_ours(ours, args), compute(theirs, args)
        actual = actual[: len(expected)]
        agrees = np.allclose(actual, expected, rtol=1e-7, atol=1e-14, equal_nan=True)
        assert agrees != holds(different, point), f"at {point}: {actual}, {library} {expected}"


@pytest.mark.parametrize("x", [-1.0, 0.0, 0.25, 1.0, 3.0, 4.0], ids=lambda x: f"interp at {x}")
def test_interp_of_jax(x: float) -> None:
    args = (np.float64(x), np.array([0.0, 1.0, 3.0]), np.array([10.0, 20.0, 0.0]))
    ours = ta.grad(tnp.interp, argnums=(0, 1, 2))(*args)
    theirs = jax.grad(jnp.interp, argnums=(0, 1, 2))(*args)
    for gradient, expected in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(gradient, expected, rtol=1e-12)


def test_sinc_to_fourth_order_of_jax() -> None:
    ours: Any = tnp.sinc
    theirs: Any = jnp.sinc
    for _ in range(4):
        ours, theirs = ta.grad(ours), jax.grad(theirs)
        for x in (0.0, 0.3):
            np.testing.assert_allclose(ours(x), theirs(x), rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("library", ["torch", "jax"])
def test_arrays_of_peers(library: str) -> None:
    """Functions run in the library of their operands."""
    make: Any = {"torch": torch.tensor, "jax": jnp.asarray}[library]
    x = np.array([[0.3, -2.0, 1.0], [40.0, -0.7, 5.0]])
    expressions: dict[str, Callable[[Any], Any]] = {
        "activations": lambda x: sum(
            getattr(tnp, name)(x)
            for name in (
                *("silu", "gelu", "mish", "elu", "celu", "selu", "leaky_relu", "relu6"),
                *("hard_tanh", "hard_sigmoid", "hard_silu", "softsign", "log_sigmoid"),
            )
        ),
        "logistic": lambda x: tnp.tanh(x) + tnp.sigmoid(x) + tnp.logaddexp(x, 2 * x),
        "lengths": lambda x: tnp.hypot(x, x + 1) + tnp.arctan2(x, x * x) + tnp.arcsinh(x),
        "limits": lambda x: tnp.clip(x, -1.0, 2.0) + tnp.fmax(x, 0.5 * x) + tnp.copysign(x, -x),
        "parts": lambda x: tnp.frexp(x)[0] + tnp.modf(x)[0] + tnp.sinc(x) + tnp.degrees(x),
        "choice": lambda x: tnp.select([x > 1, x < 0], [x * x, tnp.nan_to_num(x)], 0.5),
        "pieces": lambda x: tnp.piecewise(x, [x < 0, x > 2], [lambda x: -x, 3.0, lambda x: x**2]),
        "predicates": lambda x: tnp.where(tnp.isclose(x, 0.3) | tnp.isposinf(x), x, x**3),
        "interp": lambda x: tnp.interp(x, make([-1.0, 0.0, 2.0]), make([1.0, 5.0, 2.0])),
    }
    for name, f in expressions.items():

        def loss(x: Any, f: Any = f) -> Any:
            return tnp.sum(f(x))

        value, gradient = ta.value_and_grad(loss)(make(x))
        expected = ta.value_and_grad(
            (lambda x: tnp.sum(tnp.interp(x, [-1.0, 0.0, 2.0], [1.0, 5.0, 2.0])))
            if name == "interp"
            else loss
        )(x)
        assert isinstance(gradient, type(make(x))), name
        np.testing.assert_allclose(np.asarray(value), expected[0], rtol=1e-12, err_msg=name)
        np.testing.assert_allclose(np.asarray(gradient), expected[1], rtol=1e-12, err_msg=name)
