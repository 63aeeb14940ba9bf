"""NumPy's random numbers; draws may have tensors as parameters, and are differentiable in them.

The names are those of numpy.random, and so are the numbers: a generator gives for a seed the stream
that NumPy's own gives. Where a parameter is a tensor, the draw is a differentiable function of it
and of random numbers that do not depend on it: ``normal(loc, scale)`` is ``loc + scale * z``. The
draws of gamma, chisquare, beta and standard_t follow their parameters as the quantile does that
they are (implicit reparameterisation: Figurnov, Mohamed and Mnih, 2018); they need the values of
the parameters, which ``vmap`` and a function that is compiled do not have. The other distributions
refuse tensors.

The random numbers are constants of a traced function: every example of ``vmap`` gets the same ones,
and a staged or compiled function uses at every call those that were drawn when it was traced.

>>> import numpy as np
>>> import tenrso_ad as ta
>>> import tenrso_ad.numpy as tnp
>>> def loss(scale):
...     rng = tnp.random.default_rng(0)
...     return np.mean(rng.normal(1.0, scale, size=1000) ** 2)
>>> ta.grad(loss)(2.0)
array(3.72935571)
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as _np

from ..engine.errors import ArgumentError, ShapeError, UnsupportedError, describe
from ..engine.trace import Tracer, concrete
from ..ops import elementwise as ew
from ..ops.arguments import array_operand, shape_of
from ..ops.contraction.einsum import matmul
from ..ops.indexing.taking import take
from ..ops.linalg.solving import cholesky
from ..ops.shaping.permuting import matrix_transpose
from ..ops.special.incomplete_beta import beta_draw, t_draw
from ..ops.special.incomplete_gamma import gamma_draw

__all__ = [*_np.random.__all__]


class Rule(NamedTuple):
    """How a draw depends on its parameters.

    Attributes
    ----------
    parameters : dict
        Names and defaults in NumPy's order; None where there is no default.
    draw : callable
        draw(generator, shape, *parameters): the random numbers. Only the implicit rules read the
        parameters.
    function : callable
        function(numbers, *parameters): the draw.
    """

    parameters: Mapping[str, float | None]
    draw: Callable[..., Any]
    function: Callable[..., Any]


def _standard(name: str, *fixed: float) -> Callable[..., Any]:
    """Numbers from one of NumPy's distributions with fixed parameters."""
    return lambda generator, shape, *_: getattr(_Plain, name)(generator, *fixed, shape)


def _implicit(name: str, places: slice = slice(None)) -> Callable[..., Any]:
    """Numbers from one of NumPy's distributions with the values of the parameters."""

    def draw(generator: Any, shape: Any, *parameters: Any) -> Any:
        values = [concrete(p, f"a draw of {name}") for p in parameters[places]]
        return getattr(_Plain, name)(generator, *values, shape)

    return draw


def _triangular(u: Any, left: Any, mode: Any, right: Any) -> Any:
    base, rise, fall = right - left, mode - left, right - mode
    below = ew.less_equal(u, rise / base)
    rising = left + ew.sqrt(ew.where(below, u * rise * base, 0))
    return ew.where(below, rising, right - ew.sqrt(ew.where(below, 0, (1 - u) * fall * base)))


_LOC_SCALE: Mapping[str, float | None] = {"loc": 0.0, "scale": 1.0}
_EXPONENTIAL = _standard("standard_exponential")

