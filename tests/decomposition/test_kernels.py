"""Khatri-Rao, mode products and MTTKRPs, against TensorLy and einsum."""

import string

import numpy as np
import pytest
import tensorly.tenalg
from hypothesis import given
from hypothesis import strategies as st

import tenrso_ad as ta
from tenrso_ad.decomposition import khatri_rao, mode_dot, mttkrp, mttkrps
from tenrso_ad.engine.errors import AxisError, ShapeError

SHAPES = [(3, 4), (5, 1), (3, 4, 5), (1, 4, 3), (7, 2, 2), (2, 3, 4, 5), (2, 3, 1, 2, 3)]
SHAPES += [(2, 3, 2, 2, 3, 2)]


def random_problem(shape, rank, dtype=np.float64, seed=0):
    rng = np.random.default_rng(seed)

    def draw(size):
        values = rng.normal(size=size)
        if np.dtype(dtype).kind == "c":
            values = values + 1j * rng.normal(size=size)
        return values.astype(dtype)

    return draw(shape), [draw((length, rank)) for length in shape]


def einsum_mttkrp(tensor, factors, mode):
    letters = string.ascii_lowercase[: tensor.ndim]
    others = [m for m in range(tensor.ndim) if m != mode]
    spec = ",".join([letters, *(letters[m] + "r" for m in others)]) + f"->{letters[mode]}r"
    return np.einsum(spec, tensor, *(factors[m] for m in others))


@pytest.mark.parametrize("lengths", [(4,), (2, 3), (2, 3, 4), (1, 5, 1, 2)])
def test_khatri_rao_is_that_of_tensorly(lengths):
    _, matrices = random_problem(lengths, 3)
    expected = tensorly.tenalg.khatri_rao(matrices) if len(lengths) > 1 else matrices[0]
    np.testing.assert_allclose(khatri_rao(matrices), expected, rtol=1e-14)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("rank", [1, 4])
def test_mttkrp_of_each_mode_is_the_einsum(shape, rank):
    tensor, factors = random_problem(shape, rank)
    together = mttkrps(tensor, factors)
    assert len(together) == len(shape)
    for mode in range(len(shape)):
        expected = einsum_mttkrp(tensor, factors, mode)
        for product in (together[mode], mttkrp(tensor, factors, mode)):
            assert product.shape == (shape[mode], rank)
            np.testing.assert_allclose(product, expected, rtol=1e-12, atol=1e-12)
        np.testing.assert_array_equal(
            mttkrp(tensor, factors, mode), mttkrp(tensor, factors, mode - len(shape))
        )
        np.testing.assert_allclose(
            together[mode],
            tensorly.tenalg.unfolding_dot_khatri_rao(tensor, (None, factors), mode),
            rtol=1e-12, atol=1e-12,
        )  # fmt: skip


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.complex64, np.complex128])
def test_dtype_is_kept(dtype):
    tensor, factors = random_problem((3, 4, 5), 2, dtype)
    products = [*mttkrps(tensor, factors), mttkrp(tensor, factors, 1), khatri_rao(factors)]
    products.append(mode_dot(tensor, factors[1].T, 1))
    assert {product.dtype for product in products} == {np.dtype(dtype)}
    tolerance = 1e-5 if np.dtype(dtype).itemsize in (4, 8) and dtype != np.float64 else 1e-12
    for mode in range(3):
        expected = einsum_mttkrp(tensor, factors, mode)
        np.testing.assert_allclose(products[mode], expected, rtol=tolerance, atol=tolerance)


@given(seed=st.integers(0, 10**6), permutation=st.permutations(range(4)), steps=st.booleans())
def test_any_layout_in_memory_gives_the_same(seed, permutation, steps):
    tensor, factors = random_problem((2, 3, 4, 5), 2, seed=seed)
    expected = mttkrps(tensor, factors)
    laid_out = tensor.transpose(permutation).copy().transpose(np.argsort(permutation))
    if steps:
        laid_out = np.repeat(laid_out, 2, axis=1)[:, ::2]
    for mode in range(4):
        np.testing.assert_allclose(mttkrps(laid_out, factors)[mode], expected[mode], rtol=1e-11)
        np.testing.assert_allclose(mttkrp(laid_out, factors, mode), expected[mode], rtol=1e-11)


def test_reversed_and_read_only_tensors():
    tensor, factors = random_problem((3, 4, 5), 2)
    flipped = tensor[::-1, :, ::-1]
    flipped.flags.writeable = False
    np.testing.assert_allclose(
        mttkrps(flipped, factors)[1], einsum_mttkrp(flipped, factors, 1), rtol=1e-12
    )


