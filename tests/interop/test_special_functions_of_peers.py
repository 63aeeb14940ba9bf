"""Special functions: values and gradients of JAX and PyTorch, at special points too."""

from typing import Any

import jax
import jax.scipy.special as jax_special
import numpy as np
import pytest
import torch

import tenrso_ad as ta
from tenrso_ad import special

pytestmark = pytest.mark.interop

jax.config.update("jax_enable_x64", True)

REAL = np.array([-3.0, -0.4, 0.0, 0.7, 2.5])
SMALL = np.array([0.1, 0.5, 1.0, 2.0])  # JAX subtracts digammas, which cancel for large numbers
POSITIVE = np.array([0.1, 0.5, 1.0, 3.0, 20.0])
UNIT = np.array([0.05, 0.3, 0.5, 0.7, 0.95])
OPERANDS: dict[str, tuple[np.ndarray, ...]] = {
    **dict.fromkeys(("erf", "erfc", "expit", "i0e", "i1e"), (REAL,)),
    **dict.fromkeys(("ndtr", "log_ndtr", "erfcx", "sinc", "dawsn"), (REAL,)),
    **dict.fromkeys(("digamma", "gammaln", "gamma", "exp1", "expi", "entr"), (POSITIVE,)),
    **dict.fromkeys(("i0", "i1"), (POSITIVE,)),  # JAX gives i0 the slope 1 at 0
    **dict.fromkeys(("logit", "ndtri", "erfinv"), (UNIT,)),
    **dict.fromkeys(("xlogy", "xlog1py", "gammainc", "gammaincc"), (POSITIVE, POSITIVE[::-1])),
    **dict.fromkeys(("rel_entr", "kl_div", "poch"), (POSITIVE, POSITIVE[::-1])),
    **dict.fromkeys(("beta", "betaln"), (SMALL, SMALL[::-1])),
    "zeta": (POSITIVE + 1.1, POSITIVE),
    "betainc": (POSITIVE, POSITIVE[::-1], UNIT),
}
# arguments for which they have no derivative: JAX, PyTorch
NO_RULE = {
    "betainc": ((0, 1), ()),
    "gammainc": ((), (0,)),
    "gammaincc": ((), (0,)),
    "zeta": ((), (0,)),
}


def close(ours: Any, theirs: Any) -> None:
    np.testing.assert_allclose(ours, np.asarray(theirs), rtol=1e-8, atol=1e-13)


def gradients(name: str, operands: Any) -> tuple[Any, ...]:
    f = getattr(special, name)
    return ta.grad(lambda *xs: np.sum(f(*xs)), argnums=tuple(range(len(operands))))(*operands)


@pytest.mark.parametrize("name", [n for n in OPERANDS if hasattr(jax_special, n)])
def test_jax(name: str) -> None:
    operands, theirs = OPERANDS[name], getattr(jax_special, name)
    close(getattr(special, name)(*operands), theirs(*operands))
    for place, gradient in enumerate(gradients(name, operands)):
        if place not in NO_RULE.get(name, ((), ()))[0]:
            close(gradient, jax.grad(lambda *xs: theirs(*xs).sum(), argnums=place)(*operands))


@pytest.mark.parametrize("name", [n for n in OPERANDS if hasattr(torch.special, n)])
def test_pytorch(name: str) -> None:
    operands, theirs = OPERANDS[name], getattr(torch.special, name)
    refused = NO_RULE.get(name, ((), ()))[1]
    tensors = [
        torch.tensor(x.copy(), requires_grad=i not in refused) for i, x in enumerate(operands)
    ]
    value = theirs(*tensors)
    value.sum().backward()
    close(getattr(special, name)(*operands), value.detach())
    for gradient, tensor in zip(gradients(name, operands), tensors, strict=True):
        if tensor.grad is not None:
            close(gradient, tensor.grad)


@pytest.mark.parametrize(
    ("name", "x", "gradient"),
    [
        ("xlogy", (2.0, 0.0), (-np.inf, np.inf)),
        ("entr", (0.0,), (np.inf,)),
        ("erfinv", (1.0,), (np.inf,)),
        ("logit", (0.0,), (np.inf,)),
        ("i0e", (0.0,), (0.0,)),
        ("digamma", (0.0,), (np.inf,)),
    ],
)
def test_all_agree_at_special_points(name: str, x: Any, gradient: Any) -> None:
    ours = gradients(name, x)
    places = tuple(range(len(x)))
    of_jax = jax.grad(getattr(jax_special, name), argnums=places)(*x)
    tensors = [torch.tensor(v, dtype=torch.float64, requires_grad=True) for v in x]
    of_torch = torch.autograd.grad(getattr(torch.special, name)(*tensors), tensors)
    for each in (ours, of_jax, [g.item() for g in of_torch]):
        np.testing.assert_array_equal(np.asarray(each), gradient)


