"""A tensor that changes in place means what NumPy's array means, and has the exact derivative."""

import gc
import operator
import weakref

import numpy as np
import pytest

import tenrso_ad as ta
import tenrso_ad.numpy as tnp
from tenrso_ad.engine.errors import DTypeError, InPlaceError, LeakedTensorError, ShapeError
from tenrso_ad.engine.staging import stage

A = np.array([[1.5, -2.0, 3.0], [0.5, 4.0, -1.0]])
ROW = np.array([2.0, 0.5, 3.0])


def work(*shape):
    """A tensor without a gradient, to be written into."""
    return ta.tensor(np.zeros(shape), requires_grad=False)


def gradient_on_a_tape(f, a):
    x = ta.tensor(a)
    f(x).backward()
    return x.grad


def gradient_by_jvp(f, a):
    basis = np.eye(a.size).reshape(-1, *a.shape)
    return np.array([ta.jvp(f, (a,), (v,))[1] for v in basis]).reshape(a.shape)


def gradient_staged(f, a):
    (graph_out,) = stage(lambda x: [ta.grad(f)(x)], a).verify().evaluate(a)
    return graph_out


def gradient_in_a_batch(f, a):
    return ta.vmap(ta.grad(f))(np.stack([a, 2 * a]))[0]


MODES = [
    gradient_on_a_tape,
    lambda f, a: ta.grad(f)(a),
    gradient_by_jvp,
    gradient_staged,
    gradient_in_a_batch,
    lambda f, a: ta.grad(lambda x: ta.jvp(f, (x,), (x,))[1])(a) - ta.hvp(f, a, a),
]
MODE_NAMES = ["tape", "grad", "jvp", "staging", "vmap", "nested"]


def rewritten(x):
    """What the programs below compute, as one would write it without changes in place."""
    return tnp.sum((x * x + 1) ** 2 * ROW)


def by_operators(x):
    y = x * x
    same = y
    y += 1.0
    y **= 2
    y *= ROW
    return tnp.sum(same)


def by_items(x):
    y = x * x
    y[...] = y + 1
    y[0] *= y[0]
    y[1, 1:] = y[1, 1:] ** 2
    y[1, 0] = y[1, 0] ** 2
    y[:, [0, 2]] *= ROW[[0, 2]]
    y[:, 1] *= ROW[1]
    return tnp.sum(y)


def by_views(x):
    y = x * x
    flat, columns = y.reshape(-1), y.T
    flat += 1
    for row in y:
        row *= row
    columns[...] = columns * ROW[:, None]
    return tnp.sum(flat)


def into_work(x):
    y = work(2, 3)
    for i in range(2):
        for j in range(3):
            y[i, j] = (x[i, j] ** 2 + 1) ** 2 * ROW[j]
    return tnp.sum(y)


@pytest.mark.parametrize("mode", MODES, ids=MODE_NAMES)
@pytest.mark.parametrize("f", [by_operators, by_items, by_views, into_work])
def test_a_program_in_place_has_the_gradient_of_its_rewriting(f, mode):
    np.testing.assert_allclose(float(f(ta.tensor(A))), float(rewritten(A)), rtol=1e-14)
    np.testing.assert_allclose(mode(f, A), mode(rewritten, A), rtol=1e-13)


AUGMENTED = [
    operator.iadd,
    operator.isub,
    operator.imul,
    operator.itruediv,
    operator.ifloordiv,
    operator.imod,
    operator.ipow,
]


@pytest.mark.parametrize("op", AUGMENTED, ids=lambda op: op.__name__)
def test_augmented_operators_change_the_object(op):
    want, x = np.abs(A), ta.tensor(np.abs(A)).copy()
    want = op(want, ROW)
    same = x
    x = op(x, ROW)
    assert x is same
    np.testing.assert_array_equal(x.value, want)


def test_matrix_product_in_place():
    square, want = ta.tensor(A.T @ A).copy(), A.T @ A
    same = square
    square @= A.T @ A
    want @= A.T @ A
    assert square is same
    np.testing.assert_allclose(square.value, want)
    wide = ta.tensor(A).copy()
    with pytest.raises(ShapeError, match=r"matmul: out=float64\[2,3\] cannot hold"):
        wide @= np.ones((3, 2))


