"""Mistakes that users of other libraries ran into; each is asked for here by name."""

import string
import warnings

import numpy as np
import pytest

import tenrso_ad as ta
import tenrso_ad.numpy as tnp
from tenrso_ad.engine import hooks
from tenrso_ad.engine.errors import BackwardError, DegenerateWarning, ShapeError, TenrsoError
from tenrso_ad.testing import check_gradients

X = np.array([[0.5, -1.5, 2.0], [1.0, -0.25, 3.0]])
MASK = np.array([[True, False, True], [False, True, True]])


# --- where= of reductions -------------------------------------------------------------------------


@pytest.mark.parametrize("axis", [None, 0, 1])
def test_sum_and_mean_with_where_have_masked_gradients(axis):
    g = ta.grad(lambda x: tnp.sum(tnp.sum(x * x, axis=axis, where=MASK)))(X)
    np.testing.assert_array_equal(g, 2 * X * MASK)
    count = np.sum(MASK, axis=axis, keepdims=True)
    g = ta.grad(lambda x: tnp.sum(tnp.mean(x * x, axis=axis, where=MASK)))(X)
    np.testing.assert_allclose(g, 2 * X * MASK / count, rtol=1e-15)
    # and as NumPy's own functions and methods on tensors
    for f in (
        lambda x: np.sum(np.mean(x * x, axis=axis, where=MASK)),
        lambda x: (x * x).mean(axis=axis, where=MASK).sum(),
    ):
        np.testing.assert_allclose(ta.grad(f)(X), g, rtol=1e-15)


@pytest.mark.parametrize("name", ["sum", "mean", "prod", "max", "min", "var", "std"])
def test_where_is_honoured_or_refused_by_every_reduction(name):
    options = {"initial": 0.1} if name in ("max", "min") else {}

    def f(x):
        return getattr(tnp, name)(x, axis=1, where=MASK, **options)

    np.testing.assert_allclose(f(X), getattr(np, name)(X, axis=1, where=MASK, **options))
    check_gradients(f, (X,)).raise_if_failed()
    _, pullback = ta.vjp(f, X)
    np.testing.assert_array_equal(pullback(np.ones(2))[0][~MASK], 0.0)


# --- einsum ---------------------------------------------------------------------------------------

EINSUMS = {
    "repeated index": ("ii->i", [(3, 3)]),
    "trace": ("ii", [(3, 3)]),
    "repeated in two operands": ("ii,ij->j", [(3, 3), (3, 2)]),
    "an axis of length 1 broadcasts": ("ij,ij->ij", [(2, 3), (1, 3)]),
    "an axis of length 1 is summed": ("ij,jk->ik", [(2, 1), (3, 2)]),
    "ellipsis": ("...ij,...jk->...ik", [(4, 2, 3), (3, 2)]),
    "ellipsis that broadcasts": ("...i,...i->...", [(2, 1, 3), (4, 3)]),
    "ellipsis alone": ("...->...", [(2, 3)]),
    "index in one operand only": ("ij,k->i", [(2, 3), (4,)]),
    "scalar result": ("ij,ij->", [(2, 3), (2, 3)]),
    "implicit result": ("ba,cb", [(2, 3), (4, 2)]),
}


@pytest.mark.parametrize("name", EINSUMS)
def test_einsum_has_right_gradients_for_its_odd_forms(name, rng):
    spec, shapes = EINSUMS[name]
    operands = [rng.normal(size=s) for s in shapes]
    np.testing.assert_allclose(tnp.einsum(spec, *operands), np.einsum(spec, *operands))
    check_gradients(lambda *xs: tnp.einsum(spec, *xs), operands).raise_if_failed()


def contractions_of(run):
    """How many pairs were contracted, and how large the largest operand was."""
    pairs = []

    def note(primitive, values, params, out):
        if primitive.name == "contract":
            pairs.append(max(np.size(v) for v in (*values, out)))

    with hooks.installed(after_evaluation=note):
        run()
    return len(pairs), max(pairs)


def train(length, rank=3, size=2):
    """Specification and operands of a tensor train contracted with itself."""
    rng = np.random.default_rng(0)
    letters = string.ascii_letters
    cores, words = [], []
    for k in range(length):
        left, right = 1 if k == 0 else rank, 1 if k == length - 1 else rank
        cores.append(rng.normal(size=(left, size, right)))
        words.append(letters[2 * k] + letters[2 * k + 1] + letters[2 * k + 2])
    vectors = [rng.normal(size=size) for _ in range(length)]
    words += [letters[2 * k + 1] for k in range(length)]
    return ",".join(words) + "->", [*cores, *vectors]


