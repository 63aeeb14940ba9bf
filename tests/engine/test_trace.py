"""Transforms nest in any order, never mix up their variables, and do not leak them."""

import itertools

import numpy as np
import pytest

import tenrso_ad as ta
import tenrso_ad.numpy as tnp
from tenrso_ad.engine.errors import (
    ArgumentError,
    ConcretizationError,
    DTypeError,
    LeakedTensorError,
    NotDifferentiableError,
    ShapeError,
)
from tenrso_ad.engine.primitive import Primitive
from tenrso_ad.engine.staging import stage
from tenrso_ad.engine.trace import Tracer, bind, concrete, evaluation, innermost
from tenrso_ad.ops.broadcasting import broadcast_to, sum_to

# --- ways to differentiate a function of a scalar -------------------------------------------------


def by_jvp(f):
    return lambda x: ta.jvp(f, (x,), (1.0,))[1]


def by_vjp(f):
    return lambda x: ta.vjp(f, x)[1](1.0)[0]


def by_tape(f):
    def derivative(x):
        with ta.Tape():
            t = ta.tensor(x)
            f(t).backward()
        return t.grad

    return derivative


def by_vmap_of_grad(f):
    return lambda x: ta.vmap(ta.grad(f))(broadcast_to(tnp.add(x, np.zeros(())), (3,)))[1]


def by_grad_of_vmap(f):
    return lambda x: ta.grad(
        lambda y: sum_to(ta.vmap(f)(broadcast_to(y, (2,))), ()) * 0.5
    )(x)  # fmt: skip


def by_jvp_of_vmap(f):
    return lambda x: ta.jvp(lambda y: ta.vmap(f)(broadcast_to(y, (2,)))[0], (x,), (1.0,))[1]


def by_staged_grad(f):
    def derivative(x):
        x = tnp.add(x, np.zeros(()))
        return stage(lambda y: [ta.grad(f)(y)], x).verify().evaluate(x)[0]

    return derivative


def by_grad_of_staged(f):
    def derivative(x):
        return ta.grad(lambda y: stage(lambda z: [f(z)], y).verify().evaluate(y)[0])(x)

    return derivative


WAYS = {
    "grad": ta.grad,
    "jvp": by_jvp,
    "vjp": by_vjp,
    "tape": by_tape,
    "vmap of grad": by_vmap_of_grad,
    "grad of vmap": by_grad_of_vmap,
    "jvp of vmap": by_jvp_of_vmap,
    "staged grad": by_staged_grad,
    "grad of staged": by_grad_of_staged,
}
SOME_WAYS = ["grad", "jvp", "tape", "vmap of grad", "grad of vmap", "grad of staged"]


def f(x):
    return tnp.exp(2 * x) * tnp.sin(x)


def derivative_of_f(order, x):
    return ((2 + 1j) ** order * np.exp((2 + 1j) * x)).imag


@pytest.mark.parametrize("outer", WAYS)
@pytest.mark.parametrize("inner", WAYS)
def test_second_derivatives(outer, inner):
    result = WAYS[outer](WAYS[inner](f))(0.4)
    np.testing.assert_allclose(result, derivative_of_f(2, 0.4), rtol=1e-13)
    assert not isinstance(result, Tracer)


@pytest.mark.parametrize("ways", [*itertools.product(SOME_WAYS, repeat=3)], ids=" / ".join)
def test_third_derivatives(ways):
    derivative = f
    for way in ways:
        derivative = WAYS[way](derivative)
    np.testing.assert_allclose(derivative(0.4), derivative_of_f(3, 0.4), rtol=1e-12)


def test_seventh_derivative():
    derivative = f
    for way in (ta.grad, by_jvp, ta.grad, by_tape, by_jvp, ta.grad, by_vjp):
        derivative = way(derivative)
    np.testing.assert_allclose(derivative(0.4), derivative_of_f(7, 0.4), rtol=1e-12)


# --- perturbation confusion -----------------------------------------------------------------------

PAIRS = pytest.mark.parametrize(("outer", "inner"), [*itertools.product(SOME_WAYS, repeat=2)])


@PAIRS
def test_the_inner_derivative_does_not_see_the_outer_variable(outer, inner):
    """Siskind and Pearlmutter (2005): d/dx (x * d/dy (x + y)) is 1, not 2."""
    D, d = WAYS[outer], WAYS[inner]
    assert D(lambda x: x * d(lambda y: x + y)(1.0))(1.0) == 1.0


@PAIRS
def test_the_outer_derivative_sees_the_inner_one(outer, inner):
    D, d = WAYS[outer], WAYS[inner]
    # x * d/dy (x y^2) at y = 3 is 6 x^2
    assert D(lambda x: x * d(lambda y: x * y * y)(3.0))(2.0) == 24.0