def test_shape_and_dtype_stay():
    x = ta.tensor(A[0], dtype=np.float32).copy()
    x += A[0]
    assert x.dtype == np.float32
    with pytest.raises(ShapeError, match=r"add: out=float32\[3\] cannot hold"):
        x += A
    n = ta.tensor([1, 2, 3], requires_grad=False)
    n //= 2
    assert n.dtype == np.int64
    with pytest.raises(DTypeError, match=r"divide: .* does not convert to out=int64\[3\]"):
        n /= 2
    with pytest.raises(DTypeError, match="do not fit into int64"):
        n[0] = ta.tensor(1.5)
    np.testing.assert_array_equal(n.value, [0, 1, 1])


def test_what_numpy_computes_as_a_scalar_does_not_change():
    x = ta.tensor(A)
    total = x.sum()
    before, element = total, x[0, 0]
    total += 1.0
    element *= 2.0
    assert (before.item(), total.item(), x.value[0, 0]) == (A.sum(), A.sum() + 1, A[0, 0])
    count = ta.tensor(A > 0, requires_grad=False).sum()
    count /= 8  # not an array of integers
    assert count.item() == 0.5


def test_a_scalar_leaf_is_updated():
    w = ta.tensor(3.0)
    same, also = w, w.reshape(1)
    with ta.no_grad():
        w -= 1.0
        assert w is same and w.is_leaf
        also -= 1.0
    assert w.item() == 1.0


# --- views ----------------------------------------------------------------------------------------

VIEWS = {
    "row": lambda x: x[1],
    "slice": lambda x: x[:, ::-2],
    "new axis": lambda x: x[None, ..., 0],
    "whole": lambda x: x[...],
    "ellipsis": lambda x: x[0, 1, ...],
    "T": lambda x: x.T,
    "mT": lambda x: x.mT,
    "reshape": lambda x: x.reshape(3, 2),
    "ravel": lambda x: x.ravel(),
    "transposed, reshaped": lambda x: x.T.reshape(3, 2, 1).transpose(2, 0, 1),
    "swapaxes": lambda x: x.swapaxes(0, 1),
    "moveaxis": lambda x: np.moveaxis(x, 0, -1),
    "squeeze": lambda x: np.expand_dims(x, 1).squeeze(),
    "flip": lambda x: np.flip(x, 1),
    "rot90": lambda x: np.rot90(x),
    "split": lambda x: np.split(x, [1, 2], axis=1)[1],
    "unstack": lambda x: np.unstack(x, axis=1)[2],
    "einsum": lambda x: np.einsum("ij->ji", x),
    "view of a view": lambda x: x[1:].T[0],
    "asarray": lambda x: tnp.asarray(x),
}
READ_ONLY = {
    "diagonal": lambda x: np.diagonal(x),
    "broadcast_to": lambda x: np.broadcast_to(x, (4, 2, 3)),
}
COPIES = {
    "copy": lambda x: x.copy(),
    "np.copy": lambda x: np.copy(x),
    "mask": lambda x: x[np.abs(A) > -1],
    "integers": lambda x: x[[0, 1]],
    "flatten": lambda x: x.flatten(),
    "transposed, flat": lambda x: x.T.reshape(6),
    "flat in F order": lambda x: x.ravel(order="F"),
    "take": lambda x: np.take(x, 0, axis=0),
    "astype": lambda x: x.astype(float),
    "positive": lambda x: +x,
    "conjugate": lambda x: np.conjugate(x),
    "clip": lambda x: tnp.clip(x, None, None) if isinstance(x, ta.Tensor) else x.copy(),
    "tile": lambda x: np.tile(x, 1),
}


def both(array):
    return array.copy(), ta.tensor(array).copy()


def reads(x):
    """How its readers see an array: as they did before and after a change."""
    return [f(x) for f in (*VIEWS.values(), *READ_ONLY.values(), *COPIES.values())]


