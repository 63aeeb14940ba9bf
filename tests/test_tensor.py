import operator
import pickle

import numpy as np
import pytest

import tenrso_ad as ta
import tenrso_ad.numpy as tnp
from tenrso_ad.engine.errors import BackwardError, DTypeError, ShapeError, UnsupportedError

A = np.array([[1.5, -2.0, 3.0], [0.5, 4.0, -1.0]])
B = np.array([[2.0, 0.5, 3.0], [1.0, -2.0, 2.0]])

ARITHMETIC = [
    operator.add,
    operator.sub,
    operator.mul,
    operator.truediv,
    operator.floordiv,
    operator.mod,
    operator.pow,
    operator.eq,
    operator.ne,
    operator.lt,
    operator.le,
    operator.gt,
    operator.ge,
]


@pytest.mark.parametrize("op", ARITHMETIC, ids=lambda op: op.__name__)
def test_binary_operators(op):
    a, b = np.abs(A), B
    want = op(a, b)
    for x, y in ((ta.tensor(a), ta.tensor(b)), (ta.tensor(a), b), (a, ta.tensor(b))):
        got = op(x, y)
        assert isinstance(got, ta.Tensor)
        np.testing.assert_array_equal(got.value, want)
    np.testing.assert_array_equal(op(ta.tensor(a), 2.0).value, op(a, 2.0))
    np.testing.assert_array_equal(op(2.0, ta.tensor(a)).value, op(2.0, a))
    np.testing.assert_array_equal(op(ta.tensor(a), b.tolist()).value, want)


@pytest.mark.parametrize("op", [operator.neg, operator.pos, operator.abs])
def test_unary_operators(op):
    np.testing.assert_array_equal(op(ta.tensor(A)).value, op(A))


def test_matmul_and_logic():
    np.testing.assert_array_equal((ta.tensor(A) @ B.T).value, A @ B.T)
    np.testing.assert_array_equal((A @ ta.tensor(B.T)).value, A @ B.T)
    x = ta.tensor(A)
    both = (x > 0) & (x < 3) | ~(x == x) ^ (x != x)
    np.testing.assert_array_equal(both.value, (A > 0) & (A < 3))


def test_python_scalars_are_weak():
    x = ta.tensor(A.astype(np.float32))
    for y in (x + 1.0, 2 * x, x / 3, x**2, 1.0 - x, np.float32(2) * x):
        assert y.dtype == np.float32
    assert (x * np.float64(2.0)).dtype == np.float64


def test_attributes():
    x = ta.tensor(A)
    assert (x.shape, x.ndim, x.size, len(x), x.dtype) == ((2, 3), 2, 6, 2, np.float64)
    assert x.is_leaf and x.requires_grad
    y = x * 2
    assert not y.is_leaf and y.requires_grad and y.grad is None
    assert x.T.shape == (3, 2) and x.mT.shape == (3, 2)
    assert not x.detach().requires_grad
    with pytest.raises(TypeError, match="0-d"):
        len(x.sum())
    with pytest.raises(TypeError, match="0-d"):
        iter(x.sum())
    np.testing.assert_array_equal([row.value for row in x], A)


METHODS = [
    ("sum", (0,)),
    ("mean", (1,)),
    ("prod", ()),
    ("max", (0,)),
    ("min", (1,)),
    ("var", ()),
    ("std", (0,)),
    ("cumsum", (1,)),
    ("cumprod", (0,)),
    ("argmax", (1,)),
    ("argmin", (0,)),
    ("all", ()),
    ("any", (0,)),
    ("clip", (-1.0, 1.0)),
    ("reshape", (3, 2)),
    ("reshape", ((6,),)),
    ("transpose", ()),
    ("transpose", (1, 0)),
    ("transpose", ((1, 0),)),
    ("ravel", ()),
    ("flatten", ()),
    ("squeeze", ()),
    ("swapaxes", (0, 1)),
    ("repeat", (2, 1)),
    ("take", ([1, 0], 0)),
    ("dot", (B.T,)),
    ("astype", (np.float32,)),
    ("conj", ()),
    ("copy", ()),
    ("tolist", ()),
]