RULES = {
    "normal": Rule(_LOC_SCALE, _standard("standard_normal"), lambda z, m, s: m + s * z),
    "laplace": Rule(_LOC_SCALE, _standard("laplace", 0.0, 1.0), lambda z, m, s: m + s * z),
    "logistic": Rule(_LOC_SCALE, _standard("logistic", 0.0, 1.0), lambda z, m, s: m + s * z),
    "gumbel": Rule(_LOC_SCALE, _standard("gumbel", 0.0, 1.0), lambda z, m, s: m + s * z),
    "uniform": Rule(
        {"low": 0.0, "high": 1.0}, _standard("random"), lambda u, low, high: low + (high - low) * u
    ),
    "triangular": Rule(
        {"left": None, "mode": None, "right": None}, _standard("random"), _triangular
    ),
    "lognormal": Rule(
        {"mean": 0.0, "sigma": 1.0}, _standard("standard_normal"), lambda z, m, s: ew.exp(m + s * z)
    ),
    "exponential": Rule({"scale": 1.0}, _EXPONENTIAL, lambda e, s: s * e),
    "rayleigh": Rule({"scale": 1.0}, _EXPONENTIAL, lambda e, s: s * ew.sqrt(2.0 * e)),
    "weibull": Rule({"a": None}, _EXPONENTIAL, lambda e, a: e ** (1 / a)),
    "pareto": Rule({"a": None}, _EXPONENTIAL, lambda e, a: ew.expm1(e / a)),
    "power": Rule({"a": None}, _EXPONENTIAL, lambda e, a: (-ew.expm1(-e)) ** (1 / a)),
    "standard_gamma": Rule(
        {"shape": None}, _implicit("standard_gamma"), lambda z, a: gamma_draw(a, z)
    ),
    "gamma": Rule(
        {"shape": None, "scale": 1.0},
        _implicit("standard_gamma", slice(1)),
        lambda z, a, s: s * gamma_draw(a, z),
    ),
    "chisquare": Rule(
        {"df": None}, _implicit("chisquare"), lambda z, df: 2 * gamma_draw(0.5 * df, 0.5 * z)
    ),
    "beta": Rule({"a": None, "b": None}, _implicit("beta"), lambda z, a, b: beta_draw(a, b, z)),
    "standard_t": Rule({"df": None}, _implicit("standard_t"), lambda z, df: t_draw(df, z)),
}
"""The distributions that take tensors; what they make of the numbers is what NumPy makes."""

_Plain = _np.random.Generator


def _has_tensor(args: tuple[Any, ...], kwargs: dict[str, Any]) -> bool:
    return any(isinstance(a, Tracer) for a in (*args, *kwargs.values()))


def _constant(what: str, value: Any) -> Any:
    """The array behind a tensor that nobody differentiates; anything else as it is."""
    inner = value
    while isinstance(inner, Tracer):
        if inner.node is not None:
            raise UnsupportedError(
                f"{what} has no derivative in its parameters; pass a plain array, or "
                "ta.stop_gradient(x)"
            )
        inner = inner.value
    return concrete(value, what)