@pytest.mark.parametrize("name", [*VIEWS, *COPIES])
def test_what_a_change_of_one_shows_in_the_others(name):
    make = (VIEWS | COPIES)[name]
    a, x = both(A)
    others, seen = reads(a), reads(x)
    b, y = make(a), make(x)
    b *= 10.0
    y *= 10.0
    a += 1.0
    x += 1.0
    for one, other in zip([a, b, *others], [x, y, *seen], strict=True):
        np.testing.assert_array_equal(other.value, one)


@pytest.mark.parametrize("name", READ_ONLY)
def test_a_read_only_view_is_refused(name):
    y = READ_ONLY[name](ta.tensor(A).copy())
    with pytest.raises(InPlaceError, match="read-only"):
        y += 1


def test_real_and_imaginary_part():
    z = A.astype(complex)
    z.imag = [np.inf, 1, 2]
    a, x = both(z)
    re, im, parts = x.real, x.imag, (a.real, a.imag)
    for r, i in (parts, (re, im)):
        r *= 2
        i[0] = 5
    np.testing.assert_array_equal(x.value, a)
    np.testing.assert_array_equal(re.value, parts[0])
    x[1] = a[1] = 1j
    np.testing.assert_array_equal(im.value, parts[1])
    real = ta.tensor(A).copy()
    assert real.real is real and real.conj() is real

    def f(z):
        z = z * z
        z.real *= 3
        z.imag[0] = 0
        return tnp.sum(tnp.abs(z) ** 2)

    def g(z):
        z = z * z
        return tnp.sum(tnp.abs(3 * z.real + 1j * z.imag * np.array([[0], [1]])) ** 2)

    np.testing.assert_allclose(ta.grad(f)(A + 0.5j), ta.grad(g)(A + 0.5j), rtol=1e-13)


def test_views_in_a_staged_function_follow_numpys_layout():
    def f(x):
        y = x * 1
        for view in (y[:1].reshape(3), y.T.reshape(6), y.T.reshape(3, 2, 1)):
            view += 1
        return [y]

    (got,) = stage(f, A).evaluate(A)
    want = A.copy()
    want[:1] += 1
    want += 1
    np.testing.assert_array_equal(got, want)


def test_a_view_lets_go_of_what_is_dropped():
    x = ta.tensor(A).copy()
    rows = [x[i % 2] for i in range(100)]
    assert len(x.views) == 100
    del rows
    assert not x.views
    base, row = weakref.ref(x), x[0]
    del x
    assert base() is not None  # as in NumPy
    del row
    assert base() is None


# --- what was recorded before stays exact ---------------------------------------------------------


def test_saved_values_stay():
    x = ta.tensor(A)
    y = x * 2
    z = tnp.exp(y) * y
    y[...] = 7
    z *= 0.5
    z.sum().backward()
    np.testing.assert_allclose(x.grad, np.exp(2 * A) * (2 * A + 1), rtol=1e-14)


def test_backward_twice_around_a_change():
    x = ta.tensor(A)
    y = x * x
    first = y.sum()
    first.backward(retain_graph=True)
    y *= x
    y.sum().backward()
    np.testing.assert_allclose(x.grad, 2 * A + 3 * A**2)
    with pytest.raises(ta.errors.BackwardError, match="freed"):
        first.backward()


def test_what_a_pullback_keeps_is_not_the_users():
    a = np.array([0.5, 1.0])
    for make in (np.copy, lambda a: ta.tensor(a).copy()):  # plain, and of an outer tape
        x, g = make(a), np.ones(2)
        out, pullback = ta.vjp(lambda x: tnp.exp(x) * x, x)
        try:
            x[0] = 9.0
            out[...] = 9.0
        except ValueError:  # NumPy: read-only
            assert type(x) is np.ndarray
        (gradient,) = pullback(g)
        np.testing.assert_allclose(getattr(gradient, "value", gradient), np.exp(a) * (1 + a))


def test_an_outer_tensor_used_and_then_changed_inside():
    v = ta.tensor([2.0, 3.0])
    h = v * 1

    def f(x):
        y = tnp.sum(h * x * x)  # keeps h
        h[...] = 100.0
        return y

    np.testing.assert_array_equal(ta.grad(f)(np.array([1.0, 1.0])).value, [4.0, 6.0])
    np.testing.assert_array_equal(h.value, [100.0, 100.0])