@PAIRS
def test_the_inner_derivative_taken_at_the_outer_variable(outer, inner):
    D, d = WAYS[outer], WAYS[inner]
    # d/dx [d/dy (x y^3) at y = x] = d/dx 3 x^3
    assert D(lambda x: d(lambda y: x * y * y * y)(x))(2.0) == 36.0


@PAIRS
def test_shift_operator(outer, inner):
    """Manzyuk, Pearlmutter, Radul, Rush, Siskind (2019): the derivative of a shift, twice."""

    def shifted(way):
        return lambda h: lambda x: way(lambda u: h(x + u))(0.0)

    result = shifted(WAYS[outer])(shifted(WAYS[inner])(tnp.exp))(1.0)
    np.testing.assert_allclose(result, np.e, rtol=1e-14)


def test_three_levels_with_a_variable_of_each():
    result = ta.grad(
        lambda x: by_jvp(lambda y: by_tape(lambda z: x * x * y * y * z * z)(5.0) * x)(3.0)
    )(2.0)
    # d/dz: 2 x^2 y^2 z; times x; d/dy: 4 x^3 y z; d/dx: 12 x^2 y z
    assert result == 12 * 4 * 3 * 5


def test_inner_derivative_by_a_variable_that_is_not_used():
    assert ta.grad(lambda x: x * ta.grad(lambda y: x * 1.0)(1.0))(3.0) == 0.0
    assert by_jvp(lambda x: x * by_jvp(lambda y: x)(1.0))(3.0) == 0.0


def test_mixed_levels_in_one_operation():
    def inner(x, y):
        return ta.jvp(lambda z: tnp.where(tnp.greater(x, y), x * z, y * z), (y,), (x,))[1]

    # x > y: d/dz (x z) in direction x is x^2
    assert ta.grad(inner, argnums=0)(3.0, 2.0) == 6.0
    assert ta.grad(inner, argnums=1)(3.0, 2.0) == 0.0
    assert ta.grad(inner, argnums=1)(2.0, 3.0) == 2.0


def test_a_tape_opened_before_a_transform_gets_gradients_through_it():
    a = ta.tensor(3.0)
    y = ta.grad(lambda x: x * x * a)(2.0)  # 2 x a
    (y * a).backward()  # d/da 2 x a^2
    assert a.grad == 24.0


def test_closed_over_tensors_of_a_tape_receive_gradients_through_every_transform():
    for way in WAYS.values():
        with ta.Tape():
            a = ta.tensor(3.0)
            way(lambda x: x * x * a)(2.0).backward()  # noqa: B023
        assert a.grad == 4.0


def test_tapes_entered_in_another_order_than_they_were_made():
    late, early = ta.Tape(), ta.Tape()
    with early:
        x = ta.tensor(2.0)
        with late:
            y = ta.tensor(x)
            z = y * x * x
            z.backward()
        y.grad.backward()  # d/dx x^2
    assert x.grad == 4.0


def test_a_tensor_cannot_belong_to_a_tape_further_out_than_its_value():
    outer, inner = ta.Tape(), ta.Tape()
    with outer:
        ta.tensor(1.0)
    with inner:
        y = ta.tensor(3.0)
    with outer, pytest.raises(ArgumentError, match="further in than the tape that is open"):
        ta.tensor(y)


def test_a_tape_inside_vmap():
    def derivative(x):
        t = ta.tensor(x)
        sum_to(t * t * t, ()).backward()
        return t.grad

    x = np.array([[1.0, 2.0], [3.0, 4.0]])
    np.testing.assert_array_equal(ta.vmap(derivative)(x), 3 * x**2)


# --- vmap in all places ---------------------------------------------------------------------------


def test_vmap_of_vmap():
    x, y = np.arange(6.0).reshape(2, 3), np.arange(4.0)
    outer = ta.vmap(ta.vmap(lambda a, b: a * tnp.exp(b), (0, None)), (1, None))
    np.testing.assert_allclose(
        ta.vmap(lambda b: outer(x, b), out_axes=2)(y), x.T[..., None] * np.exp(y)
    )


def test_vmap_of_vmap_of_grad_of_a_closed_over_batch():
    x, y = np.arange(3.0), np.arange(4.0)

    def row(a):
        return ta.vmap(lambda b: ta.grad(lambda c: a * c * c)(b))(y)

    np.testing.assert_array_equal(ta.vmap(row)(x), 2 * np.outer(x, y))


def test_gradient_by_what_vmap_closes_over():
    x = np.arange(3.0)
    gradient = ta.grad(lambda a: sum_to(ta.vmap(lambda b: a * b * b)(x), ()))(2.0)
    assert gradient == 5.0


# --- tensors that outlive their transform ---------------------------------------------------------


def leak(run):
    kept = []
    run(lambda x: (kept.append(x), x * x)[1])
    return kept[0]


