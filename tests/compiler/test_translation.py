"""Kernels' text as LLVM's instructions, against Python's own reading of it."""

import numpy as np
import pytest

from tenrso_ad.compiler.kernel_source import Source
from tenrso_ad.compiler.native import compile_kernel
from tenrso_ad.engine.array_type import ArrayType
from tests.compiler.interpreter import interpret

NAN, INF = np.nan, np.inf
X = np.array([0.0, -0.0, 1.5, -2.5, NAN, INF, -INF, 3.0])
F = np.array([1.0, NAN, 0.1, -2.5, NAN, 7.0, 1e30, 3.0], np.float32)
B = np.array([True, False, True, True, False, False, True, False])


def run(expression, dtype, *lines):
    """Values of an expression of x (float64), f (float32) and b (bool), by LLVM and by Python."""
    body = [*lines, f"store(out, i, {expression})"]
    loads = [f"{name} = load({name}s, i)" for name in "xfb"]
    text = "def kernel(xs, fs, bs, out):\n    for i in range(8):\n"
    text += "".join(f"        {line}\n" for line in [*loads, *body])
    arrays = [X, F, B, np.empty(8, dtype)]
    source = Source(text, tuple([ArrayType(a.shape, a.dtype) for a in arrays]), (), (), 0, {})
    results = []
    for make in (compile_kernel, interpret):
        out = np.empty(8, dtype)
        with np.errstate(all="ignore"):
            make(source, 1)["kernel"](X, F, B, out)
        results.append(out)
    return results


@pytest.mark.parametrize(
    "expression",
    [
        *("x + f", "x - f", "x * f", "f / x", "-x", "+x", "abs(x)", "-f", "abs(f)"),
        *("x + 1", "(0.1) * x", "float32(0.1) * f", "2 * x - one64", "x * half32", "-infinity64"),
        *("float64(b) + x", "float32(b) * f", "select(b, x, f)", "select(x > f, x, 1.0)"),
        *("select(x, 1.0, 2.0)", "select(not b, x, -x)", "zero64 * infinity64", "float64(f)"),
        *("larger(x, float64(f))", "smaller(x, float64(f))", "b + x", "i * 2 + x"),
    ],
)
def test_numbers(expression):
    got, want = run(expression, np.float64)
    np.testing.assert_array_equal(got, want)
    np.testing.assert_array_equal(np.signbit(got[got == 0]), np.signbit(want[want == 0]))
    got, want = run(expression, np.float32)
    np.testing.assert_array_equal(got, want)


@pytest.mark.parametrize(
    "expression",
    [
        *("x < f", "x <= f", "x > f", "x >= f", "x == f", "x != f", "x != x", "x < 1", "f == 7"),
        *("b & (x > f)", "b | (x > f)", "b ^ (x > f)", "not b", "b == (x > 0)", "b != (x > 0)"),
        *("True", "False", "b", "i < 3", "i == 3", "i != 3"),
    ],
)
def test_conditions(expression):
    got, want = run(expression, np.bool)
    np.testing.assert_array_equal(got, want)


def test_names_that_change():
    lines = ["t = zero64", "for j in range(i, 8, 2):", "    t += x * j", "t = t - 1"]
    np.testing.assert_array_equal(*run("t", np.float64, *lines))
    lines = ["t = zero64", "if i > 3:", "    t = x", "else:", "    t = x + 1"]
    np.testing.assert_array_equal(*run("t", np.float64, *lines))
    lines = ["n = i", "for j in range(3):", "    n = min(n * 2, max(n, 5) // 2 - -1)"]
    np.testing.assert_array_equal(*run("n", np.float64, *lines))


def test_what_the_text_cannot_say():
    for expression in ("x ** 2", "x % 2", "[x]", "x.real", "unknown(x)", "unknown"):
        with pytest.raises((KeyError, AttributeError)):
            run(expression, np.float64)