def test_an_argument_changed_inside_keeps_its_gradient_and_the_callers_value():
    def f(x):
        x *= x
        x += 1
        return tnp.sum(x * x)

    want = 4 * A * (A**2 + 1)
    np.testing.assert_allclose(ta.grad(f)(A), want)
    v = ta.tensor(A)
    h = v * 1
    gradient = ta.grad(f)(h)
    np.testing.assert_allclose(gradient.value, want)
    np.testing.assert_array_equal(h.value, A)
    np.testing.assert_allclose(ta.vjp(f, A)[1](1.0)[0], want)
    np.testing.assert_allclose(ta.hvp(f, A, A), (12 * A**2 + 4) * A)


# --- leaves ---------------------------------------------------------------------------------------


def test_a_leaf_is_refused_while_operations_are_recorded():
    w = ta.tensor(A)
    for change in (
        lambda: operator.iadd(w, 1),
        lambda: w.__setitem__(0, 0.0),
        lambda: operator.iadd(w[0], 1),
        lambda: operator.iadd(w.T[1:], 1),
    ):
        with pytest.raises(InPlaceError, match="leaf that requires grad"):
            change()
    np.testing.assert_array_equal(w.value, A)


def test_training_as_in_pytorch():
    rng = np.random.default_rng(0)
    points, truth = rng.normal(size=(50, 3)), np.array([[1.0], [-2.0], [0.5]])
    w, b = ta.tensor(np.zeros((3, 1))), ta.tensor(0.0)
    objects = (w, b)
    sizes = []
    for _ in range(200):
        row, rest = w[0], w[1:]  # views that outlive the step
        loss = tnp.mean((points @ w + b - points @ truth - 3.0) ** 2)
        w.grad = b.grad = None
        loss.backward()
        with ta.no_grad():
            w -= 0.1 * w.grad
            b -= 0.1 * b.grad
        sizes.append(len(gc.get_objects()))
        np.testing.assert_array_equal(row.value, w.value[0])
        assert row.requires_grad
    assert objects == (w, b) or all(o is p for o, p in zip(objects, (w, b), strict=True))
    assert w.is_leaf and w.requires_grad and b.is_leaf
    np.testing.assert_allclose(w.value, truth, atol=1e-8)
    np.testing.assert_allclose(float(b), 3.0)
    assert sizes[-1] - sizes[50] < 100
    (row * rest).sum().backward()
    np.testing.assert_allclose(w.grad, [[-1.5], [1], [1]] * w.value[0] ** 0, rtol=1, atol=9)


def test_views_of_a_leaf_follow_its_updates():
    w = ta.tensor(A)
    recorded = w[0]
    with ta.no_grad():
        plain = w[1]
        w *= 2
        recorded += 1
        plain[0] = 0
    want = 2 * A
    want[0] += 1
    want[1, 0] = 0
    np.testing.assert_array_equal(w.value, want)
    np.testing.assert_array_equal(recorded.value, want[0])
    assert recorded.requires_grad and not plain.requires_grad
    (recorded * recorded).sum().backward()
    np.testing.assert_array_equal(w.grad, [2 * want[0], np.zeros(3)])


def test_a_leaf_that_shares_its_array_leaves_it_alone():
    a = A.copy()
    w = ta.tensor(a, copy=False)
    y = (w * w).sum()
    with ta.no_grad():
        w += 1
    with pytest.raises(ValueError, match="read-only"):
        a += 1  # y still needs it
    y.backward()
    np.testing.assert_array_equal(w.grad, 2 * A)
    a += 1
    np.testing.assert_array_equal(w.value, A + 1)


