import numpy as np
import pytest

import tenrso_ad as ta
import tenrso_ad.numpy as tnp
from tenrso_ad.engine.errors import ArgumentError, DTypeError, ShapeError

X = np.array([0.5, -1.0, 2.0])


def energy(x):
    return tnp.sum(tnp.sin(x) * x)


def slope(x):
    return np.cos(x) * x + np.sin(x)


def test_grad_and_value():
    np.testing.assert_allclose(ta.grad(energy)(X), slope(X))
    value, gradient = ta.value_and_grad(energy)(X)
    assert value == np.sum(np.sin(X) * X)
    np.testing.assert_allclose(gradient, slope(X))
    assert type(gradient) is np.ndarray and gradient.flags.writeable


def test_argnums():
    f = lambda x, y, z: tnp.sum(x * y**2) + z  # noqa: E731
    x, y = np.array([1.0, 2.0]), np.array([3.0, 4.0])
    np.testing.assert_array_equal(ta.grad(f, 1)(x, y, 0.0), 2 * x * y)
    np.testing.assert_array_equal(ta.grad(f, -2)(x, y, 0.0), 2 * x * y)
    by_x, by_z = ta.grad(f, (0, 2))(x, y, 5.0)
    np.testing.assert_array_equal(by_x, y**2)
    assert by_z.shape == () and by_z == 1.0 and by_z.dtype == np.float64
    with pytest.raises(ArgumentError, match="argnums has 3, but the call has 3 positional"):
        ta.grad(f, 3)(x, y, 0.0)
    for twice in ((0, 0), (1, -2)):
        with pytest.raises(ArgumentError, match="names an argument twice"):
            ta.grad(f, twice)(x, y, 0.0)


def test_keywords_and_aux():
    def f(x, *, scale):
        y = x * scale
        return tnp.sum(y), {"y": y, "n": 3}

    gradient, aux = ta.grad(f, has_aux=True)(X, scale=2.0)
    np.testing.assert_array_equal(gradient, np.full(3, 2.0))
    assert type(aux["y"]) is np.ndarray and aux["n"] == 3
    (value, aux), _ = ta.value_and_grad(f, has_aux=True)(X, scale=2.0)
    assert value == 2 * X.sum()
    with pytest.raises(ArgumentError, match="has_aux"):
        ta.grad(energy, has_aux=True)(X)


def test_pytrees_keep_their_form():
    params = {"w": np.ones((2, 3)), "b": (np.zeros(2), np.float32(1.0))}
    f = lambda p: tnp.sum(p["w"] @ X + p["b"][0]) * p["b"][1]  # noqa: E731
    gradient = ta.grad(f)(params)
    np.testing.assert_array_equal(gradient["w"], np.tile(X, (2, 1)))
    np.testing.assert_array_equal(gradient["b"][0], np.ones(2))
    assert gradient["b"][1].dtype == np.float32


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_dtype_and_shape_are_kept(dtype):
    x = X.astype(dtype).reshape(3, 1)
    value, gradient = ta.value_and_grad(lambda x: tnp.sum(x * np.arange(4.0, dtype=dtype)))(x)
    assert (value.dtype, gradient.dtype, gradient.shape) == (dtype, dtype, (3, 1))


def test_mixed_precision_comes_back_in_each_operands_dtype():
    by_x, by_y = ta.grad(lambda x, y: tnp.sum(x * y), (0, 1))(X.astype(np.float32), X)
    assert by_x.dtype == np.float32 and by_y.dtype == np.float64


def test_unused_argument_has_a_zero_gradient():
    np.testing.assert_array_equal(ta.grad(lambda x, y: tnp.sum(y), 0)(X, X), np.zeros(3))
    np.testing.assert_array_equal(ta.grad(lambda x: 3.0)(X), np.zeros(3))


@pytest.mark.parametrize("x", [3, np.arange(3), True, "text", None])
def test_what_has_no_derivative_is_refused(x):
    if x is None:  # an empty pytree: nothing to differentiate
        assert ta.grad(lambda x: 1.0)(x) is None
        return
    with pytest.raises(DTypeError, match="a derivative exists for floating-point"):
        ta.grad(lambda x: 1.0)(x)


def test_the_result_must_be_a_real_scalar():
    with pytest.raises(ShapeError, match=r"must be a scalar, got float64\[3\]"):
        ta.grad(lambda x: x)(X)
    with pytest.raises(DTypeError, match="complex"):
        ta.grad(lambda x: tnp.sum(x) * 1j)(X)
    with pytest.raises(ShapeError, match="got str"):
        ta.grad(lambda x: "text")(X)


