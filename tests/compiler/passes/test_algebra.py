"""Each rule leaves what it promises, and the same values, at special points too."""

import numpy as np
import pytest

import tenrso_ad as ta
import tenrso_ad.numpy as tnp
from tenrso_ad.compiler.passes.algebra import simplify
from tenrso_ad.compiler.passes.constants import bake_constants
from tenrso_ad.compiler.passes.dead import remove_dead
from tenrso_ad.engine.primitive import registry
from tenrso_ad.engine.staging import stage
from tenrso_ad.engine.trace import bind

X = np.array([[0.0, -0.0, 1.5, -3.0], [np.inf, -np.inf, np.nan, 1e-200], [1e200, -7.0, 2.0, 0.3]])
Y = np.arange(4.0) - 1.5


def scaled_by(factor):
    """The gradient of a product whose first factor is that of the cotangent, and may be zero."""
    return lambda x, y: ta.vjp(lambda t: t * factor(x, y), x)[1](tnp.where(x > 1, x, 0.0))[0]


# name -> (function of X and Y, primitives that are left)
TABLE = {
    "1 x": (lambda x, y: 1.0 * x * 1, ""),
    "array of ones": (lambda x, y: x * np.ones(4), ""),
    "-1 x": (lambda x, y: x * -1.0, "negative"),
    "x + 0": (lambda x, y: 0 + (x + 0.0) - 0.0, ""),
    "a contraction with a number": (
        lambda x, y: tnp.einsum("ij,->ij", x, 1.0) + tnp.einsum(",ij->ij", np.array(3.0), x),
        "multiply add",
    ),
    "a guarded product with a number": (
        lambda x, y: bind(registry["product"], (x, np.full(X.shape, 3.0))),
        "multiply",
    ),
    "x + x": (lambda x, y: x + x, "multiply"),
    "x / 1": (lambda x, y: x / 1, ""),
    "x / 2^k": (lambda x, y: x / 8 + x / np.full(X.shape, 0.5), "multiply multiply add"),
    "x / 3": (lambda x, y: x / 3, "divide"),
    "-(-x)": (lambda x, y: tnp.negative(-x), ""),
    "x - (-y)": (lambda x, y: x - (-y), "add"),
    "x + (-y)": (lambda x, y: x + (-y), "subtract"),
    "-x + y": (lambda x, y: -x + y, "subtract"),
    "-x (-y)": (lambda x, y: (-x) * (-y), "multiply"),
    "-x / -y": (lambda x, y: (-x) / (-y), "divide"),
    "square": (lambda x, y: tnp.square(x), "multiply"),
    "x ** 0": (lambda x, y: x**0, ""),
    "x ** 1": (lambda x, y: x**1.0, ""),
    "x ** -1": (lambda x, y: x**-1, "reciprocal"),
    "x ** 0.5": (lambda x, y: x**0.5, "sqrt"),
    "x ** 3": (lambda x, y: x**3, "multiply multiply"),
    "x ** 7": (lambda x, y: x**7.0, "multiply multiply multiply multiply"),
    "x ** 8": (lambda x, y: x**8, "multiply multiply multiply"),
    "x ** 2.5": (lambda x, y: x**2.5, "power"),
    "x ** 9": (lambda x, y: x**9, "power"),
    "identities": (lambda x, y: tnp.positive(ta.stop_gradient(tnp.copy(x))), ""),
    "condition": (
        lambda x, y: tnp.where(True, x, 0.0) - tnp.where(False, x, y),
        "subtract broadcast_to",
    ),
    "one choice": (lambda x, y: tnp.where(x > 0, x, x), ""),
    "transpose twice": (lambda x, y: tnp.transpose(tnp.transpose(x)), ""),
    "two transposes": (
        lambda x, y: tnp.transpose(tnp.transpose(tnp.reshape(x, (3, 2, 2)), (1, 0, 2)), (2, 1, 0)),
        "reshape transpose",
    ),
    "reshape back": (lambda x, y: tnp.reshape(tnp.reshape(x, (2, 6)), (3, 4)), ""),
    "two reshapes": (lambda x, y: tnp.reshape(tnp.reshape(x, (2, 6)), (4, 3)), "reshape"),
    "two broadcasts": (
        lambda x, y: tnp.broadcast_to(tnp.broadcast_to(y, (3, 4)), (2, 3, 4)),
        "broadcast_to",
    ),
    "two sums": (lambda x, y: tnp.sum(tnp.sum(tnp.reshape(x, (3, 2, 2)), 1), 1), "reshape sum"),
    "two sums, kept": (
        lambda x, y: tnp.sum(tnp.sum(x, 0, keepdims=True), 1, keepdims=True),
        "sum",
    ),
    "sum of copies": (lambda x, y: tnp.sum(tnp.broadcast_to(y, (3, 4)), 0), "multiply"),
    "sum of copies, kept": (
        lambda x, y: tnp.sum(tnp.broadcast_to(y, (3, 4)), 0, keepdims=True),
        "multiply reshape",
    ),
    "sum of copies and others": (
        lambda x, y: tnp.sum(tnp.broadcast_to(y, (3, 4))),
        "broadcast_to sum",
    ),
    "wider and back": (
        lambda x, y: tnp.astype(tnp.astype(x, np.complex128), np.complex128),
        "astype",
    ),
    "zero cotangent": (
        lambda x, y: ta.vjp(tnp.exp, x)[1](np.zeros(X.shape))[0],
        "",
    ),
    "nonzero cotangent": (lambda x, y: ta.vjp(tnp.exp, x)[1](np.ones(X.shape))[0], "exp"),
    "finite factor": (scaled_by(lambda x, y: np.float64(3.0)), "greater where multiply"),
    "factors 0 and 1": (
        scaled_by(lambda x, y: tnp.where(x > 0, 1.0, -2.0)),
        "greater where greater where multiply",
    ),
    "factor that may be NaN": (scaled_by(lambda x, y: tnp.tanh(x)), "greater where scale tanh"),
}


@pytest.mark.parametrize("name", TABLE)
def test_rule(name):
    function, left = TABLE[name]
    with np.errstate(all="ignore"):
        graph = stage(lambda x, y: [function(x, y)], X, Y)
        result = bake_constants(graph)
        for _ in range(3):
            result = remove_dead(simplify(result).verify())
        assert sorted(result.counts().elements()) == sorted(left.split())
        (got,), (want,) = result.evaluate(X, Y), graph.evaluate(X, Y)
        np.testing.assert_allclose(got, want, rtol=4e-16, atol=0)
        assert got.dtype == want.dtype


def test_numbers_keep_the_dtype():
    x = np.array([[0.3, -2.0, np.inf, np.nan]] * 3, np.float32)
    graph = stage(lambda x: [x * np.float32(0.1), x + np.full((3, 4), 0.5, np.float32)], x)
    result = simplify(bake_constants(graph)).verify()
    assert [type(a.value) for e in result.equations for a in e.inputs[1:]] == [float, float]
    for got, want in zip(result.evaluate(x), graph.evaluate(x), strict=True):
        np.testing.assert_array_equal(got, want)
        assert got.dtype == np.float32


def test_integers_and_booleans_are_left_alone():
    k, b = np.arange(4), np.array([True, False])

    def f(k, b):
        return [k**3, k / 2, b * True, b + 0, k * 2]

    graph = stage(f, k, b)
    for got, want in zip(simplify(graph).verify().evaluate(k, b), f(k, b), strict=True):
        np.testing.assert_array_equal(got, want)
        assert got.dtype == want.dtype