@pytest.mark.parametrize("order", ["C", "F"])
def test_contiguous_tensors_are_not_copied(order, monkeypatch):
    """Every reshape of the tensor is a view, in C and in Fortran order."""
    tensor, factors = random_problem((6, 7, 8), 2)
    tensor = np.array(tensor, order=order)
    reshape, seen = ta.numpy.reshape, []

    def watched(array, shape):
        result = reshape(array, shape)
        if isinstance(array, np.ndarray) and array.size == tensor.size:
            seen.append(np.shares_memory(array, result) and np.shares_memory(tensor, result))
        return result

    monkeypatch.setattr(ta.numpy, "reshape", watched)
    mttkrps(tensor, factors)
    for mode in range(3):
        mttkrp(tensor, factors, mode)
    assert len(seen) == 4
    assert all(seen)


@pytest.mark.parametrize("shape", SHAPES)
def test_mode_dot_is_that_of_tensorly(shape):
    rng = np.random.default_rng(1)
    tensor = rng.normal(size=shape)
    for mode in range(len(shape)):
        matrix, vector = rng.normal(size=(6, shape[mode])), rng.normal(size=shape[mode])
        for factor in (matrix, vector):
            expected = tensorly.tenalg.mode_dot(tensor, factor, mode)
            product = mode_dot(tensor, factor, mode)
            assert product.shape == expected.shape
            np.testing.assert_allclose(product, expected, rtol=1e-12, atol=1e-12)
            np.testing.assert_array_equal(mode_dot(tensor, factor, mode - len(shape)), product)


def test_mode_dot_of_a_vector():
    np.testing.assert_array_equal(mode_dot(np.arange(3.0), np.ones(3), 0), 3.0)


@pytest.mark.parametrize("shape", [(3, 4), (3, 2, 4), (2, 3, 2, 2)])
def test_kernels_differentiate(shape):
    tensor, factors = random_problem(shape, 2)
    everything = (tensor, *factors)
    for function in (
        lambda x, *a: mttkrps(x, a),
        lambda x, *a: mttkrp(x, a, 1),
        lambda x, *a: khatri_rao(a),
        lambda x, *a: mode_dot(mode_dot(x, a[1].T, 1), a[0][:, 0], 0),
    ):
        assert ta.testing.check_gradients(function, everything, order=2)


def test_kernels_differentiate_in_complex_numbers():
    tensor, factors = random_problem((2, 3, 2), 2, np.complex128)
    assert ta.testing.check_gradients(lambda x, *a: mttkrps(x, a), (tensor, *factors))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda x, a: mttkrps(x, a[:2]), r"mttkrps: wanted .*\(5, R\), got \(3, 2\), \(4, 2\)$"),
        (lambda x, a: mttkrps(x, a[::-1]), r"mttkrps: wanted .*\(3, R\), \(4, R\), \(5, R\)"),
        (lambda x, a: mttkrps(x, [a[0], a[1], a[2][:, :1]]), r"got .*\(5, 1\)"),
        (lambda x, a: mttkrps(x[0, 0], a[2:]), r"mttkrps: wanted order 2 or more"),
        (lambda x, a: mttkrp(x, [a[0], a[1], a[2][:, 0]], 0), r"mttkrp: .* got .*\(5,\)"),
        (lambda x, a: khatri_rao([]), r"khatri_rao: wanted order 1 or more"),
        (lambda x, a: khatri_rao([a[0], a[1][:, :1]]), r"khatri_rao: .*got \(3, 2\), \(4, 1\)"),
        (lambda x, a: mode_dot(x, a[0], 1), r"mode_dot: mode 1 .*\(J, 4\).* got \(3, 2\)"),
        (lambda x, a: mode_dot(x, x, 1), r"mode_dot: .*got \(3, 4, 5\)"),
    ],
)
def test_wrong_shapes_are_refused_with_what_was_wanted(call, message):
    with pytest.raises(ShapeError, match=message):
        call(*random_problem((3, 4, 5), 2))


@pytest.mark.parametrize("mode", [3, -4])
def test_modes_that_do_not_exist_are_refused(mode):
    tensor, factors = random_problem((3, 4, 5), 2)
    with pytest.raises(AxisError, match=f"mttkrp: a tensor of order 3 has no mode {mode}"):
        mttkrp(tensor, factors, mode)
    with pytest.raises(AxisError, match=f"mode_dot: a tensor of order 3 has no mode {mode}"):
        mode_dot(tensor, factors[0], mode)
