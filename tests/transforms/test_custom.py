import numpy as np
import pytest

import tenrso_ad as ta
import tenrso_ad.numpy as tnp
from tenrso_ad.engine.errors import ArgumentError, NotDifferentiableError, ShapeError
from tenrso_ad.engine.staging import stage

X = np.array([0.3, -0.7, 1.1])
Y = np.array([1.5, 0.5, -2.0])


def vjp_function():
    @ta.custom_vjp
    def product(x, y):
        return tnp.sin(x) * y

    def forward(x, y):
        return product(x, y), (x, y)

    def backward(residuals, g):
        x, y = residuals
        return g * tnp.cos(x) * y, g * tnp.sin(x)

    product.defvjp(forward, backward)
    return product


def jvp_function():
    @ta.custom_jvp
    def product(x, y):
        return tnp.sin(x) * y

    @product.defjvp
    def rule(primals, tangents):
        (x, y), (dx, dy) = primals, tangents
        return product(x, y), tnp.cos(x) * y * dx + tnp.sin(x) * dy

    return product


@pytest.fixture(params=[vjp_function, jvp_function], ids=["vjp", "jvp"])
def product(request):
    return request.param()


def test_value_and_name(product):
    np.testing.assert_array_equal(product(X, Y), np.sin(X) * Y)
    assert product.__name__ == "product"


def test_every_mode_and_order(product):
    result = ta.testing.check_gradients(product, (X, Y), order=3)
    assert result, str(result)


def test_gradients(product):
    by_x, by_y = ta.grad(lambda x, y: tnp.sum(product(x, y)), (0, 1))(X, Y)
    np.testing.assert_allclose(by_x, np.cos(X) * Y)
    np.testing.assert_allclose(by_y, np.sin(X))


def test_on_a_tape(product):
    with ta.Tape() as tape:
        x = ta.tensor(X)
        y = tnp.sum(product(x, Y))
        assert tape.stats().operations == {"custom:product": 1, "sum": 1}
    y.backward()
    np.testing.assert_allclose(x.grad, np.cos(X) * Y)


def test_under_vmap(product):
    batch = np.stack([X, 2 * X])
    got = ta.vmap(lambda x: ta.grad(lambda x: tnp.sum(product(x, Y)))(x))(batch)
    np.testing.assert_allclose(got, np.cos(batch) * Y)
    shared = ta.grad(lambda y: tnp.sum(ta.vmap(product, (0, None))(batch, y)))(Y)
    np.testing.assert_allclose(shared, np.sin(batch).sum(0))


def test_staged(product):
    graph = stage(lambda x: [ta.grad(lambda x: tnp.sum(product(x, Y)))(x)], X).verify()
    np.testing.assert_allclose(graph.evaluate(X)[0], np.cos(X) * Y)


def test_the_rule_given_is_the_rule_used():
    @ta.custom_vjp
    def straight_through(x):
        return tnp.rint(x)

    straight_through.defvjp(lambda x: (straight_through(x), None), lambda _, g: (g,))
    assert ta.grad(straight_through)(0.7) == 1.0
    assert ta.jvp(straight_through, (0.7,), (2.0,)) == (1.0, 2.0)


def test_pytrees_and_none_for_zero():
    @ta.custom_vjp
    def f(p, n):
        return {"out": p["a"] * p["b"] * n}

    f.defvjp(
        lambda p, n: (f(p, n), (p, n)),
        lambda r, g: ({"a": g["out"] * r[0]["b"] * r[1], "b": g["out"] * r[0]["a"] * r[1]}, None),
    )
    gradient = ta.grad(lambda p: tnp.sum(f(p, 3)["out"]))({"a": X, "b": Y})
    np.testing.assert_allclose(gradient["a"], 3 * Y)
    np.testing.assert_allclose(gradient["b"], 3 * X)


def test_complex_cotangents_follow_the_users_convention():
    @ta.custom_vjp
    def square(z):
        return z * z

    square.defvjp(lambda z: (square(z), z), lambda z, g: (g * tnp.conjugate(2 * z),))
    z = np.array([1.0 + 2.0j])
    loss = lambda f: ta.grad(lambda z: tnp.sum(tnp.real(f(z) * (1 - 1j))))(z)  # noqa: E731
    np.testing.assert_allclose(loss(square), loss(lambda z: z * z))


def test_closed_over_tensors_receive_gradients_through_a_custom_jvp():
    f = jvp_function()
    w = ta.tensor(2.0)
    out = f(w, 3.0)
    out.backward()
    np.testing.assert_allclose(w.grad, np.cos(2.0) * 3.0)


@pytest.mark.parametrize(
    "transform",
    [
        ta.grad,
        lambda h: lambda x: ta.jvp(h, (x,), (1.0,)),
        lambda h: lambda x: ta.vmap(h)(np.full(3, x)),
    ],
    ids=["grad", "jvp", "vmap"],
)
@pytest.mark.parametrize("kind", ["vjp", "jvp"])
def test_a_closure_over_a_tensor_of_the_same_transform_is_refused(transform, kind):
    def h(a):
        f = getattr(ta, f"custom_{kind}")(lambda x: x * a)
        if kind == "vjp":
            f.defvjp(lambda x: (f(x), None), lambda _, g: (g * a,))
        else:
            f.defjvp(lambda primals, tangents: (f(*primals), tangents[0] * a))
        return f(a * 2.0)

    with pytest.raises(ArgumentError, match="Pass the tensor as an argument"):
        transform(h)(2.0)