def test_under_no_grad():
    w = ta.tensor(A)
    h = w * 2
    with ta.no_grad():
        with pytest.raises(InPlaceError, match="under no_grad a tensor with a history"):
            h += 1
        with pytest.raises(InPlaceError, match="under no_grad"):
            h[0, :] = 1
        free = w * 2
        free += 1
        free[0] = 0
        d = h.detach()
        d += 1
    np.testing.assert_array_equal(h.value, 2 * A)
    np.testing.assert_array_equal(d.value, 2 * A + 1)
    with ta.no_grad():
        cut = h[0]
    h += 1
    np.testing.assert_array_equal(cut.value, 2 * A[0] + 1)
    assert h.requires_grad and not cut.requires_grad
    with pytest.raises(InPlaceError, match="read from a tensor with a history under no_grad"):
        cut += w[0]
    with ta.Tape() as tape:
        w = ta.tensor(A)
        tape.eval()
        w += 1
        assert w.is_leaf
        tape.train()
        with pytest.raises(InPlaceError, match="leaf"):
            w += 1


# --- levels ---------------------------------------------------------------------------------------


def test_a_tensor_that_takes_an_inner_value_belongs_inside():
    kept = work(2)
    row = kept[:1]

    def f(x):
        kept[0] = x * x
        return row[0] * 3

    assert float(ta.grad(f)(2.0)) == 12.0
    for leaked in (kept, row):
        with pytest.raises(LeakedTensorError):
            leaked + 1
    w = ta.tensor(A)

    def g(x):
        with ta.no_grad():
            w[0] = x
        return x

    with pytest.raises(InPlaceError, match="cannot take values of a gradient further in"):
        ta.grad(g)(2.0)


def test_what_would_happen_once_for_many_runs_is_refused():
    count = work(2)

    def f(x):
        count.__iadd__(1)
        return x

    with pytest.raises(InPlaceError, match="outside a vmap would happen once"):
        ta.vmap(f)(np.ones(3))
    with pytest.raises(InPlaceError, match="outside a staged function would happen once"):
        stage(lambda x: [f(x)], np.ones(3))
    with pytest.raises(InPlaceError, match="outside a vmap"):
        ta.hessian(lambda x: tnp.sum(f(x) ** 2))(np.ones(2))
    ta.grad(lambda x: f(x) * x)(1.0)
    np.testing.assert_array_equal(count.value, [1, 1])

    def own(x):
        own_count = work(2)
        own_count += 1
        return x * own_count

    np.testing.assert_array_equal(ta.vmap(own)(np.ones(3)), np.ones((3, 2)))


def test_a_tensor_of_an_inner_tape_written_outside():
    x = ta.tensor(A)
    h = x * 1
    with ta.Tape():
        y = ta.tensor(np.ones(3))
        h[0] = y * 2
        z = (h * h).sum()
    z.backward()
    np.testing.assert_array_equal(y.grad.value, np.full(3, 8.0))


# --- duplicates and special indices ---------------------------------------------------------------


def test_assignment_with_indices_that_meet():
    a, x = both(A[0])
    values = ta.tensor([1.0, 2.0, 3.0])
    a[[0, 0, 2]] = values.value
    x[[0, 0, 2]] = values
    np.testing.assert_array_equal(x.value, a)
    x.sum().backward()
    np.testing.assert_array_equal(values.grad, [0, 1, 1])
    a[[0, 0]] += 1
    x[[0, 0]] += 1
    np.testing.assert_array_equal(x.value, a)


def test_assignment_broadcasts_and_names_what_does_not_fit():
    x = ta.tensor(A).copy()
    x[:, 1:] = [[7.0], [8.0]]
    x[0] = 5
    np.testing.assert_array_equal(x.value, [[5, 5, 5], [0.5, 8, 8]])
    with pytest.raises(ShapeError, match=r"do not broadcast to the shape \(3,\)"):
        x[0] = [1.0, 2.0]
    with pytest.raises(IndexError, match="out of bounds"):
        x[5] = 1.0


def test_swapping_rows():
    a, x = both(A)
    a[[0, 1]] = a[[1, 0]]
    x[[0, 1]] = x[[1, 0]]
    np.testing.assert_array_equal(x.value, a)
    a[0], a[1] = a[1].copy(), a[0].copy()
    x[0], x[1] = x[1].copy(), x[0].copy()
    np.testing.assert_array_equal(x.value, a)
    a[0], a[1] = a[1], a[0]  # the classical mistake: the same in both
    x[0], x[1] = x[1], x[0]
    np.testing.assert_array_equal(x.value, a)