def test_the_gradient_of_a_tensor_train_is_linear_in_its_length():
    def pairs(length):
        spec, operands = train(length)
        n = len(operands)
        gradient = ta.grad(lambda *xs: tnp.einsum(spec, *xs), argnums=range(n))
        return contractions_of(lambda: gradient(*operands))[0]

    short, long = pairs(6), pairs(12)
    assert long <= 2.2 * short
    # every pair is contracted once in front and at most twice on the way back
    assert long <= 3 * (2 * 12 - 1)


def test_four_operands_are_planned_and_never_one_nested_loop(rng):
    core, *factors = (rng.normal(size=s) for s in ((4, 5, 6), (20, 4), (30, 5), (40, 6)))
    spec = "abc,ia,jb,kc->ijk"
    count, largest = contractions_of(lambda: tnp.einsum(spec, core, *factors))
    assert count == 3
    assert largest == 20 * 30 * 40  # nothing larger than the result
    out, pullback = ta.vjp(lambda *xs: tnp.einsum(spec, *xs), core, *factors)
    np.testing.assert_allclose(out, np.einsum(spec, core, *factors, optimize=True))
    count, largest = contractions_of(lambda: pullback(out))
    assert count == 6
    assert largest == 20 * 30 * 40


# --- NaN and infinity where there is none ---------------------------------------------------------

FINITE = {
    "where and sqrt": (
        lambda x: tnp.sum(tnp.where(x > 0, tnp.sqrt(x), 0.0)),
        [0.0, 4.0],
        [0, 0.25],
    ),
    "where and log": (lambda x: tnp.sum(tnp.where(x > 0, tnp.log(x), 0.0)), [0.0, 2.0], [0, 0.5]),
    "where and division": (
        lambda x: tnp.sum(tnp.where(x != 0, 1 / x, 0.0)),
        [0.0, 2.0],
        [0, -0.25],
    ),
    "sinc by where": (
        lambda x: tnp.sum(tnp.where(x == 0, 1.0, tnp.sin(x) / x)),
        [0.0, np.pi],
        [0, -1 / np.pi],
    ),
    "norm of zero": (lambda x: tnp.linalg.norm(x), [0.0, 0.0], [0, 0]),
    "product with a zero": (tnp.prod, [0.0, 2.0, 3.0], [6, 0, 0]),
    "product with two zeros": (tnp.prod, [0.0, 0.0, 3.0], [0, 0, 0]),
    "logsumexp of nothing but -inf": (tnp.logsumexp, [-np.inf, -np.inf], [0, 0]),
    "logsumexp with one -inf": (tnp.logsumexp, [-np.inf, 1.0], [0, 1]),
    "logsumexp of large values": (tnp.logsumexp, [1e4, 1e4], [0.5, 0.5]),
    "zero to the power zero": (lambda x: tnp.sum(x**0), [0.0], [0]),
    "zero squared": (lambda x: tnp.sum(x**2), [0.0], [0]),
    "ties of max": (tnp.max, [2.0, 2.0, 1.0], [0.5, 0.5, 0]),
    "ties of min": (tnp.min, [2.0, 2.0, 3.0], [0.5, 0.5, 0]),
    "absolute value at zero": (lambda x: tnp.sum(abs(x)), [0.0], [0]),
    "standard deviation of equal values": (tnp.std, [2.0, 2.0], [0, 0]),
}


@pytest.mark.parametrize("name", FINITE)
def test_gradients_are_finite_and_right(name):
    f, x, expected = FINITE[name]
    x = np.array(x)
    with np.errstate(all="ignore"):
        np.testing.assert_allclose(ta.grad(f)(x), expected, atol=1e-16)
        tangent = np.arange(1.0, x.size + 1)
        pushed = ta.jvp(f, (x,), (tangent,))[1]
        np.testing.assert_allclose(pushed, tangent @ np.array(expected, float), atol=1e-16)