@pytest.mark.parametrize(
    ("run", "what"),
    [
        (lambda f: ta.grad(f)(1.0), "gradient"),
        (lambda f: ta.vjp(f, 1.0), "gradient"),
        (lambda f: ta.jvp(f, (1.0,), (1.0,)), "jvp"),
        (lambda f: ta.vmap(f)(np.ones(3)), "vmap"),
        (lambda f: stage(lambda x: [f(x)], np.ones(3)), "staged function"),
    ],
)
def test_leaked_tensors_say_so(run, what):
    x = leak(run)
    for use in (lambda: x * 2.0, lambda: tnp.where(x > 0, x, 1.0), lambda: ta.grad(f)(x)):
        with pytest.raises(
            LeakedTensorError, match=rf"a tensor of a {what} that has returned"
        ) as e:
            use()
        assert "test_trace.py" in str(e.value)


def test_transforms_close_even_when_the_function_fails():
    kept = []

    def fails(x):
        kept.append(x)
        raise RuntimeError("on purpose")

    for transform in (ta.grad, by_jvp, ta.vmap):
        with pytest.raises(RuntimeError, match="on purpose"):
            transform(fails)(np.ones(()) if transform is not ta.vmap else np.ones(2))
        with pytest.raises(LeakedTensorError):
            kept[-1] * 2.0
    # what is made afterwards belongs to the outermost tape again
    x = ta.tensor(2.0)
    (x * x).backward()
    assert x.grad == 4.0


# --- values for control flow ----------------------------------------------------------------------


def test_python_control_flow_inside_gradients():
    def g(x):
        while x < 10:
            x = x * x
        return x if x > 20 else -x

    for way in (ta.grad, by_jvp, by_vjp, by_tape):
        assert way(g)(2.0) == -32.0  # -x^4, as 16 is not above 20
        assert way(g)(2.5) == 62.5  # x^4


@pytest.mark.parametrize(
    ("run", "where"),
    [
        (lambda f: ta.vmap(f)(np.ones(3)), "inside vmap one tensor stands for many values"),
        (lambda f: ta.vmap(ta.grad(f))(np.ones(3)), "inside vmap one tensor stands for many"),
        (lambda f: stage(lambda x: [f(x)], np.ones(())), "tensors that have no values yet"),
        (lambda f: stage(lambda x: [ta.grad(f)(x)], np.ones(())), "that have no values yet"),
    ],
)
@pytest.mark.parametrize(
    ("use", "wish"),
    [
        (lambda x: x if x > 0 else -x, "a Python condition"),
        (lambda x: x * x.item(), r"item\(\)"),
        (lambda x: np.asarray(ta.stop_gradient(x)) + x, "np.asarray"),
    ],
)
def test_values_that_are_not_there(run, where, use, wish):
    with pytest.raises(ConcretizationError, match=where) as error:
        run(use)
    error.match(wish)
    assert "test_trace.py" in str(error.value)


def test_python_numbers_that_would_cut_the_derivative_are_refused():
    for cut in (float, complex, int):
        with pytest.raises(DTypeError, match="would lose its derivative"):
            ta.grad(lambda x: x * cut(x))(2.0)  # noqa: B023
    assert ta.grad(lambda x: x * float(ta.stop_gradient(x)))(2.0) == 2.0


# --- bind -----------------------------------------------------------------------------------------


def test_innermost_and_concrete():
    seen = []

    def g(x):
        ta.jvp(lambda y: seen.append((innermost((x, y)), y.trace, concrete(y, "test"))), (x,), (x,))
        assert innermost((x, 1.0)) is x.trace
        return x

    ta.grad(g)(2.0)
    ((top, trace, value),) = seen
    assert top is trace
    assert value == 2.0
    assert innermost((1.0, np.ones(2))) is None


def test_a_primitive_without_rules_says_which_is_missing():
    lonely = Primitive("lonely")
    evaluation[lonely] = lambda x: x + 1
    try:
        assert bind(lonely, (1.0,)) == 2.0
        for run, mode in (
            (lambda g: ta.grad(g)(1.0), "reverse-mode"),
            (lambda g: ta.jvp(g, (1.0,), (1.0,)), "forward-mode"),
            (lambda g: ta.vmap(g)(np.ones(2)), "batching"),
        ):
            with pytest.raises(NotDifferentiableError, match=f"lonely has no {mode} rule"):
                run(lambda x: bind(lonely, (x,)))
    finally:
        from tenrso_ad.engine.primitive import registry

        del evaluation[lonely], registry["lonely"]


def test_errors_of_numpy_show_the_whole_call():
    with pytest.raises(ShapeError, match=r"add\(float64\[2\], float32\[3\]\)"):
        tnp.add(np.ones(2), np.ones(3, np.float32))
    with pytest.raises(ShapeError, match=r"add\(float64\[2\], float32\[3\]\)"):
        ta.grad(lambda x: sum_to(x + np.ones(3, np.float32), ()))(np.ones(2))
