"""Derivatives go through every function of the namespace that has one, under every transform."""

import numpy as np
import pytest

import tenrso_ad as ta
import tenrso_ad.numpy as tnp

xp = ta.array_api
A = np.array([[0.3, 0.7, 0.2], [0.6, 0.4, 0.9], [0.8, 0.1, 0.5]])
B = np.array([[1.5, 2.0, 1.2], [1.1, 1.7, 1.4], [1.9, 1.3, 1.6]])
S = A @ A.T + np.eye(3)

SMOOTH_UNARY = (
    "abs acos asin asinh atan atanh conj cos cosh exp expm1 log log10 log1p log2 negative positive "
    "real reciprocal sin sinh sqrt square tan tanh"
).split()
FLAT_UNARY = "ceil floor isfinite isinf isnan round sign signbit trunc logical_not".split()
SMOOTH_BINARY = (
    "add atan2 copysign divide hypot logaddexp maximum minimum multiply pow remainder subtract"
).split()
FLAT_BINARY = (
    "equal not_equal greater greater_equal less less_equal floor_divide logical_and logical_or "
    "logical_xor"
).split()
CALLS = {
    "acosh": lambda x: xp.acosh(x + 1),
    "astype": lambda x: xp.astype(x, xp.complex128),
    "broadcast_arrays": lambda x: xp.broadcast_arrays(x, xp.ones((2, 3, 3)))[0],
    "broadcast_to": lambda x: xp.broadcast_to(x, (2, 3, 3)),
    "clip": lambda x: xp.clip(x, 0.25, 0.75),
    "concat": lambda x: xp.concat([x, xp.ones((1, 3))]),
    "cumulative_prod": lambda x: xp.cumulative_prod(x, axis=0),
    "cumulative_sum": lambda x: xp.cumulative_sum(x, axis=1, include_initial=True),
    "diff": lambda x: xp.diff(x, append=xp.zeros((3, 1))) ** 2,
    "expand_dims": lambda x: xp.expand_dims(x, 1),
    "fft": lambda x: xp.fft.ifft(xp.fft.fft(xp.astype(x, xp.complex128))),
    "fftshift": lambda x: xp.fft.fftshift(x),
    "flip": lambda x: xp.flip(x, axis=0),
    "index": lambda x: x[:, 1:],
    "linspace": lambda x: xp.linspace(x[0, 0], x[1, 1], 5),
    "mask": lambda x: x[x > 0.45],
    "matmul": lambda x: xp.matmul(x, xp.asarray(B)),
    "matrix_transpose": lambda x: xp.matrix_transpose(x),
    "max": lambda x: xp.max(x, axis=1),
    "mean": lambda x: xp.mean(x, axis=0),
    "meshgrid": lambda x: xp.meshgrid(x[0], x[1])[0],
    "min": lambda x: xp.min(x),
    "moveaxis": lambda x: xp.moveaxis(x, 0, 1),
    "permute_dims": lambda x: xp.permute_dims(x, (1, 0)),
    "prod": lambda x: xp.prod(x),
    "repeat": lambda x: xp.repeat(x, 2),
    "reshape": lambda x: xp.reshape(x, (-1,)),
    "rfft": lambda x: xp.fft.irfft(xp.fft.rfft(x), n=3),
    "roll": lambda x: xp.roll(x, 1, axis=0),
    "sort": lambda x: xp.sort(x, descending=True)[:, 0],
    "squeeze": lambda x: xp.squeeze(x[:1], 0),
    "stack": lambda x: xp.stack([x, x]),
    "std": lambda x: xp.std(x, correction=1),
    "sum": lambda x: xp.sum(x),
    "take": lambda x: xp.take(x, xp.asarray([0, 2]), axis=1),
    "take_along_axis": lambda x: xp.take_along_axis(x, xp.argsort(x), axis=-1),
    "tensordot": lambda x: xp.tensordot(x, xp.asarray(B), axes=1),
    "tile": lambda x: xp.tile(x, (2, 1)),
    "tril": lambda x: xp.tril(x),
    "triu": lambda x: xp.triu(x, k=1),
    "unstack": lambda x: xp.unstack(x, axis=1)[1],
    "var": lambda x: xp.var(x, axis=0),
    "vecdot": lambda x: xp.vecdot(x, xp.asarray(B)),
    "where": lambda x: xp.where(x > 0.45, x, 0.0),
    "cholesky": lambda x: xp.linalg.cholesky(x @ x.T + xp.eye(3), upper=True),
    "cross": lambda x: xp.linalg.cross(x, xp.asarray(B)),
    "det": lambda x: xp.linalg.det(x),
    "diagonal": lambda x: xp.linalg.diagonal(x),
    "eigh": lambda x: xp.linalg.eigh(x + x.T).eigenvalues,
    "eigvalsh": lambda x: xp.linalg.eigvalsh(x + x.T),
    "inv": lambda x: xp.linalg.inv(x),
    "matrix_norm": lambda x: xp.linalg.matrix_norm(x),
    "matrix_power": lambda x: xp.linalg.matrix_power(x, 3),
    "outer": lambda x: xp.linalg.outer(x[0], xp.ones(2)),
    "pinv": lambda x: xp.linalg.pinv(x[:2]),
    "qr": lambda x: xp.linalg.qr(x).R,
    "slogdet": lambda x: xp.linalg.slogdet(x).logabsdet,
    "solve": lambda x: xp.linalg.solve(x, xp.asarray(B)),
    "svd": lambda x: xp.linalg.svd(x).S,
    "svdvals": lambda x: xp.linalg.svdvals(x),
    "trace": lambda x: xp.linalg.trace(x),
    "vector_norm": lambda x: xp.linalg.vector_norm(x, axis=0),
}