# --- dtypes ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [np.float32, np.float16, np.complex64])
def test_gradients_keep_the_dtype(dtype):
    x, w = X.astype(dtype), np.ones((3, 2), dtype)

    def loss(x, w):
        y = tnp.einsum("ij,jk->ik", x * 2.0 + 1, w) / 3
        y = tnp.concatenate([y, y[:, ::-1]], axis=0) * 0.5
        y = tnp.tanh(y).reshape(-1) - tnp.mean(y)
        return tnp.real(tnp.sum(y * tnp.conjugate(y)))

    value, gradients = ta.value_and_grad(loss, argnums=(0, 1))(x, w)
    assert value.dtype == np.zeros((), dtype).real.dtype
    for g, a in zip(gradients, (x, w), strict=True):
        assert (g.dtype, g.shape) == (a.dtype, a.shape)
    tensor = ta.tensor(x)
    loss(tensor, w).backward()
    assert tensor.grad.dtype == dtype


# --- degenerate matrices --------------------------------------------------------------------------

DEGENERATE = np.diag([2.0, 2.0, 2.0])
ROTATION = np.linalg.qr(np.random.default_rng(1).normal(size=(3, 3)))[0]


@pytest.mark.parametrize("a", [DEGENERATE, ROTATION @ np.diag([1.0, 1.0, 3.0]) @ ROTATION.T])
def test_functions_of_degenerate_matrices_that_do_not_see_the_gauge(a):
    a = (a + a.T) / 2
    target = np.arange(9.0).reshape(3, 3)
    target = target + target.T

    def by_eigenvectors(a):
        values, vectors = tnp.linalg.eigh(a)
        return tnp.sum((vectors * tnp.exp(values)) @ vectors.T * target)

    def by_singular_vectors(a):
        left, values, right = tnp.linalg.svd(a)
        return tnp.sum((left * values**2) @ right * target)

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DegenerateWarning)
        for f in (by_eigenvectors, by_singular_vectors):
            g = ta.grad(f)(a)
            assert np.isfinite(g).all()
        # the sum of the eigenvalues is the trace
        np.testing.assert_allclose(
            ta.grad(lambda a: tnp.sum(tnp.linalg.eigh(a)[0]))(a), np.eye(3), atol=1e-13
        )
        np.testing.assert_allclose(
            ta.grad(lambda a: tnp.sum(tnp.linalg.svd(a)[1] ** 2))(a), 2 * a, atol=1e-12
        )


def test_functions_of_degenerate_matrices_that_do_see_the_gauge_warn():
    def first_vector(a):
        return tnp.sum(tnp.linalg.eigh(a)[1][:, 0])

    with pytest.warns(DegenerateWarning, match="eigh"):
        assert np.isfinite(ta.grad(first_vector)(DEGENERATE)).all()


# --- orders and modes -----------------------------------------------------------------------------

MODEL_X = np.linspace(0.2, 1.4, 6).reshape(2, 3)


def model(w):
    """A bit of everything."""
    y = tnp.einsum("ij,kj->ik", w, MODEL_X)
    y = tnp.linalg.solve(y @ y.T + 2 * np.eye(2), y) + tnp.cumsum(y, axis=1)
    y = tnp.where(y > 0.3, tnp.log1p(y * y), tnp.tanh(y))
    return tnp.logsumexp(tnp.sort(y, axis=None)[1:] if hasattr(tnp, "sort") else y) + tnp.prod(y)


def test_derivatives_of_any_order_are_exact():
    third = ta.grad(lambda x: ta.grad(lambda x: ta.grad(lambda x: tnp.sin(x) * x**3)(x))(x))(0.7)
    x = 0.7
    expected = (6 - 9 * x**2) * np.sin(x) + (18 * x - x**3) * np.cos(x)
    assert third == pytest.approx(expected, rel=1e-14)
    check_gradients(model, (MODEL_X,), order=3, rtol=1e-5).raise_if_failed()


def test_no_mode_is_missing_when_transforms_are_combined():
    v = np.ones_like(MODEL_X)
    forward_over_reverse = ta.jvp(ta.grad(model), (MODEL_X,), (v,))[1]
    reverse_over_forward = ta.grad(lambda x: ta.jvp(model, (x,), (v,))[1])(MODEL_X)
    reverse_over_reverse = ta.grad(lambda x: tnp.sum(ta.grad(model)(x) * v))(MODEL_X)
    forward_over_forward = ta.jacfwd(lambda x: ta.jvp(model, (x,), (v,))[1])(MODEL_X)
    batched = ta.vmap(ta.grad(model))(np.stack([MODEL_X, MODEL_X]))
    for other in (reverse_over_forward, reverse_over_reverse, forward_over_forward):
        np.testing.assert_allclose(forward_over_reverse, other, rtol=1e-10)
    np.testing.assert_allclose(batched[1], ta.grad(model)(MODEL_X), rtol=1e-12)
    np.testing.assert_allclose(
        np.einsum("abcd,cd->ab", ta.hessian(model)(MODEL_X), v), forward_over_reverse, rtol=1e-10
    )