@pytest.mark.parametrize("kind", ["vjp", "jvp"])
def test_a_custom_function_may_make_tensors_of_its_own(kind):
    def scaled(x):
        return x * ta.tensor([2.0, 3.0, 4.0], requires_grad=False)

    f = getattr(ta, f"custom_{kind}")(scaled)
    if kind == "vjp":
        f.defvjp(lambda x: (scaled(x), scaled(x)), lambda r, g: (g * r / X,))
    else:
        f.defjvp(lambda primals, tangents: (scaled(*primals), scaled(*tangents)))
    np.testing.assert_allclose(ta.grad(lambda x: tnp.sum(f(x)))(X), [2.0, 3.0, 4.0])
    np.testing.assert_allclose(ta.jvp(f, (X,), (X,))[1], scaled(X).value)
    np.testing.assert_allclose(ta.vmap(f)(np.stack([X, X]))[1], scaled(X).value)
    constant = ta.grad(lambda x: tnp.sum(f(ta.stop_gradient(x)) * x))(X)
    np.testing.assert_allclose(constant, scaled(X).value)


def test_mistakes_are_named():
    @ta.custom_vjp
    def f(x, y):
        return x + y

    with pytest.raises(NotDifferentiableError, match=r"call f\.defvjp first"):
        f(X, Y)
    f.defvjp(lambda x, y: (f(x, y), None), lambda _, g: (g,))
    with pytest.raises(ArgumentError, match="one cotangent for each of its 2 arguments, got 1"):
        ta.grad(lambda x: tnp.sum(f(x, Y)))(X)
    f.defvjp(lambda x, y: (f(x, y), None), lambda _, g: (g[:2], g))
    with pytest.raises(ShapeError, match=r"gave float64\[2\] as the cotangent of .* float64\[3\]"):
        ta.grad(lambda x: tnp.sum(f(x, Y)))(X)

    @ta.custom_jvp
    def h(x):
        return x

    with pytest.raises(NotDifferentiableError, match=r"call h\.defjvp first"):
        h(X)


# --- functions that change what they are given ----------------------------------------------------

A = np.array([[1.5, -2.0, 3.0], [0.5, 4.0, -1.0]])


def doubled(change_forward=False, change_backward=False):
    """2 x by custom_vjp, whose functions may change what they are given."""

    @ta.custom_vjp
    def double(x):
        if change_forward:
            x *= 2
            return x
        return 2 * x

    def backward(saved, g):
        if change_backward:
            g *= 2
            return (g,)
        return (2 * g,)

    double.defvjp(lambda x: (double.function(x), ()), backward)
    return double


def test_a_custom_function_cannot_change_arrays_that_others_need():
    double = doubled(change_forward=True)
    w = ta.tensor(A)
    h = tnp.exp(w)
    for call in (
        lambda: double(h),
        lambda: ta.jvp(double, (A,), (A,)),
        lambda: ta.grad(lambda x: tnp.sum(double(x)))(A),
    ):
        with pytest.raises(ValueError, match="read-only"):
            call()
    y = tnp.exp(w)
    z = (doubled(change_backward=True)(y) + y).sum()
    with pytest.raises(ValueError, match="read-only"):
        z.backward()
    np.testing.assert_array_equal(h.value, np.exp(A))
    mine = A.copy()
    double(mine)  # nobody else's
    np.testing.assert_array_equal(mine, 2 * A)


def test_tensors_that_a_custom_function_changes_are_its_own():
    double = doubled(change_forward=True)
    np.testing.assert_array_equal(ta.vmap(double)(A), 2 * A)
    v = ta.tensor(A)
    h = v * 1

    def f(x):
        y = tnp.exp(x)
        return tnp.sum(double(y) + y)

    np.testing.assert_allclose(ta.grad(f)(h).value, 3 * np.exp(A))
    np.testing.assert_array_equal(h.value, A)


def test_what_a_custom_function_saves_cannot_change():
    kept = np.array([1.0, 2.0, 3.0])

    @ta.custom_vjp
    def scaled(x, by):
        return x * by

    scaled.defvjp(
        lambda x, by: (x * by, (by, kept)),
        lambda saved, g: (g * saved[0] * saved[1], None),
    )
    w, by = ta.tensor(A), A[0].copy()
    y = scaled(w, by).sum()
    for array in (by, kept):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 9.0
    y.backward()
    np.testing.assert_array_equal(w.grad, np.tile(A[0] * [1, 2, 3], (2, 1)))
    kept[0] = 9.0


def test_the_rule_of_a_forward_call_holds_in_every_reverse_pass():
    @ta.custom_jvp
    def square(x):
        return x * x

    @square.defjvp
    def _(primals, tangents):
        (x,), (t,) = primals, tangents
        return square(x), 3 * x * t  # not the derivative, to tell it apart

    first = ta.grad(lambda x: square(x) ** 2)
    assert float(first(2.0)) == 2 * 4 * 6
    assert float(ta.grad(first)(2.0)) == 6 * (6 * 2 + 4)
    assert float(ta.jvp(first, (2.0,), (1.0,))[1]) == 6 * (6 * 2 + 4)
