"""Every composition of transforms runs compiled, and agrees with itself uncompiled.

All of them run with their kernels interpreted, in float64 and float32; those of `NATIVE` also with
native kernels.
"""

import numpy as np
import pytest

import tenrso_ad as ta
import tenrso_ad.numpy as tnp
from tenrso_ad.engine import tree
from tests.compiler.interpreter import interpreted

R = np.random.default_rng(2)
X = R.standard_normal(4)
V = R.standard_normal(4)
BATCH = R.standard_normal((3, 4))
SQUARE = R.standard_normal((3, 3))
DEFINITE = SQUARE @ SQUARE.T + 3 * np.eye(3)
TREE = {"w": R.standard_normal((4, 2)), "rest": (R.standard_normal(2), 0.5)}


def energy(x):
    """A scalar of a vector; its Hessian is full."""
    return tnp.sum(tnp.tanh(x) * x) * tnp.sum(tnp.exp(-x * x)) + tnp.sum(x[:-1] * x[1:] ** 2)


def field(x):
    """A vector of a vector."""
    return tnp.sin(x) * tnp.sum(x * x) + tnp.cumsum(x)


def loss(parameters, x):
    """A scalar of a tree, and something beside it."""
    out = tnp.tanh(x @ parameters["w"] + parameters["rest"][0])
    return tnp.mean(out**2) * parameters["rest"][1], {"out": out}


def pulled(f):
    def both(x, cotangent):
        out, pullback = ta.vjp(f, x)
        return out, pullback(cotangent)

    return both


def pushed(f):
    return lambda x, tangent: ta.jvp(f, (x,), (tangent,))


# --- functions with rules of their own -----------------------------------------------------------


@ta.custom_vjp
def clipped_gradient(x, y):
    return x * y


clipped_gradient.defvjp(
    lambda x, y: (clipped_gradient(x, y), (x, y)),
    lambda r, g: (tnp.clip(g * r[1], -0.5, 0.5), g * r[0]),
)


@ta.custom_jvp
def log1pexp(x):
    return tnp.log1p(tnp.exp(x))


@log1pexp.defjvp
def log1pexp_rule(primals, tangents):
    return log1pexp(*primals), tnp.sigmoid(primals[0]) * tangents[0]


def with_custom_rules(x):
    return tnp.sum(clipped_gradient(log1pexp(x), 3.0 * x))


# --- programs in other styles ---------------------------------------------------------------------


def with_a_tape(x):
    with ta.Tape():
        a = ta.tensor(x)
        energy(a).backward()
    return a.grad


def changed_in_place(x):
    y = x * 2.0
    row = y[1:]
    y *= x
    row += 1.0
    y[0] = tnp.sum(x)
    return tnp.sum(tnp.exp(y * 0.1) * y)


def updated(x):
    y = tnp.at(x)[1].set(3.0 * x[0])
    y = tnp.at(y)[np.array([0, 0, 2])].add(x[:3])
    y = tnp.at(y)[2:].multiply(x[2:])
    return tnp.sum(tnp.at(y)[::2].max(0.1) ** 2)