def total(out):
    return xp.sum(xp.real(out) * (1 + xp.arange(out.size, dtype=xp.float64)).reshape(out.shape))


@pytest.mark.parametrize("name", CALLS)
def test_gradients(name):
    """By the tape, and as differences say: along one direction."""
    function = CALLS[name]
    x = ta.tensor(A)
    total(function(x)).backward()
    direction = np.cos(np.arange(9.0)).reshape(3, 3)
    step = 1e-6
    ahead, behind = (float(total(function(A + s * direction))) for s in (step, -step))
    np.testing.assert_allclose(np.sum(x.grad * direction), (ahead - behind) / (2 * step), rtol=1e-6)


@pytest.mark.parametrize("name", SMOOTH_UNARY + SMOOTH_BINARY)
def test_gradients_of_elementwise_functions_are_those_of_numpys_face(name):
    operands = [A] if name in SMOOTH_UNARY else [A, B]
    tensors = [ta.tensor(a) for a in operands]
    xp.sum(getattr(xp, name)(*tensors)).backward()
    wanted = ta.grad(lambda *xs: tnp.sum(getattr(tnp, name)(*xs)), tuple(range(len(operands))))
    for tensor, gradient in zip(tensors, wanted(*operands), strict=True):
        got = np.zeros((3, 3)) if tensor.grad is None else tensor.grad
        np.testing.assert_array_equal(got, gradient)


@pytest.mark.parametrize("name", FLAT_UNARY + FLAT_BINARY)
def test_functions_without_a_derivative_give_tensors_that_require_none(name):
    operands = [ta.tensor(A)] if name in FLAT_UNARY else [ta.tensor(A), 0.5]
    out = getattr(xp, name)(*operands)
    assert type(out) is ta.Tensor and not out.requires_grad


def loss(x):
    """Written to the standard, with arrays made on the way."""
    namespace = x.__array_namespace__()
    weights = namespace.arange(3, dtype=namespace.float64) + 1
    spread = namespace.linalg.vector_norm(x * weights - namespace.ones(3))
    return spread + namespace.sum(namespace.where(x > 0.5, x**2, namespace.zeros_like(x)))


def plain(x):
    return tnp.linalg.norm(x * np.array([1.0, 2.0, 3.0]) - 1) + tnp.sum(tnp.where(x > 0.5, x**2, 0))


def test_transforms_of_a_function_written_to_the_standard():
    x = A[1]
    same = np.testing.assert_allclose
    same(ta.grad(loss)(x), ta.grad(plain)(x))
    same(ta.hessian(loss)(x), ta.hessian(plain)(x))
    same(ta.jvp(loss, (x,), (B[0],))[1], ta.jvp(plain, (x,), (B[0],))[1])
    same(ta.vmap(loss)(A), [plain(row) for row in A])
    same(ta.vmap(ta.grad(loss))(A), [ta.grad(plain)(row) for row in A])
    assert type(ta.grad(loss)(x)) is np.ndarray


def test_functions_take_plain_arrays_and_numbers():
    for out in (xp.sin(A), xp.add(A, 1), xp.add(1, 2), xp.where(True, 1.0, A), xp.sum([1, 2])):
        assert type(out) is ta.Tensor
    assert xp.add(np.float32(1), 2.0).dtype == xp.float32
    assert xp.matmul(A, B).tolist() == (A @ B).tolist()
    x = ta.tensor(A)
    assert xp.multiply(B, x).requires_grad and xp.multiply(x, B).requires_grad