@pytest.mark.parametrize("name, args", METHODS)
def test_methods_are_those_of_an_array(name, args):
    got = getattr(ta.tensor(A), name)(*args)
    want = getattr(A, name)(*args)
    np.testing.assert_allclose(getattr(got, "value", got), want, rtol=1e-14)


def test_indexing_and_updates():
    x = ta.tensor(A)
    np.testing.assert_array_equal(x[0, ::2].value, A[0, ::2])
    np.testing.assert_array_equal(x[x > 0].value, A[A > 0])
    np.testing.assert_array_equal(x.at[0].set(0.0).value, np.stack([np.zeros(3), A[1]]))


def test_leaving_the_graph():
    x = ta.tensor(2.5)
    assert (x.item(), float(x), int(x), complex(x), bool(x)) == (2.5, 2.5, 2, 2.5 + 0j, True)
    assert f"{x:.2f}" == "2.50" and f"{x}".startswith("Tensor(2.5")
    n = ta.tensor(2, requires_grad=False)
    assert [10, 20, 30][n] == 30
    with pytest.raises(DTypeError, match="integer"):
        [10, 20, 30][x]
    with pytest.raises(DTypeError, match=r"x\.value"):
        np.asarray(x)
    np.testing.assert_array_equal(np.asarray(ta.stop_gradient(ta.tensor(A))), A)
    with pytest.raises(ValueError, match="truth value"):
        bool(ta.tensor(A) > 0)


def test_repr():
    assert repr(ta.tensor([1.0, 2.0])) == "Tensor([1., 2.], requires_grad=True)"
    assert repr(ta.tensor([1, 2], requires_grad=False)) == "Tensor([1, 2])"
    shown = []
    ta.grad(lambda x: shown.append(repr(ta.tensor(x))) or tnp.sum(x))(A)
    assert shown[0].startswith("Tensor(float64[2,3], level=")


def test_grad_can_be_set_on_leaves_only():
    x = ta.tensor(A)
    x.grad = np.ones_like(A)
    (x * 2).sum().backward()
    np.testing.assert_array_equal(x.grad, np.full_like(A, 3.0))
    with pytest.raises(ShapeError, match=r"float64\[2,3\] cannot be float64\[2\]"):
        x.grad = np.ones(2)
    with pytest.raises(BackwardError, match="only leaves"):
        (x * 2).grad = None


# --- NumPy's protocols ----------------------------------------------------------------------------


def test_ufuncs_and_functions_of_numpy():
    x = ta.tensor(A)
    y = np.sum(np.exp(np.concatenate([x, np.tanh(x)])))
    assert isinstance(y, ta.Tensor)
    y.backward()
    np.testing.assert_allclose(x.grad, np.exp(A) + np.exp(np.tanh(A)) / np.cosh(A) ** 2, rtol=1e-14)


@pytest.mark.parametrize(
    "call, named",
    [
        (lambda x: np.subtract.reduce(x), r"np\.subtract\.reduce is not supported.*np\.add"),
        (lambda x: np.add(x, x, out=np.zeros_like(A)), "add: out= takes a plain"),
        (lambda x: np.sin(x, where=A > 0), "sin: where= without out="),
        (lambda x: np.busday_offset(x, 1), r"np\.busday_offset is not supported"),
        (lambda x: np.isnat(x), r"np\.isnat has no derivative rule"),
    ],
)
def test_what_is_not_supported_names_itself(call, named):
    with pytest.raises(UnsupportedError, match=named):
        call(ta.tensor(A))


def test_in_place_on_a_plain_array_is_refused():
    plain = A.copy()
    with pytest.raises(UnsupportedError, match="add: out= takes a plain"):
        plain += ta.tensor(A)
    np.testing.assert_array_equal(plain, A)


def test_unknown_keywords_raise():
    with pytest.raises(TypeError, match="axes"):
        tnp.sum(ta.tensor(A), axes=0)
    with pytest.raises(TypeError, match="out"):
        np.sum(ta.tensor(A), out=np.zeros(()))


def test_a_tensor_hashes_by_identity():
    x, y = ta.tensor(A), ta.tensor(A)
    assert len({x, y, x}) == 2


def test_primitives_pickle_by_name():
    from tenrso_ad.engine.primitive import registry

    assert pickle.loads(pickle.dumps(registry["sin"])) is registry["sin"]