# --- errors say where -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "run", [lambda f, x: f(x), lambda f, x: ta.grad(f)(x)], ids=["plain", "grad"]
)
@pytest.mark.parametrize(
    ("f", "words"),
    [
        (lambda x: tnp.add(x, np.ones(7)), ["add", "float64[2,3]", "float64[7]"]),
        (lambda x: tnp.matmul(x, x), ["matmul", "(2, 3)"]),
        (lambda x: tnp.einsum("ij,jk->ik", x, x), ["einsum", "j"]),
        (lambda x: tnp.reshape(x, (4, 2)), ["reshape", "(4, 2)"]),
        (lambda x: tnp.concatenate([x, np.ones((2, 2))]), ["concatenate"]),
        (lambda x: tnp.linalg.inv(x), ["inv", "2,3"]),
        (lambda x: tnp.sum(x, axis=2), ["sum", "axis"]),
    ],
)
def test_errors_name_the_operation_and_its_operands(run, f, words):
    with pytest.raises((ShapeError, ValueError)) as caught:
        run(f, X)
    assert isinstance(caught.value, TenrsoError)
    message = str(caught.value)
    plain = message.replace(" ", "")
    assert all(word.replace(" ", "") in plain for word in words), message


def test_unknown_keywords_are_not_swallowed():
    for f in (
        lambda x: tnp.sum(x, axes=0),
        lambda x: np.sum(x, out=np.zeros(3), axis=0),
        lambda x: np.exp(x, where=MASK),
        lambda x: tnp.einsum("ij->i", x, order_of="magnitude"),
        lambda x: np.busday_offset(x, 1),
    ):
        with pytest.raises(TypeError):
            ta.grad(lambda x: tnp.sum(f(x)))(X)  # noqa: B023


def test_a_nan_is_traced_to_its_operation_and_line():
    def loss(x):
        y = x * 2.0
        z = tnp.log(y - 1.0)  # the line to be named
        return tnp.sum(z * z)

    with (
        ta.config.detect_anomaly(),
        np.errstate(invalid="ignore"),
        pytest.raises(ta.errors.AnomalyError, match=r"log\(float64\[2\]\)") as caught,
    ):
        ta.grad(loss)(np.array([1.0, 0.25]))
    path, line = str(caught.value).split(" at ")[1].split(" in ")[0].rsplit(":", 1)
    with open(path) as source:
        assert "the line to be named" in source.read().splitlines()[int(line) - 1]


def test_an_infinite_derivative_is_traced_to_the_line_that_recorded_it():
    def loss(x):
        root = tnp.sqrt(x)  # recorded here
        return tnp.sum(root)

    with (
        ta.config.detect_anomaly(),
        pytest.raises(ta.errors.AnomalyError, match="the derivative of sqrt") as caught,
    ):
        ta.grad(loss)(np.array([1.0, 0.0]))
    assert "test_traps.py" in str(caught.value)


# --- arrays that change under the backward pass ---------------------------------------------------


def test_an_array_that_backward_needs_cannot_be_changed():
    weights = np.array([1.0, 2.0])
    x = ta.tensor([3.0, 4.0])
    loss = tnp.sum(weights * x)
    with pytest.raises(ValueError, match="read-only"):
        weights *= 10
    loss.backward()
    np.testing.assert_array_equal(x.grad, [1, 2])
    weights *= 10


def test_a_variable_is_a_copy_or_read_only():
    mine = np.array([3.0, 4.0])
    copied, shared = ta.tensor(mine), ta.tensor(mine, copy=False)
    loss = tnp.sum(copied**2 * shared)
    with pytest.raises(ValueError, match="read-only"):
        mine[0] = 100.0
    loss.backward()
    mine[0] = 100.0
    np.testing.assert_array_equal(copied.grad, [18, 32])


def test_a_second_backward_over_freed_values_says_so():
    x = ta.tensor([3.0, 4.0])
    loss = tnp.sum(x * x)
    loss.backward()
    with pytest.raises(BackwardError, match="retain_graph=True"):
        loss.backward()