@pytest.mark.parametrize("name", ["gammaln", "erf", "log_ndtr", "i0e", "xlogy", "gammainc"])
def test_arrays_of_torch(name: str) -> None:
    """PyTorch's own functions evaluate them; derivatives are ours."""
    operands = OPERANDS[name]
    tensors = [torch.tensor(x.copy()) for x in operands]
    f = getattr(special, name)
    assert isinstance(f(*tensors), torch.Tensor)
    close(f(*tensors), f(*operands))
    gradient = ta.grad(lambda x: f(*tensors[:-1], x).sum())(tensors[-1])
    close(gradient, gradients(name, operands)[-1])


def test_arrays_of_torch_without_a_function_of_theirs() -> None:
    a, x = torch.tensor([1.5], dtype=torch.float64), torch.tensor([0.5], dtype=torch.float64)
    with pytest.raises(ta.errors.UnsupportedError, match=r"torch.special has no betainc"):
        special.betainc(a, a, x)
    with pytest.raises(ta.errors.UnsupportedError, match=r"torch.special has no gammainc_slope_1"):
        ta.grad(lambda a: special.gammainc(a, x).sum())(a)


@pytest.mark.parametrize("name", ["norm", "laplace", "t", "gamma", "beta", "lognorm", "poisson"])
def test_log_densities_of_arrays_of_torch(name: str) -> None:
    x = np.array([1.0, 2.0]) if name == "poisson" else np.array([0.3, 0.9])
    parameters = {"t": (3.0,), "gamma": (2.5,), "beta": (2.5, 1.5), "lognorm": (0.7,)}.get(name, ())
    f = ta.stats.poisson.logpmf if name == "poisson" else getattr(ta.stats, name).logpdf
    p = np.array([1.5, 2.5])

    def loss(kind: Any) -> Any:
        return lambda last: f(kind(x), *parameters, last).sum()

    close(loss(torch.tensor)(torch.tensor(p)), loss(np.asarray)(p))
    close(ta.grad(loss(torch.tensor))(torch.tensor(p)), ta.grad(loss(np.asarray))(p))


# points, parameters: distributions that JAX has as well
DENSITIES: dict[str, tuple[np.ndarray | float, ...]] = {
    **dict.fromkeys(("norm", "laplace", "cauchy", "logistic"), (REAL, 0.3, 1.4)),
    "t": (REAL, 3.5, 0.3, 1.4),
    "truncnorm": (REAL, -2.0, 1.5, 0.3, 1.4),
    "vonmises": (REAL, 1.5),
    "expon": (POSITIVE, 0.05, 1.4),
    **dict.fromkeys(("gamma", "chi2"), (POSITIVE, 2.5, 0.05, 1.4)),
    "pareto": (POSITIVE, 2.5, -1.5, 1.4),
    "beta": (UNIT, 2.5, 0.7, 0.01, 1.4),
    "uniform": (UNIT, -0.1, 1.4),
    "multivariate_normal": (REAL[:2], np.zeros(2), np.array([[2.0, 0.5], [0.5, 1.0]])),
    "dirichlet": (np.array([0.2, 0.3, 0.5]), np.array([1.5, 0.7, 3.0])),
}
MASSES: dict[str, tuple[np.ndarray | float, ...]] = {
    "bernoulli": (np.array([0, 1, 2]), 0.3),
    "poisson": (np.array([0, 3, -1]), 2.5),
    "geom": (np.array([1, 3, 0]), 0.3),
    "nbinom": (np.array([0, 3]), 2.5, 0.3),
    "betabinom": (np.array([0, 3]), 5, 2.5, 0.7),
}


@pytest.mark.parametrize("name", DENSITIES | MASSES)
def test_log_densities_of_jax(name: str) -> None:
    arguments = (DENSITIES | MASSES)[name]
    what = "logpdf" if name in DENSITIES else "logpmf"
    ours = getattr(getattr(ta.stats, name), what)
    theirs = getattr(getattr(jax.scipy.stats, name), what)
    close(ours(*arguments), theirs(*arguments))
    for place, argument in enumerate(arguments):
        if np.asarray(argument).dtype.kind == "f":
            gradient = ta.grad(lambda *xs: np.sum(ours(*xs)), argnums=place)(*arguments)
            expected = jax.grad(lambda *xs: theirs(*xs).sum(), argnums=place)(*arguments)
            if name == "multivariate_normal" and place == 2:  # of a symmetric matrix
                gradient, expected = gradient + gradient.T, expected + expected.T
            close(gradient, expected)