def indexed(x):
    picked = x[np.array([2, 0, 2])] * x[None, ::-1][0, :3]
    return tnp.sum(picked**2) + tnp.sum(tnp.where(x > 0, x, 0.1 * x)[x.shape[0] // 2 :])


def sorted_values(x):
    ordered = tnp.sort(x)
    return tnp.sum(ordered * np.arange(x.shape[0])) + tnp.max(x) * tnp.median(x)


def spectrum(x):
    return tnp.sum(tnp.absolute(tnp.fft.rfft(x)) ** 2 * np.arange(x.shape[0] // 2 + 1))


def decompositions(a):
    values, vectors = tnp.linalg.eigh(a + a.T)
    solution = tnp.linalg.solve(a, vectors[:, 0] ** 2)
    sign, logdet = tnp.linalg.slogdet(a)
    return tnp.sum(values**3) + tnp.sum(solution) * logdet * sign + tnp.linalg.norm(a)


def special_functions(x):
    y = tnp.absolute(x) + 0.5
    return tnp.sum(ta.special.gammaln(y) * ta.special.erf(x) + ta.special.xlogy(y, y))


def looped(x):
    for i in range(3):
        x = x + 0.1 * tnp.sin(x) * (i + 1)
    return tnp.sum(x * x)


inside = ta.compile(lambda x: tnp.sum(tnp.tanh(x) ** 2))
compiled_gradient = ta.compile(ta.grad(energy))

COMPOSITIONS = {
    "grad": (ta.grad(energy), X),
    "grad of grad": (ta.grad(lambda x: tnp.sum(ta.grad(energy)(x) ** 2)), X),
    "value_and_grad": (ta.value_and_grad(energy), X),
    "value_and_grad, trees": (ta.value_and_grad(loss, has_aux=True), TREE, BATCH),
    "value_and_grad, argnums": (
        ta.value_and_grad(lambda a, x, b: tnp.sum(a * tnp.tanh(x) * b), argnums=(2, 0)),
        X,
        V,
        BATCH,
    ),
    "vjp": (pulled(field), X, V),
    "vjp of vjp": (pulled(lambda x: pulled(field)(x, V * 0.5)[1]), X, (V,)),
    "jvp": (pushed(field), X, V),
    "jvp of jvp": (pushed(lambda x: pushed(field)(x, V * 0.5)[1]), X, V),
    "jvp of grad": (pushed(ta.grad(energy)), X, V),
    "grad of jvp": (ta.grad(lambda x: tnp.sum(pushed(field)(x, V * 0.5)[1])), X),
    "jacfwd": (ta.jacfwd(field), X),
    "jacrev": (ta.jacrev(field), X),
    "jacfwd of jacrev": (ta.jacfwd(ta.jacrev(field)), X),
    "hessian": (ta.hessian(energy), X),
    "hvp": (lambda x, v: ta.hvp(energy, x, v), X, V),
    "hessian_diagonal": (lambda x: ta.hessian_diagonal(energy, x), X),
    "vmap": (ta.vmap(field), BATCH),
    "vmap, in_axes": (ta.vmap(lambda x, y: field(x) * y, in_axes=(1, None)), BATCH, V[:3]),
    "vmap of grad": (ta.vmap(ta.grad(energy)), BATCH),
    "vmap of vmap": (ta.vmap(lambda x: ta.vmap(lambda y: energy(x * y))(BATCH)), BATCH),
    "grad of vmap": (ta.grad(lambda b: tnp.sum(ta.vmap(field)(b) ** 2)), BATCH),
    "jvp of grad of vmap": (
        pushed(ta.grad(lambda b: tnp.sum(ta.vmap(field)(b) ** 2))),
        BATCH,
        0.3 * BATCH,
    ),
    "vmap of hessian": (ta.vmap(ta.hessian(energy)), BATCH),
    "custom rules": (ta.value_and_grad(with_custom_rules), X),
    "hvp of custom rules": (lambda x, v: ta.hvp(with_custom_rules, x, v), X, V),
    "vmap of custom rules": (ta.vmap(ta.grad(with_custom_rules)), BATCH),
    "stop_gradient": (
        ta.grad(lambda x: tnp.sum(ta.stop_gradient(tnp.exp(x)) * tnp.tanh(x))),
        X,
    ),
    "a compiled function in the middle": (ta.grad(lambda x: inside(x) * tnp.sum(x)), X),
    "grad of a compiled gradient": (ta.grad(lambda x: tnp.sum(compiled_gradient(x) ** 2)), X),
    "vmap of a compiled function": (ta.vmap(inside), BATCH),
    "a tape": (with_a_tape, X),
    "changes in place": (ta.value_and_grad(changed_in_place), X),
    "functional updates": (ta.value_and_grad(updated), X),
    "indexing": (ta.value_and_grad(indexed), X),
    "sorting": (ta.value_and_grad(sorted_values), X),
    "fft": (ta.value_and_grad(spectrum), X),
    "linalg": (ta.value_and_grad(decompositions), DEFINITE),
    "hvp of linalg": (lambda x, v: ta.hvp(decompositions, x, v), DEFINITE, SQUARE),
    "special functions": (ta.value_and_grad(special_functions), X),
    "a loop": (ta.hessian(looped), X),
}
NATIVE = ["value_and_grad, trees", "jvp of grad of vmap", "vmap of hessian", "changes in place"]


def narrowed(args):
    return tree.map(lambda a: np.asarray(a, np.float32) if np.ndim(a) else a, args)


def agree(compiled, f, args, rtol):
    got, structure = tree.flatten(compiled(*args))
    expected, wanted = tree.flatten(f(*args))
    assert structure == wanted
    for g, e in zip(got, expected, strict=True):
        assert (np.shape(g), g.dtype) == (np.shape(e), e.dtype)
        np.testing.assert_allclose(g, e, rtol=rtol, atol=rtol * np.max(np.abs(e), initial=1e-30))


@pytest.mark.parametrize("narrow", [False, True], ids=["float64", "float32"])
@pytest.mark.parametrize("name", COMPOSITIONS)
def test_compiled_compositions_agree(name, narrow):
    f, *args = COMPOSITIONS[name]
    if narrow:
        args = narrowed(args)
    with interpreted():
        compiled = ta.compile(f)
        agree(compiled, f, args, 1e-4 if narrow else 1e-10)
    assert compiled.graphs, "nothing was compiled"


@pytest.mark.parametrize("name", NATIVE)
def test_native_compositions_agree(name):
    f, *args = COMPOSITIONS[name]
    compiled = ta.compile(f)
    agree(compiled, f, args, 1e-12)
    agree(compiled, f, narrowed(args), 1e-4)