def test_complex_gradient_is_dx_plus_i_dy():
    z = np.array([1.0 + 2.0j, -0.5j])
    gradient = ta.grad(lambda z: tnp.sum(tnp.real(z) ** 2 * tnp.imag(z)))(z)
    np.testing.assert_allclose(gradient, 2 * z.real * z.imag + 1j * z.real**2)
    holomorphic = ta.grad(lambda z: tnp.sum(tnp.real(z**3)))(z)
    np.testing.assert_allclose(holomorphic, np.conj(3 * z**2))


def test_stop_gradient():
    x = 3.0
    f = lambda x: x * ta.stop_gradient(x * x)  # noqa: E731
    assert ta.grad(f)(x) == 9.0
    assert ta.jvp(f, (x,), (1.0,))[1] == 9.0
    assert ta.grad(ta.grad(f))(x) == 0.0
    assert ta.grad(lambda x: sum(ta.stop_gradient([x, x])) * x)(x) == 6.0


# --- vjp and jvp ----------------------------------------------------------------------------------


def test_vjp():
    out, pullback = ta.vjp(lambda x, y: {"p": x * y, "s": tnp.sum(x)}, X, 2 * X)
    np.testing.assert_array_equal(out["p"], 2 * X * X)
    for _ in range(2):  # any number of times
        by_x, by_y = pullback({"p": np.ones(3), "s": 10.0})
        np.testing.assert_array_equal(by_x, 2 * X + 10)
        np.testing.assert_array_equal(by_y, X)
    *_, aux = ta.vjp(lambda x: (x, x + 1), X, has_aux=True)
    np.testing.assert_array_equal(aux, X + 1)


def test_vjp_checks_the_cotangent():
    _, pullback = ta.vjp(lambda x: (x, x), X)
    with pytest.raises(ArgumentError, match="the cotangent of"):
        pullback(np.ones(3))
    with pytest.raises(ShapeError, match=r"\(3,\), got float64\[2\]"):
        pullback((np.ones(3), np.ones(2)))


def test_primals_are_read_only_while_the_pullback_lives():
    x = X.copy()
    _, pullback = ta.vjp(lambda x: x * x, x)
    with pytest.raises(ValueError, match="read-only"):
        x[0] = 1.0
    np.testing.assert_array_equal(pullback(np.ones(3))[0], 2 * X)
    del pullback
    x[0] = 1.0


def test_pullback_does_not_hand_out_the_cotangent_itself():
    _, pullback = ta.vjp(lambda x: x + 1.0, X)
    g = np.ones(3)
    (gradient,) = pullback(g)
    gradient[0] = 5.0
    assert g[0] == 1.0


def test_jvp():
    out, tangent = ta.jvp(lambda x, y: (x * y, x), (X, X), (np.ones(3), np.zeros(3)))
    np.testing.assert_array_equal(out[0], X * X)
    np.testing.assert_array_equal(tangent[0], X)
    np.testing.assert_array_equal(tangent[1], np.ones(3))
    *_, aux = ta.jvp(lambda x: (x, "note"), (X,), (X,), has_aux=True)
    assert aux == "note"


def test_jvp_of_what_does_not_depend_is_zero():
    _, tangent = ta.jvp(lambda x: (np.ones(2), tnp.floor(x)), (X,), (X,))
    np.testing.assert_array_equal(tangent[0], np.zeros(2))
    np.testing.assert_array_equal(tangent[1], np.zeros(3))


def test_jvp_checks_its_arguments():
    with pytest.raises(ShapeError, match=r"primal, float64\[3\], got float64\[2\]"):
        ta.jvp(energy, (X,), (np.ones(2),))
    with pytest.raises(ArgumentError, match="the tangents of"):
        ta.jvp(energy, (X,), (X, X))
    with pytest.raises(ArgumentError, match="tuple"):
        ta.jvp(energy, X, X)
    with pytest.raises(DTypeError, match="cannot be complex"):
        ta.jvp(energy, (X,), (X * 1j,))


def test_hvp_of_a_pytree():
    f = lambda p: p["a"] ** 2 * tnp.sum(p["b"])  # noqa: E731
    point = {"a": 3.0, "b": X}
    product = ta.hvp(f, point, {"a": 1.0, "b": np.ones(3)})
    assert product["a"] == pytest.approx(2 * X.sum() + 6.0 * 3)
    np.testing.assert_allclose(product["b"], np.full(3, 6.0))


def test_float_of_a_traced_value_is_refused_and_item_leaves_on_purpose():
    import math

    with pytest.raises(DTypeError, match="would lose its derivative"):
        ta.grad(lambda x: math.sin(x))(1.0)
    assert ta.grad(lambda x: x * ta.stop_gradient(x).item())(3.0) == 3.0


def test_python_conditions_follow_the_values():
    f = lambda x: x * x if x > 0 else -x  # noqa: E731
    assert ta.grad(f)(3.0) == 6.0 and ta.grad(f)(-3.0) == -1.0