def _constants(
    what: str, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    return tuple([_constant(what, a) for a in args]), {
        k: _constant(what, a) for k, a in kwargs.items()
    }


class Generator(_np.random.Generator):
    """NumPy's Generator; draws of many of its distributions may have tensors as parameters.

    Made by `default_rng`, or from a bit generator, as NumPy's own.
    """

    def __reduce__(self) -> Any:
        return type(self), (self.bit_generator,)

    def _follow(self, name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Draw with tensors among the parameters."""
        if name not in RULES:
            args, kwargs = _constants(f"Generator.{name}", args, kwargs)
            return getattr(_Plain, name)(self, *args, **kwargs)
        defaults, draw, function = RULES[name]
        names = [*defaults, "size"]
        given = dict(zip(names, args, strict=False)) | kwargs
        unknown = [*kwargs.keys() - {*names}, *names[: len(args)] * (len(args) > len(names))]
        missing = [n for n, default in defaults.items() if default is None and n not in given]
        if unknown or missing or kwargs.keys() & {*names[: len(args)]}:
            raise ArgumentError(
                f"Generator.{name} with a tensor takes ({', '.join(names)}), each once; got "
                f"{len(args)} by place and {sorted(kwargs)} by name"
            )
        size = given.pop("size", None)
        parameters = [array_operand(given.get(n, default)) for n, default in defaults.items()]
        shapes = [tuple(p.shape) for p in parameters]
        wanted = None if size is None else shape_of(f"Generator.{name}", size)
        try:
            shape = _np.broadcast_shapes(*shapes, wanted or ())
        except ValueError:
            shape = None
        if shape is None or wanted not in (None, shape):
            raise ShapeError(
                f"Generator.{name}: parameters of shapes {shapes} do not broadcast"
                + ("" if size is None else f" to size={size}")
            )
        return function(draw(self, shape, *parameters), *parameters)

    def multivariate_normal(
        self,
        mean: Any,
        cov: Any,
        size: Any = None,
        check_valid: Any = "warn",
        tol: float = 1e-8,
        *,
        method: Any = "svd",
    ) -> Any:
        """Draw vectors, as NumPy's method; a covariance that is a tensor asks for "cholesky".

        The factors of the other methods have no unique derivative.
        """
        if not isinstance(cov, Tracer):
            if not isinstance(mean, Tracer):
                return super().multivariate_normal(mean, cov, size, check_valid, tol, method=method)
            around = super().multivariate_normal(
                _np.zeros(mean.shape), cov, size, check_valid, tol, method=method
            )
            return ew.add(mean, around)
        if method != "cholesky":
            raise ArgumentError(
                f"Generator.multivariate_normal(method={method!r}): a covariance that is a tensor "
                "is differentiated by its Cholesky factor only; pass method='cholesky'"
            )
        mean = array_operand(mean)
        n = mean.shape[-1] if mean.ndim == 1 else -1
        if tuple(cov.shape) != (n, n):
            raise ShapeError(
                f"Generator.multivariate_normal: mean {describe(mean)} and cov {describe(cov)} "
                "are a vector and a square matrix of its length"
            )
        shape = () if size is None else shape_of("Generator.multivariate_normal", size)
        z = self.standard_normal((*shape, n))
        return mean + matmul(z, matrix_transpose(cholesky(cov)))

    def permutation(self, x: Any, axis: int = 0) -> Any:
        """Shuffle a copy along an axis, as NumPy's method; a tensor's gradient goes with it."""
        if not isinstance(x, Tracer):
            return super().permutation(x, axis)
        return take(x, super().permutation(x.shape[axis]), axis=axis)

    def choice(
        self,
        a: Any,
        size: Any = None,
        replace: bool = True,
        p: Any = None,
        axis: int = 0,
        shuffle: bool = True,
    ) -> Any:
        """Choose elements, as NumPy's method; the gradient goes to those of a tensor chosen."""
        _, kwargs = _constants("Generator.choice", (), {"p": p})
        if not isinstance(a, Tracer):
            return super().choice(a, size, replace, axis=axis, shuffle=shuffle, **kwargs)
        chosen = super().choice(a.shape[axis], size, replace, shuffle=shuffle, **kwargs)
        return take(a, chosen, axis=axis)


def _taking_tensors(name: str) -> Callable[..., Any]:
    numpys = getattr(_Plain, name)

    @functools.wraps(numpys)
    def method(self: Generator, *args: Any, **kwargs: Any) -> Any:
        if _has_tensor(args, kwargs):
            return self._follow(name, args, kwargs)
        return numpys(self, *args, **kwargs)

    return method


for _name in dir(_Plain):
    if not _name.startswith("_") and _name not in {*vars(Generator), "bit_generator", "spawn"}:
        setattr(Generator, _name, _taking_tensors(_name))


def default_rng(seed: Any = None) -> Generator:
    """Make a generator of NumPy's default kind.

    Parameters
    ----------
    seed : None, int, array_like of int, SeedSequence, BitGenerator or Generator
        As for numpy.random.default_rng; the same seed gives the same numbers. A generator of
        NumPy's shares its stream.

    Examples
    --------
    >>> float(default_rng(0).normal()) == float(_np.random.default_rng(0).normal())
    True
    """
    if isinstance(seed, Generator):
        return seed
    return Generator(_np.random.default_rng(seed).bit_generator)


def _refusing_tensors(name: str) -> Callable[..., Any]:
    """NumPy's function of the global state."""
    numpys = getattr(_np.random, name)

    @functools.wraps(numpys)
    def function(*args: Any, **kwargs: Any) -> Any:
        if _has_tensor(args, kwargs):
            raise UnsupportedError(
                f"random.{name} draws from NumPy's global state, with plain parameters only; a "
                "generator made by default_rng() takes tensors"
            )
        return numpys(*args, **kwargs)

    return function


def __getattr__(name: str) -> Any:
    """NumPy's own: its other generators, and the functions of its global state."""
    theirs = getattr(_np.random, name)
    return theirs if isinstance(theirs, type) else _refusing_tensors(name)
